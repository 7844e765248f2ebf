// Which server next: round trips, shares, hedges, failure domains (DESIGN §7).
#include "tests/unit/control/upstream/selecting.h"

static void unknown_server_gets_400_ms(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 1, "192.0.2.1");
	assert_int_equal(timeout_of(&f), 400);
	script_stop(&f.s);
}

static void timeout_follows_rtt_and_variance_within_bounds(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 1, "192.0.2.1");
	report(&f, 0, SERVER_GOOD, 100);
	assert_int_equal(timeout_of(&f), 300); // RFC 6298 §2.2: 100 + 4 * 50
	for (unsigned i = 0; i < 100; i++)
		report(&f, 0, SERVER_GOOD, 100);
	assert_in_range(timeout_of(&f), 100, 110);
	for (unsigned i = 0; i < 100; i++)
		report(&f, 0, SERVER_GOOD, 1);
	assert_int_equal(timeout_of(&f), 50);
	for (unsigned i = 0; i < 100; i++)
		report(&f, 0, SERVER_GOOD, 60000);
	assert_int_equal(timeout_of(&f), 5000);
	script_stop(&f.s);
}

static void timeouts_in_a_row_double_up_to_five_seconds(void **state)
{
	static const uint32_t expected[] = {800, 1600, 3200, 5000, 5000};
	struct fixture f;

	(void)state;
	start(&f, 1, "192.0.2.1");
	for (size_t i = 0; i < 5; i++) {
		report(&f, 0, SERVER_TIMEOUT, 0);
		assert_int_equal(timeout_of(&f), expected[i]);
		script_advance_ms(&f.s, 400);
	}
	report(&f, 0, SERVER_GOOD, 100);
	assert_int_equal(timeout_of(&f), 300);
	script_stop(&f.s);
}

static void fastest_server_gets_nearly_all_and_the_rest_are_explored(void **state)
{
	struct fixture f;
	unsigned hits;

	(void)state;
	start(&f, 3, "192.0.2.1", "198.51.100.1", "203.0.113.1");
	report(&f, 0, SERVER_GOOD, 90);
	report(&f, 1, SERVER_GOOD, 10);
	report(&f, 2, SERVER_GOOD, 200);
	hits = share(&f, 1, 10000);
	// 95 % + a third of 5 %; sigma is 18.
	assert_in_range(hits, 9667 - 126, 9667 + 126);
	assert_in_range(script_counter(&f.s, "upstream.explorations"), 500 - 153, 500 + 153);
	script_stop(&f.s);
}

// A server that has just failed is tried again by probes, not by every twentieth question.
static void server_that_failed_last_is_not_explored(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 3, "192.0.2.1", "198.51.100.1", "203.0.113.1");
	for (size_t i = 0; i < 3; i++)
		report(&f, i, SERVER_GOOD, 20);
	report(&f, 0, SERVER_TIMEOUT, 0);
	assert_int_equal(share(&f, 0, 2000), 0);
	script_stop(&f.s);
}

// While another server could still answer nobody waits long for one that is late.
static void wait_is_short_while_another_server_is_good(void **state)
{
	struct fixture f;
	uint32_t timeout_ms;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	for (size_t i = 0; i < 20; i++) {
		report(&f, 0, SERVER_GOOD, 3000);
		report(&f, 1, SERVER_GOOD, 3000);
	}
	choose(&f, &timeout_ms);
	assert_int_equal(timeout_ms, 1000);
	f.list[0].tries = f.list[0].failed = 1;
	assert_int_equal(choose(&f, &timeout_ms), 1);
	assert_in_range(timeout_ms, 3000, 5000);
	script_stop(&f.s);
}

// A client waits for each probe: as long as the server used to take, not longer because it was
// silent.
static void probe_waits_no_longer_for_earlier_silence(void **state)
{
	struct fixture f;
	uint32_t timeout_ms;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 1, SERVER_GOOD, 10);
	report(&f, 0, SERVER_GOOD, 1);
	for (size_t i = 0; i < 4; i++) {
		script_advance_ms(&f.s, 100);
		report(&f, 0, SERVER_TIMEOUT, 0);
	}
	script_advance_ms(&f.s, 1000);
	assert_int_equal(choose(&f, &timeout_ms), 0);
	assert_int_equal(script_counter(&f.s, "upstream.probes"), 1);
	assert_int_equal(timeout_ms, 50);
	script_stop(&f.s);
}

