// From a name to the entry that has it: the cache's own index, cds_lfht and rte_hash (bulk), each
// with the same keyed hash of the name and each comparing names in full, in bursts, lock-free for
// readers.
//
//   bench_index names=N questions=N rounds=N cache_mib=N [hugepages=1] [cpu=N] [control=N]
//
// Prints one line of JSON: ns per look-up of each, one number a round.
#include "bench/fill.h"
#include "bench/moment.h"
#include "bench/names.h"
#include "bench/option.h"
#include "bench/poller.h"
#include "bench/random.h"
#include "dataplane/cache/shard.h"
#include "dataplane/dns/types.h"

#include <rte_errno.h>
#include <rte_hash.h>
#include <urcu/rculfhash.h>
#include <urcu/urcu-qsbr.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NAME_ROOM   31 // bench_name() makes no longer ones
#define ROUNDS_MAX  16
#define HUGEPAGE    ((size_t)2 << 20)
#define LOOK_UP_MAX STORE_BURST_MAX
static_assert(LOOK_UP_MAX <= RTE_HASH_LOOKUP_BULK_MAX, "one burst, one call");

struct question {
	uint8_t len;
	uint8_t name[NAME_ROOM];
};

// What stands in the other two indexes: the key in one cache line, as good as it can be.
struct item {
	struct cds_lfht_node node;
	uint64_t hash;
	uint8_t len;
	uint8_t name[NAME_ROOM];
	uint8_t data[128 - 56];
};
static_assert(sizeof(struct item) == 128, "as large as an entry of a plain A RRset");

struct bench {
	uint64_t names, question_count;
	struct question *questions;
	struct store *store;
	struct cache *cache;
	struct item *items;
	struct cds_lfht *lfht;
	struct rte_hash *hash;
};

// Looks one burst up. Returns how many were found.
typedef unsigned (*look_up)(const struct bench *bench, const struct question *burst);

static void hash_burst(const struct bench *bench, const struct question *burst, uint64_t *hashes)
{
	for (unsigned i = 0; i < LOOK_UP_MAX; i++)
		hashes[i] = cache_hash(bench->cache, burst[i].name, burst[i].len);
}

// ---- the four ----

// In the stages of cache_lookup_burst(): what the first line of a bucket has of the tag, else the
// whole bucket.
static unsigned look_up_table(const struct bench *bench, const struct question *burst)
{
	const struct table *table = &cache_shard_of(bench->cache, 0)->answers.table;
	struct candidate guesses[LOOK_UP_MAX];
	uint64_t hashes[LOOK_UP_MAX];
	unsigned found = 0;

	for (unsigned i = 0; i < LOOK_UP_MAX; i++) {
		hashes[i] = cache_hash(bench->cache, burst[i].name, burst[i].len);
		table_prefetch(table, hashes[i]);
	}
	for (unsigned i = 0; i < LOOK_UP_MAX; i++) {
		if (!table_guess(table, hashes[i], TYPE_A, &guesses[i])) {
			guesses[i].entry = NULL;
			table_prefetch_entries(table, hashes[i]);
		}
	}
	for (unsigned i = 0; i < LOOK_UP_MAX; i++) {
		const struct entry *guess = guesses[i].entry;
		struct node node = {.exact = guesses[i]};

		if (guess == NULL ||
		    !entry_is_named(guess, hashes[i], burst[i].name, burst[i].len))
			table_node(table, hashes[i], burst[i].name, burst[i].len, TYPE_A, &node);
		found += node.exact.entry != NULL;
	}
	return found;
}

// With all that a hit also takes: times, aliases, visited bits.
static unsigned look_up_cache(const struct bench *bench, const struct question *burst)
{
	struct lookup lookups[LOOK_UP_MAX], *list[LOOK_UP_MAX];
	struct store_clock clock;
	unsigned found = 0;

	store_get_clock(bench->store, &clock);
	for (unsigned i = 0; i < LOOK_UP_MAX; i++) {
		lookups[i].name = burst[i].name;
		lookups[i].name_len = burst[i].len;
		lookups[i].type = TYPE_A;
		lookups[i].unproven = false;
		lookups[i].now_ms = clock.now_ms;
		lookups[i].now_s = clock.now_s;
		list[i] = &lookups[i];
	}
	cache_lookup_burst(bench->cache, list, LOOK_UP_MAX);
	for (unsigned i = 0; i < LOOK_UP_MAX; i++)
		found += lookups[i].status == LOOKUP_HIT;
	return found;
}

