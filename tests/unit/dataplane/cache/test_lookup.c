#include "dataplane/dns/types.h"
#include "tests/unit/dataplane/cache/cached.h"

#include <stdio.h>
#include <string.h>

#define LATER_MS (NOW_MS + TTL_S * 1000)     // past the TTL
#define END_MS   (LATER_MS + STALE_S * 1000) // past the stale time

static void misses(struct cache *cache, const char *name, uint16_t type)
{
	struct lookup lookup = ask(cache, name, type);

	assert_int_equal(lookup.status, LOOKUP_MISS);
	assert_int_equal(lookup.count, 0);
	assert_int_equal(lookup.stale_count, 0);
}

static void unknown_name_is_a_miss(void **state)
{
	misses(*state, "www.example.", TYPE_A);
}

static void other_type_is_a_miss(void **state)
{
	PUT(spec_a("www.example.", 1));
	misses(*state, "www.example.", TYPE_AAAA);
}

static void expired_entry_is_a_miss_with_a_stale_chain(void **state)
{
	PUT(spec_a("www.example.", 1));
	assert_int_equal(ask_at(*state, "www.example.", TYPE_A, LATER_MS - 1).status, LOOKUP_HIT);
	struct lookup lookup = ask_at(*state, "www.example.", TYPE_A, LATER_MS);

	assert_int_equal(lookup.status, LOOKUP_MISS);
	assert_int_equal(lookup.count, 0);
	assert_int_equal(lookup.stale_count, 1);
	assert_int_equal(address_of(lookup.stale_links[0]), 1);
}

static void stale_time_ends(void **state)
{
	PUT(spec_a("www.example.", 1));
	assert_int_equal(ask_at(*state, "www.example.", TYPE_A, END_MS - 1).stale_count, 1);
	assert_int_equal(ask_at(*state, "www.example.", TYPE_A, END_MS).stale_count, 0);
}

static void entry_without_stale_time_is_never_stale(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 1);

	spec.stale_s = 0;
	PUT(spec);
	assert_int_equal(ask_at(*state, "www.example.", TYPE_A, LATER_MS).stale_count, 0);
}

// A forward step of the wall clock: no answer outlives its signatures, not even as stale.
static void signatures_over_is_neither_fresh_nor_stale(void **state)
{
	const enum entry_security verdicts[] = {SECURITY_SECURE, SECURITY_INSECURE};

	for (size_t i = 0; i < 2; i++) {
		struct entry_spec spec = spec_a("www.example.", 1);
		spec.security = verdicts[i]; // insecure: of the proof that there is no DS
		spec.signature_expires_s = NOW_S + 1;
		PUT(spec);
		assert_true(hits(*state, "www.example.", TYPE_A));
		spec.signature_expires_s = NOW_S;
		PUT(spec);
		misses(*state, "www.example.", TYPE_A);
	}
}

static void any_and_rrsig_always_miss(void **state)
{
	struct entry_spec spec = spec_bytes("www.example.", TYPE_RRSIG, 30);

	PUT(spec_a("www.example.", 1));
	PUT(spec_nxdomain("gone.example."));
	assert_int_equal(put(*state, spec), ONE_SHOT);
	misses(*state, "www.example.", TYPE_ANY);
	misses(*state, "www.example.", TYPE_RRSIG);
	misses(*state, "gone.example.", TYPE_ANY);
	misses(*state, "gone.example.", 0);
}

// ---- chains ----

static void cname_chain_is_followed_to_its_data(void **state)
{
	PUT(spec_cname("a.example.", "B.example."));
	PUT(spec_cname("b.example.", "c.other."));
	misses(*state, "a.example.", TYPE_A);
	PUT(spec_a("c.other.", 3));
	struct lookup lookup = ask(*state, "a.example.", TYPE_A);

	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.count, 3);
	assert_memory_equal(entry_name(lookup.links[0]), wire("a.example."), 11);
	assert_memory_equal(entry_name(lookup.links[1]), wire("b.example."), 11);
	assert_int_equal(address_of(lookup.links[2]), 3);
}

