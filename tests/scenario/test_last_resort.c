// What serves when every server of a zone has failed: data out of a cache in a server's place (RA
// without AA). Each bound has a test of its own.
#include "tests/scenario/both.h"

static void ra_without_aa_is_the_answer_when_every_server_says_so(void **state)
{
	(void)state;
	both(FAULT_CACHE);
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.90");
	assert_int_equal(world_counter(w, "resolver.last_resort"), 1);
}

static void it_costs_each_server_a_question_and_one_of_them_another(void **state)
{
	(void)state;
	warm();
	both(FAULT_CACHE);
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	assert_sent(w, 3);
	assert_int_equal(w->network.connections, 1);
}

static void ra_without_aa_waits_until_every_other_server_has_failed(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_SERVFAIL, FAULT_REFUSED, FAULT_DROP,
						FAULT_LAME, FAULT_UNREACHABLE};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		warm();
		with((struct fault){.kind = FAULT_CACHE, .server = NS1});
		with((struct fault){.kind = kinds[i], .server = NS2});
		struct question *q = world_ask(w, "www.plain.org.", TYPE_A, 0);
		assert_address(q, "192.0.2.90");
		assert_true(network_sent(&w->network, NS2, "www.plain.org.", TYPE_A) >= 1);
		assert_true(q->done_us - q->asked_us < 3000000);
		// The last resort is what is asked last.
		const struct log_line *last = &w->network.log[w->network.log_count - 1];
		assert_string_equal(last->server, NS1);
		assert_true(last->tcp);
		end_world(state);
	}
}

static void ra_without_aa_is_nothing_while_another_server_answers(void **state)
{
	(void)state;
	warm();
	with((struct fault){.server = NS1,
			    .name = "www.plain.org.",
			    .replace = say,
			    .hook_arg = LINES("an www.plain.org. 300 IN A 203.0.113.66"),
			    .flags = FLAG_RA});
	for (int i = 0; i < 20; i++) {
		assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
		world_advance(w, 310000);
	}
	assert_int_equal(sent_over_tcp("www.plain.org."), 0);
}

// Nobody forges it blindly.
static void ra_without_aa_counts_in_strong_replies_only(void **state)
{
	(void)state;
	warm();
	both(FAULT_RESET);
	with((struct fault){.kind = FAULT_CACHE, .server = NS1, .udp_only = true});
	with((struct fault){.kind = FAULT_CACHE, .server = NS2, .udp_only = true});
	assert_refused("www.plain.org.", TYPE_A);
	assert_true(sent_over_tcp("www.plain.org.") <= 4);
	assert_not_cached(w, "www.plain.org.", TYPE_A);
}

static void ra_without_aa_is_asked_over_tcp(void **state)
{
	(void)state;
	warm();
	both(FAULT_CACHE);
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	assert_int_equal(sent_over_tcp("www.plain.org."), 1);
}

static void two_servers_at_most_are_asked_for_a_last_resort(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){
			     .apex = "plain.org.",
			     .servers = "ns1.plain.org.=192.0.2.20 ns2.plain.org.=198.51.100.20"
					" ns3.plain.org.=203.0.113.20 ns4.plain.org.=203.0.113.21",
			     .text = "www.plain.org. 300 IN A 192.0.2.90\n",
			     .options = {.unsigned_ = true}});
	world_start(w);
	with((struct fault){.kind = FAULT_REFUSED, .below = "plain.org."});
	with((struct fault){.kind = FAULT_CACHE, .below = "plain.org.", .udp_only = true});
	assert_refused("www.plain.org.", TYPE_A);
	assert_int_equal(sent_over_tcp("www.plain.org."), 2);
}

