#include "dataplane/cache/flushes.h"

#include "dataplane/cache/shard.h"
#include "dataplane/dns/name.h"

#include <string.h>

static size_t table_count(const struct cache *cache)
{
	return 2 * (size_t)cache->shard_count;
}

// The n-th of all tables.
static struct space *space_at(struct cache *cache, size_t n)
{
	struct shard *shard = &cache->shards[n / 2];

	return n % 2 == 0 ? &shard->answers : &shard->unproven;
}

static uint64_t bucket_count(struct cache *cache)
{
	uint64_t count = 0;

	for (size_t i = 0; i < table_count(cache); i++)
		count += space_at(cache, i)->table.buckets;
	return count;
}

// Of the index of cached denial.
static uint64_t line_count(const struct cache *cache)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < cache->shard_count; i++)
		count += cache->shards[i].denial.line_count;
	return count;
}

// The latest time that the writer was told: no entry was made later.
static uint64_t latest_ms(struct cache *cache)
{
	uint64_t latest = 0;

	for (size_t i = 0; i < table_count(cache); i++) {
		if (space_at(cache, i)->now_ms > latest)
			latest = space_at(cache, i)->now_ms;
	}
	return latest;
}

// ---- readers ----

#define ROOT_HASH 0

// 0 says that a place is free.
static uint64_t kept_hash(const struct cache *cache, const uint8_t *name, size_t len)
{
	if (len == 1)
		return ROOT_HASH;
	uint64_t hash = cache_hash(cache, name, len);

	return hash != 0 ? hash : 1;
}

static const struct flush_place *find(const struct flushes *flushes, uint64_t hash)
{
	if (hash == ROOT_HASH)
		return &flushes->places[FLUSHES_MAX];
	for (size_t i = 0; i < FLUSHES_PROBED_MAX; i++) {
		const struct flush_place *place = &flushes->places[(hash + i) & (FLUSHES_MAX - 1)];
		// Acquire: partner of the release in begin(); the stamp was set before.
		uint64_t held = atomic_load_explicit(&place->hash, memory_order_acquire);
		if (held == hash)
			return place;
		if (held == 0)
			return NULL;
	}
	return NULL;
}

// The place whose flush is the latest of those at or above the name; of two of one moment the
// upper.
static const struct flush_place *latest(const struct cache *cache, const uint8_t *name, size_t len,
					uint64_t *stamp_ms)
{
	const struct flushes *flushes = &cache->flushes;
	const struct flush_place *found = NULL;

	*stamp_ms = 0;
	for (size_t labels = name_labels(name);; labels--) {
		if (atomic_load_explicit(&flushes->labels[labels], memory_order_relaxed) != 0) {
			const struct flush_place *place =
				find(flushes, kept_hash(cache, name, len));
			uint64_t at_ms = place != NULL ? atomic_load_explicit(&place->stamp_ms,
									      memory_order_relaxed)
						       : 0;
			if (at_ms > 0 && at_ms >= *stamp_ms) {
				*stamp_ms = at_ms;
				found = place;
			}
		}
		if (labels == 0)
			return found;
		len -= (size_t)*name + 1;
		name += (size_t)*name + 1;
	}
}

bool flushes_cover(const struct cache *cache, const struct entry *entry)
{
	uint64_t stamp_ms;

	return latest(cache, entry_name(entry), entry->name_len, &stamp_ms) != NULL &&
	       entry->created_ms <= stamp_ms;
}

bool flushes_cover_denial(const struct cache *cache, const struct denial_zone *zone)
{
	const struct flushes *flushes = &cache->flushes;
	const uint8_t *name = zone->name;
	size_t len = zone->name_len;

	for (size_t labels = zone->labels;; labels--) {
		if (atomic_load_explicit(&flushes->labels[labels], memory_order_relaxed) != 0) {
			const struct flush_place *place =
				find(flushes, kept_hash(cache, name, len));
			if (place != NULL &&
			    zone->made < atomic_load_explicit(&place->number, memory_order_relaxed))
				return true;
		}
		if (labels == 0)
			return false;
		len -= (size_t)*name + 1;
		name += (size_t)*name + 1;
	}
}

// ---- writer ----

