// What a cache is made of. A shard has one writer and owns all that a writer changes; which
// shard a name belongs to, its hash says.
#pragma once

#include "dataplane/cache/cache.h"
#include "dataplane/cache/denial/store.h"
#include "dataplane/cache/flushes.h"
#include "dataplane/cache/space.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHARDS_MAX 64

// An answer, in the table or given by value, as far as it ends others.
struct news {
	const struct entry_spec *spec;
	enum entry_kind kind;
	uint16_t type;
	bool local;    // says nothing about the zones above
	bool nxdomain; // for one type, but what is there of others is older
	uint64_t now_ms, asked_ms;
	const struct entry *entry; // itself, once it is in the table
};

// The last answers by value, for as long as questions are under way: what was asked earlier may be
// answered later.
#define SAID_MAX 1024 // power of two; a newer one takes an older one's place
struct said {
	uint64_t hash; // of the name
	uint64_t asked_ms;
	uint16_t type;
	uint8_t kind;
};

struct shard {
	struct space answers;
	struct space unproven;
	struct denial_store denial;
	uint64_t one_shot;     // made
	size_t one_shot_bytes; // alive
	size_t one_shot_max;
	struct said said[SAID_MAX];
};

struct cache {
	struct reservation reservation;
	struct reclaimer reclaimer;
	uint8_t hash_key[16];
	unsigned shard_count;
	unsigned shard_shift;               // of the hash; its top bits choose
	struct cuts cuts;                   // of the answer tables, all shards
	struct cuts unproven_cuts;          // of the UNPROVEN tables
	struct denial_counts denial_counts; // of all shards
	struct flushes flushes;
	struct retired *retired_lists[3 * SHARDS_MAX];
	struct shard shards[];
};

static inline const struct shard *cache_shard_of(const struct cache *cache, uint64_t hash)
{
	// Two shifts: with one shard all 64 bits go.
	return &cache->shards[hash >> 1 >> cache->shard_shift];
}

static inline struct shard *cache_shard(struct cache *cache, uint64_t hash)
{
	return &cache->shards[hash >> 1 >> cache->shard_shift];
}

// ---- flush.c ----

// A name as the cache knows it.
struct subject {
	uint8_t name[NAME_MAX_LEN]; // lower case
	size_t len;
	uint64_t hash;
	struct shard *shard;
};
void subject_find(struct cache *cache, const uint8_t *name, struct subject *out)
	__attribute__((nonnull));

// ---- flushes.c ----

// Made before its zone, or one above, was flushed. For readers, while flushes_walking().
bool flushes_cover(const struct cache *cache, const struct entry *entry) __attribute__((nonnull));
// count: of entries that are taken out for it already.
void flushes_begin(struct cache *cache, const uint8_t *zone, size_t count, struct cache_flush *out)
	__attribute__((nonnull));
// Cached denial of the zone and of all below it that was made before is not there any more.
void flushes_begin_denials(struct cache *cache, const uint8_t *zone) __attribute__((nonnull));
// Such a zone of denial. For readers, while flushes_denials_walking().
bool flushes_cover_denial(const struct cache *cache, const struct denial_zone *zone)
	__attribute__((nonnull));
// A slice of each walk. True: there is more to do at once.
bool flushes_run(struct cache *cache, uint64_t now_ms) __attribute__((nonnull));

// ---- publish.c ----

// Does it void what is held of the same name under another type or kind?
bool publish_voids(const struct news *news, const struct entry *held)
	__attribute__((nonnull, pure));
// That, or what is held under its own.
bool publish_replaces(const struct news *news, const struct entry *held)
	__attribute__((nonnull, pure));
// ---- cuts.c ----

typedef bool (*cut_chooser)(const struct entry *cut, void *arg); // true: it goes
// Of those that rule over the name from above it, in the answer table or in the UNPROVEN one.
// Returns how many are gone.
size_t cuts_remove(struct cache *cache, const struct subject *subject, bool unproven,
		   cut_chooser chosen, void *arg, enum removal why)
	__attribute__((nonnull(1, 2, 4)));

// ---- unproven.c ----

#define UNPROVEN_TTL_MAX_S 30
#define UNPROVEN_SHARE     100 // it has a hundredth of the memory

// The spec as the UNPROVEN table keeps it: short-lived, never stale.
struct entry_spec unproven_spec(const struct entry_spec *spec) __attribute__((nonnull));
// Takes out of the UNPROVEN table what the answer, which is proven, says better.
void unproven_supersede(const struct subject *subject, const struct news *news)
	__attribute__((nonnull));

// ---- denial.c ----

// What is kept of a zone and those below it, and what the zones above say of it. NULL: of all.
void cache_denial_forget(struct cache *cache, const uint8_t *zone) __attribute__((nonnull(1)));
// Takes what was forgotten out of a line of the index. Returns how many it looked at.
size_t denial_forget_line(struct cache *cache, struct denial_store *store, uint32_t line)
	__attribute__((nonnull));
// What stands in the item is what was put there (for tests of torn and freed ones).
bool denial_item_whole(const struct denial_item *item) __attribute__((nonnull));
