// Servers that give names back in another case, or in one: what settles whether it is their answer,
// and that a forger gains nothing by playing one.
#include "tests/unit/control/upstream/ways.h"

static void another_case_is_asked_for_once_more(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	ask_name(&s, LONG_NAME);
	script_answer(&s, (struct script_reply){.lower_case = true, .address = 66});
	script_expect_waiting(&s);
	assert_false(script_last(&s)->tcp);
	assert_int_equal(s.sent_count, 2);
	assert_int_not_equal(header_id(s.sent[0].data), header_id(s.sent[1].data));
	assert_memory_not_equal(s.sent[0].data + HEADER_LEN, s.sent[1].data + HEADER_LEN, 54);
	script_answer(&s, (struct script_reply){.address = 80});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.reply.message->sections[SECTION_ANSWER].rrsets[0]->rdatas[0].data[3],
			 80);
	assert_int_equal(s.opened, 2);
	script_stop(&s);
}

static void two_replies_in_another_case_that_agree_are_believed(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	for (int i = 0; i < 3; i++) { // each time anew: nothing is remembered
		ask_name(&s, LONG_NAME);
		assert_int_not_equal(
			memcmp(script_last(&s)->data + HEADER_LEN, script_name(LONG_NAME), 54), 0);
		script_answer(&s, (struct script_reply){
					  .lower_case = true, .no_cookie = true, .records = 3});
		script_answer(&s, (struct script_reply){
					  .lower_case = true, .no_cookie = true, .records = 3});
		script_expect(&s, UPSTREAM_OK);
		assert_false(s.reply.strong);
		assert_false(s.reply.unsettled);
	}
	assert_int_equal(script_counter(&s, "upstream.case_agreed"), 3);
	assert_int_equal(script_counter(&s, "upstream.sent_tcp"), 0);
	script_stop(&s);
}

static void two_that_differ_are_settled_over_tcp(void **state)
{
	static const struct script_reply others[] = {
		{.lower_case = true, .no_cookie = true, .address = 67},
		{.lower_case = true, .no_cookie = true, .records = 1},
		{.lower_case = true, .no_cookie = true, .no_answer = true},
		{.lower_case = true, .no_cookie = true, .rcode = RCODE_NXDOMAIN},
		{.lower_case = true, .no_cookie = true, .flags = FLAG_AA},
	};
	struct script s;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		start(&s);
		ask_name(&s, LONG_NAME);
		script_answer(&s, (struct script_reply){.lower_case = true, .no_cookie = true});
		script_answer(&s, others[i]);
		script_expect_waiting(&s);
		script_connected(&s);
		script_answer(&s, (struct script_reply){.address = 80});
		script_expect(&s, UPSTREAM_OK);
		assert_true(s.reply.strong);
		assert_int_equal(s.sent_count, 3);
		script_stop(&s);
	}
}

static void our_own_cookie_is_better_than_the_case(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	ask_name(&s, LONG_NAME);
	script_answer(&s, (struct script_reply){.lower_case = true, .server_cookie = 1});
	script_expect(&s, UPSTREAM_OK);
	assert_true(s.reply.strong);
	ask_name(&s, LONG_NAME);
	script_answer(&s, (struct script_reply){.lower_case = true, .make_up_cookie = true});
	script_expect_waiting(&s);
	assert_int_equal(s.sent_count, 2);
	assert_int_equal(script_counter(&s, "upstream.ignored_cookie"), 1);
	script_stop(&s);
}

