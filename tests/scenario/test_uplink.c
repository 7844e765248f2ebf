// Our own path, and whoever makes it look lost: silence of servers that somebody has chosen says
// nothing about it (DESIGN §7).
#include "tests/scenario/explained.h"
#include "tests/scenario/failures.h"

#define DEAD 8

static char apexes[DEAD][16], servers[DEAD][80], texts[DEAD][80], addresses[2 * DEAD][16];

static void start_zones(void)
{
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "fresh.com.",
					  .servers = "ns1.fresh.com.=203.0.113.60",
					  .text = "www.fresh.com. 300 IN A 192.0.2.80\n"});
	for (unsigned i = 0; i < DEAD; i++) {
		snprintf(apexes[i], sizeof(apexes[i]), "z%u.com.", i);
		snprintf(servers[i], sizeof(servers[i]),
			 "a.z%u.com.=192.1.%u.1 b.z%u.com.=192.2.%u.1", i, i, i, i);
		snprintf(texts[i], sizeof(texts[i]), "*.z%u.com. 2 IN A 192.0.2.99\n", i);
		world_add(w, &(struct world_zone){
				     .apex = apexes[i], .servers = servers[i], .text = texts[i]});
	}
	world_start(w);
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
}

static void ask_dead(unsigned i, unsigned n)
{
	char name[40];

	snprintf(name, sizeof(name), "n%u.z%u.com.", n, i);
	world_ask_later(w, name, TYPE_A, 0);
}

static void kill_zones(void)
{
	for (unsigned i = 0; i < 2 * DEAD; i++) {
		snprintf(addresses[i], sizeof(addresses[i]), "192.%u.%u.1", 1 + i % 2, i / 2);
		with((struct fault){.kind = FAULT_DROP, .server = addresses[i]});
	}
}

