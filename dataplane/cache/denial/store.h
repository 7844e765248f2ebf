// What the chains of a shard are made of. Everything a reader sees is immutable but for the atomic
// references, which the writer replaces; what is replaced goes to the reclaimer.
//
//   index → zone → SOA
//                → tree of NSEC, tree of NSEC3: directory → leaves → items
#pragma once

#include "dataplane/cache/denial/denial.h"
#include "dataplane/cache/denial/key.h"
#include "dataplane/cache/entry.h"
#include "dataplane/cache/memory.h"
#include "dataplane/cache/reclaim.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t denial_ref; // offset from the reservation in MEMORY_UNITs; 0: none

// Begins every block.
struct denial_node {
	denial_ref link; // writer: next of a retired list
};

#define DENIAL_STOPS 1 // of a delegation or a DNAME: says nothing of names below (RFC 6840 §4.1)

struct denial_item {
	struct denial_node node;
	uint16_t key_len, next_len; // next_len 0: the chain's last, which leads back to the apex
	uint64_t expires_ms;
	int64_t signature_expires_s;
	uint16_t records_len, record_count;
	uint16_t bitmap, bitmap_len; // in the records
	uint16_t iterations;         // NSEC3
	uint8_t salt_len, flags;
	uint32_t sum;   // writer: of all behind it, for tests that look for torn ones
	uint8_t body[]; // key, key of the next, salt, records
};

static inline const uint8_t *item_key(const struct denial_item *item)
{
	return item->body;
}
static inline const uint8_t *item_next(const struct denial_item *item)
{
	return item->body + item->key_len;
}
static inline const uint8_t *item_salt(const struct denial_item *item)
{
	return item_next(item) + item->next_len;
}
static inline const uint8_t *item_records(const struct denial_item *item)
{
	return item_salt(item) + item->salt_len;
}
static inline bool item_has(const struct denial_item *item, uint16_t type)
{
	return rdata_bitmap_has(item_records(item) + item->bitmap, item->bitmap_len, type);
}

// A sorted row of references, to items (a leaf) or to leaves (a directory). Keys are searched by
// the eight bytes that follow what all have in common; only equal ones are compared in full.
#define DENIAL_LEAF_MAX   32
#define DENIAL_LEAVES_MAX 5400 // what the largest block holds

struct denial_row {
	struct denial_node node;
	uint16_t count;
	uint16_t common;    // bytes that all keys begin with
	uint16_t fence_len; // leaf: no key in it is less than the fence, none before it is as great
	uint16_t reserved;
	uint32_t reserved2;
	uint64_t prefix;    // the first eight bytes of what is common, as a number
	uint64_t numbers[]; // count; then count references; then common and fence
};

static inline _Atomic denial_ref *row_refs(const struct denial_row *row)
{
	return (_Atomic denial_ref *)(uintptr_t)(row->numbers + row->count);
}
static inline const uint8_t *row_common(const struct denial_row *row)
{
	return (const uint8_t *)(uintptr_t)(row_refs(row) + row->count);
}
static inline const uint8_t *row_fence(const struct denial_row *row)
{
	return row_common(row) + row->common;
}

struct denial_soa {
	struct denial_node node;
	uint32_t ttl_s; // as it came: no denial of the zone lives longer (RFC 9077)
	struct entry entry;
};

enum { TREE_NSEC, TREE_NSEC3, TREE_COUNT };

struct denial_zone {
	struct denial_node node;
	uint16_t name_len;
	uint16_t labels;
	uint64_t hash;
	_Atomic denial_ref soa;
	_Atomic denial_ref trees[TREE_COUNT]; // directories
	_Atomic uint32_t bars;                // not 0: barred
	// writer
	uint32_t fences; // not 0: it stays, empty or not
	uint32_t items[TREE_COUNT];
	uint32_t hand[TREE_COUNT]; // the leaf that is looked at next
	denial_ref older, newer;   // zones in the order they came
	size_t bytes;
	uint64_t made;  // denial_counts.forgets then; immutable to readers
	uint8_t name[]; // lower case
};

// Zones by the hash of their name: lines of words, 32 bits of hash and 32 of reference.
#define INDEX_SLOTS 8
struct denial_line {
	_Atomic uint64_t words[INDEX_SLOTS];
};

struct denial_counts {
	// Zones and barred names of each label count. writer: rw, readers: ro (a hint that saves
	// look-ups)
	_Atomic uint32_t zones[NAME_MAX_LABELS + 1];
	// writer
	uint64_t forgets; // flushes and bars so far
	bool any_kept;    // something was, at some time
};

struct denial_store {
	uint8_t *base; // that references count from
	struct denial_line *lines;
	uint32_t line_count;
	_Atomic uint32_t reach; // lines behind its own in which a zone may stand
	struct denial_counts *counts;
	// writer
	struct memory memory;
	struct retired retired;
	struct reclaimer *reclaimer;
	size_t bytes; // of the whole area; 0: there is none
	size_t live, live_max, zone_max;
	uint32_t hand, sweep_line; // lines that are looked at next
	uint64_t swept_ms;
	uint64_t lines_looked_at; // by sweeps and for room: what they cost
	uint64_t zones, items, kept, removed, refused;
	denial_ref newest;  // zone
	denial_ref leaving; // zones that no reader finds any more, to be retired leaf by leaf
	unsigned at_once;   // leaves that may still be in this turn
	denial_ref passed;  // retired nodes whose grace period is over, to be freed
	denial_ref scratch[DENIAL_LEAVES_MAX];
};

