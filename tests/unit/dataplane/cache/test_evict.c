#include "tests/unit/dataplane/cache/fixture.h"

#include "dataplane/dns/types.h"

#include <stdio.h>
#include <string.h>

static int new_cache(void **state)
{
	*state = fixture_cache(16, 2);
	return 0;
}

static int free_cache(void **state)
{
	assert_counters_add_up(*state);
	settle(*state, NOW_MS);
	cache_free(*state);
	return 0;
}

static struct entry_spec numbered(const char *form, unsigned n)
{
	char name[64];

	snprintf(name, sizeof(name), form, n);
	return spec_a(name, n);
}

// Lets the reclaimer keep up, as an event loop does that waits for packets.
static enum publish_status put_patiently(struct cache *cache, struct entry_spec spec)
{
	enum publish_status status = put(cache, spec);

	for (unsigned i = 0; i < 3 && status == ONE_SHOT; i++) {
		settle(cache, spec.now_ms);
		status = put(cache, spec);
	}
	return status;
}

// Names that stay in use, and between them three times as many that do not.
static void put_among_others(struct cache *cache, unsigned hot)
{
	for (unsigned i = 0; i < hot; i++) {
		assert_int_equal(put_patiently(cache, numbered("hot%u.example.", i)), PUBLISHED);
		for (unsigned j = 0; j < 3; j++)
			(void)put_patiently(cache, numbered("cold%u.example.", 3 * i + j));
	}
}

static unsigned count_hits(struct cache *cache, const char *form, unsigned count)
{
	unsigned found = 0;
	char name[64];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), form, i);
		found += hits(cache, name, TYPE_A);
	}
	return found;
}

// ATTACKS O14
static void O14_full_cache_goes_on_taking_entries(void **state)
{
	unsigned published = 0;

	for (unsigned i = 0; i < 300000; i++)
		published += put_patiently(*state, numbered("host%u.example.", i)) == PUBLISHED;
	struct cache_counters c = counters_of(*state);
	assert_in_range(published, 299000, 300000);
	assert_true(c.evicted > 100000);
	assert_int_equal(c.expired, 0);
	assert_int_equal(c.flushed, 0);
	assert_true(c.bytes_used <= c.bytes_budget);
	assert_counters_add_up(*state);
	assert_in_range(count_hits(*state, "host2999%02u.example.", 100), 95, 100);
}

static size_t bytes_per_entry(struct cache *cache, struct entry_spec (*make)(unsigned n))
{
	unsigned n = 0;

	while (counters_of(cache).evicted == 0)
		assert_int_equal(put_patiently(cache, make(n++)), PUBLISHED);
	struct cache_counters c = counters_of(cache);
	return (size_t)(c.bytes_used / c.entries);
}

static struct entry_spec plain_a(unsigned n)
{
	return numbered("host-%06u.example.com.", n);
}

// An RRSIG of P-256 over it: 18 bytes, the signer's name and 64 bytes of signature.
static struct entry_spec signed_a(unsigned n)
{
	static struct record rrsig;
	static uint8_t rdata[18 + 13 + 64];
	struct entry_spec spec = plain_a(n);

	rrsig = (struct record){.owner = spec.name, .rdata = rdata, .ttl_s = TTL_S,
				.type = TYPE_RRSIG, .class_ = CLASS_IN, .rdlen = sizeof(rdata)};
	spec.rrsigs = &rrsig;
	spec.rrsig_count = 1;
	return spec;
}

static void plain_a_takes_at_most_256_bytes_with_its_index(void **state)
{
	assert_in_range(bytes_per_entry(*state, plain_a), 100, 256);
}

static void signed_a_takes_at_most_448_bytes_with_its_index(void **state)
{
	assert_in_range(bytes_per_entry(*state, signed_a), 200, 448);
}

// ATTACKS D8: names that are asked for once pass by those that are asked for again.
static void D8_scan_does_not_push_out_names_in_use(void **state)
{
	const unsigned hot = 10000;

	put_among_others(*state, hot);
	for (unsigned i = 0; i < 500000; i++) {
		char name[64];
		(void)put_patiently(*state, numbered("scan%u.example.", i));
		// A hot name is asked for about once in 20,000 names of the scan.
		if (i % 2 == 0) {
			snprintf(name, sizeof(name), "hot%u.example.", i / 2 % hot);
			(void)hits(*state, name, TYPE_A);
		}
	}
	assert_true(counters_of(*state).evicted > 300000);
	assert_in_range(count_hits(*state, "hot%u.example.", hot), hot / 100 * 95, hot);
}

// Survivors stand apart from what is new, so that the hand does not come back to them each time
// that the cache has been filled once more.
static void D8_names_in_use_outlast_a_scan_of_several_caches(void **state)
{
	const unsigned hot = 5000;

	put_among_others(*state, hot);
	(void)count_hits(*state, "hot%u.example.", hot);
	for (unsigned i = 0; i < 600000; i++)
		(void)put_patiently(*state, numbered("scan%u.example.", i));
	assert_true(counters_of(*state).evicted > 4 * counters_of(*state).entries);
	assert_in_range(count_hits(*state, "hot%u.example.", hot), hot / 100 * 95, hot);
}

