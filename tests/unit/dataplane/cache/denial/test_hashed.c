// What is said by NSEC3 records, and what puts an end to it.
#include "tests/unit/dataplane/cache/denial/hashed.h"

static int new_cache(void **state)
{
	(void)state;
	cache = denial_cache(8, DENIAL_BYTES, 1);
	return 0;
}

static int free_cache(void **state)
{
	(void)state;
	settle(cache, NOW_MS);
	cache_free(cache);
	return 0;
}

static const struct zone_name example[] = {
	{"example.", "NS SOA RRSIG DNSKEY NSEC3PARAM"},
	{"www.example.", "A RRSIG"},
	{"ent.example.", NULL},
	{"a.ent.example.", "A RRSIG"},
	{"cut.example.", "NS DS RRSIG"},
	{"unsigned.example.", "NS"},
	{"alias.example.", "CNAME RRSIG"},
};
#define EXAMPLE_COUNT (sizeof(example) / sizeof(example[0]))

static void put_example(void)
{
	assert_int_equal(put_hashed_zone("example.", example, EXAMPLE_COUNT, 0), EXAMPLE_COUNT);
}

static enum denied said(const char *name, uint16_t type)
{
	const uint8_t *wire_name = wire(name);
	struct denial_answer answer;
	struct lookup lookup = {.name = wire_name,
				.name_len = (uint16_t)name_len(wire_name),
				.type = type,
				.now_ms = NOW_MS,
				.now_s = NOW_S};

	lookup.hash = cache_hash(cache, wire_name, lookup.name_len);
	hashes_left = 100;
	cache_deny_hashed(cache, &lookup, hash_name, NULL, &answer);
	return answer.kind;
}

static void data_come(const char *name, uint16_t type, const char *signer)
{
	hashes_made = 0;
	hashes_left = 100;
	cache_denial_refute(cache, wire(name), type, wire(signer), hash_name, NULL);
}

static void flush(const char *name)
{
	hashes_made = 0;
	hashes_left = 100;
	cache_denial_flush(cache, wire(name), hash_name, NULL);
}

static uint64_t kept(void)
{
	return counters_of(cache).denial_records;
}

// ---- tests ----

static void records_say_what_is_not_there(void **state)
{
	(void)state;
	put_example();
	assert_int_equal(said("none.example.", TYPE_A), DENIED_NXDOMAIN);
	assert_int_equal(said("a.none.example.", TYPE_A), DENIED_NXDOMAIN);
	assert_int_equal(said("www.example.", TYPE_MX), DENIED_NODATA);
	assert_int_equal(said("www.example.", TYPE_A), DENIED_NOT);
	assert_int_equal(said("ent.example.", TYPE_A), DENIED_NODATA);
	assert_int_equal(said("x.cut.example.", TYPE_A), DENIED_NOT);
	assert_int_equal(said("unsigned.example.", TYPE_DS), DENIED_NODATA);
	assert_int_equal(said("alias.example.", TYPE_A), DENIED_NOT);
}

static void data_of_a_new_name_end_what_denies_it_and_what_is_above_it(void **state)
{
	(void)state;
	put_example();
	data_come("b.new.example.", TYPE_A, "example.");
	assert_int_equal(hashes_made, 2);
	assert_int_equal(said("b.new.example.", TYPE_MX), DENIED_NOT);
	assert_int_equal(said("new.example.", TYPE_A), DENIED_NOT);
	assert_int_equal(said("www.example.", TYPE_MX), DENIED_NODATA);
	assert_true(kept() >= EXAMPLE_COUNT - 2);
}

static void data_of_a_new_type_end_what_denies_it(void **state)
{
	(void)state;
	put_example();
	data_come("www.example.", TYPE_MX, "example.");
	assert_int_equal(said("www.example.", TYPE_MX), DENIED_NOT);
	assert_int_equal(said("www.example.", TYPE_AAAA), DENIED_NOT);
	assert_int_equal(kept(), EXAMPLE_COUNT - 1);
	assert_int_equal(said("none.example.", TYPE_A), DENIED_NXDOMAIN);
	data_come("example.", TYPE_MX, "example."); // the apex itself
	assert_int_equal(said("example.", TYPE_AAAA), DENIED_NOT);
	assert_int_equal(kept(), EXAMPLE_COUNT - 2);
}

