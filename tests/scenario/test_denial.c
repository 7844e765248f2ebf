// Names denied by records that came with other answers (RFC 8198): by the poll-mode core's code
// (`served`) and by control (`world_ask`). (Where nothing is denied: test_denial_bounds.)
#include "tests/scenario/served.h"

static void d7_random_names_of_a_signed_zone_are_answered_without_a_question(void **state)
{
	(void)state;
	uint32_t random = 1;
	char name[64];

	for (int i = 0; i < 500; i++) {
		random = random * 1664525 + 1013904223;
		snprintf(name, sizeof(name), "%c%08x.example.com.", 'a' + random % 26, random);
		assert_int_equal(ask_either(name, TYPE_A), RCODE_NXDOMAIN);
		if (i == 250)
			network_forget_log(&w->network);
	}
	assert_sent_at_most(w, 1);
	// They leave nothing in the answer table.
	assert_not_cached(w, name, 0);
}

static void a_core_says_it_with_proofs_for_do_and_ad_for_who_asks(void **state)
{
	(void)state;
	world_ask(w, "aaa.example.com.", TYPE_A, ASK_DO);
	network_forget_log(&w->network);
	struct served *served = serve("aab.example.com.", TYPE_MX, ASK_DO);
	assert_served(served, RCODE_NXDOMAIN, true);
	assert_int_equal(count_in(served, SECTION_AUTHORITY, TYPE_SOA), 1);
	assert_int_equal(count_in(served, SECTION_AUTHORITY, TYPE_NSEC), 1);
	assert_int_equal(count_in(served, SECTION_AUTHORITY, TYPE_RRSIG), 2);
	assert_int_equal(served->message->sections[SECTION_ANSWER].count, 0);
	served = serve("aab.example.com.", TYPE_MX, 0);
	assert_served(served, RCODE_NXDOMAIN, false);
	assert_int_equal(served->message->sections[SECTION_AUTHORITY].count, 1);
	assert_int_equal(count_in(served, SECTION_AUTHORITY, TYPE_SOA), 1);
	assert_served(serve("aab.example.com.", TYPE_MX, ASK_AD), RCODE_NXDOMAIN, true);
	// It was validated: a client that judges for itself gets it, too.
	assert_served(serve("aab.example.com.", TYPE_MX, ASK_DO | ASK_CD), RCODE_NXDOMAIN, true);
	assert_sent(w, 0);
}

static void control_says_it_before_it_asks(void **state)
{
	(void)state;
	world_ask(w, "aaa.example.com.", TYPE_A, ASK_DO);
	assert_not_cached(w, "aaa.example.com.", 0); // the chain says as much
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "aab.example.com.", TYPE_MX, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, true, EDE_SYNTHESIZED);
	assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_SOA), 1);
	assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC), 1);
	assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_RRSIG), 2);
	assert_sent(w, 0);
	assert_not_cached(w, "aab.example.com.", 0);
	assert_int_equal(world_counter(w, "resolver.denied"), 1);
}

static void nodata_of_one_type_denies_the_others(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_MX, ASK_DO);
	assert_served(serve("www.example.com.", TYPE_TXT, ASK_DO), RCODE_NOERROR, true);
	assert_missed("www.example.com.", TYPE_A);
	world_ask(w, "alias.example.com.", TYPE_DS, ASK_DO);
	assert_missed("alias.example.com.", TYPE_A);
}

static void an_alias_leads_to_a_name_that_is_denied_without_a_question(void **state)
{
	(void)state;
	world_ask(w, "x.old.example.com.", TYPE_A, ASK_DO);
	world_ask(w, "a.new.example.com.", TYPE_A, ASK_DO);
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "b.old.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, true, EDE_SYNTHESIZED);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DNAME), 1);
	assert_sent(w, 0);
}

