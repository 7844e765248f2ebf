// The state machine: what is affected, when it ends, what is counted. Time is scripted.
#include "tests/unit/control/drill/testing.h"

#include <errno.h>

static struct drill *drill;
static struct drill_tally tally;
static uint64_t now_us;
static uint32_t next_random;
static const struct drill_zones zones = {.known = 40, .touched = 12, .alone = 0};

static void draw(void *arg, void *out, size_t len)
{
	(void)arg;
	assert_int_equal(len, sizeof(next_random));
	memcpy(out, &next_random, len);
	next_random += UINT32_MAX / 100 + 1; // goes through all hundredths
}

static int open_drill(void **state)
{
	(void)state;
	now_us = 1000000;
	next_random = 0;
	tally = (struct drill_tally){.cached = 1000, .fresh = 200, .servfail = 50};
	drill = drill_new(draw, NULL);
	return drill == NULL;
}

static int close_drill(void **state)
{
	(void)state;
	drill_free(drill);
	return 0;
}

static int start(const char *words)
{
	const struct drill_spec spec = spec_of(words);

	return drill_start(drill, &spec, &zones, &tally, now_us, 1700000000123);
}

static uint32_t ask(const char *address)
{
	const struct address server = address_of(address);

	const struct drill_aim aim = {.server = &server, .zone = (const uint8_t *)"\7example\3com"};

	return drill_choose(drill, &aim, now_us);
}

static enum harm harm_now(uint32_t which)
{
	uint32_t delay_ms;

	return drill_harm(drill, which, now_us, &delay_ms);
}

static enum drill_event run_at(uint64_t at_us)
{
	now_us = at_us;
	return drill_run(drill, &tally, 0, now_us);
}

// As the daemon does it: whenever something is due.
static enum drill_event run_until(uint64_t until_us)
{
	while (drill_next_us(drill) <= until_us) {
		enum drill_event event = run_at(drill_next_us(drill));
		if (event != DRILL_NOTHING)
			return event;
	}
	now_us = until_us;
	return DRILL_NOTHING;
}

static const struct drill_report *report(void)
{
	return drill_report(drill, 0);
}

static void only_what_is_in_scope_is_affected(void **state)
{
	(void)state;
	assert_int_equal(ask("192.0.2.1"), 0);
	assert_int_equal(start("--scope upstream:192.0.2.1 --fault servfail --for 10"), 0);
	now_us += 12000;
	assert_int_equal(ask("192.0.2.2"), 0);
	uint32_t which = ask("192.0.2.1");
	assert_int_not_equal(which, 0);
	assert_int_equal(harm_now(which), HARM_SERVFAIL);
	assert_int_equal(report()->asked, 2);
	assert_int_equal(report()->in_scope, 1);
	assert_int_equal(report()->affected, 1);
	assert_int_equal(report()->first_ms, 12);
}

static void a_share_affects_that_many(void **state)
{
	unsigned affected = 0;

	(void)state;
	assert_int_equal(start("--scope uplink --fault drop --share 30%"), 0);
	for (int i = 0; i < 1000; i++)
		affected += ask("192.0.2.1") != 0;
	assert_in_range(affected, 290, 310);
	assert_int_equal(report()->affected, affected);
	assert_int_equal(report()->in_scope, 1000);
}

static void nothing_is_affected_after_its_time_though_nobody_ends_it(void **state)
{
	(void)state;
	assert_int_equal(start("--scope uplink --fault drop --for 10"), 0);
	uint32_t which = ask("192.0.2.1");
	now_us += 9999999;
	assert_int_equal(harm_now(which), HARM_DROP);
	assert_int_not_equal(ask("192.0.2.1"), 0);
	now_us += 1;
	assert_int_equal(harm_now(which), HARM_NONE);
	assert_int_equal(ask("192.0.2.1"), 0);
	assert_false(drill_running(drill, now_us));
}

static void it_ends_by_itself(void **state)
{
	uint64_t begun_us = now_us;

	(void)state;
	assert_int_equal(start("--scope uplink --fault drop --for 10"), 0);
	assert_int_equal(run_until(begun_us + 20000000), DRILL_HAS_ENDED);
	assert_int_equal(now_us, begun_us + 10000000);
	assert_int_equal(report()->end, DRILL_OVER);
	assert_int_equal(report()->lasted_ms, 10000);
}

