#include "dataplane/cache/cache.h"

#include "dataplane/cache/evict.h"
#include "dataplane/cache/shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MIN ((size_t)1 << 20) // per shard
#define MEMORY_MAX CACHE_MEMORY_MAX
#define PAGE       4096
#define DENIAL_MIN (64u << 10) // per shard

static bool config_valid(const struct cache_config *config, char *err, size_t err_len)
{
	unsigned shards = config->shards;

	if (shards == 0 || shards > SHARDS_MAX || (shards & (shards - 1)) != 0) {
		snprintf(err, err_len, "cache shards must be a power of two up to %d, not %u",
			 SHARDS_MAX, shards);
		return false;
	}
	if (config->memory_bytes < MEMORY_MIN * shards || config->memory_bytes > MEMORY_MAX) {
		snprintf(err, err_len, "cache memory must be from %zu to %zu MiB, not %zu KiB",
			 MEMORY_MIN * shards >> 20, MEMORY_MAX >> 20, config->memory_bytes >> 10);
		return false;
	}
	if (config->denial_bytes > 0 && (config->denial_bytes < DENIAL_MIN * shards ||
					 config->denial_bytes > config->memory_bytes / 2)) {
		snprintf(err, err_len, "denial must have from %u KiB to half of the cache memory",
			 DENIAL_MIN * shards >> 10);
		return false;
	}
	return true;
}

static void make_shards(struct cache *cache, size_t denial_bytes)
{
	uint8_t *base = cache->reservation.base;
	size_t share = cache->reservation.bytes / cache->shard_count / PAGE * PAGE;
	size_t unproven = share / UNPROVEN_SHARE / PAGE * PAGE;
	size_t denial = denial_bytes / cache->shard_count / PAGE * PAGE;
	size_t answers = share - unproven - denial;

	for (unsigned i = 0; i < cache->shard_count; i++) {
		struct shard *shard = &cache->shards[i];
		uint8_t *area = base + i * share;
		space_init(&shard->answers, base, area, answers, &cache->reclaimer, &cache->cuts);
		space_init(&shard->unproven, base, area + answers, unproven, &cache->reclaimer,
			   &cache->unproven_cuts);
		denial_init(&shard->denial, base, area + answers + unproven, denial,
			    &cache->reclaimer, &cache->denial_counts);
		cache->retired_lists[3 * i] = &shard->answers.retired;
		cache->retired_lists[3 * i + 1] = &shard->unproven.retired;
		cache->retired_lists[3 * i + 2] = &shard->denial.retired;
	}
}

struct cache *cache_new(const struct cache_config *config, char *err, size_t err_len)
{
	if (!config_valid(config, err, err_len))
		return NULL;
	struct cache *cache = calloc(1, sizeof(*cache) + config->shards * sizeof(struct shard));
	if (cache == NULL) {
		snprintf(err, err_len, "no memory for the cache");
		return NULL;
	}
	cache->shard_count = config->shards;
	cache->shard_shift = 63 - (unsigned)__builtin_ctz(config->shards);
	memcpy(cache->hash_key, config->hash_key, sizeof(cache->hash_key));
	enum reservation_pages pages = config->hugepages_only ? PAGES_HUGE_ONLY
				       : config->hugepages    ? PAGES_HUGE_FIRST
							      : PAGES_ORDINARY;
	if (reservation_make(&cache->reservation, config->memory_bytes, pages, err, err_len) < 0)
		goto fail_reservation;
	make_shards(cache, config->denial_bytes);
	for (unsigned i = 0; i < config->shards; i++)
		cache->shards[i].one_shot_max = config->one_shot_bytes / config->shards;
	int rc = reclaimer_start(&cache->reclaimer, cache->retired_lists, 3 * config->shards);
	if (rc < 0) {
		snprintf(err, err_len, "cannot start the cache's reclaimer: %s", strerror(-rc));
		goto fail_reclaimer;
	}
	return cache;

fail_reclaimer:
	reservation_end(&cache->reservation);
fail_reservation:
	free(cache);
	return NULL;
}

int cache_memory_failed(const struct cache *cache)
{
	return reservation_failed(&cache->reservation);
}

