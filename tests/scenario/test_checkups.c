// Servers that fail a signed zone are looked at by questions of our own (DESIGN §7).
#include "control/resolver/checkup.h"
#include "tests/scenario/zones.h"

#define FORWARDER_1 "203.0.113.50"
#define FORWARDER_2 "198.51.100.50"

// Both servers have answered, and are known.
static void warm(void)
{
	for (int i = 0; i < 40; i++) {
		char name[40];
		snprintf(name, sizeof(name), "k%d.wild.example.com.", i);
		world_ask(w, name, TYPE_A, 0);
	}
	network_forget_log(&w->network);
}

static void ask_many(unsigned count)
{
	static unsigned next;

	for (unsigned i = 0; i < count; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%u.wild.example.com.", next++);
		assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
	}
}

// Until a server has failed a client's question; that one was answered by the other one.
static void fail_once(const char *server, enum fault_kind kind)
{
	with((struct fault){.kind = kind, .server = server});
	for (unsigned i = 0; i < 200 && network_sent(&w->network, server, NULL, 0) == 0; i++)
		ask_many(1);
	assert_true(network_sent(&w->network, server, NULL, 0) > 0);
}

static bool is_checkup(const struct log_line *line)
{
	return name_labels(line->name) == 3 && line->name[0] == 13 &&
	       name_within(line->name, text_name("example.com."));
}

static size_t checkups_at(const char *server)
{
	size_t count = 0;

	for (size_t i = 0; i < w->network.log_count; i++)
		count += is_checkup(&w->network.log[i]) &&
			 strcmp(w->network.log[i].server, server) == 0;
	return count;
}

static void in_calm_there_are_none(void **state)
{
	(void)state;
	warm();
	for (int i = 0; i < 60; i++) {
		ask_many(5);
		world_advance(w, 1000);
	}
	assert_int_equal(world_counter(w, "resolver.checkups"), 0);
}

static const enum fault_kind kinds[] = {FAULT_BOGUS,   FAULT_STRIP,   FAULT_SERVFAIL,
					FAULT_REFUSED, FAULT_FORMERR, FAULT_LAME};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

// While it is bad, clients' questions leave it alone: checkups do what they did.
static void a_bad_server_is_looked_at_and_clients_are_spared(void **state)
{
	for (size_t k = 0; k < KINDS; k++) {
		start_common(state);
		warm();
		fail_once(PROVIDER_A, kinds[k]);
		for (int i = 0; i < 4; i++)
			ask_many(2);
		network_forget_log(&w->network);
		for (int i = 0; i < 30; i++) {
			ask_many(10);
			world_advance(w, 1000);
		}
		size_t checked = checkups_at(PROVIDER_A);
		size_t all = network_sent(&w->network, PROVIDER_A, NULL, 0);
		if (all > 2 * checked + 2) // FORMERR is asked twice
			network_print_log(&w->network);
		assert_in_range(checked, 6, 30);
		assert_true(all <= 2 * checked + 2);
		assert_int_equal(checkups_at(PROVIDER_B), 0);
		assert_int_equal(world_counter(w, "resolver.checkups_good"), 0);
		end_world(state);
	}
}

static void a_server_that_is_good_again_is_back_after_two_good_answers(void **state)
{
	for (size_t k = 0; k < KINDS; k++) {
		start_common(state);
		warm();
		fail_once(PROVIDER_A, kinds[k]);
		for (int i = 0; i < 5; i++) {
			ask_many(5);
			world_advance(w, 1000);
		}
		network_heal(&w->network);
		network_forget_log(&w->network);
		uint64_t since_us = w->network.now_us;
		while (world_counter(w, "resolver.checkups_good") < CHECKUP_GOOD) {
			assert_int_equal(network_sent(&w->network, PROVIDER_A, NULL, 0),
					 checkups_at(PROVIDER_A));
			world_advance(w, 100);
			assert_true(w->network.now_us - since_us < 8000000);
		}
		size_t checked = checkups_at(PROVIDER_A);
		ask_many(200);
		assert_true(network_sent(&w->network, PROVIDER_A, NULL, 0) > checked);
		world_advance(w, 60000);
		assert_int_equal(checkups_at(PROVIDER_A), checked); // and they are over
		end_world(state);
	}
}

