// When questions went elsewhere, and came back.
#include "control/drill/steer.h"
#include "tests/unit/control/drill/testing.h"

static struct steer steer;
static uint64_t now_us;

// count questions, one a millisecond, every n-th of them there; 0: none.
static void send(unsigned count, unsigned n)
{
	for (unsigned i = 0; i < count; i++, now_us += 1000)
		steer_sent(&steer, n != 0 && i % n == 0, now_us);
}

static void begin(void)
{
	now_us = 5000000;
	steer_start(&steer);
}

static void the_last_one_that_went_there_is_where_it_turned(void **state)
{
	(void)state;
	begin();
	send(400, 2);
	assert_int_equal(steer.peak_percent, 50);
	assert_true(steer.away_us == STEER_NEVER);
	uint64_t turned_us = now_us;
	send(400, 0);
	// Of the window from here on fewer than one in 20 went there.
	assert_in_range(steer.away_us, turned_us - 20000, turned_us);
}

static void a_few_probes_are_no_return(void **state)
{
	(void)state;
	begin();
	send(400, 2);
	send(300, 0);
	uint64_t away_us = steer.away_us;
	send(2000, 40);
	assert_int_equal(steer.away_us, away_us);
}

static void what_comes_back_was_not_away(void **state)
{
	(void)state;
	begin();
	send(400, 2);
	send(300, 0);
	send(300, 2);
	assert_true(steer.away_us == STEER_NEVER);
	uint64_t turned_us = now_us;
	send(300, 0);
	assert_in_range(steer.away_us, turned_us - 20000, turned_us);
}

static void too_few_questions_tell_nothing(void **state)
{
	(void)state;
	begin();
	send(STEER_WINDOW - 1, 0);
	assert_true(steer.away_us == STEER_NEVER);
	assert_int_equal(steer.peak_percent, 0);
}

static void half_of_what_it_was_is_back(void **state)
{
	(void)state;
	begin();
	send(400, 2); // 50 %
	send(400, 0);
	steer_turn(&steer);
	send(300, 5); // 20 %: on the way
	assert_true(steer.back_us == STEER_NEVER);
	uint64_t turned_us = now_us;
	send(300, 2);
	assert_in_range(steer.back_us, turned_us - STEER_WINDOW * 1000, turned_us);
}

static void the_rate_does_not_matter(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 0; i < 800; i++, now_us += 100000) // ten a second
		steer_sent(&steer, i < 400 && i % 2 == 0, now_us);
	assert_in_range(steer.away_us, 5000000 + 380 * UINT64_C(100000),
			5000000 + 400 * UINT64_C(100000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_one_that_went_there_is_where_it_turned),
		cmocka_unit_test(a_few_probes_are_no_return),
		cmocka_unit_test(what_comes_back_was_not_away),
		cmocka_unit_test(too_few_questions_tell_nothing),
		cmocka_unit_test(half_of_what_it_was_is_back),
		cmocka_unit_test(the_rate_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
