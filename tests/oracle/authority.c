#include "tests/oracle/authority.h"

#include "tests/oracle/script.h"

#include <stdarg.h>
#include <stdlib.h>

#define UNSIGNED_US (4000 * 1000000ULL)

struct text {
	char *data;
	size_t len;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...)
{
	char *line = NULL;
	va_list args;

	va_start(args, format);
	int len = vasprintf(&line, format, args);
	va_end(args);
	assert_true(len >= 0);
	text->data = realloc(text->data, text->len + (size_t)len + 1);
	assert_non_null(text->data);
	memcpy(text->data + text->len, line, (size_t)len + 1);
	text->len += (size_t)len;
	free(line);
}

// ---- where names are ----

struct authority_zone *authority_zone(struct authority *a, const char *apex)
{
	for (size_t i = 0; i < a->zone_count; i++) {
		if (strcmp(a->zones[i].apex, apex) == 0)
			return &a->zones[i];
	}
	return NULL;
}

// The deepest zone that holds the name; strictly: that lies above it.
static struct authority_zone *zone_of(struct authority *a, const uint8_t *name, bool strictly)
{
	struct authority_zone *best = NULL;

	for (size_t i = 0; i < a->zone_count; i++) {
		struct authority_zone *zone = &a->zones[i];
		if (!name_within(name, zone->name) || (strictly && name_equal(name, zone->name)))
			continue;
		if (best == NULL || name_labels(zone->name) > name_labels(best->name))
			best = zone;
	}
	return best;
}

struct authority_zone *authority_parent(struct authority *a, const struct authority_zone *zone)
{
	return zone_of(a, zone->name, true);
}

struct authority_zone *authority_route(struct authority *a, const struct authority_zone *zone)
{
	struct authority_zone *best = NULL;

	for (size_t i = 0; i < a->zone_count; i++) {
		struct authority_zone *at = &a->zones[i];
		if (at->configured != NOT_CONFIGURED && name_within(zone->name, at->name) &&
		    (best == NULL || name_labels(at->name) > name_labels(best->name)))
			best = at;
	}
	return best;
}

// ---- a zone's text ----

static const char *server_name(struct authority *a, const struct authority_zone *zone, size_t k)
{
	static char names[8][300];
	static unsigned turn;
	char *out = names[turn++ % 8], slug[128];
	const char *host = zone->host;

	if (host[0] == '\0' || authority_zone(a, host) == NULL) {
		snprintf(out, 300, "ns%zu.%s", k + 1,
			 name_is_root(zone->name) ? "root." : zone->apex);
		return out;
	}
	snprintf(slug, sizeof(slug), "%s", zone->apex);
	for (char *p = slug; *p != '\0'; p++)
		*p = *p == '.' ? '-' : *p;
	snprintf(out, 300, "ns%zu-%s.%s", k + 1, slug, host);
	return out;
}

static void put_address(struct text *text, const char *name, const char *address)
{
	put(text, "%s 3600 IN %s %s\n", name, strchr(address, ':') != NULL ? "AAAA" : "A", address);
}

static void put_apex(struct authority *a, struct authority_zone *zone, struct text *text)
{
	put(text, "%s %u IN SOA %s h.invalid. %u 7200 3600 1209600 %u\n", zone->apex,
	    zone->soa_ttl_s, server_name(a, zone, 0), ++zone->serial, zone->minimum_s);
	for (size_t k = 0; k < zone->server_count; k++)
		put(text, "%s %u IN NS %s\n", zone->apex, zone->ns_ttl_s, server_name(a, zone, k));
	for (size_t i = 0; i < a->zone_count; i++) {
		for (size_t k = 0; k < a->zones[i].server_count; k++) {
			const char *name = server_name(a, &a->zones[i], k);
			if (zone_of(a, text_name(name), false) == zone)
				put_address(text, name, a->zones[i].servers[k].address);
		}
	}
}

struct line {
	struct words words;
	const char *owner, *ttl, *type, *rdata;
};