static void data_that_the_chain_knows_of_cost_one_hash_and_end_nothing(void **state)
{
	(void)state;
	put_example();
	data_come("a.ent.example.", TYPE_A, "example.");
	assert_int_equal(hashes_made, 1);
	data_come("cut.example.", TYPE_DS, "example.");
	data_come("alias.example.", TYPE_CNAME, "example.");
	assert_int_equal(kept(), EXAMPLE_COUNT);
}

static void zone_further_down_ends_what_denies_its_delegation_alone(void **state)
{
	(void)state;
	put_example();
	for (unsigned i = 0; i < 200; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%u.cut.example.", i);
		data_come(name, TYPE_A, "cut.example.");
		assert_int_equal(hashes_made, 1);
	}
	assert_int_equal(kept(), EXAMPLE_COUNT);
	data_come("www.came.example.", TYPE_A, "came.example.");
	assert_int_equal(said("came.example.", TYPE_DS), DENIED_NOT);
	assert_int_equal(said("x.came.example.", TYPE_A), DENIED_NOT);
	assert_int_equal(kept(), EXAMPLE_COUNT - 1);
	data_come("x.www.example.", TYPE_A, "www.example."); // became a zone
	assert_int_equal(said("www.example.", TYPE_MX), DENIED_NOT);
}

static void ds_that_came_ends_what_denies_it_above(void **state)
{
	(void)state;
	put_example();
	data_come("unsigned.example.", TYPE_DS, "example.");
	assert_int_equal(said("unsigned.example.", TYPE_DS), DENIED_NOT);
	data_come("other.example.", TYPE_DS, "example.");
	assert_int_equal(said("other.example.", TYPE_DS), DENIED_NOT);
	data_come(".", TYPE_DS, "."); // there is no zone above
}

static void work_is_bounded_however_deep_a_name_is(void **state)
{
	char name[256] = "";

	(void)state;
	put_example();
	for (unsigned i = 0; i < 100; i++)
		strcat(name, "a.");
	strcat(name, "example.");
	data_come(name, TYPE_A, "example.");
	assert_int_equal(hashes_made, DENIAL_HASHED_LABELS);
	assert_int_equal(said("a.a.example.", TYPE_A), DENIED_NOT);
}

static void without_hashes_nothing_goes(void **state)
{
	(void)state;
	put_example();
	hashes_left = 0;
	cache_denial_refute(cache, wire("none.example."), TYPE_A, wire("example."), hash_name,
			    NULL);
	cache_denial_refute(cache, wire("none.example."), TYPE_A, wire("example."), NULL, NULL);
	assert_int_equal(kept(), EXAMPLE_COUNT);
	hashes_made = 0;
	hashes_left = 100;
	assert_true(put_soa("plain.", TTL_S));
	cache_denial_refute(cache, wire("www.plain."), TYPE_A, wire("plain."), hash_name, NULL);
	assert_int_equal(hashes_made, 0); // there is nothing to be looked for
}

static void flushed_name_is_denied_by_nothing(void **state)
{
	static const char *const names[] = {"none.example.", "a.b.none.example.", "www.example.",
					    "ent.example.",  "unsigned.example.", "a.ent.example.",
					    "example."};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		put_example();
		flush(names[i]);
		assert_true(hashes_made <= 4);
		assert_int_equal(said(names[i], TYPE_MX), DENIED_NOT);
		assert_int_equal(said(names[i], TYPE_DS), DENIED_NOT);
		assert_true(kept() >= EXAMPLE_COUNT - 3);
	}
}

static void flushed_apex_is_denied_no_ds_by_the_zone_above(void **state)
{
	static const struct zone_name child[] = {{"unsigned.example.", "NS SOA RRSIG"},
						 {"www.unsigned.example.", "A RRSIG"}};

	(void)state;
	put_example();
	assert_int_equal(put_hashed_zone("unsigned.example.", child, 2, 0), 2);
	assert_int_equal(said("unsigned.example.", TYPE_DS), DENIED_NODATA);
	assert_int_equal(said("unsigned.example.", TYPE_MX), DENIED_NODATA);
	flush("unsigned.example.");
	assert_int_equal(said("unsigned.example.", TYPE_DS), DENIED_NOT);
	assert_int_equal(said("unsigned.example.", TYPE_MX), DENIED_NOT);
	// The same by NSEC, where the name's own zone was all that was looked at.
	assert_true(put_soa("up.", TTL_S));
	assert_true(put_soa("down.up.", TTL_S));
	assert_int_equal(put_nsec("up.", "down.up.", "up.", "NS RRSIG NSEC"), DENIAL_KEPT);
	assert_int_equal(put_nsec("down.up.", "down.up.", "down.up.", "NS SOA RRSIG NSEC"),
			 DENIAL_KEPT);
	assert_int_equal(deny("down.up.", TYPE_DS).kind, DENIED_NODATA);
	cache_denial_flush(cache, wire("down.up."), NULL, NULL);
	assert_not_denied("down.up.", TYPE_DS);
	assert_not_denied("down.up.", TYPE_MX);
}