static void a_late_end_counts_from_when_it_was_due(void **state)
{
	(void)state;
	assert_int_equal(start("--scope uplink --fault drop --for 10"), 0);
	assert_int_equal(run_at(now_us + 15000000), DRILL_HAS_ENDED);
	assert_int_equal(report()->end, DRILL_OVER);
	assert_int_equal(report()->lasted_ms, 10000);
}

static void a_second_one_is_refused_while_it_runs(void **state)
{
	(void)state;
	assert_int_equal(start("--scope uplink --fault drop --for 10"), 0);
	now_us += 1000000;
	assert_int_equal(start("--scope uplink --fault servfail --for 10"), -EBUSY);
	assert_int_equal(drill_report_count(drill), 1);
	assert_int_equal(harm_now(ask("192.0.2.1")), HARM_DROP);
	assert_int_equal(drill_counted(drill)->refused, 1);
	assert_true(drill_stop(drill, &tally, now_us));
	assert_int_equal(report()->end, DRILL_STOPPED);
	assert_int_equal(report()->lasted_ms, 1000);
	assert_false(drill_stop(drill, &tally, now_us));
	assert_int_equal(start("--scope uplink --fault servfail --for 10"), 0);
	assert_int_equal(drill_report_count(drill), 2);
	assert_true(drill_report(drill, 1)->closed);
	assert_int_equal(drill_report(drill, 0)->number, 2);
}

static void questions_of_the_former_drill_are_left_alone_by_the_next(void **state)
{
	(void)state;
	assert_int_equal(start("--scope uplink --fault drop --for 10"), 0);
	uint32_t which = ask("192.0.2.1");
	assert_true(drill_stop(drill, &tally, now_us));
	assert_int_equal(start("--scope uplink --fault servfail --for 10"), 0);
	assert_int_equal(harm_now(which), HARM_NONE);
}

static void it_gives_up_when_too_many_clients_get_servfail(void **state)
{
	uint64_t begun_us = now_us;

	(void)state;
	assert_int_equal(start("--scope uplink --fault drop --for 60 --abort-if servfail>10%"), 0);
	tally.cached += 90;
	tally.servfail += 10; // 10 of 100: not above
	assert_int_equal(run_until(begun_us + 1000000), DRILL_NOTHING);
	tally.servfail += 1;
	uint32_t which = ask("192.0.2.1");
	assert_int_equal(run_until(begun_us + 2000000), DRILL_HAS_ENDED);
	assert_true(now_us <= begun_us + 1200000);
	assert_int_equal(report()->end, DRILL_ABORTED);
	assert_int_equal(report()->tally.servfail, 11);
	assert_int_equal(report()->tally.cached, 90);
	assert_int_equal(harm_now(which), HARM_NONE);
	assert_int_equal(drill_counted(drill)->aborted, 1);
}

// However many went well long before.
static void it_gives_up_for_what_happens_now(void **state)
{
	uint64_t begun_us = now_us;

	(void)state;
	assert_int_equal(start("--scope uplink --fault drop --for 600 --abort-if servfail>10%"), 0);
	tally.cached += 1000000;
	assert_int_equal(run_until(begun_us + 60000000), DRILL_NOTHING);
	tally.servfail += 20;
	tally.cached += 20;
	assert_int_equal(run_until(begun_us + 61000000), DRILL_HAS_ENDED);
	assert_int_equal(report()->end, DRILL_ABORTED);
}

static void a_handful_of_answers_decides_nothing(void **state)
{
	(void)state;
	assert_int_equal(start("--scope uplink --fault drop --for 60 --abort-if servfail>0%"), 0);
	tally.servfail += 9;
	assert_int_equal(run_until(now_us + 1000000), DRILL_NOTHING);
	tally.servfail += 1;
	assert_int_equal(run_until(now_us + 1000000), DRILL_HAS_ENDED);
}

