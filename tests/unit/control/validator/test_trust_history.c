// Trust points over years: rolls, restarts, outages, steps of the clock (RFC 5011). Row O12.
#include "tests/unit/control/validator/points.h"

// ---- two years ----

struct chapter {
	int first_day; // until the next one's
	const char *published;
	bool genuine;          // false: by an attacker
	const char *states[4]; // of keys 0 to 3 at the end of it
};

static const struct chapter two_years[] = {
	{0, "0+", true, {"valid", "start", "start", "start"}},
	{40, "0+1", true, {"valid", "pending", "start", "start"}},    // 29 days: not yet
	{69, "0+", true, {"valid", "start", "start", "start"}},       // it vanished
	{75, "0+1", true, {"valid", "pending", "start", "start"}},    // and begins anew
	{104, "0+1", true, {"valid", "valid", "start", "start"}},     // 30 days are over
	{120, "01+", true, {"valid", "valid", "start", "start"}},     // the roll
	{150, "0r1+", true, {"missing", "valid", "start", "start"}},  // a bit alone revokes nothing
	{160, "0r+1+", true, {"revoked", "valid", "start", "start"}}, // this does
	{175, "0+3", false, {"revoked", "valid", "start", "start"}},
	{176, "1+", true, {"revoked", "valid", "start", "start"}},
	{190, "1+", true, {"removed", "valid", "start", "start"}},
	{200, "0+3", false, {"removed", "valid", "start", "start"}}, // the old key was stolen
	{260, "1+", true, {"removed", "valid", "start", "start"}},
	{300, "01+", true, {"removed", "valid", "start", "start"}}, // nothing brings it back
	{340, "1+2", true, {"removed", "valid", "pending", "start"}},
	// Nobody was there for 58 days: seen again after the hold-down, with the key.
	{400, "1+2+", true, {"removed", "valid", "valid", "start"}},
	{420, "2+", true, {"removed", "missing", "valid", "start"}},
	{500, "1+2+", true, {"removed", "valid", "valid", "start"}},
	{510, "2+", true, {"removed", "missing", "valid", "start"}},
	{700, "1r+2+", true, {"removed", "revoked", "valid", "start"}},
	{725, "2+", true, {"removed", "revoked", "valid", "start"}},
	{730, "2+", true, {"removed", "removed", "valid", "start"}},
	{740, NULL, true, {NULL}},
};

static void live_through(bool restarts)
{
	for (const struct chapter *c = two_years; c->published != NULL; c++) {
		for (int day = c->first_day; day < c[1].first_day; day++) {
			// From day 342 to 399 it is switched off.
			if (day >= 342 && day < 400) {
				pass(1);
				continue;
			}
			enum trust_observed seen = see(c->published);
			// A stolen key is good for nothing once it is revoked; one beside a good
			// one cannot take back what it has revoked.
			if (c->genuine)
				assert_int_equal(seen, TRUST_OBSERVED);
			if (restarts)
				restart();
			pass(1);
		}
		if (!c->genuine)
			continue;
		size_t trusted_count = 0;
		for (size_t k = 0; k < 4; k++) {
			if (strcmp(state_of(k), c->states[k]) != 0)
				print_error("chapter of day %d, key %zu\n", c->first_day, k);
			assert_state(k, c->states[k]);
			bool trusted = strcmp(c->states[k], "valid") == 0 ||
				       strcmp(c->states[k], "missing") == 0;
			assert_int_equal(trusts(k), trusted);
			trusted_count += trusted;
		}
		assert_int_equal(trust_anchor_count(s.trust), trusted_count);
	}
	const struct observation *const *history;
	assert_true(trust_point_history(zone()->point, &history) <= 16);
}

static void o12_two_years_of_a_trust_point(void **state)
{
	(void)state;
	live_through(false);
}

static void o12_two_years_with_a_restart_every_day(void **state)
{
	(void)state;
	live_through(true);
}

static void o12_offline_for_longer_than_a_hold_down(void **state)
{
	(void)state;
	assert_seen("0+1");
	pass(2);
	assert_seen("0+1");
	// The roll has happened meanwhile, and the old key has gone: nothing can be proven.
	pass(60);
	restart();
	assert_int_equal(see("1+"), TRUST_UNTRUSTED);
	assert_false(trusts(1));
	assert_true(s.alarms == 0);
	// A new version, or the operator's file, brings the new anchor: at once, whatever the state
	// says.
	s.anchors[s.anchor_count++] = keys[1];
	restart();
	assert_true(trusts(1));
	assert_seen("1+");
	assert_state(1, "valid");
	assert_state(0, "missing");
	// The old one is revoked.
	assert_seen("0r+1+");
	restart();
	assert_state(0, "revoked");
	assert_false(trusts(0));
	assert_true(trusts(1));
}