// Nobody else asks for anything, and the zones are somebody's who lets them answer at first, or
// never.
static void d14_zones_that_are_dead_are_not_our_own_path(void **state)
{
	for (unsigned answered = 0; answered < 2; answered++) {
		start_zones();
		for (unsigned i = 0; answered && i < 4 * DEAD; i++) {
			ask_dead(i % DEAD, i);
			world_run(w);
		}
		world_advance(w, 60000);
		kill_zones();
		// From here on, one client has dead zones asked for without end.
		for (unsigned round = 0; round < 20; round++) {
			for (unsigned i = 0; i < DEAD; i++)
				ask_dead(i, 100 + round);
			world_advance(w, 500);
			assert_int_equal(world_counter(w, "upstream.uplink_lost"), 0);
		}
		assert_int_equal(world_counter(w, "upstream.uplink_losses"), 0);
		assert_int_equal(world_counter(w, "upstream.uplink_excused"), 0);
		// It is the root that tells, once a second at most.
		assert_in_range(world_counter(w, "resolver.canaries"), 1, 12);
		struct question *q = world_ask(w, "new.wild.example.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		world_run(w);
		end_world(state);
	}
}

// Where everybody is silent, the root among them, it is our path, and that is known within a
// second.
static void silence_of_the_root_too_is_our_own_path(void **state)
{
	(void)state;
	start_zones();
	for (unsigned i = 0; i < 4 * DEAD; i++) {
		ask_dead(i % DEAD, i);
		world_run(w);
	}
	world_advance(w, 60000);
	with((struct fault){.kind = FAULT_DROP});
	for (unsigned i = 0; i < DEAD; i++)
		ask_dead(i, 1000);
	world_advance(w, 1500);
	assert_int_equal(world_counter(w, "upstream.uplink_lost"), 1);
	network_heal(&w->network);
	world_advance(w, 2000);
	assert_int_equal(world_counter(w, "upstream.uplink_lost"), 0);
	world_run(w);
}

// Its data came, its keys did not, for want of that path: neither is held against it.
static void what_lacks_keys_while_our_own_path_is_lost_is_our_own_failure(void **state)
{
	(void)state;
	start_zones();
	for (unsigned i = 0; i < 4 * DEAD; i++) {
		ask_dead(i % DEAD, i);
		world_run(w);
	}
	world_advance(w, 60000);
	with((struct fault){.kind = FAULT_DROP});
	with((struct fault){.below = "fresh.com.", .type = TYPE_A});
	struct question *q = world_ask_later(w, "www.fresh.com.", TYPE_A, ASK_DO);
	for (unsigned i = 0; i < DEAD; i++)
		ask_dead(i, 1000);
	world_advance(w, 1500);
	assert_int_equal(world_counter(w, "upstream.uplink_lost"), 1);
	world_run(w);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(explain("www.fresh.com.", TYPE_A)->failed.kind, FAILED_OWN);
}

static bool path_is_lost(void)
{
	assert_int_equal(upstream_path_lost_ms(w->upstream) > 0,
			 world_counter(w, "upstream.uplink_lost"));
	return upstream_path_lost_ms(w->upstream) > 0;
}

// Looks twenty times a second.
static bool is_lost_within(unsigned ms)
{
	for (unsigned i = 0; i < ms / 50; i++) {
		if (path_is_lost())
			return true;
		world_advance(w, 50);
	}
	return path_is_lost();
}

static bool is_back_within(unsigned ms)
{
	for (unsigned i = 0; i < ms / 50 && path_is_lost(); i++)
		world_advance(w, 50);
	return !path_is_lost();
}

// A host whose way out is shut when it boots: nobody has to ask for it to be known, and no time
// that it lasts is too long for the return to be seen.
static void a_start_that_nobody_answers_is_a_lost_path(void **state)
{
	static const enum fault_kind shut[] = {FAULT_DROP, FAULT_UNREACHABLE, FAULT_DROP};
	static const unsigned for_ms[] = {0, 60000, 3600000};

	for (unsigned i = 0; i < 3; i++) {
		begin();
		add_example(w);
		with((struct fault){.kind = shut[i]});
		world_start(w);
		assert_true(is_lost_within(6000));
		struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		world_advance(w, for_ms[i]);
		assert_true(path_is_lost());
		network_heal(&w->network);
		assert_true(is_back_within(2500));
		q = world_ask(w, "www.wild.example.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		world_run(w);
		end_world(state);
	}
}

// Servers that take three seconds, that answer over TCP alone, that refuse, or a root of which all
// servers but one are dead: somebody answers.
static void a_start_beside_slow_servers_is_none(void **state)
{
	static const struct fault faults[] = {
		{.kind = FAULT_DELAY, .delay_ms = 400},
		{.kind = FAULT_DELAY, .delay_ms = 900},
		{.kind = FAULT_DELAY, .delay_ms = 1800},
		{.kind = FAULT_DELAY, .delay_ms = 3000},
		{.kind = FAULT_DROP, .udp_only = true},
		{.kind = FAULT_REFUSED},
		{.kind = FAULT_DROP, .server = "192.88.0.1"},
	};

	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		begin();
		add_example(w);
		with(faults[i]);
		world_start(w);
		assert_false(is_lost_within(30000));
		world_run(w);
		end_world(state);
	}
}

// One name of one zone, asked for again and again: nobody else asks for anything. It is known that
// the path is there, and the root is not asked more often than twice in three seconds for that.
static void one_dead_zone_alone_is_none(void **state)
{
	(void)state;
	start_zones();
	world_advance(w, 60000);
	kill_zones();
	uint64_t before = world_counter(w, "resolver.canaries");
	for (unsigned round = 0; round < 60; round++) {
		ask_dead(0, round);
		assert_false(is_lost_within(500));
	}
	assert_in_range(world_counter(w, "resolver.canaries") - before, 1, 20);
	world_run(w);
}

// The same when our own path is lost: one question is enough to see it, though it is about servers
// of two networks alone.
static void a_lost_path_is_seen_by_the_first_question(void **state)
{
	(void)state;
	start_zones();
	ask_dead(0, 0);
	world_run(w);
	world_advance(w, 60000);
	with((struct fault){.kind = FAULT_DROP});
	ask_dead(0, 1);
	assert_true(is_lost_within(10000));
	network_heal(&w->network);
	assert_true(is_back_within(2500));
	world_run(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(d14_zones_that_are_dead_are_not_our_own_path),
		scenario(silence_of_the_root_too_is_our_own_path),
		scenario(what_lacks_keys_while_our_own_path_is_lost_is_our_own_failure),
		scenario(a_start_that_nobody_answers_is_a_lost_path),
		scenario(a_start_beside_slow_servers_is_none),
		scenario(one_dead_zone_alone_is_none),
		scenario(a_lost_path_is_seen_by_the_first_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
