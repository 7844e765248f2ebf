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

// D12: a name that is broken in a zone that is well is asked about once in five seconds at most, soon.
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
	// 1 + 2 + 4 + 5 + 5 + 5 + 5 + 5 s, two servers each time
	assert_in_range(network_sent(&w->network, NULL, "hot0.wild.example.com.", TYPE_A), 8, 18);
}

// A name that fails for minutes while its zone is well is back soon after it is mended: nobody
// looks after it but who asks for it.
static void a_name_that_was_mended_is_back_in_five_seconds(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_SERVFAIL, FAULT_REFUSED, FAULT_BOGUS,
						FAULT_MALFORMED, FAULT_DROP};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		begin();
		add_example(w);
		world_start(w);
		const size_t at = w->network.fault_count;
		with((struct fault){.kind = kinds[i], .name = "www.example.com."});
		for (int s = 0; s < 130; s++) {
			assert_int_equal(
				world_ask(w, "www.example.com.", TYPE_A, ASK_DO)->reply->rcode,
				RCODE_SERVFAIL);
			world_advance(w, 1000);
			if (s % 40 == 0) // others go on
				world_ask(w, "mx.example.com.", TYPE_MX, 0);
		}
		w->network.fault_count = at;
		world_advance(w, 5000);
		assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		end_world(state);
	}
}

// ---- when other servers have the zone ----

#define NEW_A "203.0.113.41"
#define NEW_B "203.0.114.41"

static unsigned ask_until_good(unsigned limit_s)
{
	for (unsigned i = 0; i < limit_s * 2; i++) {
		if (ask_wild("m", i)->reply->rcode == RCODE_NOERROR)
			return i / 2;
		world_advance(w, 500);
	}
	return limit_s;
}

// Its delegation lasts for an hour, and the servers that it names are no longer its own.
static void a_zone_that_has_moved_is_found_before_its_delegation_ends(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_DROP,  FAULT_REFUSED,  FAULT_LAME,
						FAULT_BOGUS, FAULT_SERVFAIL, FAULT_UNREACHABLE};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		warm();
		world_advance(w, 3000);
		break_example(kinds[i]);
		struct world_zone *zone = world_zone(w, "example.com.");
		zone->servers = "ns1.example.com.=" NEW_A " ns2.example.com.=" NEW_B;
		network_serve(&w->network, NEW_A, zone->zone);
		network_serve(&w->network, NEW_B, zone->zone);
		world_roll(w, "com.", true);
		unsigned after_s = ask_until_good(60);
		if (after_s >= 10)
			fail_msg("fault %u: %u s", kinds[i], after_s);
		world_run(w);
		end_world(state);
	}
}

// The addresses that came with a referral are not signed (ATTACKS E1). Whoever has forged them has
// the zone for as long as our own question needs to see that nothing there validates.
static void forged_glue_beside_a_valid_ds_does_not_last(void **state)
{
	for (unsigned i = 0; i < 3; i++) {
		const enum fault_kind kinds[] = {FAULT_DROP, FAULT_BOGUS, FAULT_STRIP};
		start_common(state);
		with((struct fault){.kind = FAULT_FORGED, .below = "com."});
		for (unsigned k = 0; k < 2; k++) { // 10 ^ 0x55
			const char *address = k ? "192.0.2.95" : "198.51.100.95";
			network_serve(&w->network, address, world_zone(w, "example.com.")->zone);
			with((struct fault){.kind = kinds[i], .server = address});
		}
		assert_int_equal(ask_wild("f", 0)->reply->rcode, RCODE_SERVFAIL);
		for (size_t f = 0; f < w->network.fault_count; f++) {
			if (w->network.faults[f].kind == FAULT_FORGED)
				w->network.faults[f].kind = FAULT_NONE;
		}
		unsigned after_s = ask_until_good(60);
		if (after_s >= 10)
			fail_msg("%u: %u s", kinds[i], after_s);
		world_run(w);
		end_world(state);
	}
}

// A zone that is dead, and has not moved: its parent is not asked more often for that.
static void the_parent_of_a_dead_zone_is_asked_seldom(void **state)
{
	(void)state;
	warm();
	world_advance(w, 3000);
	break_example(FAULT_REFUSED);
	for (unsigned i = 0; i < 240; i++) {
		ask_wild("d", i);
		world_advance(w, 500);
	}
	assert_in_range(world_counter(w, "resolver.referred_again"), 3, 7);
	assert_in_range(network_sent(&w->network, "192.5.6.30", NULL, 0) +
				network_sent(&w->network, "198.51.101.30", NULL, 0),
			3, 14);
	// One name of a zone that is well changes nothing.
	network_heal(&w->network);
	world_advance(w, 3000);
	ask_wild("well", 0);
	uint64_t before = world_counter(w, "resolver.referred_again");
	with((struct fault){.kind = FAULT_REFUSED, .name = "x.wild.example.com."});
	for (unsigned i = 0; i < 120; i++) {
		world_ask(w, "x.wild.example.com.", i % 2 ? TYPE_A : TYPE_MX, 0);
		world_advance(w, 500);
	}
	assert_int_equal(world_counter(w, "resolver.referred_again"), before);
}

// ---- what is told of it ----

static void count_tlds(void *arg, const uint8_t *zone, uint64_t for_ms)
{
	(void)for_ms;
	*(unsigned *)arg += name_equal(zone, text_name("com."));
}

static unsigned failing_tlds(void)
{
	unsigned count = 0;

	resolver_failing(w->resolver, count_tlds, &count);
	return count;
}

