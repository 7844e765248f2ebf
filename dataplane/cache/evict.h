// Who leaves. A hand moves over the slabs from oldest to newest, as SIEVE does over objects: an
// entry that was asked for since the hand's last visit stays and moves to a slab behind
// the hand, the rest goes, and the slab returns whole to the pool, free for any class. New entries
// lie before the hand: a scan of names that are asked for once passes through without
// taking the place of names that are asked for again (ATTACKS D8).
#pragma once

#include "dataplane/cache/space.h"

// Sweeps slabs, a bounded number, until enough are free or about to be.
void evict_reserve(struct space *space) __attribute__((nonnull));

// Takes out entries past their stale time in a part of the index that grows with the
// time since the last call, all of it in about a minute.
void evict_expired(struct space *space) __attribute__((nonnull));