// Sixteen have failed: that is no word of the others, and the end all the same (ATTACKS C4).
static void while_servers_are_left_there_is_no_last_resort(void **state)
{
	char servers[1200] = "";

	(void)state;
	for (int i = 0; i < 20; i++) {
		size_t at = strlen(servers);
		snprintf(servers + at, sizeof(servers) - at, "%sns%d.plain.org.=198.51.%d.20",
			 i > 0 ? " " : "", i % 13, 10 + i);
	}
	begin();
	world_add(w, &(struct world_zone){.apex = "plain.org.",
					  .servers = servers,
					  .text = "www.plain.org. 300 IN A 192.0.2.90\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	with((struct fault){.kind = FAULT_CACHE, .below = "plain.org."});
	assert_refused("www.plain.org.", TYPE_A);
	assert_int_equal(sent_over_tcp("www.plain.org."), 0);
	assert_int_equal(network_sent(&w->network, NULL, "www.plain.org.", TYPE_A), 16);
}

static void see_rd(const struct network_query *query, enum section section, struct builder *b,
		   void *arg)
{
	unsigned *asked = arg;

	if (section == SECTION_ANSWER) {
		*asked += query->rd ? 1000 : 1;
		put(b, section, "www.plain.org. 300 IN A 192.0.2.90");
	}
}

static void it_is_asked_without_rd(void **state)
{
	unsigned asked = 0;

	(void)state;
	warm();
	with((struct fault){
		.name = "www.plain.org.", .replace = see_rd, .hook_arg = &asked, .flags = FLAG_RA});
	assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
	assert_int_equal(asked, 3);
}

static void links_inside_the_zone_count(void **state)
{
	(void)state;
	warm();
	both_say("a.plain.org.", TYPE_A, FLAG_RA,
		 LINES("an a.plain.org. 300 IN CNAME b.plain.org.",
		       "an b.plain.org. 300 IN A 192.0.2.94"));
	struct question *q = world_ask(w, "a.plain.org.", TYPE_A, 0);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.94");
	assert_order(q);
}

// Where they lead outside, that zone's own servers are asked.
static void links_outside_the_zone_do_not(void **state)
{
	(void)state;
	warm();
	both_say("a.plain.org.", TYPE_A, FLAG_RA,
		 LINES("an a.plain.org. 300 IN CNAME www.example.com.",
		       "an www.example.com. 300 IN A 203.0.113.66"));
	struct question *q = world_ask(w, "a.plain.org.", TYPE_A, 0);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.80");
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

static void only_the_rrset_asked_for_is_taken(void **state)
{
	static const char *const zones[] = {"www.plain.org.", "com.", "org.", ".", NULL};

	(void)state;
	warm();
	both_say("www.plain.org.", TYPE_A, FLAG_RA,
		 LINES("an www.plain.org. 300 IN A 192.0.2.90",
		       "an www.plain.org. 300 IN AAAA 2001:db8::66",
		       "an other.plain.org. 300 IN A 203.0.113.66",
		       "ns plain.org. 300 IN NS evil.plain.org.",
		       "ns plain.org. 300 IN SOA a. b. 1 2 3 4 5",
		       "ar evil.plain.org. 300 IN A 203.0.113.66",
		       "ar ns1.plain.org. 300 IN A 203.0.113.66"));
	assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
	assert_not_cached(w, "www.plain.org.", TYPE_AAAA);
	assert_not_cached(w, "other.plain.org.", TYPE_A);
	assert_not_cached(w, "plain.org.", TYPE_NS);
	assert_not_cached(w, "plain.org.", TYPE_SOA);
	assert_cached_only_below(w, zones);
	world_ask(w, "more.plain.org.", TYPE_A, 0);
	assert_int_equal(network_sent(&w->network, "203.0.113.66", NULL, 0), 0);
}

static void a_denial_is_never_a_last_resort(void **state)
{
	(void)state;
	warm();
	both(FAULT_CACHE);
	assert_refused("www.plain.org.", TYPE_AAAA);
	assert_refused("nope.plain.org.", TYPE_A);
	assert_not_cached(w, "www.plain.org.", TYPE_AAAA);
	assert_not_cached(w, "nope.plain.org.", 0);
	both_say("a.plain.org.", TYPE_A, FLAG_RA | RCODE_NXDOMAIN,
		 LINES("an a.plain.org. 300 IN CNAME www.plain.org."));
	assert_refused("a.plain.org.", TYPE_A);
}

// Nor is one at the end of an alias, which counts: where that leads is asked for on its own.
static void nor_is_a_denial_behind_an_alias(void **state)
{
	(void)state;
	warm();
	both_say("alias.plain.org.", TYPE_A, FLAG_RA,
		 LINES("an alias.plain.org. 300 IN CNAME www.plain.org.",
		       "ns plain.org. 300 IN SOA a. b. 1 2 3 4 300"));
	both_say("www.plain.org.", TYPE_A, FLAG_RA, LINES("an www.plain.org. 300 IN A 192.0.2.90"));
	struct question *q = world_ask(w, "alias.plain.org.", TYPE_A, 0);
	assert_address(q, "192.0.2.90");
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 1);
}

static void a_dname_is_never_a_last_resort(void **state)
{
	(void)state;
	warm();
	both(FAULT_CACHE);
	assert_refused("x.old.plain.org.", TYPE_A);
	assert_refused("old.plain.org.", TYPE_DNAME);
	assert_not_cached(w, "old.plain.org.", TYPE_DNAME);
}

static void a_referral_is_never_a_last_resort(void **state)
{

	(void)state;
	warm();
	for (size_t i = 0; i < 2; i++) {
		const char *server = i == 0 ? NS1 : NS2;
		with((struct fault){.server = server,
				    .name = "www.sub.plain.org.",
				    .replace = say,
				    .hook_arg =
					    LINES("ns sub.plain.org. 300 IN NS ns.sub.plain.org.",
						  "ar ns.sub.plain.org. 300 IN A 203.0.113.66"),
				    .flags = FLAG_RA});
		with((struct fault){.server = server,
				    .name = "www.sub.plain.org.",
				    .replace = say,
				    .hook_arg = LINES("an www.sub.plain.org. 300 IN A 192.0.2.95"),
				    .flags = FLAG_RA,
				    .udp_only = true});
	}
	assert_refused("www.sub.plain.org.", TYPE_A);
	assert_int_equal(sent_over_tcp("www.sub.plain.org."), 2);
	assert_int_equal(network_sent(&w->network, "203.0.113.66", NULL, 0), 0);
}

static void types_that_others_rest_on_are_never_a_last_resort(void **state)
{
	(void)state;
	warm();
	both(FAULT_CACHE);
	assert_refused("plain.org.", TYPE_NS);
	assert_refused("plain.org.", TYPE_DNSKEY);
	assert_not_cached(w, "plain.org.", TYPE_NS);
}

// A name of a server in that zone has an address for clients; no zone is found by it.
static void its_addresses_are_no_addresses_of_servers(void **state)
{
	(void)state;
	begin();
	add_plain(w);
	world_add(w, &(struct world_zone){.apex = "shop.com.",
					  .servers = "host.plain.org.=" PROVIDER_C,
					  .text = "www.shop.com. 300 IN A 192.0.2.91\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	both(FAULT_CACHE);
	assert_address(world_ask(w, "host.plain.org.", TYPE_A, 0), PROVIDER_C);
	assert_refused("www.shop.com.", TYPE_A);
	assert_int_equal(network_sent(&w->network, PROVIDER_C, NULL, 0), 0);
}

static void it_lives_for_thirty_seconds(void **state)
{
	struct entry_facts facts;

	(void)state;
	warm();
	both(FAULT_CACHE);
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, 0);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s, 30);
	assert_true(world_cached(w, "www.plain.org.", TYPE_A, &facts));
	assert_int_equal(facts.expires_ms - facts.created_ms, 30000);
	assert_int_equal(facts.provenance, FROM_NON_AUTHORITY);
	assert_int_equal(facts.security, SECURITY_INSECURE);
	network_forget_log(&w->network);
	world_advance(w, 29000);
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	assert_sent(w, 0);
}

static void it_is_not_prefetched(void **state)
{
	(void)state;
	warm();
	both(FAULT_CACHE);
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	world_advance(w, 28000);
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	network_forget_log(&w->network);
	world_advance(w, 1900);
	assert_sent(w, 0);
	assert_int_equal(world_counter(w, "resolver.prefetched"), 0);
}

static void it_is_never_stale(void **state)
{
	(void)state;
	warm();
	both(FAULT_CACHE);
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	world_advance(w, 31000);
	both(FAULT_DROP);
	assert_refused("www.plain.org.", TYPE_A);
}

// What the zone said itself is kept for the day when nobody says anything.
static void stale_data_with_authority_outlive_it(void **state)
{
	(void)state;
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	world_advance(w, 310000);
	both_say("www.plain.org.", TYPE_A, FLAG_RA, LINES("an www.plain.org. 300 IN A 192.0.2.94"));
	assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.94");
	world_advance(w, 31000);
	both(FAULT_DROP);
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, 0);
	assert_int_equal(q->reply->rcode, RCODE_NOERROR);
	assert_address(q, "192.0.2.90");
}

static void unsigned_data_of_a_signed_zone_are_no_last_resort(void **state)
{
	static const char *const servers[] = {PROVIDER_A, PROVIDER_B};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		with((struct fault){.server = servers[i],
				    .name = "www.example.com.",
				    .replace = say,
				    .hook_arg = LINES("an www.example.com. 300 IN A 203.0.113.66"),
				    .flags = FLAG_RA});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
	assert_not_cached(w, "www.example.com.", TYPE_A);
	q = world_ask(w, "www.example.com.", TYPE_A, ASK_CD);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
	// Nobody called the zone bogus for what a cache said.
	assert_int_equal(world_counter(w, "resolver.bogus"), 0);
}

static void signed_data_prove_themselves(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_CACHE, .server = PROVIDER_A});
	with((struct fault){.kind = FAULT_CACHE, .server = PROVIDER_B});
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	struct entry_facts facts;
	assert_true(world_cached(w, "www.example.com.", TYPE_A, &facts));
	assert_int_equal(facts.expires_ms - facts.created_ms, 300000);
	assert_int_equal(world_counter(w, "resolver.last_resort"), 0);
}

