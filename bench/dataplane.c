// The product's poll loop over a pcap file that never ends, or another device, with a cache filled
// before.
//
//   bench_dataplane pcap=FILE|device=VDEV names=N cache_mib=N [signed=1] [cpu=N] [control=N]
//                   [mbufs=N] [mbuf_bytes=N] [hugepages=1] [memory_mib=N] [denied=N]
//
// denied: and the whole chain, of N records, of a zone that is signed with NSEC.
//
// Prints one line of JSON when it is ready and one for each command on standard input:
//   run MS             the poll loop for so long
//   run MS churn=RATE  while control publishes RATE RRsets per second: one half renewals of what is
//                      cached, the other half names never seen before
//   run MS serve=RATE  while control gives back up to RATE tickets per second
//   stop
#include "bench/denial.h"
#include "bench/fill.h"
#include "bench/moment.h"
#include "bench/names.h"
#include "bench/option.h"
#include "bench/poller.h"
#include "bench/random.h"

#include <rte_cycles.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TURN_NS     (200 * 1000)  // control's
#define WINDOW_NS   (2000 * 1000) // of the core's CPU time
#define WINDOWS_MAX 4096

struct bench {
	struct poller poller;
	struct store *store;
	struct store_result *servfail;
	struct filling filling;
	uint64_t names, fresh; // fresh: the next name never seen before
	uint64_t random;
	uint64_t published, served;
};

struct task {
	uint64_t ms, churn, serve;
};

// ---- windows: what the core does when nobody disturbs it for a moment ----

struct windows {
	uint64_t cpu_ns, hits; // when the last one ended
	unsigned count;
	double ns[WINDOWS_MAX]; // per hit
};

static void look(struct bench *bench, struct windows *windows)
{
	uint64_t cpu_ns = poller_cpu_ns(&bench->poller);
	uint64_t hits = COUNTED(bench->poller.lcore->counters.hit);

	if (cpu_ns == 0 || (windows->cpu_ns != 0 && cpu_ns - windows->cpu_ns < WINDOW_NS))
		return;
	if (windows->cpu_ns != 0 && hits > windows->hits && windows->count < WINDOWS_MAX)
		windows->ns[windows->count++] =
			(double)(cpu_ns - windows->cpu_ns) / (double)(hits - windows->hits);
	windows->cpu_ns = cpu_ns;
	windows->hits = hits;
}

static int double_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

// One in twenty is faster.
static double windows_best(struct windows *windows)
{
	if (windows->count == 0)
		return 0;
	qsort(windows->ns, windows->count, sizeof(windows->ns[0]), double_compare);
	return windows->ns[windows->count / 20];
}

// ---- control's part while the core polls ----

static void churn(struct bench *bench, uint64_t count)
{
	struct cache *cache = store_cache(bench->store);

	bench->filling.clock = fill_clock();
	for (uint64_t i = 0; i < count; i++) {
		uint64_t name = bench->published % 2 == 0
					? random_below(&bench->random, bench->names)
					: bench->fresh++;
		filling_put(&bench->filling, cache, name);
		bench->published++;
	}
	cache_maintain(cache, bench->filling.clock.now_ms);
}

// At most `count` tickets come back, each with SERVFAIL.
static void serve(struct bench *bench, uint64_t count)
{
	struct ticket_pool *pool = &bench->poller.lcore->tickets;
	struct store_result *results[64];
	struct ticket *tickets[64];
	size_t got = ticket_misses(pool, tickets, count < 64 ? count : 64);

	for (size_t n; (n = ticket_collect(pool, results, 64)) > 0;) {
		for (size_t i = 0; i < n; i++)
			store_result_unref(bench->store, results[i]);
	}
	for (size_t i = 0; i < got; i++) {
		store_result_ref(bench->servfail);
		ticket_return(tickets[i], bench->servfail);
	}
	bench->served += got;
}

// What is due of `rate` per second after so long.
static uint64_t due(uint64_t rate, uint64_t elapsed_ns, uint64_t done)
{
	uint64_t all = rate * (elapsed_ns / 1000) / 1000000;

	return all > done ? all - done : 0;
}

static void control(struct bench *bench, const struct task *task, struct windows *windows)
{
	uint64_t start_ns = wall_ns(), now_ns = start_ns, beat_ns = start_ns;

	bench->published = bench->served = 0;
	while (now_ns - start_ns < task->ms * 1000000) {
		if (task->churn > 0)
			churn(bench, due(task->churn, now_ns - start_ns, bench->published));
		if (task->serve > 0)
			serve(bench, due(task->serve, now_ns - start_ns, bench->served));
		if (now_ns - beat_ns >= 50 * 1000000) {
			poller_beat(&bench->poller, bench->store);
			beat_ns = now_ns;
		}
		look(bench, windows);
		sleep_ns(TURN_NS);
		now_ns = wall_ns();
	}
}

