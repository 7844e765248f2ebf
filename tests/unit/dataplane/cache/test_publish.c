#include "dataplane/dns/types.h"
#include "tests/unit/dataplane/cache/cached.h"

#include <stdio.h>

static bool failed(struct cache *cache, const char *name, uint16_t type)
{
	return cache_find_failure(cache, wire(name), type) != NULL;
}

static void newer_entry_replaces_the_older(void **state)
{
	PUT(spec_a("www.example.", 1));
	PUT(spec_a("www.example.", 2));
	assert_int_equal(address_of(ask(*state, "www.example.", TYPE_A).links[0]), 2);
	assert_int_equal(counters_of(*state).entries, 1);
	assert_int_equal(counters_of(*state).inserted, 2);
	assert_int_equal(counters_of(*state).replaced, 1);
	PUT(spec_nodata("www.example.", TYPE_A)); // the same key
	assert_int_equal(counters_of(*state).entries, 1);
}

static void published_name_is_lowered(void **state)
{
	PUT(spec_a("WwW.ExAmPlE.", 7));
	assert_true(hits(*state, "www.example.", TYPE_A));
}

static void failure_replaces_neither_valid_nor_stale_data(void **state)
{
	PUT(spec_a("www.example.", 1));
	PUT(spec_failure("www.example.", TYPE_A, EDE_DNSSEC_BOGUS));
	assert_true(held(*state, "www.example.", TYPE_A));
	assert_true(failed(*state, "www.example.", TYPE_A));
	PUT(spec_nxdomain("gone.example."));
	PUT(spec_failure("gone.example.", TYPE_A, EDE_DNSSEC_BOGUS));
	assert_true(held(*state, "gone.example.", 0));
	PUT(spec_cname("a.example.", "b.example."));
	PUT(spec_failure("a.example.", TYPE_A, EDE_DNSSEC_BOGUS));
	assert_true(held(*state, "a.example.", TYPE_CNAME));
	assert_int_equal(counters_of(*state).entries, 6);
}

static void proven_data_voids_the_failure_of_its_type(void **state)
{
	const enum entry_security verdicts[] = {SECURITY_SECURE, SECURITY_INSECURE};

	for (size_t i = 0; i < 2; i++) {
		struct entry_spec spec = spec_a("www.example.", 1);
		PUT(spec_failure("www.example.", TYPE_A, EDE_DNSSEC_BOGUS));
		PUT(spec_failure("www.example.", TYPE_MX, EDE_DNSSEC_BOGUS));
		spec.security = verdicts[i];
		PUT(spec);
		assert_false(failed(*state, "www.example.", TYPE_A));
		assert_true(failed(*state, "www.example.", TYPE_MX));
	}
	PUT(spec_nodata("www.example.", TYPE_MX));
	assert_false(failed(*state, "www.example.", TYPE_MX));
}

static void unproven_data_voids_no_failure(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 1);

	PUT(spec_failure("www.example.", TYPE_A, EDE_DNSSEC_BOGUS));
	spec.security = SECURITY_UNPROVEN;
	PUT(spec);
	assert_true(failed(*state, "www.example.", TYPE_A));
}

static void cname_voids_the_failures_it_answers(void **state)
{
	PUT(spec_failure("a.example.", TYPE_A, EDE_OTHER));
	PUT(spec_failure("a.example.", TYPE_DS, EDE_OTHER));
	PUT(spec_cname("a.example.", "b.example."));
	assert_false(failed(*state, "a.example.", TYPE_A));
	assert_true(failed(*state, "a.example.", TYPE_DS));
}

static void nxdomain_takes_out_data_and_failures_of_its_name(void **state)
{
	PUT(spec_a("gone.example.", 1));
	PUT(spec_nodata("gone.example.", TYPE_MX));
	PUT(spec_failure("gone.example.", TYPE_TXT, EDE_OTHER));
	PUT(spec_a("a.gone.example.", 1));
	PUT(spec_nxdomain("gone.example."));
	assert_false(held(*state, "gone.example.", TYPE_A));
	assert_false(held(*state, "gone.example.", TYPE_MX));
	assert_false(failed(*state, "gone.example.", TYPE_TXT));
	assert_true(held(*state, "a.gone.example.", TYPE_A));
	assert_int_equal(counters_of(*state).voided, 3);
}

static void anything_of_a_name_takes_out_its_nxdomain(void **state)
{
	PUT(spec_nxdomain("x.example."));
	PUT(spec_a("x.example.", 1));
	assert_false(held(*state, "x.example.", 0));
	PUT(spec_nxdomain("x.example."));
	PUT(spec_nodata("x.example.", TYPE_A));
	assert_false(held(*state, "x.example.", 0));
	PUT(spec_nxdomain("x.example."));
	PUT(spec_cname("x.example.", "y.example."));
	assert_false(held(*state, "x.example.", 0));
	PUT(spec_nxdomain("x.example."));
	PUT(spec_dname("x.example.", "y.example."));
	assert_false(held(*state, "x.example.", 0));
	assert_int_equal(counters_of(*state).entries, 1);
}

