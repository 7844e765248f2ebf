#include "control/upstream/timer.h"
#include "tests/unit/control/upstream/script.h"

#define COUNT 500

static void timers_come_in_order(void **state)
{
	static struct timer list[COUNT];
	struct timers timers;
	struct random random;
	uint64_t last = 0;

	(void)state;
	random_open(&random);
	assert_int_equal(timers_open(&timers, COUNT), 0);
	for (size_t i = 0; i < COUNT; i++)
		timers_set(&timers, &list[i], random_between(&random, 0, 1000));
	for (size_t i = 0; i < COUNT; i++) {
		uint64_t next = timers_next_us(&timers);
		struct timer *timer = timers_pop_due(&timers, next);

		assert_non_null(timer);
		assert_true(timer->at_us >= last);
		assert_int_equal(timer->place, 0);
		last = timer->at_us;
	}
	assert_true(timers_next_us(&timers) == UINT64_MAX);
	assert_null(timers_pop_due(&timers, UINT64_MAX - 1));
	timers_close(&timers);
}

// Sets, moves and removes at random; the least must agree with a search by hand.
static void least_agrees_with_a_search(void **state)
{
	static struct timer list[COUNT];
	struct timers timers;
	struct random random;

	(void)state;
	random_open(&random);
	assert_int_equal(timers_open(&timers, COUNT), 0);
	for (unsigned step = 0; step < 20000; step++) {
		struct timer *timer = &list[random_between(&random, 0, COUNT - 1)];
		uint64_t least = UINT64_MAX;

		if (random_between(&random, 0, 2) == 0)
			timers_remove(&timers, timer);
		else
			timers_set(&timers, timer, random_between(&random, 1, 60000));
		if (step % 16)
			continue;
		for (size_t i = 0; i < COUNT; i++)
			if (list[i].place && list[i].at_us < least)
				least = list[i].at_us;
		assert_true(timers_next_us(&timers) == least);
	}
	timers_close(&timers);
}

static void timer_that_is_not_due_stays(void **state)
{
	struct timer timer = {0};
	struct timers timers;

	(void)state;
	assert_int_equal(timers_open(&timers, 1), 0);
	timers_set(&timers, &timer, 100);
	assert_null(timers_pop_due(&timers, 99));
	assert_ptr_equal(timers_pop_due(&timers, 100), &timer);
	timers_close(&timers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_come_in_order),
		cmocka_unit_test(least_agrees_with_a_search),
		cmocka_unit_test(timer_that_is_not_due_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
