// Tests that each have a small cache of their own, in *state.
#pragma once

#include "tests/unit/dataplane/cache/fixture.h"

static inline int new_cache(void **state)
{
	*state = fixture_cache(8, 2); // two shards: chains cross them
	return 0;
}

static inline int free_cache(void **state)
{
	assert_counters_add_up(*state);
	assert_int_equal(counters_of(*state).bytes_one_shot, 0);
	settle(*state, NOW_MS);
	cache_free(*state);
	return 0;
}

#define cached(f) cmocka_unit_test_setup_teardown(f, new_cache, free_cache)
#define PUT(spec) assert_int_equal(put(*state, spec), PUBLISHED)

static inline bool held(struct cache *cache, const char *name, uint16_t type)
{
	return cache_find(cache, wire(name), type) != NULL;
}
