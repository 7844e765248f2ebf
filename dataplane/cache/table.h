// The index: buckets of cache lines, chosen by the keyed hash of the name alone, so that
// all types of a name, its CNAME, its NXDOMAIN and its failures stand together.
//
// A slot is one word: 15 bits of the hash, one for FAILURE, 16 of type, and 32 bits of
// reference (offset from the reservation in MEMORY_UNITs). A reader loads it whole, or not
// at all. A bucket that is full grows by lines of a fixed pool, to TABLE_CHAIN_MAX in all.
#pragma once

#include "dataplane/cache/entry.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LINE_SLOTS      7
#define TABLE_CHAIN_MAX 4

struct line {
	_Atomic uint64_t slots[LINE_SLOTS]; // writer: rw, readers: ro
	_Atomic uint32_t next;              // index of an overflow line, 0: none. As slots
	_Atomic uint8_t visited;            // one bit per slot, a hint; readers and writer: rw
	uint8_t reserved[3];
};
static_assert(sizeof(struct line) == 64, "one cache line");

struct table {
	uint8_t *base;      // that references count from
	struct line *lines; // [0, buckets) are buckets, the rest overflow lines
	uint32_t buckets;
	uint32_t line_count;
	uint32_t spare; // writer: first unused overflow line, 0: none
	uint32_t hand;  // writer: where a full chain looks for a victim first
	size_t entries; // writer
};

// ---- references ----

typedef uint32_t entry_ref; // 0: none

static inline struct entry *table_entry(const struct table *table, entry_ref ref)
{
	return (struct entry *)(table->base + (uint64_t)ref * 32);
}

static inline entry_ref table_ref(const struct table *table, const struct entry *entry)
{
	return (entry_ref)((size_t)((const uint8_t *)entry - table->base) / 32);
}

// What a slot holds of its entry, beside the hash: type, and whether it is a FAILURE.
#define WHAT_FAILURE 0x10000u

static inline uint32_t table_what(uint16_t type, bool failure)
{
	return type | (failure ? WHAT_FAILURE : 0);
}

static inline uint32_t entry_what(const struct entry *entry)
{
	return table_what(entry->type, entry->kind == ENTRY_FAILURE);
}

// ---- what the hash says ----

// Multiply-shift: any number of buckets, by bits that the name bits below do not use.
static inline uint32_t table_bucket(const struct table *table, uint64_t hash)
{
	return (uint32_t)((hash & UINT32_MAX) * table->buckets >> 32);
}

static inline uint32_t name_bits(uint64_t hash)
{
	return (uint32_t)(hash >> 32) & 0x7fff;
}

static inline uint32_t word_name_bits(uint64_t word)
{
	return (uint32_t)(word >> 49);
}

// The upper half of a slot.
static inline uint32_t word_key(uint64_t hash, uint32_t what)
{
	return name_bits(hash) << 17 | what;
}

static inline bool entry_is_named(const struct entry *entry, uint64_t hash, const uint8_t *name,
				  size_t len)
{
	return entry->hash == hash && entry->name_len == len && memcmp(entry->body, name, len) == 0;
}

// Bytes of index that an arena of so many bytes needs.
size_t table_bytes(size_t arena_bytes) __attribute__((const));
// Uses area[0..bytes), 64-byte aligned, zeroed.
void table_init(struct table *table, uint8_t *base, uint8_t *area, size_t bytes)
	__attribute__((nonnull));

// ---- readers ----

struct candidate {
	const struct entry *entry; // RCU; valid until the reader's next quiescent state
	struct line *line;
	unsigned slot;
};

// What stands at one name that may answer a question of one type. Times are not looked at.
struct node {
	struct candidate exact, cname, nxdomain, failure;
};

// The stages of a burst: each asks for the memory of the next.
static inline void table_prefetch(const struct table *table, uint64_t hash)
{
	__builtin_prefetch(&table->lines[table_bucket(table, hash)]);
}

static inline void table_prefetch_entries(const struct table *table, uint64_t hash)
{
	const struct line *line = &table->lines[table_bucket(table, hash)];
	uint32_t bits = name_bits(hash);

	for (unsigned i = 0; i < LINE_SLOTS; i++) {
		uint64_t word = atomic_load_explicit(&line->slots[i], memory_order_relaxed);
		if (word_name_bits(word) != bits || (entry_ref)word == 0)
			continue;
		const uint8_t *entry = (const uint8_t *)table_entry(table, (entry_ref)word);
		__builtin_prefetch(entry);
		__builtin_prefetch(entry + 64);
		__builtin_prefetch(entry + 128);
	}
}