bool cache_flushed_since(const struct cache *cache, const uint8_t *name, uint64_t asked_ms)
{
	uint8_t lower[NAME_MAX_LEN];
	size_t len = name_len(name);
	uint64_t stamp_ms;

	if (cache->flushes.used == 0)
		return false;
	name_lower(lower, name, len);
	// XXX: what was asked in the same millisecond, before the flush, is kept: one millisecond
	// of the time before it.
	return latest(cache, lower, len, &stamp_ms) != NULL && asked_ms < stamp_ms;
}

// NULL: they are used up, which does not happen to the root.
static struct flush_place *make_place(struct flushes *flushes, uint64_t hash, size_t labels)
{
	if (hash == ROOT_HASH) {
		flushes->used +=
			atomic_load_explicit(&flushes->labels[0], memory_order_relaxed) == 0;
		atomic_store_explicit(&flushes->labels[0], 1, memory_order_relaxed);
		return &flushes->places[FLUSHES_MAX];
	}
	for (size_t i = 0; i < FLUSHES_PROBED_MAX; i++) {
		struct flush_place *place = &flushes->places[(hash + i) & (FLUSHES_MAX - 1)];
		uint64_t held = atomic_load_explicit(&place->hash, memory_order_relaxed);
		if (held == hash)
			return place;
		if (held != 0)
			continue;
		if (flushes->used >= FLUSHES_USED_MAX)
			return NULL;
		flushes->used++;
		atomic_fetch_add_explicit(&flushes->labels[labels], 1, memory_order_relaxed);
		return place;
	}
	return NULL;
}

static struct flush_place *place_of(struct cache *cache, const uint8_t *zone, uint64_t *hash)
{
	struct flushes *flushes = &cache->flushes;
	uint8_t lower[NAME_MAX_LEN];
	size_t len = name_len(zone);

	name_lower(lower, zone, len);
	*hash = kept_hash(cache, lower, len);
	struct flush_place *place = make_place(flushes, *hash, name_labels(lower));
	if (place == NULL) {
		// XXX: so many zones within FLUSH_KEPT_MS, 300 in a second: the rest of the cache
		// goes with them.
		*hash = ROOT_HASH;
		place = make_place(flushes, *hash, 0);
	}
	flushes->last_ms = latest_ms(cache);
	return place;
}

// Release: partner of the acquire in find().
static void show(struct flush_place *place, uint64_t hash)
{
	if (hash != ROOT_HASH)
		atomic_store_explicit(&place->hash, hash, memory_order_release);
}

void flushes_begin(struct cache *cache, const uint8_t *zone, size_t count, struct cache_flush *out)
{
	struct flushes *flushes = &cache->flushes;
	struct flush_place *place = place_of(cache, zone, &out->hash);

	if (place->ends <= flushes->passed)
		place->count = 0;
	place->count += count;
	out->ends = place->ends = flushes->ends = flushes->passed + bucket_count(cache);
	atomic_store_explicit(&place->stamp_ms, flushes->last_ms, memory_order_relaxed);
	show(place, out->hash);
	atomic_store_explicit(&flushes->walking, true, memory_order_release);
}

void flushes_begin_denials(struct cache *cache, const uint8_t *zone)
{
	struct flushes *flushes = &cache->flushes;
	uint64_t hash;
	struct flush_place *place = place_of(cache, zone, &hash);

	flushes->denial_ends = flushes->denial_passed + line_count(cache);
	atomic_store_explicit(&place->number, ++cache->denial_counts.forgets, memory_order_relaxed);
	show(place, hash);
	atomic_store_explicit(&flushes->denials_walking, true, memory_order_release);
}

bool cache_flush_over(const struct cache *cache, const struct cache_flush *flush, size_t *count)
{
	const struct flush_place *place = find(&cache->flushes, flush->hash);

	*count = place != NULL ? place->count : 0;
	return cache->flushes.passed >= flush->ends;
}

bool cache_flushing(const struct cache *cache)
{
	return atomic_load_explicit(&cache->flushes.walking, memory_order_relaxed) ||
	       atomic_load_explicit(&cache->flushes.denials_walking, memory_order_relaxed);
}

struct slice {
	struct cache *cache;
	struct space *space;
	size_t looked_at, removed;
};

static void look(const struct position *position, struct entry *entry, void *arg)
{
	struct slice *slice = arg;
	uint64_t stamp_ms;

	slice->looked_at++;
	const struct flush_place *place =
		latest(slice->cache, entry_name(entry), entry->name_len, &stamp_ms);
	if (place == NULL || entry->created_ms > stamp_ms)
		return;
	((struct flush_place *)(uintptr_t)place)->count++;
	space_remove(slice->space, position, REMOVAL_FLUSHED);
	slice->removed++;
}

