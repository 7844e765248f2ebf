// What may be said from NSEC records that were seen before (RFC 8198), limit by limit.
#include "tests/unit/dataplane/cache/denial/chain.h"

// example.: apex, an empty non-terminal, a delegation, a DNAME, a CNAME, wildcards.
static int new_zone(void **state)
{
	(void)state;
	cache = denial_cache(16, DENIAL_BYTES, 1);
	assert_true(put_soa("example.", TTL_S));
	return 0;
}

static int end_zone(void **state)
{
	(void)state;
	cache_free(cache);
	return 0;
}

#define KEPT(...) assert_int_equal(put_nsec(__VA_ARGS__), DENIAL_KEPT)

static void put_all(void)
{
	KEPT("example.", "example.", "alias.example.", "NS SOA RRSIG NSEC DNSKEY");
	KEPT("example.", "alias.example.", "cut.example.", "CNAME RRSIG NSEC");
	KEPT("example.", "cut.example.", "dname.example.", "NS RRSIG NSEC");
	KEPT("example.", "dname.example.", "x.ent.example.", "A DNAME RRSIG NSEC");
	KEPT("example.", "x.ent.example.", "*.wild.example.", "A RRSIG NSEC");
	KEPT("example.", "*.wild.example.", "www.example.", "A RRSIG NSEC");
	KEPT("example.", "www.example.", "example.", "A AAAA RRSIG NSEC");
}

static void name_between_two_is_nxdomain_with_the_proof_of_no_wildcard(void **state)
{
	(void)state;
	put_all();
	assert_denied("bogus.example.", TYPE_A, DENIED_NXDOMAIN, "alias.example. example.");
	assert_denied("a.b.c.bogus.example.", TYPE_MX, DENIED_NXDOMAIN, "alias.example. example.");
	// Behind the last one, and where one record shows both.
	assert_denied("zzz.example.", TYPE_A, DENIED_NXDOMAIN, "www.example. example.");
	assert_denied("aaa.example.", TYPE_A, DENIED_NXDOMAIN, "example.");
	assert_denied("a.www.example.", TYPE_A, DENIED_NXDOMAIN, "www.example.");
}

static void name_in_capitals_is_the_same(void **state)
{
	(void)state;
	KEPT("EXAMPLE.", "exAmple.", "ALIAS.example.", "NS SOA RRSIG NSEC");
	KEPT("EXAMPLE.", "alIas.example.", "WWW.example.", "A RRSIG NSEC");
	assert_denied("BOGUS.Example.", TYPE_A, DENIED_NXDOMAIN, "alIas.example. example.");
}

static void type_that_is_not_listed_is_nodata(void **state)
{
	(void)state;
	put_all();
	assert_denied("www.example.", TYPE_MX, DENIED_NODATA, "www.example.");
	assert_denied("example.", TYPE_A, DENIED_NODATA, "example.");
	assert_not_denied("www.example.", TYPE_A);
}

static void cname_bit_denies_nothing(void **state)
{
	(void)state;
	put_all();
	assert_not_denied("alias.example.", TYPE_MX);
	assert_not_denied("alias.example.", TYPE_CNAME);
	assert_denied("x.alias.example.", TYPE_A, DENIED_NXDOMAIN, "alias.example.");
}

static void empty_non_terminal_is_nodata(void **state)
{
	(void)state;
	put_all();
	assert_denied("ent.example.", TYPE_A, DENIED_NODATA, "dname.example.");
	assert_denied("wild.example.", TYPE_A, DENIED_NODATA, "x.ent.example.");
	assert_denied("ent.example.", TYPE_DS, DENIED_NODATA, "dname.example.");
}

static void b4_delegation_says_nothing_of_names_below(void **state)
{
	(void)state;
	put_all();
	assert_not_denied("www.cut.example.", TYPE_A);
	assert_not_denied("cut.example.", TYPE_A);
	assert_not_denied("cut.example.", TYPE_NS);
	// Of its neighbours it does, and of the DS it alone does.
	assert_denied("cuu.example.", TYPE_A, DENIED_NXDOMAIN, "cut.example. example.");
	assert_denied("cut.example.", TYPE_DS, DENIED_NODATA, "cut.example.");
	assert_not_denied("www.cut.example.", TYPE_DS);
}

