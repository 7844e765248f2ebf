// ATTACKS A1, A10, O7: nothing is believed of a packet that does not match, and the wait goes on.
#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"

#include <string.h>

#define MSG_MAX 2048

static void ask(struct script *script)
{
	struct exchange_request request;

	script_start(script, &script_config);
	request = script_request(script);
	request.signed_zone = true; // of one that is not, see test_ways_case.c
	script_ask(script, &request);
}

static void a1_hundred_thousand_wrong_ids_are_ignored(void **state)
{
	struct script s;
	uint8_t msg[MSG_MAX];
	size_t len;
	uint16_t id;

	(void)state;
	ask(&s);
	len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	id = header_id(msg);
	for (unsigned i = 0; i < 100000; i++) {
		uint16_t guess = (uint16_t)(id + 1 + i % 65535);

		assert_int_not_equal(guess, id);
		wire_put16(msg, guess);
		script_deliver(&s, msg, len);
	}
	script_expect_waiting(&s);
	assert_int_equal(script_counter(&s, "upstream.ignored_id"), 100000);
	script_advance_ms(&s, 100);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.reply.ignored, 100000);
	assert_int_equal(s.sent_count, 1);
	script_stop(&s);
}

static void a1_every_packet_has_an_id_of_its_own(void **state)
{
	struct script s;
	uint16_t id;

	(void)state;
	ask(&s);
	for (unsigned same = 0; same < 3; same++) { // by chance once in 2^48
		id = header_id(script_last(&s)->data);
		script_answer(&s, (struct script_reply){.rcode = RCODE_FORMERR});
		if (header_id(script_last(&s)->data) != id)
			break;
		assert_int_not_equal(same, 2);
	}
	script_stop(&s);
}

static void other_source_address_is_ignored(void **state)
{
	struct script s;
	struct address other;
	uint8_t msg[MSG_MAX];
	size_t len;

	(void)state;
	ask(&s);
	other = script_address("192.0.2.2");
	len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	script_channel(&s)->on_event(script_channel(&s)->arg, CHANNEL_MESSAGE, msg, len, &other);
	script_expect_waiting(&s);
	assert_int_equal(script_counter(&s, "upstream.ignored_source"), 1);
	script_stop(&s);
}

// A changed good reply; returns its new length.
typedef size_t (*spoil_fn)(uint8_t *msg, size_t len);

// Offset of the type in the question, and of the answer record.
static size_t question_type(void)
{
	return HEADER_LEN + 13;
}

static size_t answer(void)
{
	return question_type() + 4;
}

static size_t answer_fixed(const uint8_t *msg) // TYPE of the answer record
{
	size_t at = answer();

	return (msg[at] & 0xc0) == 0xc0 ? at + 2 : at + 13;
}

static size_t opt_of(const uint8_t *msg)
{
	return answer_fixed(msg) + 10 + 4;
}

#define SPOILER(name, ...)                                                                         \
	static size_t name(uint8_t *msg, size_t len)                                               \
	{                                                                                          \
		__VA_ARGS__                                                                        \
		return len;                                                                        \
	}

