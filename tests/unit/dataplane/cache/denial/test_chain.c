// The chains themselves: order, search, memory, and readers beside a writer.
#include "dataplane/cache/denial/key.h"
#include "dataplane/cache/shard.h"
#include "tests/unit/dataplane/cache/denial/chain.h"

#include <urcu/urcu-qsbr.h>

#include <pthread.h>
#include <time.h>

static uint64_t state_of_random = 42;

static uint32_t random_below(uint32_t n)
{
	state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((state_of_random >> 33) % n);
}

static int new_cache(void **state)
{
	(void)state;
	cache = denial_cache(64, 8 * DENIAL_BYTES, 1);
	state_of_random = 42;
	return 0;
}

static int free_cache(void **state)
{
	(void)state;
	cache_free(cache);
	return 0;
}

// ---- keys ----

// A name below example. of a few labels of a few bytes, the rare ones among them.
static void random_name(uint8_t out[NAME_MAX_LEN])
{
	static const uint8_t letters[] = {0, 1, 2, '*', '-', 'a', 'b', 'z', 0xff};
	uint8_t *p = out;

	for (uint32_t labels = random_below(5); labels > 0; labels--) {
		uint8_t len = (uint8_t)(1 + random_below(3));
		*p++ = len;
		for (uint8_t i = 0; i < len; i++)
			*p++ = letters[random_below(sizeof(letters))];
	}
	memcpy(p, "\007example", 9);
}

static int sign(int n)
{
	return n < 0 ? -1 : n > 0;
}

static void keys_are_in_the_order_of_names(void **state)
{
	(void)state;
	size_t zone_len = name_len(wire("example."));

	for (int i = 0; i < 200000; i++) {
		uint8_t a[NAME_MAX_LEN], b[NAME_MAX_LEN], x[DENIAL_KEY_MAX + DENIAL_KEY_PAD],
			y[DENIAL_KEY_MAX + DENIAL_KEY_PAD];
		random_name(a);
		random_name(b);
		size_t x_len, y_len;
		assert_true(denial_key(a, name_len(a), zone_len, x, sizeof(x), &x_len));
		assert_true(denial_key(b, name_len(b), zone_len, y, sizeof(y), &y_len));
		assert_int_equal(sign(denial_key_compare(x, x_len, y, y_len)),
				 sign(name_compare(a, b)));
		assert_int_equal(denial_key_within(x, x_len, y, y_len), name_within(a, b));
		size_t labels = 1, common = denial_key_common(x, x_len, y, y_len);
		for (size_t k = 0; k < common; k++)
			labels += x[k] == 0;
		assert_int_equal(labels, name_common_labels(a, b));
	}
}

static void longest_names_have_keys(void **state)
{
	(void)state;
	uint8_t name[NAME_MAX_LEN], key[DENIAL_KEY_MAX + DENIAL_KEY_PAD];
	uint8_t *p = name;
	size_t len;

	for (int labels = 0; labels < 127; labels++) {
		*p++ = 1;
		*p++ = 0;
	}
	*p = 0;
	assert_true(denial_key(name, sizeof(name), 1, key, sizeof(key), &len));
	assert_int_equal(len, 127 * 3);
	p = name;
	for (int labels = 0; labels < 3; labels++) {
		*p++ = 63;
		memset(p, 1, 63);
		p += 63;
	}
	*p++ = 61;
	memset(p, 1, 61);
	p[61] = 0;
	assert_true(denial_key(name, sizeof(name), 1, key, sizeof(key), &len));
	assert_int_equal(len, 2 * (3 * 63 + 61) + 4);
}

// The key of any bytes, with any zone's length and any room: written within the room, or not at
// all.
static void b15_key_of_another_zones_length_is_none_and_stays_in_its_room(void **state)
{
	(void)state;
	const uint8_t *www = wire("www.example.");
	uint8_t name[NAME_MAX_LEN + 40], key[DENIAL_KEY_MAX + DENIAL_KEY_PAD + 1];
	size_t len, made = 0;

	assert_true(denial_key(www, 13, 9, key, 4 + DENIAL_KEY_PAD, &len));
	assert_false(denial_key(www, 13, 9, key, 3 + DENIAL_KEY_PAD, &len));
	assert_false(denial_key(www, 13, 7, key, sizeof(key), &len)); // inside of a label
	assert_false(denial_key(www, 13, 14, key, sizeof(key), &len));
	for (int i = 0; i < 200000; i++) {
		const size_t room = random_below(sizeof(key));
		const unsigned top = random_below(3) == 0 ? 256 : 4;
		for (size_t n = 0; n < sizeof(name); n++)
			name[n] = (uint8_t)random_below(top);
		memset(key, 0xee, sizeof(key));
		len = SIZE_MAX;
		bool done = denial_key(name, random_below(sizeof(name)), random_below(64), key,
				       room, &len);
		made += done;
		assert_true(done ? len + DENIAL_KEY_PAD <= room : len == SIZE_MAX);
		for (size_t n = done ? len + DENIAL_KEY_PAD : 0; n < sizeof(key); n++)
			assert_int_equal(key[n], 0xee);
	}
	assert_true(made > 1000);
}

