// What NSEC may and may not prove, and wildcards. Rows B2, B4, B5, B12, B13 of ATTACKS.
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/denying.h"

#include <stdio.h>
#include <string.h>

// ---- NSEC ----

static void nodata_needs_the_type_and_cname_clear(void **state)
{
	(void)state;
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A, TYPE_RRSIG, TYPE_NSEC));
	assert_proven();
	assert_int_equal(w.result.proofs_used, 1);
	assert_int_equal(w.result.soa_ttl_s, 3600);
	assert_int_equal(w.result.proof_ttl_s[0], 300);
	deny(STEP_NODATA, "www.signed.example.", TYPE_A);
	nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A, TYPE_RRSIG, TYPE_NSEC));
	assert_bogus();
	assert_int_equal(w.result.ede, EDE_NSEC_MISSING);
	// RFC 6840 §4.3
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_CNAME, TYPE_RRSIG, TYPE_NSEC));
	assert_bogus();
	// Of another name.
	deny(STEP_NODATA, "wwx.signed.example.", TYPE_AAAA);
	nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A, TYPE_RRSIG, TYPE_NSEC));
	assert_bogus();
}

static void nxdomain_needs_name_and_wildcard_covered(void **state)
{
	(void)state;
	deny(STEP_NXDOMAIN, "m.signed.example.", TYPE_A);
	nsec("l.signed.example.", "n.signed.example.", TYPES(TYPE_A));
	assert_bogus();
	assert_int_equal(w.result.ede, EDE_NSEC_MISSING);
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_proven();
	assert_int_equal(w.result.proofs_used, 3);
	// The wildcard exists.
	deny(STEP_NXDOMAIN, "m.signed.example.", TYPE_A);
	nsec("l.signed.example.", "n.signed.example.", TYPES(TYPE_A));
	nsec("*.signed.example.", "a.signed.example.", TYPES(TYPE_A));
	assert_bogus();
	// One record for both: the last of the zone.
	deny(STEP_NXDOMAIN, "z.z.signed.example.", TYPE_A);
	nsec("y.signed.example.", "signed.example.", TYPES(TYPE_A));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_proven();
	// A zone of one name.
	deny(STEP_NXDOMAIN, "z.z.signed.example.", TYPE_A);
	nsec("signed.example.", "signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_proven();
}

static void an_empty_non_terminal_exists(void **state)
{
	(void)state;
	deny(STEP_NXDOMAIN, "m.signed.example.", TYPE_A);
	nsec("l.signed.example.", "a.m.signed.example.", TYPES(TYPE_A));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_proven();
	assert_int_equal(w.result.kind, STEP_NODATA);
	deny(STEP_NODATA, "m.signed.example.", TYPE_A);
	nsec("l.signed.example.", "a.m.signed.example.", TYPES(TYPE_A));
	assert_proven();
	assert_int_equal(w.result.kind, STEP_NODATA);
}

// RFC 4592 §2.2.2, §2.2.3: it matches, and has nothing.
static void a_wildcard_may_be_an_empty_non_terminal(void **state)
{
	static const uint16_t types[] = {TYPE_A, TYPE_DS, TYPE_CNAME, TYPE_NS};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		deny(STEP_NODATA, "m.signed.example.", types[i]);
		nsec("l.signed.example.", "n.signed.example.", TYPES(TYPE_A));
		nsec("signed.example.", "a.*.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
		assert_proven();
		assert_int_equal(w.result.proofs_used, 3);
		assert_int_equal(w.result.kind, STEP_NODATA);
	}
	// One record for both.
	deny(STEP_NODATA, "!.signed.example.", TYPE_A);
	nsec("signed.example.", "a.*.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_proven();
	assert_int_equal(w.result.proofs_used, 1);
	// Next to another encloser than the name's.
	deny(STEP_NODATA, "m.x.signed.example.", TYPE_A);
	nsec("l.x.signed.example.", "n.x.signed.example.", TYPES(TYPE_A));
	nsec("signed.example.", "a.*.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_bogus();
	// Only what is below it exists, and that without the name.
	deny(STEP_NODATA, "m.signed.example.", TYPE_A);
	nsec("signed.example.", "a.*.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_bogus();
	// The record of a delegation says nothing of what is below.
	deny(STEP_NODATA, "m.y.signed.example.", TYPE_A);
	nsec("l.y.signed.example.", "n.y.signed.example.", TYPES(TYPE_A));
	nsec("y.signed.example.", "a.*.y.signed.example.", TYPES(TYPE_NS));
	assert_bogus();
}

// The RCODE is not signed. Whichever it is, the answer is what the records show.
static void the_proof_decides_not_the_rcode(void **state)
{
	(void)state;
	deny(STEP_NXDOMAIN, "m.signed.example.", TYPE_DS);
	nsec("l.signed.example.", "a.m.signed.example.", TYPES(TYPE_A));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_proven();
	assert_int_equal(w.result.kind, STEP_NODATA);
	assert_int_equal(w.result.cut, CUT_NONE);
	deny(STEP_NXDOMAIN, "m.signed.example.", TYPE_A);
	nsec("m.signed.example.", "n.signed.example.", TYPES(TYPE_TXT, TYPE_RRSIG, TYPE_NSEC));
	assert_proven();
	assert_int_equal(w.result.kind, STEP_NODATA);
	deny(STEP_NXDOMAIN, "dele.signed.example.", TYPE_DS);
	nsec("dele.signed.example.", "e.signed.example.", TYPES(TYPE_NS, TYPE_RRSIG, TYPE_NSEC));
	assert_proven();
	assert_int_equal(w.result.kind, STEP_NODATA);
	assert_int_equal(w.result.cut, CUT_INSECURE);
	deny(STEP_NODATA, "m.signed.example.", TYPE_DS);
	nsec("l.signed.example.", "n.signed.example.", TYPES(TYPE_A));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_proven();
	assert_int_equal(w.result.kind, STEP_NXDOMAIN);
	// What contradicts itself says nothing of names below.
	assert_int_equal(w.result.cut, CUT_NONE);
	// What a referral says has no SOA: a zone that is delegated exists.
	deny(STEP_NODATA, "m.signed.example.", TYPE_DS);
	f.step.soa = NULL;
	nsec("l.signed.example.", "n.signed.example.", TYPES(TYPE_A));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_bogus();
	// A type that is there is denied by nothing.
	deny(STEP_NXDOMAIN, "m.signed.example.", TYPE_A);
	nsec("m.signed.example.", "n.signed.example.", TYPES(TYPE_A, TYPE_RRSIG, TYPE_NSEC));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_bogus();
}

static void the_ends_of_a_span_are_not_in_it(void **state)
{
	static const char *const names[] = {"l.signed.example.", "n.signed.example.",
					    "k.signed.example.", "o.signed.example."};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		deny(STEP_NXDOMAIN, names[i], TYPE_A);
		nsec("l.signed.example.", "n.signed.example.", TYPES(TYPE_A));
		nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
		assert_bogus();
	}
	// Backwards, though not to the apex.
	deny(STEP_NXDOMAIN, "z.signed.example.", TYPE_A);
	nsec("y.signed.example.", "b.signed.example.", TYPES(TYPE_A));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_bogus();
}

// ATTACKS B2: B CVE-2026-13321.
static void b2_an_nsec_that_leads_out_of_its_zone_proves_nothing(void **state)
{
	(void)state;
	deny(STEP_NXDOMAIN, "z.signed.example.", TYPE_A);
	nsec("y.signed.example.", "z.example.", TYPES(TYPE_A));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_bogus();
	// Names beside the zone, by a record of the zone.
	deny(STEP_NXDOMAIN, "victim.example.", TYPE_A);
	nsec("signed.example.", "z.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_bogus();
	deny(STEP_NODATA, "victim.example.", TYPE_A);
	nsec("victim.example.", "z.example.", TYPES(TYPE_TXT));
	assert_bogus();
	// And when the record is of one zone, and signed by another.
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	add(sign_as("sub.signed.example.",
		    signer_nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A), 300)));
	assert_bogus();
}

static void an_nsec_expanded_from_a_wildcard_proves_nothing(void **state)
{
	struct rrset *rrset = signer_nsec("www.signed.example.", "x.signed.example.",
					  TYPES(TYPE_A, TYPE_NSEC, TYPE_RRSIG), 300);
	struct signer_options options = {
		.has_labels = true,
		.labels = 2,
		.signed_owner = signer_name("*.signed.example."),
	};

	(void)state;
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	add(world_keep(&w, signer_sign(rrset, zsk("signed.example."), ZONE, &options)));
	assert_bogus();
	rrset_free(rrset);
}

// RFC 6840 §4.1; ATTACKS B4.
static void b4_the_record_of_a_delegation_proves_nothing_below(void **state)
{
	(void)state;
	deny(STEP_NODATA, "island.signed.example.", TYPE_A);
	nsec("island.signed.example.", "j.signed.example.", TYPES(TYPE_NS, TYPE_RRSIG, TYPE_NSEC));
	assert_bogus();
	deny(STEP_NXDOMAIN, "x.dele.signed.example.", TYPE_A);
	nsec("dele.signed.example.", "j.signed.example.", TYPES(TYPE_NS, TYPE_RRSIG, TYPE_NSEC));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_bogus();
	// RFC 6672 §5.3.4.1
	deny(STEP_NXDOMAIN, "x.dele.signed.example.", TYPE_A);
	nsec("dele.signed.example.", "j.signed.example.", TYPES(TYPE_DNAME, TYPE_RRSIG, TYPE_NSEC));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_bogus();
	// It does say something of names that sort behind it.
	deny(STEP_NXDOMAIN, "e.signed.example.", TYPE_A);
	nsec("dele.signed.example.", "j.signed.example.", TYPES(TYPE_NS, TYPE_RRSIG, TYPE_NSEC));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_proven();
}

// ATTACKS B4: the grandparent's record, valid in itself, for a name in a secure child.
static void b4_the_zone_above_denies_nothing_in_a_secure_child(void **state)
{
	struct signer_zone *example = world_zone(&w, "example.");

	(void)state;
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	for (int kind = STEP_NODATA; kind <= STEP_NXDOMAIN; kind++) {
		deny((enum step_kind)kind, "www.signed.example.", TYPE_A);
		f.step.soa = signer_zone_find(example, signer_name("example."), TYPE_SOA);
		add(signer_zone_find(example, ZONE, TYPE_NSEC));
		add(signer_zone_find(example, signer_name("example."), TYPE_NSEC));
		add(signer_zone_find(example, signer_name("ns.example."), TYPE_NSEC));
		assert_bogus();
	}
	// Even made for the purpose by a parent that went mad, and with nothing known of the child.
	trust_forget(w.trust, ZONE);
	deny(STEP_NODATA, "www.signed.example.", TYPE_A);
	f.step.soa = signer_zone_find(example, signer_name("example."), TYPE_SOA);
	add(sign_as("example.", signer_nsec("signed.example.", "unsigned.example.",
					    TYPES(TYPE_NS, TYPE_DS), 300)));
	assert_bogus();
}

// RFC 4035 §5.2, RFC 6840 §4.4; ATTACKS B4.
static void b4_only_the_parent_denies_a_ds(void **state)
{
	struct signer_zone *sub = world_zone(&w, "sub.signed.example.");
	const uint8_t *name = signer_name("sub.signed.example.");

	(void)state;
	// The child's own NSEC, with SOA and NS: it has no DS bit, of course.
	deny(STEP_NODATA, "sub.signed.example.", TYPE_DS);
	f.step.soa = signer_zone_find(sub, name, TYPE_SOA);
	f.step.zone = name;
	add(signer_zone_find(sub, name, TYPE_NSEC));
	assert_bogus();
	assert_int_equal(w.result.cut, CUT_UNKNOWN);
	// The same, signed by the parent.
	deny(STEP_NODATA, "sub.signed.example.", TYPE_DS);
	nsec("sub.signed.example.", "www.signed.example.", TYPES(TYPE_SOA, TYPE_NS, TYPE_DNSKEY));
	assert_bogus();
	// The parent's, which says that there is one.
	deny(STEP_NODATA, "sub.signed.example.", TYPE_DS);
	nsec("sub.signed.example.", "www.signed.example.", TYPES(TYPE_NS, TYPE_DS));
	assert_bogus();
}

static void b4_nor_does_the_child_assert_one(void **state)
{
	struct signer_zone *signed_ = world_zone(&w, "signed.example.");
	const uint8_t *name = signer_name("sub.signed.example.");

	(void)state;
	deny(STEP_ANSWER, "sub.signed.example.", TYPE_DS);
	f.step.soa = NULL;
	f.step.rrset = sign_as("sub.signed.example.",
			       signer_strip(signer_zone_find(signed_, name, TYPE_DS)));
	assert_bogus();
	assert_int_equal(world_asked(&w, "sub.signed.example.", TYPE_DS), 0);
	assert_int_equal(world_asked(&w, "sub.signed.example.", TYPE_DNSKEY), 0);
}

static void a_ds_denial_says_what_kind_of_name_it_is(void **state)
{
	(void)state;
	deny(STEP_NODATA, "d.signed.example.", TYPE_DS);
	nsec("d.signed.example.", "e.signed.example.", TYPES(TYPE_NS, TYPE_RRSIG, TYPE_NSEC));
	assert_proven();
	assert_int_equal(w.result.cut, CUT_INSECURE);
	deny(STEP_NODATA, "d.signed.example.", TYPE_DS);
	nsec("d.signed.example.", "e.signed.example.", TYPES(TYPE_A, TYPE_RRSIG, TYPE_NSEC));
	assert_proven();
	assert_int_equal(w.result.cut, CUT_NONE);
	deny(STEP_NODATA, "d.signed.example.", TYPE_DS);
	nsec("c.signed.example.", "e.d.signed.example.", TYPES(TYPE_A, TYPE_RRSIG, TYPE_NSEC));
	assert_proven();
	assert_int_equal(w.result.cut, CUT_NONE);
	deny(STEP_NXDOMAIN, "d.signed.example.", TYPE_DS);
	nsec("c.signed.example.", "e.signed.example.", TYPES(TYPE_A, TYPE_RRSIG, TYPE_NSEC));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_proven();
	assert_int_equal(w.result.cut, CUT_NOTHING_BELOW);
}

// A referral carries no SOA.
static void a_denial_without_soa_is_proven_too(void **state)
{
	(void)state;
	deny(STEP_NODATA, "d.signed.example.", TYPE_DS);
	f.step.soa = NULL;
	nsec("d.signed.example.", "e.signed.example.", TYPES(TYPE_NS, TYPE_RRSIG, TYPE_NSEC));
	assert_proven();
}

static void a_denial_stands_only_with_a_good_soa(void **state)
{
	(void)state;
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	struct rrset *soa = signer_strip(f.step.soa);
	nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A, TYPE_RRSIG, TYPE_NSEC));
	f.step.soa = soa;
	assert_bogus();
	assert_int_equal(w.result.ede, EDE_RRSIGS_MISSING);
	f.step.soa = world_keep(&w, signer_sign(soa, zsk("signed.example."), ZONE,
						&(struct signer_options){.corrupt = true}));
	assert_bogus();
	f.step.soa =
		signer_zone_find(world_zone(&w, "example."), signer_name("example."), TYPE_SOA);
	assert_bogus();
	// Signed by the zone, but not its own.
	f.step.soa = sign(signer_move(soa, signer_name("www.signed.example.")));
	assert_bogus();
	rrset_free(soa);
}

