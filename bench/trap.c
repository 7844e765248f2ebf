#include "bench/trap.h"

#include "crypto/digest.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/driver.h"
#include "tests/unit/control/validator/signer_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG    4711
#define LABELS 125
#define ZONE   "signed.example."

struct trap {
	struct world world;
	struct fixture fixture;
	char name[2 * LABELS + 1]; // of the question, when it is another each time
	struct trap_work work;
	bool hashes;
};

// ---- hashes done: the linker puts this in front of crypto's ----

static uint64_t hashed;

bool __real_digester_nsec3(struct digester *digester, const uint8_t *name, const uint8_t *salt,
			   size_t salt_len, unsigned iterations, uint8_t out[NSEC3_HASH_LEN]);
bool __wrap_digester_nsec3(struct digester *digester, const uint8_t *name, const uint8_t *salt,
			   size_t salt_len, unsigned iterations, uint8_t out[NSEC3_HASH_LEN]);

bool __wrap_digester_nsec3(struct digester *digester, const uint8_t *name, const uint8_t *salt,
			   size_t salt_len, unsigned iterations, uint8_t out[NSEC3_HASH_LEN])
{
	hashed++;
	return __real_digester_nsec3(digester, name, salt, salt_len, iterations, out);
}

// ---- many keys of one tag ----

// What is reserved in the flags counts for the tag, and nobody looks at it (RFC 4034 §2.1.1, App.
// B): one key in eight can have any tag.
static bool set_tag(struct signer_key *key)
{
	const uint16_t fixed = 0x0181; // ZONE, REVOKE, SEP
	uint16_t bits = 0;

	do {
		bits = (uint16_t)((bits | fixed) + 1) & (uint16_t)~fixed;
		signer_key_set_flags(key, 0x0100 | bits);
	} while (key->tag != TAG && bits != 0);
	return key->tag == TAG;
}

static struct signer_key *key_of_tag(uint8_t algorithm, unsigned seed)
{
	if (algorithm == 8)
		return signer_key_with_tag(8, 256, TAG, seed);
	for (;;) {
		struct signer_key *key = signer_key_new(algorithm, 0, 256);
		if (set_tag(key))
			return key;
		signer_key_free(key);
	}
}

static void set_keys(struct world *w, struct signer_key *const *keys)
{
	struct signer_zone *zone = world_zone(w, ZONE);
	struct signer_key *all[TRAP_KEYS + 2] = {
		(struct signer_key *)(uintptr_t)signer_zone_ksk(zone),
		(struct signer_key *)(uintptr_t)signer_zone_zsk(zone),
	};

	memcpy(all + 2, keys, TRAP_KEYS * sizeof(keys[0]));
	struct rrset *rrset = signer_dnskey_rrset(signer_name(ZONE), all, TRAP_KEYS + 2, 3600);
	signer_zone_replace(zone,
			    signer_sign(rrset, signer_zone_ksk(zone), signer_name(ZONE), NULL));
	rrset_free(rrset);
}

// Signed by all of the keys, always wrong; an RRset keeps 8 signatures of them.
static const struct rrset *sign_wrong(struct world *w, struct rrset *plain,
				      struct signer_key *const *keys)
{
	const struct rrset *rrset = plain;

	for (unsigned i = 0; i < TRAP_KEYS; i++) {
		struct rrset *more = signer_sign(
			rrset, keys[i], signer_name(ZONE),
			&(struct signer_options){.corrupt = true,
						 .expiration_s = SIGNER_NOW + 5000 + i});
		if (rrset != plain)
			rrset_free((struct rrset *)(uintptr_t)rrset);
		rrset = more;
	}
	rrset_free(plain);
	return world_keep(w, (struct rrset *)(uintptr_t)rrset);
}

static void fill_denial(struct trap *trap, struct signer_key *const *keys)
{
	const struct rrset *real[2];

	CHECK(world_step(&trap->world, "nx." ZONE, TYPE_A, &trap->fixture));
	CHECK(trap->fixture.step.proof_count >= 2);
	real[0] = trap->fixture.proofs[0];
	real[1] = trap->fixture.proofs[1];
	for (unsigned i = 0; i < STEP_PROOFS_MAX; i++)
		trap->fixture.proofs[i] = sign_wrong(&trap->world, signer_strip(real[i % 2]), keys);
	trap->fixture.step.proof_count = STEP_PROOFS_MAX;
}

static void fill_answer(struct trap *trap, struct signer_key *const *keys)
{
	CHECK(world_step(&trap->world, "www." ZONE, TYPE_A, &trap->fixture));
	trap->fixture.step.rrset =
		sign_wrong(&trap->world, signer_strip(trap->fixture.step.rrset), keys);
}

struct trap *trap_keys_new(uint8_t algorithm, bool denial)
{
	struct trap *trap = calloc(1, sizeof(*trap));
	struct signer_key *keys[TRAP_KEYS];

