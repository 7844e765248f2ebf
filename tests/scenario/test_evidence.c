// Questions that a zone's servers drop say nothing about others' (ATTACKS D14).
#include "tests/scenario/failures.h"

#define DROPPED 65400 // a type

static struct question *ask_dropped(const char *below, unsigned n)
{
	char name[60];

	snprintf(name, sizeof(name), "drop%u.%s", n, below);
	return world_ask_later(w, name, DROPPED, ASK_DO);
}

static struct question *ask_new(const char *below, unsigned n)
{
	char name[60];

	snprintf(name, sizeof(name), "new%u.%s", n, below);
	return world_ask_later(w, name, TYPE_A, ASK_DO);
}

static bool is_answered(const struct question *q, unsigned rcode, bool ad)
{
	return q != NULL && q->done && q->reply->rcode == rcode &&
	       !!(q->reply->flags & FLAG_AD) == ad && !q->result->stale;
}

// For 20 s, `every` ms two questions that are dropped, and one every 100 ms that is not.
static unsigned lost_of_200(const char *dropped_below, const char *below, unsigned rcode,
			    unsigned every)
{
	struct question *asked[200];
	unsigned lost = 0;

	with((struct fault){.kind = FAULT_DROP, .type = DROPPED});
	for (unsigned i = 0; i < 200; i++) {
		for (unsigned k = 0; k < 2 && i * 100 % every == 0; k++)
			ask_dropped(dropped_below, 2 * i + k);
		asked[i] = ask_new(below, i);
		world_advance(w, 100);
	}
	world_run(w);
	for (unsigned i = 0; i < 200; i++)
		lost += !is_answered(asked[i], rcode, true);
	return lost;
}

static void d14_dropped_questions_take_no_zone_from_others(void **state)
{
	static const unsigned every[] = {100, 300, 1000};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		start_common(state);
		warm();
		assert_int_equal(
			lost_of_200("example.com.", "wild.example.com.", RCODE_NOERROR, every[i]),
			0);
		end_world(state);
	}
}

static void d14_dropped_questions_take_no_tld_from_others(void **state)
{
	(void)state;
	world_ask(w, "nothing.com.", TYPE_A, 0);
	assert_int_equal(lost_of_200("com.", "com.", RCODE_NXDOMAIN, 500), 0);
}

// Nothing is in the cache that could stand in for a live answer, and nobody else asks.
static void d14_a_name_without_a_ttl_is_answered_between_dropped_questions(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_DROP, .type = DROPPED});
	for (unsigned i = 0; i < 60; i++) {
		ask_dropped("example.com.", 2 * i);
		ask_dropped("example.com.", 2 * i + 1);
		world_advance(w, 3000);
		struct question *q = world_ask_later(w, "zero.example.com.", TYPE_A, ASK_DO);
		world_advance(w, 1000);
		assert_true(is_answered(q, RCODE_NOERROR, true));
	}
}

// The names are dropped, not the type: what others ask of the same kind outweighs them, and so does
// our own question where nobody else asks.
static void d14_dropped_names_take_no_zone_from_others(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_DROP, .below = "ent.example.com."});
	for (unsigned i = 0; i < 20; i++) {
		for (unsigned k = 0; k < 4; k++) {
			char name[60];
			snprintf(name, sizeof(name), "n%u-%u.ent.example.com.", i, k);
			world_ask_later(w, name, TYPE_A, 0);
		}
		world_advance(w, 4000);
		struct question *q = ask_new("wild.example.com.", i);
		world_advance(w, 500);
		assert_true(is_answered(q, RCODE_NOERROR, true));
	}
}

// Whether a parent is silent is told by what a delegation is learnt by.
static void d14_dropped_questions_make_no_parent_silent(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	with((struct fault){.kind = FAULT_DROP, .type = DROPPED});
	world_advance(w, 3595000);
	for (unsigned i = 0; i < 60; i++) {
		ask_dropped("com.", 2 * i);
		ask_dropped("com.", 2 * i + 1);
		struct question *q = ask_new("wild.example.com.", i);
		world_advance(w, 1000);
		assert_true(is_answered(q, RCODE_NOERROR, true));
	}
	assert_int_equal(world_counter(w, "resolver.revived"), 0);
	assert_int_equal(world_counter(w, "resolver.prolonged"), 0);
}

