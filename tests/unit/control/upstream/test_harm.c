// What drills do to questions and replies: of the bytes, and of an exchange.
#include "control/upstream/harm.h"
#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"

#include <stdlib.h>
#include <string.h>

// ---- bytes ----

static const uint8_t rrsig[] = {0,  1,   13,  2,   0,   0,   1,   44,  1,
				2,  3,   4,   1,   2,   3,   0,   0,   7, // fixed
				7,  'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, // signer
				11, 22,  33,  44,  55,  66,  77,  88};    // signature

// www.example. A with its RRSIG, an NS whose name is compressed against what comes after both, OPT.
static size_t build(uint8_t out[512])
{
	static const uint8_t address[] = {192, 0, 2, 7};
	const struct edns edns = {.present = true, .do_bit = true, .udp_size = 1232, .ede = -1};
	struct builder b;

	builder_start(&b, out, 512, 77, FLAG_QR | FLAG_AA);
	builder_question(&b, script_name("www.example."), TYPE_A, CLASS_IN);
	builder_record(&b, SECTION_ANSWER, script_name("www.example."), TYPE_A, CLASS_IN, 300,
		       address, 4);
	builder_record(&b, SECTION_ANSWER, script_name("www.example."), TYPE_RRSIG, CLASS_IN, 300,
		       rrsig, sizeof(rrsig));
	builder_record(&b, SECTION_AUTHORITY, script_name("example."), TYPE_NS, CLASS_IN, 300,
		       (const uint8_t *)"\2ns\5other", 10);
	builder_record(&b, SECTION_ADDITIONAL, script_name("ns.other."), TYPE_A, CLASS_IN, 300,
		       address, 4);
	builder_opt(&b, &edns, EDE_NONE, NULL);
	int len = builder_finish(&b);
	assert_true(len > 0);
	return (size_t)len;
}

static struct message *read(const uint8_t *msg, size_t len)
{
	struct message *message;

	assert_int_equal(message_parse(msg, len, &message), MESSAGE_OK);
	assert_int_equal(message->id, 77);
	assert_true(message->edns.present);
	assert_true(name_equal(message->qname, script_name("www.example.")));
	return message;
}

static void errors_keep_question_and_opt_and_nothing_else(void **state)
{
	static const struct {
		enum harm harm;
		unsigned rcode;
		uint16_t tc;
	} cases[] = {{HARM_SERVFAIL, RCODE_SERVFAIL, 0},
		     {HARM_REFUSED, RCODE_REFUSED, 0},
		     {HARM_TRUNCATE, RCODE_NOERROR, FLAG_TC}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t msg[512];
		size_t len = harm_message(cases[i].harm, false, msg, build(msg));
		struct message *message = read(msg, len);
		assert_int_equal(message->rcode, cases[i].rcode);
		assert_int_equal(message->flags & (FLAG_TC | FLAG_AA), cases[i].tc);
		for (size_t s = 0; s < SECTION_COUNT; s++)
			assert_int_equal(message->sections[s].count, 0);
		message_free(message);
	}
}

static void what_comes_over_tcp_is_not_truncated(void **state)
{
	uint8_t msg[512], before[512];
	size_t len = build(msg);

	(void)state;
	memcpy(before, msg, len);
	assert_int_equal(harm_message(HARM_TRUNCATE, true, msg, len), len);
	assert_memory_equal(msg, before, len);
}

static void strip_takes_signatures_and_leaves_all_other_records(void **state)
{
	uint8_t msg[512];
	size_t len = build(msg);

	(void)state;
	assert_int_equal(harm_message(HARM_STRIP, false, msg, len), len);
	struct message *message = read(msg, len);
	const struct rrset *a =
		message_find(message, SECTION_ANSWER, script_name("www.example."), TYPE_A);
	assert_non_null(a);
	assert_int_equal(a->rrsig_count, 0);
	assert_int_equal(message->sections[SECTION_ANSWER].count, 1);
	assert_non_null(message_find(message, SECTION_AUTHORITY, script_name("example."), TYPE_NS));
	assert_non_null(
		message_find(message, SECTION_ADDITIONAL, script_name("ns.other."), TYPE_A));
	message_free(message);
}

