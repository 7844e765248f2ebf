// Whole replies, byte for byte: one link, negative answers, DNSSEC records, TTLs, rotation.
#include "tests/unit/dataplane/answer/setting.h"

#define SIG_A "%1 08 02 #300 #1800000000 #1600000000 %4711 @example. aabbccdd"
#define SIG_SOA "%6 08 01 #900 #1800000000 #1600000000 %4711 @example. 11223344"
#define SOA "@ns.example. @admin.example. #1 #2 #3 #4 #5"

static const struct given address = {
	.name = "www.example.", .type = TYPE_A, .kind = ENTRY_POSITIVE,
	.security = SECURITY_SECURE, .ttl_s = 300, .data = {{NULL, TYPE_A, 300, "c0000201"}},
	.rrsigs = {{NULL, TYPE_RRSIG, 300, SIG_A}}};

static const struct given nodata = {
	.name = "www.example.", .type = TYPE_AAAA, .kind = ENTRY_NODATA,
	.security = SECURITY_SECURE, .ttl_s = 900,
	.data = {{"example.", TYPE_SOA, 900, SOA}},
	.rrsigs = {{"example.", TYPE_RRSIG, 900, SIG_SOA}},
	.proofs = {{"www.example.", TYPE_NSEC, 900, "@z.example. 0001 40"},
		   {"www.example.", TYPE_RRSIG, 900, "%47 0102"}}};

static const struct given nxdomain = {
	.name = "no.example.", .kind = ENTRY_NXDOMAIN, .security = SECURITY_SECURE, .ttl_s = 900,
	.data = {{"example.", TYPE_SOA, 900, SOA}},
	.rrsigs = {{"example.", TYPE_RRSIG, 900, SIG_SOA}},
	.proofs = {{"a.example.", TYPE_NSEC, 900, "@z.example. 0001 40"},
		   {"a.example.", TYPE_RRSIG, 900, "%47 0102"},
		   {"example.", TYPE_NSEC, 900, "@a.example. 0001 02"}}};

static void address_is_answered(void **state)
{
	(void)state;
	given(&address);
	ask(FLAG_RD, "@www.example. %1 %1", NULL);
	assert_reply("beef 8180 %1 %1 %0 %0 @www.example. %1 %1 c00c %1 %1 #300 %4 c0000201");
}

static void question_goes_back_in_its_own_case(void **state)
{
	(void)state;
	given(&address);
	ask(FLAG_RD, "@wWw.ExAmPlE. %1 %1", NULL);
	assert_reply("beef 8180 %1 %1 %0 %0 @wWw.ExAmPlE. %1 %1 c00c %1 %1 #300 %4 c0000201");
}

static void data_keeps_the_authoritys_case(void **state)
{
	(void)state;
	given(&(struct given){.name = "WWW.example.", .kind = ENTRY_CNAME, .ttl_s = 60,
			      .data = {{NULL, TYPE_CNAME, 60, "@TarGet.Example."}}});
	ask(FLAG_RD, "@www.example. %5 %1", NULL);
	assert_reply("beef 8180 %1 %1 %0 %0 @www.example. %5 %1 "
		     "c00c %5 %1 #60 %16 @TarGet.Example.");
}

static void rd_and_cd_are_copied_and_aa_is_never_set(void **state)
{
	(void)state;
	given(&address);
	ask(FLAG_CD | FLAG_AA | FLAG_Z | FLAG_TC, "@www.example. %1 %1", NULL);
	assert_reply("beef 8090 %1 %1 %0 %0 @www.example. %1 %1 c00c %1 %1 #300 %4 c0000201");
}

static void rrsigs_follow_their_rrset_for_do_only(void **state)
{
	(void)state;
	given(&address);
	ask(FLAG_RD, "@www.example. %1 %1", OPT_PLAIN);
	assert_reply("beef 8180 %1 %1 %0 %1 @www.example. %1 %1 c00c %1 %1 #300 %4 c0000201 "
		     "00 %41 %1232 #0 %0");
	ask(FLAG_RD, "@www.example. %1 %1", OPT_DO);
	assert_reply("beef 81a0 %1 %2 %0 %1 @www.example. %1 %1 c00c %1 %1 #300 %4 c0000201 "
		     "c00c %46 %1 #300 %31 " SIG_A " 00 %41 %1232 #32768 %0");
}

