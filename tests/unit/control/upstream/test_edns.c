// EDNS and cookies of one exchange (DESIGN §6; RFC 6891, RFC 7873; ATTACKS A11, O8).
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"

#include <string.h>

static struct exchange_request ask(struct script *script, bool signed_zone)
{
	struct exchange_request request;

	script_start(script, &script_config);
	request = script_request(script);
	request.signed_zone = signed_zone;
	script_ask(script, &request);
	return request;
}

// ---- EDNS ----

static void o8_formerr_of_an_unsigned_zone_is_asked_without_edns(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	request = ask(&s, false);
	script_answer(&s, (struct script_reply){.rcode = RCODE_FORMERR, .no_opt = true});
	assert_int_equal(s.sent_count, 2);
	assert_false(script_query(&s).edns.present);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);

	script_ask(&s, &request); // remembered
	assert_false(script_query(&s).edns.present);
	script_answer(&s, (struct script_reply){0});
	script_advance_ms(&s, 15 * 60 * 1000); // not longer
	script_ask(&s, &request);
	assert_true(script_query(&s).edns.present);
	script_stop(&s);
}

static void o8_signed_zone_never_loses_edns(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	request = ask(&s, true);
	script_answer(&s, (struct script_reply){.rcode = RCODE_FORMERR, .no_opt = true});
	assert_int_equal(s.sent_count, 2);
	assert_true(script_query(&s).edns.present);
	assert_true(script_query(&s).edns.do_bit);
	assert_false(script_query(&s).edns.has_cookie);
	script_answer(&s, (struct script_reply){.rcode = RCODE_FORMERR, .no_opt = true});
	script_expect(&s, UPSTREAM_FORMERR);
	assert_int_equal(s.sent_count, 2);
	script_ask(&s, &request);
	assert_true(script_query(&s).edns.present);
	script_stop(&s);
}

// One server for an unsigned and for a signed zone.
static void o8_memory_of_an_unsigned_zone_does_not_reach_a_signed_one(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	request = ask(&s, false);
	script_answer(&s, (struct script_reply){.rcode = RCODE_FORMERR, .no_opt = true});
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	request.signed_zone = true;
	script_ask(&s, &request);
	assert_true(script_query(&s).edns.present);
	assert_true(script_query(&s).edns.do_bit);
	script_stop(&s);
}

static void o8_timeout_never_takes_edns_off(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	request = ask(&s, false);
	for (unsigned i = 0; i < 10; i++) {
		if (script_channel(&s)->tcp)
			script_connected(&s);
		assert_true(script_query(&s).edns.present);
		script_advance_ms(&s, 1500);
		script_ask(&s, &request);
	}
	script_stop(&s);
}

static void formerr_to_every_form_is_named(void **state)
{
	struct script s;

	(void)state;
	ask(&s, false);
	for (unsigned i = 0; i < 3; i++)
		script_answer(&s, (struct script_reply){.rcode = RCODE_FORMERR});
	script_expect(&s, UPSTREAM_FORMERR); // cookie, no cookie, no EDNS
	assert_int_equal(s.sent_count, 3);
	assert_int_equal(s.charged, 3);
	script_stop(&s);
}

// It has OPT: it is the option that it does not like.
static void formerr_with_opt_drops_the_cookie_first(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	request = ask(&s, false);
	script_answer(&s, (struct script_reply){.rcode = RCODE_FORMERR});
	assert_true(script_query(&s).edns.present);
	assert_false(script_query(&s).edns.has_cookie);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_ask(&s, &request);
	assert_true(script_query(&s).edns.present);
	assert_false(script_query(&s).edns.has_cookie);
	script_stop(&s);
}

static void failed_downgrade_is_not_remembered(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	request = ask(&s, false);
	script_answer(&s, (struct script_reply){.rcode = RCODE_SERVFAIL, .no_opt = true});
	assert_false(script_query(&s).edns.present);
	script_answer(&s, (struct script_reply){.rcode = RCODE_SERVFAIL, .no_opt = true});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.reply.message->rcode, RCODE_SERVFAIL);
	script_ask(&s, &request);
	assert_true(script_query(&s).edns.present);
	script_stop(&s);
}

static void servfail_with_opt_is_no_reason_to_drop_edns(void **state)
{
	struct script s;

	(void)state;
	ask(&s, false);
	script_answer(&s, (struct script_reply){.rcode = RCODE_SERVFAIL});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.sent_count, 1);
	script_stop(&s);
}

