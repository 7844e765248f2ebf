// What is published, for how long, and with what beside it.
#include "tests/unit/control/publish/publishing.h"

static void only_secure_and_insecure_pass(void **state)
{
	static const enum verdict others[] = {VERDICT_BOGUS, VERDICT_NEED, VERDICT_WAIT,
					      VERDICT_FAILED};
	struct step step = positive("www.example. 300 IN A 192.0.2.1");

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_null(publish_step(publisher, &step, others[i], &result, &publication));
	assert_null(cache_find(cache, text_name("www.example."), TYPE_A));
	struct entry_facts facts;
	assert_int_equal(life_of(&step, VERDICT_INSECURE, &facts), 300);
	assert_int_equal(facts.security, SECURITY_INSECURE);
	assert_int_equal(life_of(&step, VERDICT_SECURE, &facts), 300);
	assert_int_equal(facts.security, SECURITY_SECURE);
	assert_non_null(cache_find(cache, text_name("www.example."), TYPE_A));
}

static void no_ttl_outlives_signature_original_ttl_or_a_day(void **state)
{
	struct entry_facts facts;
	struct step step = positive("www.example. 604800 IN A 192.0.2.1");

	(void)state;
	assert_int_equal(life_of(&step, VERDICT_SECURE, &facts), 86400);
	result.rrset_ttl_s = 500;
	assert_int_equal(life_of(&step, VERDICT_SECURE, &facts), 500);
	result.signature_expires_s = NOW_S + 60;
	assert_int_equal(life_of(&step, VERDICT_SECURE, &facts), 60);
	assert_int_equal(facts.signature_expires_s, NOW_S + 60);
	result.signature_expires_s = SIGNATURE_NEVER_EXPIRES;
	assert_int_equal(life_of(&step, VERDICT_INSECURE, &facts), 500);
}

static void data_at_the_end_of_its_signature_is_given_by_value(void **state)
{
	struct step step = positive("www.example. 300 IN A 192.0.2.1");
	struct entry_facts facts;

	(void)state;
	result.signature_expires_s = NOW_S;
	const struct entry *entry =
		publish_step(publisher, &step, VERDICT_SECURE, &result, &publication);
	assert_non_null(entry);
	entry_facts(entry, &facts);
	assert_true(facts.one_shot);
	cache_unpin(cache, entry);
	assert_null(cache_find(cache, text_name("www.example."), TYPE_A));
}

// RFC 2308 §5
static void a_denial_lives_as_long_as_the_lesser_of_soa_ttl_and_minimum(void **state)
{
	struct entry_facts facts;
	struct step a = negative(STEP_NXDOMAIN, "example. 900 IN SOA a. b. 1 2 3 4 600");
	struct step b = negative(STEP_NODATA, "example. 300 IN SOA a. b. 1 2 3 4 600");
	struct step c = negative(STEP_NODATA, "example. 86400 IN SOA a. b. 1 2 3 4 86400");

	(void)state;
	assert_int_equal(life_of(&a, VERDICT_SECURE, &facts), 600);
	assert_int_equal(facts.kind, ENTRY_NXDOMAIN);
	assert_int_equal(life_of(&b, VERDICT_SECURE, &facts), 300);
	assert_int_equal(facts.kind, ENTRY_NODATA);
	assert_int_equal(life_of(&c, VERDICT_INSECURE, &facts), 3600);
}

static void a_denial_without_soa_is_given_by_value(void **state)
{
	struct step step = negative(STEP_NODATA, NULL);
	struct entry_facts facts;

	(void)state;
	const struct entry *entry =
		publish_step(publisher, &step, VERDICT_INSECURE, &result, &publication);
	assert_non_null(entry);
	entry_facts(entry, &facts);
	assert_true(facts.one_shot);
	cache_unpin(cache, entry);
	assert_null(cache_find(cache, text_name("nope.example."), TYPE_A));
}

static size_t count_proofs(const struct entry *entry)
{
	struct entry_reader reader;
	enum entry_part part;
	struct record record;
	size_t count = 0;

	entry_show(entry, &reader);
	while (entry_next(&reader, &part, &record))
		count += part == ENTRY_PROOFS;
	return count;
}