static void bogus_alters_the_signature_and_no_other_field(void **state)
{
	uint8_t msg[512], before[512];
	size_t len = build(msg), differ = 0;

	(void)state;
	memcpy(before, msg, len);
	assert_int_equal(harm_message(HARM_BOGUS, false, msg, len), len);
	struct message *message = read(msg, len);
	const struct rrset *a =
		message_find(message, SECTION_ANSWER, script_name("www.example."), TYPE_A);
	assert_int_equal(a->rrsig_count, 1);
	for (size_t i = 0; i < len; i++)
		differ += msg[i] != before[i];
	assert_int_equal(differ, 4);
	message_free(message);
}

static void every_truncated_message_is_bounded(void **state)
{
	uint8_t whole[512];
	size_t len = build(whole);

	(void)state;
	for (enum harm harm = HARM_NONE; harm <= HARM_BOGUS; harm++) {
		for (size_t cut = 0; cut <= len; cut++) {
			uint8_t *msg = malloc(cut + 1); // what is beyond belongs to nobody
			assert_non_null(msg);
			memcpy(msg, whole, cut);
			assert_true(harm_message(harm, false, msg, cut) <= cut);
			free(msg);
		}
	}
}

// ---- exchanges ----

static struct drilled {
	enum harm harm;
	uint32_t delay_ms, drill;
	const uint8_t *zone;
	unsigned chosen;
	uint64_t end_us;
} drilled;

static uint32_t choose(void *arg, const struct exchange_request *request, uint64_t now_us)
{
	struct drilled *d = arg;

	(void)now_us;
	assert_int_equal(request->server.family, 4);
	d->zone = request->zone;
	d->chosen++;
	return d->drill;
}

static enum harm harm(void *arg, uint32_t drill, uint64_t now_us, uint32_t *delay_ms)
{
	const struct drilled *d = arg;

	assert_int_equal(drill, d->drill);
	*delay_ms = d->delay_ms;
	return now_us < d->end_us ? d->harm : HARM_NONE;
}

static void begin(struct script *s, enum harm what, uint32_t delay_ms)
{
	const struct interference by = {.choose = choose, .harm = harm, .arg = &drilled};
	struct exchange_request request;

	drilled = (struct drilled){
		.harm = what, .delay_ms = delay_ms, .drill = 3, .end_us = UINT64_MAX};
	script_start(s, &script_config);
	upstream_interfere(s->upstream, &by);
	request = script_request(s);
	request.zone = script_name("example.");
	script_ask(s, &request);
	assert_int_equal(drilled.chosen, 1);
	assert_true(name_equal(drilled.zone, script_name("example.")));
}

static void a_dropped_question_is_never_sent_and_times_out(void **state)
{
	struct script s;

	(void)state;
	begin(&s, HARM_DROP, 0);
	assert_int_equal(s.sent_count, 0);
	assert_int_equal(s.opened, 0);
	script_advance_ms(&s, 399);
	assert_int_equal(s.done, 0);
	script_advance_ms(&s, 2);
	script_expect(&s, UPSTREAM_TIMEOUT);
	assert_int_equal(script_counter(&s, "upstream.sent_udp"), 0);
	script_stop(&s);
}

static void a_delayed_question_is_as_late_as_if_its_answer_were(void **state)
{
	struct script s;

	(void)state;
	begin(&s, HARM_DELAY, 150);
	assert_int_equal(s.sent_count, 0);
	script_advance_ms(&s, 149);
	assert_int_equal(s.sent_count, 0);
	script_advance_ms(&s, 2);
	assert_int_equal(s.sent_count, 1);
	script_advance_ms(&s, 20);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_in_range(s.reply.rtt_us, 170000, 172000);
	script_stop(&s);
}

static void a_delay_past_the_timeout_is_a_timeout(void **state)
{
	struct script s;

	(void)state;
	begin(&s, HARM_DELAY, 5000);
	script_advance_ms(&s, 401);
	script_expect(&s, UPSTREAM_TIMEOUT);
	assert_int_equal(s.sent_count, 0);
	script_stop(&s);
}

// As a server that takes as long.
static void a_question_given_up_is_sent_all_the_same_and_its_answer_is_slow(void **state)
{
	struct script s;

	(void)state;
	begin(&s, HARM_DELAY, 1500);
	script_advance_ms(&s, 401);
	script_expect(&s, UPSTREAM_TIMEOUT);
	script_advance_ms(&s, 1100);
	assert_int_equal(s.sent_count, 1);
	script_advance_ms(&s, 20);
	script_answer(&s, (struct script_reply){0});
	assert_int_equal(s.done, 1);
	assert_false(script_open(&s));
	assert_int_equal(script_counter(&s, "upstream.server.slow"), 1);
	script_stop(&s);
}

