// Zones by name. A zone stands in the line of its hash or in one of the few behind it.
#include "dataplane/cache/denial/store.h"

#include <string.h>

#define REACH_MAX      3
#define LEAVES_AT_ONCE 4 // of a zone that is removed; the rest in later turns

static inline uint32_t line_of(const struct denial_store *store, uint64_t hash, uint32_t step)
{
	uint32_t line = (uint32_t)((hash & UINT32_MAX) * store->line_count >> 32) + step;

	return line < store->line_count ? line : line - store->line_count;
}

static inline struct denial_zone *zone_at(const struct denial_store *store, uint64_t word)
{
	return (denial_ref)word != 0 ? denial_at(store, (denial_ref)word) : NULL;
}

static inline uint32_t tag(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

// A zone and the word that led to it. The writer may since have put another zone's reference in
// that word: only the writer looks into it again.
struct found {
	_Atomic uint64_t *word;
	struct denial_zone *zone; // NULL: none
};

static struct found find(const struct denial_store *store, uint64_t hash, const uint8_t *name,
			 size_t len)
{
	uint32_t reach = atomic_load_explicit(&store->reach, memory_order_relaxed);

	for (uint32_t step = 0; step <= reach; step++) {
		struct denial_line *line = &store->lines[line_of(store, hash, step)];
		for (unsigned i = 0; i < INDEX_SLOTS; i++) {
			// Acquire: partner of the release in denial_make_zone().
			uint64_t word = atomic_load_explicit(&line->words[i], memory_order_acquire);
			if ((uint32_t)(word >> 32) != tag(hash) || (denial_ref)word == 0)
				continue;
			struct denial_zone *zone = zone_at(store, word);
			if (zone->hash == hash && zone->name_len == len &&
			    memcmp(zone->name, name, len) == 0)
				return (struct found){&line->words[i], zone};
		}
	}
	return (struct found){NULL, NULL};
}

struct denial_zone *denial_find_zone(const struct denial_store *store, uint64_t hash,
				     const uint8_t *name, size_t len)
{
	return find(store, hash, name, len).zone;
}

// An empty word; where there is none, that of the smallest zone, which goes.
static _Atomic uint64_t *make_word(struct denial_store *store, uint64_t hash)
{
	struct denial_zone *smallest = NULL;

	for (int round = 0; round < 2; round++) {
		for (uint32_t step = 0; step <= REACH_MAX && step < store->line_count; step++) {
			struct denial_line *line = &store->lines[line_of(store, hash, step)];
			for (unsigned i = 0; i < INDEX_SLOTS; i++) {
				struct denial_zone *zone =
					zone_at(store, atomic_load_explicit(&line->words[i],
									    memory_order_relaxed));
				if (zone == NULL) {
					if (step > atomic_load_explicit(&store->reach,
									memory_order_relaxed))
						atomic_store_explicit(&store->reach, step,
								      memory_order_relaxed);
					return &line->words[i];
				}
				if (atomic_load_explicit(&zone->bars, memory_order_relaxed) == 0 &&
				    zone->fences == 0 &&
				    (smallest == NULL || zone->bytes < smallest->bytes))
					smallest = zone;
			}
		}
		if (smallest == NULL)
			return NULL;
		denial_remove_zone(store, smallest);
	}
	return NULL;
}

static void link_zone(struct denial_store *store, struct denial_zone *zone)
{
	zone->older = store->newest;
	zone->newer = 0;
	if (zone->older != 0)
		((struct denial_zone *)denial_at(store, zone->older))->newer =
			denial_ref_of(store, zone);
	store->newest = denial_ref_of(store, zone);
}

static void unlink_zone(struct denial_store *store, const struct denial_zone *zone)
{
	if (zone->newer != 0)
		((struct denial_zone *)denial_at(store, zone->newer))->older = zone->older;
	else
		store->newest = zone->older;
	if (zone->older != 0)
		((struct denial_zone *)denial_at(store, zone->older))->newer = zone->newer;
}

struct denial_zone *denial_make_zone(struct denial_store *store, uint64_t hash, const uint8_t *name,
				     size_t len)
{
	struct denial_zone *zone = denial_find_zone(store, hash, name, len);

	if (zone != NULL)
		return zone;
	_Atomic uint64_t *word = make_word(store, hash);
	if (word == NULL)
		return NULL;
	zone = denial_alloc(store, NULL, sizeof(*zone) + len);
	if (zone == NULL)
		return NULL;
	memset((uint8_t *)zone + sizeof(zone->node), 0, sizeof(*zone) - sizeof(zone->node));
	zone->hash = hash;
	zone->name_len = (uint16_t)len;
	zone->labels = (uint16_t)name_labels(name);
	zone->made = store->counts->forgets;
	memcpy(zone->name, name, len);
	link_zone(store, zone);
	// Release: partner of the acquires above; the zone is whole.
	atomic_store_explicit(word, (uint64_t)tag(hash) << 32 | denial_ref_of(store, zone),
			      memory_order_release);
	atomic_fetch_add_explicit(&store->counts->zones[zone->labels], 1, memory_order_relaxed);
	store->zones++;
	return zone;
}

// An empty one takes its place. False: no room.
static bool replace(struct denial_store *store, _Atomic uint64_t *word,
		    const struct denial_zone *zone)
{
	struct denial_zone *empty = denial_alloc(store, NULL, sizeof(*zone) + zone->name_len);

	if (empty == NULL)
		return false;
	memset((uint8_t *)empty + sizeof(empty->node), 0, sizeof(*empty) - sizeof(empty->node));
	empty->hash = zone->hash;
	empty->name_len = zone->name_len;
	empty->labels = zone->labels;
	empty->fences = zone->fences;
	empty->made = store->counts->forgets;
	atomic_init(&empty->bars, atomic_load_explicit(&zone->bars, memory_order_relaxed));
	memcpy(empty->name, zone->name, zone->name_len);
	link_zone(store, empty);
	// Release: partner of the acquire in find(); the zone is whole.
	atomic_store_explicit(word, (uint64_t)tag(zone->hash) << 32 | denial_ref_of(store, empty),
			      memory_order_release);
	return true;
}

static void empty_at_once(struct denial_store *store, struct denial_zone *zone)
{
	denial_ref soa = atomic_load_explicit(&zone->soa, memory_order_relaxed);

	for (unsigned tree = 0; tree < TREE_COUNT; tree++)
		denial_clear(store, zone, tree);
	atomic_store_explicit(&zone->soa, 0, memory_order_relaxed);
	if (soa != 0)
		denial_retire(store, zone, denial_at(store, soa));
}

void denial_remove_zone(struct denial_store *store, struct denial_zone *zone)
{
	_Atomic uint64_t *word = find(store, zone->hash, zone->name, zone->name_len).word;

	if (zone->fences > 0 && (word == NULL || !replace(store, word, zone))) {
		empty_at_once(store, zone);
		return;
	}
	if (zone->fences == 0) {
		if (word != NULL)
			atomic_store_explicit(word, 0, memory_order_relaxed);
		atomic_fetch_sub_explicit(&store->counts->zones[zone->labels], 1,
					  memory_order_relaxed);
		store->zones--;
	}
	unlink_zone(store, zone);
	for (unsigned tree = 0; tree < TREE_COUNT; tree++) {
		store->items -= zone->items[tree];
		store->removed += zone->items[tree];
		zone->items[tree] = zone->hand[tree] = 0;
	}
	zone->node.link = store->leaving;
	store->leaving = denial_ref_of(store, zone);
	unsigned leaves = store->at_once < LEAVES_AT_ONCE ? store->at_once : LEAVES_AT_ONCE;
	store->at_once -= leaves;
	(void)denial_let_go(store, leaves);
}

bool denial_let_go(struct denial_store *store, unsigned leaves)
{
	while (store->leaving != 0 && leaves-- > 0) {
		struct denial_zone *zone = denial_at(store, store->leaving);
		if (denial_clear_leaf(store, zone, TREE_NSEC) ||
		    denial_clear_leaf(store, zone, TREE_NSEC3))
			continue;
		denial_ref soa = atomic_load_explicit(&zone->soa, memory_order_relaxed);
		store->leaving = zone->node.link;
		if (soa != 0)
			denial_retire(store, zone, denial_at(store, soa));
		denial_retire(store, NULL, zone);
	}
	return store->leaving != 0;
}

struct denial_zone *denial_zone_in_line(const struct denial_store *store, uint32_t line,
					unsigned *slot)
{
	while (*slot < INDEX_SLOTS) {
		struct denial_zone *zone =
			zone_at(store, atomic_load_explicit(&store->lines[line].words[(*slot)++],
							    memory_order_relaxed));
		if (zone != NULL)
			return zone;
	}
	return NULL;
}

struct denial_zone *denial_next_zone(const struct denial_store *store, uint32_t *line,
				     unsigned *slot)
{
	for (; *line < store->line_count; (*line)++, *slot = 0) {
		struct denial_zone *zone = denial_zone_in_line(store, *line, slot);
		if (zone != NULL)
			return zone;
	}
	return NULL;
}
