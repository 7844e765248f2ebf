// Servers that know less than we ask for: no EDNS, no cookies, names in one case. Zones on them
// resolve, and signed ones lose nothing of their proof.
#include "tests/scenario/zones.h"

#define PLAIN_A "192.0.2.20"
#define PLAIN_B "198.51.100.20"

static const char *const plain_servers[] = {PLAIN_A, PLAIN_B};
static const char *const example_servers[] = {PROVIDER_A, PROVIDER_B};

static void close_tcp(const char *const servers[2])
{
	for (size_t i = 0; i < 2; i++)
		with((struct fault){.kind = FAULT_RESET, .server = servers[i]});
}

static void at_both(const char *const servers[2], struct fault fault)
{
	for (size_t i = 0; i < 2; i++) {
		fault.server = servers[i];
		with(fault);
	}
}

static void assert_answered(const char *name, bool ad, const char *address, uint64_t within_ms)
{
	struct question *q = world_ask(w, name, TYPE_A, ASK_DO);

	assert_answer(q, RCODE_NOERROR, ad, EDE_NONE);
	assert_address(q, address);
	assert_true(q->done_us - q->asked_us < within_ms * 1000);
}

// ---- a header alone, in answer to EDNS ----

static void without_edns(unsigned rcode, bool tcp)
{
	if (!tcp)
		close_tcp(plain_servers);
	at_both(plain_servers,
		(struct fault){.kind = FAULT_BARE, .flags = (uint16_t)rcode, .edns_only = true});
}

static void o8_servers_that_answer_edns_with_a_bare_error_serve_unsigned_zones(void **state)
{
	static const unsigned rcodes[] = {RCODE_FORMERR, RCODE_NOTIMP};

	for (size_t i = 0; i < 4; i++) {
		start_common(state);
		without_edns(rcodes[i / 2], i % 2);
		assert_answered("www.plain.org.", false, "192.0.2.90", 200);
		assert_int_equal(w->network.connections, 0);
		assert_answer(world_ask(w, "nope.plain.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN,
			      false, EDE_NONE);
		// Two different questions later it is known.
		network_forget_log(&w->network);
		world_ask(w, "nope2.plain.org.", TYPE_A, ASK_DO);
		world_ask(w, "nope3.plain.org.", TYPE_A, ASK_DO);
		network_forget_log(&w->network);
		world_ask(w, "nope4.plain.org.", TYPE_A, ASK_DO);
		assert_sent(w, 1);
		end_world(state);
	}
}

static void o8_signed_zones_never_lose_edns_for_it(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	network_forget_log(&w->network);
	at_both(example_servers,
		(struct fault){.kind = FAULT_BARE, .flags = RCODE_FORMERR, .edns_only = true});
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_NO_REACHABLE_AUTHORITY);
	assert_int_equal(world_counter(w, "upstream.without_edns"), 0);
}

// One server has it wrong, or somebody forges its errors.
static void o8_a_signed_zone_is_answered_by_its_other_server(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_BARE,
			    .server = PROVIDER_A,
			    .flags = RCODE_FORMERR,
			    .edns_only = true});
	for (int i = 0; i < 8; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	}
	assert_int_equal(world_counter(w, "upstream.without_edns"), 0);
}

static void a10_a_forged_bare_error_costs_no_signature(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_BARE, .flags = RCODE_FORMERR, .then_good = true});
	assert_answered("www.example.com.", true, "192.0.2.80", 500);
	assert_int_equal(world_counter(w, "upstream.without_edns"), 0);
	assert_int_equal(w->network.connections, 0);
}

// ---- names that come back in another case ----

