// Where cached records deny nothing (RFC 8198): opt-out spans, generated records, configured and
// special zones, negative trust anchors, forwarders, a clock that is not trusted.
#include "tests/scenario/served.h"

static bool sum_nsec3(const struct denial_facts *facts, void *arg)
{
	*(uint32_t *)arg += facts->nsec3;
	return true;
}

static void opt_out_spans_deny_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		char name[64];
		snprintf(name, sizeof(name), "n%d.net.", i);
		world_ask(w, name, TYPE_A, ASK_DO);
	}
	uint32_t nsec3 = 0;
	cache_denial_walk(store_cache(w->store), sum_nsec3, &nsec3);
	assert_int_equal(nsec3, 0);
	network_forget_log(&w->network);
	world_ask(w, "n20.net.", TYPE_A, ASK_DO);
	assert_sent(w, 1);
}

static void generated_denials_deny_nothing_else(void **state)
{
	(void)state;
	begin_denial();
	world_add(w, &(struct world_zone){.apex = "compact.com.",
					  .servers = "ns.compact.com.=" PROVIDER_A,
					  .text = "www.compact.com. 300 IN A 192.0.2.80\n",
					  .options = {.compact = true}});
	world_start(w);
	world_ask(w, "aaa.compact.com.", TYPE_A, ASK_DO);
	world_ask(w, "www.compact.com.", TYPE_MX, ASK_DO);
	network_forget_log(&w->network);
	assert_missed("aab.compact.com.", TYPE_A);
	assert_missed("www.compact.com.", TYPE_TXT);
	world_ask(w, "aab.compact.com.", TYPE_A, ASK_DO);
	assert_sent(w, 1);
}

static void configured_zones_are_asked_whatever_those_above_say(void **state)
{
	(void)state;
	begin_denial();
	add_example(w);
	world_route(w, "corp.example.com.", true, "192.0.2.77");
	world_start(w);
	world_ask(w, "cop.example.com.", TYPE_A, ASK_DO);
	world_ask(w, "corq.example.com.", TYPE_A, ASK_DO);
	assert_served(serve("corr.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true);
	assert_missed("corp.example.com.", TYPE_A);
	assert_missed("www.corp.example.com.", TYPE_A);
}

static void a_stub_zone_denies_its_own_names_and_nothing_above_does(void **state)
{
	(void)state;
	begin_denial();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "corp.example.com.",
					  .servers = "ns.corp.example.com.=192.0.2.77",
					  .text = "www.corp.example.com. 300 IN A 192.0.2.80\n"});
	world_route(w, "corp.example.com.", false, "192.0.2.77");
	world_start(w);
	world_undelegate(w, "corp.example.com."); // the public zone knows nothing of it
	world_ask(w, "cop.example.com.", TYPE_A, ASK_DO);
	world_ask(w, "corq.example.com.", TYPE_A, ASK_DO);
	assert_served(serve("corpp.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true);
	assert_missed("corp.example.com.", TYPE_A);
	assert_missed("www.corp.example.com.", TYPE_A);
	world_flush(w, text_name("corp.example.com."));
	assert_missed("www.corp.example.com.", TYPE_A);
}

static void special_use_zones_are_answered_as_ever(void **state)
{
	(void)state;
	world_ask(w, "tesa.", TYPE_A, ASK_DO);
	world_ask(w, "tesu.", TYPE_A, ASK_DO);
	assert_served(serve("tesv.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true);
	assert_missed("test.", TYPE_A);
	assert_missed("www.test.", TYPE_A);
	assert_answer(world_ask(w, "www.test.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, false, EDE_NONE);
}

static void nothing_is_denied_below_a_negative_trust_anchor(void **state)
{
	(void)state;
	world_ask(w, "aaa.example.com.", TYPE_A, ASK_DO);
	assert_served(serve("aab.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true);
	assert_int_equal(resolver_nta_add(w->resolver, text_name("example.com."), 3600, "test"), 0);
	assert_missed("aab.example.com.", TYPE_A);
	assert_answer(world_ask(w, "aaa.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, false,
		      EDE_NEGATIVE_TRUST_ANCHOR);
	assert_missed("aab.example.com.", TYPE_A);
	assert_true(resolver_nta_remove(w->resolver, text_name("example.com.")));
	world_ask(w, "aaa.example.com.", TYPE_A, ASK_DO);
	assert_served(serve("aab.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true);
}

static void it_can_be_switched_off(void **state)
{
	(void)state;
	world_ask(w, "aaa.example.com.", TYPE_A, ASK_DO);
	assert_missed("aab.example.com.", TYPE_A);
	network_forget_log(&w->network);
	world_ask(w, "aab.example.com.", TYPE_A, ASK_DO);
	assert_sent(w, 1);
}

// It may hide names from us that others have: what it proves stands for the name asked alone.
static void what_a_forwarder_proves_denies_no_other_names(void **state)
{
	(void)state;
	w = world_new();
	w->denial = true;
	world_add_tlds(w);
	add_example(w);
	world_route(w, "example.com.", true, "203.0.113.50");
	world_start(w);
	world_serve_all(w, "203.0.113.50");
	assert_answer(world_ask(w, "aaa.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_missed("aab.example.com.", TYPE_A);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "aab.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_sent(w, 1);
}

// Which signatures are over it does not know.
static void nothing_is_denied_while_the_clock_is_not_trusted(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "aaa.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_answer(world_ask(w, "aab.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_SYNTHESIZED);
	const uint64_t before = world_counter(w, "resolver.denied");
	w->clock_untrusted = true;
	assert_int_equal(world_ask(w, "aac.example.com.", TYPE_A, ASK_DO)->reply->rcode,
			 RCODE_SERVFAIL);
	assert_int_equal(world_counter(w, "resolver.denied"), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_denial(opt_out_spans_deny_nothing),
		scenario(generated_denials_deny_nothing_else),
		scenario(what_a_forwarder_proves_denies_no_other_names),
		scenario(configured_zones_are_asked_whatever_those_above_say),
		scenario(a_stub_zone_denies_its_own_names_and_nothing_above_does),
		scenario_denial(special_use_zones_are_answered_as_ever),
		scenario_denial(nothing_is_denied_below_a_negative_trust_anchor),
		scenario_common(it_can_be_switched_off),
		scenario_denial(nothing_is_denied_while_the_clock_is_not_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
