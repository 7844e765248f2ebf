// Which server next: those that fail are out, for a time and a zone (DESIGN §7).
#include "tests/unit/control/upstream/selecting.h"

static void server_that_failed_twice_is_out(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 0, SERVER_GOOD, 5);
	report(&f, 1, SERVER_GOOD, 100);
	report(&f, 0, SERVER_TIMEOUT, 0);
	script_advance_ms(&f.s, 100);
	report(&f, 0, SERVER_TIMEOUT, 0);
	assert_int_equal(share(&f, 1, 500), 500);
	script_stop(&f.s);
}

static void one_lost_packet_does_not_put_a_good_server_out(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 0, SERVER_GOOD, 5);
	report(&f, 1, SERVER_GOOD, 600);
	report(&f, 0, SERVER_TIMEOUT, 0);
	assert_true(share(&f, 0, 1000) > 900);
	script_stop(&f.s);
}

// Many questions were under way when the server went away.
static void failures_of_one_moment_count_once(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 1, "192.0.2.1");
	report(&f, 0, SERVER_GOOD, 100);
	for (unsigned i = 0; i < 1000; i++)
		report(&f, 0, SERVER_TIMEOUT, 0);
	assert_int_equal(timeout_of(&f), 600);
	script_stop(&f.s);
}

static void server_out_gets_one_probe_at_a_time(void **state)
{
	struct fixture f;
	uint32_t timeout_ms;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 1, SERVER_GOOD, 100);
	report(&f, 0, SERVER_UNREACHABLE, 0);
	assert_int_equal(share(&f, 0, 200), 0);
	script_advance_ms(&f.s, 1000);
	assert_int_equal(choose(&f, &timeout_ms), 0); // the probe
	assert_true(timeout_ms <= 1000);
	assert_int_equal(share(&f, 0, 200), 0);
	assert_int_equal(script_counter(&f.s, "upstream.probes"), 1);
	report(&f, 0, SERVER_GOOD, 3);
	assert_true(share(&f, 0, 1000) > 900); // back at once
	script_stop(&f.s);
}

static void time_out_doubles_to_four_seconds_and_no_more(void **state)
{
	static const uint64_t expected_ms[] = {1000, 2000, 4000, 4000, 4000, 4000, 4000};
	struct fixture f;
	uint32_t timeout_ms;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 1, SERVER_GOOD, 100);
	for (size_t i = 0; i < 7; i++) {
		report(&f, 1, SERVER_GOOD, 100);
		report(&f, 0, SERVER_UNREACHABLE, 0);
		script_advance_ms(&f.s, expected_ms[i] - 1);
		assert_int_equal(share(&f, 0, 20), 0);
		script_advance_ms(&f.s, 1);
		assert_int_equal(choose(&f, &timeout_ms), 0);
	}
	report(&f, 0, SERVER_GOOD, 100);
	report(&f, 0, SERVER_UNREACHABLE, 0);
	script_advance_ms(&f.s, 1000); // from the start again
	assert_int_equal(choose(&f, &timeout_ms), 0);
	script_stop(&f.s);
}

// A client whose question has failed once does not pay for a probe too.
static void task_that_has_failed_does_not_probe(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 3, "192.0.2.1", "198.51.100.1", "203.0.113.1");
	report(&f, 1, SERVER_GOOD, 100);
	report(&f, 2, SERVER_GOOD, 100);
	report(&f, 0, SERVER_UNREACHABLE, 0);
	script_advance_ms(&f.s, 1500);
	f.list[1].tries = f.list[1].failed = 1;
	assert_int_equal(share(&f, 2, 200), 200);
	script_stop(&f.s);
}

static void server_already_asked_in_this_task_is_not_probed(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 1, SERVER_GOOD, 100);
	report(&f, 0, SERVER_UNREACHABLE, 0);
	script_advance_ms(&f.s, 1500);
	f.list[0].tries = 1; // and under way: a hedge
	assert_int_equal(share(&f, 1, 200), 200);
	script_stop(&f.s);
}

