// Pools of servers of which none answers well: what is asked then, and what is said of it.
#include "tests/scenario/pools.h"

// ---- when all of them fail ----

static const enum fault_kind all_faults[] = {
	FAULT_DROP,      FAULT_SERVFAIL, FAULT_REFUSED,     FAULT_FORMERR,
	FAULT_MALFORMED, FAULT_STRIP,    FAULT_UNREACHABLE, FAULT_BOGUS,
};
#define ALL_FAULTS (sizeof(all_faults) / sizeof(all_faults[0]))

static void break_forwarders(enum fault_kind kind)
{
	with((struct fault){.kind = kind, .server = EAST_1});
	with((struct fault){.kind = kind, .server = WEST});
}

static void only_fails_with_a_cause_and_asks_nobody_else(void **state)
{
	for (size_t i = 0; i < ALL_FAULTS; i++) {
		begin_pool("example.com.", EAST_1 " " WEST);
		start_pool();
		warm();
		break_forwarders(all_faults[i]);
		struct question *q = ask_nth(0);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		assert_int_equal(q->reply->edns.ede,
				 all_faults[i] == FAULT_STRIP   ? EDE_RRSIGS_MISSING
				 : all_faults[i] == FAULT_BOGUS ? EDE_DNSSEC_BOGUS
								: EDE_NO_REACHABLE_AUTHORITY);
		assert_not_cached(w, "n0.wild.example.com.", TYPE_A);
		assert_failure_cached(w, "n0.wild.example.com.", TYPE_A, q->reply->edns.ede);
		assert_int_equal(sent_elsewhere(), 0);
		network_forget_log(&w->network);
		assert_int_equal(ask_nth(0)->reply->rcode, RCODE_SERVFAIL); // RFC 9520
		assert_sent(w, 0);
		network_heal(&w->network);
		world_advance(w, 10000);
		assert_answer(ask_nth(0), RCODE_NOERROR, true, EDE_NONE);
		end_world(state);
	}
	(void)state;
}

static void first_resolves_from_the_root_and_validates(void **state)
{
	for (size_t i = 0; i < ALL_FAULTS; i++) {
		begin_pool("example.com.", EAST_1 " " WEST)->first = true;
		start_pool();
		break_forwarders(all_faults[i]);
		for (unsigned n = 0; n < 5; n++) {
			struct question *q = ask_nth(n);
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
			assert_address(q, "192.0.2.81");
		}
		assert_true(world_counter(w, "resolver.fallbacks") > 0);
		assert_true(network_sent(&w->network, PROVIDER_A, NULL, 0) +
				    network_sent(&w->network, PROVIDER_B, NULL, 0) >
			    0);
		assert_cached(w, "n0.wild.example.com.", TYPE_A, ENTRY_POSITIVE, SECURITY_SECURE);
		end_world(state);
	}
	(void)state;
}

