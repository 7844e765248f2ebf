// Delegations: DS and DNSKEY, what is insecure and why, anchors, rolls. Rows B6 to B9, C3.
#include "control/validator/trust_lookup.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/driver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ZONE signer_name("signed.example.")

static struct world w;

static int open_world(void **state)
{
	(void)state;
	world_standard(&w, NULL);
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	world_close(&w);
	return 0;
}

#define assert_bogus(seen, code)                                                                   \
	do {                                                                                       \
		assert_verdict(seen, VERDICT_BOGUS, &w);                                           \
		assert_int_equal(w.result.ede, code);                                              \
	} while (0)

static enum verdict ask_www(void)
{
	return world_ask(&w, "www.signed.example.", TYPE_A);
}

// example. signs this as the DS RRset of signed.example.
static void set_ds(struct rrset *ds)
{
	struct signer_zone *example = world_zone(&w, "example.");

	signer_zone_replace(
		example, signer_sign(ds, signer_zone_zsk(example), signer_name("example."), NULL));
	rrset_free(ds);
	trust_forget(w.trust, signer_name("."));
	budget_start(&w.budget, w.now_ms);
}

static void set_ds_wire(const uint8_t (*rdatas)[64], const size_t *lens, size_t count)
{
	struct rdata list[100];

	for (size_t i = 0; i < count; i++)
		list[i] = (struct rdata){rdatas[i], (uint16_t)lens[i]};
	set_ds(signer_rrset_wire(ZONE, TYPE_DS, 3600, list, count));
}

// DNSKEY RRset of signed.example., signed by `by`.
static void set_keys(struct signer_key *const *keys, size_t count, const struct signer_key *by,
		     const struct signer_options *options)
{
	struct rrset *rrset = signer_dnskey_rrset(ZONE, keys, count, 3600);

	signer_zone_replace(world_zone(&w, "signed.example."),
			    signer_sign(rrset, by, ZONE, options));
	rrset_free(rrset);
	trust_forget(w.trust, signer_name("."));
	budget_start(&w.budget, w.now_ms);
}

static struct signer_key *ksk(void)
{
	return (struct signer_key *)(uintptr_t)signer_zone_ksk(world_zone(&w, "signed.example."));
}

static struct signer_key *zsk(void)
{
	return (struct signer_key *)(uintptr_t)signer_zone_zsk(world_zone(&w, "signed.example."));
}

// ---- algorithms and digests ----

