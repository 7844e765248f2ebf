// OPT of replies: size, DO, cookies, keepalive, EDE; what of it may be left out, and TC.
#include "dataplane/dns/edns.h"
#include "tests/unit/dataplane/answer/setting.h"

static const struct given address = {
	.name = "a.", .type = TYPE_A, .kind = ENTRY_POSITIVE, .security = SECURITY_INSECURE,
	.ttl_s = 60, .data = {{NULL, TYPE_A, 60, "c0000201"}}};

#define ANSWER "@a. %1 %1 c00c %1 %1 #60 %4 c0000201"

static void opt_is_answered_by_opt_and_only_then(void **state)
{
	(void)state;
	given(&address);
	ask(FLAG_RD, "@a. %1 %1", NULL);
	assert_reply("beef 8180 %1 %1 %0 %0 " ANSWER);
	ask(FLAG_RD, "@a. %1 %1", "00 %41 %4096 #0 %0");
	assert_reply("beef 8180 %1 %1 %0 %1 " ANSWER " 00 %41 %1232 #0 %0");
	ask(FLAG_RD, "@a. %1 %1", "00 %41 %0 #65535 %0"); // DO and flags nobody knows
	assert_reply("beef 8180 %1 %1 %0 %1 " ANSWER " 00 %41 %1232 #32768 %0");
}

