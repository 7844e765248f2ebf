// What is learnt of zones, how little room it takes, and who gives way.
#include "control/posture/dossier.h"
#include "control/posture/hottest.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <string.h>

#define DAY_S    86400
#define MAX      64
#define WINDOW_S (DOSSIER_WINDOW_MS / 1000)

static struct dossiers *dossiers;
static struct dossiers_now now;
static unsigned begun, over;
static enum signed_class told_class;

static void on_event(void *arg, const struct dossier *dossier, enum signed_class class,
		     const struct rhythm_facts *facts, bool is_over)
{
	(void)arg, (void)dossier;
	assert_true(facts->overdue == !is_over);
	begun += !is_over;
	over += is_over;
	told_class = class;
}

static int setup(void **state)
{
	static const uint8_t key[16] = {1, 2, 3};

	(void)state;
	dossiers = dossiers_new(MAX, key);
	now = (struct dossiers_now){.ms = 50 * DOSSIER_WINDOW_MS, .s = SIGNER_NOW};
	begun = over = 0;
	return dossiers == NULL;
}

static int teardown(void **state)
{
	(void)state;
	dossiers_free(dossiers);
	return 0;
}

// Not kept, as signer_name() does. Two at a time.
static const uint8_t *name_of(const char *text)
{
	static uint8_t names[2][NAME_MAX_LEN];
	static unsigned turn;
	uint8_t *name = names[turn++ % 2];

	assert_true(name_from_text(text, name) > 0);
	return name;
}

static void pass(int64_t seconds)
{
	now.ms += (uint64_t)seconds * 1000;
	now.s += seconds;
}

static uint64_t counter_value;
static const char *counter_wanted;

static void take_counter(const char *name, const char *words, uint64_t value, void *arg)
{
	(void)words, (void)arg;
	if (strcmp(name, counter_wanted) == 0)
		counter_value = value;
}

static uint64_t counter(const char *name)
{
	counter_wanted = name;
	counter_value = UINT64_MAX;
	dossiers_counters(dossiers, now.s, take_counter, NULL);
	assert_true(counter_value != UINT64_MAX);
	return counter_value;
}

// A secure answer of a zone: this record, signed from made_s - 1 h on.
static void see(const char *zone, const char *line, int64_t made_s, int64_t valid_s, bool asked)
{
	struct rrset *rrset = signer_rrset(line);
	const struct step step = {.kind = STEP_ANSWER,
				  .name = rrset->owner,
				  .type = rrset->type,
				  .zone = name_of(zone),
				  .rrset = rrset};
	const struct validation_result result = {
		.verdict = VERDICT_SECURE,
		.signer = step.zone,
		.looked_at = step.zone,
		.rrset_by = {.inception_s = made_s - 3600,
			     .expiration_s = made_s - 3600 + valid_s,
			     .tag = 4711,
			     .algorithm = 13},
	};

	dossiers_learn(dossiers, &step, &result, asked, &now);
	rrset_free(rrset);
}

static void see_insecure(const char *zone, bool asked)
{
	struct rrset *rrset = signer_rrset("www.example. 300 IN A 192.0.2.1");
	const struct step step = {.kind = STEP_ANSWER,
				  .name = rrset->owner,
				  .type = rrset->type,
				  .zone = name_of(zone),
				  .rrset = rrset};
	const struct validation_result result = {.verdict = VERDICT_INSECURE};

	dossiers_learn(dossiers, &step, &result, asked, &now);
	rrset_free(rrset);
}

static const struct dossier *at(const char *zone)
{
	return dossiers_find(dossiers, name_of(zone));
}

static void names_are_one_whatever_their_case(void **state)
{
	(void)state;
	see_insecure("Example.ORG.", true);
	see_insecure("example.org.", true);
	assert_non_null(at("EXAMPLE.org."));
	assert_int_equal(counter("posture.zones"), 1);
	assert_int_equal(dossier_heat(at("example.org."), now.ms), 2);
}