SPOILER(empty, (void)msg; len = 0;)
SPOILER(one_byte, (void)msg; len = 1;)
SPOILER(id_alone, (void)msg; len = 2;)
SPOILER(short_header, (void)msg; len = 11;)
SPOILER(header_alone, (void)msg; len = 12;)
SPOILER(query_not_response, msg[2] &= 0x7f;)
SPOILER(opcode_iquery, msg[2] |= 1 << 3;)
SPOILER(opcode_status, msg[2] |= 2 << 3;)
SPOILER(opcode_notify, msg[2] |= 4 << 3;)
SPOILER(opcode_update, msg[2] |= 5 << 3;)
SPOILER(opcode_fifteen, msg[2] |= 15 << 3;)
SPOILER(no_question_count, wire_put16(msg + 4, 0);)
SPOILER(two_questions, wire_put16(msg + 4, 2);)
SPOILER(many_questions, wire_put16(msg + 4, 65535);)
SPOILER(answer_count_too_high, wire_put16(msg + 6, 2);)
SPOILER(answer_count_full, wire_put16(msg + 6, 65535);)
SPOILER(authority_count, wire_put16(msg + 8, 1);)
SPOILER(additional_count_too_high, wire_put16(msg + 10, 2);)
SPOILER(other_name, msg[HEADER_LEN + 1] = 'x';)
SPOILER(name_with_pointer, msg[HEADER_LEN] = 0xc0;)
SPOILER(name_with_long_label, msg[HEADER_LEN] = 63;)
SPOILER(name_with_bad_label_type, msg[HEADER_LEN] = 0x43;)
SPOILER(name_cut_short, msg[HEADER_LEN + 4] = 0;)
SPOILER(type_aaaa, wire_put16(msg + question_type(), TYPE_AAAA);)
SPOILER(type_any, wire_put16(msg + question_type(), TYPE_ANY);)
SPOILER(type_zero, wire_put16(msg + question_type(), 0);)
SPOILER(class_chaos, wire_put16(msg + question_type() + 2, CLASS_CH);)
SPOILER(class_any, wire_put16(msg + question_type() + 2, CLASS_ANY);)
SPOILER(class_none, wire_put16(msg + question_type() + 2, CLASS_NONE);)
SPOILER(cut_in_the_question, (void)msg; len = question_type() + 1;)
SPOILER(cut_after_the_question, (void)msg; len = answer();)
SPOILER(cut_in_the_owner, (void)msg; len = answer() + 1;)
SPOILER(cut_in_the_fixed_part, len = answer_fixed(msg) + 5;)
SPOILER(cut_in_the_rdata, len = answer_fixed(msg) + 12;)
SPOILER(cut_in_opt, (void)msg; len--;)
SPOILER(owner_points_to_itself, msg[answer()] = 0xc0; msg[answer() + 1] = (uint8_t)answer();)
SPOILER(owner_points_forward, msg[answer()] = 0xc0; msg[answer() + 1] = 0xff;)
SPOILER(owner_points_past_the_end, msg[answer()] = 0xff; msg[answer() + 1] = 0xff;)
SPOILER(owner_of_bad_label_type, msg[answer()] = 0x80;)
SPOILER(rdlength_too_long, wire_put16(msg + answer_fixed(msg) + 8, 65535);)
SPOILER(rdlength_one_more, wire_put16(msg + answer_fixed(msg) + 8, 5);)
SPOILER(rdlength_one_less, wire_put16(msg + answer_fixed(msg) + 8, 3);)
SPOILER(rdlength_zero, wire_put16(msg + answer_fixed(msg) + 8, 0);)
SPOILER(opt_with_an_owner, msg[opt_of(msg)] = 1;)
SPOILER(opt_rdlength_too_long, wire_put16(msg + opt_of(msg) + 9, 999);)
SPOILER(cookie_too_long, wire_put16(msg + opt_of(msg) + 13, 100);)
SPOILER(cookie_too_short, wire_put16(msg + opt_of(msg) + 13, 7);)
SPOILER(cookie_of_somebody_else, msg[opt_of(msg) + 15] ^= 1;)
SPOILER(answer_is_opt, wire_put16(msg + answer_fixed(msg), TYPE_OPT);)
SPOILER(formerr_without_question, len = 12; wire_put16(msg + 4, 0); wire_put16(msg + 6, 0);
	wire_put16(msg + 10, 0); msg[3] |= RCODE_FORMERR;)
SPOILER(servfail_without_question, len = 12; wire_put16(msg + 4, 0); wire_put16(msg + 6, 0);
	wire_put16(msg + 10, 0); msg[3] |= RCODE_SERVFAIL;)
SPOILER(truncated_other_question, msg[HEADER_LEN + 1] = 'x'; msg[2] |= 2;)
SPOILER(all_ones, memset(msg + 2, 0xff, len - 2);)
SPOILER(all_zeros, memset(msg + 2, 0, len - 2);)

