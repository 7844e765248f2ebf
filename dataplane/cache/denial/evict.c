// Room for what is new, and the end of what is over.
#include "dataplane/cache/denial/store.h"

#define LEAVES_PER_PUT  4 // so many go at most to make room for one record
#define ZONES_LOOKED_AT 8 // the largest of them gives way
#define LINES_LOOKED_AT 256
#define SWEEP_PERIOD_MS 60000
#define SWEEP_LINES_MAX 32
#define LEAVES_PER_TURN 32 // of zones that were removed
#define SWEEP_LEAVES    16 // of a zone, each time it comes up

static bool is_over(const struct denial_item *item, const void *arg)
{
	const uint64_t *now_ms = arg;

	return *now_ms >= item->expires_ms;
}

static void shrink(struct denial_store *store, struct denial_zone *zone)
{
	unsigned tree = zone->items[TREE_NSEC] >= zone->items[TREE_NSEC3] ? TREE_NSEC : TREE_NSEC3;

	(void)denial_sweep(store, zone, tree, NULL, NULL);
}

static struct denial_zone *largest_of_some(struct denial_store *store,
					   const struct denial_zone * not )
{
	struct denial_zone *largest = NULL, *zone;
	unsigned zones = 0;

	for (unsigned i = 0; i < LINES_LOOKED_AT && zones < ZONES_LOOKED_AT; i++) {
		unsigned slot = 0;

		store->lines_looked_at++;
		while ((zone = denial_zone_in_line(store, store->hand, &slot)) != NULL) {
			zones++;
			if (zone != not &&atomic_load_explicit(&zone->bars, memory_order_relaxed) ==
				    0 &&
			    (largest == NULL || zone->bytes > largest->bytes))
				largest = zone;
		}
		store->hand = store->hand + 1 < store->line_count ? store->hand + 1 : 0;
	}
	return largest;
}

void denial_make_room(struct denial_store *store, struct denial_zone *zone)
{
	denial_collect(store);
	(void)denial_let_go(store, LEAVES_PER_PUT);
	for (unsigned i = 0; i < LEAVES_PER_PUT && zone->bytes > store->zone_max; i++)
		shrink(store, zone);
	for (unsigned i = 0; i < LEAVES_PER_PUT && store->live > store->live_max; i++) {
		struct denial_zone *largest = largest_of_some(store, zone);
		if (largest == NULL)
			largest = zone;
		if (largest->items[TREE_NSEC] + largest->items[TREE_NSEC3] > 0)
			shrink(store, largest);
		else if (largest != zone)
			denial_remove_zone(store, largest);
	}
}

static void sweep_zone(struct denial_store *store, struct denial_zone *zone, uint64_t now_ms)
{
	for (unsigned tree = 0; tree < TREE_COUNT; tree++) {
		for (unsigned i = 0; i < SWEEP_LEAVES && zone->items[tree] > 0; i++)
			(void)denial_sweep(store, zone, tree, is_over, &now_ms);
	}
	denial_ref soa = atomic_load_explicit(&zone->soa, memory_order_relaxed);
	const struct denial_soa *held = soa != 0 ? denial_at(store, soa) : NULL;
	bool over = held == NULL || !entry_fresh(&held->entry, now_ms);
	if (over && atomic_load_explicit(&zone->bars, memory_order_relaxed) == 0 &&
	    zone->items[TREE_NSEC] + zone->items[TREE_NSEC3] == 0)
		denial_remove_zone(store, zone);
}

static void sweep(struct denial_store *store, uint64_t now_ms)
{
	uint64_t elapsed_ms = now_ms > store->swept_ms ? now_ms - store->swept_ms : 0;
	if (elapsed_ms > SWEEP_PERIOD_MS)
		elapsed_ms = SWEEP_PERIOD_MS;
	uint64_t share = store->line_count * elapsed_ms / SWEEP_PERIOD_MS;
	if (share == 0)
		return;
	store->swept_ms = now_ms;
	if (share > SWEEP_LINES_MAX)
		share = SWEEP_LINES_MAX;
	for (uint64_t i = 0; i < share; i++) {
		struct denial_zone *zone;
		unsigned slot = 0;

		store->lines_looked_at++;
		while ((zone = denial_zone_in_line(store, store->sweep_line, &slot)) != NULL)
			sweep_zone(store, zone, now_ms);
		store->sweep_line =
			store->sweep_line + 1 < store->line_count ? store->sweep_line + 1 : 0;
	}
}

bool denial_maintain(struct denial_store *store, uint64_t now_ms)
{
	if (store->bytes == 0)
		return false;
	denial_collect(store);
	store->at_once = LEAVES_PER_TURN;
	sweep(store, now_ms);
	return denial_let_go(store, LEAVES_PER_TURN);
}
