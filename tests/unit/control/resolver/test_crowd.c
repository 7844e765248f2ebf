// Shares of the places for questions under way (ATTACKS D7).
#include "control/resolver/crowd.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#define PLACES 80
#define ZONE   UINT64_C(1)
#define OTHER  UINT64_C(2)
#define TLD    UINT64_C(3)

static struct crowd *crowd;
static uint16_t of_zone[PLACES], of_other[PLACES];

static int begin(void **state)
{
	(void)state;
	crowd = crowd_new(PLACES);
	for (size_t i = 0; i < PLACES; i++)
		of_zone[i] = of_other[i] = 0;
	return crowd == NULL;
}

static int end(void **state)
{
	(void)state;
	crowd_free(crowd);
	return 0;
}

static void fill(uint16_t *of, size_t count, uint64_t zone)
{
	for (size_t i = 0; i < count; i++)
		crowd_enter(crowd, &of[i], zone);
}

static void while_half_is_free_nobody_is_bound(void **state)
{
	(void)state;
	fill(of_zone, PLACES / 2, ZONE);
	assert_false(crowd_is_full(crowd, of_zone[0], 2));
	fill(of_other, 1, OTHER);
	assert_true(crowd_is_full(crowd, of_zone[0], 2));
	assert_false(crowd_is_full(crowd, of_other[0], 2));
	crowd_leave(crowd, &of_other[0]);
	assert_false(crowd_is_full(crowd, of_zone[0], 2));
}

// From there on it is an eighth of all, to the place.
static void a_zone_has_an_eighth_of_the_places(void **state)
{
	(void)state;
	fill(of_other, PLACES / 2, OTHER);
	for (size_t i = 0; i < PLACES / 8; i++) {
		crowd_enter(crowd, &of_zone[i], ZONE);
		assert_false(crowd_is_full(crowd, of_zone[i], 2));
	}
	crowd_enter(crowd, &of_zone[PLACES / 8], ZONE);
	assert_true(crowd_is_full(crowd, of_zone[PLACES / 8], 2));
	assert_true(crowd_is_full(crowd, of_zone[0], 5));
	// Another one's place is no place of its.
	crowd_leave(crowd, &of_other[0]);
	assert_true(crowd_is_full(crowd, of_zone[0], 2));
	crowd_leave(crowd, &of_zone[PLACES / 8]);
	assert_false(crowd_is_full(crowd, of_zone[0], 2));
}

static void a_tld_has_half_of_them(void **state)
{
	(void)state;
	fill(of_other, 2, OTHER);
	fill(of_zone, PLACES / 2, TLD);
	assert_false(crowd_is_full(crowd, of_zone[0], 1));
	assert_true(crowd_is_full(crowd, of_zone[0], 2)); // what is no TLD
	crowd_enter(crowd, &of_zone[PLACES / 2], TLD);
	assert_true(crowd_is_full(crowd, of_zone[0], 1));
}

static void who_is_on_nobodys_account_is_never_bound(void **state)
{
	uint16_t none = 0;

	(void)state;
	fill(of_zone, PLACES, ZONE);
	assert_false(crowd_is_full(crowd, none, 0));
	crowd_leave(crowd, &none);
	// Who enters again leaves first.
	crowd_enter(crowd, &of_zone[0], OTHER);
	for (size_t i = 1; i < PLACES; i++)
		crowd_leave(crowd, &of_zone[i]);
	assert_false(crowd_is_full(crowd, of_zone[0], 2));
}

#define test_of(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_of(while_half_is_free_nobody_is_bound),
		test_of(a_zone_has_an_eighth_of_the_places),
		test_of(a_tld_has_half_of_them),
		test_of(who_is_on_nobodys_account_is_never_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
