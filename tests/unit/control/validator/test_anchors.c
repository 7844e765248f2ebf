// Trust anchors and exceptions: what they prove, for how long, and what goes with them.
#include "tests/unit/control/validator/delegating.h"

// ---- anchors and exceptions ----

static void without_an_anchor_everything_is_insecure(void **state)
{
	struct fixture f;

	(void)state;
	trust_free(w.trust);
	w.trust = trust_new(&(struct trust_config){.nsec3_iterations_max = 50}, w.batch);
	assert_int_equal(trust_anchor_count(w.trust), 0);
	assert_verdict(ask_www(), VERDICT_INSECURE, &w);
	assert_int_equal(w.result.signature_expires_s, VALIDATION_NEVER_EXPIRES);
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	f.step.rrset = world_keep(&w, signer_strip(f.step.rrset));
	assert_verdict(world_judge(&w, &f.step), VERDICT_INSECURE, &w);
	assert_int_equal(w.asked_count, 0);
	assert_int_equal(trust_zone_state(w.trust, ZONE, w.now_ms, w.now_s), ZONE_INSECURE);
}

// An island of trust: nothing above it can talk it down.
static void an_island_is_secure_and_cannot_be_talked_down(void **state)
{
	const uint8_t *island = signer_name("island.signed.example.");
	struct signer_zone *zone = world_zone(&w, "island.signed.example.");
	static const char *const above[] = {"signed.example.", "example.", "."};

	(void)state;
	for (int with_root = 0; with_root < 2; with_root++) {
		struct fixture f;
		trust_free(w.trust);
		w.trust = trust_new(&(struct trust_config){.nsec3_iterations_max = 50}, w.batch);
		world_anchor(&w, zone);
		if (with_root)
			world_anchor(&w, world_zone(&w, "."));
		assert_verdict(world_ask(&w, "www.island.signed.example.", TYPE_A), VERDICT_SECURE,
			       &w);
		assert_verdict(world_ask(&w, "nx.island.signed.example.", TYPE_A), VERDICT_SECURE,
			       &w);
		// Stripped; then signed by zones above, which are insecure or do not count here.
		assert_true(world_step(&w, "www.island.signed.example.", TYPE_A, &f));
		struct rrset *plain = world_keep(&w, signer_strip(f.step.rrset));
		f.step.rrset = plain;
		assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
		f.step.zone = signer_name(".");
		assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
		for (size_t i = 0; i < 3; i++) {
			struct signer_zone *up = world_zone(&w, above[i]);
			f.step.rrset = world_keep(&w, signer_sign(plain, signer_zone_zsk(up),
								  signer_name(above[i]), NULL));
			assert_bogus(world_judge(&w, &f.step), EDE_DNSSEC_BOGUS);
			trust_forget(w.trust, signer_name("."));
			assert_bogus(world_judge(&w, &f.step), EDE_DNSSEC_BOGUS);
		}
		assert_int_equal(trust_zone_state(w.trust, island, w.now_ms, w.now_s), ZONE_SECURE);
	}
}

static const struct rrset *sign_nsec3(const char *name, const struct signer_nsec3_params *params,
				      bool before)
{
	struct rrset *rrset = signer_nsec3(name, "signed.example.", params, before, NULL,
					   (const uint16_t[]){TYPE_TXT, 0}, 300);
	struct rrset *made = world_keep(
		&w,
		signer_sign(rrset, signer_zone_zsk(world_zone(&w, "signed.example.")), ZONE, NULL));

	rrset_free(rrset);
	return made;
}

