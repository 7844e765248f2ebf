// Flushes of zones that take many turns: what is answered meanwhile.
#include "dataplane/cache/denial/denial.h"
#include "dataplane/cache/glance.h"
#include "dataplane/cache/shard.h"
#include "dataplane/dns/types.h"
#include "tests/unit/dataplane/cache/fixture.h"

#include <stdio.h>
#include <string.h>

#define MANY 20000 // entries: a walk of many slices

static struct cache *cache;
static struct cache_flush flush;

static int setup(void **state)
{
	cache = fixture_cache(16, 2);
	*state = cache;
	return 0;
}

static int teardown(void **state)
{
	cache_free(*state);
	return 0;
}

static void fill(const char *zone)
{
	char name[64];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%u.%s", i, zone);
		assert_int_equal(put(cache, spec_a(name, i)), PUBLISHED);
	}
}

static unsigned hits_of(const char *zone, uint64_t now_ms)
{
	unsigned count = 0;
	char name[64];

	for (unsigned i = 0; i < MANY; i += 97) {
		snprintf(name, sizeof(name), "n%u.%s", i, zone);
		struct lookup lookup = ask_at(cache, name, TYPE_A, now_ms);
		count += lookup.status == LOOKUP_HIT || lookup.stale_count > 0;
		count += cache_find(cache, wire(name), TYPE_A) != NULL;
		count += cache_find_hash(cache, lookup.hash, TYPE_A) != NULL;
	}
	return count;
}

static bool no_entry(const struct entry *entry, void *arg)
{
	char text[NAME_TEXT_MAX];

	if (name_within(entry_name(entry), wire(arg)))
		fail_msg("%s is left", name_to_text(entry_name(entry), text));
	return true;
}

static void nothing_of(const char *zone)
{
	assert_int_equal(hits_of(zone, NOW_MS), 0);
	assert_int_equal(hits_of(zone, NOW_MS + (TTL_S + 1) * 1000), 0); // nor stale
	cache_walk(cache, no_entry, (void *)(uintptr_t)zone);
}

static unsigned finish(size_t *count)
{
	unsigned slices = 0;

	while (!cache_flush_over(cache, &flush, count)) {
		slices++;
		(void)flushes_run(cache, NOW_MS);
	}
	return slices;
}

static void it_holds_from_the_first_moment_to_the_last(void **state)
{
	size_t count;

	(void)state;
	fill("flushed.example.");
	fill("other.example.");
	cache_flush_zone(cache, wire("Flushed.example."), &flush);
	assert_false(cache_flush_over(cache, &flush, &count));
	while (flushes_run(cache, NOW_MS))
		nothing_of("flushed.example.");
	assert_true(cache_flush_over(cache, &flush, &count));
	assert_int_equal(count, MANY);
	nothing_of("flushed.example.");
	assert_true(hits_of("other.example.", NOW_MS) > 0);
	assert_int_equal(counters_of(cache).entries, MANY);
	assert_int_equal(counters_of(cache).flushed, MANY);
}

static void o31_no_slice_looks_at_more_than_its_share(void **state)
{
	const struct flushes *flushes = &cache->flushes;
	uint64_t buckets = 0;
	size_t count;

	(void)state;
	fill("flushed.example.");
	for (unsigned i = 0; i < cache->shard_count; i++)
		buckets += cache->shards[i].answers.table.buckets;
	cache_flush_zone(cache, wire("flushed.example."), &flush);
	assert_int_equal(flushes->largest, 0); // nothing is gone through by the call itself
	unsigned slices = finish(&count);
	assert_int_equal(count, MANY);
	assert_true(slices >= (buckets + MANY) / (FLUSH_SLICE + 4 * LINE_SLOTS));
	assert_true(flushes->largest <= FLUSH_SLICE + TABLE_CHAIN_MAX * LINE_SLOTS);
	// Nor does it matter how many flushes go on at once.
	for (unsigned i = 0; i < 500; i++) {
		char name[32];
		snprintf(name, sizeof(name), "z%u.example.", i);
		cache_flush_zone(cache, wire(name), &flush);
	}
	slices = finish(&count);
	assert_true(flushes->largest <= FLUSH_SLICE + TABLE_CHAIN_MAX * LINE_SLOTS);
	assert_true(slices <= 2 * buckets / (FLUSH_SLICE / 2) + 4);
}

