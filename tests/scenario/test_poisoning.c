#include "tests/scenario/zones.h"

static void warm_plain(void)
{
	world_ask(w, "www.plain.org.", TYPE_MX, 0);
	network_forget_log(&w->network);
}

// ATTACKS A1, A10: packets that do not match are ignored, the wait goes on.
static void what_does_not_match_is_ignored_until_the_answer_comes(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_WRONG_ID, FAULT_WRONG_QUESTION,
						FAULT_MALFORMED};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		warm_plain();
		with((struct fault){.kind = kinds[i], .then_good = true});
		struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		assert_address(q, "192.0.2.90");
		assert_sent(w, 1);
		assert_cached(w, "www.plain.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
		end_world(state);
	}
}

// ATTACKS A1
static void a_case_that_does_not_come_back_is_asked_for_again(void **state)
{
	(void)state;
	warm_plain();
	with((struct fault){.kind = FAULT_WRONG_CASE, .udp_only = true});
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_int_equal(w->network.connections, 0); // two replies agree
	assert_sent(w, 2);
	assert_cached(w, "www.plain.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
}

static void add(struct builder *b, enum section section, const char *line)
{
	struct text_record record;

	text_record(line, &record);
	builder_record(b, section, record.owner, record.type, CLASS_IN, record.ttl_s, record.rdata,
		       record.rdlen);
}

// Every kind of record that such a server has no business sending.
static void poison(const struct network_query *query, enum section section, struct builder *b,
		   void *arg)
{
	(void)arg;
	(void)query;
	switch (section) {
	case SECTION_ANSWER:
		add(b, section, "www.victim.com. 300 IN A 203.0.113.66");
		add(b, section, "other.plain.org. 300 IN A 203.0.113.66");
		break;
	case SECTION_AUTHORITY:
		add(b, section, "victim.com. 300 IN NS ns.evil.org.");
		add(b, section, "com. 300 IN NS ns.evil.org.");
		add(b, section, "plain.org. 300 IN NS ns.evil.org.");
		add(b, section, "www.plain.org. 300 IN NS ns.evil.org.");
		add(b, section, "www.victim.com. 300 IN A 203.0.113.66");
		break;
	case SECTION_ADDITIONAL:
		add(b, section, "ns.evil.org. 300 IN A 203.0.113.66");
		add(b, section, "ns1.victim.com. 300 IN A 203.0.113.66");
		add(b, section, "ns1.plain.org. 300 IN A 203.0.113.66");
		add(b, section, "www.victim.com. 300 IN A 203.0.113.66");
		break;
	default:
		break;
	}
}

// ATTACKS A7
static void records_that_do_not_belong_are_dropped(void **state)
{
	(void)state;
	begin();
	add_plain(w);
	world_add(w, &(struct world_zone){.apex = "victim.com.",
					  .servers = "ns1.victim.com.=" PROVIDER_A,
					  .text = "www.victim.com. 300 IN A 192.0.2.55\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	network_serve(&w->network, "203.0.113.66", NULL);
	with((struct fault){.server = "192.0.2.20", .decorate = poison});
	with((struct fault){.server = "198.51.100.20", .decorate = poison});
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.90");
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 1);
	world_ask(w, "www.plain.org.", TYPE_MX, 0);
	world_ask(w, "nope.plain.org.", TYPE_A, 0);
	assert_not_cached(w, "other.plain.org.", TYPE_A);
	assert_not_cached(w, "ns1.plain.org.", TYPE_A);
	assert_not_cached(w, "www.victim.com.", TYPE_A);
	assert_not_cached(w, "victim.com.", TYPE_NS);
	assert_not_cached(w, "ns.evil.org.", TYPE_A);
	assert_not_cached(w, "ns1.victim.com.", TYPE_A);
	q = world_ask(w, "www.victim.com.", TYPE_A, 0);
	assert_address(q, "192.0.2.55");
	world_ask(w, "x.plain.org.", TYPE_A, 0);
	assert_int_equal(network_sent(&w->network, "203.0.113.66", NULL, 0), 0);
	assert_int_equal(network_sent(&w->network, "nobody", NULL, 0), 0);
	static const char *const zones[] = {"plain.org.", "victim.com.", "org.", "com.", ".", NULL};
	assert_cached_only_below(w, zones);
}

static void speak_for_a_child(const struct network_query *query, enum section section,
			      struct builder *b, void *arg)
{
	(void)arg;
	(void)query;
	if (section == SECTION_ANSWER)
		add(b, section, "www.sub.plain.org. 300 IN A 203.0.113.66");
}

// ATTACKS A7: what a zone's servers add about names of a zone delegated to others.
static void a_parent_does_not_speak_for_a_child_that_is_known(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "plain.org.",
					  .servers = "ns.plain.org.=" PROVIDER_A,
					  .text = "a.plain.org. 300 IN CNAME www.sub.plain.org.\n",
					  .options = {.unsigned_ = true}});
	world_add(w, &(struct world_zone){.apex = "sub.plain.org.",
					  .servers = "ns.sub.plain.org.=" PROVIDER_B,
					  .text = "www.sub.plain.org. 300 IN A 192.0.2.93\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	world_ask(w, "sub.plain.org.", TYPE_MX, 0);
	with((struct fault){.server = PROVIDER_A, .decorate = speak_for_a_child});
	struct question *q = world_ask(w, "a.plain.org.", TYPE_A, 0);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_order(q);
	assert_address(q, "192.0.2.93");
	assert_int_equal(network_sent(&w->network, PROVIDER_B, "www.sub.plain.org.", TYPE_A), 1);
	assert_cached(w, "www.sub.plain.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
}

// ATTACKS A9: a forwarder for one zone says what it likes about others.
static void lie(const struct network_query *query, enum section section, struct builder *b,
		void *arg)
{
	char name[NAME_TEXT_MAX], line[1200];

	(void)arg;
	if (section == SECTION_ANSWER && name_equal(query->name, text_name("www.corp.com."))) {
		snprintf(line, sizeof(line), "%s 300 IN CNAME www.example.com.",
			 name_to_text(query->name, name));
		add(b, section, line);
		add(b, section, "www.example.com. 300 IN A 203.0.113.66");
	}
	if (section == SECTION_AUTHORITY) {
		add(b, section, "com. 300 IN NS ns.evil.org.");
		add(b, section, "example.com. 300 IN NS ns.evil.org.");
	}
	if (section == SECTION_ADDITIONAL)
		add(b, section, "ns.evil.org. 300 IN A 203.0.113.66");
}

static void add_corp_route(bool forward, bool first)
{
	world_route(w, "corp.com.", forward, "203.0.113.50")->first = first;
}

static void a_forwarder_is_only_believed_about_its_zone(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "corp.com.",
					  .servers = "ns.corp.com.=" PROVIDER_C,
					  .options = {.unsigned_ = true}});
	add_corp_route(true, false);
	network_serve(&w->network, "203.0.113.50", NULL);
	with((struct fault){.server = "203.0.113.50", .replace = lie, .flags = FLAG_RA});
	world_start(w);
	struct question *q = world_ask(w, "www.corp.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_order(q);
	assert_address(q, "192.0.2.80"); // by its own zone's servers
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_int_equal(network_sent(&w->network, "203.0.113.50", "www.example.com.", 0), 0);
	assert_int_equal(network_sent(&w->network, "203.0.113.66", NULL, 0), 0);
	assert_int_equal(network_sent(&w->network, "nobody", NULL, 0), 0);
	assert_not_cached(w, "com.", TYPE_NS);
	struct entry_facts facts;
	assert_true(world_cached(w, "www.corp.com.", TYPE_CNAME, &facts));
	assert_int_equal(facts.provenance, FROM_FORWARDER);
	assert_int_equal(facts.security, SECURITY_INSECURE);
}

static void a_forwarder_that_fails_is_passed_by_only_when_told_to(void **state)
{
	(void)state;
	for (int first = 0; first <= 1; first++) {
		begin();
		world_add(w, &(struct world_zone){.apex = "corp.com.",
						  .servers = "ns.corp.com.=" PROVIDER_C,
						  .text = "www.corp.com. 300 IN A 192.0.2.60\n"});
		add_corp_route(true, first);
		network_serve(&w->network, "203.0.113.50", NULL);
		with((struct fault){.server = "203.0.113.50", .kind = FAULT_SERVFAIL});
		world_start(w);
		struct question *q = world_ask(w, "www.corp.com.", TYPE_A, ASK_DO);
		if (first) {
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_cached(w, "www.corp.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
		} else {
			assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
			assert_not_cached(w, "www.corp.com.", TYPE_A);
			// Once again, and the last try: over TCP, without mixed case and cookie.
			assert_sent(w, 3);
		}
		end_world(state);
	}
}

static void a_stub_zone_asks_its_servers(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "corp.com.",
					  .servers = "ns.corp.com.=203.0.113.50",
					  .text = "www.corp.com. 300 IN A 192.0.2.60\n"
						  "a.b.corp.com. 300 IN A 192.0.2.61\n"});
	add_corp_route(false, false);
	world_start(w);
	struct question *q = world_ask(w, "www.corp.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.60");
	assert_int_equal(network_sent(&w->network, "203.0.113.50", "www.corp.com.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, NULL, "corp.com.", TYPE_A), 0);
	assert_cached(w, "www.corp.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	with((struct fault){.server = "203.0.113.50", .kind = FAULT_DROP});
	assert_int_equal(world_ask(w, "a.b.corp.com.", TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
}

static void nothing(const struct network_query *query, enum section section, struct builder *b,
		    void *arg)
{
	(void)query;
	(void)section;
	(void)b;
	(void)arg;
}

// ATTACKS A12
static void a_nxdomain_of_the_parent_does_not_hide_a_configured_zone(void **state)
{
	(void)state;
	begin();
	world_route(w, "corp.internal.", true, "203.0.113.50")->dnssec = ROUTE_INSECURE;
	world_add(w, &(struct world_zone){.apex = "hidden.com.", // serves the forwarder's data
					  .servers = "ns.hidden.com.=" PROVIDER_C});
	network_serve(&w->network, "203.0.113.50", NULL);
	world_start(w);
	with((struct fault){.server = "203.0.113.50", .replace = nothing, .flags = FLAG_RA});
	assert_answer(world_ask(w, "internal.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true, EDE_NONE);
	assert_cached(w, "internal.", 0, ENTRY_NXDOMAIN, SECURITY_SECURE);
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "www.corp.internal.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_NOERROR);
	// In mixed case, and in one.
	assert_int_equal(network_sent(&w->network, "203.0.113.50", NULL, 0), 2);
}

static void nor_does_a_dname_above_it(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "x.old.example.com.",
					  .servers = "ns.x.old.example.com.=203.0.113.50",
					  .text = "x.old.example.com. 300 IN A 192.0.2.60\n",
					  .options = {.unsigned_ = true}});
	world_route(w, "x.old.example.com.", false, "203.0.113.50")->dnssec = ROUTE_INSECURE;
	world_start(w);
	world_undelegate(w, "x.old.example.com.");
	// All that a redirection would take is in the cache.
	world_ask(w, "y.old.example.com.", TYPE_A, ASK_DO);
	assert_cached(w, "old.example.com.", TYPE_DNAME, ENTRY_DNAME, SECURITY_SECURE);
	assert_address(world_ask(w, "x.new.example.com.", TYPE_A, ASK_DO), "192.0.2.83");
	for (int i = 0; i < 2; i++)
		assert_address(world_ask(w, "x.old.example.com.", TYPE_A, ASK_DO), "192.0.2.60");
}

// ATTACKS A13
static void wrong_negative(const struct network_query *query, enum section section,
			   struct builder *b, void *arg)
{
	(void)arg;
	(void)query;
	if (section == SECTION_AUTHORITY)
		add(b, section, "com. 300 IN SOA a. b. 1 2 3 4 300");
}

static void a13_a_denial_by_a_zone_above_is_no_denial(void **state)
{
	(void)state;
	warm_plain();
	with((struct fault){.server = "192.0.2.20",
			    .replace = wrong_negative,
			    .flags = FLAG_AA | RCODE_NXDOMAIN});
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.90");
	assert_not_cached(w, "www.plain.org.", 0);
	assert_sent_at_most(w, 2);
}

// ATTACKS A13
static void a13_an_unproven_denial_in_a_signed_zone_is_bogus(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	network_forget_log(&w->network);
	with((struct fault){
		.kind = FAULT_NXDOMAIN, .name = "www.example.com.", .server = PROVIDER_A});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_not_cached(w, "www.example.com.", 0);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_sent_at_most(w, 6); // what one denies is asked for once more in one case
}

// ATTACKS A14
static void servers_at_addresses_that_nobody_may_ask_are_never_asked(void **state)
{
	(void)state;
	begin();
	world_add(w,
		  &(struct world_zone){.apex = "self.com.",
				       .servers = "n1.self.com.=0.0.0.0 n2.self.com.=127.0.0.1 "
						  "n3.self.com.=224.0.0.1 n4.self.com.=192.0.2.53 "
						  "n5.self.com.=255.255.255.255",
				       .text = "www.self.com. 300 IN A 192.0.2.1\n"});
	world_start(w);
	struct address own;
	assert_int_equal(address_from_text("192.0.2.53", &own), 0);
	upstream_own_address_add(w->upstream, &own);
	struct question *q = world_ask(w, "www.self.com.", TYPE_A, 0);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_sent(w, 2);
	assert_not_cached(w, "www.self.com.", TYPE_A);
	assert_failure_cached(w, "www.self.com.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
}

// ATTACKS E1
static void ask_below_victim(unsigned i)
{
	char name[60];

	snprintf(name, sizeof(name), "n%u.victim.com.", i);
	world_ask(w, name, TYPE_A, 0);
	snprintf(name, sizeof(name), "n%u.deep.victim.com.", i);
	world_ask(w, name, TYPE_A, 0);
	world_ask(w, "victim.com.", TYPE_NS, 0);
	world_ask(w, "ns.victim.com.", TYPE_A, 0);
}

static void a_revoked_delegation_dies_whatever_its_child_says(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "victim.com.",
					  .servers = "ns.victim.com.=" PROVIDER_A,
					  .text = "*.victim.com. 60 IN A 203.0.113.66\n",
					  .ns_ttl_s = 300,
					  .options = {.unsigned_ = true}});
	world_add(w, &(struct world_zone){.apex = "deep.victim.com.",
					  .servers = "ns.deep.victim.com.=" PROVIDER_B,
					  .text = "*.deep.victim.com. 60 IN A 203.0.113.66\n",
					  .ns_ttl_s = 86400,
					  .options = {.unsigned_ = true}});
	w->config.stale_s = 0;
	world_start(w);
	ask_below_victim(0);
	world_undelegate(w, "victim.com.");
	for (unsigned i = 1; i <= 40; i++) {
		world_advance(w, 22500); // 3 TTLs in all
		ask_below_victim(i);
	}
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "last.victim.com.", TYPE_A, 0);
	assert_int_equal(q->reply->rcode, RCODE_NXDOMAIN);
	q = world_ask(w, "last.deep.victim.com.", TYPE_A, 0);
	assert_int_equal(q->reply->rcode, RCODE_NXDOMAIN);
	assert_int_equal(network_sent(&w->network, PROVIDER_A, NULL, 0), 0);
	assert_int_equal(network_sent(&w->network, PROVIDER_B, NULL, 0), 0);
	assert_not_cached(w, "last.victim.com.", TYPE_A);
}

// ATTACKS E2
static void impossible_ttls(const struct network_query *query, enum section section,
			    struct builder *b, void *arg)
{
	char line[200];

	(void)query;
	snprintf(line, sizeof(line), "www.plain.org. %s IN A 192.0.2.90", (const char *)arg);
	if (section == SECTION_ANSWER)
		add(b, section, line);
}

static void ttls_are_clamped(void **state)
{
	static const struct {
		const char *sent;
		uint64_t kept_s;
	} rows[] = {{"0", 0},          {"1", 1},         {"86401", 86400}, {"2147483647", 86400},
		    {"2147483648", 0}, {"4294967295", 0}};

	(void)state;
	warm_plain();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct entry_facts facts;
		network_heal(&w->network);
		cache_flush_name(store_cache(w->store), text_name("www.plain.org."));
		with((struct fault){.replace = impossible_ttls,
				    .hook_arg = (void *)(uintptr_t)rows[i].sent,
				    .flags = FLAG_AA});
		struct question *q = world_ask(w, "www.plain.org.", TYPE_A, 0);
		assert_address(q, "192.0.2.90");
		assert_int_equal(q->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s,
				 rows[i].kept_s);
		bool cached = world_cached(w, "www.plain.org.", TYPE_A, &facts);
		assert_int_equal(cached, rows[i].kept_s > 0);
		if (cached)
			assert_int_equal(facts.expires_ms - facts.created_ms,
					 rows[i].kept_s * 1000);
	}
	assert_sent(w, sizeof(rows) / sizeof(rows[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(what_does_not_match_is_ignored_until_the_answer_comes),
		scenario_common(a_case_that_does_not_come_back_is_asked_for_again),
		scenario(records_that_do_not_belong_are_dropped),
		scenario(a_parent_does_not_speak_for_a_child_that_is_known),
		scenario(a_forwarder_is_only_believed_about_its_zone),
		scenario(a_forwarder_that_fails_is_passed_by_only_when_told_to),
		scenario(a_stub_zone_asks_its_servers),
		scenario(a_nxdomain_of_the_parent_does_not_hide_a_configured_zone),
		scenario(nor_does_a_dname_above_it),
		scenario_common(a13_a_denial_by_a_zone_above_is_no_denial),
		scenario_common(a13_an_unproven_denial_in_a_signed_zone_is_bogus),
		scenario(servers_at_addresses_that_nobody_may_ask_are_never_asked),
		scenario(a_revoked_delegation_dies_whatever_its_child_says),
		scenario_common(ttls_are_clamped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
