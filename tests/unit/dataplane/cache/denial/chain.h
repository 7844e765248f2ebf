// NSEC and NSEC3 records as short texts, put into a cache as control does after validation.
#pragma once

#include "dataplane/cache/denial/denial.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/unit/dataplane/cache/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DENIAL_BYTES  (1 << 20)
#define SIGNATURE_END (NOW_S + 86400)

static struct cache *cache;

static inline struct cache *denial_cache(size_t mebibytes, size_t denial_bytes, unsigned shards)
{
	struct cache_config config = {
		.memory_bytes = mebibytes << 20,
		.shards = shards,
		.hash_key = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
		.one_shot_bytes = 1 << 20,
		.denial_bytes = denial_bytes,
	};
	char err[200] = "";
	struct cache *made = cache_new(&config, err, sizeof(err));

	assert_string_equal(err, "");
	assert_non_null(made);
	return made;
}

// "A NS TYPE65" to a bitmap of window 0.
static inline size_t bitmap_of(const char *types, uint8_t *out)
{
	char text[256], *rest = text, *word;
	uint8_t bits[32] = {0};
	size_t len = 0;

	snprintf(text, sizeof(text), "%s", types);
	while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
		uint16_t type;
		assert_int_equal(type_from_text(word, &type), 0);
		assert_true(type < 256);
		bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
		if (type / 8u + 1u > len)
			len = type / 8u + 1u;
	}
	if (len == 0)
		return 0;
	out[0] = 0;
	out[1] = (uint8_t)len;
	memcpy(out + 2, bits, len);
	return len + 2;
}

static inline struct rrset *signed_rrset(const uint8_t *owner, uint16_t type, const uint8_t *rdata,
					 size_t rdlen, uint32_t ttl_s, const uint8_t *zone)
{
	uint8_t rrsig[18 + NAME_MAX_LEN + 64] = {0};
	size_t zone_len = name_len(zone);
	const struct record record = {.owner = owner,
				      .rdata = rdata,
				      .ttl_s = ttl_s,
				      .type = type,
				      .class_ = CLASS_IN,
				      .rdlen = (uint16_t)rdlen};

	wire_put16(rrsig, type);
	rrsig[2] = 13;
	rrsig[3] = (uint8_t)name_labels(owner);
	memcpy(rrsig + 18, zone, zone_len);
	memset(rrsig + 18 + zone_len, 0x5a, 64);
	const struct record covering = {.owner = owner,
					.rdata = rrsig,
					.ttl_s = ttl_s,
					.type = TYPE_RRSIG,
					.class_ = CLASS_IN,
					.rdlen = (uint16_t)(18 + zone_len + 64)};
	struct rrset *rrset = rrset_new(&record, 1, &covering, 1);
	assert_non_null(rrset);
	return rrset;
}

// An RRset's entry with the RRSIG of a zone; a wildcard's own label is not counted (RFC 4034
// §3.1.3).
static inline struct entry_spec signed_for(struct entry_spec spec, const char *zone, size_t labels)
{
	static uint8_t rdatas[64][18 + NAME_MAX_LEN + 64];
	static struct record rrsigs[64];
	static unsigned turn;
	const unsigned slot = turn++ % 64;
	uint8_t *rdata = rdatas[slot];
	const size_t zone_len = name_len(wire(zone));

	wire_put16(rdata, spec.type);
	rdata[2] = 13;
	rdata[3] = (uint8_t)labels;
	memcpy(rdata + 18, wire(zone), zone_len);
	memset(rdata + 18 + zone_len, 0x5a, 64);
	rrsigs[slot] = (struct record){.owner = spec.name,
				       .rdata = rdata,
				       .ttl_s = spec.ttl_s,
				       .type = TYPE_RRSIG,
				       .class_ = CLASS_IN,
				       .rdlen = (uint16_t)(18 + zone_len + 64)};
	spec.rrsigs = &rrsigs[slot];
	spec.rrsig_count = 1;
	return spec;
}

static inline struct entry_spec signed_by(struct entry_spec spec, const char *zone)
{
	return signed_for(spec, zone, name_labels(spec.name) - name_is_wildcard(spec.name));
}