static void names_in_another_case_prove_themselves_in_signed_zones(void **state)
{
	(void)state;
	close_tcp(example_servers);
	at_both(example_servers, (struct fault){.kind = FAULT_WRONG_CASE, .udp_only = true});
	assert_answered("www.example.com.", true, "192.0.2.80", 500);
	assert_answer(world_ask(w, "nope.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	network_forget_log(&w->network);
	assert_answered("a.ent.example.com.", true, "192.0.2.82", 100);
	assert_sent_at_most(w, 3); // minimised: ent in two cases, then a.ent once
	assert_true(world_counter(w, "upstream.case_signed") >= 1);
}

// The alias proves itself; what its server adds, of a zone without DS, is asked for by itself.
static void behind_an_alias_in_another_case_only_what_is_signed_counts(void **state)
{
	begin();
	world_add(w, &(struct world_zone){.apex = "both.com.",
					  .servers = "ns1.both.com.=192.0.2.30",
					  .text = "to.both.com. 300 IN CNAME www.sub.both.com.\n"});
	world_add(w, &(struct world_zone){.apex = "sub.both.com.",
					  .servers = "ns1.both.com.=192.0.2.30",
					  .text = "www.sub.both.com. 300 IN A 192.0.2.81\n",
					  .no_ds = true});
	world_start(w);
	with((struct fault){.kind = FAULT_WRONG_CASE, .udp_only = true, .server = "192.0.2.30"});
	struct question *q = world_ask(w, "to.both.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.81");
	end_world(state);
}

static void and_in_unsigned_ones_two_that_agree_do(void **state)
{
	(void)state;
	close_tcp(plain_servers);
	at_both(plain_servers, (struct fault){.kind = FAULT_WRONG_CASE, .udp_only = true});
	assert_answered("www.plain.org.", false, "192.0.2.90", 500);
	assert_answer(world_ask(w, "nope.plain.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, false,
		      EDE_NONE);
	network_forget_log(&w->network);
	world_ask(w, "nope2.plain.org.", TYPE_A, ASK_DO);
	assert_sent(w, 2);
}

// A8: not even two that agree redirect a whole subtree.
static void a8_a_dname_in_another_case_is_asked_for_over_tcp(void **state)
{
	(void)state;
	at_both(plain_servers, (struct fault){.kind = FAULT_WRONG_CASE});
	struct question *q = world_ask(w, "x.old.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.91");
	assert_true(w->network.connections >= 1);
	end_world(state);
	start_common(state);
	close_tcp(plain_servers);
	at_both(plain_servers, (struct fault){.kind = FAULT_WRONG_CASE, .udp_only = true});
	assert_int_equal(world_ask(w, "x.old.plain.org.", TYPE_A, ASK_DO)->reply->rcode,
			 RCODE_SERVFAIL);
	assert_not_cached(w, "old.plain.org.", TYPE_DNAME);
}

// What is in another case and does not validate is nobody's fault yet.
static void what_does_not_validate_in_another_case_is_asked_for_again(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_BOGUS, FAULT_UNKNOWN_KEY, FAULT_EXPIRED,
						FAULT_FORGED, FAULT_STRIP};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		world_ask(w, "www.example.com.", TYPE_MX, 0);
		with((struct fault){.kind = kinds[i],
				    .name = "www.example.com.",
				    .type = TYPE_A,
				    .lower_case = true,
				    .times = 1});
		assert_answered("www.example.com.", true, "192.0.2.80", 500);
		assert_int_equal(world_counter(w, "resolver.bogus"), 0);
		end_world(state);
	}
}

// Its DS is signed, its NS records are not: nothing proves where it leads.
static void a_referral_in_another_case_is_not_left_to_its_signatures(void **state)
{
	static const char *const com_servers[] = {"192.5.6.30", "198.51.101.30"};

	(void)state;
	world_ask(w, "com.", TYPE_MX, ASK_DO); // it is known to be secure
	network_forget_log(&w->network);
	at_both(com_servers, (struct fault){.kind = FAULT_WRONG_CASE, .udp_only = true});
	assert_answer(world_ask(w, "example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	size_t sent = network_sent(&w->network, com_servers[0], "example.com.", TYPE_A) +
		      network_sent(&w->network, com_servers[1], "example.com.", TYPE_A);
	assert_true(sent >= 2);
	assert_true(world_counter(w, "upstream.case_agreed") >= 1);
}

// ---- cookies or mixed case are dropped, or refused ----

static void start_with_cookies(void)
{
	begin();
	add_example(w);
	add_plain(w);
	w->upstream_config.cookies = true;
	world_start(w);
}

static void servers_that_drop_cookies_are_asked_without(void **state)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		start_with_cookies();
		if (!tcp)
			close_tcp(plain_servers);
		at_both(plain_servers, (struct fault){.kind = FAULT_DROP, .cookie_only = true});
		assert_answered("www.plain.org.", false, "192.0.2.90", 4000);
		world_ask(w, "x.new.plain.org.", TYPE_A, 0);
		// Two different questions later it is known.
		if (!tcp)
			assert_answered("back.plain.org.", false, "192.0.2.80", 1500);
		end_world(state);
	}
}

static void servers_that_drop_mixed_case_are_asked_in_one_case(void **state)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		start_common(state);
		if (!tcp)
			close_tcp(plain_servers);
		at_both(plain_servers, (struct fault){.kind = FAULT_DROP, .mixed_only = true});
		assert_answered("www.plain.org.", false, "192.0.2.90", 4000);
		end_world(state);
	}
}

