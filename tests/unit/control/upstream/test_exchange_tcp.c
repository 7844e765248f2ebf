// One question over TCP: because an answer over UDP was cut, or because it was asked for.
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"

static void ask(struct script *script)
{
	struct exchange_request request;

	script_start(script, &script_config);
	request = script_request(script);
	script_ask(script, &request);
}

// Over TCP then, once that stands.
static void ask_and_cut(struct script *script)
{
	ask(script);
	script_answer(script, (struct script_reply){.flags = FLAG_TC});
}

static void truncated_answer_is_asked_over_tcp(void **state)
{
	struct script s;

	(void)state;
	ask(&s);
	script_answer(&s, (struct script_reply){.flags = FLAG_TC, .no_answer = true});
	script_expect_waiting(&s);
	assert_int_equal(s.sent_count, 1); // the connection does not stand yet
	script_connected(&s);
	assert_int_equal(s.sent_count, 2);
	assert_true(script_last(&s)->tcp);
	script_advance_ms(&s, 30);
	script_answer(&s, (struct script_reply){.records = 50});
	script_expect(&s, UPSTREAM_OK);
	assert_true(s.reply.tcp);
	assert_int_equal(s.reply.rtt_us, 30000);
	assert_int_equal(s.charged, 2);
	assert_true(s.reply.bytes > s.reply.message->wire_len);
	script_stop(&s);
}

static void truncation_inside_a_record_is_asked_over_tcp(void **state)
{
	struct script s;
	uint8_t msg[512];
	size_t len;

	(void)state;
	ask(&s);
	len = script_build(&s, (struct script_reply){.flags = FLAG_TC, .no_opt = true}, msg,
			   sizeof(msg));
	script_deliver(&s, msg, len - 3);
	script_expect_waiting(&s);
	assert_true(script_channel(&s)->tcp);
	script_stop(&s);
}

static void truncated_over_tcp_is_named(void **state)
{
	struct script s;

	(void)state;
	ask_and_cut(&s);
	script_connected(&s);
	script_answer(&s, (struct script_reply){.flags = FLAG_TC});
	script_expect(&s, UPSTREAM_TRUNCATED_OVER_TCP);
	assert_int_equal(s.sent_count, 2);
	script_stop(&s);
}

// ATTACKS A6.
static void a6_fragmented_reply_is_asked_over_tcp(void **state)
{
	struct script s;

	(void)state;
	ask(&s);
	script_event(&s, CHANNEL_FRAGMENT);
	script_expect_waiting(&s);
	script_connected(&s);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(script_counter(&s, "upstream.fragments"), 1);
	script_stop(&s);
}

static void tcp_gets_at_least_1500_ms_per_step(void **state)
{
	struct script s;

	(void)state;
	ask_and_cut(&s);
	script_advance_ms(&s, 1499);
	script_connected(&s);
	script_advance_ms(&s, 1499);
	script_expect_waiting(&s);
	script_advance_ms(&s, 1);
	script_expect(&s, UPSTREAM_TIMEOUT);
	script_stop(&s);
}

static void connection_that_never_stands_times_out(void **state)
{
	struct script s;

	(void)state;
	ask_and_cut(&s);
	script_advance_ms(&s, 1500);
	script_expect(&s, UPSTREAM_TIMEOUT);
	script_stop(&s);
}

// ATTACKS D11: a server that closes each connection gets one of them per exchange.
static void d11_reset_ends_the_exchange(void **state)
{
	struct script s;

	(void)state;
	ask_and_cut(&s);
	script_connected(&s);
	script_event(&s, CHANNEL_RESET);
	script_expect(&s, UPSTREAM_RESET);
	assert_int_equal(s.opened, 2);
	assert_int_equal(s.charged, 2);
	script_stop(&s);
}

// A kept connection that had ended is not the server's fault: one new one, never a third.
static void d11_stale_connection_is_replaced_once(void **state)
{
	struct script s;

	(void)state;
	script_begin_tcp(&s);
	script_event(&s, CHANNEL_STALE);
	script_expect_waiting(&s);
	script_connected(&s);
	assert_int_equal(s.sent_count, 2);
	assert_int_equal(s.charged, 2);
	script_event(&s, CHANNEL_STALE);
	script_expect(&s, UPSTREAM_RESET);
	script_stop(&s);
}

static void tcp_can_be_asked_for(void **state)
{
	struct script s;

	(void)state;
	script_begin_tcp(&s);
	assert_true(script_last(&s)->tcp);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_true(s.reply.tcp);
	assert_int_equal(s.sent_count, 1);
	script_stop(&s);
}

static void malformed_over_tcp_ends_at_once(void **state)
{
	struct script s;
	uint8_t msg[512];
	size_t len;

	(void)state;
	script_begin_tcp(&s);
	len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	script_deliver(&s, msg, len - 1);
	script_expect(&s, UPSTREAM_MALFORMED);
	script_stop(&s);
}

static void wrong_question_over_tcp_ends_at_once(void **state)
{
	struct script s;
	uint8_t msg[512];
	size_t len;

	(void)state;
	script_begin_tcp(&s);
	len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	msg[12 + 1] = '-';
	script_deliver(&s, msg, len);
	script_expect(&s, UPSTREAM_WRONG_QUESTION);
	script_stop(&s);
}

// On a kept connection a second answer to the question before may come first.
static void other_id_over_tcp_is_ignored(void **state)
{
	struct script s;
	uint8_t msg[512];
	size_t len;

	(void)state;
	script_begin_tcp(&s);
	len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	msg[0] ^= 1;
	script_deliver(&s, msg, len);
	script_expect_waiting(&s);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truncated_answer_is_asked_over_tcp),
		cmocka_unit_test(truncation_inside_a_record_is_asked_over_tcp),
		cmocka_unit_test(truncated_over_tcp_is_named),
		cmocka_unit_test(a6_fragmented_reply_is_asked_over_tcp),
		cmocka_unit_test(tcp_gets_at_least_1500_ms_per_step),
		cmocka_unit_test(connection_that_never_stands_times_out),
		cmocka_unit_test(d11_reset_ends_the_exchange),
		cmocka_unit_test(d11_stale_connection_is_replaced_once),
		cmocka_unit_test(tcp_can_be_asked_for),
		cmocka_unit_test(malformed_over_tcp_ends_at_once),
		cmocka_unit_test(wrong_question_over_tcp_ends_at_once),
		cmocka_unit_test(other_id_over_tcp_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
