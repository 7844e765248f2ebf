// What NSEC3 may and may not prove. Rows B3, B12, C2 of ATTACKS.
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/denying.h"

#include <stdio.h>
#include <string.h>

// ---- NSEC3 ----

static void nsec3_nodata_needs_the_match(void **state)
{
	(void)state;
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	nsec3("www.signed.example.", false, TYPES(TYPE_A, TYPE_RRSIG));
	assert_proven();
	deny(STEP_NODATA, "www.signed.example.", TYPE_A);
	nsec3("www.signed.example.", false, TYPES(TYPE_A, TYPE_RRSIG));
	assert_bogus();
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	nsec3("www.signed.example.", false, TYPES(TYPE_CNAME, TYPE_RRSIG));
	assert_bogus();
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	nsec3("www.signed.example.", true, TYPES(TYPE_A, TYPE_RRSIG));
	assert_bogus();
	// RFC 6840 §4.1
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	nsec3("www.signed.example.", false, TYPES(TYPE_NS, TYPE_RRSIG));
	assert_bogus();
	deny(STEP_NODATA, "www.signed.example.", TYPE_DS);
	nsec3("www.signed.example.", false, TYPES(TYPE_NS, TYPE_SOA, TYPE_RRSIG));
	assert_bogus();
}

static void nsec3_nxdomain_needs_encloser_next_closer_and_wildcard(void **state)
{
	const struct rrset *all[3];

	(void)state;
	deny(STEP_NXDOMAIN, "a.b.signed.example.", TYPE_A);
	nsec3("signed.example.", false, TYPES(TYPE_SOA, TYPE_NS));
	nsec3("b.signed.example.", true, TYPES(TYPE_A));
	nsec3("*.signed.example.", true, TYPES(TYPE_A));
	assert_proven();
	assert_int_equal(w.result.proofs_used, 7);
	memcpy(all, f.proofs, sizeof(all));
	for (size_t leave_out = 0; leave_out < 3; leave_out++) {
		f.step.proof_count = 0;
		for (size_t i = 0; i < 3; i++) {
			if (i != leave_out)
				add(all[i]);
		}
		assert_bogus();
	}
	// The wildcard exists.
	deny(STEP_NXDOMAIN, "a.b.signed.example.", TYPE_A);
	add(all[0]);
	add(all[1]);
	nsec3("*.signed.example.", false, TYPES(TYPE_A));
	assert_bogus();
	// The encloser is a delegation or a DNAME (RFC 5155 §8.3).
	for (int i = 0; i < 2; i++) {
		deny(STEP_NXDOMAIN, "a.b.signed.example.", TYPE_A);
		nsec3("b.signed.example.", false, TYPES(i == 0 ? TYPE_NS : TYPE_DNAME));
		nsec3("a.b.signed.example.", true, TYPES(TYPE_A));
		nsec3("*.b.signed.example.", true, TYPES(TYPE_A));
		assert_bogus();
	}
}

// ATTACKS B3: B CVE-2026-10723.
static void b3_an_nsec3_is_one_label_in_front_of_its_signer(void **state)
{
	struct rrset *child;

	(void)state;
	// A child's record, made to match a name of the parent, under the child's key.
	child = signer_nsec3("www.signed.example.", "sub.signed.example.", &plain, false, NULL,
			     TYPES(TYPE_A), 300);
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	add(sign_as("sub.signed.example.", child));
	assert_bogus();
	// Below the child's name, under the parent's key.
	child = signer_nsec3("www.signed.example.", "sub.signed.example.", &plain, false, NULL,
			     TYPES(TYPE_A), 300);
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	add(sign(child));
	assert_bogus();
	// In the parent of the signer.
	child = signer_nsec3("www.signed.example.", "example.", &plain, false, NULL, TYPES(TYPE_A),
			     300);
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	add(sign(child));
	assert_bogus();
	// The parent's NSEC3 says nothing inside a secure child.
	child = signer_nsec3("www.signed.example.", "example.", &plain, false, NULL, TYPES(TYPE_A),
			     300);
	assert_verdict(world_ask(&w, "signed.example.", TYPE_A), VERDICT_SECURE, &w);
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	f.step.soa = NULL;
	add(sign_as("example.", child));
	assert_bogus();
}