// RFC 9018 §4: version, reserved, timestamp, hash; the client's own bytes come first.
static void client_cookie_gets_a_fresh_server_cookie(void **state)
{
	(void)state;
	static const char *const options[] = {
		"00 %41 %1232 #0 %12 %10 %8 0102030405060708",
		"00 %41 %1232 #0 %28 %10 %24 0102030405060708 *16:99", // not one of ours
		"00 %41 %1232 #0 %44 %10 %40 0102030405060708 *32:99"};
	uint8_t server[COOKIE_SERVER_LEN];
	const uint8_t client[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	given(&address);
	memset(context.cookie_secret, 0x42, 16);
	cookie_server_make(client, context.client_addr, 4, NOW_S, context.cookie_secret, server);
	for (size_t i = 0; i < 3; i++) {
		ask(FLAG_RD, "@a. %1 %1", options[i]);
		render();
		assert_memory_equal(reply + reply_len - COOKIE_SERVER_LEN, server,
				    COOKIE_SERVER_LEN);
		assert_true(cookie_server_valid(client, reply + reply_len - COOKIE_SERVER_LEN,
						COOKIE_SERVER_LEN, context.client_addr, 4, NOW_S,
						context.cookie_secret));
		assert_golden(reply, reply_len - COOKIE_SERVER_LEN,
			      "beef 8180 %1 %1 %0 %1 " ANSWER
			      " 00 %41 %1232 #0 %28 %10 %24 0102030405060708");
		assert_limits();
	}
	context.client_addr = NULL;
	assert_reply("beef 8180 %1 %1 %0 %1 " ANSWER " 00 %41 %1232 #0 %0");
}

static void keepalive_is_answered_over_tcp_only(void **state)
{
	(void)state;
	given(&address);
	ask(FLAG_RD, "@a. %1 %1", "00 %41 %1232 #0 %4 %11 %0");
	assert_reply("beef 8180 %1 %1 %0 %1 " ANSWER " 00 %41 %1232 #0 %0");
	context.tcp = true;
	assert_reply("beef 8180 %1 %1 %0 %1 " ANSWER " 00 %41 %1232 #0 %6 %11 %2 %100");
	ask(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	assert_reply("beef 8180 %1 %1 %0 %1 " ANSWER " 00 %41 %1232 #0 %0");
}

static void client_subnet_and_unknown_options_are_not_echoed(void **state)
{
	(void)state;
	given(&address);
	ask(FLAG_RD, "@a. %1 %1",
	    "00 %41 %1232 #0 %24 %8 %8 0001 20 00 c0000207 %3 %0 %65001 %4 01020304");
	assert_reply("beef 8180 %1 %1 %0 %1 " ANSWER " 00 %41 %1232 #0 %0");
}

static void entrys_own_ede_is_sent(void **state)
{
	(void)state;
	struct given noted = address;

	noted.ede = EDE_NEGATIVE_TRUST_ANCHOR;
	given(&noted);
	ask(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	assert_reply("beef 8180 %1 %1 %0 %1 " ANSWER " 00 %41 %1232 #0 %6 %15 %2 %33");
	ask(FLAG_RD, "@a. %1 %1", NULL);
	assert_reply("beef 8180 %1 %1 %0 %0 " ANSWER);
}

static void stale_answer_says_so_and_why(void **state)
{
	(void)state;
	struct given old = address;

	stale_allowed = true;
	old.now_ms = NOW_MS - 60000;
	old.stale_s = 86400;
	old.security = SECURITY_SECURE;
	given(&old);
	ask(FLAG_RD | FLAG_AD, "@a. %1 %1", OPT_PLAIN);
	assert_reply("beef 8180 %1 %1 %0 %1 @a. %1 %1 c00c %1 %1 #30 %4 c0000201 "
		     "00 %41 %1232 #0 %6 %15 %2 %3");
	why = EDE_NO_REACHABLE_AUTHORITY;
	assert_reply("beef 8180 %1 %1 %0 %1 @a. %1 %1 c00c %1 %1 #30 %4 c0000201 "
		     "00 %41 %1232 #0 %12 %15 %2 %3 %15 %2 %22");
	why = EDE_STALE_ANSWER; // once is enough
	assert_reply("beef 8180 %1 %1 %0 %1 @a. %1 %1 c00c %1 %1 #30 %4 c0000201 "
		     "00 %41 %1232 #0 %6 %15 %2 %3");
}

static void stale_nxdomain_has_a_code_of_its_own(void **state)
{
	(void)state;
	stale_allowed = true;
	given(&(struct given){.name = "a.", .kind = ENTRY_NXDOMAIN, .ttl_s = 60,
			      .now_ms = NOW_MS - 70000, .stale_s = 3600});
	ask(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	assert_reply("beef 8183 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %6 %15 %2 %19");
}

static void stale_ttl_stays_within_the_signatures(void **state)
{
	(void)state;
	struct given old = address;

	stale_allowed = true;
	old.now_ms = NOW_MS - 60000;
	old.signature_expires_s = NOW_S + 7;
	given(&old);
	ask(FLAG_RD, "@a. %1 %1", NULL);
	assert_reply("beef 8180 %1 %1 %0 %0 @a. %1 %1 c00c %1 %1 #7 %4 c0000201");
}

// TTL 0: what control has just brought is no stale answer (and no other than TTL 0).
static void one_shot_whose_time_is_over_is_not_stale(void **state)
{
	(void)state;
	struct given once = address;

	once.ttl_s = 0;
	once.one_shot = true;
	once.security = SECURITY_SECURE;
	once.now_ms = NOW_MS - 5;
	given(&once);
	ask(FLAG_RD, "@a. %1 %1", OPT_DO);
	assert_reply("beef 81a0 %1 %1 %0 %1 @a. %1 %1 c00c %1 %1 #0 %4 c0000201 "
		     "00 %41 %1232 #32768 %0");
}

static void answer_that_just_fits_is_whole_and_one_byte_more_is_tc(void **state)
{
	(void)state;
	char rdata[32], golden[128];

	// 12 + 7 + 12 + rdlen + 11
	for (unsigned rdlen = 470 - 3; rdlen <= 470 + 3; rdlen++) {
		snprintf(rdata, sizeof(rdata), "*%u:61", rdlen);
		given(&(struct given){.name = "a.", .type = 65280, .kind = ENTRY_POSITIVE,
				      .ttl_s = 60, .data = {{NULL, 65280, 60, rdata}}});
		ask(FLAG_RD, "@a. %65280 %1", "00 %41 %512 #0 %0");
		context.limit = query_udp_limit(&query);
		snprintf(golden, sizeof(golden),
			 rdlen <= 470 ? "beef 8180 %%1 %%1 %%0 %%1 @a. %%65280 %%1 "
					"c00c %%65280 %%1 #60 %%%u %s 00 %%41 %%1232 #0 %%0"
				      : "beef 8380 %%1 %%0 %%0 %%1 @a. %%65280 %%1 "
					"00 %%41 %%1232 #0 %%0", rdlen, rdata);
		render();
		assert_golden(reply, reply_len, golden);
	}
}

static void ede_is_left_out_before_any_record(void **state)
{
	(void)state;
	struct given old = address;

	old.ede = EDE_OTHER + 4;
	given(&old);
	ask(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	const size_t whole = 12 + 7 + 16 + 11;
	for (size_t limit = whole; limit < whole + 6; limit++) {
		context.limit = limit;
		render();
		assert_golden(reply, reply_len,
			      "beef 8180 %1 %1 %0 %1 " ANSWER " 00 %41 %1232 #0 %0");
	}
	context.limit = whole + 6;
	render();
	assert_golden(reply, reply_len,
		      "beef 8180 %1 %1 %0 %1 " ANSWER " 00 %41 %1232 #0 %6 %15 %2 %4");
}

static void failure_has_its_rcode_ede_and_text(void **state)
{
	(void)state;
	given(&(struct given){.name = "a.", .kind = ENTRY_CNAME, .ttl_s = 60,
			      .data = {{NULL, TYPE_CNAME, 60, "@b."}}});
	given_next(&(struct given){.name = "b.", .type = TYPE_A, .kind = ENTRY_FAILURE, .ttl_s = 5,
				   .rcode = RCODE_SERVFAIL, .ede = EDE_DNSSEC_BOGUS,
				   .ede_text = "wrong"});
	ask(FLAG_RD, "@a. %1 %1", OPT_DO);
	assert_reply("beef 8182 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #32768 %11 %15 %7 %6 \"wrong");
	ask(FLAG_RD | FLAG_CD, "@a. %1 %1", NULL);
	assert_reply("beef 8192 %1 %0 %0 %0 @a. %1 %1");
	// The text goes before the code, the code before OPT.
	ask(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	context.limit = 12 + 7 + 11 + 10;
	render();
	assert_golden(reply, reply_len,
		      "beef 8182 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %6 %15 %2 %6");
	context.limit = 12 + 7 + 11 + 5;
	render();
	assert_golden(reply, reply_len, "beef 8182 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %0");
}

static void nothing_is_written_where_not_even_tc_fits(void **state)
{
	(void)state;
	given(&address);
	ask(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	for (size_t cap = 0; cap < 30; cap++) {
		memset(reply, 0xee, sizeof(reply));
		assert_int_equal(render_as(&query, reply, cap), 0);
		for (size_t i = cap; i < 64; i++)
			assert_int_equal(reply[i], 0xee);
	}
	assert_int_equal(render_as(&query, reply, 30), 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		setting_test(opt_is_answered_by_opt_and_only_then),
		setting_test(client_cookie_gets_a_fresh_server_cookie),
		setting_test(keepalive_is_answered_over_tcp_only),
		setting_test(client_subnet_and_unknown_options_are_not_echoed),
		setting_test(entrys_own_ede_is_sent),
		setting_test(stale_answer_says_so_and_why),
		setting_test(stale_nxdomain_has_a_code_of_its_own),
		setting_test(stale_ttl_stays_within_the_signatures),
		setting_test(one_shot_whose_time_is_over_is_not_stale),
		setting_test(answer_that_just_fits_is_whole_and_one_byte_more_is_tc),
		setting_test(ede_is_left_out_before_any_record),
		setting_test(failure_has_its_rcode_ede_and_text),
		setting_test(nothing_is_written_where_not_even_tc_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