// ATTACKS B7, B8; RFC 4509 §3, RFC 6840 §5.2.
static void b7_b8_which_ds_count(void **state)
{
	enum { GOOD = 1, WRONG = 2, NO_ALGORITHM = 4 };
	static const struct {
		struct {
			uint8_t digest_type, how;
		} ds[3];
		enum verdict verdict;
		int ede;
	} cases[] = {
		{{{2, GOOD}}, VERDICT_SECURE, EDE_NONE},
		{{{4, GOOD}}, VERDICT_SECURE, EDE_NONE},
		{{{1, GOOD}}, VERDICT_SECURE, EDE_NONE},
		{{{2, WRONG}}, VERDICT_FAILED, EDE_DNSKEY_MISSING},
		{{{2, WRONG}, {4, GOOD}}, VERDICT_SECURE, EDE_NONE},
		// B8: a forged SHA-1 beside the real SHA-256 does not help, nor does a real one
		// beside a wrong one.
		{{{1, GOOD}, {2, WRONG}}, VERDICT_FAILED, EDE_DNSKEY_MISSING},
		{{{1, WRONG}, {2, GOOD}}, VERDICT_SECURE, EDE_NONE},
		{{{1, GOOD}, {4, WRONG}}, VERDICT_FAILED, EDE_DNSKEY_MISSING},
		// B7: only what we cannot do is insecure; beside what we can it is ignored.
		{{{2, GOOD | NO_ALGORITHM}}, VERDICT_INSECURE, EDE_UNSUPPORTED_DNSKEY_ALGORITHM},
		{{{3, GOOD}}, VERDICT_INSECURE, EDE_UNSUPPORTED_DS_DIGEST},
		{{{5, GOOD}}, VERDICT_INSECURE, EDE_UNSUPPORTED_DS_DIGEST},
		{{{2, GOOD | NO_ALGORITHM}, {2, GOOD}}, VERDICT_SECURE, EDE_NONE},
		{{{2, GOOD | NO_ALGORITHM}, {2, WRONG}}, VERDICT_FAILED, EDE_DNSKEY_MISSING},
		{{{3, GOOD}, {1, GOOD}}, VERDICT_SECURE, EDE_NONE},
		{{{2, GOOD | NO_ALGORITHM}, {1, GOOD}}, VERDICT_SECURE, EDE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t rdatas[3][64];
		size_t lens[3], count = 0;
		for (; count < 3 && cases[i].ds[count].how != 0; count++) {
			uint8_t type = cases[i].ds[count].digest_type, how = cases[i].ds[count].how;
			uint8_t *rdata = rdatas[count];
			lens[count] =
				signer_ds(ksk(), ZONE, type == 1 || type == 4 ? type : 2, rdata);
			rdata[3] = type;
			if (how & WRONG)
				rdata[10] ^= 1;
			if (how & NO_ALGORITHM)
				rdata[2] = 12;
		}
		set_ds_wire((const uint8_t(*)[64])rdatas, lens, count);
		assert_verdict(ask_www(), cases[i].verdict, &w);
		assert_int_equal(w.result.ede, cases[i].ede);
		assert_int_equal(world_ask(&w, "nx.signed.example.", TYPE_A), cases[i].verdict);
	}
}

// ATTACKS C3: many DS, many keys of their tag.
static void c3_hashing_keys_for_ds_is_bounded(void **state)
{
	static uint8_t rdatas[100][64];
	size_t lens[100];
	struct signer_key *keys[100];

	(void)state;
	for (unsigned i = 0; i < 98; i++)
		keys[i] = signer_key_with_tag(8, 257, 4711, i);
	keys[98] = ksk();
	keys[99] = zsk();
	for (unsigned i = 0; i < 100; i++) {
		lens[i] = signer_ds(keys[0], ZONE, 2, rdatas[i]);
		rdatas[i][5] = (uint8_t)i;
	}
	// None of a hundred DS fits any of a hundred keys.
	set_ds_wire((const uint8_t(*)[64])rdatas, lens, 100);
	set_keys(keys, 100, ksk(), NULL);
	assert_verdict(ask_www(), VERDICT_FAILED, &w);
	assert_int_equal(w.result.ede, EDE_DNSKEY_MISSING);
	// And none of those that it names has signed.
	for (unsigned i = 0; i < 98; i++)
		lens[i] = signer_ds(keys[i], ZONE, 2, rdatas[i]);
	set_ds_wire((const uint8_t(*)[64])rdatas, lens, 98);
	uint32_t before = w.budget.left[BUDGET_failed_signatures];
	assert_verdict(ask_www(), VERDICT_FAILED, &w);
	assert_in_range(before - w.budget.left[BUDGET_failed_signatures], 0, 4);
	for (unsigned i = 0; i < 98; i++)
		signer_key_free(keys[i]);
}

// ATTACKS C3: the third key of the tag that a DS names is not looked at.
static void c3_two_keys_of_one_tag_are_hashed_per_ds(void **state)
{
	struct signer_key *keys[4];

	(void)state;
	keys[3] = signer_key_new(8, 0, 257);
	keys[0] = signer_key_with_tag(8, 257, keys[3]->tag, 1);
	keys[1] = signer_key_with_tag(8, 257, keys[3]->tag, 2);
	keys[2] = zsk();
	set_ds(signer_ds_rrset(ZONE, &keys[3], 1, 2, 3600));
	set_keys(keys + 1, 3, keys[3], NULL);
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	set_keys(keys, 4, keys[3], NULL);
	assert_verdict(ask_www(), VERDICT_FAILED, &w);
	assert_int_equal(w.result.ede, EDE_DNSKEY_MISSING);
	for (int i = 0; i < 4; i++) {
		if (i != 2)
			signer_key_free(keys[i]);
	}
}

static void causes_of_a_bogus_dnskey_rrset(void **state)
{
	struct signer_key *other = signer_key_new(13, 0, 257);
	struct signer_key *keys[] = {ksk(), zsk(), other};
	struct signer_options expired = {
		.inception_s = SIGNER_NOW - 1000,
		.expiration_s = SIGNER_NOW - 10,
	};

	(void)state;
	assert_verdict(world_ask(&w, "signed.example.", TYPE_DNSKEY), VERDICT_SECURE, &w);
	set_keys(keys + 1, 2, other, NULL);
	assert_bogus(world_ask(&w, "signed.example.", TYPE_DNSKEY), EDE_DNSKEY_MISSING);
	// Signed, but not by the one that the DS names.
	w.now_ms += 6000;
	set_keys(keys, 3, other, NULL);
	assert_bogus(world_ask(&w, "signed.example.", TYPE_DNSKEY), EDE_RRSIGS_MISSING);
	w.now_ms += 6000;
	set_keys(keys, 2, ksk(), &expired);
	assert_bogus(world_ask(&w, "signed.example.", TYPE_DNSKEY), EDE_SIGNATURE_EXPIRED);
	set_keys(keys, 2, ksk(), &(struct signer_options){.corrupt = true});
	assert_bogus(world_ask(&w, "signed.example.", TYPE_DNSKEY), EDE_DNSSEC_BOGUS);
	// What depends on it cannot be judged, for the same reason.
	assert_verdict(ask_www(), VERDICT_FAILED, &w);
	assert_int_equal(w.result.ede, EDE_DNSSEC_BOGUS);
	signer_key_free(other);
}

static void a_ds_that_names_no_zone_key(void **state)
{
	static const struct {
		uint16_t flags;
		int ede;
	} cases[] = {{0x0001, EDE_NO_ZONE_KEY_BIT}, {0x0181, EDE_DNSKEY_MISSING}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct signer_key *key = signer_key_new(13, 0, 257);
		signer_key_set_flags(key, cases[i].flags);
		set_ds(signer_ds_rrset(ZONE, &key, 1, 2, 3600));
		set_keys(&key, 1, key, NULL);
		w.now_ms += 6000;
		assert_bogus(world_ask(&w, "signed.example.", TYPE_DNSKEY), cases[i].ede);
		signer_key_free(key);
	}
}

// ---- insecure, or stripped ----

// ATTACKS B9
static void b9_stripped_answers_under_a_secure_delegation_are_bogus(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
	} questions[] = {
		{"www.signed.example.", TYPE_A},     {"www.signed.example.", TYPE_AAAA},
		{"nx.signed.example.", TYPE_A},      {"alias.signed.example.", TYPE_A},
		{"x.wild.signed.example.", TYPE_A},  {"signed.example.", TYPE_DNSKEY},
		{"sub.signed.example.", TYPE_DS},    {"island.signed.example.", TYPE_DS},
		{"b.dname.signed.example.", TYPE_A},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		struct fixture f;
		assert_true(world_step(&w, questions[i].name, questions[i].type, &f));
		if (f.step.rrset != NULL)
			f.step.rrset = world_keep(&w, signer_strip(f.step.rrset));
		if (f.step.soa != NULL)
			f.step.soa = world_keep(&w, signer_strip(f.step.soa));
		f.step.proof_count = 0;
		enum verdict seen = world_judge(&w, &f.step);
		assert_verdict(seen, VERDICT_BOGUS, &w);
		assert_int_equal(w.result.ede, EDE_RRSIGS_MISSING);
		assert_int_equal(w.result.cut, CUT_UNKNOWN);
	}
}