static void a_forged_record_beside_good_ones_does_no_harm(void **state)
{
	struct rrset *rrset = signer_nsec("www.signed.example.", "x.signed.example.",
					  TYPES(TYPE_A, TYPE_NSEC, TYPE_RRSIG), 300);

	(void)state;
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	add(world_keep(&w, signer_sign(rrset, zsk("signed.example."), ZONE,
				       &(struct signer_options){.corrupt = true})));
	assert_bogus();
	assert_int_equal(w.result.ede, EDE_DNSSEC_BOGUS);
	nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A, TYPE_RRSIG, TYPE_NSEC));
	assert_proven();
	assert_int_equal(w.result.proofs_used, 2);
	rrset_free(rrset);
}

static void other_good_records_go_along_and_bad_ones_do_not(void **state)
{
	struct rrset *forged =
		signer_nsec("b.signed.example.", "c.signed.example.", TYPES(TYPE_A), 300);

	(void)state;
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A, TYPE_RRSIG, TYPE_NSEC));
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	add(world_keep(&w, signer_sign(forged, zsk("signed.example."), ZONE,
				       &(struct signer_options){.corrupt = true})));
	// ATTACKS B2: not out of the zone.
	nsec("y.signed.example.", "z.example.", TYPES(TYPE_A));
	assert_proven();
	assert_int_equal(w.result.proofs_used, 3);
	assert_int_equal(w.result.proof_ttl_s[1], 300);
	assert_int_equal(w.result.proof_ttl_s[2], UINT32_MAX);
	assert_int_equal(w.budget.left[BUDGET_failed_signatures], 15);
	// Nothing is verified for that when the budget is not ample.
	w.budget.left[BUDGET_failed_signatures] = 5;
	f.proofs[2] = world_keep(&w, signer_sign(forged, zsk("signed.example."), ZONE,
						 &(struct signer_options){
							 .corrupt = true,
							 .expiration_s = SIGNER_NOW + 9,
						 }));
	assert_proven();
	assert_int_equal(w.budget.left[BUDGET_failed_signatures], 5);
	rrset_free(forged);
}

