#include "tests/scenario/zones.h"

static void remember(void)
{
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO); // TTL 300
	network_forget_log(&w->network);
}

static uint64_t left_ms(const char *name, uint16_t type)
{
	struct entry_facts facts;

	if (!world_cached(w, name, type, &facts))
		return 0;
	return facts.expires_ms - w->network.now_us / 1000;
}

static void a_name_hit_in_its_last_tenth_is_renewed_before_it_ends(void **state)
{
	(void)state;
	remember();
	world_advance(w, 280000);
	assert_sent(w, 0);
	assert_true(left_ms("www.example.com.", TYPE_A) < 21000);
	world_ask(w, "www.example.com.", TYPE_A, 0);
	assert_sent(w, 0);
	world_advance(w, 19000);
	assert_sent(w, 1);
	assert_int_equal(network_sent(&w->network, NULL, "www.example.com.", TYPE_A), 1);
	assert_true(left_ms("www.example.com.", TYPE_A) > 280000);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_int_equal(world_counter(w, "resolver.prefetched"), 1);
	// It is watched on.
	world_advance(w, 260000);
	world_advance(w, 25000);
	world_ask(w, "www.example.com.", TYPE_A, 0);
	world_advance(w, 20000);
	assert_int_equal(world_counter(w, "resolver.prefetched"), 2);
	assert_int_equal(world_counter(w, "resolver.under_way"), 0);
}

static void a_name_hit_before_its_last_tenth_only_is_not_renewed(void **state)
{
	(void)state;
	remember();
	for (int i = 0; i < 26; i++) {
		world_advance(w, 10000);
		world_ask(w, "www.example.com.", TYPE_A, 0);
	}
	world_advance(w, 45000);
	assert_sent(w, 0);
	assert_not_cached(w, "www.example.com.", TYPE_A);
	assert_int_equal(world_counter(w, "resolver.prefetched"), 0);
}

static void a_hit_near_the_end_is_enough(void **state)
{
	(void)state;
	remember();
	world_advance(w, 297500);
	world_ask(w, "www.example.com.", TYPE_A, 0);
	world_advance(w, 2300);
	assert_true(left_ms("www.example.com.", TYPE_A) > 290000);
}

static void short_lives_are_left_alone(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "example.com.",
					  .servers = "ns.example.com.=" PROVIDER_A,
					  .text = "short.example.com. 9 IN A 192.0.2.80\n"
						  "long.example.com. 10 IN A 192.0.2.81\n"});
	world_start(w);
	world_ask(w, "short.example.com.", TYPE_A, 0);
	world_ask(w, "long.example.com.", TYPE_A, 0);
	for (int i = 0; i < 29; i++) {
		world_advance(w, 300);
		world_ask(w, "short.example.com.", TYPE_A, 0);
		world_ask(w, "long.example.com.", TYPE_A, 0);
	}
	network_forget_log(&w->network);
	for (int i = 0; i < 4; i++) {
		world_advance(w, 250);
		world_ask(w, "long.example.com.", TYPE_A, 0);
	}
	assert_int_equal(world_counter(w, "resolver.prefetched"), 1);
	assert_int_equal(network_sent(&w->network, NULL, "short.example.com.", TYPE_A), 0);
}

// The alias and what it leads to are two entries, each with its own time.
static void aliases_are_renewed_as_well(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "example.com.",
					  .servers = "ns.example.com.=" PROVIDER_A,
					  .text = "a.example.com. 100 IN CNAME b.example.com.\n"
						  "b.example.com. 200 IN A 192.0.2.81\n"});
	world_start(w);
	world_ask(w, "a.example.com.", TYPE_A, 0);
	network_forget_log(&w->network);
	world_advance(w, 95000);
	world_ask(w, "a.example.com.", TYPE_A, 0);
	assert_sent(w, 0);
	world_advance(w, 4800);
	assert_true(left_ms("a.example.com.", TYPE_CNAME) > 90000);
	assert_int_equal(network_sent(&w->network, NULL, "a.example.com.", TYPE_CNAME), 1);
}

// Nothing that a prefetch brings may take the place of what is good.
static void a_prefetch_that_fails_leaves_the_entry(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_DROP,     FAULT_BOGUS,    FAULT_STRIP,
						FAULT_SERVFAIL, FAULT_NXDOMAIN, FAULT_FORGED};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		remember();
		world_advance(w, 280000);
		with((struct fault){.kind = kinds[i], .server = PROVIDER_A});
		with((struct fault){.kind = kinds[i], .server = PROVIDER_B});
		world_ask(w, "www.example.com.", TYPE_A, 0);
		world_advance(w, 15000);
		assert_int_equal(world_counter(w, "resolver.prefetched"), 1);
		assert_true(network_sent(&w->network, NULL, "www.example.com.", 0) > 0);
		struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_address(q, "192.0.2.80");
		end_world(state);
	}
}

static void prefetch_can_be_off(void **state)
{
	(void)state;
	begin();
	add_example(w);
	w->config.no_prefetch = true;
	world_start(w);
	remember();
	world_advance(w, 280000);
	world_ask(w, "www.example.com.", TYPE_A, 0);
	world_advance(w, 21000);
	assert_sent(w, 0);
	assert_not_cached(w, "www.example.com.", TYPE_A);
}

// Farther away than the wheel of times reaches.
static void long_lives_are_renewed_too(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "example.com.",
					  .servers = "ns.example.com.=" PROVIDER_A,
					  .text = "www.example.com. 5000 IN A 192.0.2.80\n"});
	world_start(w);
	world_ask(w, "www.example.com.", TYPE_A, 0);
	world_advance(w, 4000000);
	world_advance(w, 700000);
	network_forget_log(&w->network);
	world_ask(w, "www.example.com.", TYPE_A, 0);
	world_advance(w, 290000);
	assert_true(left_ms("www.example.com.", TYPE_A) > 4500000);
	assert_int_equal(world_counter(w, "resolver.prefetched"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(a_name_hit_in_its_last_tenth_is_renewed_before_it_ends),
		scenario_common(a_name_hit_before_its_last_tenth_only_is_not_renewed),
		scenario_common(a_hit_near_the_end_is_enough),
		scenario(short_lives_are_left_alone),
		scenario(aliases_are_renewed_as_well),
		scenario(a_prefetch_that_fails_leaves_the_entry),
		scenario(prefetch_can_be_off),
		scenario(long_lives_are_renewed_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