// RFC 9077 §3
static void only_proofs_that_proved_go_along_and_bound_the_ttl(void **state)
{
	struct step step = negative(STEP_NXDOMAIN, "example. 900 IN SOA a. b. 1 2 3 4 600");
	const struct rrset *proofs[] = {
		rrset_of("a.example. 200 IN NSEC z.example. A", NULL),
		rrset_of("x.example. 100 IN NSEC z.example. A", NULL),
	};
	struct entry_facts facts;

	(void)state;
	step.proofs = proofs;
	step.proof_count = 2;
	result.proofs_used = 1;
	const struct entry *entry =
		publish_step(publisher, &step, VERDICT_SECURE, &result, &publication);
	entry_facts(entry, &facts);
	assert_int_equal(count_proofs(entry), 1);
	assert_int_equal((facts.expires_ms - facts.created_ms) / 1000, 200);
	cache_unpin(cache, entry);
	result.proof_ttl_s[0] = 50;
	assert_int_equal(life_of(&step, VERDICT_SECURE, &facts), 50);
	result.opt_out = true;
	life_of(&step, VERDICT_INSECURE, &facts);
	assert_true(facts.opt_out);
}

static void a_wildcard_keeps_its_proof(void **state)
{
	struct step step = positive("www.example. 300 IN A 192.0.2.1");
	const struct rrset *proofs[] = {rrset_of("a.example. 200 IN NSEC z.example. A", NULL)};

	(void)state;
	step.proofs = proofs;
	step.proof_count = 1;
	const struct entry *entry =
		publish_step(publisher, &step, VERDICT_SECURE, &result, &publication);
	assert_int_equal(count_proofs(entry), 0);
	cache_unpin(cache, entry);
	result.wildcard = true;
	result.proofs_used = 1;
	entry = publish_step(publisher, &step, VERDICT_SECURE, &result, &publication);
	assert_int_equal(count_proofs(entry), 1);
	cache_unpin(cache, entry);
}

// ATTACKS B6
static void what_is_unproven_is_found_by_cd_only_and_not_for_long(void **state)
{
	struct step step = positive("www.example. 300 IN A 192.0.2.1");
	struct entry_facts facts;
	const uint8_t *name = text_name("www.example.");
	struct lookup lookup = {.name = name,
				.name_len = (uint16_t)name_len(name),
				.type = TYPE_A,
				.now_ms = NOW_MS,
				.now_s = NOW_S};

	(void)state;
	const struct entry *entry = publish_unproven(publisher, &step, &publication);
	assert_non_null(entry);
	entry_facts(entry, &facts);
	assert_int_equal(facts.security, SECURITY_UNPROVEN);
	assert_true(facts.expires_ms - facts.created_ms <= 30000);
	cache_unpin(cache, entry);
	cache_lookup(cache, &lookup);
	assert_int_equal(lookup.status, LOOKUP_MISS);
	lookup.unproven = true;
	cache_lookup(cache, &lookup);
	assert_int_equal(lookup.status, LOOKUP_HIT);
}

static void a_failure_has_its_text_and_no_data(void **state)
{
	struct entry_facts facts;

	(void)state;
	const struct entry *entry =
		publish_failure(publisher, text_name("www.example."), TYPE_A, RCODE_SERVFAIL,
				EDE_DNSSEC_BOGUS, "wrong signature", 60, &publication);
	assert_non_null(entry);
	entry_facts(entry, &facts);
	assert_int_equal(facts.kind, ENTRY_FAILURE);
	assert_int_equal(facts.rcode, RCODE_SERVFAIL);
	assert_int_equal(facts.ede, EDE_DNSSEC_BOGUS);
	assert_string_equal(facts.ede_text, "wrong signature");
	cache_unpin(cache, entry);
	assert_null(cache_find(cache, text_name("www.example."), TYPE_A));
	assert_ptr_equal(cache_find_failure(cache, text_name("www.example."), TYPE_A), entry);
}

// ---- what is past its proof ----

static void no_ad_on_data_of_an_outdated_delegation(void **state)
{
	struct step step = positive("www.example. 300 IN A 192.0.2.1");
	struct publication revived = publication;
	struct entry_facts facts;

	(void)state;
	revived.outdated = true;
	const struct entry *entry =
		publish_step(publisher, &step, VERDICT_SECURE, &result, &revived);
	assert_non_null(entry);
	entry_facts(entry, &facts);
	cache_unpin(cache, entry);
	assert_int_equal(facts.security, SECURITY_INSECURE);
	assert_int_equal(facts.ede, EDE_STALE_ANSWER);
	assert_int_equal(facts.expires_ms - facts.created_ms, OUTDATED_TTL_MAX_S * 1000);
}