// ---- wildcards: ATTACKS B5 ----

// U CVE-2017-15105, K CVE-2018-1000002, P CVE-2026-52686.
static void b5_an_expanded_wildcard_needs_its_proof(const char *wildcard, uint16_t type,
						    const char *name)
{
	struct fixture whole;

	assert_true(world_step(&w, name, TYPE_A, &whole));
	expand(wildcard, type, name);
	memcpy(f.proofs, whole.proofs, sizeof(f.proofs));
	f.step.proof_count = whole.step.proof_count;
	assert_proven();
	assert_true(w.result.wildcard);
	assert_true(w.result.proofs_used != 0);
	f.step.proof_count = 0;
	assert_bogus();
	assert_int_equal(w.result.ede, EDE_NSEC_MISSING);
	// The proof for another name.
	nsec("w.other.signed.example.", "y.other.signed.example.", TYPES(TYPE_A));
	nsec3("x.other.signed.example.", true, TYPES(TYPE_A));
	assert_bogus();
	// Unsigned proofs.
	assert_true(world_step(&w, name, TYPE_A, &whole));
	for (size_t i = 0; i < whole.step.proof_count; i++)
		f.proofs[i] = world_keep(&w, signer_strip(whole.proofs[i]));
	f.step.proof_count = whole.step.proof_count;
	assert_bogus();
}

