// Servers that give names back in another case: zones on them resolve, and signed ones lose nothing
// of their proof.
#include "tests/scenario/ways.h"

static void names_in_another_case_prove_themselves_in_signed_zones(void **state)
{
	(void)state;
	close_tcp(example_servers);
	at_both(example_servers, (struct fault){.kind = FAULT_WRONG_CASE, .udp_only = true});
	assert_answered("www.example.com.", true, "192.0.2.80", 500);
	assert_answer(world_ask(w, "nope.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	network_forget_log(&w->network);
	assert_answered("a.ent.example.com.", true, "192.0.2.82", 100);
	assert_sent_at_most(w, 3); // minimised: ent in two cases, then a.ent once
	assert_true(world_counter(w, "upstream.case_signed") >= 1);
}

// The alias proves itself; what its server adds, of a zone without DS, is asked for by itself.
static void behind_an_alias_in_another_case_only_what_is_signed_counts(void **state)
{
	begin();
	world_add(w, &(struct world_zone){.apex = "both.com.",
					  .servers = "ns1.both.com.=192.0.2.30",
					  .text = "to.both.com. 300 IN CNAME www.sub.both.com.\n"});
	world_add(w, &(struct world_zone){.apex = "sub.both.com.",
					  .servers = "ns1.both.com.=192.0.2.30",
					  .text = "www.sub.both.com. 300 IN A 192.0.2.81\n",
					  .no_ds = true});
	world_start(w);
	with((struct fault){.kind = FAULT_WRONG_CASE, .udp_only = true, .server = "192.0.2.30"});
	struct question *q = world_ask(w, "to.both.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.81");
	end_world(state);
}

static void and_in_unsigned_ones_two_that_agree_do(void **state)
{
	(void)state;
	close_tcp(plain_servers);
	at_both(plain_servers, (struct fault){.kind = FAULT_WRONG_CASE, .udp_only = true});
	assert_answered("www.plain.org.", false, "192.0.2.90", 500);
	assert_answer(world_ask(w, "nope.plain.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, false,
		      EDE_NONE);
	network_forget_log(&w->network);
	world_ask(w, "nope2.plain.org.", TYPE_A, ASK_DO);
	assert_sent(w, 2);
}

// A8: not even two that agree redirect a whole subtree.
static void a8_a_dname_in_another_case_is_asked_for_over_tcp(void **state)
{
	(void)state;
	at_both(plain_servers, (struct fault){.kind = FAULT_WRONG_CASE});
	struct question *q = world_ask(w, "x.old.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.91");
	assert_true(w->network.connections >= 1);
	end_world(state);
	start_common(state);
	close_tcp(plain_servers);
	at_both(plain_servers, (struct fault){.kind = FAULT_WRONG_CASE, .udp_only = true});
	assert_int_equal(world_ask(w, "x.old.plain.org.", TYPE_A, ASK_DO)->reply->rcode,
			 RCODE_SERVFAIL);
	assert_not_cached(w, "old.plain.org.", TYPE_DNAME);
}

// What is in another case and does not validate is nobody's fault yet.
static void what_does_not_validate_in_another_case_is_asked_for_again(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_BOGUS, FAULT_UNKNOWN_KEY, FAULT_EXPIRED,
						FAULT_FORGED, FAULT_STRIP};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		world_ask(w, "www.example.com.", TYPE_MX, 0);
		with((struct fault){.kind = kinds[i],
				    .name = "www.example.com.",
				    .type = TYPE_A,
				    .lower_case = true,
				    .times = 1});
		assert_answered("www.example.com.", true, "192.0.2.80", 500);
		assert_int_equal(world_counter(w, "resolver.bogus"), 0);
		end_world(state);
	}
}

// Its DS is signed, its NS records are not: nothing proves where it leads.
static void a_referral_in_another_case_is_not_left_to_its_signatures(void **state)
{
	static const char *const com_servers[] = {"192.5.6.30", "198.51.101.30"};

	(void)state;
	world_ask(w, "com.", TYPE_MX, ASK_DO); // it is known to be secure
	network_forget_log(&w->network);
	at_both(com_servers, (struct fault){.kind = FAULT_WRONG_CASE, .udp_only = true});
	assert_answer(world_ask(w, "example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	size_t sent = network_sent(&w->network, com_servers[0], "example.com.", TYPE_A) +
		      network_sent(&w->network, com_servers[1], "example.com.", TYPE_A);
	assert_true(sent >= 2);
	assert_true(world_counter(w, "upstream.case_agreed") >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(names_in_another_case_prove_themselves_in_signed_zones),
		scenario(behind_an_alias_in_another_case_only_what_is_signed_counts),
		scenario_common(and_in_unsigned_ones_two_that_agree_do),
		scenario_common(a8_a_dname_in_another_case_is_asked_for_over_tcp),
		cmocka_unit_test(what_does_not_validate_in_another_case_is_asked_for_again),
		scenario_common(a_referral_in_another_case_is_not_left_to_its_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