// ---- a chain against a plain list ----

#define MODEL_MAX 2000

static char owners[MODEL_MAX][80];

static int by_name(const void *a, const void *b)
{
	return name_compare(wire(a), wire(b));
}

// Distinct names in order, the apex first; many share their first bytes.
static size_t make_owners(size_t count)
{
	size_t distinct = 0;

	for (size_t i = 0; i < count; i++)
		snprintf(owners[i], sizeof(owners[i]), "%s%u.%s%u.example.",
			 random_below(2) ? "customer-with-a-long-name-" : "c", random_below(100000),
			 random_below(3) ? "host" : "h", random_below(20));
	snprintf(owners[0], sizeof(owners[0]), "example.");
	qsort(owners, count, sizeof(owners[0]), by_name);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(owners[distinct], owners[i]) != 0)
			memmove(owners[++distinct], owners[i], sizeof(owners[0]));
	}
	return distinct + 1;
}

static enum denial_put put_owner(size_t i, size_t count)
{
	return put_nsec("example.", owners[i], owners[i + 1 < count ? i + 1 : 0],
			i == 0 ? "NS SOA RRSIG NSEC" : "A RRSIG NSEC");
}

static void assert_chain_says(size_t count, const bool *held)
{
	for (size_t i = 0; i < count; i++) {
		struct denial_answer answer = deny(owners[i], TYPE_MX);
		if (!held[i]) {
			assert_int_equal(answer.kind, DENIED_NOT);
			continue;
		}
		assert_int_equal(answer.kind, DENIED_NODATA);
		assert_string_equal(proofs_of(&answer), owners[i]);
		// Right behind it.
		char behind[100];
		snprintf(behind, sizeof(behind), "\\000.%s", owners[i]);
		answer = deny(behind, TYPE_MX);
		assert_int_equal(answer.kind, DENIED_NXDOMAIN);
		assert_string_equal(proofs_of(&answer), owners[i]);
	}
}

// Without room for what is left of its leaf, more would go than this one.
static void refute(const char *owner)
{
	if (counters_of(cache).bytes_pending > 400000)
		settle(cache, NOW_MS);
	cache_denial_refute(cache, wire(owner), TYPE_MX, NULL, NULL, NULL);
}

static void chain_of_thousands_in_any_order_is_searched_as_a_list(void **state)
{
	(void)state;
	static bool held[MODEL_MAX];
	static size_t order[MODEL_MAX];
	size_t count = make_owners(MODEL_MAX);

	assert_true(put_soa("example.", TTL_S));
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count - 1; i > 0; i--) {
		size_t other = random_below((uint32_t)i + 1), x = order[i];
		order[i] = order[other];
		order[other] = x;
	}
	memset(held, 0, sizeof(held));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(put_owner(order[i], count), DENIAL_KEPT);
		held[order[i]] = true;
		if (i % 1000 == 500)
			assert_chain_says(count, held);
		cache_maintain(cache, NOW_MS);
	}
	assert_int_equal(counters_of(cache).denial_records, count);
	assert_chain_says(count, held);
	// Out again, in another order.
	for (size_t i = 0; i < count; i += 1 + random_below(2)) {
		refute(owners[order[i]]);
		held[order[i]] = false;
		cache_maintain(cache, NOW_MS);
	}
	assert_chain_says(count, held);
	for (size_t i = 0; i < count; i++)
		refute(owners[i]);
	assert_int_equal(counters_of(cache).denial_records, 0);
	assert_not_denied("bogus.example.", TYPE_A);
	// And in once more.
	for (size_t i = count; i-- > 0;) {
		assert_int_equal(put_owner(i, count), DENIAL_KEPT);
		held[i] = true;
		cache_maintain(cache, NOW_MS);
	}
	assert_chain_says(count, held);
}

static void assert_same(const struct denial_answer *a, const struct denial_answer *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->left_s, b->left_s);
	assert_int_equal(a->signature_expires_s, b->signature_expires_s);
	assert_ptr_equal(a->soa, b->soa);
	assert_ptr_equal(a->wildcard, b->wildcard);
	assert_int_equal(a->proof_count, b->proof_count);
	for (unsigned i = 0; i < a->proof_count; i++)
		assert_ptr_equal(a->proofs[i], b->proofs[i]);
}

