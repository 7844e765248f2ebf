#include "tests/scenario/zones.h"

static void a_signed_name_is_secure_and_asked_for_once(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.80");
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_RRSIG), 1);
	// com. A? to the root, example.com. A? to com., www A?; DNSKEY of com. and example.com.:
	// both DS came with the referrals.
	assert_sent(w, 5);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	network_forget_log(&w->network);
	q = world_ask(w, "WWW.example.com.", TYPE_A, ASK_AD);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_RRSIG), 0);
	assert_sent(w, 0);
	// Another type of a known zone: one question.
	q = world_ask(w, "www.example.com.", TYPE_AAAA, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "2001:db8::80");
	assert_sent(w, 1);
}

static void an_unsigned_zone_is_insecure(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.90");
	// Three on the way down and org.'s DNSKEY; the absence of a DS came with the referral.
	assert_sent(w, 4);
	assert_cached(w, "www.plain.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
}

static void names_are_minimised_on_the_way_down(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_A, 0);
	assert_int_equal(network_sent(&w->network, NULL, "com.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, NULL, "example.com.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, NULL, "www.example.com.", 0), 1);
	assert_int_equal(network_sent(&w->network, "192.88.0.1", "www.example.com.", 0), 0);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	// What was only asked on the way is not kept as an answer.
	assert_not_cached(w, "com.", TYPE_A);
	assert_not_cached(w, "example.com.", TYPE_A);
}

static void without_minimisation_everybody_sees_the_name(void **state)
{
	(void)state;
	begin();
	add_example(w);
	w->config.qname_minimisation = false;
	world_start(w);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(network_sent(&w->network, NULL, "www.example.com.", TYPE_A), 3);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

static void a_wildcard_comes_with_its_proof(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "any.wild.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.81");
	assert_true(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC) >= 1);
	assert_cached(w, "any.wild.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_not_cached(w, "other.wild.example.com.", TYPE_A);
	network_forget_log(&w->network);
	q = world_ask(w, "other.wild.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	// wild.example.com. is known to be no cut.
	assert_sent(w, 1);
}

static void ttl_zero_is_shared_by_those_who_wait_and_not_kept(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_A, 0);
	network_forget_log(&w->network);
	struct question *first = world_ask_later(w, "zero.example.com.", TYPE_A, ASK_DO);
	struct question *second = world_ask_later(w, "zero.example.com.", TYPE_A, ASK_DO);
	world_run(w);
	assert_answer(first, RCODE_NOERROR, true, EDE_NONE);
	assert_answer(second, RCODE_NOERROR, true, EDE_NONE);
	assert_address(second, "192.0.2.84");
	assert_int_equal(first->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s, 0);
	assert_sent(w, 1);
	assert_not_cached(w, "zero.example.com.", TYPE_A);
	world_ask(w, "zero.example.com.", TYPE_A, 0);
	assert_sent(w, 2);
}

static void any_is_one_rrset_with_its_signatures(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "www.example.com.", TYPE_ANY, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 1);
	assert_address(q, "192.0.2.80");
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_RRSIG), 1);
	assert_int_equal(network_sent(&w->network, NULL, NULL, TYPE_ANY), 0);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_not_cached(w, "www.example.com.", TYPE_ANY);
	network_forget_log(&w->network);
	q = world_ask(w, "mx.example.com.", TYPE_ANY, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_MX), 1);
	assert_sent(w, 3); // A and AAAA are not there
	q = world_ask(w, "alias.example.com.", TYPE_ANY, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 1);
	q = world_ask(w, "nope.example.com.", TYPE_ANY, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, true, EDE_NONE);
}

