// ATTACKS G3 (who is answered), D6 (how large a reply may be), D10 (what is never answered).
#include "tests/unit/dataplane/store/served.h"

#define ALLOWED4 "192.0.2.7"
#define REFUSED4 "198.51.100.1"
#define DROPPED4 "192.0.2.66"
#define ALLOWED6 "2001:db8::7"
#define REFUSED6 "2001:db9::1"
#define DROPPED6 "2001:db8:bad::1"

static void from(const char *text)
{
	client = address_of(text);
}

static void G3_acl_matrix(void **state)
{
	(void)state;
	struct given a = given_address("a.");
	static const struct {
		const char *client;
		enum acl_action action;
	} clients[] = {{ALLOWED4, ACL_ALLOW}, {REFUSED4, ACL_REFUSE}, {DROPPED4, ACL_DROP},
		       {ALLOWED6, ACL_ALLOW}, {REFUSED6, ACL_REFUSE}, {DROPPED6, ACL_DROP},
		       {"::ffff:192.0.2.7", ACL_REFUSE}};
	// A hit, a miss, class CH, a transfer, a meta-type: the ACL goes before all of them.
	static const char *const questions[] = {"@a. %1 %1", "@b. %1 %1", "@id.server. %16 %3",
						"@a. %252 %1", "@a. %41 %1"};
	char golden[200];

	put(&a);
	for (size_t c = 0; c < sizeof(clients) / sizeof(clients[0]); c++) {
		for (size_t q = 0; q < 5; q++) {
			for (int rd = 0; rd < 2; rd++) {
				from(clients[c].client);
				ask(rd ? FLAG_RD : 0, questions[q], OPT_PLAIN);
				if (clients[c].action == ACL_DROP)
					assert_dropped(DROP_acl_drop);
				if (clients[c].action == ACL_REFUSE) {
					snprintf(golden, sizeof(golden),
						 "beef %s %%1 %%0 %%0 %%1 %s "
						 "00 %%41 %%1232 #0 %%6 %%15 %%2 %%18",
						 rd ? "8185" : "8085", questions[q]);
					assert_reply(OUTCOME_REFUSED, golden);
				}
				if (clients[c].action == ACL_ALLOW && q == 0)
					assert_int_equal(serve.outcome, OUTCOME_POSITIVE);
				if (clients[c].action == ACL_ALLOW && q == 1)
					assert_int_equal(verdict, rd ? SERVE_MISS : SERVE_REPLY);
			}
		}
	}
}

static void G3_malformed_queries_of_strangers_are_refused_or_dropped(void **state)
{
	(void)state;
	given_query(&asked, FLAG_RD, "@a. %1 %1 00", NULL);
	from(REFUSED4);
	serve_asked();
	assert_reply(OUTCOME_REFUSED, "beef 8185 %1 %0 %0 %0 @a. %1 %1");
	from(DROPPED4);
	serve_asked();
	assert_dropped(DROP_acl_drop);
	from(ALLOWED4);
	serve_asked();
	assert_reply(OUTCOME_ERROR, "beef 8181 %1 %0 %0 %0 @a. %1 %1");
}

// Before the ACL, so that two servers never talk to each other, whoever they are.
static void D10_responses_are_never_answered(void **state)
{
	(void)state;
	static const char *const clients[] = {ALLOWED4, REFUSED4, DROPPED4, ALLOWED6};
	for (size_t i = 0; i < 4; i++) {
		from(clients[i]);
		ask(FLAG_QR | FLAG_RD, "@a. %1 %1", NULL);
		assert_dropped(DROP_dns_response);
		ask(FLAG_QR | 0x2000, "@a. %1 %1", OPT_DO);
		assert_dropped(DROP_dns_response);
	}
}

// Our own replies, sent back to us, end here.
static void D10_no_reply_of_ours_is_answered(void **state)
{
	(void)state;
	struct given a = given_address("a."), failure = given_failure("f.", 22);
	static const char *const questions[] = {"@a. %1 %1", "@f. %1 %1", "@a. %252 %1",
						"@a. %41 %1", "@a. %1 %1 00"};

	put(&a);
	put(&failure);
	for (size_t i = 0; i < 5; i++) {
		ask(FLAG_RD, questions[i], i % 2 ? OPT_DO : NULL);
		assert_int_equal(verdict, SERVE_REPLY);
		memcpy(asked.data, reply, serve.reply_len);
		asked.len = serve.reply_len;
		serve_asked();
		assert_dropped(DROP_dns_response);
	}
}