// A zone with signatures that no parent vouches for is an unsigned one.
static void signatures_that_nobody_vouches_for_are_none(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "island.org.",
					  .servers = "ns.island.org.=" PROVIDER_A,
					  .text = "www.island.org. 300 IN A 192.0.2.96\n",
					  .no_ds = true});
	world_start(w);
	with((struct fault){.kind = FAULT_CACHE, .server = PROVIDER_A});
	struct question *q = world_ask(w, "www.island.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.96");
	struct entry_facts facts;
	assert_true(world_cached(w, "www.island.org.", TYPE_A, &facts));
	assert_int_equal(facts.provenance, FROM_NON_AUTHORITY);
}

// The way down to a full name, where each name above it is denied by a cache.
static void minimised_names_that_a_cache_denies_are_passed_by(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "plain.org.",
					  .servers = "ns1.plain.org.=" NS1 " ns2.plain.org.=" NS2,
					  .text = "a.b.plain.org. 300 IN A 192.0.2.97\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	both(FAULT_CACHE);
	both_say("b.plain.org.", 0, FLAG_RA | RCODE_NXDOMAIN,
		 LINES("ns plain.org. 300 IN SOA a. b. 1 2 3 4 5"));
	assert_address(world_ask(w, "a.b.plain.org.", TYPE_A, 0), "192.0.2.97");
}

