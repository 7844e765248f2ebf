// Who is still there: the cache's own eviction against LRU, CLOCK, SIEVE and S3-FIFO, over the same
// requests.
//
//   bench_eviction [names=N] [requests=N] [cache_mib=N] [zipf=S] [once=PERCENT] [flood=N]
//   [again=0|1]
//
// Clients draw from `names` by Zipf's law; `once` of their requests in a hundred are for names that
// nobody asks for a second time. Beside each request an attacker has `flood` names fetched that
// were never asked for (ATTACKS D8); with again=1 it asks for each once more, a thousand names
// later, to look popular. Half of the requests warm up. Prints one line of JSON: of the clients'
// requests for the drawn names, the share that found them, by the cache and by each policy with as
// many places as the cache holds entries.
#include "bench/fill.h"
#include "bench/names.h"
#include "bench/option.h"
#include "bench/policy.h"
#include "bench/random.h"
#include "dataplane/dns/types.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>

#define AGAIN_AFTER   1000
#define MAINTAIN_EACH 256
#define TURNS_MAX     1000000 // for the reclaimer to get its share of a CPU

struct requests {
	uint64_t names, count;
	unsigned once_percent, flood;
	bool again;
	const struct zipf *zipf;
};

// What answers requests: true if the key was there; afterwards it is.
struct holder {
	bool (*access)(struct holder *holder, uint32_t key);
	struct policy *policy;
	struct store *store;
	struct filling filling;
	uint64_t published;
};

static uint64_t key_count(const struct requests *r)
{
	return r->names + r->count * (1 + r->flood);
}

// The share of drawn names that were found in the second half.
static double replay(const struct requests *r, struct holder *holder)
{
	uint64_t state = 1, asked = 0, found = 0, next = r->names, flooded = 0;

	for (uint64_t i = 0; i < r->count; i++) {
		bool once = random_below(&state, 100) < r->once_percent;
		uint32_t key = once ? (uint32_t)next++ : (uint32_t)zipf_draw(r->zipf, &state);
		bool hit = holder->access(holder, key);
		if (!once && i >= r->count / 2) {
			asked++;
			found += hit;
		}
		// The attacker's names count down from the end.
		for (unsigned n = 0; n < r->flood; n++, flooded++) {
			uint64_t last = key_count(r) - 1;
			(void)holder->access(holder, (uint32_t)(last - flooded));
			if (r->again && flooded >= AGAIN_AFTER)
				(void)holder->access(holder,
						     (uint32_t)(last - (flooded - AGAIN_AFTER)));
		}
	}
	return asked > 0 ? (double)found / (double)asked : 0;
}

static bool access_policy(struct holder *holder, uint32_t key)
{
	return policy_access(holder->policy, key);
}

static bool access_cache(struct holder *holder, uint32_t key)
{
	struct cache *cache = store_cache(holder->store);
	uint8_t name[NAME_MAX_LEN];
	struct lookup lookup = {
		.name = name,
		.name_len = (uint16_t)bench_name(key, name),
		.type = TYPE_A,
		.now_ms = holder->filling.clock.now_ms,
		.now_s = holder->filling.clock.now_s,
	};

	cache_lookup(cache, &lookup);
	if (lookup.status == LOOKUP_HIT)
		return true;
	if (holder->published++ % MAINTAIN_EACH == 0)
		cache_maintain(cache, lookup.now_ms);
	// While the reclaimer waits for its CPU there may be no room; who leaves is what counts
	// here.
	for (unsigned turn = 0; !filling_put(&holder->filling, cache, key); turn++) {
		if (turn == TURNS_MAX)
			fail("cache", "takes no entry any more");
		sched_yield();
		cache_maintain(cache, lookup.now_ms);
	}
	return false;
}

static double replay_cache(const struct requests *r, size_t bytes, uint64_t *entries)
{
	struct holder holder = {.access = access_cache};
	struct cache_counters counters;
	char err[256];
	struct acl *acl;

	holder.store = fill_store(bytes, false, &acl, err, sizeof(err));
	if (holder.store == NULL)
		fail("store", err);
	filling_init(&holder.filling, false);
	double share = replay(r, &holder);
	cache_counters(store_cache(holder.store), &counters);
	*entries = counters.entries;
	store_free(holder.store);
	acl_free(acl);
	return share;
}

static double replay_policy(const struct requests *r, enum policy_kind kind, uint64_t capacity)
{
	struct holder holder = {.access = access_policy};

	holder.policy = policy_new(kind, capacity, key_count(r));
	if (holder.policy == NULL)
		fail("policy", "no memory");
	double share = replay(r, &holder);
	policy_free(holder.policy);
	return share;
}

int main(int argc, char **argv)
{
	static const char *const names[POLICY_COUNT] = {
#define X(name, words) #name,
		POLICIES(X)
#undef X
	};
	struct requests r = {
		.names = option_number(argc, argv, "names", 1000000),
		.count = option_number(argc, argv, "requests", 2000000),
		.once_percent = (unsigned)option_number(argc, argv, "once", 50),
		.flood = (unsigned)option_number(argc, argv, "flood", 0),
		.again = option_number(argc, argv, "again", 0) != 0,
	};
	size_t bytes = option_number(argc, argv, "cache_mib", 16) << 20;
	uint64_t entries;

	if (key_count(&r) > BENCH_NAMES_MAX)
		fail("requests", "more names than there are");
	struct zipf *zipf = zipf_new(r.names, option_real(argc, argv, "zipf", 1.0));
	if (zipf == NULL)
		fail("zipf", "no memory");
	r.zipf = zipf;
	double share = replay_cache(&r, bytes, &entries);
	printf("{\"entries\": %" PRIu64 ", \"cache\": %.4f", entries, share);
	for (unsigned kind = 0; kind < POLICY_COUNT; kind++)
		printf(", \"%s\": %.4f", names[kind], replay_policy(&r, kind, entries));
	printf("}\n");
	zipf_free(zipf);
	return 0;
}
