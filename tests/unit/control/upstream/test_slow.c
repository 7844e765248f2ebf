// Servers that answer after they were given up: known as slow, and by how much (DESIGN §7).
#include "control/upstream/exchange.h"
#include "control/upstream/state.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"

#include <stdio.h>
#include <string.h>

static struct exchange_request request_of(struct script *s)
{
	struct exchange_request request = script_request(s);

	request.zone = script_name("example.");
	// So long that no random case of it is one case.
	request.name = script_name("www.abcdefghijklmnopqrstuvwxyz.example.");
	return request;
}

// The port may be open.
static void expect_timeout(const struct script *s)
{
	assert_int_equal(s->done, 1);
	assert_int_equal(s->reply.outcome, UPSTREAM_TIMEOUT);
}

// What the resolver does with a timeout.
static void give_up(struct script *s, const struct exchange_request *request)
{
	script_ask(s, request);
	script_advance_ms(s, request->timeout_ms);
	expect_timeout(s);
	upstream_report(s->upstream, request->zone, &request->server, SERVER_TIMEOUT, 0);
}

static struct rating *rating_of(struct script *s, const struct exchange_request *request)
{
	return ratings_find(&s->upstream->ratings, NULL, &request->server, s->now_us);
}

static void good_before(struct script *s, const struct exchange_request *request)
{
	for (unsigned i = 0; i < 50; i++)
		upstream_report(s->upstream, request->zone, &request->server, SERVER_GOOD, 3000);
}

static void o2_an_answer_after_the_timeout_is_slow_with_its_true_rtt(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	struct exchange_request request = request_of(&s);
	good_before(&s, &request);
	give_up(&s, &request);
	assert_int_equal(script_counter(&s, "upstream.listened"), 1);
	script_advance_ms(&s, 1100);
	script_answer(&s, (struct script_reply){0});
	assert_int_equal(s.done, 1); // told once, and not with the answer
	assert_int_equal(s.reply.outcome, UPSTREAM_TIMEOUT);
	assert_null(s.reply.message);
	assert_int_equal(script_counter(&s, "upstream.server.slow"), 1);
	assert_int_equal(script_counter(&s, "upstream.outcome.timeout"), 1);
	assert_int_equal(script_counter(&s, "upstream.outcome.ok"), 0);
	const struct rating *rating = rating_of(&s, &request);
	assert_int_equal(rating->cause, SERVER_SLOW);
	assert_int_equal(rating->slow_us, 1500000);
	assert_int_equal(rating->counts[SERVER_SLOW], 1);
	assert_int_equal(rating->counts[SERVER_TIMEOUT], 0);
	assert_false(script_open(&s));
	script_stop(&s);
}

static void o2_a_slow_server_is_waited_for_as_long_as_it_takes(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	struct exchange_request request = request_of(&s);
	good_before(&s, &request);
	assert_int_equal(rating_timeout_us(rating_of(&s, &request)), RATING_MIN_US);
	give_up(&s, &request);
	script_advance_ms(&s, 1100);
	script_answer(&s, (struct script_reply){0});
	assert_int_equal(rating_timeout_us(rating_of(&s, &request)), 1875000);
	// A good RTT is not forgotten: one answer in time, and all is as before.
	upstream_report(s.upstream, request.zone, &request.server, SERVER_GOOD, 3000);
	assert_int_equal(rating_timeout_us(rating_of(&s, &request)), RATING_MIN_US);
	script_stop(&s);
}

