#include "control/turns.h"
#include "tests/unit/control/testing.h"

#include <string.h>

// The loop waits for the first time.
static struct turns started(void)
{
	struct turns turns = {0};

	turns_at(&turns, "start", 1000000);
	turns_end(&turns, "sockets", 9000000);
	return turns;
}

static void the_start_is_no_turn(void **state)
{
	struct turns turns = started();

	(void)state;
	assert_int_equal(turns.longest_us, 0);
	assert_int_equal(turns.too_long, 0);
	assert_null(turns.longest);
}

static void the_longest_turn_is_named_by_what_took_most_of_it(void **state)
{
	struct turns turns = started();

	(void)state;
	turns_at(&turns, "flush", 9000100);
	turns_at(&turns, "resolver", 9003000);
	turns_end(&turns, "sockets", 9004000);
	assert_int_equal(turns.longest_us, 4000);
	assert_string_equal(turns.longest, "flush");
	assert_int_equal(turns.too_long, 0);
	turns_at(&turns, "flush", 9004100);
	turns_end(&turns, "sockets", 9004200); // shorter
	assert_int_equal(turns.longest_us, 4000);
	turns_at(&turns, "resolver", 9014200); // whatever comes first after the wait
	turns_end(&turns, "sockets", 9014300);
	assert_int_equal(turns.longest_us, 10100);
	assert_string_equal(turns.longest, "sockets");
	assert_int_equal(turns.too_long, 1);
}

static void what_is_inside_of_another_goes_back_to_it(void **state)
{
	struct turns turns = started();

	(void)state;
	const char *outer = turns_at(&turns, "flush", 9000000);
	assert_string_equal(outer, "sockets");
	outer = turns_at(&turns, "journal", 9000001);
	turns_at(&turns, outer, 9000002);
	turns_end(&turns, "sockets", 9002000);
	assert_string_equal(turns.longest, "flush");
}

static void exactly_the_bound_is_not_too_long(void **state)
{
	struct turns turns = started();

	(void)state;
	turns_end(&turns, "sockets", 9000000 + TURN_LONG_US);
	assert_int_equal(turns.too_long, 0);
	turns_end(&turns, "sockets", 9000001 + 2 * TURN_LONG_US);
	assert_int_equal(turns.too_long, 1);
	assert_int_equal(turns.count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_start_is_no_turn),
		cmocka_unit_test(the_longest_turn_is_named_by_what_took_most_of_it),
		cmocka_unit_test(what_is_inside_of_another_goes_back_to_it),
		cmocka_unit_test(exactly_the_bound_is_not_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
