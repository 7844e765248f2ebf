#include "control/resolver/revoked.h"

#include <stdlib.h>

#define SETS      4096 // power of two
#define WAYS      4
#define LOST_SETS 256 // power of two

struct note {
	uint64_t hash, zone;
	uint64_t at_ms; // 0: free
};

struct revoked_table {
	size_t count;
	struct note notes[SETS][WAYS];
	// Of zones, by `hash`: their latest note that has given way to another.
	struct note lost[LOST_SETS][WAYS];
	uint64_t lost_ms; // the latest one of a zone that is not there
};

struct revoked_table *revoked_table_new(void)
{
	return calloc(1, sizeof(struct revoked_table));
}

void revoked_table_free(struct revoked_table *table)
{
	free(table);
}

// Its place in the set: its own, or that of the oldest.
static struct note *place_of(struct note set[WAYS], uint64_t hash)
{
	struct note *oldest = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].at_ms != 0 && set[i].hash == hash)
			return &set[i];
		if (set[i].at_ms < oldest->at_ms)
			oldest = &set[i];
	}
	return oldest;
}

static void lose(struct revoked_table *table, uint64_t zone, uint64_t at_ms)
{
	struct note *lost = place_of(table->lost[zone & (LOST_SETS - 1)], zone);

	if (lost->at_ms != 0 && lost->hash != zone && lost->at_ms > table->lost_ms)
		table->lost_ms = lost->at_ms;
	if (lost->hash != zone || lost->at_ms < at_ms)
		*lost = (struct note){.hash = zone, .at_ms = at_ms};
}

void revoked_put(struct revoked_table *table, uint64_t zone, uint64_t hash, uint64_t now_ms)
{
	struct note *note = place_of(table->notes[hash & (SETS - 1)], hash);

	if (note->at_ms != 0 && note->hash != hash)
		lose(table, note->zone, note->at_ms);
	table->count += note->at_ms == 0;
	if (now_ms == 0)
		now_ms = 1;
	if (note->hash != hash || note->at_ms < now_ms)
		*note = (struct note){hash, zone, now_ms};
}

static uint64_t find(const struct note set[WAYS], uint64_t hash)
{
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].hash == hash)
			return set[i].at_ms;
	}
	return 0;
}

uint64_t revoked_ms(const struct revoked_table *table, uint64_t hash)
{
	return find(table->notes[hash & (SETS - 1)], hash);
}

uint64_t revoked_lost_ms(const struct revoked_table *table, uint64_t zone)
{
	uint64_t at_ms = find(table->lost[zone & (LOST_SETS - 1)], zone);

	return at_ms > table->lost_ms ? at_ms : table->lost_ms;
}

bool revoked_any(const struct revoked_table *table)
{
	return table->count > 0;
}