static void cname_and_data_replace_each_other(void **state)
{
	PUT(spec_a("x.example.", 1));
	PUT(spec_nodata("x.example.", TYPE_MX));
	PUT(spec_cname("x.example.", "y.example."));
	assert_false(held(*state, "x.example.", TYPE_A));
	assert_false(held(*state, "x.example.", TYPE_MX));
	PUT(spec_a("x.example.", 1));
	assert_false(held(*state, "x.example.", TYPE_CNAME));
	PUT(spec_cname("x.example.", "y.example."));
	PUT(spec_nodata("x.example.", TYPE_AAAA));
	assert_false(held(*state, "x.example.", TYPE_CNAME));
}

// RFC 4035 §2.5
static void ds_and_nsec_stand_beside_a_cname(void **state)
{
	PUT(spec_nodata("x.example.", TYPE_DS));
	PUT(spec_bytes("x.example.", TYPE_NSEC, 20));
	PUT(spec_cname("x.example.", "y.example."));
	assert_true(held(*state, "x.example.", TYPE_DS));
	assert_true(held(*state, "x.example.", TYPE_NSEC));
	PUT(spec_nodata("x.example.", TYPE_DS));
	PUT(spec_bytes("x.example.", TYPE_NSEC, 20));
	assert_true(held(*state, "x.example.", TYPE_CNAME));
}

// ---- by value ----

static void zero_ttl_is_by_value(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 5);
	const struct entry *entry;
	struct entry_facts facts;

	spec.ttl_s = 0;
	assert_int_equal(cache_publish(*state, &spec, &entry), ONE_SHOT);
	entry_facts(entry, &facts);
	assert_true(facts.one_shot);
	assert_int_equal(address_of(entry), 5);
	assert_false(held(*state, "www.example.", TYPE_A));
	assert_true(counters_of(*state).bytes_one_shot > 0);
	cache_unpin(*state, entry);
	assert_int_equal(counters_of(*state).bytes_one_shot, 0);
}

static void by_value_and_aside_leaves_what_is_in_the_table(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 5);

	PUT(spec_a("www.example.", 1));
	spec.one_shot = spec.aside = true;
	assert_int_equal(put(*state, spec), ONE_SHOT);
	assert_int_equal(address_of(ask(*state, "www.example.", TYPE_A).links[0]), 1);
}

static void oversize_entry_is_by_value(void **state)
{
	assert_int_equal(put(*state, spec_bytes("www.example.", TYPE_TXT, 65535)), ONE_SHOT);
	assert_false(held(*state, "www.example.", TYPE_TXT));
	assert_int_equal(counters_of(*state).refused, 0);
}

static void one_shot_bytes_are_bounded(void **state)
{
	const struct entry *entries[64];
	struct entry_spec spec = spec_bytes("www.example.", TYPE_TXT, 60000);
	size_t count = 0;

	spec.one_shot = true;
	while (count < 64 && cache_publish(*state, &spec, &entries[count]) == ONE_SHOT)
		count++;
	assert_int_equal(count, (1 << 19) / 60200); // half of 1 MiB: each shard has its own
	assert_null(entries[count]);
	assert_true(counters_of(*state).bytes_one_shot <= 1 << 20);
	cache_unpin(*state, entries[--count]);
	assert_int_equal(put(*state, spec), ONE_SHOT);
	while (count > 0)
		cache_unpin(*state, entries[--count]);
}

static void one_shot_lives_until_its_last_pin(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 5);
	const struct entry *entry;

	spec.one_shot = true;
	assert_int_equal(cache_publish(*state, &spec, &entry), ONE_SHOT);
	cache_pin(*state, entry);
	cache_unpin(*state, entry);
	assert_int_equal(address_of(entry), 5);
	cache_unpin(*state, entry);
}

static void spec_that_makes_no_entry_fails(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 5);
	const struct entry *entry = (const struct entry *)state;

	spec.data_count = 0;
	assert_int_equal(cache_publish(*state, &spec, &entry), PUBLISH_FAILED);
	assert_null(entry);
	// An alias of another name, or a DNAME that stands elsewhere.
	spec = spec_cname("www.example.", "to.example.");
	spec.name = spec_a("ftp.example.", 5).name;
	assert_int_equal(put(*state, spec), PUBLISH_FAILED);
	spec = spec_dname("www.example.", "to.example.");
	spec.name = spec_a("ftp.example.", 5).name;
	assert_int_equal(put(*state, spec), PUBLISH_FAILED);
}

