// What the daemon asks itself, and when it says that another host should be asked: for a failure of
// its own, not because one zone, or the Internet beyond while stale answers are allowed, is out.
#include "control/alarms/alarms.h"
#include "control/watch/canary.h"
#include "tests/scenario/failures.h"

static struct canary *canary;
static struct alarms *alarms;

static int ask_world(void *arg, const struct ticket_question *question,
		     void (*done)(void *done_arg, struct store_result *result), void *done_arg)
{
	struct world *world = arg;

	return resolver_ask(world->resolver, question, done, done_arg);
}

static void add_name(struct canary_config *config, const char *name, uint16_t type)
{
	struct canary_name *out = &config->names[config->count++];

	assert_true(name_from_text(name, out->name) >= 0);
	out->type = type;
}

static void watch_names(bool stale_is_good)
{
	struct canary_config config = {.interval_ms = 1000, .stale_is_good = stale_is_good};

	assert_int_equal(address_from_text("10.0.0.1", &config.client), 0);
	add_name(&config, "www.example.com.", TYPE_A);
	add_name(&config, "www.other.org.", TYPE_A);
	canary = canary_new(&config, w->store, ask_world, w);
	alarms = alarms_new();
	assert_non_null(canary);
	assert_true(alarms_add(alarms, canary_alarms, canary));
}

static void begin_zones(void)
{
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "other.org.",
					  .servers = "ns1.other.org.=203.0.113.60",
					  .text = "www.other.org. 5 IN A 192.0.2.80\n"});
	world_start(w);
}

static void pass_seconds(unsigned seconds)
{
	for (unsigned i = 0; i < 10 * seconds; i++) {
		struct store_clock now = world_clock(w);

		alarms_run(alarms, &now);
		world_advance(w, 100);
	}
}

static bool told(void)
{
	return alarms_named(alarms, ALARM_CANARY) > 0;
}

static int end_canary(void **state)
{
	alarms_free(alarms);
	alarms = NULL;
	world_run(w);
	canary_free(canary);
	canary = NULL;
	return end_world(state);
}

static void o27_a_zone_that_is_out_is_no_reason_to_withdraw(void **state)
{
	(void)state;
	begin_zones();
	watch_names(true);
	with((struct fault){.kind = FAULT_DROP, .server = "203.0.113.60"});
	for (unsigned i = 0; i < 20; i++) {
		pass_seconds(1);
		assert_false(told());
	}
	assert_true(canary_rounds(canary) >= 3);
	assert_int_equal(canary_failures(canary), 0);
}

static void o27_nothing_that_is_answered_is_said_and_ends_when_it_is_again(void **state)
{
	(void)state;
	begin_zones();
	watch_names(true);
	with((struct fault){.kind = FAULT_SERVFAIL});
	pass_seconds(8);
	assert_true(told());
	assert_true(canary_failures(canary) >= CANARY_FAILURES);
	network_heal(&w->network);
	pass_seconds(40); // failures are remembered for a while (RFC 9520)
	assert_false(told());
}

// All of the Internet is silent for as long as stale answers are allowed.
static void o27_stale_answers_are_good_unless_the_operator_says_not(void **state)
{
	for (unsigned good = 0; good < 2; good++) {
		begin_zones();
		watch_names(good);
		pass_seconds(3);
		assert_false(told());
		with((struct fault){.kind = FAULT_DROP});
		world_advance(w, 4000 * 1000); // beyond all TTLs
		pass_seconds(20);
		assert_int_equal(told(), !good);
		network_heal(&w->network);
		pass_seconds(30);
		assert_false(told());
		end_canary(state);
	}
	begin();
	world_start(w);
	watch_names(true);
}

// Nobody is asked more often than a client would have them asked.
static void a_round_costs_servers_nothing_while_its_answers_are_cached(void **state)
{
	(void)state;
	begin_zones();
	watch_names(true);
	pass_seconds(2);
	uint64_t before = world_counter(w, "upstream.sent_udp");
	for (unsigned i = 0; i < 3; i++)
		pass_seconds(1);
	assert_true(canary_rounds(canary) >= 4);
	assert_true(world_counter(w, "upstream.sent_udp") <= before + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(o27_a_zone_that_is_out_is_no_reason_to_withdraw,
						NULL, end_canary),
		cmocka_unit_test_setup_teardown(
			o27_nothing_that_is_answered_is_said_and_ends_when_it_is_again, NULL,
			end_canary),
		cmocka_unit_test_setup_teardown(
			o27_stale_answers_are_good_unless_the_operator_says_not, NULL, end_canary),
		cmocka_unit_test_setup_teardown(
			a_round_costs_servers_nothing_while_its_answers_are_cached, NULL,
			end_canary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
