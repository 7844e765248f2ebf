// What goes to the denial chains (RFC 8198).
#include "tests/unit/control/publish/publishing.h"

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

// An RRset with two RRSIGs, of so many labels and of these signers.
static const struct rrset *expanded(const char *owner, unsigned first, const char *signer,
				    unsigned second, const char *other)
{
	char lines[3][200];
	struct text_record texts[3];
	struct record records[3];

	snprintf(lines[0], sizeof(lines[0]), "%s 300 IN A 192.0.2.1", owner);
	for (int i = 1; i < 3; i++)
		snprintf(lines[i], sizeof(lines[i]),
			 "%s 300 IN RRSIG A 13 %u 300 20261001000000 20260901000000 %d %s AAAA",
			 owner, i == 1 ? first : second, i, i == 1 ? signer : other);
	for (int i = 0; i < 3; i++) {
		text_record(lines[i], &texts[i]);
		records[i] = (struct record){texts[i].owner, texts[i].rdata, texts[i].ttl_s,
					     texts[i].type,  CLASS_IN,       texts[i].rdlen};
	}
	made[made_count] = rrset_new(&records[0], 1, &records[1], 2);
	return made[made_count++];
}

static void publish_signed(unsigned first, const char *signer, unsigned second, const char *other)
{
	const struct rrset *rrset = expanded("a.b.www.example.", first, signer, second, other);
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

static void publish_expanded(unsigned first, unsigned second)
{
	publish_signed(first, "example.", second, "example.");
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

// RFC 4035 §5.3.4: the labels are those of the signer whose signature was verified.
static void another_signers_rrsigs_name_no_wildcard(void **state)
{
	(void)state;
	publish_signed(2, "example.", 1, "other.");
	assert_null(cache_find(cache, text_name("*.example."), TYPE_A));
	assert_non_null(cache_find(cache, text_name("*.www.example."), TYPE_A));
	publish_signed(4, "example.", 1, "other.");
	assert_null(cache_find(cache, text_name("*.example."), TYPE_A));
}

static const struct rrset *nsec_of(const char *owner, const char *next)
{
	char record[200], sig[200];

	snprintf(record, sizeof(record), "%s 300 IN NSEC %s A RRSIG NSEC", owner, next);
	snprintf(sig, sizeof(sig),
		 "%s 300 IN RRSIG NSEC 13 2 300 20261001000000 20260901000000 1 example. AAAA",
		 owner);
	return rrset_of(record, sig);
}

// nope.example. with such a SOA and a record that denies it. True: it is kept for itself.
static bool deny(const char *soa, const struct publication *how)
{
	const struct rrset *proofs[] = {nsec_of("m.example.", "p.example.")};
	struct step step = negative(STEP_NXDOMAIN, soa);
	struct entry_facts facts;

	step.proofs = proofs;
	step.proof_count = 1;
	result.signer = text_name("example.");
	result.proofs_used = 1;
	const struct entry *entry = publish_step(publisher, &step, VERDICT_SECURE, &result, how);
	assert_non_null(entry);
	entry_facts(entry, &facts);
	cache_unpin(cache, entry);
	assert_int_equal(facts.one_shot, cache_find(cache, text_name("nope.example."), 0) == NULL);
	return !facts.one_shot;
}

#define SOA "example. 300 IN SOA a. b. 1 2 3 4 300"

// ATTACKS D7
static void names_that_cached_denial_denies_take_no_place_of_others(void **state)
{
	struct publication how = publication;

	(void)state;
	how.denial = true;
	assert_false(deny(SOA, &how));
	assert_int_equal(nsec_kept(), 1);
	how.seen = true;
	assert_true(deny(SOA, &how));
}

// By value it would be asked for again each time.
static void a_name_whose_denial_could_not_be_kept_is_kept_for_itself(void **state)
{
	struct publication how = publication;

	(void)state;
	how.denial = true;
	assert_true(cache_denial_bar(cache, text_name("example.")));
	assert_true(deny(SOA, &how));
	assert_int_equal(nsec_kept(), 0);
}

static bool find_other(const struct denial_facts *facts, void *arg)
{
	*(bool *)arg |= name_equal(facts->zone, text_name("other."));
	return true;
}

static void the_soa_of_another_zone_goes_with_no_denial(void **state)
{
	struct publication how = publication;
	bool other = false;

	(void)state;
	how.denial = true;
	assert_true(deny("other. 300 IN SOA a. b. 1 2 3 4 300", &how));
	cache_denial_walk(cache, find_other, &other);
	assert_false(other);
}

static void data_end_the_cached_denial_of_their_name(void **state)
{
	struct publication how = publication;
	struct step step = positive("www.example. 300 IN A 192.0.2.1");
	struct entry_facts facts;

	(void)state;
	how.denial = true;
	deny(SOA, &how);
	assert_int_equal(nsec_kept(), 1);
	assert_int_equal(life_of(&step, VERDICT_SECURE, &facts), 300); // outside of what is denied
	assert_int_equal(nsec_kept(), 1);
	step.rrset = rrset_of("nope.example. 300 IN A 192.0.2.1", NULL);
	step.name = step.rrset->owner;
	assert_int_equal(life_of(&step, VERDICT_SECURE, &facts), 300);
	assert_int_equal(nsec_kept(), 0);
}

// It was true when it was asked for; what it covers has been given since, perhaps.
static void a_denial_that_data_have_overtaken_denies_no_other_names(void **state)
{
	struct publication how = publication;
	struct step step = positive("new.example. 0 IN A 192.0.2.1");

	(void)state;
	result.signer = text_name("example.");
	how.denial = true;
	how.asked_ms = NOW_MS - 100;
	const struct entry *entry = publish_step(publisher, &step, VERDICT_SECURE, &result, &how);
	assert_non_null(entry);
	cache_unpin(cache, entry);
	how.asked_ms = NOW_MS - 101;
	deny(SOA, &how);
	assert_int_equal(nsec_kept(), 0);
	assert_int_equal(cache_flush_name(cache, text_name("nope.example.")), 1);
	how.asked_ms = NOW_MS - 100;
	deny(SOA, &how);
	assert_int_equal(nsec_kept(), 1);
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
		published_test(only_verified_proofs_deny_other_names),
		published_test(rrsigs_that_disagree_name_no_wildcard),
		published_test(a_forwarders_proofs_deny_no_other_names),
		published_test(another_signers_rrsigs_name_no_wildcard),
		published_test(names_that_cached_denial_denies_take_no_place_of_others),
		published_test(a_name_whose_denial_could_not_be_kept_is_kept_for_itself),
		published_test(the_soa_of_another_zone_goes_with_no_denial),
		published_test(data_end_the_cached_denial_of_their_name),
		published_test(a_denial_that_data_have_overtaken_denies_no_other_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
