// Servers and zones that fail, one by one and together: who is asked next, how often, for how long.
#include "tests/scenario/failures.h"

static void one_provider_down_costs_a_timeout_and_no_answer(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_A});
	for (int i = 0; i < 20; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_true(q->done_us - q->asked_us < 2000000);
		assert_cached(w, name, TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	}
	// Once it is known to be down it is seldom tried.
	assert_true(network_sent(&w->network, PROVIDER_A, NULL, 0) < 10);
	assert_sent_at_most(w, 32);
}

static void after_a_failure_the_next_try_goes_to_another_failure_domain(void **state)
{
	static char apexes[8][20], servers[8][140];

	(void)state;
	begin();
	for (int i = 0; i < 8; i++) {
		snprintf(apexes[i], sizeof(apexes[i]), "z%d.com.", i);
		snprintf(servers[i], sizeof(servers[i]),
			 "a.z%d.com.=192.0.2.%d b.z%d.com.=192.0.2.%d c.z%d.com.=192.0.2.%d "
			 "d.z%d.com.=203.0.113.%d",
			 i, i * 4 + 1, i, i * 4 + 2, i, i * 4 + 3, i, i + 1);
		world_add(w, &(struct world_zone){.apex = apexes[i],
						  .servers = servers[i],
						  .options = {.unsigned_ = true}});
	}
	world_start(w);
	for (int i = 0; i < 24 + 8; i++) {
		static char addresses[32][20];
		snprintf(addresses[i], sizeof(addresses[i]), "192.0.2.%d", i);
		with((struct fault){.kind = FAULT_DROP, .server = addresses[i]});
	}
	for (int i = 0; i < 8; i++) {
		char name[40];
		snprintf(name, sizeof(name), "nope.z%d.com.", i);
		network_forget_log(&w->network);
		assert_int_equal(world_ask(w, name, TYPE_A, 0)->reply->rcode, RCODE_NXDOMAIN);
		// The one that denies it is asked once more, in one case.
		assert_true(network_sent(&w->network, NULL, name, TYPE_A) <= 3);
		assert_cached(w, name, 0, ENTRY_NXDOMAIN, SECURITY_INSECURE);
	}
}

// ATTACKS O4
static void lame_servers_are_passed_by(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_LAME, FAULT_NO_AA, FAULT_REFUSED,
						FAULT_SERVFAIL, FAULT_FORMERR};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_common(state);
		warm();
		with((struct fault){.kind = kinds[i], .server = PROVIDER_A});
		for (int k = 0; k < 6; k++) {
			char name[40];
			snprintf(name, sizeof(name), "n%d.wild.example.com.", k);
			struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_cached(w, name, TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
		}
		assert_sent_at_most(w, 20);
		end_world(state);
	}
}

// RFC 4035 §5: signatures hold whoever passes them on. Nothing else out of a cache does.
static void recursive_servers_are_believed_what_is_signed(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_CACHE, .below = "example.com."});
	with((struct fault){.kind = FAULT_CACHE, .below = "plain.org."});
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_answer(world_ask(w, "nope.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	// The signed alias is good; its unsigned target is a last resort (test_last_resort.c).
	assert_answer(world_ask(w, "away.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
		      EDE_NONE);
	assert_int_equal(world_ask(w, "www.plain.org.", TYPE_AAAA, ASK_DO)->reply->rcode,
			 RCODE_SERVFAIL);
	assert_int_equal(world_ask(w, "nope.plain.org.", TYPE_A, ASK_DO)->reply->rcode,
			 RCODE_SERVFAIL);
	assert_not_cached(w, "www.plain.org.", TYPE_AAAA);
	assert_not_cached(w, "nope.plain.org.", 0);
}

static void malformed_replies_do_not_end_the_search(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_MALFORMED, .server = PROVIDER_A});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_sent_at_most(w, 3);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

static void wrong_questions_are_counted_as_such(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_WRONG_QUESTION, .server = PROVIDER_A});
	assert_answer(world_ask(w, "www.plain.org.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
		      EDE_NONE);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_true(world_counter(w, "upstream.server.wrong_question") > 0);
	assert_int_equal(world_counter(w, "upstream.server.malformed"), 0);
}

