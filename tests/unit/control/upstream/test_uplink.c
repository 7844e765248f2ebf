// Our own path, told from servers that fail (DESIGN §7).
#include "control/upstream/state.h"
#include "tests/unit/control/upstream/script.h"

#include <stdio.h>
#include <string.h>

static const char *const servers[] = {"192.0.2.1",  "198.51.100.1",  "203.0.113.1",
				      "192.88.1.1", "2001:db8:1::1", "2001:db8:2::1"};
#define SERVERS (sizeof(servers) / sizeof(servers[0]))

static const uint8_t *zone_of(unsigned n)
{
	char text[20];

	snprintf(text, sizeof(text), "z%u.", n);
	return script_name(text);
}

static void report(struct script *s, unsigned zone, unsigned server, enum server_failure failure)
{
	struct address address = script_address(servers[server]);

	upstream_report(s->upstream, zone_of(zone), &address, failure,
			failure == SERVER_GOOD ? 10000 + server * 1000 : 0);
}

static void know_all(struct script *s)
{
	script_start(s, &script_config);
	for (unsigned round = 0; round < 60; round++) {
		for (unsigned zone = 0; zone < 6; zone++) {
			for (unsigned i = 0; i < SERVERS; i++)
				report(s, zone, i, SERVER_GOOD);
		}
	}
}

// Of every server for every zone, and for all of them.
static void snapshot(struct script *s, struct rating out[7][SERVERS])
{
	memset(out, 0, 7 * sizeof(out[0]));
	for (unsigned zone = 0; zone < 7; zone++) {
		for (unsigned i = 0; i < SERVERS; i++) {
			struct address address = script_address(servers[i]);
			const struct rating *rating =
				ratings_find(&s->upstream->ratings, zone < 6 ? zone_of(zone) : NULL,
					     &address, s->now_us);
			assert_non_null(rating);
			memcpy(&out[zone][i], rating, sizeof(*rating));
			out[zone][i].used_us = 0;
		}
	}
}

static void root_is_silent(struct script *s)
{
	struct address address = script_address("192.0.2.200");

	upstream_report(s->upstream, script_name("."), &address, SERVER_TIMEOUT, 0);
}

static void silence(struct script *s, unsigned zones, unsigned count)
{
	root_is_silent(s);
	root_is_silent(s);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned zone = 0; zone < zones; zone++) {
			for (unsigned i = 0; i < count; i++)
				report(s, zone, i, SERVER_TIMEOUT);
			script_advance_ms(s, 60);
		}
	}
}

static void silence_of_all_changes_no_rating(void **state)
{
	static struct rating before[7][SERVERS], after[7][SERVERS];
	struct script s;

	(void)state;
	know_all(&s);
	snapshot(&s, before);
	silence(&s, 6, SERVERS);
	assert_true(upstream_uplink_lost(s.upstream));
	assert_int_equal(script_counter(&s, "upstream.uplink_losses"), 1);
	assert_int_equal(script_counter(&s, "upstream.uplink_lost"), 1);
	snapshot(&s, after);
	assert_memory_equal(before, after, sizeof(before));
	// For ten minutes.
	for (unsigned i = 0; i < 600; i++) {
		report(&s, i % 6, i % SERVERS, SERVER_UNREACHABLE);
		script_advance_ms(&s, 1000);
	}
	snapshot(&s, after);
	assert_memory_equal(before, after, sizeof(before));
	// What was sent before the return may time out after it.
	report(&s, 0, 0, SERVER_GOOD);
	assert_false(upstream_uplink_lost(s.upstream));
	for (unsigned i = 1; i < SERVERS; i++)
		report(&s, 1, i, SERVER_TIMEOUT);
	snapshot(&s, after);
	assert_memory_equal(before[1], after[1], sizeof(before[1]));
	// Then silence counts again.
	script_advance_ms(&s, 2100);
	report(&s, 1, 1, SERVER_TIMEOUT);
	snapshot(&s, after);
	assert_int_equal(after[1][1].fails, 1);
	script_stop(&s);
}

// Where every packet is late for a moment, questions go on as often as ever.
static void a_moment_of_silence_is_not_the_loss_of_our_path(void **state)
{
	struct script s;

	(void)state;
	know_all(&s);
	for (unsigned round = 0; round < 4; round++) {
		for (unsigned zone = 0; zone < 6; zone++) {
			for (unsigned i = 0; i < SERVERS; i++)
				report(&s, zone, i, SERVER_TIMEOUT);
		}
		assert_false(upstream_uplink_lost(s.upstream));
		script_advance_ms(&s, 100);
	}
	report(&s, 0, 0, SERVER_GOOD);
	for (unsigned ms = 0; ms < 600; ms += 100) {
		assert_false(upstream_uplink_lost(s.upstream));
		root_is_silent(&s);
		for (unsigned i = 0; i < SERVERS; i++)
			report(&s, i, i, SERVER_TIMEOUT);
		script_advance_ms(&s, 100);
	}
	assert_true(upstream_uplink_lost(s.upstream));
	script_stop(&s);
}

