// Delegations of the standard world that a test signs anew.
#pragma once

#include "control/validator/trust_lookup.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/standard.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define assert_bogus(seen, code)                                                                   \
	do {                                                                                       \
		assert_verdict(seen, VERDICT_BOGUS, &w);                                           \
		assert_int_equal(w.result.ede, code);                                              \
	} while (0)

static inline enum verdict ask_www(void)
{
	return world_ask(&w, "www.signed.example.", TYPE_A);
}

// example. signs this as the DS RRset of signed.example.
static inline void set_ds(struct rrset *ds)
{
	struct signer_zone *example = world_zone(&w, "example.");

	signer_zone_replace(
		example, signer_sign(ds, signer_zone_zsk(example), signer_name("example."), NULL));
	rrset_free(ds);
	trust_forget(w.trust, signer_name("."));
	budget_start(&w.budget, w.now_ms);
}

static inline void set_ds_wire(const uint8_t (*rdatas)[64], const size_t *lens, size_t count)
{
	struct rdata list[100];

	for (size_t i = 0; i < count; i++)
		list[i] = (struct rdata){rdatas[i], (uint16_t)lens[i]};
	set_ds(signer_rrset_wire(ZONE, TYPE_DS, 3600, list, count));
}

// DNSKEY RRset of signed.example., signed by `by`.
static inline void set_keys(struct signer_key *const *keys, size_t count,
			    const struct signer_key *by, const struct signer_options *options)
{
	struct rrset *rrset = signer_dnskey_rrset(ZONE, keys, count, 3600);

	signer_zone_replace(world_zone(&w, "signed.example."),
			    signer_sign(rrset, by, ZONE, options));
	rrset_free(rrset);
	trust_forget(w.trust, signer_name("."));
	budget_start(&w.budget, w.now_ms);
}

static inline struct signer_key *ksk(void)
{
	return (struct signer_key *)(uintptr_t)signer_zone_ksk(world_zone(&w, "signed.example."));
}

static inline struct signer_key *zsk(void)
{
	return (struct signer_key *)(uintptr_t)signer_zone_zsk(world_zone(&w, "signed.example."));
}
