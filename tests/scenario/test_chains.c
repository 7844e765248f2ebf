#include "tests/scenario/zones.h"

static void a_chain_inside_a_zone_takes_one_question(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "alias.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_order(q);
	assert_address(q, "192.0.2.80");
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_RRSIG), 2);
	assert_sent(w, 1);
	// Each link was validated and kept on its own.
	assert_cached(w, "alias.example.com.", TYPE_CNAME, ENTRY_CNAME, SECURITY_SECURE);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	world_ask(w, "www.example.com.", TYPE_A, 0);
	assert_sent(w, 1);
}

static void add_unsigned_target(const struct network_query *query, enum section section,
				struct builder *b, void *arg)
{
	struct text_record record;

	(void)query, (void)arg;
	if (section != SECTION_ANSWER)
		return;
	text_record("target.example.com. 300 IN A 203.0.113.66", &record);
	builder_record(b, section, record.owner, record.type, CLASS_IN, record.ttl_s, record.rdata,
		       record.rdlen);
}

// RFC 2181 §5.4.1
static void an_unsigned_target_beside_a_signed_alias_is_asked_for_on_its_own(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){
			     .apex = "example.com.",
			     .servers = "ns1.example.com.=" PROVIDER_A,
			     .text = "alias.example.com. 300 IN CNAME target.example.com.\n"
				     "target.example.com. 300 IN TXT \"no address\"\n"});
	world_start(w);
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	network_forget_log(&w->network);
	with((struct fault){.server = PROVIDER_A,
			    .name = "alias.example.com.",
			    .decorate = add_unsigned_target});
	struct question *q = world_ask(w, "alias.example.com.", TYPE_A, ASK_DO);
	// What the server denies under its own name, with a proof, is what holds.
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_A), 0);
	assert_int_equal(network_sent(&w->network, NULL, "target.example.com.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, NULL, "target.example.com.", TYPE_DS), 0);
	assert_cached(w, "target.example.com.", TYPE_A, ENTRY_NODATA, SECURITY_SECURE);
}

// RFC 4035 §5: links before a bad one hold, and nothing behind it does.
static void a_target_that_does_not_validate_is_asked_for_on_its_own(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	network_forget_log(&w->network);
	with((struct fault){.kind = FAULT_FORGED, .name = "alias.example.com."});
	struct question *q = world_ask(w, "alias.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.80");
	assert_int_equal(network_sent(&w->network, NULL, "www.example.com.", TYPE_A), 1);
	assert_cached(w, "alias.example.com.", TYPE_CNAME, ENTRY_CNAME, SECURITY_SECURE);
}

static void forge_alias(const struct network_query *query, enum section section, struct builder *b,
			void *arg)
{
	static const char *const lines[] = {"n1.plain.org. 300 IN CNAME www.plain.org.",
					    "www.plain.org. 86400 IN A 203.0.113.66"};
	struct text_record record;

	(void)query, (void)arg;
	for (size_t i = 0; section == SECTION_ANSWER && i < 2; i++) {
		text_record(lines[i], &record);
		builder_record(b, section, record.owner, record.type, CLASS_IN, record.ttl_s,
			       record.rdata, record.rdlen);
	}
}

static void deny_target(const struct network_query *query, enum section section, struct builder *b,
			void *arg)
{
	struct text_record record;

	(void)query, (void)arg;
	text_record(section == SECTION_ANSWER
			    ? "n2.plain.org. 300 IN CNAME www.plain.org."
			    : "plain.org. 300 IN SOA a.plain.org. b.plain.org. 1 2 3 4 3600",
		    &record);
	if (section <= SECTION_AUTHORITY)
		builder_record(b, section, record.owner, record.type, CLASS_IN, record.ttl_s,
			       record.rdata, record.rdlen);
}

// Who forges the alias of a name that nobody has asked for before, as often as it takes, gets
// nothing else of the zone into the cache with it (RFC 2181 §5.4.1).
static void an_alias_in_an_unsigned_zone_speaks_for_itself_only(void **state)
{
	(void)state;
	with((struct fault){.name = "n1.plain.org.", .replace = forge_alias, .flags = FLAG_AA});
	with((struct fault){.name = "n2.plain.org.",
			    .replace = deny_target,
			    .flags = FLAG_AA | RCODE_NXDOMAIN});
	assert_address(world_ask(w, "n1.plain.org.", TYPE_A, 0), "192.0.2.90");
	assert_int_equal(network_sent(&w->network, NULL, "www.plain.org.", TYPE_A), 1);
	struct question *q = world_ask(w, "n2.plain.org.", TYPE_AAAA, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_not_cached(w, "www.plain.org.", 0);
	assert_address(world_ask(w, "www.plain.org.", TYPE_A, 0), "192.0.2.90");
}

static void an_alias_that_came_over_tcp_brings_its_target(void **state)
{
	(void)state;
	world_ask(w, "www.plain.org.", TYPE_MX, 0);
	with((struct fault){.name = "n1.plain.org.",
			    .replace = forge_alias,
			    .flags = FLAG_AA,
			    .kind = FAULT_TRUNCATE});
	network_forget_log(&w->network);
	world_ask(w, "n1.plain.org.", TYPE_A, 0);
	assert_int_equal(network_sent(&w->network, NULL, "www.plain.org.", TYPE_A), 0);
}

static void a_chain_out_of_a_secure_zone_is_as_insecure_as_its_end(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "away.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_order(q);
	assert_address(q, "192.0.2.90");
	assert_cached(w, "away.example.com.", TYPE_CNAME, ENTRY_CNAME, SECURITY_SECURE);
	assert_cached(w, "www.plain.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
	assert_sent(w, 9);
}

static void a_chain_out_of_an_insecure_zone_is_insecure(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "back.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_order(q);
	assert_address(q, "192.0.2.80");
	assert_cached(w, "back.plain.org.", TYPE_CNAME, ENTRY_CNAME, SECURITY_INSECURE);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_sent(w, 9);
}

// ATTACKS O11
static void the_order_survives_a_chain_that_is_partly_expired(void **state)
{
	(void)state;
	world_ask(w, "away.example.com.", TYPE_A, 0);
	network_forget_log(&w->network);
	world_advance(w, 61000); // the CNAME has expired, its target has not
	struct question *q = world_ask(w, "away.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_order(q);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 1);
	assert_sent(w, 1);
	network_forget_log(&w->network);
	world_advance(w, 241000); // now the target has, and the CNAME is asked for anew as well
	q = world_ask(w, "away.example.com.", TYPE_A, ASK_DO);
	assert_order(q);
	assert_address(q, "192.0.2.90");
	// So has the proof that plain.org. has no DS: the NSEC3 in the referral was for 300 s, and
	// says nothing for longer than in an answer (RFC 4035 §4.5).
	assert_int_equal(network_sent(&w->network, NULL, "plain.org.", TYPE_DS), 1);
	assert_sent(w, 3);
	// And the target alone: the CNAME comes from the cache.
	network_forget_log(&w->network);
	cache_flush_type(store_cache(w->store), text_name("www.plain.org."), TYPE_A);
	q = world_ask(w, "away.example.com.", TYPE_A, ASK_DO);
	assert_order(q);
	assert_sent(w, 1);
	assert_cached(w, "www.plain.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
}

static void a8_a_dname_is_validated_and_rewrites(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "x.old.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.83");
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DNAME), 1);
	assert_string_equal(question_data(q, TYPE_CNAME, 0), "x.new.example.com.");
	assert_cached(w, "old.example.com.", TYPE_DNAME, ENTRY_DNAME, SECURITY_SECURE);
	assert_not_cached(w, "x.old.example.com.", TYPE_CNAME);
	assert_int_equal(w->network.connections, 0);
	network_forget_log(&w->network);
	q = world_ask(w, "nope.old.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, true, EDE_NONE);
	assert_int_equal(network_sent(&w->network, NULL, "nope.old.example.com.", 0), 0);
	assert_int_equal(network_sent(&w->network, NULL, "nope.new.example.com.", 0), 1);
}

// A question for CNAME is answered by a CNAME, also by the one that a DNAME makes, whether there is
// anything where it leads or not, and whatever was asked before.
static void a_question_for_cname_below_a_dname_ends_there(void **state)
{
	static const char *const names[] = {"x", "missing", "again"};
	static const char *const zones[] = {"example.com.", "plain.org."};

	(void)state;
	for (size_t zone = 0; zone < 2; zone++) {
		for (size_t i = 0; i < 6; i++) {
			char name[64], target[64];
			snprintf(name, sizeof(name), "%s.old.%s", names[i % 3], zones[zone]);
			snprintf(target, sizeof(target), "%s.new.%s", names[i % 3], zones[zone]);
			if (i == 2) { // the DNAME alone, and what is not below it
				cache_flush_name(store_cache(w->store), text_name(name));
				world_ask(w, name, TYPE_A, ASK_DO);
			}
			struct question *q = world_ask(w, name, TYPE_CNAME, ASK_DO);
			assert_answer(q, RCODE_NOERROR, zone == 0, EDE_NONE);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DNAME), 1);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 1);
			assert_string_equal(question_data(q, TYPE_CNAME, 0), target);
			assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_SOA), 0);
		}
		// Asked for once, the unsigned one over TCP as well.
		assert_int_equal(network_sent(&w->network, NULL, NULL, TYPE_CNAME),
				 zone == 0 ? 1 : 3);
	}
	// Other types go on.
	assert_answer(world_ask(w, "missing.old.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN,
		      true, EDE_NONE);
}

