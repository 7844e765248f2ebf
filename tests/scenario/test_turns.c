// What a turn of the event loop does of what is due at once: a share, however much that is.
// Counted, never timed. (ATTACKS O31)
#include "tests/scenario/zones.h"

#define MANY 1000

static size_t answered;

static void count_answer(void *arg, struct store_result *result)
{
	(void)arg;
	answered++;
	store_result_unref(w->store, result);
}

static void ask_many(const char *form, unsigned count, uint16_t type)
{
	char text[64];

	for (unsigned i = 0; i < count; i++) {
		struct ticket_question question = {
			.flags = FLAG_RD,
			.qtype = type,
			.qclass = CLASS_IN,
			.edns = {.present = true, .udp_size = 1232, .ede = EDE_NONE},
			.client = {.family = 4, .bytes = {127, 0, 0, 1}},
			.arrival_ms = w->network.now_us / 1000,
		};
		snprintf(text, sizeof(text), form, i);
		question.name_len = (uint8_t)name_from_text(text, question.name);
		assert_int_equal(resolver_ask(w->resolver, &question, count_answer, NULL), 0);
	}
}

// One turn of the resolver's, with nothing of the network's in it.
static bool run_once(void)
{
	const struct store_clock clock = world_clock(w);

	store_set_clock(w->store, &clock);
	return resolver_run(w->resolver, &clock) <= clock.now_ms;
}

// As after the process was stopped for a while.
static void jump(uint64_t ms)
{
	w->network.now_us += ms * 1000;
}

static void begin_silent(void)
{
	begin();
	add_example(w);
	add_plain(w);
	w->config.waiters_max = MANY;
	world_start(w);
	world_ask(w, "www.example.com.", TYPE_A, 0);
	with((struct fault){.kind = FAULT_DROP, .below = "example.com."});
	answered = 0;
}

static void o31_questions_that_end_together_end_in_shares(void **state)
{
	size_t before = 0, turns = 0;

	(void)state;
	begin_silent();
	ask_many("n%u.example.com.", MANY, TYPE_A);
	assert_int_equal(answered, 0);
	jump(60000);
	for (; answered < MANY; turns++, before = answered) {
		assert_true(turns < 100);
		(void)run_once();
		assert_true(answered - before <= 160); // clients that end, and tasks that do
	}
	assert_true(turns > 1);
}

static void o31_timeouts_that_come_together_are_taken_in_shares(void **state)
{
	(void)state;
	begin_silent();
	ask_many("n%u.example.com.", MANY, TYPE_A);
	while (run_once())
		;
	jump(1000);
	uint64_t before = world_counter(w, "upstream.sent_udp");
	unsigned turns = 0;
	while (network_timer_due(&w->network)) {
		assert_true(turns++ < 100);
		w->network.timer_us = UINT64_MAX;
		upstream_timer(w->upstream);
		uint64_t sent = world_counter(w, "upstream.sent_udp");
		assert_true(sent - before <= 32);
		before = sent;
	}
	assert_true(turns > 1);
}

// All that was set in one second is looked at in one second.
static void o31_negative_trust_anchors_are_checked_in_shares(void **state)
{
	char text[32];

	(void)state;
	begin_silent();
	for (unsigned i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "z%u.com.", i);
		assert_int_equal(resolver_nta_add(w->resolver, text_name(text), 3600, ""), 0);
	}
	while (run_once())
		;
	jump(301000);
	uint64_t before = 0;
	for (unsigned turns = 0; before < 200; turns++) {
		assert_true(turns < 1000);
		(void)run_once();
		uint64_t checks = world_counter(w, "nta.checks");
		assert_true(checks - before <= 8);
		before = checks;
	}
}

// What was learned in one second is near its end in one second.
static void o31_names_that_are_renewed_together_are_looked_at_in_shares(void **state)
{
	uint64_t before = 0, looked = 0;

	(void)state;
	begin();
	add_example(w);
	world_start(w);
	answered = 0;
	ask_many("n%u.wild.example.com.", MANY, TYPE_A);
	for (unsigned i = 0; answered < MANY; i++) {
		assert_true(i < 100000);
		world_advance(w, 1);
	}
	world_advance(w, 275000);
	ask_many("n%u.wild.example.com.", MANY, TYPE_A); // hits, each of them
	jump(20000);
	for (unsigned turns = 0; turns < 50; turns++, before = looked) {
		(void)run_once();
		looked = world_counter(w, "resolver.prefetched") +
			 world_counter(w, "resolver.prefetch_skipped");
		assert_true(looked - before <= 256);
	}
	assert_true(looked > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(o31_questions_that_end_together_end_in_shares),
		scenario(o31_timeouts_that_come_together_are_taken_in_shares),
		scenario(o31_negative_trust_anchors_are_checked_in_shares),
		scenario(o31_names_that_are_renewed_together_are_looked_at_in_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
