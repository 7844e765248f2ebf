#include "tests/unit/dataplane/cache/fixture.h"

#include "dataplane/dns/types.h"

#include <stdio.h>
#include <string.h>

static int new_cache(void **state)
{
	*state = fixture_cache(8, 2); // two shards: nothing may depend on there being one
	return 0;
}

static int free_cache(void **state)
{
	assert_counters_add_up(*state);
	settle(*state, NOW_MS);
	cache_free(*state);
	return 0;
}

static void published_entry_is_found(void **state)
{
	assert_int_equal(put(*state, spec_a("www.example.", 7)), PUBLISHED);
	struct lookup lookup = ask(*state, "www.example.", TYPE_A);

	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.count, 1);
	assert_int_equal(address_of(lookup.links[0]), 7);
	assert_false(hits(*state, "www.example.", TYPE_AAAA));
	assert_false(hits(*state, "example.", TYPE_A));
}

static void published_name_is_lowered(void **state)
{
	assert_int_equal(put(*state, spec_a("WwW.ExAmPlE.", 7)), PUBLISHED);
	assert_true(hits(*state, "www.example.", TYPE_A));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_cache, free_cache)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(published_entry_is_found),
		TEST(published_name_is_lowered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
