#include "tests/oracle/truth.h"

#include "dataplane/dns/rdata.h"

#define LINKS_MAX    11
#define EXCEPTION_US (290 * 1000000ULL)
#define DENIED_US    (3700 * 1000000ULL) // a denial is remembered for

static const uint16_t data_types[] = {TYPE_A,     TYPE_AAAA,  TYPE_MX,     TYPE_TXT,       TYPE_NS,
				      TYPE_SRV,   TYPE_PTR,   TYPE_HTTPS,  TYPE_SOA,       TYPE_CAA,
				      TYPE_DNAME, TYPE_CNAME, TYPE_DNSKEY, TYPE_NSEC,      TYPE_DS,
				      65400,      TYPE_TLSA,  TYPE_NAPTR,  TYPE_NSEC3PARAM};
#define DATA_TYPE_COUNT (sizeof(data_types) / sizeof(data_types[0]))

static bool had(const struct version *version, uint64_t since_us)
{
	return version->servers > 0 || version->last_us >= since_us;
}

// Whether some NSEC3 record is about the name itself; else a span says what there is to say.
static bool has_nsec3(const struct authority_zone *zone, const struct version *version,
		      const uint8_t *name)
{
	const struct signer_nsec3_params params = {0};
	uint8_t hash[20], owner[NAME_MAX_LEN];

	signer_nsec3_hash(name, &params, hash);
	owner[0] = 32;
	assert_int_equal(base32hex_encode(hash, 20, owner + 1), 32);
	memcpy(owner + 33, zone->name, name_len(zone->name));
	return signer_zone_find(version->zone, owner, TYPE_NSEC3) != NULL;
}

// RFC 5155 §7.2.2: of a name error, that the wildcard of the closest encloser does not exist; where
// that encloser has no record, the one above has. Nor can its wildcard be told from one that was
// left out where the name itself is an empty non-terminal without a record.
static bool lacks_proof(const struct authority_zone *zone, const struct version *version,
			const uint8_t *name)
{
	uint8_t wildcard[NAME_MAX_LEN];

	do {
		name = name_skip(name, 1);
	} while (!has_nsec3(zone, version, name));
	return name_wildcard_of(name, wildcard) > 0 && has_nsec3(zone, version, wildcard);
}

// False: what is said there is that somebody else knows.
static bool say(struct authority_zone *zone, const struct version *version, const uint8_t *name,
		uint16_t type, struct said *out)
{
	struct signer_answer answer;

	signer_zone_query(version->zone, name, type, &answer);
	if (answer.kind == SIGNER_REFERRAL)
		return false;
	bool in_span = version->mode == MODE_OPTOUT && !has_nsec3(zone, version, name);
	*out = (struct said){
		.kind = answer.kind,
		.rrset = answer.rrset,
		.soa = answer.soa,
		.zone = zone,
		.version = version,
		.in_span = in_span,
		.opt_out = in_span && answer.proof_count > 0,
		.unprovable = in_span && lacks_proof(zone, version, name) &&
			      (answer.kind == SIGNER_NXDOMAIN ||
			       (answer.kind == SIGNER_NODATA && type != TYPE_DS)),
		.expanded = (answer.kind == SIGNER_ANSWER || answer.kind == SIGNER_CNAME) &&
			    answer.proof_count > 0,
	};
	return true;
}

static size_t say_any(struct authority_zone *zone, const struct version *version,
		      const uint8_t *name, struct said *out, size_t max)
{
	struct said nothing = {0}, said;
	size_t count = 0;

	for (size_t i = 0; i < DATA_TYPE_COUNT && count < max; i++) {
		if (data_types[i] == TYPE_DS || !say(zone, version, name, data_types[i], &said))
			continue;
		if (said.kind == SIGNER_NODATA || said.kind == SIGNER_NXDOMAIN)
			nothing = said;
		else
			out[count++] = said;
	}
	if (count == 0 && count < max && nothing.zone != NULL)
		out[count++] = nothing;
	return count;
}