static inline void *denial_at(const struct denial_store *store, denial_ref ref)
{
	return store->base + (uint64_t)ref * MEMORY_UNIT;
}

static inline denial_ref denial_ref_of(const struct denial_store *store, const void *node)
{
	return (denial_ref)((size_t)((const uint8_t *)node - store->base) / MEMORY_UNIT);
}

// ---- memory.c ----

void denial_init(struct denial_store *store, uint8_t *base, uint8_t *area, size_t bytes,
		 struct reclaimer *reclaimer, struct denial_counts *counts)
	__attribute__((nonnull(1, 2, 5, 6)));
// NULL when there is no room. What is allocated counts for the zone until it is retired.
void *denial_alloc(struct denial_store *store, struct denial_zone *zone, size_t bytes)
	__attribute__((nonnull(1)));
// It is out of readers' reach, and freed after a grace period.
void denial_retire(struct denial_store *store, struct denial_zone *zone, void *node)
	__attribute__((nonnull(1, 3)));
// One that no reader has seen.
void denial_drop(struct denial_store *store, struct denial_zone *zone, void *node)
	__attribute__((nonnull(1, 3)));
void denial_collect(struct denial_store *store) __attribute__((nonnull));

// ---- tree.c ----

// denial_floor() for a burst, in steps between which memory can be waited for. Keys are padded.
struct denial_spot {
	const uint8_t *key;
	size_t len;
	const struct denial_row *directory, *leaf;
	unsigned number;                // of the leaf
	const struct denial_item *item; // NULL: none
};
// Sets directory. False: there is none.
bool denial_begin(const struct denial_store *store, const struct denial_zone *zone, unsigned tree,
		  struct denial_spot *out) __attribute__((nonnull));
// Set leaf and number, then item. At most DENIAL_BURST_MAX; store: any of the cache, since
// references count from one place.
void denial_find_leaves(const struct denial_store *store, struct denial_spot *const *spots,
			size_t count) __attribute__((nonnull));
void denial_find_items(const struct denial_store *store, struct denial_spot *const *spots,
		       size_t count) __attribute__((nonnull));

// The item with the greatest key that is not greater. NULL: none. The key is padded.
const struct denial_item *denial_floor(const struct denial_store *store,
				       const struct denial_zone *zone, unsigned tree,
				       const uint8_t *key, size_t len) __attribute__((nonnull));
// The last one of all.
const struct denial_item *denial_last(const struct denial_store *store,
				      const struct denial_zone *zone, unsigned tree)
	__attribute__((nonnull));
// Puts it in, in the place of one with the same key. False: no room; the item is the caller's.
bool denial_insert(struct denial_store *store, struct denial_zone *zone, unsigned tree,
		   struct denial_item *item) __attribute__((nonnull));
// Takes out those in which `over` sees reason, of the leaf that holds the floor of key; more, when
// there is no room for what is left of it. Returns how many.
typedef bool (*denial_chooser)(const struct denial_item *item, const void *arg);
int denial_remove(struct denial_store *store, struct denial_zone *zone, unsigned tree,
		  const uint8_t *key, size_t len, denial_chooser over, const void *arg)
	__attribute__((nonnull(1, 2, 4, 6)));
// The same for the leaf under the zone's hand, which moves on; chooser NULL: the whole leaf.
int denial_sweep(struct denial_store *store, struct denial_zone *zone, unsigned tree,
		 denial_chooser over, const void *arg) __attribute__((nonnull(1, 2)));
void denial_clear(struct denial_store *store, struct denial_zone *zone, unsigned tree)
	__attribute__((nonnull));
// The next leaf of a zone that was removed, with what is in it. False: none is left.
bool denial_clear_leaf(struct denial_store *store, struct denial_zone *zone, unsigned tree)
	__attribute__((nonnull));

// ---- index.c ----

// The zone or barred name of exactly this name; NULL: none.
struct denial_zone *denial_find_zone(const struct denial_store *store, uint64_t hash,
				     const uint8_t *name, size_t len) __attribute__((nonnull));
// The same, made when there is none. NULL: no room.
struct denial_zone *denial_make_zone(struct denial_store *store, uint64_t hash, const uint8_t *name,
				     size_t len) __attribute__((nonnull));
// With all that is in it, which is retired in shares; one with a fence stays, empty.
void denial_remove_zone(struct denial_store *store, struct denial_zone *zone)
	__attribute__((nonnull));
// Retires so many leaves of zones that were removed. True: there are more.
bool denial_let_go(struct denial_store *store, unsigned leaves) __attribute__((nonnull));
// The next one of this line behind *slot, which begins with 0.
struct denial_zone *denial_zone_in_line(const struct denial_store *store, uint32_t line,
					unsigned *slot) __attribute__((nonnull));
// The next one behind *line and *slot, which begin with 0: walks over all empty lines between.
struct denial_zone *denial_next_zone(const struct denial_store *store, uint32_t *line,
				     unsigned *slot) __attribute__((nonnull));

// ---- evict.c ----

// True: there is more to do at once.
bool denial_maintain(struct denial_store *store, uint64_t now_ms) __attribute__((nonnull));
// Makes room in the zone's share and in all.
void denial_make_room(struct denial_store *store, struct denial_zone *zone)
	__attribute__((nonnull));
