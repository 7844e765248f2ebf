// Delegations past their end: silent parents, and parents that deny (DESIGN §5).
#include "tests/scenario/zones.h"

#define COM_A "192.5.6.30"
#define COM_B "198.51.101.30"
#define ORG_A "192.5.7.30"
#define ORG_B "198.51.102.30"

static void break_com(enum fault_kind kind)
{
	with((struct fault){.kind = kind, .server = COM_A});
	with((struct fault){.kind = kind, .server = COM_B});
}

static struct question *ask_number(unsigned n)
{
	char name[40];

	snprintf(name, sizeof(name), "n%u.wild.example.com.", n);
	return world_ask(w, name, TYPE_A, ASK_DO);
}

static uint64_t took_ms(const struct question *q)
{
	return (q->done_us - q->asked_us) / 1000;
}

// Known, and then twice the TTL of NS, DS and DNSKEY passes while the TLD is silent.
static void outlive_com(enum fault_kind kind)
{
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	break_com(kind);
	world_advance(w, 7200000);
	network_forget_log(&w->network);
}

static void zones_outlive_their_tlds_servers(void **state)
{
	(void)state;
	outlive_com(FAULT_DROP);
	for (unsigned i = 0; i < 300; i++) {
		struct question *q = ask_number(i);
		assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
		assert_address(q, "192.0.2.81");
		assert_false(q->result->stale); // it is fresh
		assert_true(q->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s <= 30);
		// Nobody waits for the parent any more.
		assert_true(took_ms(q) < (i == 0 ? 1500 : 40));
		world_advance(w, 200);
	}
	assert_true(world_counter(w, "resolver.revived") >= 2);
	assert_true(world_counter(w, "resolver.prolonged") >= 1);
	// What is fresh goes before what is stale.
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
	assert_false(q->result->stale);
	// So does a denial.
	q = world_ask(w, "nope.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, false, EDE_STALE_ANSWER);
	assert_true(network_sent(&w->network, COM_A, NULL, 0) < 60);
}

// However many wait for the parent when that turns out: those that have seen some of its servers
// fail, too.
static void nobody_fails_when_it_turns_out_that_the_parent_is_silent(void **state)
{
	struct question *asked[40];

	(void)state;
	outlive_com(FAULT_DROP);
	for (unsigned i = 0; i < 40; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%u.wild.example.com.", i);
		asked[i] = world_ask_later(w, name, TYPE_A, ASK_DO);
		world_advance(w, 30);
	}
	world_run(w);
	for (unsigned i = 0; i < 40; i++) {
		assert_answer(asked[i], RCODE_NOERROR, false, EDE_STALE_ANSWER);
		assert_false(asked[i]->result->stale);
	}
}

// Zones in use see in time whether their parent is there: its silence costs nobody a wait. (The
// root's keys may have to be asked for, which end at that time, too.)
static void a_silent_parent_is_known_before_its_delegations_end(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	break_com(FAULT_DROP);
	world_advance(w, 3600000 - 2500);
	assert_answer(ask_number(0), RCODE_NOERROR, true, EDE_NONE);
	world_advance(w, 3000);
	for (unsigned i = 1; i < 10; i++) {
		struct question *q = ask_number(i);
		assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
		assert_false(q->result->stale);
		assert_true(took_ms(q) <= 40);
	}
}

// One packet a second to a parent that is there, and none while it has just been heard.
static void a_parent_is_looked_at_once_a_second_at_most(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 3600000 - 2000);
	network_forget_log(&w->network);
	for (unsigned i = 0; i < 12; i++) {
		ask_number(i);
		world_advance(w, 50);
	}
	assert_int_equal(network_sent(&w->network, NULL, "com.", TYPE_SOA), 1);
}

