#include "control/resolver/failure.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#define HASH 0x1234567890abcdefULL

static struct failure_table *table;

static int setup(void **state)
{
	(void)state;
	table = failure_table_new();
	return table == NULL;
}

static int teardown(void **state)
{
	(void)state;
	failure_table_free(table);
	return 0;
}

// RFC 9520 §3.2
static void each_failure_in_a_row_is_held_twice_as_long_up_to_five_minutes(void **state)
{
	static const uint32_t expected[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
	uint64_t now_ms = 5000;

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		uint32_t ttl_s = failure_backoff(table, HASH, now_ms, FAILURE_TTL_MAX_S);
		assert_int_equal(ttl_s, expected[i]);
		now_ms += ttl_s * 1000 + 100;
	}
}

static void a_second_failure_at_the_same_time_counts_once(void **state)
{
	(void)state;
	assert_int_equal(failure_backoff(table, HASH, 1000, FAILURE_TTL_MAX_S), 1);
	assert_int_equal(failure_backoff(table, HASH, 1000, FAILURE_TTL_MAX_S), 1);
	assert_int_equal(failure_backoff(table, HASH, 1500, FAILURE_TTL_MAX_S), 1);
	assert_int_equal(failure_backoff(table, HASH, 2000, FAILURE_TTL_MAX_S), 2);
}

static void success_starts_anew(void **state)
{
	(void)state;
	assert_int_equal(failure_backoff(table, HASH, 1000, FAILURE_TTL_MAX_S), 1);
	assert_int_equal(failure_backoff(table, HASH, 3000, FAILURE_TTL_MAX_S), 2);
	failure_over(table, HASH);
	assert_int_equal(failure_backoff(table, HASH, 6000, FAILURE_TTL_MAX_S), 1);
}

static void an_old_failure_is_forgotten(void **state)
{
	(void)state;
	assert_int_equal(failure_backoff(table, HASH, 1000, FAILURE_TTL_MAX_S), 1);
	assert_int_equal(failure_backoff(table, HASH, 3000, FAILURE_TTL_MAX_S), 2);
	assert_int_equal(failure_backoff(table, HASH, 60000, FAILURE_TTL_MAX_S), 1);
}

static void questions_do_not_share_their_failures(void **state)
{
	(void)state;
	assert_int_equal(failure_backoff(table, HASH, 1000, FAILURE_TTL_MAX_S), 1);
	assert_int_equal(failure_backoff(table, HASH, 3000, FAILURE_TTL_MAX_S), 2);
	assert_int_equal(failure_backoff(table, HASH + 1, 3000, FAILURE_TTL_MAX_S), 1);
}

// The table is small: names that share a place do not share their failures.
static void two_names_in_one_place_fail_each_for_itself(void **state)
{
	const uint64_t other = HASH ^ 1ULL << 63;
	uint64_t made_ms;

	(void)state;
	assert_int_equal(failure_backoff(table, HASH, 1000, FAILURE_TTL_MAX_S), 1);
	assert_int_equal(failure_backoff(table, HASH, 3000, FAILURE_TTL_MAX_S), 2);
	assert_false(failure_holds(table, other, 3000, &made_ms));
	assert_int_equal(failure_until(table, other), 0);
	failure_over(table, other); // nor does success of the one end that of the other
	assert_true(failure_holds(table, HASH, 3000, &made_ms));
	assert_int_equal(failure_backoff(table, other, 3000, FAILURE_TTL_MAX_S), 1);
	assert_true(failure_holds(table, other, 3000, &made_ms));
	assert_false(failure_holds(table, HASH, 3000, &made_ms));
}

// An operator's flush takes all of them, also what is held where the next failure goes.
static void what_is_forgotten_all_at_once_holds_for_nobody(void **state)
{
	uint64_t made_ms;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(failure_backoff(table, HASH, 1000 + i, FAILURE_TTL_MAX_S), 1);
		assert_true(failure_holds(table, HASH, 1000 + i, &made_ms));
		failure_forget_all(table);
		assert_false(failure_holds(table, HASH, 1000 + i, &made_ms));
		assert_int_equal(failure_until(table, HASH), 0);
		failure_over(table, HASH);
	}
	// It is the first of a new outage, as long as that is.
	assert_int_equal(failure_backoff(table, HASH, 3000, FAILURE_TTL_MAX_S), 1);
	assert_int_equal(failure_backoff(table, HASH, 5000, FAILURE_TTL_MAX_S), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_failure_in_a_row_is_held_twice_as_long_up_to_five_minutes, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_second_failure_at_the_same_time_counts_once,
						setup, teardown),
		cmocka_unit_test_setup_teardown(success_starts_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(an_old_failure_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(questions_do_not_share_their_failures, setup,
						teardown),
		cmocka_unit_test_setup_teardown(two_names_in_one_place_fail_each_for_itself, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_forgotten_all_at_once_holds_for_nobody,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