// None of the types that are asked for first.
static void any_finds_a_rare_type_by_the_proof(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
	} there[] = {
		{"caa.rare.com.", TYPE_CAA},    {"tlsa.rare.com.", TYPE_TLSA},
		{"own.rare.com.", 65400},       {"soa.rare.com.", TYPE_NAPTR},
		{"a.wild.rare.com.", TYPE_CAA}, {"dname.rare.com.", TYPE_DNAME},
	};
	// The last: in the place of a wildcard that is itself an empty non-terminal, behind
	// another.
	static const char *const not_there[] = {"ent.rare.com.", "ent.wild.rare.com.",
						"x.f.rare.com."};

	(void)state;
	for (int mode = 0; mode < 3; mode++) {
		w = world_new();
		world_add_tlds(w);
		world_add(w, &(struct world_zone){
				     .apex = "rare.com.",
				     .servers = "ns.rare.com.=192.0.2.30",
				     .text = "caa.rare.com. 300 IN CAA 0 issue \"ca\"\n"
					     "tlsa.rare.com. 300 IN TYPE52 \\# 4 03010101\n"
					     "own.rare.com. 300 IN TYPE65400 \\# 1 07\n"
					     "soa.rare.com. 300 IN TYPE35 \\# 8 0001000100000000\n"
					     "*.wild.rare.com. 300 IN CAA 0 issue \"ca\"\n"
					     "b.ent.wild.rare.com. 300 IN A 192.0.2.1\n"
					     "*.e.rare.com. 300 IN TXT \"beside\"\n"
					     "b.*.f.rare.com. 300 IN TXT \"below\"\n"
					     "dname.rare.com. 300 IN DNAME www.rare.com.\n"
					     "a.ent.rare.com. 300 IN A 192.0.2.1\n",
				     .options = {.nsec3 = mode == 1, .unsigned_ = mode == 2},
			     });
		world_start(w);
		for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
			// An unsigned zone does not say; nobody is told that there is nothing.
			uint16_t type = mode == 2 ? TYPE_HINFO : there[i].type;
			struct question *q = world_ask(w, there[i].name, TYPE_ANY, ASK_DO);
			assert_answer(q, RCODE_NOERROR, mode != 2, EDE_NONE);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, type), 1);
			q = world_ask(w, there[i].name, TYPE_RRSIG, ASK_DO);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, there[i].type), 0);
			assert_int_equal(q->reply->rcode, RCODE_NOERROR);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_RRSIG),
					 mode == 2 ? 0 : 1);
		}
		for (size_t i = 0; i < 3 && mode != 2; i++) {
			struct question *q = world_ask(w, not_there[i], TYPE_ANY, ASK_DO);
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
		}
		end_world(state);
	}
}

// A zone that has gone denied one type, and its parent, whose proof names that type, the others.
static void any_is_not_denied_by_a_proof_that_names_a_type(void **state)
{
	w = world_new();
	w->denial = true;
	world_add_tlds(w);
	world_add(w, &(struct world_zone){.apex = "lake.com.",
					  .servers = "ns.lake.com.=192.0.2.30",
					  .text = "*.lake.com. 300 IN AAAA 2001:db8::1\n"});
	world_add(w, &(struct world_zone){.apex = "gone.lake.com.",
					  .servers = "ns.gone.lake.com.=192.0.2.31",
					  .text = "x.gone.lake.com. 300 IN CAA 0 issue \"ca\"\n",
					  .options = {.unsigned_ = true}});
	world_add(w,
		  &(struct world_zone){.apex = "sub.gone.lake.com.",
				       .servers = "ns.sub.gone.lake.com.=192.0.2.32",
				       .text = "x.sub.gone.lake.com. 300 IN CAA 0 issue \"ca\"\n",
				       .options = {.unsigned_ = true}});
	world_start(w);
	world_ask(w, "x.gone.lake.com.", TYPE_TXT, ASK_DO);
	world_undelegate(w, "gone.lake.com.");
	world_ask(w, "gap.lake.com.", TYPE_TXT, ASK_DO);
	struct question *q = world_ask(w, "x.sub.gone.lake.com.", TYPE_ANY, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_HINFO), 1);
	end_world(state);
}