static void an_insecure_zone_may_send_any_garbage(void **state)
{
	struct signer_key *key = signer_key_new(13, 0, 256);
	struct rrset *plain =
		world_keep(&w, signer_rrset("www.unsigned.example. 9 IN A 192.0.2.6"));
	static const char *const signers[] = {"unsigned.example.", "example.", ".", "com.",
					      "www.unsigned.example."};

	(void)state;
	for (size_t i = 0; i < sizeof(signers) / sizeof(signers[0]); i++) {
		struct fixture f;
		trust_forget(w.trust, signer_name("."));
		assert_true(world_step(&w, "www.unsigned.example.", TYPE_A, &f));
		f.step.rrset =
			world_keep(&w, signer_sign(plain, key, signer_name(signers[i]), NULL));
		assert_verdict(world_judge(&w, &f.step), VERDICT_INSECURE, &w);
		assert_int_equal(w.result.ede, EDE_NONE);
	}
	signer_key_free(key);
}

static void insecurity_lasts_as_long_as_its_proof(void **state)
{
	struct signer_zone *example = world_zone(&w, "example.");
	const uint8_t *name = signer_name("unsigned.example.");
	struct rrset *nsec = signer_strip(signer_zone_find(example, name, TYPE_NSEC));
	struct signer_options options = {.expiration_s = SIGNER_NOW + 1234};

	(void)state;
	signer_zone_replace(example, signer_sign(nsec, signer_zone_zsk(example),
						 signer_name("example."), &options));
	rrset_free(nsec);
	assert_verdict(world_ask(&w, "www.unsigned.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_int_equal(w.result.signature_expires_s, SIGNER_NOW + 1234);
	assert_int_equal(world_asked(&w, "unsigned.example.", TYPE_DS), 1);
	// Within it nothing is asked; after it, or after the TTL, the parent is.
	w.now_s += 100;
	w.now_ms += 100000;
	assert_verdict(world_ask(&w, "www.unsigned.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_int_equal(world_asked(&w, "unsigned.example.", TYPE_DS), 1);
	w.now_ms += 300000;
	assert_verdict(world_ask(&w, "www.unsigned.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_int_equal(world_asked(&w, "unsigned.example.", TYPE_DS), 2);
	w.now_s += 1200;
	assert_verdict(world_ask(&w, "www.unsigned.example.", TYPE_A), VERDICT_FAILED, &w);
	assert_int_equal(w.result.ede, EDE_SIGNATURE_EXPIRED);
}

// The zone that answers is known, so its DS is asked for before those of the names in between.
static void names_between_known_cuts_are_not_asked_for(void **state)
{
	static const struct signer_zone_options none = {.unsigned_ = true};
	char text[1000];

	(void)state;
	world_close(&w);
	world_open(&w);
	world_add(&w, signer_zone_new("8.b.d.0.1.0.0.2.ip6.arpa.",
				      "8.b.d.0.1.0.0.2.ip6.arpa. 9 IN SOA a. b. 1 2 3 4 5\n"
				      "8.b.d.0.1.0.0.2.ip6.arpa. 9 IN NS a.\n"
				      "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 9 IN PTR a.",
				      &none));
	snprintf(text, sizeof(text),
		 ". 9 IN SOA a. b. 1 2 3 4 5\n. 9 IN NS a.\n"
		 "8.b.d.0.1.0.0.2.ip6.arpa. 9 IN NS a.\n");
	world_anchor(&w, world_add(&w, signer_zone_new(".", text, NULL)));
	assert_verdict(world_ask(&w, "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", TYPE_PTR),
		       VERDICT_INSECURE, &w);
	assert_int_equal(w.asked_count, 2); // its DS, and the root's keys
	assert_int_equal(world_asked(&w, "8.b.d.0.1.0.0.2.ip6.arpa.", TYPE_DS), 1);
}

static void an_unsigned_cut_on_the_same_servers_is_found(void **state)
{
	struct fixture f;

	(void)state;
	// The resolver knows nothing below the root's servers.
	assert_true(world_step(&w, "a.b.c.unsigned.example.", TYPE_A, &f));
	f.step.zone = signer_name(".");
	assert_verdict(world_judge(&w, &f.step), VERDICT_INSECURE, &w);
	assert_int_equal(world_asked(&w, "example.", TYPE_DS), 1);
	assert_int_equal(world_asked(&w, "unsigned.example.", TYPE_DS), 1);
	assert_int_equal(world_asked(&w, "c.unsigned.example.", TYPE_DS), 0);
	// And in a secure zone every name is looked at before the answer is called bogus.
	assert_true(world_step(&w, "a.ent.signed.example.", TYPE_A, &f));
	f.step.zone = signer_name(".");
	f.step.rrset = world_keep(&w, signer_strip(f.step.rrset));
	assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
	assert_int_equal(world_asked(&w, "ent.signed.example.", TYPE_DS), 1);
	assert_int_equal(world_asked(&w, "a.ent.signed.example.", TYPE_DS), 1);
}

static void nothing_is_below_a_name_that_does_not_exist(void **state)
{
	struct fixture f;

	(void)state;
	assert_true(world_step(&w, "nx.signed.example.", TYPE_A, &f));
	f.step.name = signer_name("a.b.c.nx.signed.example.");
	f.step.proof_count = 0;
	// The zone that the SOA names is signed: no name below can excuse it.
	const struct rrset *soa = world_keep(&w, signer_strip(f.step.soa));
	f.step.soa = soa;
	assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
	assert_int_equal(world_asked(&w, "nx.signed.example.", TYPE_DS), 0);
	f.step.soa = NULL;
	assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
	assert_int_equal(world_asked(&w, "nx.signed.example.", TYPE_DS), 1);
	assert_int_equal(world_asked(&w, "c.nx.signed.example.", TYPE_DS), 0);
}

// ---- anchors and exceptions ----

static void without_an_anchor_everything_is_insecure(void **state)
{
	struct fixture f;

	(void)state;
	trust_free(w.trust);
	w.trust = trust_new(&(struct trust_config){.nsec3_iterations_max = 50}, w.batch);
	assert_int_equal(trust_anchor_count(w.trust), 0);
	assert_verdict(ask_www(), VERDICT_INSECURE, &w);
	assert_int_equal(w.result.signature_expires_s, VALIDATION_NEVER_EXPIRES);
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	f.step.rrset = world_keep(&w, signer_strip(f.step.rrset));
	assert_verdict(world_judge(&w, &f.step), VERDICT_INSECURE, &w);
	assert_int_equal(w.asked_count, 0);
	assert_int_equal(trust_zone_state(w.trust, ZONE, w.now_ms, w.now_s), ZONE_INSECURE);
}

// An island of trust: nothing above it can talk it down.
static void an_island_is_secure_and_cannot_be_talked_down(void **state)
{
	const uint8_t *island = signer_name("island.signed.example.");
	struct signer_zone *zone = world_zone(&w, "island.signed.example.");
	static const char *const above[] = {"signed.example.", "example.", "."};

	(void)state;
	for (int with_root = 0; with_root < 2; with_root++) {
		struct fixture f;
		trust_free(w.trust);
		w.trust = trust_new(&(struct trust_config){.nsec3_iterations_max = 50}, w.batch);
		world_anchor(&w, zone);
		if (with_root)
			world_anchor(&w, world_zone(&w, "."));
		assert_verdict(world_ask(&w, "www.island.signed.example.", TYPE_A), VERDICT_SECURE,
			       &w);
		assert_verdict(world_ask(&w, "nx.island.signed.example.", TYPE_A), VERDICT_SECURE,
			       &w);
		// Stripped; then signed by zones above, which are insecure or do not count here.
		assert_true(world_step(&w, "www.island.signed.example.", TYPE_A, &f));
		struct rrset *plain = world_keep(&w, signer_strip(f.step.rrset));
		f.step.rrset = plain;
		assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
		f.step.zone = signer_name(".");
		assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
		for (size_t i = 0; i < 3; i++) {
			struct signer_zone *up = world_zone(&w, above[i]);
			f.step.rrset = world_keep(&w, signer_sign(plain, signer_zone_zsk(up),
								  signer_name(above[i]), NULL));
			assert_bogus(world_judge(&w, &f.step), EDE_DNSSEC_BOGUS);
			trust_forget(w.trust, signer_name("."));
			assert_bogus(world_judge(&w, &f.step), EDE_DNSSEC_BOGUS);
		}
		assert_int_equal(trust_zone_state(w.trust, island, w.now_ms, w.now_s), ZONE_SECURE);
	}
}

static const struct rrset *sign_nsec3(const char *name, const struct signer_nsec3_params *params,
				      bool before)
{
	struct rrset *rrset = signer_nsec3(name, "signed.example.", params, before, NULL,
					   (const uint16_t[]){TYPE_TXT, 0}, 300);
	struct rrset *made = world_keep(
		&w,
		signer_sign(rrset, signer_zone_zsk(world_zone(&w, "signed.example.")), ZONE, NULL));

	rrset_free(rrset);
	return made;
}

// The operator's anchor outlived the zone, and a zone above, which is secure itself, proves it. An
// insecure one, or anything less than that proof, does not.
static void only_a_secure_nxdomain_ends_an_anchored_zone(void **state)
{
	struct signer_key *gone = signer_key_new(13, 0, 257);
	uint8_t rdata[64];
	size_t len = signer_ds(gone, signer_name("gone.signed.example."), 2, rdata);
	struct fixture f;

	(void)state;
	assert_int_equal(
		trust_anchor_add(w.trust, signer_name("gone.signed.example."), TYPE_DS, rdata, len),
		0);
	assert_verdict(world_ask(&w, "www.gone.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_verdict(world_ask(&w, "gone.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	// That a name inside it does not exist is not for the zone above to say.
	assert_int_equal(
		trust_anchor_add(w.trust, signer_name("ent.signed.example."), TYPE_DS, rdata, len),
		0);
	assert_bogus(world_ask(&w, "nx.ent.signed.example.", TYPE_A), EDE_NSEC_MISSING);
	assert_bogus(world_ask(&w, "ent.signed.example.", TYPE_A), EDE_DNSSEC_BOGUS);
	// In an opt-out span there may be insecure delegations: it proves nothing of an anchored
	// zone.
	const struct rrset *spans[STEP_PROOFS_MAX];
	for (int opt_out = 0; opt_out < 2; opt_out++) {
		const struct signer_nsec3_params params = {.opt_out = opt_out};
		assert_true(world_step(&w, "www.gone.signed.example.", TYPE_A, &f));
		spans[0] = sign_nsec3("signed.example.", &params, false);
		spans[1] = sign_nsec3("gone.signed.example.", &params, true);
		spans[2] = sign_nsec3("*.signed.example.", &params, true);
		f.step.proofs = spans;
		f.step.proof_count = 3;
		if (opt_out)
			assert_bogus(world_judge(&w, &f.step), EDE_NSEC_MISSING);
		else
			assert_verdict(world_judge(&w, &f.step), VERDICT_SECURE, &w);
	}
	// That it has no address says nothing of its being there.
	assert_true(world_step(&w, "www.gone.signed.example.", TYPE_A, &f));
	spans[0] = sign_nsec3("gone.signed.example.", &(struct signer_nsec3_params){0}, false);
	f.step.proofs = spans;
	f.step.proof_count = 1;
	assert_bogus(world_judge(&w, &f.step), EDE_NSEC_MISSING);
	// Unsigned, or by an insecure zone.
	assert_true(world_step(&w, "www.gone.signed.example.", TYPE_A, &f));
	const struct rrset *soa = f.step.soa;
	f.step.soa = world_keep(&w, signer_strip(soa));
	f.step.proof_count = 0;
	assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
	assert_int_equal(trust_insecure_add(w.trust, ZONE, UINT64_MAX, true), 0);
	assert_true(world_step(&w, "www.gone.signed.example.", TYPE_A, &f));
	assert_bogus(world_judge(&w, &f.step), EDE_DNSSEC_BOGUS);
	signer_key_free(gone);
}

static void an_anchor_may_be_a_ds_or_a_dnskey(void **state)
{
	struct signer_zone *root = world_zone(&w, ".");
	const struct signer_key *key = signer_zone_ksk(root);
	uint8_t rdata[64];

	(void)state;
	for (uint8_t type = 0; type < 4; type++) {
		trust_free(w.trust);
		w.trust = trust_new(&(struct trust_config){.nsec3_iterations_max = 50}, w.batch);
		size_t len = signer_ds(key, signer_name("."), type == 3 ? 4 : type, rdata);
		int rc = type == 0
				 ? trust_anchor_add(w.trust, signer_name("."), TYPE_DNSKEY,
						    key->rdata, key->rdlen)
				 : trust_anchor_add(w.trust, signer_name("."), TYPE_DS, rdata, len);
		assert_int_equal(rc, 0);
		assert_int_equal(trust_anchor_count(w.trust), 1);
		assert_verdict(ask_www(), VERDICT_SECURE, &w);
	}
	// Another key's.
	trust_free(w.trust);
	w.trust = trust_new(&(struct trust_config){.nsec3_iterations_max = 50}, w.batch);
	assert_int_equal(trust_anchor_add(w.trust, signer_name("."), TYPE_DNSKEY, ksk()->rdata,
					  ksk()->rdlen),
			 0);
	assert_bogus(world_ask(&w, ".", TYPE_DNSKEY), EDE_DNSKEY_MISSING);
	// Beside the right one it does no harm.
	world_anchor(&w, root);
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
}

static void anchors_that_cannot_be_used_are_refused(void **state)
{
	uint8_t ds[] = {0, 1, 12, 2, 1, 2, 3, 4}, key[] = {1, 1, 3, 12, 1, 2, 3, 4};

	(void)state;
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DS, ds, sizeof(ds)), -ENOTSUP);
	ds[2] = 13;
	ds[3] = 3;
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DS, ds, sizeof(ds)), -ENOTSUP);
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DS, ds, 3), -EINVAL);
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_A, ds, sizeof(ds)), -EINVAL);
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DNSKEY, key, sizeof(key)), -ENOTSUP);
	key[3] = 13;
	key[1] = 0x81; // revoked
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DNSKEY, key, sizeof(key)), -EINVAL);
	key[0] = 0;
	key[1] = 1;
	assert_int_equal(trust_anchor_add(w.trust, ZONE, TYPE_DNSKEY, key, sizeof(key)), -EINVAL);
	assert_int_equal(trust_anchor_count(w.trust), 1);
}

