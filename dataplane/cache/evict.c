#include "dataplane/cache/evict.h"

#include <assert.h>
#include <string.h>

#define SLABS_PER_CALL 2
#define SWEEP_PERIOD_MS 60000  // for one turn over the index
#define SWEEP_BUCKETS_MAX 512  // in one call, about 0.1 ms

// A live entry of the slab, with its place in the table; NULL for a free or retired block.
static struct entry *live_entry(const struct space *space, uint32_t slab, unsigned number,
				struct position *position)
{
	struct entry *entry = memory_block(&space->memory, slab, number);

	if (entry->bytes == 0 || entry->reserved != ENTRY_LIVE)
		return NULL;
	bool found = table_locate(&space->table, entry, position);
	assert(found);
	return found ? entry : NULL;
}

static bool entry_over(const struct space *space, const struct entry *entry)
{
	return space->now_ms >= entry->stale_until_ms;
}

// Keeps a visited entry: where it is, or as a copy behind the hand. False when there is no
// room for the copy.
static bool keep(struct space *space, struct entry *entry, const struct position *position,
		 bool move)
{
	if (move) {
		struct entry *copy = memory_alloc(&space->memory, entry->bytes, true);
		if (copy == NULL)
			return false;
		memcpy(copy, entry, entry->bytes);
		copy->pins = 0;
		space_move(space, position, copy);
	}
	position_set_visited(position, false);
	return true;
}

static void sweep_slab(struct space *space, uint32_t n)
{
	const struct slab *slab = &space->memory.slabs[n];
	struct position position;
	unsigned visited = 0;

	for (unsigned i = 0; i < slab->carved; i++) {
		struct entry *entry = live_entry(space, n, i, &position);
		visited += entry != NULL && !entry_over(space, entry) &&
			   position_visited(&position);
	}
	// Moving nearly all of a slab would cost a slab to win one: the gaps stay in its class.
	bool move = visited * 4 <= slab->carved * 3u;
	if (move)
		memory_drain(&space->memory, n);
	for (unsigned i = 0; i < slab->carved; i++) {
		struct entry *entry = live_entry(space, n, i, &position);
		if (entry == NULL)
			continue;
		uint32_t bucket = table_bucket(&space->table, entry->hash);
		if (entry_over(space, entry))
			space_remove(space, &position, REMOVAL_EXPIRED);
		else if (!position_visited(&position) || !keep(space, entry, &position, move))
			space_remove(space, &position, REMOVAL_EVICTED);
		table_trim(&space->table, bucket);
	}
}

void evict_reserve(struct space *space)
{
	struct memory *memory = &space->memory;

	for (unsigned i = 0; i < SLABS_PER_CALL; i++) {
		if (space->waiting || memory->free_slabs + memory->draining >= space->reserve_slabs)
			return;
		uint32_t n = memory_next_slab(memory);
		if (n == SLAB_NONE)
			return;
		if (!memory->slabs[n].draining)
			sweep_slab(space, n);
	}
}

static void remove_over(const struct position *position, struct entry *entry, void *arg)
{
	struct space *space = arg;

	if (entry_over(space, entry))
		space_remove(space, position, REMOVAL_EXPIRED);
}

void evict_expired(struct space *space)
{
	uint32_t buckets = space->table.buckets;
	uint64_t elapsed_ms = space->now_ms - space->swept_ms;

	if (elapsed_ms > SWEEP_PERIOD_MS)
		elapsed_ms = SWEEP_PERIOD_MS;
	uint64_t share = buckets * elapsed_ms / SWEEP_PERIOD_MS;
	if (share == 0)
		return;
	space->swept_ms = space->now_ms;
	if (share > SWEEP_BUCKETS_MAX)
		share = SWEEP_BUCKETS_MAX;
	for (uint64_t i = 0; i < share && !space->waiting; i++) {
		uint32_t bucket = space->sweep_bucket;
		space->sweep_bucket = bucket + 1 < buckets ? bucket + 1 : 0;
		table_each(&space->table, bucket, remove_over, space);
		table_trim(&space->table, bucket);
	}
}
