// What a reply is an answer to, and what of it counts.
#include "tests/unit/control/resolver/reading.h"

static void a_plain_answer_is_one_link(void **state)
{
	(void)state;
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", FLAG_AA, 0,
				 LINES("an www.example. 300 IN A 192.0.2.1")),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 1);
	assert_link(0, STEP_ANSWER, "www.example.");
	assert_false(response.open);
	assert_int_equal(response.links[0].rrset->count, 1);
	assert_null(response.links[0].soa);
}

// AA=0 and RA=1: somebody's cache.
static void an_answer_without_aa_from_a_recursive_server_is_lame(void **state)
{
	(void)state;
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", FLAG_RA, 0,
				 LINES("an www.example. 300 IN A 192.0.2.1")),
			 RESPONSE_LAME);
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", FLAG_RA, 0,
				 LINES("an www.example. 300 IN CNAME a.example.")),
			 RESPONSE_LAME);
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", FLAG_RA, 0,
				 LINES("ns example. 300 IN SOA a. b. 1 2 3 4 5")),
			 RESPONSE_LAME);
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", FLAG_RA, RCODE_NXDOMAIN,
				 LINES("ns example. 300 IN SOA a. b. 1 2 3 4 5")),
			 RESPONSE_LAME);
}

// What is signed may be good whoever passes it on; it has to be proven then.
static void an_answer_out_of_a_cache_has_to_be_secure(void **state)
{
	(void)state;
	static const char signature[] = "A 13 2 300 20300101000000 20200101000000 1 example. AAAA";
	char line[160];

	snprintf(line, sizeof(line), "an www.example. 300 IN RRSIG %s", signature);
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", FLAG_RA, 0,
				 LINES("an www.example. 300 IN A 192.0.2.1", line)),
			 RESPONSE_ANSWER);
	assert_true(response.secure_only);
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", FLAG_RA, RCODE_NXDOMAIN,
				 LINES("ns example. 300 IN SOA a. b. 1 2 3 4 5",
				       "ns a.example. 300 IN NSEC z.example. A NSEC")),
			 RESPONSE_ANSWER);
	assert_true(response.secure_only);
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", FLAG_RA | FLAG_AA, 0,
				 LINES("an www.example. 300 IN A 192.0.2.1", line)),
			 RESPONSE_ANSWER);
	assert_false(response.secure_only);
}

static void what_a_server_says_of_its_zone_needs_no_aa(void **state)
{
	(void)state;
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", 0, 0,
				 LINES("an www.example. 300 IN A 192.0.2.1",
				       "ns example. 300 IN NS ns.example.")),
			 RESPONSE_ANSWER);
	assert_link(0, STEP_ANSWER, "www.example.");
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", 0, 0,
				 LINES("an www.example. 300 IN CNAME www.test.")),
			 RESPONSE_ANSWER);
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", 0, 0,
				 LINES("ns example. 300 IN SOA a. b. 1 2 3 4 5")),
			 RESPONSE_ANSWER);
	assert_link(0, STEP_NODATA, "www.example.");
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", 0, RCODE_NXDOMAIN,
				 LINES("ns example. 300 IN SOA a. b. 1 2 3 4 5")),
			 RESPONSE_ANSWER);
	assert_link(0, STEP_NXDOMAIN, "www.example.");
}

// RFC 2308 §2.2: neither data nor NS records.
static void silence_without_aa_is_nodata_unless_recursion_is_offered(void **state)
{
	(void)state;
	assert_int_equal(read_it("www.example.", TYPE_AAAA, "example.", 0, 0,
				 LINES("an www.example. 300 IN A 192.0.2.1")),
			 RESPONSE_ANSWER);
	assert_link(0, STEP_NODATA, "www.example.");
	assert_null(response.links[0].soa);
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", FLAG_RA, 0, NULL),
			 RESPONSE_LAME);
	assert_int_equal(read_it("www.example.", TYPE_A, "example.", FLAG_RA, RCODE_NXDOMAIN, NULL),
			 RESPONSE_LAME);
}

static void a_forwarder_needs_no_aa(void **state)
{
	(void)state;
	read_it("www.example.", TYPE_A, "example.", 0, 0,
		LINES("an www.example. 300 IN A 192.0.2.1"));
	assert_int_equal(read_as("www.example.", TYPE_A, "example.", true), RESPONSE_ANSWER);
}