// The deepest configured zone that the name is in, or NULL.
static struct authority_zone *route_of(struct authority *a, const uint8_t *name)
{
	struct authority_zone *deepest = NULL;

	for (size_t z = 0; z < a->zone_count; z++) {
		struct authority_zone *zone = &a->zones[z];
		if (zone->configured != NOT_CONFIGURED && name_within(name, zone->name) &&
		    (deepest == NULL || name_labels(zone->name) > name_labels(deepest->name)))
			deepest = zone;
	}
	return deepest;
}

// Names in a stub zone are for its own servers to answer, never for a zone above (ATTACKS A12).
// Forwarders have those above as well.
static bool is_taken(struct authority *a, const struct authority_zone *zone, const uint8_t *name,
		     uint16_t type)
{
	const uint8_t *at = type == TYPE_DS && !name_is_root(name) ? name_skip(name, 1) : name;
	const struct authority_zone *route = route_of(a, at);

	if (route != NULL && route->configured != CONFIGURED_STUB)
		return false;
	for (size_t i = 0; i < a->zone_count; i++) {
		const struct authority_zone *below = &a->zones[i];
		if (below->configured == CONFIGURED_STUB && below != zone &&
		    name_within(below->name, zone->name) && name_within(at, below->name))
			return true;
	}
	return false;
}

size_t truth_said(struct authority *a, const uint8_t *name, uint16_t type, uint64_t since_us,
		  struct said out[SAID_MAX])
{
	size_t count = 0;

	for (size_t z = 0; z < a->zone_count; z++) {
		struct authority_zone *zone = &a->zones[z];
		if (!name_within(name, zone->name) ||
		    (type == TYPE_DS && name_equal(name, zone->name) && !name_is_root(name)) ||
		    is_taken(a, zone, name, type))
			continue;
		for (size_t v = 0; v < zone->version_count && count < SAID_MAX; v++) {
			const struct version *version = &zone->versions[v];
			if (!had(version, since_us))
				continue;
			if (type == TYPE_ANY)
				count +=
					say_any(zone, version, name, out + count, SAID_MAX - count);
			else
				count += say(zone, version, name, type, &out[count]);
		}
	}
	return count;
}

uint32_t truth_ttl_s(const struct said *said)
{
	struct rdata_soa soa;

	if (said->rrset != NULL)
		return said->rrset->ttl_s;
	assert_true(rdata_soa(said->soa->rdatas[0].data, said->soa->rdatas[0].len, &soa));
	return soa.minimum < said->soa->ttl_s ? soa.minimum : said->soa->ttl_s;
}

size_t truth_wildcards(struct authority_zone *zone, const uint8_t *name, uint16_t type,
		       uint64_t since_us, struct said out[SAID_MAX])
{
	uint8_t wildcard[NAME_MAX_LEN];
	size_t count = 0;

	for (size_t v = 0; v < zone->version_count; v++) {
		const struct version *version = &zone->versions[v];
		const uint8_t *at = name;
		while (had(version, since_us) && count < SAID_MAX && name_within(at, zone->name) &&
		       !name_equal(at, zone->name)) {
			at = name_skip(at, 1);
			if (name_wildcard_of(at, wildcard) == 0)
				continue;
			const struct rrset *rrset = signer_zone_find(version->zone, wildcard, type);
			if (rrset == NULL)
				continue;
			out[count++] = (struct said){.kind = SIGNER_ANSWER,
						     .rrset = rrset,
						     .zone = zone,
						     .version = version};
			break;
		}
	}
	return count;
}

bool truth_mixes_wildcards(struct authority *a, const uint8_t *name, uint64_t since_us)
{
	uint8_t wildcard[NAME_MAX_LEN];
	struct signer_answer answer;

	for (size_t z = 0; z < a->zone_count; z++) {
		struct authority_zone *zone = &a->zones[z];
		unsigned with = 0, versions = 0;
		if (!name_within(name, zone->name))
			continue;
		for (size_t v = 0; v < zone->version_count; v++) {
			if (!had(&zone->versions[v], since_us))
				continue;
			versions++;
			bool found = false;
			for (const uint8_t *at = name; !found && !name_equal(at, zone->name);) {
				at = name_skip(at, 1);
				if (name_wildcard_of(at, wildcard) == 0)
					continue;
				signer_zone_query(zone->versions[v].zone, wildcard, TYPE_A,
						  &answer);
				found = answer.kind == SIGNER_ANSWER ||
					answer.kind == SIGNER_CNAME ||
					(answer.kind == SIGNER_NODATA);
			}
			with += found;
		}
		if (versions > 1 && with > 0)
			return true;
	}
	return false;
}

