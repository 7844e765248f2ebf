// Stub zones in odd places: what is said above them, and what lies below them.
#include "tests/scenario/zones.h"

#define STUB  "192.0.2.70"
#define BELOW "192.0.2.71"

// island.com. is a stub zone; island.com. and below.island.com. are signed.
static int start(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "island.com.",
					  .servers = "ns.island.com.=" STUB,
					  .text = "www.island.com. 300 IN A 192.0.2.72\n"});
	world_add(w, &(struct world_zone){.apex = "below.island.com.",
					  .servers = "ns.below.island.com.=" BELOW,
					  .text = "*.below.island.com. 1 IN A 192.0.2.73\n"});
	world_route(w, "island.com.", false, STUB)->dnssec = ROUTE_INSECURE;
	world_start(w);
	return 0;
}
#define stub(f) cmocka_unit_test_setup_teardown(f, start, end_world)

static void assert_below(const char *name)
{
	struct question *q = world_ask(w, name, TYPE_A, 0);

	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.73");
}

// The delegation below it is the stub zone's own servers', whatever the public parent says.
static void what_is_denied_above_a_stub_zone_ends_nothing_below_it(void **state)
{
	(void)state;
	assert_below("a.below.island.com.");
	world_undelegate(w, "island.com.");
	world_advance(w, 7200000);
	assert_below("b.below.island.com.");
	assert_answer(world_ask(w, "island.com.", TYPE_DS, ASK_CD), RCODE_NXDOMAIN, false,
		      EDE_NONE);
	network_forget_log(&w->network);
	assert_below("c.below.island.com.");
	assert_int_equal(network_sent(&w->network, NULL, "com.", 0), 0);
	assert_sent_at_most(w, 2);
	// Nor what is known of it: it serves as stale.
	with((struct fault){.kind = FAULT_DROP, .server = BELOW});
	world_advance(w, 5000);
	struct question *q = world_ask(w, "b.below.island.com.", TYPE_A, 0);
	assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
	assert_address(q, "192.0.2.73");
}

// What the stub zone's own servers no longer delegate is theirs to deny.
static void what_a_stub_zone_no_longer_delegates_is_denied(void **state)
{
	(void)state;
	w = world_new();
	world_add_tlds(w);
	world_add(w, &(struct world_zone){.apex = "island.com.",
					  .servers = "ns.island.com.=" STUB,
					  .negative_ttl_s = 2});
	world_add(w, &(struct world_zone){.apex = "below.island.com.",
					  .servers = "ns.below.island.com.=" BELOW,
					  .text = "*.below.island.com. 1 IN A 192.0.2.73\n",
					  .options = {.unsigned_ = true}});
	world_route(w, "island.com.", false, STUB);
	world_start(w);
	assert_below("a.below.island.com.");
	world_undelegate(w, "below.island.com.");
	world_advance(w, 70000);
	assert_answer(world_ask(w, "b.below.island.com.", TYPE_A, 0), RCODE_NXDOMAIN, false,
		      EDE_NONE);
}

