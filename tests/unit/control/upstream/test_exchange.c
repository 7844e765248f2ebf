// One question, one server: transports, timeouts, outcomes.
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"

#include <errno.h>
#include <string.h>

static void ask(struct script *script)
{
	struct exchange_request request;

	script_start(script, &script_config);
	request = script_request(script);
	script_ask(script, &request);
}

static void good_answer_is_ok(void **state)
{
	struct script s;

	(void)state;
	ask(&s);
	assert_int_equal(s.sent_count, 1);
	assert_false(script_last(&s)->tcp);
	script_advance_ms(&s, 25);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.reply.rtt_us, 25000);
	assert_int_equal(s.reply.message->sections[SECTION_ANSWER].count, 1);
	assert_false(s.reply.tcp);
	assert_int_equal(s.reply.bytes, s.reply.message->wire_len);
	assert_int_equal(script_counter(&s, "upstream.sent_udp"), 1);
	assert_int_equal(script_counter(&s, "upstream.outcome.ok"), 1);
	script_stop(&s);
}

static void question_asks_for_dnssec_in_1232_bytes(void **state)
{
	struct script s;
	struct query query;

	(void)state;
	ask(&s);
	query = script_query(&s);
	assert_true(query.edns.present);
	assert_true(query.edns.do_bit);
	assert_int_equal(query.edns.udp_size, 1232);
	assert_int_equal(query.edns.version, 0);
	assert_false(query.rd);
	assert_false(query.cd);
	assert_int_equal(query.qtype, TYPE_A);
	assert_true(name_equal(query.qname, script_name("www.example.")));
	script_stop(&s);
}

static void forwarder_is_asked_with_rd_and_cd(void **state)
{
	struct script s;
	struct exchange_request request;

	(void)state;
	script_start(&s, &script_config);
	request = script_request(&s);
	request.rd = request.cd = true;
	script_ask(&s, &request);
	assert_true(script_query(&s).rd);
	assert_true(script_query(&s).cd);
	script_stop(&s);
}

// The answer's owner and target are compressed against the question, in whatever case it was.
static void data_keeps_nothing_of_the_case_that_was_drawn(void **state)
{
	uint8_t data[512];
	const struct rrset *cname;
	struct script s;
	size_t len;

	(void)state;
	ask(&s);
	len = script_build(&s, (struct script_reply){.no_answer = true, .no_opt = true}, data,
			   sizeof(data));
	wire_put16(data + 6, 1);
	memcpy(data + len, "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x08\x05other\xc0\x10", 20);
	script_deliver(&s, data, len + 20);
	script_expect(&s, UPSTREAM_OK);
	cname = message_find(s.reply.message, SECTION_ANSWER, script_name("www.example."),
			     TYPE_CNAME);
	assert_non_null(cname);
	assert_memory_equal(cname->owner, "\3www\7example", 13);
	assert_memory_equal(cname->rdatas[0].data, "\5other\7example", 15);
	script_stop(&s);
}

static void case_is_drawn_anew_for_each_letter(void **state)
{
	struct script s;
	struct exchange_request request;
	unsigned upper[13] = {0};

	(void)state;
	script_start(&s, &script_config);
	request = script_request(&s);
	s.charge_limit = 1000;
	for (unsigned i = 0; i < 1000; i++) {
		const uint8_t *name;

		script_ask(&s, &request);
		name = script_last(&s)->data + HEADER_LEN;
		for (size_t k = 0; k < 13; k++)
			upper[k] += name[k] >= 'A' && name[k] <= 'Z';
		exchange_cancel(s.exchange);
	}
	for (size_t k = 0; k < 13; k++) {
		if (k == 0 || k == 4 || k == 12)
			assert_int_equal(upper[k], 0); // lengths
		else
			assert_in_range(upper[k], 500 - 111, 500 + 111); // 7 sigma
	}
	script_stop(&s);
}

static unsigned late_calls;

static void count_late(void *arg)
{
	(void)arg;
	late_calls++;
}

static void ask_with_late(struct script *s)
{
	struct exchange_request request;

	late_calls = 0;
	script_start(s, &script_config);
	request = script_request(s);
	request.timeout_ms = 400;
	request.late_ms = 30;
	request.late = count_late;
	script_ask(s, &request);
}

static void late_answer_is_told_once_and_waited_for(void **state)
{
	struct script s;

	(void)state;
	ask_with_late(&s);
	script_advance_ms(&s, 29);
	assert_int_equal(late_calls, 0);
	script_advance_ms(&s, 1);
	assert_int_equal(late_calls, 1);
	script_advance_ms(&s, 369);
	script_expect_waiting(&s);
	assert_int_equal(late_calls, 1);
	script_advance_ms(&s, 1);
	script_expect(&s, UPSTREAM_TIMEOUT);
	assert_int_equal(late_calls, 1);
	script_stop(&s);
}

