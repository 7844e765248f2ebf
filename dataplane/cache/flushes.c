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

void flushes_begin(struct cache *cache, const uint8_t *zone, size_t count, struct cache_flush *out)
{
	struct flushes *flushes = &cache->flushes;
	uint8_t lower[NAME_MAX_LEN];
	size_t len = name_len(zone);

	name_lower(lower, zone, len);
	out->hash = kept_hash(cache, lower, len);
	struct flush_place *place = make_place(flushes, out->hash, name_labels(lower));
	if (place == NULL) {
		// XXX: so many zones within FLUSH_KEPT_MS, 300 in a second: the rest of the cache
		// goes with them.
		out->hash = ROOT_HASH;
		place = make_place(flushes, out->hash, 0);
	}
	if (place->ends <= flushes->passed)
		place->count = 0;
	place->count += count;
	flushes->last_ms = latest_ms(cache);
	out->ends = place->ends = flushes->ends = flushes->passed + bucket_count(cache);
	atomic_store_explicit(&place->stamp_ms, flushes->last_ms, memory_order_relaxed);
	// Release: partner of the acquire in find().
	if (out->hash != ROOT_HASH)
		atomic_store_explicit(&place->hash, out->hash, memory_order_release);
	atomic_store_explicit(&flushes->walking, true, memory_order_release);
}

bool cache_flush_over(const struct cache *cache, const struct cache_flush *flush, size_t *count)
{
	const struct flush_place *place = find(&cache->flushes, flush->hash);

	*count = place != NULL ? place->count : 0;
	return cache->flushes.passed >= flush->ends;
}

bool cache_flushing(const struct cache *cache)
{
	return atomic_load_explicit(&cache->flushes.walking, memory_order_relaxed);
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

static void end_walk(struct cache *cache)
{
	struct flushes *flushes = &cache->flushes;

	// Release: partner of the acquire in flushes_walking().
	atomic_store_explicit(&flushes->walking, false, memory_order_release);
	// One may be under way that began before.
	flushes->grace_periods = reclaimer_passed(&cache->reclaimer) + 2;
}

bool flushes_run(struct cache *cache, uint64_t now_ms)
{
	struct flushes *flushes = &cache->flushes;
	struct slice slice = {.cache = cache};

	if (!atomic_load_explicit(&flushes->walking, memory_order_relaxed)) {
		forget(cache, now_ms);
		return false;
	}
	while (flushes->passed < flushes->ends && slice.looked_at < FLUSH_SLICE) {
		slice.space = space_at(cache, flushes->table);
		walk_bucket(cache, &slice);
	}
	flushes->slices++;
	if (slice.looked_at > flushes->largest)
		flushes->largest = slice.looked_at;
	if (flushes->passed >= flushes->ends)
		end_walk(cache);
	return atomic_load_explicit(&flushes->walking, memory_order_relaxed);
}
