// Cached denial that is flushed: not said from the first moment, taken out in slices.
#include "dataplane/cache/shard.h"
#include "tests/unit/dataplane/cache/denial/chain.h"

#define MANY 20000 // zones: a walk of many slices

static int setup(void **state)
{
	cache = denial_cache(64, 16 << 20, 2);
	*state = cache;
	return 0;
}

static int teardown(void **state)
{
	cache_free(*state);
	return 0;
}

// A zone of which everything but its apex is denied.
static void put_zone(const char *zone)
{
	assert_true(put_soa(zone, TTL_S));
	assert_int_equal(put_nsec(zone, zone, zone, "NS SOA RRSIG NSEC"), DENIAL_KEPT);
}

static void put_zones(void)
{
	char zone[64];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(zone, sizeof(zone), "z%u.example.", i);
		assert_true(put_soa(zone, TTL_S));
	}
}

static bool is_denied(const char *name)
{
	return deny(name, TYPE_A).kind == DENIED_NXDOMAIN;
}

static bool count_zone(const struct denial_facts *facts, void *arg)
{
	(void)facts;
	++*(unsigned *)arg;
	return true;
}

static unsigned zones_listed(void)
{
	unsigned count = 0;

	cache_denial_walk(cache, count_zone, &count);
	return count;
}

static void begin_flush(const char *zone)
{
	struct cache_flush flush;

	cache_flush_zone(cache, wire(zone), &flush);
}

static void o31_denial_is_taken_out_in_slices(void **state)
{
	unsigned slices = 0;

	(void)state;
	put_zones();
	put_zone("said.example.");
	put_zone("other.");
	const uint64_t before = counters_of(cache).denial_zones;
	assert_true(before > MANY / 2);
	begin_flush("example.");
	assert_int_equal(cache->flushes.largest, 0); // nothing is gone through by the call itself
	assert_int_equal(counters_of(cache).denial_zones, before);
	do {
		assert_false(is_denied("a.said.example."));
		assert_true(is_denied("a.other."));
		assert_int_equal(zones_listed(), 1);
		slices++;
	} while (flushes_run(cache, NOW_MS));
	assert_true(slices > MANY / FLUSH_SLICE / 2);
	assert_true(cache->flushes.largest <=
		    FLUSH_SLICE + INDEX_SLOTS + TABLE_CHAIN_MAX * LINE_SLOTS);
	assert_int_equal(counters_of(cache).denial_zones, 1);
	assert_true(is_denied("a.other."));
	assert_false(is_denied("a.said.example."));
}

static void all_of_it_goes_with_everything(void **state)
{
	(void)state;
	put_zones();
	put_zone("other.");
	begin_flush(".");
	assert_false(is_denied("a.other."));
	assert_int_equal(zones_listed(), 0);
	while (flushes_run(cache, NOW_MS))
		;
	assert_int_equal(counters_of(cache).denial_zones, 0);
}

static void what_is_kept_after_a_flush_is_said_and_stays(void **state)
{
	(void)state;
	put_zones();
	put_zone("said.example.");
	begin_flush("example.");
	put_zone("said.example.");
	put_zone("new.example.");
	do {
		assert_true(is_denied("a.said.example."));
		assert_true(is_denied("a.new.example."));
	} while (flushes_run(cache, NOW_MS));
	assert_true(is_denied("a.said.example."));
	assert_true(is_denied("a.new.example."));
	assert_int_equal(counters_of(cache).denial_zones, 2);
}

// Of an old chain nothing comes back with a new SOA, nor with a new record.
static void nothing_of_before_comes_back_with_what_is_new(void **state)
{
	(void)state;
	put_zones();
	put_zone("said.example.");
	begin_flush("said.example.");
	assert_true(put_soa("said.example.", TTL_S));
	assert_false(is_denied("a.said.example."));
	while (flushes_run(cache, NOW_MS))
		assert_false(is_denied("a.said.example."));
	assert_false(is_denied("a.said.example."));
}

static void second_flush_ends_what_came_after_the_first(void **state)
{
	(void)state;
	put_zones();
	begin_flush("said.example.");
	(void)flushes_run(cache, NOW_MS);
	put_zone("said.example.");
	assert_true(is_denied("a.said.example."));
	begin_flush("said.example.");
	assert_false(is_denied("a.said.example."));
	while (flushes_run(cache, NOW_MS))
		assert_false(is_denied("a.said.example."));
	assert_false(is_denied("a.said.example."));
}

static void zones_below_a_barred_name_are_not_heard(void **state)
{
	(void)state;
	put_zones();
	put_zone("a.said.example.");
	assert_true(cache_denial_bar(cache, wire("said.example.")));
	assert_false(is_denied("b.a.said.example."));
	while (flushes_run(cache, NOW_MS))
		assert_false(is_denied("b.a.said.example."));
	cache_denial_unbar(cache, wire("said.example."));
	assert_false(is_denied("b.a.said.example."));
	put_zone("a.said.example.");
	assert_true(is_denied("b.a.said.example."));
}

static void barred_name_and_fence_outlive_a_flush_of_them(void **state)
{
	(void)state;
	put_zone("example.");
	assert_true(cache_denial_bar(cache, wire("barred.example.")));
	assert_true(cache_denial_fence(cache, wire("fenced.example.")));
	put_zones();
	put_zone("fenced.example.");
	begin_flush("example.");
	put_zone("example.");
	do {
		assert_false(is_denied("a.barred.example."));
		assert_false(is_denied("a.fenced.example."));
		assert_true(is_denied("a.else.example."));
	} while (flushes_run(cache, NOW_MS));
	assert_false(is_denied("a.barred.example."));
	assert_false(is_denied("a.fenced.example."));
	put_zone("fenced.example.");
	assert_true(is_denied("a.fenced.example."));
}

// The names of a burst share what was found of the one before.
static void burst_says_nothing_of_what_is_forgotten(void **state)
{
	struct lookup lookups[3];
	const struct lookup *all[3];
	struct denial_answer answers[3];
	struct denial_memo memo = {.labels = 0};
	static const char *const names[] = {"a.said.example.", "b.said.example.", "c.other."};

	(void)state;
	put_zones();
	put_zone("said.example.");
	put_zone("other.");
	for (unsigned i = 0; i < 3; i++) {
		lookups[i] = ask(cache, names[i], TYPE_A);
		lookups[i].sibling = i == 1;
		all[i] = &lookups[i];
	}
	cache_deny_burst(cache, all, answers, 3, &memo);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(answers[i].kind, DENIED_NXDOMAIN);
	begin_flush("said.example.");
	for (unsigned turn = 0; turn < 2; turn++) {
		memo = (struct denial_memo){.labels = 0};
		cache_deny_burst(cache, all, answers, 3, &memo);
		assert_int_equal(answers[0].kind, DENIED_NOT);
		assert_int_equal(answers[1].kind, DENIED_NOT);
		assert_int_equal(answers[2].kind, DENIED_NXDOMAIN);
		while (flushes_run(cache, NOW_MS))
			;
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(o31_denial_is_taken_out_in_slices),
		TEST(all_of_it_goes_with_everything),
		TEST(what_is_kept_after_a_flush_is_said_and_stays),
		TEST(nothing_of_before_comes_back_with_what_is_new),
		TEST(second_flush_ends_what_came_after_the_first),
		TEST(zones_below_a_barred_name_are_not_heard),
		TEST(barred_name_and_fence_outlive_a_flush_of_them),
		TEST(burst_says_nothing_of_what_is_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