// Many objects of one size, then of another: the memory follows.
static void space_follows_the_sizes_in_use(void **state)
{
	unsigned large = 0;

	for (unsigned i = 0; i < 150000; i++)
		(void)put_patiently(*state, numbered("small%u.example.", i));
	for (unsigned i = 0; i < 30000; i++) {
		char name[64];
		snprintf(name, sizeof(name), "large%u.example.", i);
		(void)put_patiently(*state, spec_bytes(name, TYPE_A, 3000));
	}
	for (unsigned i = 0; i < 30000; i++) {
		char name[64];
		snprintf(name, sizeof(name), "large%u.example.", i);
		large += hits(*state, name, TYPE_A);
	}
	assert_true(large * 3000ul > counters_of(*state).bytes_budget / 100 * 60);
	assert_in_range(count_hits(*state, "small%u.example.", 150000), 0, 15000);
	for (unsigned i = 0; i < 150000; i++)
		(void)put_patiently(*state, numbered("small%u.example.", i));
	assert_in_range(count_hits(*state, "small%u.example.", 150000), 60000, 150000);
}

static void kept_entry_moves_and_keeps_what_it_says(void **state)
{
	const struct entry *before[1000];
	unsigned moved = 0, kept = 0;
	char name[64];

	put_among_others(*state, 1000);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "hot%u.example.", i);
		before[i] = cache_find(*state, wire(name), TYPE_A);
	}
	for (unsigned i = 0; i < 200000; i++) {
		(void)put_patiently(*state, numbered("scan%u.example.", i));
		if (i % 20000 == 0)
			(void)count_hits(*state, "hot%u.example.", 1000);
	}
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "hot%u.example.", i);
		struct lookup lookup = ask(*state, name, TYPE_A);
		if (lookup.status != LOOKUP_HIT)
			continue;
		kept++;
		moved += lookup.links[0] != before[i];
		assert_int_equal(address_of(lookup.links[0]), i);
		assert_int_equal(lookup.links[0]->expires_ms, NOW_MS + TTL_S * 1000);
	}
	assert_in_range(kept, 950, 1000);
	assert_in_range(moved, 500, 1000);
}

static void pinned_entry_outlives_its_eviction(void **state)
{
	const struct entry *pinned[200];

	for (unsigned i = 0; i < 200; i++) {
		struct entry_spec spec = numbered("pinned%u.example.", i);
		assert_int_equal(cache_publish(*state, &spec, &pinned[i]), PUBLISHED);
	}
	for (unsigned i = 0; i < 200000; i++)
		(void)put_patiently(*state, numbered("scan%u.example.", i));
	assert_in_range(count_hits(*state, "pinned%u.example.", 200), 0, 20);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(address_of(pinned[i]), i);
		cache_unpin(*state, pinned[i]);
	}
}

// ---- the sweep ----

static void sweep_takes_out_what_is_past_its_stale_time(void **state)
{
	uint64_t end_ms = NOW_MS + (TTL_S + STALE_S) * 1000;
	struct entry_spec later = spec_a("later.example.", 1);

	later.ttl_s = 100 * TTL_S;
	assert_int_equal(put(*state, later), PUBLISHED);
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(put(*state, numbered("host%u.example.", i)), PUBLISHED);
	for (unsigned i = 0; i < 200; i++)
		cache_maintain(*state, end_ms - 1000 + i);
	assert_int_equal(counters_of(*state).expired, 0);
	for (unsigned i = 0; i < 100; i++)
		cache_maintain(*state, end_ms + i * 1000);
	assert_int_equal(counters_of(*state).expired, 5000);
	assert_int_equal(counters_of(*state).evicted, 0);
	assert_int_equal(counters_of(*state).entries, 1);
	settle(*state, end_ms);
}

static void sweep_of_one_call_is_bounded(void **state)
{
	uint64_t end_ms = NOW_MS + (TTL_S + STALE_S) * 1000;

	for (unsigned i = 0; i < 30000; i++)
		assert_int_equal(put_patiently(*state, numbered("host%u.example.", i)),
				 PUBLISHED);
	cache_maintain(*state, end_ms);
	assert_in_range(counters_of(*state).expired, 1, 2 * 512 * 28);
	assert_true(counters_of(*state).entries > 0);
}

static void memory_of_expired_entries_is_free_again(void **state)
{
	uint64_t empty = counters_of(*state).bytes_used;

	for (unsigned i = 0; i < 20000; i++)
		assert_int_equal(put(*state, numbered("host%u.example.", i)), PUBLISHED);
	assert_true(counters_of(*state).bytes_used > empty + 20000 * 100);
	for (unsigned i = 0; i < 100; i++)
		settle(*state, NOW_MS + (TTL_S + STALE_S + i) * 1000);
	assert_int_equal(counters_of(*state).bytes_used, empty);
}

static void config_that_makes_no_cache_is_refused_in_words(void **state)
{
	char err[200] = "";
	struct cache_config config = {.memory_bytes = 1000, .shards = 1};

	(void)state;
	assert_null(cache_new(&config, err, sizeof(err)));
	assert_non_null(strstr(err, "memory"));
	config.memory_bytes = 8 << 20;
	config.shards = 3;
	assert_null(cache_new(&config, err, sizeof(err)));
	assert_non_null(strstr(err, "shards"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_cache, free_cache)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(O14_full_cache_goes_on_taking_entries),
		TEST(plain_a_takes_at_most_256_bytes_with_its_index),
		TEST(signed_a_takes_at_most_448_bytes_with_its_index),
		TEST(D8_scan_does_not_push_out_names_in_use),
		TEST(D8_names_in_use_outlast_a_scan_of_several_caches),
		TEST(space_follows_the_sizes_in_use),
		TEST(kept_entry_moves_and_keeps_what_it_says),
		TEST(pinned_entry_outlives_its_eviction),
		TEST(sweep_takes_out_what_is_past_its_stale_time),
		TEST(sweep_of_one_call_is_bounded),
		TEST(memory_of_expired_entries_is_free_again),
		cmocka_unit_test(config_that_makes_no_cache_is_refused_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