// ---- the chain of trust ----

static bool ds_of(const struct rrset *ds, const struct authority_zone *zone,
		  const struct version *version)
{
	uint8_t rdata[64];

	if (version->mode == MODE_UNSIGNED || version->bogus)
		return false;
	size_t len = signer_ds(signer_zone_ksk(version->zone), zone->name, 2, rdata);
	for (size_t i = 0; i < ds->count; i++) {
		if (ds->rdatas[i].len == len && memcmp(ds->rdatas[i].data, rdata, len) == 0)
			return true;
	}
	return false;
}

// The DS is one of a DNSKEY RRset, this version's or one that may be cached, with the key that
// signed the data.
static bool vouches(const struct rrset *ds, const struct version *version,
		    const struct authority_zone *zone, uint64_t since_us)
{
	if (version->mode == MODE_UNSIGNED || version->bogus)
		return false;
	for (size_t v = 0; v < zone->version_count; v++) {
		const struct version *with_keys = &zone->versions[v];
		if ((with_keys == version || had(with_keys, since_us)) &&
		    with_keys->mode != MODE_UNSIGNED &&
		    signer_zone_zsk(with_keys->zone) == signer_zone_zsk(version->zone) &&
		    ds_of(ds, zone, with_keys))
			return true;
	}
	return false;
}

static bool serves(const struct authority_zone *zone, const char *address)
{
	for (size_t k = 0; k < zone->server_count; k++) {
		if (strcmp(zone->servers[k].address, address) == 0)
			return true;
	}
	return false;
}

// Whether some server that is asked for the zone above refers to it: one that has it as well
// answers, and only who does is known.
static bool is_referred_to(struct authority *a, const struct authority_zone *zone)
{
	const struct authority_zone *parent = authority_parent(a, zone);

	if (parent == NULL || zone->configured != NOT_CONFIGURED)
		return true;
	for (size_t k = 0; k < parent->server_count; k++) {
		if (parent->servers[k].sound && !serves(zone, parent->servers[k].address))
			return true;
	}
	return false;
}

// Whether a server of use that is known has the version.
static bool is_at_hand(struct authority *a, const struct authority_zone *zone,
		       const struct version *version)
{
	const struct authority_zone *route = authority_route(a, zone);
	const struct authority_zone *parent = authority_parent(a, zone);

	if (route != NULL && route->configured != CONFIGURED_STUB)
		return version->sound > 0;
	const bool referred = is_referred_to(a, zone);
	for (size_t k = 0; k < zone->server_count; k++) {
		const struct zone_server *server = &zone->servers[k];
		if (server->sound && &zone->versions[server->version] == version &&
		    (referred || serves(parent, server->address)))
			return true;
	}
	return false;
}

static bool ds_leads_to(struct authority *a, const struct rrset *ds,
			const struct authority_zone *zone, const struct version *version)
{
	for (size_t v = 0; v < zone->version_count; v++) {
		const struct version *with_keys = &zone->versions[v];
		if (is_at_hand(a, zone, with_keys) && with_keys->mode != MODE_UNSIGNED &&
		    signer_zone_zsk(with_keys->zone) == signer_zone_zsk(version->zone) &&
		    ds_of(ds, zone, with_keys))
			return true;
	}
	return false;
}

