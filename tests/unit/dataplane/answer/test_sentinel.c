// The root key sentinel (RFC 8509): secure answers of certain names say which root keys are
// trusted.
#include "tests/unit/dataplane/answer/setting.h"

#define IS_20326  "root-key-sentinel-is-ta-20326.z."
#define NOT_20326 "root-key-sentinel-not-ta-20326.z."

static struct answer_root_tags tags;

static void trust(uint16_t tag)
{
	atomic_store(&tags.known, true);
	atomic_fetch_or(&tags.words[tag / 64], 1ull << tag % 64);
}

static int start(void **state)
{
	memset(&tags, 0, sizeof(tags));
	setting_start(state);
	context.root_tags = &tags;
	trust(20326);
	return 0;
}

static void answer_of(const char *name, uint16_t type, enum entry_security security)
{
	given(&(struct given){
		.name = name,
		.type = type,
		.kind = ENTRY_POSITIVE,
		.ttl_s = 60,
		.security = security,
		.data = {{NULL, type, 60,
			  type == TYPE_A ? "c0000201" : "20010db8000000000000000000000001"}}});
}

static void ask_for(const char *name, uint16_t type, unsigned flags, const char *opt)
{
	char question[300];

	snprintf(question, sizeof(question), "@%s %%%u %%1", name, type);
	ask(flags, question, opt);
}

static unsigned rcode(void)
{
	render();
	assert_parses(reply, reply_len);
	return FLAGS_RCODE(header_flags(reply));
}

// What comes of the question for a secure A record of this name.
static unsigned outcome(const char *name)
{
	answer_of(name, TYPE_A, SECURITY_SECURE);
	ask_for(name, TYPE_A, FLAG_RD, OPT_DO);
	return rcode();
}

static void both_labels_both_ways(void **state)
{
	(void)state;
	assert_int_equal(outcome(IS_20326), RCODE_NOERROR);
	assert_int_equal(header_flags(reply) & FLAG_AD, FLAG_AD);
	assert_int_equal(outcome(NOT_20326), RCODE_SERVFAIL);
	assert_int_equal(header_ancount(reply), 0);
	assert_int_equal(header_flags(reply) & FLAG_AD, 0);
	assert_int_equal(outcome("root-key-sentinel-is-ta-38696.z."), RCODE_SERVFAIL);
	assert_int_equal(outcome("root-key-sentinel-not-ta-38696.z."), RCODE_NOERROR);
	trust(38696);
	assert_int_equal(outcome("root-key-sentinel-is-ta-38696.z."), RCODE_NOERROR);
	assert_int_equal(outcome("root-key-sentinel-not-ta-38696.z."), RCODE_SERVFAIL);
	assert_int_equal(outcome("root-key-sentinel-is-ta-00001.z."), RCODE_SERVFAIL);
	trust(1);
	assert_int_equal(outcome("root-key-sentinel-is-ta-00001.z."), RCODE_NOERROR);
}

static void it_needs_neither_do_nor_edns_and_no_case(void **state)
{
	(void)state;
	answer_of(NOT_20326, TYPE_A, SECURITY_SECURE);
	ask_for(NOT_20326, TYPE_A, FLAG_RD, NULL);
	assert_int_equal(rcode(), RCODE_SERVFAIL);
	ask_for("Root-Key-SENTINEL-not-TA-20326.z.", TYPE_A, FLAG_RD, OPT_PLAIN);
	assert_int_equal(rcode(), RCODE_SERVFAIL);
	answer_of(NOT_20326, TYPE_AAAA, SECURITY_SECURE);
	ask_for(NOT_20326, TYPE_AAAA, FLAG_RD, NULL);
	assert_int_equal(rcode(), RCODE_SERVFAIL);
}

static void other_types_are_left_alone(void **state)
{
	(void)state;
	given(&(struct given){.name = NOT_20326,
			      .type = TYPE_TXT,
			      .kind = ENTRY_POSITIVE,
			      .ttl_s = 60,
			      .security = SECURITY_SECURE,
			      .data = {{NULL, TYPE_TXT, 60, "0161"}}});
	ask_for(NOT_20326, TYPE_TXT, FLAG_RD, OPT_DO);
	assert_int_equal(rcode(), RCODE_NOERROR);
}

static void checking_disabled_is_left_alone(void **state)
{
	(void)state;
	answer_of(NOT_20326, TYPE_A, SECURITY_SECURE);
	ask_for(NOT_20326, TYPE_A, FLAG_RD | FLAG_CD, OPT_DO);
	assert_int_equal(rcode(), RCODE_NOERROR);
}

static void what_is_not_secure_is_left_alone(void **state)
{
	(void)state;
	answer_of(NOT_20326, TYPE_A, SECURITY_INSECURE);
	ask_for(NOT_20326, TYPE_A, FLAG_RD, OPT_DO);
	assert_int_equal(rcode(), RCODE_NOERROR);
	// An alias out of the signed zone.
	given(&(struct given){.name = NOT_20326,
			      .kind = ENTRY_CNAME,
			      .ttl_s = 60,
			      .security = SECURITY_SECURE,
			      .data = {{NULL, TYPE_CNAME, 60, "@b."}}});
	given_next(&(struct given){.name = "b.",
				   .type = TYPE_A,
				   .kind = ENTRY_POSITIVE,
				   .ttl_s = 60,
				   .security = SECURITY_INSECURE,
				   .data = {{NULL, TYPE_A, 60, "c0000201"}}});
	assert_int_equal(rcode(), RCODE_NOERROR);
	// Nobody can say what is secure.
	answer_of(NOT_20326, TYPE_A, SECURITY_SECURE);
	context.clock_trusted = false;
	assert_int_equal(rcode(), RCODE_NOERROR);
}