static void heat_is_that_of_the_last_two_windows(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		see_insecure("a.", true);
	see_insecure("a.", false);
	assert_int_equal(dossier_heat(at("a."), now.ms), 5);
	pass(WINDOW_S);
	assert_int_equal(dossier_heat(at("a."), now.ms), 5);
	see_insecure("a.", true);
	assert_int_equal(dossier_heat(at("a."), now.ms), 6);
	pass(WINDOW_S);
	assert_int_equal(dossier_heat(at("a."), now.ms), 1);
	pass(WINDOW_S);
	assert_int_equal(dossier_heat(at("a."), now.ms), 0);
	pass(100 * WINDOW_S);
	see_insecure("a.", true);
	assert_int_equal(dossier_heat(at("a."), now.ms), 1);
}

// A flood of zones that are asked for once.
static void a_flood_takes_no_place_of_what_is_in_use(void **state)
{
	char name[32];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MAX * 3 / 4; i++) {
			snprintf(name, sizeof(name), "old%d.", i);
			see_insecure(name, true);
			if (round == 0 && i % 16 == 15)
				pass(WINDOW_S); // not all at once, nor too many new ones
			if (round == 0)
				see_insecure(name, true);
		}
		pass(WINDOW_S);
	}
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "flood%d.", i);
		see_insecure(name, true);
		dossiers_bogus(dossiers, name_of("flood."), EDE_DNSSEC_BOGUS, "x", &now);
	}
	assert_true(counter("posture.zones") <= MAX);
	assert_true(counter("posture.forgotten") > 18000);
	for (int i = 0; i < MAX * 3 / 4; i++) {
		snprintf(name, sizeof(name), "old%d.", i);
		if (at(name) == NULL)
			fail_msg("%s gave way", name);
	}
}

static void what_is_used_again_stays_and_the_longest_unused_goes(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < 10 * MAX; i++) {
		snprintf(name, sizeof(name), "z%d.", i);
		see_insecure(name, true);
		pass(WINDOW_S);
		see_insecure(name, true);
		see_insecure("always.", true);
	}
	assert_non_null(at("always."));
	assert_non_null(at("z639."));
	assert_null(at("z3."));
	assert_int_equal(counter("posture.zones"), MAX);
}

static void the_hottest_are_in_order_and_no_more_than_wanted(void **state)
{
	struct hottest hottest = {.max = 3};
	char name[32];

	(void)state;
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "z%d.", i);
		for (int k = 0; k < 1 + (i * 7) % 10; k++)
			see_insecure(name, true);
	}
	while (hottest_some(&hottest, dossiers, now.ms))
		;
	assert_int_equal(hottest.count, 3);
	for (unsigned i = 0; i < 3; i++) {
		const struct dossier *dossier = dossiers_find(dossiers, hottest.list[i].zone);
		assert_non_null(dossier);
		assert_int_equal(hottest.list[i].heat, 10 - i);
		assert_int_equal(dossier_heat(dossier, now.ms), 10 - i);
	}
	assert_false(hottest_some(&(struct hottest){.max = 0}, dossiers, now.ms));
}

static void count_seen(const struct dossier *dossier, void *arg)
{
	(void)dossier;
	++*(size_t *)arg;
}

// However many there are, a share looks at few, and all shares at each once.
static void a_share_looks_at_few(void **state)
{
	size_t at = 0, seen = 0, before;
	char name[32];

	(void)state;
	for (int i = 0; i < MAX; i++) {
		snprintf(name, sizeof(name), "z%d.", i);
		see_insecure(name, false);
		see_insecure(name, true);
	}
	for (bool more = true; more;) {
		before = seen;
		more = dossiers_some(dossiers, &at, 16, count_seen, &seen);
		assert_true(seen - before < 32);
	}
	assert_int_equal(seen, counter("posture.zones"));
	assert_true(seen > 32);
}

