#include "tests/unit/dataplane/cache/fixture.h"

#include "dataplane/cache/table.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_LINES 64
#define ENTRIES 512
#define ENTRY_BYTES 128

// A table over entries that are laid out by hand, so that hashes can be chosen.
struct bed {
	struct table table;
	uint8_t *area;
	size_t used;
};

static int new_bed(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	size_t index_bytes = INDEX_LINES * sizeof(struct line);
	size_t bytes = index_bytes + ENTRIES * ENTRY_BYTES;

	bed->area = aligned_alloc(64, bytes);
	memset(bed->area, 0, bytes);
	table_init(&bed->table, bed->area, bed->area, index_bytes);
	*state = bed;
	return 0;
}

static int free_bed(void **state)
{
	struct bed *bed = *state;

	free(bed->area);
	free(bed);
	return 0;
}

static struct entry *make(struct bed *bed, uint64_t hash, uint16_t type, enum entry_kind kind)
{
	assert_true(bed->used < ENTRIES);
	struct entry *entry = (struct entry *)(bed->area + INDEX_LINES * sizeof(struct line) +
					       bed->used++ * ENTRY_BYTES);
	*entry = (struct entry){
		.hash = hash,
		.type = type,
		.kind = (uint8_t)kind,
		.expires_ms = NOW_MS + 1000,
		.stale_until_ms = NOW_MS + 1000,
		.name_len = 1,
	};
	return entry;
}

// Returns the entry that had to give way, if any.
static struct entry *place(struct bed *bed, struct entry *entry)
{
	struct position position;

	table_room(&bed->table, entry->hash, NOW_MS, &position);
	struct entry *victim = table_at(&bed->table, &position);
	table_set(&bed->table, &position, entry);
	position_set_visited(&position, false);
	return victim;
}

static bool found(const struct bed *bed, const struct entry *entry)
{
	struct position position;
	struct node node;

	table_node(&bed->table, entry->hash, entry_name(entry), entry->name_len, entry->type,
		   &node);
	const struct entry *got =
		entry->kind == ENTRY_FAILURE ? node.failure.entry : node.exact.entry;
	assert_int_equal(got == entry, table_locate(&bed->table, entry, &position));
	return got == entry;
}

static unsigned chain_lines(const struct bed *bed, uint64_t hash)
{
	uint32_t line = table_bucket(&bed->table, hash);
	unsigned count = 1;

	while ((line = atomic_load(&bed->table.lines[line].next)) != 0)
		count++;
	return count;
}

static void bucket_grows_to_four_lines_and_no_further(void **state)
{
	struct bed *bed = *state;
	struct entry *entries[40];

	for (uint16_t i = 0; i < 40; i++) {
		entries[i] = make(bed, 77, (uint16_t)(i + 1), ENTRY_POSITIVE);
		struct entry *victim = place(bed, entries[i]);
		assert_int_equal(victim != NULL, i >= TABLE_CHAIN_MAX * LINE_SLOTS);
		assert_true(found(bed, entries[i]));
	}
	assert_int_equal(chain_lines(bed, 77), TABLE_CHAIN_MAX);
	assert_int_equal(bed->table.entries, TABLE_CHAIN_MAX * LINE_SLOTS);
}

static void overflow_lines_go_back_when_they_are_empty(void **state)
{
	struct bed *bed = *state;
	struct position position;
	struct entry *entries[21];

	for (unsigned round = 0; round < 50; round++) {
		bed->used = 0;
		for (uint16_t i = 0; i < 21; i++) {
			entries[i] = make(bed, 77, (uint16_t)(i + 1), ENTRY_POSITIVE);
			assert_null(place(bed, entries[i]));
		}
		assert_int_equal(chain_lines(bed, 77), 3);
		for (uint16_t i = 0; i < 21; i++) {
			assert_true(table_locate(&bed->table, entries[i], &position));
			table_clear(&bed->table, &position);
		}
		table_trim(&bed->table, table_bucket(&bed->table, 77));
		assert_int_equal(chain_lines(bed, 77), 1);
	}
	assert_int_equal(bed->table.entries, 0);
}

static void middle_line_of_a_chain_may_go(void **state)
{
	struct bed *bed = *state;
	struct position position;
	struct entry *entries[21];

	for (uint16_t i = 0; i < 21; i++) {
		entries[i] = make(bed, 77, (uint16_t)(i + 1), ENTRY_POSITIVE);
		place(bed, entries[i]);
	}
	for (uint16_t i = 7; i < 14; i++) {
		assert_true(table_locate(&bed->table, entries[i], &position));
		table_clear(&bed->table, &position);
	}
	table_trim(&bed->table, table_bucket(&bed->table, 77));
	assert_int_equal(chain_lines(bed, 77), 2);
	for (uint16_t i = 14; i < 21; i++)
		assert_true(found(bed, entries[i]));
}