static void a_negative_trust_anchor_holds_for_its_time(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(trust_insecure_add(w.trust, ZONE, w.now_ms + 3600000, true), 0);
	assert_verdict(ask_www(), VERDICT_INSECURE, &w);
	assert_true(w.result.nta);
	assert_int_equal(w.result.ede, EDE_NEGATIVE_TRUST_ANCHOR);
	assert_int_equal(w.result.signature_expires_s, w.now_s + 3600);
	// Also of zones below it that have their DS; not of the parent's DS for it.
	assert_verdict(world_ask(&w, "www.sub.signed.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_true(w.result.nta);
	assert_verdict(world_ask(&w, "signed.example.", TYPE_DS), VERDICT_SECURE, &w);
	assert_verdict(world_ask(&w, "example.", TYPE_SOA), VERDICT_SECURE, &w);
	assert_int_equal(trust_zone_state(w.trust, ZONE, w.now_ms, w.now_s), ZONE_INSECURE);
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	f.step.rrset = world_keep(&w, signer_strip(f.step.rrset));
	assert_verdict(world_judge(&w, &f.step), VERDICT_INSECURE, &w);
	// It ends, and nothing that was learned under it outlives it.
	w.now_ms += 3600000;
	assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	assert_false(w.result.nta);
}

static void exceptions_can_be_taken_back(void **state)
{
	(void)state;
	assert_int_equal(trust_insecure_add(w.trust, ZONE, UINT64_MAX, false), 0);
	assert_verdict(ask_www(), VERDICT_INSECURE, &w);
	assert_false(w.result.nta);
	assert_int_equal(w.result.ede, EDE_NONE);
	trust_forget(w.trust, signer_name(".")); // not the operator's word
	assert_verdict(ask_www(), VERDICT_INSECURE, &w);
	assert_true(trust_insecure_remove(w.trust, ZONE));
	assert_false(trust_insecure_remove(w.trust, ZONE));
	assert_false(trust_insecure_remove(w.trust, signer_name("www.example.")));
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
}

// ---- what is learned ----

// ATTACKS B6
static void b6_bogus_data_teach_nothing(void **state)
{
	struct fixture f;
	struct signer_key *evil = signer_key_new(13, 0, 257);
	struct rrset *ds = signer_ds_rrset(ZONE, &evil, 1, 2, 3600);
	struct signer_zone *example = world_zone(&w, "example.");

	(void)state;
	assert_true(world_step(&w, "signed.example.", TYPE_DS, &f));
	f.step.rrset =
		world_keep(&w, signer_sign(ds, signer_zone_zsk(example), signer_name("example."),
					   &(struct signer_options){.corrupt = true}));
	assert_bogus(world_judge(&w, &f.step), EDE_DNSSEC_BOGUS);
	trust_learn(w.trust, &f.step, &w.result, w.now_ms, w.now_s);
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DS), 1);
	// Nor does an INSECURE that comes from above, by the same road.
	assert_verdict(world_ask(&w, "x.unsigned.example.", TYPE_DS), VERDICT_INSECURE, &w);
	assert_int_equal(w.result.cut, CUT_UNKNOWN);
	rrset_free(ds);
	signer_key_free(evil);
}

