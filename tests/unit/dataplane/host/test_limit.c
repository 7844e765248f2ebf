#include "dataplane/host/limit.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

static unsigned take_all(struct limit *limit, enum exception_class class)
{
	unsigned taken = 0;

	while (taken < 100000 && limit_take(limit, class))
		taken++;
	return taken;
}

static void a_burst_passes_and_then_nothing(void **state)
{
	struct limit limit;

	(void)state;
	limit_init(&limit, 500, 1000);
	assert_int_equal(take_all(&limit, EXCEPTION_ARP), 256);
	assert_false(limit_take(&limit, EXCEPTION_ARP));
}

static void classes_do_not_share(void **state)
{
	struct limit limit;

	(void)state;
	limit_init(&limit, 500, 1000);
	take_all(&limit, EXCEPTION_OTHER);
	assert_true(limit_take(&limit, EXCEPTION_ARP));
	assert_true(limit_take(&limit, EXCEPTION_ND));
	assert_true(limit_take(&limit, EXCEPTION_TCP));
}

static void tokens_come_back_with_time(void **state)
{
	struct limit limit;

	(void)state;
	limit_init(&limit, 500, 1000);
	take_all(&limit, EXCEPTION_ICMP);
	limit_tick(&limit, 1000);
	assert_int_equal(take_all(&limit, EXCEPTION_ICMP), 0);
	limit_tick(&limit, 1100);
	assert_int_equal(take_all(&limit, EXCEPTION_ICMP), 100);
}

static void a_long_silence_gives_one_burst_only(void **state)
{
	struct limit limit;

	(void)state;
	limit_init(&limit, 500, 0);
	take_all(&limit, EXCEPTION_TCP);
	limit_tick(&limit, UINT64_MAX / 2);
	assert_int_equal(take_all(&limit, EXCEPTION_TCP), 2048);
}

static void connections_begin_at_the_configured_rate(void **state)
{
	struct limit limit;

	(void)state;
	limit_init(&limit, 500, 1000);
	take_all(&limit, EXCEPTION_SYN);
	limit_tick(&limit, 1100);
	assert_int_equal(take_all(&limit, EXCEPTION_SYN), 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_passes_and_then_nothing),
		cmocka_unit_test(classes_do_not_share),
		cmocka_unit_test(tokens_come_back_with_time),
		cmocka_unit_test(a_long_silence_gives_one_burst_only),
		cmocka_unit_test(connections_begin_at_the_configured_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
