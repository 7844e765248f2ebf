// AD: set only when the query asked and every link is secure now (DESIGN §4, RFC 6840 §5.8).
#include "tests/unit/dataplane/answer/setting.h"

#define SOA "@ns.c. @admin.c. #1 #2 #3 #4 #5"

static struct given cname(const char *name, const char *rdata, enum entry_security security)
{
	return (struct given){.name = name, .kind = ENTRY_CNAME, .ttl_s = 60,
			      .security = security, .data = {{NULL, TYPE_CNAME, 60, rdata}}};
}

static struct given address(const char *name, enum entry_security security)
{
	return (struct given){.name = name, .type = TYPE_A, .kind = ENTRY_POSITIVE, .ttl_s = 60,
			      .security = security, .data = {{NULL, TYPE_A, 60, "c0000201"}}};
}

static struct given nxdomain(const char *name, enum entry_security security)
{
	return (struct given){.name = name, .kind = ENTRY_NXDOMAIN, .ttl_s = 60,
			      .security = security, .data = {{"c.", TYPE_SOA, 60, SOA}},
			      .proofs = {{"hash.c.", TYPE_NSEC3, 60, "0101"}}};
}

static void chain_of(const struct given *first, const struct given *second)
{
	given(first);
	if (second)
		given_next(second);
}

static bool ad(void)
{
	render();
	assert_parses(reply, reply_len);
	assert_int_equal(header_flags(reply) & FLAG_TC, 0);
	return (header_flags(reply) & FLAG_AD) != 0;
}

static void ad_needs_ad_or_do_in_the_query(void **state)
{
	(void)state;
	struct given a = address("a.", SECURITY_SECURE);

	chain_of(&a, NULL);
	ask(FLAG_RD, "@a. %1 %1", NULL);
	assert_false(ad());
	ask(FLAG_RD, "@a. %1 %1", OPT_PLAIN);
	assert_false(ad());
	ask(FLAG_RD | FLAG_AD, "@a. %1 %1", NULL);
	assert_true(ad());
	ask(FLAG_RD, "@a. %1 %1", OPT_DO);
	assert_true(ad());
	ask(FLAG_RD | FLAG_AD | FLAG_CD, "@a. %1 %1", OPT_DO);
	assert_true(ad());
}

static void one_link_that_is_not_secure_takes_ad_away(void **state)
{
	(void)state;
	static const enum entry_security all[] = {SECURITY_UNPROVEN, SECURITY_INSECURE,
						  SECURITY_SECURE};

	ask(FLAG_RD | FLAG_AD, "@a. %1 %1", NULL);
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 3; j++) {
			struct given first = cname("a.", "@b.", all[i]);
			struct given second = address("b.", all[j]);

			chain_of(&first, &second);
			assert_int_equal(ad(), all[i] == SECURITY_SECURE &&
						       all[j] == SECURITY_SECURE);
		}
	}
}

static void golden_secure_to_insecure_chain_has_no_ad(void **state)
{
	(void)state;
	struct given first = cname("a.", "@b.", SECURITY_SECURE);
	struct given second = address("b.", SECURITY_INSECURE);

	chain_of(&first, &second);
	ask(FLAG_RD, "@a. %1 %1", OPT_DO);
	assert_reply("beef 8180 %1 %2 %0 %1 @a. %1 %1 c00c %5 %1 #60 %3 @b. "
		     "c01f %1 %1 #60 %4 c0000201 00 %41 %1232 #32768 %0");
	second.security = SECURITY_SECURE;
	chain_of(&first, &second);
	assert_reply("beef 81a0 %1 %2 %0 %1 @a. %1 %1 c00c %5 %1 #60 %3 @b. "
		     "c01f %1 %1 #60 %4 c0000201 00 %41 %1232 #32768 %0");
}

static void golden_secure_to_opt_out_nxdomain_has_no_ad(void **state)
{
	(void)state;
	struct given first = cname("a.", "@b.c.", SECURITY_SECURE);
	struct given second = nxdomain("b.c.", SECURITY_SECURE);

	second.opt_out = true;
	chain_of(&first, &second);
	ask(FLAG_RD, "@a. %1 %1", OPT_DO);
	assert_reply("beef 8183 %1 %1 %2 %1 @a. %1 %1 c00c %5 %1 #60 %5 @b.c. "
		     "c021 %6 %1 #60 %35 " SOA " .hash c021 %50 %1 #60 %2 0101 "
		     "00 %41 %1232 #32768 %0");
	second.opt_out = false;
	chain_of(&first, &second);
	assert_reply("beef 81a3 %1 %1 %2 %1 @a. %1 %1 c00c %5 %1 #60 %5 @b.c. "
		     "c021 %6 %1 #60 %35 " SOA " .hash c021 %50 %1 #60 %2 0101 "
		     "00 %41 %1232 #32768 %0");
}