static void o2_a_slow_server_goes_after_others_and_is_not_back_before_it_is_fast(void **state)
{
	struct candidate list[2] = {{.address = script_address("192.0.2.1")},
				    {.address = script_address("198.51.100.1")}};
	uint32_t timeout_ms;
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	struct exchange_request request = request_of(&s);
	good_before(&s, &request);
	for (unsigned i = 0; i < 50; i++)
		upstream_report(s.upstream, request.zone, &list[1].address, SERVER_GOOD, 30000);
	for (unsigned i = 0; i < 2; i++) {
		give_up(&s, &request);
		script_advance_ms(&s, 500);
		script_answer(&s, (struct script_reply){0});
	}
	assert_int_equal(script_counter(&s, "upstream.server.slow"), 2);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(
			upstream_select(s.upstream, request.zone, list, 2, 3, NULL, &timeout_ms),
			1);
	assert_false(upstream_good_left(s.upstream, request.zone, list, 1));
	upstream_report(s.upstream, request.zone, &list[0].address, SERVER_GOOD, 3000);
	assert_true(upstream_good_left(s.upstream, request.zone, list, 1));
	script_stop(&s);
}

static void a_late_answer_from_before_a_good_one_changes_nothing(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	struct exchange_request request = request_of(&s);
	good_before(&s, &request);
	give_up(&s, &request);
	script_advance_ms(&s, 300);
	upstream_report(s.upstream, request.zone, &request.server, SERVER_GOOD, 3000);
	script_answer(&s, (struct script_reply){0});
	const struct rating *rating = rating_of(&s, &request);
	assert_int_equal(rating->cause, SERVER_GOOD);
	assert_int_equal(rating->fails, 0);
	assert_int_equal(rating_timeout_us(rating), RATING_MIN_US);
	assert_int_equal(rating->counts[SERVER_SLOW], 1);
	script_stop(&s);
}

static void a_server_that_stays_silent_is_a_timeout_and_its_port_is_closed(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	struct exchange_request request = request_of(&s);
	give_up(&s, &request);
	script_advance_ms(&s, LISTEN_MS - 1);
	assert_true(script_open(&s));
	script_advance_ms(&s, 1);
	assert_false(script_open(&s));
	assert_int_equal(s.done, 1);
	assert_int_equal(s.sent_count, 1);
	assert_int_equal(script_counter(&s, "upstream.server.slow"), 0);
	assert_int_equal(script_counter(&s, "upstream.outcome.timeout"), 1);
	assert_int_equal(rating_of(&s, &request)->counts[SERVER_TIMEOUT], 1);
	script_stop(&s);
}

// ID, case, question and cookie, as before the timeout.
static void a1_a_late_answer_is_matched_as_strictly_as_any(void **state)
{
	uint8_t msg[2048];
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	struct exchange_request request = request_of(&s);
	give_up(&s, &request);
	size_t len = script_build(&s, (struct script_reply){0}, msg, sizeof(msg));
	uint16_t id = header_id(msg);
	for (unsigned i = 1; i < 65536; i += 257) {
		wire_put16(msg, (uint16_t)(id + i));
		script_deliver(&s, msg, len);
	}
	wire_put16(msg, id);
	msg[HEADER_LEN + 1] ^= 1; // another name
	script_deliver(&s, msg, len);
	script_answer(&s, (struct script_reply){.wrong_cookie = true});
	assert_int_equal(script_counter(&s, "upstream.server.slow"), 0);
	assert_true(script_open(&s));
	script_answer(&s, (struct script_reply){.lower_case = true}); // settled by TCP, if at all
	assert_int_equal(script_counter(&s, "upstream.server.slow"), 0);
	assert_int_equal(s.done, 1);
	assert_int_equal(s.sent_count, 1);
	script_stop(&s);
}