static void a_cname_chain_is_taken_in_order_whatever_the_order_sent(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, 0,
				 LINES("an c.example. 300 IN A 192.0.2.1",
				       "an b.example. 300 IN CNAME c.example.",
				       "an a.example. 300 IN CNAME b.example.")),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 3);
	assert_link(0, STEP_CNAME, "a.example.");
	assert_link(1, STEP_CNAME, "b.example.");
	assert_link(2, STEP_ANSWER, "c.example.");
	assert_false(response.open);
}

static void a_target_outside_the_zone_is_left_open(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, 0,
				 LINES("an a.example. 300 IN CNAME victim.test.",
				       "an victim.test. 300 IN A 192.0.2.66")),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 1);
	assert_true(response.open);
	assert_true(name_equal(response.names[1], text_name("victim.test.")));
}

static void the_rcode_is_not_that_of_a_target_outside(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, RCODE_NXDOMAIN,
				 LINES("an a.example. 300 IN CNAME victim.test.",
				       "ns test. 300 IN SOA a. b. 1 2 3 4 5")),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 1);
	assert_true(response.open);
}

static void a_chain_may_end_in_nxdomain(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, RCODE_NXDOMAIN,
				 LINES("an a.example. 300 IN CNAME b.example.",
				       "ns example. 300 IN SOA a. b. 1 2 3 4 5")),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 2);
	assert_link(1, STEP_NXDOMAIN, "b.example.");
	assert_non_null(response.links[1].soa);
	assert_false(response.open);
}

static void a_chain_without_a_word_about_its_end_stays_open(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, 0,
				 LINES("an a.example. 300 IN CNAME b.sub.example.",
				       "ns sub.example. 300 IN NS ns.sub.example.")),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 1);
	assert_true(response.open);
	assert_null(response.referral.ns);
}

static void a_cname_asked_for_is_the_answer(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_CNAME, "example.", FLAG_AA, 0,
				 LINES("an a.example. 300 IN CNAME b.example.")),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 1);
	assert_link(0, STEP_ANSWER, "a.example.");
}

static void a_dname_rewrites_and_its_cname_is_not_believed(void **state)
{
	(void)state;
	assert_int_equal(read_it("x.old.example.", TYPE_A, "example.", FLAG_AA, 0,
				 LINES("an old.example. 300 IN DNAME new.example.",
				       "an x.old.example. 0 IN CNAME evil.example.",
				       "an x.new.example. 300 IN A 192.0.2.1")),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 2);
	assert_link(0, STEP_DNAME, "x.old.example.");
	assert_link(1, STEP_ANSWER, "x.new.example.");
}

// The CNAME that it makes is the answer, wherever that leads.
static void a_dname_answers_a_question_for_cname(void **state)
{
	static const unsigned rcodes[] = {RCODE_NOERROR, RCODE_NXDOMAIN};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(read_it("x.old.example.", TYPE_CNAME, "example.", FLAG_AA,
					 rcodes[i],
					 LINES("an old.example. 300 IN DNAME new.example.",
					       "an x.old.example. 0 IN CNAME x.new.example.",
					       "an x.new.example. 0 IN CNAME y.example.",
					       "ns example. 300 IN SOA a. b. 1 2 3 4 5")),
				 RESPONSE_ANSWER);
		assert_int_equal(response.link_count, 1);
		assert_link(0, STEP_DNAME, "x.old.example.");
		assert_false(response.open);
	}
	// Out of somebody's cache it is worth no more than anything else.
	assert_int_equal(read_it("x.old.example.", TYPE_CNAME, "example.", FLAG_RA, 0,
				 LINES("an old.example. 300 IN DNAME new.example.")),
			 RESPONSE_LAME);
}

static void a_dname_outside_the_zone_is_ignored(void **state)
{
	(void)state;
	assert_int_equal(read_it("x.old.example.", TYPE_A, "old.example.", FLAG_AA, 0,
				 LINES("an example. 300 IN DNAME evil.test.",
				       "an x.old.example. 0 IN A 192.0.2.1")),
			 RESPONSE_ANSWER);
	assert_link(0, STEP_ANSWER, "x.old.example.");
}