static void steering_is_timed_from_the_first_affected_and_from_the_end(void **state)
{
	uint64_t begun_us = now_us;

	(void)state;
	assert_int_equal(start("--scope upstream:192.0.2.1 --fault drop --for 10"), 0);
	// One a millisecond; for 600 ms every other one goes there, then none.
	for (int i = 0; i < 5000; i++, now_us += 1000)
		ask(i < 600 && i % 2 == 0 ? "192.0.2.1" : "198.51.100.1");
	assert_int_equal(run_until(begun_us + 10000000), DRILL_HAS_ENDED);
	assert_in_range(report()->away_ms, 580, 600);
	assert_int_equal(report()->peak_percent, 50);
	assert_true(report()->back_ms == DRILL_NEVER);
	// After the end: 400 ms elsewhere, then as before.
	for (int i = 0; i < 1400; i++, now_us += 1000)
		assert_int_equal(ask(i >= 400 && i % 2 == 0 ? "192.0.2.1" : "198.51.100.1"), 0);
	assert_int_equal(run_until(now_us), DRILL_NOTHING);
	assert_in_range(report()->back_ms, 400, 401);
	assert_int_equal(run_until(begun_us + 60000000), DRILL_HAS_CLOSED);
	assert_int_equal(now_us, begun_us + 10000000 + DRILL_OWED_US);
	assert_int_equal(drill_next_us(drill), UINT64_MAX);
}

// What was asked before tells how large the share was: three questions may be all that it takes.
static void a_server_that_is_left_at_once_was_steered_away_from(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++, now_us += 1000)
		assert_int_equal(ask(i % 4 == 0 ? "192.0.2.1" : "198.51.100.1"), 0);
	assert_int_equal(start("--scope upstream:192.0.2.1 --fault drop --for 10"), 0);
	uint64_t begun_us = now_us;
	for (int i = 0; i < 400; i++, now_us += 1000)
		ask(i < 12 && i % 4 == 0 ? "192.0.2.1" : "198.51.100.1");
	assert_int_equal(run_until(begun_us + 10000000), DRILL_HAS_ENDED);
	assert_int_equal(report()->peak_percent, 25);
	assert_int_equal(report()->affected, 3);
	assert_true(report()->away_ms <= 12);
}

static void what_is_answered_late_is_told_apart(void **state)
{
	uint64_t begun_us = now_us;

	(void)state;
	assert_int_equal(start("--scope uplink --fault drop --for 5 --abort-if servfail>100%"), 0);
	tally.fresh += 10;
	tally.secure += 8;
	assert_int_equal(run_until(begun_us + 5000000), DRILL_HAS_ENDED);
	tally.servfail += 3;
	tally.fresh += 100;
	assert_int_equal(run_until(begun_us + 11000000), DRILL_NOTHING);
	assert_int_equal(drill_run(drill, &tally, 6900, now_us), DRILL_NOTHING);
	tally.servfail += 5; // too late to be of the drill
	assert_int_equal(run_until(begun_us + 60000000), DRILL_HAS_CLOSED);
	assert_int_equal(now_us, begun_us + 5000000 + DRILL_WATCH_US);
	assert_int_equal(report()->tally.fresh, 10);
	assert_int_equal(report()->tally.secure, 8);
	assert_int_equal(report()->tally.servfail, 0);
	assert_int_equal(report()->slowest_ms, 6900);
	assert_true(report()->closed);
}

static void old_reports_make_room(void **state)
{
	(void)state;
	for (int i = 0; i < DRILL_REPORTS_MAX + 3; i++) {
		assert_int_equal(start("--scope uplink --fault drop --for 10"), 0);
		assert_true(drill_stop(drill, &tally, now_us));
	}
	assert_int_equal(drill_report_count(drill), DRILL_REPORTS_MAX);
	assert_int_equal(drill_report(drill, 0)->number, DRILL_REPORTS_MAX + 3);
	assert_int_equal(drill_report(drill, DRILL_REPORTS_MAX - 1)->number, 4);
}

// ---- what is said of it ----

static struct drill_report shown(uint64_t affected)
{
	return (struct drill_report){.scope = "domain:192.0.2.0/24",
				     .fault = "drop",
				     .end = DRILL_OVER,
				     .steerable = true,
				     .affected = affected,
				     .zones = 300,
				     .zones_touched = 120,
				     .tally = {.cached = 900, .fresh = 100}};
}

#define assert_verdict(report, words)                                                              \
	do {                                                                                       \
		char text_[DRILL_VERDICT_MAX];                                                     \
		if (strstr(drill_verdict(report, text_), words) == NULL)                           \
			fail_msg("\"%s\" is not in \"%s\"", words, text_);                         \
	} while (0)

