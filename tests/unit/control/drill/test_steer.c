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
	assert_int_equal(steer.peak, STEER_WINDOW / 2);
	assert_true(steer.away_us == STEER_NEVER);
	uint64_t turned_us = now_us;
	send(400, 0);
	// Of the window from here on fewer than one in 20 went there: a tenth of what had been.
	assert_in_range(steer.away_us, turned_us - 20000, turned_us);
}

static void a_few_probes_are_no_return(void **state)
{
	(void)state;
	begin();
	send(400, 2);
	send(300, 0);
	uint64_t away_us = steer.away_us;
	send(2000, 40); // 2.5 of 100, of 50
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
	assert_false(steer_tells(&steer));
}

static void a_fifth_of_what_it_was_is_back(void **state)
{
	(void)state;
	begin();
	send(400, 2); // 50 %
	send(400, 0);
	steer_turn(&steer);
	send(1000, 20); // 5 %: on the way
	assert_true(steer.back_us == STEER_NEVER);
	send(300, 0);
	uint64_t turned_us = now_us;
	send(300, 8); // 12.5 %
	assert_int_equal(steer.back_us, turned_us);
}

// Whatever it was: the measure is the share itself.
static void small_shares_are_told_as_well_as_large_ones(void **state)
{
	static const unsigned nths[] = {1, 2, 4, 8, 12, 20};

	(void)state;
	for (size_t i = 0; i < sizeof(nths) / sizeof(nths[0]); i++) {
		begin();
		send(400, nths[i]);
		uint64_t turned_us = now_us;
		send(400, 0);
		if (steer.away_us < turned_us - 24000 || steer.away_us > turned_us)
			fail_msg("1 of %u: away at %d", nths[i], (int)(steer.away_us - turned_us));
		steer_turn(&steer);
		turned_us = now_us;
		send(600, nths[i]);
		if (steer.back_us < turned_us || steer.back_us > turned_us + 24000)
			fail_msg("1 of %u: back at %d", nths[i], (int)(steer.back_us - turned_us));
	}
}

// One of fifty may be missing from a window by chance.
static void a_share_too_small_tells_nothing(void **state)
{
	(void)state;
	begin();
	send(1000, 50);
	send(400, 0);
	assert_false(steer_tells(&steer));
	assert_true(steer.away_us == STEER_NEVER);
}

static void one_that_was_never_left_is_back_at_once(void **state)
{
	(void)state;
	begin();
	send(1000, 4);
	assert_true(steer.away_us == STEER_NEVER);
	steer_turn(&steer);
	uint64_t turned_us = now_us;
	send(1000, 4);
	assert_int_equal(steer.back_us, turned_us);
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
		cmocka_unit_test(a_fifth_of_what_it_was_is_back),
		cmocka_unit_test(small_shares_are_told_as_well_as_large_ones),
		cmocka_unit_test(a_share_too_small_tells_nothing),
		cmocka_unit_test(one_that_was_never_left_is_back_at_once),
		cmocka_unit_test(the_rate_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