static void D6_replies_keep_to_the_limit_for_every_size_a_client_claims(void **state)
{
	(void)state;
	static char name[8][16], opt[64], question[64], rdata[32];

	for (int i = 0; i < 8; i++) {
		snprintf(name[i], sizeof(name[i]), "t%d.", i);
		snprintf(rdata, sizeof(rdata), "*%d:01", 200 * i + 100);
		put(&(const struct given){.name = name[i], .type = TYPE_TXT, .ttl_s = 60,
					  .kind = ENTRY_POSITIVE, .security = SECURITY_SECURE,
					  .data = {{NULL, TYPE_TXT, 60, rdata}},
					  .rrsigs = {{NULL, TYPE_RRSIG, 60, "*100:02"}}});
	}
	for (unsigned size = 0; size <= 65535; size += size < 1400 ? 7 : 4096) {
		size_t limit = size < 512 ? 512 : size > 1232 ? 1232 : size;

		for (int i = 0; i < 8; i++) {
			snprintf(question, sizeof(question), "@%s %%16 %%1", name[i]);
			snprintf(opt, sizeof(opt), "00 %%41 %%%u #32768 %%0", size);
			ask(FLAG_RD, question, opt);
			size_t whole = 12 + 8 + 12 + (size_t)(200 * i + 100) + 112 + 11;
			assert_int_equal(verdict, SERVE_REPLY);
			assert_int_equal(serve.reply_len, whole <= limit ? whole : 12 + 8 + 11);
			assert_int_equal(serve.truncated, whole > limit);
		}
	}
	for (int i = 0; i < 8; i++) { // without OPT
		snprintf(question, sizeof(question), "@%s %%16 %%1", name[i]);
		ask(FLAG_RD, question, NULL);
		assert_true(serve.reply_len <= 512);
	}
}

// What is refused or wrong is answered with hardly more than was sent.
static void D6_strangers_get_no_more_than_they_send_and_an_ede(void **state)
{
	(void)state;
	struct given a = given_address("a.");
	static const char *const questions[] = {"@a. %1 %1", "@a. %255 %1", "@id.server. %16 %3",
						"@a. %1 %1 00"};

	put(&a);
	from(REFUSED4);
	for (size_t i = 0; i < 4; i++) {
		ask(FLAG_RD, questions[i], NULL);
		assert_true(serve.reply_len <= asked.len);
		if (i == 3)
			continue;
		ask(FLAG_RD, questions[i], OPT_DO);
		assert_true(serve.reply_len <= asked.len + 6);
		ask(FLAG_RD, questions[i], "00 %41 %4096 #0 %12 %10 %8 0102030405060708");
		assert_true(serve.reply_len <= asked.len + 6 + COOKIE_SERVER_LEN);
	}
}

// RFC 8482: control picks one RRset; what it brings is rendered within the same limit.
static void D6_minimal_any_keeps_to_the_limit(void **state)
{
	(void)state;
	struct ticket_question question;
	struct store_clock clock = {NOW_MS, NOW_S, true};
	const struct entry *link = publish(&(const struct given){
		.name = "a.", .type = TYPE_ANY, .kind = ENTRY_POSITIVE, .ttl_s = 60,
		.security = SECURITY_SECURE, .one_shot = true,
		.data = {{NULL, TYPE_TXT, 60, "*600:01"}}});
	struct store_result *result = store_result_new(store, &link, 1);

	cache_unpin(store_cache(store), link);
	assert_non_null(result);
	ask(FLAG_RD, "@a. %255 %1", NULL);
	assert_int_equal(verdict, SERVE_MISS);
	store_question_of(&serve, &question);
	size_t len = store_render(store, &question, result, &clock, 0, reply, 1232);
	assert_golden(reply, len, "beef 8380 %1 %0 %0 %0 @a. %255 %1");
	ask(FLAG_RD, "@a. %255 %1", OPT_PLAIN);
	store_question_of(&serve, &question);
	len = store_render(store, &question, result, &clock, 0, reply, 1232);
	assert_golden(reply, len, "beef 8180 %1 %1 %0 %1 @a. %255 %1 c00c %16 %1 #60 %600 "
				  "*600:01 00 %41 %1232 #0 %0");
	store_result_unref(store, result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		served_test(G3_acl_matrix),
		served_test(G3_malformed_queries_of_strangers_are_refused_or_dropped),
		served_test(D10_responses_are_never_answered),
		served_test(D10_no_reply_of_ours_is_answered),
		served_test(D6_replies_keep_to_the_limit_for_every_size_a_client_claims),
		served_test(D6_strangers_get_no_more_than_they_send_and_an_ede),
		served_test(D6_minimal_any_keeps_to_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
