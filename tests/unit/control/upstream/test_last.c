// The last try: servers that drop or refuse cookies or names in mixed case. What is given up for
// them, and that a forger gains nothing by playing one.
#include "control/upstream/state.h"
#include "dataplane/dns/header.h"
#include "tests/unit/control/upstream/script.h"

#include <string.h>

#define LONG_NAME "abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrstuvwxyz." // no chance in its case

static struct exchange_request ask_name(struct script *s, const char *name)
{
	struct exchange_request request = script_request(s);

	request.name = script_name(name);
	script_ask(s, &request);
	return request;
}

static struct exchange_request try_last(struct script *s, const char *name)
{
	struct exchange_request request = script_request(s);

	request.name = script_name(name);
	request.last_try = true;
	script_ask(s, &request);
	return request;
}

static bool in_one_case(const struct script *s, size_t packet)
{
	struct query query = script_query_at(s, packet);

	return memcmp(query.question, query.qname, query.qname_len) == 0;
}

static void the_last_try_leaves_out_one_thing_at_a_time(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	try_last(&s, LONG_NAME);
	assert_int_equal(s.sent_count, 3);
	assert_true(script_query_at(&s, 0).edns.has_cookie && !in_one_case(&s, 0));
	assert_true(!script_query_at(&s, 1).edns.has_cookie && !in_one_case(&s, 1));
	assert_true(script_query_at(&s, 2).edns.has_cookie && in_one_case(&s, 2));
	for (size_t i = 0; i < 3; i++)
		assert_true(script_query_at(&s, i).edns.do_bit); // never without EDNS
	script_stop(&s);
}

// with, without, with: silence, answer, silence.
static void what_is_answered_in_one_way_only_counts_after_silence(void **state)
{
	struct script s;

	(void)state;
	for (size_t way = 1; way <= 2; way++) {
		script_start(&s, &script_config);
		try_last(&s, LONG_NAME);
		script_advance_ms(&s, 30);
		script_answer_to(&s, way, (struct script_reply){.no_cookie = true});
		script_expect_waiting(&s);
		script_advance_ms(&s, 99);
		script_expect_waiting(&s);
		script_advance_ms(&s, 2);
		script_expect(&s, UPSTREAM_OK);
		assert_false(s.reply.strong);
		assert_int_equal(script_counter(&s, "upstream.last_answers"), 1);
		script_stop(&s);
	}
}

static void the_first_ones_answer_comes_before_it(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	try_last(&s, LONG_NAME);
	script_answer_to(&s, 2, (struct script_reply){.no_cookie = true, .address = 66});
	script_answer_to(&s, 1, (struct script_reply){.address = 67});
	script_answer_to(&s, 0, (struct script_reply){.address = 80});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.reply.message->sections[SECTION_ANSWER].rrsets[0]->rdatas[0].data[3],
			 80);
	assert_int_equal(script_counter(&s, "upstream.last_answers"), 0);
	script_stop(&s);
}

static void our_cookie_in_one_case_needs_no_silence(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	try_last(&s, LONG_NAME);
	script_answer_to(&s, 2, (struct script_reply){.server_cookie = 4});
	script_expect(&s, UPSTREAM_OK);
	assert_true(s.reply.strong);
	script_stop(&s);
}

static void errors_are_no_answer_to_the_last_try(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	try_last(&s, LONG_NAME);
	script_answer_to(&s, 1, (struct script_reply){.rcode = RCODE_REFUSED});
	script_answer_to(&s, 2, (struct script_reply){.rcode = RCODE_SERVFAIL});
	script_advance_ms(&s, 399);
	script_expect_waiting(&s);
	script_advance_ms(&s, 2);
	assert_int_equal(s.reply.outcome, UPSTREAM_TIMEOUT);
	script_advance_ms(&s, 3000);
	script_stop(&s);
}

static void two_questions_are_remembered(void **state)
{
	struct script s;

	(void)state;
	for (size_t way = 1; way <= 2; way++) {
		static const char *const names[] = {"first." LONG_NAME, "first." LONG_NAME,
						    "second." LONG_NAME};
		script_start(&s, &script_config);
		for (size_t i = 0; i < 3; i++) {
			size_t sent = s.sent_count;
			try_last(&s, names[i]);
			assert_true(script_query_at(&s, sent).edns.has_cookie); // not known yet
			assert_false(in_one_case(&s, sent));
			// That without a cookie has shown already that case is kept.
			assert_int_equal(s.sent_count - sent, i > 0 && way == 1 ? 2 : 3);
			script_answer_to(&s, sent + way, (struct script_reply){.no_cookie = true});
			script_advance_ms(&s, 101);
			script_expect(&s, UPSTREAM_OK);
		}
		ask_name(&s, LONG_NAME);
		assert_int_equal(script_query(&s).edns.has_cookie, way == 2);
		assert_int_equal(in_one_case(&s, s.sent_count - 1), way == 2);
		exchange_cancel(s.exchange);
		script_advance_ms(&s, 15 * 60 * 1000);
		ask_name(&s, LONG_NAME);
		assert_true(script_query(&s).edns.has_cookie);
		assert_false(in_one_case(&s, s.sent_count - 1));
		script_stop(&s);
	}
}

