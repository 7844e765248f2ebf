// What an operator orders and sees of drills.
#include "control/api/verbs.h"
#include "control/drill/host.h"
#include "control/validator/trust.h"
#include "crypto/batch.h"
#include "tests/unit/control/api/operator.h"

#include <stdlib.h>

static struct batch *batch;
static struct trust *trust;
static struct upstream *upstream;
static struct drill_host *drills;
static struct reply reply;
static uint64_t clock_us;
static char said[2000];

static uint64_t clock_now(void *ctx)
{
	(void)ctx;
	return clock_us;
}

static void clock_timer(void *ctx, uint64_t at_us)
{
	(void)ctx, (void)at_us;
}

static void zeros(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 0, len);
}

static unsigned counted;

static void answers(void *arg, api_counter_visit visit, void *visit_arg)
{
	(void)arg;
	counted++;
	visit("resolver.answers_fresh", "", 295, visit_arg);
	visit("tcp.cached", "", 2, visit_arg);
	visit("dataplane.hit.failure", "", 3, visit_arg);
}

static uint64_t wall_ms(void *arg)
{
	(void)arg;
	return UINT64_C(1700000000123);
}

static void hear(void *arg, const char *sentence)
{
	(void)arg;
	snprintf(said, sizeof(said), "%s", sentence);
}

static int open_drills(void **state)
{
	static const struct trust_config config = {.inception_skew_s = 3600};
	static const struct upstream_config settings = {.servers_max = 64, .exchanges_max = 16};
	static const struct transport transport = {
		.now_us = clock_now, .set_timer = clock_timer, .random = zeros};

	if (setup(state) != 0)
		return -1;
	clock_us = 1000000;
	said[0] = '\0';
	batch = batch_new(&(struct batch_config){0});
	trust = trust_new(&config, batch);
	upstream = upstream_new(&settings, &transport);
	static char resolver; // stands for one: its functions are those of operator.h
	const struct drill_host_config host = {.resolver = (struct resolver *)&resolver,
					       .upstream = upstream,
					       .trust = trust,
					       .random = zeros,
					       .counters = answers,
					       .wall_ms = wall_ms,
					       .say = hear};
	drills = drill_host_new(&host);
	return drills == NULL;
}

static int close_drills(void **state)
{
	reply_free(&reply);
	drill_host_free(drills);
	upstream_free(upstream);
	trust_free(trust);
	batch_free(batch);
	return teardown(state);
}

static void order(const char *words)
{
	const struct api_context context = {.store = store, .drills = drills};
	const char *list[16];
	static char copy[300];
	size_t count = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *word = strtok(copy, " "); word != NULL && count < 16; word = strtok(NULL, " "))
		list[count++] = word;
	reply_free(&reply);
	verb_run(&context, "drill", list, count, &reply);
	while (reply.go_on != NULL)
		(void)verb_go_on(&context, &reply);
}

static void expect_said(const char *words)
{
	if (reply.error[0] != '\0' || reply.text == NULL)
		fail_msg("refused: %s", reply.error);
	if (memmem(reply.text, reply.text_len, words, strlen(words)) == NULL)
		fail_msg("\"%s\" is not in:\n%.*s", words, (int)reply.text_len, reply.text);
}

