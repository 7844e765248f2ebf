// What is newer ends what is older (ATTACKS B16; RFC 8767 §4): in the table, and by value.
#include "dataplane/dns/types.h"
#include "tests/unit/dataplane/cache/cached.h"

#include <string.h>

#define NAME  "x.example."
#define BELOW "a.x.example."

// ---- by value ----

static struct entry_spec zero_ttl(struct entry_spec spec)
{
	spec.ttl_s = 0;
	return spec;
}

static struct entry_spec one_shot(struct entry_spec spec)
{
	spec.one_shot = true;
	return spec;
}

static struct entry_spec insecure(struct entry_spec spec)
{
	spec.security = SECURITY_INSECURE;
	return spec;
}

// What stays of A, MX, CNAME, DS, NXDOMAIN and a failure of A: those that the news are beside.
static const struct {
	const char *words;
	uint16_t type; // 0: NXDOMAIN
	enum entry_kind kind;
	const char *left;
	uint8_t rcode;
} news[] = {
	{"A", TYPE_A, ENTRY_POSITIVE, "MD"},
	{"MX", TYPE_MX, ENTRY_POSITIVE, "AFD"},
	{"DS", TYPE_DS, ENTRY_POSITIVE, "AMCF"},
	{"NODATA of A", TYPE_A, ENTRY_NODATA, "MD"},
	{"NODATA of TXT", TYPE_TXT, ENTRY_NODATA, "AMFD"},
	{"NODATA of CNAME", TYPE_CNAME, ENTRY_NODATA, "AMFD"},
	{"CNAME", TYPE_CNAME, ENTRY_CNAME, "D"},
	{"DNAME", TYPE_DNAME, ENTRY_DNAME, "AMFD"},
	{"NXDOMAIN", 0, ENTRY_NXDOMAIN, "N"},
	{"NXDOMAIN of TXT alone", TYPE_TXT, ENTRY_NODATA, "N", RCODE_NXDOMAIN},
};
#define NEWS_COUNT (sizeof(news) / sizeof(news[0]))

static struct entry_spec spec_of(size_t i)
{
	struct entry_spec spec;

	switch (news[i].kind) {
	case ENTRY_CNAME:
		return spec_cname(NAME, "y.example.");
	case ENTRY_DNAME:
		return spec_dname(NAME, "y.example.");
	case ENTRY_NODATA:
		spec = spec_nodata(NAME, news[i].type);
		spec.rcode = news[i].rcode;
		return spec;
	case ENTRY_NXDOMAIN:
		return spec_nxdomain(NAME);
	default:
		return spec_bytes(NAME, news[i].type, 24);
	}
}

// Each stands alone before the news come, since some of them exclude each other.
static void hold(struct cache *cache, char what)
{
	struct entry_spec spec = what == 'A'   ? spec_a(NAME, 1)
				 : what == 'M' ? spec_bytes(NAME, TYPE_MX, 20)
				 : what == 'C' ? spec_cname(NAME, "z.example.")
				 : what == 'D' ? spec_nodata(NAME, TYPE_DS)
				 : what == 'N' ? spec_nxdomain(NAME)
					       : spec_failure(NAME, TYPE_A, EDE_OTHER);

	flush_all(cache);
	assert_int_equal(put(cache, spec), PUBLISHED);
	assert_int_equal(counters_of(cache).entries, 1);
}

static void b16_an_answer_by_value_ends_what_it_would_replace(void **state)
{
	struct entry_spec (*const ways[])(struct entry_spec) = {zero_ttl, one_shot, insecure};
	unsigned wrong = 0;

	for (size_t n = 0; n < NEWS_COUNT; n++) {
		for (size_t way = 0; way < 3; way++) {
			for (const char *what = "AMCDNF"; *what != '\0'; what++) {
				struct entry_spec spec = ways[way](spec_of(n));
				spec.one_shot = true;
				hold(*state, *what);
				assert_int_equal(put(*state, spec), ONE_SHOT);
				bool left = counters_of(*state).entries == 1;
				if (left == (strchr(news[n].left, *what) != NULL))
					continue;
				print_message("%s, %c is %s\n", news[n].words, *what,
					      left ? "left" : "gone");
				wrong++;
			}
		}
	}
	assert_int_equal(wrong, 0);
}

