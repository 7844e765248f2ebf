// Whose fault it is: a server's, a zone's or our own path's (DESIGN §7).
#include "control/upstream/state.h"
#include "tests/unit/control/upstream/script.h"

#include <stdio.h>
#include <string.h>

#define SERVERS 6
#define ZONES   12

static const char *const addresses[SERVERS] = {"192.0.2.1",  "198.51.100.1",  "203.0.113.1",
					       "192.88.1.1", "2001:db8:1::1", "2001:db8:2::1"};

struct fixture {
	struct script s;
	struct candidate list[SERVERS];
	uint8_t zones[ZONES][NAME_MAX_LEN];
};

static void report(struct fixture *f, unsigned zone, unsigned server, enum server_failure failure)
{
	if (failure == SERVER_SLOW) // is told after the timeout
		upstream_report(f->s.upstream, f->zones[zone], &f->list[server].address,
				SERVER_TIMEOUT, 0);
	bool answered = failure != SERVER_TIMEOUT && failure != SERVER_UNREACHABLE &&
			failure != SERVER_RESET && failure != SERVER_UNTRUSTED;

	upstream_report(f->s.upstream, f->zones[zone], &f->list[server].address, failure,
			answered ? 10000 : 0);
}

static void start(struct fixture *f)
{
	memset(f->list, 0, sizeof(f->list));
	script_start(&f->s, &script_config);
	for (unsigned i = 0; i < SERVERS; i++)
		f->list[i].address = script_address(addresses[i]);
	for (unsigned i = 0; i < ZONES; i++) {
		char text[20];
		snprintf(text, sizeof(text), "z%u.", i);
		name_copy(f->zones[i], script_name(text));
	}
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned zone = 0; zone < ZONES; zone++) {
			for (unsigned i = 0; i < SERVERS; i++)
				report(f, zone, i, SERVER_GOOD);
		}
	}
}

// Nothing speaks against it for this zone.
static bool is_good(struct fixture *f, unsigned zone, unsigned server)
{
	return upstream_good_left(f->s.upstream, f->zones[zone], &f->list[server], 1);
}

// Every cause; one of five questions is for a zone that all servers fail at.
static void one_broken_zone_ejects_no_good_server_in_24_hours(void **state)
{
	unsigned ejected = 0, looks = 0;
	struct fixture f;

	(void)state;
	start(&f);
	for (unsigned step = 0; step < 24 * 3600 * 2; step++) {
		unsigned server = step % SERVERS;
		// A quarter of an hour of each cause in turn.
		enum server_failure failure =
			(enum server_failure)(1 + step / 1800 % (SERVER_FAILURE_COUNT - 1));

		if (step / SERVERS % 5 == 0)
			report(&f, 0, server, failure);
		else
			report(&f, 1 + step % (ZONES - 1), server, SERVER_GOOD);
		if (failure == SERVER_UNREACHABLE || failure == SERVER_RESET ||
		    failure == SERVER_UNTRUSTED) {
			script_advance_ms(&f.s, 500); // of the host or its port, not of a zone
			continue;
		}
		for (unsigned i = 0; i < SERVERS; i++) {
			ejected += !is_good(&f, 1 + step % (ZONES - 1), i);
			looks++;
		}
		script_advance_ms(&f.s, 500);
	}
	print_message(
		"24 hours, a broken zone in one of five questions: %u false ejections, %u looks\n",
		ejected, looks);
	assert_true(looks > 100000);
	assert_int_equal(ejected, 0);
	script_stop(&f.s);
}

// A burst of questions for a zone that a server is silent for, and for nothing else.
static void silence_for_one_zone_only_is_that_zones(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	for (unsigned i = 0; i < 50; i++) {
		report(&f, 0, 0, SERVER_TIMEOUT);
		script_advance_ms(&f.s, 60);
	}
	assert_false(is_good(&f, 0, 0));
	for (unsigned zone = 1; zone < ZONES; zone++)
		assert_true(is_good(&f, zone, 0));
	script_stop(&f.s);
}

static void a_server_that_strips_rrsigs_is_out_within_three_answers(void **state)
{
	struct fixture f;
	unsigned answers = 0;

	(void)state;
	start(&f);
	while (is_good(&f, 11, 0)) {
		assert_true(answers < 3);
		report(&f, answers++, 0, SERVER_STRIPPED);
		script_advance_ms(&f.s, 100);
	}
	for (unsigned zone = 0; zone < ZONES; zone++)
		assert_false(is_good(&f, zone, 0));
	assert_true(is_good(&f, 0, 1));
	// What it says for unsigned zones does not clear it.
	report(&f, 11, 0, SERVER_GOOD);
	assert_false(is_good(&f, 10, 0));
	// It is tried again, and is out again with the first answer.
	script_advance_ms(&f.s, 5000);
	assert_true(is_good(&f, 10, 0));
	report(&f, 9, 0, SERVER_STRIPPED);
	assert_false(is_good(&f, 10, 0));
	script_advance_ms(&f.s, 5000);
	report(&f, 8, 0, SERVER_GOOD);
	assert_true(is_good(&f, 10, 0));
	script_stop(&f.s);
}