static void expect_refused(const char *words)
{
	if (strstr(reply.error, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, reply.error);
}

static json_int_t number(const char *field)
{
	return json_integer_value(json_object_get(reply.data, field));
}

static void a_plan_says_what_would_be_lost(void **state)
{
	(void)state;
	order("plan --scope domain:192.0.2.0/24");
	expect_said("domain:192.0.2.0/24: 3 of 3 zones whose servers are known have one there");
	expect_said("1 of them has no other: no failover exists");
	expect_said("  alone.com.");
	expect_said("1 more may have: not all of their name servers' addresses are known");
	assert_int_equal(number("zones_alone"), 1);
	assert_int_equal(number("zones_unsure"), 1);
	expect_said("of 300 answers to clients so far 1.0 % were SERVFAIL");
	assert_int_equal(number("servfail"), 3);
	order("plan --scope upstream:198.51.100.1");
	expect_said("1 of 3 zones");
	expect_said("each of them has others");
	order("plan --scope clock");
	expect_said("takes no server away");
	order("plan");
	expect_refused("--scope is needed");
}

static void a_drill_starts_runs_and_ends_by_itself(void **state)
{
	(void)state;
	order("status");
	expect_said("no drill is running");
	assert_true(json_is_null(json_object_get(reply.data, "report")));
	order("start --scope upstream:192.0.2.1 --fault drop --for 20");
	expect_said("drill 1 begins: upstream:192.0.2.1 drop; it ends by itself in 20 s");
	expect_said("1 of 3 known zones have no other server");
	assert_non_null(strstr(said, "drill 1 begins: upstream:192.0.2.1 drop, share 100 %"));
	clock_us += 5000000;
	(void)drill_host_run(drills);
	order("status");
	expect_said("a drill is running, for 15.000 s more");
	assert_true(json_is_true(json_object_get(reply.data, "running")));
	clock_us += 15000000;
	order("status");
	expect_said("no drill is running");
	(void)drill_host_run(drills);
	assert_non_null(
		strstr(said, "drill 1 is over after 20000 ms: 192.0.2.1 alone carries 1 zone"));
	order("report");
	expect_said("over: began 2023-11-14T22:13:20.123Z");
	expect_said("verdict: 192.0.2.1 alone carries 1 zone: no failover exists for it");
}

static void one_at_a_time(void **state)
{
	(void)state;
	order("start --scope uplink --fault drop --for 20");
	order("start --scope uplink --fault servfail");
	expect_refused("drill 1 is running for 20 s more");
	order("stop");
	expect_said("drill 1 is stopped");
	order("stop");
	expect_refused("no drill is running");
	order("start --scope upstream:203.0.113.9 --fault servfail");
	expect_said("drill 2 begins");
	expect_said("no zone whose servers are known has one there");
}

static void reports_are_found_by_number(void **state)
{
	(void)state;
	order("report");
	expect_refused("there has been no drill");
	order("report --all");
	expect_said("there has been no drill");
	for (int i = 0; i < 2; i++) {
		order(i == 0 ? "start --scope uplink --fault drop"
			     : "start --scope zone:x --fault bogus");
		order("stop");
	}
	order("report 1");
	expect_said("drill 1: uplink drop");
	order("report");
	expect_said("drill 2: zone:x. bogus");
	assert_int_equal(number("number"), 2);
	order("report 3");
	expect_refused("no such drill");
	order("report x");
	expect_refused("is no number of a drill");
	order("status");
	expect_said("no drill is running; it is watched");
	clock_us += DRILL_WATCH_US;
	(void)drill_host_run(drills);
	order("status");
	expect_said("no drill is running; drill 2 was the last");
	order("report --all");
	expect_said("1 uplink drop, stopped after 0 ms");
	assert_int_equal(json_array_size(reply.data), 2);
}

static void what_is_not_meant_is_refused(void **state)
{
	(void)state;
	order("start --scope pool:work --fault drop");
	expect_refused("no zone has a pool \"work\"");
	order("plan --scope pool:work");
	expect_refused("no zone has a pool \"work\"");
	order("start --scope uplink");
	expect_refused("--fault is needed");
	order("");
	expect_refused("usage: drill plan");
	expect_refused("strip-rrsig, bogus, skew=SECONDS"); // whole
	order("begin");
	expect_refused("usage: drill plan");
	order("stop now");
	expect_refused("usage: drill plan");
	order("status");
	expect_said("no drill is running");
}

// A start that fails half way stops what it has: there may be nothing to count yet.
static void to_stop_none_nothing_is_counted(void **state)
{
	(void)state;
	counted = 0;
	assert_false(drill_host_stop(drills));
	assert_int_equal(counted, 0);
}

static const char *wanted;
static uint64_t found;
static void look(const char *name, const char *words, uint64_t value, void *arg)
{
	(void)words, (void)arg;
	if (strcmp(name, wanted) == 0)
		found = value;
}

static uint64_t counter(const char *name)
{
	wanted = name;
	found = UINT64_MAX;
	drill_host_counters(drills, look, NULL);
	return found;
}

static void a_gauge_says_that_one_is_running(void **state)
{
	(void)state;
	assert_int_equal(counter("drill.running"), 0);
	order("start --scope uplink --fault drop --for 20");
	order("start --scope uplink --fault drop --for 20");
	assert_int_equal(counter("drill.running"), 1);
	assert_int_equal(counter("drill.started"), 1);
	assert_int_equal(counter("drill.refused"), 1);
	clock_us += 20000000; // though nobody has ended it
	assert_int_equal(counter("drill.running"), 0);
}

int main(void)
{
#define TEST_DRILL(f) cmocka_unit_test_setup_teardown(f, open_drills, close_drills)
	const struct CMUnitTest tests[] = {
		TEST_DRILL(a_plan_says_what_would_be_lost),
		TEST_DRILL(a_drill_starts_runs_and_ends_by_itself),
		TEST_DRILL(one_at_a_time),
		TEST_DRILL(reports_are_found_by_number),
		TEST_DRILL(what_is_not_meant_is_refused),
		TEST_DRILL(to_stop_none_nothing_is_counted),
		TEST_DRILL(a_gauge_says_that_one_is_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
