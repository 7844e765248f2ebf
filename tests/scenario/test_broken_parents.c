// A TLD, or the root, that proves nothing: silent, bogus, stripped, in error, with one wrong key,
// or bogus at some of its servers. Known names live on by the last proof, with AD=0, until
// something that validates says otherwise (docs/architecture.md, "When a parent proves nothing").
#include "tests/scenario/broken.h"

static void each_fault(void **state, void (*test)(enum tld_fault fault))
{
	for (enum tld_fault fault = 0; fault < TLD_FAULTS; fault++) {
		print_message("%s\n", fault_words[fault]);
		start(state);
		test(fault);
		end_world(state);
	}
}

// ---- names live on ----

static void live(enum tld_fault fault)
{
	outlive(fault);
	assert_lives(world_ask(w, SIGNED_NAME, TYPE_A, ASK_DO), "192.0.2.80");
	assert_lives(world_ask(w, UNSIGNED_NAME, TYPE_A, ASK_DO), "192.0.2.95");
	for (unsigned i = 0; i < 100; i++) {
		struct question *q = ask_number("example.com.", i);
		assert_lives(q, "192.0.2.81");
		struct question *u = ask_number("free.com.", i);
		assert_lives(u, "192.0.2.96");
		if (i > 20) {
			assert_true(took_ms(q) <= 60);
			assert_true(took_ms(u) <= 60);
		}
		world_advance(w, 200);
	}
	struct question *q = world_ask(w, "nope.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, false, EDE_STALE_ANSWER);
}

static void b17_known_names_outlive_a_tld_that_proves_nothing(void **state)
{
	each_fault(state, live);
}

// ---- what they never become ----

static bool is_silent(enum tld_fault fault)
{
	return fault == SILENT || fault == SERVFAIL || fault == REFUSED;
}

static const char *failure_text(const struct question *q)
{
	static char text[200];
	struct entry_facts facts;

	text[0] = '\0';
	if (q->result->count == 0)
		return q->result->ede_text;
	entry_facts(q->result->links[q->result->count - 1], &facts);
	snprintf(text, sizeof(text), "%s", facts.ede_text);
	return text;
}

// Unknown delegations have no proof to live on.
static void no_one_else(enum tld_fault fault)
{
	outlive(fault);
	for (unsigned i = 0; i < 12; i++) {
		char name[40];
		snprintf(name, sizeof(name), "www.%s%u.com.", i == 0 ? "other" : "o", i);
		network_forget_log(&w->network);
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		int ede = q->reply->edns.ede;
		bool fits = is_silent(fault)
				    ? ede == EDE_NO_REACHABLE_AUTHORITY
				    : ede == EDE_DNSSEC_BOGUS || ede == EDE_DNSKEY_MISSING ||
					      ede == EDE_RRSIGS_MISSING ||
					      (ede == EDE_SIGNATURE_EXPIRED && fault == EXPIRED);
		// Before anybody knows, two questions wait as long as any would.
		if (!fits || strstr(failure_text(q), "com.") == NULL ||
		    (took_ms(q) > 2000 && (fault != SILENT || i > 1))) {
			network_print_log(&w->network);
			fail_msg("%u: after %u ms EDE %d: %s", i, (unsigned)took_ms(q), ede,
				 failure_text(q));
		}
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		assert_not_cached(w, name, TYPE_A);
		world_advance(w, 1500);
	}
}

static void b17_unknown_delegations_fail_and_name_the_tld(void **state)
{
	each_fault(state, no_one_else);
}

// A child that fails under the last proof is bogus, whatever becomes of its parent.
static void bogus_children(enum tld_fault fault)
{
	static const enum fault_kind kinds[] = {FAULT_BOGUS, FAULT_UNKNOWN_KEY, FAULT_EXPIRED,
						FAULT_STRIP, FAULT_FORGED,      FAULT_NXDOMAIN};

	outlive(fault);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		with((struct fault){.kind = kinds[i], .server = PROVIDER_A});
		with((struct fault){.kind = kinds[i], .server = PROVIDER_B});
		for (unsigned k = 0; k < 3; k++) {
			struct question *q = ask_number("example.com.", (unsigned)i * 10 + k);
			assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
			world_advance(w, 3000);
		}
	}
	assert_not_cached(w, "n0.wild.example.com.", TYPE_A);
}