// ATTACKS O1, D12
static void all_servers_down_is_asked_about_less_and_less(void **state)
{
	size_t sent[6];

	(void)state;
	warm();
	break_example(FAULT_DROP);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_true(q->done_us - q->asked_us <= 4000000);
	// One of them is for the root: whether our own path is there.
	assert_sent_at_most(w, 11);
	assert_failure_cached(w, "www.example.com.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
	assert_not_cached(w, "www.example.com.", TYPE_A);
	// A client that asks ten times a second: what goes out falls with every minute.
	for (int minute = 0; minute < 6; minute++) {
		network_forget_log(&w->network);
		for (int i = 0; i < 600; i++) {
			struct question *later =
				i % 10 == 0 ? world_ask_later(w, "www.example.com.", TYPE_A, 0)
					    : NULL;
			(void)later;
			world_advance(w, 100);
		}
		// Not counted: what sees whether the zone has recovered, once or twice a second.
		sent[minute] = network_sent(&w->network, NULL, "www.example.com.", TYPE_A);
		assert_true(network_sent(&w->network, NULL, NULL, 0) <= 200);
	}
	assert_true(sent[0] <= 40);
	assert_true(sent[5] <= 8);
	world_run(w);
}

// ATTACKS O1
static void servers_that_return_are_used_when_the_failure_is_over(void **state)
{
	(void)state;
	warm();
	break_example(FAULT_DROP);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, 0), RCODE_SERVFAIL, false,
		      EDE_NO_REACHABLE_AUTHORITY);
	network_heal(&w->network);
	world_advance(w, 1100); // RFC 9520: the first failure is held for a second
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_no_failure_cached(w, "www.example.com.", TYPE_A);
	assert_sent_at_most(w, 2);
}

static void a_zone_that_is_down_makes_its_other_names_fail_fast(void **state)
{
	(void)state;
	warm();
	break_example(FAULT_DROP);
	// One question may be what its servers do not like; two are enough.
	world_ask(w, "www.example.com.", TYPE_A, 0);
	world_ask(w, "mx.example.com.", TYPE_A, 0);
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "alias.example.com.", TYPE_A, 0);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_true(q->done_us - q->asked_us < 100000);
	assert_sent(w, 0);
	assert_failure_cached(w, "alias.example.com.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
}

static void unreachable_servers_fail_at_once(void **state)
{
	(void)state;
	warm();
	break_example(FAULT_UNREACHABLE);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, 0);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_true(q->done_us - q->asked_us < 100000);
	assert_sent(w, 2);
	assert_failure_cached(w, "www.example.com.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
}
// ATTACKS D11
static void a_server_that_closes_every_connection_is_tried_a_few_times(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_TRUNCATE, .server = PROVIDER_A});
	with((struct fault){.kind = FAULT_TRUNCATE, .server = PROVIDER_B});
	with((struct fault){.kind = FAULT_RESET, .server = PROVIDER_A, .type = 0});
	with((struct fault){.kind = FAULT_RESET, .server = PROVIDER_B, .type = 0});
	with((struct fault){.kind = FAULT_TRUNCATE, .server = PROVIDER_A, .type = TYPE_A});
	with((struct fault){.kind = FAULT_TRUNCATE, .server = PROVIDER_B, .type = TYPE_A});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_true(w->network.connections <= 6);
	assert_sent_at_most(w, 8);
	assert_failure_cached(w, "www.example.com.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
}

static void truncation_over_tcp_as_well_is_a_failure_of_that_server(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_TRUNCATE_ALWAYS, .server = PROVIDER_A});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_sent_at_most(w, 4);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

static void a_slow_server_still_answers(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_DELAY, .delay_ms = 300});
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_true(q->done_us - q->asked_us < 4000000);
	assert_sent_at_most(w, 8);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
}

static void servers_without_edns_serve_unsigned_zones(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_NO_EDNS, .server = "192.0.2.20"});
	with((struct fault){.kind = FAULT_NO_EDNS, .server = "198.51.100.20"});
	// Its insecurity must be known first.
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	if (q->reply->rcode != RCODE_NOERROR) {
		world_advance(w, 2000);
		q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	}
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.90");
	assert_cached(w, "www.plain.org.", TYPE_A, ENTRY_POSITIVE, SECURITY_INSECURE);
	assert_sent_at_most(w, 10);
}

// ATTACKS O24
static void without_priming_the_hints_go_on_serving(void **state)
{
	(void)state;
	begin();
	add_example(w);
	with((struct fault){.kind = FAULT_SERVFAIL, .name = ".", .type = TYPE_NS});
	world_start(w);
	assert_int_equal(world_counter(w, "resolver.primed"), 0);
	assert_true(world_counter(w, "resolver.prime_failures") >= 1);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_sent_at_most(w, 7);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	// It is tried again, and when it works it is learned.
	network_heal(&w->network);
	world_advance(w, 30000);
	assert_int_equal(world_counter(w, "resolver.primed"), 1);
}