static void chains_share_a_bounded_pool(void **state)
{
	struct bed *bed = *state;
	unsigned victims = 0;

	for (unsigned i = 0; i < ENTRIES; i++) {
		// Few buckets, many hashes.
		uint64_t hash = ((uint64_t)(i % 30) << 27) | ((uint64_t)i << 40);
		victims += place(bed, make(bed, hash, TYPE_A, ENTRY_POSITIVE)) != NULL;
	}
	assert_int_equal(bed->table.spare, 0);
	assert_int_equal(bed->table.entries, ENTRIES - victims);
	assert_true(bed->table.entries <= INDEX_LINES * LINE_SLOTS);
}

static void fill_bucket(struct bed *bed, struct entry **entries, enum entry_kind kind)
{
	for (uint16_t i = 0; i < 28; i++) {
		entries[i] = make(bed, 77, (uint16_t)(i + 1), kind);
		assert_null(place(bed, entries[i]));
	}
}

static void visit(struct bed *bed, const struct entry *entry)
{
	struct node node;

	table_node(&bed->table, entry->hash, entry_name(entry), entry->name_len, entry->type,
		   &node);
	candidate_visit(&node.exact);
}

static void full_chain_gives_up_what_nobody_asked_for(void **state)
{
	struct bed *bed = *state;
	struct entry *entries[28];

	fill_bucket(bed, entries, ENTRY_POSITIVE);
	for (uint16_t i = 0; i < 28; i++) {
		if (i != 20)
			visit(bed, entries[i]);
	}
	assert_ptr_equal(place(bed, make(bed, 77, 100, ENTRY_POSITIVE)), entries[20]);
}

static void full_chain_gives_up_failures_before_data(void **state)
{
	struct bed *bed = *state;
	struct entry *entries[28];

	fill_bucket(bed, entries, ENTRY_POSITIVE);
	struct entry *failure = make(bed, 77, 100, ENTRY_FAILURE);
	place(bed, failure);
	for (unsigned i = 0; i < 10; i++) {
		struct entry *next = make(bed, 77, (uint16_t)(101 + i), ENTRY_FAILURE);
		assert_ptr_equal(place(bed, next), failure);
		failure = next;
	}
}

static void full_chain_gives_up_what_is_over_first(void **state)
{
	struct bed *bed = *state;
	struct entry *entries[28];

	fill_bucket(bed, entries, ENTRY_POSITIVE);
	visit(bed, entries[9]);
	entries[9]->stale_until_ms = NOW_MS;
	assert_ptr_equal(place(bed, make(bed, 77, 100, ENTRY_POSITIVE)), entries[9]);
}

static void full_chain_of_wanted_entries_still_takes_a_new_one(void **state)
{
	struct bed *bed = *state;
	struct entry *entries[28];

	fill_bucket(bed, entries, ENTRY_POSITIVE);
	for (uint16_t i = 0; i < 28; i++)
		visit(bed, entries[i]);
	assert_non_null(place(bed, make(bed, 77, 100, ENTRY_POSITIVE)));
	assert_non_null(place(bed, make(bed, 77, 101, ENTRY_POSITIVE)));
}

static void failure_and_data_of_a_type_have_slots_of_their_own(void **state)
{
	struct bed *bed = *state;
	struct entry *data = make(bed, 77, TYPE_A, ENTRY_POSITIVE);
	struct entry *failure = make(bed, 77, TYPE_A, ENTRY_FAILURE);
	struct entry *nxdomain = make(bed, 77, 0, ENTRY_NXDOMAIN);

	place(bed, data);
	place(bed, failure);
	place(bed, nxdomain);
	assert_true(found(bed, data));
	assert_true(found(bed, failure));
	assert_true(found(bed, nxdomain));
}

static void equal_hashes_of_different_names_are_told_apart(void **state)
{
	struct bed *bed = *state;
	struct entry *first = make(bed, 77, TYPE_A, ENTRY_POSITIVE);
	struct entry *second = make(bed, 77, TYPE_A, ENTRY_POSITIVE);
	struct entry *third = make(bed, 77, TYPE_A, ENTRY_POSITIVE);

	memcpy(first->body, "\1a", 3);
	memcpy(second->body, "\1b", 3);
	first->name_len = second->name_len = 3;
	place(bed, first);
	place(bed, second);
	assert_true(found(bed, first));
	assert_true(found(bed, second));
	assert_false(found(bed, third));
}

// ---- ATTACKS C8 ----