// Answers as ever, but only from what it has kept.
static void a_forwarder_that_reaches_no_authority_is_found_out(void **state)
{
	static const char only_known[] = "wild.example.com.";

	begin();
	add_example(w);
	world_route(w, "example.com.", true, FORWARDER_1 " " FORWARDER_2);
	world_start(w);
	world_serve_all(w, FORWARDER_1);
	world_serve_all(w, FORWARDER_2);
	warm();
	fail_once(FORWARDER_1, FAULT_SERVFAIL);
	network_heal(&w->network);
	// Names of clients are good again, what nobody has asked before is not.
	with((struct fault){.kind = FAULT_SERVFAIL, .server = FORWARDER_1});
	with((struct fault){.kind = FAULT_NONE, .server = FORWARDER_1, .below = only_known});
	for (int i = 0; i < 10; i++) {
		ask_many(3);
		world_advance(w, 1000);
	}
	assert_int_equal(world_counter(w, "resolver.checkups_good"), 0);
	assert_true(world_counter(w, "resolver.checkups_failed") >= 3);
	(void)state;
}

static void a_broken_zone_has_no_checkups_and_its_servers_stay_in_for_others(void **state)
{
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "other.com.",
					  .servers = "ns1.other.com.=" PROVIDER_A
						     " ns2.other.com.=" PROVIDER_B,
					  .text = "*.wild.other.com. 300 IN A 192.0.2.72\n"});
	world_start(w);
	warm();
	world_ask(w, "a.wild.other.com.", TYPE_A, 0);
	with((struct fault){.kind = FAULT_BOGUS, .below = "example.com.", .server = PROVIDER_A});
	with((struct fault){.kind = FAULT_BOGUS, .below = "example.com.", .server = PROVIDER_B});
	for (int i = 0; i < 20; i++) {
		char name[40];
		snprintf(name, sizeof(name), "b%d.wild.example.com.", i);
		assert_int_equal(world_ask(w, name, TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
		snprintf(name, sizeof(name), "b%d.wild.other.com.", i);
		assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
		world_advance(w, 500);
	}
	world_advance(w, 10000);
	assert_true(world_counter(w, "resolver.checkups_zone") > 0);
	assert_int_equal(world_counter(w, "resolver.checkups_good"), 0);
	// Nobody's other zones: both are asked as before.
	network_heal(&w->network);
	network_forget_log(&w->network);
	for (int i = 0; i < 200; i++) {
		char name[40];
		snprintf(name, sizeof(name), "c%d.wild.other.com.", i);
		world_ask(w, name, TYPE_A, 0);
	}
	assert_true(network_sent(&w->network, PROVIDER_A, NULL, 0) > 0);
	assert_true(network_sent(&w->network, PROVIDER_B, NULL, 0) > 0);
	(void)state;
}

// Nothing of an unsigned zone can be validated.
static void unsigned_zones_have_none(void **state)
{
	(void)state;
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	with((struct fault){.kind = FAULT_SERVFAIL, .server = "192.0.2.20"});
	for (int i = 0; i < 20; i++) {
		char name[40];
		snprintf(name, sizeof(name), "u%d.plain.org.", i);
		world_ask(w, name, TYPE_A, 0);
		world_advance(w, 1000);
	}
	assert_int_equal(world_counter(w, "resolver.checkups"), 0);
}

static void what_is_seen_is_kept_nowhere(void **state)
{
	(void)state;
	warm();
	fail_once(PROVIDER_A, FAULT_BOGUS);
	network_heal(&w->network);
	network_forget_log(&w->network);
	ask_many(3);
	world_advance(w, 6000);
	assert_true(checkups_at(PROVIDER_A) >= 2);
	for (size_t i = 0; i < w->network.log_count; i++) {
		char text[NAME_TEXT_MAX];
		if (is_checkup(&w->network.log[i]))
			assert_not_cached(w, name_to_text(w->network.log[i].name, text), TYPE_A);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(in_calm_there_are_none),
		cmocka_unit_test(a_bad_server_is_looked_at_and_clients_are_spared),
		cmocka_unit_test(a_server_that_is_good_again_is_back_after_two_good_answers),
		scenario(a_forwarder_that_reaches_no_authority_is_found_out),
		scenario(a_broken_zone_has_no_checkups_and_its_servers_stay_in_for_others),
		scenario_common(unsigned_zones_have_none),
		scenario_common(what_is_seen_is_kept_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
