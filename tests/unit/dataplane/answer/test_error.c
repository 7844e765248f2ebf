// Replies without records, and what each verdict on a query asks for.
#include "tests/unit/dataplane/answer/given.h"

static struct answer_context context;
static struct bytes asked;
static struct query query;
static uint8_t reply[600];

static int setup(void **state)
{
	static const uint8_t client[4] = {192, 0, 2, 7};

	(void)state;
	context = (struct answer_context){.now_ms = NOW_MS, .now_s = NOW_S, .limit = 512,
					  .client_addr = client, .client_addr_len = 4};
	return 0;
}

static void assert_verdict(enum query_verdict verdict, const char *golden)
{
	struct query again;

	assert_int_equal(query_parse(asked.data, asked.len, &query), verdict);
	size_t len = answer_verdict(verdict, &query, &context, reply, sizeof(reply));
	assert_golden(reply, len, golden);
	// In the query's own place: the same.
	static uint8_t place[66000];
	memcpy(place, asked.data, asked.len);
	assert_int_equal(query_parse(place, asked.len, &again), verdict);
	assert_int_equal(answer_verdict(verdict, &again, &context, place, sizeof(place)), len);
	assert_memory_equal(place, reply, len);
}

static void good_query_goes_on_and_response_is_dropped(void **state)
{
	(void)state;
	given_query(&asked, FLAG_RD, "@a. %1 %1", NULL);
	enum query_verdict verdict = query_parse(asked.data, asked.len, &query);
	assert_int_equal(answer_verdict(verdict, &query, &context, reply, 600), SIZE_MAX);
	given_query(&asked, FLAG_QR, "@a. %1 %1", NULL);
	verdict = query_parse(asked.data, asked.len, &query);
	assert_int_equal(answer_verdict(verdict, &query, &context, reply, 600), 0);
}

static void F_unknown_opcode_is_notimp(void **state)
{
	(void)state;
	for (unsigned opcode = 1; opcode < 16; opcode++) {
		char golden[100];

		given_query(&asked, opcode << 11 | FLAG_RD, "@a. %6 %1", NULL);
		snprintf(golden, sizeof(golden), "beef %04x %%1 %%0 %%0 %%0 @a. %%6 %%1",
			 0x8184 | opcode << 11);
		assert_verdict(QUERY_NOTIMP, golden);
	}
}

static void F_formerr_has_the_question_that_could_be_read(void **state)
{
	(void)state;
	given_query(&asked, FLAG_RD, "@a. %1 %1 00", NULL); // a byte too many
	assert_verdict(QUERY_FORMERR, "beef 8181 %1 %0 %0 %0 @a. %1 %1");
	asked.len = 0;
	bytes_append(&asked, "beef 0110 %0 %0 %0 %0"); // no question
	assert_verdict(QUERY_FORMERR, "beef 8191 %0 %0 %0 %0");
	asked.len = 0;
	bytes_append(&asked, "beef 0100 %2 %0 %0 %1 @a. %1 %1 @b. %1 %1 00 %41 %1232 #32768 %0");
	assert_verdict(QUERY_FORMERR, "beef 8181 %0 %0 %0 %1 00 %41 %1232 #32768 %0");
	asked.len = 0;
	bytes_append(&asked, "beef 0100 %1 %0 %0 %0 c00c %1 %1"); // a compressed question
	assert_verdict(QUERY_FORMERR, "beef 8181 %0 %0 %0 %0");
}

static void F_edns_version_other_than_zero_is_badvers(void **state)
{
	(void)state;
	given_query(&asked, FLAG_RD, "@a. %1 %1", "00 %41 %1232 00010000 %0");
	assert_verdict(QUERY_BADVERS, "beef 8180 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 01000000 %0");
}

static void F_classes_transfers_and_meta_types_are_turned_away(void **state)
{
	(void)state;
	given_query(&asked, FLAG_RD, "@a. %1 %4", OPT_PLAIN);
	assert_verdict(QUERY_REFUSED,
		       "beef 8185 %1 %0 %0 %1 @a. %1 %4 00 %41 %1232 #0 %6 %15 %2 %21");
	given_query(&asked, 0, "@a. %252 %1", NULL);
	assert_verdict(QUERY_REFUSED, "beef 8085 %1 %0 %0 %0 @a. %252 %1");
	given_query(&asked, FLAG_RD, "@a. %128 %1", OPT_PLAIN);
	assert_verdict(QUERY_META_TYPE,
		       "beef 8181 %1 %0 %0 %1 @a. %128 %1 00 %41 %1232 #0 %6 %15 %2 %30");
}

static void extended_rcode_needs_opt(void **state)
{
	(void)state;
	given_query(&asked, FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	assert_int_equal(query_parse(asked.data, asked.len, &query), QUERY_ANSWER);
	size_t len = answer_error(&query, RCODE_BADCOOKIE, EDE_NONE, NULL, &context, reply, 600);
	assert_golden(reply, len, "beef 8187 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 01000000 %0");
	given_query(&asked, FLAG_RD, "@a. %1 %1", NULL);
	assert_int_equal(query_parse(asked.data, asked.len, &query), QUERY_ANSWER);
	len = answer_error(&query, RCODE_BADCOOKIE, EDE_NONE, NULL, &context, reply, 600);
	assert_golden(reply, len, "beef 8182 %1 %0 %0 %0 @a. %1 %1");
}

static void error_text_is_sent_where_it_fits(void **state)
{
	(void)state;
	given_query(&asked, FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	assert_int_equal(query_parse(asked.data, asked.len, &query), QUERY_ANSWER);
	size_t len = answer_error(&query, RCODE_SERVFAIL, EDE_OTHER, "busy", &context, reply, 600);
	assert_golden(reply, len,
		      "beef 8182 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %10 %15 %6 %0 \"busy");
	len = answer_error(&query, RCODE_SERVFAIL, EDE_OTHER, "busy", &context, reply, 36);
	assert_golden(reply, len, "beef 8182 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %6 %15 %2 %0");
	assert_int_equal(answer_error(&query, RCODE_SERVFAIL, EDE_OTHER, "busy", &context, reply,
				      29), 0);
}

static void text_is_one_record_of_the_questions_class(void **state)
{
	(void)state;
	given_query(&asked, 0, "@ID.server. %16 %3", NULL);
	assert_int_equal(query_parse(asked.data, asked.len, &query), QUERY_REFUSED);
	size_t len = answer_text(&query, "node-7", &context, reply, 600);
	assert_golden(reply, len, "beef 8080 %1 %1 %0 %0 @ID.server. %16 %3 "
				  "c00c %16 %3 #0 %7 06 \"node-7");
	len = answer_text(&query, "node-7", &context, reply, 45);
	assert_golden(reply, len, "beef 8280 %1 %0 %0 %0 @ID.server. %16 %3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(good_query_goes_on_and_response_is_dropped, setup),
		cmocka_unit_test_setup(F_unknown_opcode_is_notimp, setup),
		cmocka_unit_test_setup(F_formerr_has_the_question_that_could_be_read, setup),
		cmocka_unit_test_setup(F_edns_version_other_than_zero_is_badvers, setup),
		cmocka_unit_test_setup(F_classes_transfers_and_meta_types_are_turned_away, setup),
		cmocka_unit_test_setup(extended_rcode_needs_opt, setup),
		cmocka_unit_test_setup(error_text_is_sent_where_it_fits, setup),
		cmocka_unit_test_setup(text_is_one_record_of_the_questions_class, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
