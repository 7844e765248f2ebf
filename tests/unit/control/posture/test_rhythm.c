// Two years of signatures of several kinds of signers, seen by somebody who asks now and then.
#include "control/posture/rhythm.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>

#define START_S INT64_C(1790000000)
#define HOUR_S  INT64_C(3600)
#define DAY_S   INT64_C(86400)
#define YEARS_S (731 * DAY_S)

static struct rhythm r;
static struct rhythm_facts f;

static void facts(int64_t now_s)
{
	rhythm_facts(&r, RHYTHM_NONE, now_s, &f);
}

#define assert_about(got, wanted, within)                                                          \
	do {                                                                                       \
		if (llabs((long long)(got) - (long long)(wanted)) > (long long)(within))           \
			fail_msg("%s is %lld, not about %lld", #got, (long long)(got),             \
				 (long long)(wanted));                                             \
	} while (0)

// Signed every period_s (+- jitter_s), dated back by an hour. Asked for every step_s.
struct signer {
	int64_t period_s, jitter_s, valid_s;
	int64_t made_s, next_s;
	unsigned seed;
};

static int64_t period_of(struct signer *signer)
{
	if (signer->jitter_s == 0)
		return signer->period_s;
	signer->seed = signer->seed * 1103515245 + 12345;
	return signer->period_s - signer->jitter_s +
	       (int64_t)(signer->seed >> 8) % (2 * signer->jitter_s + 1);
}

static void sign_until(struct signer *signer, int64_t now_s)
{
	if (signer->made_s == 0) {
		signer->made_s = now_s;
		signer->next_s = now_s + period_of(signer);
	}
	while (signer->next_s <= now_s) {
		signer->made_s = signer->next_s;
		signer->next_s += period_of(signer);
	}
}

static void see(const struct signer *signer, int64_t now_s)
{
	rhythm_see(&r, signer->made_s - HOUR_S, signer->made_s - HOUR_S + signer->valid_s, now_s);
}

// Nothing may be late while the signer does its work.
static int64_t watch(struct signer *signer, int64_t from_s, int64_t for_s, int64_t step_s)
{
	int64_t now_s;

	for (now_s = from_s; now_s < from_s + for_s; now_s += step_s) {
		sign_until(signer, now_s);
		see(signer, now_s);
		facts(now_s);
		assert_false(f.late);
		assert_false(f.overdue);
		assert_int_equal(f.missed, 0);
	}
	return now_s;
}

static void a_weekly_signer_is_known_by_its_week_and_what_it_leaves(void **state)
{
	struct signer signer = {.period_s = 7 * DAY_S, .valid_s = 21 * DAY_S};

	(void)state;
	rhythm_start(&r);
	int64_t now_s = watch(&signer, START_S, YEARS_S, 20 * 60);
	facts(now_s);
	assert_int_equal(f.renewals, 104);
	assert_int_equal(f.usual_s, 7 * DAY_S);
	assert_about(f.least_s, 14 * DAY_S - HOUR_S, 20 * 60);
	assert_int_equal(f.valid_s, 21 * DAY_S);
	assert_false(f.steady);
}

static void a_weekly_signer_that_stops_is_late_and_then_overdue(void **state)
{
	struct signer signer = {.period_s = 7 * DAY_S, .valid_s = 21 * DAY_S};
	int64_t late_s = 0, overdue_s = 0;

	(void)state;
	rhythm_start(&r);
	int64_t now_s = watch(&signer, START_S, 100 * DAY_S, 20 * 60);
	for (; now_s < signer.made_s + 20 * DAY_S; now_s += 20 * 60) {
		see(&signer, now_s);
		facts(now_s);
		if (f.late && late_s == 0)
			late_s = now_s;
		if (f.overdue && overdue_s == 0)
			overdue_s = now_s;
		if (f.left_s <= 6 * DAY_S && f.left_s > 6 * DAY_S - 20 * 60)
			assert_int_equal(f.missed, 2);
	}
	// A quarter of its period later than ever; and with a fifth of the validity left.
	assert_about(late_s - signer.made_s, 7 * DAY_S + 7 * DAY_S / 4, 2 * HOUR_S);
	assert_about(overdue_s - signer.made_s, 21 * DAY_S * 4 / 5 - HOUR_S, HOUR_S);
	// One new signature, and all is well.
	signer.made_s = now_s;
	see(&signer, now_s);
	facts(now_s);
	assert_false(f.late || f.overdue);
	assert_int_equal(f.missed, 0);
}