static const struct {
	const char *name;
	spoil_fn spoil;
} kinds[] = {
#define K(name)                                                                                    \
	{                                                                                          \
#name, name                                                                        \
	}
	K(empty),
	K(one_byte),
	K(id_alone),
	K(short_header),
	K(header_alone),
	K(query_not_response),
	K(opcode_iquery),
	K(opcode_status),
	K(opcode_notify),
	K(opcode_update),
	K(opcode_fifteen),
	K(no_question_count),
	K(two_questions),
	K(many_questions),
	K(answer_count_too_high),
	K(answer_count_full),
	K(authority_count),
	K(additional_count_too_high),
	K(other_name),
	K(name_with_pointer),
	K(name_with_long_label),
	K(name_with_bad_label_type),
	K(name_cut_short),
	K(type_aaaa),
	K(type_any),
	K(type_zero),
	K(class_chaos),
	K(class_any),
	K(class_none),
	K(cut_in_the_question),
	K(cut_after_the_question),
	K(cut_in_the_owner),
	K(cut_in_the_fixed_part),
	K(cut_in_the_rdata),
	K(cut_in_opt),
	K(owner_points_to_itself),
	K(owner_points_forward),
	K(owner_points_past_the_end),
	K(owner_of_bad_label_type),
	K(rdlength_too_long),
	K(rdlength_one_more),
	K(rdlength_one_less),
	K(rdlength_zero),
	K(opt_with_an_owner),
	K(opt_rdlength_too_long),
	K(cookie_too_long),
	K(cookie_too_short),
	K(cookie_of_somebody_else),
	K(answer_is_opt),
	K(formerr_without_question),
	K(servfail_without_question),
	K(truncated_other_question),
	K(all_ones),
	K(all_zeros),
#undef K
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void deliver_kind(struct script *script, size_t kind)
{
	uint8_t msg[MSG_MAX];
	const size_t first = 0;
	size_t len = script_build_to(script, first, (struct script_reply){.server_cookie = 9}, msg,
				     sizeof(msg));

	len = kinds[kind].spoil(msg, len);
	script_deliver_to(script, first, msg, len);
	if (script->done || !script_open(script) || script_open_tcp(script))
		print_error("kind: %s\n", kinds[kind].name);
	script_expect_waiting(script);
	assert_false(script_open_tcp(script));
}

static void a10_good_answer_wins_after_each_malformed_kind(void **state)
{
	(void)state;
	assert_true(KINDS >= 40);
	for (size_t i = 0; i < KINDS; i++) {
		struct script s;

		ask(&s);
		deliver_kind(&s, i);
		script_advance_ms(&s, 399);
		script_answer_to(&s, 0, (struct script_reply){0});
		script_expect(&s, UPSTREAM_OK);
		assert_int_equal(s.reply.ignored, 1);
		// Beside what an error without a question was said to it is put once more.
		assert_in_range(s.sent_count, 1, 2);
		script_stop(&s);
	}
}

static void a10_good_answer_wins_after_all_of_them(void **state)
{
	struct script s;

	(void)state;
	ask(&s);
	for (size_t i = 0; i < KINDS; i++)
		deliver_kind(&s, i);
	assert_int_equal(s.sent_count, 2);
	script_answer_to(&s, 0, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.reply.ignored, KINDS);
	script_stop(&s);
}

// Signed or not: how the server is asked next is the same as if nothing had come.
static void a10_no_kind_changes_what_is_remembered_of_the_server(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		struct script s;
		struct query query;
		struct exchange_request request;

		ask(&s);
		deliver_kind(&s, i);
		exchange_cancel(s.exchange);
		request = script_request(&s);
		script_ask(&s, &request);
		query = script_query(&s);
		assert_false(script_last(&s)->tcp);
		assert_true(query.edns.present);
		assert_int_equal(query.edns.udp_size, 1232);
		assert_true(query.edns.has_cookie);
		assert_int_equal(query.edns.server_cookie_len, 0);
		script_stop(&s);
	}
}

// The same for what a whole exchange with only forgeries in it leaves behind.
static void a10_timeout_with_malformed_packets_is_named_and_changes_nothing(void **state)
{
	struct script s;
	struct exchange_request request;
	uint8_t msg[MSG_MAX];
	size_t len;

	(void)state;
	ask(&s);
	len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	script_deliver(&s, msg, len - 1);
	script_advance_ms(&s, 400);
	script_expect(&s, UPSTREAM_MALFORMED);
	request = script_request(&s);
	script_ask(&s, &request);
	assert_int_equal(script_query(&s).edns.udp_size, 1232);
	script_stop(&s);
}

