// What servers and delegations of the field are like, beyond what has a file of its own
// (test_minimised.c, test_last_resort.c, test_name_servers.c). Each resolves.
#include "tests/scenario/lines.h"
#include "tests/scenario/zones.h"

#define NS1 "192.0.2.20" // of plain.org.
#define NS2 "198.51.100.20"

static void assert_resolves(const char *name, const char *address)
{
	struct question *q = world_ask(w, name, TYPE_A, 0);

	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, address);
}

// Twenty names of plain.org., which one of the two servers knows well.
static void assert_one_is_enough(void)
{
	for (int i = 0; i < 10; i++) {
		world_advance(w, 310000);
		assert_resolves("www.plain.org.", "192.0.2.90");
		assert_resolves("x.new.plain.org.", "192.0.2.91");
	}
}

static void one_server_of_two_may_be_any_of_these(void **state)
{
	static const enum fault_kind kinds[] = {
		FAULT_LAME,     FAULT_NO_AA, FAULT_CACHE,    FAULT_SERVFAIL,
		FAULT_REFUSED,  FAULT_DROP,  FAULT_FORMERR,  FAULT_UNREACHABLE,
		FAULT_NO_SOA,   FAULT_RESET, FAULT_NO_EDNS,  FAULT_MALFORMED,
		FAULT_TRUNCATE, FAULT_STRIP, FAULT_WRONG_ID, FAULT_TRUNCATE_ALWAYS,
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		with((struct fault){.kind = kinds[i], .server = NS1});
		assert_one_is_enough();
		end_world(state);
	}
}

// TC over UDP, with nothing in it, and no TCP: the other one's answer over UDP is fine.
static void one_server_may_truncate_and_have_its_tcp_closed(void **state)
{
	static const enum fault_kind closed[] = {FAULT_RESET, FAULT_UNREACHABLE, FAULT_DROP};

	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		start_common(state);
		with((struct fault){.kind = closed[i], .server = NS1});
		with((struct fault){.kind = FAULT_TRUNCATE, .server = NS1, .udp_only = true});
		assert_one_is_enough();
		end_world(state);
	}
}

static void a_server_may_leave_out_aa_and_name_its_zones_servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		with((struct fault){.server = i == 0 ? NS1 : NS2,
				    .name = "www.plain.org.",
				    .replace = say,
				    .hook_arg = LINES("an www.plain.org. 300 IN A 192.0.2.94",
						      "ns plain.org. 300 IN NS ns1.plain.org.",
						      "ar ns1.plain.org. 300 IN A 192.0.2.20")});
	assert_resolves("www.plain.org.", "192.0.2.94");
}

// RFC 1034 §3.6.2 forbids it: the address is the answer to who asks for one.
static void other_data_beside_an_alias_are_its_own(void **state)
{
	(void)state;
	with((struct fault){.name = "www.plain.org.",
			    .replace = say,
			    .hook_arg = LINES("an www.plain.org. 300 IN CNAME www.example.com.",
					      "an www.plain.org. 300 IN A 192.0.2.94"),
			    .flags = FLAG_AA});
	assert_resolves("www.plain.org.", "192.0.2.94");
}

static void records_of_others_in_an_answer_are_passed_over(void **state)
{
	(void)state;
	with((struct fault){.name = "www.plain.org.",
			    .replace = say,
			    .hook_arg = LINES("an www.example.com. 300 IN A 203.0.113.66",
					      "an www.plain.org. 300 IN A 192.0.2.94",
					      "an org. 300 IN NS ns.evil.test.",
					      "ns com. 300 IN NS ns.evil.test.",
					      "ns . 300 IN NS ns.evil.test.",
					      "ar ns.evil.test. 300 IN A 203.0.113.66",
					      "ar www.example.com. 300 IN A 203.0.113.66"),
			    .flags = FLAG_AA});
	assert_resolves("www.plain.org.", "192.0.2.94");
	assert_not_cached(w, "www.example.com.", TYPE_A);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_int_equal(network_sent(&w->network, "203.0.113.66", NULL, 0), 0);
}

// ---- types that a server knows nothing of ----

static void a_type_that_fails_leaves_the_others(void **state)
{
	static const uint16_t rcodes[] = {RCODE_SERVFAIL, RCODE_REFUSED, RCODE_FORMERR,
					  4 /*NOTIMP*/};
	static const uint16_t types[] = {TYPE_AAAA, TYPE_HTTPS, 65400};

	for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++) {
		start_common(state);
		for (size_t t = 0; t < 3; t++)
			with((struct fault){.below = "plain.org.",
					    .type = types[t],
					    .replace = say,
					    .hook_arg = LINES(NULL),
					    .flags = rcodes[i]});
		for (size_t t = 0; t < 3; t++) {
			assert_int_equal(world_ask(w, "www.plain.org.", types[t], 0)->reply->rcode,
					 RCODE_SERVFAIL);
			world_advance(w, 310000);
			assert_resolves("www.plain.org.", "192.0.2.90");
		}
		end_world(state);
	}
}