// AAAA of a name, and of a wildcard, that came after it was denied: the proof of the other types
// names it, by an NSEC or by an NSEC3.
static void any_is_not_denied_by_a_proof_that_names_what_was_denied_before(void **state)
{
	static const char *const names[] = {"host.pond.com.", "a.wild.pond.com."};

	for (int mode = 0; mode < 2; mode++) {
		w = world_new();
		world_add_tlds(w);
		world_add(w, &(struct world_zone){.apex = "pond.com.",
						  .servers = "ns.pond.com.=192.0.2.30",
						  .text = "b.host.pond.com. 300 IN A 192.0.2.1\n"
							  "b.*.wild.pond.com. 300 IN A 192.0.2.1\n",
						  .options = {.nsec3 = mode == 1}});
		world_start(w);
		for (size_t i = 0; i < 2; i++)
			assert_answer(world_ask(w, names[i], TYPE_AAAA, ASK_DO), RCODE_NOERROR,
				      true, EDE_NONE);
		world_zone(w, "pond.com.")->text = "host.pond.com. 300 IN AAAA 2001:db8::1\n"
						   "*.wild.pond.com. 300 IN AAAA 2001:db8::1\n";
		world_roll(w, "pond.com.", true);
		for (size_t i = 0; i < 2; i++) {
			struct question *q = world_ask(w, names[i], TYPE_ANY, ASK_DO);
			assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_HINFO), 1);
		}
		end_world(state);
	}
}

static void any_with_cd_passes_over_types_that_are_not_there(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_BOGUS, .below = "example.com."});
	struct question *q = world_ask(w, "mx.example.com.", TYPE_ANY, ASK_DO | ASK_CD);
	assert_int_equal(q->reply->rcode, RCODE_NOERROR);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_MX), 1);
	assert_false(q->reply->flags & FLAG_AD);
}

// Also when it is remembered that one of the types does not validate.
static void any_with_cd_passes_by_what_has_failed(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_BOGUS, .below = "example.com."});
	assert_int_equal(world_ask(w, "mx.example.com.", TYPE_MX, ASK_DO)->reply->rcode,
			 RCODE_SERVFAIL);
	for (int i = 0; i < 2; i++) {
		struct question *q =
			world_ask(w, "mx.example.com.", i ? TYPE_RRSIG : TYPE_ANY, ASK_DO | ASK_CD);
		assert_int_equal(q->reply->rcode, RCODE_NOERROR);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, i ? TYPE_RRSIG : TYPE_MX), 1);
	}
	struct question *q = world_ask(w, "nope.example.com.", TYPE_RRSIG, ASK_DO | ASK_CD);
	assert_int_equal(q->reply->rcode, RCODE_NXDOMAIN);
}

static void rrsig_is_answered_by_value(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "www.example.com.", TYPE_RRSIG, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_NOERROR);
	assert_false(q->reply->flags & FLAG_AD);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_RRSIG), 1);
	assert_int_equal(network_sent(&w->network, NULL, NULL, TYPE_RRSIG), 0);
	assert_not_cached(w, "www.example.com.", TYPE_RRSIG);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	q = world_ask(w, "www.plain.org.", TYPE_RRSIG, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_NOERROR);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_RRSIG), 0);
}