static void chain_may_end_in_a_negative_answer(void **state)
{
	PUT(spec_cname("a.example.", "b.example."));
	PUT(spec_nodata("b.example.", TYPE_A));
	PUT(spec_cname("c.example.", "d.example."));
	PUT(spec_nxdomain("d.example."));
	struct lookup lookup = ask(*state, "a.example.", TYPE_A);
	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.links[1]->kind, ENTRY_NODATA);
	lookup = ask(*state, "c.example.", TYPE_AAAA);
	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.links[1]->kind, ENTRY_NXDOMAIN);
}

static void question_for_cname_is_answered_by_the_cname(void **state)
{
	PUT(spec_cname("a.example.", "b.example."));
	PUT(spec_a("b.example.", 1));
	struct lookup lookup = ask(*state, "a.example.", TYPE_CNAME);

	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.count, 1);
}

static void nodata_of_type_cname_is_no_cname(void **state)
{
	PUT(spec_nodata("a.example.", TYPE_CNAME));
	assert_true(hits(*state, "a.example.", TYPE_CNAME));
	misses(*state, "a.example.", TYPE_A);
}

static void make_chain(void **state, unsigned aliases)
{
	char from[32], to[32];

	for (unsigned i = 0; i < aliases; i++) {
		snprintf(from, sizeof(from), "n%u.example.", i);
		snprintf(to, sizeof(to), "n%u.example.", i + 1);
		PUT(spec_cname(from, to));
	}
	snprintf(to, sizeof(to), "n%u.example.", aliases);
	PUT(spec_a(to, aliases));
}

// ATTACKS D4
static void D4_chain_of_11_aliases_is_answered(void **state)
{
	make_chain(state, 11);
	struct lookup lookup = ask(*state, "n0.example.", TYPE_A);

	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.count, 12);
	assert_int_equal(address_of(lookup.links[11]), 11);
}

static void D4_chain_of_12_aliases_is_a_miss(void **state)
{
	make_chain(state, 12);
	misses(*state, "n0.example.", TYPE_A);
}

static void D4_loops_are_misses(void **state)
{
	PUT(spec_cname("self.example.", "self.example."));
	PUT(spec_cname("a.example.", "b.example."));
	PUT(spec_cname("b.example.", "a.example."));
	PUT(spec_dname("d.example.", "x.d.example."));
	misses(*state, "self.example.", TYPE_A);
	misses(*state, "a.example.", TYPE_A);
	misses(*state, "y.d.example.", TYPE_A);
}

// O11: after a partial expiry nothing but the whole chain is served.
static void O11_partly_expired_chain_is_stale_as_a_whole(void **state)
{
	struct entry_spec alias = spec_cname("a.example.", "b.example.");

	alias.ttl_s = 10 * TTL_S;
	PUT(alias);
	PUT(spec_a("b.example.", 5));
	struct lookup lookup = ask_at(*state, "a.example.", TYPE_A, LATER_MS);

	assert_int_equal(lookup.status, LOOKUP_MISS);
	assert_int_equal(lookup.count, 0);
	assert_int_equal(lookup.stale_count, 2);
	assert_int_equal(lookup.stale_links[0]->kind, ENTRY_CNAME);
	assert_int_equal(address_of(lookup.stale_links[1]), 5);
}

static void stale_alias_with_fresh_data_is_stale(void **state)
{
	struct entry_spec data = spec_a("b.example.", 5);

	data.ttl_s = 10 * TTL_S;
	PUT(data);
	PUT(spec_cname("a.example.", "b.example."));
	struct lookup lookup = ask_at(*state, "a.example.", TYPE_A, LATER_MS);
	assert_int_equal(lookup.status, LOOKUP_MISS);
	assert_int_equal(lookup.stale_count, 2);
}

static void incomplete_stale_chain_is_none(void **state)
{
	PUT(spec_cname("a.example.", "b.example."));
	struct lookup lookup = ask_at(*state, "a.example.", TYPE_A, LATER_MS);

	assert_int_equal(lookup.status, LOOKUP_MISS);
	assert_int_equal(lookup.stale_count, 0);
}