// ATTACKS O24
static void one_good_hint_is_enough(void **state)
{
	(void)state;
	begin();
	add_example(w);
	with((struct fault){.kind = FAULT_DROP, .server = "192.88.0.1"});
	world_start(w);
	world_advance(w, 3000);
	assert_int_equal(world_counter(w, "resolver.primed"), 1);
	network_forget_log(&w->network);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_sent_at_most(w, 8);
}

static void a_tld_without_servers_fails_its_names_alone(void **state)
{
	(void)state;
	with((struct fault){.kind = FAULT_DROP, .server = "192.5.6.30"});
	with((struct fault){.kind = FAULT_DROP, .server = "198.51.101.30"});
	struct question *down = world_ask_later(w, "www.example.com.", TYPE_A, 0);
	struct question *up = world_ask_later(w, "www.plain.org.", TYPE_A, 0);
	world_run(w);
	assert_answer(down, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_answer(up, RCODE_NOERROR, false, EDE_NONE);
	assert_true(up->done_us - up->asked_us < 500000);
	assert_failure_cached(w, "www.example.com.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
	assert_sent_at_most(w, 19); // three of them are the last try
}

static void a_server_known_by_a_bad_address_is_found_by_the_others(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "example.com.",
					  .servers = "ns1.example.com.=203.0.113.99"
						     " ns2.example.com.=" PROVIDER_B,
					  .text = "www.example.com. 300 IN A 192.0.2.80\n"});
	world_start(w);
	with((struct fault){.kind = FAULT_UNREACHABLE, .server = "203.0.113.99"});
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_cached(w, "www.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
	assert_sent_at_most(w, 8);
}

// The host's own zone does not know its address; the referral down to that zone did.
static void a_server_without_an_address_of_its_own_is_found_by_its_glue(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "host.org.",
					  .servers = "ns.host.org.=192.0.2.30",
					  .ghosts = true,
					  .options = {.unsigned_ = true}});
	world_add(w, &(struct world_zone){.apex = "plain.com.",
					  .servers = "ns.host.org.=192.0.2.30",
					  .text = "www.plain.com. 300 IN A 192.0.2.91\n",
					  .ghosts = true,
					  .options = {.unsigned_ = true}});
	world_start(w);
	struct question *q = world_ask(w, "www.plain.com.", TYPE_A, 0);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.91");
	// Glue is never answered (ATTACKS A7).
	q = world_ask(w, "ns.host.org.", TYPE_A, 0);
	assert_answer(q, RCODE_NXDOMAIN, false, EDE_NONE);
}

