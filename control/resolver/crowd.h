// Shares of the places for questions under way (ATTACKS D7). A flood of names below a zone whose
// servers are slow could take them all, and then other zones' questions would find none. While half
// of the places are free, nobody is bound; from there on a zone that has an eighth of all and more
// gets no more of them. So one zone can take half at most, and others find the other half. A TLD,
// which names of many zones are on their way through, is bound at a half, and the root, or a pool
// for everything, never.
//
// Zones are told apart by 14 bits of a keyed hash: two in 16,384 share one account.
//
// Thread: control.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crowd;

// NULL: no memory.
struct crowd *crowd_new(size_t places) __attribute__((warn_unused_result));
void crowd_free(struct crowd *crowd);

// *place is whose account the question is on: 0 at first, and after crowd_leave().
void crowd_enter(struct crowd *crowd, uint16_t *place, uint64_t zone_hash) __attribute__((nonnull));
void crowd_leave(struct crowd *crowd, uint16_t *place) __attribute__((nonnull));
// Whether one more question of the zone with so many labels, which has entered already, is one too
// many.
bool crowd_is_full(const struct crowd *crowd, uint16_t place, size_t labels)
	__attribute__((nonnull));