	CHECK(trap != NULL);
	for (unsigned i = 0; i < TRAP_KEYS; i++)
		keys[i] = key_of_tag(algorithm, i);
	world_standard(&trap->world, NULL);
	set_keys(&trap->world, keys);
	CHECK(world_ask(&trap->world, ZONE, TYPE_DNSKEY) == VERDICT_SECURE);
	if (denial)
		fill_denial(trap, keys);
	else
		fill_answer(trap, keys);
	for (unsigned i = 0; i < TRAP_KEYS; i++)
		signer_key_free(keys[i]);
	trap_ask(trap);
	trap->work = (struct trap_work){0};
	return trap;
}

// ---- many labels ----

// "t.": a zone so short that 124 labels of one octet fit below.
static void add_short_zone(struct world *w)
{
	static const char text[] = "t. 3600 IN SOA ns.t. host.t. 1 3600 600 86400 300\n"
				   "t. 3600 IN NS ns.t.\n"
				   "ns.t. 3600 IN A 192.0.2.1\n";
	const struct signer_zone_options options = {.nsec3 = true};

	world_anchor(w, world_add(w, signer_zone_new("t.", text, &options)));
}

static const struct rrset *make_nsec3(struct world *w, unsigned i,
				      const struct signer_nsec3_params *params)
{
	static const uint16_t types[] = {TYPE_A, 0};
	char owner[32];

	snprintf(owner, sizeof(owner), "x%u.t.", i);
	struct rrset *plain = signer_nsec3(owner, "t.", params, false, NULL, types, 300);
	struct rrset *made =
		signer_sign(plain, signer_zone_zsk(world_zone(w, "t.")), signer_name("t."), NULL);
	rrset_free(plain);
	return world_keep(w, made);
}

struct trap *trap_hashes_new(uint16_t iterations)
{
	struct trap *trap = calloc(1, sizeof(*trap));
	struct signer_nsec3_params params = {.iterations = iterations, .salt_len = 8};

	CHECK(trap != NULL);
	trap->hashes = true;
	world_open(&trap->world);
	add_short_zone(&trap->world);
	trap->fixture.step = (struct step){
		.kind = STEP_NXDOMAIN,
		.type = TYPE_A,
		.zone = signer_name("t."),
		.soa = signer_zone_find(world_zone(&trap->world, "t."), signer_name("t."),
					TYPE_SOA),
		.proofs = trap->fixture.proofs,
		.proof_count = STEP_PROOFS_MAX,
	};
	for (unsigned i = 0; i < STEP_PROOFS_MAX; i++)
		trap->fixture.proofs[i] = make_nsec3(&trap->world, i, &params);
	trap_ask(trap);
	trap->work = (struct trap_work){0};
	return trap;
}

// Wire form: LABELS labels of one octet each. Those next to the zone say which question it is, so
// that no ancestor but the zone has been hashed before.
static void next_name(struct trap *trap)
{
	uint64_t number = trap->work.questions + 1000003 * trap->work.questions;
	uint8_t *name = (uint8_t *)trap->name;

	for (unsigned i = 0; i < LABELS; i++) {
		name[2 * i] = 1;
		name[2 * i + 1] = 'a';
	}
	name[2 * LABELS - 1] = 't';
	name[2 * LABELS] = 0;
	for (unsigned i = 2; i < 12; i++, number /= 26)
		name[2 * (LABELS - i) + 1] = (uint8_t)('a' + number % 26);
	trap->fixture.step.name = name;
}

// ---- questions ----

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void trap_ask(struct trap *trap)
{
	struct world *w = &trap->world;
	struct trap_work *work = &trap->work;
	struct batch_counters before, after;
	uint64_t hashed_before = hashed;

	if (trap->hashes)
		next_name(trap);
	// fixture.step is copied about: its proofs are here.
	trap->fixture.step.proofs = trap->fixture.proofs;
	w->asked_count = 0;
	batch_counters(w->batch, &before);
	budget_start(&w->budget, w->now_ms);
	CHECK(world_judge(w, &trap->fixture.step) != VERDICT_SECURE);
	batch_counters(w->batch, &after);
	uint64_t failed = after.failed - before.failed + after.unusable - before.unusable;
	uint64_t verified = after.verified - before.verified;
	uint64_t hashes = hashed - hashed_before;
	work->questions++;
	work->failed += failed;
	work->verified += verified;
	work->hashes += hashes;
	work->most_failed = larger(work->most_failed, failed);
	work->most_tried = larger(work->most_tried, failed + verified);
	work->most_hashes = larger(work->most_hashes, hashes);
}

const struct trap_work *trap_work(const struct trap *trap)
{
	return &trap->work;
}

void trap_free(struct trap *trap)
{
	if (trap == NULL)
		return;
	world_close(&trap->world);
	free(trap);
}
