#include "control/resolver/inside.h"

#include <stdlib.h>

#define SLOTS 65536 // power of two; a newer name takes an older one's place

struct inside_table {
	struct {
		uint64_t hash;
		uint64_t until_ms;
	} slots[SLOTS];
};

struct inside_table *inside_table_new(void)
{
	return calloc(1, sizeof(struct inside_table));
}

void inside_table_free(struct inside_table *table)
{
	free(table);
}

static uint64_t mix(uint64_t zone_hash, uint64_t name_hash)
{
	return zone_hash * 31 + name_hash;
}

void inside_put(struct inside_table *table, uint64_t zone_hash, uint64_t name_hash, uint64_t now_ms)
{
	uint64_t hash = mix(zone_hash, name_hash);

	table->slots[hash & (SLOTS - 1)].hash = hash;
	table->slots[hash & (SLOTS - 1)].until_ms = now_ms + INSIDE_LIFE_MS;
}

bool inside_has(const struct inside_table *table, uint64_t zone_hash, uint64_t name_hash,
		uint64_t now_ms)
{
	uint64_t hash = mix(zone_hash, name_hash);
	size_t slot = hash & (SLOTS - 1);

	return table->slots[slot].hash == hash && table->slots[slot].until_ms > now_ms;
}
