// Servers that know less than we ask for: no EDNS, no cookies, names in one case. What is given up
// for them, and that a forger gains nothing by playing one.
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"

#include <string.h>

#define LONG_NAME "abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrstuvwxyz." // no chance in its case

static bool unsigned_zone, zone_asked;

static bool tell_zone(void *arg)
{
	(void)arg;
	zone_asked = true;
	return unsigned_zone;
}

static void start(struct script *s)
{
	unsigned_zone = zone_asked = false;
	script_start(s, &script_config);
}

static struct exchange_request ask_name(struct script *s, const char *name)
{
	struct exchange_request request = script_request(s);

	request.name = script_name(name);
	script_ask(s, &request);
	return request;
}

// ---- a header alone, in answer to EDNS ----

static void o8_beside_a_bare_error_the_question_is_put_without_edns(void **state)
{
	static const unsigned rcodes[] = {RCODE_FORMERR, RCODE_NOTIMP};
	struct script s;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start(&s);
		ask_name(&s, LONG_NAME);
		script_bare_error(&s, 0, rcodes[i]);
		script_expect_waiting(&s);
		assert_int_equal(s.sent_count, 2);
		assert_int_equal(script_open_count(&s), 2);
		assert_false(script_query(&s).edns.present);
		assert_int_not_equal(header_id(s.sent[0].data), header_id(s.sent[1].data));
		assert_memory_not_equal(s.sent[0].data + HEADER_LEN, s.sent[1].data + HEADER_LEN,
					54);
		script_answer_to(&s, 1, (struct script_reply){0});
		script_expect(&s, UPSTREAM_OK);
		assert_false(s.reply.strong);
		assert_int_equal(s.charged, 2);
		script_stop(&s);
	}
}

static void the_first_question_may_yet_be_answered(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	ask_name(&s, LONG_NAME);
	script_bare_error(&s, 0, RCODE_FORMERR);
	script_answer_to(&s, 0, (struct script_reply){.server_cookie = 1});
	script_expect(&s, UPSTREAM_OK);
	assert_true(s.reply.strong);
	assert_true(s.reply.message->edns.present);
	script_stop(&s);
}

// The one beside an abandoned question has nobody either: what would need another packet ends it, and
// nobody is charged, for who would pay may be gone.
static void what_is_beside_an_abandoned_question_sends_no_more(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	ask_name(&s, LONG_NAME);
	script_bare_error(&s, 0, RCODE_FORMERR);
	assert_int_equal(s.sent_count, 2);
	exchange_abandon(s.exchange, script_name("example."));
	s.exchange = NULL;
	const unsigned charged = s.charged;
	script_answer_to(&s, 1, (struct script_reply){.flags = FLAG_TC});
	assert_int_equal(s.sent_count, 2);
	assert_int_equal(s.charged, charged);
	assert_int_equal(s.done, 0);
	script_stop(&s);
}

static void a10_forgeries_do_not_answer_the_second_question(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	ask_name(&s, LONG_NAME);
	for (int i = 0; i < 100; i++)
		script_bare_error(&s, 0, RCODE_FORMERR);
	assert_int_equal(s.sent_count, 2); // one, whatever comes
	script_expect_waiting(&s);
	script_answer_to(&s, 0, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_false(s.reply.bare);
	script_stop(&s);
}

static void two_errors_without_a_question_are_an_answer(void **state)
{
	static const struct {
		unsigned rcode;
		enum upstream_outcome outcome;
	} rows[] = {{RCODE_FORMERR, UPSTREAM_FORMERR},
		    {RCODE_NOTIMP, UPSTREAM_NOTIMP},
		    {RCODE_REFUSED, UPSTREAM_OK},
		    {RCODE_SERVFAIL, UPSTREAM_OK}};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct script s;
		start(&s);
		ask_name(&s, LONG_NAME);
		script_bare_error(&s, 0, rows[i].rcode);
		script_expect_waiting(&s);
		script_bare_error(&s, 1, rows[i].rcode);
		script_expect(&s, rows[i].outcome);
		assert_true(s.reply.bare);
		// Nothing is learnt from them.
		ask_name(&s, "b.example.");
		assert_true(script_query(&s).edns.present && script_query(&s).edns.has_cookie);
		script_stop(&s);
	}
}