// It may only have become slow: to wait no longer than before would be to never hear of it.
static void a_lost_path_is_given_a_second(void **state)
{
	const struct candidate candidates[] = {{.address = script_address(servers[0])},
					       {.address = script_address(servers[1])}};
	struct script s;
	uint32_t timeout_ms;

	(void)state;
	know_all(&s);
	assert_true(upstream_select(s.upstream, zone_of(0), candidates, 2, 3, NULL, &timeout_ms) >=
		    0);
	assert_true(timeout_ms < 100);
	silence(&s, 6, SERVERS);
	assert_true(upstream_uplink_lost(s.upstream));
	assert_true(upstream_select(s.upstream, zone_of(0), candidates, 2, 3, NULL, &timeout_ms) >=
		    0);
	assert_int_equal(timeout_ms, 1000);
	script_stop(&s);
}

static void silence_of_one_network_is_held_against_it(void **state)
{
	struct script s;

	(void)state;
	know_all(&s);
	silence(&s, 6, 1);
	assert_false(upstream_uplink_lost(s.upstream));
	struct address address = script_address(servers[0]);
	for (unsigned zone = 0; zone < 6; zone++) {
		const struct rating *rating =
			ratings_find(&s.upstream->ratings, zone_of(zone), &address, s.now_us);
		assert_int_not_equal(rating_state(rating, s.now_us), RATING_IN);
	}
	assert_int_equal(script_counter(&s, "upstream.uplink_excused"), 0);
	script_stop(&s);
}

static void silence_about_few_zones_is_held_against_their_servers(void **state)
{
	struct script s;

	(void)state;
	know_all(&s);
	silence(&s, 1, SERVERS);
	silence(&s, 2, SERVERS); // beside the root
	assert_false(upstream_uplink_lost(s.upstream));
	assert_int_equal(script_counter(&s, "upstream.uplink_losses"), 0);
	script_stop(&s);
}

// Whatever else is silent: while somebody answers, even with an error, the path is there.
static void one_answer_shows_that_the_path_is_there(void **state)
{
	struct script s;

	(void)state;
	know_all(&s);
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 3; i++)
			report(&s, round % 6, i, SERVER_TIMEOUT);
		report(&s, 0, 3, round % 2 ? SERVER_GOOD : SERVER_SERVFAIL);
		script_advance_ms(&s, 60);
	}
	assert_int_equal(script_counter(&s, "upstream.uplink_losses"), 0);
	script_stop(&s);
}

// Whoever has dead zones asked for chooses them; the root is chosen by us.
static void dead_zones_alone_are_not_our_own_path(void **state)
{
	struct script s;

	(void)state;
	know_all(&s);
	for (unsigned round = 0; round < 40; round++) {
		for (unsigned zone = 0; zone < 6; zone++) {
			for (unsigned i = 0; i < SERVERS; i++)
				report(&s, zone, i, SERVER_TIMEOUT);
		}
		script_advance_ms(&s, 100);
	}
	assert_int_equal(upstream_uplink_doubted_in_ms(s.upstream), 0);
	assert_false(upstream_uplink_lost(s.upstream));
	assert_int_equal(script_counter(&s, "upstream.uplink_excused"), 0);
	root_is_silent(&s);
	assert_false(upstream_uplink_lost(s.upstream));
	report(&s, 0, 0, SERVER_GOOD);
	assert_true(upstream_uplink_doubted_in_ms(s.upstream) > 0);
	silence(&s, 6, SERVERS);
	assert_true(upstream_uplink_lost(s.upstream));
	script_stop(&s);
}

// Dead zones that are asked about now and then, when nobody asks for anything else.
static void failures_far_apart_are_unrelated(void **state)
{
	struct script s;

	(void)state;
	know_all(&s);
	for (unsigned i = 0; i < 24; i++) {
		report(&s, i % 6, i % SERVERS, SERVER_TIMEOUT);
		script_advance_ms(&s, 6000);
	}
	assert_int_equal(script_counter(&s, "upstream.uplink_losses"), 0);
	script_stop(&s);
}

static void find_alarm(const char *text, void *arg)
{
	*(bool *)arg |= strncmp(text, "alarm: our own path is lost", 27) == 0;
}

static void operators_are_told(void **state)
{
	bool told = false;
	struct script s;

	(void)state;
	know_all(&s);
	upstream_describe_uplink(s.upstream, find_alarm, &told);
	assert_false(told);
	silence(&s, 6, SERVERS);
	upstream_describe_uplink(s.upstream, find_alarm, &told);
	assert_true(told);
	script_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_of_all_changes_no_rating),
		cmocka_unit_test(a_moment_of_silence_is_not_the_loss_of_our_path),
		cmocka_unit_test(a_lost_path_is_given_a_second),
		cmocka_unit_test(silence_of_one_network_is_held_against_it),
		cmocka_unit_test(silence_about_few_zones_is_held_against_their_servers),
		cmocka_unit_test(one_answer_shows_that_the_path_is_there),
		cmocka_unit_test(dead_zones_alone_are_not_our_own_path),
		cmocka_unit_test(failures_far_apart_are_unrelated),
		cmocka_unit_test(operators_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