static void stripped_signatures_of_one_zone_are_that_zones(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	for (unsigned i = 0; i < 20; i++) {
		report(&f, 0, 0, SERVER_STRIPPED);
		script_advance_ms(&f.s, 1000);
	}
	for (unsigned zone = 1; zone < ZONES; zone++)
		assert_true(is_good(&f, zone, 0));
	script_stop(&f.s);
}

// One server fails for all zones in this way: out for each that has seen it, the others are in.
static bool recognised_as_servers(enum server_failure failure, unsigned server)
{
	struct fixture f;
	bool good = true;

	start(&f);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned zone = 0; zone < ZONES; zone++) {
			for (unsigned i = 0; i < SERVERS; i++)
				report(&f, zone, i, i == server ? failure : SERVER_GOOD);
		}
		script_advance_ms(&f.s, 100);
	}
	for (unsigned zone = 0; zone < ZONES; zone++) {
		for (unsigned i = 0; i < SERVERS; i++)
			good &= is_good(&f, zone, i) == (i != server);
	}
	good &= !upstream_uplink_lost(f.s.upstream);
	script_stop(&f.s);
	return good;
}

// All servers fail for one zone: they stay in for all others.
static bool recognised_as_zones(enum server_failure failure, unsigned broken)
{
	struct fixture f;
	bool good = true;

	start(&f);
	for (unsigned round = 0; round < 6; round++) {
		for (unsigned i = 0; i < SERVERS; i++)
			report(&f, broken, i, failure);
		for (unsigned zone = 0; zone < ZONES; zone++) {
			if (zone != broken)
				report(&f, zone, (zone + round) % SERVERS, SERVER_GOOD);
		}
		script_advance_ms(&f.s, 100);
	}
	for (unsigned zone = 0; zone < ZONES; zone++) {
		for (unsigned i = 0; i < SERVERS; i++)
			good &= is_good(&f, zone, i) == (zone != broken);
	}
	good &= !upstream_uplink_lost(f.s.upstream);
	script_stop(&f.s);
	return good;
}

// Everybody is silent: our own path, and every rating is as it was when it returns. Everything else
// is said by somebody who was reached: it is not our path.
static bool recognised_as_uplinks(enum server_failure failure, unsigned first)
{
	bool silence = failure == SERVER_TIMEOUT || failure == SERVER_UNREACHABLE;
	struct fixture f;
	bool good = true;

	start(&f);
	for (unsigned round = 0; round < 6; round++) {
		for (unsigned i = 0; i < SERVERS * ZONES; i++) {
			unsigned n = (i + first) % (SERVERS * ZONES);
			report(&f, n % ZONES, n / ZONES, failure);
		}
		// The resolver asks the root then.
		upstream_report(f.s.upstream, script_name("."), &f.list[first % SERVERS].address,
				failure, 0);
		script_advance_ms(&f.s, 500);
	}
	good &= upstream_uplink_lost(f.s.upstream) == silence;
	if (silence) {
		report(&f, 0, 0, SERVER_GOOD);
		for (unsigned zone = 0; zone < ZONES; zone++) {
			for (unsigned i = 0; i < SERVERS; i++)
				good &= is_good(&f, zone, i);
		}
	}
	script_stop(&f.s);
	return good;
}

static void every_fault_is_told_apart_by_whose_it_is(void **state)
{
	unsigned count = 0, recognised = 0;

	(void)state;
	for (unsigned failure = SERVER_TIMEOUT; failure < SERVER_FAILURE_COUNT; failure++) {
		for (unsigned variant = 0; variant < SERVERS; variant++) {
			bool as[3] = {
				recognised_as_servers((enum server_failure)failure, variant),
				recognised_as_zones((enum server_failure)failure, variant * 2),
				recognised_as_uplinks((enum server_failure)failure, variant * 7),
			};
			for (unsigned i = 0; i < 3; i++) {
				// A host or a port that cannot be reached is nobody's zone.
				if (i == 1 &&
				    (failure == SERVER_UNREACHABLE || failure == SERVER_RESET ||
				     failure == SERVER_UNTRUSTED))
					continue;
				count++;
				recognised += as[i];
				if (!as[i])
					print_message(
						"%s of %s\n",
						server_failure_words((enum server_failure)failure),
						i == 0   ? "a server"
						: i == 1 ? "a zone"
							 : "the uplink");
			}
		}
	}
	print_message("%u of %u faults recognised as what they are\n", recognised, count);
	assert_true(recognised * 100 >= count * 95);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_broken_zone_ejects_no_good_server_in_24_hours),
		cmocka_unit_test(silence_for_one_zone_only_is_that_zones),
		cmocka_unit_test(a_server_that_strips_rrsigs_is_out_within_three_answers),
		cmocka_unit_test(stripped_signatures_of_one_zone_are_that_zones),
		cmocka_unit_test(every_fault_is_told_apart_by_whose_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
