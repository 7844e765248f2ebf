// What an answer rests on: its signer, the zones in between, proofs that it needs and others.
#include "tests/unit/control/validator/denying.h"

#include <string.h>

// Its own keys cannot sign that there are none.
static void a_secure_zone_has_keys(void **state)
{
	(void)state;
	assert_verdict(world_ask(&w, "www.signed.example.", TYPE_A), VERDICT_SECURE, &w);
	size_t asked = w.asked_count;
	deny(STEP_NODATA, "signed.example.", TYPE_DNSKEY);
	nsec("signed.example.", "a.signed.example.", TYPES(TYPE_SOA, TYPE_NS));
	assert_bogus();
	assert_int_equal(w.result.ede, EDE_DNSKEY_MISSING);
	assert_int_equal(w.asked_count, asked);
	// Of another name they can.
	deny(STEP_NODATA, "www.signed.example.", TYPE_DNSKEY);
	nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A));
	assert_proven();
}

// www.signed.example. has no AAAA, and another record came along, with these signatures.
static void deny_with_another(const struct rrset *other)
{
	deny(STEP_NODATA, "www.signed.example.", TYPE_AAAA);
	nsec("www.signed.example.", "x.signed.example.", TYPES(TYPE_A));
	add(other);
}

static void what_no_proof_needs_is_not_verified_with_the_last_of_the_budget(void **state)
{
	struct rrset *unsigned_ =
		signer_nsec("b.signed.example.", "c.signed.example.", TYPES(TYPE_A), 300);

	(void)state;
	assert_verdict(world_ask(&w, "signed.example.", TYPE_SOA), VERDICT_SECURE, &w);
	for (uint32_t left = 30; left <= 40; left += 10) {
		// Each time one that is not known yet.
		struct signer_options options = {.expiration_s = SIGNER_NOW + 1000 + left};
		w.budget.left[BUDGET_signatures] = left;
		deny_with_another(world_keep(
			&w, signer_sign(unsigned_, zsk("signed.example."), ZONE, &options)));
		assert_proven();
		assert_int_equal(w.result.proofs_used, left == 30 ? 1 : 3);
	}
	rrset_free(unsigned_);
}

static void what_no_proof_needs_may_fail_once(void **state)
{
	struct rrset *rrset =
		signer_nsec("b.signed.example.", "c.signed.example.", TYPES(TYPE_A), 300);

	(void)state;
	for (int i = 1; i <= 3; i++) {
		struct signer_options options = {.corrupt = true,
						 .expiration_s = SIGNER_NOW + 1000 * i};
		struct rrset *more = signer_sign(rrset, zsk("signed.example."), ZONE, &options);
		rrset_free(rrset);
		rrset = more;
	}
	deny_with_another(world_keep(&w, rrset));
	uint32_t left = w.budget.left[BUDGET_failed_signatures];
	assert_proven();
	assert_int_equal(w.result.proofs_used, 1);
	assert_int_equal(left - w.budget.left[BUDGET_failed_signatures], 1);
}

// RFC 5155 §9.2: in an opt-out span a delegation may be where the wildcard's CNAME was expanded.
static void a_delegation_may_be_where_a_cname_was_expanded_in_an_opt_out_span(void **state)
{
	(void)state;
	for (int opt_out = 0; opt_out < 2; opt_out++) {
		struct signer_nsec3_params params = {.opt_out = opt_out};
		expand("*.cwild.signed.example.", TYPE_CNAME, "x.cwild.signed.example.");
		f.step.type = TYPE_DS;
		add(sign(signer_nsec3("x.cwild.signed.example.", "signed.example.", &params, true,
				      NULL, TYPES(TYPE_A), 300)));
		assert_verdict(judge(), opt_out ? VERDICT_INSECURE : VERDICT_SECURE, &w);
		assert_true(w.result.wildcard);
		assert_int_equal(w.result.cut, opt_out ? CUT_INSECURE : CUT_NONE);
	}
}

int main(void)
{
#define NSEC(name)  cmocka_unit_test_setup_teardown(name, open_nsec, close_world)
#define NSEC3(name) cmocka_unit_test_setup_teardown(name, open_nsec3, close_world)
	const struct CMUnitTest tests[] = {
		NSEC(a_secure_zone_has_keys),
		NSEC(what_no_proof_needs_is_not_verified_with_the_last_of_the_budget),
		NSEC(what_no_proof_needs_may_fail_once),
		NSEC3(a_delegation_may_be_where_a_cname_was_expanded_in_an_opt_out_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
