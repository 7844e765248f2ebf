// RFC 5011 with really signed DNSKEY RRsets and a clock that the test moves: one rule each. Row
// O12.
#include "tests/unit/control/validator/points.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		test(o12_a_point_whose_keys_are_all_revoked_counts_as_never_configured),
		alone(static_anchors_are_not_followed),
		alone(anchors_may_be_keys_or_digests),
		test(keys_that_are_no_secure_entry_points_are_not_followed),
		test(keys_are_looked_at_between_an_hour_and_fifteen_days),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
