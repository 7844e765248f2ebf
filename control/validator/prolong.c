#include "control/validator/prolong.h"

#include "control/validator/trust_lookup.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"

#include <string.h>

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

// The keys and DS of the zones above end it as well, when their own RRSIGs do.
static int64_t chain_expires_s(const struct zones *zones, const uint8_t *name)
{
	int64_t expires_s = VALIDATION_NEVER_EXPIRES;

	while (!name_is_root(name)) {
		name = name_skip(name, 1);
		const struct zone *above = zones_find(zones, name);
		if (above == NULL)
			continue;
		if (above->keys != NULL)
			expires_s = earlier(expires_s, above->keys_term.expires_s);
		if (above->anchors != NULL)
			break;
		if (above->cut == CUT_SECURE)
			expires_s = earlier(expires_s, above->cut_term.expires_s);
	}
	return expires_s;
}

void proof_take(struct zone *zone, const struct zones *zones, const struct step *step,
		const struct validation_result *result, uint64_t order, uint64_t now_ms,
		int64_t now_s)
{
	bool ds = step->kind == STEP_ANSWER;
	int64_t inception_s = ds ? result->rrset_by.inception_s : result->proof_inception_s;

	zone->proof = (struct cut_proof){
		.order = order,
		.at_ms = now_ms,
		.at_s = now_s,
		.chain_s = chain_expires_s(zones, zone->name),
		.ceiling_ms = result->outdated ? result->ceiling_ms : CEILING_NONE,
		// Whoever replays it replays what the zone above has taken back since.
		.superseded = !ds && inception_s <= zone->ds_inception_s,
	};
	if (ds && inception_s > zone->ds_inception_s)
		zone->ds_inception_s = inception_s;
}

bool proof_revokes(const struct records *old, const struct records *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		const struct rdata *key = &keys->items[i].rdata;
		struct rdata_dnskey fields;

		if (!rdata_dnskey(key->data, key->len, &fields) || !(fields.flags & DNSKEY_REVOKE))
			continue;
		for (size_t k = 0; old != NULL && k < old->count; k++) {
			const struct rdata *was = &old->items[k].rdata;
			uint16_t flags =
				(uint16_t)(was->len < 2 ? 0 : was->data[0] << 8 | was->data[1]);
			if (was->len == key->len && flags == (fields.flags & ~DNSKEY_REVOKE) &&
			    memcmp(was->data + 2, key->data + 2, key->len - 2u) == 0)
				return true;
		}
	}
	return false;
}

// A key on the way down to it has been revoked since it was proven.
static bool is_revoked(const struct zones *zones, const struct zone *zone)
{
	const uint8_t *name = zone->name;

	while (!name_is_root(name)) {
		name = name_skip(name, 1);
		const struct zone *above = zones_find(zones, name);
		if (above != NULL && above->revoked_at > zone->proof.order)
			return true;
	}
	return false;
}

// What no zone above has said holds for no longer than it was told: the operator's exceptions,
// signatures that are only tolerated, and what we cannot judge (RFC 6840 §5.2, RFC 9276).
static bool was_proven(const struct zone *zone)
{
	if (zone->proof.order == 0 || zone->cut_tolerated || zone->proof.superseded)
		return false;
	return zone->cut == CUT_SECURE ||
	       (zone->cut == CUT_INSECURE &&
		(zone->cut_ede == EDE_NONE || zone->cut_ede == EDE_STALE_ANSWER));
}

// A wall clock that is set back makes no signature valid again.
static int64_t signature_clock_s(const struct zone *zone, const struct trust_past *past)
{
	int64_t since_s = (int64_t)((past->now_ms - zone->proof.at_ms) / 1000);

	return past->now_s > zone->proof.at_s + since_s ? past->now_s : zone->proof.at_s + since_s;
}

