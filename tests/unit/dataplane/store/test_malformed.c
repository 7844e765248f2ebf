// ATTACKS F through a whole query: an answer or silence as the RFCs say, never anything else.
#include "tests/unit/dataplane/store/served.h"

static void message(const char *text)
{
	asked.len = 0;
	bytes_append(&asked, text);
	serve_asked();
}

struct row {
	const char *message;
	enum serve_outcome outcome;
	const char *reply;
};

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		message(rows[i].message);
		assert_reply(rows[i].outcome, rows[i].reply);
	}
}
#define ASSERT_ROWS(rows) assert_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void F_short_messages_are_dropped(void **state)
{
	(void)state;
	given_query(&asked, FLAG_RD, "@a. %1 %1", NULL);
	for (asked.len = 0; asked.len < 12; asked.len++) {
		serve_asked();
		assert_dropped(DROP_dns_short);
	}
}

static void F_D10_responses_are_dropped_whatever_is_in_them(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 0x8000; flags += 0x0111) {
		given_query(&asked, FLAG_QR | flags, "@a. %1 %1", flags % 3 ? NULL : OPT_DO);
		serve_asked();
		assert_dropped(DROP_dns_response);
	}
	message("beef 8000 %0 %0 %0 %0");
	assert_dropped(DROP_dns_response);
	message("beef ffff ffff ffff ffff ffff *40:ff");
	assert_dropped(DROP_dns_response);
}

static void F_question_count_other_than_one_is_formerr(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"beef 0100 %0 %0 %0 %0", OUTCOME_ERROR, "beef 8181 %0 %0 %0 %0"},
		{"beef 0100 %2 %0 %0 %0 @a. %1 %1 @a. %1 %1", OUTCOME_ERROR,
		 "beef 8181 %0 %0 %0 %0"},
		{"beef 0100 %65535 %0 %0 %0 @a. %1 %1", OUTCOME_ERROR, "beef 8181 %0 %0 %0 %0"},
		{"beef 0100 %0 %0 %0 %1 00 %41 %1232 #0 %0", OUTCOME_ERROR,
		 "beef 8181 %0 %0 %0 %1 00 %41 %1232 #0 %0"},
	};
	ASSERT_ROWS(rows);
}

static void F_names_that_are_none_are_formerr(void **state)
{
	(void)state;
	static const char *const names[] = {
		"c00c",             // a loop
		"c010",             // forward
		"c000",             // into the header
		".a c00c",          // ends in a pointer
		"40 *64:61 00",     // label type 01
		"80 00",            // label type 10
		"05 6161",          // past the end
		"3f *63:61 3f *63:61 3f *63:61 3f *63:61 00", // 257 bytes
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[200];

		snprintf(text, sizeof(text), "beef 0100 %%1 %%0 %%0 %%0 %s %%1 %%1", names[i]);
		message(text);
		assert_reply(OUTCOME_ERROR, "beef 8181 %0 %0 %0 %0");
	}
	message("beef 0100 %1 %0 %0 %0 @a. %1 00"); // half a class
	assert_reply(OUTCOME_ERROR, "beef 8181 %0 %0 %0 %0");
}

static void F_longest_names_are_names(void **state)
{
	(void)state;
	message("beef 0100 %1 %0 %0 %0 3f *63:61 3f *63:61 3f *63:61 3d *61:61 00 %1 %1");
	assert_int_equal(verdict, SERVE_MISS);
	asked.len = 0;
	bytes_append(&asked, "beef 0100 %1 %0 %0 %0");
	for (int i = 0; i < 127; i++)
		bytes_append(&asked, "01 00"); // octets of any value
	bytes_append(&asked, "00 %1 %1");
	serve_asked();
	assert_int_equal(verdict, SERVE_MISS);
	assert_int_equal(serve.query.qname_len, 255);
}