static bool read_record(const char *line, struct line *out)
{
	const char *const *at = out->words.at;

	if (script_words(line, &out->words, 4) < 4)
		return false;
	out->owner = at[0];
	out->ttl = at[1];
	out->type = at[2];
	out->rdata = at[3];
	return true;
}

static bool is(const char *line, const char *type)
{
	struct line record;

	return read_record(line, &record) && strcmp(record.type, type) == 0;
}

// Nothing lies below a DNAME (RFC 6672 §2.4): neither a zone nor the address of a server.
static bool dname_covers(struct authority *a, const struct authority_zone *zone,
			 const uint8_t *name)
{
	for (size_t i = 0; i < a->zone_count; i++) {
		const struct authority_zone *other = &a->zones[i];
		if (other != zone && name_within(other->name, name))
			return true;
		for (size_t k = 0; k < other->server_count; k++) {
			if (name_within(text_name(server_name(a, other, k)), name))
				return true;
		}
	}
	return false;
}

// A name has either a CNAME or other data, and nothing lies below a DNAME (RFC 6672 §2.4); names of
// zones below are theirs.
static bool occluded(struct authority *a, const struct authority_zone *zone, size_t index)
{
	struct line record, other;

	if (!read_record(zone->records[index], &record))
		return true;
	const uint8_t *name = signer_name(record.owner);
	bool cname = is(zone->records[index], "CNAME");
	if (zone_of(a, name, false) != zone || (cname && name_equal(name, zone->name)))
		return true;
	// What a wildcard's DNAME means is not defined (RFC 4592 §4.4): resolvers differ.
	if (is(zone->records[index], "DNAME") &&
	    (name_is_wildcard(name) || dname_covers(a, zone, name)))
		return true;
	for (size_t i = 0; i < zone->record_count; i++) {
		if (i == index || !read_record(zone->records[i], &other))
			continue;
		const uint8_t *at = signer_name(other.owner);
		bool same = name_equal(name, at);
		if (strcmp(other.type, "DNAME") == 0 && !same && name_within(name, at))
			return true;
		if (same && cname && (strcmp(other.type, "CNAME") != 0 || i < index))
			return true;
		if (same && i < index && is(zone->records[index], "DNAME") &&
		    strcmp(other.type, "DNAME") == 0)
			return true;
	}
	return false;
}

static void put_records(struct authority *a, const struct authority_zone *zone, struct text *text)
{
	struct line record;

	for (size_t i = 0; i < zone->record_count; i++) {
		if (occluded(a, zone, i))
			continue;
		read_record(zone->records[i], &record);
		put(text, "%s %s IN %s %s\n", record.owner, record.ttl, record.type, record.rdata);
	}
}

static void put_delegations(struct authority *a, const struct authority_zone *zone,
			    struct text *text)
{
	for (size_t i = 0; i < a->zone_count; i++) {
		struct authority_zone *child = &a->zones[i];
		if (child->hidden || authority_parent(a, child) != zone)
			continue;
		for (size_t k = 0; k < child->server_count; k++) {
			const char *name = server_name(a, child, k);
			put(text, "%s %u IN NS %s\n", child->apex, child->ns_ttl_s, name);
			if (name_within(text_name(name), child->name))
				put_address(text, name, child->servers[k].address);
		}
		if (child->mode != MODE_UNSIGNED && !child->nods)
			put(text, "%s", signer_zone_ds_text(authority_now(child)->zone));
	}
}

// ---- versions ----

// Either may be NULL.
static void exchange(struct network *network, const char *where, const struct version *old,
		     const struct version *new)
{
	struct address address;

	assert_int_equal(address_from_text(where, &address), 0);
	for (size_t i = 0; i < network->server_count; i++) {
		struct network_server *at = &network->servers[i];
		size_t kept = 0;
		if (memcmp(&at->address, &address, sizeof(address)) != 0)
			continue;
		for (size_t k = 0; k < at->zone_count; k++) {
			struct signer_zone *zone = at->zones[k];
			if (old == NULL || zone != old->zone)
				at->zones[kept++] = zone;
			else if (new != NULL)
				at->zones[kept++] = new->zone;
		}
		at->zone_count = kept;
	}
	if (old == NULL && new != NULL)
		network_serve(network, where, new->zone);
}

