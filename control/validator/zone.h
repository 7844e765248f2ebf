// What is known of each name on the way down from an anchor: whether a secure or insecure
// delegation is there, and the zone's keys. A bounded table; what nobody used lately goes
// first, but never what the operator configured.
//
// Thread: control.
#pragma once

#include "control/validator/cut.h"
#include "control/validator/records.h"
#include "crypto/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct anchor {
	struct anchor *next;
	uint16_t type; // DS or DNSKEY
	uint16_t tag;
	uint16_t len;
	uint8_t rdata[];
};

// A fact that ends by TTL (monotonic clock) and with the signatures it rests on (wall clock).
struct term {
	uint64_t until_ms;
	int64_t expires_s;
};

static inline bool term_holds(const struct term *term, uint64_t now_ms, int64_t now_s)
{
	return now_ms < term->until_ms && now_s <= term->expires_s;
}

// How a cut was proven, for as long as it may be used past its TTL (prolong.c).
struct cut_proof {
	uint64_t order; // place in the order of all that was proven; 0: nothing was
	uint64_t at_ms; // when, on both clocks
	int64_t at_s;
	int64_t chain_s;     // end of the RRSIGs above it, down from the trust anchor
	uint64_t ceiling_ms; // of older proofs that it rests on; CEILING_NONE
	bool superseded;     // an older proof that there is no DS than one of a DS
};
#define CEILING_NONE UINT64_MAX

struct zone {
	enum cut cut;
	struct term cut_term;
	int cut_ede;           // why insecure
	bool cut_tolerated;    // see struct records
	bool cut_outdated;     // see struct records
	uint64_t ds_fetched_ms; // when the parent's server said what is known of it; 0: unknown
	uint64_t cut_learned_ms; // monotonic; 0: nothing is known
	uint64_t cut_ended_ms; // its TTL ended then, and has been prolonged; 0: has not
	struct cut_proof proof;
	int64_t ds_inception_s; // of the newest RRSIG over a DS RRset that was proven; 0: none was
	uint64_t revoked_at;    // place in the order of proofs of a revocation of a key; 0: none
	struct records *ds;    // CUT_SECURE
	struct records *keys;  // NULL: unknown
	struct term keys_term;
	uint64_t keys_fetched_ms; // when the zone's server said them; 0: unknown
	uint64_t refreshed_ms; // last time that keys were asked for anew, 0: never
	uint8_t in_vain;       // times in a row, which have changed nothing
	uint16_t refreshing;   // DS or DNSKEY: asked for anew, not learned since; 0: learned

	// Of the operator.
	struct anchor *anchors;
	uint64_t insecure_until_ms; // 0: not insecure
	bool nta;
	struct list excepted; // those with insecure_until_ms

	// The table's.
	struct zone *next;
	uint64_t hash;
	uint64_t made; // see forgotten.h
	struct list used;
	bool used_lately; // passed over once, at the old end of the list
	size_t bytes;
	uint8_t name[]; // lower case
};

struct zones;
struct zones *zones_new(size_t zones_max) __attribute__((warn_unused_result));
void zones_free(struct zones *zones);

struct zone *zones_find(const struct zones *zones, const uint8_t *name) __attribute__((nonnull));
// Finds or adds. May forget others; NULL: no memory.
struct zone *zones_get(struct zones *zones, const uint8_t *name)
	__attribute__((nonnull, warn_unused_result));
// It is in use. A mark and no more: moving it in a list would write to others' memory each time.
static inline void zone_touch(struct zone *zone)
{
	zone->used_lately = true;
}
// After records of a zone were replaced: keeps the byte limit.
void zones_weigh(struct zones *zones, struct zone *zone) __attribute__((nonnull));
// Forgets what was learned at and below name, with the call; what the operator configured stays.
// Memory comes back with zones_run().
void zones_forget(struct zones *zones, const uint8_t *name) __attribute__((nonnull));
// A slice of what is left to do; true: there is more.
bool zones_run(struct zones *zones) __attribute__((nonnull));
// At most `max` of them are looked at, the latest first.
void zones_latest(const struct zones *zones, size_t max,
		  void (*visit)(const struct zone *zone, void *arg), void *arg)
	__attribute__((nonnull(1, 3)));
// Of the operator's word that a zone is insecure; 0: it is not.
void zones_except(struct zones *zones, struct zone *zone, uint64_t until_ms)
	__attribute__((nonnull));
void zones_each_excepted(const struct zones *zones,
			 void (*visit)(const struct zone *zone, void *arg), void *arg)
	__attribute__((nonnull(1, 2)));
size_t zones_count(const struct zones *zones) __attribute__((nonnull, pure));