// RFC 6891 §7 names FORMERR and NOTIMP; others say that they do not like it, too.
static void other_errors_alone_may_be_for_edns(void **state)
{
	static const unsigned rcodes[] = {RCODE_SERVFAIL, RCODE_REFUSED, RCODE_NOTAUTH};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct script s;
		start(&s);
		ask_name(&s, LONG_NAME);
		script_bare_error(&s, 0, rcodes[i]);
		assert_int_equal(s.sent_count, 2);
		assert_false(script_query(&s).edns.present);
		script_stop(&s);
	}
}

// Whoever sends an OPT record knows EDNS.
static void an_error_with_an_opt_record_is_not_for_edns(void **state)
{
	uint8_t error[HEADER_LEN + 11] = {0};
	struct script s;

	(void)state;
	start(&s);
	ask_name(&s, LONG_NAME);
	memcpy(error, s.sent[0].data, 2);
	wire_put16(error + 2, FLAG_QR | RCODE_FORMERR);
	error[11] = 1;
	wire_put16(error + HEADER_LEN + 1, TYPE_OPT);
	wire_put16(error + HEADER_LEN + 3, 1232);
	script_deliver_to(&s, 0, error, sizeof(error));
	assert_int_equal(s.sent_count, 2);
	assert_true(script_query(&s).edns.present);
	script_stop(&s);
}

static void one_question_is_not_enough_to_be_remembered(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	for (int i = 0; i < 3; i++) { // the same, as often as one likes
		ask_name(&s, LONG_NAME);
		assert_true(script_query(&s).edns.present);
		script_bare_error(&s, s.sent_count - 1, RCODE_FORMERR);
		script_answer_to(&s, s.sent_count - 1, (struct script_reply){0});
		script_expect(&s, UPSTREAM_OK);
	}
	ask_name(&s, "another.example.");
	assert_true(script_query(&s).edns.present);
	script_bare_error(&s, s.sent_count - 1, RCODE_FORMERR);
	script_answer_to(&s, s.sent_count - 1, (struct script_reply){0});
	ask_name(&s, "third.example.");
	assert_false(script_query(&s).edns.present);
	script_answer(&s, (struct script_reply){0});
	script_advance_ms(&s, 15 * 60 * 1000);
	ask_name(&s, "fourth.example.");
	assert_true(script_query(&s).edns.present);
	script_stop(&s);
}

static void two_questions_a_day_apart_are_not_two(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	for (int i = 0; i < 2; i++) {
		ask_name(&s, i == 0 ? "a.example." : "b.example.");
		script_bare_error(&s, s.sent_count - 1, RCODE_FORMERR);
		script_answer_to(&s, s.sent_count - 1, (struct script_reply){0});
		script_expect(&s, UPSTREAM_OK);
		script_advance_ms(&s, 24 * 3600 * 1000);
	}
	ask_name(&s, "c.example.");
	assert_true(script_query(&s).edns.present);
	script_stop(&s);
}

static void a_server_that_has_echoed_our_cookie_knows_edns(void **state)
{
	static const uint8_t cookies[] = {0, 7}; // with a server cookie or without
	struct script s;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start(&s);
		ask_name(&s, LONG_NAME);
		script_answer(&s, (struct script_reply){.server_cookie = cookies[i]});
		script_advance_ms(&s, 3 * 24 * 3600 * 1000u);
		ask_name(&s, "b.example.");
		script_bare_error(&s, 1, RCODE_FORMERR);
		assert_int_equal(s.sent_count, 3); // once more, as it was
		assert_true(script_query(&s).edns.present);
		script_stop(&s);
	}
}