// The DS of its apex is for the public parent to deny; everything else there is the stub zone's.
static void what_denies_the_ds_of_a_stub_zone_denies_nothing_in_it(void **state)
{
	(void)state;
	world_undelegate(w, "island.com.");
	for (int cd = 0; cd < 2; cd++) {
		for (int i = 0; i < 3; i++) // often enough to be worth keeping
			assert_int_equal(
				world_ask(w, "island.com.", TYPE_DS, ASK_DO | (cd ? ASK_CD : 0))
					->reply->rcode,
				RCODE_NXDOMAIN);
		struct question *q = world_ask(w, "island.com.", TYPE_TXT, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		assert_answer(world_ask(w, "island.com.", TYPE_SOA, ASK_DO), RCODE_NOERROR, false,
			      EDE_NONE);
		assert_address(world_ask(w, "www.island.com.", TYPE_A, 0), "192.0.2.72");
		world_advance(w, 400000);
	}
}

// What the public parent answers with in its place: an alias made of a wildcard.
static int start_under_wildcard(void **state)
{
	(void)state;
	w = world_new();
	world_add_tlds(w);
	world_add(w, &(struct world_zone){.apex = "lake.com.",
					  .servers = "ns.lake.com.=192.0.2.75",
					  .text = "*.lake.com. 300 IN CNAME away.lake.com.\n"
						  "away.lake.com. 300 IN TXT \"away\"\n"});
	world_add(w, &(struct world_zone){.apex = "island.lake.com.",
					  .servers = "ns.island.lake.com.=" STUB,
					  .text = "www.island.lake.com. 300 IN A 192.0.2.72\n"
						  "island.lake.com. 300 IN TXT \"here\"\n"});
	world_route(w, "island.lake.com.", false, STUB)->dnssec = ROUTE_INSECURE;
	world_start(w);
	world_undelegate(w, "island.lake.com.");
	return 0;
}

// The alias that stands in the place of its DS is the public parent's, and true of nothing else.
static void what_renames_the_ds_of_a_stub_zone_renames_nothing_in_it(void **state)
{
	static const uint16_t types[] = {TYPE_CNAME, TYPE_TXT, TYPE_SOA, TYPE_MX};

	(void)state;
	for (unsigned flags = ASK_DO; flags <= (ASK_DO | ASK_CD); flags += ASK_CD) {
		for (int i = 0; i < 3; i++) {
			struct question *q = world_ask(w, "island.lake.com.", TYPE_DS, flags);
			assert_int_equal(q->reply->rcode, RCODE_NOERROR);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 1);
		}
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			struct question *q = world_ask(w, "island.lake.com.", types[i], flags);
			assert_int_equal(q->reply->rcode, RCODE_NOERROR);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 0);
			assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_TXT),
					 types[i] == TYPE_TXT);
		}
		assert_address(world_ask(w, "www.island.lake.com.", TYPE_A, 0), "192.0.2.72");
		world_advance(w, 100000);
	}
}

// The public parent has a name with data where the stub zone is: its NSEC says nothing here.
static int start_over_name(void **state)
{
	(void)state;
	w = world_new();
	world_add_tlds(w);
	world_add(w, &(struct world_zone){.apex = "lake.com.",
					  .servers = "ns.lake.com.=192.0.2.75",
					  .text = "island.lake.com. 300 IN A 192.0.2.99\n"
						  "b.island.lake.com. 300 IN A 192.0.2.99\n"
						  "z.island.lake.com. 300 IN A 192.0.2.99\n"});
	world_add(w, &(struct world_zone){.apex = "island.lake.com.",
					  .servers = "ns.island.lake.com.=" STUB,
					  .text = "www.island.lake.com. 300 IN A 192.0.2.72\n"
						  "c.island.lake.com. 300 IN A 192.0.2.72\n"
						  "b.island.lake.com. 300 IN TXT \"here\"\n"
						  "island.lake.com. 300 IN TXT \"here\"\n"});
	world_route(w, "island.lake.com.", false, STUB)->dnssec = ROUTE_INSECURE;
	world_start(w);
	world_undelegate(w, "island.lake.com.");
	return 0;
}

static void what_the_public_parent_has_in_place_of_a_stub_zone_denies_nothing_in_it(void **state)
{
	static const uint16_t types[] = {TYPE_TXT, TYPE_SOA, TYPE_NS, TYPE_DNSKEY};

	(void)state;
	for (unsigned flags = ASK_DO; flags <= (ASK_DO | ASK_CD); flags += ASK_CD) {
		for (int i = 0; i < 3; i++)
			assert_int_equal(
				world_ask(w, "island.lake.com.", TYPE_DS, flags)->reply->rcode,
				RCODE_NOERROR);
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			struct question *q = world_ask(w, "island.lake.com.", types[i], flags);
			assert_int_equal(q->reply->rcode, RCODE_NOERROR);
			assert_true(question_count_of(q, SECTION_ANSWER, types[i]) > 0);
		}
		struct question *q = world_ask(w, "b.island.lake.com.", TYPE_TXT, flags);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_TXT), 1);
		assert_address(world_ask(w, "c.island.lake.com.", TYPE_A, flags), "192.0.2.72");
		assert_address(world_ask(w, "www.island.lake.com.", TYPE_A, flags), "192.0.2.72");
		world_advance(w, 100000);
	}
}