static void a_late_answer_costs_no_packet(void **state)
{
	static const struct script_reply replies[] = {
		{.flags = FLAG_TC},
		{.rcode = RCODE_FORMERR, .no_opt = true},
		{.rcode = RCODE_SERVFAIL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct script s;

		script_start(&s, &script_config);
		struct exchange_request request = request_of(&s);
		give_up(&s, &request);
		script_answer(&s, replies[i]);
		assert_int_equal(s.sent_count, 1);
		assert_int_equal(s.opened, 1);
		assert_int_equal(s.charged, 1);
		assert_false(script_open(&s));
		script_stop(&s);
	}
}

static unsigned open_count(const struct script *s)
{
	unsigned count = 0;

	for (size_t i = 0; i < s->channel_count; i++)
		count += s->channels[i].open;
	return count;
}

static void a2_ports_kept_open_are_bounded_per_server_and_give_way(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config); // 16 exchanges at once
	struct exchange_request request = request_of(&s);
	request.timeout_ms = 50;
	for (unsigned i = 0; i < 10; i++) {
		give_up(&s, &request);
		assert_true(open_count(&s) <= LISTENERS_PER_SERVER);
		for (size_t k = 0; k < s.upstream->servers.sets * SERVER_WAYS; k++)
			s.upstream->servers.places[k].udp_timeouts = 0; // UDP, always
	}
	assert_int_equal(open_count(&s), LISTENERS_PER_SERVER);
	for (unsigned i = 0; i < 20; i++) {
		char text[32];
		snprintf(text, sizeof(text), "198.51.%u.1", i);
		request.server = script_address(text);
		script_ask(&s, &request);
		assert_non_null(s.exchange); // those that nobody waits for give way
		script_advance_ms(&s, 50);
		expect_timeout(&s);
		assert_true(open_count(&s) <= script_config.exchanges_max);
	}
	assert_int_equal(script_counter(&s, "upstream.too_many"), 0);
	script_stop(&s);
}

static void late_answers_in_all_are_bounded(void **state)
{
	struct upstream_config config = script_config;
	struct script s;

	(void)state;
	config.exchanges_max = 1024;
	script_start(&s, &config);
	struct exchange_request request = request_of(&s);
	for (unsigned i = 0; i < SCRIPT_CHANNELS_MAX - 1; i++) {
		char text[32];
		snprintf(text, sizeof(text), "198.51.%u.1", i);
		request.server = script_address(text);
		request.timeout_ms = 20;
		script_ask(&s, &request);
		script_advance_ms(&s, 20);
		assert_true(s.upstream->listener_count <= LISTENERS_MAX);
	}
	assert_int_equal(s.upstream->listener_count, open_count(&s));
	script_stop(&s);
}

// Nobody waited for it any more when its time was over, because another server had answered.
static void an_abandoned_question_is_listened_for_too(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	struct exchange_request request = request_of(&s);
	script_ask(&s, &request);
	exchange_abandon(s.exchange, request.zone);
	s.exchange = NULL;
	script_advance_ms(&s, 400);
	assert_int_equal(script_counter(&s, "upstream.server.timeout"), 1);
	script_advance_ms(&s, 1100);
	script_answer(&s, (struct script_reply){0});
	assert_int_equal(s.done, 0);
	assert_int_equal(script_counter(&s, "upstream.server.slow"), 1);
	assert_int_equal(rating_of(&s, &request)->slow_us, 1500000);
	script_stop(&s);
}

static unsigned heard_count;
static uint16_t heard_type;
static bool heard_pooled, heard_tcp;

static void hear(void *arg, const uint8_t *zone, bool pooled, uint16_t type, bool tcp)
{
	assert_true(name_equal(zone, arg));
	heard_count++;
	heard_pooled = pooled;
	heard_type = type;
	heard_tcp = tcp;
}

// Whatever it says; and who is silent to the end is not heard.
static void who_listens_is_told_of_late_answers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct script s;
		script_start(&s, &script_config);
		struct exchange_request request = request_of(&s);
		uint8_t zone[NAME_MAX_LEN];
		name_copy(zone, request.zone);
		upstream_listen(s.upstream, hear, zone);
		request.pool = i == 1 ? "work" : NULL;
		heard_count = 0;
		give_up(&s, &request);
		script_advance_ms(&s, 1100);
		assert_int_equal(heard_count, 0);
		if (i < 2)
			script_answer(&s, (struct script_reply){.rcode = RCODE_SERVFAIL});
		script_advance_ms(&s, LISTEN_MS);
		assert_false(script_open(&s));
		assert_int_equal(heard_count, i < 2);
		if (i < 2) {
			assert_int_equal(heard_pooled, i == 1);
			assert_int_equal(heard_type, request.type);
			assert_false(heard_tcp);
		}
		script_stop(&s);
	}
}

