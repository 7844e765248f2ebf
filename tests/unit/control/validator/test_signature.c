// What an RRSIG must be to count, and how many are tried. Rows B1, B7, B10, B11, C1 of ATTACKS.
#include "control/validator/signature.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/standard.h"

#include <stdio.h>
#include <string.h>

static const struct signer_key *zsk(const char *zone)
{
	return signer_zone_zsk(world_zone(&w, zone));
}

static struct rrset *sign(const struct rrset *rrset, const struct signer_options *options)
{
	return world_keep(&w, signer_sign(rrset, zsk("signed.example."), ZONE, options));
}

// www.signed.example. A with these signatures instead of its own.
static enum verdict judge_www(const struct rrset *rrset)
{
	struct fixture f;

	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	f.step.rrset = rrset;
	return world_judge(&w, &f.step);
}

static struct rrset *www(void)
{
	return world_keep(&w, signer_rrset("www.signed.example. 300 IN A 192.0.2.80\n"
					   "www.signed.example. 300 IN A 192.0.2.81"));
}

#define assert_bogus(seen, code)                                                                   \
	do {                                                                                       \
		assert_verdict(seen, VERDICT_BOGUS, &w);                                           \
		assert_int_equal(w.result.ede, code);                                              \
		assert_true(strlen(w.result.reason) > 20);                                         \
	} while (0)

static void an_ordinary_signature_is_secure_and_bounds_the_ttl(void **state)
{
	struct signer_options options = {
		.has_original_ttl = true,
		.original_ttl = 77,
	};

	(void)state;
	assert_verdict(judge_www(sign(www(), NULL)), VERDICT_SECURE, &w);
	assert_int_equal(w.result.ede, EDE_NONE);
	assert_int_equal(w.result.rrset_ttl_s, 300);
	assert_int_equal(w.result.signature_expires_s, SIGNER_NOW + 864000);
	assert_true(name_equal(w.result.signer, ZONE));
	// RFC 4035 §5.3.3
	assert_verdict(judge_www(sign(www(), &options)), VERDICT_SECURE, &w);
	assert_int_equal(w.result.rrset_ttl_s, 77);
	struct rrset counted_down = *sign(www(), NULL);
	counted_down.rrsig_ttl_s = 40;
	assert_verdict(judge_www(&counted_down), VERDICT_SECURE, &w);
	assert_int_equal(w.result.rrset_ttl_s, 40);
	counted_down.rrsig_ttl_s = UINT32_MAX; // RFC 2181 §8
	assert_verdict(judge_www(&counted_down), VERDICT_SECURE, &w);
	assert_int_equal(w.result.rrset_ttl_s, 0);
	options.expiration_s = SIGNER_NOW + 5;
	assert_verdict(judge_www(sign(www(), &options)), VERDICT_SECURE, &w);
	assert_int_equal(w.result.rrset_ttl_s, 5);
	assert_int_equal(w.result.signature_expires_s, SIGNER_NOW + 5);
}

static void one_wrong_bit_is_bogus(void **state)
{
	(void)state;
	assert_bogus(judge_www(sign(www(), &(struct signer_options){.corrupt = true})),
		     EDE_DNSSEC_BOGUS);
	// A record added, one left out, another TTL inside the signature's.
	struct rrset *good = sign(www(), NULL);
	struct rrset *less =
		world_keep(&w, signer_rrset("www.signed.example. 300 IN A 192.0.2.80"));
	struct rrset forged = *less;
	forged.rrsigs = good->rrsigs;
	forged.rrsig_count = good->rrsig_count;
	assert_bogus(judge_www(&forged), EDE_DNSSEC_BOGUS);
}

static void the_owner_may_be_in_any_case(void **state)
{
	(void)state;
	struct rrset *moved =
		world_keep(&w, signer_move(sign(www(), NULL), signer_name("wWw.SIGNED.example.")));
	assert_verdict(judge_www(moved), VERDICT_SECURE, &w);
}