static void silence_after_another_case_is_settled_over_tcp(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	ask_name(&s, LONG_NAME);
	script_answer(&s, (struct script_reply){.lower_case = true});
	script_advance_ms(&s, 400);
	script_expect_waiting(&s);
	script_connected(&s);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

// A forger who lower-cases must not be able to switch 0x20 off.
static void lost_case_over_udp_is_not_remembered(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	start(&s);
	request = ask_name(&s, LONG_NAME);
	script_answer(&s, (struct script_reply){.lower_case = true});
	script_answer(&s, (struct script_reply){.lower_case = true});
	script_expect(&s, UPSTREAM_OK);
	script_ask(&s, &request);
	assert_memory_not_equal(script_last(&s)->data + HEADER_LEN, request.name, 54);
	script_stop(&s);
}

static void lose_case_over_tcp(struct script *s)
{
	ask_name(s, LONG_NAME);
	script_answer(s, (struct script_reply){.lower_case = true, .address = 1});
	script_answer(s, (struct script_reply){.lower_case = true, .address = 2});
	script_connected(s);
	script_answer(s, (struct script_reply){.lower_case = true});
	script_expect(s, UPSTREAM_OK);
}

// Over TCP it is the server itself that does not keep the case: no second question each time.
static void lost_case_over_tcp_is_remembered(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	lose_case_over_tcp(&s);
	ask_name(&s, LONG_NAME);
	script_answer(&s, (struct script_reply){.lower_case = true});
	script_expect(&s, UPSTREAM_OK);
	assert_false(s.reply.tcp);
	script_advance_ms(&s, 16 * 60 * 1000);
	ask_name(&s, LONG_NAME);
	script_answer(&s, (struct script_reply){.lower_case = true});
	script_expect_waiting(&s); // tried again after a quarter of an hour
	script_stop(&s);
}

static void where_case_was_kept_within_a_day_it_is_never_left_out(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	start(&s);
	request = ask_name(&s, LONG_NAME);
	script_answer(&s, (struct script_reply){0});
	script_advance_ms(&s, 23 * 3600 * 1000);
	lose_case_over_tcp(&s);
	script_ask(&s, &request);
	assert_memory_not_equal(script_last(&s)->data + HEADER_LEN, request.name, 54);
	exchange_cancel(s.exchange);
	script_advance_ms(&s, 2 * 3600 * 1000);
	lose_case_over_tcp(&s);
	script_ask(&s, &request);
	assert_memory_equal(script_last(&s)->data + HEADER_LEN, request.name, 54);
	script_stop(&s);
}

// ATTACKS A15: none was asked for, so that there is none to be guessed either.
static void a15_where_no_cookie_was_sent_none_makes_a_reply_strong(void **state)
{
	struct upstream_config config = script_config;
	struct script s;

	(void)state;
	config.cookies = false;
	script_start(&s, &config);
	for (int zero = 0; zero < 2; zero++) {
		ask_name(&s, LONG_NAME);
		assert_false(script_query(&s).edns.has_cookie);
		script_answer(&s,
			      (struct script_reply){.make_up_cookie = true, .zero_cookie = zero});
		script_expect(&s, UPSTREAM_OK);
		assert_false(s.reply.strong);
	}
	script_stop(&s);
}

static struct exchange_request ask_signed(struct script *s)
{
	struct exchange_request request = script_request(s);

	request.name = script_name(LONG_NAME);
	request.signed_zone = request.signatures_settle = true;
	script_ask(s, &request);
	return request;
}

// Somebody verifies them; where there are none, nobody does.
static void signatures_settle_another_case_where_there_are_some(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	ask_signed(&s);
	script_answer(&s, (struct script_reply){.lower_case = true, .is_signed = true});
	script_expect(&s, UPSTREAM_OK);
	assert_true(s.reply.unsettled);
	assert_false(s.reply.strong);
	ask_signed(&s);
	script_answer(&s, (struct script_reply){.lower_case = true});
	script_expect_waiting(&s);
	assert_int_equal(s.sent_count, 3);
	exchange_cancel(s.exchange);
	// An error has nothing that could be verified.
	ask_signed(&s);
	script_answer(&s, (struct script_reply){
				  .lower_case = true, .is_signed = true, .rcode = RCODE_REFUSED});
	script_expect_waiting(&s);
	exchange_cancel(s.exchange);
	script_stop(&s);
}

static void what_tcp_has_settled_is_not_left_to_signatures(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	ask_signed(&s);
	script_answer(&s, (struct script_reply){.server_cookie = 1});
	script_expect(&s, UPSTREAM_OK);
	ask_signed(&s);
	// The cookie that this server gives is not there.
	script_answer(&s, (struct script_reply){
				  .lower_case = true, .is_signed = true, .no_cookie = true});
	script_expect_waiting(&s);
	script_connected(&s);
	script_answer(&s, (struct script_reply){.server_cookie = 1});
	script_expect(&s, UPSTREAM_OK);
	assert_true(s.reply.strong);
	assert_false(s.reply.unsettled);
	script_stop(&s);
}

static void truncated_in_another_case_goes_to_tcp_at_once(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	ask_name(&s, LONG_NAME);
	script_answer(&s, (struct script_reply){.lower_case = true, .flags = FLAG_TC});
	script_expect_waiting(&s);
	assert_int_equal(s.sent_count, 1);
	script_connected(&s);
	assert_true(script_last(&s)->tcp);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

// ---- forgeries do not make TCP the rule ----

static void tcp_for_what_may_be_forged_is_bounded(void **state)
{
	struct upstream_config config = script_config;
	static struct exchange *exchanges[40];
	struct exchange_request request;
	unsigned tcp = 0;
	struct script s;

	(void)state;
	config.exchanges_max = 64;
	script_start(&s, &config);
	request = script_request(&s);
	request.name = script_name(LONG_NAME);
	s.charge_limit = 1000;
	for (unsigned i = 0; i < 20; i++) {
		script_ask(&s, &request);
		exchanges[i] = s.exchange;
		struct channel *channel = script_last(&s)->channel;
		channel->on_event(channel->arg, CHANNEL_FRAGMENT, NULL, 0, &channel->server);
	}
	for (size_t i = 0; i < s.channel_count; i++)
		tcp += s.channels[i].open && s.channels[i].tcp;
	assert_int_equal(tcp, 4); // of one server
	assert_int_equal(script_counter(&s, "upstream.unsettled"), 16);
	// The others wait on for their answer over UDP.
	assert_int_equal(s.done, 0);
	script_answer_to(&s, 19, (struct script_reply){0});
	assert_int_equal(s.done, 1);
	assert_int_equal(s.reply.outcome, UPSTREAM_OK);
	// One that ends makes room.
	exchange_cancel(exchanges[0]);
	struct channel *channel = s.sent[18].channel;
	channel->on_event(channel->arg, CHANNEL_FRAGMENT, NULL, 0, &channel->server);
	tcp = 0;
	for (size_t i = 0; i < s.channel_count; i++)
		tcp += s.channels[i].open && s.channels[i].tcp;
	assert_int_equal(tcp, 4);
	script_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_case_is_asked_for_once_more),
		cmocka_unit_test(two_replies_in_another_case_that_agree_are_believed),
		cmocka_unit_test(two_that_differ_are_settled_over_tcp),
		cmocka_unit_test(our_own_cookie_is_better_than_the_case),
		cmocka_unit_test(silence_after_another_case_is_settled_over_tcp),
		cmocka_unit_test(lost_case_over_udp_is_not_remembered),
		cmocka_unit_test(lost_case_over_tcp_is_remembered),
		cmocka_unit_test(where_case_was_kept_within_a_day_it_is_never_left_out),
		cmocka_unit_test(a15_where_no_cookie_was_sent_none_makes_a_reply_strong),
		cmocka_unit_test(signatures_settle_another_case_where_there_are_some),
		cmocka_unit_test(what_tcp_has_settled_is_not_left_to_signatures),
		cmocka_unit_test(truncated_in_another_case_goes_to_tcp_at_once),
		cmocka_unit_test(tcp_for_what_may_be_forged_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
