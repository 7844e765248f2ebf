// A server that answers a part of the questions with an error and the others well: one that is
// overloaded, or one bad node behind an address that many share. As long as there is time, an error
// is asked past; a zone that says nothing else costs no more than it has to.
#include "tests/scenario/zones.h"

#include <stdlib.h>

#define ONE "192.0.9.53"
#define TWO "198.51.9.53"

static void start_part(unsigned servers, bool is_signed, unsigned seed)
{
	begin();
	w->cache_bytes = CACHE_SMALL;
	world_add(w, &(struct world_zone){.apex = "part.com.",
					  .servers = servers == 1 ? "ns1.part.com.=" ONE
								  : "ns1.part.com.=" ONE
								    " ns2.part.com.=" TWO,
					  .text = "*.part.com. 60 IN A 192.0.2.81\n"
						  "only.part.com. 60 IN A 192.0.2.82\n",
					  .options = {.unsigned_ = !is_signed}});
	w->network.random = seed * 7919u + 1;
	world_start(w);
}

static void err(enum fault_kind kind, unsigned percent)
{
	with((struct fault){.kind = kind, .server = ONE, .percent = percent});
	with((struct fault){.kind = kind, .server = TWO, .percent = percent});
}

static struct question *ask_nth(unsigned n, bool later)
{
	char name[40];

	snprintf(name, sizeof(name), "n%u.part.com.", n);
	return later ? world_ask_later(w, name, TYPE_A, ASK_DO)
		     : world_ask(w, name, TYPE_A, ASK_DO);
}

static bool is_lost(const struct question *q, bool is_signed)
{
	return q->reply->rcode != RCODE_NOERROR ||
	       ((q->reply->flags & FLAG_AD) != 0) != is_signed ||
	       question_count_of(q, SECTION_ANSWER, TYPE_A) != 1;
}

// One question at a time.
static unsigned lose_one_by_one(unsigned count, bool is_signed)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < count; i++) {
		lost += is_lost(ask_nth(i, false), is_signed);
		world_forget_questions(w);
		world_advance(w, 300);
	}
	return lost;
}

// The first ones of a zone that nobody knows yet, all at once.
static unsigned lose_in_a_burst(unsigned count, bool is_signed)
{
	struct question *questions[32];
	unsigned lost = 0;

	for (unsigned i = 0; i < count; i++)
		questions[i] = ask_nth(i, true);
	world_run(w);
	for (unsigned i = 0; i < count; i++)
		lost += is_lost(questions[i], is_signed);
	return lost;
}

#define NAMES 400
#define BURST 25

static unsigned per_mille_lost(enum fault_kind kind, unsigned percent, unsigned servers,
			       bool is_signed, bool burst)
{
	unsigned lost = 0;

	for (unsigned seed = 0; seed < (burst ? NAMES / BURST : 4); seed++) {
		start_part(servers, is_signed, seed + 1);
		err(kind, percent);
		lost += burst ? lose_in_a_burst(BURST, is_signed)
			      : lose_one_by_one(NAMES / 4, is_signed);
		end_world(NULL);
	}
	if (getenv("SHOW") != NULL)
		print_message("%s, %u%% errors, %u servers, %s, %s: %u of %u lost\n",
			      kind == FAULT_SERVFAIL ? "SERVFAIL" : "REFUSED", percent, servers,
			      is_signed ? "signed" : "unsigned", burst ? "a burst" : "one by one",
			      lost, NAMES);
	return lost * 1000 / NAMES;
}

static void errors_are_asked_past(enum fault_kind kind, unsigned percent, unsigned servers,
				  unsigned most)
{
	for (unsigned way = 0; way < 4; way++) {
		unsigned lost = per_mille_lost(kind, percent, servers, way & 1, way & 2);
		if (lost > most)
			fail_msg("%u per mille lost (%s, %s)", lost,
				 way & 1 ? "signed" : "unsigned", way & 2 ? "burst" : "one by one");
	}
}

static void one_error_of_four_loses_no_name(void **state)
{
	(void)state;
	errors_are_asked_past(FAULT_SERVFAIL, 25, 1, 10);
	errors_are_asked_past(FAULT_SERVFAIL, 25, 2, 0);
	errors_are_asked_past(FAULT_REFUSED, 25, 1, 10);
}

static void every_other_error_loses_few_names(void **state)
{
	(void)state;
	errors_are_asked_past(FAULT_SERVFAIL, 50, 1, 70);
	errors_are_asked_past(FAULT_SERVFAIL, 50, 2, 5);
	errors_are_asked_past(FAULT_REFUSED, 50, 2, 5);
}

