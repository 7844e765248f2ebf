// The chains' part of the memory: blocks, and the way back to it past the readers.
#include "dataplane/cache/denial/store.h"

#include <string.h>

#define INDEX_SHARE  16 // of the area: about one word for each 128 bytes
#define LIVE_PARTS   8  // of the blocks, so many parts may be in use, ...
#define LIVE_OF      10 // ... of so many: the rest waits for readers, or lies in gaps
#define ZONE_SHARE   4
#define PENDING_PART 8
#define BATCH_MIN    64
#define COLLECT_MAX  2048 // nodes freed in one call: more than one lets go

void denial_init(struct denial_store *store, uint8_t *base, uint8_t *area, size_t bytes,
		 struct reclaimer *reclaimer, struct denial_counts *counts)
{
	*store = (struct denial_store){
		.base = base, .reclaimer = reclaimer, .counts = counts, .bytes = bytes};
	retired_init(&store->retired);
	store->passed = ENTRY_LIST_END;
	store->at_once = UINT32_MAX;
	if (bytes == 0)
		return;
	size_t index =
		bytes / INDEX_SHARE / sizeof(struct denial_line) * sizeof(struct denial_line);
	store->lines = (struct denial_line *)area;
	store->line_count = (uint32_t)(index / sizeof(struct denial_line));
	memory_init(&store->memory, area + index, bytes - index, MEMORY_UNIT);
	size_t blocks = (size_t)store->memory.slab_count * store->memory.slab_bytes;
	store->live_max = blocks / LIVE_OF * LIVE_PARTS;
	store->zone_max = store->live_max / ZONE_SHARE;
}

static void count(struct denial_store *store, struct denial_zone *zone, const void *node, int sign)
{
	size_t bytes = memory_block_bytes(&store->memory, node);

	store->live += sign * (ptrdiff_t)bytes;
	if (zone != NULL && (const void *)zone != node)
		zone->bytes += sign * (ptrdiff_t)bytes;
}

void *denial_alloc(struct denial_store *store, struct denial_zone *zone, size_t bytes)
{
	// A reader that never lets go must not make memory grow.
	if (store->retired.pending_bytes > store->bytes / PENDING_PART) {
		denial_collect(store);
		if (store->retired.pending_bytes > store->bytes / PENDING_PART)
			return NULL;
	}
	struct denial_node *node = memory_alloc(&store->memory, bytes, false);
	if (node == NULL) {
		reclaimer_hand_over(store->reclaimer, &store->retired);
		return NULL;
	}
	node->link = 0;
	count(store, zone, node, 1);
	return node;
}

void denial_drop(struct denial_store *store, struct denial_zone *zone, void *node)
{
	count(store, zone, node, -1);
	memory_free(&store->memory, node);
}

void denial_retire(struct denial_store *store, struct denial_zone *zone, void *node)
{
	struct retired *retired = &store->retired;

	count(store, zone, node, -1);
	((struct denial_node *)node)->link = retired->gathered;
	retired->gathered = denial_ref_of(store, node);
	retired->gathered_count++;
	retired->pending_bytes += memory_block_bytes(&store->memory, node);
	if (retired->gathered_count >= BATCH_MIN)
		reclaimer_hand_over(store->reclaimer, retired);
}

void denial_collect(struct denial_store *store)
{
	if (store->passed == ENTRY_LIST_END)
		store->passed = retired_collect(&store->retired);
	for (unsigned i = 0; i < COLLECT_MAX && store->passed != ENTRY_LIST_END; i++) {
		struct denial_node *node = denial_at(store, store->passed);
		store->passed = node->link;
		store->retired.pending_bytes -= memory_block_bytes(&store->memory, node);
		memory_free(&store->memory, node);
	}
	reclaimer_hand_over(store->reclaimer, &store->retired);
}