// A name that its server denies for one type and has for another (test_negative.c) takes nothing
// else along, whether the denial is kept or not.
static void nxdomain_for_one_type_does_not_end_the_address_that_is_known(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_NXDOMAIN, .name = "www.plain.org.", .type = TYPE_AAAA});
	assert_resolves("www.plain.org.", "192.0.2.90");
	assert_int_equal(world_ask(w, "www.plain.org.", TYPE_AAAA, 0)->reply->rcode,
			 RCODE_NXDOMAIN);
	assert_resolves("www.plain.org.", "192.0.2.90");
	assert_resolves("x.new.plain.org.", "192.0.2.91");
}

// ---- delegations ----

static void begin_sub(const char *servers, bool no_glue)
{
	begin();
	add_plain(w);
	world_add(w, &(struct world_zone){.apex = "sub.plain.org.",
					  .servers = servers,
					  .text = "www.sub.plain.org. 300 IN A 192.0.2.98\n",
					  .no_glue = no_glue,
					  .options = {.unsigned_ = true}});
	world_start(w);
}

// Of three servers below the cut the parent gives the address of one.
static void drop_glue(const struct network_query *query, enum section section, struct builder *b,
		      void *arg)
{
	(void)query, (void)arg;
	if (section == SECTION_AUTHORITY) {
		put(b, section, "sub.plain.org. 300 IN NS a.sub.plain.org.");
		put(b, section, "sub.plain.org. 300 IN NS b.sub.plain.org.");
		put(b, section, "sub.plain.org. 300 IN NS ns.gone.test.");
	}
	if (section == SECTION_ADDITIONAL)
		put(b, section, "b.sub.plain.org. 300 IN A " PROVIDER_B);
}

static void a_referral_may_have_glue_of_one_server_only(void **state)
{
	(void)state;
	begin_sub("a.sub.plain.org.=" PROVIDER_A " b.sub.plain.org.=" PROVIDER_B, false);
	with((struct fault){.server = NS1, .below = "sub.plain.org.", .replace = drop_glue});
	with((struct fault){.server = NS2, .below = "sub.plain.org.", .replace = drop_glue});
	assert_resolves("www.sub.plain.org.", "192.0.2.98");
	// The others are found through the zone itself, once there is need of them.
	assert_resolves("a.sub.plain.org.", PROVIDER_A);
	with((struct fault){.kind = FAULT_REFUSED, .server = PROVIDER_B});
	world_advance(w, 310000);
	with((struct fault){.kind = FAULT_NONE, .server = PROVIDER_B, .name = "a.sub.plain.org."});
	assert_resolves("www.sub.plain.org.", "192.0.2.98");
}

static void a_referral_may_have_no_ttl(void **state)
{
	(void)state;
	begin_sub("a.sub.plain.org.=" PROVIDER_A, false);
	for (size_t i = 0; i < 2; i++)
		with((struct fault){.server = i == 0 ? NS1 : NS2,
				    .below = "sub.plain.org.",
				    .replace = say,
				    .hook_arg = LINES("ns sub.plain.org. 0 IN NS a.sub.plain.org.",
						      "ar a.sub.plain.org. 0 IN A " PROVIDER_A)});
	assert_resolves("www.sub.plain.org.", "192.0.2.98");
	world_advance(w, 310000);
	assert_resolves("www.sub.plain.org.", "192.0.2.98");
}

// Parent and child name other servers: who the parent names is asked.
static void a_child_may_name_other_servers_than_its_parent(void **state)
{
	(void)state;
	begin_sub("a.sub.plain.org.=" PROVIDER_A " b.sub.plain.org.=" PROVIDER_B, false);
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_B});
	with((struct fault){.server = PROVIDER_A,
			    .name = "sub.plain.org.",
			    .type = TYPE_NS,
			    .replace = say,
			    .hook_arg = LINES("an sub.plain.org. 300 IN NS x.sub.plain.org.",
					      "ar x.sub.plain.org. 300 IN A 203.0.113.66"),
			    .flags = FLAG_AA});
	assert_int_equal(world_ask(w, "sub.plain.org.", TYPE_NS, 0)->reply->rcode, RCODE_NOERROR);
	for (int i = 0; i < 3; i++) {
		assert_resolves("www.sub.plain.org.", "192.0.2.98");
		world_advance(w, 310000);
	}
	assert_int_equal(network_sent(&w->network, "203.0.113.66", NULL, 0), 0);
}

// The zone above is on the same server, which answers for the one below without any referral.
static void one_server_may_serve_parent_and_child(void **state)
{
	(void)state;
	begin_sub("ns1.plain.org.=" NS1, false);
	assert_resolves("www.sub.plain.org.", "192.0.2.98");
	assert_answer(world_ask(w, "nope.sub.plain.org.", TYPE_A, 0), RCODE_NXDOMAIN, false,
		      EDE_NONE);
	assert_answer(world_ask(w, "www.sub.plain.org.", TYPE_AAAA, 0), RCODE_NOERROR, false,
		      EDE_NONE);
}