static void resalted_zone_is_a_new_chain_and_is_refuted_by_its_own_hashes(void **state)
{
	(void)state;
	put_example();
	salt[0] = 0xcd;
	put_example();
	assert_int_equal(kept(), EXAMPLE_COUNT); // of the old one nothing
	data_come("new.example.", TYPE_A, "example.");
	assert_int_equal(said("new.example.", TYPE_MX), DENIED_NOT);
	salt[0] = 0xab;
}

static void one_record_of_a_new_chain_ends_the_old_one(void **state)
{
	struct hashed_name name = {.hash = {7}, .types = "A RRSIG"};
	const uint8_t next[HASH_LEN] = {9};

	(void)state;
	put_example();
	salt[0] = 0xcd;
	assert_int_equal(put_nsec3("example.", &name, next, 0), DENIAL_KEPT);
	salt[0] = 0xab;
	assert_int_equal(kept(), 1);
	// A span for one answer alone.
	memcpy(name.hash, next, HASH_LEN);
	name.hash[HASH_LEN - 1] = 1;
	uint8_t narrow[HASH_LEN] = {9, [HASH_LEN - 1] = 3};
	assert_int_equal(put_nsec3("example.", &name, narrow, 0), DENIAL_GENERATED);
}

static void flushed_zone_is_denied_by_nothing_above(void **state)
{
	(void)state;
	put_example();
	assert_int_equal(said("none.example.", TYPE_A), DENIED_NXDOMAIN);
	flush_zone(cache, "none.example.");
	assert_int_equal(said("none.example.", TYPE_A), DENIED_NOT);
}