static void dname_says_nothing_of_names_below(void **state)
{
	(void)state;
	put_all();
	assert_not_denied("x.dname.example.", TYPE_A);
	assert_denied("dname.example.", TYPE_MX, DENIED_NODATA, "dname.example.");
	assert_denied("dnamf.example.", TYPE_A, DENIED_NXDOMAIN, "dname.example. example.");
}

static void ds_is_denied_by_the_parent_alone(void **state)
{
	(void)state;
	put_all();
	assert_true(put_soa("cut.example.", TTL_S));
	KEPT("cut.example.", "cut.example.", "www.cut.example.", "NS SOA RRSIG NSEC DNSKEY");
	assert_denied("cut.example.", TYPE_DS, DENIED_NODATA, "cut.example.");
	struct denial_answer answer = deny("cut.example.", TYPE_DS);
	assert_int_equal(answer.soa->name_len, name_len(wire("example.")));
	// The apex of a zone whose parent is not known says nothing about its DS.
	assert_not_denied("example.", TYPE_DS);
	assert_denied("a.cut.example.", TYPE_A, DENIED_NXDOMAIN, "cut.example.");
	assert_denied("a.cut.example.", TYPE_DS, DENIED_NXDOMAIN, "cut.example.");
}

static void apex_record_never_denies_a_ds_where_it_looks_like_a_parents(void **state)
{
	(void)state;
	KEPT("example.", "sub.example.", "www.example.", "NS SOA RRSIG NSEC");
	assert_not_denied("sub.example.", TYPE_DS);
}

static void wildcard_without_the_type_is_nodata(void **state)
{
	(void)state;
	put_all();
	assert_denied("a.wild.example.", TYPE_MX, DENIED_NODATA, "*.wild.example.");
	assert_denied("zz.wild.example.", TYPE_MX, DENIED_NODATA, "*.wild.example.");
	assert_denied("*.wild.example.", TYPE_MX, DENIED_NODATA, "*.wild.example.");
}

static void wildcard_with_the_type_answers_once_it_is_cached(void **state)
{
	(void)state;
	put_all();
	assert_not_denied("a.wild.example.", TYPE_A);
	assert_int_equal(put(cache, signed_by(spec_a("*.wild.example.", 7), "example.")),
			 PUBLISHED);
	struct denial_answer answer = deny("a.b.wild.example.", TYPE_A);
	assert_int_equal(answer.kind, DENIED_WILDCARD);
	assert_int_equal(address_of(answer.wildcard), 7);
	assert_string_equal(proofs_of(&answer), "*.wild.example.");
	assert_not_denied("*.wild.example.", TYPE_A);
}

// RFC 4592 §4.2 to §4.5: what it says of a cut is said of its own name alone.
static void wildcard_of_a_type_of_cuts_answers_for_no_other_name(void **state)
{
	static const uint16_t types[] = {TYPE_NS, TYPE_DS};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		put_all();
		KEPT("example.", "*.wild.example.", "www.example.", "DS RRSIG NSEC");
		assert_int_equal(put(cache, signed_by(spec_bytes("*.wild.example.", types[i], 40),
						      "example.")),
				 PUBLISHED);
		assert_int_not_equal(deny("a.wild.example.", types[i]).kind, DENIED_WILDCARD);
	}
}

static void nodata_of_a_wildcard_is_no_rrset_of_it(void **state)
{
	(void)state;
	put_all();
	assert_int_equal(put(cache, signed_by(spec_nodata("*.wild.example.", TYPE_A), "example.")),
			 PUBLISHED);
	assert_int_not_equal(deny("a.wild.example.", TYPE_A).kind, DENIED_WILDCARD);
}

static void wildcard_that_is_not_proven_never_answers(void **state)
{
	(void)state;
	struct entry_spec spec = signed_by(spec_a("*.wild.example.", 7), "example.");

	put_all();
	spec.security = SECURITY_INSECURE;
	assert_int_equal(put(cache, spec), PUBLISHED);
	assert_not_denied("a.wild.example.", TYPE_A);
}

