// What puts an end to what is kept: operators, zones of others. Other data of a name: refute.c.
#include "dataplane/cache/denial/denial.h"
#include "dataplane/cache/denial/place.h"
#include "dataplane/dns/types.h"

#include <limits.h>
#include <string.h>

void denial_place(struct cache *cache, const uint8_t *name, struct denial_place *out)
{
	out->len = name_len(name);
	name_lower(out->name, name, out->len);
	out->hash = cache_hash(cache, out->name, out->len);
	out->cache = cache;
	out->store = &cache_shard(cache, out->hash)->denial;
}

// For the writer. What is barred is empty, and stays.
static bool is_forgotten(const struct cache *cache, const struct denial_zone *zone)
{
	return atomic_load_explicit(&cache->flushes.denials_walking, memory_order_relaxed) &&
	       atomic_load_explicit(&zone->bars, memory_order_relaxed) == 0 &&
	       flushes_cover_denial(cache, zone);
}

struct denial_zone *denial_place_zone(const struct denial_place *place)
{
	if (place->store->bytes == 0)
		return NULL;
	struct denial_zone *zone =
		denial_find_zone(place->store, place->hash, place->name, place->len);
	if (zone == NULL || !is_forgotten(place->cache, zone))
		return zone;
	denial_remove_zone(place->store, zone);
	// One with a fence stays, empty.
	return denial_find_zone(place->store, place->hash, place->name, place->len);
}

struct denial_zone *denial_place_make(const struct denial_place *place)
{
	struct denial_zone *zone = denial_place_zone(place);

	return zone != NULL ? zone
			    : denial_make_zone(place->store, place->hash, place->name, place->len);
}

static bool is_the_one(const struct denial_item *item, const void *arg)
{
	return item == arg;
}

void denial_remove_one(struct denial_store *store, struct denial_zone *zone, unsigned tree,
		       const struct denial_item *item)
{
	(void)denial_remove(store, zone, tree, item_key(item), item->key_len, is_the_one, item);
}

// ---- flushed zones ----

#define LEAVES_AT_ONCE 32
#define ITEMS_AT_ONCE  1024

struct subtree {
	const uint8_t *key;
	size_t len;
};

static bool is_below(const struct denial_item *item, const void *arg)
{
	const struct subtree *subtree = arg;

	return denial_key_within(item_key(item), item->key_len, subtree->key, subtree->len);
}

// Out of the chains above: what says that a name does not exist, and what stands below it.
static void forget_above(struct cache *cache, const uint8_t *name)
{
	struct denial_place place, above;

	denial_place(cache, name, &place);
	for (size_t labels = name_labels(name); labels-- > 0;) {
		uint8_t key[DENIAL_KEY_MAX + DENIAL_KEY_PAD];

		denial_place(cache, name_ancestor(name, labels), &above);
		struct denial_zone *zone = denial_place_zone(&above);
		if (zone == NULL)
			continue;
		struct subtree subtree = {.key = key};
		if (!denial_key(place.name, place.len, above.len, key, sizeof(key), &subtree.len))
			continue;
		denial_refute_nsec(above.store, zone, &place, 0);
		int removed;
		unsigned leaves = LEAVES_AT_ONCE;
		do {
			// Right behind everything that begins with the key.
			uint8_t end[DENIAL_KEY_MAX + DENIAL_KEY_PAD];
			memcpy(end, key, subtree.len + DENIAL_KEY_PAD);
			end[subtree.len - 1] = 1;
			const struct denial_item *item =
				denial_floor(above.store, zone, TREE_NSEC, end, subtree.len);
			removed = item != NULL && is_below(item, &subtree)
					  ? denial_remove(above.store, zone, TREE_NSEC,
							  item_key(item), item->key_len, is_below,
							  &subtree)
					  : 0;
		} while (removed > 0 && --leaves > 0);
		// What hashes mean is not to be seen: all of them. Where there is much, the rest of
		// the zone goes with it, which takes no time.
		if (leaves == 0 || zone->items[TREE_NSEC3] > ITEMS_AT_ONCE)
			denial_remove_zone(above.store, zone);
		else
			denial_clear(above.store, zone, TREE_NSEC3);
	}
}