static bool same_parent(const uint8_t *a, const uint8_t *b)
{
	return *a != 0 && *b != 0 && name_equal(a + *a + 1, b + *b + 1);
}

static void burst_says_what_one_by_one_says(void **state)
{
	(void)state;
	static const uint16_t types[] = {TYPE_A, TYPE_MX, TYPE_DS, TYPE_NS, TYPE_ANY};
	static uint8_t names[DENIAL_BURST_MAX][NAME_MAX_LEN];
	struct denial_answer answers[DENIAL_BURST_MAX], alone;
	struct lookup lookups[DENIAL_BURST_MAX];
	const struct lookup *pointers[DENIAL_BURST_MAX];
	struct denial_memo memo = {.labels = 0};
	uint8_t last[NAME_MAX_LEN];
	bool first = true;
	size_t count = make_owners(500), said = 0;

	// A chain with gaps, one above it, one below, a wildcard and a barred name.
	assert_true(put_soa(".", TTL_S) && put_soa("example.", TTL_S));
	assert_int_equal(put_nsec(".", ".", "example.", "NS SOA RRSIG NSEC"), DENIAL_KEPT);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || random_below(5) > 0)
			assert_int_equal(put_owner(i, count), DENIAL_KEPT);
	}
	assert_true(put_soa("deep.example.", TTL_S));
	assert_int_equal(put_nsec("deep.example.", "deep.example.", "*.w.deep.example.",
				  "NS SOA RRSIG NSEC"),
			 DENIAL_KEPT);
	assert_int_equal(
		put_nsec("deep.example.", "*.w.deep.example.", "deep.example.", "A RRSIG NSEC"),
		DENIAL_KEPT);
	assert_int_equal(put(cache, signed_by(spec_a("*.w.deep.example.", 7), "deep.example.")),
			 PUBLISHED);
	assert_true(cache_denial_bar(cache, wire("barred.example.")));
	for (int round = 0; round < 300; round++) {
		for (size_t i = 0; i < DENIAL_BURST_MAX; i++) {
			static const char *const tails[] = {"example.", "deep.example.",
							    "w.deep.example.", "barred.example.",
							    "other."};
			char text[400];
			if (random_below(3) == 0)
				snprintf(text, sizeof(text), "%s",
					 owners[random_below((uint32_t)count)]);
			else
				snprintf(text, sizeof(text), "%c%u%s.%s",
					 'a' + (char)random_below(26), random_below(1000),
					 random_below(8) ? ""
							 : ".a-label-that-makes-a-long-key-of-it"
							   ".and-another-one-of-that-kind",
					 tails[random_below(5)]);
			name_copy(names[i], wire(text));
			lookups[i] = (struct lookup){.name = names[i],
						     .name_len = (uint16_t)name_len(names[i]),
						     .type = types[random_below(5)],
						     .now_ms = NOW_MS,
						     .now_s = NOW_S};
			lookups[i].hash = cache_hash(cache, names[i], lookups[i].name_len);
			// True, and not always said.
			lookups[i].sibling = lookups[i].type != TYPE_DS && !first &&
					     same_parent(names[i], last) && random_below(8) > 0;
			name_copy(last, names[i]);
			first = false;
			pointers[i] = &lookups[i];
		}
		// Some bursts go on with the memo of the one before.
		if (random_below(2) == 0)
			memo = (struct denial_memo){.labels = 0};
		cache_deny_burst(cache, pointers, answers, DENIAL_BURST_MAX, &memo);
		for (size_t i = 0; i < DENIAL_BURST_MAX; i++) {
			cache_deny(cache, &lookups[i], &alone);
			assert_same(&answers[i], &alone);
			said += alone.kind != DENIED_NOT;
		}
	}
	assert_true(said > 5000);
}

static void record_put_again_lives_longer_and_is_one(void **state)
{
	(void)state;
	assert_true(put_soa("example.", TTL_S));
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(
			put_nsec("example.", "example.", "www.example.", "NS SOA RRSIG NSEC"),
			DENIAL_KEPT);
		cache_maintain(cache, NOW_MS);
	}
	settle(cache, NOW_MS);
	assert_int_equal(counters_of(cache).denial_records, 1);
	assert_true(counters_of(cache).denial_bytes < 2000);
}

// ---- memory ----

