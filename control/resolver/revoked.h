// Zones whose parent has denied them: what was cached below them before that never serves as stale
// again (DESIGN §5). Bounded; a newer zone takes an older one's place.
//
// Thread: control.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct revoked_table;
struct revoked_table *revoked_table_new(void) __attribute__((warn_unused_result));
void revoked_table_free(struct revoked_table *table);
// hash: keyed, of the zone's name.
void revoked_put(struct revoked_table *table, uint64_t hash, uint64_t now_ms)
	__attribute__((nonnull));
// When it was revoked last; 0: never.
uint64_t revoked_ms(const struct revoked_table *table, uint64_t hash)
	__attribute__((nonnull, pure));
bool revoked_any(const struct revoked_table *table) __attribute__((nonnull, pure));