static void a_parent_that_returns_confirms_the_delegation(void **state)
{
	(void)state;
	outlive_com(FAULT_DROP);
	assert_answer(ask_number(0), RCODE_NOERROR, false, EDE_STALE_ANSWER);
	network_heal(&w->network);
	// The next time that the delegation ends sees that the parent is back, the one after asks
	// it.
	world_advance(w, 5100);
	ask_number(1);
	world_advance(w, 16000); // nothing that was learnt is forgotten within ten seconds
	for (unsigned i = 2; i < 5; i++) {
		assert_answer(ask_number(i), RCODE_NOERROR, true, EDE_NONE);
		world_advance(w, 5100);
	}
	world_advance(w, 31000); // stale data in the cache
	assert_answer(ask_number(0), RCODE_NOERROR, true, EDE_NONE);
	assert_true(network_sent(&w->network, NULL, "example.com.", TYPE_DS) +
			    network_sent(&w->network, NULL, "example.com.", TYPE_A) >
		    0);
}

static void unsigned_zones_outlive_their_tlds_servers_too(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "www.plain.org.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
		      EDE_NONE);
	with((struct fault){.kind = FAULT_DROP, .server = ORG_A});
	with((struct fault){.kind = FAULT_DROP, .server = ORG_B});
	world_advance(w, 7200000);
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
	assert_false(q->result->stale);
	assert_address(q, "192.0.2.90");
}

// A parent that is proven insecure can prove nothing, and so says what it says: a takedown by
// REFUSED makes no ghost domains. Of a signed one test_broken_parents.c.
static void parents_that_answer_are_believed(void **state)
{
	static const enum fault_kind kinds[] = {
		FAULT_SERVFAIL,  FAULT_REFUSED,        FAULT_LAME,           FAULT_FORMERR,
		FAULT_MALFORMED, FAULT_WRONG_QUESTION, FAULT_TRUNCATE_ALWAYS};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		begin();
		world_add(w, &(struct world_zone){.apex = "bare.",
						  .servers = "ns.bare.=" COM_A " ns2.bare.=" COM_B,
						  .options = {.unsigned_ = true}});
		world_add(w, &(struct world_zone){.apex = "taken.bare.",
						  .servers = "ns.taken.bare.=" PROVIDER_A,
						  .text = "www.taken.bare. 300 IN A 192.0.2.80\n"
							  "new.taken.bare. 300 IN A 192.0.2.81\n",
						  .options = {.unsigned_ = true}});
		world_start(w);
		assert_answer(world_ask(w, "www.taken.bare.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
			      EDE_NONE);
		break_com(kinds[i]);
		world_advance(w, 7200000);
		struct question *q = world_ask(w, "new.taken.bare.", TYPE_A, ASK_DO);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
		assert_int_equal(world_counter(w, "resolver.revived"), 0);
		// Silence is another matter.
		network_heal(&w->network);
		break_com(FAULT_DROP);
		world_advance(w, 1000);
		q = world_ask(w, "new.taken.bare.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
		assert_true(world_counter(w, "resolver.revived") > 0);
		end_world(state);
	}
}

static void one_parent_server_that_answers_is_enough(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	with((struct fault){.kind = FAULT_DROP, .server = COM_A});
	world_advance(w, 7200000);
	for (unsigned i = 0; i < 20; i++) {
		assert_answer(ask_number(i), RCODE_NOERROR, true, EDE_NONE);
		world_advance(w, 400000);
	}
	assert_int_equal(world_counter(w, "resolver.revived"), 0);
	assert_int_equal(world_counter(w, "resolver.prolonged"), 0);
}

static void nothing_outlives_its_parent_for_longer_than_stale_data(void **state)
{
	(void)state;
	begin();
	add_example(w);
	w->config.stale_s = 2000;
	world_start(w);
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	break_com(FAULT_DROP);
	world_advance(w, 3700000);
	assert_answer(ask_number(1), RCODE_NOERROR, false, EDE_STALE_ANSWER);
	for (unsigned i = 0; i < 20; i++) {
		world_advance(w, 100000);
		ask_number(10 + i);
	}
	assert_int_equal(ask_number(2)->reply->rcode, RCODE_SERVFAIL);
}

static void nothing_outlives_its_parent_where_stale_data_are_not_wanted(void **state)
{
	(void)state;
	begin();
	add_example(w);
	w->config.stale_s = 0;
	world_start(w);
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	break_com(FAULT_DROP);
	world_advance(w, 7200000);
	assert_answer(ask_number(1), RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
}

// However long the NS are good for.
static void a_referrals_ds_does_not_outlive_its_ttl(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "dev.",
					  .servers = "ns.dev.=192.0.2.50",
					  .options = {.unsigned_ = true}});
	world_add(w, &(struct world_zone){.apex = "c.dev.",
					  .servers = "ns.c.dev.=192.0.2.51",
					  .text = "www.c.dev. 300 IN A 192.0.2.80\n",
					  .ns_ttl_s = 7200});
	world_start(w);
	world_ask(w, "www.c.dev.", TYPE_A, 0);
	world_advance(w, 31000);
	network_forget_log(&w->network);
	// dev. is insecure, so that nobody has wanted the DS until now.
	struct question *q = world_ask(w, "c.dev.", TYPE_DS, 0);
	assert_sent(w, 0);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DS), 1);
	assert_true(q->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s <= 3600 - 31);
	world_advance(w, 3600000);
	network_forget_log(&w->network);
	q = world_ask(w, "c.dev.", TYPE_DS, 0);
	assert_int_equal(network_sent(&w->network, "192.0.2.50", "c.dev.", TYPE_DS), 1);
}