static void what_was_kept_within_a_day_is_never_left_out(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	ask_name(&s, LONG_NAME);
	script_answer(&s, (struct script_reply){0});
	script_advance_ms(&s, 23 * 3600 * 1000);
	try_last(&s, LONG_NAME);
	assert_int_equal(s.sent_count, 2); // as ever, and no more
	exchange_cancel(s.exchange);
	script_advance_ms(&s, 2 * 3600 * 1000);
	try_last(&s, LONG_NAME);
	assert_int_equal(s.sent_count, 5);
	script_stop(&s);
}

static int last_server(struct script *s, bool over_tcp)
{
	const struct candidate candidates[] = {
		{.address = script_address("192.0.2.1"), .failed = 1},
		{.address = script_address("192.0.2.2")}};

	return upstream_last_try(s->upstream, candidates, 2, over_tcp);
}

static bool was_of_use(struct script *s)
{
	const struct candidate candidate = {.address = script_address("192.0.2.1"), .failed = 1};

	return upstream_last_was_of_use(s->upstream, &candidate, 1);
}

static void a_server_gets_one_last_try_in_ten_seconds_until_one_is_of_use(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	assert_int_equal(last_server(&s, false), 0);
	assert_int_equal(last_server(&s, false), -1); // the other one was not asked
	script_advance_ms(&s, 9999);
	assert_int_equal(last_server(&s, true), -1);
	script_advance_ms(&s, 1);
	assert_int_equal(last_server(&s, true), 0);
	assert_false(was_of_use(&s));
	try_last(&s, LONG_NAME);
	script_answer_to(&s, 1, (struct script_reply){.no_cookie = true});
	script_advance_ms(&s, 101);
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(last_server(&s, false), 0);
	assert_true(was_of_use(&s));
	// One that keeps what we guard ourselves with gets none.
	script_advance_ms(&s, 10000);
	ask_name(&s, LONG_NAME);
	script_answer(&s, (struct script_reply){.server_cookie = 1});
	assert_int_equal(last_server(&s, false), -1);
	assert_int_equal(last_server(&s, true), -1);
	script_stop(&s);
}

// It refuses names in mixed case, in which its errors come back all the same.
static void an_error_in_our_case_does_not_show_that_case_is_kept(void **state)
{
	static const unsigned rcodes[] = {RCODE_REFUSED, RCODE_SERVFAIL};
	struct script s;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		script_start(&s, &script_config);
		ask_name(&s, LONG_NAME);
		script_answer(&s, (struct script_reply){.rcode = rcodes[i], .no_cookie = true});
		script_expect(&s, UPSTREAM_OK);
		assert_int_equal(last_server(&s, true), 0);
		struct exchange_request request = script_request(&s);
		request.tcp = request.last_try = true;
		script_ask(&s, &request);
		script_connected(&s);
		assert_true(in_one_case(&s, s.sent_count - 1));
		assert_false(script_query(&s).edns.has_cookie);
		script_answer(&s, (struct script_reply){0});
		script_expect(&s, UPSTREAM_OK);
		assert_true(s.reply.strong);
		script_stop(&s);
	}
}

// with, without, with: an error, an answer, an error, in whatever order they come.
static void what_is_answered_in_one_way_only_counts_beside_an_error(void **state)
{
	struct script s;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		size_t way = 1 + i % 2;
		bool error_first = i < 2;

		script_start(&s, &script_config);
		try_last(&s, LONG_NAME);
		if (error_first) {
			script_answer_to(&s, 0, (struct script_reply){.rcode = RCODE_REFUSED});
			script_expect_waiting(&s);
		}
		script_answer_to(&s, way, (struct script_reply){.no_cookie = true});
		if (!error_first) {
			script_expect_waiting(&s);
			script_answer_to(&s, 0, (struct script_reply){.rcode = RCODE_REFUSED});
		}
		script_expect(&s, UPSTREAM_OK);
		assert_int_equal(s.reply.message->rcode, RCODE_NOERROR);
		assert_false(s.reply.strong);
		assert_int_equal(script_counter(&s, "upstream.last_answers"), 1);
		script_stop(&s);
	}
}

static void an_error_in_every_way_is_the_answer(void **state)
{
	struct script s;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		script_start(&s, &script_config);
		try_last(&s, LONG_NAME);
		script_answer_to(&s, i, (struct script_reply){.rcode = RCODE_REFUSED});
		script_answer_to(&s, (i + 1) % 3, (struct script_reply){.rcode = RCODE_REFUSED});
		script_expect_waiting(&s);
		script_answer_to(&s, (i + 2) % 3, (struct script_reply){.rcode = RCODE_REFUSED});
		script_expect(&s, UPSTREAM_OK);
		assert_int_equal(s.reply.message->rcode, RCODE_REFUSED);
		assert_int_equal(script_counter(&s, "upstream.last_answers"), 0);
		script_stop(&s);
	}
}