static void unknown_hash_algorithms_and_flags_are_ignored(void **state)
{
	(void)state;
	for (int which = 0; which < 3; which++) {
		struct rrset *rrset = signer_nsec3("www.signed.example.", "signed.example.", &plain,
						   false, NULL, TYPES(TYPE_A), 300);
		uint8_t rdata[256];
		struct rdata changed = {rdata, rrset->rdatas[0].len};
		memcpy(rdata, rrset->rdatas[0].data, changed.len);
		rdata[0] = which == 1 ? 2 : 1;
		rdata[1] = which == 2 ? 2 : 0;
		deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
		add(sign(signer_rrset_wire(rrset->owner, TYPE_NSEC3, 300, &changed, 1)));
		if (which == 0)
			assert_proven();
		else
			assert_bogus();
		rrset_free(rrset);
	}
}

static void salts_and_iterations_are_honoured(void **state)
{
	struct signer_nsec3_params params = {.iterations = 50, .salt_len = 255};

	(void)state;
	memset(params.salt, 0x77, sizeof(params.salt));
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	add(sign(signer_nsec3("WWW.signed.example.", "signed.example.", &params, false, NULL,
			      TYPES(TYPE_A), 300)));
	assert_proven();
	// Records of two chains do not add up.
	deny(STEP_NXDOMAIN, "a.b.signed.example.", TYPE_A);
	nsec3("signed.example.", false, TYPES(TYPE_SOA, TYPE_NS));
	nsec3("b.signed.example.", true, TYPES(TYPE_A));
	add(sign(signer_nsec3("*.signed.example.", "signed.example.", &params, true, NULL,
			      TYPES(TYPE_A), 300)));
	assert_bogus();
	// Not even where its span would fit, were the parameters the same.
	struct rrset *fits = signer_nsec3("*.signed.example.", "signed.example.", &plain, true,
					  NULL, TYPES(TYPE_A), 300);
	uint8_t rdata[256];
	struct rdata changed = {rdata, fits->rdatas[0].len};
	memcpy(rdata, fits->rdatas[0].data, changed.len);
	for (uint8_t count = 0; count < 2; count++) {
		rdata[3] = count; // iterations
		f.step.proof_count = 2;
		add(sign(signer_rrset_wire(fits->owner, TYPE_NSEC3, 300, &changed, 1)));
		if (count == 0)
			assert_proven();
		else
			assert_bogus();
	}
	rrset_free(fits);
}

// One of the chain that the zone had before, still within its signature, whose span holds a name
// that exists by the hash of today.
static void a_record_of_the_chain_before_proves_nothing_beside_one_of_today(void **state)
{
	struct signer_nsec3_params today = {.salt_len = 2, .salt = {1, 2}};
	static const struct signer_nsec3_params before[] = {
		{.salt_len = 2, .salt = {1, 3}}, // the same length
		{.salt_len = 1, .salt = {1}},
		{.salt_len = 3, .salt = {1, 2, 3}},
		{.salt_len = 2, .salt = {1, 2}, .iterations = 1},
		{.salt_len = 2, .salt = {1, 2}}, // the same chain
	};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		uint8_t hash[20];
		deny(STEP_NXDOMAIN, "www.signed.example.", TYPE_A);
		add(sign(signer_nsec3("signed.example.", "signed.example.", &today, false, NULL,
				      TYPES(TYPE_SOA, TYPE_NS), 300)));
		// The only one of a chain: all but its own hash.
		signer_nsec3_hash(signer_name("other.signed.example."), &before[i], hash);
		add(sign(signer_nsec3("other.signed.example.", "signed.example.", &before[i], false,
				      hash, TYPES(TYPE_A), 300)));
		if (i == 4)
			assert_proven();
		else
			assert_bogus();
	}
}