// The DS of a stub zone is denied out of cached denial, by the hash of a name above it: that says
// nothing of the rest.
static void a12_a_denied_ds_denies_nothing_else_of_a_stub_zone(void **state)
{
	static const char *const names[] = {"a.gone.lake.com.", "b.gone.lake.com.",
					    "deep.gone.lake.com."};

	for (int nsec3 = 0; nsec3 < 2; nsec3++) {
		w = world_new();
		w->denial = true;
		world_add_tlds(w);
		world_add(w, &(struct world_zone){.apex = "lake.com.",
						  .servers = "ns.lake.com.=192.0.2.75",
						  .options = {.nsec3 = nsec3 == 1}});
		world_add(w,
			  &(struct world_zone){.apex = "deep.gone.lake.com.",
					       .servers = "ns.deep.gone.lake.com.=" STUB,
					       .text = "deep.gone.lake.com. 300 IN TXT \"x\"\n"});
		world_route(w, "deep.gone.lake.com.", false, STUB)->dnssec = ROUTE_INSECURE;
		world_start(w);
		world_undelegate(w, "deep.gone.lake.com.");
		world_ask(w, "deep.gone.lake.com.", TYPE_TXT, ASK_DO);
		for (size_t i = 0; i < 12; i++)
			assert_int_equal(world_ask(w, names[i % 3], TYPE_DS, ASK_DO)->reply->rcode,
					 RCODE_NXDOMAIN);
		assert_cached(w, "deep.gone.lake.com.", TYPE_TXT, ENTRY_POSITIVE,
			      SECURITY_INSECURE);
		struct question *q = world_ask(w, "deep.gone.lake.com.", TYPE_SOA, ASK_DO);
		assert_int_equal(q->reply->rcode, RCODE_NOERROR);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_SOA), 1);
		end_world(state);
	}
}

// A zone in it is forwarded, and recursion stands in for its forwarders: that begins at the stub
// zone's own servers (ATTACKS A12).
static void a12_what_recursion_follows_falls_back_to_the_stub_zone_above(void **state)
{
	(void)state;
	for (unsigned broken = 0; broken < 2; broken++) {
		begin();
		world_add(w, &(struct world_zone){.apex = "ww.org.",
						  .servers = "ns.ww.org.=" STUB,
						  .text = "x.d.ww.org. 300 IN A 192.0.2.74\n",
						  .options = {.unsigned_ = true}});
		world_route(w, "ww.org.", false, STUB)->dnssec = ROUTE_INSECURE;
		world_route(w, "d.ww.org.", true, "203.0.113.99")->first = true;
		network_serve(&w->network, "203.0.113.99", NULL);
		with((struct fault){.kind = broken ? FAULT_SERVFAIL : FAULT_DROP,
				    .server = "203.0.113.99"});
		world_start(w);
		world_undelegate(w, "ww.org.");
		struct question *q = world_ask(w, "x.d.ww.org.", TYPE_A, 0);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		assert_address(q, "192.0.2.74");
		assert_answer(world_ask(w, "nx.d.ww.org.", TYPE_A, 0), RCODE_NXDOMAIN, false,
			      EDE_NONE);
		assert_true(network_sent(&w->network, "203.0.113.99", NULL, 0) >= 1);
		end_world(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		stub(what_is_denied_above_a_stub_zone_ends_nothing_below_it),
		cmocka_unit_test_teardown(what_a_stub_zone_no_longer_delegates_is_denied,
					  end_world),
		stub(what_denies_the_ds_of_a_stub_zone_denies_nothing_in_it),
		cmocka_unit_test_setup_teardown(
			what_renames_the_ds_of_a_stub_zone_renames_nothing_in_it,
			start_under_wildcard, end_world),
		cmocka_unit_test_setup_teardown(
			what_the_public_parent_has_in_place_of_a_stub_zone_denies_nothing_in_it,
			start_over_name, end_world),
		cmocka_unit_test(a12_what_recursion_follows_falls_back_to_the_stub_zone_above),
		cmocka_unit_test(a12_a_denied_ds_denies_nothing_else_of_a_stub_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
