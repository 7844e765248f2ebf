// A publisher with a small store, and steps to be published.
#pragma once

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

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
	(void)state;
	while (made_count > 0)
		rrset_free(made[--made_count]);
	publisher_free(publisher);
	store_free(store);
	acl_free(acl);
	return 0;
}

static inline const struct rrset *rrset_of(const char *record, const char *rrsig)
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

static inline struct step positive(const char *record)
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

static inline struct step negative(enum step_kind kind, const char *soa)
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
static inline uint64_t life_of(const struct step *step, enum verdict verdict,
			       struct entry_facts *facts)
{
	const struct entry *entry = publish_step(publisher, step, verdict, &result, &publication);

	assert_non_null(entry);
	entry_facts(entry, facts);
	cache_unpin(cache, entry);
	return (facts->expires_ms - facts->created_ms) / 1000;
}

#define published_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
