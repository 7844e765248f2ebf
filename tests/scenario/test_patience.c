// Servers that have become slow, and are there: while a client has time left, their answers are
// waited for, whatever tells them apart from servers that are gone (ATTACKS D14).
#include "tests/scenario/failures.h"

#define ALONE "192.0.2.40"
#define OTHER "198.51.100.40"
#define THIRD "203.0.113.40"
#define TEXT  "*.wild.slow.com. 60 IN A 192.0.2.71\n"

static const uint32_t delays_ms[] = {100, 200, 400, 600, 1000, 1500, 2200};

static void start_zone(const char *servers, bool routed, bool forward)
{
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "slow.com.", .servers = servers, .text = TEXT});
	if (routed && forward) {
		world_route(w, ".", true, ALONE);
	} else if (routed) {
		world_route(w, "slow.com.", false, ALONE);
	}
	world_start(w);
	if (forward)
		world_serve_all(w, ALONE);
	for (unsigned i = 0; i < 6; i++) {
		char name[60];
		snprintf(name, sizeof(name), "warm%u.wild.slow.com.", i);
		assert_answer(world_ask(w, name, TYPE_A, 0), RCODE_NOERROR, false, EDE_NONE);
	}
	network_forget_log(&w->network);
}

static void assert_waited_for(struct question *q, uint16_t type, const char *what,
			      uint32_t delay_ms)
{
	bool found = q->done && q->reply->rcode == RCODE_NOERROR && !q->result->stale &&
		     q->reply->flags & FLAG_AD;

	if (!found) {
		network_print_log(&w->network);
		fail_msg("%s, type %u, %u ms: rcode %u, EDE %d after %u ms", what, type, delay_ms,
			 q->reply->rcode, q->reply->edns.ede,
			 (unsigned)((q->done_us - q->asked_us) / 1000));
	}
	assert_true(q->done_us - q->asked_us < 7000000);
}

static void ask_and_wait(const char *what, uint32_t delay_ms)
{
	static const uint16_t types[] = {TYPE_A, TYPE_MX, TYPE_AAAA, TYPE_HTTPS, 65400};

	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		char name[60];
		snprintf(name, sizeof(name), "x%zu.wild.slow.com.", t);
		assert_waited_for(world_ask(w, name, types[t], ASK_DO), types[t], what, delay_ms);
	}
}

static void a_zones_only_server_that_turns_slow_is_waited_for(void **state)
{
	for (size_t d = 0; d < sizeof(delays_ms) / sizeof(delays_ms[0]); d++) {
		start_zone("ns.slow.com.=" ALONE, false, false);
		with((struct fault){
			.kind = FAULT_DELAY, .server = ALONE, .delay_ms = delays_ms[d]});
		ask_and_wait("only server", delays_ms[d]);
		end_world(state);
	}
}

// Nothing else is heard of the server before.
static void a_server_that_turns_slow_is_waited_for_whatever_it_is_asked_first(void **state)
{
	static const uint16_t types[] = {TYPE_MX, TYPE_AAAA, TYPE_HTTPS, 65400, TYPE_DNSKEY};
	const size_t count = sizeof(delays_ms) / sizeof(delays_ms[0]);

	for (size_t i = 0; i < 5 * 2 * count; i++) {
		uint32_t delay_ms = delays_ms[i % count];
		uint16_t type = types[i / count % 5];
		bool below = i / count / 5;
		start_zone("ns.slow.com.=" ALONE, false, false);
		with((struct fault){.kind = FAULT_DELAY, .server = ALONE, .delay_ms = delay_ms});
		const char *name = below ? "x.y.z.wild.slow.com." : "x.wild.slow.com.";
		assert_waited_for(world_ask(w, name, type, ASK_DO), type, name, delay_ms);
		world_run(w);
		end_world(state);
	}
}

static void all_servers_that_turn_slow_are_waited_for(void **state)
{
	for (size_t d = 0; d < sizeof(delays_ms) / sizeof(delays_ms[0]); d++) {
		start_zone("ns1.slow.com.=" ALONE " ns2.slow.com.=" OTHER " ns3.slow.com.=" THIRD,
			   false, false);
		with((struct fault){
			.kind = FAULT_DELAY, .below = "slow.com.", .delay_ms = delays_ms[d]});
		ask_and_wait("all servers", delays_ms[d]);
		end_world(state);
	}
}

