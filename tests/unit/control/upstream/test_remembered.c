// What is remembered of a server changes how it is asked, and when again.
#include "dataplane/dns/header.h"
#include "tests/unit/control/upstream/script.h"

#include <string.h>

static void ask(struct script *script)
{
	struct exchange_request request;

	script_start(script, &script_config);
	request = script_request(script);
	script_ask(script, &request);
}

// ATTACKS O5: UDP is blocked, TCP is not.
static void o5_tcp_is_tried_after_two_timeouts_and_remembered_briefly(void **state)
{
	struct script s;
	struct exchange_request request;

	(void)state;
	script_start(&s, &script_config);
	request = script_request(&s);
	for (unsigned i = 0; i < 2; i++) {
		script_ask(&s, &request);
		assert_false(script_channel(&s)->tcp);
		script_advance_ms(&s, 400);
		script_expect(&s, UPSTREAM_TIMEOUT);
	}
	script_ask(&s, &request);
	script_connected(&s);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_ask(&s, &request); // it may only have been away
	assert_false(script_channel(&s)->tcp);
	script_advance_ms(&s, 400);
	script_expect(&s, UPSTREAM_TIMEOUT);
	script_ask(&s, &request);
	script_connected(&s);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_ask(&s, &request);
	assert_true(script_channel(&s)->tcp);
	exchange_cancel(s.exchange);
	script_advance_ms(&s, 61000);
	script_ask(&s, &request);
	assert_false(script_channel(&s)->tcp); // UDP gets another chance
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_ask(&s, &request);
	assert_false(script_channel(&s)->tcp);
	assert_int_equal(script_query(&s).edns.udp_size, 1232);
	script_stop(&s);
}

static void o5_dead_server_is_not_asked_over_tcp_each_time(void **state)
{
	struct script s;
	struct exchange_request request;
	unsigned tcp = 0;

	(void)state;
	script_start(&s, &script_config);
	request = script_request(&s);
	for (unsigned i = 0; i < 20; i++) {
		script_ask(&s, &request);
		tcp += script_channel(&s)->tcp;
		script_advance_ms(&s, 400);
		if (s.done == 0)
			script_advance_ms(&s, 1100);
	}
	assert_in_range(tcp, 1, 2); // 20 questions in about ten seconds
	script_stop(&s);
}

// ATTACKS O6: 1232, then 512, then TCP; loss alone is no reason to stay small.
static void o6_small_replies_after_a_timeout(void **state)
{
	struct script s;
	struct exchange_request request;

	(void)state;
	script_start(&s, &script_config);
	request = script_request(&s);
	script_ask(&s, &request);
	script_advance_ms(&s, 400);
	script_expect(&s, UPSTREAM_TIMEOUT);
	script_ask(&s, &request);
	assert_int_equal(script_query(&s).edns.udp_size, 512);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_ask(&s, &request);
	assert_int_equal(script_query(&s).edns.udp_size, 1232);
	script_stop(&s);
}

static void o6_black_hole_is_remembered_for_a_minute(void **state)
{
	struct script s;
	struct exchange_request request;

	(void)state;
	script_start(&s, &script_config);
	request = script_request(&s);
	script_ask(&s, &request);
	script_advance_ms(&s, 400);
	script_ask(&s, &request);
	script_answer(&s, (struct script_reply){.flags = FLAG_TC});
	script_connected(&s);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_ask(&s, &request);
	assert_int_equal(script_query(&s).edns.udp_size, 512);
	exchange_cancel(s.exchange);
	script_advance_ms(&s, 61000);
	script_ask(&s, &request);
	assert_int_equal(script_query(&s).edns.udp_size, 1232);
	script_stop(&s);
}

static void start_silent(struct script *s)
{
	struct exchange_request request;

	script_start(s, &script_config);
	request = script_request(s);
	request.timeout_ms = 4000;
	script_ask(s, &request);
	script_advance_ms(s, 1000);
	assert_int_equal(s->sent_count, 1);
}

// ATTACKS O1: what was lost while the server was away is not waited for once it is back.
static void o1_what_a_returning_server_has_lost_is_asked_again(void **state)
{
	const struct address server = script_address("192.0.2.1");
	struct script s;

	(void)state;
	start_silent(&s);
	for (int i = 0; i < 3; i++)
		upstream_report(s.upstream, script_name("example."), &server, SERVER_TIMEOUT, 0);
	upstream_report(s.upstream, script_name("example."), &server, SERVER_GOOD, 50000);
	script_advance_ms(&s, 1);
	assert_int_equal(s.sent_count, 2);
	assert_int_equal(script_counter(&s, "upstream.asked_again"), 1);
	// Once: it may go away and come back as often as it likes.
	script_advance_ms(&s, 60);
	upstream_report(s.upstream, script_name("example."), &server, SERVER_TIMEOUT, 0);
	upstream_report(s.upstream, script_name("example."), &server, SERVER_GOOD, 50000);
	script_advance_ms(&s, 1);
	assert_int_equal(s.sent_count, 2);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

static void a_server_that_never_left_is_not_asked_again(void **state)
{
	const struct address server = script_address("192.0.2.1");
	struct script s;

	(void)state;
	start_silent(&s);
	upstream_report(s.upstream, script_name("example."), &server, SERVER_GOOD, 20000);
	script_advance_ms(&s, 1);
	assert_int_equal(s.sent_count, 1);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

static void count_server(const struct address *server, void *arg)
{
	unsigned *count = arg;

	(void)server;
	(*count)++;
}

static void describes_it(const char *text, void *arg)
{
	unsigned *lines = arg;

	assert_non_null(strstr(text, "192.0.2.1"));
	(*lines)++;
}

static void servers_are_described_once_each(void **state)
{
	struct script s;
	unsigned lines = 0;

	(void)state;
	ask(&s);
	script_answer(&s, (struct script_reply){.server_cookie = 3});
	for (unsigned i = 0; i < 3; i++)
		upstream_report(s.upstream, script_name("example."),
				&(struct address){.family = 4, .bytes = {192, 0, 2, 1}},
				SERVER_GOOD, 20000);
	size_t at = 0;
	while (upstream_servers_some(s.upstream, &at, 1, count_server, &lines))
		;
	assert_int_equal(lines, 1);
	upstream_describe_server(s.upstream, NULL,
				 &(struct address){.family = 4, .bytes = {192, 0, 2, 1}},
				 describes_it, &lines);
	assert_int_equal(lines, 2);
	script_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(o5_tcp_is_tried_after_two_timeouts_and_remembered_briefly),
		cmocka_unit_test(o5_dead_server_is_not_asked_over_tcp_each_time),
		cmocka_unit_test(o6_small_replies_after_a_timeout),
		cmocka_unit_test(o6_black_hole_is_remembered_for_a_minute),
		cmocka_unit_test(o1_what_a_returning_server_has_lost_is_asked_again),
		cmocka_unit_test(a_server_that_never_left_is_not_asked_again),
		cmocka_unit_test(servers_are_described_once_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
