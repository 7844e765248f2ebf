#include "control/publish/publish.h"
#include "dataplane/dns/types.h"
#include "tests/scenario/text.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_MS 1000000ULL
#define NOW_S  1790000000LL
#define SIG    "A 13 2 300 20261001000000 20260901000000 1 example. AAAA"

static struct store *store;
static struct acl *acl;
static struct publisher *publisher;
static struct cache *cache;
static const struct publication publication = {
	.provenance = FROM_RECURSION, .now_ms = NOW_MS, .now_s = NOW_S};
static struct validation_result result;
static struct rrset *made[16];
static size_t made_count;

static int setup(void **state)
{
	struct store_config config = {
		.cache = {.memory_bytes = 8 << 20,
			  .shards = 1,
			  .one_shot_bytes = 1 << 20,
			  .denial_bytes = 1 << 20},
	};
	const struct publisher_config limits = {
		.ttl_max_s = 86400, .negative_ttl_max_s = 3600, .stale_s = 86400};
	char err[200];

	(void)state;
	acl = acl_new(NULL, 0);
	config.acl = acl;
	store = store_new(&config, err, sizeof(err));
	assert_non_null(store);
	cache = store_cache(store);
	publisher = publisher_new(&limits, cache);
	result = (struct validation_result){
		.ede = EDE_NONE,
		.signature_expires_s = NOW_S + 100000,
		.rrset_ttl_s = UINT32_MAX,
		.soa_ttl_s = UINT32_MAX,
	};
	for (size_t i = 0; i < STEP_PROOFS_MAX; i++)
		result.proof_ttl_s[i] = UINT32_MAX;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	while (made_count > 0)
		rrset_free(made[--made_count]);
	publisher_free(publisher);
	store_free(store);
	acl_free(acl);
	return 0;
}

static const struct rrset *rrset_of(const char *record, const char *rrsig)
{
	struct text_record data, sig;
	struct record records[2];

	text_record(record, &data);
	records[0] = (struct record){data.owner, data.rdata, data.ttl_s,
				     data.type,  CLASS_IN,   data.rdlen};
	if (rrsig != NULL) {
		text_record(rrsig, &sig);
		records[1] = (struct record){sig.owner, sig.rdata, sig.ttl_s,
					     sig.type,  CLASS_IN,  sig.rdlen};
	}
	made[made_count] = rrset_new(&records[0], 1, &records[1], rrsig != NULL);
	return made[made_count++];
}

static struct step positive(const char *record)
{
	const struct rrset *rrset = rrset_of(record, "www.example. 300 IN RRSIG " SIG);

	return (struct step){
		.kind = STEP_ANSWER,
		.name = text_name("www.example."),
		.type = rrset->type,
		.zone = text_name("example."),
		.rrset = rrset,
	};
}

static struct step negative(enum step_kind kind, const char *soa)
{
	return (struct step){
		.kind = kind,
		.name = text_name("nope.example."),
		.type = TYPE_A,
		.zone = text_name("example."),
		.soa = soa != NULL ? rrset_of(soa, NULL) : NULL,
	};
}

// Publishes and says how long the entry lives.
static uint64_t life_of(const struct step *step, enum verdict verdict, struct entry_facts *facts)
{
	const struct entry *entry = publish_step(publisher, step, verdict, &result, &publication);

	assert_non_null(entry);
	entry_facts(entry, facts);
	cache_unpin(cache, entry);
	return (facts->expires_ms - facts->created_ms) / 1000;
}

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

// ---- what goes to the denial chains (RFC 8198) ----

static bool count_nsec(const struct denial_facts *facts, void *arg)
{
	*(uint32_t *)arg += facts->nsec;
	return true;
}

static uint32_t nsec_kept(void)
{
	uint32_t count = 0;

	cache_denial_walk(cache, count_nsec, &count);
	return count;
}

static void only_verified_proofs_deny_other_names(void **state)
{
	const char *const sig =
		"example. 300 IN RRSIG NSEC 13 1 300 20261001000000 20260901000000 1 "
		"example. AAAA";
	const struct rrset *proofs[] = {
		rrset_of("m.example. 300 IN NSEC p.example. A RRSIG NSEC", sig),
		rrset_of("r.example. 300 IN NSEC t.example. A RRSIG NSEC", sig),
		rrset_of("v.example. 300 IN NSEC x.example. A RRSIG NSEC", sig),
	};
	struct step step = negative(STEP_NXDOMAIN, "example. 300 IN SOA a. b. 1 2 3 4 300");
	struct publication from_servers = publication;

	(void)state;
	from_servers.denial = true;
	step.proofs = proofs;
	step.proof_count = 3;
	result.signer = text_name("example.");
	result.proofs_used = 0;
	const struct entry *entry =
		publish_step(publisher, &step, VERDICT_SECURE, &result, &from_servers);
	assert_non_null(entry);
	cache_unpin(cache, entry);
	assert_int_equal(nsec_kept(), 0);
	result.proofs_used = 1u << 1;
	entry = publish_step(publisher, &step, VERDICT_SECURE, &result, &from_servers);
	assert_non_null(entry);
	cache_unpin(cache, entry);
	assert_int_equal(nsec_kept(), 1);
}