static void a_wildcard_that_was_seen_answers_for_other_names(void **state)
{
	(void)state;
	assert_missed("a.wild.example.com.", TYPE_A);
	assert_address(world_ask(w, "a.wild.example.com.", TYPE_A, ASK_DO), "192.0.2.81");
	// With the SOA, which says for how long.
	world_ask(w, "a.wild.example.com.", TYPE_MX, ASK_DO);
	network_forget_log(&w->network);
	struct served *served = serve("b.c.wild.example.com.", TYPE_A, ASK_DO);
	assert_served(served, RCODE_NOERROR, true);
	assert_int_equal(count_in(served, SECTION_ANSWER, TYPE_A), 1);
	assert_int_equal(count_in(served, SECTION_ANSWER, TYPE_RRSIG), 1);
	assert_int_equal(count_in(served, SECTION_AUTHORITY, TYPE_NSEC), 1);
	assert_int_equal(count_in(served, SECTION_AUTHORITY, TYPE_SOA), 0);
	struct question *q = world_ask(w, "d.wild.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_SYNTHESIZED);
	assert_address(q, "192.0.2.81");
	assert_sent(w, 0);
}

static void b4_names_below_a_delegation_are_asked_for(void **state)
{
	(void)state;
	// com. says of example.com. that it is delegated, and of others that they do not exist.
	world_ask(w, "example.com.", TYPE_DS, ASK_DO);
	world_ask(w, "exampld.com.", TYPE_A, ASK_DO);
	world_ask(w, "example1.com.", TYPE_A, ASK_DO);
	assert_missed("www.example.com.", TYPE_A);
	assert_missed("example.com.", TYPE_A);
	assert_address(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), "192.0.2.80");
	assert_served(serve("example2.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true);
}

static void what_does_not_validate_denies_nothing(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_BOGUS, .below = "example.com."});
	world_ask(w, "aaa.example.com.", TYPE_A, ASK_DO);
	world_ask(w, "www.example.com.", TYPE_MX, ASK_DO | ASK_CD);
	network_heal(&w->network);
	assert_missed("aab.example.com.", TYPE_A);
	assert_missed("www.example.com.", TYPE_TXT);
	// Nor what is proven insecure.
	world_ask(w, "aaa.plain.org.", TYPE_A, ASK_DO);
	assert_missed("aab.plain.org.", TYPE_A);
}