// RFC 5155 §6: such records say nothing of other names, but where they are the old ones are wrong.
// Its next one is itself: it covers every hash but its own (RFC 5155 §3.1.7).
static void the_only_record_of_a_zone_denies_all_other_names_and_ends_with_one(void **state)
{
	const struct zone_name apex = {"example.", "NS SOA RRSIG DNSKEY NSEC3PARAM"};

	(void)state;
	assert_int_equal(put_hashed_zone("example.", &apex, 1, 0), 1);
	for (char c = 'a'; c < 'i'; c++) {
		const char name[] = {c, '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 0};
		assert_int_equal(said(name, TYPE_A), DENIED_NXDOMAIN);
	}
	data_come("new.example.", TYPE_A, "example.");
	assert_int_equal(kept(), 0);
	assert_int_equal(said("a.example.", TYPE_A), DENIED_NOT);
}

static void opt_out_records_end_what_they_contradict(void **state)
{
	(void)state;
	put_example();
	assert_int_equal(put_hashed_zone("example.", example, EXAMPLE_COUNT, NSEC3_OPTOUT), 0);
	assert_int_equal(kept(), 0);
	assert_int_equal(said("none.example.", TYPE_A), DENIED_NOT);
	data_come("none.example.", TYPE_A, "example.");
	flush("none.example.");
}

static void wildcards_answer_next_to_their_encloser_whether_it_is_known_or_not(void **state)
{
	static const struct zone_name wild[] = {
		{"wild.", "NS SOA RRSIG"},
		{"*.a.wild.", "CNAME RRSIG"},
		{"a.wild.", NULL},
		{"x.a.wild.", "A RRSIG"},
		{"cut.wild.", "NS RRSIG DS"},
		{"dname.wild.", "DNAME RRSIG"},
		{"plain.a.wild.", "A RRSIG"},
	};

	(void)state;
	put_example();
	assert_int_equal(
		put(cache, signed_by(spec_cname("*.ent.example.", "www.example."), "example.")),
		PUBLISHED);
	// A record says that there is none.
	assert_int_equal(said("q.ent.example.", TYPE_A), DENIED_NXDOMAIN);
	assert_int_equal(put_hashed_zone("wild.", wild, 7, 0), 7);
	assert_int_equal(said("q.a.wild.", TYPE_A), DENIED_NOT);
	assert_int_equal(put(cache, signed_by(spec_cname("*.a.wild.", "www.example."), "wild.")),
			 PUBLISHED);
	assert_int_equal(said("q.a.wild.", TYPE_A), DENIED_WILDCARD);
	assert_int_equal(said("q.q.a.wild.", TYPE_CNAME), DENIED_WILDCARD);
	assert_int_equal(said("q.x.a.wild.", TYPE_A), DENIED_NXDOMAIN);
	assert_int_equal(said("x.a.wild.", TYPE_MX), DENIED_NODATA);
	assert_int_equal(said("q.a.wild.", TYPE_DS), DENIED_NOT);
	assert_int_equal(put(cache, signed_by(spec_cname("*.cut.wild.", "www.example."), "wild.")),
			 PUBLISHED);
	assert_int_equal(
		put(cache, signed_by(spec_cname("*.dname.wild.", "www.example."), "wild.")),
		PUBLISHED);
	assert_int_equal(said("q.cut.wild.", TYPE_A), DENIED_NOT);
	assert_int_equal(said("q.dname.wild.", TYPE_A), DENIED_NOT);
	// Without the records of the encloser and of the wildcard: RFC 5155 §7.2.6 returns neither.
	data_come("a.wild.", TYPE_MX, "wild.");
	data_come("*.a.wild.", TYPE_TXT, "wild.");
	assert_int_equal(kept(), EXAMPLE_COUNT + 5);
	assert_int_equal(said("q.a.wild.", TYPE_A), DENIED_WILDCARD);
}

static void no_wildcard_answers_through_an_opt_out_span(void **state)
{
	(void)state;
	assert_int_equal(put_hashed_zone("example.", example, EXAMPLE_COUNT, NSEC3_OPTOUT), 0);
	assert_int_equal(
		put(cache, signed_by(spec_cname("*.example.", "www.example."), "example.")),
		PUBLISHED);
	assert_int_equal(put(cache, signed_by(spec_a("*.ent.example.", 7), "example.")), PUBLISHED);
	assert_int_equal(said("q.example.", TYPE_A), DENIED_NOT);
	assert_int_equal(said("q.ent.example.", TYPE_A), DENIED_NOT);
}

static unsigned expanded(const char *below)
{
	unsigned count = 0;

	for (char c = 'a'; c <= 'z'; c++) {
		char name[40];
		snprintf(name, sizeof(name), "%c.%s", c, below);
		count += said(name, TYPE_A) == DENIED_WILDCARD;
	}
	return count;
}

// A zone further down can be known by its RRsets alone: the chain above says nothing of its names.
static void no_chain_expands_the_wildcard_of_a_zone_further_down(void **state)
{
	(void)state;
	put_example();
	flush("cut.example."); // that names end there is not known any more
	assert_true(kept() < EXAMPLE_COUNT);
	struct entry_spec alias = spec_cname("*.cut.example.", "www.example.");
	assert_int_equal(put(cache, signed_by(alias, "cut.example.")), PUBLISHED);
	assert_int_equal(expanded("cut.example."), 0);
	assert_int_equal(put(cache, alias), PUBLISHED);
	assert_int_equal(expanded("cut.example."), 0);
	// Were it the zone's own.
	assert_int_equal(put(cache, signed_by(alias, "example.")), PUBLISHED);
	assert_true(expanded("cut.example.") > 0);
}

// What came from a wildcard further up shows nothing of the name below its own asterisk.
static void what_a_wildcard_was_expanded_to_is_no_wildcard(void **state)
{
	(void)state;
	put_example();
	data_come("a.ent.example.", TYPE_MX, "example.");
	struct entry_spec spec = spec_a("*.a.ent.example.", 7);
	assert_int_equal(put(cache, signed_for(spec, "example.", 2)), PUBLISHED);
	assert_int_equal(expanded("a.ent.example."), 0);
	assert_int_equal(put(cache, signed_by(spec, "example.")), PUBLISHED);
	assert_true(expanded("a.ent.example.") > 0);
}

// A newer record covers the name, and no other one of the zone.
static void deny_by_hash(const char *zone, const char *name)
{
	const struct rdata_nsec3 params = {.iterations = 5, .salt = salt, .salt_len = 1};
	struct hashed_name before = {.types = "A RRSIG"};
	uint8_t next[HASH_LEN];
	unsigned at = 4; // narrow, and not so narrow that it was made for one answer

	hashes_left = 100;
	assert_true(hash_name(NULL, wire(name), &params, before.hash));
	memcpy(next, before.hash, HASH_LEN);
	while (before.hash[at] == 0 || before.hash[at] == UINT8_MAX)
		at++;
	before.hash[at]--;
	next[at]++;
	assert_int_equal(put_nsec3(zone, &before, next, 0), DENIAL_KEPT);
}

static void what_stands_below_a_name_that_has_been_denied_since_says_nothing(void **state)
{
	static const struct zone_name deep[] = {
		{"deep.", "NS SOA RRSIG"},
		{"ent.deep.", NULL},
		{"c.ent.deep.", NULL},
		{"b.c.ent.deep.", "A RRSIG"},
		{"*.b.c.ent.deep.", "CNAME RRSIG"},
	};

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		assert_int_equal(put_hashed_zone("deep.", deep, 5, 0), 5);
		struct entry_spec alias = spec_cname("*.b.c.ent.deep.", "www.example.");
		assert_int_equal(put(cache, signed_by(alias, "deep.")), PUBLISHED);
		assert_int_equal(said("b.c.ent.deep.", TYPE_MX), DENIED_NODATA);
		assert_int_equal(said("q.b.c.ent.deep.", TYPE_A), DENIED_WILDCARD);
		assert_int_equal(said("q.b.c.ent.deep.", TYPE_TXT), DENIED_WILDCARD);
		deny_by_hash("deep.", "ent.deep.");
		assert_int_equal(said("ent.deep.", TYPE_MX), DENIED_NXDOMAIN);
		if (round == 1) // without the record of the encloser
			data_come("b.c.ent.deep.", TYPE_MX, "deep.");
		assert_int_equal(said("b.c.ent.deep.", TYPE_MX), DENIED_NOT);
		assert_int_equal(said("q.b.c.ent.deep.", TYPE_A), DENIED_NOT);
		assert_int_equal(said("q.b.c.ent.deep.", TYPE_TXT), DENIED_NOT);
	}
}