// ATTACKS B11
static void signatures_count_only_in_their_time(void **state)
{
	static const struct {
		int64_t inception, expiration;
		enum verdict verdict;
		int ede;
	} cases[] = {
		{-100, 100, VERDICT_SECURE, EDE_NONE},
		{-100, 0, VERDICT_SECURE, EDE_NONE},
		{-100, -1, VERDICT_BOGUS, EDE_SIGNATURE_EXPIRED},
		{3600, 7200, VERDICT_SECURE, EDE_NONE},
		{3601, 7200, VERDICT_BOGUS, EDE_SIGNATURE_NOT_YET_VALID},
		{200, 100, VERDICT_BOGUS, EDE_SIGNATURE_EXPIRED_BEFORE_VALID},
		{-40ll * 365 * 86400, 20ll * 365 * 86400, VERDICT_SECURE, EDE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct signer_options options = {
			.inception_s = SIGNER_NOW + cases[i].inception,
			.expiration_s = SIGNER_NOW + cases[i].expiration,
		};
		assert_verdict(judge_www(sign(www(), &options)), cases[i].verdict, &w);
		assert_int_equal(w.result.ede, cases[i].ede);
	}
}

static void an_expired_and_a_good_signature_are_secure(void **state)
{
	struct signer_options expired = {
		.inception_s = SIGNER_NOW - 1000,
		.expiration_s = SIGNER_NOW - 10,
	};

	(void)state;
	assert_verdict(judge_www(sign(sign(www(), &expired), NULL)), VERDICT_SECURE, &w);
	assert_verdict(judge_www(sign(sign(www(), NULL), &expired)), VERDICT_SECURE, &w);
}

static void tolerated_expiry_is_not_secure_and_lasts_30_s(void **state)
{
	struct signer_options expired = {
		.inception_s = SIGNER_NOW - 1000,
		.expiration_s = SIGNER_NOW - 10,
	};
	const struct trust_config config = {
		.expiration_skew_s = 3600,
		.nsec3_iterations_max = 50,
	};

	(void)state;
	trust_free(w.trust);
	w.trust = trust_new(&config, w.batch);
	world_anchor(&w, world_zone(&w, "."));
	assert_verdict(judge_www(sign(www(), &expired)), VERDICT_INSECURE, &w);
	assert_true(w.result.tolerated);
	assert_int_equal(w.result.ede, EDE_SIGNATURE_EXPIRED);
	assert_int_equal(w.result.rrset_ttl_s, 30);
	assert_int_equal(w.result.signature_expires_s, SIGNER_NOW - 10 + 3600);
	assert_verdict(judge_www(sign(www(), NULL)), VERDICT_SECURE, &w);
}

// Keys that are only tolerated make nothing secure.
static void tolerated_keys_taint_what_they_sign(void **state)
{
	const struct trust_config config = {
		.expiration_skew_s = 3600,
		.nsec3_iterations_max = 50,
	};
	struct signer_zone *zone = world_zone(&w, "signed.example.");
	struct signer_options expired = {
		.inception_s = SIGNER_NOW - 1000,
		.expiration_s = SIGNER_NOW - 10,
	};

	(void)state;
	trust_free(w.trust);
	w.trust = trust_new(&config, w.batch);
	world_anchor(&w, world_zone(&w, "."));
	struct rrset *keys = signer_strip(signer_zone_find(zone, ZONE, TYPE_DNSKEY));
	signer_zone_replace(zone, signer_sign(keys, signer_zone_ksk(zone), ZONE, &expired));
	rrset_free(keys);
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_true(w.result.tolerated);
	assert_verdict(world_ask(&w, "nx.signed.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_true(w.result.tolerated);
}

// ATTACKS B1: U CVE-2026-44690, B CVE-2026-11721, P CVE-2026-52688.
static void b1_a_wildcard_above_the_signers_zone_is_bogus(void **state)
{
	const uint8_t *sub = signer_name("sub.signed.example.");
	struct fixture f;

	(void)state;
	// The child signs "*.example." and "*." with its own key, valid by itself.
	for (uint8_t labels = 0; labels <= 2; labels++) {
		struct signer_options options = {.has_labels = true, .labels = labels};
		uint8_t wildcard[NAME_MAX_LEN];
		struct rrset *plain = world_keep(
			&w, signer_rrset("x.www.sub.signed.example. 300 IN A 192.0.2.66"));
		assert_true(name_wildcard_of(name_ancestor(sub, labels), wildcard) > 0);
		options.signed_owner = wildcard;
		assert_true(world_step(&w, "x.www.sub.signed.example.", TYPE_A, &f));
		f.step.kind = STEP_ANSWER;
		f.step.soa = NULL;
		f.step.rrset = world_keep(
			&w, signer_sign(plain, zsk("sub.signed.example."), sub, &options));
		assert_bogus(world_judge(&w, &f.step), EDE_DNSSEC_BOGUS);
	}
}

static void b1_more_labels_than_the_owner_has_are_bogus(void **state)
{
	struct signer_options options = {.has_labels = true, .labels = 4};

	(void)state;
	assert_bogus(judge_www(sign(www(), &options)), EDE_DNSSEC_BOGUS);
	options.labels = 255;
	assert_bogus(judge_www(sign(www(), &options)), EDE_DNSSEC_BOGUS);
}

// RFC 4034 §3.1.3: the "*" does not count.
static void b1_a_wildcards_own_labels_do_not_count_the_asterisk(void **state)
{
	struct rrset *plain =
		world_keep(&w, signer_rrset("*.wild.signed.example. 300 IN A 192.0.2.3"));
	struct signer_options options = {.has_labels = true, .labels = 3};
	struct fixture f;

	(void)state;
	assert_true(world_step(&w, "*.wild.signed.example.", TYPE_A, &f));
	f.step.rrset = sign(plain, &options);
	assert_verdict(world_judge(&w, &f.step), VERDICT_SECURE, &w);
	options.labels = 4;
	f.step.rrset = sign(plain, &options);
	assert_bogus(world_judge(&w, &f.step), EDE_DNSSEC_BOGUS);
}

// Two zones may share a key; a signature counts for the zone that it names.
static void a_good_signature_in_another_zones_name_is_bogus(void **state)
{
	struct signer_options corrupt = {.corrupt = true};
	struct rrset *other = world_keep(
		&w, signer_sign(www(), zsk("signed.example."), signer_name("example."), NULL));

	(void)state;
	assert_bogus(judge_www(sign(other, &corrupt)), EDE_DNSSEC_BOGUS);
	assert_verdict(judge_www(sign(other, NULL)), VERDICT_SECURE, &w);
}

// Whatever was taken out of a response has to be what was asked for.
static void good_data_for_another_question_are_bogus(void **state)
{
	static const struct {
		enum step_kind kind;
		const char *asked;
		uint16_t asked_type;
		const char *owner;
		uint16_t type;
	} cases[] = {
		{STEP_ANSWER, "alias.signed.example.", TYPE_A, "www.signed.example.", TYPE_A},
		{STEP_ANSWER, "www.signed.example.", TYPE_AAAA, "www.signed.example.", TYPE_A},
		{STEP_CNAME, "x.signed.example.", TYPE_A, "alias.signed.example.", TYPE_CNAME},
		{STEP_CNAME, "www.signed.example.", TYPE_AAAA, "www.signed.example.", TYPE_A},
		{STEP_DNAME, "dname.signed.example.", TYPE_A, "dname.signed.example.", TYPE_DNAME},
		{STEP_DNAME, "x.signed.example.", TYPE_A, "dname.signed.example.", TYPE_DNAME},
		{STEP_DNAME, "x.www.signed.example.", TYPE_A, "www.signed.example.", TYPE_A},
		{STEP_ANSWER, "www.signed.example.", TYPE_DNSKEY, "signed.example.", TYPE_DNSKEY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct step step = {
			.kind = cases[i].kind,
			.name = signer_name(cases[i].asked),
			.type = cases[i].asked_type,
			.zone = ZONE,
			.rrset = signer_zone_find(world_zone(&w, "signed.example."),
						  signer_name(cases[i].owner), cases[i].type),
		};
		assert_non_null(step.rrset);
		assert_bogus(world_judge(&w, &step), EDE_DNSSEC_BOGUS);
	}
}

static void b4_the_zone_above_cannot_sign_for_a_secure_child(void **state)
{
	struct rrset *forged =
		world_keep(&w, signer_sign(www(), zsk("example."), signer_name("example."), NULL));

	(void)state;
	// The delegation is known from the referral that led here.
	assert_verdict(world_ask(&w, "signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_bogus(judge_www(forged), EDE_DNSSEC_BOGUS);
}

// ATTACKS B4, RFC 4035 §5.3.1: the zone whose servers answered is known to begin there, even when
// nothing has been proven of its delegation yet.
static void nor_before_anything_is_known_of_the_delegation(void **state)
{
	struct rrset *forged =
		world_keep(&w, signer_sign(www(), zsk("example."), signer_name("example."), NULL));

	(void)state;
	assert_bogus(judge_www(forged), EDE_DNSSEC_BOGUS);
}

static void a_signer_beside_or_below_the_name_is_bogus(void **state)
{
	static const char *const signers[] = {
		"unsigned.example.",  "www.signed.example.", "a.www.signed.example.", "com.",
		"ww.signed.example.",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(signers) / sizeof(signers[0]); i++) {
		struct signer_options options = {.signer = signer_name(signers[i])};
		assert_verdict(judge_www(sign(www(), &options)), VERDICT_BOGUS, &w);
		assert_int_equal(w.result.ede, EDE_DNSSEC_BOGUS);
	}
}

static void a_tag_that_no_key_has_is_asked_for_once_more(void **state)
{
	struct signer_options options = {.has_tag = true, .tag = zsk("signed.example.")->tag + 1};
	struct rrset *rrset = sign(www(), &options);

	(void)state;
	assert_bogus(judge_www(rrset), EDE_DNSKEY_MISSING);
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DNSKEY), 2);
	// Not for every such packet.
	assert_bogus(judge_www(rrset), EDE_DNSKEY_MISSING);
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DNSKEY), 2);
	w.now_ms += 5001;
	assert_bogus(judge_www(rrset), EDE_DNSKEY_MISSING);
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DNSKEY), 3);
}

