#include "tests/oracle/health.h"

#include "tests/oracle/script.h"
#include "tests/oracle/truth.h"

// How long a failure may be remembered once its cause is gone (RFC 9520 §3.2).
#define FAILURE_US (330 * 1000000ULL)
#define ROLLED_US  (4000 * 1000000ULL)
#define HIDDEN_US  (3700 * 1000000ULL) // a delegation lives at most

static const struct kind {
	const char *word;
	bool harmless; // a resolver gets its answer nevertheless
	bool strips;   // what it says, it says without DNSSEC
	struct fault fault;
} kinds[] = {
	{"drop", .fault = {.kind = FAULT_DROP}},
	{"servfail", .fault = {.kind = FAULT_SERVFAIL}},
	{"refused", .fault = {.kind = FAULT_REFUSED}},
	{"formerr", .fault = {.kind = FAULT_FORMERR}},
	{"lame", .fault = {.kind = FAULT_LAME}},
	{"strip", .fault = {.kind = FAULT_STRIP}, .strips = true},
	{"bogus", .fault = {.kind = FAULT_BOGUS}},
	{"expired", .fault = {.kind = FAULT_EXPIRED}},
	{"unknown_key", .fault = {.kind = FAULT_UNKNOWN_KEY}},
	{"noaa", .fault = {.kind = FAULT_NO_AA}},
	{"no_edns", .fault = {.kind = FAULT_NO_EDNS}, .strips = true},
	{"malformed", .fault = {.kind = FAULT_MALFORMED}},
	{"unreachable", .fault = {.kind = FAULT_UNREACHABLE}},
	{"cache", .fault = {.kind = FAULT_CACHE}},
	{"no_soa", .fault = {.kind = FAULT_NO_SOA}},
	{"wrong_id", .fault = {.kind = FAULT_WRONG_ID}},
	{"wrong_question", .fault = {.kind = FAULT_WRONG_QUESTION}},
	{"wrong_case", .fault = {.kind = FAULT_WRONG_CASE}},
	{"truncate_always", .fault = {.kind = FAULT_TRUNCATE_ALWAYS}},
	{"bare", .fault = {.kind = FAULT_BARE}},
	{"bare_formerr", .strips = true,
	 .fault = {.kind = FAULT_BARE, .flags = RCODE_FORMERR, .edns_only = true}},
	{"bare_notimp", .strips = true,
	 .fault = {.kind = FAULT_BARE, .flags = RCODE_NOTIMP, .edns_only = true}},
	{"drop_edns", .fault = {.kind = FAULT_DROP, .edns_only = true}},
	{"drop_cookie", .fault = {.kind = FAULT_DROP, .cookie_only = true}},
	{"formerr_cookie", .fault = {.kind = FAULT_FORMERR, .cookie_only = true}},
	{"drop_mixed", .fault = {.kind = FAULT_DROP, .mixed_only = true}},
	{"refuse_mixed", .fault = {.kind = FAULT_REFUSED, .mixed_only = true}},
	{"servfail_mixed", .fault = {.kind = FAULT_SERVFAIL, .mixed_only = true}},
	{"drop_udp", .fault = {.kind = FAULT_DROP, .udp_only = true}},
	{"refuse_tcp", .fault = {.kind = FAULT_REFUSED, .tcp_only = true}, .harmless = true},
	{"made_up_cookie", .fault = {.cookie = COOKIE_MADE_UP}},
	{"cookie", .fault = {.cookie = COOKIE_RIGHT}, .harmless = true},
	{"trailing", .fault = {.trailing = 3}},
	{"ede", .fault = {.ede = 22}, .harmless = true},
	{"twice", .fault = {.kind = FAULT_SERVFAIL, .then_good = true}},
	{"truncate", .fault = {.kind = FAULT_TRUNCATE}, .harmless = true},
	// XXX: a zone all of whose servers turn 600 ms slow at once is given up after 3 s, now and
	// then.
	{"delay", .fault = {.kind = FAULT_DELAY, .delay_ms = 600}},
	{"slow", .harmless = true, .fault = {.kind = FAULT_DELAY, .delay_ms = 35}},
	{"late", .fault = {.kind = FAULT_DELAY, .delay_ms = 1600}},
	{"reset", .fault = {.kind = FAULT_RESET}, .harmless = true},
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static void apply(const struct health *health, struct network *network)
{
	network_heal(network);
	for (size_t i = 0; i < health->fault_count; i++) {
		struct fault fault = kinds[health->faults[i].kind].fault;
		fault.server = health->faults[i].address;
		network_fault(network, &fault);
	}
}

bool health_change(struct health *health, struct network *network, const char *line)
{
	const size_t max = sizeof(health->faults) / sizeof(health->faults[0]);
	struct words words;
	size_t kept = 0;
	size_t count = script_words(line, &words, SCRIPT_WORDS_MAX);
	bool fault = strcmp(words.at[0], "fault") == 0;

	if ((!fault && strcmp(words.at[0], "heal") != 0) || count < 2)
		return fault;
	for (size_t i = 0; i < health->fault_count; i++) {
		if (strcmp(health->faults[i].address, words.at[1]) != 0)
			health->faults[kept++] = health->faults[i];
	}
	health->fault_count = kept;
	for (size_t i = 0; fault && count > 2 && kept < max && i < KIND_COUNT; i++) {
		if (strcmp(words.at[2], kinds[i].word) != 0)
			continue;
		struct active_fault *active = &health->faults[health->fault_count++];
		snprintf(active->address, sizeof(active->address), "%s", words.at[1]);
		active->kind = i;
	}
	apply(health, network);
	return true;
}

static const struct kind *kind_at(const struct health *health, const char *address)
{
	for (size_t i = 0; i < health->fault_count; i++) {
		if (strcmp(health->faults[i].address, address) == 0)
			return &kinds[health->faults[i].kind];
	}
	return NULL;
}

static bool harmed(const struct health *health, const char *address)
{
	const struct kind *kind = kind_at(health, address);

	return kind != NULL && !kind->harmless;
}

// Servers that may be asked for what is in the zone: its own, and its forwarders.
static size_t servers_of(struct authority *a, const struct authority_zone *zone,
			 const char *out[AUTHORITY_SERVERS_MAX + AUTHORITY_FORWARDERS_MAX])
{
	const struct authority_zone *route = authority_route(a, zone);
	size_t count = 0;

	for (size_t k = 0; k < zone->server_count; k++)
		out[count++] = zone->servers[k].address;
	for (size_t i = 0; route != NULL && i < a->forwarder_count; i++) {
		if (route->pool & 1u << i)
			out[count++] = a->forwarders[i];
	}
	return count;
}

// The zone, or one on the way down to it, is no longer delegated.
static bool is_hidden_within(struct authority *a, const struct authority_zone *below,
			     const struct authority_zone *zone)
{
	for (; below != NULL && below != zone; below = authority_parent(a, below)) {
		if (below->hidden)
			return true;
	}
	return false;
}

// It still answers for a zone below that is no longer delegated, in the place of this one.
static bool misleads(struct authority *a, const struct authority_zone *zone, const char *address)
{
	for (size_t i = 0; i < a->zone_count; i++) {
		const struct authority_zone *below = &a->zones[i];
		if (below == zone || !name_within(below->name, zone->name) ||
		    !is_hidden_within(a, below, zone))
			continue;
		for (size_t k = 0; k < below->server_count; k++) {
			if (strcmp(below->servers[k].address, address) == 0)
				return true;
		}
	}
	return false;
}

// Since when what leads to the zone counts: from now on, but where it has been hidden lately.
static uint64_t delegated_since(struct authority *a, const struct authority_zone *zone)
{
	const uint64_t now_us = a->world->network.now_us;
	uint64_t since_us = now_us + 1;

	for (const struct authority_zone *at = zone; at != NULL; at = authority_parent(a, at)) {
		const uint64_t from_us = at->hidden_from_us;
		if (from_us != 0 && from_us < since_us && now_us < from_us + HIDDEN_US)
			since_us = from_us;
	}
	return since_us;
}

// bogus: those whose data cannot be proven, too.
static bool is_good(struct authority *a, struct authority_zone *zone, size_t index, bool bogus)
{
	const struct version *version = &zone->versions[index];

	if (bogus)
		return true;
	if (!zone->hidden && !truth_has_keys(a, zone, version))
		return false;
	// What is hidden is not asked, once the delegation has ended that is known.
	return !version->bogus &&
	       !(truth_security(a, zone, version, delegated_since(a, zone)) & TRUTH_BOGUS);
}

static bool has_good_forwarder(const struct health *health, struct authority *a,
			       struct authority_zone *zone, const struct authority_zone *route,
			       bool bogus)
{
	if (zone->forwarded == NOT_FORWARDED || !is_good(a, zone, zone->forwarded, bogus) ||
	    a->world->network.now_us < route->pool_may_be_out_until_us)
		return false;
	for (size_t i = 0; i < a->forwarder_count; i++) {
		if ((route->pool & 1u << i) && !harmed(health, a->forwarders[i]))
			return true;
	}
	return false;
}

// Where recursion stands behind forwarders, they are not asked for a while after bad data:
// recursion, which is then asked alone, may know better of one zone and fail in another.
static void note_pool(struct authority *a, struct authority_zone *zone)
{
	struct authority_zone *route = authority_route(a, zone);
	const uint64_t now_us = a->world->network.now_us;

	if (route == NULL || route->configured != CONFIGURED_FORWARD_FIRST)
		return;
	if (zone->dead || zone->may_fail_until_us > now_us || zone->version_count > 1 ||
	    zone->forwarded == NOT_FORWARDED || !is_good(a, zone, zone->forwarded, false))
		route->pool_may_be_out_until_us = now_us + FAILURE_US;
}

static bool has_good_server(const struct health *health, struct authority *a,
			    struct authority_zone *zone, bool bogus)
{
	const struct authority_zone *route = authority_route(a, zone);

	if (route != NULL && route->pool != 0 && has_good_forwarder(health, a, zone, route, bogus))
		return true;
	if (route != NULL && route->configured == CONFIGURED_FORWARD)
		return false;
	for (size_t k = 0; k < zone->server_count; k++) {
		const struct zone_server *server = &zone->servers[k];
		if (!harmed(health, server->address) && !misleads(a, zone, server->address) &&
		    is_good(a, zone, server->version, bogus))
			return true;
	}
	return false;
}

static bool has_harmed_server(const struct health *health, struct authority *a,
			      const struct authority_zone *zone)
{
	const char *servers[AUTHORITY_SERVERS_MAX + AUTHORITY_FORWARDERS_MAX];
	size_t count = servers_of(a, zone, servers);

	for (size_t k = 0; k < count; k++) {
		if (harmed(health, servers[k]))
			return true;
	}
	return false;
}

static void note_faults(const struct health *health, struct authority *a,
			struct authority_zone *zone)
{
	const char *servers[AUTHORITY_SERVERS_MAX + AUTHORITY_FORWARDERS_MAX];
	size_t count = servers_of(a, zone, servers);

	for (size_t k = 0; k < count; k++) {
		const struct kind *kind = kind_at(health, servers[k]);
		zone->stripped |= kind != NULL && kind->strips;
		zone->resets |=
			kind != NULL && (kind->fault.kind == FAULT_RESET || kind->fault.tcp_only);
		unsigned late_s = kind != NULL ? (kind->fault.delay_ms + 899) / 1000 : 0;
		zone->late_s = late_s > zone->late_s ? late_s : zone->late_s;
	}
}

// Keys and DS that change at once, without waiting for the end of the old ones in caches (RFC 6781
// §4.1.2): they are fetched anew, from whichever servers, once a second.
static void note_roll(const struct health *health, struct authority *a, struct authority_zone *zone)
{
	if (zone->rolled_us == 0 || a->world->network.now_us > zone->rolled_us + ROLLED_US)
		return;
	for (const struct authority_zone *at = zone; at != NULL; at = authority_parent(a, at)) {
		if (has_harmed_server(health, a, at))
			zone->may_fail_until_us = zone->rolled_us + ROLLED_US;
	}
}

static void note(bool *failing, uint64_t *until_us, bool fails, uint64_t now_us)
{
	if (*failing && !fails && *until_us < now_us + FAILURE_US)
		*until_us = now_us + FAILURE_US;
	*failing = fails;
}

static void count_sound(const struct health *health, struct authority *a,
			struct authority_zone *zone)
{
	bool forwards = false;

	for (size_t v = 0; v < zone->version_count; v++)
		zone->versions[v].sound = 0;
	for (size_t k = 0; k < zone->server_count; k++) {
		struct zone_server *server = &zone->servers[k];
		server->sound =
			!harmed(health, server->address) && !misleads(a, zone, server->address);
		zone->versions[server->version].sound += server->sound;
	}
	for (size_t i = 0; i < a->forwarder_count; i++)
		forwards |= !harmed(health, a->forwarders[i]);
	if (forwards && zone->forwarded != NOT_FORWARDED)
		zone->versions[zone->forwarded].sound++;
}

void health_look(const struct health *health, struct authority *a)
{
	const uint64_t now_us = a->world->network.now_us;

	for (size_t i = 0; i < a->zone_count; i++)
		count_sound(health, a, &a->zones[i]);
	for (size_t i = 0; i < a->zone_count; i++)
		note_pool(a, &a->zones[i]);
	for (size_t i = 0; i < a->zone_count; i++) {
		struct authority_zone *zone = &a->zones[i];
		note(&zone->dead, &zone->may_fail_until_us,
		     !has_good_server(health, a, zone, false), now_us);
		note(&zone->mute, &zone->may_be_mute_until_us,
		     !has_good_server(health, a, zone, true), now_us);
		note_roll(health, a, zone);
		note_faults(health, a, zone);
	}
}
