// What hostile questions cost control, and what the hit path notices of them.
//
//   bench_hostile pcap=FILE names=N cache_mib=N [cpu=N] [control=N] [mbufs=N] [mbuf_bytes=N]
//                 [hugepages=1] [memory_mib=N] [rounds=N] [ms=N] [rate=N]
//
// Prints a line of JSON for each kind of question, and one for the hits of a poll-mode core in
// windows of `ms` while control judges `rate` of them per second, and while it judges none, by
// turns.
#include "bench/fill.h"
#include "bench/moment.h"
#include "bench/names.h"
#include "bench/option.h"
#include "bench/poller.h"
#include "bench/trap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS_MAX 64
#define MEASURE_NS (100 * 1000000) // per kind of question
#define FAILED_MAX 16              // what a client query may cost
#define TRIED_MAX  64
#define HASHES_MAX 32
#define PAUSE_NS   (100 * 1000)
#define BEAT_NS    (50 * 1000000)
#define KEY_KINDS  6
#define HASH_KINDS 4

struct kind {
	const char *name;
	struct trap *trap;
};

struct bench {
	struct kind keys[KEY_KINDS], hashes[HASH_KINDS];
	struct poller poller;
	struct store *store;
	struct filling filling;
	uint64_t beat_ns;
	unsigned rounds;
	uint64_t ms, rate, names;
};

// ---- cost ----

static void make_traps(struct bench *bench)
{
	bench->keys[0] = (struct kind){"RSA-1024, answer", trap_keys_new(8, false)};
	bench->keys[1] = (struct kind){"RSA-1024, denial", trap_keys_new(8, true)};
	bench->keys[2] = (struct kind){"P-256, answer", trap_keys_new(13, false)};
	bench->keys[3] = (struct kind){"P-256, denial", trap_keys_new(13, true)};
	bench->keys[4] = (struct kind){"P-384, answer", trap_keys_new(14, false)};
	bench->keys[5] = (struct kind){"P-384, denial", trap_keys_new(14, true)};
	bench->hashes[0] = (struct kind){"0 iterations", trap_hashes_new(0)};
	bench->hashes[1] = (struct kind){"50 iterations", trap_hashes_new(50)};
	bench->hashes[2] = (struct kind){"51 iterations", trap_hashes_new(51)};
	bench->hashes[3] = (struct kind){"2500 iterations", trap_hashes_new(2500)};
}

static void free_traps(struct bench *bench)
{
	for (unsigned i = 0; i < KEY_KINDS; i++)
		trap_free(bench->keys[i].trap);
	for (unsigned i = 0; i < HASH_KINDS; i++)
		trap_free(bench->hashes[i].trap);
}

static void print_cost(const char *what, const struct kind *kind)
{
	const struct trap_work *work = trap_work(kind->trap);
	uint64_t start_ns = thread_ns(), ns;

	do {
		trap_ask(kind->trap);
		ns = thread_ns() - start_ns;
	} while (ns < MEASURE_NS);
	if (work->most_failed > FAILED_MAX || work->most_tried > TRIED_MAX ||
	    work->most_hashes > HASHES_MAX)
		fail(kind->name, "cost more than a question may");
	printf("{\"kind\": \"%s\", \"case\": \"%s\", \"us\": %.1f, \"failed\": %" PRIu64
	       ", \"tried\": %" PRIu64 ", \"hashes\": %" PRIu64 "}\n",
	       what, kind->name, (double)ns / 1e3 / (double)work->questions, work->most_failed,
	       work->most_tried, work->most_hashes);
	fflush(stdout);
}

// ---- hits meanwhile ----

static void beat(struct bench *bench, uint64_t now_ns)
{
	if (now_ns - bench->beat_ns < BEAT_NS)
		return;
	poller_beat(&bench->poller, bench->store);
	bench->beat_ns = now_ns;
}

struct window {
	double rate;  // hits per second of the core's CPU time
	double asked; // hostile questions per second
};

