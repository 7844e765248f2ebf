#include "tests/scenario/zones.h"

static void a_proven_nxdomain_is_secure_and_covers_what_is_below(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "nope.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_SOA), 1);
	assert_true(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC) >= 1);
	assert_sent(w, 5);
	assert_cached(w, "nope.example.com.", 0, ENTRY_NXDOMAIN, SECURITY_SECURE);
	// RFC 8020, and whatever the type.
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "a.b.nope.example.com.", TYPE_MX, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_answer(world_ask(w, "nope.example.com.", TYPE_TXT, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_sent(w, 0);
}

static void a_proven_nxdomain_of_a_minimised_name_ends_the_search(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "a.b.c.nope.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, true, EDE_NONE);
	assert_int_equal(network_sent(&w->network, NULL, "a.b.c.nope.example.com.", 0), 0);
	assert_int_equal(network_sent(&w->network, NULL, "nope.example.com.", TYPE_A), 1);
	assert_sent(w, 5);
	assert_cached(w, "nope.example.com.", 0, ENTRY_NXDOMAIN, SECURITY_SECURE);
}

// ATTACKS A12
static void an_unproven_nxdomain_of_a_minimised_name_means_one_try_with_the_full_name(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "broken.org.",
					  .servers = "ns.broken.org.=" PROVIDER_A,
					  .text = "a.ent.broken.org. 300 IN A 192.0.2.99\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	// A server that takes an empty non-terminal for a name that does not exist.
	with((struct fault){.kind = FAULT_NXDOMAIN, .name = "ent.broken.org."});
	struct question *q = world_ask(w, "a.ent.broken.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.99");
	assert_int_equal(network_sent(&w->network, NULL, "ent.broken.org.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, NULL, "a.ent.broken.org.", TYPE_A), 1);
	assert_int_equal(world_counter(w, "resolver.minimise_fallbacks"), 1);
	assert_not_cached(w, "ent.broken.org.", 0);
	assert_cached(w, "a.ent.broken.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
}

// RFC 4074 §4.2: load balancers deny a name when they have no record of the type asked.
static void an_unproven_nxdomain_of_another_type_hides_no_address(void **state)
{
	for (int first = 0; first < 2; first++) {
		start_common(state);
		with((struct fault){
			.kind = FAULT_OTHER_RCODE, .name = "www.plain.org.", .type = TYPE_AAAA});
		if (first == 1)
			assert_address(world_ask(w, "www.plain.org.", TYPE_A, ASK_DO),
				       "192.0.2.90");
		struct question *q = world_ask(w, "www.plain.org.", TYPE_AAAA, ASK_DO);
		assert_answer(q, RCODE_NXDOMAIN, false, EDE_NONE);
		assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_SOA), 1);
		q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		assert_address(q, "192.0.2.90");
		// Both are known from now on.
		network_forget_log(&w->network);
		assert_answer(world_ask(w, "www.plain.org.", TYPE_AAAA, ASK_DO), RCODE_NXDOMAIN,
			      false, EDE_NONE);
		assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
		assert_sent(w, 0);
		end_world(state);
	}
}

// RFC 2308 §5: of the type that nearly every name has it stands for the name.
static void an_unproven_nxdomain_of_addresses_stands_for_all_types(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "nope.plain.org.", TYPE_MX, 0), RCODE_NXDOMAIN, false, EDE_NONE);
	assert_answer(world_ask(w, "nope.plain.org.", TYPE_A, 0), RCODE_NXDOMAIN, false, EDE_NONE);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "nope.plain.org.", TYPE_MX, 0), RCODE_NXDOMAIN, false, EDE_NONE);
	assert_answer(world_ask(w, "nope.plain.org.", TYPE_AAAA, 0), RCODE_NXDOMAIN, false,
		      EDE_NONE);
	assert_sent(w, 0);
}

