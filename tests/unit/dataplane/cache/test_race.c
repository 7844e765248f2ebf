// ATTACKS B15: what a reader compares and what it uses are one load. The index of answers, under a
// writer that acts between any two loads (race.h).
#include "dataplane/cache/glance.h"
#include "dataplane/dns/types.h"
#include "tests/unit/dataplane/cache/fixture.h"
#include "tests/unit/dataplane/cache/race.h"

#include <stdio.h>
#include <string.h>

static struct cache *cache;

static int new_cache(void **state)
{
	(void)state;
	cache = fixture_cache(4, 1);
	return 0;
}

static int free_cache(void **state)
{
	(void)state;
	race_end();
	settle(cache, NOW_MS);
	cache_free(cache);
	return 0;
}

// ---- data that say whose they are ----

static uint32_t mark_of(const uint8_t *name)
{
	uint32_t mark = 7;

	for (size_t i = 0; i < name_len(name); i++)
		mark = mark * 31 + name[i];
	return mark & 0xffffff;
}

static unsigned version;

static void put_address(const char *name)
{
	assert_int_equal(put(cache, spec_a(name, mark_of(wire(name)) << 8 | version++ % 256)),
			 PUBLISHED);
}

// Where the chain goes on after an entry; false at its end.
static bool next_name(const struct entry *entry, uint8_t name[NAME_MAX_LEN])
{
	uint8_t next[NAME_MAX_LEN];
	struct entry_reader reader;
	struct record record;
	enum entry_part part;

	if (entry->kind != ENTRY_CNAME && entry->kind != ENTRY_DNAME)
		return false;
	entry_show(entry, &reader);
	assert_true(entry_next(&reader, &part, &record));
	if (entry->kind == ENTRY_DNAME) {
		assert_true(name_substitute(name, entry_name(entry), record.rdata, next) > 0);
		name_copy(name, next);
	} else {
		name_copy(name, record.rdata);
	}
	return true;
}

static void assert_of(const struct entry *entry, const uint8_t *name)
{
	if (entry->kind == ENTRY_DNAME || entry->kind == ENTRY_NXDOMAIN)
		assert_true(name_within(name, entry_name(entry)));
	else
		assert_true(name_equal(name, entry_name(entry)));
	if (entry->kind == ENTRY_POSITIVE)
		assert_int_equal(address_of(entry) >> 8, mark_of(name));
}

// Each link is of the name that the link before it leads to.
static void assert_chain(const struct entry *const *links, size_t count, const uint8_t *asked)
{
	uint8_t name[NAME_MAX_LEN];

	name_copy(name, asked);
	for (size_t i = 0; i < count; i++) {
		assert_of(links[i], name);
		assert_true(next_name(links[i], name) == (i + 1 < count));
	}
}

// ---- names that share a bucket ----

#define NEIGHBOURS 20 // three lines of a chain
static char neighbours[NEIGHBOURS][40];

static void find_neighbours(void)
{
	const struct table *table = &cache->shards[0].answers.table;
	unsigned found = 0;

	for (unsigned n = 0; found < NEIGHBOURS; n++) {
		snprintf(neighbours[found], sizeof(neighbours[found]), "n%07u.example.", n);
		const uint8_t *name = wire(neighbours[found]);
		found += table_bucket(table, cache_hash(cache, name, name_len(name))) == 0;
	}
}

// The next of the names stands where one did.
static void give_slots_to_others(void *arg)
{
	static unsigned step;
	const unsigned n = step++ % 4;

	(void)arg;
	(void)cache_flush_name(cache, wire(neighbours[n]));
	put_address(neighbours[(n + 1) % 4]);
}

// The chain grows by two lines, and goes back to one: lines serve another bucket meanwhile.
static void grow_and_trim(void *arg)
{
	static unsigned step;

	(void)arg;
	if (step++ % 2 == 0) {
		for (unsigned n = 0; n < NEIGHBOURS; n++)
			put_address(neighbours[n]);
		return;
	}
	for (unsigned n = 4; n < NEIGHBOURS; n++)
		(void)cache_flush_name(cache, wire(neighbours[n]));
}

// What a name is changes: data, alias, no name, no such type, failure.
static void change_kinds(void *arg)
{
	static unsigned step;
	const char *name = neighbours[0];

	(void)arg;
	switch (step++ % 7) {
	case 0:
	case 4:
		put_address(name);
		break;
	case 1:
		assert_int_equal(put(cache, spec_cname(name, neighbours[1])), PUBLISHED);
		break;
	case 2:
		assert_int_equal(put(cache, spec_cname(name, neighbours[2])), PUBLISHED);
		break;
	case 3:
		assert_int_equal(put(cache, spec_nxdomain(name)), PUBLISHED);
		break;
	case 5:
		assert_int_equal(put(cache, spec_nodata(name, TYPE_A)), PUBLISHED);
		break;
	case 6:
		assert_int_equal(put(cache, spec_failure(name, TYPE_A, EDE_NONE)), PUBLISHED);
		break;
	}
}

static void change_what_is_above(void *arg)
{
	static unsigned step;

	(void)arg;
	switch (step++ % 4) {
	case 0:
		assert_int_equal(put(cache, spec_dname("top.example.", "to.example.")), PUBLISHED);
		break;
	case 1:
		assert_int_equal(put(cache, spec_dname("top.example.", "two.example.")), PUBLISHED);
		break;
	case 2:
		(void)cache_flush_name(cache, wire("top.example."));
		break;
	case 3:
		assert_int_equal(put(cache, spec_nxdomain("top.example.")), PUBLISHED);
		break;
	}
}