// A zone of one name: its record leads back to itself, and covers every other hash.
static void a_single_nsec3_covers_all_but_its_own_name(void **state)
{
	uint8_t hash[20];

	(void)state;
	signer_nsec3_hash(ZONE, &plain, hash);
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = {"www.signed.example.", "a.b.signed.example.",
						    "*.signed.example.", "signed.example."};
		deny(STEP_NXDOMAIN, names[i], TYPE_A);
		add(sign(signer_nsec3("signed.example.", "signed.example.", &plain, false, hash,
				      TYPES(TYPE_SOA, TYPE_NS), 300)));
		if (i < 3) {
			assert_proven();
			assert_int_equal(w.result.kind, STEP_NXDOMAIN);
		} else {
			// That one exists.
			assert_proven();
			assert_int_equal(w.result.kind, STEP_NODATA);
		}
	}
	deny(STEP_NODATA, "signed.example.", TYPE_SOA);
	add(sign(signer_nsec3("signed.example.", "signed.example.", &plain, false, hash,
			      TYPES(TYPE_SOA, TYPE_NS), 300)));
	assert_bogus();
}

// Of a name error, that the wildcard does not exist is part of the proof, in an opt-out span as
// well; only a DS is denied without (RFC 5155 §8.4, §8.6).
static void an_opt_out_span_is_not_half_a_name_error(void **state)
{
	static const struct signer_nsec3_params opt_out = {.opt_out = true};

	(void)state;
	for (int i = 0; i < 4; i++) {
		deny(STEP_NXDOMAIN, "d.signed.example.", i & 1 ? TYPE_DS : TYPE_A);
		add(sign(signer_nsec3("signed.example.", "signed.example.", &opt_out, false, NULL,
				      TYPES(TYPE_SOA, TYPE_NS), 300)));
		add(sign(signer_nsec3("d.signed.example.", "signed.example.", &opt_out, true, NULL,
				      TYPES(TYPE_A), 300)));
		if (i & 2)
			add(sign(signer_nsec3("*.signed.example.", "signed.example.", &opt_out,
					      true, NULL, TYPES(TYPE_A), 300)));
		if (i == 0) {
			assert_bogus();
			continue;
		}
		assert_verdict(judge(), VERDICT_INSECURE, &w);
		assert_int_equal(w.result.kind, i & 2 ? STEP_NXDOMAIN : STEP_NODATA);
		// An unsigned delegation may be there, and zones below it.
		if (i & 1)
			assert_int_equal(w.result.cut, CUT_INSECURE);
	}
}

// The twin of a_ds_denial_says_what_kind_of_name_it_is().
static void with_nsec3_a_ds_denial_says_what_kind_of_name_it_is(void **state)
{
	(void)state;
	deny(STEP_NODATA, "d.signed.example.", TYPE_DS);
	nsec3("d.signed.example.", false, TYPES(TYPE_NS));
	assert_proven();
	assert_int_equal(w.result.cut, CUT_INSECURE);
	deny(STEP_NODATA, "d.signed.example.", TYPE_DS);
	nsec3("d.signed.example.", false, TYPES(TYPE_A, TYPE_RRSIG));
	assert_proven();
	assert_int_equal(w.result.cut, CUT_NONE);
	// An empty non-terminal.
	deny(STEP_NODATA, "d.signed.example.", TYPE_DS);
	nsec3("d.signed.example.", false, TYPES(0));
	assert_proven();
	assert_int_equal(w.result.cut, CUT_NONE);
	deny(STEP_NXDOMAIN, "d.signed.example.", TYPE_DS);
	nsec3("d.signed.example.", false, TYPES(0));
	assert_proven();
	assert_int_equal(w.result.kind, STEP_NODATA);
	assert_int_equal(w.result.cut, CUT_NONE);
	deny(STEP_NXDOMAIN, "d.signed.example.", TYPE_DS);
	nsec3("signed.example.", false, TYPES(TYPE_SOA, TYPE_NS));
	nsec3("d.signed.example.", true, TYPES(TYPE_A));
	nsec3("*.signed.example.", true, TYPES(TYPE_A));
	assert_proven();
	assert_int_equal(w.result.cut, CUT_NOTHING_BELOW);
	// And by a wildcard.
	deny(STEP_NODATA, "d.signed.example.", TYPE_DS);
	nsec3("signed.example.", false, TYPES(TYPE_SOA, TYPE_NS));
	nsec3("d.signed.example.", true, TYPES(TYPE_A));
	nsec3("*.signed.example.", false, TYPES(TYPE_A, TYPE_RRSIG));
	assert_proven();
	assert_int_equal(w.result.cut, CUT_NONE);
}