static void what_is_seen_once_a_day_is_known_nearly_as_well(void **state)
{
	struct signer signer = {.period_s = 7 * DAY_S, .valid_s = 21 * DAY_S};

	(void)state;
	rhythm_start(&r);
	// Not in step with the signer.
	int64_t now_s = watch(&signer, START_S, YEARS_S, DAY_S + 37 * 60);
	facts(now_s);
	assert_int_equal(f.usual_s, 7 * DAY_S);
	assert_about(f.least_s, 14 * DAY_S, DAY_S);
}

static void a_jittered_signer_is_never_called_late_for_its_jitter(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct signer signer = {.period_s = 7 * DAY_S,
					.jitter_s = 2 * DAY_S,
					.valid_s = 21 * DAY_S,
					.seed = seed};
		int64_t overdue_s = 0;
		rhythm_start(&r);
		int64_t now_s = watch(&signer, START_S, YEARS_S, HOUR_S);
		facts(now_s);
		assert_about(f.usual_s, 7 * DAY_S, 2 * DAY_S);
		assert_about(f.least_s, 12 * DAY_S, DAY_S);
		for (; now_s < signer.made_s + 20 * DAY_S; now_s += HOUR_S) {
			see(&signer, now_s);
			facts(now_s);
			if (f.overdue && overdue_s == 0)
				overdue_s = now_s;
		}
		assert_about(overdue_s - signer.made_s, 21 * DAY_S * 4 / 5, 3 * HOUR_S);
	}
}

// 30 days, renewed with a quarter of them left: the common default of signers that renew at the
// last quarter.
static void a_signer_that_waits_for_the_last_quarter_is_not_late_before_it(void **state)
{
	struct signer signer = {.period_s = 22 * DAY_S + 12 * HOUR_S, .valid_s = 30 * DAY_S};

	(void)state;
	rhythm_start(&r);
	int64_t now_s = watch(&signer, START_S, YEARS_S, HOUR_S);
	facts(now_s);
	assert_about(f.least_s, 7 * DAY_S + 12 * HOUR_S, 3 * HOUR_S);
	for (; now_s < signer.made_s + 28 * DAY_S; now_s += HOUR_S)
		see(&signer, now_s);
	facts(now_s);
	assert_true(f.overdue);
	assert_int_equal(f.missed, 1);
}

static void a_zone_signed_once_has_no_rhythm_and_is_not_called_late(void **state)
{
	struct signer signer = {.period_s = 1000 * DAY_S, .valid_s = 365 * DAY_S};

	(void)state;
	rhythm_start(&r);
	int64_t now_s = watch(&signer, START_S, 364 * DAY_S, 6 * HOUR_S);
	facts(now_s);
	assert_int_equal(f.renewals, 0);
	assert_int_equal(f.usual_s, 0);
	assert_int_equal(f.least_s, RHYTHM_NONE);
	assert_about(f.left_s, DAY_S, 6 * HOUR_S);
}

// Signed when it is asked for: from a day ago to a day hence.
static void signing_on_the_fly_is_recognised_and_never_late(void **state)
{
	unsigned seed = 5;

	(void)state;
	rhythm_start(&r);
	for (int64_t now_s = START_S; now_s < START_S + YEARS_S;) {
		seed = seed * 1103515245 + 12345;
		rhythm_see(&r, now_s - DAY_S, now_s + DAY_S, now_s);
		facts(now_s);
		assert_false(f.late);
		if (f.renewals >= RHYTHM_KEPT)
			assert_true(f.steady);
		now_s += 60 + (seed >> 8) % 900;
		// At night nobody asks.
		if ((seed >> 8) % 500 == 0)
			now_s += 5 * HOUR_S;
	}
	assert_about(f.left_s, DAY_S, 0);
}

