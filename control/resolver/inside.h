// Names that were found to lie inside a zone, with no cut at them: they need not be asked for again
// on the way to names below (QNAME minimisation would ask for them each time). Being wrong costs
// nothing: a server answers for a name below a new cut with a referral.
//
// Thread: control.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSIDE_LIFE_MS 3600000

struct inside_table;
struct inside_table *inside_table_new(void) __attribute__((warn_unused_result));
void inside_table_free(struct inside_table *table);
// zone_hash, name_hash: keyed hashes of the names.
void inside_put(struct inside_table *table, uint64_t zone_hash, uint64_t name_hash, uint64_t now_ms)
	__attribute__((nonnull));
bool inside_has(const struct inside_table *table, uint64_t zone_hash, uint64_t name_hash,
		uint64_t now_ms) __attribute__((nonnull, pure));
