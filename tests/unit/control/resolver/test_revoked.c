#include "control/resolver/revoked.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#define ZONE  UINT64_C(0xabcdef0123456789)
#define OTHER UINT64_C(0x9876543210fedcba)
#define MANY  100000

static int start(void **state)
{
	*state = revoked_table_new();
	assert_non_null(*state);
	return 0;
}

static int end(void **state)
{
	revoked_table_free(*state);
	return 0;
}

static uint64_t nth(uint64_t n)
{
	return (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static void the_last_denial_counts(void **state)
{
	assert_false(revoked_any(*state));
	revoked_put(*state, ZONE, nth(1), 50);
	revoked_put(*state, ZONE, nth(1), 70);
	assert_true(revoked_any(*state));
	revoked_put(*state, ZONE, nth(1), 60); // an answer that was under way
	assert_int_equal(revoked_ms(*state, nth(1)), 70);
	assert_int_equal(revoked_ms(*state, nth(2)), 0);
	assert_int_equal(revoked_lost_ms(*state, ZONE), 0);
	revoked_put(*state, ZONE, nth(3), 0);
	assert_int_equal(revoked_ms(*state, nth(3)), 1);
}

// Every one is remembered by itself, or by its zone.
static void b16_a_full_table_forgets_no_denial(void **state)
{
	unsigned lost = 0;

	for (uint64_t i = 0; i < MANY; i++)
		revoked_put(*state, ZONE, nth(i), 1000 + i);
	for (uint64_t i = 0; i < MANY; i++) {
		uint64_t at_ms = revoked_ms(*state, nth(i));
		lost += at_ms == 0;
		assert_true(at_ms == 1000 + i || revoked_lost_ms(*state, ZONE) >= 1000 + i);
	}
	assert_true(lost > MANY / 2);
	// What is newer than all that were lost is known by itself.
	assert_true(revoked_lost_ms(*state, ZONE) < 1000 + MANY - 1);
}

static void a_flood_in_one_zone_is_nothing_to_others(void **state)
{
	revoked_put(*state, OTHER, nth(0), 10);
	for (uint64_t i = 1; i < MANY; i++)
		revoked_put(*state, ZONE, nth(i), 1000 + i);
	assert_int_equal(revoked_ms(*state, nth(0)), 0);
	assert_int_equal(revoked_lost_ms(*state, OTHER), 10);
	assert_int_equal(revoked_lost_ms(*state, nth(7)), 0);
}

static void b16_nor_do_denials_by_many_zones_get_lost(void **state)
{
	for (uint64_t i = 0; i < MANY; i++)
		revoked_put(*state, nth(i + 7), nth(i), 1000 + i);
	for (uint64_t i = 0; i < MANY; i++)
		assert_true(revoked_ms(*state, nth(i)) == 1000 + i ||
			    revoked_lost_ms(*state, nth(i + 7)) >= 1000 + i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_denial_counts, start, end),
		cmocka_unit_test_setup_teardown(b16_a_full_table_forgets_no_denial, start, end),
		cmocka_unit_test_setup_teardown(a_flood_in_one_zone_is_nothing_to_others, start,
						end),
		cmocka_unit_test_setup_teardown(b16_nor_do_denials_by_many_zones_get_lost, start,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