static void stale_chain_ends_with_its_signatures(void **state)
{
	struct entry_spec data = spec_a("b.example.", 5);

	data.signature_expires_s = NOW_S;
	PUT(spec_cname("a.example.", "b.example."));
	PUT(data);
	assert_int_equal(ask_at(*state, "a.example.", TYPE_A, LATER_MS).stale_count, 0);
}

// ---- failures ----

static void failure_is_found(void **state)
{
	PUT(spec_cname("a.example.", "b.example."));
	PUT(spec_failure("b.example.", TYPE_A, EDE_DNSSEC_BOGUS));
	struct lookup lookup = ask(*state, "a.example.", TYPE_A);

	assert_int_equal(lookup.status, LOOKUP_FAILURE);
	assert_int_equal(lookup.count, 2);
	assert_int_equal(lookup.links[1]->ede, EDE_DNSSEC_BOGUS);
	assert_int_equal(lookup.stale_count, 0);
	misses(*state, "b.example.", TYPE_AAAA);
	assert_int_equal(ask_at(*state, "b.example.", TYPE_A, LATER_MS).status, LOOKUP_MISS);
}

static void failure_stands_beside_stale_data(void **state)
{
	struct entry_spec failure = spec_failure("www.example.", TYPE_A, EDE_NETWORK_ERROR);

	PUT(spec_a("www.example.", 1));
	failure.now_ms = LATER_MS;
	PUT(failure);
	struct lookup lookup = ask_at(*state, "www.example.", TYPE_A, LATER_MS);
	assert_int_equal(lookup.status, LOOKUP_FAILURE);
	assert_int_equal(lookup.count, 1);
	assert_int_equal(lookup.stale_count, 1);
	assert_int_equal(address_of(lookup.stale_links[0]), 1);
}

static void failure_never_hides_valid_data(void **state)
{
	PUT(spec_a("www.example.", 1));
	PUT(spec_failure("www.example.", TYPE_A, EDE_NETWORK_ERROR));
	assert_true(hits(*state, "www.example.", TYPE_A));
	PUT(spec_dname("d.example.", "t.example."));
	PUT(spec_a("x.t.example.", 2));
	PUT(spec_failure("x.d.example.", TYPE_A, EDE_NETWORK_ERROR));
	assert_true(hits(*state, "x.d.example.", TYPE_A));
}

// ---- names below others ----

static void dname_rewrites_names_below_it(void **state)
{
	PUT(spec_dname("old.example.", "New.example."));
	PUT(spec_a("www.x.new.example.", 6));
	struct lookup lookup = ask(*state, "www.x.old.example.", TYPE_A);

	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.count, 2);
	assert_int_equal(lookup.links[0]->kind, ENTRY_DNAME);
	assert_int_equal(address_of(lookup.links[1]), 6);
}

// A CNAME ends the chain of a question for CNAME; so does the one that a DNAME makes.
static void dname_answers_a_question_for_cname(void **state)
{
	PUT(spec_dname("old.example.", "New.example."));
	struct lookup lookup = ask(*state, "www.old.example.", TYPE_CNAME);
	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.count, 1);
	assert_int_equal(lookup.links[0]->kind, ENTRY_DNAME);
	PUT(spec_nodata("www.new.example.", TYPE_CNAME));
	assert_int_equal(ask(*state, "www.old.example.", TYPE_CNAME).count, 1);
	misses(*state, "old.example.", TYPE_CNAME);
}

// RFC 6672 §2.3
static void dname_does_not_apply_to_its_own_name(void **state)
{
	PUT(spec_dname("old.example.", "new.example."));
	PUT(spec_a("new.example.", 6));
	misses(*state, "old.example.", TYPE_A);
	struct lookup lookup = ask(*state, "old.example.", TYPE_DNAME);
	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.count, 1);
}