static void o12_offline_while_the_old_key_still_signs(void **state)
{
	(void)state;
	assert_seen("0+1");
	pass(60);
	restart();
	assert_seen("0+1+");
	assert_state(1, "valid");
}

static void o12_a_learned_key_outlives_all_configured_ones_over_restarts(void **state)
{
	(void)state;
	assert_seen("0+1");
	pass(30);
	assert_seen("0+1");
	assert_seen("0r+1+");
	pass(31);
	assert_seen("1+2");
	pass(30);
	assert_seen("1+2");
	assert_seen("1r+2+");
	pass(31);
	assert_seen("2+");
	restart();
	// The chain leads from the configured key over one that is gone to the one of today.
	assert_true(trusts(2));
	assert_false(trusts(1));
	assert_false(trusts(0));
	assert_seen("2+");
}

static void o12_steps_of_the_wall_clock_shorten_no_hold_down(void **state)
{
	(void)state;
	s.lifetime_s = 400 * DAY_S;
	assert_seen("0+1");
	// A day passes, the wall clock says forty.
	pass(1);
	s.now_s += 39 * DAY_S;
	assert_seen("0+1");
	assert_state(1, "pending");
	// Signatures that are only good for their time do not even validate then.
	s.lifetime_s = 14 * DAY_S;
	struct rrset *now = published("0+1");
	s.now_s += 40 * DAY_S;
	assert_int_equal(trust_points_observe(s.points, now, s.now_ms, s.now_s), TRUST_UNTRUSTED);
	rrset_free(now);
	// It is set right: nothing is known of the time before, and nothing is lost.
	s.now_s -= 79 * DAY_S;
	assert_int_equal(see("0+1"), TRUST_CLOCK_BEHIND);
	assert_state(1, "pending");
	assert_true(trusts(0));
	restart();
	assert_state(1, "pending");
	pass(45);
	assert_seen("0+1");
	assert_state(1, "pending"); // since the time that the clock said
	pass(25);
	assert_seen("0+1");
	assert_state(1, "valid");
}

// The time that the wall clock has lost is waited for, no more.
static void o12_a_small_step_of_the_wall_clock_delays_little(void **state)
{
	(void)state;
	assert_seen("0+1");
	s.now_s += 7200;
	pass(29);
	assert_seen("0+1");
	pass(1);
	s.now_ms -= 3600000;
	assert_seen("0+1");
	assert_state(1, "pending");
	pass(1);
	assert_seen("0+1");
	assert_state(1, "valid");
}

// Whoever holds a key may publish many, and make us keep little.
static void many_keys_and_many_rolls_stay_bounded(void **state)
{
	struct signer_key *list[OBSERVATION_KEYS_MAX + 8];
	const struct signer_options options = {.expiration_s = SIGNER_NOW + 400 * DAY_S};
	const struct observation *const *history;
	size_t count = 0;

	(void)state;
	for (int round = 0; round < 6; round++) {
		list[0] = keys[0];
		for (size_t i = 1; i < 30; i++)
			list[i] = signer_key_with_tag(8, KSK, (uint16_t)(round * 1000 + 100 + i),
						      (unsigned)(round * 100 + (int)i));
		struct rrset *rrset = signer_dnskey_rrset(ZONE, list, 30, 3600);
		struct rrset *signed_ = signer_sign(rrset, keys[0], ZONE, &options);
		for (int day = 0; day < 2; day++) {
			assert_int_equal(trust_points_observe(s.points, signed_, s.now_ms, s.now_s),
					 TRUST_OBSERVED);
			pass(31);
		}
		rrset_free(rrset);
		rrset_free(signed_);
		for (size_t i = 1; i < 30; i++)
			signer_key_free(list[i]);
		count = trust_point_ledger(zone()->point)->count;
		assert_true(count <= TRUST_POINT_KEYS_MAX);
		assert_true(trust_point_history(zone()->point, &history) <=
			    TRUST_POINT_HISTORY_MAX);
	}
	assert_int_equal(count, TRUST_POINT_KEYS_MAX);
	assert_true(trusts(0));
	for (size_t i = 0; i < OBSERVATION_KEYS_MAX + 8; i++)
		list[i] = signer_key_with_tag(8, KSK, (uint16_t)(10000 + i), (unsigned)i);
	struct rrset *rrset = signer_dnskey_rrset(ZONE, list, OBSERVATION_KEYS_MAX + 8, 3600);
	struct rrset *signed_ = signer_sign(rrset, keys[0], ZONE, &options);
	assert_int_equal(trust_points_observe(s.points, signed_, s.now_ms, s.now_s),
			 TRUST_UNTRUSTED);
	rrset_free(rrset);
	rrset_free(signed_);
	for (size_t i = 0; i < OBSERVATION_KEYS_MAX + 8; i++)
		signer_key_free(list[i]);
}