bool truth_has_keys(struct authority *a, const struct authority_zone *zone,
		    const struct version *version)
{
	const struct authority_zone *parent = authority_parent(a, zone);

	if (parent == NULL || version->mode == MODE_UNSIGNED)
		return true;
	for (size_t v = 0; v < parent->version_count; v++) {
		const struct version *above = &parent->versions[v];
		if (!is_at_hand(a, parent, above))
			continue;
		const struct rrset *ds = signer_zone_find(above->zone, zone->name, TYPE_DS);
		if (ds == NULL || ds_leads_to(a, ds, zone, version))
			return true;
	}
	return false;
}

// Who asks for what is in the parent is answered out of the zone, delegated or not.
static bool has_server_of(const struct authority_zone *zone, const struct authority_zone *parent)
{
	for (size_t i = 0; i < zone->server_count; i++) {
		for (size_t k = 0; k < parent->server_count; k++) {
			if (strcmp(zone->servers[i].address, parent->servers[k].address) == 0)
				return true;
		}
	}
	return false;
}

static bool delegates(const struct authority_zone *parent, const struct authority_zone *zone,
		      uint64_t since_us)
{
	for (size_t v = 0; v < parent->version_count; v++) {
		if (had(&parent->versions[v], since_us) &&
		    signer_zone_find(parent->versions[v].zone, zone->name, TYPE_NS) != NULL)
			return true;
	}
	return false;
}

bool truth_is_found(struct authority *a, const struct authority_zone *zone, uint64_t since_us)
{
	const struct authority_zone *parent = authority_parent(a, zone);

	if (parent == NULL || zone->configured != NOT_CONFIGURED)
		return true;
	for (const struct authority_zone *above = parent; above != NULL;
	     above = authority_parent(a, above)) {
		bool leads = above == parent && delegates(parent, zone, since_us);
		if ((leads || has_server_of(zone, above)) && truth_is_found(a, above, since_us))
			return true;
	}
	return false;
}

static unsigned security_of_any(struct authority *a, struct authority_zone *zone, uint64_t since_us)
{
	unsigned mask = 0;

	for (size_t v = 0; v < zone->version_count; v++) {
		if (had(&zone->versions[v], since_us))
			mask |= truth_security(a, zone, &zone->versions[v], since_us);
	}
	return mask;
}

// What its servers say who are asked for a zone further up, where nothing has to be proven of that
// or of one in between.
static unsigned proven_from_above(struct authority *a, const struct authority_zone *zone,
				  struct authority_zone *parent, uint64_t since_us)
{
	const struct authority_zone *highest = NULL;
	unsigned mask = 0;

	for (const struct authority_zone *above = authority_parent(a, parent); above != NULL;
	     above = authority_parent(a, above)) {
		if (has_server_of(zone, above))
			highest = above;
	}
	// Each of them looks further up in its turn, which takes twice as long with every zone.
	if (highest == NULL)
		return 0;
	for (struct authority_zone *at = parent; !(mask & TRUTH_INSECURE);
	     at = authority_parent(a, at)) {
		mask |= security_of_any(a, at, since_us);
		if (at == highest)
			break;
	}
	return mask & TRUTH_INSECURE;
}

static unsigned proven(struct authority *a, struct authority_zone *zone,
		       const struct version *version, uint64_t since_us)
{
	struct authority_zone *parent = authority_parent(a, zone);
	unsigned mask = 0;

	if (parent == NULL)
		return version->mode == MODE_UNSIGNED ? TRUTH_INSECURE
		       : version->bogus               ? TRUTH_BOGUS
						      : TRUTH_SECURE;
	for (size_t v = 0; v < parent->version_count; v++) {
		const struct version *above = &parent->versions[v];
		if (!had(above, since_us))
			continue;
		// What a span that opts out covers may be there.
		if (signer_zone_find(above->zone, zone->name, TYPE_NS) == NULL) {
			mask |= above->mode == MODE_OPTOUT ? TRUTH_INSECURE : 0;
			if (has_server_of(zone, parent))
				mask |= truth_security(a, parent, above, since_us) & TRUTH_INSECURE;
			continue;
		}
		const struct rrset *ds = signer_zone_find(above->zone, zone->name, TYPE_DS);
		unsigned of_parent = truth_security(a, parent, above, since_us);
		mask |= of_parent & (TRUTH_INSECURE | TRUTH_BOGUS);
		if (of_parent & TRUTH_SECURE)
			mask |= ds == NULL                             ? TRUTH_INSECURE
				: vouches(ds, version, zone, since_us) ? TRUTH_SECURE
								       : TRUTH_BOGUS;
	}
	return mask | proven_from_above(a, zone, parent, since_us);
}

