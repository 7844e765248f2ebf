// Names that were denied: what was cached at and below them before that never serves as stale again
// (DESIGN §5). Bounded; a newer one takes an older one's place, and then all names of its zone that
// might have been it count as denied at that time.
//
// Thread: control.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct revoked_table;
struct revoked_table *revoked_table_new(void) __attribute__((warn_unused_result));
void revoked_table_free(struct revoked_table *table);
// Hashes: keyed, of the name and of the zone that denied it, which is above it.
void revoked_put(struct revoked_table *table, uint64_t zone, uint64_t hash, uint64_t now_ms)
	__attribute__((nonnull));
// When it was denied last; 0: never, as far as is remembered.
uint64_t revoked_ms(const struct revoked_table *table, uint64_t hash)
	__attribute__((nonnull, pure));
// The latest time at which the zone has denied a name that is remembered no longer; 0: none.
uint64_t revoked_lost_ms(const struct revoked_table *table, uint64_t zone)
	__attribute__((nonnull, pure));
bool revoked_any(const struct revoked_table *table) __attribute__((nonnull, pure));