static void keys_are_remembered_by_tag_and_algorithm(void **state)
{
	(void)state;
	see("example.", "www.example. 300 IN A 192.0.2.1", now.s, 14 * DAY_S, true);
	see("example.", "mx.example. 300 IN A 192.0.2.1", now.s, 14 * DAY_S, true);
	assert_int_equal(at("example.")->keys[0].tag, 4711);
	assert_int_equal(at("example.")->keys[0].algorithm, 13);
	assert_int_equal(at("example.")->keys[1].seen_s, 0);
}

static void the_signature_that_ends_first_counts_until_it_is_renewed(void **state)
{
	(void)state;
	see("example.", "www.example. 300 IN A 192.0.2.1", now.s, 14 * DAY_S, true);
	see("example.", "old.example. 300 IN A 192.0.2.1", now.s - 9 * DAY_S, 14 * DAY_S, true);
	see("example.", "new.example. 300 IN A 192.0.2.1", now.s, 20 * DAY_S, true);
	assert_int_equal(at("example.")->soonest.expiration_s, now.s + 5 * DAY_S - 3600);
	see("example.", "old.example. 300 IN A 192.0.2.1", now.s, 14 * DAY_S, true);
	assert_int_equal(at("example.")->soonest.expiration_s, now.s + 14 * DAY_S - 3600);
}

// Each data RRset may have been signed at another time: only one's renewals are a rhythm.
static void the_rhythm_of_data_is_that_of_one_rrset(void **state)
{
	struct rhythm_facts facts;
	char line[80];
	int64_t made_s = 0;

	(void)state;
	for (int day = 0; day < 100; day++) {
		for (int i = 0; i < 10; i++) {
			// Re-signed every ten days, one of them each day.
			made_s = now.s - (day + i) % 10 * DAY_S;
			snprintf(line, sizeof(line), "n%d.example. 300 IN A 192.0.2.1", i);
			see("example.", line, made_s, 30 * DAY_S, true);
		}
		pass(DAY_S);
	}
	dossier_rhythm(at("example."), SIGNED_DATA, now.s, &facts);
	assert_int_equal(facts.usual_s, 10 * DAY_S);
	assert_int_equal(facts.longest_s, 10 * DAY_S);
	assert_false(facts.late);
}

// Weekly for five weeks, seen by four questions every six hours.
static void use(int days, bool renew)
{
	static int64_t made_s;

	for (int i = 0; i < days * 4; i++) {
		if (renew && (made_s == 0 || now.s - made_s >= 7 * DAY_S || now.s < made_s))
			made_s = now.s;
		for (int k = 0; k < 4; k++)
			see("example.", "www.example. 300 IN A 192.0.2.1", made_s, 21 * DAY_S,
			    true);
		see("example.", "example. 300 IN SOA a. b. 1 2 3 4 5", made_s, 21 * DAY_S, false);
		pass(DAY_S / 4);
	}
}

static void a_zone_is_overdue_once_for_each_class_and_recovers_once(void **state)
{
	(void)state;
	dossiers_watch(dossiers, on_event, NULL);
	use(35, true);
	assert_int_equal(begun + over, 0);
	use(9, false);
	assert_int_equal(begun, 0);
	use(2, false);
	assert_int_equal(begun, 2);
	assert_int_equal(over, 0);
	assert_int_equal(counter("posture.overdue"), 1);
	assert_int_equal(counter("posture.warnings"), 2);
	use(1, true);
	assert_int_equal(over, 2);
	assert_int_equal(counter("posture.overdue"), 0);
}

// Neither well nor overdue: nobody knows.
static void a_zone_that_is_no_longer_seen_is_no_longer_counted(void **state)
{
	(void)state;
	dossiers_watch(dossiers, on_event, NULL);
	use(35, true);
	use(12, false);
	assert_int_equal(counter("posture.overdue"), 1);
	pass(2 * DAY_S);
	assert_int_equal(counter("posture.overdue"), 0);
	assert_int_equal(over, 0);
}