static void b17_a_child_that_fails_under_an_old_proof_is_bogus(void **state)
{
	each_fault(state, bogus_children);
}

// Of a zone that it delegates without a DS, too, whose names nobody signs.
static void b17_a_denial_without_proof_takes_no_known_zone(void **state)
{
	for (int again = 0; again < 2; again++) {
		start(state);
		know_all();
		with((struct fault){.kind = FAULT_NXDOMAIN, .server = COM_A});
		with((struct fault){.kind = FAULT_NXDOMAIN, .server = COM_B});
		world_advance(w, 7200000);
		if (again) // so that the last proof holds on while the delegation is looked for
			assert_lives(world_ask(w, SIGNED_NAME, TYPE_A, ASK_DO), "192.0.2.80");
		assert_lives(world_ask(w, UNSIGNED_NAME, TYPE_A, ASK_DO), "192.0.2.95");
		world_advance(w, 5500); // what holds on has ended
		assert_lives(ask_number("free.com.", 1), "192.0.2.96");
		struct question *q = world_ask(w, "www.other.com.", TYPE_A, ASK_DO);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		end_world(state);
	}
}

// ---- referrals, of a TLD that proves what it is asked for ----

static void break_referrals(enum fault_kind kind, int times)
{
	with((struct fault){.kind = kind, .type = TYPE_A, .name = "free.com.", .times = times});
}

// What came with it about the DS is bogus: who says that may have named the servers, too.
static void a_bogus_referral_is_asked_for_again(void **state)
{
	(void)state;
	break_referrals(FAULT_BOGUS, 1);
	assert_address(world_ask(w, UNSIGNED_NAME, TYPE_A, ASK_DO), "192.0.2.95");
	assert_int_equal(network_sent(&w->network, NULL, "free.com.", TYPE_A), 2);
	assert_int_equal(network_sent(&w->network, NULL, UNSIGNED_NAME, TYPE_A), 2);
	assert_address(ask_number("free.com.", 1), "192.0.2.96");
	assert_int_equal(network_sent(&w->network, NULL, "free.com.", TYPE_A), 2);
}

// One that says nothing about the DS is none of those, once that is proven to be none.
static void a_referral_without_a_word_about_the_ds_is_kept(void **state)
{
	(void)state;
	break_referrals(FAULT_STRIP, 0);
	assert_address(world_ask(w, UNSIGNED_NAME, TYPE_A, ASK_DO), "192.0.2.95");
	assert_address(ask_number("free.com.", 1), "192.0.2.96");
	assert_int_equal(network_sent(&w->network, NULL, "free.com.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, NULL, UNSIGNED_NAME, TYPE_A), 1);
}

// Its DS is known for longer than its servers are. That the TLD proves nothing is known by another
// zone; whether it still does is asked at once.
static void b17_a_delegation_that_is_revived_early_is_asked_for(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "long.com.",
					  .servers = "ns1.long.com.=203.0.113.30",
					  .text = "*.wild.long.com. 300 IN A 192.0.2.98\n",
					  .ds_ttl_s = 86400});
	world_start(w);
	assert_answer(ask_number("long.com.", 1), RCODE_NOERROR, true, EDE_NONE);
	assert_answer(ask_number("example.com.", 1), RCODE_NOERROR, true, EDE_NONE);
	break_com(BOGUS);
	world_advance(w, 7200000);
	assert_lives(ask_number("example.com.", 2), "192.0.2.81");
	network_forget_log(&w->network);
	assert_address(ask_number("long.com.", 2), "192.0.2.98");
	assert_true(network_sent(&w->network, NULL, "long.com.", TYPE_DS) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(b17_known_names_outlive_a_tld_that_proves_nothing),
		scenario(b17_unknown_delegations_fail_and_name_the_tld),
		scenario(b17_a_child_that_fails_under_an_old_proof_is_bogus),
		scenario(b17_a_denial_without_proof_takes_no_known_zone),
		broken(a_bogus_referral_is_asked_for_again),
		broken(a_referral_without_a_word_about_the_ds_is_kept),
		scenario(b17_a_delegation_that_is_revived_early_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