static void ask_new_names_for_5_s(void)
{
	for (unsigned i = 0; i < 10; i++) {
		char name[60];
		snprintf(name, sizeof(name), "www.new%u.com.", i);
		world_ask_later(w, name, TYPE_A, 0);
		world_advance(w, 500);
	}
}

// A TLD that nobody has a proof of any more, or never had one: it is told while it lasts.
static void a_tld_without_a_good_answer_is_told_of(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_DROP,  FAULT_BOGUS,    FAULT_STRIP,
						FAULT_LAME,  FAULT_SERVFAIL, FAULT_REFUSED,
						FAULT_DELAY, FAULT_MALFORMED};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const unsigned told = kinds[i] != FAULT_DELAY;
		start_common(state);
		warm();
		world_advance(w, 3000);
		for (unsigned k = 0; k < 2; k++)
			with((struct fault){.kind = kinds[i],
					    .server = k ? "192.5.6.30" : "198.51.101.30",
					    .delay_ms = 200});
		ask_new_names_for_5_s();
		if (failing_tlds() != told)
			fail_msg("fault %u: %u", kinds[i], failing_tlds());
		network_heal(&w->network);
		world_advance(w, 3000);
		assert_int_equal(failing_tlds(), 0);
		world_run(w);
		end_world(state);
	}
}

// Names of zones below it, and types, say nothing of it; nor does a loss of our own path.
static void what_fails_below_a_tld_or_on_our_own_path_is_not_its_failure(void **state)
{
	for (unsigned i = 0; i < 3; i++) {
		start_common(state);
		warm();
		world_advance(w, 3000);
		if (i == 0)
			break_example(FAULT_DROP);
		else if (i == 1)
			with((struct fault){.kind = FAULT_DROP, .type = TYPE_DS});
		else
			with((struct fault){.kind = FAULT_DROP});
		for (unsigned n = 0; n < 10; n++) {
			char name[60];
			snprintf(name, sizeof(name), "n%u.%s", n,
				 n % 2 ? "wild.example.com." : "plain.org.");
			world_ask_later(w, name, TYPE_A, 0);
			world_advance(w, 300);
			if (failing_tlds() != 0)
				fail_msg("%u, %u", i, n);
		}
		world_run(w);
		end_world(state);
	}
}

// Its keys are signed by nobody who is trusted, from the start or later: that is the root's affair,
// not that of the TLDs below it, and known without a question. It ends by itself.
static void a_root_that_does_not_validate_is_told_of_alone(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_BOGUS, FAULT_UNKNOWN_KEY, FAULT_STRIP,
						FAULT_EXPIRED};
	uint64_t for_ms;

	for (unsigned i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct fault fault = {.kind = kinds[i / 2], .server = "192.88.0.1"};
		const bool later = i % 2;
		struct fault other = fault;
		other.server = "198.41.0.4";
		begin();
		add_example(w);
		if (!later) {
			with(fault);
			with(other);
		}
		world_start(w);
		if (later) {
			world_advance(w, 1000);
			assert_null(resolver_root_bogus(w->resolver, &for_ms));
			world_advance(w, 4 * 86400000ull); // its keys have ended
			with(fault);
			with(other);
			world_ask(w, "www.example.com.", TYPE_A, 0);
		}
		world_advance(w, 3000);
		assert_non_null(resolver_root_bogus(w->resolver, &for_ms));
		ask_new_names_for_5_s();
		assert_non_null(resolver_root_bogus(w->resolver, &for_ms));
		assert_int_equal(failing_tlds(), 0);
		network_heal(&w->network);
		world_advance(w, 3000);
		assert_null(resolver_root_bogus(w->resolver, &for_ms));
		world_run(w);
		end_world(state);
	}
}

// Servers of the root that are dead, one that spoils, and TLDs that do, say nothing of it.
static void a_root_that_validates_is_not_told_of(void **state)
{
	static const struct fault faults[] = {
		{.kind = FAULT_DROP, .server = "192.88.0.1"},
		{.kind = FAULT_DROP, .name = ".", .type = TYPE_DNSKEY},
		{.kind = FAULT_BOGUS, .server = "192.88.0.1"},
		{.kind = FAULT_BOGUS, .server = "198.51.101.30"},
		{.kind = FAULT_BOGUS, .name = ".", .type = TYPE_NS},
	};
	uint64_t for_ms;

	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		begin();
		add_example(w);
		with(faults[i]);
		world_start(w);
		for (unsigned k = 0; k < 10; k++) {
			ask_new_names_for_5_s();
			assert_null(resolver_root_bogus(w->resolver, &for_ms));
		}
		world_run(w);
		end_world(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a_zone_that_has_moved_is_found_before_its_delegation_ends),
		scenario(forged_glue_beside_a_valid_ds_does_not_last),
		scenario_common(the_parent_of_a_dead_zone_is_asked_seldom),
		scenario(a_tld_without_a_good_answer_is_told_of),
		scenario(a_root_that_does_not_validate_is_told_of_alone),
		scenario(a_root_that_validates_is_not_told_of),
		scenario(what_fails_below_a_tld_or_on_our_own_path_is_not_its_failure),
		scenario(a_zone_that_recovers_is_back_within_two_seconds),
		scenario_common(a_zone_that_fails_is_probed_about_once_a_second),
		scenario_common(one_broken_name_is_not_helped_by_the_others_of_its_zone),
		cmocka_unit_test(a_name_that_was_mended_is_back_in_five_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