static void servers_that_refuse_mixed_case_are_asked_over_tcp_in_one_case(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_REFUSED, FAULT_SERVFAIL};

	for (size_t i = 0; i < 2; i++) {
		start_common(state);
		at_both(plain_servers, (struct fault){.kind = kinds[i], .mixed_only = true});
		assert_answered("www.plain.org.", false, "192.0.2.90", 1000);
		assert_int_equal(w->network.connections, 1);
		end_world(state);
	}
}

// with, without, with: an error, an answer, an error.
static void and_where_tcp_is_closed_over_udp(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_REFUSED, FAULT_SERVFAIL, FAULT_FORMERR,
						FAULT_BARE};

	// A header alone leads to TCP by itself, and there is no time for that twice.
	for (size_t i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]) - 1; i++) {
		start_common(state);
		at_both(plain_servers, (struct fault){.kind = i % 2 == 0 ? FAULT_RESET : FAULT_DROP,
						      .tcp_only = true});
		at_both(plain_servers, (struct fault){.kind = kinds[i / 2],
						      .flags = RCODE_REFUSED,
						      .mixed_only = true});
		assert_answered("www.plain.org.", false, "192.0.2.90", 4000);
		assert_answered("x.new.plain.org.", false, "192.0.2.91", 4000);
		// Two different questions later it is known.
		network_forget_log(&w->network);
		assert_answer(world_ask(w, "nope.plain.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN,
			      false, EDE_NONE);
		assert_sent_at_most(w, 2);
		assert_int_equal(w->network.connections, 0);
		end_world(state);
	}
}

static void a_server_that_refuses_mixed_case_is_found_out_once(void **state)
{
	(void)state;
	at_both(plain_servers, (struct fault){.kind = FAULT_REFUSED, .mixed_only = true});
	assert_answered("www.plain.org.", false, "192.0.2.90", 1000);
	for (int i = 0; i < 20; i++) {
		char name[30];
		snprintf(name, sizeof(name), "n%d.plain.org.", i);
		assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NXDOMAIN, false, EDE_NONE);
	}
	assert_in_range(w->network.connections, 1, 6);
}

// A server that says no in either case, and answers over TCP, is asked over TCP each time.
static void servers_that_answer_over_tcp_alone_are_not_lost(void **state)
{
	(void)state;
	at_both(plain_servers, (struct fault){.kind = FAULT_REFUSED, .udp_only = true});
	for (int i = 0; i < 8; i++) {
		char name[30];
		snprintf(name, sizeof(name), "n%d.plain.org.", i);
		assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NXDOMAIN, false, EDE_NONE);
	}
}