static void o31_what_readers_let_go_is_freed_in_shares(void **state)
{
	size_t count;

	(void)state;
	fill("flushed.example.");
	cache_flush_zone(cache, wire("flushed.example."), &flush);
	(void)finish(&count);
	uint64_t pending = counters_of(cache).bytes_pending;
	unsigned turns = 0;
	while (counters_of(cache).bytes_pending > 0) {
		(void)cache_maintain(cache, NOW_MS);
		uint64_t left = counters_of(cache).bytes_pending;
		assert_true(pending - left <= 2048 * 4 * 256); // 4 tables; of less than 256 bytes
		pending = left;
		turns++;
	}
	assert_true(turns >= MANY / 2 / 2048);
}

static void what_is_asked_after_it_is_kept(void **state)
{
	size_t count;

	(void)state;
	fill("flushed.example.");
	cache_flush_zone(cache, wire("flushed.example."), &flush);
	(void)flushes_run(cache, NOW_MS);
	// Wherever the hand is: in front of it and behind it.
	for (unsigned i = 0; i < MANY; i += 97) {
		char name[64];
		snprintf(name, sizeof(name), "n%u.flushed.example.", i);
		struct entry_spec spec = spec_a(name, 7);
		spec.now_ms = NOW_MS + 20;
		spec.asked_ms = NOW_MS + 10;
		assert_int_equal(put(cache, spec), PUBLISHED);
	}
	(void)finish(&count);
	for (unsigned i = 0; i < MANY; i += 97) {
		char name[64];
		snprintf(name, sizeof(name), "n%u.flushed.example.", i);
		struct lookup lookup = ask_at(cache, name, TYPE_A, NOW_MS + 20);
		assert_int_equal(lookup.status, LOOKUP_HIT);
		assert_int_equal(address_of(lookup.links[0]), 7);
	}
}

static void what_was_asked_before_it_is_given_by_value(void **state)
{
	const struct entry *entry;
	size_t count;

	(void)state;
	fill("flushed.example.");
	struct entry_spec spec = spec_a("late.flushed.example.", 7);
	spec.asked_ms = NOW_MS - 10;
	spec.now_ms = NOW_MS + 20;
	cache_flush_zone(cache, wire("flushed.example."), &flush);
	assert_int_equal(put(cache, spec), ONE_SHOT);
	(void)finish(&count);
	settle(cache, NOW_MS); // for room
	// The walk is over, but such answers still come.
	assert_int_equal(put(cache, spec), ONE_SHOT);
	assert_false(hits(cache, "late.flushed.example.", TYPE_A));
	spec.security = SECURITY_UNPROVEN;
	assert_int_equal(cache_publish(cache, &spec, &entry), ONE_SHOT);
	cache_unpin(cache, entry);
	struct lookup lookup = ask_unproven(cache, "late.flushed.example.", TYPE_A);
	assert_int_equal(lookup.status, LOOKUP_MISS);
	assert_int_equal(put(cache, spec_a("late.other.example.", 7)), PUBLISHED);
}

static void two_at_once_are_each_counted_to_their_end(void **state)
{
	struct cache_flush first;
	size_t count;

	(void)state;
	fill("one.example.");
	fill("two.example.");
	cache_flush_zone(cache, wire("one.example."), &first);
	for (int i = 0; i < 10; i++)
		(void)flushes_run(cache, NOW_MS);
	cache_flush_zone(cache, wire("two.example."), &flush);
	while (!cache_flush_over(cache, &first, &count))
		(void)flushes_run(cache, NOW_MS);
	assert_int_equal(count, MANY);
	assert_false(cache_flush_over(cache, &flush, &count));
	nothing_of("two.example.");
	(void)finish(&count);
	assert_int_equal(count, MANY);
	assert_int_equal(counters_of(cache).entries, 0);
}