// A bogus answer first, for CD=1, does not spoil the good one after it, and the other way round.
static void b6_order_of_good_and_bogus_does_not_matter(void **state)
{
	struct fixture good, bad;

	(void)state;
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &good));
	bad = good;
	bad.step.rrset =
		world_keep(&w, signer_sign(world_keep(&w, signer_strip(good.step.rrset)), zsk(),
					   ZONE, &(struct signer_options){.corrupt = true}));
	for (int i = 0; i < 3; i++) {
		assert_bogus(world_judge(&w, &bad.step), EDE_DNSSEC_BOGUS);
		assert_verdict(world_judge(&w, &good.step), VERDICT_SECURE, &w);
	}
}

static void keys_with_ttl_0_serve_the_query_they_were_fetched_for(void **state)
{
	struct signer_key *keys[] = {ksk(), zsk()};
	struct rrset *rrset = signer_dnskey_rrset(ZONE, keys, 2, 0);

	(void)state;
	signer_zone_replace(world_zone(&w, "signed.example."),
			    signer_sign(rrset, ksk(), ZONE, NULL));
	rrset_free(rrset);
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	w.now_ms += 11000;
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DNSKEY), 2);
}

static void what_cannot_be_fetched_is_held_against_nobody(void **state)
{
	struct fixture f;

	(void)state;
	// The root is not there any more, and nothing is known yet.
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	for (size_t i = 0; i < w.zone_count; i++) {
		if (name_is_root(signer_zone_apex(w.zones[i]))) {
			signer_zone_free(w.zones[i]);
			w.zones[i] = w.zones[--w.zone_count];
		}
	}
	assert_verdict(world_judge(&w, &f.step), VERDICT_FAILED, &w);
	assert_int_equal(w.result.ede, EDE_NO_REACHABLE_AUTHORITY);
}