// ---- readers ----

static _Atomic unsigned found; // answers
static const char *asked[4];

static void judge(const struct lookup *lookup)
{
	if (lookup->status == LOOKUP_HIT) {
		assert_chain(lookup->links, lookup->count, lookup->name);
		atomic_fetch_add_explicit(&found, 1, memory_order_relaxed);
	} else if (lookup->status == LOOKUP_FAILURE) {
		assert_int_equal(lookup->links[lookup->count - 1]->kind, ENTRY_FAILURE);
	}
	assert_chain(lookup->stale_links, lookup->stale_count, lookup->name);
}

static void look_up(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < 4; i++) {
		const struct lookup lookup = ask(cache, asked[i], TYPE_A);
		judge(&lookup);
	}
}

static void look_up_together(void *arg)
{
	struct lookup lookups[4], *all[4];

	(void)arg;
	for (size_t i = 0; i < 4; i++) {
		const uint8_t *name = wire(asked[i]);
		lookups[i] = (struct lookup){.name = name,
					     .name_len = (uint16_t)name_len(name),
					     .type = TYPE_A,
					     .now_ms = NOW_MS,
					     .now_s = NOW_S};
		all[i] = &lookups[i];
	}
	cache_lookup_burst(cache, all, 4);
	for (size_t i = 0; i < 4; i++)
		judge(&lookups[i]);
}

static void find_one(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < 4; i++) {
		const struct entry *entry = cache_find(cache, wire(asked[i]), TYPE_A);
		if (entry != NULL)
			assert_of(entry, wire(asked[i]));
		if (entry != NULL)
			atomic_fetch_add_explicit(&found, 1, memory_order_relaxed);
		entry = cache_find_failure(cache, wire(asked[i]), TYPE_A);
		if (entry != NULL) {
			assert_of(entry, wire(asked[i]));
			assert_int_equal(entry->kind, ENTRY_FAILURE);
		}
	}
}

// What the short lane does: four questions through all stages.
static void glance(void *arg)
{
	static struct plain_query queries[8];
	static struct glance glance;

	(void)arg;
	for (size_t i = 0; i < 4; i++) {
		const uint8_t *name = wire(asked[i]);
		const size_t len = name_len(name);
		memset(&queries[i], 0, sizeof(queries[i]));
		memcpy(queries[i].name, name, len);
		queries[i].name_len = glance.name_lens[i] = (uint8_t)len;
		queries[i].type = TYPE_A;
	}
	glance_ask(cache, queries, &glance, 4);
	glance_match(cache, queries, &glance, 4);
	glance_take(queries, &glance, 4, NOW_MS, NOW_S);
	for (size_t i = 0; i < 4; i++) {
		if (glance.entries[i] != NULL) {
			assert_of(glance.entries[i], wire(asked[i]));
			atomic_fetch_add_explicit(&found, 1, memory_order_relaxed);
		} else {
			(void)glance_absent(glance_table(cache, glance.hashes[i]), glance.lines[i],
					    glance.hashes[i]);
		}
	}
}

// Every reader against this writer.
static void race_with(void (*write)(void *arg))
{
	static void (*const readers[])(void *arg) = {look_up, look_up_together, find_one, glance};

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		const struct race race = {
			.read = readers[i], .write = write, .cache = cache, .told = &found};
		found = 0;
		race_all(&race, 8);
		assert_true(found > 0);
	}
}

static void ask_for(const char *a, const char *b, const char *c, const char *d)
{
	asked[0] = a;
	asked[1] = b;
	asked[2] = c;
	asked[3] = d;
}

static void b15_slot_that_goes_to_another_name_answers_by_its_own(void **state)
{
	(void)state;
	find_neighbours();
	put_address(neighbours[0]);
	ask_for(neighbours[0], neighbours[1], neighbours[2], neighbours[3]);
	race_with(give_slots_to_others);
}

static void b15_chain_that_grows_and_is_trimmed_answers_by_its_own_names(void **state)
{
	(void)state;
	find_neighbours();
	put_address(neighbours[0]);
	ask_for(neighbours[0], neighbours[3], neighbours[9], neighbours[NEIGHBOURS - 1]);
	race_with(grow_and_trim);
}

static void b15_alias_that_changes_leads_where_it_says(void **state)
{
	(void)state;
	find_neighbours();
	put_address(neighbours[1]);
	put_address(neighbours[2]);
	assert_int_equal(put(cache, spec_cname("alias.example.", neighbours[0])), PUBLISHED);
	ask_for(neighbours[0], neighbours[1], "alias.example.", "nothing.example.");
	race_with(change_kinds);
}

static void b15_ancestor_that_changes_rules_over_its_own_names(void **state)
{
	(void)state;
	find_neighbours();
	put_address("www.to.example.");
	put_address("www.two.example.");
	put_address("own.example.");
	ask_for("www.top.example.", "www.to.example.", "a.b.top.example.", "own.example.");
	race_with(change_what_is_above);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_cache, free_cache)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(b15_slot_that_goes_to_another_name_answers_by_its_own),
		TEST(b15_chain_that_grows_and_is_trimmed_answers_by_its_own_names),
		TEST(b15_alias_that_changes_leads_where_it_says),
		TEST(b15_ancestor_that_changes_rules_over_its_own_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