static inline bool item_is(const struct item *item, const struct question *question)
{
	return item->len == question->len && memcmp(item->name, question->name, question->len) == 0;
}

static int match(struct cds_lfht_node *node, const void *key)
{
	return item_is((const struct item *)(const void *)node, key);
}

static unsigned look_up_lfht(const struct bench *bench, const struct question *burst)
{
	uint64_t hashes[LOOK_UP_MAX];
	unsigned found = 0;

	hash_burst(bench, burst, hashes);
	for (unsigned i = 0; i < LOOK_UP_MAX; i++) {
		struct cds_lfht_iter iter;
		cds_lfht_lookup(bench->lfht, hashes[i], match, &burst[i], &iter);
		found += cds_lfht_iter_get_node(&iter) != NULL;
	}
	return found;
}

static unsigned look_up_rte_hash(const struct bench *bench, const struct question *burst)
{
	uint64_t hashes[LOOK_UP_MAX], hits = 0;
	const void *keys[LOOK_UP_MAX];
	void *data[LOOK_UP_MAX];
	hash_sig_t signatures[LOOK_UP_MAX];
	unsigned found = 0;

	hash_burst(bench, burst, hashes);
	for (unsigned i = 0; i < LOOK_UP_MAX; i++) {
		keys[i] = &hashes[i];
		signatures[i] = (hash_sig_t)(hashes[i] >> 32);
	}
	rte_hash_lookup_with_hash_bulk_data(bench->hash, keys, signatures, LOOK_UP_MAX, &hits,
					    data);
	for (unsigned i = 0; i < LOOK_UP_MAX; i++) {
		if (hits >> i & 1)
			__builtin_prefetch(data[i]);
	}
	for (unsigned i = 0; i < LOOK_UP_MAX; i++)
		found += (hits >> i & 1) != 0 && item_is(data[i], &burst[i]);
	return found;
}

static const struct {
	const char *name;
	look_up look_up;
} contestants[] = {
	{"index_table", look_up_table},
	{"index_lookup", look_up_cache},
	{"index_lfht", look_up_lfht},
	{"index_rte_hash", look_up_rte_hash},
};
#define CONTESTANTS (sizeof(contestants) / sizeof(contestants[0]))

// ---- building ----