static void rrsigs_asked_for_by_type_need_no_do(void **state)
{
	(void)state;
	given(&(struct given){.name = "www.example.", .type = TYPE_RRSIG, .kind = ENTRY_POSITIVE,
			      .security = SECURITY_UNPROVEN, .one_shot = true,
			      .data = {{NULL, TYPE_RRSIG, 0, SIG_A},
				       {NULL, TYPE_RRSIG, 0, "%16 05"}}});
	ask(FLAG_RD, "@www.example. %46 %1", NULL);
	assert_reply("beef 8180 %1 %2 %0 %0 @www.example. %46 %1 c00c %46 %1 #0 %31 " SIG_A
		     " c00c %46 %1 #0 %3 %16 05");
}

static void D6_any_is_one_rrset_with_its_rrsigs(void **state)
{
	(void)state;
	given(&(struct given){.name = "www.example.", .type = TYPE_ANY, .kind = ENTRY_POSITIVE,
			      .security = SECURITY_SECURE, .one_shot = true, .ttl_s = 300,
			      .data = {{NULL, TYPE_A, 300, "c0000201"}},
			      .rrsigs = {{NULL, TYPE_RRSIG, 300, SIG_A}}});
	ask(FLAG_RD, "@www.example. %255 %1", NULL);
	assert_reply("beef 8180 %1 %1 %0 %0 @www.example. %255 %1 c00c %1 %1 #300 %4 c0000201");
	ask(FLAG_RD, "@www.example. %255 %1", OPT_DO);
	assert_reply("beef 81a0 %1 %2 %0 %1 @www.example. %255 %1 c00c %1 %1 #300 %4 c0000201 "
		     "c00c %46 %1 #300 %31 " SIG_A " 00 %41 %1232 #32768 %0");
}

static void nodata_has_soa_and_for_do_its_proof(void **state)
{
	(void)state;
	given(&nodata);
	ask(FLAG_RD, "@www.example. %28 %1", NULL);
	assert_reply("beef 8180 %1 %0 %1 %0 @www.example. %28 %1 c010 %6 %1 #900 %47 " SOA);
	ask(FLAG_RD, "@www.example. %28 %1", OPT_DO);
	assert_reply("beef 81a0 %1 %0 %4 %1 @www.example. %28 %1 c010 %6 %1 #900 %47 " SOA
		     " c010 %46 %1 #900 %31 " SIG_SOA
		     " c00c %47 %1 #900 %14 @z.example. 0001 40 c00c %46 %1 #900 %4 %47 0102"
		     " 00 %41 %1232 #32768 %0");
}

static void nodata_without_soa_is_still_an_answer(void **state)
{
	(void)state;
	given(&(struct given){.name = "www.example.", .type = TYPE_AAAA, .kind = ENTRY_NODATA,
			      .security = SECURITY_INSECURE, .one_shot = true});
	ask(FLAG_RD, "@www.example. %28 %1", NULL);
	assert_reply("beef 8180 %1 %0 %0 %0 @www.example. %28 %1");
}

static void nxdomain_has_soa_and_for_do_its_proof(void **state)
{
	(void)state;
	given(&nxdomain);
	ask(FLAG_RD, "@no.example. %1 %1", NULL);
	assert_reply("beef 8183 %1 %0 %1 %0 @no.example. %1 %1 c00f %6 %1 #900 %47 " SOA);
	ask(FLAG_RD, "@no.example. %1 %1", OPT_DO);
	assert_reply("beef 81a3 %1 %0 %5 %1 @no.example. %1 %1 c00f %6 %1 #900 %47 " SOA
		     " c00f %46 %1 #900 %31 " SIG_SOA
		     " .a c00f %47 %1 #900 %14 @z.example. 0001 40 .a c00f %46 %1 #900 %4 %47 0102"
		     " c00f %47 %1 #900 %14 @a.example. 0001 02 00 %41 %1232 #32768 %0");
}

// RFC 8020: the entry stands for a name above the question.
static void nxdomain_of_an_ancestor_answers_below_it(void **state)
{
	(void)state;
	given(&nxdomain);
	ask(FLAG_RD, "@a.b.No.example. %1 %1", NULL);
	assert_reply("beef 8183 %1 %0 %1 %0 @a.b.No.example. %1 %1 c013 %6 %1 #900 %47 " SOA);
}