static void wildcard_that_has_ended_answers_nothing(void **state)
{
	struct entry_spec spec = signed_by(spec_a("*.wild.example.", 7), "example.");

	(void)state;
	put_all();
	spec.ttl_s = 100;
	assert_int_equal(put(cache, spec), PUBLISHED);
	const struct denial_answer last =
		deny_at("a.wild.example.", TYPE_A, NOW_MS + 99999, NOW_S + 99);
	assert_int_equal(last.kind, DENIED_WILDCARD);
	assert_int_equal(last.left_s, 0);
	assert_int_equal(deny_at("a.wild.example.", TYPE_A, NOW_MS + 100000, NOW_S + 100).kind,
			 DENIED_NOT);
	spec = signed_by(spec_a("*.wild.example.", 7), "example.");
	spec.signature_expires_s = NOW_S + 50;
	assert_int_equal(put(cache, spec), PUBLISHED);
	assert_int_equal(deny_at("a.wild.example.", TYPE_A, NOW_MS, NOW_S + 49).left_s, 1);
	assert_int_equal(deny_at("a.wild.example.", TYPE_A, NOW_MS, NOW_S + 50).kind, DENIED_NOT);
}

static void wildcard_cname_answers_for_all_types_but_those_beside_it(void **state)
{
	(void)state;
	KEPT("example.", "*.c.example.", "www.example.", "CNAME RRSIG NSEC");
	assert_not_denied("a.c.example.", TYPE_A);
	assert_not_denied("a.c.example.", TYPE_CNAME);
	// That there is none is no alias to the SOA's server.
	assert_int_equal(put(cache, spec_nodata("*.c.example.", TYPE_CNAME)), PUBLISHED);
	assert_not_denied("a.c.example.", TYPE_A);
	assert_not_denied("a.c.example.", TYPE_CNAME);
	assert_int_equal(
		put(cache, signed_by(spec_cname("*.c.example.", "www.example."), "example.")),
		PUBLISHED);
	static const uint16_t types[] = {TYPE_A, TYPE_AAAA, TYPE_MX, TYPE_TXT, TYPE_CNAME};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct denial_answer answer = deny("a.b.c.example.", types[i]);
		assert_int_equal(answer.kind, DENIED_WILDCARD);
		assert_int_equal(answer.wildcard->kind, ENTRY_CNAME);
		assert_string_equal(proofs_of(&answer), "*.c.example.");
	}
	assert_not_denied("a.c.example.", TYPE_DS);
	assert_not_denied("a.c.example.", TYPE_KEY); // stands beside a CNAME
	assert_not_denied("*.c.example.", TYPE_A);
}

static void wildcard_is_known_by_its_rrset_where_no_record_shows_it(void **state)
{
	(void)state;
	KEPT("example.", "c.example.", "x.c.example.", "A RRSIG NSEC");
	KEPT("example.", "y.c.example.", "z.c.example.", "A RRSIG NSEC");
	assert_int_equal(
		put(cache, signed_by(spec_cname("*.d.example.", "www.example."), "example.")),
		PUBLISHED);
	KEPT("example.", "f.d.example.", "k.d.example.", "A RRSIG NSEC");
	assert_denied("g.d.example.", TYPE_A, DENIED_WILDCARD, "f.d.example.");
	assert_denied("x.f.d.example.", TYPE_A, DENIED_NXDOMAIN,
		      "f.d.example."); // another encloser
	assert_not_denied("k.d.example.", TYPE_A);
	assert_not_denied("g.d.example.", TYPE_DS);
	// Nor is a cut made of one.
	static const uint16_t cuts[] = {TYPE_NS, TYPE_DS, TYPE_SOA};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(put(cache, spec_bytes("*.d.example.", cuts[i], 40)), PUBLISHED);
		assert_not_denied("g.d.example.", cuts[i]);
	}
	assert_int_equal(
		put(cache, signed_by(spec_cname("*.d.example.", "www.example."), "example.")),
		PUBLISHED);
	// A record that says there is none goes before an RRset of before.
	assert_int_equal(put(cache, signed_by(spec_a("*.c.example.", 7), "example.")), PUBLISHED);
	assert_denied("yy.c.example.", TYPE_A, DENIED_NXDOMAIN, "y.c.example. c.example.");
	// So does one that shows an empty non-terminal.
	KEPT("example.", "e.example.", "a.*.e.example.", "A RRSIG NSEC");
	KEPT("example.", "b.e.example.", "g.e.example.", "A RRSIG NSEC");
	assert_int_equal(put(cache, signed_by(spec_a("*.e.example.", 7), "example.")), PUBLISHED);
	assert_not_denied("c.e.example.", TYPE_A);
}

