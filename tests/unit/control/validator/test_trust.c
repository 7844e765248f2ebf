// What is known of zones: for how long, how much of it, and what the operator's word does to it.
#include "control/validator/chain.h"
#include "control/validator/trust_lookup.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/standard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct moment now(void)
{
	return (struct moment){.now_ms = w.now_ms, .now_s = w.now_s};
}

static void an_anchor_is_no_longer_than_a_record_can_be(void **state)
{
	size_t len = UINT16_MAX + 100;
	uint8_t *key = calloc(1, len);

	(void)state;
	assert_non_null(key);
	memcpy(key, (const uint8_t[]){1, 1, 3, 8, 3, 1, 0, 1}, 8);
	assert_int_equal(trust_anchor_check(TYPE_DNSKEY, key, 300), 0);
	assert_int_equal(trust_anchor_check(TYPE_DNSKEY, key, len), -EINVAL);
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DNSKEY, key, len), -EINVAL);
	assert_null(trust_anchors(w.trust, ZONE));
	free(key);
}

static bool has_ds(void)
{
	const struct moment moment = now();
	struct records *ds = trust_ds(w.trust, ZONE, &moment);

	records_unref(ds);
	return ds != NULL;
}

// Of the DS RRset, and of its signature.
static void a_ds_is_known_for_as_long_as_it_holds(void **state)
{
	(void)state;
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_true(has_ds());
	w.now_ms += 3600000;
	assert_false(has_ds());
	w.now_ms -= 3600000;
	assert_true(has_ds());
	w.now_s += 864001;
	assert_false(has_ds());
}

