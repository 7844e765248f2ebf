#include "control/resolver/failure.h"

#include <stdlib.h>

#define SLOTS 65536 // power of two; a newer question takes an older one's place

struct slot {
	uint64_t hash;
	uint64_t made_ms, until_ms;
	uint32_t count;
	uint32_t generation; // of another one: free
};

struct failure_table {
	uint32_t generation; // forgetting all is a new one: nothing is walked through
	struct slot slots[SLOTS];
};

struct failure_table *failure_table_new(void)
{
	return calloc(1, sizeof(struct failure_table));
}

void failure_table_free(struct failure_table *table)
{
	free(table);
}

static bool is_of(const struct failure_table *table, const struct slot *slot, uint64_t hash)
{
	return slot->hash == hash && slot->generation == table->generation;
}

uint32_t failure_ttl_s(unsigned count)
{
	uint32_t ttl_s = FAILURE_TTL_MIN_S;

	while (count-- > 0 && ttl_s < FAILURE_TTL_MAX_S)
		ttl_s *= 2;
	return ttl_s < FAILURE_TTL_MAX_S ? ttl_s : FAILURE_TTL_MAX_S;
}

uint32_t failure_backoff(struct failure_table *table, uint64_t hash, uint64_t now_ms,
			 uint32_t max_s)
{
	struct slot *slot = &table->slots[hash & (SLOTS - 1)];

	if (!is_of(table, slot, hash))
		*slot = (struct slot){.hash = hash, .generation = table->generation};
	uint64_t last_ms = slot->count > 0 ? 1000ULL * failure_ttl_s(slot->count - 1) : 0;
	// An outage that has been over for longer than it was remembered is a new one.
	if (slot->count > 0 && now_ms > slot->until_ms + last_ms + 10000)
		slot->count = 0;
	// Failures of one and the same turn are one failure.
	if (slot->count > 0 && now_ms < slot->until_ms)
		return (uint32_t)((slot->until_ms - now_ms + 999) / 1000);
	uint32_t ttl_s = failure_ttl_s(slot->count);
	if (ttl_s > max_s)
		ttl_s = max_s;
	if (slot->count < 16)
		slot->count++;
	slot->made_ms = now_ms;
	slot->until_ms = now_ms + 1000ULL * ttl_s;
	return ttl_s;
}

bool failure_holds(const struct failure_table *table, uint64_t hash, uint64_t now_ms,
		   uint64_t *made_ms)
{
	const struct slot *slot = &table->slots[hash & (SLOTS - 1)];

	*made_ms = slot->made_ms;
	return is_of(table, slot, hash) && slot->count > 0 && now_ms < slot->until_ms;
}

uint64_t failure_until(const struct failure_table *table, uint64_t hash)
{
	const struct slot *slot = &table->slots[hash & (SLOTS - 1)];

	return is_of(table, slot, hash) ? slot->until_ms : 0;
}

void failure_over(struct failure_table *table, uint64_t hash)
{
	struct slot *slot = &table->slots[hash & (SLOTS - 1)];

	if (is_of(table, slot, hash))
		*slot = (struct slot){0};
}

void failure_forget_all(struct failure_table *table)
{
	table->generation++;
}
