// Servers that know no EDNS: zones on them resolve, and signed ones lose nothing of their proof.
#include "tests/scenario/ways.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			o8_servers_that_answer_edns_with_a_bare_error_serve_unsigned_zones),
		scenario_common(o8_signed_zones_never_lose_edns_for_it),
		scenario_common(o8_a_signed_zone_is_answered_by_its_other_server),
		scenario_common(a10_a_forged_bare_error_costs_no_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