static void put_many(const char *zone, unsigned count)
{
	char owner[64], next[64];

	assert_true(put_soa(zone, TTL_S));
	for (unsigned i = 0; i < count; i++) {
		snprintf(owner, sizeof(owner), "n%08u.%s", i, zone);
		snprintf(next, sizeof(next), "n%08u.%s", i + 1, zone);
		(void)put_nsec(zone, owner, next, "A RRSIG NSEC");
		cache_maintain(cache, NOW_MS);
	}
}

static void d7_one_zone_has_a_share_and_all_have_a_bound(void **state)
{
	(void)state;
	const struct denial_store *store = &cache->shards[0].denial;
	char zone[32];

	put_many("example.", 20000);
	settle(cache, NOW_MS);
	assert_true(counters_of(cache).denial_bytes <= store->zone_max + 65536);
	assert_true(counters_of(cache).denial_records > 200);
	// Small ones beside it stay.
	for (unsigned i = 0; i < 40; i++) {
		snprintf(zone, sizeof(zone), "z%u.", i);
		put_many(zone, 4);
	}
	put_many("example.", 20000);
	for (unsigned i = 0; i < 40; i++) {
		char name[64];
		snprintf(name, sizeof(name), "n00000002.z%u.", i);
		assert_int_equal(deny(name, TYPE_MX).kind, DENIED_NODATA);
	}
	// Thousands of zones.
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(zone, sizeof(zone), "y%u.", i);
		put_many(zone, 3);
		assert_true(counters_of(cache).denial_bytes <= store->live_max + 65536);
	}
	assert_true(counters_of(cache).denial_zones > 100);
	assert_true(counters_of(cache).bytes_used <= counters_of(cache).bytes_budget);
}

static void what_is_over_is_swept(void **state)
{
	(void)state;
	put_many("example.", 500);
	assert_true(counters_of(cache).denial_records >= 500);
	for (uint64_t now_ms = NOW_MS; now_ms < NOW_MS + TTL_S * 1000 + 300000; now_ms += 100)
		cache_maintain(cache, now_ms);
	assert_int_equal(counters_of(cache).denial_records, 0);
	assert_int_equal(counters_of(cache).denial_zones, 0);
	settle(cache, NOW_MS + TTL_S * 1000 + 300000);
	assert_int_equal(counters_of(cache).denial_bytes, 0);
}

// An index that is all but empty costs a turn of control no more than a full one.
static void a_sweep_looks_at_no_more_lines_than_are_due(void **state)
{
	struct denial_store *store = &cache->shards[0].denial;
	uint64_t before, turns = 0;

	(void)state;
	put_many("example.", 3);
	cache_maintain(cache, NOW_MS);
	before = store->lines_looked_at;
	for (uint64_t now_ms = NOW_MS; now_ms < NOW_MS + 60000; now_ms += 50, turns++)
		cache_maintain(cache, now_ms);
	assert_in_range(store->lines_looked_at - before, 1, store->line_count + turns);
	before = store->lines_looked_at;
	cache_maintain(cache, NOW_MS + 600000);
	assert_in_range(store->lines_looked_at - before, 1, 32);
}

static void o17_stalled_reader_bounds_pending_bytes(void **state)
{
	(void)state;
	const struct denial_store *store = &cache->shards[0].denial;

	urcu_qsbr_register_thread(); // and is never quiescent
	put_many("example.", 100);
	for (unsigned i = 0; i < 20000; i++)
		(void)put_nsec_once("example.", "n00000001.example.", "n00000002.example.",
				    "A RRSIG NSEC");
	assert_true(store->retired.pending_bytes <= store->bytes / 8 + 65536);
	assert_true(counters_of(cache).denial_refused > 0);
	assert_int_equal(deny("n00000003.example.", TYPE_MX).kind, DENIED_NODATA);
	// What is wrong goes all the same.
	cache_denial_refute(cache, wire("n00000003.example."), TYPE_MX, NULL, NULL, NULL);
	assert_not_denied("n00000003.example.", TYPE_MX);
	urcu_qsbr_unregister_thread();
	settle(cache, NOW_MS);
}

static void shards_hold_what_is_theirs(void **state)
{
	(void)state;
	char zone[32], name[64];

	cache_free(cache);
	cache = denial_cache(16, DENIAL_BYTES, 2);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(zone, sizeof(zone), "z%u.", i);
		put_many(zone, 3);
	}
	for (unsigned i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "n00000002.z%u.", i);
		assert_int_equal(deny(name, TYPE_MX).kind, DENIED_NODATA);
	}
	assert_true(cache->shards[0].denial.zones > 5 && cache->shards[1].denial.zones > 5);
	flush_all(cache);
	assert_int_equal(counters_of(cache).denial_zones, 0);
}