static void b16_an_answer_without_room_ends_what_it_would_replace(void **state)
{
	PUT(spec_nodata(NAME, TYPE_TXT));
	assert_int_equal(put(*state, spec_bytes(NAME, TYPE_TXT, 65535)), ONE_SHOT);
	assert_false(held(*state, NAME, TYPE_TXT));
}

// Servers have said it, even if no client can be told.
static void b16_nor_does_it_need_memory_to_be_given(void **state)
{
	const struct entry *entries[64];
	struct entry_spec spec = spec_bytes(NAME, TYPE_TXT, 60000);
	size_t count = 0;

	spec.one_shot = true;
	while (count < 64 && cache_publish(*state, &spec, &entries[count]) == ONE_SHOT)
		count++;
	PUT(spec_bytes(NAME, TYPE_TXT, 20));
	assert_int_equal(put(*state, spec), PUBLISH_FAILED);
	assert_false(held(*state, NAME, TYPE_TXT));
	while (count > 0)
		cache_unpin(*state, entries[--count]);
}

static void b16_what_could_never_stand_in_the_table_ends_nothing(void **state)
{
	struct entry_spec specs[] = {spec_a(NAME, 2),
				     spec_a(NAME, 2),
				     spec_nxdomain(NAME),
				     spec_failure(NAME, TYPE_A, EDE_OTHER),
				     spec_bytes(NAME, TYPE_ANY, 20),
				     spec_bytes(NAME, TYPE_RRSIG, 20)};

	specs[0].aside = true;
	specs[1].security = SECURITY_UNPROVEN;
	specs[2].security = SECURITY_UNPROVEN;
	PUT(spec_a(NAME, 1));
	PUT(spec_nodata(NAME, TYPE_MX));
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		specs[i].one_shot = true;
		assert_int_equal(put(*state, specs[i]), ONE_SHOT);
		assert_int_equal(address_of(ask(*state, NAME, TYPE_A).links[0]), 1);
		assert_true(held(*state, NAME, TYPE_MX));
	}
}

// The same RRset once more, without room for it: what is there may go on.
static void what_an_answer_by_value_repeats_stays(void **state)
{
	struct entry_spec again = spec_a(NAME, 1), other = spec_a(NAME, 2);

	PUT(spec_a(NAME, 1));
	PUT(spec_nodata(NAME, TYPE_MX));
	again.one_shot = other.one_shot = true;
	assert_int_equal(put(*state, again), ONE_SHOT);
	assert_true(held(*state, NAME, TYPE_A));
	struct entry_spec denied = spec_nodata(NAME, TYPE_MX);
	denied.one_shot = true;
	assert_int_equal(put(*state, denied), ONE_SHOT);
	assert_true(held(*state, NAME, TYPE_MX));
	assert_int_equal(put(*state, other), ONE_SHOT);
	assert_false(held(*state, NAME, TYPE_A));
}

static void an_answer_with_one_record_more_repeats_nothing(void **state)
{
	struct entry_spec one = spec_a(NAME, 1), two = spec_a(NAME, 2), both = one;
	const struct record records[] = {one.data[0], two.data[0]};

	PUT(one);
	both.data = records;
	both.data_count = 2;
	both.one_shot = true;
	assert_int_equal(put(*state, both), ONE_SHOT);
	assert_false(held(*state, NAME, TYPE_A));
}

static void b16_unproven_data_end_with_proven_ones_by_value(void **state)
{
	struct entry_spec spec = spec_a(NAME, 1);

	spec.security = SECURITY_UNPROVEN;
	PUT(spec);
	assert_int_equal(ask_unproven(*state, NAME, TYPE_A).status, LOOKUP_HIT);
	assert_int_equal(put(*state, zero_ttl(spec_a(NAME, 2))), ONE_SHOT);
	assert_int_equal(ask_unproven(*state, NAME, TYPE_A).status, LOOKUP_MISS);
}

