// Several dead zones on the way of one question: it ends within four seconds with what is the
// matter, however many there are.
#include "tests/scenario/failures.h"

#define DEAD 6

static char apexes[DEAD][16], servers[DEAD][40], addresses[DEAD][16];

// Each with a server of its own, on a network of its own.
static void begin_with_dead_zones(void)
{
	begin();
	add_example(w);
	for (unsigned i = 0; i < DEAD; i++) {
		snprintf(apexes[i], sizeof(apexes[i]), "dead%u.org.", i);
		snprintf(addresses[i], sizeof(addresses[i]), "192.1.%u.1", i);
		snprintf(servers[i], sizeof(servers[i]), "ns.dead%u.org.=192.1.%u.1", i, i);
		world_add(w, &(struct world_zone){.apex = apexes[i], .servers = servers[i]});
	}
}

static void kill_zones(void)
{
	for (unsigned i = 0; i < DEAD; i++)
		with((struct fault){.kind = FAULT_DROP, .server = addresses[i]});
}

static void assert_ends_in_time(struct question *q, const char *what)
{
	unsigned took_ms = (unsigned)((q->done_us - q->asked_us) / 1000);

	if (took_ms > 4000 || q->reply->rcode != RCODE_SERVFAIL) {
		network_print_log(&w->network);
		fail_msg("%s: rcode %u after %u ms", what, q->reply->rcode, took_ms);
	}
	assert_int_not_equal(q->reply->edns.ede, EDE_NONE);
}

// The names of its servers are in zones that are dead themselves.
static void a_zone_whose_servers_names_are_dead_ends_in_time(void **state)
{
	(void)state;
	begin_with_dead_zones();
	world_add(w, &(struct world_zone){
			     .apex = "lost.com.",
			     .servers = "a.dead0.org.=192.1.100.1 b.dead1.org.=192.1.101.1 "
					"c.dead2.org.=192.1.102.1 d.dead3.org.=192.1.103.1 "
					"e.dead4.org.=192.1.104.1 f.dead5.org.=192.1.105.1",
			     .no_glue = true,
			     .ghosts = true});
	world_start(w);
	kill_zones();
	assert_ends_in_time(world_ask(w, "www.lost.com.", TYPE_A, ASK_DO), "first");
	world_run(w);
	assert_ends_in_time(world_ask(w, "www2.lost.com.", TYPE_A, ASK_DO), "second");
	world_run(w);
}

