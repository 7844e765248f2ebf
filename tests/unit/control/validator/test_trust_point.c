// RFC 5011 with really signed DNSKEY RRsets and a clock that the test moves. Row O12.
#include "control/validator/trust_points.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer.h"
#include "tests/unit/control/validator/signer_check.h"
#include "tests/unit/crypto/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ZONE  signer_name(".")
#define DAY_S 86400
#define KSK   257
#define ZSK   256
#define KEYS  6

static struct signer_key *keys[KEYS]; // KSKs; made once
static struct signer_key *zsk;

struct setting {
	struct batch *batch;
	struct trust *trust;
	struct trust_points *points;
	uint64_t now_ms;
	int64_t now_s;
	uint32_t ttl_s;
	int64_t lifetime_s; // of signatures
	bool as_ds;         // the anchors are DS records
	bool is_static;
	const struct signer_key *anchors[KEYS];
	size_t anchor_count;
	unsigned alarms;
};
static struct setting s;

static void on_say(void *arg, bool alarm, const char *text)
{
	(void)arg, (void)text;
	s.alarms += alarm;
}

static void open_points(void)
{
	static const struct trust_config trust = {.inception_skew_s = 3600};
	const struct trust_points_config config = {.inception_skew_s = 3600, .say = on_say};
	uint8_t ds[64];

	s.batch = batch_new(&(struct batch_config){0});
	s.trust = trust_new(&trust, s.batch);
	s.points = trust_points_new(s.trust, &config);
	CHECK(s.batch != NULL && s.trust != NULL && s.points != NULL);
	for (size_t i = 0; i < s.anchor_count; i++) {
		const struct signer_key *key = s.anchors[i];
		int rc = s.as_ds ? trust_points_add(s.points, ZONE, TYPE_DS, ds,
						    signer_ds(key, ZONE, 2, ds), !s.is_static)
				 : trust_points_add(s.points, ZONE, TYPE_DNSKEY, key->rdata,
						    key->rdlen, !s.is_static);
		assert_int_equal(rc, 0);
	}
}

static void close_points(void)
{
	trust_points_free(s.points);
	trust_free(s.trust);
	batch_free(s.batch);
}

static void begin(const struct signer_key *const *anchors, size_t count)
{
	s.now_ms = 5000000;
	s.now_s = SIGNER_NOW;
	s.ttl_s = 172800;
	s.lifetime_s = 14 * DAY_S;
	s.anchor_count = count;
	memcpy(s.anchors, anchors, count * sizeof(anchors[0]));
	open_points();
	trust_points_begin(s.points, s.now_ms, s.now_s);
}