// Signed zones lose nothing: the answer is proven as any other.
static void signed_zones_on_them_are_validated(void **state)
{
	(void)state;
	start_with_cookies();
	close_tcp(example_servers);
	at_both(example_servers, (struct fault){.kind = FAULT_DROP, .cookie_only = true});
	// The keys are a question of their own, which does not wait as long as the first.
	assert_answered("www.example.com.", true, "192.0.2.80", 4000);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

// A8: what was asked in one way less is the last that should redirect a subtree.
static void a8_a_dname_of_the_last_try_is_asked_for_over_tcp(void **state)
{
	(void)state;
	start_with_cookies();
	close_tcp(plain_servers);
	at_both(plain_servers, (struct fault){.kind = FAULT_DROP, .cookie_only = true});
	assert_int_equal(world_ask(w, "x.old.plain.org.", TYPE_A, ASK_DO)->reply->rcode,
			 RCODE_SERVFAIL);
	assert_not_cached(w, "old.plain.org.", TYPE_DNAME);
	end_world(state);
	start_common(state);
	close_tcp(plain_servers);
	at_both(plain_servers, (struct fault){.kind = FAULT_REFUSED, .mixed_only = true});
	assert_int_equal(world_ask(w, "x.old.plain.org.", TYPE_A, ASK_DO)->reply->rcode,
			 RCODE_SERVFAIL);
	assert_not_cached(w, "old.plain.org.", TYPE_DNAME);
}

// A server that has kept our case and echoed our cookie has no need of it, whatever a forger does
// to make it look silent.
static void what_servers_can_do_is_never_left_out_when_they_fall_silent(void **state)
{
	(void)state;
	start_with_cookies();
	at_both(plain_servers, (struct fault){.cookie = COOKIE_RIGHT});
	assert_answered("www.plain.org.", false, "192.0.2.90", 500);
	for (int i = 0; i < 200; i++) {
		char name[30];
		snprintf(name, sizeof(name), "w%d.plain.org.", i);
		world_ask(w, name, TYPE_A, 0);
	}
	for (int i = 0; i < 2; i++) // some of them explore
		assert_true(network_sent(&w->network, plain_servers[i], NULL, 0) > 0);
	at_both(plain_servers, (struct fault){.kind = FAULT_DROP});
	for (int i = 0; i < 3; i++) {
		char name[30];
		snprintf(name, sizeof(name), "n%d.plain.org.", i);
		world_ask(w, name, TYPE_A, 0);
		world_advance(w, 11000);
	}
	assert_int_equal(world_counter(w, "upstream.last_tries"), 0);
}

#define FORWARDER "203.0.113.50"

// A forwarder of one's own is a server like others.
static void forwarders_that_drop_cookies_are_asked_without(void **state)
{
	(void)state;
	begin();
	add_example(w);
	add_plain(w);
	w->upstream_config.cookies = true;
	world_route(w, ".", true, FORWARDER);
	world_start(w);
	world_serve_all(w, FORWARDER);
	with((struct fault){.kind = FAULT_RESET, .server = FORWARDER});
	with((struct fault){.kind = FAULT_DROP, .server = FORWARDER, .cookie_only = true});
	for (int i = 0; i < 4; i++) { // its keys are questions of their own
		world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
		world_advance(w, 11000);
	}
	assert_answered("www.example.com.", true, "192.0.2.80", 4000);
}

static void a_dead_zone_costs_few_last_tries(void **state)
{
	(void)state;
	start_common(state);
	at_both(plain_servers, (struct fault){.kind = FAULT_DROP});
	for (int i = 0; i < 50; i++) {
		char name[30];
		snprintf(name, sizeof(name), "n%d.plain.org.", i);
		assert_int_equal(world_ask(w, name, TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
	}
	assert_in_range(world_counter(w, "upstream.last_tries"), 1, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			o8_servers_that_answer_edns_with_a_bare_error_serve_unsigned_zones),
		scenario_common(o8_signed_zones_never_lose_edns_for_it),
		scenario_common(o8_a_signed_zone_is_answered_by_its_other_server),
		scenario_common(a10_a_forged_bare_error_costs_no_signature),
		scenario_common(names_in_another_case_prove_themselves_in_signed_zones),
		scenario(behind_an_alias_in_another_case_only_what_is_signed_counts),
		scenario_common(and_in_unsigned_ones_two_that_agree_do),
		scenario_common(a8_a_dname_in_another_case_is_asked_for_over_tcp),
		cmocka_unit_test(what_does_not_validate_in_another_case_is_asked_for_again),
		scenario_common(a_referral_in_another_case_is_not_left_to_its_signatures),
		cmocka_unit_test(servers_that_drop_cookies_are_asked_without),
		cmocka_unit_test(servers_that_drop_mixed_case_are_asked_in_one_case),
		cmocka_unit_test(servers_that_refuse_mixed_case_are_asked_over_tcp_in_one_case),
		cmocka_unit_test(and_where_tcp_is_closed_over_udp),
		scenario_common(a_server_that_refuses_mixed_case_is_found_out_once),
		scenario_common(servers_that_answer_over_tcp_alone_are_not_lost),
		scenario(signed_zones_on_them_are_validated),
		scenario(a8_a_dname_of_the_last_try_is_asked_for_over_tcp),
		scenario(what_servers_can_do_is_never_left_out_when_they_fall_silent),
		scenario(forwarders_that_drop_cookies_are_asked_without),
		scenario(a_dead_zone_costs_few_last_tries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
