#include "tests/oracle/health.h"

#include "tests/oracle/script.h"
#include "tests/oracle/truth.h"

// How long a failure may be remembered once its cause is gone (RFC 9520 §3.2).
#define FAILURE_US (330 * 1000000ULL)
#define ROLLED_US  (4000 * 1000000ULL)
#define DELAY_MS   600

static const struct kind {
	const char *word;
	enum fault_kind kind;
	bool harmless; // a resolver gets its answer nevertheless
} kinds[] = {
	{"drop", FAULT_DROP},
	{"servfail", FAULT_SERVFAIL},
	{"refused", FAULT_REFUSED},
	{"formerr", FAULT_FORMERR},
	{"lame", FAULT_LAME},
	{"strip", FAULT_STRIP},
	{"bogus", FAULT_BOGUS},
	{"noaa", FAULT_NO_AA},
	{"no_edns", FAULT_NO_EDNS},
	{"malformed", FAULT_MALFORMED},
	{"unreachable", FAULT_UNREACHABLE},
	{"cache", FAULT_CACHE},
	{"no_soa", FAULT_NO_SOA},
	{"wrong_id", FAULT_WRONG_ID},
	{"wrong_question", FAULT_WRONG_QUESTION},
	{"wrong_case", FAULT_WRONG_CASE},
	{"truncate_always", FAULT_TRUNCATE_ALWAYS},
	{"bare", FAULT_BARE},
	{"truncate", FAULT_TRUNCATE, .harmless = true},
	// XXX: a zone all of whose servers turn 600 ms slow at once is given up after 3 s, now and
	// then.
	{"delay", FAULT_DELAY},
	{"reset", FAULT_RESET, .harmless = true},
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static void apply(const struct health *health, struct network *network)
{
	network_heal(network);
	for (size_t i = 0; i < health->fault_count; i++) {
		const struct fault fault = {
			.kind = health->faults[i].kind,
			.server = health->faults[i].address,
			.delay_ms = DELAY_MS,
		};
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
		active->kind = kinds[i].kind;
	}
	apply(health, network);
	return true;
}

static bool harmed(const struct health *health, const char *address)
{
	for (size_t i = 0; i < health->fault_count; i++) {
		if (strcmp(health->faults[i].address, address) != 0)
			continue;
		for (size_t k = 0; k < KIND_COUNT; k++) {
			if (kinds[k].kind == health->faults[i].kind)
				return !kinds[k].harmless;
		}
	}
	return false;
}

// It still answers for a zone below that is no longer delegated, in the place of this one.
static bool misleads(struct authority *a, const struct authority_zone *zone, const char *address)
{
	for (size_t i = 0; i < a->zone_count; i++) {
		const struct authority_zone *below = &a->zones[i];
		if (!below->hidden || below == zone || !name_within(below->name, zone->name))
			continue;
		for (size_t k = 0; k < below->server_count; k++) {
			if (strcmp(below->servers[k].address, address) == 0)
				return true;
		}
	}
	return false;
}

static bool has_fault(const struct health *health, const struct authority_zone *zone,
		      enum fault_kind kind)
{
	for (size_t i = 0; i < health->fault_count; i++) {
		for (size_t k = 0; k < zone->server_count; k++) {
			if (health->faults[i].kind == kind &&
			    strcmp(health->faults[i].address, zone->servers[k].address) == 0)
				return true;
		}
	}
	return false;
}

// bogus: those whose data cannot be proven, too.
static bool has_good_server(const struct health *health, struct authority *a,
			    struct authority_zone *zone, bool bogus)
{
	const uint64_t now_us = a->world->network.now_us;

	for (size_t k = 0; k < zone->server_count; k++) {
		const struct zone_server *server = &zone->servers[k];
		const struct version *version = &zone->versions[server->version];
		// What is hidden is not asked.
		unsigned security = truth_security(a, zone, version, now_us + 1);
		if (version->bogus && !bogus)
			continue;
		if (!harmed(health, server->address) && !misleads(a, zone, server->address) &&
		    (bogus || !(security & TRUTH_BOGUS)))
			return true;
	}
	return false;
}

static bool has_harmed_server(const struct health *health, const struct authority_zone *zone)
{
	for (size_t k = 0; k < zone->server_count; k++) {
		if (harmed(health, zone->servers[k].address))
			return true;
	}
	return false;
}

// Keys and DS that change at once, without waiting for the end of the old ones in caches (RFC 6781
// §4.1.2): they are fetched anew, from whichever servers, once a second.
static void note_roll(const struct health *health, struct authority *a, struct authority_zone *zone)
{
	if (zone->rolled_us == 0 || a->world->network.now_us > zone->rolled_us + ROLLED_US)
		return;
	for (const struct authority_zone *at = zone; at != NULL; at = authority_parent(a, at)) {
		if (has_harmed_server(health, at))
			zone->may_fail_until_us = zone->rolled_us + ROLLED_US;
	}
}

static void note(bool *failing, uint64_t *until_us, bool fails, uint64_t now_us)
{
	if (*failing && !fails && *until_us < now_us + FAILURE_US)
		*until_us = now_us + FAILURE_US;
	*failing = fails;
}

void health_look(const struct health *health, struct authority *a)
{
	const uint64_t now_us = a->world->network.now_us;

	for (size_t i = 0; i < a->zone_count; i++) {
		struct authority_zone *zone = &a->zones[i];
		note(&zone->dead, &zone->may_fail_until_us,
		     !has_good_server(health, a, zone, false), now_us);
		note(&zone->mute, &zone->may_be_mute_until_us,
		     !has_good_server(health, a, zone, true), now_us);
		note_roll(health, a, zone);
		zone->stripped |= has_fault(health, zone, FAULT_STRIP) ||
				  has_fault(health, zone, FAULT_NO_EDNS);
		zone->resets |= has_fault(health, zone, FAULT_RESET);
	}
}
