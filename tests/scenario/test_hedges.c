// A second server is asked when the first is late: which, and how often.
#include "tests/scenario/failures.h"

// Two servers whose round trips are known.
static void know_both(void)
{
	for (int i = 0; i < 40; i++) {
		char name[40];
		snprintf(name, sizeof(name), "k%d.wild.example.com.", i);
		world_ask(w, name, TYPE_A, 0);
	}
	network_forget_log(&w->network);
}

// DESIGN §7
static void a_late_server_is_hedged_with_one_of_another_domain(void **state)
{
	(void)state;
	know_both();
	with((struct fault){.kind = FAULT_DELAY, .server = PROVIDER_A, .delay_ms = 30});
	uint64_t before = world_counter(w, "upstream.hedges");
	unsigned asked_a = 0;
	for (int i = 0; i < 20 && asked_a == 0; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		network_forget_log(&w->network);
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		asked_a = (unsigned)network_sent(&w->network, PROVIDER_A, NULL, 0);
		if (asked_a == 0)
			continue;
		// A was late by its own measure; B was asked after that, and answered first.
		assert_int_equal(network_sent(&w->network, PROVIDER_B, NULL, 0), 1);
		assert_true(q->done_us - q->asked_us < 35000);
		assert_int_equal(w->network.channels_peak, 2);
	}
	assert_int_equal(asked_a, 1);
	assert_int_equal(world_counter(w, "upstream.hedges"), before + 1);
	// The late answer is waited for in vain by nobody, but it is measured.
	world_advance(w, 100);
	assert_int_equal(w->network.channels_open, 0);
	assert_int_equal(world_counter(w, "upstream.server.timeout"), 0);
}

static void hedges_are_three_of_a_hundred_packets(void **state)
{
	(void)state;
	know_both();
	// Late every time, and never given up: both answer just within their time.
	with((struct fault){.kind = FAULT_DELAY, .server = PROVIDER_A, .delay_ms = 30});
	with((struct fault){.kind = FAULT_DELAY, .server = PROVIDER_B, .delay_ms = 30});
	uint64_t sent = world_counter(w, "upstream.sent_udp");
	for (int i = 0; i < 600; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		w->network.servers[i % w->network.server_count].rtt_us = 5000 + i % 7 * 1000;
		world_ask(w, name, TYPE_A, 0);
	}
	sent = world_counter(w, "upstream.sent_udp") - sent;
	assert_true(world_counter(w, "upstream.hedges") > 0);
	assert_true(world_counter(w, "upstream.hedges") <= 30 + sent * 3 / 100);
}

static void a_hedge_survives_the_first_servers_failure(void **state)
{
	(void)state;
	know_both();
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_A});
	with((struct fault){.kind = FAULT_DELAY, .server = PROVIDER_B, .delay_ms = 36});
	for (int i = 0; i < 6; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_true(q->done_us - q->asked_us < 110000);
	}
	assert_true(world_counter(w, "upstream.hedges") >= 1);
	assert_true(world_counter(w, "upstream.server.timeout") >= 1);
}

static void a_hedge_stays_within_the_failure_domains_there_are(void **state)
{
	(void)state;
	begin();
	world_add(w,
		  &(struct world_zone){.apex = "one.com.",
				       .servers = "ns1.one.com.=192.0.2.10 ns2.one.com.=192.0.2.11",
				       .text = "*.one.com. 5 IN A 192.0.2.85\n"});
	world_start(w);
	for (int i = 0; i < 60; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%d.one.com.", i);
		if (i == 40)
			with((struct fault){.kind = FAULT_DELAY, .delay_ms = 35});
		assert_int_equal(world_ask(w, name, TYPE_A, 0)->reply->rcode, RCODE_NOERROR);
	}
	assert_int_equal(world_counter(w, "upstream.hedges"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(a_late_server_is_hedged_with_one_of_another_domain),
		scenario_common(hedges_are_three_of_a_hundred_packets),
		scenario_common(a_hedge_survives_the_first_servers_failure),
		scenario(a_hedge_stays_within_the_failure_domains_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