static void b4_no_wildcard_answers_below_a_delegation_or_a_dname(void **state)
{
	(void)state;
	KEPT("example.", "cut.example.", "b.cut.example.", "NS RRSIG NSEC");
	KEPT("example.", "b.cut.example.", "dname.example.", "A RRSIG NSEC");
	KEPT("example.", "dname.example.", "b.dname.example.", "DNAME RRSIG NSEC");
	KEPT("example.", "b.dname.example.", "*.s.example.", "A RRSIG NSEC");
	KEPT("example.", "*.s.example.", "*.t.example.", "A NS RRSIG NSEC");
	KEPT("example.", "*.t.example.", "u.example.", "A DNAME RRSIG NSEC");
	// Where the record before the wildcard's name is not that of the encloser.
	KEPT("example.", "x.example.", "!.x.example.", "NS RRSIG NSEC");
	KEPT("example.", "!.x.example.", "#.x.example.", "A RRSIG NSEC");
	KEPT("example.", "b.x.example.", "d.x.example.", "A RRSIG NSEC");
	static const char *const wildcards[] = {"*.cut.example.", "*.dname.example.",
						"*.s.example.", "*.t.example.", "*.x.example."};
	for (size_t i = 0; i < 5; i++) {
		char name[40];
		assert_int_equal(put(cache, signed_by(spec_a(wildcards[i], 7), "example.")),
				 PUBLISHED);
		snprintf(name, sizeof(name), "c%s", wildcards[i] + 1);
		assert_not_denied(name, TYPE_A);
		assert_int_equal(
			put(cache, signed_by(spec_cname(wildcards[i], "www.example."), "example.")),
			PUBLISHED);
		assert_not_denied(name, TYPE_A);
	}
}

static void types_that_are_about_the_records_themselves_are_never_denied(void **state)
{
	(void)state;
	put_all();
	assert_not_denied("bogus.example.", TYPE_ANY);
	assert_not_denied("bogus.example.", TYPE_RRSIG);
	assert_not_denied("bogus.example.", TYPE_NSEC);
	assert_not_denied("bogus.example.", TYPE_NSEC3);
}

static void gap_in_the_chain_says_nothing(void **state)
{
	(void)state;
	KEPT("example.", "b.example.", "d.example.", "A RRSIG NSEC");
	assert_not_denied("a.example.", TYPE_A);
	assert_not_denied("e.example.", TYPE_A);
	assert_not_denied("c.example.", TYPE_A); // no proof that there is no wildcard
	KEPT("example.", "example.", "b.example.", "NS SOA RRSIG NSEC");
	assert_denied("c.example.", TYPE_A, DENIED_NXDOMAIN, "b.example. example.");
	assert_not_denied("e.example.", TYPE_A);
}

static void b2_next_name_outside_the_zone_is_not_kept(void **state)
{
	(void)state;
	assert_int_equal(put_nsec("example.", "a.example.", "b.exampla.", "A RRSIG NSEC"),
			 DENIAL_UNFIT); // as long a name as the zone's
	assert_int_equal(put_nsec("example.", "a.example.", "z.com.", "A RRSIG NSEC"),
			 DENIAL_UNFIT);
	assert_int_equal(put_nsec("example.", "a.evil.", "z.example.", "A RRSIG NSEC"),
			 DENIAL_UNFIT);
	assert_int_equal(put_nsec("example.", "b.example.", "a.example.", "A RRSIG NSEC"),
			 DENIAL_UNFIT);
	assert_not_denied("victim.example.", TYPE_A);
	assert_not_denied("victim.com.", TYPE_A);
	assert_int_equal(counters_of(cache).denial_records, 0);
}