// Found to be silent for two zones, it is asked after others for the next one too, and one question
// for any of them tries it again.
static void server_silent_elsewhere_comes_after_others(void **state)
{
	struct fixture f;
	uint32_t timeout_ms;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	f.zone = script_name("other.");
	report(&f, 0, SERVER_GOOD, 5);
	report(&f, 1, SERVER_GOOD, 300);
	f.zone = script_name("example.");
	report(&f, 0, SERVER_GOOD, 5);
	for (size_t i = 0; i < 2; i++) {
		script_advance_ms(&f.s, 60);
		report(&f, 0, SERVER_TIMEOUT, 0);
	}
	f.zone = script_name("other.");
	assert_true(share(&f, 0, 200) > 160);
	f.zone = script_name("another.");
	report(&f, 0, SERVER_TIMEOUT, 0);
	f.zone = script_name("other.");
	assert_int_equal(share(&f, 1, 200), 200);
	f.list[1].tries = f.list[1].failed = 1;
	assert_int_equal(choose(&f, &timeout_ms), 0); // before one that has failed
	f.list[1].tries = f.list[1].failed = 0;
	script_advance_ms(&f.s, 1000);
	assert_int_equal(choose(&f, &timeout_ms), 0); // the probe
	assert_int_equal(share(&f, 1, 20), 20);
	report(&f, 0, SERVER_GOOD, 5);
	assert_true(share(&f, 0, 200) > 150);
	script_stop(&f.s);
}

static void late_is_past_what_round_trips_used_to_take(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 1, "192.0.2.1");
	assert_int_equal(upstream_late_ms(f.s.upstream, f.zone, &f.list[0].address), 0);
	report(&f, 0, SERVER_GOOD, 100);
	assert_int_equal(upstream_late_ms(f.s.upstream, f.zone, &f.list[0].address), 250);
	for (unsigned i = 0; i < 100; i++)
		report(&f, 0, SERVER_GOOD, 100);
	assert_in_range(upstream_late_ms(f.s.upstream, f.zone, &f.list[0].address), 105, 106);
	for (unsigned i = 0; i < 100; i++)
		report(&f, 0, SERVER_GOOD, 1);
	assert_int_equal(upstream_late_ms(f.s.upstream, f.zone, &f.list[0].address), 10);
	script_stop(&f.s);
}

static int hedge(struct fixture *f)
{
	uint32_t timeout_ms;

	return upstream_hedge(f->s.upstream, f->zone, f->list, f->count, &f->list[0].address,
			      &timeout_ms);
}

static void hedge_goes_to_a_good_untried_server_of_another_domain(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 3, "192.0.2.1", "192.0.2.2", "198.51.100.1");
	f.list[0].tries = 1;
	assert_int_equal(hedge(&f), -1); // nothing has been sent yet that would pay for it
	f.s.upstream->hedge_credit = 3 * HEDGE_COST;
	assert_int_equal(hedge(&f), 2);
	f.list[2].tries = 1;
	assert_int_equal(hedge(&f), -1);
	f.list[2].tries = 0;
	report(&f, 2, SERVER_UNREACHABLE, 0);
	assert_int_equal(hedge(&f), -1);
	report(&f, 2, SERVER_GOOD, 5);
	assert_int_equal(hedge(&f), 2);
	assert_int_equal(hedge(&f), 2);
	assert_int_equal(hedge(&f), -1);
	assert_int_equal(script_counter(&f.s, "upstream.hedges"), 3);
	assert_int_equal(script_counter(&f.s, "upstream.hedges_refused"), 2);
	script_stop(&f.s);
}

static void equally_fast_servers_share(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 2, "192.0.2.1", "198.51.100.1");
	report(&f, 0, SERVER_GOOD, 20);
	report(&f, 1, SERVER_GOOD, 21);
	assert_in_range(share(&f, 0, 10000), 5000 - 350, 5000 + 350);
	script_stop(&f.s);
}

static void unknown_servers_share(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, "192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1");
	assert_in_range(share(&f, 3, 10000), 2500 - 310, 2500 + 310);
	script_stop(&f.s);
}

static void each_is_tried_before_any_a_second_time(void **state)
{
	struct fixture f;
	uint32_t timeout_ms;

	(void)state;
	start(&f, 4, "192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1");
	report(&f, 0, SERVER_GOOD, 5);
	for (unsigned round = 0; round < 12; round++) {
		int which = choose(&f, &timeout_ms);

		assert_true(which >= 0);
		assert_int_equal(f.list[which].tries, round / 4);
		f.list[which].tries++;
	}
	assert_int_equal(choose(&f, &timeout_ms), -1);
	script_stop(&f.s);
}

static void no_candidates_is_minus_one(void **state)
{
	struct fixture f;
	uint32_t timeout_ms;

	(void)state;
	start(&f, 0);
	assert_int_equal(choose(&f, &timeout_ms), -1);
	script_stop(&f.s);
}

static void a14_forbidden_addresses_are_never_chosen(void **state)
{
	struct fixture f;
	uint32_t timeout_ms;

	(void)state;
	start(&f, 3, "0.0.0.0", "192.0.2.1", "::1");
	assert_int_equal(share(&f, 1, 500), 500);
	f.list[1].tries = 3;
	assert_int_equal(choose(&f, &timeout_ms), -1);
	script_stop(&f.s);
}