// RFC 8767 §4: whatever its type, it is newer than what is stale.
static void an_unproven_nxdomain_of_another_type_ends_what_is_older(void **state)
{
	(void)state;
	assert_address(world_ask(w, "www.plain.org.", TYPE_A, ASK_DO), "192.0.2.90");
	world_advance(w, 301 * 1000);
	with((struct fault){
		.kind = FAULT_OTHER_RCODE, .name = "www.plain.org.", .type = TYPE_AAAA});
	world_ask(w, "www.plain.org.", TYPE_AAAA, 0);
	with((struct fault){.kind = FAULT_DROP, .below = "plain.org."});
	assert_int_equal(world_ask(w, "www.plain.org.", TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
}

static void fall_back(enum fault_kind kind)
{
	with((struct fault){.kind = kind, .name = "ent.example.com."});
	struct question *q = world_ask(w, "a.ent.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.82");
	assert_int_equal(network_sent(&w->network, NULL, "ent.example.com.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, NULL, "a.ent.example.com.", TYPE_A), 1);
	assert_cached(w, "a.ent.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

static void refused_for_a_minimised_name_means_one_try_with_the_full_name(void **state)
{
	(void)state;
	fall_back(FAULT_REFUSED);
}

static void servfail_for_a_minimised_name_means_one_try_with_the_full_name(void **state)
{
	(void)state;
	fall_back(FAULT_SERVFAIL);
}

static void nodata_is_proven_and_kept_by_type(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "www.example.com.", TYPE_MX, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
	assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_SOA), 1);
	assert_cached(w, "www.example.com.", TYPE_MX, ENTRY_NODATA, SECURITY_SECURE);
	network_forget_log(&w->network);
	world_ask(w, "www.example.com.", TYPE_MX, ASK_DO);
	assert_sent(w, 0);
	assert_address(world_ask(w, "www.example.com.", TYPE_A, 0), "192.0.2.80");
	assert_sent(w, 1);
}

static void an_empty_non_terminal_is_nodata(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "ent.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_cached(w, "ent.example.com.", TYPE_A, ENTRY_NODATA, SECURITY_SECURE);
	assert_sent(w, 5);
}

static void nodata_without_soa_is_answered_but_not_kept(void **state)
{
	(void)state;
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	network_forget_log(&w->network);
	with((struct fault){.kind = FAULT_NO_SOA, .below = "plain.org."});
	struct question *q = world_ask(w, "www.plain.org.", TYPE_MX, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
	assert_int_equal(q->reply->sections[SECTION_AUTHORITY].count, 0);
	assert_not_cached(w, "www.plain.org.", TYPE_MX);
	assert_sent(w, 1);
	world_ask(w, "www.plain.org.", TYPE_MX, ASK_DO);
	assert_sent(w, 2);
}

static void an_insecure_nxdomain_is_kept_for_its_own_name_only(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) // its servers are known to find names in mixed case
		world_ask(w, "zero.plain.org.", TYPE_A, 0);
	assert_answer(world_ask(w, "nope.plain.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, false,
		      EDE_NONE);
	assert_cached(w, "nope.plain.org.", 0, ENTRY_NXDOMAIN, SECURITY_INSECURE);
	network_forget_log(&w->network);
	world_ask(w, "nope.plain.org.", TYPE_MX, 0);
	assert_sent(w, 0);
	assert_answer(world_ask(w, "a.nope.plain.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, false,
		      EDE_NONE);
	assert_true(network_sent(&w->network, NULL, "a.nope.plain.org.", TYPE_A) == 1);
}

static void nsec3_proves_absence_too(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "example.org.",
					  .servers = "ns.example.org.=" PROVIDER_A,
					  .text = "www.example.org. 300 IN A 192.0.2.80\n",
					  .options = {.nsec3 = true}});
	world_start(w);
	struct question *q = world_ask(w, "nope.example.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, true, EDE_NONE);
	assert_true(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC3) >= 1);
	assert_cached(w, "nope.example.org.", 0, ENTRY_NXDOMAIN, SECURITY_SECURE);
	assert_sent(w, 5);
	q = world_ask(w, "www.example.org.", TYPE_MX, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_sent(w, 6);
}

static void a_denial_that_rests_on_opt_out_is_not_authentic(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "nope.net.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, false, EDE_NONE);
	assert_sent(w, 3); // net. A?, DNSKEY of net., nope.net. A?
	struct entry_facts facts;
	assert_true(world_cached(w, "nope.net.", 0, &facts));
	assert_true(facts.opt_out || facts.security == SECURITY_INSECURE);
}

static void negative_answers_live_an_hour_at_most(void **state)
{
	struct entry_facts facts;

	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "example.org.",
					  .servers = "ns.example.org.=" PROVIDER_A,
					  .text = "www.example.org. 604800 IN A 192.0.2.80\n",
					  .negative_ttl_s = 86400});
	world_start(w);
	world_ask(w, "nope.example.org.", TYPE_A, 0);
	assert_true(world_cached(w, "nope.example.org.", 0, &facts));
	assert_int_equal(facts.expires_ms - facts.created_ms, 3600000);
	world_ask(w, "www.example.org.", TYPE_A, 0);
	assert_true(world_cached(w, "www.example.org.", TYPE_A, &facts));
	assert_int_equal(facts.expires_ms - facts.created_ms, 86400000);
	assert_sent(w, 6);
}

static void a_name_beyond_all_tlds_is_denied_by_the_root_once(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "www.nosuchtld.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_sent(w, 1);
	assert_cached(w, "nosuchtld.", 0, ENTRY_NXDOMAIN, SECURITY_SECURE);
	assert_answer(world_ask(w, "other.nosuchtld.", TYPE_AAAA, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_sent(w, 1);
}

// What a referral has shown of it is no answer: a client gets the SOA as well.
static void the_absence_of_a_ds_that_a_referral_has_shown_is_answered_whole(void **state)
{
	(void)state;
	world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	struct question *q = world_ask(w, "plain.org.", TYPE_DS, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_SOA), 1);
	assert_true(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC3) >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(a_proven_nxdomain_is_secure_and_covers_what_is_below),
		scenario_common(a_proven_nxdomain_of_a_minimised_name_ends_the_search),
		scenario(an_unproven_nxdomain_of_a_minimised_name_means_one_try_with_the_full_name),
		scenario_common(refused_for_a_minimised_name_means_one_try_with_the_full_name),
		scenario_common(servfail_for_a_minimised_name_means_one_try_with_the_full_name),
		scenario_common(nodata_is_proven_and_kept_by_type),
		scenario_common(an_empty_non_terminal_is_nodata),
		scenario_common(nodata_without_soa_is_answered_but_not_kept),
		scenario_common(an_insecure_nxdomain_is_kept_for_its_own_name_only),
		scenario(nsec3_proves_absence_too),
		scenario_common(a_denial_that_rests_on_opt_out_is_not_authentic),
		scenario(negative_answers_live_an_hour_at_most),
		scenario_common(a_name_beyond_all_tlds_is_denied_by_the_root_once),
		cmocka_unit_test(an_unproven_nxdomain_of_another_type_hides_no_address),
		scenario_common(an_unproven_nxdomain_of_addresses_stands_for_all_types),
		scenario_common(an_unproven_nxdomain_of_another_type_ends_what_is_older),
		scenario_common(the_absence_of_a_ds_that_a_referral_has_shown_is_answered_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