static void a_delegation_that_is_gone_is_denied_whatever_its_ds_said(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "gone.com.",
					  .servers = "ns.gone.com.=192.0.2.51",
					  .text = "www.gone.com. 300 IN A 192.0.2.80\n",
					  .ns_ttl_s = 60});
	world_start(w);
	assert_answer(world_ask(w, "www.gone.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	world_undelegate(w, "gone.com.");
	// The NS have ended, the DS have not.
	world_advance(w, 61000);
	assert_answer(world_ask(w, "mail.gone.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
}

// A zone two levels down is signed, and its DS is still known.
static void what_hung_from_a_delegation_goes_with_it(void **state)
{
	static const char *const tlds[] = {"com.", "org.", "net."}; // NSEC, NSEC3, opt-out

	(void)state;
	for (int i = 0; i < 3; i++) {
		char gone[24], sub[24], name[24], servers[2][60], text[60];
		snprintf(gone, sizeof(gone), "gone.%s", tlds[i]);
		snprintf(sub, sizeof(sub), "sub.%s", gone);
		snprintf(servers[0], sizeof(servers[0]), "ns.%s=192.0.2.51", gone);
		snprintf(servers[1], sizeof(servers[1]), "ns.%s=192.0.2.52", sub);
		snprintf(name, sizeof(name), "www.%s", sub);
		snprintf(text, sizeof(text), "%s 0 IN A 192.0.2.80\n", name);
		begin();
		world_add(w, &(struct world_zone){
				     .apex = gone, .servers = servers[0], .ns_ttl_s = 60});
		world_add(w, &(struct world_zone){.apex = sub,
						  .servers = servers[1],
						  .text = text,
						  .ns_ttl_s = 60});
		world_start(w);
		assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
		world_undelegate(w, gone);
		world_advance(w, 301000);
		snprintf(name, sizeof(name), "mail.%s", sub);
		assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NXDOMAIN, i != 2, EDE_NONE);
		if (i < 2)
			end_world(state);
	}
}

// The NS are good for longer than the proof that there is no DS.
static void a_childs_answer_does_not_stand_against_its_parents_denial(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "gone.com.",
					  .servers = "ns.gone.com.=192.0.2.51",
					  .text = "www.gone.com. 0 IN A 192.0.2.80\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	assert_answer(world_ask(w, "www.gone.com.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
		      EDE_NONE);
	world_undelegate(w, "gone.com.");
	world_advance(w, 301000);
	assert_answer(world_ask(w, "www.gone.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
}

// Somebody else has found out that the zone above is gone; the NS of the one below are known.
static void a_delegation_below_one_that_was_denied_leads_nowhere(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){
			     .apex = "dev.", .servers = "ns.dev.=192.0.2.50", .negative_ttl_s = 1});
	world_add(w, &(struct world_zone){.apex = "gone.dev.",
					  .servers = "ns.gone.dev.=192.0.2.51",
					  .options = {.unsigned_ = true}});
	world_add(w, &(struct world_zone){.apex = "sub.gone.dev.",
					  .servers = "ns.sub.gone.dev.=192.0.2.52",
					  .text = "www.sub.gone.dev. 0 IN A 192.0.2.80\n",
					  .no_ds = true});
	world_start(w);
	assert_address(world_ask(w, "www.sub.gone.dev.", TYPE_A, ASK_DO), "192.0.2.80");
	world_undelegate(w, "gone.dev.");
	world_advance(w, 301000);
	assert_answer(world_ask(w, "mail.gone.dev.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	world_advance(w, 1100); // what was cached of that is gone
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "www.sub.gone.dev.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_int_equal(network_sent(&w->network, "192.0.2.52", NULL, 0), 0);
}

static void a_ds_does_not_outlive_its_signature(void **state)
{
	(void)state;
	outlive_com(FAULT_DROP);
	w->wall_offset_s += 365 * 86400;
	struct question *q = ask_number(1);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
	assert_int_equal(world_counter(w, "resolver.prolonged"), 0);
	// Nor does the delegation, whose servers could be asked for nothing that is proven.
	assert_int_equal(world_counter(w, "resolver.revived"), 0);
}

// A silent parent excuses nothing of what the zone's own servers say.
static void bogus_data_stay_bogus_below_a_silent_parent(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_BOGUS, FAULT_UNKNOWN_KEY, FAULT_EXPIRED,
						FAULT_STRIP, FAULT_FORGED,      FAULT_NXDOMAIN};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		outlive_com(FAULT_DROP);
		with((struct fault){.kind = kinds[i], .server = PROVIDER_A});
		with((struct fault){.kind = kinds[i], .server = PROVIDER_B});
		for (unsigned k = 0; k < 3; k++) {
			struct question *q = ask_number(k);
			assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
			assert_not_cached(w, "n0.wild.example.com.", TYPE_A);
			world_advance(w, 3000);
		}
		end_world(state);
	}
}

// Neither a DS nor keys that were never proven come out of it: new keys need a new DS.
static void keys_cannot_roll_below_a_silent_parent(void **state)
{
	(void)state;
	outlive_com(FAULT_DROP);
	world_roll(w, "example.com.", false);
	struct question *q = ask_number(1);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_not_cached(w, "n1.wild.example.com.", TYPE_A);
}

// ATTACKS E1: when the parent has denied it, neither the delegation nor stale data come back.
static void a_denied_delegation_is_dead_with_all_below_it(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	world_ask(w, "alias.example.com.", TYPE_A, ASK_DO);
	world_undelegate(w, "example.com.");
	world_advance(w, 7200000);
	assert_int_equal(world_ask(w, "mx.example.com.", TYPE_MX, ASK_DO)->reply->rcode,
			 RCODE_NXDOMAIN);
	assert_int_equal(world_counter(w, "resolver.revoked"), 1);
	break_com(FAULT_DROP);
	world_advance(w, 1000000); // the denial has ended too
	static const char *const names[] = {"www.example.com.", "alias.example.com.",
					    "n1.wild.example.com."};
	for (size_t i = 0; i < 3; i++) {
		for (int k = 0; k < 2; k++) {
			struct question *q = world_ask(w, names[i], TYPE_A, ASK_DO);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
			assert_int_not_equal(q->reply->rcode, RCODE_NOERROR);
		}
	}
	// The poll-mode cores do not find it either.
	struct lookup lookup = {.name = text_name("www.example.com."),
				.name_len = (uint16_t)name_len(text_name("www.example.com.")),
				.type = TYPE_A,
				.now_ms = w->network.now_us / 1000,
				.now_s = world_clock(w).now_s};
	cache_lookup(store_cache(w->store), &lookup);
	assert_int_not_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.stale_count, 0);
	assert_int_equal(world_counter(w, "resolver.revived"), 0);
}