static void connection_tried_for_silence_is_late_once(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	ask_with_late(&s);
	script_advance_ms(&s, 400);
	script_expect(&s, UPSTREAM_TIMEOUT);
	request = script_request(&s);
	request.timeout_ms = 400;
	request.late_ms = 30;
	request.late = count_late;
	script_ask(&s, &request);
	script_advance_ms(&s, 400);
	script_expect(&s, UPSTREAM_TIMEOUT);
	late_calls = 0;
	script_ask(&s, &request);
	assert_true(script_channel(&s)->tcp);
	script_advance_ms(&s, 30);
	assert_int_equal(late_calls, 1);
	script_connected(&s);
	script_advance_ms(&s, 200);
	assert_int_equal(late_calls, 1);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.reply.rtt_us, 200000);
	script_stop(&s);
}

// Nobody waits, but how the server did is known in the end.
static void abandoned_question_is_reported_to_the_selector(void **state)
{
	static const char *const counters[] = {"upstream.server.good", "upstream.server.timeout"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct script s;

		ask_with_late(&s);
		exchange_abandon(s.exchange, script_name("example."));
		s.exchange = NULL;
		script_advance_ms(&s, 50);
		assert_int_equal(late_calls, 0);
		if (i == 0)
			script_answer(&s, (struct script_reply){0});
		else
			script_advance_ms(&s, 350);
		assert_int_equal(s.done, 0);
		assert_int_equal(script_counter(&s, counters[i]), 1);
		script_advance_ms(&s, LISTEN_MS);
		assert_false(script_open(&s));
		script_stop(&s);
	}
}

// What would need another packet ends it.
static void abandoned_question_sends_no_more(void **state)
{
	struct script s;

	(void)state;
	ask_with_late(&s);
	exchange_abandon(s.exchange, script_name("example."));
	s.exchange = NULL;
	script_answer(&s, (struct script_reply){.flags = FLAG_TC});
	assert_int_equal(s.sent_count, 1);
	assert_int_equal(s.opened, 1);
	assert_false(script_open(&s));
	assert_int_equal(s.done, 0);
	script_stop(&s);
}

static void silence_is_a_timeout_in_the_time_asked_for(void **state)
{
	struct script s;

	(void)state;
	ask(&s);
	script_advance_ms(&s, 399);
	script_expect_waiting(&s);
	script_advance_ms(&s, 1);
	script_expect(&s, UPSTREAM_TIMEOUT);
	assert_int_equal(s.sent_count, 1);
	assert_int_equal(s.reply.rtt_us, 0);
	script_stop(&s);
}

static void late_answer_is_not_delivered_to_a_closed_exchange(void **state)
{
	struct script s;

	(void)state;
	ask(&s);
	script_advance_ms(&s, 400);
	script_expect(&s, UPSTREAM_TIMEOUT);
	assert_false(script_open(&s));
	script_advance_ms(&s, 10000);
	assert_int_equal(s.done, 1);
	script_stop(&s);
}

static void icmp_unreachable_is_named(void **state)
{
	struct script s;

	(void)state;
	ask(&s);
	script_event(&s, CHANNEL_UNREACHABLE);
	script_expect(&s, UPSTREAM_UNREACHABLE);
	script_stop(&s);
}

static void no_route_is_told_later_not_inside_start(void **state)
{
	// No route, a packet filter, and an interface that is gone.
	static const int errors[] = {-ENETUNREACH, -EPERM, -ENODEV};
	struct exchange_request request;
	struct script s;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		script_start(&s, &script_config);
		request = script_request(&s);
		s.send_error = errors[i];
		script_ask(&s, &request);
		assert_non_null(s.exchange);
		assert_int_equal(s.done, 0);
		script_advance_ms(&s, 0);
		script_expect(&s, UPSTREAM_UNREACHABLE);
		script_stop(&s);
	}
}

static void no_port_of_our_own_is_no_resource(void **state)
{
	struct script s;
	struct exchange_request request;

	(void)state;
	script_start(&s, &script_config);
	request = script_request(&s);
	s.fail_open = 1;
	script_ask(&s, &request);
	assert_int_equal(s.done, 0);
	script_advance_ms(&s, 0);
	script_expect(&s, UPSTREAM_NO_RESOURCE);
	script_stop(&s);
}

static void no_connection_of_our_own_is_no_resource(void **state)
{
	struct script s;

	(void)state;
	ask(&s);
	s.fail_open = 1;
	script_answer(&s, (struct script_reply){.flags = FLAG_TC});
	script_expect(&s, UPSTREAM_NO_RESOURCE);
	script_stop(&s);
}

static void too_many_exchanges_are_refused(void **state)
{
	struct script s;
	struct exchange_request request;
	struct exchange *list[16];

	(void)state;
	script_start(&s, &script_config);
	request = script_request(&s);
	for (size_t i = 0; i < 16; i++) {
		script_ask(&s, &request);
		list[i] = s.exchange;
		assert_non_null(list[i]);
	}
	script_ask(&s, &request);
	assert_null(s.exchange);
	assert_int_equal(script_counter(&s, "upstream.too_many"), 1);
	exchange_cancel(list[3]);
	script_ask(&s, &request);
	assert_non_null(s.exchange);
	script_stop(&s);
}

