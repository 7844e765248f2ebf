// What a cache is made of. A shard has one writer and owns all that a writer changes; which
// shard a name belongs to, its hash says.
#pragma once

#include "dataplane/cache/cache.h"
#include "dataplane/cache/denial/store.h"
#include "dataplane/cache/space.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHARDS_MAX 64

struct shard {
	struct space answers;
	struct space unproven;
	struct denial_store denial;
	uint64_t one_shot;       // made
	size_t one_shot_bytes;   // alive
	size_t one_shot_max;
};

struct cache {
	struct reservation reservation;
	struct reclaimer reclaimer;
	uint8_t hash_key[16];
	unsigned shard_count;
	unsigned shard_shift; // of the hash; its top bits choose
	struct cuts cuts;          // of the answer tables, all shards
	struct cuts unproven_cuts; // of the UNPROVEN tables
	struct denial_counts denial_counts; // of all shards
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

// ---- publish.c ----

// Does news void what is held of the same name under another type or kind?
bool publish_voids(const struct entry *news, const struct entry *held)
	__attribute__((nonnull, pure));
// ---- unproven.c ----

#define UNPROVEN_TTL_MAX_S 30
#define UNPROVEN_SHARE 100 // it has a hundredth of the memory

// The spec as the UNPROVEN table keeps it: short-lived, never stale.
struct entry_spec unproven_spec(const struct entry_spec *spec) __attribute__((nonnull));
// Takes out of the UNPROVEN table what the entry, which is proven, says better.
void unproven_supersede(struct shard *shard, const struct entry *entry) __attribute__((nonnull));

// ---- denial.c ----

// What is kept of a zone and those below it, and what the zones above say of it. NULL: of all.
void cache_denial_forget(struct cache *cache, const uint8_t *zone) __attribute__((nonnull(1)));
// What stands in the item is what was put there (for tests of torn and freed ones).
bool denial_item_whole(const struct denial_item *item) __attribute__((nonnull));
