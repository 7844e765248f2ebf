// How a validation asks for what it needs, what ends that, and what bounds its result.
#include "control/validator/trust_lookup.h"
#include "tests/unit/control/validator/denying.h"

#include <string.h>

static void woken(void *arg)
{
	++*(unsigned *)arg;
}

static unsigned wakes;

static struct validation *start(const struct step *step)
{
	struct validation *v = validation_new(w.trust, step, woken, &wakes);

	assert_non_null(v);
	return v;
}

static enum verdict run(struct validation *v)
{
	return validation_run(v, &w.budget, w.now_ms, w.now_s);
}

// What was fetched may teach nothing: then it cannot be had.
static void nothing_is_asked_for_twice_when_it_taught_nothing(void **state)
{
	enum verdict verdict;
	unsigned needs = 0;

	(void)state;
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	struct validation *v = start(&f.step);
	while ((verdict = run(v)) == VERDICT_NEED && needs < 10)
		needs++;
	assert_int_equal(verdict, VERDICT_FAILED);
	assert_int_equal(needs, 1);
	assert_non_null(strstr(validation_result(v)->reason, "cannot be had"));
	validation_free(v);
}

// A roll would have explained it; that nobody can be asked does not.
static void what_cannot_be_fetched_anew_leaves_the_verdict_to_what_is_known(void **state)
{
	struct signer_options ghost = {.has_tag = true, .tag = zsk("signed.example.")->tag ^ 1};

	(void)state;
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	f.step.rrset = world_keep(&w, signer_sign(world_keep(&w, signer_strip(f.step.rrset)),
						  zsk("signed.example."), ZONE, &ghost));
	struct validation *v = start(&f.step);
	assert_int_equal(run(v), VERDICT_NEED);
	assert_true(validation_result(v)->need_fresh);
	validation_need_failed(v, EDE_NO_REACHABLE_AUTHORITY, "nobody answers");
	assert_int_equal(run(v), VERDICT_BOGUS);
	assert_int_equal(validation_result(v)->ede, EDE_DNSKEY_MISSING);
	validation_free(v);
}

// DNSKEY RRset of the zone with one more key.
static void add_key(struct signer_key *key)
{
	struct signer_zone *zone = world_zone(&w, "signed.example.");
	struct signer_key *keys[] = {(struct signer_key *)(uintptr_t)signer_zone_ksk(zone),
				     (struct signer_key *)(uintptr_t)signer_zone_zsk(zone), key};
	struct rrset *rrset = signer_dnskey_rrset(ZONE, keys, 3, 3600);

	signer_zone_replace(zone, signer_sign(rrset, keys[0], ZONE, NULL));
	rrset_free(rrset);
}

// The SOA is still signed by the key of before: it is the proof that shows the roll.
static void proofs_are_looked_at_again_with_keys_fetched_anew(void **state)
{
	struct signer_key *rolled = signer_key_new(13, 0, 256);
	struct rrset *plain_nsec =
		signer_nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A), 300);

	(void)state;
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	add_key(rolled);
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	add(world_keep(&w, signer_sign(plain_nsec, rolled, ZONE, NULL)));
	size_t asked = w.asked_count;
	assert_proven();
	assert_int_equal(w.asked_count, asked + 1);
	assert_true(w.asked[asked].fresh);
	rrset_free(plain_nsec);
	signer_key_free(rolled);
}

// More good signatures than a memo of four holds.
static void forget_signatures(void)
{
	static const uint16_t types[] = {TYPE_SOA, TYPE_NS, TYPE_MX, TYPE_DNSKEY};
	static const char *const zones[] = {"signed.example.", "example."};

	for (size_t i = 0; i < 8; i++) {
		const struct rrset *rrset = signer_zone_find(
			world_zone(&w, zones[i / 4]), signer_name(zones[i / 4]), types[i % 4]);
		if (rrset != NULL)
			assert_verdict(world_ask(&w, zones[i / 4], types[i % 4]), VERDICT_SECURE,
				       &w);
	}
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_verdict(world_ask(&w, "alias.signed.example.", TYPE_CNAME), VERDICT_SECURE, &w);
	assert_verdict(world_ask(&w, "ns.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_verdict(world_ask(&w, "ns.example.", TYPE_A), VERDICT_SECURE, &w);
}

static void learn_keys_anew(void)
{
	struct fixture keys;

	assert_true(world_step(&w, "signed.example.", TYPE_DNSKEY, &keys));
	assert_verdict(world_judge(&w, &keys.step), VERDICT_SECURE, &w);
	trust_learn(w.trust, &keys.step, &w.result, w.now_ms, w.now_s);
}

// While it waits others may fetch the keys anew again and again.
static void keys_that_others_fetched_are_taken_once(void **state)
{
	struct signer_options ghost = {.has_tag = true, .tag = zsk("signed.example.")->tag ^ 1};
	struct rrset *plain_nsec =
		signer_nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A), 300);
	const struct trust_config config = {.nsec3_iterations_max = 50};
	enum verdict verdict;
	unsigned turns = 0;

	(void)state;
	trust_free(w.trust);
	batch_free(w.batch);
	w.batch = batch_new(&(struct batch_config){.memo_max = 4});
	w.trust = trust_new(&config, w.batch);
	world_anchor(&w, world_zone(&w, "."));
	forget_signatures();
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	add(world_keep(&w, signer_sign(plain_nsec, zsk("signed.example."), ZONE, &ghost)));
	struct validation *v = start(&f.step);
	while ((verdict = run(v)) == VERDICT_WAIT && turns < 10) {
		learn_keys_anew();
		budget_start(&w.budget, w.now_ms);
		forget_signatures();
		turns++;
	}
	// For the SOA with the first keys, and with those that came meanwhile.
	assert_int_equal(turns, 2);
	assert_int_equal(verdict, VERDICT_NEED);
	assert_true(validation_result(v)->need_fresh);
	validation_free(v);
	rrset_free(plain_nsec);
}

// Whichever is looked at last.
static void the_first_signature_to_end_ends_the_answer(void **state)
{
	const struct rrset *own =
		signer_zone_find(world_zone(&w, "signed.example."), ZONE, TYPE_SOA);
	struct rrset *soa = signer_strip(own);
	struct rrset *plain_nsec =
		signer_nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A), 300);

	(void)state;
	for (int soa_first = 0; soa_first < 2; soa_first++) {
		struct signer_options early = {.expiration_s = SIGNER_NOW + 100};
		struct signer_options late = {.expiration_s = SIGNER_NOW + 1000};
		deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
		f.step.soa = world_keep(&w, signer_sign(soa, zsk("signed.example."), ZONE,
							soa_first ? &early : &late));
		add(world_keep(&w, signer_sign(plain_nsec, zsk("signed.example."), ZONE,
					       soa_first ? &late : &early)));
		assert_proven();
		assert_int_equal(w.result.signature_expires_s, SIGNER_NOW + 100);
		assert_int_equal(w.result.soa_ttl_s, soa_first ? 100 : 1000);
		assert_int_equal(w.result.proof_ttl_s[0], soa_first ? 300 : 100);
	}
	rrset_free(soa);
	rrset_free(plain_nsec);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_nsec, close_world)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_asked_for_twice_when_it_taught_nothing),
		TEST(what_cannot_be_fetched_anew_leaves_the_verdict_to_what_is_known),
		TEST(proofs_are_looked_at_again_with_keys_fetched_anew),
		TEST(keys_that_others_fetched_are_taken_once),
		TEST(the_first_signature_to_end_ends_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