// Late failures of questions sent before it went out are no failed probes.
static void failures_while_out_do_not_prolong_it(void **state)
{
	struct fixture f;
	uint32_t timeout_ms;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 1, SERVER_GOOD, 100);
	for (unsigned i = 0; i < 10; i++) {
		report(&f, 0, SERVER_UNREACHABLE, 0);
		script_advance_ms(&f.s, 99);
	}
	assert_int_equal(share(&f, 0, 100), 0);
	script_advance_ms(&f.s, 10);
	assert_int_equal(choose(&f, &timeout_ms), 0);
	script_stop(&f.s);
}

static void servers_that_are_all_out_are_asked_all_the_same(void **state)
{
	struct fixture f;
	uint32_t timeout_ms;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 0, SERVER_UNREACHABLE, 0);
	report(&f, 1, SERVER_UNREACHABLE, 0);
	assert_in_range(share(&f, 0, 1000), 300, 700);
	f.list[0].tries = f.list[0].failed = 1;
	assert_int_equal(choose(&f, &timeout_ms), 1);
	script_stop(&f.s);
}

// One good server that lost a packet, and dead ones nobody has tried in this task.
static void failed_server_that_is_in_comes_before_servers_that_are_out(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 3, "192.0.2.1", "198.51.100.1", "203.0.113.1");
	report(&f, 0, SERVER_GOOD, 10);
	report(&f, 0, SERVER_TIMEOUT, 0);
	report(&f, 1, SERVER_UNREACHABLE, 0);
	report(&f, 2, SERVER_UNREACHABLE, 0);
	f.list[0].tries = f.list[0].failed = 1;
	assert_int_equal(share(&f, 0, 200), 200);
	script_stop(&f.s);
}

// ATTACKS O4: lame for one zone says nothing about another.
static void o4_verdicts_are_per_zone_reachability_is_not(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 0, SERVER_LAME, 10);
	report(&f, 1, SERVER_GOOD, 300);
	assert_int_equal(share(&f, 1, 200), 200);
	f.zone = script_name("other.");
	assert_true(share(&f, 0, 1000) > 900); // known to be fast, and not lame there
	f.zone = script_name("third.");
	report(&f, 0, SERVER_UNREACHABLE, 0);
	f.zone = script_name("fourth.");
	assert_int_equal(share(&f, 1, 200), 200);
	script_stop(&f.s);
}

static void zone_is_compared_without_case(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 0, SERVER_LAME, 10);
	report(&f, 1, SERVER_GOOD, 300);
	f.zone = (const uint8_t *)"\7eXaMpLe";
	assert_int_equal(share(&f, 1, 200), 200);
	script_stop(&f.s);
}

static void every_failure_takes_a_server_out_within_two(void **state)
{
	(void)state;
	for (unsigned failure = SERVER_TIMEOUT; failure < SERVER_FAILURE_COUNT; failure++) {
		struct fixture f;

		start(&f, 2, "192.0.2.1", "198.51.100.1");
		report(&f, 0, SERVER_GOOD, 10);
		report(&f, 1, SERVER_GOOD, 100);
		for (unsigned i = 0; i < 2; i++) {
			script_advance_ms(&f.s, 60);
			report(&f, 0, (enum server_failure)failure, 0);
		}
		assert_int_equal(share(&f, 1, 100), 100);
		assert_string_not_equal(server_failure_words((enum server_failure)failure),
					"unknown");
		script_stop(&f.s);
	}
}

static void an_rtt_outlives_the_failures_of_a_quarter_of_an_hour_ago(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 0, SERVER_GOOD, 100);
	report(&f, 1, SERVER_UNREACHABLE, 0);
	assert_int_equal(timeout_of(&f), 300);
	script_advance_ms(&f.s, 15 * 60 * 1000);
	f.count = 1;
	assert_int_equal(timeout_of(&f), 300); // PEERS: a good RTT is not forgotten when it expires
	f.count = 2;
	f.list[0].tries = 3;
	uint32_t timeout_ms;
	assert_int_equal(choose(&f, &timeout_ms), 1);
	assert_int_equal(timeout_ms, 400); // nothing is known
	script_stop(&f.s);
}