static void F_opt_twice_misplaced_or_misnamed_is_formerr(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"beef 0100 %1 %0 %0 %2 @a. %1 %1 00 %41 %1232 #0 %0 00 %41 %1232 #0 %0",
		 OUTCOME_ERROR, "beef 8181 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %0"},
		{"beef 0100 %1 %0 %0 %1 @a. %1 %1 .a 00 %41 %1232 #0 %0", OUTCOME_ERROR,
		 "beef 8181 %1 %0 %0 %0 @a. %1 %1"},
		{"beef 0100 %1 %1 %0 %0 @a. %1 %1 00 %41 %1232 #0 %0", OUTCOME_ERROR,
		 "beef 8181 %1 %0 %0 %0 @a. %1 %1"},
		{"beef 0100 %1 %0 %1 %0 @a. %1 %1 00 %41 %1232 #0 %0", OUTCOME_ERROR,
		 "beef 8181 %1 %0 %0 %0 @a. %1 %1"},
		// RDLENGTH past the end
		{"beef 0100 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %5", OUTCOME_ERROR,
		 "beef 8181 %1 %0 %0 %0 @a. %1 %1"},
		// an option past RDLENGTH
		{"beef 0100 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %4 %3 %9", OUTCOME_ERROR,
		 "beef 8181 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %0"},
		// a cookie of impossible length
		{"beef 0100 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %11 %10 %7 *7:01", OUTCOME_ERROR,
		 "beef 8181 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %0"},
	};
	ASSERT_ROWS(rows);
}

static void F_C7_more_than_sixteen_options_are_formerr(void **state)
{
	(void)state;
	for (unsigned count = 15; count <= 40; count++) {
		char opt[64];

		snprintf(opt, sizeof(opt), "00 %%41 %%1232 #0 %%%u", 4 * count);
		given_query(&asked, FLAG_RD, "@a. %1 %1", opt);
		for (unsigned i = 0; i < count; i++)
			bytes_append(&asked, "%65001 %0");
		serve_asked();
		if (count <= 16)
			assert_int_equal(verdict, SERVE_MISS);
		else
			assert_reply(OUTCOME_ERROR,
				     "beef 8181 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #0 %0");
	}
}

static void F_edns_version_is_badvers(void **state)
{
	(void)state;
	ask(FLAG_RD, "@a. %1 %1", "00 %41 %1232 00018000 %0");
	assert_reply(OUTCOME_ERROR, "beef 8180 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 01008000 %0");
	ask(FLAG_RD, "@a. %1 %1", "00 %41 %1232 00ff0000 %3 010203");
	assert_reply(OUTCOME_ERROR, "beef 8180 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 01000000 %0");
}

static void F_opcodes_other_than_query_are_notimp(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"beef 0900 %1 %0 %0 %0 @a. %1 %1", OUTCOME_ERROR,
		 "beef 8984 %1 %0 %0 %0 @a. %1 %1"}, // IQUERY
		{"beef 2000 %1 %0 %0 %0 @a. %6 %1", OUTCOME_ERROR,
		 "beef a084 %1 %0 %0 %0 @a. %6 %1"}, // NOTIFY
		{"beef 2800 %1 %0 %1 %0 @a. %6 %1 @b.a. %1 %1 #60 %4 01020304", OUTCOME_ERROR,
		 "beef a884 %1 %0 %0 %0 @a. %6 %1"}, // UPDATE
		{"beef 7800 %0 %0 %0 %0", OUTCOME_ERROR, "beef f884 %0 %0 %0 %0"},
	};
	ASSERT_ROWS(rows);
}

