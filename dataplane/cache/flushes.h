// Zones that are flushed: effective with the call, taken out of the tables in slices afterwards.
//
// A walk over a large cache takes seconds. While it goes on, readers compare what they find with
// the flushed zones: what was made before a flush of its zone, or of one above, is not there. Where
// no walk goes on that costs one load for a burst. Cached denial is walked by a hand of its own.
// Zones are kept by a keyed hash of their name: two that have the same would make a miss of a hit,
// never more.
//
// Part of the cache (shard.h); the cache's one writer calls what changes anything.
#pragma once

#include "dataplane/cache/space.h"
#include "dataplane/dns/name.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLUSHES_MAX        8192 // places, a power of two
#define FLUSHES_USED_MAX   6144 // a flush beyond takes all of the cache with it
#define FLUSHES_PROBED_MAX 64
#define FLUSH_KEPT_MS      20000 // answers to what was asked before may still come
#define FLUSH_SLICE        1024 // buckets and entries looked at in a slice: well below a millisecond

struct flushes {
	_Atomic bool walking; // writer: rw, readers: ro. False: no entry in a table is one of these
	_Atomic bool denials_walking;                 // the same of cached denial
	_Atomic uint32_t labels[NAME_MAX_LABELS + 1]; // zones of each label count
	struct flush_place {
		_Atomic uint64_t hash;     // of the zone's name; 0: free. Root: not used
		_Atomic uint64_t stamp_ms; // 0: none
		_Atomic uint64_t
			number;    // denial_counts.forgets when denial was forgotten; 0: never
		uint64_t ends;     // writer: when so many buckets have passed
		size_t count;      // writer: entries taken out for it
	} places[FLUSHES_MAX + 1]; // the last one is the root's
	// writer
	size_t used;
	uint64_t passed, ends; // buckets that the hand has passed; and when it is through with all
	size_t table;          // that the hand is in
	uint32_t bucket;       // and where
	uint64_t last_ms;      // the last flush
	unsigned denial_shard; // where the hand of denial is
	uint32_t denial_line;
	uint64_t denial_passed, denial_ends; // lines
	uint64_t grace_periods; // after as many no reader has what it found while a walk went on
	uint64_t slices;        // of all walks
	size_t largest;         // most that was looked at in one slice
};

// Before any look into a table. Acquire: partner of the release at the end of a walk; what it took
// out is not found any more.
#define flushes_walking(flushes) atomic_load_explicit(&(flushes)->walking, memory_order_acquire)
// The same before any look for a zone of cached denial.
#define flushes_denials_walking(flushes)                                                           \
	atomic_load_explicit(&(flushes)->denials_walking, memory_order_acquire)