static void generated_records_are_not_kept(void **state)
{
	(void)state;
	// RFC 9824: NXDOMAIN and NODATA.
	assert_int_equal(
		put_nsec("example.", "a.example.", "\\000.a.example.", "RRSIG NSEC TYPE128"),
		DENIAL_GENERATED);
	assert_int_equal(put_nsec("example.", "a.example.", "\\000.a.example.", "A RRSIG NSEC"),
			 DENIAL_GENERATED);
	// RFC 4470 §2
	assert_int_equal(put_nsec("example.", "a~.example.", "b-.example.", "RRSIG NSEC"),
			 DENIAL_GENERATED);
	assert_int_equal(counters_of(cache).denial_records, 0);
}

static void without_the_soa_nothing_is_denied_and_wildcards_answer_for_five_minutes(void **state)
{
	(void)state;
	assert_int_equal(put_nsec_until("other.", "other.", "www.other.", "NS SOA RRSIG NSEC", 3600,
					SIGNATURE_END),
			 DENIAL_KEPT);
	assert_not_denied("bogus.other.", TYPE_A);
	assert_not_denied("other.", TYPE_A);
	KEPT("other.", "www.other.", "other.", "A RRSIG NSEC");
	assert_int_equal(put_nsec_until("other.", "*.w.other.", "x.other.", "A RRSIG NSEC", 3600,
					SIGNATURE_END),
			 DENIAL_KEPT);
	struct entry_spec spec = signed_by(spec_a("*.w.other.", 7), "other.");
	spec.ttl_s = 3600;
	assert_int_equal(put(cache, spec), PUBLISHED);
	struct denial_answer answer = deny("a.w.other.", TYPE_A);
	assert_int_equal(answer.kind, DENIED_WILDCARD);
	assert_null(answer.soa);
	assert_int_equal(answer.left_s, DENIAL_NO_SOA_TTL_S);
	assert_true(name_equal(answer.zone, wire("other.")));
	assert_int_equal(answer.zone_len, name_len(wire("other.")));
	assert_int_equal(deny_at("a.w.other.", TYPE_A, NOW_MS + 300000, NOW_S).kind, DENIED_NOT);
	// With a SOA that ends before it, too.
	assert_true(put_soa("short.", 10));
	assert_true(put_soa("other.", 3600));
	assert_int_equal(put_nsec_until("other.", "*.w.other.", "x.other.", "A RRSIG NSEC", 3600,
					SIGNATURE_END),
			 DENIAL_KEPT);
	assert_int_equal(deny("a.w.other.", TYPE_A).left_s, 3600);
	assert_int_equal(deny("bogus.other.", TYPE_A).kind, DENIED_NOT); // of before, without it
	cache_maintain(cache, NOW_MS);
	assert_true(put_soa("other.", 5));
	assert_int_equal(deny_at("a.w.other.", TYPE_A, NOW_MS + 6000, NOW_S).left_s,
			 DENIAL_NO_SOA_TTL_S);
}

static void ttl_is_the_least_of_record_soa_and_signatures(void **state)
{
	(void)state;
	assert_int_equal(put_nsec_until("example.", "example.", "b.example.", "NS SOA RRSIG NSEC",
					100, SIGNATURE_END),
			 DENIAL_KEPT);
	assert_int_equal(put_nsec_until("example.", "b.example.", "d.example.", "A RRSIG NSEC",
					1000, NOW_S + 50),
			 DENIAL_KEPT);
	assert_int_equal(put_nsec_until("example.", "d.example.", "f.example.", "A RRSIG NSEC",
					1000, SIGNATURE_END),
			 DENIAL_KEPT);
	assert_int_equal(deny("a.example.", TYPE_A).left_s, 100);
	assert_int_equal(deny("c.example.", TYPE_A).left_s, 50);
	assert_int_equal(deny("c.example.", TYPE_A).signature_expires_s, NOW_S + 50);
	assert_int_equal(deny("d.example.", TYPE_MX).left_s, TTL_S); // RFC 9077
	assert_int_equal(deny_at("a.example.", TYPE_A, NOW_MS + 99000, NOW_S).left_s, 1);
	assert_int_equal(deny_at("a.example.", TYPE_A, NOW_MS + 100000, NOW_S).kind, DENIED_NOT);
	assert_int_equal(deny_at("c.example.", TYPE_A, NOW_MS, NOW_S + 50).kind, DENIED_NOT);
	assert_int_equal(deny_at("d.example.", TYPE_MX, NOW_MS + TTL_S * 1000, NOW_S).kind,
			 DENIED_NOT);
}