static void owner_that_shares_no_label_is_written_out(void **state)
{
	(void)state;
	given(&(struct given){.name = "no.example.", .kind = ENTRY_NXDOMAIN, .ttl_s = 900,
			      .data = {{".", TYPE_SOA, 900, SOA}},
			      .proofs = {{"other.", TYPE_NSEC, 900, "@z. 0001 40"}}});
	ask(FLAG_RD, "@no.example. %1 %1", OPT_DO);
	assert_reply("beef 8183 %1 %0 %2 %1 @no.example. %1 %1 c017 %6 %1 #900 %47 " SOA
		     " .other c017 %47 %1 #900 %6 @z. 0001 40 00 %41 %1232 #32768 %0");
}

static void wildcard_expansion_is_proven_in_authority_for_do_only(void **state)
{
	(void)state;
	given(&(struct given){.name = "x.example.", .type = TYPE_A, .kind = ENTRY_POSITIVE,
			      .security = SECURITY_SECURE, .ttl_s = 300,
			      .data = {{NULL, TYPE_A, 300, "c0000201"}},
			      .rrsigs = {{NULL, TYPE_RRSIG, 300, SIG_A}},
			      .proofs = {{"w.example.", TYPE_NSEC, 200, "@y.example. 0001 40"},
					 {"w.example.", TYPE_RRSIG, 200, "%47 0102"}}});
	ask(FLAG_RD, "@x.example. %1 %1", OPT_PLAIN);
	assert_reply("beef 8180 %1 %1 %0 %1 @x.example. %1 %1 c00c %1 %1 #300 %4 c0000201 "
		     "00 %41 %1232 #0 %0");
	ask(FLAG_RD, "@x.example. %1 %1", OPT_DO);
	assert_reply("beef 81a0 %1 %2 %2 %1 @x.example. %1 %1 c00c %1 %1 #300 %4 c0000201 "
		     "c00c %46 %1 #300 %31 " SIG_A
		     " .w c00e %47 %1 #200 %14 @y.example. 0001 40 .w c00e %46 %1 #200 %4 %47 0102"
		     " 00 %41 %1232 #32768 %0");
}

static void ttls_count_down_each_for_itself(void **state)
{
	(void)state;
	static const struct {
		uint64_t age_ms;
		const char *ttls[2];
	} rows[] = {{0, {"#300", "#100"}}, {999, {"#300", "#100"}}, {1000, {"#299", "#99"}},
		    {99999, {"#201", "#1"}}, {100000, {"#200", "#0"}}, {299999, {"#1", "#0"}},
		    {5000000, {"#0", "#0"}}};

	given(&(struct given){.name = "www.example.", .type = TYPE_A, .kind = ENTRY_POSITIVE,
			      .ttl_s = 300,
			      .data = {{NULL, TYPE_A, 300, "c0000201"}},
			      .rrsigs = {{NULL, TYPE_RRSIG, 100, SIG_A}}});
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char golden[400];

		context.now_ms = NOW_MS + rows[i].age_ms;
		snprintf(golden, sizeof(golden),
			 "beef 8180 %%1 %%2 %%0 %%1 @www.example. %%1 %%1 "
			 "c00c %%1 %%1 %s %%4 c0000201 c00c %%46 %%1 %s %%31 %s "
			 "00 %%41 %%1232 #32768 %%0", rows[i].ttls[0], rows[i].ttls[1], SIG_A);
		ask(FLAG_RD, "@www.example. %1 %1", OPT_DO);
		assert_reply(golden);
	}
}

// Nothing of a verdict outlives the signatures that it rests on, wherever the clock steps.
static void no_ttl_outlives_the_signatures(void **state)
{
	(void)state;
	struct given signed_ = address;

	signed_.signature_expires_s = NOW_S + 20;
	given(&signed_);
	ask(FLAG_RD | FLAG_AD, "@www.example. %1 %1", NULL);
	assert_reply("beef 81a0 %1 %1 %0 %0 @www.example. %1 %1 c00c %1 %1 #20 %4 c0000201");
	context.now_s = NOW_S + 20;
	assert_reply("beef 8180 %1 %1 %0 %0 @www.example. %1 %1 c00c %1 %1 #0 %4 c0000201");
}

