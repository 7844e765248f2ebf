#include "dataplane/host/share.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#define MS 1000000ull

// Turns of turn_ns of work each, as fast as it may; returns the CPU time taken in a second.
static uint64_t work_for_a_second(unsigned percent, uint64_t turn_ns)
{
	uint64_t now_ns = 1000 * MS, end_ns = 2000 * MS, spent_ns = 0;
	struct share share;

	share_init(&share, percent, now_ns);
	while (now_ns < end_ns) {
		now_ns += turn_ns;
		spent_ns += turn_ns;
		now_ns += share_spend(&share, now_ns, turn_ns);
	}
	return spent_ns;
}

static void a_busy_thread_takes_its_share_and_no_more(void **state)
{
	(void)state;
	for (uint64_t turn_ns = MS / 100; turn_ns <= 4 * MS; turn_ns *= 2) {
		uint64_t spent_ns = work_for_a_second(25, turn_ns);

		assert_in_range(spent_ns, 245 * MS, 260 * MS);
	}
}

static void with_a_cpu_of_its_own_it_never_rests(void **state)
{
	(void)state;
	assert_true(work_for_a_second(100, MS) >= 1000 * MS);
}

static void an_idle_thread_saves_no_more_than_one_burst(void **state)
{
	struct share share;

	(void)state;
	share_init(&share, 25, 0);
	assert_int_equal(share_spend(&share, 3600000 * MS, 5 * MS), 0);
	assert_int_equal(share_spend(&share, 3600000 * MS, 1 * MS), 4 * MS);
}

static void no_rest_is_longer_than_rings_can_hold(void **state)
{
	struct share share;

	(void)state;
	share_init(&share, 25, 0);
	assert_int_equal(share_spend(&share, 0, 900 * MS), 20 * MS);
	// What could not be rested off is forgiven.
	assert_int_equal(share_spend(&share, 20 * MS, 0), 0);
	// A clock that went back is no reason to rest for ever.
	assert_in_range(share_spend(&share, 0, MS), 0, 20 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_busy_thread_takes_its_share_and_no_more),
		cmocka_unit_test(with_a_cpu_of_its_own_it_never_rests),
		cmocka_unit_test(an_idle_thread_saves_no_more_than_one_burst),
		cmocka_unit_test(no_rest_is_longer_than_rings_can_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