static int start(void **state)
{
	(void)state;
	s = (struct setting){.as_ds = true};
	begin((const struct signer_key *[]){keys[0]}, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	close_points();
	return 0;
}

static void pass(int64_t days)
{
	s.now_s += days * DAY_S;
	s.now_ms += (uint64_t)days * DAY_S * 1000;
}

// What the zone publishes: digits name keys, "r" after one that it is revoked, "+" after one that
// it signs. "0+1" is key 0, which signs, and key 1.
static struct rrset *published(const char *what)
{
	struct signer_key copies[KEYS], *list[KEYS + 1];
	const struct signer_key *signers[KEYS];
	size_t count = 0, signer_count = 0;

	for (; *what != '\0'; what++) {
		struct signer_key *copy = &copies[count];
		*copy = *keys[*what - '0'];
		for (; what[1] == 'r' || what[1] == '+'; what++) {
			if (what[1] == 'r')
				signer_key_set_flags(copy, KSK | DNSKEY_REVOKE);
			else
				signers[signer_count++] = copy;
		}
		list[count++] = copy;
	}
	list[count++] = zsk;
	const struct signer_options options = {
		.inception_s = s.now_s - DAY_S,
		.expiration_s = s.now_s + s.lifetime_s,
	};
	struct rrset *rrset = signer_dnskey_rrset(ZONE, list, count, s.ttl_s);
	for (size_t i = 0; i < signer_count; i++) {
		struct rrset *more = signer_sign(rrset, signers[i], ZONE, &options);
		rrset_free(rrset);
		rrset = more;
	}
	return rrset;
}

static enum trust_observed see(const char *what)
{
	struct rrset *rrset = published(what);
	enum trust_observed seen = trust_points_observe(s.points, rrset, s.now_ms, s.now_s);

	rrset_free(rrset);
	return seen;
}

static const struct trust_zone *zone(void)
{
	return trust_points_zone(s.points, 0);
}

// "Start" is NULL.
static const char *state_of(size_t k)
{
	const struct trust_ledger *ledger = trust_point_ledger(zone()->point);

	for (size_t i = 0; i < ledger->count; i++) {
		if (ledger->keys[i].tag == keys[k]->tag)
			return trust_key_state_words(ledger->keys[i].state);
	}
	return "start";
}

static bool trusts(size_t k)
{
	uint16_t tags[TRUST_POINT_KEYS_MAX];
	size_t count = trust_points_tags(s.points, ZONE, tags, TRUST_POINT_KEYS_MAX);

	for (size_t i = 0; i < count; i++) {
		if (tags[i] == keys[k]->tag)
			return true;
	}
	return false;
}

#define assert_state(k, words) assert_string_equal(state_of(k), words)
#define assert_seen(what)      assert_int_equal(see(what), TRUST_OBSERVED)

// The process ends; all that the next one has is the configuration and the history.
static void restart(void)
{
	const struct observation *const *history;
	size_t count = trust_point_history(zone()->point, &history);
	struct rrset *copies[TRUST_POINT_HISTORY_MAX];
	int64_t at_s[TRUST_POINT_HISTORY_MAX];

	for (size_t i = 0; i < count; i++) {
		copies[i] = rrset_clone(history[i]->rrset);
		at_s[i] = history[i]->at_s;
	}
	close_points();
	open_points();
	for (size_t i = 0; i < count; i++) {
		assert_true(trust_points_restore(s.points, copies[i], at_s[i]));
		rrset_free(copies[i]);
	}
	s.now_ms = 7000000;
	trust_points_begin(s.points, s.now_ms, s.now_s);
}

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

// ---- one rule each ----

static void o12_a_key_is_trusted_after_thirty_days_and_not_before(void **state)
{
	(void)state;
	assert_seen("0+1");
	pass(29);
	assert_seen("0+1");
	assert_state(1, "pending");
	// Signed by what is only pending it is signed by nobody.
	assert_int_equal(see("01+"), TRUST_UNTRUSTED);
	pass(1);
	// The time alone does nothing: it has to be seen again.
	assert_false(trusts(1));
	assert_seen("0+1");
	assert_state(1, "valid");
	assert_true(trusts(1));
	assert_seen("01+");
}

static void o12_the_hold_down_is_the_ttl_when_that_is_longer(void **state)
{
	(void)state;
	s.ttl_s = 45 * DAY_S;
	assert_seen("0+1");
	pass(44);
	assert_seen("0+1");
	assert_state(1, "pending");
	pass(1);
	assert_seen("0+1");
	assert_state(1, "valid");
}

static void o12_a_key_that_vanishes_begins_anew(void **state)
{
	(void)state;
	for (int again = 0; again < 2; again++) {
		assert_seen("0+1");
		pass(20);
		assert_seen("0+");
		assert_state(1, "start");
		if (again)
			restart();
		pass(5);
		assert_seen("0+1");
		pass(10);
		if (again)
			restart();
		// 35 days after it was first seen, but 10 after it came back.
		assert_seen("0+1");
		assert_state(1, "pending");
		assert_seen("0+");
	}
}

// Another key's beginning keeps an observation in which this one, too, was there.
static void o12_the_past_that_is_kept_for_one_key_brings_no_other_forward(void **state)
{
	(void)state;
	assert_seen("0+12");
	pass(10);
	assert_seen("0+1"); // 2 vanished
	pass(10);
	assert_seen("0+12"); // and is back
	pass(11);
	assert_seen("0+12");
	assert_state(1, "valid");
	assert_state(2, "pending");
	restart();
	assert_state(1, "valid");
	assert_state(2, "pending");
	pass(18);
	assert_seen("0+12");
	assert_state(2, "pending");
	pass(1);
	assert_seen("0+12");
	assert_state(2, "valid");
}

static void o12_only_a_key_itself_revokes_it(void **state)
{
	(void)state;
	assert_seen("0+1");
	pass(30);
	assert_seen("0+1");
	assert_seen("01r0+"); // the bit is set, by somebody else
	assert_state(1, "missing");
	assert_true(trusts(1));
	assert_seen("0+1r+");
	assert_state(1, "revoked");
	assert_false(trusts(1));
	// For good.
	pass(100);
	assert_seen("0+1+");
	assert_state(1, "removed");
	pass(100);
	assert_seen("0+1+");
	assert_false(trusts(1));
}

static void o12_a_revoked_key_vouches_for_nothing_any_more(void **state)
{
	(void)state;
	assert_seen("0+1");
	pass(30);
	assert_seen("0+1");
	assert_seen("0r+1+");
	// Stolen.
	pass(1);
	assert_int_equal(see("0+2"), TRUST_UNTRUSTED);
	assert_int_equal(see("0r+2"), TRUST_UNTRUSTED);
	restart();
	assert_int_equal(see("0+2"), TRUST_UNTRUSTED);
	assert_state(2, "start");
	assert_true(trusts(1));
	assert_false(trusts(0));
}

static void o12_a_key_whose_vouchers_are_all_revoked_begins_anew(void **state)
{
	(void)state;
	assert_seen("0+1");
	pass(30);
	assert_seen("0+1");
	assert_seen("01+");  // both trusted
	assert_seen("0+12"); // 2 is vouched for by 0 alone
	pass(20);
	assert_seen("0r+1+2");
	assert_state(2, "pending");
	pass(11);
	assert_seen("1+2");
	assert_state(2, "pending");
	pass(19);
	assert_seen("1+2");
	assert_state(2, "valid");
}

static void o12_who_signed_before_it_was_trusted_has_vouched_for_nothing(void **state)
{
	(void)state;
	assert_seen("0+1");
	pass(10);
	assert_seen("0+1+2"); // 1 is still pending
	pass(20);
	assert_seen("0+12");
	assert_state(1, "valid");
	pass(5);
	assert_seen("0r+1+2");
	pass(5);
	assert_seen("1+2");
	assert_state(2, "pending");
	pass(25);
	assert_seen("1+2");
	assert_state(2, "valid");
}

static void o12_a_key_that_is_revoked_when_it_is_first_seen_is_never_pending(void **state)
{
	(void)state;
	assert_seen("0+1r+");
	assert_state(1, "start");
	assert_seen("0+1r");
	assert_state(1, "start");
}

// Whoever has a stolen key has also what it takes to revoke it.
static void o12_a_key_says_nothing_of_others_while_it_revokes_itself(void **state)
{
	(void)state;
	assert_seen("0+1");
	pass(30);
	assert_seen("0+1");
	assert_seen("0r+2");
	assert_state(0, "revoked");
	assert_state(1, "valid");
	assert_state(2, "start");
}

// Until another is there again, and not only about to be.
static void o12_the_last_keys_are_kept_however_long_they_are_missing(void **state)
{
	(void)state;
	assert_seen("0+12");
	pass(30);
	assert_seen("0+12");
	assert_seen("0+");
	assert_state(1, "missing");
	assert_state(2, "missing");
	pass(366);
	assert_seen("0r+");
	assert_seen("2+");
	assert_state(2, "valid");
	assert_state(1, "missing");
	assert_seen("2+");
	assert_state(1, "start");
}

static void o12_a_missing_key_is_kept_for_366_days(void **state)
{
	(void)state;
	assert_seen("0+1");
	pass(30);
	assert_seen("0+1");
	assert_seen("0+");
	assert_state(1, "missing");
	pass(365);
	assert_seen("0+");
	assert_state(1, "missing");
	assert_true(trusts(1));
	pass(1);
	assert_seen("0+");
	assert_state(1, "start");
	assert_false(trusts(1));
	restart();
	assert_state(1, "start");
	// What the operator has configured is never given up for that.
	pass(30);
	assert_seen("0+1");
	pass(30);
	assert_seen("0+1");
	pass(1);
	assert_seen("1+");
	assert_state(0, "missing");
	pass(400);
	assert_seen("1+");
	assert_state(0, "missing");
	assert_true(trusts(0));
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

static void o12_a_point_whose_keys_are_all_revoked_counts_as_never_configured(void **state)
{
	(void)state;
	assert_seen("0+");
	assert_int_equal(trust_zone_state(s.trust, ZONE, s.now_ms, s.now_s), ZONE_SECURE);
	assert_seen("0r+");
	assert_state(0, "revoked");
	assert_true(trust_point_deleted(zone()->point));
	assert_int_equal(trust_anchor_count(s.trust), 0);
	assert_int_equal(trust_zone_state(s.trust, ZONE, s.now_ms, s.now_s), ZONE_INSECURE);
	assert_true(s.alarms > 0);
	struct trust_points_counters counters;
	trust_points_counters(s.points, &counters);
	assert_true(counters.alarms > 0);
	restart();
	assert_int_equal(trust_anchor_count(s.trust), 0);
}

// A static anchor holds whatever is said.
static void static_anchors_are_not_followed(void **state)
{
	(void)state;
	s = (struct setting){.is_static = true};
	begin((const struct signer_key *[]){keys[0]}, 1);
	uint64_t next_ms;
	assert_null(trust_points_due(s.points, s.now_ms, &next_ms));
	assert_true(next_ms == UINT64_MAX);
	assert_int_equal(see("0r+1"), TRUST_UNTRUSTED);
	assert_true(trusts(0));
	assert_int_equal(trust_anchor_count(s.trust), 1);
}

static void anchors_may_be_keys_or_digests(void **state)
{
	(void)state;
	s = (struct setting){.as_ds = false};
	begin((const struct signer_key *[]){keys[0], keys[1]}, 2);
	assert_seen("0+1");
	assert_state(0, "valid");
	assert_state(1, "valid");
	assert_seen("0+1r+");
	assert_state(1, "revoked");
	restart();
	assert_false(trusts(1));
	uint8_t rdata[64] = {1, 1, 3, 250, 0};
	assert_int_equal(trust_points_add(s.points, ZONE, TYPE_DNSKEY, rdata, 10, true), -ENOTSUP);
	assert_int_equal(trust_points_add(s.points, ZONE, TYPE_A, rdata, 4, true), -EINVAL);
}

static void keys_that_are_no_secure_entry_points_are_not_followed(void **state)
{
	(void)state;
	assert_seen("0+");
	pass(40);
	assert_seen("0+");
	assert_int_equal(trust_point_ledger(zone()->point)->count, 1); // the ZSK was always there
}

// RFC 5011 §2.3
static void keys_are_looked_at_between_an_hour_and_fifteen_days(void **state)
{
	uint64_t next_ms;

	(void)state;
	assert_non_null(trust_points_due(s.points, s.now_ms, &next_ms));
	assert_null(trust_points_due(s.points, s.now_ms, &next_ms));
	assert_int_equal(next_ms - s.now_ms, 3600000);
	assert_seen("0+");
	assert_int_equal(zone()->due_ms - s.now_ms, 86400000); // half the TTL
	s.ttl_s = 60;
	assert_seen("0+");
	assert_int_equal(zone()->due_ms - s.now_ms, 3600000);
	s.ttl_s = 90 * DAY_S;
	assert_seen("0+");
	assert_int_equal(zone()->due_ms - s.now_ms, 7ull * 86400000); // half the signature's time
	s.lifetime_s = 300 * DAY_S;
	assert_seen("0+");
	assert_int_equal(zone()->due_ms - s.now_ms, 15ull * 86400000);
	trust_points_failed(s.points, ZONE, "no server answers", s.now_ms);
	assert_int_equal(zone()->due_ms - s.now_ms, 86400000); // 10 %, at most a day
	s.ttl_s = 172800;
	assert_seen("0+");
	trust_points_failed(s.points, ZONE, "no server answers", s.now_ms);
	assert_int_equal(zone()->due_ms - s.now_ms, 17280000);
	assert_true(zone()->failing);
	assert_seen("0+");
	assert_false(zone()->failing);
	// The next process goes on where this one was.
	pass(0);
	s.now_s += 3600;
	restart();
	assert_int_equal(zone()->due_ms - s.now_ms, 86400000 - 3600000);
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

static int make_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		keys[i] = signer_key_new(13, 0, KSK);
	zsk = signer_key_new(13, 0, ZSK);
	return 0;
}

static int free_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		signer_key_free(keys[i]);
	signer_key_free(zsk);
	return 0;
}

#define test(f)  cmocka_unit_test_setup_teardown(f, start, end)
#define alone(f) cmocka_unit_test_setup_teardown(f, NULL, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(o12_two_years_of_a_trust_point),
		test(o12_two_years_with_a_restart_every_day),
		test(o12_a_key_is_trusted_after_thirty_days_and_not_before),
		test(o12_the_hold_down_is_the_ttl_when_that_is_longer),
		test(o12_a_key_that_vanishes_begins_anew),
		test(o12_the_past_that_is_kept_for_one_key_brings_no_other_forward),
		test(o12_only_a_key_itself_revokes_it),
		test(o12_a_revoked_key_vouches_for_nothing_any_more),
		test(o12_a_key_whose_vouchers_are_all_revoked_begins_anew),
		test(o12_a_missing_key_is_kept_for_366_days),
		test(o12_who_signed_before_it_was_trusted_has_vouched_for_nothing),
		test(o12_a_key_that_is_revoked_when_it_is_first_seen_is_never_pending),
		test(o12_the_last_keys_are_kept_however_long_they_are_missing),
		test(o12_a_key_says_nothing_of_others_while_it_revokes_itself),
		test(o12_offline_for_longer_than_a_hold_down),
		test(o12_offline_while_the_old_key_still_signs),
		test(o12_a_learned_key_outlives_all_configured_ones_over_restarts),
		test(o12_steps_of_the_wall_clock_shorten_no_hold_down),
		test(o12_a_small_step_of_the_wall_clock_delays_little),
		test(o12_a_point_whose_keys_are_all_revoked_counts_as_never_configured),
		alone(static_anchors_are_not_followed),
		alone(anchors_may_be_keys_or_digests),
		test(keys_that_are_no_secure_entry_points_are_not_followed),
		test(keys_are_looked_at_between_an_hour_and_fifteen_days),
		test(many_keys_and_many_rolls_stay_bounded),
		test(a_history_of_many_rolls_stays_bounded_and_trusted),
		test(a_chain_of_too_many_rolls_stays_as_it_is_with_an_alarm),
		test(what_a_state_may_not_do),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
