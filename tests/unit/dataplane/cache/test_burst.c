// The short lane of a burst against the look-up of one: same results over a fuzzed cache.
#include "tests/unit/dataplane/cache/fixture.h"

#include "dataplane/cache/shard.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES 40
#define TYPES 12
#define BURST_MAX 150 // more than one stage
#define ROUNDS 400

static unsigned seed;

static unsigned below(unsigned limit)
{
	return (unsigned)rand_r(&seed) % limit;
}

static const char *random_name(void)
{
	static char text[64];
	unsigned n = below(NAMES);

	// Some stand below others, for what ancestors rule.
	if (n % 4 == 0)
		snprintf(text, sizeof(text), "a.n%u.example.", n + 1);
	else
		snprintf(text, sizeof(text), "n%u.example.", n);
	return text;
}

// So many at one name that its bucket grows lines.
static uint16_t random_type(void)
{
	static const uint16_t types[TYPES] = {TYPE_A, TYPE_A, TYPE_A, TYPE_AAAA, TYPE_TXT,
		TYPE_MX, TYPE_DS, TYPE_NSEC, TYPE_NS, TYPE_SRV, TYPE_PTR, TYPE_CAA};

	return types[below(TYPES)];
}

static struct entry_spec random_kind(void)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", random_name());
	switch (below(16)) {
	case 0:
	case 6:
	case 7:
	case 8:
		return spec_cname(name, random_name());
	case 1:
		return spec_dname(name, "example.");
	case 2:
		return spec_nodata(name, random_type());
	case 3:
		return spec_nxdomain(name);
	case 4:
	case 5:
		return spec_failure(name, random_type(), EDE_OTHER);
	default:
		return spec_bytes(name, random_type(), 1 + below(300));
	}
}

static void put_some(struct cache *cache)
{
	for (unsigned n = below(60); n > 0; n--) {
		struct entry_spec spec = random_kind();

		spec.now_ms = NOW_MS - below(2) * below(2 * TTL_S * 1000);
		if (below(8) == 0)
			spec.signature_expires_s = NOW_S + (int)below(3) - 1;
		if (spec.kind != ENTRY_FAILURE && below(8) == 0)
			spec.security = SECURITY_UNPROVEN;
		else if (below(4) == 0)
			spec.security = SECURITY_INSECURE;
		assert_int_not_equal(put(cache, spec), PUBLISH_FAILED);
	}
}

static struct lookup random_lookup(uint8_t name[NAME_MAX_LEN])
{
	static const uint16_t odd[] = {0, TYPE_ANY, TYPE_RRSIG, TYPE_CNAME, TYPE_DNAME};
	const uint8_t *text = wire(random_name());

	memcpy(name, text, name_len(text));
	return (struct lookup){
		.name = name,
		.name_len = (uint16_t)name_len(name),
		.type = below(6) == 0 ? odd[below(5)] : random_type(),
		.unproven = below(4) == 0,
		.dnssec = below(2) == 0,
		.now_ms = NOW_MS + below(3) * TTL_S * 500,
		.now_s = NOW_S + (int)below(3) - 1,
	};
}

static void assert_same(const struct lookup *one, const struct lookup *many)
{
	assert_int_equal(one->hash, many->hash);
	assert_int_equal(one->status, many->status);
	assert_int_equal(one->count, many->count);
	assert_int_equal(one->stale_count, many->stale_count);
	assert_memory_equal(one->links, many->links, one->count * sizeof(one->links[0]));
	assert_memory_equal(one->stale_links, many->stale_links,
			    one->stale_count * sizeof(one->stale_links[0]));
}

static void burst_agrees_with_single_lookups_over_a_fuzzed_cache(void **state)
{
	(void)state;
	static uint8_t names[BURST_MAX][NAME_MAX_LEN];
	static struct lookup single[BURST_MAX], burst[BURST_MAX];
	struct lookup *pointers[BURST_MAX];
	unsigned statuses[3] = {0}, chains = 0, stale = 0;
	struct cache *cache = fixture_cache(8, 2);

	seed = 4;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned count = below(BURST_MAX + 1);

		put_some(cache);
		for (unsigned i = 0; i < count; i++) {
			single[i] = random_lookup(names[i]);
			burst[i] = single[i];
			// Nothing may be left from before.
			burst[i].status = LOOKUP_FAILURE;
			burst[i].count = burst[i].stale_count = 9;
			pointers[i] = &burst[i];
			cache_lookup(cache, &single[i]);
		}
		cache_lookup_burst(cache, pointers, count);
		for (unsigned i = 0; i < count; i++) {
			assert_same(&single[i], &burst[i]);
			statuses[burst[i].status]++;
			chains += burst[i].status == LOOKUP_HIT && burst[i].count > 1;
			stale += burst[i].stale_count > 0;
		}
	}
	for (unsigned i = 0; i < 3; i++)
		assert_true(statuses[i] > ROUNDS);
	assert_true(chains > ROUNDS);
	assert_true(stale > ROUNDS);
	settle(cache, NOW_MS);
	cache_free(cache);
}

// What a burst finds by its short lane counts as used, as what one look-up finds does.
static void burst_marks_what_it_finds_as_visited(void **state)
{
	(void)state;
	struct cache *cache = fixture_cache(8, 1);
	struct lookup lookup = {.name = wire("www.example."), .type = TYPE_A, .now_ms = NOW_MS,
				.now_s = NOW_S};
	struct lookup *pointer = &lookup;
	struct table *table = &cache->shards[0].answers.table;
	struct position position;

	lookup.name_len = (uint16_t)name_len(lookup.name);
	assert_int_equal(put(cache, spec_a("www.example.", 1)), PUBLISHED);
	uint64_t hash = cache_hash(cache, lookup.name, lookup.name_len);
	assert_true(table_find(table, hash, lookup.name, lookup.name_len, TYPE_A, &position));
	position_set_visited(&position, false);
	cache_lookup_burst(cache, &pointer, 1);
	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_true(position_visited(&position));
	settle(cache, NOW_MS);
	cache_free(cache);
}

// The bits of a hash that the short lane compares agree for many names: the name decides.
static void names_that_look_alike_get_each_their_own(void **state)
{
	(void)state;
	struct cache *cache = fixture_cache(8, 1);
	const struct table *table = &cache->shards[0].answers.table;
	struct lookup lookup = {.type = TYPE_A, .now_ms = NOW_MS, .now_s = NOW_S};
	struct lookup *pointer = &lookup;
	unsigned alike = 0;
	char name[64];

	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "n%u.example.", i);
		assert_int_equal(put(cache, spec_a(name, i)), PUBLISHED);
	}
	for (unsigned i = 0; alike < 3 && i < 50000000; i++) {
		struct candidate guess;
		snprintf(name, sizeof(name), "x%u.example.", i);
		lookup.name = wire(name);
		lookup.name_len = (uint16_t)name_len(lookup.name);
		if (!table_guess(table, cache_hash(cache, lookup.name, lookup.name_len), TYPE_A,
				 &guess))
			continue;
		cache_lookup_burst(cache, &pointer, 1);
		assert_int_equal(lookup.status, LOOKUP_MISS);
		alike++;
	}
	assert_int_equal(alike, 3);
	settle(cache, NOW_MS);
	cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_agrees_with_single_lookups_over_a_fuzzed_cache),
		cmocka_unit_test(burst_marks_what_it_finds_as_visited),
		cmocka_unit_test(names_that_look_alike_get_each_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