static void another_algorithm_number_than_the_keys_is_bogus(void **state)
{
	(void)state;
	for (uint8_t algorithm = 1; algorithm < 20; algorithm++) {
		struct signer_options options = {.algorithm = algorithm};
		enum verdict seen = judge_www(sign(www(), &options));
		assert_verdict(seen, algorithm == 13 ? VERDICT_SECURE : VERDICT_BOGUS, &w);
	}
}

// A zone whose DNSKEY RRset is these keys; the KSK stays as it is.
static void set_keys(struct signer_key *const *keys, size_t count)
{
	struct signer_zone *zone = world_zone(&w, "signed.example.");
	struct signer_key *all[130];

	all[0] = (struct signer_key *)(uintptr_t)signer_zone_ksk(zone);
	memcpy(all + 1, keys, count * sizeof(keys[0]));
	struct rrset *rrset = signer_dnskey_rrset(ZONE, all, count + 1, 3600);
	signer_zone_replace(zone, signer_sign(rrset, signer_zone_ksk(zone), ZONE, NULL));
	rrset_free(rrset);
}

// ATTACKS C1: KeyTrap, CVE-2023-50387.
static void c1_keytrap_stays_within_the_limits(void **state)
{
	struct signer_key *keys[100];
	struct rrset *rrset = www();
	struct batch_counters before, after;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		keys[i] = signer_key_with_tag(8, 256, 4711, i);
	set_keys(keys, 100);
	for (unsigned i = 0; i < 100; i++)
		rrset = world_keep(&w, signer_sign(rrset, keys[i], ZONE, NULL));
	assert_int_equal(rrset->rrsig_count, RRSET_RRSIGS_MAX);
	assert_verdict(world_ask(&w, "signed.example.", TYPE_DNSKEY), VERDICT_SECURE, &w);

	// Per RRset.
	batch_counters(w.batch, &before);
	assert_bogus(judge_www(rrset), EDE_DNSSEC_BOGUS);
	batch_counters(w.batch, &after);
	assert_int_equal(after.failed - before.failed, SIGNATURE_FAILED_MAX);
	assert_int_equal(w.budget.left[BUDGET_failed_signatures], 16 - SIGNATURE_FAILED_MAX);

	// Per query, over as many sub-queries as it takes.
	for (int i = 0; i < 3; i++)
		assert_bogus(judge_www(rrset), EDE_DNSSEC_BOGUS);
	batch_counters(w.batch, &before);
	for (int i = 0; i < 5; i++)
		assert_verdict(judge_www(rrset), VERDICT_FAILED, &w);
	batch_counters(w.batch, &after);
	assert_int_equal(after.failed, before.failed);
	assert_int_equal(w.budget.exhausted, BUDGET_failed_signatures);
	for (unsigned i = 0; i < 100; i++)
		signer_key_free(keys[i]);
}

