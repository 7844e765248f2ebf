// Names that have been forgotten with all below them: effective with the call, however large the
// table is that holds what was known of them. Whoever looks something up compares; whoever keeps
// the table goes through it in slices, and says when that is done.
//
// What is in the table carries the moment at which it was made. What was made before its name, or
// one above, was forgotten is not there. Names are kept by a keyed hash: two that have the same
// would have more forgotten, never less.
//
// Thread: control.
#pragma once

#include "dataplane/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORGOTTEN_MAX    4096 // places, a power of two
#define FORGOTTEN_USED   2048 // with one more all of the table is forgotten
#define FORGOTTEN_PROBED 64

struct forgotten {
	uint64_t moment; // what is made now carries it
	uint64_t root;   // what was made before this moment is not there, whatever its name
	size_t count;
	uint32_t labels[NAME_MAX_LABELS + 1]; // names of each label count
	uint8_t key[16];
	uint64_t passed, ends; // buckets that the hand has passed; and when it is through with all
	struct forgotten_name {
		uint64_t hash; // 0: free
		uint64_t moment;
	} places[FORGOTTEN_MAX];
};

void forgotten_init(struct forgotten *forgotten, const uint8_t key[16]) __attribute__((nonnull));
// A lower-case name, of a table with so many buckets.
void forgotten_add(struct forgotten *forgotten, const uint8_t *name, size_t buckets)
	__attribute__((nonnull));
// The hand has passed so many buckets: everything is as if nothing was forgotten when it is
// through.
void forgotten_passed(struct forgotten *forgotten, size_t buckets) __attribute__((nonnull));

bool forgotten_has(const struct forgotten *forgotten, const uint8_t *name, uint64_t made)
	__attribute__((nonnull));

static inline bool forgotten_any(const struct forgotten *forgotten)
{
	return forgotten->passed < forgotten->ends;
}

// Whether what was made at that moment under the lower-case name is forgotten.
static inline bool is_forgotten(const struct forgotten *forgotten, const uint8_t *name,
				uint64_t made)
{
	return forgotten_any(forgotten) && made < forgotten->moment &&
	       forgotten_has(forgotten, name, made);
}