// The control of the one above: without the denial both would have come.
static void a_delegation_that_was_not_denied_comes_back(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 7200000);
	break_com(FAULT_DROP);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
	assert_int_equal(world_counter(w, "resolver.revoked"), 0);
}

// Parent and child on the same servers: these answer for the child, which is no denial.
static void a_child_on_its_parents_servers_is_not_denied(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "example.com.",
					  .servers = "ns1.example.com.=" PROVIDER_A});
	world_add(w, &(struct world_zone){.apex = "sub.example.com.",
					  .servers = "ns1.example.com.=" PROVIDER_A,
					  .text = "www.sub.example.com. 60 IN A 192.0.2.80\n"});
	world_start(w);
	for (int i = 0; i < 3; i++) {
		assert_answer(world_ask(w, "www.sub.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR,
			      true, EDE_NONE);
		world_ask(w, "nope.sub.example.com.", TYPE_A, ASK_DO);
		world_ask(w, "www.sub.example.com.", TYPE_MX, ASK_DO);
		world_advance(w, 4000000);
	}
	assert_int_equal(world_counter(w, "resolver.revoked"), 0);
}

// Some of the parent's servers have the child, too: when its delegation has ended, what these say
// for the child takes nothing away, be it data or a denial.
static void what_a_child_says_on_its_parents_servers_denies_no_delegation(void **state)
{
	(void)state;
	for (int is_signed = 0; is_signed < 2; is_signed++) {
		begin();
		world_add(w, &(struct world_zone){.apex = "example.com.",
						  .servers = "ns1.example.com.=" PROVIDER_A
							     " ns2.example.com.=" PROVIDER_B});
		world_add(w,
			  &(struct world_zone){.apex = "sub.example.com.",
					       .servers = "ns1.example.com.=" PROVIDER_A
							  " ns3.sub.example.com.=" PROVIDER_C,
					       .text = "www.sub.example.com. 60 IN A 192.0.2.80\n",
					       .ns_ttl_s = 60,
					       .options = {.unsigned_ = !is_signed}});
		world_start(w);
		// The one that knows of nothing but the parent refers.
		with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_A});
		assert_answer(world_ask(w, "www.sub.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR,
			      is_signed, EDE_NONE);
		network_heal(&w->network);
		with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_B});
		for (int i = 0; i < 3; i++) {
			world_advance(w, 61000);
			world_ask(w, "nope.sub.example.com.", TYPE_A, ASK_DO);
			world_ask(w, "www.sub.example.com.", TYPE_MX, ASK_DO);
			world_ask(w, "www.sub.example.com.", TYPE_A, ASK_DO);
		}
		assert_true(network_sent(&w->network, PROVIDER_A, NULL, 0) > 0);
		assert_int_equal(world_counter(w, "resolver.revoked"), 0);
		if (is_signed == 0)
			end_world(NULL);
	}
}