static void an_error_beside_silence_is_the_answer_when_that_is_over(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	try_last(&s, LONG_NAME);
	script_answer_to(&s, 0, (struct script_reply){.rcode = RCODE_SERVFAIL});
	script_advance_ms(&s, 399);
	script_expect_waiting(&s);
	script_advance_ms(&s, 3);
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.reply.message->rcode, RCODE_SERVFAIL);
	script_stop(&s);
	script_start(&s, &script_config);
	try_last(&s, LONG_NAME);
	script_answer_to(&s, 0, (struct script_reply){.rcode = RCODE_SERVFAIL});
	exchange_cancel(s.exchange);
	assert_false(script_open(&s));
	script_stop(&s);
}

static void over_tcp(struct script *s, const char *name, bool tcp_only)
{
	struct exchange_request request = script_request(s);

	request.name = script_name(name);
	request.tcp = request.last_try = true;
	request.tcp_only = tcp_only;
	script_ask(s, &request);
}

static void reset(struct script *s)
{
	struct channel *channel = NULL;

	for (size_t i = 0; i < s->channel_count; i++) {
		if (s->channels[i].open && s->channels[i].tcp)
			channel = &s->channels[i];
	}
	assert_non_null(channel);
	channel->on_event(channel->arg, CHANNEL_RESET, NULL, 0, &channel->server);
}

static void where_tcp_is_closed_the_last_try_goes_over_udp(void **state)
{
	struct script s;

	(void)state;
	for (int silent = 0; silent < 2; silent++) {
		script_start(&s, &script_config);
		over_tcp(&s, LONG_NAME, false);
		assert_int_equal(s.sent_count, 0);
		if (silent)
			script_advance_ms(&s, 1501);
		else
			reset(&s);
		script_expect_waiting(&s);
		assert_int_equal(s.sent_count, 3);
		assert_true(script_query_at(&s, 0).edns.has_cookie && !in_one_case(&s, 0));
		assert_true(!script_query_at(&s, 1).edns.has_cookie && !in_one_case(&s, 1));
		assert_true(script_query_at(&s, 2).edns.has_cookie && in_one_case(&s, 2));
		script_answer_to(&s, 0, (struct script_reply){.rcode = RCODE_REFUSED});
		script_answer_to(&s, 2, (struct script_reply){.no_cookie = true});
		script_expect(&s, UPSTREAM_OK);
		assert_false(s.reply.tcp);
		assert_false(s.reply.strong);
		script_stop(&s);
	}
}

static void a8_it_stays_away_from_udp_where_nothing_weak_will_do(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	over_tcp(&s, LONG_NAME, true);
	reset(&s);
	script_expect(&s, UPSTREAM_RESET);
	assert_int_equal(s.sent_count, 0);
	script_stop(&s);
}

static void what_tcp_shows_is_remembered(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	for (int i = 0; i < 2; i++) {
		over_tcp(&s, i == 0 ? "first.example." : "second.example.", false);
		script_connected(&s);
		assert_true(in_one_case(&s, s.sent_count - 1));
		script_answer(&s, (struct script_reply){.no_cookie = true});
		script_expect(&s, UPSTREAM_OK);
		assert_int_equal(last_server(&s, true), 0);
		assert_true(was_of_use(&s));
		script_advance_ms(&s, 10000);
	}
	ask_name(&s, LONG_NAME);
	assert_true(in_one_case(&s, s.sent_count - 1));
	exchange_cancel(s.exchange);
	// What it refuses all the same is asked for over TCP again.
	assert_int_equal(last_server(&s, true), 0);
	script_stop(&s);
}

// Forgeries must find room to be told from answers.
static void last_tries_take_half_of_the_places_for_tcp(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	s.upstream->settler_count = SETTLERS_MAX / 2;
	assert_int_equal(last_server(&s, true), -1);
	s.upstream->settler_count--;
	assert_int_equal(last_server(&s, true), 0);
	s.upstream->settler_count = 0;
	script_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_try_leaves_out_one_thing_at_a_time),
		cmocka_unit_test(what_is_answered_in_one_way_only_counts_after_silence),
		cmocka_unit_test(the_first_ones_answer_comes_before_it),
		cmocka_unit_test(our_cookie_in_one_case_needs_no_silence),
		cmocka_unit_test(errors_are_no_answer_to_the_last_try),
		cmocka_unit_test(two_questions_are_remembered),
		cmocka_unit_test(what_was_kept_within_a_day_is_never_left_out),
		cmocka_unit_test(a_server_gets_one_last_try_in_ten_seconds_until_one_is_of_use),
		cmocka_unit_test(an_error_in_our_case_does_not_show_that_case_is_kept),
		cmocka_unit_test(what_is_answered_in_one_way_only_counts_beside_an_error),
		cmocka_unit_test(an_error_in_every_way_is_the_answer),
		cmocka_unit_test(an_error_beside_silence_is_the_answer_when_that_is_over),
		cmocka_unit_test(where_tcp_is_closed_the_last_try_goes_over_udp),
		cmocka_unit_test(a8_it_stays_away_from_udp_where_nothing_weak_will_do),
		cmocka_unit_test(what_tcp_shows_is_remembered),
		cmocka_unit_test(last_tries_take_half_of_the_places_for_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