static void b5_positive_and_cname_wildcards_need_their_proof(void **state)
{
	(void)state;
	b5_an_expanded_wildcard_needs_its_proof("*.wild.signed.example.", TYPE_A,
						"x.wild.signed.example.");
	b5_an_expanded_wildcard_needs_its_proof("*.wild.signed.example.", TYPE_A,
						"a.b.x.wild.signed.example.");
	b5_an_expanded_wildcard_needs_its_proof("*.cwild.signed.example.", TYPE_CNAME,
						"x.cwild.signed.example.");
}

static void b5_a_wildcards_nodata_needs_both_records(void **state)
{
	(void)state;
	assert_true(world_step(&w, "x.wild.signed.example.", TYPE_AAAA, &f));
	f.step.proofs = f.proofs;
	assert_proven();
	uint32_t used = w.result.proofs_used;
	size_t count = f.step.proof_count;
	const struct rrset *all[STEP_PROOFS_MAX];
	memcpy(all, f.proofs, sizeof(all));
	for (size_t leave_out = 0; leave_out < count; leave_out++) {
		size_t n = 0;
		if (!(used & 1u << leave_out))
			continue;
		for (size_t i = 0; i < count; i++) {
			if (i != leave_out)
				f.proofs[n++] = all[i];
		}
		f.step.proof_count = n;
		assert_bogus();
	}
	// Of type A there are data at the wildcard.
	memcpy(f.proofs, all, sizeof(all));
	f.step.proof_count = count;
	f.step.type = TYPE_A;
	assert_bogus();
}