// ---- questions that overtake each other ----

static struct entry_spec asked(struct entry_spec spec, uint64_t before_ms)
{
	spec.asked_ms = spec.now_ms - before_ms;
	return spec;
}

static void b16_an_answer_to_an_earlier_question_is_no_news(void **state)
{
	PUT(asked(spec_nxdomain(NAME), 100));
	assert_int_equal(put(*state, asked(spec_a(NAME, 1), 3000)), ONE_SHOT);
	assert_true(held(*state, NAME, 0));
	assert_false(held(*state, NAME, TYPE_A));
	assert_int_equal(put(*state, zero_ttl(asked(spec_a(NAME, 1), 3000))), ONE_SHOT);
	assert_true(held(*state, NAME, 0));
	PUT(asked(spec_a(NAME, 1), 50));
	assert_false(held(*state, NAME, 0));
	assert_int_equal(put(*state, asked(spec_nodata(NAME, TYPE_A), 2000)), ONE_SHOT);
	assert_int_equal(address_of(ask(*state, NAME, TYPE_A).links[0]), 1);
	// What it repeats or does not exclude is no rival of it.
	PUT(asked(spec_nodata(NAME, TYPE_MX), 2000));
}

// Also where that one is kept nowhere.
static void b16_an_answer_by_value_outlasts_those_to_earlier_questions(void **state)
{
	assert_int_equal(put(*state, asked(zero_ttl(spec_a(NAME, 1)), 50)), ONE_SHOT);
	assert_int_equal(put(*state, asked(spec_nxdomain(NAME), 3000)), ONE_SHOT);
	assert_int_equal(put(*state, asked(spec_nodata(NAME, TYPE_A), 3000)), ONE_SHOT);
	assert_int_equal(counters_of(*state).entries, 0);
	// What it does not exclude, and what was asked for later.
	PUT(asked(spec_nodata(NAME, TYPE_MX), 3000));
	PUT(asked(spec_nxdomain(NAME), 10));
}

static void b16_nor_is_one_that_is_denied_for_another_type_since(void **state)
{
	struct entry_spec denial = spec_nodata(NAME, TYPE_TXT), older = spec_a(NAME, 1);

	older.asked_ms = NOW_MS - 100;
	denial.rcode = RCODE_NXDOMAIN;
	denial.asked_ms = NOW_MS - 50;
	for (int by_value = 0; by_value < 2; by_value++) {
		denial.one_shot = by_value;
		flush_all(*state);
		assert_int_equal(put(*state, denial), by_value ? ONE_SHOT : PUBLISHED);
		assert_int_equal(put(*state, older), ONE_SHOT);
	}
	older.asked_ms = NOW_MS - 10;
	denial.one_shot = false;
	assert_int_equal(put(*state, denial), PUBLISHED);
	assert_int_equal(put(*state, older), PUBLISHED);
	assert_true(held(*state, NAME, TYPE_TXT));
}

static void what_can_no_longer_be_given_is_no_rival(void **state)
{
	struct entry_spec old = spec_nxdomain(NAME), late = asked(spec_a(NAME, 1), 0);

	old.stale_s = 0;
	PUT(old);
	late.now_ms = NOW_MS + TTL_S * 1000;
	late.asked_ms = NOW_MS - 5000;
	PUT(late);
}

static void questions_of_one_moment_are_no_rivals(void **state)
{
	for (uint64_t before_ms = 100; before_ms < 105; before_ms++) {
		flush_all(*state);
		PUT(asked(spec_a(NAME, 1), before_ms));
		PUT(asked(spec_a(NAME, 2), before_ms));
		assert_int_equal(address_of(ask(*state, NAME, TYPE_A).links[0]), 2);
		assert_int_equal(put(*state, asked(spec_a(NAME, 3), before_ms + 1)), ONE_SHOT);
		assert_int_equal(address_of(ask(*state, NAME, TYPE_A).links[0]), 2);
	}
}

// ---- names above and below ----

