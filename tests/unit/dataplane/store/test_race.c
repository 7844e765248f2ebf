// ATTACKS B15: what control tells the poll-mode cores beside the cache (clocks, root key tags, the
// access list), under a writer that acts between any two loads (tests/unit/dataplane/cache/race.h).
#include "dataplane/answer/sentinel.h"
#include "dataplane/miss/beat.h"
#include "dataplane/serving.h"
#include "tests/unit/dataplane/cache/fixture.h"
#include "tests/unit/dataplane/cache/race.h"

#include <stdlib.h>
#include <string.h>

static struct store *store;

static int new_store(void **state)
{
	const struct store_config config = {.cache = {.memory_bytes = 4 << 20, .shards = 1}};
	char err[200] = "";

	(void)state;
	store = store_new(&config, err, sizeof(err));
	assert_string_equal(err, "");
	return 0;
}

static int free_store(void **state)
{
	(void)state;
	race_end();
	store_free(store);
	return 0;
}

static void race_with(void (*read)(void *arg), void (*write)(void *arg), unsigned loads)
{
	const struct race race = {.read = read, .write = write, .cache = store_cache(store)};

	race_all(&race, loads);
}

// ---- clocks: a wall clock that is right is trusted, one that is wrong is not ----

#define RIGHT_S 1790000000
#define WRONG_S 86400

static struct beat beat;
static _Atomic uint64_t counter_ms;

static struct store_clock next_clock(void)
{
	static unsigned step;
	const bool right = step++ % 2 == 0;

	counter_ms += 10;
	return (struct store_clock){
		.now_ms = counter_ms + 700, .now_s = right ? RIGHT_S : WRONG_S, .trusted = right};
}

// A reader's counter may be far from that of the beat.
static void assert_clock(const struct store_clock *clock)
{
	assert_true(clock->trusted == (clock->now_s > (RIGHT_S - WRONG_S) / 2));
}

static void next_beat(void *arg)
{
	const struct store_clock clock = next_clock();

	(void)arg;
	beat_publish(&beat, &clock, counter_ms);
}

static void read_beat(void *arg)
{
	struct beat_view view = {0};

	(void)arg;
	beat_read(&beat, counter_ms, &view);
	assert_clock(&view.clock);
}

static void b15_lcores_never_trust_a_wall_clock_of_before(void **state)
{
	(void)state;
	next_beat(NULL);
	race_with(read_beat, next_beat, 3);
}

static void set_clock(void *arg)
{
	const struct store_clock clock = next_clock();

	(void)arg;
	store_set_clock(store, &clock);
}

static void get_clock(void *arg)
{
	struct store_clock clock;

	(void)arg;
	store_get_clock(store, &clock);
	assert_clock(&clock);
}

static void b15_store_never_trusts_a_wall_clock_of_before(void **state)
{
	(void)state;
	set_clock(NULL);
	race_with(get_clock, set_clock, 2);
}

// ---- tags: one that is trusted before and after is so in between ----

#define SENTINEL(is, tag) (const uint8_t *)"\x1d" is tag

static void change_tags(void *arg)
{
	static const uint16_t tags[] = {20326, 38696, 4};
	static unsigned step;

	(void)arg;
	store_set_root_tags(store, tags, 1 + step++ % 3);
}

static void ask_sentinel(void *arg)
{
	(void)arg;
	assert_false(
		sentinel_denies(SENTINEL("root-key-sentinel-is-ta-", "20326"), &store->root_tags));
}

static void b15_root_key_that_stays_is_never_missed(void **state)
{
	(void)state;
	race_with(ask_sentinel, change_tags, 2);
}

// ---- the access list: built once, never changed, so that there is nothing to load twice ----

static const struct acl *acl;
static struct address clients[64];
static enum acl_action actions[64];

static void ask_acl(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(acl_lookup(acl, &clients[i]), actions[i]);
}

static void build_another(void *arg)
{
	const struct acl_rule all = {{4, {0}}, 0, ACL_DROP};

	(void)arg;
	acl_free(acl_new(&all, 1));
}

static void b15_access_list_has_nothing_that_is_replaced(void **state)
{
	unsigned random = 3;
	struct acl *made = acl_new(acl_default_rules, acl_default_rule_count);
	(void)state;

	assert_non_null(made);
	acl = made;
	for (size_t i = 0; i < 64; i++) {
		clients[i].family = 4;
		for (size_t n = 0; n < 4; n++)
			clients[i].bytes[n] = (uint8_t)rand_r(&random);
		clients[i].bytes[0] = i % 2 ? clients[i].bytes[0] : 10;
		actions[i] = acl_lookup(acl, &clients[i]);
	}
	const struct race race = {ask_acl, build_another, NULL, store_cache(store)};
	race_all(&race, 0);
	acl_free(made);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_store, free_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(b15_lcores_never_trust_a_wall_clock_of_before),
		TEST(b15_store_never_trusts_a_wall_clock_of_before),
		TEST(b15_root_key_that_stays_is_never_missed),
		TEST(b15_access_list_has_nothing_that_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