// The CNAME is itself the RRset, whatever becomes of where it leads: nobody waits for that.
static void any_and_rrsig_at_an_alias_do_not_depend_on_its_target(void **state)
{
	static const uint16_t types[] = {TYPE_ANY, TYPE_RRSIG};
	static const char *const aliases[] = {"dead.example.com.", "loop.example.com.",
					      "nowhere.example.com."};

	for (unsigned i = 0; i < 2 * 3 * 4; i++) {
		const char *alias = aliases[i / 2 % 3];
		bool cached = i / 6 % 2, shared = i / 12;
		begin();
		add_plain(w);
		world_add(w, &(struct world_zone){
				     .apex = "example.com.",
				     .servers = "ns.example.com.=" PROVIDER_A,
				     .text = "dead.example.com. 300 IN CNAME www.plain.org.\n"
					     "loop.example.com. 300 IN CNAME loop.example.com.\n"
					     "nowhere.example.com. 300 IN CNAME x.example.com.\n"
					     "b.example.com. 300 IN A 192.0.2.1\n"});
		world_start(w);
		world_ask(w, "b.example.com.", TYPE_A, 0);
		with((struct fault){.kind = FAULT_DROP, .below = "plain.org."});
		if (cached)
			world_ask(w, alias, TYPE_CNAME, 0);
		struct question *other = shared ? world_ask_later(w, alias, TYPE_A, 0) : NULL;
		struct question *q = world_ask_later(w, alias, types[i % 2], ASK_DO);
		world_advance(w, 300);
		if (!q->done || q->reply->rcode != RCODE_NOERROR ||
		    question_count_of(q, SECTION_ANSWER, TYPE_RRSIG) != 1)
			fail_msg("%s, type %u, %u", alias, types[i % 2], i);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), i % 2 == 0);
		assert_int_equal((q->reply->flags & FLAG_AD) != 0, i % 2 == 0);
		world_run(w);
		assert_true(other == NULL || other->done);
		end_world(state);
	}
}

static void a_large_answer_comes_over_tcp(void **state)
{
	char text[6000] = "", *p = text;

	(void)state;
	for (int i = 0; i < 10; i++)
		p += sprintf(p, "big.example.org. 300 IN TXT \"%d%0200d\"\n", i, i);
	begin();
	world_add(w, &(struct world_zone){.apex = "example.org.",
					  .servers = "ns.example.org.=" PROVIDER_A,
					  .text = text});
	world_start(w);
	struct question *q = world_ask(w, "big.example.org.", TYPE_TXT, ASK_DO | ASK_TCP);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_TXT), 10);
	assert_int_equal(network_sent(&w->network, NULL, "big.example.org.", TYPE_TXT), 2);
	assert_int_equal(w->network.connections, 1);
	assert_cached(w, "big.example.org.", TYPE_TXT, ENTRY_POSITIVE, SECURITY_SECURE);
}

static void name_servers_without_glue_are_looked_up(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "glueless.org.",
					  .servers = "ns1.example.com.=" PROVIDER_A
						     " ns2.example.com.=" PROVIDER_B,
					  .text = "www.glueless.org. 300 IN A 192.0.2.85\n"});
	world_start(w);
	struct question *q = world_ask(w, "www.glueless.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.85");
	// Their addresses were validated like any other data.
	assert_cached(w, "ns1.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_sent_at_most(w, 14);
	network_forget_log(&w->network);
	q = world_ask(w, "nope.glueless.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, true, EDE_NONE);
	assert_sent(w, 1);
}

static void glue_is_never_an_answer(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_A, 0);
	assert_not_cached(w, "ns1.example.com.", TYPE_A);
	assert_not_cached(w, "example.com.", TYPE_NS);
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "ns1.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_sent(w, 1);
}