static void count_servers(struct network *network, struct version *old, struct version *new)
{
	if (old != NULL && --old->servers == 0)
		old->last_us = network->now_us;
	if (new == NULL)
		return;
	if (new->servers++ == 0 && new->first_us == 0)
		new->first_us = network->now_us;
	new->last_us = STILL_SERVED;
}

static void serve(struct authority *a, struct authority_zone *zone, struct zone_server *server,
		  size_t version)
{
	struct network *network = &a->world->network;
	struct version *old = &zone->versions[server->version], *new = &zone->versions[version];

	exchange(network, server->address, old, new);
	count_servers(network, old, new);
	server->version = version;
}

// Forwarders have what is delegated all the way down.
static bool is_delegated(struct authority *a, const struct authority_zone *zone)
{
	for (; zone != NULL; zone = authority_parent(a, zone)) {
		if (zone->hidden)
			return false;
	}
	return true;
}

bool authority_differs(const struct authority *a)
{
	for (size_t i = 0; i < a->zone_count; i++) {
		const struct authority_zone *zone = &a->zones[i];
		for (size_t k = 0; k < zone->server_count; k++) {
			if (zone->servers[k].lags &&
			    zone->servers[k].version + 1 < zone->version_count)
				return true;
		}
	}
	return false;
}

bool authority_unhosted(struct authority *a, const struct authority_zone *zone)
{
	const struct authority_zone *host =
		zone->host[0] != '\0' ? authority_zone(a, zone->host) : NULL;

	return host != NULL && !is_delegated(a, host);
}

static void forward_zone(struct authority *a, struct authority_zone *zone)
{
	struct network *network = &a->world->network;
	size_t version = is_delegated(a, zone) ? zone->version_count - 1 : NOT_FORWARDED;
	struct version *old = NULL, *new = NULL;

	if (a->forwarder_count == 0 || version == zone->forwarded)
		return;
	if (zone->forwarded != NOT_FORWARDED)
		old = &zone->versions[zone->forwarded];
	if (version != NOT_FORWARDED)
		new = &zone->versions[version];
	for (size_t i = 0; i < a->forwarder_count; i++)
		exchange(network, a->forwarders[i], old, new);
	count_servers(network, old, new);
	zone->forwarded = version;
}

static void forward_all(struct authority *a)
{
	for (size_t i = 0; i < a->zone_count; i++)
		forward_zone(a, &a->zones[i]);
}

enum new_keys { KEEP_KEYS = 0, NEW_KSK = 1, NEW_ZSK = 2 };

static void make_version(struct authority *a, struct authority_zone *zone, unsigned keys)
{
	struct text text = {0};
	size_t index = zone->version_count;
	const struct version *ksk = &zone->versions[zone->ksk_version];
	const struct version *zsk = &zone->versions[zone->zsk_version];
	struct signer_zone_options options = {
		.unsigned_ = zone->mode == MODE_UNSIGNED,
		.nsec3 = zone->mode == MODE_NSEC3 || zone->mode == MODE_OPTOUT,
		.params = {.opt_out = zone->mode == MODE_OPTOUT},
		.signatures = {.corrupt = zone->bogus},
	};

	if (a->signed_at_s != 0) {
		options.signatures.inception_s = a->signed_at_s - 3600;
		options.signatures.expiration_s = a->signed_at_s + 864000;
	}
	assert_true(index < AUTHORITY_VERSIONS_MAX);
	bool has_keys = index > 0 && ksk->mode != MODE_UNSIGNED && zsk->mode != MODE_UNSIGNED;
	if (has_keys && !(keys & NEW_KSK))
		options.ksk_of = ksk->zone;
	if (has_keys && !(keys & NEW_ZSK))
		options.zsk_of = zsk->zone;
	put_apex(a, zone, &text);
	put_records(a, zone, &text);
	put_delegations(a, zone, &text);
	zone->versions[index] = (struct version){
		.zone = signer_zone_new(zone->apex, text.data, &options),
		.mode = zone->mode,
		.bogus = zone->bogus,
	};
	zone->version_count++;
	if (zone->mode != MODE_UNSIGNED && options.ksk_of == NULL)
		zone->ksk_version = index;
	if (zone->mode != MODE_UNSIGNED && options.zsk_of == NULL)
		zone->zsk_version = index;
	free(text.data);
}