// With each change of the zone a new SOA: that tells nothing until data say what is usual.
static void an_soa_that_changes_all_the_time_warns_of_nothing_by_itself(void **state)
{
	struct rhythm_facts facts;

	(void)state;
	dossiers_watch(dossiers, on_event, NULL);
	for (int i = 0; i < 200; i++) {
		for (int k = 0; k < 4; k++)
			see("example.", "example. 300 IN SOA a. b. 1 2 3 4 5", now.s, 14 * DAY_S,
			    true);
		pass(3600);
	}
	int64_t made_s = now.s - 3600;
	for (int i = 0; i < 13 * 24; i++) {
		for (int k = 0; k < 4; k++)
			see("example.", "example. 300 IN SOA a. b. 1 2 3 4 5", made_s, 14 * DAY_S,
			    true);
		pass(3600);
	}
	dossier_rhythm(at("example."), SIGNED_SOA, now.s, &facts);
	assert_false(facts.late || facts.overdue);
	assert_int_equal(begun, 0);
}

// A zone that goes back to what it had signed before, for good.
static void the_older_signature_counts_when_the_newer_one_is_gone(void **state)
{
	struct rhythm_facts facts;

	(void)state;
	see("example.", "example. 300 IN SOA a. b. 2 2 3 4 5", now.s, 21 * DAY_S, true);
	pass(DAY_S);
	see("example.", "example. 300 IN SOA a. b. 1 2 3 4 5", now.s - 5 * DAY_S, 21 * DAY_S, true);
	dossier_rhythm(at("example."), SIGNED_SOA, now.s, &facts);
	assert_int_equal(facts.left_s, 20 * DAY_S - 3600);
	pass(2 * DAY_S);
	see("example.", "example. 300 IN SOA a. b. 1 2 3 4 5", now.s - 7 * DAY_S, 21 * DAY_S, true);
	dossier_rhythm(at("example."), SIGNED_SOA, now.s, &facts);
	assert_int_equal(facts.left_s, 14 * DAY_S - 3600);
}

static void troubles_are_counted_and_the_last_is_kept_with_its_reason(void **state)
{
	char text[400];

	(void)state;
	dossiers_bogus(dossiers, name_of("example."), EDE_DNSSEC_BOGUS, "first", &now);
	pass(5);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	dossiers_bogus(dossiers, name_of("example."), EDE_SIGNATURE_EXPIRED, text, &now);
	const struct dossier *z = at("example.");
	assert_int_equal(z->bogus.count, 2);
	assert_int_equal(z->bogus.ede, EDE_SIGNATURE_EXPIRED);
	assert_int_equal(z->bogus.at_s, now.s);
	assert_int_equal(strlen(z->bogus.text), TROUBLE_TEXT_MAX);
	dossiers_failed(dossiers, name_of("example."), EDE_NO_REACHABLE_AUTHORITY, NULL, 30, true,
			&now);
	assert_null(z->failure.text);
	assert_int_equal(z->failure.until_ms, now.ms + 30000);
	assert_int_equal(dossier_heat(z, now.ms), 1);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(names_are_one_whatever_their_case),
		test(heat_is_that_of_the_last_two_windows),
		test(a_flood_takes_no_place_of_what_is_in_use),
		test(what_is_used_again_stays_and_the_longest_unused_goes),
		test(the_hottest_are_in_order_and_no_more_than_wanted),
		test(a_share_looks_at_few),
		test(keys_are_remembered_by_tag_and_algorithm),
		test(the_signature_that_ends_first_counts_until_it_is_renewed),
		test(the_rhythm_of_data_is_that_of_one_rrset),
		test(a_zone_is_overdue_once_for_each_class_and_recovers_once),
		test(a_zone_that_is_no_longer_seen_is_no_longer_counted),
		test(an_soa_that_changes_all_the_time_warns_of_nothing_by_itself),
		test(the_older_signature_counts_when_the_newer_one_is_gone),
		test(troubles_are_counted_and_the_last_is_kept_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