static const char *const many_zones[] = {"one.", "two.", "three.", "four.", "five.", "six."};
#define MANY (sizeof(many_zones) / sizeof(many_zones[0]))

// Server 0 of two serves many zones and is silent, for 20 s.
static void silent_for_many_zones(struct fixture *f)
{
	start(f, 2, "192.0.2.1", "198.51.100.1");
	for (unsigned round = 0; round < 300; round++) {
		for (size_t i = 0; i < MANY; i++) {
			f->zone = script_name(many_zones[i]);
			report(f, 1, SERVER_GOOD, 100);
			report(f, 0, round < 100 ? SERVER_GOOD : SERVER_TIMEOUT,
			       round < 100 ? 10 : 0);
		}
		script_advance_ms(&f->s, 100);
	}
}

static void a_server_that_returns_is_in_for_all_its_zones_at_once(void **state)
{
	struct fixture f;

	(void)state;
	silent_for_many_zones(&f);
	report(&f, 0, SERVER_GOOD, 10);
	for (size_t i = 0; i < MANY; i++) {
		f.zone = script_name(many_zones[i]);
		assert_true(share(&f, 0, 200) > 160);
	}
	script_stop(&f.s);
}

static void one_probe_serves_all_zones_of_a_silent_server(void **state)
{
	struct fixture f;
	unsigned probes = 0;

	(void)state;
	silent_for_many_zones(&f);
	// Twenty seconds in which every zone is asked for all the time.
	for (unsigned round = 0; round < 200; round++) {
		for (size_t i = 0; i < MANY; i++) {
			uint32_t timeout_ms;

			f.zone = script_name(many_zones[i]);
			if (choose(&f, &timeout_ms) != 0)
				continue;
			probes++;
			report(&f, 0, SERVER_TIMEOUT, 0);
		}
		script_advance_ms(&f.s, 100);
	}
	assert_in_range(probes, 4, 7); // one in four seconds, not one for each zone
	script_stop(&f.s);
}

static void a_return_forgives_no_wrong_answers(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 1, SERVER_GOOD, 100);
	report(&f, 0, SERVER_LAME, 10);
	f.zone = script_name("other.");
	report(&f, 0, SERVER_TIMEOUT, 0);
	script_advance_ms(&f.s, 100);
	report(&f, 0, SERVER_TIMEOUT, 0);
	report(&f, 0, SERVER_GOOD, 10);
	f.zone = script_name("example.");
	assert_int_equal(share(&f, 1, 200), 200);
	script_stop(&f.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_that_failed_twice_is_out),
		cmocka_unit_test(one_lost_packet_does_not_put_a_good_server_out),
		cmocka_unit_test(failures_of_one_moment_count_once),
		cmocka_unit_test(server_out_gets_one_probe_at_a_time),
		cmocka_unit_test(time_out_doubles_to_four_seconds_and_no_more),
		cmocka_unit_test(task_that_has_failed_does_not_probe),
		cmocka_unit_test(server_already_asked_in_this_task_is_not_probed),
		cmocka_unit_test(failures_while_out_do_not_prolong_it),
		cmocka_unit_test(servers_that_are_all_out_are_asked_all_the_same),
		cmocka_unit_test(failed_server_that_is_in_comes_before_servers_that_are_out),
		cmocka_unit_test(o4_verdicts_are_per_zone_reachability_is_not),
		cmocka_unit_test(zone_is_compared_without_case),
		cmocka_unit_test(every_failure_takes_a_server_out_within_two),
		cmocka_unit_test(an_rtt_outlives_the_failures_of_a_quarter_of_an_hour_ago),
		cmocka_unit_test(a_server_that_returns_is_in_for_all_its_zones_at_once),
		cmocka_unit_test(one_probe_serves_all_zones_of_a_silent_server),
		cmocka_unit_test(a_return_forgives_no_wrong_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
