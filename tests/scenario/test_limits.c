#include "tests/scenario/zones.h"

#include <stdlib.h>

static void warm(void)
{
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	network_forget_log(&w->network);
	w->network.channels_peak = 0;
}

// ATTACKS A2
static void a_thousand_variants_of_one_question_are_one_exchange(void **state)
{
	struct question *asked[1000];

	(void)state;
	begin();
	add_example(w);
	w->config.waiters_max = 1000;
	world_start(w);
	warm();
	with((struct fault){.kind = FAULT_DELAY, .delay_ms = 100});
	for (unsigned i = 0; i < 1000; i++) {
		char name[] = "www.example.com.";
		for (size_t k = 0; k < 10; k++)
			if (i >> k & 1 && name[k] >= 'a')
				name[k] = (char)(name[k] - 0x20);
		asked[i] = world_ask_later(w, name, TYPE_A, i % 8);
		assert_non_null(asked[i]);
	}
	world_run(w);
	for (unsigned i = 0; i < 1000; i++) {
		assert_address(asked[i], "192.0.2.80");
		assert_int_equal(!!(asked[i]->reply->flags & FLAG_AD), (i % 8 & 5) != 0);
		assert_int_equal(question_count_of(asked[i], SECTION_ANSWER, TYPE_RRSIG), i & 1);
	}
	assert_true(w->network.channels_peak <= 2);
	assert_sent_at_most(w, 4); // each try after the one before has timed out
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_int_equal(world_counter(w, "resolver.joined"), 999);
}

// ATTACKS A1, A2: random names below one zone must not multiply the question for its servers.
static void a_thousand_names_of_a_new_zone_ask_for_it_once(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_DELAY, .name = "example.com.", .delay_ms = 30});
	for (int i = 0; i < 1000; i++) {
		char name[40];
		snprintf(name, sizeof(name), "r%d.example.com.", i);
		assert_non_null(world_ask_later(w, name, TYPE_A, 0));
	}
	world_run(w);
	assert_int_equal(network_sent(&w->network, NULL, "com.", TYPE_A), 1);
	// Once, and once more of another server where the first was late.
	uint64_t hedges = world_counter(w, "upstream.hedges");
	assert_int_equal(network_sent(&w->network, NULL, "example.com.", 0), 2 + hedges);
	assert_true(network_sent(&w->network, NULL, "example.com.", TYPE_A) <= 2);
	assert_true(network_sent(&w->network, NULL, "example.com.", TYPE_DNSKEY) <= 2);
	assert_cached(w, "r0.example.com.", 0, ENTRY_NXDOMAIN, SECURITY_SECURE);
}

static void too_many_clients_for_one_question_are_refused(void **state)
{
	(void)state;
	begin();
	add_example(w);
	w->config.waiters_max = 10;
	world_start(w);
	for (int i = 0; i < 10; i++)
		assert_non_null(world_ask_later(w, "www.example.com.", TYPE_A, 0));
	assert_null(world_ask_later(w, "www.example.com.", TYPE_A, ASK_CD));
	assert_non_null(world_ask_later(w, "alias.example.com.", TYPE_A, 0));
	world_run(w);
	assert_int_equal(world_counter(w, "resolver.refused"), 1);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_sent_at_most(w, 6);
}