static void special_use_names_are_answered_here(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		unsigned rcode;
	} rows[] = {
		{"localhost.", TYPE_A, RCODE_NOERROR},
		{"a.b.localhost.", TYPE_AAAA, RCODE_NOERROR},
		{"localhost.", TYPE_MX, RCODE_NOERROR},
		{"www.invalid.", TYPE_A, RCODE_NXDOMAIN},
		{"x.onion.", TYPE_A, RCODE_NXDOMAIN},
		{"printer.local.", TYPE_A, RCODE_NXDOMAIN},
		{"1.0.0.10.in-addr.arpa.", TYPE_PTR, RCODE_NXDOMAIN},
		{"10.in-addr.arpa.", TYPE_SOA, RCODE_NOERROR},
		{"10.in-addr.arpa.", TYPE_NS, RCODE_NOERROR},
		{"10.in-addr.arpa.", TYPE_A, RCODE_NOERROR},
		{"1.2.100.100.in-addr.arpa.", TYPE_PTR, RCODE_NXDOMAIN},
		{"1.1.20.172.in-addr.arpa.", TYPE_PTR, RCODE_NXDOMAIN},
		{"x.home.arpa.", TYPE_A, RCODE_NXDOMAIN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct question *q = world_ask(w, rows[i].name, rows[i].type, ASK_DO);
		assert_answer(q, rows[i].rcode, false, EDE_NONE);
		assert_sent(w, 0);
	}
	assert_address(world_ask(w, "localhost.", TYPE_A, 0), "127.0.0.1");
	assert_address(world_ask(w, "LocalHost.", TYPE_AAAA, 0), "::1");
	assert_cached(w, "localhost.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
	// Neighbours of special-use zones are resolved like any other.
	world_ask(w, "1.1.15.172.in-addr.arpa.", TYPE_PTR, 0);
	assert_true(network_sent(&w->network, NULL, NULL, 0) > 0);
}

static void special_use_zones_can_be_switched_off(void **state)
{
	static uint8_t except[1][NAME_MAX_LEN];

	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "test.",
					  .servers = "ns.test.=" PROVIDER_A,
					  .text = "www.test. 300 IN A 192.0.2.86\n"});
	name_copy(except[0], text_name("test."));
	w->config.local_exceptions = except;
	w->config.local_exception_count = 1;
	world_start(w);
	struct question *q = world_ask(w, "www.test.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.86");
	assert_sent(w, 3);
	assert_cached(w, "www.test.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_answer(world_ask(w, "www.invalid.", TYPE_A, 0), RCODE_NXDOMAIN, false, EDE_NONE);
	assert_sent(w, 3);
}

// Its TTL is over when the answer is there; that is no failure of anybody's.
static void an_alias_that_ends_while_its_target_is_looked_for_is_not_stale(void **state)
{
	(void)state;
	w = world_new();
	world_add_tlds(w);
	world_add(w, &(struct world_zone){.apex = "example.com.",
					  .servers = "ns1.example.com.=" PROVIDER_A,
					  .text = "a.example.com. 2 IN CNAME b.example.com.\n"
						  "b.example.com. 300 IN AAAA 2001:db8::1\n"});
	world_start(w);
	world_ask(w, "a.example.com.", TYPE_CNAME, 0);
	with((struct fault){.kind = FAULT_DELAY, .name = "b.example.com.", .delay_ms = 200});
	world_advance(w, 1900);
	struct question *q = world_ask(w, "a.example.com.", TYPE_AAAA, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 1);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(a_signed_name_is_secure_and_asked_for_once),
		scenario_common(an_unsigned_zone_is_insecure),
		scenario_common(names_are_minimised_on_the_way_down),
		scenario(without_minimisation_everybody_sees_the_name),
		scenario_common(a_wildcard_comes_with_its_proof),
		scenario_common(ttl_zero_is_shared_by_those_who_wait_and_not_kept),
		scenario_common(any_is_one_rrset_with_its_signatures),
		cmocka_unit_test(any_is_not_denied_by_a_proof_that_names_a_type),
		cmocka_unit_test(any_is_not_denied_by_a_proof_that_names_what_was_denied_before),
		scenario_common(any_with_cd_passes_over_types_that_are_not_there),
		scenario_common(any_with_cd_passes_by_what_has_failed),
		cmocka_unit_test(any_finds_a_rare_type_by_the_proof),
		scenario_common(rrsig_is_answered_by_value),
		scenario(any_and_rrsig_at_an_alias_do_not_depend_on_its_target),
		scenario(a_large_answer_comes_over_tcp),
		scenario(name_servers_without_glue_are_looked_up),
		scenario_common(glue_is_never_an_answer),
		scenario_common(special_use_names_are_answered_here),
		scenario(special_use_zones_can_be_switched_off),
		scenario(an_alias_that_ends_while_its_target_is_looked_for_is_not_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