// Keys roll every two months for six years; the configuration is never touched.
static void a_history_of_many_rolls_stays_bounded_and_trusted(void **state)
{
	const struct observation *const *history;
	static const char *const steps[] = {"0+1", "0+1", "0r+1+", "1+2", "1+2", "1r+2+"};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		assert_seen(steps[i]);
		pass(30);
	}
	for (int year = 0; year < 30; year++) {
		// The last two take turns in being missing, too.
		assert_seen("2+3");
		pass(31);
		assert_seen("2+3");
		pass(31);
		assert_seen("2+");
		pass(367);
		assert_seen("2+");
		assert_true(trust_point_history(zone()->point, &history) <=
			    TRUST_POINT_HISTORY_MAX);
	}
	restart();
	assert_true(trusts(2));
	assert_false(trusts(0));
	assert_false(trusts(1));
}

// Each roll needs three observations for as long as the configured key is the one of long ago. When
// no more fit, what is known stays, and somebody is told.
static void a_chain_of_too_many_rolls_stays_as_it_is_with_an_alarm(void **state)
{
	struct signer_key *chain[40] = {keys[0]}, *second = keys[1];
	enum trust_observed seen = TRUST_OBSERVED;
	static const struct {
		const char *what;
		int days;
	} steps[] = {{"0+1", 30}, {"0+1", 1}, {"0r+1+", 31}};
	int rolls = 0;

	(void)state;
	for (; rolls < 39 && seen == TRUST_OBSERVED; rolls++) {
		chain[rolls + 1] = signer_key_new(13, 0, KSK);
		keys[0] = chain[rolls];
		keys[1] = chain[rolls + 1];
		for (size_t i = 0; i < 3 && seen == TRUST_OBSERVED; i++) {
			seen = see(steps[i].what);
			pass(steps[i].days);
		}
	}
	assert_int_equal(seen, TRUST_FULL);
	assert_true(rolls > 20);
	assert_true(trusts(0)); // of the roll that did not fit
	assert_true(zone()->failing);
	struct trust_points_counters counters;
	trust_points_counters(s.points, &counters);
	assert_int_equal(counters.alarms, 1);
	restart();
	assert_true(trusts(0));
	// A newer configuration is a way out.
	s.anchors[0] = chain[rolls - 1];
	close_points();
	open_points();
	trust_points_begin(s.points, s.now_ms, s.now_s);
	assert_seen("0+");
	keys[0] = chain[0];
	keys[1] = second;
	for (int i = 1; i <= rolls; i++)
		signer_key_free(chain[i]);
}

static void what_a_state_may_not_do(void **state)
{
	struct rrset *unsigned_, *by_stranger, *old;

	(void)state;
	// An earlier process "saw" a key for a year, but no anchor has signed that.
	unsigned_ = published("01");
	by_stranger = published("01+");
	assert_false(trust_points_restore(s.points, unsigned_, s.now_s));
	assert_false(trust_points_restore(s.points, by_stranger, s.now_s));
	// Signed, but not at the time that is said.
	old = published("0+1");
	assert_false(trust_points_restore(s.points, old, s.now_s - 60 * DAY_S));
	assert_true(trust_points_restore(s.points, old, s.now_s));
	assert_false(trust_points_restore(s.points, old, s.now_s + 60 * DAY_S));
	trust_points_begin(s.points, s.now_ms, s.now_s);
	assert_true(trusts(0));
	assert_false(trusts(1));
	rrset_free(unsigned_);
	rrset_free(by_stranger);
	rrset_free(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(o12_two_years_of_a_trust_point),
		test(o12_two_years_with_a_restart_every_day),
		test(o12_offline_for_longer_than_a_hold_down),
		test(o12_offline_while_the_old_key_still_signs),
		test(o12_a_learned_key_outlives_all_configured_ones_over_restarts),
		test(o12_steps_of_the_wall_clock_shorten_no_hold_down),
		test(o12_a_small_step_of_the_wall_clock_delays_little),
		test(many_keys_and_many_rolls_stay_bounded),
		test(a_history_of_many_rolls_stays_bounded_and_trusted),
		test(a_chain_of_too_many_rolls_stays_as_it_is_with_an_alarm),
		test(what_a_state_may_not_do),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