static void a_second_one_of_the_same_zone_ends_what_came_between(void **state)
{
	size_t count;

	(void)state;
	fill("flushed.example.");
	cache_flush_zone(cache, wire("flushed.example."), &flush);
	(void)flushes_run(cache, NOW_MS);
	struct entry_spec spec = spec_a("n97.flushed.example.", 7);
	spec.now_ms = spec.asked_ms = NOW_MS + 10;
	assert_int_equal(put(cache, spec), PUBLISHED);
	assert_int_equal(ask_at(cache, "n97.flushed.example.", TYPE_A, NOW_MS + 10).status,
			 LOOKUP_HIT);
	cache_flush_zone(cache, wire("flushed.example."), &flush);
	assert_int_equal(ask_at(cache, "n97.flushed.example.", TYPE_A, NOW_MS + 10).status,
			 LOOKUP_MISS);
	(void)finish(&count);
	assert_int_equal(counters_of(cache).entries, 0);
}

static void the_root_is_all_of_it(void **state)
{
	size_t count;

	(void)state;
	fill("one.example.");
	struct entry_spec spec = spec_a("unproven.example.", 1);
	spec.security = SECURITY_UNPROVEN;
	assert_int_equal(put(cache, spec), PUBLISHED);
	cache_flush_zone(cache, wire("."), &flush);
	nothing_of("one.example.");
	assert_int_equal(ask_unproven(cache, "unproven.example.", TYPE_A).status, LOOKUP_MISS);
	(void)finish(&count);
	assert_int_equal(count, MANY + 1);
	assert_int_equal(counters_of(cache).entries + counters_of(cache).unproven, 0);
}