static void an_on_the_fly_signer_that_serves_one_signature_on_is_overdue(void **state)
{
	int64_t now_s, overdue_s = 0;

	(void)state;
	rhythm_start(&r);
	for (now_s = START_S; now_s < START_S + 10 * DAY_S; now_s += 300)
		rhythm_see(&r, now_s - DAY_S, now_s + DAY_S, now_s);
	int64_t last_s = now_s - 300;
	for (; now_s < last_s + DAY_S; now_s += 300) {
		rhythm_see(&r, last_s - DAY_S, last_s + DAY_S, now_s);
		facts(now_s);
		if (f.overdue && overdue_s == 0)
			overdue_s = now_s;
	}
	assert_about(last_s + DAY_S - overdue_s, 2 * DAY_S / 5, HOUR_S);
}

// Renewed with every change of the zone, which come often and then not for a while: what the zone
// leaves where nothing changes says when that is late.
static void edits_hide_a_rhythm_that_another_rrset_shows(void **state)
{
	int64_t now_s;

	(void)state;
	rhythm_start(&r);
	for (now_s = START_S; now_s < START_S + 60 * DAY_S; now_s += HOUR_S)
		rhythm_see(&r, now_s - HOUR_S, now_s + 14 * DAY_S, now_s);
	int64_t last_s = now_s - HOUR_S;
	for (; now_s < last_s + 7 * DAY_S; now_s += HOUR_S) {
		rhythm_see(&r, last_s - HOUR_S, last_s + 14 * DAY_S, now_s);
		rhythm_facts(&r, 7 * DAY_S, now_s, &f);
		assert_false(f.late);
	}
	for (; now_s < last_s + 13 * DAY_S; now_s += HOUR_S)
		rhythm_see(&r, last_s - HOUR_S, last_s + 14 * DAY_S, now_s);
	rhythm_facts(&r, 7 * DAY_S, now_s, &f);
	assert_true(f.overdue);
}

static void a_pause_of_ours_is_no_period_of_the_zone(void **state)
{
	struct signer signer = {.period_s = 7 * DAY_S, .valid_s = 21 * DAY_S};

	(void)state;
	rhythm_start(&r);
	int64_t now_s = watch(&signer, START_S, 100 * DAY_S, HOUR_S);
	now_s = watch(&signer, now_s + 40 * DAY_S, 20 * DAY_S, HOUR_S);
	facts(now_s);
	assert_int_equal(f.longest_s, 7 * DAY_S);
	assert_about(f.least_s, 14 * DAY_S - HOUR_S, HOUR_S);
	// What was not looked at for a month is not late for that.
	facts(now_s + 30 * DAY_S);
	assert_true(f.left_s < 0);
	assert_false(f.late);
}

static void a_server_that_lags_changes_nothing(void **state)
{
	struct signer signer = {.period_s = 7 * DAY_S, .valid_s = 21 * DAY_S};

	(void)state;
	rhythm_start(&r);
	int64_t now_s = watch(&signer, START_S, 50 * DAY_S, HOUR_S);
	struct rhythm before = r;
	rhythm_see(&r, signer.made_s - 8 * DAY_S, signer.made_s + 12 * DAY_S, now_s);
	assert_memory_equal(&before, &r, sizeof(r));
}