static void b16_data_end_the_denial_of_names_above(void **state)
{
	struct entry_spec specs[] = {spec_a(BELOW, 1), spec_nodata(BELOW, TYPE_MX),
				     spec_cname(BELOW, "y.example."), zero_ttl(spec_a(BELOW, 1))};

	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		PUT(spec_nxdomain(NAME));
		assert_int_equal(ask(*state, "b.x.example.", TYPE_A).status, LOOKUP_HIT);
		assert_int_not_equal(put(*state, specs[i]), PUBLISH_FAILED);
		assert_false(held(*state, NAME, 0));
		assert_int_equal(ask(*state, "b.x.example.", TYPE_A).status, LOOKUP_MISS);
		flush_all(*state);
		PUT(spec_dname(NAME, "y.example."));
		assert_int_not_equal(put(*state, specs[i]), PUBLISH_FAILED);
		assert_false(held(*state, NAME, TYPE_DNAME));
		flush_all(*state);
	}
}

static void another_denial_ends_none_of_names_above(void **state)
{
	PUT(spec_nxdomain(NAME));
	PUT(spec_nxdomain(BELOW));
	PUT(spec_failure(BELOW, TYPE_A, EDE_OTHER));
	assert_true(held(*state, NAME, 0));
}

// ATTACKS A12: what was kept for its own name only rules over none below.
static void a12_data_of_a_configured_zone_end_nothing_above_it(void **state)
{
	struct entry_spec only = spec_nxdomain(NAME), local = spec_a(BELOW, 1);

	only.this_name_only = true;
	PUT(only);
	PUT(spec_a(BELOW, 1));
	assert_true(held(*state, NAME, 0));
	flush_all(*state);
	local.provenance = FROM_LOCAL;
	PUT(spec_nxdomain(NAME));
	PUT(local);
	assert_true(held(*state, NAME, 0));
}

static void b16_data_of_an_earlier_question_do_not_end_the_denial_above(void **state)
{
	PUT(asked(spec_nxdomain(NAME), 100));
	assert_int_equal(put(*state, asked(spec_a(BELOW, 1), 3000)), ONE_SHOT);
	assert_true(held(*state, NAME, 0));
	assert_false(held(*state, BELOW, TYPE_A));
}

// ---- what is stale ----

static struct entry_spec from(struct entry_spec spec, uint64_t now_ms)
{
	spec.now_ms = now_ms;
	return spec;
}

static const struct entry *stale_of(struct cache *cache, const char *name, uint16_t type)
{
	const struct lookup lookup = ask_at(cache, name, type, NOW_MS + 2 * TTL_S * 1000);

	assert_int_equal(lookup.status, LOOKUP_MISS);
	return lookup.stale_count == 0 ? NULL : lookup.stale_links[0];
}

static void b16_a_later_denial_above_ends_stale_data_below(void **state)
{
	struct entry_facts facts;

	PUT(from(spec_a(BELOW, 1), NOW_MS));
	PUT(from(spec_nxdomain(NAME), NOW_MS + 5000));
	entry_facts(stale_of(*state, BELOW, TYPE_A), &facts);
	assert_int_equal(facts.kind, ENTRY_NXDOMAIN);
	// By itself a stale denial says nothing of names below (RFC 8020 §2).
	assert_null(stale_of(*state, "b.x.example.", TYPE_A));
}

static void an_earlier_or_unproven_denial_above_does_not(void **state)
{
	struct entry_facts facts;

	PUT(from(spec_nxdomain("z.example."), NOW_MS)); // names with so many labels are looked at
	PUT(from(insecure(spec_nxdomain(NAME)), NOW_MS + 5000));
	PUT(from(spec_a(BELOW, 1), NOW_MS));
	entry_facts(stale_of(*state, BELOW, TYPE_A), &facts);
	assert_int_equal(facts.kind, ENTRY_POSITIVE);
}