static void o8_badvers_is_named_for_a_signed_zone(void **state)
{
	struct script s;

	(void)state;
	ask(&s, true);
	script_answer(&s, (struct script_reply){.rcode = RCODE_BADVERS, .no_answer = true});
	script_expect(&s, UPSTREAM_BADVERS);
	script_stop(&s);
}

static void o8_badvers_of_an_unsigned_zone_is_asked_without_edns(void **state)
{
	struct script s;

	(void)state;
	ask(&s, false);
	script_answer(&s, (struct script_reply){.rcode = RCODE_BADVERS, .no_answer = true});
	assert_false(script_query(&s).edns.present);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

static void notimp_is_named(void **state)
{
	struct script s;

	(void)state;
	ask(&s, true);
	script_answer(&s, (struct script_reply){.rcode = RCODE_NOTIMP, .no_opt = true});
	script_expect(&s, UPSTREAM_NOTIMP);
	script_stop(&s);

	ask(&s, false);
	script_answer(&s, (struct script_reply){.rcode = RCODE_NOTIMP, .no_opt = true});
	assert_false(script_query(&s).edns.present);
	script_answer(&s, (struct script_reply){.rcode = RCODE_NOTIMP, .no_opt = true});
	script_expect(&s, UPSTREAM_NOTIMP);
	script_stop(&s);
}

// An answer without OPT is an answer; that its signatures are missing is the validator's to see.
static void o8_answer_without_opt_is_handed_over(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	request = ask(&s, true);
	script_answer(&s, (struct script_reply){.no_opt = true});
	script_expect(&s, UPSTREAM_OK);
	assert_false(s.reply.message->edns.present);
	script_ask(&s, &request);
	assert_true(script_query(&s).edns.present);
	script_stop(&s);
}

// ---- cookies ----

static void a11_server_cookie_is_sent_back(void **state)
{
	struct exchange_request request;
	uint8_t client[COOKIE_CLIENT_LEN];
	struct script s;
	struct query query;

	(void)state;
	request = ask(&s, false);
	query = script_query(&s);
	assert_true(query.edns.has_cookie);
	assert_int_equal(query.edns.server_cookie_len, 0);
	memcpy(client, query.edns.client_cookie, sizeof(client));
	script_answer(&s, (struct script_reply){.server_cookie = 0x5a});
	script_ask(&s, &request);
	query = script_query(&s);
	assert_memory_equal(query.edns.client_cookie, client, sizeof(client));
	assert_int_equal(query.edns.server_cookie_len, 16);
	assert_int_equal(query.edns.server_cookie[0], 0x5a);
	script_stop(&s);
}

static void a11_each_server_gets_another_client_cookie(void **state)
{
	struct exchange_request request;
	uint8_t first[COOKIE_CLIENT_LEN];
	struct script s;

	(void)state;
	request = ask(&s, false);
	memcpy(first, script_query(&s).edns.client_cookie, sizeof(first));
	exchange_cancel(s.exchange);
	request.server = script_address("192.0.2.2");
	script_ask(&s, &request);
	assert_memory_not_equal(script_query(&s).edns.client_cookie, first, sizeof(first));
	script_stop(&s);
}

static void a11_client_cookie_changes_daily_and_the_server_cookie_with_it(void **state)
{
	struct exchange_request request;
	uint8_t first[COOKIE_CLIENT_LEN];
	struct script s;

	(void)state;
	request = ask(&s, false);
	memcpy(first, script_query(&s).edns.client_cookie, sizeof(first));
	script_answer(&s, (struct script_reply){.server_cookie = 1});
	script_advance_ms(&s, 24 * 3600 * 1000);
	script_ask(&s, &request);
	assert_memory_not_equal(script_query(&s).edns.client_cookie, first, sizeof(first));
	assert_int_equal(script_query(&s).edns.server_cookie_len, 0);
	script_stop(&s);
}

static void a11_wrong_client_cookie_is_ignored(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	request = ask(&s, false);
	script_answer(&s, (struct script_reply){.wrong_cookie = true, .server_cookie = 1});
	script_expect_waiting(&s);
	assert_false(script_channel(&s)->tcp);
	assert_int_equal(script_counter(&s, "upstream.ignored_cookie"), 1);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_ask(&s, &request);
	assert_int_equal(script_query(&s).edns.server_cookie_len, 0);
	script_stop(&s);
}

static void a11_server_that_mixes_up_cookies_is_asked_over_tcp(void **state)
{
	struct script s;

	(void)state;
	ask(&s, false);
	script_answer(&s, (struct script_reply){.wrong_cookie = true});
	script_advance_ms(&s, 400);
	script_connected(&s);
	script_answer(&s, (struct script_reply){.wrong_cookie = true});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

static void a11_lost_cookie_is_asked_over_tcp(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	request = ask(&s, false);
	script_answer(&s, (struct script_reply){.server_cookie = 1});
	script_ask(&s, &request);
	script_answer(&s, (struct script_reply){.no_cookie = true});
	script_expect_waiting(&s);
	assert_true(script_channel(&s)->tcp);
	assert_int_equal(script_counter(&s, "upstream.cookie_lost"), 1);
	script_connected(&s);
	script_answer(&s, (struct script_reply){.server_cookie = 2});
	script_expect(&s, UPSTREAM_OK);
	script_ask(&s, &request); // nothing is held against it
	assert_false(script_channel(&s)->tcp);
	assert_int_equal(script_query(&s).edns.server_cookie[0], 2);
	script_stop(&s);
}

static void a11_lost_opt_is_a_lost_cookie(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	request = ask(&s, false);
	script_answer(&s, (struct script_reply){.server_cookie = 1});
	script_ask(&s, &request);
	script_answer(&s, (struct script_reply){.rcode = RCODE_FORMERR, .no_opt = true});
	script_expect_waiting(&s);
	assert_true(script_channel(&s)->tcp);
	script_stop(&s);
}

static void a11_cookie_lost_over_tcp_too_is_forgotten(void **state)
{
	struct exchange_request request;
	struct script s;

	(void)state;
	request = ask(&s, false);
	script_answer(&s, (struct script_reply){.server_cookie = 1});
	script_ask(&s, &request);
	script_answer(&s, (struct script_reply){.no_cookie = true});
	script_connected(&s);
	script_answer(&s, (struct script_reply){.no_cookie = true});
	script_expect(&s, UPSTREAM_OK);
	script_ask(&s, &request);
	script_answer(&s, (struct script_reply){.no_cookie = true});
	script_expect(&s, UPSTREAM_OK);
	assert_false(s.reply.tcp);
	script_stop(&s);
}

static void a11_badcookie_is_asked_with_the_new_cookie_once_then_over_tcp(void **state)
{
	struct script s;

	(void)state;
	ask(&s, false);
	script_answer(&s, (struct script_reply){.rcode = RCODE_BADCOOKIE, .server_cookie = 1});
	assert_int_equal(s.sent_count, 2);
	assert_false(script_last(&s)->tcp);
	assert_int_equal(script_query(&s).edns.server_cookie_len, 16);
	assert_int_equal(script_query(&s).edns.server_cookie[0], 1);
	script_answer(&s, (struct script_reply){.rcode = RCODE_BADCOOKIE, .server_cookie = 2});
	script_expect_waiting(&s);
	script_connected(&s);
	assert_int_equal(s.sent_count, 3);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.charged, 3);
	script_stop(&s);
}

static void a11_badcookie_over_tcp_is_handed_over(void **state)
{
	struct script s;

	(void)state;
	ask(&s, false);
	for (unsigned i = 0; i < 2; i++)
		script_answer(&s,
			      (struct script_reply){.rcode = RCODE_BADCOOKIE, .server_cookie = 1});
	script_connected(&s);
	script_answer(&s, (struct script_reply){.rcode = RCODE_BADCOOKIE, .server_cookie = 1});
	script_expect(&s, UPSTREAM_OK);
	assert_int_equal(s.reply.message->rcode, RCODE_BADCOOKIE);
	script_stop(&s);
}

// A BADCOOKIE with somebody else's client cookie is a forgery like any other.
static void a11_forged_badcookie_is_ignored(void **state)
{
	struct script s;

	(void)state;
	ask(&s, false);
	script_answer(&s, (struct script_reply){.rcode = RCODE_BADCOOKIE,
						.wrong_cookie = true,
						.server_cookie = 1});
	script_expect_waiting(&s);
	assert_int_equal(s.sent_count, 1);
	script_stop(&s);
}

// ATTACKS A15
static void a15_only_our_own_cookie_with_a_server_cookie_makes_a_reply_strong(void **state)
{
	static const struct {
		struct script_reply reply;
		bool strong;
	} rows[] = {
		{{.server_cookie = 1}, true},
		{{0}, false}, // ours came back, but the server has none: RFC 7873 §5.3
		{{.no_cookie = true}, false},
		{{.no_opt = true}, false},
	};
	struct exchange_request request;
	struct script s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		request = ask(&s, false);
		script_answer(&s, rows[i].reply);
		script_expect(&s, UPSTREAM_OK);
		assert_int_equal(s.reply.strong, rows[i].strong);
		request.tcp = true;
		script_ask(&s, &request);
		script_connected(&s);
		script_answer(&s, rows[i].reply);
		script_expect(&s, UPSTREAM_OK);
		assert_true(s.reply.strong);
		script_stop(&s);
	}
}