// The wildcard above is not the one that could have answered.
static void b5_a_wildcard_is_used_only_next_to_the_closest_encloser(void **state)
{
	struct rrset *rrset = signer_rrset("x.y.signed.example. 300 IN A 192.0.2.66");

	(void)state;
	// "*.signed.example." would be valid, but y.signed.example. exists.
	deny(STEP_ANSWER, "x.y.signed.example.", TYPE_A);
	f.step.soa = NULL;
	f.step.rrset =
		world_keep(&w, signer_sign(rrset, zsk("signed.example."), ZONE,
					   &(struct signer_options){
						   .has_labels = true,
						   .labels = 2,
						   .signed_owner = signer_name("*.signed.example."),
					   }));
	nsec("w.y.signed.example.", "z.y.signed.example.", TYPES(TYPE_A));
	assert_bogus();
	nsec("y.signed.example.", "z.signed.example.", TYPES(TYPE_A));
	assert_bogus();
	nsec("x.signed.example.", "z.signed.example.", TYPES(TYPE_A));
	assert_proven();
	rrset_free(rrset);
}

// ATTACKS B12: NSEC ↔ NSEC3 transition, P CVE-2026-33261.
static void b12_either_chain_will_do_while_a_zone_changes(void **state)
{
	(void)state;
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	nsec("vvv.signed.example.", "w.signed.example.", TYPES(TYPE_A));
	nsec3("www.signed.example.", false, TYPES(TYPE_A, TYPE_RRSIG));
	assert_proven();
	assert_true(w.result.proofs_used & 2);
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	nsec3("vvv.signed.example.", false, TYPES(TYPE_A, TYPE_RRSIG));
	nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A));
	assert_proven();
	assert_true(w.result.proofs_used & 2);
	// But half a proof of each is none.
	deny(STEP_NXDOMAIN, "m.signed.example.", TYPE_A);
	nsec("l.signed.example.", "n.signed.example.", TYPES(TYPE_A));
	nsec3("*.signed.example.", true, TYPES(TYPE_A));
	assert_bogus();
}

