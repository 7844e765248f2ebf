// Which proofs hold past their TTL while the zone above proves nothing, for how long, and what they
// make of data that rest on them.
#include "control/validator/prolong.h"
#include "control/validator/trust_lookup.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/driver.h"

#include <string.h>

#define ZONE  signer_name("signed.example.")
#define DAY_S 86400

static struct world w;

static int open_world(void **state)
{
	(void)state;
	world_standard(&w, NULL);
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	world_close(&w);
	return 0;
}

static void later(uint32_t seconds)
{
	w.now_ms += seconds * 1000ull;
	w.now_s += seconds;
}

static struct trust_past past(uint32_t stale_s)
{
	return (struct trust_past){
		.stale_s = stale_s, .for_ms = 5000, .now_ms = w.now_ms, .now_s = w.now_s};
}

static bool may(const char *name, uint32_t stale_s)
{
	const struct trust_past at = past(stale_s);

	return trust_past_holds(w.trust, signer_name(name), &at);
}

static bool prolong(const char *name, uint32_t stale_s)
{
	const struct trust_past at = past(stale_s);

	return trust_prolong(w.trust, signer_name(name), &at);
}

static struct standing standing(const char *name)
{
	const struct moment moment = {.now_ms = w.now_ms, .now_s = w.now_s};
	struct standing out;

	trust_standing(w.trust, signer_name(name), &moment, &out);
	return out;
}

// ---- of real zones ----

static void what_rests_on_a_prolonged_ds_is_not_secure(void **state)
{
	(void)state;
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	uint64_t end_ms = w.now_ms + 3600000;
	assert_true(prolong("signed.example.", DAY_S)); // which it needs not
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	later(3601);
	assert_int_equal(standing("signed.example.").cut, CUT_UNKNOWN);
	assert_true(prolong("signed.example.", DAY_S));
	assert_int_equal(standing("signed.example.").cut, CUT_SECURE);
	size_t asked = world_asked(&w, "signed.example.", TYPE_DS);
	for (int known_keys = 0; known_keys < 2; known_keys++) {
		assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_INSECURE, &w);
		assert_true(w.result.outdated);
		assert_int_equal(w.result.ede, EDE_STALE_ANSWER);
		assert_int_equal(w.result.ceiling_ms, end_ms + DAY_S * 1000ull);
	}
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DS), asked);
}

static void learn_ds_of_zone(bool outdated)
{
	struct fixture ds;

	assert_true(world_step(&w, "signed.example.", TYPE_DS, &ds));
	assert_verdict(world_judge(&w, &ds.step), VERDICT_SECURE, &w);
	if (outdated) {
		w.result.verdict = VERDICT_INSECURE;
		w.result.outdated = true;
		w.result.ceiling_ms = w.now_ms + 1000000;
	}
	trust_learn(w.trust, &ds.step, &w.result, w.now_ms, w.now_s);
}

// www is secure, and then its zone's keys are fetched below a DS past its TTL.
static void have_doubtful_keys(void)
{
	trust_forget(w.trust, signer_name("."));
	budget_start(&w.budget, w.now_ms);
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	later(3601);
	assert_true(prolong("signed.example.", DAY_S));
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_INSECURE, &w);
}

static void set_ds(struct signer_key *const *keys, size_t count)
{
	struct signer_zone *example = world_zone(&w, "example.");
	struct rrset *ds = signer_ds_rrset(ZONE, keys, count, 2, 3600);

	signer_zone_replace(
		example, signer_sign(ds, signer_zone_zsk(example), signer_name("example."), NULL));
	rrset_free(ds);
}

