// NSEC3 records of a small zone. The hash is any function here: which one, the cache does not know.
#pragma once

#include "dataplane/dns/edns.h"
#include "tests/unit/dataplane/cache/denial/chain.h"

#define HASH_LEN  20
#define NAMES_MAX 16

// ---- hashes ----

static unsigned hashes_made, hashes_left;

static inline bool hash_name(void *arg, const uint8_t *name, const struct rdata_nsec3 *params,
			     uint8_t out[HASH_LEN])
{
	uint8_t key[16] = {0};

	(void)arg;
	if (hashes_left == 0)
		return false;
	hashes_left--;
	hashes_made++;
	key[0] = params->salt_len > 0 ? params->salt[0] : 0;
	key[1] = (uint8_t)params->iterations;
	for (unsigned i = 0; i < 3; i++) {
		key[2] = (uint8_t)i;
		const uint64_t part = siphash_1_3(key, name, name_len(name));
		memcpy(out + (i < 2 ? 8 * i : 12), &part, 8);
	}
	return true;
}

// ---- a zone's chain ----

struct zone_name {
	const char *name, *types; // NULL: an empty non-terminal
};

struct hashed_name {
	uint8_t hash[HASH_LEN];
	const char *types;
};

static uint8_t salt[] = {0xab};

static inline int by_hash(const void *a, const void *b)
{
	return memcmp(((const struct hashed_name *)a)->hash, ((const struct hashed_name *)b)->hash,
		      HASH_LEN);
}

static inline void owner_of(const uint8_t hash[HASH_LEN], const char *zone, char out[80])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

	for (unsigned i = 0; i < 32; i++) {
		unsigned value = 0;
		for (unsigned bit = 5 * i; bit < 5 * i + 5; bit++)
			value = value << 1 | (hash[bit / 8] >> (7 - bit % 8) & 1);
		out[i] = digits[value];
	}
	snprintf(out + 32, 48, ".%s", zone);
}

static inline enum denial_put put_nsec3(const char *zone, const struct hashed_name *name,
					const uint8_t next[HASH_LEN], uint8_t flags)
{
	uint8_t rdata[128] = {1, flags, 0, 5, sizeof(salt), salt[0], HASH_LEN};
	char owner[80];

	memcpy(rdata + 7, next, HASH_LEN);
	size_t len = 7 + HASH_LEN;
	len += bitmap_of(name->types != NULL ? name->types : "", rdata + len);
	owner_of(name->hash, zone, owner);
	struct rrset *nsec3 = signed_rrset(wire(owner), TYPE_NSEC3, rdata, len, TTL_S, wire(zone));
	enum denial_put kept =
		cache_denial_put(cache, wire(zone), nsec3, TTL_S, SIGNATURE_END, NOW_MS);
	rrset_free(nsec3);
	return kept;
}

// All records of the zone; returns how many were kept.
static inline unsigned put_hashed_zone(const char *zone, const struct zone_name *names,
				       size_t count, uint8_t flags)
{
	const struct rdata_nsec3 params = {.iterations = 5, .salt = salt, .salt_len = 1};
	struct hashed_name hashed[NAMES_MAX];
	unsigned kept = 0;

	assert_true(put_soa(zone, TTL_S));
	hashes_left = 1000;
	for (size_t i = 0; i < count; i++) {
		assert_true(hash_name(NULL, wire(names[i].name), &params, hashed[i].hash));
		hashed[i].types = names[i].types;
	}
	qsort(hashed, count, sizeof(hashed[0]), by_hash);
	for (size_t i = 0; i < count; i++)
		kept += put_nsec3(zone, &hashed[i], hashed[(i + 1) % count].hash, flags) ==
			DENIAL_KEPT;
	return kept;
}