// By turns the worst that `rate` times a second still leaves a core to control: 16 failed
// signatures of P-256, 32 hashes of 50 iterations.
static struct window window(struct bench *bench, uint64_t rate)
{
	struct trap *traps[2] = {bench->keys[3].trap, bench->hashes[1].trap};
	uint64_t cpu_ns = poller_cpu_ns(&bench->poller);
	uint64_t hits = COUNTED(bench->poller.lcore->counters.hit);
	uint64_t start_ns = wall_ns(), now_ns = start_ns, asked = 0;

	while (now_ns - start_ns < bench->ms * 1000000) {
		if (asked < rate * ((now_ns - start_ns) / 1000) / 1000000)
			trap_ask(traps[asked++ % 2]);
		else
			sleep_ns(PAUSE_NS);
		now_ns = wall_ns();
		beat(bench, now_ns);
	}
	cpu_ns = poller_cpu_ns(&bench->poller) - cpu_ns;
	hits = COUNTED(bench->poller.lcore->counters.hit) - hits;
	if (cpu_ns == 0 || hits == 0)
		fail("poll-mode core", "has no hits");
	return (struct window){
		.rate = (double)hits * 1e9 / (double)cpu_ns,
		.asked = (double)asked * 1e9 / (double)(now_ns - start_ns),
	};
}

static void print_numbers(const char *key, const double *numbers, unsigned count)
{
	printf(", \"%s\": [", key);
	for (unsigned i = 0; i < count; i++)
		printf("%s%.1f", i > 0 ? ", " : "", numbers[i]);
	printf("]");
}

static void print_hits(struct bench *bench)
{
	double without[ROUNDS_MAX], with[ROUNDS_MAX], asked[ROUNDS_MAX];

	poller_launch(&bench->poller, bench->store);
	while (poller_cpu_ns(&bench->poller) == 0)
		sleep_ns(PAUSE_NS);
	window(bench, 0);
	for (unsigned i = 0; i < bench->rounds; i++) {
		struct window hostile;
		// Not always the same one first.
		if (i % 2 == 0)
			without[i] = window(bench, 0).rate;
		hostile = window(bench, bench->rate);
		if (i % 2 != 0)
			without[i] = window(bench, 0).rate;
		with[i] = hostile.rate;
		asked[i] = hostile.asked;
	}
	poller_halt(&bench->poller);
	printf("{\"kind\": \"hits\"");
	print_numbers("without", without, bench->rounds);
	print_numbers("with", with, bench->rounds);
	print_numbers("asked", asked, bench->rounds);
	printf("}\n");
}

// ---- life ----

static void start(struct bench *bench, int argc, char **argv, struct acl **acl)
{
	char device[POLLER_DEVICE], err[256];
	struct poller_config config;

	poller_options(argc, argv, device, &config);
	poller_start(&bench->poller, &config);
	bench->store = fill_store(option_number(argc, argv, "cache_mib", 256) << 20,
				  config.hugepages, acl, err, sizeof(err));
	if (bench->store == NULL)
		fail("store", err);
	filling_init(&bench->filling, false);
	filling_put_all(&bench->filling, store_cache(bench->store), 0, bench->names);
}

int main(int argc, char **argv)
{
	static struct bench bench;
	struct acl *acl;

	bench.rounds = (unsigned)option_number(argc, argv, "rounds", 10);
	bench.ms = option_number(argc, argv, "ms", 250);
	bench.rate = option_number(argc, argv, "rate", 1000);
	bench.names = option_number(argc, argv, "names", 1000000);
	if (bench.rounds == 0 || bench.rounds > ROUNDS_MAX)
		fail("rounds", "1 to 64");
	start(&bench, argc, argv, &acl);
	make_traps(&bench);
	for (unsigned i = 0; i < KEY_KINDS; i++)
		print_cost("keytrap", &bench.keys[i]);
	for (unsigned i = 0; i < HASH_KINDS; i++)
		print_cost("nsec3", &bench.hashes[i]);
	print_hits(&bench);
	free_traps(&bench);
	poller_end(&bench.poller);
	store_free(bench.store);
	acl_free(acl);
	return 0;
}