static void it_ends_with_its_ttl_and_its_signatures(void **state)
{
	(void)state;
	world_ask(w, "aaa.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 299000);
	assert_served(serve("aab.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true);
	assert_true(serve("aab.example.com.", TYPE_A, 0)->serve.synthesised);
	world_advance(w, 2000);
	assert_missed("aab.example.com.", TYPE_A);
	world_ask(w, "aaa.example.com.", TYPE_A, ASK_DO);
	assert_served(serve("aab.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true);
	w->wall_offset_s += 400 * 86400; // a step of the clock
	assert_missed("aab.example.com.", TYPE_A);
}

static void it_is_never_served_as_stale(void **state)
{
	(void)state;
	world_ask(w, "aaa.example.com.", TYPE_A, ASK_DO);
	world_ask(w, "aab.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 301000);
	with((struct fault){.kind = FAULT_DROP, .below = "example.com."});
	assert_int_equal(serve("aab.example.com.", TYPE_A, ASK_DO)->serve.lookup.stale_count, 0);
	assert_answer(world_ask(w, "aab.example.com.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_NO_REACHABLE_AUTHORITY);
}

static void data_that_were_there_are_asked_for_again(void **state)
{
	(void)state;
	world_ask(w, "zero.example.com.", TYPE_A, ASK_DO);
	world_ask(w, "x.new.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 290000);
	world_ask(w, "x.nev.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 20000); // x.new is past its TTL
	assert_missed("x.new.example.com.", TYPE_A);
	assert_address(world_ask(w, "x.new.example.com.", TYPE_A, ASK_DO), "192.0.2.83");
}

static void nsec3_is_said_by_control_and_kept_when_asked_for_again(void **state)
{
	(void)state;
	begin_denial();
	world_add(w, &(struct world_zone){.apex = "hashed.com.",
					  .servers = "ns.hashed.com.=" PROVIDER_A,
					  .text = "www.hashed.com. 300 IN A 192.0.2.80\n"
						  "a.ent.hashed.com. 300 IN A 192.0.2.81\n"
						  "*.wild.hashed.com. 300 IN A 192.0.2.82\n",
					  .options = {.nsec3 = true}});
	world_start(w);
	char name[64];
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%d.hashed.com.", i);
		assert_int_equal(ask_either(name, TYPE_A), RCODE_NXDOMAIN);
	}
	network_forget_log(&w->network);
	assert_missed("n100.hashed.com.", TYPE_A);
	struct question *q = world_ask(w, "n100.hashed.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, true, EDE_SYNTHESIZED);
	assert_true(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC3) >= 2);
	assert_not_cached(w, "n100.hashed.com.", 0);
	world_ask(w, "n100.hashed.com.", TYPE_A, ASK_DO);
	assert_cached(w, "n100.hashed.com.", 0, ENTRY_NXDOMAIN, SECURITY_SECURE);
	struct entry_facts facts;
	assert_true(world_cached(w, "n100.hashed.com.", 0, &facts));
	assert_true(facts.expires_ms <= facts.created_ms + 300000);
	assert_true(facts.signature_expires_s <= world_clock(w).now_s + 30 * 86400);
	assert_sent(w, 0);
	assert_int_equal(serve("n100.hashed.com.", TYPE_A, ASK_DO)->verdict, SERVE_REPLY);
	// NODATA, of an empty non-terminal too, and a wildcard.
	world_ask(w, "www.hashed.com.", TYPE_MX, ASK_DO);
	world_ask(w, "ent.hashed.com.", TYPE_MX, ASK_DO);
	world_ask(w, "a.wild.hashed.com.", TYPE_A, ASK_DO);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "www.hashed.com.", TYPE_TXT, ASK_DO), RCODE_NOERROR, true,
		      EDE_SYNTHESIZED);
	assert_answer(world_ask(w, "ent.hashed.com.", TYPE_TXT, ASK_DO), RCODE_NOERROR, true,
		      EDE_SYNTHESIZED);
	assert_address(world_ask(w, "b.wild.hashed.com.", TYPE_A, ASK_DO), "192.0.2.82");
	assert_sent_at_most(w, 1);
	assert_true(world_counter(w, "resolver.denied_hashed") >= 4);
}

// RFC 8198 §5.1, RFC 8020 §2: whatever lies below a name that is denied, however deep.
static void nsec3_denies_what_lies_below_a_denied_name(void **state)
{
	static const char *const first[] = {"nope.hashed.com.", "y.nope.hashed.com."};
	static const char *const below[] = {"a.nope.hashed.com.", "a.b.c.nope.hashed.com.",
					    "nope.nope.hashed.com.", "*.nope.hashed.com.",
					    "a.b.c.d.e.f.g.h.i.j.k.nope.hashed.com."};

	(void)state;
	for (size_t f = 0; f < 2; f++) {
		begin_denial();
		world_add(w,
			  &(struct world_zone){
				  .apex = "hashed.com.",
				  .servers = "ns.hashed.com.=" PROVIDER_A,
				  .text = "a.b.c.d.e.f.g.h.there.hashed.com. 300 IN A 192.0.2.80\n"
					  "i.b.c.d.e.f.g.h.there.hashed.com. 300 IN A 192.0.2.81\n",
				  .options = {.nsec3 = true}});
		world_start(w);
		assert_answer(world_ask(w, first[f], TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
			      EDE_NONE);
		network_forget_log(&w->network);
		for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
			struct question *q = world_ask(w, below[i], TYPE_A, ASK_DO);
			assert_answer(q, RCODE_NXDOMAIN, true, EDE_SYNTHESIZED);
			assert_true(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC3) >= 1);
		}
		assert_sent(w, 0);
		// A name above that is there says nothing of one that lies deeper.
		world_ask(w, "b.c.d.e.f.g.h.there.hashed.com.", TYPE_A, 0);
		assert_address(world_ask(w, "a.b.c.d.e.f.g.h.there.hashed.com.", TYPE_A, 0),
			       "192.0.2.80");
		assert_address(world_ask(w, "i.b.c.d.e.f.g.h.there.hashed.com.", TYPE_A, 0),
			       "192.0.2.81");
		end_world(NULL);
	}
}

// What was denied together with others since, itself or a name above it, does not come back when
// servers fall silent: from control or from poll-mode cores, whether the records have ended or not.
static void b16_stale_data_that_records_deny_do_not_serve(void **state)
{
	static const char *const rows[][2] = {
		{"gone.example.org.", "n29.example.org."},
		{"a.gone.example.org.", "gone.example.org."},
		{"a.gone.example.org.", "x.y.gone.example.org."},
		{"a.b.c.d.e.f.g.h.i.gone.example.org.", "b.gone.example.org."},
	};

	(void)state;
	for (unsigned n = 0; n < 16; n++) {
		const char *old = rows[n / 4][0];
		const bool nsec3 = n & 1, later = n & 2;
		char text[200];
		snprintf(text, sizeof(text),
			 "%s 5 IN A 192.0.2.70\nless.example.org. 5 IN A 192.0.2.71\n", old);
		begin_denial();
		world_add(w, &(struct world_zone){.apex = "example.org.",
						  .servers = "ns.example.org.=" PROVIDER_C,
						  .text = text,
						  .options = {.nsec3 = nsec3}});
		world_start(w);
		world_ask(w, old, TYPE_A, 0);
		world_ask(w, "less.example.org.", TYPE_A, 0);
		world_advance(w, 6000);
		world_zone(w, "example.org.")->text = "other.example.org. 5 IN A 192.0.2.73\n"
						      "less.example.org. 5 IN A 192.0.2.72\n";
		world_roll(w, "example.org.", true);
		for (int i = 0; i < 30; i++) {
			char name[40];
			snprintf(name, sizeof(name), "n%d.example.org.", i);
			world_ask(w, name, TYPE_A, 0);
		}
		world_ask(w, rows[n / 4][1], TYPE_A, 0);
		with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_C});
		world_advance(w, later ? 310000 : 1000);
		struct question *q = world_ask(w, old, TYPE_A, 0);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
		const struct served *served = serve(old, TYPE_A, 0);
		assert_true(served->verdict != SERVE_REPLY ||
			    count_in(served, SECTION_ANSWER, TYPE_A) == 0);
		// What is there still serves.
		assert_address(world_ask(w, "less.example.org.", TYPE_A, 0), "192.0.2.71");
		end_world(NULL);
	}
}

// Below a cut of which only an RRset of the zone there is known: the chain above covers the hashes
// of all its names, those that exist among them.
static void a_wildcard_is_expanded_by_its_own_zone_alone(void **state)
{
	(void)state;
	begin_denial();
	world_add(w, &(struct world_zone){.apex = "above.com.",
					  .servers = "ns.above.com.=" PROVIDER_A,
					  .text = "www.above.com. 300 IN A 192.0.2.80\n"
						  "w2.above.com. 300 IN A 192.0.2.80\n"
						  "w3.above.com. 300 IN A 192.0.2.80\n",
					  .options = {.nsec3 = true}});
	world_add(w, &(struct world_zone){.apex = "sub.above.com.",
					  .servers = "ns.sub.above.com.=" PROVIDER_A,
					  .text = "*.sub.above.com. 900 IN CNAME www.above.com.\n"
						  "x.a.sub.above.com. 300 IN A 192.0.2.81\n"
						  "x.b.sub.above.com. 300 IN A 192.0.2.82\n"
						  "x.c.sub.above.com. 300 IN A 192.0.2.83\n"
						  "x.d.sub.above.com. 300 IN A 192.0.2.84\n",
					  .options = {.nsec3 = true, .params = {.opt_out = true}}});
	world_start(w);
	char name[64];
	// Of the chain above, one span, which does not begin at the delegation.
	world_ask(w, "none.above.com.", TYPE_A, ASK_DO);
	world_ask(w, "*.sub.above.com.", TYPE_CNAME, ASK_DO);
	for (int c = 'a'; c <= 'd'; c++) {
		snprintf(name, sizeof(name), "%c.sub.above.com.", c);
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 0);
	}
}

// RFC 8198 §5.3. Control follows them; a name that is asked for again is the core's.
static void an_alias_of_a_wildcard_that_was_seen_leads_other_names_on(void **state)
{
	(void)state;
	for (int nsec3 = 0; nsec3 < 2; nsec3++) {
		begin_denial();
		world_add(w,
			  &(struct world_zone){.apex = "wild.com.",
					       .servers = "ns.wild.com.=" PROVIDER_A,
					       .text = "www.wild.com. 300 IN A 192.0.2.80\n"
						       "*.a.wild.com. 900 IN CNAME www.wild.com.\n",
					       .options = {.nsec3 = nsec3 == 1}});
		world_start(w);
		assert_address(world_ask(w, "a.a.wild.com.", TYPE_A, ASK_DO), "192.0.2.80");
		network_forget_log(&w->network);
		// No SOA is known yet.
		assert_missed("b.a.wild.com.", TYPE_A);
		struct question *q = world_ask(w, "b.a.wild.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_SYNTHESIZED);
		assert_string_equal(question_data(q, TYPE_CNAME, 0), "www.wild.com.");
		assert_address(q, "192.0.2.80");
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_RRSIG), 2);
		assert_int_equal(
			question_count_of(q, SECTION_AUTHORITY, nsec3 ? TYPE_NSEC3 : TYPE_NSEC), 1);
		for (size_t i = 0; i < q->reply->sections[SECTION_ANSWER].count; i++)
			assert_true(q->reply->sections[SECTION_ANSWER].rrsets[i]->ttl_s <= 300);
		q = world_ask(w, "c.d.a.wild.com.", TYPE_CNAME, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_SYNTHESIZED);
		assert_string_equal(question_data(q, TYPE_CNAME, 0), "www.wild.com.");
		q = world_ask(w, "b.a.wild.com.", TYPE_A, 0);
		assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC), 0);
		assert_address(q, "192.0.2.80");
		assert_int_equal(serve("b.a.wild.com.", TYPE_A, ASK_DO)->verdict, SERVE_REPLY);
		assert_sent(w, 0);
		// What the alias leads to is asked for, the alias is not.
		q = world_ask(w, "e.a.wild.com.", TYPE_MX, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_SYNTHESIZED);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 1);
		assert_sent(w, 1);
		world_advance(w, 301000);
		network_forget_log(&w->network);
		assert_address(world_ask(w, "f.a.wild.com.", TYPE_A, ASK_DO), "192.0.2.80");
		assert_true(network_sent(&w->network, NULL, NULL, 0) > 0);
		if (nsec3 == 0)
			assert_int_equal(end_world(state), 0);
	}
}