// The last record leads past 0: it ends what stands at the beginning of the chain, too.
static void the_last_record_ends_what_is_before_the_first(void **state)
{
	static const uint8_t keys[] = {2, 5, 9}, beyond[] = {12};

	(void)state;
	for (unsigned same = 0; same < 2; same++) {
		assert_true(put_soa("round.", TTL_S));
		for (unsigned i = 0; i < 3; i++) {
			const struct hashed_name name = {.hash = {keys[i]}, .types = "A RRSIG"};
			const uint8_t next[HASH_LEN] = {i < 2 ? keys[i + 1] : keys[0]};
			assert_int_equal(put_nsec3("round.", &name, next, 0), DENIAL_KEPT);
		}
		assert_int_equal(kept(), 3);
		// Newer, of the same owner as the last one or behind it, and up to the second one.
		const struct hashed_name last = {.hash = {same ? keys[2] : beyond[0]},
						 .types = "A RRSIG"};
		const uint8_t next[HASH_LEN] = {keys[1]};
		assert_int_equal(put_nsec3("round.", &last, next, 0), DENIAL_KEPT);
		assert_int_equal(kept(), 2);
		flush_zone(cache, "round.");
		assert_int_equal(kept(), 0);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_cache, free_cache)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_say_what_is_not_there),
		TEST(data_of_a_new_name_end_what_denies_it_and_what_is_above_it),
		TEST(data_of_a_new_type_end_what_denies_it),
		TEST(data_that_the_chain_knows_of_cost_one_hash_and_end_nothing),
		TEST(zone_further_down_ends_what_denies_its_delegation_alone),
		TEST(ds_that_came_ends_what_denies_it_above),
		TEST(work_is_bounded_however_deep_a_name_is),
		TEST(without_hashes_nothing_goes),
		TEST(flushed_name_is_denied_by_nothing),
		TEST(flushed_apex_is_denied_no_ds_by_the_zone_above),
		TEST(resalted_zone_is_a_new_chain_and_is_refuted_by_its_own_hashes),
		TEST(one_record_of_a_new_chain_ends_the_old_one),
		TEST(flushed_zone_is_denied_by_nothing_above),
		TEST(the_only_record_of_a_zone_denies_all_other_names_and_ends_with_one),
		TEST(opt_out_records_end_what_they_contradict),
		TEST(wildcards_answer_next_to_their_encloser_whether_it_is_known_or_not),
		TEST(no_wildcard_answers_through_an_opt_out_span),
		TEST(no_chain_expands_the_wildcard_of_a_zone_further_down),
		TEST(what_a_wildcard_was_expanded_to_is_no_wildcard),
		TEST(the_last_record_ends_what_is_before_the_first),
		TEST(what_stands_below_a_name_that_has_been_denied_since_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