// RFC 6672 §2.4: what is above hides what is below, in whatever order they come.
static void of_two_dnames_the_higher_one_rewrites(void **state)
{
	(void)state;
	assert_int_equal(read_it("x.b.a.example.", TYPE_A, "example.", FLAG_AA, 0,
				 LINES("an b.a.example. 300 IN DNAME low.example.",
				       "an a.example. 300 IN DNAME high.example.")),
			 RESPONSE_ANSWER);
	assert_true(name_equal(response.names[1], text_name("x.b.high.example.")));
	assert_int_equal(read_it("x.b.a.example.", TYPE_A, "example.", FLAG_AA, 0,
				 LINES("an a.example. 300 IN DNAME high.example.",
				       "an b.a.example. 300 IN DNAME low.example.")),
			 RESPONSE_ANSWER);
	assert_true(name_equal(response.names[1], text_name("x.b.high.example.")));
}

static void a_dname_that_makes_a_name_too_long_ends_the_chain(void **state)
{
	char line[600], name[300] = "";

	(void)state;
	for (int i = 0; i < 3; i++)
		strcat(name, "a23456789012345678901234567890123456789012345678901234567890.");
	snprintf(line, sizeof(line), "an old.example. 300 IN DNAME %sexample.", name);
	strcat(name, "old.example.");
	assert_int_equal(read_it(name, TYPE_A, "example.", FLAG_AA, RCODE_YXDOMAIN, LINES(line)),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 1);
	assert_true(response.too_long);
	assert_false(response.open);
	// Somebody's cache says no more with this RCODE than with another.
	assert_int_equal(read_it(name, TYPE_A, "example.", FLAG_RA, RCODE_YXDOMAIN, LINES(line)),
			 RESPONSE_LAME);
	assert_int_equal(read_it(name, TYPE_A, "example.", 0, RCODE_YXDOMAIN, LINES(line)),
			 RESPONSE_ANSWER);
	// Nor is there a name to go on with where an alias led there.
	char alias[400];
	snprintf(alias, sizeof(alias), "an alias.example. 300 IN CNAME %s", name);
	assert_int_equal(read_it("alias.example.", TYPE_A, "example.", FLAG_AA, RCODE_YXDOMAIN,
				 LINES(alias, line)),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 2);
	assert_true(response.too_long);
	assert_false(response.open);
}

static void a_loop_ends_the_reading(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, 0,
				 LINES("an a.example. 300 IN CNAME b.example.",
				       "an b.example. 300 IN CNAME a.example.")),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 2);
	assert_true(response.open);
	assert_true(name_equal(response.names[2], text_name("a.example.")));
}

static void a_chain_of_twenty_stops_after_eleven(void **state)
{
	char lines[20][80];
	const char *list[21] = {0};

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(lines[i], sizeof(lines[i]), "an c%d.example. 300 IN CNAME c%d.example.", i,
			 i + 1);
		list[i] = lines[i];
	}
	assert_int_equal(read_it("c0.example.", TYPE_A, "example.", FLAG_AA, 0, list),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, BUDGET_CNAME_MAX);
	assert_true(response.open);
}

static void two_cnames_at_one_name_are_malformed(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, 0,
				 LINES("an a.example. 300 IN CNAME b.example.",
				       "an a.example. 300 IN CNAME c.example.")),
			 RESPONSE_MALFORMED);
}

static void nodata_has_its_soa_and_proofs(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_AAAA, "example.", FLAG_AA, 0,
				 LINES("ns example. 300 IN SOA a. b. 1 2 3 4 5",
				       "ns a.example. 300 IN NSEC b.example. A",
				       "ns victim.test. 300 IN NSEC z.test. A")),
			 RESPONSE_ANSWER);
	assert_link(0, STEP_NODATA, "a.example.");
	assert_non_null(response.links[0].soa);
	assert_int_equal(response.links[0].proof_count, 1);
}

static void nodata_without_soa_is_an_answer_without_one(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_AAAA, "example.", FLAG_AA, 0, NULL),
			 RESPONSE_ANSWER);
	assert_link(0, STEP_NODATA, "a.example.");
	assert_null(response.links[0].soa);
	assert_int_equal(read_it("a.example.", TYPE_AAAA, "example.", FLAG_AA, 0,
				 LINES("ns example. 300 IN NS ns.example.")),
			 RESPONSE_ANSWER);
	assert_link(0, STEP_NODATA, "a.example.");
}

static void a13_a_soa_of_another_zone_is_lame(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, 0,
				 LINES("ns test. 300 IN SOA a. b. 1 2 3 4 5")),
			 RESPONSE_LAME);
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, RCODE_NXDOMAIN,
				 LINES("ns . 300 IN SOA a. b. 1 2 3 4 5")),
			 RESPONSE_LAME);
}