static void F_classes_transfers_and_signatures_are_refused(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"beef 0100 %1 %0 %0 %0 @a. %1 %4", OUTCOME_REFUSED,
		 "beef 8185 %1 %0 %0 %0 @a. %1 %4"},
		{"beef 0000 %1 %0 %0 %0 @a. %252 %1", OUTCOME_REFUSED,
		 "beef 8085 %1 %0 %0 %0 @a. %252 %1"}, // AXFR
		{"beef 0000 %1 %0 %1 %0 @a. %251 %1 @a. %6 %1 #0 %22 00 00 #1 #2 #3 #4 #5",
		 OUTCOME_REFUSED, "beef 8085 %1 %0 %0 %0 @a. %251 %1"}, // IXFR
		{"beef 0100 %1 %0 %0 %1 @a. %1 %1 @key. %250 %255 #0 %2 0102", OUTCOME_REFUSED,
		 "beef 8185 %1 %0 %0 %0 @a. %1 %1"}, // TSIG
		{"beef 0100 %1 %0 %0 %1 @a. %1 %1 00 %24 %255 #0 %2 0102", OUTCOME_REFUSED,
		 "beef 8185 %1 %0 %0 %0 @a. %1 %1"}, // SIG(0)
	};
	ASSERT_ROWS(rows);
}

static void F_meta_types_are_formerr_with_ede_30(void **state)
{
	(void)state;
	static const unsigned types[] = {41, 128, 249, 250, 253, 254};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char question[32], golden[128];

		snprintf(question, sizeof(question), "@a. %%%u %%1", types[i]);
		snprintf(golden, sizeof(golden),
			 "beef 8181 %%1 %%0 %%0 %%1 %s 00 %%41 %%1232 #0 %%6 %%15 %%2 %%30",
			 question);
		ask(FLAG_RD, question, OPT_PLAIN);
		assert_reply(OUTCOME_ERROR, golden);
	}
}

static void F_trailing_bytes_and_wrong_counts_are_formerr(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"beef 0100 %1 %0 %0 %0 @a. %1 %1 00", OUTCOME_ERROR,
		 "beef 8181 %1 %0 %0 %0 @a. %1 %1"},
		{"beef 0100 %1 %0 %0 %1 @a. %1 %1", OUTCOME_ERROR,
		 "beef 8181 %1 %0 %0 %0 @a. %1 %1"},
		{"beef 0100 %1 %65535 %65535 %65535 @a. %1 %1", OUTCOME_ERROR,
		 "beef 8181 %1 %0 %0 %0 @a. %1 %1"},
		{"beef 0100 %1 %1 %0 %0 @a. %1 %1 c00c %1 %1 #60 %4 01020304", OUTCOME_ERROR,
		 "beef 8181 %1 %0 %0 %0 @a. %1 %1"},
	};
	ASSERT_ROWS(rows);
}

// Every cut and every flipped byte of a query: silence, a miss or a well-formed reply.
static void F_no_cut_or_flip_breaks_anything(void **state)
{
	(void)state;
	static struct bytes whole;
	struct given a = given_address("a.b.");

	put(&a);
	given_query(&whole, FLAG_RD, "@a.b. %1 %1",
		    "00 %41 %1232 #32768 %24 %10 %8 0102030405060708 %8 %8 0001 20 00 c0000207");
	for (size_t at = 0; at < whole.len; at++) {
		for (unsigned value = 0; value < 256; value++) {
			memcpy(asked.data, whole.data, whole.len);
			asked.data[at] = (uint8_t)value;
			asked.len = value ? whole.len : at;
			serve_asked();
			if (verdict != SERVE_REPLY)
				continue;
			assert_true(serve.reply_len >= 12 && serve.reply_len <= 1232);
			assert_int_equal(header_id(reply), header_id(asked.data));
			assert_true(header_flags(reply) & FLAG_QR);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		served_test(F_short_messages_are_dropped),
		served_test(F_D10_responses_are_dropped_whatever_is_in_them),
		served_test(F_question_count_other_than_one_is_formerr),
		served_test(F_names_that_are_none_are_formerr),
		served_test(F_longest_names_are_names),
		served_test(F_opt_twice_misplaced_or_misnamed_is_formerr),
		served_test(F_C7_more_than_sixteen_options_are_formerr),
		served_test(F_edns_version_is_badvers),
		served_test(F_opcodes_other_than_query_are_notimp),
		served_test(F_classes_transfers_and_signatures_are_refused),
		served_test(F_meta_types_are_formerr_with_ede_30),
		served_test(F_trailing_bytes_and_wrong_counts_are_formerr),
		served_test(F_no_cut_or_flip_breaks_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