static void every_packet_is_charged_before_it_is_sent(void **state)
{
	struct script s;
	struct exchange_request request;

	(void)state;
	script_start(&s, &script_config);
	request = script_request(&s);
	s.charge_limit = 0;
	script_ask(&s, &request);
	assert_int_equal(s.sent_count, 0);
	script_advance_ms(&s, 0);
	script_expect(&s, UPSTREAM_CANCELLED);

	s.charge_limit = 1;
	script_ask(&s, &request);
	assert_int_equal(s.sent_count, 1);
	script_answer(&s, (struct script_reply){.flags = FLAG_TC});
	script_expect(&s, UPSTREAM_CANCELLED);
	assert_int_equal(s.sent_count, 1);
	assert_int_equal(script_counter(&s, "upstream.charge_refused"), 2);
	script_stop(&s);
}

static void cancelled_exchange_is_silent(void **state)
{
	struct script s;

	(void)state;
	ask(&s);
	exchange_cancel(s.exchange);
	assert_false(script_open(&s));
	script_advance_ms(&s, 5000);
	assert_int_equal(s.done, 0);
	assert_int_equal(script_counter(&s, "upstream.outcome.cancelled"), 1);
	script_stop(&s);
}

static void freeing_cancels_everything(void **state)
{
	struct script s;
	struct exchange_request request;

	(void)state;
	script_start(&s, &script_config);
	request = script_request(&s);
	for (size_t i = 0; i < 5; i++)
		script_ask(&s, &request);
	script_stop(&s); // asserts that no channel is open
	assert_int_equal(s.done, 0);
}

// ATTACKS A14, also for a resolver that forgot to look.
static void a14_forbidden_address_is_never_asked(void **state)
{
	struct script s;
	struct exchange_request request;

	(void)state;
	script_start(&s, &script_config);
	request = script_request(&s);
	request.server = script_address("0.0.0.0");
	script_ask(&s, &request);
	script_advance_ms(&s, 0);
	script_expect(&s, UPSTREAM_UNREACHABLE);
	assert_int_equal(s.sent_count, 0);
	assert_int_equal(s.charged, 0);
	assert_int_equal(script_counter(&s, "upstream.address_refused"), 1);
	script_stop(&s);
}

// ATTACKS O4: what a server says is for the resolver to judge.
static void o4_refusals_are_handed_over(void **state)
{
	static const unsigned rcodes[] = {RCODE_SERVFAIL, RCODE_REFUSED, RCODE_NXDOMAIN,
					  RCODE_NOTAUTH};
	struct script s;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		ask(&s);
		script_answer(&s, (struct script_reply){.rcode = rcodes[i], .no_answer = true});
		script_expect(&s, UPSTREAM_OK);
		assert_int_equal(s.reply.message->rcode, rcodes[i]);
		script_stop(&s);
	}
}

static void long_name_with_everything_fits(void **state)
{
	struct script s;
	struct exchange_request request;
	uint8_t name[NAME_MAX_LEN] = {0};

	(void)state;
	for (size_t i = 0; i < 254; i += i < 192 ? 64 : 62) {
		name[i] = i < 192 ? 63 : 61;
		memset(name + i + 1, 'q', name[i]);
	}
	assert_int_equal(name_check(name, sizeof(name)), 255);
	script_start(&s, &script_config);
	request = script_request(&s);
	request.name = name;
	script_ask(&s, &request);
	script_answer(&s, (struct script_reply){.server_cookie = 7});
	script_expect(&s, UPSTREAM_OK);
	script_ask(&s, &request);
	assert_int_equal(script_query(&s).edns.server_cookie_len, 16);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_answer_is_ok),
		cmocka_unit_test(question_asks_for_dnssec_in_1232_bytes),
		cmocka_unit_test(forwarder_is_asked_with_rd_and_cd),
		cmocka_unit_test(data_keeps_nothing_of_the_case_that_was_drawn),
		cmocka_unit_test(case_is_drawn_anew_for_each_letter),
		cmocka_unit_test(late_answer_is_told_once_and_waited_for),
		cmocka_unit_test(connection_tried_for_silence_is_late_once),
		cmocka_unit_test(abandoned_question_is_reported_to_the_selector),
		cmocka_unit_test(abandoned_question_sends_no_more),
		cmocka_unit_test(silence_is_a_timeout_in_the_time_asked_for),
		cmocka_unit_test(late_answer_is_not_delivered_to_a_closed_exchange),
		cmocka_unit_test(icmp_unreachable_is_named),
		cmocka_unit_test(no_route_is_told_later_not_inside_start),
		cmocka_unit_test(no_port_of_our_own_is_no_resource),
		cmocka_unit_test(no_connection_of_our_own_is_no_resource),
		cmocka_unit_test(too_many_exchanges_are_refused),
		cmocka_unit_test(every_packet_is_charged_before_it_is_sent),
		cmocka_unit_test(cancelled_exchange_is_silent),
		cmocka_unit_test(freeing_cancels_everything),
		cmocka_unit_test(a14_forbidden_address_is_never_asked),
		cmocka_unit_test(o4_refusals_are_handed_over),
		cmocka_unit_test(long_name_with_everything_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