static void nothing_is_said_or_kept_at_or_below_a_barred_name(void **state)
{
	(void)state;
	put_all();
	assert_true(cache_denial_bar(cache, wire("bogus.example.")));
	assert_not_denied("bogus.example.", TYPE_A);
	assert_not_denied("a.bogus.example.", TYPE_A);
	assert_denied("bogus2.example.", TYPE_A, DENIED_NXDOMAIN, "alias.example. example.");
	// Its DS stands above it.
	assert_denied("bogus.example.", TYPE_DS, DENIED_NXDOMAIN, "alias.example. example.");
	assert_false(put_soa("bogus.example.", TTL_S));
	assert_false(put_soa("deep.bogus.example.", TTL_S));
	assert_int_equal(put_nsec("bogus.example.", "bogus.example.", "z.bogus.example.",
				  "NS SOA RRSIG NSEC"),
			 DENIAL_NO_ZONE);
	// Two reasons are two.
	assert_true(cache_denial_bar(cache, wire("BOGUS.example.")));
	cache_denial_unbar(cache, wire("bogus.example."));
	assert_not_denied("a.bogus.example.", TYPE_A);
	cache_denial_unbar(cache, wire("bogus.example."));
	assert_denied("bogus.example.", TYPE_A, DENIED_NXDOMAIN, "alias.example. example.");
}

static void fence_keeps_out_what_zones_above_say(void **state)
{
	(void)state;
	put_all();
	assert_true(cache_denial_fence(cache, wire("bogus.example.")));
	assert_not_denied("bogus.example.", TYPE_A);
	assert_not_denied("a.bogus.example.", TYPE_A);
	assert_denied("bogus.example.", TYPE_DS, DENIED_NXDOMAIN, "alias.example. example.");
	// Its own word counts.
	assert_true(put_soa("bogus.example.", TTL_S));
	KEPT("bogus.example.", "bogus.example.", "z.bogus.example.", "NS SOA RRSIG NSEC");
	assert_denied("a.bogus.example.", TYPE_A, DENIED_NXDOMAIN, "bogus.example.");
	// It outlives all that is in it.
	flush_all(cache);
	put_soa("example.", TTL_S);
	put_all();
	assert_not_denied("a.bogus.example.", TYPE_A);
	assert_denied("bogut.example.", TYPE_A, DENIED_NXDOMAIN, "alias.example. example.");
}

static void barring_a_zone_forgets_it(void **state)
{
	(void)state;
	put_all();
	assert_true(cache_denial_bar(cache, wire("example.")));
	assert_int_equal(counters_of(cache).denial_records, 0);
	assert_not_denied("bogus.example.", TYPE_A);
	cache_denial_unbar(cache, wire("example."));
	assert_not_denied("bogus.example.", TYPE_A);
}

static void the_deepest_zone_speaks(void **state)
{
	(void)state;
	assert_true(put_soa(".", TTL_S));
	KEPT(".", ".", "example.", "NS SOA RRSIG NSEC");
	put_all();
	assert_true(put_soa("www.example.", TTL_S));
	assert_denied("bogus.example.", TYPE_A, DENIED_NXDOMAIN, "alias.example. example.");
	assert_not_denied("bogus.www.example.", TYPE_A);
	assert_denied("bogus.", TYPE_A, DENIED_NXDOMAIN, ".");
	assert_denied("a.bogus.", TYPE_DS, DENIED_NXDOMAIN, ".");
	assert_not_denied(".", TYPE_DS);
}