static void addresses_rotate_while_they_are_copied(void **state)
{
	(void)state;
#define HEAD "c00c %1 %1 #300 %4 "
	static const char *const orders[] = {
		HEAD "01010101 " HEAD "02020202 " HEAD "03030303",
		HEAD "02020202 " HEAD "03030303 " HEAD "01010101",
		HEAD "03030303 " HEAD "01010101 " HEAD "02020202"};
	char golden[400];

	given(&(struct given){.name = "www.example.", .type = TYPE_A, .kind = ENTRY_POSITIVE,
			      .ttl_s = 300,
			      .data = {{NULL, TYPE_A, 300, "01010101"},
				       {NULL, TYPE_A, 300, "02020202"},
				       {NULL, TYPE_A, 300, "03030303"}}});
	ask(FLAG_RD, "@www.example. %1 %1", NULL);
	for (uint32_t rotation = 0; rotation < 7; rotation++) {
		for (int rotate = 0; rotate < 2; rotate++) {
			context.rotation = rotation;
			context.rotate = rotate;
			snprintf(golden, sizeof(golden),
				 "beef 8180 %%1 %%3 %%0 %%0 @www.example. %%1 %%1 %s",
				 orders[rotate ? rotation % 3 : 0]);
			assert_reply(golden);
		}
	}
}

static void only_addresses_rotate(void **state)
{
	(void)state;
	context.rotate = true;
	context.rotation = 1;
	given(&(struct given){.name = "a.", .type = TYPE_AAAA, .kind = ENTRY_POSITIVE,
			      .ttl_s = 9,
			      .data = {{NULL, TYPE_AAAA, 9, "*16:01"},
				       {NULL, TYPE_AAAA, 9, "*16:02"}}});
	ask(FLAG_RD, "@a. %28 %1", NULL);
	assert_reply("beef 8180 %1 %2 %0 %0 @a. %28 %1 c00c %28 %1 #9 %16 *16:02 "
		     "c00c %28 %1 #9 %16 *16:01");
	given(&(struct given){.name = "a.", .type = TYPE_MX, .kind = ENTRY_POSITIVE, .ttl_s = 9,
			      .data = {{NULL, TYPE_MX, 9, "%1 @b."},
				       {NULL, TYPE_MX, 9, "%2 @c."}}});
	ask(FLAG_RD, "@a. %15 %1", NULL);
	assert_reply("beef 8180 %1 %2 %0 %0 @a. %15 %1 c00c %15 %1 #9 %5 %1 @b. "
		     "c00c %15 %1 #9 %5 %2 @c.");
}

static void root_is_a_name_like_others(void **state)
{
	(void)state;
	given(&(struct given){.name = ".", .type = TYPE_NS, .kind = ENTRY_POSITIVE, .ttl_s = 9,
			      .data = {{NULL, TYPE_NS, 9, "@a."}}});
	ask(FLAG_RD, "00 %2 %1", NULL);
	assert_reply("beef 8180 %1 %1 %0 %0 00 %2 %1 c00c %2 %1 #9 %3 @a.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		setting_test(address_is_answered),
		setting_test(question_goes_back_in_its_own_case),
		setting_test(data_keeps_the_authoritys_case),
		setting_test(rd_and_cd_are_copied_and_aa_is_never_set),
		setting_test(rrsigs_follow_their_rrset_for_do_only),
		setting_test(rrsigs_asked_for_by_type_need_no_do),
		setting_test(D6_any_is_one_rrset_with_its_rrsigs),
		setting_test(nodata_has_soa_and_for_do_its_proof),
		setting_test(nodata_without_soa_is_still_an_answer),
		setting_test(nxdomain_has_soa_and_for_do_its_proof),
		setting_test(nxdomain_of_an_ancestor_answers_below_it),
		setting_test(owner_that_shares_no_label_is_written_out),
		setting_test(wildcard_expansion_is_proven_in_authority_for_do_only),
		setting_test(ttls_count_down_each_for_itself),
		setting_test(no_ttl_outlives_the_signatures),
		setting_test(addresses_rotate_while_they_are_copied),
		setting_test(only_addresses_rotate),
		setting_test(root_is_a_name_like_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