// An address written in the place of a name is a name that nobody has.
static void a_server_named_by_its_address_is_passed_over(void **state)
{
	(void)state;
	begin_sub("a.sub.plain.org.=" PROVIDER_A, false);
	for (size_t i = 0; i < 2; i++)
		with((struct fault){.server = i == 0 ? NS1 : NS2,
				    .below = "sub.plain.org.",
				    .replace = say,
				    .hook_arg =
					    LINES("ns sub.plain.org. 300 IN NS 203.0.113.66.",
						  "ns sub.plain.org. 300 IN NS a.sub.plain.org.",
						  "ar a.sub.plain.org. 300 IN A " PROVIDER_A)});
	assert_resolves("www.sub.plain.org.", "192.0.2.98");
	assert_int_equal(network_sent(&w->network, "203.0.113.66", NULL, 0), 0);
}

// One of two servers of the zone above refers to the zone above itself, the other one downwards.
static void one_server_above_may_refer_to_itself_or_upwards(void **state)
{
	static const char *const wrong[] = {
		"ns plain.org. 300 IN NS ns1.plain.org.", "ns org. 300 IN NS ns.evil.test.",
		"ns . 300 IN NS ns.evil.test.", "ns example.com. 300 IN NS ns.evil.test."};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begin_sub("a.sub.plain.org.=" PROVIDER_A, false);
		with((struct fault){.server = NS1,
				    .below = "sub.plain.org.",
				    .replace = say,
				    .hook_arg = LINES(wrong[i])});
		for (int k = 0; k < 5; k++) {
			assert_resolves("www.sub.plain.org.", "192.0.2.98");
			world_advance(w, 3700000);
		}
		end_world(state);
	}
}

// Whichever family that is.
static void a_zone_with_servers_of_one_family_only_needs_no_other(void **state)
{
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		begin();
		add_plain(w);
		world_add(w,
			  &(struct world_zone){.apex = "sub.plain.org.",
					       .servers = ipv6 ? "a.sub.plain.org.=2001:db8:1::1"
							       : "a.sub.plain.org.=" PROVIDER_A,
					       .text = "www.sub.plain.org. 300 IN A 192.0.2.98\n",
					       .options = {.unsigned_ = true}});
		w->upstream_config.ipv6 = true;
		world_start(w);
		assert_resolves("www.sub.plain.org.", "192.0.2.98");
		end_world(state);
	}
}

static const struct rrset *with_an_empty_key(const struct network_query *query,
					     enum section section, const struct rrset *rrset,
					     void *arg)
{
	static struct rrset *made[2];
	static unsigned turn;
	const struct signer_zone *zone = world_zone(w, "example.com.")->zone;
	struct rdata rdatas[8];

	(void)query, (void)arg;
	if (section != SECTION_ANSWER || rrset->type != TYPE_DNSKEY)
		return rrset;
	memcpy(rdatas, rrset->rdatas, rrset->count * sizeof(rdatas[0]));
	rdatas[rrset->count] = (struct rdata){(const uint8_t *)"\1\0\3\15", 4};
	struct rrset *bare = signer_rrset_wire(rrset->owner, TYPE_DNSKEY, rrset->ttl_s, rdatas,
					       rrset->count + 1u);
	struct rrset **place = &made[turn++ % 2];
	rrset_free(*place);
	*place = signer_sign(bare, signer_zone_ksk(zone), text_name("example.com."), NULL);
	rrset_free(bare);
	return *place;
}

// A key that cannot be one is passed over, as others are that cannot be used.
static void a_key_without_octets_loses_no_zone(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_start(w);
	with((struct fault){
		.name = "example.com.", .type = TYPE_DNSKEY, .rewrite = with_an_empty_key});
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_answer(world_ask(w, "example.com.", TYPE_DNSKEY, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_server_of_two_may_be_any_of_these),
		cmocka_unit_test(one_server_may_truncate_and_have_its_tcp_closed),
		scenario_common(a_server_may_leave_out_aa_and_name_its_zones_servers),
		scenario_common(other_data_beside_an_alias_are_its_own),
		scenario_common(records_of_others_in_an_answer_are_passed_over),
		cmocka_unit_test(a_type_that_fails_leaves_the_others),
		scenario_common(nxdomain_for_one_type_does_not_end_the_address_that_is_known),
		scenario(a_referral_may_have_glue_of_one_server_only),
		scenario(a_referral_may_have_no_ttl),
		scenario(a_child_may_name_other_servers_than_its_parent),
		scenario(one_server_may_serve_parent_and_child),
		scenario(a_server_named_by_its_address_is_passed_over),
		cmocka_unit_test(one_server_above_may_refer_to_itself_or_upwards),
		cmocka_unit_test(a_zone_with_servers_of_one_family_only_needs_no_other),
		scenario(a_key_without_octets_loses_no_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