size_t denial_forget_line(struct cache *cache, struct denial_store *store, uint32_t line)
{
	struct denial_zone *zone;
	size_t looked_at = 1;

	for (unsigned slot = 0; (zone = denial_zone_in_line(store, line, &slot)) != NULL;) {
		looked_at++;
		if (is_forgotten(cache, zone))
			denial_remove_zone(store, zone);
	}
	return looked_at;
}

static void forget_zones(struct cache *cache, const uint8_t *name)
{
	// Configured zones, of which there are thousands, are barred before anything is kept.
	if (cache->denial_counts.any_kept)
		flushes_begin_denials(cache, name);
}

void cache_denial_forget(struct cache *cache, const uint8_t *zone)
{
	forget_zones(cache, zone != NULL ? zone : (const uint8_t *)"");
	if (zone != NULL)
		forget_above(cache, zone);
}

// ---- zones that are not to be spoken for ----

bool cache_denial_bar(struct cache *cache, const uint8_t *name)
{
	struct denial_place place;

	denial_place(cache, name, &place);
	if (place.store->bytes == 0)
		return true; // nothing is ever said
	forget_zones(cache, name);
	struct denial_zone *zone = denial_place_make(&place);
	if (zone == NULL)
		return false;
	atomic_fetch_add_explicit(&zone->bars, 1, memory_order_relaxed);
	return true;
}

bool cache_denial_fence(struct cache *cache, const uint8_t *name)
{
	struct denial_place place;

	denial_place(cache, name, &place);
	if (place.store->bytes == 0)
		return true;
	struct denial_zone *zone = denial_place_make(&place);
	if (zone == NULL)
		return false;
	zone->fences++;
	return true;
}

void cache_denial_unbar(struct cache *cache, const uint8_t *name)
{
	struct denial_place place;

	denial_place(cache, name, &place);
	struct denial_zone *zone = denial_place_zone(&place);
	if (zone == NULL || atomic_load_explicit(&zone->bars, memory_order_relaxed) == 0)
		return;
	if (atomic_fetch_sub_explicit(&zone->bars, 1, memory_order_relaxed) == 1)
		denial_remove_zone(place.store, zone);
}

static bool tell(const struct denial_store *store, const struct denial_zone *zone,
		 bool (*visit)(const struct denial_facts *facts, void *arg), void *arg)
{
	denial_ref ref = atomic_load_explicit(&zone->soa, memory_order_relaxed);
	const struct denial_soa *soa = ref != 0 ? denial_at(store, ref) : NULL;
	const struct denial_facts facts = {
		.zone = zone->name,
		.nsec = zone->items[TREE_NSEC],
		.nsec3 = zone->items[TREE_NSEC3],
		.bytes = zone->bytes,
		.expires_ms = soa != NULL ? soa->entry.expires_ms : 0,
		.barred = atomic_load_explicit(&zone->bars, memory_order_relaxed) > 0,
	};

	return visit(&facts, arg);
}

bool cache_denial_walk_some(struct cache *cache, struct denial_walk *walk, unsigned lines,
			    bool (*visit)(const struct denial_facts *facts, void *arg), void *arg)
{
	while (lines > 0 && walk->shard < cache->shard_count) {
		const struct denial_store *store = &cache->shards[walk->shard].denial;
		const struct denial_zone *zone;

		if (walk->line >= store->line_count) {
			walk->shard++;
			walk->line = 0;
			continue;
		}
		for (unsigned slot = 0;
		     (zone = denial_zone_in_line(store, walk->line, &slot)) != NULL;) {
			if (!is_forgotten(cache, zone) && !tell(store, zone, visit, arg))
				return false;
		}
		walk->line++;
		lines--;
	}
	return walk->shard < cache->shard_count;
}

void cache_denial_walk(struct cache *cache,
		       bool (*visit)(const struct denial_facts *facts, void *arg), void *arg)
{
	struct denial_walk walk = {0};

	while (cache_denial_walk_some(cache, &walk, UINT_MAX, visit, arg))
		;
}
