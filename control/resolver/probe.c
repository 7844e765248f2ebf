// The keys of trust points, looked at when they are due (RFC 5011 §2.3): a question of our own, to
// the servers. What comes is judged in control/validator/trust_point.c, whether it validates or
// not: what revokes the last anchor is signed by nothing else that is trusted.
//
// After each look the zone is told which of its keys are trusted (RFC 8145 §5). One zone at a time.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_MAX       110
#define CLOCK_WAIT_MS 1000 // a clock that is wrong is looked at again
#define SIGNAL_TAGS   12   // 4 + 12 * 5 - 1 bytes: one label
#define RECORDS_MAX   (OBSERVATION_KEYS_MAX + RRSET_RRSIGS_MAX)

static void signalled(void *arg, struct store_result *result)
{
	struct resolver *resolver = arg;

	store_result_unref(resolver->parts.store, result);
}

// RFC 8145 §5.1: _ta-4f66-9728, type NULL; tags in ascending order.
static void signal_tags(struct resolver *resolver, const uint8_t *zone)
{
	uint16_t tags[SIGNAL_TAGS];
	uint8_t name[NAME_MAX_LEN];
	char label[64] = "_ta";
	size_t used = 3, len = name_len(zone);
	size_t count = trust_points_tags(resolver->parts.points, zone, tags, SIGNAL_TAGS);

	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(label + used, sizeof(label) - used, "-%04x", tags[i]);
	if (!resolver->config.key_tag_signal || count == 0 || 1 + used + len > NAME_MAX_LEN)
		return;
	name[0] = (uint8_t)used;
	memcpy(name + 1, label, used);
	memcpy(name + 1 + used, zone, len);
	if (client_ask(resolver, name, TYPE_NULL, signalled))
		resolver->counters.key_tag_signals++;
}

// The DNSKEY RRset that this question has brought, or NULL.
static struct rrset *rrset_of(const struct resolver *resolver, const struct store_result *result)
{
	struct record keys[RECORDS_MAX], rrsigs[RECORDS_MAX], record;
	const uint8_t *zone = resolver->probe.zone;
	size_t key_count = 0, rrsig_count = 0;
	struct entry_reader reader;
	struct entry_facts facts;
	enum entry_part part;

	if (result->stale || result->count != 1)
		return NULL;
	entry_facts(result->links[0], &facts);
	// Proven or not: the trust point judges it by its own keys.
	if (facts.created_ms < resolver->probe.started_ms || !name_equal(facts.name, zone) ||
	    !entry_rrset(result->links[0], TYPE_DNSKEY, SECURITY_UNPROVEN, NULL, &reader))
		return NULL;
	while (entry_next(&reader, &part, &record)) {
		size_t *count = part == ENTRY_DATA ? &key_count : &rrsig_count;
		if (part == ENTRY_PROOFS)
			continue;
		if (*count == RECORDS_MAX)
			return NULL;
		record.owner = zone;
		(part == ENTRY_DATA ? keys : rrsigs)[(*count)++] = record;
	}
	return rrset_new(keys, key_count, rrsigs, rrsig_count);
}

static const char *why_not(const struct store_result *result, char out[TRUST_WORDS_MAX])
{
	const char *text = result->ede_text;
	struct entry_facts facts;

	if (result->count > 0 && !result->stale) {
		entry_facts(result->links[result->count - 1], &facts);
		text = facts.ede_text;
	}
	size_t len = strlen(text);
	const char *more = "";
	if (len > WHY_MAX) { // whole words
		more = ", ...";
		for (len = WHY_MAX; len > 0 && text[len] != ','; len--)
			;
	}
	snprintf(out, TRUST_WORDS_MAX, "no DNSKEY RRset%s%.*s%s", len > 0 ? ": " : "", (int)len,
		 text, more);
	return out;
}

static void done(void *arg, struct store_result *result)
{
	struct resolver *resolver = arg;
	const struct store_clock *clock = &resolver->clock;
	struct rrset *rrset = rrset_of(resolver, result);
	char why[TRUST_WORDS_MAX];

	resolver->probe.busy = false;
	if (resolver->closing)
		;
	else if (rrset == NULL)
		trust_points_failed(resolver->parts.points, resolver->probe.zone,
				    why_not(result, why), clock->now_ms);
	else
		trust_points_observe(resolver->parts.points, rrset, clock->now_ms, clock->now_s);
	rrset_free(rrset);
	store_result_unref(resolver->parts.store, result);
}

uint64_t probe_run(struct resolver *resolver)
{
	struct trust_points *points = resolver->parts.points;
	uint64_t now_ms = resolver->clock.now_ms, next_ms;

	if (points == NULL || resolver->closing || resolver->probe.busy ||
	    !resolver->config.validate)
		return UINT64_MAX;
	if (!resolver->clock.trusted)
		return now_ms + CLOCK_WAIT_MS;
	const uint8_t *zone = trust_points_due(points, now_ms, &next_ms);
	if (zone == NULL)
		return next_ms;
	name_copy(resolver->probe.zone, zone);
	resolver->probe.started_ms = now_ms;
	resolver->probe.busy = client_ask_unproven(resolver, zone, TYPE_DNSKEY, done);
	if (!resolver->probe.busy) {
		trust_points_failed(points, zone, "too many questions are under way", now_ms);
		return now_ms;
	}
	signal_tags(resolver, zone);
	return UINT64_MAX;
}
