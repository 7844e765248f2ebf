// Zones that failed as a whole: they are looked after, and back at once.
#include "tests/scenario/failures.h"

static struct question *ask_wild(const char *prefix, unsigned n)
{
	char name[60];

	snprintf(name, sizeof(name), "%s%u.wild.example.com.", prefix, n);
	return world_ask(w, name, TYPE_A, ASK_DO);
}

// All of it fails for 20 s, and clients ask all the time, for few names and for ever new ones.
static void fail_for_20_s(enum fault_kind kind)
{
	warm();
	world_advance(w, 3000);
	break_example(kind);
	for (unsigned i = 0; i < 200; i++) {
		uint64_t before_us = w->network.now_us;
		ask_wild("hot", i % 5);
		if (i % 10 == 0)
			ask_wild("new", i);
		if (w->network.now_us < before_us + 100000)
			world_advance(w, 100 - (w->network.now_us - before_us) / 1000);
	}
}

// ATTACKS O1, O3: whatever the zone's failure was, it ends for all names with the zone's first good
// answer, though each of them had been remembered for longer and longer.
static void a_zone_that_recovers_is_back_within_two_seconds(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_DROP,     FAULT_BOGUS, FAULT_STRIP,
						FAULT_SERVFAIL, FAULT_LAME,  FAULT_REFUSED};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		fail_for_20_s(kinds[i]);
		assert_int_equal(ask_wild("hot", 0)->reply->rcode, RCODE_SERVFAIL);
		network_heal(&w->network);
		world_advance(w, 2000);
		for (unsigned n = 0; n < 5; n++)
			assert_answer(ask_wild("hot", n), RCODE_NOERROR, true, EDE_NONE);
		assert_answer(ask_wild("new", 10), RCODE_NOERROR, true, EDE_NONE);
		assert_answer(ask_wild("never", 0), RCODE_NOERROR, true, EDE_NONE);
		assert_int_equal(world_counter(w, "resolver.recovered"), 1);
		end_world(state);
	}
}

// Few packets see whether it has recovered, however many ask.
static void a_zone_that_fails_is_probed_about_once_a_second(void **state)
{
	(void)state;
	fail_for_20_s(FAULT_DROP);
	network_forget_log(&w->network);
	for (unsigned i = 0; i < 200; i++) {
		ask_wild("hot", i % 5);
		world_advance(w, 50);
	}
	size_t soa = network_sent(&w->network, NULL, "example.com.", TYPE_SOA);
	assert_in_range(soa, 8, 40);
	// Nobody asks any more: nobody is asked.
	world_advance(w, 15000);
	network_forget_log(&w->network);
	world_advance(w, 60000);
	assert_sent(w, 0);
}

// D12: a name that is broken in a zone that is well is still asked about less and less.
static void one_broken_name_is_not_helped_by_the_others_of_its_zone(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_BOGUS, .name = "hot0.wild.example.com."});
	for (unsigned i = 0; i < 300; i++) {
		assert_int_equal(ask_wild("hot", 0)->reply->rcode, RCODE_SERVFAIL);
		assert_answer(ask_wild("good", i), RCODE_NOERROR, true, EDE_NONE);
		world_advance(w, 100);
	}
	assert_int_equal(world_counter(w, "resolver.recovered"), 0);
	// 1 + 2 + 4 + 8 + 16 s, two servers each time
	assert_in_range(network_sent(&w->network, NULL, "hot0.wild.example.com.", TYPE_A), 8, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a_zone_that_recovers_is_back_within_two_seconds),
		scenario_common(a_zone_that_fails_is_probed_about_once_a_second),
		scenario_common(one_broken_name_is_not_helped_by_the_others_of_its_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