// However many delegations have ended, one question a second sees whether their parent is back.
static void a_silent_parent_is_asked_once_a_second_for_all_of_its_zones(void **state)
{
	static char apexes[30][40], servers[30][60];
	char name[60];

	(void)state;
	begin();
	for (unsigned i = 0; i < 30; i++) {
		snprintf(apexes[i], sizeof(apexes[i]), "z%u.com.", i);
		snprintf(servers[i], sizeof(servers[i]), "ns.z%u.com.=" PROVIDER_A, i);
		world_add(w, &(struct world_zone){.apex = apexes[i], .servers = servers[i]});
	}
	world_start(w);
	for (unsigned i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "ns.z%u.com.", i);
		world_ask(w, name, TYPE_A, ASK_DO);
	}
	break_com(FAULT_DROP);
	world_advance(w, 7200000);
	for (unsigned i = 0; i < 300; i++) {
		if (i == 150)
			network_forget_log(&w->network);
		snprintf(name, sizeof(name), "n%u.z%u.com.", i, i % 30);
		world_ask(w, name, TYPE_A, ASK_DO);
		world_advance(w, 50);
	}
	size_t sent = network_sent(&w->network, COM_A, NULL, 0) +
		      network_sent(&w->network, COM_B, NULL, 0);
	assert_true(sent >= 1 && sent <= 10);
	assert_true(world_counter(w, "resolver.revived") >= 30);
}