// One of its servers' names is in a zone that is well, and comes last.
static void names_of_servers_that_are_dead_hold_up_no_others(void **state)
{
	(void)state;
	for (unsigned dead = 1; dead <= 4; dead++) {
		char servers_of[200] = "";
		size_t len = 0;
		begin_with_dead_zones();
		for (unsigned i = 0; i < dead; i++)
			len += (size_t)snprintf(servers_of + len, sizeof(servers_of) - len,
						"a.dead%u.org.=192.1.10%u.1 ", i, i);
		snprintf(servers_of + len, sizeof(servers_of) - len,
			 "ns.wild.example.com.=192.0.2.81");
		world_add(w, &(struct world_zone){.apex = "lost.com.",
						  .servers = servers_of,
						  .text = "www.lost.com. 60 IN A 192.0.2.7\n",
						  .no_glue = true,
						  .ghosts = true});
		world_start(w);
		kill_zones();
		struct question *q = world_ask(w, "www.lost.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		if (q->done_us - q->asked_us > 1500000)
			fail_msg("%u dead: after %u ms", dead,
				 (unsigned)((q->done_us - q->asked_us) / 1000));
		world_run(w);
		end_world(state);
	}
}

// A zone answers, but not for its keys, and its parent's servers fall silent behind it.
static void what_is_silent_for_keys_ends_in_time(void **state)
{
	(void)state;
	for (unsigned parents = 0; parents < 2; parents++) {
		start_common(state);
		with((struct fault){
			.kind = FAULT_DROP, .type = TYPE_DNSKEY, .below = "example.com."});
		if (parents)
			with((struct fault){
				.kind = FAULT_DROP, .type = TYPE_DNSKEY, .name = "com."});
		assert_ends_in_time(world_ask(w, "www.example.com.", TYPE_A, ASK_DO),
				    parents ? "keys of both" : "keys");
		world_run(w);
		end_world(state);
	}
}

// A chain that leads from zone to zone, whose last one is dead, by servers that are slow each.
static void a_chain_through_slow_zones_to_a_dead_one_ends_in_time(void **state)
{
	(void)state;
	begin_with_dead_zones();
	world_add(w, &(struct world_zone){.apex = "chain.com.",
					  .servers = "ns.chain.com.=203.0.113.70",
					  .text = "a.chain.com. 60 IN CNAME www.dead0.org.\n"});
	world_start(w);
	kill_zones();
	with((struct fault){.kind = FAULT_DELAY, .server = "203.0.113.70", .delay_ms = 380});
	assert_ends_in_time(world_ask(w, "a.chain.com.", TYPE_A, ASK_DO), "chain");
	world_run(w);
}

// Forwarders that recursion stands in for, and then a dead zone.
static void dead_forwarders_before_a_dead_zone_end_in_time(void **state)
{
	(void)state;
	begin_with_dead_zones();
	struct route *route =
		world_route(w, "dead0.org.", true, "203.0.113.60 203.0.114.60 203.0.115.60");
	route->first = true;
	world_start(w);
	kill_zones();
	for (unsigned i = 0; i < 3; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%u.dead0.org.", i);
		assert_ends_in_time(world_ask(w, name, TYPE_A, ASK_DO), name);
		world_run(w);
	}
}

#define ZONES     40
#define QUESTIONS 1800

static char zones[ZONES][16], zones_servers[ZONES][80], zones_texts[ZONES][80];

// Two servers carry many zones, all in use, and fall silent: of names that nobody has asked for
// before, whatever the zone, each question ends in time, and with the reason.
static void an_outage_of_what_carries_many_zones_answers_all_in_time(void **state)
{
	static struct question *asked[QUESTIONS];
	unsigned late = 0, slow = 0;
	char name[60];

	(void)state;
	begin();
	for (unsigned i = 0; i < ZONES; i++) {
		snprintf(zones[i], sizeof(zones[i]), "m%u.com.", i);
		snprintf(zones_servers[i], sizeof(zones_servers[i]),
			 "a.m%u.com.=192.0.2.61 b.m%u.com.=198.51.100.61", i, i);
		snprintf(zones_texts[i], sizeof(zones_texts[i]), "*.m%u.com. 60 IN A 192.0.2.9\n",
			 i);
		world_add(w, &(struct world_zone){.apex = zones[i],
						  .servers = zones_servers[i],
						  .text = zones_texts[i]});
	}
	world_start(w);
	for (unsigned i = 0; i < 2 * ZONES; i++) {
		snprintf(name, sizeof(name), "known%u.%s", i, zones[i % ZONES]);
		assert_answer(world_ask(w, name, TYPE_A, 0), RCODE_NOERROR, false, EDE_NONE);
	}
	with((struct fault){.kind = FAULT_DROP, .server = "192.0.2.61"});
	with((struct fault){.kind = FAULT_DROP, .server = "198.51.100.61"});
	network_forget_log(&w->network);
	for (unsigned i = 0; i < QUESTIONS; i++) {
		snprintf(name, sizeof(name), "n%u.%s", i, zones[i * 7 % ZONES]);
		asked[i] = world_ask_later(w, name, TYPE_A, 0);
		assert_non_null(asked[i]);
		world_advance(w, 5);
	}
	world_run(w);
	for (unsigned i = 0; i < QUESTIONS; i++) {
		uint64_t took_us = asked[i]->done_us - asked[i]->asked_us;
		assert_answer(asked[i], RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
		late += took_us > 4000000;
		slow += took_us > 1000000;
	}
	print_message("%u of %u after more than 4 s, %u after more than 1 s, %zu packets\n", late,
		      QUESTIONS, slow, w->network.log_count);
	assert_int_equal(late, 0);
	assert_true(slow < QUESTIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a_zone_whose_servers_names_are_dead_ends_in_time),
		scenario(names_of_servers_that_are_dead_hold_up_no_others),
		scenario(what_is_silent_for_keys_ends_in_time),
		scenario(a_chain_through_slow_zones_to_a_dead_one_ends_in_time),
		scenario(dead_forwarders_before_a_dead_zone_end_in_time),
		scenario(an_outage_of_what_carries_many_zones_answers_all_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