// ATTACKS A13
static void a13_a_negative_answer_to_another_question_is_malformed(void **state)
{
	(void)state;
	message_free(message);
	message = text_message("other.example.", TYPE_A, FLAG_AA, RCODE_NXDOMAIN,
			       LINES("ns example. 300 IN SOA a. b. 1 2 3 4 5"));
	assert_int_equal(read_as("victim.example.", TYPE_A, "example.", false), RESPONSE_MALFORMED);
	assert_int_equal(read_as("other.example.", TYPE_MX, "example.", false), RESPONSE_MALFORMED);
	assert_int_equal(read_as("other.example.", TYPE_A, "example.", false), RESPONSE_ANSWER);
}

static void nxdomain_with_the_data_asked_for_is_malformed(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, RCODE_NXDOMAIN,
				 LINES("an a.example. 300 IN A 192.0.2.1")),
			 RESPONSE_MALFORMED);
}

static void rcodes_have_names(void **state)
{
	(void)state;
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, RCODE_SERVFAIL, NULL),
			 RESPONSE_SERVFAIL);
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, RCODE_REFUSED, NULL),
			 RESPONSE_REFUSED);
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, RCODE_NOTAUTH, NULL),
			 RESPONSE_LAME);
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, RCODE_FORMERR, NULL),
			 RESPONSE_ERROR);
	assert_int_equal(read_it("a.example.", TYPE_A, "example.", FLAG_AA, RCODE_YXDOMAIN, NULL),
			 RESPONSE_MALFORMED);
}

static void a_chain_can_be_cut(void **state)
{
	(void)state;
	read_it("a.example.", TYPE_A, "example.", FLAG_AA, 0,
		LINES("an a.example. 300 IN CNAME b.example.", "an b.example. 300 IN A 192.0.2.1"));
	response_cut(&response, 1);
	assert_int_equal(response.link_count, 1);
	assert_true(response.open);
	assert_true(name_equal(response.names[1], text_name("b.example.")));
}

// ---- what cannot be read of a message ----

static enum response_kind read_losing(const char *qname, uint16_t qtype, unsigned rcode,
				      const char *const *lines, const struct lost_rrset *lost,
				      const char *owner)
{
	const struct response_question question = {
		.name = text_name(qname), .type = qtype, .zone = text_name("example.")};

	message_free(message);
	message = text_message(qname, qtype, FLAG_AA, rcode, lines);
	message->lost = malloc(sizeof(*lost));
	*message->lost = *lost;
	name_copy(message->lost->owner, text_name(owner));
	message->lost_count = 1;
	response_read(message, &question, &response);
	return response.kind;
}

static void what_is_malformed_beside_the_answer_is_not_missed(void **state)
{
	static const struct lost_rrset lost[] = {
		{.section = SECTION_ANSWER, .type = TYPE_AAAA},
		{.section = SECTION_AUTHORITY, .type = TYPE_NS},
		{.section = SECTION_ADDITIONAL, .type = TYPE_A},
		{.section = SECTION_ADDITIONAL, .type = TYPE_A, .too_large = true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		assert_int_equal(read_losing("www.example.", TYPE_A, 0,
					     LINES("an www.example. 300 IN A 192.0.2.1"), &lost[i],
					     "www.example."),
				 RESPONSE_ANSWER);
		assert_link(0, STEP_ANSWER, "www.example.");
	}
}

static void what_is_malformed_in_the_chain_is_no_answer_and_no_denial(void **state)
{
	static const struct {
		uint16_t type;
		const char *owner;
	} rows[] = {
		{TYPE_A, "www.example."},        {TYPE_CNAME, "www.example."},
		{TYPE_DNAME, "example."},        {TYPE_A, "target.example."},
		{TYPE_CNAME, "target.example."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned large = 0; large < 2; large++) {
			const struct lost_rrset lost = {.section = SECTION_ANSWER,
							.type = rows[i].type,
							.too_large = large};
			bool chain = strncmp(rows[i].owner, "target", 6) == 0;
			assert_int_equal(
				read_losing("www.example.", TYPE_A, 0,
					    chain ? LINES("an www.example. 300 IN CNAME "
							  "target.example.")
						  : LINES("ns example. 300 IN SOA a. b. 1 2 3 4 5"),
					    &lost, rows[i].owner),
				large ? RESPONSE_TOO_LARGE : RESPONSE_MALFORMED);
		}
	}
}

// A referral whose NS records cannot be read is no NODATA, nor is a denial without its SOA.
static void what_is_malformed_in_authority_is_no_denial(void **state)
{
	static const uint16_t types[] = {TYPE_NS, TYPE_SOA, TYPE_NSEC, TYPE_DS};
	static const unsigned rcodes[] = {RCODE_NOERROR, RCODE_NXDOMAIN};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		for (size_t k = 0; k < 2; k++) {
			const struct lost_rrset lost = {.section = SECTION_AUTHORITY,
							.type = types[i]};
			assert_int_equal(read_losing("www.example.", TYPE_A, rcodes[k], LINES(NULL),
						     &lost, "example."),
					 RESPONSE_MALFORMED);
		}
	}
	// Behind an alias the target is asked for on its own.
	const struct lost_rrset lost = {.section = SECTION_AUTHORITY, .type = TYPE_SOA};
	assert_int_equal(read_losing("www.example.", TYPE_A, 0,
				     LINES("an www.example. 300 IN CNAME target.example."), &lost,
				     "example."),
			 RESPONSE_ANSWER);
	assert_int_equal(response.link_count, 1);
	assert_true(response.open);
}

