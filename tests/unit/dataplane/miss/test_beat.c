#include "dataplane/miss/beat.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

static void publish(struct beat *beat, uint64_t now_ms, int64_t now_s, uint64_t counter_ms)
{
	const struct store_clock clock = {.now_ms = now_ms, .now_s = now_s, .trusted = true};

	beat_publish(beat, &clock, counter_ms);
}

static void time_goes_on_between_beats(void **state)
{
	struct beat beat = {0};
	struct beat_view view = {0};

	(void)state;
	publish(&beat, 5000, 1700000000, 900000);
	beat_read(&beat, 900000, &view);
	assert_int_equal(view.clock.now_ms, 5000);
	assert_int_equal(view.clock.now_s, 1700000000);
	assert_true(view.clock.trusted);
	beat_read(&beat, 902400, &view);
	assert_int_equal(view.clock.now_ms, 7400);
	assert_int_equal(view.clock.now_s, 1700000002);
}

static void a_counter_ahead_of_the_clock_works_as_well(void **state)
{
	struct beat beat = {0};
	struct beat_view view = {0};

	(void)state;
	publish(&beat, 900000, 1700000000, 5000);
	beat_read(&beat, 5001, &view);
	assert_int_equal(view.clock.now_ms, 900001);
}

static void time_never_goes_back(void **state)
{
	struct beat beat = {0};
	struct beat_view view = {0};

	(void)state;
	publish(&beat, 5000, 1700000000, 100);
	beat_read(&beat, 150, &view);
	assert_int_equal(view.clock.now_ms, 5050);
	publish(&beat, 5040, 1700000000, 150);
	beat_read(&beat, 151, &view);
	assert_int_equal(view.clock.now_ms, 5050);
	beat_read(&beat, 170, &view);
	assert_int_equal(view.clock.now_ms, 5060);
}

static void o16_control_is_late_only_after_its_limit(void **state)
{
	struct beat beat = {0};
	struct beat_view view = {0};

	(void)state;
	publish(&beat, 5000, 1700000000, 100);
	beat_read(&beat, 100 + BEAT_LATE_MS, &view);
	assert_false(view.control_late);
	beat_read(&beat, 101 + BEAT_LATE_MS, &view);
	assert_true(view.control_late);
	publish(&beat, 5501, 1700000000, 101 + BEAT_LATE_MS);
	beat_read(&beat, 102 + BEAT_LATE_MS, &view);
	assert_false(view.control_late);
}

static void a_wall_clock_that_steps_is_followed(void **state)
{
	struct beat beat = {0};
	struct beat_view view = {0};

	(void)state;
	publish(&beat, 5000, 1700000000, 100);
	beat_read(&beat, 100, &view);
	publish(&beat, 5100, 1600000000, 200);
	beat_read(&beat, 200, &view);
	assert_int_equal(view.clock.now_s, 1600000000);
}

// A guest that was paused for an hour: its counter ran on, the monotonic clock did not.
static void o28_a_counter_that_jumped_ahead_is_put_right_by_the_next_beat(void **state)
{
	struct beat beat = {0};
	struct beat_view view = {0};
	uint64_t counter = 5000000;

	(void)state;
	publish(&beat, 1000000, 1700000000, counter);
	beat_read(&beat, counter, &view);
	counter += 3600000;
	beat_read(&beat, counter, &view);
	publish(&beat, 1000050, 1700003600, counter + 50);
	beat_read(&beat, counter + 51, &view);
	assert_int_equal(view.clock.now_ms, 1000051);
	assert_int_equal(view.clock.now_s, 1700003600);
	assert_false(view.control_late);
	beat_read(&beat, counter + 60, &view);
	assert_int_equal(view.clock.now_ms, 1000060);
}

// Moved to a machine that was started later.
static void o28_a_counter_that_was_set_back_does_not_set_time_back(void **state)
{
	struct beat beat = {0};
	struct beat_view view = {0};

	(void)state;
	publish(&beat, 1000000, 1700000000, 5000000);
	beat_read(&beat, 5000040, &view);
	beat_read(&beat, 7, &view);
	assert_int_equal(view.clock.now_ms, 1000040);
	publish(&beat, 1000050, 1700000000, 17);
	beat_read(&beat, 18, &view);
	assert_int_equal(view.clock.now_ms, 1000051);
	assert_false(view.control_late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_goes_on_between_beats),
		cmocka_unit_test(a_counter_ahead_of_the_clock_works_as_well),
		cmocka_unit_test(time_never_goes_back),
		cmocka_unit_test(o16_control_is_late_only_after_its_limit),
		cmocka_unit_test(a_wall_clock_that_steps_is_followed),
		cmocka_unit_test(o28_a_counter_that_jumped_ahead_is_put_right_by_the_next_beat),
		cmocka_unit_test(o28_a_counter_that_was_set_back_does_not_set_time_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