static void every_kind_is_gone_at_once(void **state)
{
	(void)state;
	fill("filler.example."); // so that the first slice does not reach all
	put(cache, spec_cname("alias.flushed.example.", "n1.filler.example."));
	put(cache, spec_dname("tree.flushed.example.", "filler.example."));
	put(cache, spec_nodata("nodata.flushed.example.", TYPE_MX));
	put(cache, spec_nxdomain("none.flushed.example."));
	put(cache, spec_failure("failed.flushed.example.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY));
	put(cache, spec_cname("outside.example.", "alias.flushed.example."));
	assert_true(hits(cache, "n1.tree.flushed.example.", TYPE_A));
	assert_true(hits(cache, "x.none.flushed.example.", TYPE_A));
	cache_flush_zone(cache, wire("flushed.example."), &flush);
	assert_false(hits(cache, "alias.flushed.example.", TYPE_A));
	assert_false(hits(cache, "outside.example.", TYPE_A)); // its target is gone
	assert_false(hits(cache, "tree.flushed.example.", TYPE_DNAME));
	assert_false(hits(cache, "n1.tree.flushed.example.", TYPE_A));
	assert_false(hits(cache, "nodata.flushed.example.", TYPE_MX));
	assert_false(hits(cache, "none.flushed.example.", TYPE_A));
	assert_false(hits(cache, "x.none.flushed.example.", TYPE_A));
	assert_int_equal(ask(cache, "failed.flushed.example.", TYPE_A).status, LOOKUP_MISS);
	assert_null(cache_find_failure(cache, wire("failed.flushed.example."), TYPE_A));
	assert_true(hits(cache, "n1.filler.example.", TYPE_A));
}

static void bursts_and_the_short_lane_leave_it(void **state)
{
	const char *names[] = {"n1.flushed.example.", "n1.other.example."};
	struct lookup lookups[2];
	struct lookup *burst[2] = {&lookups[0], &lookups[1]};
	struct glance glance = {0};

	(void)state;
	fill("flushed.example.");
	fill("other.example.");
	cache_flush_zone(cache, wire("flushed.example."), &flush);
	for (size_t i = 0; i < 2; i++) {
		lookups[i] = (struct lookup){.name = wire(names[i]),
					     .name_len = (uint16_t)name_len(wire(names[i])),
					     .type = TYPE_A,
					     .now_ms = NOW_MS,
					     .now_s = NOW_S};
		struct position position;
		uint64_t hash = cache_hash(cache, wire(names[i]), name_len(wire(names[i])));
		struct table *table = &cache_shard(cache, hash)->answers.table;
		assert_true(table_find(table, hash, wire(names[i]), name_len(wire(names[i])),
				       TYPE_A, &position));
		glance.entries[i] = table_at(table, &position);
	}
	cache_lookup_burst(cache, burst, 2);
	assert_int_equal(lookups[0].status, LOOKUP_MISS);
	assert_int_equal(lookups[1].status, LOOKUP_HIT);
	glance_leave_flushed(cache, &glance, 2);
	assert_null(glance.entries[0]);
	assert_non_null(glance.entries[1]);
}

static void an_entry_that_eviction_moves_is_no_newer(void **state)
{
	size_t count;

	(void)state;
	fill("flushed.example.");
	for (unsigned i = 0; i < MANY; i += 3) {
		char name[64];
		snprintf(name, sizeof(name), "n%u.flushed.example.", i);
		assert_true(hits(cache, name, TYPE_A)); // visited: it would be kept
	}
	cache_flush_zone(cache, wire("flushed.example."), &flush);
	(void)flushes_run(cache, NOW_MS);
	for (unsigned i = 0; i < 200000; i++) { // more than there is room for
		char name[64];
		snprintf(name, sizeof(name), "m%u.other.example.", i);
		struct entry_spec spec = spec_a(name, i);
		spec.now_ms = NOW_MS + 10;
		(void)put(cache, spec);
		if (i % 512 == 0)
			(void)cache_maintain(cache, NOW_MS + 10);
	}
	nothing_of("flushed.example.");
	(void)finish(&count);
	nothing_of("flushed.example.");
}

static void it_is_forgotten_when_nothing_of_before_can_come(void **state)
{
	size_t count;

	(void)state;
	fill("flushed.example.");
	cache_flush_zone(cache, wire("flushed.example."), &flush);
	(void)finish(&count);
	assert_int_equal(cache->flushes.used, 1);
	(void)cache_maintain(cache, NOW_MS + FLUSH_KEPT_MS - 1);
	assert_int_equal(cache->flushes.used, 1);
	assert_true(cache_flushed_since(cache, wire("a.flushed.example."), NOW_MS - 1));
	assert_false(cache_flushed_since(cache, wire("a.flushed.example."), NOW_MS));
	while (cache->flushes.used > 0)
		(void)cache_maintain(cache, NOW_MS + FLUSH_KEPT_MS);
	assert_false(cache_flushed_since(cache, wire("a.flushed.example."), NOW_MS - 1));
}

// The rest of the cache goes, rather than that anything old is answered.
static void more_zones_than_there_are_places_for_flush_all(void **state)
{
	char name[64];

	(void)state;
	fill("other.example.");
	put(cache, spec_a("last.example.", 1));
	for (unsigned i = 0; i < FLUSHES_MAX; i++) {
		snprintf(name, sizeof(name), "z%u.example.", i);
		cache_flush_zone(cache, wire(name), &flush);
	}
	put(cache, spec_a("last.example.", 1));
	cache_flush_zone(cache, wire("last.example."), &flush);
	assert_false(hits(cache, "last.example.", TYPE_A));
	assert_true(cache->flushes.used <= FLUSHES_USED_MAX + 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(it_holds_from_the_first_moment_to_the_last),
		TEST(o31_no_slice_looks_at_more_than_its_share),
		TEST(o31_what_readers_let_go_is_freed_in_shares),
		TEST(what_is_asked_after_it_is_kept),
		TEST(what_was_asked_before_it_is_given_by_value),
		TEST(two_at_once_are_each_counted_to_their_end),
		TEST(a_second_one_of_the_same_zone_ends_what_came_between),
		TEST(the_root_is_all_of_it),
		TEST(every_kind_is_gone_at_once),
		TEST(bursts_and_the_short_lane_leave_it),
		TEST(an_entry_that_eviction_moves_is_no_newer),
		TEST(it_is_forgotten_when_nothing_of_before_can_come),
		TEST(more_zones_than_there_are_places_for_flush_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