static void a_question_sent_after_it_was_given_up_keeps_its_port_no_longer(void **state)
{
	struct script s;

	(void)state;
	begin(&s, HARM_DELAY, 1500);
	script_advance_ms(&s, 400 + LISTEN_MS - 10);
	assert_int_equal(s.sent_count, 1);
	assert_true(script_open(&s));
	script_advance_ms(&s, 20);
	assert_false(script_open(&s));
	script_stop(&s);
}

static void an_error_takes_the_place_of_the_reply(void **state)
{
	struct script s;

	(void)state;
	begin(&s, HARM_SERVFAIL, 0);
	assert_int_equal(s.sent_count, 1);
	script_advance_ms(&s, 10);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.reply.message->rcode, RCODE_SERVFAIL);
	assert_int_equal(s.reply.message->sections[SECTION_ANSWER].count, 0);
	script_stop(&s);
}

// What does not match stays unmatched.
static void a_forgery_is_no_answer_in_a_drill_either(void **state)
{
	uint8_t data[512];
	struct script s;

	(void)state;
	begin(&s, HARM_SERVFAIL, 0);
	size_t len = script_build(&s, (struct script_reply){0}, data, sizeof(data));
	data[0] ^= 1;
	script_deliver(&s, data, len);
	script_expect_waiting(&s);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

static void truncation_leads_to_tcp_whose_answer_is_good(void **state)
{
	struct script s;

	(void)state;
	begin(&s, HARM_TRUNCATE, 0);
	script_answer(&s, (struct script_reply){0});
	script_expect_waiting(&s);
	script_connected(&s);
	assert_true(script_last(&s)->tcp);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.reply.message->sections[SECTION_ANSWER].count, 1);
	assert_int_equal(drilled.chosen, 1);
	script_stop(&s);
}

static void what_arrives_after_the_drill_is_left_alone(void **state)
{
	struct script s;

	(void)state;
	begin(&s, HARM_SERVFAIL, 0);
	drilled.end_us = s.now_us + 5000;
	script_advance_ms(&s, 6);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.reply.message->rcode, RCODE_NOERROR);
	script_stop(&s);
}

static void a_question_that_is_not_chosen_is_left_alone(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	begin(&s, HARM_DROP, 0);
	script_advance_ms(&s, 401);
	script_expect(&s, UPSTREAM_TIMEOUT);
	drilled.drill = 0;
	request = script_request(&s);
	script_ask(&s, &request);
	assert_int_equal(s.sent_count, 1);
	upstream_interfere(s.upstream, NULL);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(drilled.chosen, 2);
	script_stop(&s);
}

static void an_exchange_ends_well_when_the_drill_is_taken_away(void **state)
{
	struct script s;

	(void)state;
	begin(&s, HARM_STRIP, 0);
	upstream_interfere(s.upstream, NULL);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_keep_question_and_opt_and_nothing_else),
		cmocka_unit_test(what_comes_over_tcp_is_not_truncated),
		cmocka_unit_test(strip_takes_signatures_and_leaves_all_other_records),
		cmocka_unit_test(bogus_alters_the_signature_and_no_other_field),
		cmocka_unit_test(every_truncated_message_is_bounded),
		cmocka_unit_test(a_dropped_question_is_never_sent_and_times_out),
		cmocka_unit_test(a_delayed_question_is_as_late_as_if_its_answer_were),
		cmocka_unit_test(a_delay_past_the_timeout_is_a_timeout),
		cmocka_unit_test(a_question_given_up_is_sent_all_the_same_and_its_answer_is_slow),
		cmocka_unit_test(a_question_sent_after_it_was_given_up_keeps_its_port_no_longer),
		cmocka_unit_test(an_error_takes_the_place_of_the_reply),
		cmocka_unit_test(a_forgery_is_no_answer_in_a_drill_either),
		cmocka_unit_test(truncation_leads_to_tcp_whose_answer_is_good),
		cmocka_unit_test(what_arrives_after_the_drill_is_left_alone),
		cmocka_unit_test(a_question_that_is_not_chosen_is_left_alone),
		cmocka_unit_test(an_exchange_ends_well_when_the_drill_is_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
