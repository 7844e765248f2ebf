// A world, and one step in it with proofs made by hand: for tests of what proofs are good for.
#pragma once

#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/driver.h"

#define ZONE       signer_name("signed.example.")
#define TYPES(...) ((const uint16_t[]){__VA_ARGS__, 0})

static struct world w;
static struct fixture f;
static const struct signer_nsec3_params plain; // no salt, no iterations

static const struct signer_zone_options with_nsec3 = {.nsec3 = true};

static inline int open_nsec(void **state)
{
	(void)state;
	world_standard(&w, NULL);
	return 0;
}

static inline int open_nsec3(void **state)
{
	(void)state;
	world_standard(&w, &with_nsec3);
	return 0;
}

static inline int close_world(void **state)
{
	(void)state;
	world_close(&w);
	return 0;
}

static inline const struct signer_key *zsk(const char *zone)
{
	return signer_zone_zsk(world_zone(&w, zone));
}

// Signed by `zone`, which takes the RRset over.
static inline const struct rrset *sign_as(const char *zone, struct rrset *rrset)
{
	struct rrset *made = world_keep(&w, signer_sign(rrset, zsk(zone), signer_name(zone), NULL));

	rrset_free(rrset);
	return made;
}

static inline const struct rrset *sign(struct rrset *rrset)
{
	return sign_as("signed.example.", rrset);
}

// A step of signed.example. without proofs so far.
static inline void deny(enum step_kind kind, const char *name, uint16_t type)
{
	f = (struct fixture){
		.step = {
			.kind = kind,
			.name = signer_name(name),
			.type = type,
			.zone = ZONE,
			.soa = signer_zone_find(world_zone(&w, "signed.example."), ZONE, TYPE_SOA),
			.proofs = f.proofs,
		}};
}

static inline void add(const struct rrset *proof)
{
	f.proofs[f.step.proof_count++] = proof;
}

static inline void nsec(const char *owner, const char *next, const uint16_t *types)
{
	add(sign(signer_nsec(owner, next, types, 300)));
}

static inline void nsec3(const char *name, bool before, const uint16_t *types)
{
	add(sign(signer_nsec3(name, "signed.example.", &plain, before, NULL, types, 300)));
}

static inline enum verdict judge(void)
{
	return world_judge(&w, &f.step);
}

// What a wildcard of the zone is expanded to, without proofs so far.
static inline void expand(const char *wildcard, uint16_t type, const char *name)
{
	const struct rrset *rrset =
		signer_zone_find(world_zone(&w, "signed.example."), signer_name(wildcard), type);

	deny(type == TYPE_CNAME ? STEP_CNAME : STEP_ANSWER, name, TYPE_A);
	f.step.soa = NULL;
	f.step.rrset = world_keep(&w, signer_move(rrset, signer_name(name)));
}

#define assert_proven() assert_verdict(judge(), VERDICT_SECURE, &w)
#define assert_bogus()                                                                             \
	do {                                                                                       \
		assert_verdict(judge(), VERDICT_BOGUS, &w);                                        \
		assert_true(w.result.ede >= 0);                                                    \
	} while (0)