// A forwarder's answer is what it is; recursion after one's failure has its own last resort.
static void in_a_stub_zone_it_is_a_last_resort_too(void **state)
{
	(void)state;
	begin();
	add_plain(w);
	world_route(w, "plain.org.", false, "203.0.113.50")->dnssec = ROUTE_INSECURE;
	world_start(w);
	world_serve_all(w, "203.0.113.50");
	with((struct fault){.kind = FAULT_CACHE, .server = "203.0.113.50"});
	assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
	assert_int_equal(sent_over_tcp("www.plain.org."), 1);
	assert_refused("nope.plain.org.", TYPE_A);
}

// Where recursion follows, that is the way out.
static void where_a_stub_zone_falls_back_to_recursion_it_does_that(void **state)
{
	(void)state;
	begin();
	add_plain(w);
	struct route *route = world_route(w, "plain.org.", false, "203.0.113.50");
	route->dnssec = ROUTE_INSECURE;
	route->first = true;
	world_start(w);
	world_serve_all(w, "203.0.113.50");
	with((struct fault){.kind = FAULT_CACHE, .server = "203.0.113.50"});
	assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
	assert_int_equal(sent_over_tcp("www.plain.org."), 0);
	assert_int_equal(world_counter(w, "resolver.last_resort"), 0);
}