static void wrong_question_is_a_failure_of_its_own(void **state)
{
	struct script s;
	uint8_t msg[MSG_MAX];
	size_t len;

	(void)state;
	ask(&s);
	len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	msg[HEADER_LEN + 1] = '-';
	script_deliver(&s, msg, len);
	script_expect_waiting(&s);
	script_deliver(&s, msg, len);
	script_advance_ms(&s, 400);
	script_expect(&s, UPSTREAM_WRONG_QUESTION);
	assert_int_equal(s.reply.ignored, 2);
	script_stop(&s);
}

static void wrong_question_does_not_keep_the_answer_out(void **state)
{
	struct script s;
	uint8_t msg[MSG_MAX];
	size_t len;

	(void)state;
	ask(&s);
	len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	msg[HEADER_LEN + 1] = '-';
	script_deliver(&s, msg, len);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

static void wrong_question_beside_a_malformed_message_is_malformed(void **state)
{
	struct script s;
	uint8_t msg[MSG_MAX];
	size_t len;

	(void)state;
	ask(&s);
	len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	script_deliver(&s, msg, len - 1);
	msg[HEADER_LEN + 1] = '-';
	script_deliver(&s, msg, len);
	script_advance_ms(&s, 400);
	script_expect(&s, UPSTREAM_MALFORMED);
	script_stop(&s);
}

static void packets_that_are_not_ours_leave_a_timeout_a_timeout(void **state)
{
	struct script s;
	uint8_t msg[MSG_MAX];
	size_t len;

	(void)state;
	ask(&s);
	len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	msg[1] ^= 1;
	script_deliver(&s, msg, len);
	script_advance_ms(&s, 400);
	script_expect(&s, UPSTREAM_TIMEOUT);
	script_stop(&s);
}

static void case_is_kept_when_randomisation_is_off(void **state)
{
	struct upstream_config config = script_config;
	struct exchange_request request;
	struct script s;

	(void)state;
	config.case_randomisation = false;
	script_start(&s, &config);
	request = script_request(&s);
	script_ask(&s, &request);
	assert_memory_equal(script_last(&s)->data + HEADER_LEN, "\3www\7example", 13);
	script_stop(&s);
}

static void error_without_question_is_settled_over_tcp(void **state)
{
	struct script s;
	uint8_t msg[MSG_MAX];
	size_t len;

	(void)state;
	ask(&s);
	len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	script_deliver(&s, msg, formerr_without_question(msg, len));
	script_advance_ms(&s, 402); // the second question's time, too
	script_expect_waiting(&s);
	script_connected(&s);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(script_counter(&s, "upstream.settled_by_tcp"), 1);
	script_stop(&s);
}

static void error_without_question_over_tcp_is_the_answer(void **state)
{
	struct script s;
	uint8_t msg[MSG_MAX];
	size_t len;

	(void)state;
	script_begin_tcp(&s);
	len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	script_deliver(&s, msg, formerr_without_question(msg, len));
	script_connected(&s); // without EDNS now
	assert_false(script_query(&s).edns.present);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a1_hundred_thousand_wrong_ids_are_ignored),
		cmocka_unit_test(a1_every_packet_has_an_id_of_its_own),
		cmocka_unit_test(other_source_address_is_ignored),
		cmocka_unit_test(a10_good_answer_wins_after_each_malformed_kind),
		cmocka_unit_test(a10_good_answer_wins_after_all_of_them),
		cmocka_unit_test(a10_no_kind_changes_what_is_remembered_of_the_server),
		cmocka_unit_test(a10_timeout_with_malformed_packets_is_named_and_changes_nothing),
		cmocka_unit_test(wrong_question_is_a_failure_of_its_own),
		cmocka_unit_test(wrong_question_does_not_keep_the_answer_out),
		cmocka_unit_test(wrong_question_beside_a_malformed_message_is_malformed),
		cmocka_unit_test(packets_that_are_not_ours_leave_a_timeout_a_timeout),
		cmocka_unit_test(case_is_kept_when_randomisation_is_off),
		cmocka_unit_test(error_without_question_is_settled_over_tcp),
		cmocka_unit_test(error_without_question_over_tcp_is_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