// A signer that comes to leave less is believed after some months, one that leaves more at once.
static void an_old_habit_is_forgotten(void **state)
{
	struct signer late = {.period_s = 13 * DAY_S, .valid_s = 14 * DAY_S};
	struct signer early = {.period_s = 7 * DAY_S, .valid_s = 21 * DAY_S};

	(void)state;
	rhythm_start(&r);
	int64_t now_s = watch(&late, START_S, 100 * DAY_S, HOUR_S);
	facts(now_s);
	assert_about(f.least_s, DAY_S - HOUR_S, HOUR_S);
	now_s = watch(&early, now_s, 250 * DAY_S, HOUR_S);
	facts(now_s);
	assert_about(f.least_s, 14 * DAY_S - HOUR_S, HOUR_S);
	assert_int_equal(f.longest_s, 7 * DAY_S);
}

static void another_rrset_is_no_renewal(void **state)
{
	struct signer signer = {.period_s = 7 * DAY_S, .valid_s = 21 * DAY_S};

	(void)state;
	rhythm_start(&r);
	int64_t now_s = watch(&signer, START_S, 50 * DAY_S, HOUR_S);
	uint32_t renewals = r.renewals;
	rhythm_turn_to(&r, now_s - 2 * DAY_S, now_s + 19 * DAY_S, now_s);
	facts(now_s);
	assert_int_equal(f.renewals, renewals);
	assert_int_equal(f.left_s, 19 * DAY_S);
	assert_int_equal(f.usual_s, 7 * DAY_S);
	// Also when it is the older one of the two.
	rhythm_turn_to(&r, now_s - 9 * DAY_S, now_s + 12 * DAY_S, now_s);
	facts(now_s);
	assert_int_equal(f.left_s, 12 * DAY_S);
}

// Signatures with any times at all, in any order.
static void nothing_that_a_zone_signs_breaks_it(void **state)
{
	unsigned seed = 77;

	(void)state;
	rhythm_start(&r);
	for (int i = 0; i < 200000; i++) {
		int64_t t[3];
		for (int k = 0; k < 3; k++) {
			seed = seed * 1103515245 + 12345;
			int64_t high = seed;
			seed = seed * 1103515245 + 12345;
			t[k] = (high << 4 ^ seed >> 8) - (INT64_C(1) << 34);
		}
		if (i % 7 == 0)
			rhythm_turn_to(&r, t[0], t[1], t[2]);
		else
			rhythm_see(&r, t[0], t[1], t[2]);
		uint32_t renewals = r.renewals;
		rhythm_facts(&r, i % 3 ? RHYTHM_NONE : seed, t[2], &f);
		assert_int_equal(f.renewals, renewals);
		assert_int_equal(f.left_s, r.expiration_s - t[2]);
		assert_true(f.usual_s <= f.longest_s || f.steady || renewals > RHYTHM_KEPT);
		assert_true(!f.overdue || f.late);
		assert_true(!f.late || renewals >= RHYTHM_RENEWALS_MIN);
	}
	assert_true(r.renewals > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_weekly_signer_is_known_by_its_week_and_what_it_leaves),
		cmocka_unit_test(a_weekly_signer_that_stops_is_late_and_then_overdue),
		cmocka_unit_test(what_is_seen_once_a_day_is_known_nearly_as_well),
		cmocka_unit_test(a_jittered_signer_is_never_called_late_for_its_jitter),
		cmocka_unit_test(a_signer_that_waits_for_the_last_quarter_is_not_late_before_it),
		cmocka_unit_test(a_zone_signed_once_has_no_rhythm_and_is_not_called_late),
		cmocka_unit_test(signing_on_the_fly_is_recognised_and_never_late),
		cmocka_unit_test(an_on_the_fly_signer_that_serves_one_signature_on_is_overdue),
		cmocka_unit_test(edits_hide_a_rhythm_that_another_rrset_shows),
		cmocka_unit_test(a_pause_of_ours_is_no_period_of_the_zone),
		cmocka_unit_test(a_server_that_lags_changes_nothing),
		cmocka_unit_test(an_old_habit_is_forgotten),
		cmocka_unit_test(another_rrset_is_no_renewal),
		cmocka_unit_test(nothing_that_a_zone_signs_breaks_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