// A small share may wait for readers to let go of what was replaced.
static inline bool put_soa(const char *zone, uint32_t ttl_s)
{
	static const uint8_t rdata[] = {2, 'n', 's', 0, 1, 'h', 0, 0, 0, 0, 1, 0, 0, 0,
					2, 0,   0,   0, 3, 0,   0, 0, 4, 0, 0, 1, 44};
	struct rrset *soa =
		signed_rrset(wire(zone), TYPE_SOA, rdata, sizeof(rdata), ttl_s, wire(zone));
	bool kept = cache_denial_soa(cache, soa, ttl_s, SIGNATURE_END, NOW_MS);
	if (!kept) {
		settle(cache, NOW_MS);
		kept = cache_denial_soa(cache, soa, ttl_s, SIGNATURE_END, NOW_MS);
	}
	rrset_free(soa);
	return kept;
}

static inline enum denial_put put_nsec_until(const char *zone, const char *owner, const char *next,
					     const char *types, uint32_t ttl_s, int64_t end_s)
{
	uint8_t rdata[NAME_MAX_LEN + 64];
	size_t len = name_len(wire(next));

	memcpy(rdata, wire(next), len);
	len += bitmap_of(types, rdata + len);
	struct rrset *nsec = signed_rrset(wire(owner), TYPE_NSEC, rdata, len, ttl_s, wire(zone));
	enum denial_put kept = cache_denial_put(cache, wire(zone), nsec, ttl_s, end_s, NOW_MS);

	rrset_free(nsec);
	return kept;
}

static inline enum denial_put put_nsec_once(const char *zone, const char *owner, const char *next,
					    const char *types)
{
	return put_nsec_until(zone, owner, next, types, TTL_S, SIGNATURE_END);
}

static inline enum denial_put put_nsec(const char *zone, const char *owner, const char *next,
				       const char *types)
{
	enum denial_put kept = put_nsec_once(zone, owner, next, types);

	if (kept != DENIAL_NO_ROOM)
		return kept;
	settle(cache, NOW_MS);
	return put_nsec_once(zone, owner, next, types);
}

static inline struct denial_answer deny_at(const char *name, uint16_t type, uint64_t now_ms,
					   int64_t now_s)
{
	const uint8_t *wire_name = wire(name);
	uint8_t lower[NAME_MAX_LEN];
	struct denial_answer answer;
	struct lookup lookup = {.name = lower,
				.name_len = (uint16_t)name_len(wire_name),
				.type = type,
				.now_ms = now_ms,
				.now_s = now_s};

	name_lower(lower, wire_name, lookup.name_len);
	lookup.hash = cache_hash(cache, lower, lookup.name_len);
	cache_deny(cache, &lookup, &answer);
	return answer;
}

static inline struct denial_answer deny(const char *name, uint16_t type)
{
	return deny_at(name, type, NOW_MS, NOW_S);
}

// "owner owner …" of the proofs, in order.
static inline const char *proofs_of(const struct denial_answer *answer)
{
	static char text[4096];

	text[0] = '\0';
	for (unsigned i = 0; i < answer->proof_count; i++) {
		uint8_t owner[NAME_MAX_LEN];
		char name[NAME_TEXT_MAX];
		struct record record;
		size_t offset = 0;

		assert_true(denial_item_next(answer->proofs[i], answer->soa->body, &offset, owner,
					     &record));
		strcat(text, i > 0 ? " " : "");
		strcat(text, name_to_text(record.owner, name));
		assert_true(denial_item_next(answer->proofs[i], answer->soa->body, &offset, owner,
					     &record));
		assert_int_equal(record.type, TYPE_RRSIG);
		assert_false(denial_item_next(answer->proofs[i], answer->soa->body, &offset, owner,
					      &record));
	}
	return text;
}

#define assert_denied(name, type, what, proofs)                                                    \
	do {                                                                                       \
		struct denial_answer answer_ = deny(name, type);                                   \
		assert_int_equal(answer_.kind, what);                                              \
		assert_string_equal(proofs_of(&answer_), proofs);                                  \
	} while (0)
#define assert_not_denied(name, type) assert_int_equal(deny(name, type).kind, DENIED_NOT)
