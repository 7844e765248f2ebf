// Where the writer finds what is kept of a name: its shard and its zone.
#pragma once

#include "dataplane/cache/denial/store.h"
#include "dataplane/cache/shard.h"

struct denial_place {
	uint8_t name[NAME_MAX_LEN]; // lower case
	size_t len;
	uint64_t hash;
	struct cache *cache;
	struct denial_store *store;
};

void denial_place(struct cache *cache, const uint8_t *name, struct denial_place *out)
	__attribute__((nonnull));
// NULL: none, or one that was forgotten, which goes.
struct denial_zone *denial_place_zone(const struct denial_place *place) __attribute__((nonnull));
// The same, made when there is none. NULL: no room.
struct denial_zone *denial_place_make(const struct denial_place *place) __attribute__((nonnull));
void denial_remove_one(struct denial_store *store, struct denial_zone *zone, unsigned tree,
		       const struct denial_item *item) __attribute__((nonnull));

// ---- refute.c ----

// What denies the name or (0: any) its type goes.
void denial_refute_nsec(struct denial_store *store, struct denial_zone *zone,
			const struct denial_place *place, uint16_t type) __attribute__((nonnull));