static void newer_record_ends_what_it_contradicts(void **state)
{
	(void)state;
	put_all();
	// "bogus" has come to be, "dname" is gone.
	KEPT("example.", "bogus.example.", "cut.example.", "A RRSIG NSEC");
	assert_not_denied("alias.example.", TYPE_DS);
	assert_not_denied("blank.example.", TYPE_A);
	assert_denied("bogus.example.", TYPE_MX, DENIED_NODATA, "bogus.example.");
	KEPT("example.", "cut.example.", "x.ent.example.", "NS RRSIG NSEC");
	assert_denied("dname.example.", TYPE_A, DENIED_NXDOMAIN, "cut.example. example.");
	assert_denied("x.dname.example.", TYPE_A, DENIED_NXDOMAIN, "cut.example. example.");
	// The last of the zone is another one.
	KEPT("example.", "x.ent.example.", "example.", "A RRSIG NSEC");
	assert_denied("www.example.", TYPE_A, DENIED_NXDOMAIN, "x.ent.example. example.");
	assert_int_equal(counters_of(cache).denial_records, 4);
}

static void data_that_came_end_what_denies_them(void **state)
{
	(void)state;
	put_all();
	// A delegation's own data are not the zone's.
	cache_denial_refute(cache, wire("cut.example."), TYPE_A, NULL, NULL, NULL);
	assert_denied("cut.example.", TYPE_DS, DENIED_NODATA, "cut.example.");
	cache_denial_refute(cache, wire("www.example."), TYPE_A, NULL, NULL, NULL);
	cache_denial_refute(cache, wire("ns.cut.example."), TYPE_A, NULL, NULL, NULL);
	cache_denial_refute(cache, wire("cut.example."), TYPE_NS, NULL, NULL, NULL);
	assert_int_equal(counters_of(cache).denial_records, 7);
	cache_denial_refute(cache, wire("Bogus.example."), TYPE_A, NULL, NULL, NULL);
	assert_not_denied("bogus.example.", TYPE_A);
	cache_denial_refute(cache, wire("www.example."), TYPE_MX, NULL, NULL, NULL);
	assert_not_denied("www.example.", TYPE_MX);
	assert_int_equal(counters_of(cache).denial_records, 5);
}

static void flush_forgets_a_zone_and_what_those_above_say_of_it(void **state)
{
	(void)state;
	put_all();
	assert_denied("nope.example.", TYPE_A, DENIED_NXDOMAIN, "x.ent.example. example.");
	flush_zone(cache, "nope.example.");
	assert_not_denied("nope.example.", TYPE_A);
	put_all();
	assert_true(put_soa("cut.example.", TTL_S));
	KEPT("cut.example.", "cut.example.", "www.cut.example.", "NS SOA RRSIG NSEC DNSKEY");
	flush_zone(cache, "cut.example.");
	assert_not_denied("a.cut.example.", TYPE_A);
	assert_not_denied("cut.example.", TYPE_DS);
	assert_denied("bogus.example.", TYPE_A, DENIED_NXDOMAIN, "alias.example. example.");
	cache_flush_name(cache, wire("bogus.example."));
	assert_not_denied("bogus.example.", TYPE_A);
	flush_zone(cache, "ent.example.");
	assert_not_denied("x.ent.example.", TYPE_MX);
	assert_denied("www.example.", TYPE_MX, DENIED_NODATA, "www.example.");
	flush_all(cache);
	assert_int_equal(counters_of(cache).denial_records, 0);
	assert_int_equal(counters_of(cache).denial_zones, 0);
	settle(cache, NOW_MS);
	assert_int_equal(counters_of(cache).denial_bytes, 0);
}

static bool count_zone(const struct denial_facts *facts, void *arg)
{
	struct denial_facts *out = arg;

	if (name_equal(facts->zone, wire("example.")))
		*out = *facts;
	return true;
}