static bool stays(const struct step *step, const struct publication *how)
{
	struct step before = positive("www.example. 300 IN TXT \"x\"");
	struct entry_facts facts;

	assert_int_equal(life_of(&before, VERDICT_SECURE, &facts), 300);
	const struct entry *entry = publish_step(publisher, step, VERDICT_SECURE, &result, how);
	assert_non_null(entry);
	cache_unpin(cache, entry);
	return cache_find(cache, text_name("www.example."), TYPE_TXT) != NULL;
}

// ATTACKS B16: what is let pass for want of better ends nothing that was proven.
static void b16_what_is_past_its_proof_ends_nothing_by_value(void **state)
{
	struct step step = positive("www.example. 0 IN CNAME other.example.");
	struct publication how = publication;

	(void)state;
	step.kind = STEP_CNAME;
	assert_false(stays(&step, &how));
	how.outdated = true;
	assert_true(stays(&step, &how));
	how = publication;
	how.aside = true;
	assert_true(stays(&step, &how));
	how = publication;
	result.tolerated = true;
	assert_true(stays(&step, &how));
}

static void ttl_min_raises_short_ttls_but_not_zero(void **state)
{
	const struct publisher_config limits = {
		.ttl_max_s = 86400, .ttl_min_s = 60, .negative_ttl_max_s = 3600};
	struct step five = positive("www.example. 5 IN A 192.0.2.1");
	struct step zero = positive("www.example. 0 IN A 192.0.2.2");
	struct entry_facts facts;

	(void)state;
	publisher_free(publisher);
	publisher = publisher_new(&limits, cache);
	assert_int_equal(life_of(&five, VERDICT_SECURE, &facts), 60);
	result.rrset_ttl_s = 20;
	assert_int_equal(life_of(&five, VERDICT_SECURE, &facts), 20);
	assert_int_equal(life_of(&zero, VERDICT_SECURE, &facts), 0);
	assert_true(facts.one_shot);
	assert_null(cache_find(cache, text_name("www.example."), TYPE_A));
}

// RFC 2181 §8 (ATTACKS E2)
static void a_ttl_with_its_top_bit_set_is_zero(void **state)
{
	struct step step = positive("www.example. 2147483648 IN A 192.0.2.1");
	struct entry_facts facts;

	(void)state;
	assert_int_equal(life_of(&step, VERDICT_SECURE, &facts), 0);
	assert_true(facts.one_shot);
}

static void a_last_resort_is_short_and_never_stale(void **state)
{
	struct step step = positive("www.example. 300 IN A 192.0.2.1");
	struct publication resort = publication;
	struct entry_facts facts;

	(void)state;
	resort.provenance = FROM_NON_AUTHORITY;
	const struct entry *entry =
		publish_step(publisher, &step, VERDICT_INSECURE, &result, &resort);
	assert_non_null(entry);
	entry_facts(entry, &facts);
	cache_unpin(cache, entry);
	assert_int_equal(facts.expires_ms - facts.created_ms, RESORT_TTL_MAX_S * 1000);
	assert_true(facts.stale_until_ms <= facts.expires_ms);
	// Others are.
	life_of(&step, VERDICT_INSECURE, &facts);
	assert_true(facts.stale_until_ms > facts.expires_ms);
}

static void what_is_by_value_is_not_kept(void **state)
{
	struct step step = positive("www.example. 300 IN A 192.0.2.1");
	struct publication once = publication;

	(void)state;
	once.one_shot = true;
	const struct entry *entry = publish_step(publisher, &step, VERDICT_SECURE, &result, &once);
	assert_non_null(entry);
	cache_unpin(cache, entry);
	assert_null(cache_find(cache, text_name("www.example."), TYPE_A));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		published_test(only_secure_and_insecure_pass),
		published_test(a_ttl_with_its_top_bit_set_is_zero),
		published_test(a_last_resort_is_short_and_never_stale),
		published_test(what_is_by_value_is_not_kept),
		published_test(no_ttl_outlives_signature_original_ttl_or_a_day),
		published_test(data_at_the_end_of_its_signature_is_given_by_value),
		published_test(a_denial_lives_as_long_as_the_lesser_of_soa_ttl_and_minimum),
		published_test(a_denial_without_soa_is_given_by_value),
		published_test(only_proofs_that_proved_go_along_and_bound_the_ttl),
		published_test(a_wildcard_keeps_its_proof),
		published_test(what_is_unproven_is_found_by_cd_only_and_not_for_long),
		published_test(a_failure_has_its_text_and_no_data),
		published_test(no_ad_on_data_of_an_outdated_delegation),
		published_test(b16_what_is_past_its_proof_ends_nothing_by_value),
		published_test(ttl_min_raises_short_ttls_but_not_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