// ---- UNPROVEN ----

static bool no_unproven(const struct entry *entry, void *arg)
{
	struct entry_facts facts;

	entry_facts(entry, &facts);
	if (facts.security == SECURITY_UNPROVEN)
		++*(size_t *)arg;
	return true;
}

static void unproven_data_is_seen_only_by_who_asks_for_it(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 9);
	size_t count = 0;

	spec.security = SECURITY_UNPROVEN;
	PUT(spec);
	assert_false(hits(*state, "www.example.", TYPE_A));
	assert_false(held(*state, "www.example.", TYPE_A));
	struct lookup lookup = ask_unproven(*state, "www.example.", TYPE_A);
	assert_int_equal(lookup.status, LOOKUP_HIT);
	assert_int_equal(address_of(lookup.links[0]), 9);
	assert_int_equal(counters_of(*state).entries, 0);
	assert_int_equal(counters_of(*state).unproven, 1);
	cache_walk(*state, no_unproven, &count);
	assert_int_equal(count, 1);
}

static void unproven_data_lives_30_s_and_is_never_stale(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 9);
	const struct entry *entry;
	struct entry_facts facts;

	spec.security = SECURITY_UNPROVEN;
	assert_int_equal(cache_publish(*state, &spec, &entry), PUBLISHED);
	entry_facts(entry, &facts);
	assert_int_equal(facts.expires_ms, NOW_MS + 30000);
	assert_int_equal(facts.stale_until_ms, NOW_MS + 30000);
	cache_unpin(*state, entry);
}

static void proven_data_goes_before_unproven(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 9);

	spec.security = SECURITY_UNPROVEN;
	PUT(spec_a("www.example.", 1));
	PUT(spec);
	assert_int_equal(address_of(ask_unproven(*state, "www.example.", TYPE_A).links[0]), 1);
}

static void proof_ends_what_was_unproven(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 9);

	spec.security = SECURITY_UNPROVEN;
	PUT(spec);
	PUT(spec_a("www.example.", 1));
	assert_int_equal(counters_of(*state).unproven, 0);
	PUT(spec);
	PUT(spec_nxdomain("www.example."));
	assert_int_equal(counters_of(*state).unproven, 0);
}

static void failure_leaves_the_unproven_data_to_who_asks(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 9);

	spec.security = SECURITY_UNPROVEN;
	PUT(spec);
	PUT(spec_failure("www.example.", TYPE_A, EDE_DNSSEC_BOGUS));
	assert_int_equal(ask_unproven(*state, "www.example.", TYPE_A).status, LOOKUP_HIT);
	assert_int_equal(ask(*state, "www.example.", TYPE_A).status, LOOKUP_FAILURE);
}

static void chain_may_go_from_proven_to_unproven(void **state)
{
	struct entry_spec spec = spec_a("b.example.", 9);

	spec.security = SECURITY_UNPROVEN;
	PUT(spec_cname("a.example.", "b.example."));
	PUT(spec);
	assert_int_equal(ask_unproven(*state, "a.example.", TYPE_A).count, 2);
	assert_false(hits(*state, "a.example.", TYPE_A));
}

static void unproven_dname_rewrites_and_unproven_nxdomain_hides_nothing(void **state)
{
	struct entry_spec dname = spec_dname("d.example.", "t.example.");
	struct entry_spec gone = spec_nxdomain("gone.example.");

	dname.security = gone.security = SECURITY_UNPROVEN;
	PUT(dname);
	PUT(gone);
	PUT(spec_a("x.t.example.", 1));
	assert_int_equal(ask_unproven(*state, "x.d.example.", TYPE_A).count, 2);
	assert_false(hits(*state, "x.d.example.", TYPE_A));
	assert_int_equal(ask_unproven(*state, "gone.example.", TYPE_A).status, LOOKUP_HIT);
	assert_int_equal(ask_unproven(*state, "x.gone.example.", TYPE_A).status, LOOKUP_MISS);
}

static void unproven_data_takes_a_hundredth_of_the_memory(void **state)
{
	char name[32];

	for (unsigned i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "n%u.example.", i);
		struct entry_spec spec = spec_a(name, i);
		spec.security = SECURITY_UNPROVEN;
		assert_int_not_equal(put(*state, spec), PUBLISH_FAILED);
	}
	struct cache_counters c = counters_of(*state);
	assert_in_range(c.unproven, 50, c.bytes_budget / 100 / 128);
	PUT(spec_a("www.example.", 1)); // and crowds nothing out
	assert_int_equal(c.entries, 0);
}

// ---- flushes ----

