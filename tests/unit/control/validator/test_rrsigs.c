// Which RRSIGs count at all, for which types, and what is said of those that do not.
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/standard.h"

#include <string.h>

static const struct signer_key *zsk(const char *zone)
{
	return signer_zone_zsk(world_zone(&w, zone));
}

static struct rrset *sign(const struct rrset *rrset, const struct signer_options *options)
{
	return world_keep(&w, signer_sign(rrset, zsk("signed.example."), ZONE, options));
}

static struct rrset *www(void)
{
	return world_keep(&w, signer_rrset("www.signed.example. 300 IN A 192.0.2.80"));
}

static enum verdict judge_www(const struct rrset *rrset)
{
	struct fixture f;

	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	f.step.rrset = rrset;
	return world_judge(&w, &f.step);
}

#define assert_bogus(seen, code)                                                                   \
	do {                                                                                       \
		assert_verdict(seen, VERDICT_BOGUS, &w);                                           \
		assert_int_equal(w.result.ede, code);                                              \
	} while (0)

// What a type that may not be expanded could look like at x.signed.example.
static struct rrset *at_x(uint16_t type)
{
	const uint8_t *owner = signer_name("x.signed.example.");
	struct signer_key *const zone_key = (struct signer_key *)(uintptr_t)zsk("signed.example.");
	uint8_t nsec3[] = {1, 0, 0, 0, 0, 1, 7, 0, 1, 0x40};

	switch (type) {
	case TYPE_DS:
		return signer_ds_rrset(owner, &zone_key, 1, 2, 300);
	case TYPE_DNSKEY:
		return signer_dnskey_rrset(owner, &zone_key, 1, 300);
	case TYPE_NSEC:
		return signer_nsec("x.signed.example.", "y.signed.example.",
				   (const uint16_t[]){TYPE_A, 0}, 300);
	case TYPE_NSEC3:
		return signer_rrset_wire(owner, type, 300, &(struct rdata){nsec3, sizeof(nsec3)},
					 1);
	case TYPE_SOA:
		return signer_rrset("x.signed.example. 300 IN SOA a. b. 1 2 3 4 5");
	default:
		return signer_rrset("x.signed.example. 300 IN TXT \"x\"");
	}
}

// A DS, keys, an SOA and what denies belong to one name.
static void what_belongs_to_one_name_is_never_expanded_from_a_wildcard(void **state)
{
	static const uint16_t types[] = {TYPE_TXT,  TYPE_DS,    TYPE_DNSKEY,
					 TYPE_NSEC, TYPE_NSEC3, TYPE_SOA};
	struct signer_options options = {
		.has_labels = true, .labels = 2, .signed_owner = signer_name("*.signed.example.")};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct rrset *plain = world_keep(&w, at_x(types[i]));
		// With all that proves it for another type.
		assert_true(world_step(&w, "x.signed.example.", TYPE_TXT, &f));
		f.step.kind = STEP_ANSWER;
		f.step.soa = NULL;
		// Keys are judged in another way where they are asked for by name.
		f.step.type = types[i] == TYPE_DNSKEY ? TYPE_ANY : types[i];
		f.step.rrset = sign(plain, &options);
		if (types[i] == TYPE_TXT) {
			assert_verdict(world_judge(&w, &f.step), VERDICT_SECURE, &w);
			assert_true(w.result.wildcard);
			continue;
		}
		assert_bogus(world_judge(&w, &f.step), EDE_DNSSEC_BOGUS);
		assert_int_equal(w.result.cut, CUT_UNKNOWN);
		f.step.rrset = sign(plain, NULL);
		assert_verdict(world_judge(&w, &f.step), VERDICT_SECURE, &w);
		assert_int_equal(w.result.cut, types[i] == TYPE_DS ? CUT_SECURE : CUT_UNKNOWN);
	}
}

// What is wrong with the first RRSIG is what the operator and the client are told.
static void the_first_cause_stands(void **state)
{
	struct signer_options expired = {.expiration_s = SIGNER_NOW - 10,
					 .inception_s = SIGNER_NOW - 100};
	struct signer_options others = {.signer = signer_name("example.")};
	struct signer_options early = {.inception_s = SIGNER_NOW + 5000};

	(void)state;
	assert_bogus(judge_www(sign(sign(www(), &expired), &others)), EDE_SIGNATURE_EXPIRED);
	assert_int_equal(w.result.fault.expiration_s, SIGNER_NOW - 10);
	assert_bogus(judge_www(sign(sign(www(), &early), &expired)), EDE_SIGNATURE_NOT_YET_VALID);
	assert_bogus(judge_www(sign(sign(www(), &expired), &early)), EDE_SIGNATURE_EXPIRED);
}