// What hides below a DNAME of a zone with servers of its own is looked for by control.
static void nor_does_it_go_on_in_a_stub_zone(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "corp.com.",
					  .servers = "ns.corp.com.=192.0.2.77",
					  .text = "corp.com. 300 IN DNAME www.example.com.\n",
					  .options = {.unsigned_ = true}});
	world_route(w, "corp.com.", false, "192.0.2.77")->dnssec = ROUTE_INSECURE;
	world_start(w);
	assert_answer(world_ask(w, "a.corp.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, false, EDE_NONE);
	for (size_t i = 0; i < 2; i++) {
		struct question *q =
			world_ask(w, i == 0 ? "a.corp.com." : "b.corp.com.", TYPE_CNAME, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DNAME), 1);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 1);
		assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_SOA), 0);
	}
}

// A zone has its keys, and its parent its DS, whatever a CNAME at its apex says: one answer,
// whichever was asked for before.
static void keys_and_ds_at_an_apex_with_a_cname_are_the_zones(void **state)
{
	static const uint16_t types[] = {TYPE_DNSKEY, TYPE_DS, TYPE_CDS, TYPE_A};

	(void)state;
	for (size_t first = 0; first < 4; first++) {
		begin();
		add_example(w);
		world_add(w,
			  &(struct world_zone){.apex = "shop.com.",
					       .servers = "ns1.shop.com.=192.0.2.30",
					       .text = "shop.com. 300 IN CNAME www.example.com.\n"
						       "shop.com. 300 IN CDS 0 0 0 00\n"});
		world_start(w);
		for (size_t i = 0; i < 8; i++) {
			uint16_t type = types[(first + i) % 4];
			struct question *q = world_ask(w, "shop.com.", type, ASK_DO);
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_true(question_count_of(q, SECTION_ANSWER, type) > 0);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME),
					 type == TYPE_A);
		}
		// None of them has driven another out.
		network_forget_log(&w->network);
		for (size_t i = 0; i < 4; i++)
			world_ask(w, "shop.com.", types[i], ASK_DO);
		assert_sent(w, 0);
		end_world(NULL);
	}
}