static void publish(struct authority *a, struct authority_zone *zone, unsigned keys)
{
	make_version(a, zone, keys);
	for (size_t k = 0; k < zone->server_count; k++) {
		if (!zone->servers[k].lags)
			serve(a, zone, &zone->servers[k], zone->version_count - 1);
	}
	forward_zone(a, zone);
}

static void publish_parent(struct authority *a, const struct authority_zone *zone)
{
	struct authority_zone *parent = authority_parent(a, zone);

	if (parent != NULL)
		publish(a, parent, KEEP_KEYS);
}

// ---- a script's first part ----

static enum zone_mode mode_of(const char *word)
{
	return strcmp(word, "nsec") == 0     ? MODE_NSEC
	       : strcmp(word, "nsec3") == 0  ? MODE_NSEC3
	       : strcmp(word, "optout") == 0 ? MODE_OPTOUT
					     : MODE_UNSIGNED;
}

static void read_servers(struct authority_zone *zone, const char *list)
{
	char copy[400], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *word = strtok_r(copy, ",", &save); word != NULL;
	     word = strtok_r(NULL, ",", &save)) {
		assert_true(zone->server_count < AUTHORITY_SERVERS_MAX);
		snprintf(zone->servers[zone->server_count++].address,
			 sizeof(zone->servers[0].address), "%s", word);
	}
}

static void read_option(struct authority_zone *zone, const char *word)
{
	if (strcmp(word, "nods") == 0)
		zone->nods = true;
	else if (strcmp(word, "bogus") == 0)
		zone->bogus = true;
	else if (strcmp(word, "hidden") == 0)
		zone->hidden = true;
	else if (strncmp(word, "host=", 5) == 0)
		snprintf(zone->host, sizeof(zone->host), "%s", word + 5);
	else if (sscanf(word, "nsttl=%u", &zone->ns_ttl_s) != 1 &&
		 sscanf(word, "soattl=%u", &zone->soa_ttl_s) != 1 &&
		 sscanf(word, "minimum=%u", &zone->minimum_s) != 1)
		fail_msg("zone option %s", word);
}

static void add_record(struct authority_zone *zone, const char *line)
{
	assert_true(zone->record_count < AUTHORITY_RECORDS_MAX);
	zone->records[zone->record_count++] = strdup(line);
}

void authority_describe(struct authority *a, const char *line)
{
	struct words words;
	size_t count = script_words(line, &words, SCRIPT_WORDS_MAX);
	const char *const *w = words.at;

	if (count == 0)
		return;
	if (strcmp(w[0], "zone") == 0 && count >= 4 && authority_zone(a, w[1]) == NULL) {
		assert_true(a->zone_count < AUTHORITY_ZONES_MAX);
		struct authority_zone *zone = &a->zones[a->zone_count++];
		snprintf(zone->apex, sizeof(zone->apex), "%s", w[1]);
		zone->name = signer_name(zone->apex);
		zone->mode = mode_of(w[2]);
		zone->forwarded = NOT_FORWARDED;
		zone->ns_ttl_s = zone->soa_ttl_s = 3600;
		zone->minimum_s = 300;
		read_servers(zone, w[3]);
		for (size_t i = 4; i < count; i++)
			read_option(zone, w[i]);
		return;
	}
	if (strcmp(w[0], "rec") != 0 || script_words(line, &words, 3) < 3)
		return;
	struct authority_zone *zone = authority_zone(a, w[1]);
	if (zone != NULL)
		add_record(zone, w[2]);
}

