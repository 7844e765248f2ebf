#include "dataplane/host/place.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

static cpu_set_t first(unsigned count)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	for (unsigned cpu = 0; cpu < count; cpu++)
		CPU_SET(cpu, &cpus);
	return cpus;
}

static struct place choose(int control, int host, unsigned there)
{
	const struct dataplane_config config = {
		.lcores = {1, 2}, .lcore_count = 2, .control_cpu = control, .host_cpu = host};
	const cpu_set_t allowed = first(there);

	return place_choose(&config, &allowed);
}

static void what_nobody_has_is_the_host_threads(void **state)
{
	struct place place = choose(0, -1, 6);

	(void)state;
	assert_false(place.shared);
	assert_int_equal(CPU_COUNT(&place.cpus), 3);
	for (unsigned cpu = 3; cpu < 6; cpu++)
		assert_true(CPU_ISSET(cpu, &place.cpus));
}

static void without_one_it_has_a_share_of_controls(void **state)
{
	struct place place = choose(0, -1, 3);

	(void)state;
	assert_true(place.shared);
	assert_int_equal(CPU_COUNT(&place.cpus), 1);
	assert_true(CPU_ISSET(0, &place.cpus));
}

static void a_control_that_is_not_bound_needs_one_of_those_left(void **state)
{
	struct place one = choose(-1, -1, 3), two = choose(-1, -1, 4);

	(void)state;
	assert_true(one.shared);
	assert_true(CPU_ISSET(0, &one.cpus));
	assert_int_equal(CPU_COUNT(&one.cpus), 1);
	assert_false(two.shared);
	assert_int_equal(CPU_COUNT(&two.cpus), 2);
	assert_false(CPU_ISSET(1, &two.cpus) || CPU_ISSET(2, &two.cpus));
}

static void the_configured_one_counts(void **state)
{
	struct place own = choose(0, 3, 4), same = choose(0, 0, 4);

	(void)state;
	assert_false(own.shared);
	assert_true(CPU_ISSET(3, &own.cpus));
	assert_int_equal(CPU_COUNT(&own.cpus), 1);
	assert_true(same.shared);
	assert_true(CPU_ISSET(0, &same.cpus));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nobody_has_is_the_host_threads),
		cmocka_unit_test(without_one_it_has_a_share_of_controls),
		cmocka_unit_test(a_control_that_is_not_bound_needs_one_of_those_left),
		cmocka_unit_test(the_configured_one_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