void cache_free(struct cache *cache)
{
	if (cache == NULL)
		return;
	reclaimer_stop(&cache->reclaimer);
	for (unsigned i = 0; i < cache->shard_count; i++) {
		memory_end(&cache->shards[i].answers.memory);
		memory_end(&cache->shards[i].unproven.memory);
		if (cache->shards[i].denial.bytes > 0)
			memory_end(&cache->shards[i].denial.memory);
	}
	reservation_end(&cache->reservation);
	free(cache);
}

static void maintain(struct space *space, uint64_t now_ms)
{
	if (now_ms > space->now_ms)
		space->now_ms = now_ms;
	space_collect(space);
	evict_expired(space);
	evict_reserve(space);
	reclaimer_hand_over(space->reclaimer, &space->retired);
}

bool cache_maintain(struct cache *cache, uint64_t now_ms)
{
	bool more = flushes_run(cache, now_ms);

	for (unsigned i = 0; i < cache->shard_count; i++) {
		maintain(&cache->shards[i].answers, now_ms);
		maintain(&cache->shards[i].unproven, now_ms);
		more |= denial_maintain(&cache->shards[i].denial, now_ms);
	}
	return more;
}

struct tour {
	const struct cache *cache;
	bool (*visit)(const struct entry *entry, void *arg);
	void *arg;
	bool ended;
};

static void visit_entry(const struct position *position, struct entry *entry, void *arg)
{
	struct tour *tour = arg;

	(void)position;
	if (!tour->ended &&
	    !(flushes_walking(&tour->cache->flushes) && flushes_cover(tour->cache, entry)))
		tour->ended = !tour->visit(entry, tour->arg);
}

static void tour_table(struct table *table, struct tour *tour)
{
	for (uint32_t bucket = 0; bucket < table->buckets && !tour->ended; bucket++)
		table_each(table, bucket, visit_entry, tour);
}

void cache_walk(struct cache *cache, bool (*visit)(const struct entry *entry, void *arg), void *arg)
{
	struct tour tour = {.cache = cache, .visit = visit, .arg = arg};

	for (unsigned i = 0; i < cache->shard_count; i++) {
		tour_table(&cache->shards[i].answers.table, &tour);
		tour_table(&cache->shards[i].unproven.table, &tour);
	}
}

static void count_shard(const struct shard *shard, struct cache_counters *out)
{
	const struct space *answers = &shard->answers, *unproven = &shard->unproven;

	out->entries += answers->table.entries;
	out->unproven += unproven->table.entries;
	out->bytes_used += space_bytes_used(answers) + space_bytes_used(unproven);
	out->bytes_pending += answers->retired.pending_bytes + unproven->retired.pending_bytes;
	out->bytes_one_shot += shard->one_shot_bytes;
	out->inserted += answers->inserted;
	out->replaced += answers->removed[REMOVAL_REPLACED];
	out->voided += answers->removed[REMOVAL_VOIDED];
	out->evicted += answers->removed[REMOVAL_EVICTED];
	out->expired += answers->removed[REMOVAL_EXPIRED];
	out->flushed += answers->removed[REMOVAL_FLUSHED];
	out->refused += answers->refused + unproven->refused;
	out->one_shot += shard->one_shot;
	const struct denial_store *denial = &shard->denial;
	out->bytes_used += denial->live;
	out->bytes_pending += denial->retired.pending_bytes;
	out->denial_zones += denial->zones;
	out->denial_records += denial->items;
	out->denial_bytes += denial->live;
	out->denial_kept += denial->kept;
	out->denial_removed += denial->removed;
	out->denial_refused += denial->refused;
	if (space_stalled(answers))
		out->stalled = 1;
}

void cache_counters(const struct cache *cache, struct cache_counters *out)
{
	*out = (struct cache_counters){
		.bytes_budget = cache->reservation.bytes,
		// Relaxed: a number to look at.
		.grace_periods =
			atomic_load_explicit(&cache->reclaimer.grace_periods, memory_order_relaxed),
	};
	for (unsigned i = 0; i < cache->shard_count; i++)
		count_shard(&cache->shards[i], out);
}
