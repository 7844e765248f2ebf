// Servers that know no EDNS: what is given up for them, and that a forger gains nothing by playing
// one.
#include "tests/unit/control/upstream/ways.h"

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

// The one beside an abandoned question has nobody either: what would need another packet ends it,
// and nobody is charged, for who would pay may be gone.
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