static void too_many_questions_at_once_are_refused(void **state)
{
	(void)state;
	begin();
	add_example(w);
	w->config.tasks_max = 20;
	world_start(w);
	unsigned accepted = 0;
	for (int i = 0; i < 40; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		accepted += world_ask_later(w, name, TYPE_A, 0) != NULL;
	}
	assert_int_equal(accepted, 20);
	world_run(w);
	// No room was left for the sub-tasks that validation needs: a failure of our own, held for
	// a second and against nobody.
	world_advance(w, 1100);
	assert_answer(world_ask(w, "n0.wild.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_cached(w, "n0.wild.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_true(network_sent(&w->network, NULL, NULL, 0) > 0);
}

// ATTACKS D7: places for questions under way, and a zone whose servers are slow.
#define PLACES 80

static unsigned told;

static void tell(void *arg, const uint8_t *zone)
{
	(void)arg;
	assert_true(name_labels(zone) > 0);
	told++;
}

static void begin_crowd(void)
{
	begin();
	add_example(w);
	add_plain(w);
	w->config.places = PLACES;
	world_start(w);
	assert_address(world_ask(w, "www.example.com.", TYPE_A, 0), "192.0.2.80");
	with((struct fault){.kind = FAULT_DELAY, .below = "plain.org.", .delay_ms = 300});
	assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
	told = 0;
	resolver_crowd_watch(w->resolver, tell, NULL);
}

// Random names below the slow zone; those that are refused at once are counted by the resolver.
static void flood(struct question **asked, unsigned count)
{
	static unsigned number;

	for (unsigned i = 0; i < count; i++) {
		char name[40];
		snprintf(name, sizeof(name), "r%u.plain.org.", number++);
		asked[i] = world_ask_later(w, name, TYPE_A, 0);
		assert_non_null(asked[i]);
	}
	world_advance(w, 1);
}

static void d7_a_flooded_zone_leaves_half_of_all_places_to_others(void **state)
{
	struct question *asked[2 * PLACES], *other;

	(void)state;
	begin_crowd();
	flood(asked, PLACES / 2);
	assert_int_equal(world_counter(w, "resolver.crowded"), 0); // nobody else wants them
	flood(asked + PLACES / 2, 3 * PLACES / 2);
	assert_int_equal(world_counter(w, "resolver.crowded"), 3 * PLACES / 2);
	assert_answer(asked[PLACES / 2], RCODE_SERVFAIL, false, EDE_OTHER);
	assert_int_equal(told, 1);
	// Others are resolved as ever, as many as have room.
	for (unsigned i = 0; i < 20; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%u.wild.example.com.", i);
		other = world_ask(w, name, TYPE_A, 0);
		assert_address(other, "192.0.2.81");
	}
	assert_int_equal(world_counter(w, "resolver.crowded"), 3 * PLACES / 2);
	world_run(w);
	for (unsigned i = 0; i < PLACES / 2; i++)
		assert_int_equal(asked[i]->reply->flags & 15, RCODE_NXDOMAIN);
}

static void d7_what_was_refused_is_held_against_nobody(void **state)
{
	struct question *asked[PLACES];

	(void)state;
	begin_crowd();
	flood(asked, PLACES);
	assert_true(world_counter(w, "resolver.crowded") > 0);
	assert_not_cached(w, "r79.plain.org.", TYPE_A);
	world_run(w);
	w->network.fault_count = 0;
	// The places are free again, and no failure is kept.
	assert_int_equal(world_ask(w, "r79.plain.org.", TYPE_A, 0)->reply->flags & 15,
			 RCODE_NXDOMAIN);
}

static void d7_a_zone_below_its_share_is_never_refused(void **state)
{
	struct question *asked[PLACES], *few[PLACES / 8];

	(void)state;
	begin_crowd();
	flood(asked, PLACES / 2);
	with((struct fault){.kind = FAULT_DELAY, .below = "example.com.", .delay_ms = 300});
	for (unsigned i = 0; i < PLACES / 8; i++) {
		char name[40];
		snprintf(name, sizeof(name), "m%u.wild.example.com.", i);
		few[i] = world_ask_later(w, name, TYPE_A, 0);
	}
	world_run(w);
	for (unsigned i = 0; i < PLACES / 8; i++)
		assert_address(few[i], "192.0.2.81");
	assert_int_equal(world_counter(w, "resolver.crowded"), 0);
}

// Names of new zones are on their way through their TLD, and none of them is a flood of it.
static void d7_a_tld_has_a_larger_share(void **state)
{
	struct question *asked[PLACES], *other[PLACES];

	(void)state;
	begin_crowd();
	flood(asked, PLACES / 2);
	with((struct fault){.kind = FAULT_DELAY, .below = "com.", .delay_ms = 300});
	for (unsigned i = 0; i < PLACES; i++) {
		char name[40];
		snprintf(name, sizeof(name), "new%u.com.", i);
		other[i] = world_ask_later(w, name, TYPE_A, 0);
	}
	world_run(w);
	assert_int_equal(world_counter(w, "resolver.crowded"), PLACES / 2);
	for (unsigned i = 0; i < PLACES / 2; i++)
		assert_int_equal(other[i]->reply->flags & 15, RCODE_NXDOMAIN);
}

// Names that had data go on being resolved: the flood asks for others.
static void d7_names_in_use_of_the_flooded_zone_are_renewed(void **state)
{
	struct question *asked[2 * PLACES], *used;

	(void)state;
	begin_crowd();
	world_advance(w, 301 * 1000);
	flood(asked, 2 * PLACES);
	assert_true(world_counter(w, "resolver.crowded") > 0);
	used = world_ask_later(w, "www.plain.org.", TYPE_A, 0);
	world_run(w);
	assert_address(used, "192.0.2.90");
	assert_cached(w, "www.plain.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
}

// ATTACKS D1
static void a_hundred_name_servers_without_addresses_cost_few_questions(void **state)
{
	static char servers[12000];
	char *p = servers;

	(void)state;
	begin();
	for (int i = 0; i < 100; i++)
		p += sprintf(p, "ns%d.victim%d.org.=203.0.113.%d ", i, i, i + 1);
	world_add(w, &(struct world_zone){
			     .apex = "attacker.com.",
			     .servers = servers,
			     .text = "www.attacker.com. 300 IN A 192.0.2.66\n",
			     .ghosts = true,
		     });
	world_start(w);
	struct question *q = world_ask(w, "www.attacker.com.", TYPE_A, 0);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	size_t fetched = 0;
	for (int i = 0; i < 100; i++) {
		char name[40];
		snprintf(name, sizeof(name), "victim%d.org.", i);
		fetched += network_sent(&w->network, NULL, name, 0) > 0;
	}
	assert_true(fetched >= 1 && fetched <= 5);
	assert_sent_at_most(w, 16);
	assert_failure_cached(w, "www.attacker.com.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
}

// ATTACKS C4
static void a_referral_to_servers_that_never_answer_ends_in_time(void **state)
{
	static char servers[4000];
	char *p = servers;

	(void)state;
	begin();
	for (int i = 0; i < 60; i++)
		p += sprintf(p, "ns%d.slow.com.=203.0.113.%d ", i, i + 1);
	world_add(w, &(struct world_zone){.apex = "slow.com.", .servers = servers});
	world_start(w);
	with((struct fault){.kind = FAULT_DROP, .below = "slow.com.", .type = TYPE_TXT});
	struct question *q = world_ask(w, "www.slow.com.", TYPE_TXT, 0);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_true(q->done_us - q->asked_us <= 7000000);
	assert_sent_at_most(w, 24);
	assert_failure_cached(w, "www.slow.com.", TYPE_TXT, EDE_NO_REACHABLE_AUTHORITY);
}

// ATTACKS C4
static void servers_that_all_refuse_are_given_up_before_the_last(void **state)
{
	static char servers[2000];
	char *p = servers;

	(void)state;
	begin();
	for (int i = 0; i < 26; i++)
		p += sprintf(p, "ns%d.many.com.=203.0.113.%d ", i / 2, i + 1);
	world_add(w, &(struct world_zone){.apex = "many.com.",
					  .servers = servers,
					  .options = {.unsigned_ = true}});
	world_start(w);
	with((struct fault){.kind = FAULT_REFUSED, .below = "www.many.com.", .type = TYPE_TXT});
	struct question *q = world_ask(w, "www.many.com.", TYPE_TXT, 0);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_true(network_sent(&w->network, NULL, "www.many.com.", TYPE_TXT) >= 14);
	assert_sent_at_most(w, 19);
	assert_failure_cached(w, "www.many.com.", TYPE_TXT, EDE_NO_REACHABLE_AUTHORITY);
}

static void stuff(const struct network_query *query, enum section section, struct builder *b,
		  void *arg)
{
	uint8_t rdata[1001];

	(void)query;
	(void)arg;
	memset(rdata, 'x', sizeof(rdata));
	for (size_t i = 0; i < sizeof(rdata); i += 200)
		rdata[i] = i + 200 < sizeof(rdata) ? 199 : (uint8_t)(sizeof(rdata) - i - 1);
	for (unsigned i = 0; section == SECTION_ADDITIONAL && i < 50; i++) {
		rdata[1] = (uint8_t)('0' + i);
		builder_record(b, section, text_name("junk.chain.org."), TYPE_TXT, CLASS_IN, 300,
			       rdata, sizeof(rdata));
	}
}

// ATTACKS D13
static void irrelevant_records_use_up_the_bytes_of_one_client_only(void **state)
{
	static char text[1200];
	char *p = text;

	(void)state;
	begin();
	for (int i = 0; i < 8; i++)
		p += sprintf(p, "c%d.chain.org. 300 IN CNAME c%d.b%d.chain.org.\n", i, i, i);
	for (int i = 0; i < 8; i++)
		p += sprintf(p, "c%d.b%d.chain.org. 300 IN CNAME x%d.away.com.\n", i, i, i);
	world_add(w, &(struct world_zone){.apex = "chain.org.",
					  .servers = "ns.chain.org.=" PROVIDER_A,
					  .text = text});
	p = text + strlen(text) + 1;
	const char *away = p;
	for (int i = 0; i < 8; i++)
		p += sprintf(p, "x%d.away.com. 300 IN CNAME c%d.chain.org.\n", i, i + 1);
	world_add(w, &(struct world_zone){.apex = "away.com.",
					  .servers = "ns.away.com.=" PROVIDER_B,
					  .text = away});
	world_start(w);
	with((struct fault){
		.below = "chain.org.", .server = PROVIDER_A, .type = TYPE_A, .decorate = stuff});
	struct question *q = world_ask(w, "c0.chain.org.", TYPE_A, 0);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_OTHER);
	assert_int_equal(world_counter(w, "resolver.exhausted"), 1);
	assert_int_equal(world_counter(w, "resolver.message_bytes"), 0);
	assert_sent_at_most(w, 24);
	assert_not_cached(w, "junk.chain.org.", TYPE_TXT);
}

// ATTACKS D2: CNAMEs times name servers without glue, every name in another zone.
static void camp_does_not_pass_the_budget(void **state)
{
	static char texts[8][400], servers[8][600], apexes[8][20];

	(void)state;
	begin();
	for (int i = 0; i < 8; i++) {
		char *p = servers[i];
		snprintf(apexes[i], sizeof(apexes[i]), "camp%d.com.", i);
		snprintf(texts[i], sizeof(texts[i]),
			 "www.camp%d.com. 300 IN CNAME www.camp%d.com.\n"
			 "*.ns.camp%d.com. 300 IN CNAME x.ns.camp%d.com.\n",
			 i, i + 1, i, (i + 3) % 8);
		for (int k = 0; k < 10; k++)
			p += sprintf(p, "n%d.ns.camp%d.com.=203.0.113.%d ", k, (i + 1) % 8,
				     i * 10 + k + 1);
		p += sprintf(p, "ns.camp%d.com.=198.51.100.%d", i, i + 1);
		world_add(w, &(struct world_zone){.apex = apexes[i],
						  .servers = servers[i],
						  .text = texts[i],
						  .ghosts = true});
	}
	world_start(w);
	// The one server of each zone that can be found refuses what is asked last.
	with((struct fault){.kind = FAULT_SERVFAIL, .name = "www.camp3.com."});
	struct question *q = world_ask(w, "www.camp0.com.", TYPE_A, 0);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_sent_at_most(w, 100);
	assert_true(q->done_us - q->asked_us <= 7000000);
	assert_not_cached(w, "www.camp0.com.", TYPE_A);
}

// ATTACKS D3
static void zones_that_need_each_other_are_given_up_and_remembered(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "one.com.",
					  .servers = "ns.two.com.=" PROVIDER_A,
					  .text = "www.one.com. 300 IN A 192.0.2.1\n"
						  "ns.one.com. 300 IN A " PROVIDER_B "\n"});
	world_add(w, &(struct world_zone){.apex = "two.com.",
					  .servers = "ns.one.com.=" PROVIDER_B,
					  .text = "www.two.com. 300 IN A 192.0.2.2\n"});
	world_start(w);
	struct question *q = world_ask(w, "www.one.com.", TYPE_A, 0);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_true(world_counter(w, "resolver.cycles") >= 1);
	assert_sent_at_most(w, 8);
	assert_failure_cached(w, "www.one.com.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
	// Ten minutes of clients that never give up: tries only at the pace of the backoff.
	network_forget_log(&w->network);
	for (int i = 0; i < 600; i++) {
		world_ask_later(w, "www.one.com.", TYPE_A, 0);
		world_ask_later(w, "www.two.com.", TYPE_A, 0);
		world_advance(w, 1000);
	}
	assert_sent_at_most(w, 40);
}

static void three_zones_that_need_each_other_are_given_up(void **state)
{
	(void)state;
	begin();
	world_add(w,
		  &(struct world_zone){.apex = "one.com.", .servers = "ns.two.com.=" PROVIDER_A});
	world_add(w,
		  &(struct world_zone){.apex = "two.com.", .servers = "ns.six.com.=" PROVIDER_B});
	world_add(w,
		  &(struct world_zone){.apex = "six.com.", .servers = "ns.one.com.=" PROVIDER_C});
	world_start(w);
	struct question *a = world_ask_later(w, "www.one.com.", TYPE_A, 0);
	struct question *b = world_ask_later(w, "www.two.com.", TYPE_A, 0);
	struct question *c = world_ask_later(w, "www.six.com.", TYPE_A, 0);
	world_run(w);
	assert_int_equal(a->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(b->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(c->reply->rcode, RCODE_SERVFAIL);
	assert_sent_at_most(w, 12);
	assert_failure_cached(w, "www.one.com.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
}

// A chain of zones each of whose servers is named in the next.
static void sub_queries_nest_eight_deep_at_most(void **state)
{
	static char apexes[14][20], servers[14][60];

	(void)state;
	begin();
	for (int i = 0; i < 14; i++) {
		snprintf(apexes[i], sizeof(apexes[i]), "d%d.com.", i);
		snprintf(servers[i], sizeof(servers[i]), "ns.d%d.com.=203.0.113.%d", i + 1, i + 1);
		world_add(w, &(struct world_zone){.apex = apexes[i], .servers = servers[i]});
	}
	world_add(w,
		  &(struct world_zone){.apex = "d14.com.", .servers = "ns.d14.com.=203.0.113.99"});
	world_start(w);
	struct question *q = world_ask(w, "www.d0.com.", TYPE_A, 0);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_true(world_counter(w, "resolver.too_deep") >= 1);
	assert_sent_at_most(w, 14);
	assert_int_equal(network_sent(&w->network, NULL, "d12.com.", 0), 0);
	// What is near enough is found.
	world_advance(w, 3000);
	assert_int_equal(world_ask(w, "www.d9.com.", TYPE_A, 0)->reply->rcode, RCODE_NXDOMAIN);
}

static void what_nobody_answers_ends_within_four_seconds(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_DROP});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, 0);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_true(q->done_us - q->asked_us <= 4000000);
	world_run(w);
	assert_failure_cached(w, "www.example.com.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
	assert_sent_at_most(w, 16);
	network_heal(&w->network); // until then the root is asked whether our own path is lost
	world_advance(w, 20000);
	assert_int_equal(w->network.channels_open, 0);
}

static void a_client_that_comes_late_is_not_failed_with_the_first(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_DROP, .name = "www.example.com."});
	struct question *first = world_ask_later(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 1000);
	network_heal(&w->network);
	struct question *second = world_ask_later(w, "www.example.com.", TYPE_A, ASK_DO);
	world_run(w);
	assert_answer(first, RCODE_NOERROR, true, EDE_NONE);
	assert_answer(second, RCODE_NOERROR, true, EDE_NONE);
	assert_sent_at_most(w, 8);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

static void a_client_whose_time_is_over_leaves_no_failure_while_others_wait(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_DELAY, .delay_ms = 300, .name = "www.example.com."});
	w->waited_ms = 6800;
	struct question *old = world_ask_later(w, "www.example.com.", TYPE_A, ASK_DO);
	w->waited_ms = 0;
	struct question *young = world_ask_later(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 201);
	assert_true(old->done);
	assert_int_equal(old->reply->rcode, RCODE_SERVFAIL);
	assert_int_not_equal(old->reply->edns.ede, EDE_NONE);
	assert_false(young->done);
	assert_no_failure_cached(w, "www.example.com.", TYPE_A);
	world_run(w);
	assert_answer(young, RCODE_NOERROR, true, EDE_NONE);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_sent_at_most(w, 6);
}