// Whatever was proven of them before.
static void a_negative_trust_anchor_holds_for_zones_below_that_are_known(void **state)
{
	(void)state;
	assert_verdict(world_ask(&w, "www.sub.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_int_equal(trust_insecure_add(w.trust, ZONE, w.now_ms + 1000, true), 0);
	assert_verdict(world_ask(&w, "www.sub.signed.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_true(w.result.nta);
	assert_verdict(world_ask(&w, "sub.signed.example.", TYPE_DNSKEY), VERDICT_INSECURE, &w);
	assert_verdict(world_ask(&w, "sub.signed.example.", TYPE_DS), VERDICT_INSECURE, &w);
	w.now_ms += 1000;
	assert_verdict(world_ask(&w, "www.sub.signed.example.", TYPE_A), VERDICT_SECURE, &w);
}

// Learned as if it had been proven.
static void learn_no_cut(const char *name)
{
	const struct step step = {
		.kind = STEP_NODATA, .type = TYPE_DS, .name = signer_name(name), .zone = ZONE};
	const struct validation_result result = {.verdict = VERDICT_SECURE,
						 .cut = CUT_NONE,
						 .signature_expires_s = VALIDATION_NEVER_EXPIRES};

	trust_learn(w.trust, &step, &result, w.now_ms, w.now_s);
}

// Below many names of which nothing is known the target's DS is asked for first, unless it is
// known.
static void a_target_that_is_known_is_not_jumped_to(void **state)
{
	const uint8_t *target = signer_name("a.b.c.d.e.f.g.h.signed.example.");
	struct moment moment = now();
	struct chain chain;

	(void)state;
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	chain_reach(w.trust, target, CHAIN_TO_APEX, &moment, &chain);
	assert_int_equal(chain.end, CHAIN_NEED);
	assert_true(name_equal(chain.need, target));
	learn_no_cut("a.b.c.d.e.f.g.h.signed.example.");
	chain_reach(w.trust, target, CHAIN_TO_APEX, &moment, &chain);
	assert_int_equal(chain.end, CHAIN_NEED);
	assert_true(name_equal(chain.need, signer_name("h.signed.example.")));
}

static bool is_known_after(const char *name, uint32_t seconds)
{
	const struct moment moment = {.now_ms = w.now_ms + seconds * 1000ull, .now_s = w.now_s};
	struct standing standing;

	trust_standing(w.trust, signer_name(name), &moment, &standing);
	return standing.cut != CUT_UNKNOWN;
}

// RFC 2308 §5, RFC 9077 §4; never more than an hour.
static void that_there_is_no_ds_is_known_no_longer_than_anything_it_rests_on(void **state)
{
	static const struct {
		uint32_t soa_ttl, minimum, soa_signed, proof_ttl, proof_signed, other_ttl, known;
	} cases[] = {
		{86400, 86400, 86400, 86400, 86400, 86400, 3600},
		{900, 86400, 86400, 86400, 86400, 86400, 900},
		{86400, 800, 86400, 86400, 86400, 86400, 800},
		{86400, 86400, 700, 86400, 86400, 86400, 700},
		{86400, 86400, 86400, 600, 86400, 86400, 600},
		{86400, 86400, 86400, 86400, 500, 86400, 500},
		{86400, 86400, 86400, 86400, 86400, 20, 3600}, // of which nothing was used
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[100];
		snprintf(text, sizeof(text), "signed.example. %u IN SOA a. b. 1 2 3 4 %u",
			 cases[i].soa_ttl, cases[i].minimum);
		const struct rrset *proofs[] = {
			world_keep(&w,
				   signer_nsec("a.signed.example.", "b.signed.example.",
					       (const uint16_t[]){TYPE_NS, 0}, cases[i].other_ttl)),
			world_keep(&w, signer_nsec("n.signed.example.", "o.signed.example.",
						   (const uint16_t[]){TYPE_NS, 0},
						   cases[i].proof_ttl))};
		const struct step step = {.kind = STEP_NODATA,
					  .type = TYPE_DS,
					  .name = signer_name("n.signed.example."),
					  .zone = ZONE,
					  .soa = world_keep(&w, signer_rrset(text)),
					  .proofs = proofs,
					  .proof_count = 2};
		const struct validation_result result = {
			.verdict = VERDICT_SECURE,
			.cut = CUT_INSECURE,
			.soa_ttl_s = cases[i].soa_signed,
			.proofs_used = 2,
			.proof_ttl_s = {UINT32_MAX, cases[i].proof_signed},
			.signature_expires_s = VALIDATION_NEVER_EXPIRES};
		trust_learn(w.trust, &step, &result, w.now_ms, w.now_s);
		assert_true(is_known_after("n.signed.example.", cases[i].known - 1));
		assert_false(is_known_after("n.signed.example.", cases[i].known));
	}
}

// Of DS and keys: a day at most, half a minute where a signature was only tolerated.
static void ds_and_keys_are_known_no_longer_than_anything_they_rest_on(void **state)
{
	static const struct {
		uint32_t ttl, signed_;
		bool tolerated;
		uint32_t known;
	} cases[] = {
		{604800, 604800, false, 86400}, {500, 604800, false, 500},
		{604800, 400, false, 400},      {604800, 604800, true, 30},
		{0, 604800, false, 10}, // for the query that it was fetched for
	};
	struct signer_key *key = signer_key_with_tag(8, 257, 4711, 1);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t *name = signer_name("n.signed.example.");
		const struct validation_result result = {
			.verdict = cases[i].tolerated ? VERDICT_INSECURE : VERDICT_SECURE,
			.tolerated = cases[i].tolerated,
			.cut = CUT_SECURE,
			.rrset_ttl_s = cases[i].signed_,
			.signature_expires_s = VALIDATION_NEVER_EXPIRES};
		struct step step = {
			.kind = STEP_ANSWER, .type = TYPE_DS, .name = name, .zone = ZONE};
		step.rrset = world_keep(&w, signer_ds_rrset(name, &key, 1, 2, cases[i].ttl));
		trust_learn(w.trust, &step, &result, w.now_ms, w.now_s);
		assert_true(is_known_after("n.signed.example.", cases[i].known - 1));
		assert_false(is_known_after("n.signed.example.", cases[i].known));
		step.type = TYPE_DNSKEY;
		step.rrset = world_keep(&w, signer_dnskey_rrset(name, &key, 1, cases[i].ttl));
		trust_learn(w.trust, &step, &result, w.now_ms, w.now_s);
		for (int after = 0; after < 2; after++) {
			const struct moment moment = {.now_ms = w.now_ms +
								(cases[i].known - !after) * 1000ull,
						      .now_s = w.now_s};
			struct records *keys = trust_keys(w.trust, name, &moment);
			assert_int_equal(keys == NULL, after);
			records_unref(keys);
		}
	}
	signer_key_free(key);
}

#define LARGE_KEYS 40

// Large DNSKEY RRsets take the room of several zones.
static void the_bytes_of_keys_are_bounded(void **state)
{
	const struct trust_config config = {.zones_max = 64, .nsec3_iterations_max = 50};
	const struct validation_result result = {.verdict = VERDICT_SECURE,
						 .rrset_ttl_s = 3600,
						 .signature_expires_s = VALIDATION_NEVER_EXPIRES};
	struct signer_key *keys[LARGE_KEYS];
	const struct moment moment = now();
	size_t bytes = 0, kept = 0;

	(void)state;
	trust_free(w.trust);
	w.trust = trust_new(&config, w.batch);
	for (unsigned i = 0; i < LARGE_KEYS; i++) {
		keys[i] = signer_key_with_tag(8, 256, (uint16_t)(1000 + i), i);
		bytes += keys[i]->rdlen;
	}
	for (int i = 0; i < 60; i++) {
		char name[30];
		snprintf(name, sizeof(name), "zone%d.example.", i);
		struct step step = {.kind = STEP_ANSWER,
				    .type = TYPE_DNSKEY,
				    .name = signer_name(name),
				    .zone = signer_name(name)};
		struct rrset *rrset = world_keep(
			&w, signer_dnskey_rrset(signer_name(name), keys, LARGE_KEYS, 3600));
		step.rrset = rrset;
		trust_learn(w.trust, &step, &result, w.now_ms, w.now_s);
		struct records *last = trust_keys(w.trust, signer_name(name), &moment);
		assert_non_null(last);
		records_unref(last);
	}
	for (int i = 0; i < 60; i++) {
		char name[30];
		snprintf(name, sizeof(name), "zone%d.example.", i);
		struct records *records = trust_keys(w.trust, signer_name(name), &moment);
		kept += records != NULL;
		records_unref(records);
	}
	// 2,048 bytes per zone, on average.
	assert_in_range(kept, 1, 64 * 2048 / bytes);
	for (unsigned i = 0; i < LARGE_KEYS; i++)
		signer_key_free(keys[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(an_anchor_is_no_longer_than_a_record_can_be),
		TEST(a_ds_is_known_for_as_long_as_it_holds),
		TEST(a_negative_trust_anchor_holds_for_zones_below_that_are_known),
		TEST(a_target_that_is_known_is_not_jumped_to),
		TEST(that_there_is_no_ds_is_known_no_longer_than_anything_it_rests_on),
		TEST(ds_and_keys_are_known_no_longer_than_anything_they_rest_on),
		TEST(the_bytes_of_keys_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