static void octets_behind_it_make_no_denial_of_an_empty_message(void **state)
{
	const struct response_question question = {
		.name = text_name("www.example."), .type = TYPE_A, .zone = text_name("example.")};

	(void)state;
	for (unsigned soa = 0; soa < 2; soa++) {
		message_free(message);
		message = text_message("www.example.", TYPE_A, FLAG_AA, 0,
				       soa ? LINES("ns example. 300 IN SOA a. b. 1 2 3 4 5")
					   : LINES(NULL));
		message->trailing = true;
		response_read(message, &question, &response);
		assert_int_equal(response.kind, soa ? RESPONSE_ANSWER : RESPONSE_MALFORMED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_answer_is_one_link),
		cmocka_unit_test(an_answer_without_aa_from_a_recursive_server_is_lame),
		cmocka_unit_test(an_answer_out_of_a_cache_has_to_be_secure),
		cmocka_unit_test(what_a_server_says_of_its_zone_needs_no_aa),
		cmocka_unit_test(silence_without_aa_is_nodata_unless_recursion_is_offered),
		cmocka_unit_test(a_forwarder_needs_no_aa),
		cmocka_unit_test(a_cname_chain_is_taken_in_order_whatever_the_order_sent),
		cmocka_unit_test(a_target_outside_the_zone_is_left_open),
		cmocka_unit_test(the_rcode_is_not_that_of_a_target_outside),
		cmocka_unit_test(a_chain_may_end_in_nxdomain),
		cmocka_unit_test(a_chain_without_a_word_about_its_end_stays_open),
		cmocka_unit_test(a_cname_asked_for_is_the_answer),
		cmocka_unit_test(a_dname_rewrites_and_its_cname_is_not_believed),
		cmocka_unit_test(a_dname_answers_a_question_for_cname),
		cmocka_unit_test(a_dname_outside_the_zone_is_ignored),
		cmocka_unit_test(of_two_dnames_the_higher_one_rewrites),
		cmocka_unit_test(a_dname_that_makes_a_name_too_long_ends_the_chain),
		cmocka_unit_test(a_loop_ends_the_reading),
		cmocka_unit_test(a_chain_of_twenty_stops_after_eleven),
		cmocka_unit_test(two_cnames_at_one_name_are_malformed),
		cmocka_unit_test(nodata_has_its_soa_and_proofs),
		cmocka_unit_test(nodata_without_soa_is_an_answer_without_one),
		cmocka_unit_test(a13_a_soa_of_another_zone_is_lame),
		cmocka_unit_test(a13_a_negative_answer_to_another_question_is_malformed),
		cmocka_unit_test(nxdomain_with_the_data_asked_for_is_malformed),
		cmocka_unit_test(rcodes_have_names),
		cmocka_unit_test(a_chain_can_be_cut),
		cmocka_unit_test(what_is_malformed_beside_the_answer_is_not_missed),
		cmocka_unit_test(what_is_malformed_in_the_chain_is_no_answer_and_no_denial),
		cmocka_unit_test(what_is_malformed_in_authority_is_no_denial),
		cmocka_unit_test(octets_behind_it_make_no_denial_of_an_empty_message),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