// The question that had no cookie in it is the one that counts.
static void a15_a_made_up_cookie_makes_no_reply_strong(void **state)
{
	struct upstream_config config = script_config;
	struct exchange_request request;
	struct script s;

	(void)state;
	for (unsigned asked = 0; asked < 2; asked++) {
		config.cookies = asked;
		script_start(&s, &config);
		request = script_request(&s);
		script_ask(&s, &request);
		if (asked) // it does not like the option, and has one itself all the same
			script_answer(&s, (struct script_reply){.rcode = RCODE_FORMERR});
		assert_false(script_query(&s).edns.has_cookie);
		script_answer(&s, (struct script_reply){.make_up_cookie = true});
		script_expect(&s, UPSTREAM_OK);
		assert_true(s.reply.message->edns.has_cookie);
		assert_true(s.reply.message->edns.server_cookie_len > 0);
		assert_false(s.reply.strong);
		script_ask(&s, &request); // nor is it ever sent back
		assert_int_equal(script_query(&s).edns.server_cookie_len, 0);
		script_stop(&s);
	}
}

static void cookies_can_be_off(void **state)
{
	struct upstream_config config = script_config;
	struct exchange_request request;
	struct script s;

	(void)state;
	config.cookies = false;
	script_start(&s, &config);
	request = script_request(&s);
	script_ask(&s, &request);
	assert_true(script_query(&s).edns.present);
	assert_false(script_query(&s).edns.has_cookie);
	script_stop(&s);
}