// RFC 9824; ATTACKS B13.
static void b13_compact_denial(void **state)
{
	const uint16_t *nxname = TYPES(TYPE_RRSIG, TYPE_NSEC, TYPE_NXNAME);

	(void)state;
	deny(STEP_NODATA, "m.signed.example.", TYPE_A);
	nsec("m.signed.example.", "\\000.m.signed.example.", nxname);
	assert_proven();
	assert_true(w.result.nxname);
	// RFC 9824 §5: the RCODE may say so as well.
	deny(STEP_NXDOMAIN, "m.signed.example.", TYPE_A);
	nsec("m.signed.example.", "\\000.m.signed.example.", nxname);
	assert_proven();
	// Without NXNAME the name exists.
	deny(STEP_NXDOMAIN, "m.signed.example.", TYPE_A);
	nsec("m.signed.example.", "\\000.m.signed.example.", TYPES(TYPE_RRSIG, TYPE_NSEC));
	assert_proven();
	assert_int_equal(w.result.kind, STEP_NODATA);
	// It says nothing of names below.
	deny(STEP_NODATA, "x.m.signed.example.", TYPE_A);
	nsec("m.signed.example.", "\\000.m.signed.example.", nxname);
	assert_bogus();
}

int main(void)
{
#define NSEC(name)  cmocka_unit_test_setup_teardown(name, open_nsec, close_world)
#define NSEC3(name) cmocka_unit_test_setup_teardown(name, open_nsec3, close_world)
	const struct CMUnitTest tests[] = {
		NSEC(nodata_needs_the_type_and_cname_clear),
		NSEC(nxdomain_needs_name_and_wildcard_covered),
		NSEC(an_empty_non_terminal_exists),
		NSEC(a_wildcard_may_be_an_empty_non_terminal),
		NSEC(the_proof_decides_not_the_rcode),
		NSEC(the_ends_of_a_span_are_not_in_it),
		NSEC(b2_an_nsec_that_leads_out_of_its_zone_proves_nothing),
		NSEC(an_nsec_expanded_from_a_wildcard_proves_nothing),
		NSEC(b4_the_record_of_a_delegation_proves_nothing_below),
		NSEC(b4_the_zone_above_denies_nothing_in_a_secure_child),
		NSEC(b4_only_the_parent_denies_a_ds),
		NSEC(b4_nor_does_the_child_assert_one),
		NSEC(a_ds_denial_says_what_kind_of_name_it_is),
		NSEC(a_denial_without_soa_is_proven_too),
		NSEC(a_denial_stands_only_with_a_good_soa),
		NSEC(a_forged_record_beside_good_ones_does_no_harm),
		NSEC(other_good_records_go_along_and_bad_ones_do_not),
		NSEC(b5_positive_and_cname_wildcards_need_their_proof),
		NSEC3(b5_positive_and_cname_wildcards_need_their_proof),
		NSEC(b5_a_wildcards_nodata_needs_both_records),
		NSEC3(b5_a_wildcards_nodata_needs_both_records),
		NSEC(b5_a_wildcard_is_used_only_next_to_the_closest_encloser),
		NSEC(b12_either_chain_will_do_while_a_zone_changes),
		NSEC(b13_compact_denial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
