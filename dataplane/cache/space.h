// A table with the memory of its entries and those that wait for readers: the answer
// table of a shard, or its UNPROVEN table. Everything here is the writer's.
#pragma once

#include "dataplane/cache/memory.h"
#include "dataplane/cache/reclaim.h"
#include "dataplane/cache/table.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Ancestors of a name that are looked at for DNAME and NXDOMAIN: those with at most so many
// labels (an IPv6 /64 in ip6.arpa has 18), so that a packet's work is bounded.
#define CUT_LABELS_MAX 24

// How many entries of each label count rule over the names below them.
// writer: rw, readers: ro (a hint that saves them the look-up)
struct cuts {
	_Atomic uint32_t count[CUT_LABELS_MAX + 1];
};

enum removal { REMOVAL_REPLACED, REMOVAL_VOIDED, REMOVAL_EVICTED, REMOVAL_EXPIRED, REMOVAL_FLUSHED,
	REMOVAL_COUNT };

struct space {
	struct table table;
	struct memory memory;
	struct retired retired;
	entry_ref passed; // retired entries whose grace period is over, to be freed
	struct reclaimer *reclaimer;
	struct cuts *cuts;
	size_t bytes;           // of the whole area
	size_t fixed_bytes;     // index and slab descriptors
	size_t pending_max;     // more than this in retired entries stalls the writer
	uint32_t reserve_slabs; // eviction keeps so many free or soon free
	uint64_t now_ms;        // the latest time the writer was told
	bool waiting;           // nothing is published until a grace period passes
	uint64_t waiting_since_ms;
	uint64_t swept_ms;      // sweep for expired entries: when, and up to which bucket
	uint32_t sweep_bucket;
	uint64_t inserted, refused;
	uint64_t removed[REMOVAL_COUNT];
};

// Uses area[0..bytes), zeroed, page-aligned, inside the reservation that begins at base.
void space_init(struct space *space, uint8_t *base, uint8_t *area, size_t bytes,
		struct reclaimer *reclaimer, struct cuts *cuts) __attribute__((nonnull));

// NULL when there is no room now. The block becomes an entry before any other call.
void *space_alloc(struct space *space, size_t bytes) __attribute__((nonnull));
// Puts the entry in the table, in the place of one with the same name, type and kind of
// slot if there is one, else of whatever a full chain gives up.
void space_put(struct space *space, struct entry *entry) __attribute__((nonnull));
void space_remove(struct space *space, const struct position *position, enum removal why)
	__attribute__((nonnull));
// Puts copy, which says the same, in the place of entry.
void space_move(struct space *space, const struct position *position, struct entry *copy)
	__attribute__((nonnull));

// Frees what has passed its grace period and hands over what waits for one.
void space_collect(struct space *space) __attribute__((nonnull));
// The last pin of an entry that is no longer in the table has ended.
void space_release_held(struct space *space, struct entry *entry) __attribute__((nonnull));
// Reclamation is in the way of publishing, and not just for a moment.
bool space_stalled(const struct space *space) __attribute__((nonnull, pure));
size_t space_bytes_used(const struct space *space) __attribute__((nonnull, pure));

// Entries of one name that `chosen` picks. Returns how many were taken out.
typedef bool (*space_chooser)(const struct entry *entry, const void *arg);
size_t space_remove_of_name(struct space *space, uint64_t hash, const uint8_t *lower_name,
			    size_t len, space_chooser chosen, const void *arg, enum removal why)
	__attribute__((nonnull(1, 3)));
// True when the entry rules over the names below its own: a DNAME (RFC 6672 §2.3), or an NXDOMAIN
// that is proven, and not by an opt-out span (RFC 8020 §2, RFC 5155 §12.2).
static inline bool entry_is_cut(const struct entry *entry)
{
	if ((entry->flags & ENTRY_THIS_NAME_ONLY) != 0)
		return false;
	if (entry->kind == ENTRY_DNAME)
		return true;
	return entry->kind == ENTRY_NXDOMAIN && entry->security == SECURITY_SECURE &&
	       (entry->flags & ENTRY_OPT_OUT) == 0;
}
