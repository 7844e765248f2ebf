// The table of zones: forgetting in slices.
#include "control/validator/zone.h"
#include "dataplane/dns/name.h"

#include <stdio.h>

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#define ZONES 4000
#define FEW   256 // that may go in a turn

static struct zones *z;

static int begin(void **state)
{
	(void)state;
	z = zones_new(2 * ZONES);
	return z == NULL;
}

static int end(void **state)
{
	(void)state;
	zones_free(z);
	return 0;
}

static const uint8_t *name(const char *form, unsigned number)
{
	static uint8_t out[NAME_MAX_LEN];
	char text[64];

	snprintf(text, sizeof(text), form, number);
	assert_true(name_from_text(text, out) > 0);
	return out;
}

static struct zone *learn(const char *form, unsigned number)
{
	struct zone *zone = zones_get(z, name(form, number));

	assert_non_null(zone);
	zone->cut = CUT_SECURE;
	return zone;
}

static void count_one(const struct zone *zone, void *arg)
{
	(void)zone;
	++*(size_t *)arg;
}

static void a_turn_takes_few_of_what_is_forgotten_out(void **state)
{
	size_t left, seen = 0;

	(void)state;
	for (unsigned i = 0; i < ZONES; i++)
		(void)learn("z%u.com.", i);
	(void)learn("org.", 0);
	zones_forget(z, name("COM.", 0));
	zones_latest(z, SIZE_MAX, count_one, &seen);
	assert_int_equal(seen, 1);
	left = zones_count(z);
	assert_int_equal(left, ZONES + 1);
	for (bool more = true; more;) {
		for (unsigned i = 0; i < ZONES; i += 100)
			assert_null(zones_find(z, name("z%u.com.", i)));
		more = zones_run(z);
		assert_true(left - zones_count(z) <= FEW);
		left = zones_count(z);
	}
	assert_int_equal(left, 1);
	assert_non_null(zones_find(z, name("org.", 0)));
	assert_false(zones_run(z));
}

static void the_latest_are_looked_at_and_no_more(void **state)
{
	size_t seen = 0;

	(void)state;
	for (unsigned i = 0; i < ZONES; i++)
		(void)learn("z%u.com.", i);
	zones_latest(z, 7, count_one, &seen);
	assert_int_equal(seen, 7);
	zones_latest(z, ZONES + 1, count_one, &seen);
	assert_int_equal(seen, 7 + ZONES);
}

static void what_is_learned_after_it_was_forgotten_stays(void **state)
{
	(void)state;
	(void)learn("a.com.", 0);
	zones_forget(z, name("com.", 0));
	(void)learn("a.com.", 0);
	while (zones_run(z))
		assert_int_equal(zones_find(z, name("a.com.", 0))->cut, CUT_SECURE);
	assert_int_equal(zones_find(z, name("a.com.", 0))->cut, CUT_SECURE);
	assert_int_equal(zones_count(z), 1);
}

// Whether somebody looks before the hand comes by or not.
static void what_is_configured_loses_what_was_learned_alone(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		zones_except(z, learn("z%u.com.", i), 1000);
	zones_forget(z, name(".", 0));
	assert_int_equal(zones_find(z, name("z%u.com.", 0))->cut, CUT_UNKNOWN);
	zones_find(z, name("z%u.com.", 0))->cut = CUT_INSECURE; // learned since
	while (zones_run(z))
		;
	assert_int_equal(zones_find(z, name("z%u.com.", 0))->cut, CUT_INSECURE);
	assert_int_equal(zones_find(z, name("z%u.com.", 1))->cut, CUT_UNKNOWN);
	assert_int_equal(zones_find(z, name("z%u.com.", 1))->insecure_until_ms, 1000);
}

// Who asks for exceptions need not look at all that is known.
static void exceptions_are_found_by_themselves(void **state)
{
	size_t seen = 0;

	(void)state;
	for (unsigned i = 0; i < ZONES; i++)
		(void)learn("z%u.com.", i);
	for (unsigned i = 0; i < 3; i++)
		zones_except(z, zones_get(z, name("z%u.com.", i)), 1000);
	zones_except(z, zones_get(z, name("z%u.com.", 1)), 2000);
	zones_each_excepted(z, count_one, &seen);
	assert_int_equal(seen, 3);
	seen = 0;
	zones_except(z, zones_get(z, name("z%u.com.", 1)), 0);
	zones_each_excepted(z, count_one, &seen);
	assert_int_equal(seen, 2);
}

#define test_of(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_of(a_turn_takes_few_of_what_is_forgotten_out),
		test_of(the_latest_are_looked_at_and_no_more),
		test_of(what_is_learned_after_it_was_forgotten_stays),
		test_of(what_is_configured_loses_what_was_learned_alone),
		test_of(exceptions_are_found_by_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