// The operator's anchor outlived the zone, and a zone above, which is secure itself, proves it. An
// insecure one, or anything less than that proof, does not.
static void only_a_secure_nxdomain_ends_an_anchored_zone(void **state)
{
	struct signer_key *gone = signer_key_new(13, 0, 257);
	uint8_t rdata[64];
	size_t len = signer_ds(gone, signer_name("gone.signed.example."), 2, rdata);
	struct fixture f;

	(void)state;
	assert_int_equal(
		trust_anchor_add(w.trust, signer_name("gone.signed.example."), TYPE_DS, rdata, len),
		0);
	assert_verdict(world_ask(&w, "www.gone.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_verdict(world_ask(&w, "gone.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	// That a name inside it does not exist is not for the zone above to say.
	assert_int_equal(
		trust_anchor_add(w.trust, signer_name("ent.signed.example."), TYPE_DS, rdata, len),
		0);
	assert_bogus(world_ask(&w, "nx.ent.signed.example.", TYPE_A), EDE_NSEC_MISSING);
	assert_bogus(world_ask(&w, "ent.signed.example.", TYPE_A), EDE_DNSSEC_BOGUS);
	// In an opt-out span there may be insecure delegations: it proves nothing of an anchored
	// zone.
	const struct rrset *spans[STEP_PROOFS_MAX];
	for (int opt_out = 0; opt_out < 2; opt_out++) {
		const struct signer_nsec3_params params = {.opt_out = opt_out};
		assert_true(world_step(&w, "www.gone.signed.example.", TYPE_A, &f));
		spans[0] = sign_nsec3("signed.example.", &params, false);
		spans[1] = sign_nsec3("gone.signed.example.", &params, true);
		spans[2] = sign_nsec3("*.signed.example.", &params, true);
		f.step.proofs = spans;
		f.step.proof_count = 3;
		if (opt_out)
			assert_bogus(world_judge(&w, &f.step), EDE_NSEC_MISSING);
		else
			assert_verdict(world_judge(&w, &f.step), VERDICT_SECURE, &w);
	}
	// That it has no address says nothing of its being there.
	assert_true(world_step(&w, "www.gone.signed.example.", TYPE_A, &f));
	spans[0] = sign_nsec3("gone.signed.example.", &(struct signer_nsec3_params){0}, false);
	f.step.proofs = spans;
	f.step.proof_count = 1;
	assert_bogus(world_judge(&w, &f.step), EDE_NSEC_MISSING);
	// Unsigned, or by an insecure zone.
	assert_true(world_step(&w, "www.gone.signed.example.", TYPE_A, &f));
	const struct rrset *soa = f.step.soa;
	f.step.soa = world_keep(&w, signer_strip(soa));
	f.step.proof_count = 0;
	assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
	assert_int_equal(trust_insecure_add(w.trust, ZONE, UINT64_MAX, true), 0);
	assert_true(world_step(&w, "www.gone.signed.example.", TYPE_A, &f));
	assert_bogus(world_judge(&w, &f.step), EDE_DNSSEC_BOGUS);
	signer_key_free(gone);
}

static void an_anchor_may_be_a_ds_or_a_dnskey(void **state)
{
	struct signer_zone *root = world_zone(&w, ".");
	const struct signer_key *key = signer_zone_ksk(root);
	uint8_t rdata[64];

	(void)state;
	for (uint8_t type = 0; type < 4; type++) {
		trust_free(w.trust);
		w.trust = trust_new(&(struct trust_config){.nsec3_iterations_max = 50}, w.batch);
		size_t len = signer_ds(key, signer_name("."), type == 3 ? 4 : type, rdata);
		int rc = type == 0
				 ? trust_anchor_add(w.trust, signer_name("."), TYPE_DNSKEY,
						    key->rdata, key->rdlen)
				 : trust_anchor_add(w.trust, signer_name("."), TYPE_DS, rdata, len);
		assert_int_equal(rc, 0);
		assert_int_equal(trust_anchor_count(w.trust), 1);
		assert_verdict(ask_www(), VERDICT_SECURE, &w);
	}
	// Another key's.
	trust_free(w.trust);
	w.trust = trust_new(&(struct trust_config){.nsec3_iterations_max = 50}, w.batch);
	assert_int_equal(trust_anchor_add(w.trust, signer_name("."), TYPE_DNSKEY, ksk()->rdata,
					  ksk()->rdlen),
			 0);
	assert_bogus(world_ask(&w, ".", TYPE_DNSKEY), EDE_DNSKEY_MISSING);
	// Beside the right one it does no harm.
	world_anchor(&w, root);
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
}

static void anchors_that_cannot_be_used_are_refused(void **state)
{
	uint8_t ds[] = {0, 1, 12, 2, 1, 2, 3, 4}, key[] = {1, 1, 3, 12, 1, 2, 3, 4};

	(void)state;
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DS, ds, sizeof(ds)), -ENOTSUP);
	ds[2] = 13;
	ds[3] = 3;
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DS, ds, sizeof(ds)), -ENOTSUP);
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DS, ds, 3), -EINVAL);
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_A, ds, sizeof(ds)), -EINVAL);
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DNSKEY, key, sizeof(key)), -ENOTSUP);
	key[3] = 13;
	key[1] = 0x81; // revoked
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DNSKEY, key, sizeof(key)), -EINVAL);
	key[0] = 0;
	key[1] = 1;
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DNSKEY, key, sizeof(key)), -EINVAL);
	assert_int_equal(trust_anchor_count(w.trust), 1);
}

