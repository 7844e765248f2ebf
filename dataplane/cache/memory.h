// The byte budget: one reservation made at start, and arenas of slabs and size classes
// in it. The writer of a shard alone allocates and frees; readers never come here.
//
// An arena is cut into slabs; a slab holds blocks of one class. A slab whose last block is
// freed goes back to the arena's pool, whence any class may take it. Slabs in use form
// a list from oldest to newest, along which the eviction hand moves (evict.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_UNIT        32 // references to blocks count in it
#define MEMORY_BLOCK_MIN   96
#define MEMORY_CLASSES_MAX 80
#define SLAB_NONE          UINT32_MAX

struct reservation {
	uint8_t *base;
	size_t bytes;
	bool hugepages;        // of 2 MiB, from the kernel's reserve
	struct filler *filler; // NULL: every page is present
};

enum reservation_pages { PAGES_ORDINARY, PAGES_HUGE_FIRST, PAGES_HUGE_ONLY };
// Every page of the first RESERVATION_AT_ONCE bytes is present afterwards; for the others a thread
// sees to it, since the kernel needs a second and more to clear a gigabyte. What is touched before
// it comes there is made present by that. 0, or -errno with a sentence in err.
#define RESERVATION_AT_ONCE ((size_t)64 << 20)
int reservation_make(struct reservation *reservation, size_t bytes, enum reservation_pages pages,
		     char *err, size_t err_len) __attribute__((nonnull, warn_unused_result));
// What kept the thread from it: -errno; 0: nothing so far.
int reservation_failed(const struct reservation *reservation) __attribute__((nonnull));
// Every page is present, or will not be.
bool reservation_filled(const struct reservation *reservation) __attribute__((nonnull));
void reservation_end(struct reservation *reservation) __attribute__((nonnull));

struct slab {
	uint32_t older, newer;   // order of use; `newer` links the pool of free slabs, too
	uint32_t previous, next; // slabs of a class and kind that have room
	uint32_t free_block;     // 1 + number of the first freed block, 0: none
	uint16_t class_number;
	uint16_t carved; // blocks [0, carved) have been handed out at least once
	uint16_t used;   // blocks not free: live, pending or held by pins
	uint16_t held;   // of these, past their grace period and pinned
	bool survivors;  // for what the hand has kept, else for what is new
	bool listed;     // among the slabs with room
	bool draining;   // no allocation from it: it is to become empty
};

struct memory {
	uint8_t *blocks;
	struct slab *slabs;
	uint32_t unit; // blocks are aligned to it and a multiple of it long
	uint32_t slab_bytes;
	uint32_t slab_count;
	uint32_t free_slabs; // in the pool
	uint32_t draining;   // slabs that only grace periods keep from the pool
	uint32_t pool;       // first free slab
	uint32_t oldest, newest;
	uint32_t hand; // next slab that eviction looks at
	uint32_t class_count;
	uint32_t class_bytes[MEMORY_CLASSES_MAX];
	// First slab with room: for new entries, for survivors. Apart, or what the hand keeps would
	// stand among what is new and be looked at as often, which is CLOCK and not SIEVE.
	uint32_t class_room[2][MEMORY_CLASSES_MAX];
};

// Uses area[0..bytes): first the slabs' descriptors, then the blocks. unit: a power of two, at
// least MEMORY_UNIT.
void memory_init(struct memory *memory, uint8_t *area, size_t bytes, uint32_t unit)
	__attribute__((nonnull));
// Before the area is given back (the sanitizer's marks on free blocks end).
void memory_end(struct memory *memory) __attribute__((nonnull));
size_t memory_largest(const struct memory *memory) __attribute__((nonnull, pure));

// NULL when the class has no room and the pool no slab. `survivor`: for a block that the hand
// keeps; it comes to lie in a slab behind the hand, which only such blocks share.
void *memory_alloc(struct memory *memory, size_t bytes, bool survivor) __attribute__((nonnull));
void memory_free(struct memory *memory, void *block) __attribute__((nonnull));
size_t memory_block_bytes(const struct memory *memory, const void *block)
	__attribute__((nonnull, pure));

// A block that passed its grace period but is pinned keeps its slab for an unknown time.
void memory_hold(struct memory *memory, const void *block) __attribute__((nonnull));
void memory_unhold(struct memory *memory, const void *block) __attribute__((nonnull));

// The slab under the hand, which moves on to the next newer one, or at the newest to the oldest.
// SLAB_NONE without a slab in use.
uint32_t memory_next_slab(struct memory *memory) __attribute__((nonnull));
void memory_drain(struct memory *memory, uint32_t slab) __attribute__((nonnull));
void *memory_block(const struct memory *memory, uint32_t slab, unsigned number)
	__attribute__((nonnull, pure));