// ATTACKS A8
static void a8_an_unsigned_dname_is_only_believed_over_tcp(void **state)
{
	(void)state;
	struct question *q = world_ask(w, "x.old.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.91");
	assert_cached(w, "old.plain.org.", TYPE_DNAME, ENTRY_DNAME, SECURITY_INSECURE);
	assert_int_equal(w->network.connections, 1);
	assert_sent_at_most(w, 7);
}

// ATTACKS D4
static void loops_of_one_two_and_three_end_in_servfail(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "loop.org.",
					  .servers = "ns.loop.org.=" PROVIDER_A,
					  .text = "self.loop.org. 300 IN CNAME self.loop.org.\n"
						  "a.loop.org. 300 IN CNAME b.loop.org.\n"
						  "b.loop.org. 300 IN CNAME a.loop.org.\n"
						  "x.loop.org. 300 IN CNAME y.loop.org.\n"
						  "y.loop.org. 300 IN CNAME z.other.com.\n"});
	world_add(w, &(struct world_zone){.apex = "other.com.",
					  .servers = "ns.other.com.=" PROVIDER_B,
					  .text = "z.other.com. 300 IN CNAME x.loop.org.\n"});
	world_start(w);
	assert_answer(world_ask(w, "self.loop.org.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_OTHER);
	// Asked for itself it is an answer like any other.
	assert_answer(world_ask(w, "self.loop.org.", TYPE_CNAME, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "a.loop.org.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_OTHER);
	assert_sent_at_most(w, 2);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "x.loop.org.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_OTHER);
	assert_sent_at_most(w, 7);
	// The links are good data; asking again costs nothing.
	assert_cached(w, "z.other.com.", TYPE_CNAME, ENTRY_CNAME, SECURITY_SECURE);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "x.loop.org.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_OTHER);
	assert_sent(w, 0);
}

static void add_long_chain(int links)
{
	static char text[2][4000];
	char *p[2] = {text[0], text[1]};

	for (int i = 0; i < links; i++) {
		char **at = &p[i % 2];
		*at += sprintf(*at, "c%d.%s 300 IN CNAME c%d.%s\n", i,
			       i % 2 ? "chain.com." : "chain.org.", i + 1,
			       i % 2 ? "chain.org." : "chain.com.");
	}
	p[links % 2] += sprintf(p[links % 2], "c%d.%s 300 IN A 192.0.2.111\n", links,
				links % 2 ? "chain.com." : "chain.org.");
	world_add(w, &(struct world_zone){.apex = "chain.org.",
					  .servers = "ns.chain.org.=" PROVIDER_A,
					  .text = text[0]});
	world_add(w, &(struct world_zone){.apex = "chain.com.",
					  .servers = "ns.chain.com.=" PROVIDER_B,
					  .text = text[1]});
}

// ATTACKS D4
static void eleven_links_are_followed(void **state)
{
	(void)state;
	begin();
	add_long_chain(11);
	world_start(w);
	struct question *q = world_ask(w, "c0.chain.org.", TYPE_A, ASK_DO | ASK_TCP);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_order(q);
	assert_address(q, "192.0.2.111");
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 11);
	assert_sent_at_most(w, 24);
	assert_cached(w, "c11.chain.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

// ATTACKS D4
static void a_chain_of_twenty_is_given_up_after_eleven(void **state)
{
	(void)state;
	begin();
	add_long_chain(20);
	world_start(w);
	assert_answer(world_ask(w, "c0.chain.org.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_OTHER);
	assert_sent_at_most(w, 24);
	assert_not_cached(w, "c13.chain.com.", TYPE_CNAME);
	// Whoever asks further along is not held to it.
	struct question *q = world_ask(w, "c10.chain.org.", TYPE_A, ASK_DO | ASK_TCP);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 10);
}

static void a_long_chain_is_not_too_long_for_one_who_joins_it_further_along(void **state)
{
	(void)state;
	begin();
	add_long_chain(20);
	world_start(w);
	struct question *far = world_ask_later(w, "c0.chain.org.", TYPE_A, ASK_DO | ASK_TCP);
	while (network_sent(&w->network, NULL, "c10.chain.org.", TYPE_A) == 0)
		world_advance(w, 1);
	struct question *near = world_ask_later(w, "c9.chain.com.", TYPE_A, ASK_DO | ASK_TCP);
	world_run(w);
	assert_answer(far, RCODE_SERVFAIL, false, EDE_OTHER);
	assert_answer(near, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(question_count_of(near, SECTION_ANSWER, TYPE_CNAME), 11);
	assert_cached(w, "c20.chain.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_sent_at_most(w, 40);
}

static void nor_for_one_who_comes_to_it_by_another_alias(void **state)
{
	(void)state;
	begin();
	add_long_chain(19);
	world_add(w, &(struct world_zone){.apex = "example.com.",
					  .servers = "ns.example.com.=" PROVIDER_C,
					  .text = "a.example.com. 300 IN CNAME c9.chain.com.\n"});
	world_start(w);
	world_ask(w, "a.example.com.", TYPE_CNAME, 0);
	struct question *far = world_ask_later(w, "c0.chain.org.", TYPE_A, ASK_DO | ASK_TCP);
	while (network_sent(&w->network, NULL, "c10.chain.org.", TYPE_A) == 0)
		world_advance(w, 1);
	struct question *near = world_ask_later(w, "a.example.com.", TYPE_A, ASK_DO | ASK_TCP);
	world_run(w);
	assert_answer(far, RCODE_SERVFAIL, false, EDE_OTHER);
	assert_answer(near, RCODE_NOERROR, true, EDE_NONE);
	assert_order(near);
	assert_int_equal(question_count_of(near, SECTION_ANSWER, TYPE_CNAME), 11);
	assert_cached(w, "c19.chain.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_sent_at_most(w, 40);
}

static void two_aliases_of_one_name_ask_for_it_once(void **state)
{
	(void)state;
	begin();
	add_plain(w);
	world_add(w, &(struct world_zone){.apex = "example.com.",
					  .servers = "ns.example.com.=" PROVIDER_A,
					  .text = "a.example.com. 300 IN CNAME www.plain.org.\n"
						  "b.example.com. 300 IN CNAME www.plain.org.\n"});
	world_start(w);
	struct question *a = world_ask_later(w, "a.example.com.", TYPE_A, ASK_DO);
	struct question *b = world_ask_later(w, "b.example.com.", TYPE_A, ASK_DO);
	world_run(w);
	assert_address(a, "192.0.2.90");
	assert_address(b, "192.0.2.90");
	assert_int_equal(network_sent(&w->network, NULL, "www.plain.org.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, NULL, "com.", TYPE_A), 1);
	assert_int_equal(network_sent(&w->network, NULL, "example.com.", TYPE_A), 1);
	assert_cached(w, "www.plain.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
}

static void a_chain_into_a_dead_zone_fails_but_its_links_are_kept(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_REFUSED, .below = "plain.org.", .server = "192.0.2.20"});
	with((struct fault){
		.kind = FAULT_REFUSED, .below = "plain.org.", .server = "198.51.100.20"});
	struct question *q = world_ask(w, "away.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
	assert_cached(w, "away.example.com.", TYPE_CNAME, ENTRY_CNAME, SECURITY_SECURE);
	assert_failure_cached(w, "www.plain.org.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
	assert_no_failure_cached(w, "away.example.com.", TYPE_A);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "away.example.com.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_NO_REACHABLE_AUTHORITY);
	assert_sent(w, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(a_chain_inside_a_zone_takes_one_question),
		scenario(an_unsigned_target_beside_a_signed_alias_is_asked_for_on_its_own),
		scenario_common(a_target_that_does_not_validate_is_asked_for_on_its_own),
		scenario_common(an_alias_in_an_unsigned_zone_speaks_for_itself_only),
		scenario_common(an_alias_that_came_over_tcp_brings_its_target),
		scenario_common(a_chain_out_of_a_secure_zone_is_as_insecure_as_its_end),
		scenario_common(a_chain_out_of_an_insecure_zone_is_insecure),
		scenario_common(the_order_survives_a_chain_that_is_partly_expired),
		scenario_common(a8_a_dname_is_validated_and_rewrites),
		scenario_common(a_question_for_cname_below_a_dname_ends_there),
		scenario(nor_does_it_go_on_in_a_stub_zone),
		scenario(keys_and_ds_at_an_apex_with_a_cname_are_the_zones),
		scenario_common(a8_an_unsigned_dname_is_only_believed_over_tcp),
		scenario(loops_of_one_two_and_three_end_in_servfail),
		scenario(eleven_links_are_followed),
		scenario(a_chain_of_twenty_is_given_up_after_eleven),
		scenario(a_long_chain_is_not_too_long_for_one_who_joins_it_further_along),
		scenario(nor_for_one_who_comes_to_it_by_another_alias),
		scenario(two_aliases_of_one_name_ask_for_it_once),
		scenario_common(a_chain_into_a_dead_zone_fails_but_its_links_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