// RFC 5155 §8.6, §9.2; ATTACKS B12.
static void b12_opt_out_lets_only_delegations_go_unproven(void **state)
{
	struct signer_nsec3_params opt_out = {.opt_out = true};

	(void)state;
	for (int is_opt_out = 0; is_opt_out < 2; is_opt_out++) {
		opt_out.opt_out = is_opt_out;
		deny(STEP_NODATA, "d.signed.example.", TYPE_DS);
		nsec3("signed.example.", false, TYPES(TYPE_SOA, TYPE_NS));
		add(sign(signer_nsec3("d.signed.example.", "signed.example.", &opt_out, true, NULL,
				      TYPES(TYPE_A), 300)));
		if (!is_opt_out) {
			assert_bogus();
			continue;
		}
		assert_verdict(judge(), VERDICT_INSECURE, &w);
		assert_true(w.result.opt_out);
		assert_int_equal(w.result.cut, CUT_INSECURE);
		assert_int_equal(w.result.ede, EDE_NONE);
		assert_int_equal(w.result.proofs_used, 3);
	}
	// Not secure, but neither may the proof be incomplete.
	f.step.proof_count = 1;
	f.proofs[0] = f.proofs[1];
	assert_bogus();
	// The span that covers may be that of a wildcard's record, which no DS comes from.
	uint8_t hash[20];
	signer_nsec3_hash(signer_name("*.signed.example."), &opt_out, hash);
	for (int ds = 0; ds < 2; ds++) {
		deny(STEP_NODATA, "d.signed.example.", ds ? TYPE_DS : TYPE_A);
		nsec3("signed.example.", false, TYPES(TYPE_SOA, TYPE_NS));
		add(sign(signer_nsec3("*.signed.example.", "signed.example.", &opt_out, false, hash,
				      TYPES(TYPE_CNAME), 300)));
		if (ds)
			assert_verdict(judge(), VERDICT_INSECURE, &w);
		else
			assert_bogus();
	}
	// And its signatures have to be good.
	deny(STEP_NODATA, "d.signed.example.", TYPE_DS);
	nsec3("signed.example.", false, TYPES(TYPE_SOA, TYPE_NS));
	struct rrset *forged = signer_nsec3("d.signed.example.", "signed.example.", &opt_out, true,
					    NULL, TYPES(TYPE_A), 300);
	add(world_keep(&w, signer_sign(forged, zsk("signed.example."), ZONE,
				       &(struct signer_options){.corrupt = true})));
	assert_bogus();
	rrset_free(forged);
}

// RFC 9276 §3.2: insecure only after that NSEC3's own RRSIG validates.
static void too_many_iterations_are_insecure_once_proven(void **state)
{
	static const uint16_t iterations[] = {50, 51, 150, 2500, 65535};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct signer_nsec3_params params = {.iterations = iterations[i]};
		struct rrset *rrset = signer_nsec3("www.signed.example.", "signed.example.",
						   &params, false, NULL, TYPES(TYPE_A), 300);
		uint32_t before = w.budget.left[BUDGET_nsec3_hashes];
		deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
		add(world_keep(&w, signer_sign(rrset, zsk("signed.example."), ZONE, NULL)));
		if (iterations[i] <= 50) {
			assert_proven();
			rrset_free(rrset);
			continue;
		}
		assert_verdict(judge(), VERDICT_INSECURE, &w);
		assert_int_equal(w.result.ede, EDE_UNSUPPORTED_NSEC3_ITERATIONS);
		assert_int_equal(w.budget.left[BUDGET_nsec3_hashes], before);
		assert_int_equal(w.result.proofs_used, 1);
		f.proofs[0] =
			world_keep(&w, signer_sign(rrset, zsk("signed.example."), ZONE,
						   &(struct signer_options){.corrupt = true}));
		assert_bogus();
		f.proofs[0] = world_keep(&w, signer_strip(rrset));
		assert_bogus();
		rrset_free(rrset);
	}
}

