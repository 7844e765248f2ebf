// When what others take away of ours is put back.
#include "dataplane/repair.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#define MINUTE_MS UINT64_C(60000)

// How long after the last try the next one comes, for something that is always gone.
static uint64_t next_ms(struct repair *repair, uint64_t *now_ms)
{
	uint64_t since_ms = *now_ms;

	do
		*now_ms += 500;
	while (!repair_due(repair, *now_ms));
	return *now_ms - since_ms;
}

static void three_times_at_once_then_at_growing_distances_and_for_ever(void **state)
{
	static const uint64_t distances[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	uint64_t now_ms = 1000;
	struct repair repair = {0};

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(next_ms(&repair, &now_ms), 500);
	for (unsigned i = 0; i < sizeof(distances) / sizeof(distances[0]); i++)
		assert_int_equal(next_ms(&repair, &now_ms), distances[i] * MINUTE_MS);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(next_ms(&repair, &now_ms), 60 * MINUTE_MS);
}

// An operator who takes it away every five minutes means it; once a week, a firewall is loaded
// anew.
static void what_has_stayed_for_ten_minutes_is_put_back_at_once_again(void **state)
{
	uint64_t now_ms = 1000;
	struct repair repair = {0};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_true(repair_due(&repair, now_ms));
		for (unsigned k = 0; k < 600; k++)
			repair_there(&repair, now_ms += 500);
	}
	assert_true(repair_due(&repair, now_ms)); // a minute and more has gone by
	repair_there(&repair, now_ms += 500);
	assert_false(repair_due(&repair, now_ms));
	for (unsigned k = 0; k < 1200; k++)
		repair_there(&repair, now_ms += 500);
	for (unsigned i = 0; i < 3; i++)
		assert_true(repair_due(&repair, now_ms += 500));
	assert_false(repair_due(&repair, now_ms += 500));
}

// A kernel that does not take it, an address while IPv6 is switched off.
static void what_could_not_be_put_back_is_no_fight(void **state)
{
	uint64_t now_ms = 1000;
	struct repair repair = {0};

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(next_ms(&repair, &now_ms), 500);
		repair_failed(&repair);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(next_ms(&repair, &now_ms), 500);
	assert_int_equal(next_ms(&repair, &now_ms), MINUTE_MS);
}

static void operators_are_told_when_it_is_tried_again(void **state)
{
	uint64_t now_ms = 1000;
	struct repair repair = {0};
	char text[48];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		next_ms(&repair, &now_ms);
	assert_string_equal(repair_wait(&repair, now_ms, text, sizeof(text)),
			    "; tried again in 60 s");
	now_ms += 30500;
	assert_string_equal(repair_wait(&repair, now_ms, text, sizeof(text)),
			    "; tried again in 30 s");
	next_ms(&repair, &now_ms);
	assert_string_equal(repair_wait(&repair, now_ms, text, sizeof(text)),
			    "; tried again in 2 min");
	for (unsigned i = 0; i < 9; i++)
		next_ms(&repair, &now_ms);
	assert_string_equal(repair_wait(&repair, now_ms, text, sizeof(text)),
			    "; tried again in 60 min");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_times_at_once_then_at_growing_distances_and_for_ever),
		cmocka_unit_test(what_has_stayed_for_ten_minutes_is_put_back_at_once_again),
		cmocka_unit_test(what_could_not_be_put_back_is_no_fight),
		cmocka_unit_test(operators_are_told_when_it_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