static void a_negative_trust_anchor_holds_for_its_time(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(trust_insecure_add(w.trust, ZONE, w.now_ms + 3600000, true), 0);
	assert_verdict(ask_www(), VERDICT_INSECURE, &w);
	assert_true(w.result.nta);
	assert_int_equal(w.result.ede, EDE_NEGATIVE_TRUST_ANCHOR);
	assert_int_equal(w.result.signature_expires_s, w.now_s + 3600);
	// Also of zones below it that have their DS; not of the parent's DS for it.
	assert_verdict(world_ask(&w, "www.sub.signed.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_true(w.result.nta);
	assert_verdict(world_ask(&w, "signed.example.", TYPE_DS), VERDICT_SECURE, &w);
	assert_verdict(world_ask(&w, "example.", TYPE_SOA), VERDICT_SECURE, &w);
	assert_int_equal(trust_zone_state(w.trust, ZONE, w.now_ms, w.now_s), ZONE_INSECURE);
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	f.step.rrset = world_keep(&w, signer_strip(f.step.rrset));
	assert_verdict(world_judge(&w, &f.step), VERDICT_INSECURE, &w);
	// It ends, and nothing that was learned under it outlives it.
	w.now_ms += 3600000;
	assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	assert_false(w.result.nta);
}

static void exceptions_can_be_taken_back(void **state)
{
	(void)state;
	assert_int_equal(trust_insecure_add(w.trust, ZONE, UINT64_MAX, false), 0);
	assert_verdict(ask_www(), VERDICT_INSECURE, &w);
	assert_false(w.result.nta);
	assert_int_equal(w.result.ede, EDE_NONE);
	trust_forget(w.trust, signer_name(".")); // not the operator's word
	assert_verdict(ask_www(), VERDICT_INSECURE, &w);
	assert_true(trust_insecure_remove(w.trust, ZONE));
	assert_false(trust_insecure_remove(w.trust, ZONE));
	assert_false(trust_insecure_remove(w.trust, signer_name("www.example.")));
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
}

// RFC 5011: anchors come and go while the daemon runs.
static void an_anchor_that_goes_takes_the_keys_it_vouched_for(void **state)
{
	const uint8_t *root = signer_name(".");
	const struct signer_key *ksk = signer_zone_ksk(world_zone(&w, "."));
	struct signer_key *other = signer_key_new(13, 0, 257);
	const struct moment moment = {w.now_ms, w.now_s};
	uint8_t ds[64], other_ds[64];
	struct trust_anchor anchors[] = {
		{TYPE_DS, ds, (uint16_t)signer_ds(ksk, root, 2, ds)},
		{TYPE_DS, other_ds, (uint16_t)signer_ds(other, root, 2, other_ds)},
	};

	(void)state;
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	// Another one beside it changes nothing.
	assert_int_equal(trust_anchors_set(w.trust, root, anchors, 2), 0);
	assert_int_equal(trust_anchor_count(w.trust), 2);
	struct records *keys = trust_keys(w.trust, root, &moment);
	assert_non_null(keys);
	records_unref(keys);
	assert_int_equal(trust_anchors_set(w.trust, root, &anchors[1], 1), 0);
	assert_null(trust_keys(w.trust, root, &moment));
	trust_forget(w.trust, root);
	budget_start(&w.budget, w.now_ms);
	assert_int_not_equal(ask_www(), VERDICT_SECURE);
	// None at all: as if never configured (RFC 5011 §5).
	assert_int_equal(trust_anchors_set(w.trust, root, NULL, 0), 0);
	assert_int_equal(trust_anchor_count(w.trust), 0);
	budget_start(&w.budget, w.now_ms);
	assert_verdict(ask_www(), VERDICT_INSECURE, &w);
	// One that may be none leaves things as they are.
	anchors[1].type = TYPE_A;
	assert_int_equal(trust_anchors_set(w.trust, root, anchors, 2), -EINVAL);
	assert_int_equal(trust_anchor_count(w.trust), 0);
	signer_key_free(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(an_anchor_that_goes_takes_the_keys_it_vouched_for),
		TEST(without_an_anchor_everything_is_insecure),
		TEST(an_island_is_secure_and_cannot_be_talked_down),
		TEST(only_a_secure_nxdomain_ends_an_anchored_zone),
		TEST(an_anchor_may_be_a_ds_or_a_dnskey),
		TEST(anchors_that_cannot_be_used_are_refused),
		TEST(a_negative_trust_anchor_holds_for_its_time),
		TEST(exceptions_can_be_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