// An RRset with so many labels in each of its RRSIGs.
static const struct rrset *expanded(const char *owner, unsigned first, unsigned second)
{
	char lines[3][200];
	struct text_record texts[3];
	struct record records[3];

	snprintf(lines[0], sizeof(lines[0]), "%s 300 IN A 192.0.2.1", owner);
	for (int i = 1; i < 3; i++)
		snprintf(lines[i], sizeof(lines[i]),
			 "%s 300 IN RRSIG A 13 %u 300 20261001000000 20260901000000 %d example. "
			 "AAAA",
			 owner, i == 1 ? first : second, i);
	for (int i = 0; i < 3; i++) {
		text_record(lines[i], &texts[i]);
		records[i] = (struct record){texts[i].owner, texts[i].rdata, texts[i].ttl_s,
					     texts[i].type,  CLASS_IN,       texts[i].rdlen};
	}
	made[made_count] = rrset_new(&records[0], 1, &records[1], 2);
	return made[made_count++];
}

static void publish_expanded(unsigned first, unsigned second)
{
	const struct rrset *rrset = expanded("a.b.www.example.", first, second);
	const struct step step = {.kind = STEP_ANSWER,
				  .name = rrset->owner,
				  .type = TYPE_A,
				  .zone = text_name("example."),
				  .rrset = rrset};
	struct publication from_servers = publication;

	from_servers.denial = true;
	result.signer = text_name("example.");
	result.wildcard = true;
	const struct entry *entry =
		publish_step(publisher, &step, VERDICT_SECURE, &result, &from_servers);
	assert_non_null(entry);
	cache_unpin(cache, entry);
}

// One of them was verified, and nothing says which.
static void rrsigs_that_disagree_name_no_wildcard(void **state)
{
	(void)state;
	publish_expanded(1, 2);
	publish_expanded(2, 1);
	publish_expanded(2, 4);
	assert_null(cache_find(cache, text_name("*.example."), TYPE_A));
	assert_null(cache_find(cache, text_name("*.www.example."), TYPE_A));
	publish_expanded(2, 2);
	assert_null(cache_find(cache, text_name("*.example."), TYPE_A));
	assert_non_null(cache_find(cache, text_name("*.www.example."), TYPE_A));
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

// A forwarder may hide names from us that others have.
static void a_forwarders_proofs_deny_no_other_names(void **state)
{
	const struct rrset *proofs[] = {
		rrset_of("m.example. 300 IN NSEC p.example. A RRSIG NSEC",
			 "m.example. 300 IN RRSIG NSEC 13 2 300 20261001000000 20260901000000 1 "
			 "example. AAAA"),
	};
	struct step step = negative(STEP_NXDOMAIN, "example. 300 IN SOA a. b. 1 2 3 4 300");
	struct publication how = publication;

	(void)state;
	step.proofs = proofs;
	step.proof_count = 1;
	result.signer = text_name("example.");
	result.proofs_used = 1;
	for (int servers = 0; servers < 2; servers++) {
		how.denial = servers == 1;
		const struct entry *entry =
			publish_step(publisher, &step, VERDICT_SECURE, &result, &how);
		assert_non_null(entry);
		cache_unpin(cache, entry);
		assert_int_equal(nsec_kept(), servers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_secure_and_insecure_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(a_ttl_with_its_top_bit_set_is_zero, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_last_resort_is_short_and_never_stale, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_by_value_is_not_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(a_forwarders_proofs_deny_no_other_names, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_ttl_outlives_signature_original_ttl_or_a_day,
						setup, teardown),
		cmocka_unit_test_setup_teardown(data_at_the_end_of_its_signature_is_given_by_value,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_denial_lives_as_long_as_the_lesser_of_soa_ttl_and_minimum, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_denial_without_soa_is_given_by_value, setup,
						teardown),
		cmocka_unit_test_setup_teardown(only_proofs_that_proved_go_along_and_bound_the_ttl,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_wildcard_keeps_its_proof, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_unproven_is_found_by_cd_only_and_not_for_long, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failure_has_its_text_and_no_data, setup,
						teardown),
		cmocka_unit_test_setup_teardown(only_verified_proofs_deny_other_names, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rrsigs_that_disagree_name_no_wildcard, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_ad_on_data_of_an_outdated_delegation, setup,
						teardown),
		cmocka_unit_test_setup_teardown(b16_what_is_past_its_proof_ends_nothing_by_value,
						setup, teardown),
		cmocka_unit_test_setup_teardown(ttl_min_raises_short_ttls_but_not_zero, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
