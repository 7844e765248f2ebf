#include "control/resolver/revoked.h"

#include <stdlib.h>

#define SETS 4096 // power of two
#define WAYS 4

struct revoked_table {
	size_t count;
	struct {
		uint64_t hash;
		uint64_t at_ms; // 0: free
	} slots[SETS][WAYS];
};

struct revoked_table *revoked_table_new(void)
{
	return calloc(1, sizeof(struct revoked_table));
}

void revoked_table_free(struct revoked_table *table)
{
	free(table);
}

void revoked_put(struct revoked_table *table, uint64_t hash, uint64_t now_ms)
{
	size_t set = hash & (SETS - 1), way = 0;

	for (size_t i = 0; i < WAYS; i++) {
		if (table->slots[set][i].at_ms != 0 && table->slots[set][i].hash == hash) {
			way = i;
			break;
		}
		if (table->slots[set][i].at_ms < table->slots[set][way].at_ms)
			way = i;
	}
	table->count += table->slots[set][way].at_ms == 0;
	table->slots[set][way].hash = hash;
	table->slots[set][way].at_ms = now_ms != 0 ? now_ms : 1;
}

uint64_t revoked_ms(const struct revoked_table *table, uint64_t hash)
{
	for (size_t i = 0; i < WAYS; i++) {
		if (table->slots[hash & (SETS - 1)][i].hash == hash)
			return table->slots[hash & (SETS - 1)][i].at_ms;
	}
	return 0;
}

bool revoked_any(const struct revoked_table *table)
{
	return table->count > 0;
}
