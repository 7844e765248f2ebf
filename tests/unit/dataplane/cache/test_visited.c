#include "dataplane/dns/types.h"
#include "tests/unit/dataplane/cache/fixture.h"

static int new_cache(void **state)
{
	*state = fixture_cache(2, 2);
	return 0;
}

static int free_cache(void **state)
{
	settle(*state, NOW_MS);
	cache_free(*state);
	return 0;
}

static const struct entry *by_hash(struct cache *cache, const char *name, uint16_t type)
{
	const uint8_t *n = wire(name);

	return cache_find_hash(cache, cache_hash(cache, n, name_len(n)), type);
}

static void entry_is_found_by_hash_and_type(void **state)
{
	struct cache *cache = *state;

	put(cache, spec_a("a.example.", 1));
	put(cache, spec_nodata("a.example.", TYPE_MX));
	put(cache, spec_failure("a.example.", TYPE_TXT, 22));
	assert_ptr_equal(by_hash(cache, "a.example.", TYPE_A),
			 cache_find(cache, wire("a.example."), TYPE_A));
	assert_ptr_equal(by_hash(cache, "a.example.", TYPE_MX),
			 cache_find(cache, wire("a.example."), TYPE_MX));
	assert_non_null(by_hash(cache, "a.example.", TYPE_A));
	assert_null(by_hash(cache, "a.example.", TYPE_TXT));
	assert_null(by_hash(cache, "b.example.", TYPE_A));
}

static void only_readers_hits_mark_an_entry(void **state)
{
	struct cache *cache = *state;

	put(cache, spec_a("a.example.", 1));
	const struct entry *entry = by_hash(cache, "a.example.", TYPE_A);
	assert_false(cache_mark_visited(cache, entry, false));
	assert_true(hits(cache, "a.example.", TYPE_A));
	assert_true(cache_mark_visited(cache, entry, false));
	assert_false(cache_mark_visited(cache, entry, false));
	assert_false(cache_mark_visited(cache, entry, true));
	assert_true(cache_mark_visited(cache, entry, true));
}

static void entry_that_was_taken_out_is_not_marked(void **state)
{
	struct cache *cache = *state;

	put(cache, spec_a("a.example.", 1));
	const struct entry *entry = by_hash(cache, "a.example.", TYPE_A);
	cache_pin(cache, entry);
	assert_true(hits(cache, "a.example.", TYPE_A));
	assert_int_equal(cache_flush_name(cache, wire("a.example.")), 1);
	assert_false(cache_mark_visited(cache, entry, true));
	cache_unpin(cache, entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(entry_is_found_by_hash_and_type, new_cache,
						free_cache),
		cmocka_unit_test_setup_teardown(only_readers_hits_mark_an_entry, new_cache,
						free_cache),
		cmocka_unit_test_setup_teardown(entry_that_was_taken_out_is_not_marked, new_cache,
						free_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