// ATTACKS C2: CVE-2023-50868, and again B CVE-2026-1519, U CVE-2026-42923, B CVE-2026-11605.
static void c2_hashes_stay_within_the_budget(void **state)
{
	static const uint16_t iterations[] = {0, 50, 51, 2500, 65535};
	static const uint16_t types[] = {TYPE_A, TYPE_DS};
	char name[300] = "";

	(void)state;
	assert_verdict(world_ask(&w, "signed.example.", TYPE_A), VERDICT_SECURE, &w);
	for (int i = 0; i < 119; i++)
		strcat(name, "a.");
	strcat(name, "signed.example.");
	for (size_t i = 0; i < 5; i++) {
		for (int kind = STEP_NODATA; kind <= STEP_NXDOMAIN; kind++) {
			for (size_t t = 0; t < 2; t++) {
				struct signer_nsec3_params params = {.iterations = iterations[i]};
				budget_start(&w.budget, 0);
				deny((enum step_kind)kind, name, types[t]);
				// Each time other salts, so that nothing is known from before.
				params.salt_len = 4;
				params.salt[0] = (uint8_t)i;
				params.salt[1] = (uint8_t)(kind * 2 + (int)t);
				for (unsigned k = 0; k < STEP_PROOFS_MAX; k++) {
					char owner[100];
					snprintf(owner, sizeof(owner), "x%u.signed.example.", k);
					add(sign(signer_nsec3(owner, "signed.example.", &params,
							      false, NULL, TYPES(TYPE_A), 300)));
				}
				enum verdict seen = judge();
				assert_verdict(
					seen,
					iterations[i] > 50 ? VERDICT_INSECURE : VERDICT_FAILED, &w);
				assert_int_equal(w.result.ede,
						 iterations[i] > 50
							 ? EDE_UNSUPPORTED_NSEC3_ITERATIONS
							 : EDE_DNSSEC_INDETERMINATE);
				// Nothing is hashed once the iterations are too many.
				assert_int_equal(w.budget.left[BUDGET_nsec3_hashes] == 32,
						 iterations[i] > 50);
				assert_true(w.budget.left[BUDGET_signatures] > 48);
			}
		}
	}
}

static void hashes_are_remembered(void **state)
{
	(void)state;
	assert_verdict(world_ask(&w, "a.b.c.d.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	uint32_t left = w.budget.left[BUDGET_nsec3_hashes];
	assert_verdict(world_ask(&w, "a.b.c.d.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	assert_int_equal(w.budget.left[BUDGET_nsec3_hashes], left);
}

int main(void)
{
#define NSEC(name)  cmocka_unit_test_setup_teardown(name, open_nsec, close_world)
#define NSEC3(name) cmocka_unit_test_setup_teardown(name, open_nsec3, close_world)
	const struct CMUnitTest tests[] = {
		NSEC3(nsec3_nodata_needs_the_match),
		NSEC3(nsec3_nxdomain_needs_encloser_next_closer_and_wildcard),
		NSEC3(b3_an_nsec3_is_one_label_in_front_of_its_signer),
		NSEC3(unknown_hash_algorithms_and_flags_are_ignored),
		NSEC3(salts_and_iterations_are_honoured),
		NSEC3(a_record_of_the_chain_before_proves_nothing_beside_one_of_today),
		NSEC3(a_single_nsec3_covers_all_but_its_own_name),
		NSEC3(an_opt_out_span_is_not_half_a_name_error),
		NSEC3(with_nsec3_a_ds_denial_says_what_kind_of_name_it_is),
		NSEC3(b12_opt_out_lets_only_delegations_go_unproven),
		NSEC3(too_many_iterations_are_insecure_once_proven),
		NSEC3(c2_hashes_stay_within_the_budget),
		NSEC3(hashes_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