// RFC 6672 §2.2
static void dname_that_makes_a_name_too_long_ends_the_chain(void **state)
{
	char target[260], name[260];

	for (size_t i = 0; i < 240; i++)
		target[i] = i % 2 == 0 ? 'x' : '.';
	target[240] = 0;
	PUT(spec_dname("old.example.", target));
	snprintf(name, sizeof(name), "%s.old.example.", "0123456789abcdefghij");
	struct lookup lookup = ask(*state, name, TYPE_A);
	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.count, 1);
	assert_int_equal(lookup.links[0]->kind, ENTRY_DNAME);
}

static void stale_dname_makes_a_stale_chain(void **state)
{
	PUT(spec_dname("old.example.", "new.example."));
	PUT(spec_a("www.new.example.", 6));
	assert_int_equal(ask_at(*state, "www.old.example.", TYPE_A, LATER_MS).stale_count, 2);
}

// RFC 8020 §2
static void secure_nxdomain_of_an_ancestor_answers(void **state)
{
	PUT(spec_nxdomain("gone.example."));
	struct lookup lookup = ask(*state, "a.b.gone.example.", TYPE_AAAA);

	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.count, 1);
	assert_int_equal(lookup.links[0]->kind, ENTRY_NXDOMAIN);
	misses(*state, "example.", TYPE_A);
	misses(*state, "notgone.example.", TYPE_A);
}

// ATTACKS A12
static void A12_nxdomain_of_insecure_ancestor_hides_nothing(void **state)
{
	struct entry_spec spec = spec_nxdomain("gone.example.");

	spec.security = SECURITY_INSECURE;
	PUT(spec);
	assert_true(hits(*state, "gone.example.", TYPE_A));
	misses(*state, "a.gone.example.", TYPE_A);
}

static void A12_nxdomain_above_a_configured_zone_hides_nothing(void **state)
{
	struct entry_spec spec = spec_nxdomain("corp.");

	spec.this_name_only = true;
	PUT(spec);
	assert_true(hits(*state, "corp.", TYPE_A));
	misses(*state, "host.lan.corp.", TYPE_A);
}

// RFC 5155 §12.2: an unsigned delegation may lie in the span.
static void nxdomain_by_opt_out_hides_nothing_below(void **state)
{
	struct entry_spec spec = spec_nxdomain("gone.example.");

	spec.opt_out = true;
	PUT(spec);
	assert_true(hits(*state, "gone.example.", TYPE_A));
	misses(*state, "a.gone.example.", TYPE_A);
}

static void expired_nxdomain_of_an_ancestor_hides_nothing(void **state)
{
	PUT(spec_nxdomain("gone.example."));
	struct lookup lookup = ask_at(*state, "a.gone.example.", TYPE_A, LATER_MS);

	assert_int_equal(lookup.status, LOOKUP_MISS);
	assert_int_equal(lookup.stale_count, 0);
}

static void proven_nxdomain_above_ends_staleness(void **state)
{
	struct entry_spec gone = spec_nxdomain("example.");

	PUT(spec_a("www.example.", 1));
	gone.now_ms = LATER_MS;
	PUT(gone);
	struct lookup lookup = ask_at(*state, "www.example.", TYPE_A, LATER_MS);
	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(lookup.links[0]->kind, ENTRY_NXDOMAIN);
	assert_int_equal(lookup.stale_count, 0);
}

static void ancestors_are_free_again_when_their_entry_goes(void **state)
{
	PUT(spec_nxdomain("gone.example."));
	assert_true(hits(*state, "a.gone.example.", TYPE_A));
	assert_int_equal(cache_flush_name(*state, wire("gone.example.")), 1);
	misses(*state, "a.gone.example.", TYPE_A);
}