static void a_slow_server_beside_dead_ones_is_waited_for(void **state)
{
	for (size_t d = 0; d < sizeof(delays_ms) / sizeof(delays_ms[0]); d++) {
		start_zone("ns1.slow.com.=" ALONE " ns2.slow.com.=" OTHER " ns3.slow.com.=" THIRD,
			   false, false);
		with((struct fault){.kind = FAULT_DROP, .server = OTHER});
		with((struct fault){.kind = FAULT_DROP, .server = THIRD});
		with((struct fault){
			.kind = FAULT_DELAY, .server = ALONE, .delay_ms = delays_ms[d]});
		ask_and_wait("one of three", delays_ms[d]);
		end_world(state);
	}
}

static void a_slow_server_that_wants_tcp_is_waited_for(void **state)
{
	for (size_t d = 0; d < sizeof(delays_ms) / sizeof(delays_ms[0]); d++) {
		start_zone("ns.slow.com.=" ALONE, false, false);
		with((struct fault){
			.kind = FAULT_DELAY, .server = ALONE, .delay_ms = delays_ms[d]});
		with((struct fault){.kind = FAULT_TRUNCATE, .server = ALONE, .udp_only = true});
		ask_and_wait("over TCP", delays_ms[d]);
		end_world(state);
	}
}

static void a_stubs_only_server_that_turns_slow_is_waited_for(void **state)
{
	for (size_t d = 0; d < sizeof(delays_ms) / sizeof(delays_ms[0]); d++) {
		start_zone("ns.slow.com.=" ALONE, true, false);
		with((struct fault){
			.kind = FAULT_DELAY, .server = ALONE, .delay_ms = delays_ms[d]});
		ask_and_wait("stub", delays_ms[d]);
		end_world(state);
	}
}

static void a_forwarder_that_turns_slow_is_waited_for(void **state)
{
	for (size_t d = 0; d < sizeof(delays_ms) / sizeof(delays_ms[0]); d++) {
		start_zone("ns.slow.com.=" ALONE, true, true);
		with((struct fault){
			.kind = FAULT_DELAY, .server = ALONE, .delay_ms = delays_ms[d]});
		ask_and_wait("forwarder", delays_ms[d]);
		end_world(state);
	}
}

// A server that was silent has answered, late: what it was asked since then is on its way as well,
// and is not asked again, which would have it come that much later, for each question.
static void answers_on_their_way_are_not_asked_for_again(void **state)
{
	struct question *asked[40];

	for (unsigned d = 0; d < 2; d++) {
		const uint32_t delay_ms = 600 + 400 * d;
		unsigned late = 0;
		start_zone("ns.slow.com.=" ALONE, false, false);
		with((struct fault){.kind = FAULT_DELAY, .server = ALONE, .delay_ms = delay_ms});
		for (unsigned i = 0; i < 40; i++) {
			char name[60];
			snprintf(name, sizeof(name), "o%u.wild.slow.com.", i);
			asked[i] = world_ask_later(w, name, TYPE_A, ASK_DO);
			world_advance(w, 50);
		}
		world_run(w);
		for (unsigned i = 0; i < 40; i++) {
			assert_waited_for(asked[i], TYPE_A, "on its way", delay_ms);
			late += asked[i]->done_us - asked[i]->asked_us >
				(3ull * delay_ms + 500) * 1000;
		}
		assert_int_equal(late, 0);
		assert_int_equal(world_counter(w, "upstream.asked_again"), 0);
		end_world(state);
	}
}