// Nothing is remembered against the zone, its DS or its keys.
static void one_error_is_held_against_nothing(void **state)
{
	static const uint16_t types[] = {TYPE_DNSKEY, TYPE_A, TYPE_DS};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		start_part(1, true, 1);
		with((struct fault){
			.kind = FAULT_SERVFAIL, .server = ONE, .type = types[i], .times = 1});
		assert_answer(world_ask(w, "only.part.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
		assert_no_failure_cached(w, "part.com.", TYPE_DNSKEY);
		assert_no_failure_cached(w, "part.com.", TYPE_DS);
		assert_no_failure_cached(w, "only.part.com.", TYPE_A);
		end_world(state);
	}
}

static void all_addresses_are_asked_before_one_is_asked_again(void **state)
{
	(void)state;
	start_part(2, false, 1);
	world_ask(w, "only.part.com.", TYPE_A, 0);
	network_forget_log(&w->network);
	with((struct fault){
		.kind = FAULT_SERVFAIL, .server = ONE, .name = "n1.part.com.", .times = 1});
	with((struct fault){
		.kind = FAULT_SERVFAIL, .server = TWO, .name = "n1.part.com.", .times = 1});
	struct question *q = world_ask(w, "n1.part.com.", TYPE_A, 0);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_sent(w, 3);
	assert_string_not_equal(w->network.log[0].server, w->network.log[1].server);
	// Not at once, and not for long.
	assert_true(w->network.log[2].at_us >= w->network.log[1].at_us + NETWORK_RTT_US + 15000);
	assert_true(q->done_us - q->asked_us < 200000);
}

static void a_name_that_is_always_an_error_ends_soon(void **state)
{
	(void)state;
	start_part(2, true, 1);
	world_ask(w, "only.part.com.", TYPE_A, ASK_DO);
	network_forget_log(&w->network);
	with((struct fault){.kind = FAULT_SERVFAIL, .name = "n1.part.com."});
	struct question *q = world_ask(w, "n1.part.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_sent_at_most(w, 13);
	assert_true(q->done_us - q->asked_us < 1000000);
	assert_failure_cached(w, "n1.part.com.", TYPE_A, EDE_NO_REACHABLE_AUTHORITY);
}

// What has only ever erred is not asked again: some questions find that out for all.
static void a_zone_that_only_errs_costs_little_more(void **state)
{
	for (unsigned servers = 1; servers <= 2; servers++) {
		start_part(servers, false, 1);
		err(FAULT_SERVFAIL, 0);
		for (unsigned i = 0; i < 8; i++) {
			ask_nth(i, false);
			world_advance(w, 11000);
		}
		network_forget_log(&w->network);
		for (unsigned i = 100; i < 120; i++) {
			struct question *q = ask_nth(i, false);
			assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
			assert_true(q->done_us - q->asked_us < 100000);
		}
		// One of each server, and the last try of each.
		assert_true(network_sent(&w->network, ONE, NULL, TYPE_A) <= 20 + 3);
		network_heal(&w->network);
		world_advance(w, 400000);
		assert_int_equal(ask_nth(200, false)->reply->rcode, RCODE_NOERROR);
		end_world(state);
	}
}

static void a_burst_on_a_dead_zone_is_bounded(void **state)
{
	(void)state;
	start_part(2, false, 1);
	err(FAULT_REFUSED, 0);
	for (unsigned i = 0; i < 200; i++)
		ask_nth(i, true);
	world_run(w);
	// Each asks both once, the last tries; and some find out.
	assert_sent_at_most(w, 2 * 200 + 2 * 200 + 20);
	network_forget_log(&w->network);
	for (unsigned i = 300; i < 500; i++)
		ask_nth(i, true);
	world_run(w);
	assert_sent_at_most(w, 2 * 200 + 4);
}

// One that is not the zone's server for a part of the questions: a node without the zone.
static void a_node_that_lacks_the_zone_loses_no_name(void **state)
{
	(void)state;
	start_part(1, true, 1);
	assert_false(is_lost(ask_nth(1000, false), true));
	err(FAULT_LAME, 25);
	assert_true(lose_one_by_one(200, true) <= 2);
}

// The zone above has such servers, of which new names need a referral and a DS.
static void a_parent_that_errs_loses_no_name(void **state)
{
	unsigned lost = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 100; seed++) {
		start_part(2, true, seed);
		with((struct fault){.kind = FAULT_SERVFAIL, .below = "com.", .percent = 25});
		lost += is_lost(ask_nth(seed, false), true);
		end_world(state);
	}
	assert_true(lost <= 1);
}

// Who has answered with an error is asked once more before who is silent is waited for again.
static void beside_a_dead_server_errors_are_asked_past(void **state)
{
	unsigned lost = 0, late = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		start_part(2, true, seed);
		with((struct fault){.kind = FAULT_SERVFAIL, .server = ONE, .percent = 25});
		with((struct fault){.kind = FAULT_DROP, .server = TWO});
		for (unsigned i = 0; i < 10; i++) {
			struct question *q = ask_nth(i, false);
			lost += is_lost(q, true);
			late += q->done_us - q->asked_us > 1500000;
		}
		end_world(state);
	}
	assert_true(lost <= 2);
	assert_true(late <= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(one_error_of_four_loses_no_name),
		scenario(every_other_error_loses_few_names),
		cmocka_unit_test(one_error_is_held_against_nothing),
		scenario(all_addresses_are_asked_before_one_is_asked_again),
		scenario(a_name_that_is_always_an_error_ends_soon),
		cmocka_unit_test(a_zone_that_only_errs_costs_little_more),
		scenario(a_burst_on_a_dead_zone_is_bounded),
		scenario(a_node_that_lacks_the_zone_loses_no_name),
		cmocka_unit_test(a_parent_that_errs_loses_no_name),
		cmocka_unit_test(beside_a_dead_server_errors_are_asked_past),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