static void golden_wildcard_cname_to_nodata_has_both_proofs_and_ad(void **state)
{
	(void)state;
	struct given first = cname("w.c.", "@b.c.", SECURITY_SECURE);
	struct given second = {.name = "b.c.", .type = TYPE_A, .kind = ENTRY_NODATA, .ttl_s = 60,
			       .security = SECURITY_SECURE, .data = {{"c.", TYPE_SOA, 60, SOA}},
			       .proofs = {{"b.c.", TYPE_NSEC, 60, "@x.c. 0001 01"}}};

	first.proofs[0] = (struct given_record){"v.c.", TYPE_NSEC, 60, "@x.c. 0001 40"};
	chain_of(&first, &second);
	ask(FLAG_RD, "@w.c. %1 %1", OPT_DO);
	assert_reply("beef 81a0 %1 %1 %3 %1 @w.c. %1 %1 c00c %5 %1 #60 %5 @b.c. "
		     ".v c00e %47 %1 #60 %8 @x.c. 0001 40 c023 %6 %1 #60 %35 " SOA
		     " c021 %47 %1 #60 %8 @x.c. 0001 01 00 %41 %1232 #32768 %0");
	second.security = SECURITY_INSECURE;
	chain_of(&first, &second);
	assert_false(ad());
}

static void golden_partly_expired_chain_has_no_ad(void **state)
{
	(void)state;
	struct given first = cname("a.", "@b.", SECURITY_SECURE);
	struct given second = address("b.", SECURITY_SECURE);

	stale_allowed = true;
	second.now_ms = NOW_MS - 60000;
	chain_of(&first, &second);
	ask(FLAG_RD, "@a. %1 %1", OPT_DO);
	assert_reply("beef 8180 %1 %2 %0 %1 @a. %1 %1 c00c %5 %1 #60 %3 @b. "
		     "c01f %1 %1 #30 %4 c0000201 00 %41 %1232 #32768 %6 %15 %2 %3");
	second.now_ms = NOW_MS - 59999;
	chain_of(&first, &second);
	assert_reply("beef 81a0 %1 %2 %0 %1 @a. %1 %1 c00c %5 %1 #60 %3 @b. "
		     "c01f %1 %1 #1 %4 c0000201 00 %41 %1232 #32768 %0");
}

static void ad_ends_with_the_signatures(void **state)
{
	(void)state;
	struct given first = cname("a.", "@b.", SECURITY_SECURE);
	struct given second = address("b.", SECURITY_SECURE);

	first.signature_expires_s = NOW_S + 10;
	chain_of(&first, &second);
	ask(FLAG_RD, "@a. %1 %1", OPT_DO);
	assert_true(ad());
	context.now_s = NOW_S + 9;
	assert_true(ad());
	context.now_s = NOW_S + 10; // a forward step voids it at once
	assert_false(ad());
}

static void untrusted_clock_vouches_for_nothing(void **state)
{
	(void)state;
	struct given a = address("a.", SECURITY_SECURE);

	chain_of(&a, NULL);
	ask(FLAG_RD, "@a. %1 %1", OPT_DO);
	context.clock_trusted = false;
	assert_false(ad());
	context.now_s = 0;
	assert_false(ad());
	context.now_s = -5;
	assert_false(ad());
}

static void truncated_reply_vouches_for_nothing(void **state)
{
	(void)state;
	struct given a = address("a.", SECURITY_SECURE);

	chain_of(&a, NULL);
	ask(FLAG_RD, "@a. %1 %1", OPT_DO);
	context.limit = 40;
	render();
	assert_golden(reply, reply_len, "beef 8380 %1 %0 %0 %1 @a. %1 %1 00 %41 %1232 #32768 %0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		setting_test(ad_needs_ad_or_do_in_the_query),
		setting_test(one_link_that_is_not_secure_takes_ad_away),
		setting_test(golden_secure_to_insecure_chain_has_no_ad),
		setting_test(golden_secure_to_opt_out_nxdomain_has_no_ad),
		setting_test(golden_wildcard_cname_to_nodata_has_both_proofs_and_ad),
		setting_test(golden_partly_expired_chain_has_no_ad),
		setting_test(ad_ends_with_the_signatures),
		setting_test(untrusted_clock_vouches_for_nothing),
		setting_test(truncated_reply_vouches_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