// What is waited for may never come: nobody waits longer than that, and then nobody waits.
static void a_dead_pool_keeps_nobody_waiting_for_long(void **state)
{
	struct question *asked[40];

	for (unsigned forward = 0; forward < 2; forward++) {
		start_zone("ns.slow.com.=" ALONE, true, forward);
		with((struct fault){.kind = FAULT_DROP, .server = ALONE});
		for (unsigned i = 0; i < 40; i++) {
			char name[60];
			snprintf(name, sizeof(name), "d%u.wild.slow.com.", i);
			asked[i] = world_ask_later(w, name, TYPE_A, 0);
			world_advance(w, 10);
		}
		world_run(w);
		for (unsigned i = 0; i < 40; i++) {
			assert_answer(asked[i], RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
			assert_true(asked[i]->done_us - asked[i]->asked_us <= 4000000);
		}
		// Sixteen go on asking; each of the others has asked once, and one sees who is
		// there.
		assert_sent_at_most(w, 16 * 6 + 24 * 2 + 10);
		world_advance(w, 3000);
		network_forget_log(&w->network);
		struct question *q = world_ask(w, "late.wild.slow.com.", TYPE_A, 0);
		assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
		assert_true(q->done_us - q->asked_us < 100000);
		end_world(state);
	}
}

// ---- stale data are given for what fails, and for nothing else ----

static const enum fault_kind bad[] = {FAULT_DROP,  FAULT_SERVFAIL, FAULT_REFUSED,
				      FAULT_LAME,  FAULT_FORMERR,  FAULT_BOGUS,
				      FAULT_STRIP, FAULT_MALFORMED};

// Its copy of the name is stale, and the servers are there and good for it.
static void assert_not_stale(unsigned fault, unsigned what)
{
	struct question *q = world_ask(w, "x.wild.slow.com.", TYPE_A, ASK_DO);

	if (q->result->stale)
		fail_msg("fault %u, %u: stale after %u ms", bad[fault], what,
			 (unsigned)((q->done_us - q->asked_us) / 1000));
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
}

static void start_with_stale_data(void)
{
	start_zone("ns.slow.com.=" ALONE, false, false);
	world_ask(w, "x.wild.slow.com.", TYPE_A, ASK_DO);
	world_advance(w, 61000);
}

static void what_is_good_for_no_other_type_gives_nobody_stale_data(void **state)
{
	static const uint16_t types[] = {TYPE_NSEC, 65400, TYPE_HTTPS, TYPE_MX, TYPE_AAAA};

	for (size_t i = 0; i < 5 * sizeof(bad) / sizeof(bad[0]); i++) {
		uint16_t type = types[i % 5];
		start_with_stale_data();
		with((struct fault){.kind = bad[i / 5], .server = ALONE, .type = type});
		world_ask_later(w, "y.wild.slow.com.", type, ASK_DO);
		world_ask_later(w, "z.wild.slow.com.", type, ASK_DO);
		world_advance(w, 700);
		assert_not_stale((unsigned)i / 5, type);
		world_run(w);
		end_world(state);
	}
}

static void names_that_are_broken_give_nobody_stale_data_of_others(void **state)
{
	for (size_t i = 0; i < 2 * sizeof(bad) / sizeof(bad[0]); i++) {
		start_with_stale_data();
		with((struct fault){
			.kind = bad[i / 2], .server = ALONE, .below = "y.wild.slow.com."});
		world_ask_later(w, "y.wild.slow.com.", TYPE_A, ASK_DO);
		world_ask_later(w, "a.y.wild.slow.com.", TYPE_A, ASK_DO);
		world_ask_later(w, "b.y.wild.slow.com.", TYPE_A, ASK_DO);
		world_advance(w, i % 2 ? 700 : 2500);
		assert_not_stale((unsigned)i / 2, (unsigned)i % 2);
		world_run(w);
		end_world(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a_zones_only_server_that_turns_slow_is_waited_for),
		scenario(a_server_that_turns_slow_is_waited_for_whatever_it_is_asked_first),
		scenario(all_servers_that_turn_slow_are_waited_for),
		scenario(a_slow_server_beside_dead_ones_is_waited_for),
		scenario(a_slow_server_that_wants_tcp_is_waited_for),
		scenario(a_stubs_only_server_that_turns_slow_is_waited_for),
		scenario(a_forwarder_that_turns_slow_is_waited_for),
		scenario(answers_on_their_way_are_not_asked_for_again),
		scenario(a_dead_pool_keeps_nobody_waiting_for_long),
		scenario(what_is_good_for_no_other_type_gives_nobody_stale_data),
		scenario(names_that_are_broken_give_nobody_stale_data_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