// It is not tried either, and costs nothing.
static void an_rrsig_over_another_type_is_none(void **state)
{
	struct rrset *text = world_keep(&w, signer_rrset("www.signed.example. 300 IN TXT \"x\""));
	struct rrset *other = sign(text, NULL), *good = sign(www(), NULL);
	struct rrset forged = *good;
	struct rdata both[] = {other->rrsigs[0], good->rrsigs[0]};

	(void)state;
	assert_verdict(judge_www(good), VERDICT_SECURE, &w);
	uint32_t left = w.budget.left[BUDGET_failed_signatures];
	forged.rrsigs = other->rrsigs;
	assert_bogus(judge_www(&forged), EDE_RRSIGS_MISSING);
	forged.rrsigs = both;
	forged.rrsig_count = 2;
	assert_verdict(judge_www(&forged), VERDICT_SECURE, &w);
	assert_int_equal(w.budget.left[BUDGET_failed_signatures], left);
}

// The zone's own keys, and these between its KSK and its ZSK.
static void set_keys(struct signer_key *const *others, size_t count)
{
	struct signer_zone *zone = world_zone(&w, "signed.example.");
	struct signer_key *keys[8];

	keys[0] = (struct signer_key *)(uintptr_t)signer_zone_ksk(zone);
	memcpy(keys + 1, others, count * sizeof(keys[0]));
	keys[count + 1] = (struct signer_key *)(uintptr_t)signer_zone_zsk(zone);
	struct rrset *rrset = signer_dnskey_rrset(ZONE, keys, count + 2, 3600);
	signer_zone_replace(zone, signer_sign(rrset, keys[0], ZONE, NULL));
	rrset_free(rrset);
}

// RFC 4034 §3.1.2: a key of another algorithm is none of those that the tag might mean.
static void keys_of_another_algorithm_with_the_same_tag_are_passed_over(void **state)
{
	uint16_t tag = zsk("signed.example.")->tag;
	struct signer_key *keys[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		keys[i] = signer_key_with_tag(8, 256, tag, i);
	set_keys(keys, 3);
	uint32_t left = w.budget.left[BUDGET_failed_signatures];
	assert_verdict(judge_www(sign(www(), NULL)), VERDICT_SECURE, &w);
	assert_int_equal(w.budget.left[BUDGET_failed_signatures], left);
	for (unsigned i = 0; i < 3; i++)
		signer_key_free(keys[i]);
}

// ATTACKS B10, C1: four, also where the fourth is the first of two keys of one tag. That these keys
// are no points of their curve is known at once.
static void c1_the_limit_of_failures_holds_within_an_rrsig(void **state)
{
	struct signer_key *keys[] = {signer_key_new(13, 0, 256), signer_key_new(13, 0, 256),
				     signer_key_new(13, 0, 256)};
	struct rrset *rrset = www();

	(void)state;
	for (int i = 0; i < 2; i++) {
		keys[i]->rdata[9] ^= 1;
		signer_key_set_flags(keys[i], 256);
	}
	// The tag is a sum of 16-bit words.
	memcpy(keys[2]->rdata, keys[1]->rdata, keys[1]->rdlen);
	memcpy(keys[2]->rdata + 12, keys[1]->rdata + 14, 2);
	memcpy(keys[2]->rdata + 14, keys[1]->rdata + 12, 2);
	signer_key_set_flags(keys[2], 256);
	assert_int_equal(keys[2]->tag, keys[1]->tag);
	assert_int_not_equal(keys[0]->tag, keys[1]->tag);
	set_keys(keys, 3);
	for (int i = 0; i < 3; i++) {
		struct signer_options options = {.expiration_s = SIGNER_NOW + 1000 * (i + 1)};
		rrset = world_keep(&w, signer_sign(rrset, keys[i > 0], ZONE, &options));
	}
	uint32_t left = w.budget.left[BUDGET_failed_signatures];
	assert_bogus(judge_www(rrset), EDE_DNSSEC_BOGUS);
	assert_int_equal(left - w.budget.left[BUDGET_failed_signatures], 4);
	for (unsigned i = 0; i < 3; i++)
		signer_key_free(keys[i]);
}

// A drill of the clock shows what would be: what is true now ends when it really ends.
static void a_drill_makes_no_signature_last_longer(void **state)
{
	const struct trust_config config = {.expiration_skew_s = 3600, .nsec3_iterations_max = 50};
	struct signer_options options = {.expiration_s = SIGNER_NOW + 1800};

	(void)state;
	trust_free(w.trust);
	w.trust = trust_new(&config, w.batch);
	world_anchor(&w, world_zone(&w, "."));
	assert_verdict(judge_www(sign(www(), &options)), VERDICT_SECURE, &w);
	trust_drill_clock(w.trust, 2000, w.now_ms + 60000);
	assert_verdict(judge_www(sign(www(), &options)), VERDICT_INSECURE, &w);
	assert_true(w.result.tolerated);
	assert_int_equal(w.result.signature_expires_s, SIGNER_NOW + 1800);
	// And it is over when it is over.
	w.now_ms += 60000;
	assert_verdict(judge_www(sign(www(), &options)), VERDICT_SECURE, &w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(what_belongs_to_one_name_is_never_expanded_from_a_wildcard),
		TEST(the_first_cause_stands),
		TEST(an_rrsig_over_another_type_is_none),
		TEST(keys_of_another_algorithm_with_the_same_tag_are_passed_over),
		TEST(c1_the_limit_of_failures_holds_within_an_rrsig),
		TEST(a_drill_makes_no_signature_last_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