// Nothing is known better for it: neither a server, nor a zone that has failed.
static void it_is_evidence_of_nothing(void **state)
{
	struct address address = {.family = 4, .bytes = {192, 0, 2, 20}};
	struct server_facts facts;

	(void)state;
	warm();
	both(FAULT_CACHE);
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	upstream_server_facts(w->upstream, text_name("plain.org."), &address, &facts);
	assert_true(facts.fails > 0);
	assert_int_equal(facts.cause, SERVER_LAME);
	assert_int_equal(world_counter(w, "resolver.recovered"), 0);
}

// Whether a zone that has failed is back is seen by what its servers say as such.
static void what_looks_whether_a_zone_is_back_takes_none(void **state)
{
	(void)state;
	warm();
	world_advance(w, 3000);
	both(FAULT_CACHE);
	for (unsigned i = 0; i < 50; i++) {
		assert_refused("www.plain.org.", TYPE_TXT);
		world_advance(w, 100);
	}
	assert_true(world_counter(w, "resolver.recovery_probes") > 0);
	assert_true(network_sent(&w->network, NULL, "plain.org.", TYPE_SOA) > 0);
	assert_int_equal(sent_over_tcp("plain.org."), 0);
	assert_int_equal(world_counter(w, "resolver.last_resort"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(ra_without_aa_is_the_answer_when_every_server_says_so),
		scenario_common(it_costs_each_server_a_question_and_one_of_them_another),
		cmocka_unit_test(ra_without_aa_waits_until_every_other_server_has_failed),
		scenario_common(ra_without_aa_is_nothing_while_another_server_answers),
		scenario_common(ra_without_aa_counts_in_strong_replies_only),
		scenario_common(ra_without_aa_is_asked_over_tcp),
		scenario(two_servers_at_most_are_asked_for_a_last_resort),
		scenario(while_servers_are_left_there_is_no_last_resort),
		scenario_common(it_is_asked_without_rd),
		scenario_common(links_inside_the_zone_count),
		scenario_common(links_outside_the_zone_do_not),
		scenario_common(only_the_rrset_asked_for_is_taken),
		scenario_common(a_denial_is_never_a_last_resort),
		scenario_common(a_dname_is_never_a_last_resort),
		scenario_common(a_referral_is_never_a_last_resort),
		scenario_common(types_that_others_rest_on_are_never_a_last_resort),
		scenario(its_addresses_are_no_addresses_of_servers),
		scenario_common(it_lives_for_thirty_seconds),
		scenario_common(it_is_not_prefetched),
		scenario_common(it_is_never_stale),
		scenario_common(stale_data_with_authority_outlive_it),
		scenario_common(unsigned_data_of_a_signed_zone_are_no_last_resort),
		scenario_common(signed_data_prove_themselves),
		scenario(signatures_that_nobody_vouches_for_are_none),
		scenario(minimised_names_that_a_cache_denies_are_passed_by),
		scenario(in_a_stub_zone_it_is_a_last_resort_too),
		scenario(where_a_stub_zone_falls_back_to_recursion_it_does_that),
		scenario_common(it_is_evidence_of_nothing),
		scenario_common(what_looks_whether_a_zone_is_back_takes_none),
		scenario_common(nor_is_a_denial_behind_an_alias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