static void o8_a_signed_zone_is_never_asked_without_edns(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	start(&s);
	request = script_request(&s);
	request.signed_zone = true;
	request.unsigned_zone = tell_zone;
	script_ask(&s, &request);
	script_bare_error(&s, 0, RCODE_FORMERR);
	assert_true(zone_asked);
	exchange_reconsider(s.exchange);
	assert_int_equal(s.sent_count, 2); // once more, as it was
	assert_true(script_query(&s).edns.do_bit);
	script_advance_ms(&s, 402);
	script_connected(&s); // TCP tells a forgery from the server
	assert_true(script_query(&s).edns.do_bit);
	script_stop(&s);
}

static void a_zone_that_is_proven_unsigned_meanwhile_is(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	start(&s);
	request = script_request(&s);
	request.signed_zone = true;
	request.unsigned_zone = tell_zone;
	script_ask(&s, &request);
	script_bare_error(&s, 0, RCODE_FORMERR);
	script_advance_ms(&s, 100);
	unsigned_zone = true;
	exchange_reconsider(s.exchange);
	assert_int_equal(s.sent_count, 3);
	assert_false(script_query(&s).edns.present);
	script_advance_ms(&s, 350); // the first one's time is over, the second's is not
	script_expect_waiting(&s);
	script_answer_to(&s, 2, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	// Not where nothing has made anybody doubt it.
	script_ask(&s, &request);
	exchange_reconsider(s.exchange);
	assert_int_equal(s.sent_count, 4);
	script_stop(&s);
}

static void without_an_answer_to_either_it_ends_as_it_would_have(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	ask_name(&s, LONG_NAME);
	script_advance_ms(&s, 200);
	script_bare_error(&s, 0, RCODE_FORMERR);
	script_advance_ms(&s, 200);
	script_expect_waiting(&s);
	script_advance_ms(&s, 201);
	assert_int_equal(script_open_count(&s), 1);
	script_connected(&s);
	assert_int_equal(s.sent_count, 3);
	script_advance_ms(&s, 2000);
	script_expect(&s, UPSTREAM_MALFORMED);
	script_stop(&s);
}

static void ending_the_first_ends_the_second(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	ask_name(&s, LONG_NAME);
	script_bare_error(&s, 0, RCODE_FORMERR);
	exchange_cancel(s.exchange);
	assert_false(script_open(&s));
	ask_name(&s, LONG_NAME);
	script_bare_error(&s, s.sent_count - 1, RCODE_FORMERR);
	exchange_abandon(s.exchange, script_name("example."));
	script_advance_ms(&s, 10000);
	assert_false(script_open(&s));
	script_stop(&s);
}

static void no_budget_no_second_question(void **state)
{
	struct script s;

	(void)state;
	start(&s);
	s.charge_limit = 1;
	ask_name(&s, LONG_NAME);
	script_bare_error(&s, 0, RCODE_FORMERR);
	assert_int_equal(s.sent_count, 1);
	script_expect_waiting(&s);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

// ---- names that come back in another case ----

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
		cmocka_unit_test(o8_beside_a_bare_error_the_question_is_put_without_edns),
		cmocka_unit_test(the_first_question_may_yet_be_answered),
		cmocka_unit_test(what_is_beside_an_abandoned_question_sends_no_more),
		cmocka_unit_test(a10_forgeries_do_not_answer_the_second_question),
		cmocka_unit_test(two_errors_without_a_question_are_an_answer),
		cmocka_unit_test(other_errors_alone_may_be_for_edns),
		cmocka_unit_test(an_error_with_an_opt_record_is_not_for_edns),
		cmocka_unit_test(one_question_is_not_enough_to_be_remembered),
		cmocka_unit_test(two_questions_a_day_apart_are_not_two),
		cmocka_unit_test(a_server_that_has_echoed_our_cookie_knows_edns),
		cmocka_unit_test(o8_a_signed_zone_is_never_asked_without_edns),
		cmocka_unit_test(a_zone_that_is_proven_unsigned_meanwhile_is),
		cmocka_unit_test(without_an_answer_to_either_it_ends_as_it_would_have),
		cmocka_unit_test(ending_the_first_ends_the_second),
		cmocka_unit_test(no_budget_no_second_question),
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