static void a_flush_takes_what_rules_over_the_name(void **state)
{
	static const char *const names[] = {"a.b.gone.example.", "b.gone.example."};
	const uint16_t type = TYPE_A;

	for (int way = 0; way < 3; way++) {
		for (size_t i = 0; i < 2; i++) {
			PUT(spec_nxdomain("gone.example."));
			assert_true(hits(*state, names[i], TYPE_A));
			PUT(spec_dname("example.", "other.test."));
			PUT(spec_a("c.gone.other.test.", 1));
			assert_int_equal(way == 0   ? cache_flush_name(*state, wire(names[i]))
					 : way == 1 ? cache_flush_type(*state, wire(names[i]), type)
						    : flush_zone(*state, names[i]),
					 2);
			misses(*state, names[i], TYPE_A);
			assert_non_null(cache_find(*state, wire("c.gone.other.test."), TYPE_A));
			// What is dropped for what it is takes nothing else.
			PUT(spec_nxdomain("gone.example."));
			assert_int_equal(cache_drop_type(*state, wire(names[i]), TYPE_A), 0);
			assert_true(hits(*state, names[i], TYPE_A));
		}
	}
}

static void a_flush_of_a_type_takes_the_alias_that_answers_for_it(void **state)
{
	PUT(spec_cname("www.example.", "x.example."));
	PUT(spec_a("x.example.", 1));
	assert_int_equal(cache_flush_type(*state, wire("www.example."), TYPE_DS), 0);
	assert_int_equal(cache_flush_type(*state, wire("www.example."), TYPE_A), 1);
	misses(*state, "www.example.", TYPE_A);
	assert_true(hits(*state, "x.example.", TYPE_A));
}

// A packet's work is bounded: ancestors of many labels are left to control.
static void ancestors_of_many_labels_are_not_looked_at(void **state)
{
	char deep[128] = "", name[130];

	for (unsigned i = 0; i < 25; i++)
		strcat(deep, "a.");
	PUT(spec_nxdomain(deep));
	assert_true(hits(*state, deep, TYPE_A));
	snprintf(name, sizeof(name), "x.%s", deep);
	misses(*state, name, TYPE_A);
	PUT(spec_nxdomain(deep + 2));
	assert_true(hits(*state, name, TYPE_A));
}

// ---- DS ----

static void ds_is_answered_at_its_name_only(void **state)
{
	struct entry_spec insecure = spec_nxdomain("apex.example.");

	PUT(spec_cname("alias.example.", "t.example."));
	PUT(spec_bytes("t.example.", TYPE_DS, 36));
	misses(*state, "alias.example.", TYPE_DS);
	assert_true(hits(*state, "t.example.", TYPE_DS));
	PUT(spec_nodata("u.example.", TYPE_DS));
	assert_true(hits(*state, "u.example.", TYPE_DS));
	insecure.security = SECURITY_INSECURE;
	PUT(insecure);
	misses(*state, "apex.example.", TYPE_DS);
	PUT(spec_nxdomain("apex.example."));
	assert_true(hits(*state, "apex.example.", TYPE_DS));
}

static void types_beside_a_cname_do_not_follow_it(void **state)
{
	PUT(spec_cname("a.example.", "b.example."));
	PUT(spec_bytes("b.example.", TYPE_NSEC, 20));
	misses(*state, "a.example.", TYPE_NSEC);
	PUT(spec_bytes("a.example.", TYPE_NSEC, 20));
	struct lookup lookup = ask(*state, "a.example.", TYPE_NSEC);
	assert_int_equal(lookup.count, 1);
	assert_true(ask(*state, "a.example.", TYPE_CNAME).count == 1);
}

// ---- bursts and exact finds ----

static void burst_gives_what_single_lookups_give(void **state)
{
	const char *const names[] = {"a.example.", "b.example.",    "x.gone.example.",
				     "f.example.", "none.example.", "s.example."};
	struct lookup single[6], burst[6];
	struct lookup *pointers[6];
	struct entry_spec stale = spec_a("s.example.", 3);

	PUT(spec_cname("a.example.", "b.example."));
	PUT(spec_a("b.example.", 1));
	PUT(spec_nxdomain("gone.example."));
	PUT(spec_failure("f.example.", TYPE_A, EDE_OTHER));
	stale.now_ms = 0;
	PUT(stale);
	for (size_t i = 0; i < 6; i++) {
		single[i] = ask(*state, names[i], TYPE_A);
		burst[i] = single[i];
		burst[i].hash = 0;
		burst[i].status = LOOKUP_FAILURE;
		burst[i].count = burst[i].stale_count = 9;
		pointers[i] = &burst[i];
	}
	cache_lookup_burst(*state, pointers, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(burst[i].hash, single[i].hash);
		assert_int_equal(burst[i].status, single[i].status);
		assert_int_equal(burst[i].count, single[i].count);
		assert_int_equal(burst[i].stale_count, single[i].stale_count);
		for (size_t j = 0; j < burst[i].count; j++)
			assert_ptr_equal(burst[i].links[j], single[i].links[j]);
	}
	assert_int_equal(burst[5].stale_count, 1);
}