static void *reserve(size_t bytes, bool hugepages)
{
	size_t whole = (bytes + HUGEPAGE - 1) / HUGEPAGE * HUGEPAGE;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | (hugepages ? MAP_HUGETLB : 0);
	void *area = mmap(NULL, whole, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (area == MAP_FAILED)
		fail("items", "no memory");
	return area;
}

static void build_items(struct bench *bench, bool hugepages)
{
	unsigned long buckets = 1;

	bench->items = reserve(bench->names * sizeof(struct item), hugepages);
	while (buckets < bench->names)
		buckets *= 2;
	bench->lfht = cds_lfht_new_flavor(buckets, buckets, buckets, 0, &urcu_qsbr_flavor, NULL);
	if (bench->lfht == NULL)
		fail("cds_lfht", "no memory");
	for (uint64_t i = 0; i < bench->names; i++) {
		struct item *item = &bench->items[i];
		uint8_t name[NAME_MAX_LEN];
		item->len = (uint8_t)bench_name(i, name);
		memcpy(item->name, name, item->len);
		item->hash = cache_hash(bench->cache, item->name, item->len);
		cds_lfht_node_init(&item->node);
		cds_lfht_add(bench->lfht, item->hash, &item->node);
	}
}

static uint32_t hash_of_hash(const void *key, uint32_t len, uint32_t init)
{
	uint64_t hash;

	(void)len;
	(void)init;
	memcpy(&hash, key, sizeof(hash));
	return (uint32_t)(hash >> 32);
}

static void build_rte_hash(struct bench *bench)
{
	const struct rte_hash_parameters parameters = {
		.name = "bench",
		.entries = (uint32_t)bench->names,
		.key_len = sizeof(uint64_t),
		.hash_func = hash_of_hash,
		.socket_id = 0,
		.extra_flag =
			RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF | RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};

	bench->hash = rte_hash_create(&parameters);
	if (bench->hash == NULL)
		fail("rte_hash", rte_strerror(rte_errno));
	for (uint64_t i = 0; i < bench->names; i++) {
		struct item *item = &bench->items[i];
		if (rte_hash_add_key_with_hash_data(bench->hash, &item->hash,
						    (hash_sig_t)(item->hash >> 32), item) < 0)
			fail("rte_hash", "does not take all names");
	}
}

static void build_questions(struct bench *bench, bool hugepages)
{
	uint64_t state = 7;

	bench->questions = reserve(bench->question_count * sizeof(struct question), hugepages);
	for (uint64_t i = 0; i < bench->question_count; i++) {
		uint8_t name[NAME_MAX_LEN];
		struct question *question = &bench->questions[i];
		question->len = (uint8_t)bench_name(random_below(&state, bench->names), name);
		memcpy(question->name, name, question->len);
	}
}

// ---- measuring ----

static double measure(const struct bench *bench, look_up burst_of)
{
	uint64_t bursts = bench->question_count / LOOK_UP_MAX, found = 0;
	uint64_t start_ns = thread_ns();

	for (uint64_t i = 0; i < bursts; i++)
		found += burst_of(bench, bench->questions + i * LOOK_UP_MAX);
	double ns = (double)(thread_ns() - start_ns) / (double)(bursts * LOOK_UP_MAX);
	if (found != bursts * LOOK_UP_MAX)
		fail("index", "did not find every name");
	return ns;
}

static void compare(const struct bench *bench, unsigned rounds)
{
	double ns[CONTESTANTS][ROUNDS_MAX];

	for (unsigned round = 0; round <= rounds; round++) {
		// Round 0 warms up.
		for (unsigned i = 0; i < CONTESTANTS; i++)
			ns[i][round > 0 ? round - 1 : 0] = measure(bench, contestants[i].look_up);
	}
	printf("{\"names\": %" PRIu64, bench->names);
	for (unsigned i = 0; i < CONTESTANTS; i++) {
		printf(", \"%s\": [", contestants[i].name);
		for (unsigned round = 0; round < rounds; round++)
			printf("%s%.2f", round > 0 ? ", " : "", ns[i][round]);
		printf("]");
	}
	printf("}\n");
}

static void pin(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		fail("cpu", "cannot be used");
}

int main(int argc, char **argv)
{
	static struct poller poller;
	static struct bench bench;
	struct poller_config config = {
		.control_cpu = (unsigned)option_number(argc, argv, "control", 0),
		.cpu = (unsigned)option_number(argc, argv, "cpu", 1),
		.hugepages = option_number(argc, argv, "hugepages", 0) != 0,
		.memory_mib = (unsigned)option_number(argc, argv, "memory_mib", 128),
	};
	uint64_t rounds = option_number(argc, argv, "rounds", 5);
	char err[256];
	struct acl *acl;

	if (rounds == 0 || rounds > ROUNDS_MAX)
		fail("rounds", "1 to 16");
	bench.names = option_number(argc, argv, "names", 1000000);
	bench.question_count = option_number(argc, argv, "questions", 1000000);
	poller_start(&poller, &config);
	bench.store = fill_store(option_number(argc, argv, "cache_mib", 256) << 20,
				 config.hugepages, &acl, err, sizeof(err));
	if (bench.store == NULL)
		fail("store", err);
	bench.cache = store_cache(bench.store);
	struct filling filling;
	filling_init(&filling, false);
	filling_put_all(&filling, bench.cache, 0, bench.names);
	build_questions(&bench, config.hugepages);
	urcu_qsbr_register_thread();
	build_items(&bench, config.hugepages);
	build_rte_hash(&bench);
	pin(config.cpu);
	compare(&bench, (unsigned)rounds);
	urcu_qsbr_unregister_thread();
	rte_hash_free(bench.hash);
	poller_end(&poller);
	return 0;
}