static void other_failure_domain_comes_first_after_a_failure(void **state)
{
	struct fixture f;
	uint32_t timeout_ms;

	(void)state;
	start(&f, 5, "192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8:0:1::1", "2001:db8:0:2::1");
	for (size_t i = 0; i < 3; i++)
		report(&f, i, SERVER_GOOD, 5);
	report(&f, 3, SERVER_GOOD, 300);
	report(&f, 4, SERVER_GOOD, 300);
	f.list[0].tries = f.list[0].failed = 1;
	for (unsigned i = 0; i < 200; i++)
		assert_true(upstream_select(f.s.upstream, f.zone, f.list, f.count, 3,
					    &f.list[0].address, &timeout_ms) >= 3);
	// Both of IPv6 share a /48.
	for (unsigned i = 0; i < 200; i++)
		assert_true(upstream_select(f.s.upstream, f.zone, f.list, f.count, 3,
					    &f.list[3].address, &timeout_ms) < 3);
	script_stop(&f.s);
}

static char described[1024];

static void keep_line(const char *text, void *arg)
{
	(void)arg;
	snprintf(described, sizeof(described), "%s", text);
}

static void failures_are_counted_and_shown_by_server_and_cause(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 1, "192.0.2.1");
	report(&f, 0, SERVER_GOOD, 10);
	for (unsigned failure = SERVER_TIMEOUT; failure < SERVER_FAILURE_COUNT; failure++) {
		for (unsigned i = 0; i < failure; i++)
			report(&f, 0, (enum server_failure)failure, 0);
	}
	script_advance_ms(&f.s, 500);
	upstream_describe_server(f.s.upstream, f.zone, &f.list[0].address, keep_line, NULL);
#define X(symbol, name, words)                                                                     \
	if (SERVER_##symbol != SERVER_GOOD) {                                                      \
		char text[64];                                                                     \
		snprintf(text, sizeof(text), #name " %u", (unsigned)SERVER_##symbol);              \
		assert_non_null(strstr(described, text));                                          \
	}
	SERVER_FAILURES(X)
#undef X
	assert_non_null(strstr(described, "192.0.2.1 rtt 10.0 ms +- 5.0"));
	assert_non_null(strstr(described, "good 1"));
	assert_non_null(strstr(described, "for this zone, out for 0.5 s, next probe in "));
	script_stop(&f.s);
}

static void memory_of_ratings_is_bounded(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 1, "192.0.2.1");
	for (uint32_t n = 0; n < 100000; n++) {
		uint8_t zone[] = {4,
				  (uint8_t)('a' + n % 26),
				  (uint8_t)('a' + n / 26 % 26),
				  (uint8_t)('a' + n / 676 % 26),
				  (uint8_t)('a' + n / 17576 % 26),
				  0};

		upstream_report(f.s.upstream, zone, &f.list[0].address, SERVER_GOOD, 1000);
	}
	report(&f, 0, SERVER_GOOD, 100);
	assert_int_equal(timeout_of(&f), 300); // the newest is there
	script_stop(&f.s);
}

// While a server of the zone has been bogus lately, the one that validated last comes first, and
// that is none that was bogus since.
static void the_one_that_validated_last_comes_first(void **state)
{
	struct fixture f;
	unsigned hits = 0;
	uint32_t timeout_ms;

	(void)state;
	start(&f, 3, "192.0.2.1", "198.51.100.1", "203.0.113.1");
	for (size_t i = 0; i < 3; i++)
		report(&f, i, SERVER_GOOD, 10);
	upstream_validated(f.s.upstream, f.zone, &f.list[1].address);
	script_advance_ms(&f.s, 100);
	upstream_validated(f.s.upstream, f.zone, &f.list[0].address);
	script_advance_ms(&f.s, 100);
	report(&f, 0, SERVER_BOGUS, 0);
	for (unsigned i = 0; i < 100; i++) {
		int which = choose(&f, &timeout_ms);
		if (which == 0) // whether it is back
			report(&f, 0, SERVER_GOOD, 10);
		hits += which == 1;
		script_advance_ms(&f.s, 2000);
	}
	assert_true(hits >= 90);
	script_stop(&f.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_server_gets_400_ms),
		cmocka_unit_test(timeout_follows_rtt_and_variance_within_bounds),
		cmocka_unit_test(timeouts_in_a_row_double_up_to_five_seconds),
		cmocka_unit_test(fastest_server_gets_nearly_all_and_the_rest_are_explored),
		cmocka_unit_test(server_that_failed_last_is_not_explored),
		cmocka_unit_test(wait_is_short_while_another_server_is_good),
		cmocka_unit_test(probe_waits_no_longer_for_earlier_silence),
		cmocka_unit_test(server_silent_elsewhere_comes_after_others),
		cmocka_unit_test(late_is_past_what_round_trips_used_to_take),
		cmocka_unit_test(hedge_goes_to_a_good_untried_server_of_another_domain),
		cmocka_unit_test(equally_fast_servers_share),
		cmocka_unit_test(unknown_servers_share),
		cmocka_unit_test(each_is_tried_before_any_a_second_time),
		cmocka_unit_test(no_candidates_is_minus_one),
		cmocka_unit_test(a14_forbidden_addresses_are_never_chosen),
		cmocka_unit_test(other_failure_domain_comes_first_after_a_failure),
		cmocka_unit_test(failures_are_counted_and_shown_by_server_and_cause),
		cmocka_unit_test(memory_of_ratings_is_bounded),
		cmocka_unit_test(the_one_that_validated_last_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