// A key roll inside the TTL is no attack.
static void a_rolled_zsk_is_fetched_once_more(void **state)
{
	struct signer_key *rolled = signer_key_new(13, 0, 256);
	struct signer_key *keys[] = {ksk(), zsk(), rolled};
	struct fixture f;
	struct rrset *rrset;

	(void)state;
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	f.step.rrset = world_keep(
		&w, signer_sign(world_keep(&w, signer_strip(f.step.rrset)), rolled, ZONE, NULL));
	rrset = signer_dnskey_rrset(ZONE, keys, 3, 3600);
	signer_zone_replace(world_zone(&w, "signed.example."),
			    signer_sign(rrset, ksk(), ZONE, NULL));
	rrset_free(rrset);
	size_t before = w.asked_count;
	assert_verdict(world_judge(&w, &f.step), VERDICT_SECURE, &w);
	assert_int_equal(w.asked_count, before + 1);
	assert_true(w.asked[before].fresh);
	assert_int_equal(w.asked[before].type, TYPE_DNSKEY);
	signer_key_free(rolled);
}

static void a_rolled_ksk_is_found_through_the_ds_fetched_once_more(void **state)
{
	struct signer_key *rolled = signer_key_new(15, 0, 257);
	struct signer_key *keys[] = {rolled, zsk()};
	struct signer_zone *example = world_zone(&w, "example.");
	struct rrset *rrset;

	(void)state;
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	rrset = signer_ds_rrset(ZONE, &rolled, 1, 2, 3600);
	signer_zone_replace(example, signer_sign(rrset, signer_zone_zsk(example),
						 signer_name("example."), NULL));
	rrset_free(rrset);
	rrset = signer_dnskey_rrset(ZONE, keys, 2, 3600);
	signer_zone_replace(world_zone(&w, "signed.example."),
			    signer_sign(rrset, rolled, ZONE, NULL));
	rrset_free(rrset);
	assert_verdict(world_ask(&w, "signed.example.", TYPE_DNSKEY), VERDICT_SECURE, &w);
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DS), 2);
	assert_true(w.asked[w.asked_count - 1].fresh);
	signer_key_free(rolled);
}