// ---- orders ----

static uint64_t dropped(const struct lcore_counters *counters)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < DROP_REASON_COUNT; i++)
		sum += counters->drops[i];
	return sum;
}

static void run(struct bench *bench, const struct task *task)
{
	const struct lcore_counters before = bench->poller.lcore->counters;
	const struct lcore_counters *after = &bench->poller.lcore->counters;
	uint64_t start_ns = wall_ns(), cpu_ns = bench->poller.cpu_ns, control_ns = thread_ns();
	static struct windows windows;

	windows.cpu_ns = windows.count = 0;
	poller_launch(&bench->poller, bench->store);
	control(bench, task, &windows);
	poller_halt(&bench->poller);
	cpu_ns = bench->poller.cpu_ns - cpu_ns;
	control_ns = thread_ns() - control_ns;
	printf("{\"wall_ns\": %" PRIu64 ", \"cpu_ns\": %" PRIu64 ", \"control_ns\": %" PRIu64
	       ", \"received\": %" PRIu64 ", \"hits\": %" PRIu64 ", \"positive\": %" PRIu64
	       ", \"tickets\": %" PRIu64 ", \"dropped\": %" PRIu64 ", \"miss_full\": %" PRIu64
	       ", \"truncated\": %" PRIu64 ", \"polls\": %" PRIu64 ", \"published\": %" PRIu64
	       ", \"served\": %" PRIu64 ", \"best_ns\": %.1f}\n",
	       wall_ns() - start_ns, cpu_ns, control_ns, after->received - before.received,
	       after->hit - before.hit,
	       after->hits[OUTCOME_POSITIVE] - before.hits[OUTCOME_POSITIVE],
	       after->ticketed - before.ticketed, dropped(after) - dropped(&before),
	       after->drops[DROP_miss_full] - before.drops[DROP_miss_full],
	       after->truncated - before.truncated, after->polls - before.polls, bench->published,
	       bench->served, windows_best(&windows));
	fflush(stdout);
}

static void orders(struct bench *bench)
{
	struct order order;

	while (order_read(&order)) {
		const struct task task = {
			.ms = order.number,
			.churn = option_number(order.count, order.words, "churn", 0),
			.serve = option_number(order.count, order.words, "serve", 0),
		};
		run(bench, &task);
	}
}

// ---- life ----

static void fill(struct bench *bench, int argc, char **argv)
{
	uint64_t start_ns = wall_ns();
	struct cache_counters counters;

	filling_init(&bench->filling, option_number(argc, argv, "signed", 0) != 0);
	filling_put_all(&bench->filling, store_cache(bench->store), 0, bench->names);
	uint64_t denied = option_number(argc, argv, "denied", 0);
	if (denied > 0 &&
	    !bench_fill_denial(store_cache(bench->store), &bench->filling.clock, denied))
		fail("denied", "the cache does not hold so many records");
	cache_counters(store_cache(bench->store), &counters);
	printf("{\"burst\": %d, \"fill_ns\": %" PRIu64 ", \"entries\": %" PRIu64
	       ", \"bytes_used\": %" PRIu64 ", \"tsc_hz\": %" PRIu64 "}\n",
	       BURST, (wall_ns() - start_ns) / bench->names, counters.entries, counters.bytes_used,
	       rte_get_tsc_hz());
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct bench bench;
	char device[POLLER_DEVICE], err[256];
	struct poller_config config;
	struct acl *acl;

	poller_options(argc, argv, device, &config);
	bench.names = option_number(argc, argv, "names", 1000000);
	bench.fresh = BENCH_NAMES_MAX / 2;
	poller_start(&bench.poller, &config);
	size_t cache_bytes = option_number(argc, argv, "cache_mib", 256) << 20;
	bench.store = fill_denial_store(
		cache_bytes, option_number(argc, argv, "denied", 0) > 0 ? cache_bytes / 4 : 0,
		config.hugepages, &acl, err, sizeof(err));
	if (bench.store == NULL)
		fail("store", err);
	bench.servfail = store_result_error(bench.store, 2, EDE_NONE, NULL);
	if (bench.servfail == NULL)
		fail("store", "no memory");
	fill(&bench, argc, argv);
	orders(&bench);
	poller_end(&bench.poller);
	store_result_unref(bench.store, bench.servfail);
	store_free(bench.store);
	acl_free(acl);
	return 0;
}