static void find_is_exact_and_gives_expired_entries_too(void **state)
{
	struct entry_spec old = spec_a("old.example.", 1);

	old.now_ms = 0;
	PUT(old);
	assert_non_null(cache_find(*state, wire("old.example."), TYPE_A));
	assert_null(cache_find(*state, wire("old.example."), TYPE_AAAA));
	PUT(spec_nxdomain("gone.example."));
	assert_non_null(cache_find(*state, wire("gone.example."), 0));
	assert_null(cache_find(*state, wire("gone.example."), TYPE_A));
	PUT(spec_failure("f.example.", TYPE_A, EDE_OTHER));
	assert_null(cache_find(*state, wire("f.example."), TYPE_A));
	assert_non_null(cache_find_failure(*state, wire("f.example."), TYPE_A));
	assert_null(cache_find_failure(*state, wire("f.example."), TYPE_MX));
}

static void root_has_entries_like_any_name(void **state)
{
	PUT(spec_bytes(".", TYPE_NS, 20));
	assert_true(hits(*state, ".", TYPE_NS));
	misses(*state, ".", TYPE_A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cached(unknown_name_is_a_miss),
		cached(other_type_is_a_miss),
		cached(expired_entry_is_a_miss_with_a_stale_chain),
		cached(stale_time_ends),
		cached(entry_without_stale_time_is_never_stale),
		cached(signatures_over_is_neither_fresh_nor_stale),
		cached(any_and_rrsig_always_miss),
		cached(cname_chain_is_followed_to_its_data),
		cached(chain_may_end_in_a_negative_answer),
		cached(question_for_cname_is_answered_by_the_cname),
		cached(nodata_of_type_cname_is_no_cname),
		cached(D4_chain_of_11_aliases_is_answered),
		cached(D4_chain_of_12_aliases_is_a_miss),
		cached(D4_loops_are_misses),
		cached(O11_partly_expired_chain_is_stale_as_a_whole),
		cached(stale_alias_with_fresh_data_is_stale),
		cached(incomplete_stale_chain_is_none),
		cached(stale_chain_ends_with_its_signatures),
		cached(failure_is_found),
		cached(failure_stands_beside_stale_data),
		cached(failure_never_hides_valid_data),
		cached(dname_rewrites_names_below_it),
		cached(dname_answers_a_question_for_cname),
		cached(dname_does_not_apply_to_its_own_name),
		cached(dname_that_makes_a_name_too_long_ends_the_chain),
		cached(stale_dname_makes_a_stale_chain),
		cached(secure_nxdomain_of_an_ancestor_answers),
		cached(A12_nxdomain_of_insecure_ancestor_hides_nothing),
		cached(A12_nxdomain_above_a_configured_zone_hides_nothing),
		cached(nxdomain_by_opt_out_hides_nothing_below),
		cached(expired_nxdomain_of_an_ancestor_hides_nothing),
		cached(proven_nxdomain_above_ends_staleness),
		cached(ancestors_are_free_again_when_their_entry_goes),
		cached(a_flush_takes_what_rules_over_the_name),
		cached(a_flush_of_a_type_takes_the_alias_that_answers_for_it),
		cached(ancestors_of_many_labels_are_not_looked_at),
		cached(ds_is_answered_at_its_name_only),
		cached(types_beside_a_cname_do_not_follow_it),
		cached(burst_gives_what_single_lookups_give),
		cached(find_is_exact_and_gives_expired_entries_too),
		cached(root_has_entries_like_any_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