static void who_listens_is_told_of_answers_that_nobody_waits_for(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	struct exchange_request request = request_of(&s);
	upstream_listen(s.upstream, hear, (void *)(uintptr_t)request.zone);
	heard_count = 0;
	script_ask(&s, &request);
	exchange_abandon(s.exchange, request.zone);
	s.exchange = NULL;
	script_answer(&s, (struct script_reply){0});
	assert_int_equal(heard_count, 1);
	script_stop(&s);
}

// While its connection stands; a server that takes none is not waited for.
static void a_late_answer_over_tcp_is_slow_too(void **state)
{
	(void)state;
	for (unsigned connected = 0; connected < 2; connected++) {
		struct script s;
		script_start(&s, &script_config);
		struct exchange_request request = request_of(&s);
		request.tcp = true;
		upstream_listen(s.upstream, hear, (void *)(uintptr_t)request.zone);
		heard_tcp = false;
		script_ask(&s, &request);
		if (connected)
			script_connected(&s);
		script_advance_ms(&s, EXCHANGE_TCP_MIN_MS);
		expect_timeout(&s);
		upstream_report(s.upstream, request.zone, &request.server, SERVER_TIMEOUT, 0);
		assert_int_equal(script_open(&s), connected);
		if (connected) {
			script_advance_ms(&s, 500);
			script_answer(&s, (struct script_reply){0});
			assert_int_equal(rating_of(&s, &request)->slow_us, 2000000);
			assert_true(heard_tcp);
		}
		script_stop(&s);
	}
}

static char described[1024];

static void keep_line(const char *text, void *arg)
{
	(void)arg;
	snprintf(described, sizeof(described), "%s", text);
}

static void slow_is_shown_apart_from_timeouts(void **state)
{
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	struct exchange_request request = request_of(&s);
	good_before(&s, &request);
	give_up(&s, &request);
	script_advance_ms(&s, 1100);
	script_answer(&s, (struct script_reply){0});
	upstream_describe_server(s.upstream, NULL, &request.server, keep_line, NULL);
	assert_non_null(strstr(described, "rtt 3.0 ms"));
	assert_non_null(strstr(described, "slow: 1500.0 ms"));
	assert_non_null(strstr(described, "slow 1"));
	assert_null(strstr(described, "timeout 1"));
	script_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(o2_an_answer_after_the_timeout_is_slow_with_its_true_rtt),
		cmocka_unit_test(o2_a_slow_server_is_waited_for_as_long_as_it_takes),
		cmocka_unit_test(
			o2_a_slow_server_goes_after_others_and_is_not_back_before_it_is_fast),
		cmocka_unit_test(a_late_answer_from_before_a_good_one_changes_nothing),
		cmocka_unit_test(a_server_that_stays_silent_is_a_timeout_and_its_port_is_closed),
		cmocka_unit_test(a1_a_late_answer_is_matched_as_strictly_as_any),
		cmocka_unit_test(a_late_answer_costs_no_packet),
		cmocka_unit_test(a2_ports_kept_open_are_bounded_per_server_and_give_way),
		cmocka_unit_test(late_answers_in_all_are_bounded),
		cmocka_unit_test(an_abandoned_question_is_listened_for_too),
		cmocka_unit_test(who_listens_is_told_of_late_answers),
		cmocka_unit_test(who_listens_is_told_of_answers_that_nobody_waits_for),
		cmocka_unit_test(a_late_answer_over_tcp_is_slow_too),
		cmocka_unit_test(slow_is_shown_apart_from_timeouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