// The limit per RRset falls between the two keys of a tag, too.
static void c1_the_fifth_failure_is_not_tried(void **state)
{
	struct signer_key *keys[3];
	struct rrset *rrset = www();

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		keys[i] = signer_key_with_tag(8, 256, i == 0 ? 100 : 200, i);
	set_keys(keys, 3);
	for (unsigned i = 0; i < 3; i++)
		rrset = world_keep(&w, signer_sign(rrset, keys[i], ZONE,
						   &(struct signer_options){
							   .expiration_s = SIGNER_NOW + 50 + i}));
	assert_bogus(judge_www(rrset), EDE_DNSSEC_BOGUS);
	assert_int_equal(w.budget.left[BUDGET_failed_signatures], 16 - SIGNATURE_FAILED_MAX);
	for (unsigned i = 0; i < 3; i++)
		signer_key_free(keys[i]);
}

// ATTACKS C1, with as many RRsets as a response can hold.
static void c1_many_rrsets_at_once_share_the_budget(void **state)
{
	struct fixture f;
	struct batch_counters before, after;

	(void)state;
	assert_verdict(world_ask(&w, "signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_true(world_step(&w, "nx.signed.example.", TYPE_A, &f));
	// The two records that matter sixteen times, all wrong, in several disguises.
	const struct rrset *real[2] = {f.proofs[0], f.proofs[1]};
	for (size_t i = 0; i < STEP_PROOFS_MAX; i++) {
		struct rrset *rrset = world_keep(&w, signer_strip(real[i % 2]));
		for (unsigned k = 0; k < 8; k++)
			rrset = sign(rrset, &(struct signer_options){
						    .corrupt = true,
						    .expiration_s = SIGNER_NOW + 100 + i * 8 + k,
					    });
		f.proofs[i] = rrset;
	}
	f.step.proof_count = STEP_PROOFS_MAX;
	batch_counters(w.batch, &before);
	enum verdict seen = world_judge(&w, &f.step);
	batch_counters(w.batch, &after);
	assert_true(seen == VERDICT_FAILED || seen == VERDICT_BOGUS);
	assert_in_range(after.failed - before.failed, 1, 16);
}

static void two_keys_of_one_tag_are_both_tried_and_no_third(void **state)
{
	struct signer_key *keys[3];

	(void)state;
	keys[2] = signer_key_new(8, 2048, 256);
	// Others of the real key's tag come first in the RRset.
	keys[0] = signer_key_with_tag(8, 256, keys[2]->tag, 1);
	keys[1] = signer_key_with_tag(8, 256, keys[2]->tag, 2);
	struct rrset *rrset = world_keep(&w, signer_sign(www(), keys[2], ZONE, NULL));
	struct signer_key *two[] = {keys[0], keys[2]};
	set_keys(two, 2);
	assert_verdict(judge_www(rrset), VERDICT_SECURE, &w);
	trust_forget(w.trust, signer_name("."));
	set_keys(keys, 3);
	assert_bogus(judge_www(rrset), EDE_DNSSEC_BOGUS);
	for (int i = 0; i < 3; i++)
		signer_key_free(keys[i]);
}

// ATTACKS B10: CVE-2025-8677.
static void b10_broken_keys_count_as_failures(void **state)
{
	struct signer_key *broken = signer_key_new(13, 0, 256);
	struct rrset *rrset = www();

	(void)state;
	broken->rdata[9] ^= 1;
	signer_key_set_flags(broken, 256);
	set_keys(&broken, 1);
	for (int i = 0; i < 8; i++)
		rrset = world_keep(&w, signer_sign(rrset, broken, ZONE,
						   &(struct signer_options){
							   .expiration_s = SIGNER_NOW + 100 + i}));
	for (int i = 1; i <= 4; i++) {
		assert_bogus(judge_www(rrset), EDE_DNSSEC_BOGUS);
		assert_int_equal(w.budget.left[BUDGET_failed_signatures],
				 16 - i * SIGNATURE_FAILED_MAX);
	}
	assert_verdict(judge_www(rrset), VERDICT_FAILED, &w);
	signer_key_free(broken);
}

static void keys_that_are_no_zone_keys_or_revoked_sign_nothing(void **state)
{
	static const struct {
		uint16_t flags;
		uint8_t protocol;
		int ede;
	} cases[] = {
		{0x0100, 3, EDE_NONE},
		{0x0101, 3, EDE_NONE},
		{0x0000, 3, EDE_NO_ZONE_KEY_BIT},
		{0x0001, 3, EDE_NO_ZONE_KEY_BIT},
		{0x0180, 3, EDE_DNSSEC_BOGUS},
		{0x0100, 2, EDE_NO_ZONE_KEY_BIT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct signer_key *key = signer_key_new(13, 0, 256);
		key->rdata[2] = cases[i].protocol;
		signer_key_set_flags(key, cases[i].flags);
		trust_forget(w.trust, signer_name("."));
		set_keys(&key, 1);
		enum verdict seen = judge_www(world_keep(&w, signer_sign(www(), key, ZONE, NULL)));
		assert_verdict(seen, cases[i].ede == EDE_NONE ? VERDICT_SECURE : VERDICT_BOGUS, &w);
		assert_int_equal(w.result.ede, cases[i].ede);
		signer_key_free(key);
	}
}

// RFC 6840 §5.11; ATTACKS B7.
static void b7_any_one_supported_algorithm_suffices(void **state)
{
	struct signer_key *keys[] = {signer_key_new(13, 0, 256), signer_key_new(15, 0, 256),
				     signer_key_new(13, 0, 256)};

	(void)state;
	keys[2]->rdata[3] = keys[2]->algorithm = 12; // GOST, which we cannot do
	signer_key_set_flags(keys[2], 256);
	set_keys(keys, 3);
	struct rrset *gost = world_keep(&w, signer_sign(www(), keys[2], ZONE, NULL));
	struct rrset *both = world_keep(&w, signer_sign(gost, keys[1], ZONE, NULL));
	assert_verdict(judge_www(both), VERDICT_SECURE, &w);
	assert_bogus(judge_www(gost), EDE_RRSIGS_MISSING);
	for (int i = 0; i < 3; i++)
		signer_key_free(keys[i]);
}

static void signatures_already_known_cost_no_budget(void **state)
{
	(void)state;
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	uint32_t left = w.budget.left[BUDGET_signatures];
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_int_equal(w.budget.left[BUDGET_signatures], left);
	// A whole cold chain of three zones is far from the limit.
	assert_in_range(64 - left, 5, 12);
}

static void a_budget_that_is_used_up_fails_without_blame(void **state)
{
	(void)state;
	w.budget.left[BUDGET_signatures] = 3;
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_FAILED, &w);
	assert_int_equal(w.result.ede, EDE_DNSSEC_INDETERMINATE);
	budget_start(&w.budget, w.now_ms);
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(an_ordinary_signature_is_secure_and_bounds_the_ttl),
		TEST(one_wrong_bit_is_bogus),
		TEST(the_owner_may_be_in_any_case),
		TEST(signatures_count_only_in_their_time),
		TEST(an_expired_and_a_good_signature_are_secure),
		TEST(tolerated_expiry_is_not_secure_and_lasts_30_s),
		TEST(tolerated_keys_taint_what_they_sign),
		TEST(b1_a_wildcard_above_the_signers_zone_is_bogus),
		TEST(b1_more_labels_than_the_owner_has_are_bogus),
		TEST(good_data_for_another_question_are_bogus),
		TEST(b1_a_wildcards_own_labels_do_not_count_the_asterisk),
		TEST(a_good_signature_in_another_zones_name_is_bogus),
		TEST(c1_the_fifth_failure_is_not_tried),
		TEST(b4_the_zone_above_cannot_sign_for_a_secure_child),
		TEST(nor_before_anything_is_known_of_the_delegation),
		TEST(a_signer_beside_or_below_the_name_is_bogus),
		TEST(a_tag_that_no_key_has_is_asked_for_once_more),
		TEST(another_algorithm_number_than_the_keys_is_bogus),
		TEST(c1_keytrap_stays_within_the_limits),
		TEST(c1_many_rrsets_at_once_share_the_budget),
		TEST(two_keys_of_one_tag_are_both_tried_and_no_third),
		TEST(b10_broken_keys_count_as_failures),
		TEST(keys_that_are_no_zone_keys_or_revoked_sign_nothing),
		TEST(b7_any_one_supported_algorithm_suffices),
		TEST(signatures_already_known_cost_no_budget),
		TEST(a_budget_that_is_used_up_fails_without_blame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