// The hostile client's chain uses up its packets while a benign one waits for a name on the way.
static void a_hostile_starter_does_not_fail_a_benign_joiner(void **state)
{
	static char texts[12][200], servers[12][1400], apexes[12][20];

	(void)state;
	begin();
	add_example(w);
	// Every zone of the hostile chain has many servers that never answer.
	for (int i = 0; i < 11; i++) {
		char *p = servers[i];
		snprintf(apexes[i], sizeof(apexes[i]), "h%d.com.", i);
		if (i < 10)
			snprintf(texts[i], sizeof(texts[i]), "a.h%d.com. 300 IN CNAME a.h%d.com.\n",
				 i, i + 1);
		else
			snprintf(texts[i], sizeof(texts[i]),
				 "a.h%d.com. 300 IN CNAME www.example.com.\n", i);
		for (int k = 0; k < 13; k++)
			p += sprintf(p, "n%d.h%d.com.=203.0.113.%d ", k, i, i * 13 + k + 1);
		world_add(w, &(struct world_zone){
				     .apex = apexes[i], .servers = servers[i], .text = texts[i]});
		// All but the last server refuse.
		for (int k = 0; k < 12; k++) {
			static char addresses[200][20];
			char *address = addresses[i * 13 + k];
			snprintf(address, 20, "203.0.113.%d", i * 13 + k + 1);
			if (i < 9)
				with((struct fault){.kind = FAULT_REFUSED, .server = address});
		}
	}
	// And those that answer do so over TCP only.
	for (int i = 0; i < 9; i++)
		with((struct fault){.kind = FAULT_TRUNCATE,
				    .below = apexes[i],
				    .udp_only = true,
				    .type = TYPE_DNSKEY});
	world_start(w);
	struct question *hostile = world_ask_later(w, "a.h0.com.", TYPE_A, ASK_DO | ASK_TCP);
	while (network_sent(&w->network, NULL, "a.h1.com.", TYPE_A) == 0)
		world_advance(w, 1);
	struct question *benign = world_ask_later(w, "a.h1.com.", TYPE_A, ASK_DO | ASK_TCP);
	world_run(w);
	assert_answer(benign, RCODE_NOERROR, true, EDE_NONE);
	assert_order(benign);
	assert_address(benign, "192.0.2.80");
	assert_true(hostile->done);
	assert_answer(hostile, RCODE_SERVFAIL, false, EDE_OTHER);
	assert_int_equal(world_counter(w, "resolver.exhausted"), 1);
	assert_true(world_counter(w, "resolver.taken_over") >= 1);
	assert_sent_at_most(w, 200);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

// A shared sub-task whose starter's budget ends is taken over by the next who waits for it.
static void a_shared_sub_task_outlives_the_budget_of_its_starter(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_add(w,
		  &(struct world_zone){.apex = "hostile.org.",
				       .servers = "ns.hostile.org.=" PROVIDER_C,
				       .text = "a.hostile.org. 300 IN CNAME www.example.com.\n"});
	world_start(w);
	warm();
	world_ask(w, "nope.hostile.org.", TYPE_A, 0);
	network_forget_log(&w->network);
	// The starter has 300 ms left when its chain comes to the shared name, whose servers need
	// longer than they are given at first.
	with((struct fault){
		.kind = FAULT_DELAY, .delay_ms = 300, .name = "www.example.com.", .type = TYPE_A});
	w->waited_ms = 6700;
	struct question *hostile = world_ask_later(w, "a.hostile.org.", TYPE_A, ASK_DO);
	world_advance(w, 100);
	w->waited_ms = 0;
	assert_true(network_sent(&w->network, NULL, "www.example.com.", TYPE_A) >= 1);
	struct question *benign = world_ask_later(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 201);
	assert_true(hostile->done);
	assert_answer(hostile, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_false(benign->done);
	world_run(w);
	assert_answer(benign, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(world_counter(w, "resolver.exhausted"), 1);
	assert_true(world_counter(w, "resolver.taken_over") >= 1);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_no_failure_cached(w, "www.example.com.", TYPE_A);
	assert_sent_at_most(w, 8);
}

static void an_end_in_the_middle_of_everything_answers_everybody_once(void **state)
{
	(void)state;
	add_example(w = world_new());
	world_add_tlds(w);
	add_plain(w);
	world_start(w);
	with((struct fault){.kind = FAULT_DELAY, .delay_ms = 200});
	for (int i = 0; i < 50; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		assert_non_null(world_ask_later(w, i % 2 ? name : "away.example.com.",
						i % 3 ? TYPE_A : TYPE_ANY, ASK_DO));
		world_advance(w, 7);
	}
	// world_free() sees that each was answered once and nothing is left over.
	assert_true(network_sent(&w->network, NULL, NULL, 0) > 0);
	assert_not_cached(w, "www.plain.org.", TYPE_A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a_thousand_variants_of_one_question_are_one_exchange),
		scenario_common(a_thousand_names_of_a_new_zone_ask_for_it_once),
		scenario(too_many_clients_for_one_question_are_refused),
		scenario(too_many_questions_at_once_are_refused),
		scenario(d7_a_flooded_zone_leaves_half_of_all_places_to_others),
		scenario(d7_what_was_refused_is_held_against_nobody),
		scenario(d7_a_zone_below_its_share_is_never_refused),
		scenario(d7_a_tld_has_a_larger_share),
		scenario(d7_names_in_use_of_the_flooded_zone_are_renewed),
		scenario(a_hundred_name_servers_without_addresses_cost_few_questions),
		scenario(a_referral_to_servers_that_never_answer_ends_in_time),
		scenario(servers_that_all_refuse_are_given_up_before_the_last),
		scenario(irrelevant_records_use_up_the_bytes_of_one_client_only),
		scenario(camp_does_not_pass_the_budget),
		scenario(zones_that_need_each_other_are_given_up_and_remembered),
		scenario(three_zones_that_need_each_other_are_given_up),
		scenario(sub_queries_nest_eight_deep_at_most),
		scenario_common(what_nobody_answers_ends_within_four_seconds),
		scenario_common(a_client_that_comes_late_is_not_failed_with_the_first),
		scenario_common(a_client_whose_time_is_over_leaves_no_failure_while_others_wait),
		scenario(a_hostile_starter_does_not_fail_a_benign_joiner),
		scenario(a_shared_sub_task_outlives_the_budget_of_its_starter),
		scenario(an_end_in_the_middle_of_everything_answers_everybody_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