static void serve_instead(const struct signer_zone *old, struct signer_zone *new)
{
	for (size_t i = 0; i < w->network.server_count; i++) {
		struct network_server *server = &w->network.servers[i];
		for (size_t k = 0; k < server->zone_count; k++) {
			if (server->zones[k] == old)
				server->zones[k] = new;
		}
	}
}

// Denied for a second, delegated again, unsigned: what is remembered of the denial for the sake of
// questions under way is no reason to wait for signatures.
static void a_zone_that_is_delegated_again_is_there_at_once(void **state)
{
	static const char without[] = "short. 5 IN SOA ns1.short. h.short. 1 2 3 4 1\n"
				      "short. 3600 IN NS ns1.short.\n"
				      "ns1.short. 3600 IN A 192.5.6.40\n";

	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "short.",
					  .servers = "ns1.short.=192.5.6.40",
					  .negative_ttl_s = 1,
					  .ns_ttl_s = 60});
	world_add(w, &(struct world_zone){.apex = "back.short.",
					  .servers = "ns1.back.short.=192.0.2.40",
					  .text = "www.back.short. 300 IN A 192.0.2.41\n",
					  .ns_ttl_s = 60,
					  .options = {.unsigned_ = true}});
	world_start(w);
	struct signer_zone *with = world_zone(w, "short.")->zone;
	struct signer_zone *gone = signer_zone_new(
		"short.", without, &(struct signer_zone_options){.ksk_of = with, .zsk_of = with});
	serve_instead(with, gone);
	assert_answer(world_ask(w, "back.short.", TYPE_DS, ASK_DO), RCODE_NXDOMAIN, true, EDE_NONE);
	serve_instead(gone, with);
	world_advance(w, 2000);
	assert_answer(world_ask(w, "a.b.back.short.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, false,
		      EDE_NONE);
	assert_answer(world_ask(w, "www.back.short.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
		      EDE_NONE);
	end_world(NULL);
	signer_zone_free(gone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(zones_outlive_their_tlds_servers),
		scenario_common(nobody_fails_when_it_turns_out_that_the_parent_is_silent),
		scenario_common(a_silent_parent_is_known_before_its_delegations_end),
		scenario_common(a_parent_is_looked_at_once_a_second_at_most),
		scenario_common(a_parent_that_returns_confirms_the_delegation),
		scenario_common(unsigned_zones_outlive_their_tlds_servers_too),
		scenario(parents_that_answer_are_believed),
		scenario_common(one_parent_server_that_answers_is_enough),
		scenario(nothing_outlives_its_parent_for_longer_than_stale_data),
		scenario(nothing_outlives_its_parent_where_stale_data_are_not_wanted),
		scenario(a_referrals_ds_does_not_outlive_its_ttl),
		scenario(a_delegation_that_is_gone_is_denied_whatever_its_ds_said),
		scenario(a_delegation_below_one_that_was_denied_leads_nowhere),
		scenario(what_hung_from_a_delegation_goes_with_it),
		scenario(a_childs_answer_does_not_stand_against_its_parents_denial),
		scenario_common(a_ds_does_not_outlive_its_signature),
		scenario(bogus_data_stay_bogus_below_a_silent_parent),
		scenario_common(keys_cannot_roll_below_a_silent_parent),
		scenario_common(a_denied_delegation_is_dead_with_all_below_it),
		scenario_common(a_delegation_that_was_not_denied_comes_back),
		scenario(a_child_on_its_parents_servers_is_not_denied),
		scenario(what_a_child_says_on_its_parents_servers_denies_no_delegation),
		scenario(a_silent_parent_is_asked_once_a_second_for_all_of_its_zones),
		scenario(a_zone_that_is_delegated_again_is_there_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