static void walk_shows_what_is_held(void **state)
{
	(void)state;
	struct denial_facts facts = {0};

	put_all();
	cache_denial_walk(cache, count_zone, &facts);
	assert_int_equal(facts.nsec, 7);
	assert_int_equal(facts.nsec3, 0);
	assert_int_equal(facts.expires_ms, NOW_MS + TTL_S * 1000);
	assert_true(facts.bytes > 7 * 150 && facts.bytes < 7 * 800);
	assert_false(facts.barred);
}

static void without_memory_for_it_nothing_is_kept(void **state)
{
	(void)state;
	cache_free(cache);
	cache = denial_cache(16, 0, 1);
	assert_false(put_soa("example.", TTL_S));
	assert_true(cache_denial_bar(cache, wire("x.example.")));
	assert_not_denied("bogus.example.", TYPE_A);
}

static void names_with_strange_bytes_are_in_canonical_order(void **state)
{
	(void)state;
	// RFC 4034 §6.1's own example.
	static const char *const order[] = {
		"example.",         "a.example.",      "yljkjljk.a.example.",
		"Z.a.example.",     "zABC.a.EXAMPLE.", "z.example.",
		"\\001.z.example.", "*.z.example.",    "\\200.z.example.",
	};
	const size_t count = sizeof(order) / sizeof(order[0]);

	for (size_t i = 0; i < count; i++)
		KEPT("example.", order[i], i + 1 < count ? order[i + 1] : "example.",
		     i == 0 ? "NS SOA RRSIG NSEC" : "A RRSIG NSEC");
	assert_int_equal(counters_of(cache).denial_records, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(deny(order[i], TYPE_MX).kind, DENIED_NODATA);
	assert_denied("\\000.z.example.", TYPE_MX, DENIED_NODATA, "z.example. *.z.example.");
	assert_denied("\\001\\000.z.example.", TYPE_MX, DENIED_NODATA,
		      "\\001.z.example. *.z.example.");
	assert_denied("\\000.a.example.", TYPE_MX, DENIED_NXDOMAIN, "a.example.");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_zone, end_zone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(name_between_two_is_nxdomain_with_the_proof_of_no_wildcard),
		TEST(name_in_capitals_is_the_same),
		TEST(type_that_is_not_listed_is_nodata),
		TEST(cname_bit_denies_nothing),
		TEST(empty_non_terminal_is_nodata),
		TEST(b4_delegation_says_nothing_of_names_below),
		TEST(dname_says_nothing_of_names_below),
		TEST(ds_is_denied_by_the_parent_alone),
		TEST(apex_record_never_denies_a_ds_where_it_looks_like_a_parents),
		TEST(wildcard_without_the_type_is_nodata),
		TEST(wildcard_with_the_type_answers_once_it_is_cached),
		TEST(wildcard_of_a_type_of_cuts_answers_for_no_other_name),
		TEST(nodata_of_a_wildcard_is_no_rrset_of_it),
		TEST(wildcard_that_is_not_proven_never_answers),
		TEST(wildcard_that_has_ended_answers_nothing),
		TEST(wildcard_cname_answers_for_all_types_but_those_beside_it),
		TEST(wildcard_is_known_by_its_rrset_where_no_record_shows_it),
		TEST(b4_no_wildcard_answers_below_a_delegation_or_a_dname),
		TEST(types_that_are_about_the_records_themselves_are_never_denied),
		TEST(gap_in_the_chain_says_nothing),
		TEST(b2_next_name_outside_the_zone_is_not_kept),
		TEST(generated_records_are_not_kept),
		TEST(without_the_soa_nothing_is_denied_and_wildcards_answer_for_five_minutes),
		TEST(ttl_is_the_least_of_record_soa_and_signatures),
		TEST(nothing_is_said_or_kept_at_or_below_a_barred_name),
		TEST(fence_keeps_out_what_zones_above_say),
		TEST(barring_a_zone_forgets_it),
		TEST(the_deepest_zone_speaks),
		TEST(newer_record_ends_what_it_contradicts),
		TEST(data_that_came_end_what_denies_them),
		TEST(flush_forgets_a_zone_and_what_those_above_say_of_it),
		TEST(walk_shows_what_is_held),
		TEST(without_memory_for_it_nothing_is_kept),
		TEST(names_with_strange_bytes_are_in_canonical_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
