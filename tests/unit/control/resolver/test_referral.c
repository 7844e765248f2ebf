// Referrals: where a reply sends us, with which servers and addresses, and which lead nowhere.
#include "tests/unit/control/resolver/reading.h"

static void a_referral_has_its_servers_and_glue(void **state)
{
	(void)state;
	assert_int_equal(
		read_it("www.sub.example.", TYPE_A, "example.", 0, 0,
			LINES("ns sub.example. 300 IN NS ns1.sub.example.",
			      "ns sub.example. 300 IN NS ns2.other.example.",
			      "ns sub.example. 300 IN DS 1 13 2 "
			      "00000000000000000000000000000000000000000000000000000000000000"
			      "00",
			      "ar ns1.sub.example. 300 IN A 192.0.2.1",
			      "ar ns2.other.example. 300 IN AAAA 2001:db8::1")),
		RESPONSE_REFERRAL);
	assert_true(name_equal(response.referral.ns->owner, text_name("sub.example.")));
	assert_int_equal(response.referral.ns->count, 2);
	assert_int_equal(response.referral.glue_count, 2);
	assert_non_null(response.referral.ds);
}

// ATTACKS A7
static void glue_of_others_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(read_it("www.sub.example.", TYPE_A, "example.", 0, 0,
				 LINES("ns sub.example. 300 IN NS ns1.sub.example.",
				       "ns sub.example. 300 IN NS ns.victim.test.",
				       "ar ns1.sub.example. 300 IN A 192.0.2.1",
				       "ar ns.victim.test. 300 IN A 192.0.2.66",
				       "ar www.example. 300 IN A 192.0.2.66",
				       "ar example. 300 IN NS evil.test.")),
			 RESPONSE_REFERRAL);
	assert_int_equal(response.referral.glue_count, 1);
	assert_true(name_equal(response.referral.glue[0]->owner, text_name("ns1.sub.example.")));
}

// ATTACKS A7
static void ns_records_beside_an_answer_are_no_referral(void **state)
{
	(void)state;
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", FLAG_AA, 0,
				 LINES("an www.example. 300 IN A 192.0.2.1",
				       "ns www.example. 300 IN NS evil.test.",
				       "ar evil.test. 300 IN A 192.0.2.66")),
			 RESPONSE_ANSWER);
	assert_null(response.referral.ns);
	assert_int_equal(response.referral.glue_count, 0);
}

static void referrals_upward_sideways_and_to_itself_are_lame(void **state)
{
	(void)state;
	static const char *const cuts[] = {".", "example.", "test.", "other.example."};

	for (size_t i = 0; i < 4; i++) {
		char line[100];
		snprintf(line, sizeof(line), "ns %s 300 IN NS ns.evil.test.", cuts[i]);
		assert_int_equal(read_it("www.example.", TYPE_A, "example.", 0, 0, LINES(line)),
				 RESPONSE_LAME);
	}
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", FLAG_AA, 0,
				 LINES("ns . 300 IN NS ns.evil.test.")),
			 RESPONSE_LAME);
}

static void of_two_cuts_the_higher_one_is_followed(void **state)
{
	(void)state;
	assert_int_equal(read_it("www.a.b.example.", TYPE_A, "example.", 0, 0,
				 LINES("ns a.b.example. 300 IN NS ns.a.b.example.",
				       "ns b.example. 300 IN NS ns.b.example.")),
			 RESPONSE_REFERRAL);
	assert_true(name_equal(response.referral.ns->owner, text_name("b.example.")));
}

static void a_ds_question_is_not_referred_to_the_child(void **state)
{
	(void)state;
	assert_int_equal(read_it("sub.example.", TYPE_DS, "example.", 0, 0,
				 LINES("ns sub.example. 300 IN NS ns.sub.example.")),
			 RESPONSE_LAME);
	assert_int_equal(read_it("a.sub.example.", TYPE_DS, "example.", 0, 0,
				 LINES("ns sub.example. 300 IN NS ns.sub.example.")),
			 RESPONSE_REFERRAL);
}

static void the_child_apex_does_not_deny_its_ds(void **state)
{
	(void)state;
	assert_int_equal(read_it("sub.example.", TYPE_DS, "example.", FLAG_AA, 0,
				 LINES("ns sub.example. 300 IN SOA a. b. 1 2 3 4 5")),
			 RESPONSE_LAME);
	assert_int_equal(read_it("sub.example.", TYPE_DS, "example.", FLAG_AA, 0,
				 LINES("ns example. 300 IN SOA a. b. 1 2 3 4 5")),
			 RESPONSE_ANSWER);
	assert_link(0, STEP_NODATA, "sub.example.");
	assert_int_equal(
		read_it(".", TYPE_DS, ".", FLAG_AA, 0, LINES("ns . 300 IN SOA a. b. 1 2 3 4 5")),
		RESPONSE_ANSWER);
}

// ATTACKS A9
static void a_forwarder_may_not_refer(void **state)
{
	(void)state;
	read_it("www.example.", TYPE_A, "example.", FLAG_AA, 0,
		LINES("ns www.example. 300 IN NS evil.test.", "ar evil.test. 300 IN A 192.0.2.66"));
	read_as("www.example.", TYPE_A, "example.", true);
	assert_null(response.referral.ns);
	assert_int_equal(response.referral.glue_count, 0);
	read_it("www.corp.example.", TYPE_A, "corp.example.", 0, 0,
		LINES("an www.corp.example. 300 IN CNAME www.example.",
		      "an www.example. 300 IN A 192.0.2.66"));
	assert_int_equal(read_as("www.corp.example.", TYPE_A, "corp.example.", true),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 1);
	assert_true(response.open);
}

static void without_aa_data_beside_a_delegation_is_glue(void **state)
{
	(void)state;
	assert_int_equal(read_it("ns.sub.example.", TYPE_A, "example.", 0, 0,
				 LINES("an ns.sub.example. 300 IN A 192.0.2.1",
				       "ns sub.example. 300 IN NS ns.sub.example.",
				       "ar ns.sub.example. 300 IN A 192.0.2.1")),
			 RESPONSE_REFERRAL);
	assert_int_equal(response.link_count, 0);
	assert_int_equal(response.referral.glue_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_referral_has_its_servers_and_glue),
		cmocka_unit_test(glue_of_others_is_dropped),
		cmocka_unit_test(ns_records_beside_an_answer_are_no_referral),
		cmocka_unit_test(referrals_upward_sideways_and_to_itself_are_lame),
		cmocka_unit_test(of_two_cuts_the_higher_one_is_followed),
		cmocka_unit_test(a_ds_question_is_not_referred_to_the_child),
		cmocka_unit_test(the_child_apex_does_not_deny_its_ds),
		cmocka_unit_test(a_forwarder_may_not_refer),
		cmocka_unit_test(without_aa_data_beside_a_delegation_is_glue),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