static void next_table(struct cache *cache)
{
	struct flushes *flushes = &cache->flushes;

	flushes->bucket = 0;
	flushes->table = (flushes->table + 1) % table_count(cache);
}

// The bucket under the hand, or all that are left of an empty table.
static void walk_bucket(struct cache *cache, struct slice *slice)
{
	struct flushes *flushes = &cache->flushes;
	struct table *table = &slice->space->table;
	size_t removed = slice->removed;

	slice->looked_at++;
	if (table->entries == 0) {
		flushes->passed += table->buckets - flushes->bucket;
		next_table(cache);
		return;
	}
	table_each(table, flushes->bucket, look, slice);
	if (slice->removed > removed)
		table_trim(table, flushes->bucket);
	flushes->passed++;
	if (++flushes->bucket == table->buckets)
		next_table(cache);
}

// What was flushed long enough ago is forgotten once nobody can be comparing with it.
static void forget(struct cache *cache, uint64_t now_ms)
{
	struct flushes *flushes = &cache->flushes;

	if (flushes->used == 0 || now_ms < flushes->last_ms + FLUSH_KEPT_MS)
		return;
	if (reclaimer_passed(&cache->reclaimer) < flushes->grace_periods) {
		reclaimer_ask(&cache->reclaimer);
		return;
	}
	memset(flushes->places, 0, sizeof(flushes->places));
	for (size_t i = 0; i <= NAME_MAX_LABELS; i++)
		atomic_store_explicit(&flushes->labels[i], 0, memory_order_relaxed);
	flushes->used = 0;
}

static void end_walk(struct cache *cache, _Atomic bool *walking)
{
	// Release: partner of the acquire in flushes_walking().
	atomic_store_explicit(walking, false, memory_order_release);
	// One may be under way that began before.
	cache->flushes.grace_periods = reclaimer_passed(&cache->reclaimer) + 2;
}

static void walk_entries(struct cache *cache)
{
	struct flushes *flushes = &cache->flushes;
	struct slice slice = {.cache = cache};

	while (flushes->passed < flushes->ends && slice.looked_at < FLUSH_SLICE) {
		slice.space = space_at(cache, flushes->table);
		walk_bucket(cache, &slice);
	}
	flushes->slices++;
	if (slice.looked_at > flushes->largest)
		flushes->largest = slice.looked_at;
	if (flushes->passed >= flushes->ends)
		end_walk(cache, &flushes->walking);
}

// The line under the hand, or all that are left of an empty index. Returns what it looked at.
static size_t walk_line(struct cache *cache)
{
	struct flushes *flushes = &cache->flushes;
	struct denial_store *store = &cache->shards[flushes->denial_shard].denial;
	const uint32_t left = store->line_count - flushes->denial_line;
	const uint32_t lines = store->zones == 0 ? left : 1;
	size_t looked_at = 1;

	if (store->zones > 0)
		looked_at = denial_forget_line(cache, store, flushes->denial_line);
	flushes->denial_passed += lines;
	flushes->denial_line += lines;
	if (flushes->denial_line == store->line_count) {
		flushes->denial_line = 0;
		flushes->denial_shard = (flushes->denial_shard + 1) % cache->shard_count;
	}
	return looked_at;
}

static void walk_denials(struct cache *cache)
{
	struct flushes *flushes = &cache->flushes;
	size_t looked_at = 0;

	while (flushes->denial_passed < flushes->denial_ends && looked_at < FLUSH_SLICE)
		looked_at += walk_line(cache);
	flushes->slices++;
	if (looked_at > flushes->largest)
		flushes->largest = looked_at;
	if (flushes->denial_passed >= flushes->denial_ends)
		end_walk(cache, &flushes->denials_walking);
}

bool flushes_run(struct cache *cache, uint64_t now_ms)
{
	const struct flushes *flushes = &cache->flushes;

	if (!cache_flushing(cache)) {
		forget(cache, now_ms);
		return false;
	}
	if (atomic_load_explicit(&flushes->walking, memory_order_relaxed))
		walk_entries(cache);
	if (atomic_load_explicit(&flushes->denials_walking, memory_order_relaxed))
		walk_denials(cache);
	return cache_flushing(cache);
}