static void b16_a_later_dname_ends_stale_data_below(void **state)
{
	struct entry_facts facts;

	PUT(spec_nxdomain("a.y.example."));
	PUT(from(spec_a(BELOW, 1), NOW_MS));
	PUT(from(spec_dname(NAME, "y.example."), NOW_MS + 5000));
	entry_facts(stale_of(*state, BELOW, TYPE_A), &facts);
	assert_int_equal(facts.kind, ENTRY_DNAME);
}

static void b16_a_name_denied_with_one_above_ends(void **state)
{
	PUT(spec_a(BELOW, 1));
	PUT(spec_nodata(BELOW, TYPE_MX));
	PUT(asked(spec_bytes(BELOW, TYPE_TXT, 20), 0));
	assert_int_equal(cache_end_name(*state, wire(BELOW), NOW_MS - 1), 0);
	assert_int_equal(cache_end_name(*state, wire(BELOW), NOW_MS), 3);
	assert_int_equal(counters_of(*state).entries, 0);
}

static bool outlived(struct cache *cache, const char *name, uint16_t type)
{
	uint8_t wire_name[NAME_MAX_LEN];

	memcpy(wire_name, wire(name), name_len(wire(name)));
	struct lookup lookup = {.name = wire_name,
				.name_len = (uint16_t)name_len(wire_name),
				.type = type,
				.now_ms = NOW_MS,
				.now_s = NOW_S};
	cache_lookup(cache, &lookup);
	assert_int_equal(lookup.status, LOOKUP_HIT);
	if (lookup.outlived)
		cache_end_outlived(cache, &lookup);
	return lookup.outlived;
}

static void b16_what_a_name_above_has_outlived_ends_when_it_is_asked_for(void **state)
{
	PUT(asked(spec_a(BELOW, 1), 1000));
	PUT(asked(spec_nxdomain(NAME), 500));
	PUT(spec_failure(BELOW, TYPE_AAAA, EDE_OTHER));
	assert_false(outlived(*state, BELOW, TYPE_A)); // its own
	assert_true(outlived(*state, BELOW, TYPE_MX));
	assert_false(outlived(*state, BELOW, TYPE_A)); // it is denied, too
	assert_false(outlived(*state, BELOW, TYPE_MX));
}

static void a_name_is_held_by_anything_but_failures(void **state)
{
	assert_false(cache_holds(*state, wire(NAME)));
	PUT(spec_failure(NAME, TYPE_A, EDE_OTHER));
	assert_false(cache_holds(*state, wire(NAME)));
	PUT(spec_nodata("X.example.", TYPE_MX));
	assert_true(cache_holds(*state, wire("x.Example.")));
	assert_false(cache_holds(*state, wire(BELOW)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cached(b16_an_answer_by_value_ends_what_it_would_replace),
		cached(b16_an_answer_without_room_ends_what_it_would_replace),
		cached(b16_nor_does_it_need_memory_to_be_given),
		cached(b16_what_could_never_stand_in_the_table_ends_nothing),
		cached(what_an_answer_by_value_repeats_stays),
		cached(an_answer_with_one_record_more_repeats_nothing),
		cached(b16_unproven_data_end_with_proven_ones_by_value),
		cached(b16_an_answer_to_an_earlier_question_is_no_news),
		cached(b16_an_answer_by_value_outlasts_those_to_earlier_questions),
		cached(b16_nor_is_one_that_is_denied_for_another_type_since),
		cached(what_can_no_longer_be_given_is_no_rival),
		cached(questions_of_one_moment_are_no_rivals),
		cached(b16_data_end_the_denial_of_names_above),
		cached(another_denial_ends_none_of_names_above),
		cached(a12_data_of_a_configured_zone_end_nothing_above_it),
		cached(b16_data_of_an_earlier_question_do_not_end_the_denial_above),
		cached(b16_a_later_denial_above_ends_stale_data_below),
		cached(an_earlier_or_unproven_denial_above_does_not),
		cached(b16_a_later_dname_ends_stale_data_below),
		cached(b16_a_name_denied_with_one_above_ends),
		cached(b16_what_a_name_above_has_outlived_ends_when_it_is_asked_for),
		cached(a_name_is_held_by_anything_but_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