static void start_zone(struct authority *a, struct authority_zone *zone)
{
	struct network *network = &a->world->network;

	make_version(a, zone, NEW_KSK | NEW_ZSK);
	struct version *version = authority_now(zone);
	version->servers = zone->server_count;
	version->first_us = network->now_us;
	version->last_us = STILL_SERVED;
	for (size_t k = 0; k < zone->server_count && !name_is_root(zone->name); k++)
		network_serve(network, zone->servers[k].address, version->zone);
}

static void give_root(struct authority *a, struct authority_zone *root)
{
	static char servers[600];
	char *p = servers;

	for (size_t k = 0; k < root->server_count; k++)
		p += sprintf(p, "%s=%s ", server_name(a, root, k), root->servers[k].address);
	world_add(a->world, &(struct world_zone){
				    .apex = ".",
				    .servers = servers,
				    .options = {.unsigned_ = root->mode == MODE_UNSIGNED},
				    .zone = authority_now(root)->zone,
			    });
}

bool authority_start(struct authority *a)
{
	struct authority_zone *root = authority_zone(a, ".");

	if (root == NULL)
		return false;
	for (size_t depth = NAME_MAX_LABELS + 1; depth-- > 0;) {
		for (size_t i = 0; i < a->zone_count; i++) {
			if (name_labels(a->zones[i].name) == depth)
				start_zone(a, &a->zones[i]);
		}
	}
	give_root(a, root);
	return true;
}

// Where the resolver is to ask: "192.0.2.1 198.51.100.1,priority=1".
static void add_forwarders(struct authority *a, struct authority_zone *zone, const char *list)
{
	char copy[500], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		size_t i = 0;
		word[strcspn(word, ",")] = '\0';
		while (i < a->forwarder_count && strcmp(a->forwarders[i], word) != 0)
			i++;
		assert_true(i < AUTHORITY_FORWARDERS_MAX);
		if (i == a->forwarder_count)
			snprintf(a->forwarders[a->forwarder_count++], 48, "%s", word);
		zone->pool |= 1u << i;
	}
}

void authority_configure(struct authority *a, struct authority_zone *zone, enum configured kind,
			 const char *forwarders)
{
	char servers[AUTHORITY_SERVERS_MAX * 50] = "";

	if (zone->configured != NOT_CONFIGURED || a->world->route_count == WORLD_ROUTES_MAX ||
	    (kind == CONFIGURED_STUB && name_is_root(zone->name)))
		return;
	for (size_t k = 0; k < zone->server_count; k++) {
		strcat(servers, k > 0 ? " " : "");
		strcat(servers, zone->servers[k].address);
	}
	struct route *route = world_route(a->world, zone->apex, kind != CONFIGURED_STUB,
					  kind != CONFIGURED_STUB ? forwarders : servers);
	route->first = kind == CONFIGURED_FORWARD_FIRST;
	zone->configured = kind;
	if (kind != CONFIGURED_STUB)
		add_forwarders(a, zone, forwarders);
}

void authority_forward(struct authority *a)
{
	for (size_t i = 0; i < a->zone_count; i++)
		a->zones[i].forwarded = NOT_FORWARDED;
	forward_all(a);
}

// ---- changes ----

static void delete_records(struct authority_zone *zone, const char *owner, const char *type)
{
	size_t kept = 0;
	struct line record;

	for (size_t i = 0; i < zone->record_count; i++) {
		bool at = read_record(zone->records[i], &record) &&
			  strcasecmp(record.owner, owner) == 0 &&
			  (strcmp(type, "ANY") == 0 || strcmp(type, record.type) == 0);
		if (at)
			free(zone->records[i]);
		else
			zone->records[kept++] = zone->records[i];
	}
	zone->record_count = kept;
}

static bool has_lagging_server(const struct authority_zone *zone)
{
	for (size_t k = 0; k < zone->server_count; k++) {
		if (zone->servers[k].lags)
			return true;
	}
	return false;
}