static void a_zone_that_is_new_below_a_secure_one_is_found(void **state)
{
	struct fixture f;
	struct signer_zone *zone;
	static const char text[] = "www.signed.example. 9 IN SOA a. b. 1 2 3 4 5\n"
				   "www.signed.example. 9 IN NS a.\n"
				   "www.signed.example. 9 IN A 192.0.2.99\n";

	(void)state;
	// That no cut is there is known...
	assert_true(world_step(&w, "www.signed.example.", TYPE_DS, &f));
	assert_verdict(world_judge(&w, &f.step), VERDICT_SECURE, &w);
	assert_int_equal(w.result.cut, CUT_NONE);
	trust_learn(w.trust, &f.step, &w.result, w.now_ms, w.now_s);
	// ... and then it is.
	zone = world_add(&w, signer_zone_new("www.signed.example.", text, NULL));
	struct rrset *ds = signer_rrset(signer_zone_ds_text(zone));
	signer_zone_replace(world_zone(&w, "signed.example."), signer_sign(ds, zsk(), ZONE, NULL));
	rrset_free(ds);
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	assert_true(name_equal(w.result.signer, signer_name("www.signed.example.")));
}

// ---- bounds ----

static void cold_chains_do_not_nest_deeply(void **state)
{
	struct signer_zone *child = NULL;
	char apex[300], text[1000];

	(void)state;
	// Ten zones below each other, one label each.
	world_close(&w);
	world_open(&w);
	for (int labels = 10; labels >= 0; labels--) {
		apex[0] = '\0';
		for (int i = labels; i > 0; i--)
			sprintf(apex + strlen(apex), "n%d.", i);
		if (labels == 0)
			strcpy(apex, ".");
		snprintf(text, sizeof(text),
			 "%s 300 IN SOA a. b. 1 2 3 4 5\n%s 300 IN NS a.\n%s%s 300 IN A "
			 "192.0.2.1\n%s",
			 apex, apex, labels == 0 ? "www" : "www.", labels == 0 ? "." : apex,
			 child != NULL ? signer_zone_ds_text(child) : "");
		if (child != NULL) {
			char line[300], name[NAME_TEXT_MAX];
			snprintf(line, sizeof(line), "%s 300 IN NS a.\n",
				 name_to_text(signer_zone_apex(child), name));
			strcat(text, line);
		}
		child = world_add(&w, signer_zone_new(apex, text, NULL));
	}
	world_anchor(&w, child);
	budget_start(&w.budget, w.now_ms);
	assert_verdict(world_ask(&w, "www.n10.n9.n8.n7.n6.n5.n4.n3.n2.n1.", TYPE_A), VERDICT_SECURE,
		       &w);
	assert_true(w.depth_max <= BUDGET_DEPTH_MAX);
}

