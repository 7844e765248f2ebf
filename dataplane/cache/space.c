#include "dataplane/cache/space.h"

#include "dataplane/cache/evict.h"
#include "dataplane/dns/name.h"

#include <assert.h>
#include <string.h>

#define PENDING_SHARE 8      // pending bytes stall the writer at this part of the area
#define RESERVE_SHARE 32     // slabs kept free, as a part of all
#define RESERVE_MAX 256
#define STALL_AFTER_MS 1000  // a wait for room that lasts longer is an operator's matter
#define COLLECT_MAX 2048     // entries freed in one call: more than a slice of a flush takes out
#define BATCH_MIN 32         // entries worth waking the reclaimer for between two turns

void space_init(struct space *space, uint8_t *base, uint8_t *area, size_t bytes,
		struct reclaimer *reclaimer, struct cuts *cuts)
{
	size_t index_bytes = table_bytes(bytes);

	*space = (struct space){
		.reclaimer = reclaimer,
		.cuts = cuts,
		.bytes = bytes,
		.pending_max = bytes / PENDING_SHARE,
		.passed = ENTRY_LIST_END,
	};
	retired_init(&space->retired);
	table_init(&space->table, base, area, index_bytes);
	memory_init(&space->memory, area + index_bytes, bytes - index_bytes, ENTRY_ALIGN);
	space->fixed_bytes =
		bytes - (size_t)space->memory.slab_count * space->memory.slab_bytes;

	uint32_t reserve = space->memory.slab_count / RESERVE_SHARE;
	space->reserve_slabs = reserve < 2 ? 2 : reserve > RESERVE_MAX ? RESERVE_MAX : reserve;
}

static void count_cut(struct space *space, const struct entry *entry, bool added)
{
	if (!entry_is_cut(entry))
		return;
	size_t labels = name_labels(entry_name(entry));
	if (labels > CUT_LABELS_MAX)
		return;
	if (added)
		atomic_fetch_add_explicit(&space->cuts->count[labels], 1, memory_order_relaxed);
	else
		atomic_fetch_sub_explicit(&space->cuts->count[labels], 1, memory_order_relaxed);
}

static void wait_for_room(struct space *space)
{
	if (!space->waiting)
		space->waiting_since_ms = space->now_ms;
	space->waiting = true;
}

static void retire(struct space *space, struct entry *entry)
{
	assert(entry->reserved == ENTRY_LIVE);
	retired_add(&space->retired, &space->table, entry,
		    memory_block_bytes(&space->memory, entry));
	if (space->retired.pending_bytes > space->pending_max)
		wait_for_room(space);
}

static void take_out(struct space *space, struct entry *entry, enum removal why)
{
	space->removed[why]++;
	count_cut(space, entry, false);
	retire(space, entry);
}

void *space_alloc(struct space *space, size_t bytes)
{
	space_collect(space);
	if (!space->waiting) {
		evict_reserve(space);
		void *block = memory_alloc(&space->memory, bytes, false);
		if (block != NULL)
			return block;
		reclaimer_hand_over(space->reclaimer, &space->retired);
		if (space->retired.pending_bytes > 0)
			wait_for_room(space);
	}
	space->refused++;
	return NULL;
}

void space_put(struct space *space, struct entry *entry)
{
	struct position position;
	struct table *table = &space->table;
	enum removal why = REMOVAL_REPLACED;
	bool known = table_find(table, entry->hash, entry_name(entry), entry->name_len,
				entry_what(entry), &position);

	if (!known)
		table_room(table, entry->hash, space->now_ms, &position);
	struct entry *old = table_at(table, &position);
	count_cut(space, entry, true);
	table_set(table, &position, entry);
	space->inserted++;
	if (!known) {
		// Scan resistance: an entry earns its stay by a second question.
		position_set_visited(&position, false);
		why = old != NULL && space->now_ms >= old->stale_until_ms ? REMOVAL_EXPIRED
									  : REMOVAL_EVICTED;
	}
	if (old != NULL)
		take_out(space, old, why);
}

void space_remove(struct space *space, const struct position *position, enum removal why)
{
	struct entry *entry = table_at(&space->table, position);

	table_clear(&space->table, position);
	take_out(space, entry, why);
}

void space_move(struct space *space, const struct position *position, struct entry *copy)
{
	struct entry *entry = table_at(&space->table, position);

	table_set(&space->table, position, copy);
	retire(space, entry);
}

static void free_entry(struct space *space, struct entry *entry)
{
	entry->bytes = 0; // says to the eviction hand that the block is free
	memory_free(&space->memory, entry);
}

void space_collect(struct space *space)
{
	if (space->passed == ENTRY_LIST_END)
		space->passed = retired_collect(&space->retired);
	bool any = space->passed != ENTRY_LIST_END;

	for (unsigned i = 0; i < COLLECT_MAX && space->passed != ENTRY_LIST_END; i++) {
		struct entry *entry = table_entry(&space->table, space->passed);
		space->passed = entry->reserved;
		space->retired.pending_bytes -= memory_block_bytes(&space->memory, entry);
		if (entry->pins > 0) {
			entry->reserved = ENTRY_HELD;
			memory_hold(&space->memory, entry);
		} else {
			free_entry(space, entry);
		}
	}
	if (any && space->retired.pending_bytes <= space->pending_max / 2)
		space->waiting = false;
	if (space->retired.gathered_count >= BATCH_MIN)
		reclaimer_hand_over(space->reclaimer, &space->retired);
}

void space_release_held(struct space *space, struct entry *entry)
{
	memory_unhold(&space->memory, entry);
	free_entry(space, entry);
}

bool space_stalled(const struct space *space)
{
	if (!space->waiting)
		return false;
	return space->retired.pending_bytes > space->pending_max / 2 ||
	       space->now_ms - space->waiting_since_ms >= STALL_AFTER_MS;
}

size_t space_bytes_used(const struct space *space)
{
	return space->bytes - (size_t)space->memory.free_slabs * space->memory.slab_bytes;
}

struct chosen_removal {
	struct space *space;
	const uint8_t *name; // NULL: any
	size_t len;
	uint64_t hash;
	space_chooser chosen;
	const void *arg;
	enum removal why;
	size_t count;
};

static void remove_chosen(const struct position *position, struct entry *entry, void *arg)
{
	struct chosen_removal *removal = arg;

	if (removal->name != NULL &&
	    (entry->hash != removal->hash || entry->name_len != removal->len ||
	     memcmp(entry_name(entry), removal->name, removal->len) != 0))
		return;
	if (removal->chosen != NULL && !removal->chosen(entry, removal->arg))
		return;
	space_remove(removal->space, position, removal->why);
	removal->count++;
}

size_t space_remove_of_name(struct space *space, uint64_t hash, const uint8_t *lower_name,
			    size_t len, space_chooser chosen, const void *arg, enum removal why)
{
	struct chosen_removal removal = {
		space, lower_name, len, hash, chosen, arg, why, 0,
	};

	table_each(&space->table, table_bucket(&space->table, hash), remove_chosen, &removal);
	if (removal.count > 0)
		table_trim(&space->table, table_bucket(&space->table, hash));
	return removal.count;
}