static void fill_for_flush(void **state)
{
	struct entry_spec spec = spec_a("u.zone.example.", 9);

	spec.security = SECURITY_UNPROVEN;
	PUT(spec);
	PUT(spec_a("zone.example.", 1));
	PUT(spec_nodata("zone.example.", TYPE_MX));
	PUT(spec_failure("zone.example.", TYPE_A, EDE_OTHER));
	PUT(spec_a("a.b.zone.example.", 1));
	PUT(spec_failure("f.zone.example.", TYPE_A, EDE_OTHER));
	PUT(spec_nxdomain("x.zone.example."));
	PUT(spec_a("otherzone.example.", 1));
	PUT(spec_a("example.", 1));
}

static void flush_name_takes_everything_of_the_name(void **state)
{
	fill_for_flush(state);
	assert_int_equal(cache_flush_name(*state, wire("ZONE.example.")), 3);
	assert_false(held(*state, "zone.example.", TYPE_A));
	assert_false(failed(*state, "zone.example.", TYPE_A));
	assert_true(held(*state, "a.b.zone.example.", TYPE_A));
	assert_int_equal(cache_flush_name(*state, wire("u.zone.example.")), 1);
	assert_int_equal(counters_of(*state).unproven, 0);
	assert_int_equal(cache_flush_name(*state, wire("zone.example.")), 0);
}

static void flush_type_takes_what_answers_for_the_type(void **state)
{
	fill_for_flush(state);
	assert_int_equal(cache_flush_type(*state, wire("zone.example."), TYPE_A), 2);
	assert_true(held(*state, "zone.example.", TYPE_MX));
	assert_int_equal(cache_flush_type(*state, wire("x.zone.example."), TYPE_AAAA), 1);
}

static void flush_zone_takes_names_within_it(void **state)
{
	fill_for_flush(state);
	assert_int_equal(flush_zone(*state, "Zone.example."), 7);
	assert_int_equal(counters_of(*state).entries, 2);
	assert_int_equal(counters_of(*state).unproven, 0);
	assert_true(held(*state, "otherzone.example.", TYPE_A));
	assert_true(held(*state, "example.", TYPE_A));
	assert_int_equal(counters_of(*state).flushed, 6);
}

static void flush_all_takes_everything(void **state)
{
	fill_for_flush(state);
	assert_int_equal(flush_all(*state), 9);
	assert_int_equal(counters_of(*state).entries, 0);
	settle(*state, NOW_MS);
}

static void flush_failure_takes_only_the_failure(void **state)
{
	fill_for_flush(state);
	assert_true(cache_flush_failure(*state, wire("zone.example."), TYPE_A));
	assert_false(cache_flush_failure(*state, wire("zone.example."), TYPE_A));
	assert_true(held(*state, "zone.example.", TYPE_A));
}

static bool stop_at_three(const struct entry *entry, void *arg)
{
	assert_non_null(entry);
	return ++*(size_t *)arg < 3;
}

static void walk_ends_when_told(void **state)
{
	size_t count = 0;

	fill_for_flush(state);
	cache_walk(*state, stop_at_three, &count);
	assert_int_equal(count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cached(newer_entry_replaces_the_older),
		cached(published_name_is_lowered),
		cached(failure_replaces_neither_valid_nor_stale_data),
		cached(proven_data_voids_the_failure_of_its_type),
		cached(unproven_data_voids_no_failure),
		cached(cname_voids_the_failures_it_answers),
		cached(nxdomain_takes_out_data_and_failures_of_its_name),
		cached(anything_of_a_name_takes_out_its_nxdomain),
		cached(cname_and_data_replace_each_other),
		cached(ds_and_nsec_stand_beside_a_cname),
		cached(zero_ttl_is_by_value),
		cached(by_value_and_aside_leaves_what_is_in_the_table),
		cached(oversize_entry_is_by_value),
		cached(one_shot_bytes_are_bounded),
		cached(one_shot_lives_until_its_last_pin),
		cached(spec_that_makes_no_entry_fails),
		cached(unproven_data_is_seen_only_by_who_asks_for_it),
		cached(unproven_data_lives_30_s_and_is_never_stale),
		cached(proven_data_goes_before_unproven),
		cached(proof_ends_what_was_unproven),
		cached(failure_leaves_the_unproven_data_to_who_asks),
		cached(chain_may_go_from_proven_to_unproven),
		cached(unproven_dname_rewrites_and_unproven_nxdomain_hides_nothing),
		cached(unproven_data_takes_a_hundredth_of_the_memory),
		cached(flush_name_takes_everything_of_the_name),
		cached(flush_type_takes_what_answers_for_the_type),
		cached(flush_zone_takes_names_within_it),
		cached(flush_all_takes_everything),
		cached(flush_failure_takes_only_the_failure),
		cached(walk_ends_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