static void after_first_has_failed_recursion_is_validated_too(void **state)
{
	(void)state;
	begin_pool("example.com.", EAST_1 " " WEST)->first = true;
	start_pool();
	with((struct fault){.kind = FAULT_BOGUS, .below = "wild.example.com."});
	assert_answer(ask_nth(0), RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	assert_true(network_sent(&w->network, PROVIDER_A, "n0.wild.example.com.", 0) +
			    network_sent(&w->network, PROVIDER_B, "n0.wild.example.com.", 0) >
		    0);
	assert_not_cached(w, "n0.wild.example.com.", TYPE_A);
}

// Nobody waits for them again and again, and they come back.
static void first_passes_by_forwarders_that_are_out(void **state)
{
	unsigned n = 0;

	(void)state;
	begin_pool("example.com.", EAST_1 " " WEST)->first = true;
	start_pool();
	warm();
	break_forwarders(FAULT_DROP);
	for (; n < 6; n++)
		assert_answer(ask_nth(n), RCODE_NOERROR, true, EDE_NONE);
	network_forget_log(&w->network);
	for (; n < NAMES; n++) {
		struct question *q = ask_nth(n);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_true(took_ms(q) < 1100); // one probe of each
	}
	assert_true(sent_to(EAST_1) + sent_to(WEST) <= 4);
	network_heal(&w->network);
	world_advance(w, 4100);
	ask_nth(n++);
	ask_nth(n++);
	network_forget_log(&w->network);
	assert_answer(ask_nth(n), RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(sent_elsewhere(), 0);
}

// The largest pool, and nobody there: as for a zone with as many servers.
static void c4_a_dead_pool_costs_a_question_no_more_than_dead_servers(void **state)
{
	char servers[512] = "";

	(void)state;
	for (unsigned i = 0; i < POOL_SERVERS_MAX; i++)
		snprintf(servers + strlen(servers), sizeof(servers) - strlen(servers),
			 "203.0.%u.99 ", 120 + i);
	begin_pool("example.com.", servers);
	start_pool();
	world_ask(w, "www.plain.org.", TYPE_A, 0); // our own path is well
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_true(took_ms(q) <= 7000);
	assert_sent_at_most(w, 32);
}

static unsigned told_down, told_up;

static void tell(void *arg, const uint8_t *zone, bool down)
{
	(void)arg;
	(void)zone;
	told_down += down;
	told_up += !down;
}

static void watch(void)
{
	told_down = told_up = 0;
	resolver_pool_watch(w->resolver, tell, NULL);
}

// Which one question may find out the slow way, the others are told at once.
static void a_dead_pool_is_known_to_be_dead(void **state)
{
	(void)state;
	begin_pool("example.com.", EAST_1 " " WEST);
	start_pool();
	warm();
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	watch();
	break_forwarders(FAULT_DROP);
	assert_int_equal(ask_nth(100)->reply->rcode, RCODE_SERVFAIL);
	world_advance(w, 4000);
	for (unsigned n = 0; n < NAMES; n++) {
		struct question *q = ask_nth(200 + n);
		assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
		assert_true(took_ms(q) <= 50);
		world_advance(w, 500); // longer than one verdict holds
	}
	assert_int_equal(told_down, 1);
	assert_int_equal(told_up, 0);
	network_heal(&w->network);
	world_advance(w, 3000);
	for (unsigned n = 0; n < NAMES; n++) {
		struct question *q = ask_nth(300 + n);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_true(took_ms(q) <= 400);
	}
	assert_int_equal(told_down, 1);
	assert_int_equal(told_up, 1);
	assert_int_equal(sent_elsewhere(), 0);
}

// A forwarder that waits for others' servers is silent itself, for those names.
static void names_that_nobody_answers_take_no_pool_away(void **state)
{
	(void)state;
	begin_pool(".", EAST_1 " " WEST);
	start_pool();
	watch();
	warm();
	with((struct fault){.kind = FAULT_DROP, .below = "wild.example.com."});
	for (unsigned n = 0; n < NAMES; n++) {
		char name[40];
		ask_nth(n);
		snprintf(name, sizeof(name), "n%u.example.com.", n);
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NXDOMAIN, true, EDE_NONE);
		world_advance(w, n % 4 * 700);
	}
	assert_int_equal(told_down, 0);
}

// Whoever looks after a pool asks all of its servers before it says that nobody is there.
static void a_dead_pool_of_four_is_known_to_be_dead(void **state)
{
	static const char *const servers[] = {EAST_1, EAST_2, WEST, SPARE};

	(void)state;
	begin_pool("example.com.", EAST_1 " " EAST_2 " " WEST " " SPARE);
	start_pool();
	warm();
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	watch();
	for (unsigned i = 0; i < 4; i++)
		with((struct fault){.kind = FAULT_DROP, .server = servers[i]});
	assert_int_equal(ask_nth(100)->reply->rcode, RCODE_SERVFAIL);
	world_advance(w, 10000);
	assert_int_equal(told_down, 1);
	assert_true(took_ms(ask_nth(101)) <= 50);
}

// Farther away than a probe of a zone's own servers would wait, and silent about the names that are
// asked for.
static void a_pool_far_away_is_not_taken_for_dead(void **state)
{
	(void)state;
	begin_pool("example.com.", EAST_1 " " WEST);
	start_pool();
	watch();
	with((struct fault){.kind = FAULT_DELAY, .server = EAST_1, .delay_ms = 700});
	with((struct fault){.kind = FAULT_DELAY, .server = WEST, .delay_ms = 700});
	with((struct fault){.kind = FAULT_DROP, .below = "wild.example.com."});
	warm();
	world_advance(w, 3000); // the last good answer is a while ago
	for (unsigned n = 0; n < 5; n++) {
		char name[40];
		assert_int_equal(ask_nth(n)->reply->rcode, RCODE_SERVFAIL);
		snprintf(name, sizeof(name), "r%u.plain.org.", n); // our own path is well
		world_ask(w, name, TYPE_A, 0);
	}
	assert_true(world_counter(w, "resolver.recovery_probes") > 0);
	assert_int_equal(told_down, 0);
	assert_answer(world_ask(w, "nope.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
}

static void all_forwarders_silent_serves_stale(void **state)
{
	(void)state;
	begin_pool("example.com.", EAST_1 " " WEST);
	start_pool();
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	break_forwarders(FAULT_DROP);
	world_advance(w, 301000);
	for (unsigned i = 0; i < 2; i++) {
		struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_STALE_ANSWER);
		assert_address(q, "192.0.2.80");
		assert_true(took_ms(q) <= 1900);
	}
	assert_int_equal(sent_elsewhere(), 0);
	network_heal(&w->network);
	world_advance(w, 10000);
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 2000);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_fails_with_a_cause_and_asks_nobody_else),
		cmocka_unit_test(first_resolves_from_the_root_and_validates),
		scenario(after_first_has_failed_recursion_is_validated_too),
		scenario(first_passes_by_forwarders_that_are_out),
		scenario(c4_a_dead_pool_costs_a_question_no_more_than_dead_servers),
		scenario(a_dead_pool_is_known_to_be_dead),
		scenario(a_dead_pool_of_four_is_known_to_be_dead),
		scenario(names_that_nobody_answers_take_no_pool_away),
		scenario(a_pool_far_away_is_not_taken_for_dead),
		scenario(all_forwarders_silent_serves_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