static uint32_t crc32(const uint8_t *bytes, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

#define NAMES 64
#define LABEL 40

// CRC32 is linear: whatever 33 choices between two letters differ in, some combination of
// them cancels out. Solves for combinations, and writes names that all have the CRC of the first.
static void names_of_equal_crc(uint8_t names[NAMES][LABEL + 2])
{
	uint32_t rows[LABEL] = {0};
	uint64_t made_of[LABEL] = {0}, kernel[8] = {0};
	uint8_t base[LABEL + 2] = {LABEL};
	unsigned found_count = 0;

	memset(base + 1, 'a', LABEL);
	uint32_t zero = crc32(base, sizeof(base));
	for (unsigned i = 0; i < LABEL; i++) {
		uint8_t other[LABEL + 2];
		memcpy(other, base, sizeof(base));
		other[1 + i] = 'b' ^ 'a' ^ base[1 + i];
		uint32_t row = crc32(other, sizeof(other)) ^ zero;
		uint64_t made = 1ull << i;
		for (unsigned bit = 0; bit < 32 && row != 0; bit++) {
			if ((row >> bit & 1) == 0)
				continue;
			if (rows[bit] == 0) {
				rows[bit] = row;
				made_of[bit] = made;
				break;
			}
			row ^= rows[bit];
			made ^= made_of[bit];
		}
		if (row == 0)
			kernel[found_count++] = made;
	}
	assert_true(found_count >= 6);
	for (unsigned n = 0; n < NAMES; n++) {
		uint64_t choice = 0;
		for (unsigned k = 0; k < 6; k++)
			choice ^= n >> k & 1 ? kernel[k] : 0;
		memcpy(names[n], base, sizeof(base));
		for (unsigned i = 0; i < LABEL; i++)
			names[n][1 + i] = choice >> i & 1 ? 'b' : 'a';
	}
}

static unsigned distinct_buckets(struct cache *cache, uint8_t names[NAMES][LABEL + 2])
{
	bool seen[1024] = {false};
	unsigned count = 0;

	for (unsigned n = 0; n < NAMES; n++) {
		uint64_t hash = cache_hash(cache, names[n], LABEL + 2);
		unsigned bucket = (unsigned)((hash & UINT32_MAX) * 1024 >> 32);
		count += !seen[bucket];
		seen[bucket] = true;
	}
	return count;
}

static void C8_names_that_collide_under_crc32_do_not_collide(void **state)
{
	uint8_t names[NAMES][LABEL + 2];
	struct cache *cache = fixture_cache(4, 1);

	(void)state;
	names_of_equal_crc(names);
	for (unsigned n = 1; n < NAMES; n++) {
		assert_int_equal(crc32(names[n], LABEL + 2), crc32(names[0], LABEL + 2));
		assert_true(memcmp(names[n], names[0], LABEL + 2) != 0);
	}
	// 64 names in 1,024 buckets: two or so share one by chance.
	assert_in_range(distinct_buckets(cache, names), 50, NAMES);
	cache_free(cache);
}

static void C8_another_key_gives_other_buckets(void **state)
{
	char err[200];
	struct cache_config config = {.memory_bytes = 4 << 20, .shards = 1, .hash_key = {1}};
	struct cache *first = cache_new(&config, err, sizeof(err));
	unsigned same = 0;

	(void)state;
	config.hash_key[0] = 2;
	struct cache *second = cache_new(&config, err, sizeof(err));
	for (unsigned i = 0; i < 1000; i++) {
		char text[32];
		snprintf(text, sizeof(text), "n%u.example.", i);
		const uint8_t *name = wire(text);
		size_t len = name_len(name);
		same += (cache_hash(first, name, len) & 0x3ff) ==
			(cache_hash(second, name, len) & 0x3ff);
	}
	assert_in_range(same, 0, 20);
	cache_free(first);
	cache_free(second);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_bed, free_bed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bucket_grows_to_four_lines_and_no_further),
		TEST(overflow_lines_go_back_when_they_are_empty),
		TEST(middle_line_of_a_chain_may_go),
		TEST(chains_share_a_bounded_pool),
		TEST(full_chain_gives_up_what_nobody_asked_for),
		TEST(full_chain_gives_up_failures_before_data),
		TEST(full_chain_gives_up_what_is_over_first),
		TEST(full_chain_of_wanted_entries_still_takes_a_new_one),
		TEST(failure_and_data_of_a_type_have_slots_of_their_own),
		TEST(equal_hashes_of_different_names_are_told_apart),
		cmocka_unit_test(C8_names_that_collide_under_crc32_do_not_collide),
		cmocka_unit_test(C8_another_key_gives_other_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