// A zone that grows a name, a type of another one, and a wildcard.
static void start_growing(bool nsec3)
{
	begin_denial();
	world_add(w,
		  &(struct world_zone){.apex = "grows.com.",
				       .servers = "ns.grows.com.=" PROVIDER_A,
				       .text = "www.grows.com. 300 IN A 192.0.2.80\n"
					       "to-new.grows.com. 300 IN CNAME a.new.grows.com.\n"
					       "to-www.grows.com. 300 IN CNAME www.grows.com.\n"
					       "to-star.grows.com. 300 IN CNAME q.w.grows.com.\n"
					       "x.w.grows.com. 300 IN A 192.0.2.81\n",
				       .options = {.nsec3 = nsec3}});
	world_start(w);
	// The last ones of these are denied without a question.
	for (int i = 0; i < 12; i++) {
		char name[64];
		snprintf(name, sizeof(name), "n%d.grows.com.", i);
		world_ask(w, name, TYPE_A, ASK_DO);
		snprintf(name, sizeof(name), "n%d.w.grows.com.", i);
		world_ask(w, name, TYPE_A, ASK_DO);
	}
	world_ask(w, "a.new.grows.com.", TYPE_A, ASK_DO);
	world_ask(w, "www.grows.com.", TYPE_AAAA, ASK_DO);
	world_ask(w, "q.w.grows.com.", TYPE_A, ASK_DO);
	network_forget_log(&w->network);
	world_ask(w, "a.new.grows.com.", TYPE_MX, ASK_DO);
	world_ask(w, "www.grows.com.", TYPE_MX, ASK_DO);
	world_ask(w, "q.w.grows.com.", TYPE_MX, ASK_DO);
	assert_sent(w, 0);
}