// The parent proves things again. Keys that its old DS vouched for are good if that DS is the new
// one.
static void keys_stay_doubtful_until_their_own_ds_is_proven_anew(void **state)
{
	const struct signer_key *ksk = signer_zone_ksk(world_zone(&w, "signed.example."));
	struct signer_key *own = (struct signer_key *)(uintptr_t)ksk;
	struct signer_key *next = signer_key_new(15, 0, 257);
	struct signer_key *const cases[][2] = {{own}, {own, next}, {next}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		set_ds(cases[0], 1);
		have_doubtful_keys();
		set_ds(cases[i], cases[i][1] != NULL ? 2 : 1);
		learn_ds_of_zone(false);
		assert_false(standing("signed.example.").outdated);
		assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A),
			       i == 0 ? VERDICT_SECURE : VERDICT_INSECURE, &w);
		assert_int_equal(w.result.outdated, i != 0);
	}
	// Nor is it proven anew by a proof that is old itself.
	set_ds(cases[0], 1);
	have_doubtful_keys();
	learn_ds_of_zone(true);
	set_ds(cases[2], 1);
	learn_ds_of_zone(false);
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_INSECURE, &w);
	signer_key_free(next);
}

static void what_rests_on_a_prolonged_proof_of_no_ds_says_so(void **state)
{
	(void)state;
	assert_verdict(world_ask(&w, "www.unsigned.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_false(w.result.outdated);
	later(301);
	const struct trust_past at = past(DAY_S);
	assert_false(trust_past_insecure(w.trust, signer_name("www.unsigned.example."), &at));
	assert_true(prolong("unsigned.example.", DAY_S));
	assert_true(trust_past_insecure(w.trust, signer_name("www.unsigned.example."), &at));
	assert_verdict(world_ask(&w, "www.unsigned.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_true(w.result.outdated);
	assert_true(w.result.prolonged);
	assert_true(w.result.ceiling_ms != 0 && w.result.ceiling_ms != UINT64_MAX);
}

// RFC 4035 §5.3.1 holds for what is past its TTL as well; by a clock that is set back, too.
static void no_proof_outlives_an_rrsig_that_it_rests_on(void **state)
{
	enum { OWN, KEYS_ABOVE, DS_ABOVE, KINDS };

	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct signer_options early = {.expiration_s = w.now_s + 10000};
		struct signer_zone *root = world_zone(&w, "."),
				   *example = world_zone(&w, "example.");
		struct signer_zone *zone = kind == DS_ABOVE ? root : example;
		const uint8_t *name = kind == OWN ? ZONE : signer_name("example.");
		uint16_t type = kind == KEYS_ABOVE ? TYPE_DNSKEY : TYPE_DS;
		const struct rrset *good = signer_zone_find(zone, name, type);
		struct rrset *bare = signer_strip(good);
		const struct signer_key *by =
			kind == KEYS_ABOVE ? signer_zone_ksk(zone) : signer_zone_zsk(zone);
		signer_zone_replace(zone, signer_sign(bare, by, signer_zone_apex(zone), &early));
		trust_forget(w.trust, signer_name("."));
		budget_start(&w.budget, w.now_ms);
		assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
		int64_t began_s = w.now_s;
		later(9999);
		assert_true(may("signed.example.", DAY_S));
		later(2);
		assert_false(may("signed.example.", DAY_S));
		assert_false(prolong("signed.example.", DAY_S));
		w.now_s = began_s;
		assert_false(may("signed.example.", DAY_S));
		signer_zone_replace(zone, signer_sign(bare, by, signer_zone_apex(zone), NULL));
		rrset_free(bare);
	}
}

// ---- as if they had been proven ----

static struct rrset *ds_of(const char *name)
{
	struct signer_key *key = signer_key_with_tag(8, 257, 4711, 1);
	struct rrset *ds = world_keep(&w, signer_ds_rrset(signer_name(name), &key, 1, 2, 300));

	signer_key_free(key);
	return ds;
}

static struct validation_result secure(enum cut cut)
{
	return (struct validation_result){.verdict = VERDICT_SECURE,
					  .ede = EDE_NONE,
					  .cut = cut,
					  .rrset_ttl_s = 300,
					  .soa_ttl_s = 300,
					  .proof_inception_s = w.now_s,
					  .rrset_by = {.inception_s = w.now_s},
					  .signature_expires_s = VALIDATION_NEVER_EXPIRES};
}

// TTL: 300 s for a DS, an hour for a proof that there is none.
static void learn(const char *name, const struct rrset *ds, const struct validation_result *result)
{
	const struct step step = {.kind = ds != NULL ? STEP_ANSWER : STEP_NODATA,
				  .type = TYPE_DS,
				  .name = signer_name(name),
				  .zone = signer_name("example."),
				  .rrset = ds};

	trust_learn(w.trust, &step, result, w.now_ms, w.now_s);
}

static void a_ceiling_is_counted_once_from_the_end_of_the_ttl(void **state)
{
	struct validation_result result = secure(CUT_SECURE);

	(void)state;
	learn("a.example.", ds_of("a.example."), &result);
	later(301);
	uint64_t last_ms = w.now_ms - 1000 + 1000 * 1000;
	for (int i = 0; i < 99; i++) {
		assert_true(prolong("a.example.", 1000));
		assert_int_equal(standing("a.example.").ceiling_ms, last_ms);
		w.now_ms += 4999;
		assert_int_equal(standing("a.example.").cut, CUT_SECURE);
		w.now_ms++;
		assert_int_equal(standing("a.example.").cut, CUT_UNKNOWN);
		w.now_ms += 5000;
	}
	// And no turn goes past it.
	w.now_ms = last_ms - 10;
	assert_true(prolong("a.example.", 1000));
	w.now_ms += 10;
	assert_int_equal(standing("a.example.").cut, CUT_UNKNOWN);
	assert_false(prolong("a.example.", 1000));
}

// Whatever was prolonged before.
static void a_ceiling_that_is_lowered_is_counted_from_the_same_end(void **state)
{
	struct validation_result result = secure(CUT_SECURE);

	(void)state;
	learn("a.example.", ds_of("a.example."), &result);
	later(305);
	assert_true(prolong("a.example.", 1000)); // until 310
	later(2);
	assert_true(may("a.example.", 8));
	later(1);
	assert_false(may("a.example.", 8));
}

// Not even where its signature would be tolerated, and in the place of nothing.
static void what_is_bogus_or_has_expired_teaches_nothing(void **state)
{
	struct validation_result good = secure(CUT_SECURE), bad;

	(void)state;
	learn("a.example.", ds_of("a.example."), &good);
	bad = secure(CUT_INSECURE);
	bad.signature_expires_s = w.now_s - 1;
	learn("a.example.", NULL, &bad);
	assert_int_equal(standing("a.example.").cut, CUT_SECURE);
	bad = secure(CUT_INSECURE);
	bad.verdict = VERDICT_BOGUS;
	bad.tolerated = true;
	learn("a.example.", NULL, &bad);
	assert_int_equal(standing("a.example.").cut, CUT_SECURE);
	bad.verdict = VERDICT_INSECURE;
	learn("a.example.", NULL, &bad);
	assert_int_equal(standing("a.example.").cut, CUT_INSECURE);
}

static void that_there_is_no_ds_holds_for_a_day_at_most(void **state)
{
	struct validation_result result = secure(CUT_INSECURE);

	(void)state;
	learn("a.example.", NULL, &result);
	result = secure(CUT_SECURE);
	learn("b.example.", ds_of("b.example."), &result);
	later(3600 + DAY_S - 1);
	assert_true(may("a.example.", 3 * DAY_S));
	assert_true(may("b.example.", 3 * DAY_S));
	later(2);
	assert_false(may("a.example.", 3 * DAY_S));
	assert_true(may("b.example.", 3 * DAY_S));
}

static void only_what_a_zone_above_has_proven_is_prolonged(void **state)
{
	struct validation_result result = secure(CUT_SECURE);

	(void)state;
	// An RRSIG that was past its end.
	result.verdict = VERDICT_INSECURE;
	result.tolerated = true;
	learn("a.example.", ds_of("a.example."), &result);
	// What we cannot judge.
	result = secure(CUT_INSECURE);
	result.verdict = VERDICT_INSECURE;
	result.ede = EDE_UNSUPPORTED_NSEC3_ITERATIONS;
	learn("b.example.", NULL, &result);
	result = secure(CUT_INSECURE);
	learn("c.example.", NULL, &result);
	later(3601);
	assert_false(may("a.example.", DAY_S));
	assert_false(may("b.example.", DAY_S));
	assert_true(may("c.example.", DAY_S));
	assert_false(may("never.example.", DAY_S));
}

// Whoever replays it replays what was true before.
static void an_older_proof_of_no_ds_than_a_proven_ds_is_not_prolonged(void **state)
{
	(void)state;
	for (int newer = 0; newer < 2; newer++) {
		const char *name = newer ? "a.example." : "b.example.";
		struct validation_result result = secure(CUT_SECURE);
		learn(name, ds_of(name), &result);
		result = secure(CUT_INSECURE);
		result.proof_inception_s = w.now_s + (newer ? 1 : 0);
		learn(name, NULL, &result);
		later(3601);
		assert_int_equal(may(name, DAY_S), newer);
	}
}

static void what_rests_on_older_proofs_ends_with_them(void **state)
{
	struct validation_result result = secure(CUT_SECURE);

	(void)state;
	result.verdict = VERDICT_INSECURE;
	result.outdated = true;
	result.signer = signer_name("example.");
	result.ceiling_ms = w.now_ms + 400000;
	learn("a.example.", ds_of("a.example."), &result);
	later(399);
	assert_true(may("a.example.", DAY_S));
	later(1);
	assert_false(may("a.example.", DAY_S));
}

static void a_contradiction_ends_it_at_once(void **state)
{
	struct validation_result result = secure(CUT_SECURE);

	(void)state;
	learn("a.example.", ds_of("a.example."), &result);
	trust_contradict(w.trust, signer_name("a.example."));
	assert_int_equal(standing("a.example.").cut, CUT_UNKNOWN);
	assert_false(may("a.example.", DAY_S));
	assert_false(prolong("a.example.", DAY_S));
}

static void learn_keys(const char *name, struct signer_key *key)
{
	struct validation_result result = secure(CUT_UNKNOWN);
	struct rrset *rrset = world_keep(&w, signer_dnskey_rrset(signer_name(name), &key, 1, 300));
	const struct step step = {.kind = STEP_ANSWER,
				  .type = TYPE_DNSKEY,
				  .name = signer_name(name),
				  .zone = signer_name(name),
				  .rrset = rrset};

	trust_learn(w.trust, &step, &result, w.now_ms, w.now_s);
}

// RFC 5011 §2.1: a key that is revoked may have been in wrong hands.
static void a_revoked_key_above_ends_it(void **state)
{
	(void)state;
	for (int revoked = 0; revoked < 2; revoked++) {
		struct validation_result result = secure(CUT_SECURE);
		struct signer_key *key = signer_key_new(13, 0, 257);
		learn_keys("example.", key);
		learn("a.example.", ds_of("a.example."), &result);
		signer_key_set_flags(key, revoked ? 0x181 : 257);
		learn_keys("example.", key);
		later(301);
		assert_int_equal(may("a.example.", DAY_S), !revoked);
		// What is proven afterwards is not concerned.
		result = secure(CUT_SECURE);
		learn("a.example.", ds_of("a.example."), &result);
		later(301);
		assert_true(may("a.example.", DAY_S));
		signer_key_free(key);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(what_rests_on_a_prolonged_ds_is_not_secure),
		TEST(keys_stay_doubtful_until_their_own_ds_is_proven_anew),
		TEST(what_rests_on_a_prolonged_proof_of_no_ds_says_so),
		TEST(no_proof_outlives_an_rrsig_that_it_rests_on),
		TEST(a_ceiling_is_counted_once_from_the_end_of_the_ttl),
		TEST(a_ceiling_that_is_lowered_is_counted_from_the_same_end),
		TEST(what_is_bogus_or_has_expired_teaches_nothing),
		TEST(that_there_is_no_ds_holds_for_a_day_at_most),
		TEST(only_what_a_zone_above_has_proven_is_prolonged),
		TEST(an_older_proof_of_no_ds_than_a_proven_ds_is_not_prolonged),
		TEST(what_rests_on_older_proofs_ends_with_them),
		TEST(a_contradiction_ends_it_at_once),
		TEST(a_revoked_key_above_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