// ---- ATTACKS E6: readers beside a writer ----

#define SOAK_NAMES 2000

struct reader {
	pthread_t thread;
	_Atomic bool stop;
	uint64_t said, wrong;
};

// The record is whole, and it does deny the name.
static bool right(const struct denial_answer *answer, const uint8_t *name, size_t len)
{
	uint8_t key[DENIAL_KEY_MAX + DENIAL_KEY_PAD];
	size_t key_len;
	bool keyed = denial_key(name, len, answer->soa->name_len, key, sizeof(key), &key_len);
	const struct denial_item *item = answer->proofs[0];

	for (unsigned i = 0; i < answer->proof_count; i++) {
		if (!keyed || !denial_item_whole(answer->proofs[i]))
			return false;
	}
	int order = denial_key_compare(item_key(item), item->key_len, key, key_len);
	if (answer->kind == DENIED_NODATA && order == 0)
		return true;
	return order < 0 && (item->next_len == 0 ||
			     denial_key_compare(key, key_len, item_next(item), item->next_len) < 0);
}

static void *run_reader(void *arg)
{
	struct reader *reader = arg;
	uint64_t random = 7;

	urcu_qsbr_register_thread();
	while (!atomic_load_explicit(&reader->stop, memory_order_relaxed)) {
		for (int i = 0; i < 32; i++) {
			uint8_t name[NAME_MAX_LEN];
			char text[64];
			random = random * 6364136223846793005u + 1442695040888963407u;
			snprintf(text, sizeof(text), "n%08u%s.example.",
				 (unsigned)(random >> 33) % SOAK_NAMES, random >> 63 ? "x" : "");
			struct lookup lookup = {.name = name,
						.name_len = (uint16_t)name_from_text(text, name),
						.type = TYPE_MX,
						.now_ms = NOW_MS,
						.now_s = NOW_S};
			struct denial_answer answer;
			lookup.hash = cache_hash(cache, name, lookup.name_len);
			cache_deny(cache, &lookup, &answer);
			if (answer.kind == DENIED_NOT)
				continue;
			reader->said++;
			reader->wrong += !right(&answer, name, lookup.name_len);
		}
		urcu_qsbr_quiescent_state();
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}

static void e6_readers_see_whole_records_while_the_writer_changes_the_chain(void **state)
{
	(void)state;
	static struct reader reader;
	struct timespec start, now;
	unsigned turns = 0;

	reader = (struct reader){0};
	assert_true(put_soa("example.", TTL_S));
	assert_int_equal(put_nsec("example.", "example.", "n.example.", "NS SOA RRSIG NSEC"),
			 DENIAL_KEPT);
	assert_int_equal(pthread_create(&reader.thread, NULL, run_reader, &reader), 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		for (unsigned i = 0; i < 200; i++) {
			char owner[64], next[64];
			unsigned n = random_below(SOAK_NAMES), reach = 1 + random_below(3);
			snprintf(owner, sizeof(owner), "n%08u.example.", n);
			snprintf(next, sizeof(next), "n%08u.example.", n + reach);
			if (random_below(4) == 0)
				cache_denial_refute(cache, wire(owner), TYPE_MX, NULL, NULL, NULL);
			else
				(void)put_nsec_once("example.", owner, next, "A RRSIG NSEC");
		}
		if (++turns % 500 == 0)
			flush_zone(cache, "example.");
		(void)put_soa("example.", TTL_S);
		(void)put_nsec_once("example.", "example.", "n.example.", "NS SOA RRSIG NSEC");
		cache_maintain(cache, NOW_MS);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < 3 || reader.said < 1000);
	atomic_store(&reader.stop, true);
	pthread_join(reader.thread, NULL);
	assert_int_equal(reader.wrong, 0);
	assert_true(counters_of(cache).denial_kept > 1000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_cache, free_cache)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_are_in_the_order_of_names),
		TEST(longest_names_have_keys),
		TEST(b15_key_of_another_zones_length_is_none_and_stays_in_its_room),
		TEST(chain_of_thousands_in_any_order_is_searched_as_a_list),
		TEST(burst_says_what_one_by_one_says),
		TEST(record_put_again_lives_longer_and_is_one),
		TEST(d7_one_zone_has_a_share_and_all_have_a_bound),
		TEST(what_is_over_is_swept),
		TEST(a_sweep_looks_at_no_more_lines_than_are_due),
		TEST(o17_stalled_reader_bounds_pending_bytes),
		TEST(shards_hold_what_is_theirs),
		TEST(e6_readers_see_whole_records_while_the_writer_changes_the_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