// The parent's referral has an address of the dead server only; the other one's name has to be
// looked up, which must not wait until the dead one has been tried often enough.
static void a_dead_server_with_glue_does_not_hide_a_good_one_without(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "dns.com.", .servers = "ns.dns.com.=192.0.2.40"});
	world_add(w,
		  &(struct world_zone){.apex = "dns.org.", .servers = "ns.dns.org.=203.0.113.40"});
	world_add(w, &(struct world_zone){.apex = "shared.com.",
					  .servers = "ns1.dns.com.=" PROVIDER_A
						     " ns2.dns.org.=" PROVIDER_B,
					  .text = "*.shared.com. 5 IN A 192.0.2.85\n"});
	world_start(w);
	assert_answer(world_ask(w, "a.shared.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_A});
	for (int i = 0; i < 20; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.shared.com.", i);
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_true(q->done_us - q->asked_us < 1000000);
		world_advance(w, 400);
	}
}

static char apexes[8][20];

// Eight zones, two servers each, in sixteen networks.
static void start_many(void)
{
	static char servers[8][100], texts[8][80];

	begin();
	for (int i = 0; i < 8; i++) {
		snprintf(apexes[i], sizeof(apexes[i]), "z%d.com.", i);
		snprintf(servers[i], sizeof(servers[i]),
			 "a.z%d.com.=192.1.%d.1 b.z%d.com.=192.2.%d.1", i, i, i, i);
		snprintf(texts[i], sizeof(texts[i]),
			 "www.z%d.com. 60 IN A 192.0.2.%d\n*.z%d.com. 2 IN A 192.0.2.99\n", i, i,
			 i);
		world_add(w, &(struct world_zone){
				     .apex = apexes[i], .servers = servers[i], .text = texts[i]});
	}
	world_start(w);
}

static struct question *ask_many(const char *label, int zone)
{
	char name[60];

	snprintf(name, sizeof(name), "%s.%s", label, apexes[zone]);
	return world_ask(w, name, TYPE_A, ASK_DO);
}

// DESIGN §7: our own path is nobody's failure.
static void uplink_loss_is_held_against_nobody(void **state)
{
	char label[20];

	(void)state;
	start_many();
	for (int i = 0; i < 80; i++) {
		snprintf(label, sizeof(label), "k%d", i);
		ask_many(label, i % 8);
		ask_many("www", i % 8);
	}
	world_advance(w, 61000);
	with((struct fault){.kind = FAULT_DROP});
	unsigned slow = 0;
	uint64_t broken_us = w->network.now_us;
	for (int i = 0; i < 600; i++) {
		struct question *q = ask_many("www", i % 8);
		assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
		slow += q->done_us - q->asked_us > 100000;
		world_advance(w, 100);
	}
	assert_in_range(slow, 1, 8);
	// It is asked about less than the clients ask.
	assert_true(network_sent_since(&w->network, broken_us) < 700);
	assert_int_equal(world_counter(w, "upstream.uplink_losses"), 1);
	assert_int_equal(world_counter(w, "upstream.uplink_lost"), 1);
	// Nobody asks any more; still it is seen that the path is back.
	world_advance(w, 10000);
	network_heal(&w->network);
	world_advance(w, 2000);
	assert_int_equal(world_counter(w, "upstream.uplink_lost"), 0);
	uint64_t timeouts = world_counter(w, "upstream.server.timeout");
	for (int i = 0; i < 80; i++) {
		snprintf(label, sizeof(label), "n%d", i);
		struct question *q = ask_many(label, i % 8);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_true(q->done_us - q->asked_us < 60000);
		assert_answer(ask_many("www", i % 8), RCODE_NOERROR, true, EDE_NONE);
	}
	// No server is out, and none is found silent.
	assert_int_equal(world_counter(w, "upstream.probes"), 0);
	assert_int_equal(world_counter(w, "upstream.server.timeout"), timeouts);
}

#define FAMILY_ZONES 12

// Zones at many servers, each with an address of either family.
static void begin_dual(void)
{
	static char names[FAMILY_ZONES][20], lists[FAMILY_ZONES][160];

	begin();
	for (int i = 0; i < FAMILY_ZONES; i++) {
		snprintf(names[i], sizeof(names[i]), "z%d.com.", i);
		snprintf(lists[i], sizeof(lists[i]),
			 "a4.z%d.com.=10.1.%d.1 a6.z%d.com.=2001:db8:a%d::1 "
			 "b4.z%d.com.=10.2.%d.1 b6.z%d.com.=2001:db8:b%d::1",
			 i, i, i, i, i, i, i, i);
		world_add(w, &(struct world_zone){.apex = names[i],
						  .servers = lists[i],
						  .options = {.unsigned_ = true}});
	}
	w->upstream_config.ipv6 = true;
	world_start(w);
}

// ATTACKS O23: whichever family is dead, and however many servers nobody has asked yet, each
// question costs one timeout of 400 ms at most, and all but a few cost none.
static void o23_a_dead_family_costs_no_question_more_than_one_timeout(void **state)
{
	(void)state;
	for (int dead = 4; dead <= 6; dead += 2) {
		static char addresses[FAMILY_ZONES * 2][40];
		unsigned slow = 0;

		begin_dual();
		for (int i = 0; i < FAMILY_ZONES * 2; i++) {
			if (dead == 4)
				snprintf(addresses[i], sizeof(addresses[i]), "10.%d.%d.1",
					 1 + i % 2, i / 2);
			else
				snprintf(addresses[i], sizeof(addresses[i]), "2001:db8:%c%d::1",
					 'a' + i % 2, i / 2);
			with((struct fault){.kind = FAULT_DROP, .server = addresses[i]});
		}
		for (int i = 0; i < FAMILY_ZONES; i++) {
			char name[40];
			snprintf(name, sizeof(name), "nope.z%d.com.", i);
			struct question *q = world_ask(w, name, TYPE_A, 0);
			assert_int_equal(q->reply->rcode, RCODE_NXDOMAIN);
			uint64_t ms = (q->done_us - q->asked_us) / 1000;
			assert_true(ms < 600);
			slow += ms > 200;
		}
		// The TLD's servers answer over IPv4: that family is not dead, these servers are.
		assert_true(dead == 4 || slow <= 4);
		end_world(state);
	}
}

static void ask_round(unsigned round)
{
	for (int i = 0; i < FAMILY_ZONES; i++) {
		char name[40];

		snprintf(name, sizeof(name), "r%u.z%d.com.", round, i);
		world_ask(w, name, TYPE_A, 0);
	}
}

// One that never answered is not missed.
static void o23_a_family_that_stops_is_told_until_it_answers(void **state)
{
	static char addresses[FAMILY_ZONES * 2][40];
	unsigned round = 0;

	(void)state;
	begin_dual();
	while (round < 4)
		ask_round(round++);
	assert_int_equal(upstream_family_lost_ms(w->upstream, 4), 0);
	assert_int_equal(upstream_family_lost_ms(w->upstream, 6), 0);
	for (int i = 0; i < FAMILY_ZONES * 2; i++) {
		snprintf(addresses[i], sizeof(addresses[i]), "2001:db8:%c%d::1", 'a' + i % 2,
			 i / 2);
		with((struct fault){.kind = FAULT_DROP, .server = addresses[i]});
	}
	while (round < 40 && upstream_family_lost_ms(w->upstream, 6) == 0)
		ask_round(round++);
	assert_true(upstream_family_lost_ms(w->upstream, 6) > 0);
	assert_int_equal(upstream_family_lost_ms(w->upstream, 4), 0);
	assert_int_equal(upstream_path_lost_ms(w->upstream), 0);
	network_heal(&w->network);
	for (unsigned until = round + 40; round < until; round++) {
		world_advance(w, 1000);
		ask_round(round);
		if (upstream_family_lost_ms(w->upstream, 6) == 0)
			break;
	}
	assert_int_equal(upstream_family_lost_ms(w->upstream, 6), 0);
}

// RFC 9520 §3.2: what fails again and again is held longer and longer, until it succeeds.
static void a_failure_is_forgotten_after_success(void **state)
{
	(void)state;
	for (uint32_t held_s = 1; held_s <= 8; held_s *= 2) {
		with((struct fault){.kind = FAULT_SERVFAIL, .name = "zero.plain.org."});
		assert_int_equal(world_ask(w, "zero.plain.org.", TYPE_A, 0)->reply->rcode,
				 RCODE_SERVFAIL);
		world_advance(w, held_s * 1000 + 100);
	}
	network_heal(&w->network);
	assert_address(world_ask(w, "zero.plain.org.", TYPE_A, 0), "192.0.2.92");
	with((struct fault){.kind = FAULT_SERVFAIL, .name = "zero.plain.org."});
	assert_int_equal(world_ask(w, "zero.plain.org.", TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
	network_forget_log(&w->network);
	world_advance(w, 1100);
	world_ask(w, "zero.plain.org.", TYPE_A, 0);
	assert_true(network_sent(&w->network, NULL, "zero.plain.org.", TYPE_A) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a_server_without_an_address_of_its_own_is_found_by_its_glue),
		scenario(uplink_loss_is_held_against_nobody),
		scenario(a_dead_server_with_glue_does_not_hide_a_good_one_without),
		scenario_common(one_provider_down_costs_a_timeout_and_no_answer),
		scenario(after_a_failure_the_next_try_goes_to_another_failure_domain),
		scenario(lame_servers_are_passed_by),
		scenario_common(recursive_servers_are_believed_what_is_signed),
		scenario_common(malformed_replies_do_not_end_the_search),
		scenario_common(wrong_questions_are_counted_as_such),
		scenario_common(all_servers_down_is_asked_about_less_and_less),
		scenario_common(servers_that_return_are_used_when_the_failure_is_over),
		scenario_common(a_zone_that_is_down_makes_its_other_names_fail_fast),
		scenario_common(unreachable_servers_fail_at_once),
		scenario_common(a_server_that_closes_every_connection_is_tried_a_few_times),
		scenario_common(truncation_over_tcp_as_well_is_a_failure_of_that_server),
		scenario_common(a_slow_server_still_answers),
		scenario_common(servers_without_edns_serve_unsigned_zones),
		scenario(without_priming_the_hints_go_on_serving),
		scenario(one_good_hint_is_enough),
		scenario_common(a_tld_without_servers_fails_its_names_alone),
		scenario(a_server_known_by_a_bad_address_is_found_by_the_others),
		scenario(o23_a_dead_family_costs_no_question_more_than_one_timeout),
		scenario(o23_a_family_that_stops_is_told_until_it_answers),
		scenario_common(a_failure_is_forgotten_after_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