// RFC 7646. What was cached is forgotten with it; it goes when the zone is found to validate, which
// is looked into every five minutes.
static unsigned excepted(struct authority *a, const struct authority_zone *zone, unsigned mask,
			 uint64_t since_us)
{
	for (size_t i = 0; i < a->exception_count; i++) {
		const struct exception *exception = &a->exceptions[i];
		if (!name_within(zone->name, exception->name) ||
		    (mask == 0 && !truth_is_found(a, zone, since_us)))
			continue;
		if (a->world->network.now_us < exception->from_us + EXCEPTION_US)
			return TRUTH_INSECURE;
		mask |= TRUTH_INSECURE;
	}
	return mask;
}

unsigned truth_security(struct authority *a, struct authority_zone *zone,
			const struct version *version, uint64_t since_us)
{
	unsigned mask = proven(a, zone, version, since_us);

	// A configured zone is asked though nothing leads to it; what it says is proven by nobody,
	// and denied by who is above, if anybody believes that one.
	for (struct authority_zone *above = zone;
	     mask == 0 && zone->configured != NOT_CONFIGURED && above != NULL;) {
		above = authority_parent(a, above);
		if (above != NULL)
			mask = proven(a, above, authority_now(above), since_us);
		if (above == NULL || (mask & TRUTH_SECURE))
			mask = (mask & ~(unsigned)TRUTH_SECURE) | TRUTH_BOGUS;
	}
	return excepted(a, zone, mask, since_us);
}

bool truth_is_excepted(struct authority *a, const uint8_t *name, uint64_t since_us)
{
	struct authority_zone *route = route_of(a, name);

	for (size_t v = 0;
	     route != NULL && route->configured != CONFIGURED_STUB && v < route->version_count;
	     v++) {
		if (had(&route->versions[v], since_us) &&
		    (truth_security(a, route, &route->versions[v], since_us) & TRUTH_INSECURE))
			return true;
	}
	for (size_t i = 0; i < a->exception_count; i++) {
		if (name_within(name, a->exceptions[i].name))
			return true;
	}
	return false;
}

// ---- whether there is a way ----

// Whether the zone's servers, those of the zones above it, and their addresses, can be had.
// With CD=1 bogus data will do.
static bool reachable(struct authority *a, struct authority_zone *zone, bool must_be_delegated,
		      bool cd, uint64_t now_us)
{
	bool known = false; // its servers are
	for (; zone != NULL; zone = authority_parent(a, zone)) {
		const struct authority_zone *route = authority_route(a, zone);
		struct authority_zone *host =
			route == NULL || route->configured != CONFIGURED_FORWARD
				? authority_zone(a, zone->host)
				: NULL;
		bool any = cd && zone->bogus;
		// Above, the chain of trust to it ends: what is signed cannot be proven any longer.
		bool denied = zone->hidden ||
			      (zone->hidden_us != 0 &&
			       (now_us < zone->hidden_us + DENIED_US || authority_differs(a)));
		// A server's address is denied with the zone that it is in (RFC 8020).
		if (denied && (known || must_be_delegated))
			return false;
		known |= zone->configured != NOT_CONFIGURED;
		if (any ? zone->mute : zone->dead)
			return false;
		if (now_us < (any ? zone->may_be_mute_until_us : zone->may_fail_until_us))
			return false;
		if (host != NULL && !reachable(a, host, true, false, now_us))
			return false;
	}
	return true;
}

// Less than any UDP payload that is asked for, less what a message has besides.
#define UDP_SURE 900

static size_t wire_len(const struct rrset *rrset)
{
	size_t len = 0;

	for (size_t i = 0; i < rrset->count; i++)
		len += 12 + rrset->rdatas[i].len;
	for (size_t i = 0; i < rrset->rrsig_count; i++)
		len += 12 + rrset->rrsigs[i].len;
	return len;
}