static void grow(void)
{
	world_zone(w, "grows.com.")->text = "www.grows.com. 300 IN A 192.0.2.80\n"
					    "www.grows.com. 300 IN AAAA 2001:db8::80\n"
					    "to-new.grows.com. 300 IN CNAME a.new.grows.com.\n"
					    "a.new.grows.com. 300 IN A 192.0.2.82\n"
					    "a.new.grows.com. 300 IN MX 1 www.grows.com.\n"
					    "to-www.grows.com. 300 IN CNAME www.grows.com.\n"
					    "to-star.grows.com. 300 IN CNAME q.w.grows.com.\n"
					    "x.w.grows.com. 300 IN A 192.0.2.81\n"
					    "*.w.grows.com. 300 IN A 192.0.2.83\n"
					    "*.w.grows.com. 300 IN MX 1 www.grows.com.\n";
	world_roll(w, "grows.com.", true);
	resolver_forget(w->resolver, text_name("grows.com."));
}

static void data_that_come_end_what_denies_their_name(void **state)
{
	(void)state;
	for (int nsec3 = 0; nsec3 < 2; nsec3++) {
		start_growing(nsec3 == 1);
		grow();
		// By the way of an alias, of which nothing is kept that denies it.
		assert_address(world_ask(w, "to-new.grows.com.", TYPE_A, ASK_DO), "192.0.2.82");
		struct question *q = world_ask(w, "a.new.grows.com.", TYPE_MX, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_MX), 1);
		// The name between it and the zone, too.
		assert_answer(world_ask(w, "new.grows.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		world_ask(w, "to-www.grows.com.", TYPE_AAAA, ASK_DO);
		q = world_ask(w, "www.grows.com.", TYPE_AAAA, ASK_DO);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_AAAA), 1);
		// A wildcard that came to be, shown by what is made of it.
		assert_address(world_ask(w, "to-star.grows.com.", TYPE_A, ASK_DO), "192.0.2.83");
		q = world_ask(w, "q.w.grows.com.", TYPE_MX, ASK_DO);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_MX), 1);
		if (nsec3 == 0)
			assert_int_equal(end_world(state), 0);
	}
}