static void zones_are_bounded_and_anchors_stay(void **state)
{
	struct fixture f;

	(void)state;
	trust_free(w.trust);
	w.trust = trust_new(&(struct trust_config){.zones_max = 8, .nsec3_iterations_max = 50},
			    w.batch);
	world_anchor(&w, world_zone(&w, "."));
	assert_int_equal(trust_insecure_add(w.trust, signer_name("nta."), UINT64_MAX, true), 0);
	for (int i = 0; i < 100; i++) {
		char name[100];
		snprintf(name, sizeof(name), "x%d.signed.example.", i);
		assert_true(world_step(&w, name, TYPE_DS, &f));
		budget_start(&w.budget, w.now_ms);
		assert_verdict(world_judge(&w, &f.step), VERDICT_SECURE, &w);
		trust_learn(w.trust, &f.step, &w.result, w.now_ms, w.now_s);
	}
	// What is in use stays, asked-for noise goes.
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DNSKEY), 1);
	assert_int_equal(trust_zone_state(w.trust, signer_name("a.nta."), w.now_ms, w.now_s),
			 ZONE_INSECURE);
	assert_int_equal(trust_anchor_count(w.trust), 1);
	// The operator's word does, whether anybody asks below it or not.
	assert_non_null(trust_anchors(w.trust, signer_name(".")));
	assert_true(trust_insecure_remove(w.trust, signer_name("nta.")));
	assert_int_equal(trust_zone_state(w.trust, signer_name("a.nta."), w.now_ms, w.now_s),
			 ZONE_SECURE);
}

// RFC 5011: anchors come and go while the daemon runs.
static void an_anchor_that_goes_takes_the_keys_it_vouched_for(void **state)
{
	const uint8_t *root = signer_name(".");
	const struct signer_key *ksk = signer_zone_ksk(world_zone(&w, "."));
	struct signer_key *other = signer_key_new(13, 0, 257);
	const struct moment moment = {w.now_ms, w.now_s};
	uint8_t ds[64], other_ds[64];
	struct trust_anchor anchors[] = {
		{TYPE_DS, ds, (uint16_t)signer_ds(ksk, root, 2, ds)},
		{TYPE_DS, other_ds, (uint16_t)signer_ds(other, root, 2, other_ds)},
	};

	(void)state;
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	// Another one beside it changes nothing.
	assert_int_equal(trust_anchors_set(w.trust, root, anchors, 2), 0);
	assert_int_equal(trust_anchor_count(w.trust), 2);
	struct records *keys = trust_keys(w.trust, root, &moment);
	assert_non_null(keys);
	records_unref(keys);
	assert_int_equal(trust_anchors_set(w.trust, root, &anchors[1], 1), 0);
	assert_null(trust_keys(w.trust, root, &moment));
	trust_forget(w.trust, root);
	budget_start(&w.budget, w.now_ms);
	assert_int_not_equal(ask_www(), VERDICT_SECURE);
	// None at all: as if never configured (RFC 5011 §5).
	assert_int_equal(trust_anchors_set(w.trust, root, NULL, 0), 0);
	assert_int_equal(trust_anchor_count(w.trust), 0);
	budget_start(&w.budget, w.now_ms);
	assert_verdict(ask_www(), VERDICT_INSECURE, &w);
	// One that may be none leaves things as they are.
	anchors[1].type = TYPE_A;
	assert_int_equal(trust_anchors_set(w.trust, root, anchors, 2), -EINVAL);
	assert_int_equal(trust_anchor_count(w.trust), 0);
	signer_key_free(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(an_anchor_that_goes_takes_the_keys_it_vouched_for),
		TEST(b7_b8_which_ds_count),
		TEST(c3_hashing_keys_for_ds_is_bounded),
		TEST(c3_two_keys_of_one_tag_are_hashed_per_ds),
		TEST(causes_of_a_bogus_dnskey_rrset),
		TEST(a_ds_that_names_no_zone_key),
		TEST(b9_stripped_answers_under_a_secure_delegation_are_bogus),
		TEST(an_insecure_zone_may_send_any_garbage),
		TEST(insecurity_lasts_as_long_as_its_proof),
		TEST(names_between_known_cuts_are_not_asked_for),
		TEST(an_unsigned_cut_on_the_same_servers_is_found),
		TEST(nothing_is_below_a_name_that_does_not_exist),
		TEST(without_an_anchor_everything_is_insecure),
		TEST(an_island_is_secure_and_cannot_be_talked_down),
		TEST(only_a_secure_nxdomain_ends_an_anchored_zone),
		TEST(an_anchor_may_be_a_ds_or_a_dnskey),
		TEST(anchors_that_cannot_be_used_are_refused),
		TEST(a_negative_trust_anchor_holds_for_its_time),
		TEST(exceptions_can_be_taken_back),
		TEST(b6_bogus_data_teach_nothing),
		TEST(b6_order_of_good_and_bogus_does_not_matter),
		TEST(keys_with_ttl_0_serve_the_query_they_were_fetched_for),
		TEST(what_cannot_be_fetched_is_held_against_nobody),
		TEST(a_rolled_zsk_is_fetched_once_more),
		TEST(a_rolled_ksk_is_found_through_the_ds_fetched_once_more),
		TEST(a_zone_that_is_new_below_a_secure_one_is_found),
		TEST(cold_chains_do_not_nest_deeply),
		TEST(zones_are_bounded_and_anchors_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