// Whether each server of the zone has another one that the name is in, further down, and answers
// from that.
static bool is_hidden_below(struct authority *a, const struct authority_zone *zone,
			    const uint8_t *name)
{
	for (size_t i = 0; i < zone->server_count; i++) {
		bool found = false;
		for (size_t z = 0; z < a->zone_count && !found; z++) {
			const struct authority_zone *below = &a->zones[z];
			for (size_t k = 0; k < below->server_count && !found; k++)
				found = below != zone && name_within(name, below->name) &&
					name_within(below->name, zone->name) &&
					strcmp(below->servers[k].address,
					       zone->servers[i].address) == 0;
		}
		if (!found)
			return false;
	}
	return zone->server_count > 0;
}

struct way {
	struct authority *authority;
	uint16_t type;
	bool cd;
	uint64_t since_us, now_us;
};

// Where an alias leads. False: it is none, or one that is too long.
static bool leads_to(const struct said *said, const uint8_t *name, uint8_t next[NAME_MAX_LEN])
{
	const struct rdata *target = said->rrset != NULL ? &said->rrset->rdatas[0] : NULL;

	if (said->kind == SIGNER_CNAME)
		name_lower(next, target->data, target->len);
	else if (said->kind == SIGNER_DNAME &&
		 name_substitute(name, said->rrset->owner, target->data, next) > 0)
		name_lower(next, next, name_len(next));
	else
		return false;
	return true;
}

static bool resolves(const struct way *way, const uint8_t *name, unsigned links)
{
	static struct said buffers[LINKS_MAX + 2][SAID_MAX];
	struct said *said = buffers[links];
	uint8_t next[NAME_MAX_LEN];
	bool believed = false;

	if (links > LINKS_MAX)
		return false;
	size_t count = truth_said(way->authority, name, way->type, way->since_us, said);
	for (size_t i = 0; i < count; i++) {
		struct authority_zone *zone = said[i].zone;
		unsigned security =
			truth_security(way->authority, zone, said[i].version, way->since_us);
		// What is said above a zone that is asked of forwarders alone is for them to say.
		const struct authority_zone *route = route_of(way->authority, name);
		bool above = route != NULL && route->configured == CONFIGURED_FORWARD &&
			     name_labels(zone->name) < name_labels(route->name);
		if (security == 0 || above || is_hidden_below(way->authority, zone, name))
			continue;
		// What nobody says any more may be cached, and in the way.
		const bool now = had(said[i].version, way->now_us);
		// What could be believed lately, before the zones above were signed, say.
		if (now && truth_security(way->authority, zone, said[i].version, way->now_us) == 0)
			return false;
		believed |= now && (way->cd || is_at_hand(way->authority, zone, said[i].version));
		// Over UDP it is not believed without signatures (ATTACKS A8).
		if (said[i].kind == SIGNER_DNAME && zone->resets && security != TRUTH_SECURE)
			return false;
		// Truncated, and there is no TCP.
		if (zone->resets && said[i].rrset != NULL && wire_len(said[i].rrset) > UDP_SURE)
			return false;
		if (said[i].unprovable ||
		    !reachable(way->authority, zone, false, way->cd, way->now_us))
			return false;
		// Type after type is asked for, and each takes its time.
		if ((way->type == TYPE_ANY || way->type == TYPE_RRSIG) && zone->late_s > 0)
			return false;
		// An NSEC is about its owner alone, so that none can be believed of a wildcard.
		if (way->type == TYPE_NSEC && said[i].expanded)
			return false;
		if (way->type != TYPE_ANY && way->type != TYPE_RRSIG &&
		    leads_to(&said[i], name, next) && !resolves(way, next, links + 1))
			return false;
	}
	return believed;
}

bool truth_resolves(struct authority *a, const uint8_t *name, uint16_t type, bool cd,
		    uint64_t since_us, uint64_t now_us)
{
	const struct way way = {a, type, cd, since_us, now_us};

	return resolves(&way, name, 0);
}