// 0: not any longer.
static uint64_t last_ms(const struct trust *trust, const struct zone *zone,
			const struct trust_past *past)
{
	size_t exceptions;
	const struct zones *zones = trust_zones(trust, &exceptions);
	uint64_t ended_ms = zone->cut_ended_ms != 0 ? zone->cut_ended_ms : zone->cut_term.until_ms;
	uint32_t most_s = past->stale_s;

	if (!was_proven(zone) || is_revoked(zones, zone) ||
	    signature_clock_s(zone, past) > earlier(zone->cut_term.expires_s, zone->proof.chain_s))
		return 0;
	if (zone->cut == CUT_INSECURE && most_s > PROOF_OF_NONE_MAX_S)
		most_s = PROOF_OF_NONE_MAX_S;
	uint64_t ms = ended_ms + most_s * 1000ull;
	return ms < zone->proof.ceiling_ms ? ms : zone->proof.ceiling_ms;
}

bool trust_past_holds(const struct trust *trust, const uint8_t *name, const struct trust_past *past)
{
	size_t exceptions;
	const struct zone *zone = zones_find(trust_zones(trust, &exceptions), name);

	return zone != NULL && past->now_ms < last_ms(trust, zone, past);
}

bool trust_past_insecure(const struct trust *trust, const uint8_t *name,
			 const struct trust_past *past)
{
	size_t exceptions;
	const struct zones *zones = trust_zones(trust, &exceptions);

	for (size_t up = 0; up <= name_labels(name); up++) {
		const struct zone *zone = zones_find(zones, name_skip(name, up));
		if (zone == NULL ||
		    (zone->cut != CUT_SECURE && zone->cut != CUT_INSECURE && zone->anchors == NULL))
			continue;
		return zone->cut == CUT_INSECURE && zone->anchors == NULL && zone->cut_outdated &&
		       term_holds(&zone->cut_term, past->now_ms, past->now_s) &&
		       past->now_ms < last_ms(trust, zone, past);
	}
	return false;
}

bool trust_prolong(struct trust *trust, const uint8_t *name, const struct trust_past *past)
{
	size_t exceptions;
	struct zone *zone = zones_find(trust_zones(trust, &exceptions), name);

	if (zone == NULL || zone->cut == CUT_UNKNOWN)
		return false;
	if (term_holds(&zone->cut_term, past->now_ms, past->now_s) && !zone->cut_outdated)
		return true;
	uint64_t last = last_ms(trust, zone, past);
	uint64_t until_ms = past->now_ms + past->for_ms;
	if (past->now_ms >= last)
		return false;
	if (zone->cut_ended_ms == 0)
		zone->cut_ended_ms = zone->cut_term.until_ms;
	zone->cut_outdated = true;
	zone->proof.ceiling_ms = last;
	if (until_ms > zone->cut_term.until_ms)
		zone->cut_term.until_ms = until_ms < last ? until_ms : last;
	return true;
}

#define COUNTED_MAX 512 // zones that are looked at: many parents may be broken

struct counting {
	const uint8_t *above;
	const struct moment moment;
	size_t count;
};

static void count_outdated(const struct zone *zone, void *arg)
{
	struct counting *counting = arg;

	counting->count +=
		zone->cut_outdated && name_within(zone->name, counting->above) &&
		!name_equal(zone->name, counting->above) &&
		term_holds(&zone->cut_term, counting->moment.now_ms, counting->moment.now_s);
}

size_t trust_outdated_count(const struct trust *trust, const uint8_t *above, uint64_t now_ms,
			    int64_t now_s)
{
	struct counting counting = {.above = above, .moment = {.now_ms = now_ms, .now_s = now_s}};
	size_t exceptions;

	zones_latest(trust_zones(trust, &exceptions), COUNTED_MAX, count_outdated, &counting);
	return counting.count;
}

enum zone_trust trust_zone_last(const struct trust *trust, const uint8_t *name, uint64_t now_ms,
				int64_t now_s)
{
	const struct moment moment = {.now_ms = now_ms, .now_s = now_s};
	struct standing exception;
	size_t exceptions;
	const struct zones *zones = trust_zones(trust, &exceptions);
	const uint8_t *at;

	if (trust_exception(trust, name, &moment, &at, &exception))
		return ZONE_INSECURE;
	for (size_t up = 0; up <= name_labels(name); up++) {
		const struct zone *zone = zones_find(zones, name_skip(name, up));
		if (zone == NULL)
			continue;
		if (zone->anchors != NULL || zone->cut == CUT_SECURE)
			return ZONE_SECURE;
		if (zone->cut == CUT_INSECURE)
			return ZONE_INSECURE;
	}
	return ZONE_INSECURE; // below no anchor
}