static void the_verdict_says_what_it_means(void **state)
{
	struct drill_report r = shown(50);

	(void)state;
	assert_verdict(&r, "each of the 120 known zones with servers there has others");
	assert_verdict(&r, "no client noticed: 1000 answers, none stale, no SERVFAIL");
	r.slowest_ms = 4659;
	assert_verdict(&r, "no client got SERVFAIL or stale data, but one waited for 4659 ms");
	r.tally.stale = 7;
	assert_verdict(&r, "no client got SERVFAIL, but 7 of 1007 answers were stale");
	r.late_servfail = 2;
	assert_verdict(&r, "clients noticed: 2 SERVFAIL beside 1007 answers");
	r.zones_unsure = 9;
	assert_verdict(&r, "no other server is known of 9 of the 120 zones there");
	r.zones_alone = 31;
	assert_verdict(&r, "192.0.2.0/24 alone carries 31 zones: no failover exists for them");
	r.end = DRILL_ABORTED;
	assert_verdict(&r, "given up before its time");
	r = shown(0);
	assert_verdict(&r, "nothing was rehearsed: no question went there");
	r.tally = (struct drill_tally){0};
	r.affected = 1;
	assert_verdict(&r, "nobody asked anything meanwhile");
}

static void find_line(const char *text, void *arg)
{
	const char **wanted = arg;

	if (*wanted != NULL && strstr(text, *wanted) != NULL)
		*wanted = NULL;
}

#define assert_line(report, words)                                                                 \
	do {                                                                                       \
		const char *wanted_ = words;                                                       \
		drill_report_lines(report, find_line, &wanted_);                                   \
		if (wanted_ != NULL)                                                               \
			fail_msg("no line says \"%s\"", wanted_);                                  \
	} while (0)

static void the_report_has_every_number(void **state)
{
	struct drill_report r = shown(50);

	(void)state;
	r.number = 3, r.share_percent = 100, r.for_s = 30, r.abort_percent = 5;
	r.lasted_ms = 30012, r.asked = 4000, r.in_scope = 55, r.first_ms = 4;
	r.started_ms = 1700000000123;
	r.away_ms = 420, r.back_ms = 1230, r.peak_percent = 40, r.slowest_ms = 812;
	r.tally.secure = 90;
	assert_line(&r, "drill 3: domain:192.0.2.0/24 drop, share 100 %, for 30 s, given up above "
			"5 % SERVFAIL");
	assert_line(&r, "over: began 2023-11-14T22:13:20.123Z, lasted 30.012 s");
	assert_line(
		&r,
		"questions to servers: 4000, in the scope 55, affected 50, the first after 4 ms");
	assert_line(&r, "steered away: 420 ms after the first affected question; back: 1230 ms "
			"after the end");
	assert_line(&r, "answers: 900 cached, 100 fresh (90 of them with AD), 0 stale, 0 SERVFAIL");
	assert_line(&r, "slowest answer to a client: 812 ms");
	assert_line(&r, "zones: 300 known, 120 with a server in the scope, 0 with no other");
	r.zones_alone = 2;
	assert_line(&r, "drill plan --scope domain:192.0.2.0/24 names them");
	r.zones_alone = 0;
	r.abort_percent = DRILL_ABORT_NEVER;
	assert_line(&r, "for 30 s, never given up");
	r.zones_unsure = 2;
	assert_line(&r, "0 with no other; 2 more if what is not known of them is there, too");
	r.away_ms = r.back_ms = DRILL_NEVER;
	assert_line(&r, "steered away: not while it lasted; back: not seen yet");
	r.peak_percent = 3;
	assert_line(&r, "too few questions went there");
}

int main(void)
{
#define drill_test(f) cmocka_unit_test_setup_teardown(f, open_drill, close_drill)
	const struct CMUnitTest tests[] = {
		drill_test(only_what_is_in_scope_is_affected),
		drill_test(a_share_affects_that_many),
		drill_test(nothing_is_affected_after_its_time_though_nobody_ends_it),
		drill_test(it_ends_by_itself),
		drill_test(a_late_end_counts_from_when_it_was_due),
		drill_test(a_second_one_is_refused_while_it_runs),
		drill_test(questions_of_the_former_drill_are_left_alone_by_the_next),
		drill_test(it_gives_up_when_too_many_clients_get_servfail),
		drill_test(it_gives_up_for_what_happens_now),
		drill_test(a_handful_of_answers_decides_nothing),
		drill_test(steering_is_timed_from_the_first_affected_and_from_the_end),
		drill_test(a_server_that_is_left_at_once_was_steered_away_from),
		drill_test(what_is_answered_late_is_told_apart),
		drill_test(old_reports_make_room),
		cmocka_unit_test(the_verdict_says_what_it_means),
		cmocka_unit_test(the_report_has_every_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