// ATTACKS O25: rate limiting by truncation, then an answer over TCP.
static void o25_slip_is_asked_over_tcp(void **state)
{
	struct script s;

	(void)state;
	ask(&s, true);
	script_answer(&s,
		      (struct script_reply){.flags = FLAG_TC, .no_answer = true, .no_opt = true});
	script_connected(&s);
	script_answer(&s, (struct script_reply){0});
	script_expect(&s, UPSTREAM_OK);
	script_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(o8_formerr_of_an_unsigned_zone_is_asked_without_edns),
		cmocka_unit_test(o8_signed_zone_never_loses_edns),
		cmocka_unit_test(o8_memory_of_an_unsigned_zone_does_not_reach_a_signed_one),
		cmocka_unit_test(o8_timeout_never_takes_edns_off),
		cmocka_unit_test(formerr_to_every_form_is_named),
		cmocka_unit_test(formerr_with_opt_drops_the_cookie_first),
		cmocka_unit_test(failed_downgrade_is_not_remembered),
		cmocka_unit_test(servfail_with_opt_is_no_reason_to_drop_edns),
		cmocka_unit_test(o8_badvers_is_named_for_a_signed_zone),
		cmocka_unit_test(o8_badvers_of_an_unsigned_zone_is_asked_without_edns),
		cmocka_unit_test(notimp_is_named),
		cmocka_unit_test(o8_answer_without_opt_is_handed_over),
		cmocka_unit_test(a11_server_cookie_is_sent_back),
		cmocka_unit_test(a11_each_server_gets_another_client_cookie),
		cmocka_unit_test(a11_client_cookie_changes_daily_and_the_server_cookie_with_it),
		cmocka_unit_test(a11_wrong_client_cookie_is_ignored),
		cmocka_unit_test(a11_server_that_mixes_up_cookies_is_asked_over_tcp),
		cmocka_unit_test(a11_lost_cookie_is_asked_over_tcp),
		cmocka_unit_test(a11_lost_opt_is_a_lost_cookie),
		cmocka_unit_test(a11_cookie_lost_over_tcp_too_is_forgotten),
		cmocka_unit_test(a11_badcookie_is_asked_with_the_new_cookie_once_then_over_tcp),
		cmocka_unit_test(a11_badcookie_over_tcp_is_handed_over),
		cmocka_unit_test(a11_forged_badcookie_is_ignored),
		cmocka_unit_test(a15_only_our_own_cookie_with_a_server_cookie_makes_a_reply_strong),
		cmocka_unit_test(a15_a_made_up_cookie_makes_no_reply_strong),
		cmocka_unit_test(cookies_can_be_off),
		cmocka_unit_test(o25_slip_is_asked_over_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