// A domain that its TLD has taken back does not live on because somebody asks for what is dropped.
static void d14_dropped_questions_make_no_ghosts(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	world_undelegate(w, "example.com.");
	with((struct fault){.kind = FAULT_DROP, .type = DROPPED});
	world_advance(w, 3590000);
	for (unsigned i = 0; i < 60; i++) {
		ask_dropped("com.", 2 * i);
		ask_dropped("com.", 2 * i + 1);
		world_advance(w, 500);
	}
	struct question *q = world_ask(w, "new.wild.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NXDOMAIN, true, EDE_NONE);
}

// Stale data do not stand in for what the servers would say.
static void d14_dropped_questions_give_nobody_stale_data(void **state)
{
	(void)state;
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	world_advance(w, 301000);
	with((struct fault){.kind = FAULT_DROP, .type = DROPPED});
	ask_dropped("example.com.", 0);
	ask_dropped("example.com.", 1);
	world_advance(w, 1500);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

// A zone that is dead is found to be, whoever asks for whatever: then nobody waits, and little is
// sent.
static void a_dead_zone_goes_down_for_every_kind(void **state)
{
	struct question *asked[60];

	(void)state;
	warm();
	break_example(FAULT_DROP);
	for (unsigned i = 0; i < 60; i++) {
		asked[i] = ask_new("wild.example.com.", i);
		world_advance(w, 10);
	}
	world_run(w);
	for (unsigned i = 0; i < 60; i++) {
		assert_answer(asked[i], RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
		assert_true(asked[i]->done_us - asked[i]->asked_us <= 4000000);
	}
	// Sixteen go on asking; each of the others has asked each server once.
	assert_true(network_sent(&w->network, NULL, NULL, TYPE_A) <= 16 * 6 + 44 * 2 + 4);
	network_forget_log(&w->network);
	static const uint16_t types[] = {TYPE_A, TYPE_AAAA, TYPE_MX, TYPE_HTTPS, DROPPED};
	for (size_t i = 0; i < 5; i++) {
		struct question *q = world_ask(w, "late.wild.example.com.", types[i], 0);
		assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
		assert_true(q->done_us - q->asked_us < 100000);
	}
	assert_sent(w, 0);
}

// All that waits goes on with the first answer to anybody.
static void a_zone_that_answers_again_answers_those_who_wait(void **state)
{
	struct question *asked[60];

	(void)state;
	warm();
	break_example(FAULT_DROP);
	for (unsigned i = 0; i < 60; i++) {
		asked[i] = ask_new("wild.example.com.", i);
		world_advance(w, 10);
	}
	world_advance(w, 1000);
	network_heal(&w->network);
	world_run(w);
	for (unsigned i = 0; i < 60; i++)
		assert_true(is_answered(asked[i], RCODE_NOERROR, true));
}

// ---- slow all at once, and a machine without CPU ----

// Timeouts of 50 ms, and then answers after 1.5 s: there is time enough for all of them.
static void servers_that_turn_slow_at_once_cost_no_answer(void **state)
{
	struct question *asked[200];

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		world_ask(w, i % 2 ? "zero.example.com." : "zero.plain.org.", TYPE_A, 0);
	with((struct fault){.kind = FAULT_DELAY, .delay_ms = 1490});
	for (unsigned i = 0; i < 200; i++) {
		asked[i] = ask_new(i % 2 ? "wild.example.com." : "plain.org.", i);
		world_advance(w, 20);
	}
	world_run(w);
	for (unsigned i = 0; i < 200; i++) {
		assert_true(is_answered(asked[i], i % 2 ? RCODE_NOERROR : RCODE_NXDOMAIN, i % 2));
		assert_true(asked[i]->done_us - asked[i]->asked_us < 7000000);
	}
}

// What was under way when the process lost its CPU is no silence: no server and no zone is held to
// be bad for it, and the answers that came meanwhile are read.
static void a_process_without_cpu_takes_nobody_for_silent(void **state)
{
	static const unsigned stalls_ms[] = {100, 400, 900, 2000};

	(void)state;
	for (size_t s = 0; s < 4; s++) {
		struct question *asked[20];
		start_common(state);
		for (unsigned i = 0; i < 40; i++)
			world_ask(w, i % 2 ? "zero.example.com." : "zero.plain.org.", TYPE_A, 0);
		for (unsigned i = 0; i < 20; i++)
			asked[i] = ask_new("wild.example.com.", i);
		world_turn(w, w->network.now_us); // they are sent
		w->network.now_us += stalls_ms[s] * 1000ull;
		world_run(w);
		for (unsigned i = 0; i < 20; i++)
			assert_true(is_answered(asked[i], RCODE_NOERROR, true));
		assert_int_equal(world_counter(w, "upstream.server.timeout"), 0);
		assert_true(world_counter(w, "upstream.excused") > 0);
		end_world(state);
	}
}

// Nor is it an excuse for servers that are silent.
static void silence_is_excused_once(void **state)
{
	(void)state;
	warm();
	break_example(FAULT_DROP);
	struct question *q = ask_new("wild.example.com.", 0);
	for (unsigned i = 0; i < 40 && !q->done; i++) {
		w->network.now_us += 100000;
		world_advance(w, 1);
	}
	assert_true(q->done);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
}

// Questions of a kind that servers drop make no server a bad one, for nobody.
static void d14_dropped_questions_make_no_server_a_bad_one(void **state)
{
	(void)state;
	warm();
	with((struct fault){.kind = FAULT_DROP, .type = DROPPED});
	for (unsigned i = 0; i < 10; i++)
		ask_dropped("example.com.", i);
	world_run(w);
	network_forget_log(&w->network);
	assert_int_equal(world_counter(w, "upstream.server.timeout"), 0);
	struct question *q = world_ask(w, "first.wild.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	// Over UDP, and once for each part of the name.
	assert_int_equal(w->network.connections, 0);
	assert_sent_at_most(w, 2);
}

// One server knows no EDNS and says so, the other drops what has it: the zone, which is unsigned,
// is well all the same, at once and later, whatever is asked.
static void d14_servers_that_drop_edns_take_no_zone(void **state)
{
	static const uint16_t types[] = {TYPE_A, TYPE_A, TYPE_MX, TYPE_HTTPS, DROPPED};

	(void)state;
	with((struct fault){.kind = FAULT_NO_EDNS, .server = "192.0.2.20"});
	with((struct fault){.kind = FAULT_DROP, .server = "198.51.100.20", .edns_only = true});
	for (unsigned i = 0; i < 40; i++) {
		char name[40];
		snprintf(name, sizeof(name), "e%u.plain.org.", i);
		struct question *q = world_ask(w, name, types[i % 5], 0);
		assert_answer(q, RCODE_NXDOMAIN, false, EDE_NONE);
		world_advance(w, i % 2 ? 100 : 2500);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(d14_dropped_questions_take_no_zone_from_others),
		scenario_common(d14_dropped_questions_take_no_tld_from_others),
		scenario_common(d14_a_name_without_a_ttl_is_answered_between_dropped_questions),
		scenario_common(d14_dropped_names_take_no_zone_from_others),
		scenario_common(d14_dropped_questions_make_no_parent_silent),
		scenario_common(d14_dropped_questions_make_no_ghosts),
		scenario_common(d14_dropped_questions_give_nobody_stale_data),
		scenario_common(a_dead_zone_goes_down_for_every_kind),
		scenario_common(a_zone_that_answers_again_answers_those_who_wait),
		scenario_common(servers_that_turn_slow_at_once_cost_no_answer),
		scenario(a_process_without_cpu_takes_nobody_for_silent),
		scenario_common(silence_is_excused_once),
		scenario_common(d14_dropped_questions_make_no_server_a_bad_one),
		scenario_common(d14_servers_that_drop_edns_take_no_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