static void roll(struct authority *a, struct authority_zone *zone, const char *which)
{
	unsigned keys = strcmp(which, "zsk") == 0   ? NEW_ZSK
			: strcmp(which, "ksk") == 0 ? NEW_KSK
						    : NEW_ZSK | NEW_KSK;

	if (zone->mode == MODE_UNSIGNED || (name_is_root(zone->name) && (keys & NEW_KSK)))
		return;
	publish(a, zone, keys);
	if (keys & NEW_KSK)
		publish_parent(a, zone);
	if (keys & NEW_KSK || has_lagging_server(zone))
		zone->rolled_us = a->world->network.now_us;
}

static void change_mode(struct authority *a, struct authority_zone *zone, enum zone_mode mode)
{
	if (name_is_root(zone->name))
		return;
	zone->mode = mode;
	publish(a, zone, KEEP_KEYS);
	publish_parent(a, zone);
}

static void lag(struct authority *a, struct authority_zone *zone, const char *address, bool lags)
{
	for (size_t k = 0; k < zone->server_count; k++) {
		if (strcmp(zone->servers[k].address, address) != 0)
			continue;
		zone->servers[k].lags = lags;
		if (!lags && zone->servers[k].version != zone->version_count - 1)
			serve(a, zone, &zone->servers[k], zone->version_count - 1);
	}
}

static const char *const verbs[] = {"add",  "del",  "roll", "sign",   "unsign",
				    "hide", "show", "lag",  "catchup"};

bool authority_change(struct authority *a, const char *line)
{
	struct words words;
	size_t count = script_words(line, &words, SCRIPT_WORDS_MAX);
	const char *const *w = words.at;
	bool known = false;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		known |= strcmp(w[0], verbs[i]) == 0;
	if (!known)
		return false;
	struct authority_zone *zone = count > 1 ? authority_zone(a, w[1]) : NULL;
	if (zone == NULL || zone->version_count + 2 >= AUTHORITY_VERSIONS_MAX)
		return true;
	if (strcmp(w[0], "add") == 0 && script_words(line, &words, 3) == 3) {
		add_record(zone, w[2]);
		publish(a, zone, KEEP_KEYS);
	} else if (strcmp(w[0], "del") == 0 && count >= 4) {
		delete_records(zone, w[2], w[3]);
		publish(a, zone, KEEP_KEYS);
	} else if (strcmp(w[0], "roll") == 0 && count >= 3) {
		roll(a, zone, w[2]);
	} else if (strcmp(w[0], "sign") == 0 && count >= 3) {
		change_mode(a, zone, mode_of(w[2]));
	} else if (strcmp(w[0], "unsign") == 0) {
		change_mode(a, zone, MODE_UNSIGNED);
		// Without waiting for the end of the DS in caches (RFC 6781 §4.1).
		zone->may_fail_until_us = a->world->network.now_us + UNSIGNED_US;
	} else if (strcmp(w[0], "hide") == 0 || strcmp(w[0], "show") == 0) {
		if (zone->hidden)
			zone->hidden_us = a->world->network.now_us;
		// Nobody delegates the root.
		const bool hidden =
			w[0][0] == 'h' && zone->name[0] != 0 && zone->configured == NOT_CONFIGURED;
		if (!hidden)
			zone->hidden_from_us = 0;
		else if (!zone->hidden)
			zone->hidden_from_us = a->world->network.now_us;
		zone->hidden = hidden;
		publish_parent(a, zone);
		forward_all(a);
	} else if (count >= 3) {
		lag(a, zone, w[2], strcmp(w[0], "lag") == 0);
	}
	return true;
}

void authority_free(struct authority *a)
{
	for (size_t i = 0; i < a->zone_count; i++) {
		for (size_t v = 0; v < a->zones[i].version_count; v++)
			signer_zone_free(a->zones[i].versions[v].zone);
		for (size_t r = 0; r < a->zones[i].record_count; r++)
			free(a->zones[i].records[r]);
	}
}