static void a_flush_reaches_what_denies_the_name(void **state)
{
	static const char *const names[] = {"a.new.grows.com.", "www.grows.com.", "q.w.grows.com."};

	(void)state;
	for (int nsec3 = 0; nsec3 < 2; nsec3++) {
		start_growing(nsec3 == 1);
		for (size_t i = 0; i < 3; i++) {
			const uint16_t type = TYPE_TXT;
			world_ask(w, names[i], type, ASK_DO);
			assert_sent(w, 0);
			resolver_flush_name(w->resolver, text_name(names[i]),
					    i == 1 ? &type : NULL);
			world_ask(w, names[i], type, ASK_DO);
			assert_true(network_sent(&w->network, NULL, NULL, 0) > 0);
			network_forget_log(&w->network);
		}
		if (nsec3 == 0)
			assert_int_equal(end_world(state), 0);
	}
}

// RFC 8020: an NXDOMAIN above stands for it.
static void a_flush_reaches_what_denies_a_name_above(void **state)
{
	(void)state;
	world_ask(w, "a.b.nope.example.com.", TYPE_A, ASK_DO);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "a.b.nope.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_sent(w, 0);
	assert_true(resolver_flush_name(w->resolver, text_name("a.b.nope.example.com."), NULL) >=
		    1);
	world_ask(w, "a.b.nope.example.com.", TYPE_A, ASK_DO);
	assert_true(network_sent(&w->network, NULL, NULL, 0) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_denial(d7_random_names_of_a_signed_zone_are_answered_without_a_question),
		scenario_denial(a_core_says_it_with_proofs_for_do_and_ad_for_who_asks),
		scenario_denial(control_says_it_before_it_asks),
		scenario_denial(nodata_of_one_type_denies_the_others),
		scenario_denial(an_alias_leads_to_a_name_that_is_denied_without_a_question),
		scenario_denial(a_wildcard_that_was_seen_answers_for_other_names),
		scenario_denial(b4_names_below_a_delegation_are_asked_for),
		scenario_denial(what_does_not_validate_denies_nothing),
		scenario_denial(it_ends_with_its_ttl_and_its_signatures),
		scenario_denial(it_is_never_served_as_stale),
		scenario_denial(data_that_were_there_are_asked_for_again),
		scenario(nsec3_is_said_by_control_and_kept_when_asked_for_again),
		cmocka_unit_test(nsec3_denies_what_lies_below_a_denied_name),
		cmocka_unit_test(b16_stale_data_that_records_deny_do_not_serve),
		scenario(an_alias_of_a_wildcard_that_was_seen_leads_other_names_on),
		scenario(a_wildcard_is_expanded_by_its_own_zone_alone),
		scenario(data_that_come_end_what_denies_their_name),
		scenario(a_flush_reaches_what_denies_the_name),
		scenario_common(a_flush_reaches_what_denies_a_name_above),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
