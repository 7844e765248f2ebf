// Work that is counted where it is done, not where it is charged: the linker puts the functions
// below in front of crypto's (--wrap in meson.build).
#pragma once

#include "crypto/digest.h"
#include "tests/scenario/explained.h"
#include "tests/scenario/zones.h"

#include <stdlib.h>

#define ATTACKER     "203.0.113.80"
#define VERIFIED_MAX 64
#define FAILED_MAX   16
#define HASHES_MAX   32

static struct {
	unsigned nsec3, nsec3_sha1, ds;
} hashed;

bool __real_digester_nsec3(struct digester *digester, const uint8_t *name, const uint8_t *salt,
			   size_t salt_len, unsigned iterations, uint8_t out[NSEC3_HASH_LEN]);
bool __wrap_digester_nsec3(struct digester *digester, const uint8_t *name, const uint8_t *salt,
			   size_t salt_len, unsigned iterations, uint8_t out[NSEC3_HASH_LEN]);
bool __real_digester_ds_matches(struct digester *digester, const uint8_t *owner,
				const uint8_t *dnskey, size_t dnskey_len,
				const struct rdata_ds *ds);
bool __wrap_digester_ds_matches(struct digester *digester, const uint8_t *owner,
				const uint8_t *dnskey, size_t dnskey_len,
				const struct rdata_ds *ds);

bool __wrap_digester_nsec3(struct digester *digester, const uint8_t *name, const uint8_t *salt,
			   size_t salt_len, unsigned iterations, uint8_t out[NSEC3_HASH_LEN])
{
	hashed.nsec3++;
	hashed.nsec3_sha1 += iterations + 1;
	return __real_digester_nsec3(digester, name, salt, salt_len, iterations, out);
}

bool __wrap_digester_ds_matches(struct digester *digester, const uint8_t *owner,
				const uint8_t *dnskey, size_t dnskey_len, const struct rdata_ds *ds)
{
	hashed.ds++;
	return __real_digester_ds_matches(digester, owner, dnskey, dnskey_len, ds);
}

struct work {
	uint64_t verified, failed;
};

// Since the last call.
static inline struct work work_done(void)
{
	static struct batch_counters last;
	struct batch_counters now;

	batch_counters(w->batch, &now);
	struct work work = {
		.verified = now.verified - last.verified,
		.failed = now.failed - last.failed + now.unusable - last.unusable,
	};
	last = now;
	memset(&hashed, 0, sizeof(hashed));
	return work;
}

static inline void assert_bounded(struct work work)
{
	if (work.failed > FAILED_MAX || work.verified + work.failed > VERIFIED_MAX)
		fail_msg("%d verified, %d failed", (int)work.verified, (int)work.failed);
}

// ---- RRsets that are served until the world ends ----

static struct {
	struct rrset *list[64];
	size_t count;
} kept;

static inline struct rrset *keep(struct rrset *rrset)
{
	assert_true(kept.count < sizeof(kept.list) / sizeof(kept.list[0]));
	return kept.list[kept.count++] = rrset;
}

static inline int end_kept(void **state)
{
	while (kept.count > 0)
		rrset_free(kept.list[--kept.count]);
	return end_world(state);
}