#define GUESS_BYTES 128 // two lines

// What the first line of the bucket seems to hold of (name, type), without a look at any entry:
// the hash's 15 bits and the type agree. Asks for the memory in which a plain address RRset's
// entry stands. False: nothing seems to be there, which says nothing of the rest of the chain.
static inline bool table_guess(const struct table *table, uint64_t hash, uint16_t type,
			       struct candidate *out)
{
	struct line *line = &table->lines[table_bucket(table, hash)];
	uint32_t key = word_key(hash, type);
	unsigned agree = 0;

	// No branch: which slot it is cannot be foretold.
	for (unsigned i = 0; i < LINE_SLOTS; i++) {
		uint64_t word = atomic_load_explicit(&line->slots[i], memory_order_relaxed);
		agree |= (unsigned)((uint32_t)(word >> 32) == key) << i;
	}
	if (agree == 0)
		return false;
	unsigned slot = (unsigned)__builtin_ctz(agree);
	// Acquire: partner of the release in table_set(). The writer may have been here meanwhile.
	uint64_t word = atomic_load_explicit(&line->slots[slot], memory_order_acquire);
	if ((uint32_t)(word >> 32) != key || (entry_ref)word == 0)
		return false;
	*out = (struct candidate){table_entry(table, (entry_ref)word), line, slot};
	const uint8_t *entry = (const uint8_t *)out->entry;
	__builtin_prefetch(entry);
	__builtin_prefetch(entry + ENTRY_HOT);
	return true;
}

// Something but failures stands under the name. For readers.
bool table_holds_older(const struct table *table, uint64_t hash, const uint8_t *name, size_t len,
		       uint64_t asked_ms) __attribute__((nonnull));
bool table_holds(const struct table *table, uint64_t hash, const uint8_t *name, size_t len)
	__attribute__((nonnull));
void table_node(const struct table *table, uint64_t hash, const uint8_t *name, size_t len,
		uint16_t type, struct node *out) __attribute__((nonnull));
// The readers' only write: one bit, and only when it is clear. Lost bits are harmless.
static inline void candidate_visit(const struct candidate *candidate)
{
	uint8_t bit = (uint8_t)(1u << candidate->slot);
	uint8_t visited = atomic_load_explicit(&candidate->line->visited, memory_order_relaxed);

	if ((visited & bit) == 0)
		atomic_store_explicit(&candidate->line->visited, visited | bit,
				      memory_order_relaxed);
}

// ---- writer ----

struct position {
	struct line *line;
	unsigned slot;
};

bool table_find(const struct table *table, uint64_t hash, const uint8_t *name, size_t len,
		uint32_t what, struct position *out) __attribute__((nonnull));
// Where an entry stands; false when it is not in the table (retired).
bool table_locate(const struct table *table, const struct entry *entry, struct position *out)
	__attribute__((nonnull));
struct entry *table_at(const struct table *table, const struct position *position)
	__attribute__((nonnull));

// A slot for one more entry of this hash. When the chain is full and can grow no more it is a
// taken one (table_at() gives its entry): past its time, else a failure, else not visited.
void table_room(struct table *table, uint64_t hash, uint64_t now_ms, struct position *out)
	__attribute__((nonnull));
// Release: what was written to the entry is visible to whoever loads the slot.
void table_set(struct table *table, const struct position *position, const struct entry *entry)
	__attribute__((nonnull));
void table_clear(struct table *table, const struct position *position) __attribute__((nonnull));
// Gives empty overflow lines of the bucket back.
void table_trim(struct table *table, uint32_t bucket) __attribute__((nonnull));

bool position_visited(const struct position *position) __attribute__((nonnull));
void position_set_visited(const struct position *position, bool visited) __attribute__((nonnull));

// Calls visit for each entry of a bucket's chain; visit may clear the position.
typedef void (*table_visit)(const struct position *position, struct entry *entry, void *arg);
void table_each(struct table *table, uint32_t bucket, table_visit visit, void *arg)
	__attribute__((nonnull(1, 3)));