static void a_secure_alias_is_no_way_around_it(void **state)
{
	(void)state;
	given(&(struct given){.name = NOT_20326,
			      .kind = ENTRY_CNAME,
			      .ttl_s = 60,
			      .security = SECURITY_SECURE,
			      .data = {{NULL, TYPE_CNAME, 60, "@b."}}});
	given_next(&(struct given){.name = "b.",
				   .type = TYPE_A,
				   .kind = ENTRY_POSITIVE,
				   .ttl_s = 60,
				   .security = SECURITY_SECURE,
				   .data = {{NULL, TYPE_A, 60, "c0000201"}}});
	ask_for(NOT_20326, TYPE_A, FLAG_RD, OPT_DO);
	assert_int_equal(rcode(), RCODE_SERVFAIL);
	// The name that was asked counts, not where it leads.
	given(&(struct given){.name = "a.",
			      .kind = ENTRY_CNAME,
			      .ttl_s = 60,
			      .security = SECURITY_SECURE,
			      .data = {{NULL, TYPE_CNAME, 60, "@" NOT_20326}}});
	given_next(&(struct given){.name = NOT_20326,
				   .type = TYPE_A,
				   .kind = ENTRY_POSITIVE,
				   .ttl_s = 60,
				   .security = SECURITY_SECURE,
				   .data = {{NULL, TYPE_A, 60, "c0000201"}}});
	ask_for("a.", TYPE_A, FLAG_RD, OPT_DO);
	assert_int_equal(rcode(), RCODE_NOERROR);
}

static void labels_of_another_form_are_left_alone(void **state)
{
	static const char *const others[] = {
		"root-key-sentinel-not-ta-2032.z.",    "root-key-sentinel-not-ta-020326.z.",
		"root-key-sentinel-not-ta-2032x.z.",   "root-key-sentinel-not-ta-70000.z.",
		"root-key-sentinel-not-tb-20326.z.",   "xoot-key-sentinel-is-ta-38696.z.",
		"www.root-key-sentinel-not-ta-20326.", "root-key-sentinel-is-ta--2032.z.",
		"root-key-sentinel-is-ta-+2032.z.",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(outcome(others[i]), RCODE_NOERROR);
}

static void it_can_be_turned_off(void **state)
{
	(void)state;
	atomic_store(&tags.known, false);
	assert_int_equal(outcome(NOT_20326), RCODE_NOERROR);
	context.root_tags = NULL;
	assert_int_equal(outcome(NOT_20326), RCODE_NOERROR);
}

#define test(f) cmocka_unit_test_setup_teardown(f, start, setting_end)

// From a wildcard of before (RFC 8198 §5.3) as from an answer of its own.
static void answers_out_of_cached_denial_are_answers(void **state)
{
	const struct given wildcard = {.name = "*.z.", .type = TYPE_A, .kind = ENTRY_POSITIVE,
				       .ttl_s = 60, .security = SECURITY_SECURE,
				       .data = {{NULL, TYPE_A, 60, "c0000201"}}};
	const struct given soa = {.name = "z.", .type = TYPE_SOA, .kind = ENTRY_NODATA,
				  .ttl_s = 60, .security = SECURITY_SECURE};
	struct denial_answer denied = {.kind = DENIED_WILDCARD, .left_s = 60};

	(void)state;
	struct entry *entries[2] = {given_entry(&soa), given_entry(&wildcard)};
	denied.soa = entries[0];
	denied.wildcard = entries[1];
	ask_for(NOT_20326, TYPE_A, FLAG_RD, OPT_DO);
	reply_len = answer_denied(&query, &denied, &context, reply, sizeof(reply));
	assert_int_equal(FLAGS_RCODE(header_flags(reply)), RCODE_SERVFAIL);
	assert_int_equal(header_ancount(reply), 0);
	ask_for(IS_20326, TYPE_A, FLAG_RD, OPT_DO);
	reply_len = answer_denied(&query, &denied, &context, reply, sizeof(reply));
	assert_int_equal(FLAGS_RCODE(header_flags(reply)), RCODE_NOERROR);
	assert_int_equal(header_ancount(reply), 1);
	free(entries[0]);
	free(entries[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(both_labels_both_ways),
		test(it_needs_neither_do_nor_edns_and_no_case),
		test(other_types_are_left_alone),
		test(checking_disabled_is_left_alone),
		test(what_is_not_secure_is_left_alone),
		test(a_secure_alias_is_no_way_around_it),
		test(labels_of_another_form_are_left_alone),
		test(answers_out_of_cached_denial_are_answers),
		test(it_can_be_turned_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
