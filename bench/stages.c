// What each stage of a hit costs, in isolation: bursts of frames through the functions that the
// poll loop calls, without a driver.
//
//   bench_stages names=N frames=N rounds=N [dnssec=1] [cache_mib=N] [hugepages=1] [cpu=N]
//   [narrow=1]
//
// narrow=1: the short lane for processors without AVX-512. alone=1: nothing but the short lane, so
// that what it wants of a large cache has to come from memory.
//
// Prints one line of JSON: ns per query of each stage, of the bursts that were faster than 19
// in 20. The time stamp counter costs some 0.3 ns per query and stage.
#include "bench/fill.h"
#include "bench/frames.h"
#include "bench/names.h"
#include "bench/option.h"
#include "bench/random.h"
#include "dataplane/answer/answer.h"
#include "dataplane/dns/types.h"
#include "dataplane/short.h"

#include <assert.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#define BURST      STORE_BURST_MAX
#define FRAME_ROOM 1088 // no power of two: they would meet in a few sets of the first cache

#define STAGES(X)                                                                                  \
	X(copy, "copy of the frames, as a driver brings them")                                     \
	X(packet, "Ethernet, IP, UDP: lengths and checksums")                                      \
	X(query, "DNS query: question, OPT")                                                       \
	X(acl, "access list")                                                                      \
	X(hash, "keyed hash of the name")                                                          \
	X(lookup, "look-up: index, entries, names, times (with the hash)")                         \
	X(render, "answer from the entry")                                                         \
	X(headers, "headers and checksums of the reply")                                           \
	X(serve, "store_serve_burst(): query to answer, in one")                                   \
	X(short_lane, "short lane: frame to frame, in one")                                        \
	X(short_read, "  of it: headers, question, access list, hash")                             \
	X(short_match, "  of it: tags of the index")                                               \
	X(short_take, "  of it: names and times of entries")                                       \
	X(short_answer, "  of it: answers, headers")

enum stage {
#define X(name, words) STAGE_##name,
	STAGES(X)
#undef X
		STAGE_COUNT
};

static const char *const stage_names[] = {
#define X(name, words) #name,
	STAGES(X)
#undef X
};
static const char *const stage_words[] = {
#define X(name, words) words,
	STAGES(X)
#undef X
};

struct bench {
	struct store *store;
	struct acl *acl;
	struct service_addresses service;
	struct store_clock clock;
	uint8_t *frames; // FRAME_ROOM each
	uint16_t *lens;
	size_t frame_count;

	// One burst.
	uint8_t room[BURST][FRAME_ROOM];
	struct packet packets[BURST];
	struct query queries[BURST];
	struct lookup lookups[BURST];
	struct serve serves[BURST];
	enum serve_verdict verdicts[BURST];
	struct short_frame short_frames[BURST];
	struct plain_service plain_service;
	short_serve *serve_short;
	size_t reply_lens[BURST];

	uint32_t *ticks[STAGE_COUNT]; // of every burst
	uint32_t *chain_ticks;
	size_t burst_count;
	uint64_t sink;
};

// ---- stages ----

static void copy(struct bench *b, size_t first)
{
	for (size_t i = 0; i < BURST; i++)
		memcpy(b->room[i], b->frames + (first + i) * FRAME_ROOM, b->lens[first + i]);
}

static void packet(struct bench *b, size_t first)
{
	const struct packet_offload none = {false, false};

	for (size_t i = 0; i < BURST; i++) {
		if (packet_parse(b->room[i], b->lens[first + i], &b->service, none,
				 &b->packets[i]) != PACKET_DNS)
			fail("packet", "is no question");
	}
}

static void query(struct bench *b, size_t first)
{
	(void)first;
	for (size_t i = 0; i < BURST; i++) {
		if (query_parse(b->packets[i].payload, b->packets[i].payload_len, &b->queries[i]) !=
		    QUERY_ANSWER)
			fail("query", "is none");
	}
}

static void acl(struct bench *b, size_t first)
{
	(void)first;
	for (size_t i = 0; i < BURST; i++)
		b->sink += acl_lookup(b->acl, &b->packets[i].source);
}

static void hash(struct bench *b, size_t first)
{
	(void)first;
	for (size_t i = 0; i < BURST; i++)
		b->sink += cache_hash(store_cache(b->store), b->queries[i].qname,
				      b->queries[i].qname_len);
}

static void lookup(struct bench *b, size_t first)
{
	struct lookup *list[BURST];

	(void)first;
	for (size_t i = 0; i < BURST; i++) {
		struct lookup *lookup = list[i] = &b->lookups[i];
		lookup->name = b->queries[i].qname;
		lookup->name_len = b->queries[i].qname_len;
		lookup->type = b->queries[i].qtype;
		lookup->unproven = false;
		lookup->now_ms = b->clock.now_ms;
		lookup->now_s = b->clock.now_s;
	}
	cache_lookup_burst(store_cache(b->store), list, BURST);
}

static void render(struct bench *b, size_t first)
{
	(void)first;
	for (size_t i = 0; i < BURST; i++) {
		const struct query *query = &b->queries[i];
		const struct answer_context context = {
			.now_ms = b->clock.now_ms,
			.now_s = b->clock.now_s,
			.clock_trusted = true,
			.rotate = true,
			.rotation = (uint32_t)i,
			.limit = query_udp_limit(query),
			.client_addr = b->packets[i].source.bytes,
			.client_addr_len = 4,
			.stale_ttl_s = 30,
		};
		if (b->lookups[i].status != LOOKUP_HIT)
			fail("lookup", "is no hit");
		b->reply_lens[i] = answer_render(query, b->lookups[i].links, b->lookups[i].count,
						 &context, b->packets[i].payload, FRAME_ROOM - 42);
	}
}

static void headers(struct bench *b, size_t first)
{
	(void)first;
	for (size_t i = 0; i < BURST; i++)
		b->sink += packet_reply(b->room[i], &b->packets[i], b->reply_lens[i]);
}

static void serve(struct bench *b, size_t first)
{
	uint8_t *messages[BURST];
	uint16_t lens[BURST], caps[BURST];

	(void)first;
	for (size_t i = 0; i < BURST; i++) {
		messages[i] = b->packets[i].payload;
		lens[i] = b->packets[i].payload_len;
		caps[i] = FRAME_ROOM - 42;
		b->serves[i] = (struct serve){
			.client = &b->packets[i].source,
			.now_ms = b->clock.now_ms,
			.now_s = b->clock.now_s,
			.clock_trusted = true,
			.rotation = (uint32_t)i,
		};
	}
	store_serve_burst(b->store, messages, lens, caps, b->serves, b->verdicts, BURST);
}

static void short_run(struct bench *b, size_t first, uint64_t *ticks)
{
	const struct short_turn turn = {
		.now_ms = b->clock.now_ms,
		.now_s = b->clock.now_s,
		.clock_trusted = true,
		.ticks = ticks,
	};

	for (size_t i = 0; i < BURST; i++)
		b->short_frames[i].frame = (struct plain_frame){
			.bytes = b->room[i],
			.len = b->lens[first + i],
			.room = FRAME_ROOM,
		};
	if (b->serve_short(b->store, &b->plain_service, &turn, b->short_frames, BURST) < BURST / 2)
		fail("short lane", "leaves a question");
}

static void short_lane(struct bench *b, size_t first)
{
	short_run(b, first, NULL);
}

// Not before what was asked for before is done.
static uint64_t ticks(void)
{
	_mm_lfence();
	uint64_t now = __rdtsc();
	_mm_lfence();
	return now;
}

static void timed(struct bench *b, enum stage stage, void (*run)(struct bench *, size_t),
		  size_t first)
{
	uint64_t start = ticks();

	run(b, first);
	b->ticks[stage][b->burst_count] = (uint32_t)(ticks() - start);
}

// The counter does not follow the core's frequency: multiplications that wait for each other do,
// at three cycles each on what there is of x86-64.
#define CHAIN_CYCLES (128 * 3)
static void chain(struct bench *b)
{
	uint64_t value = 1, start = ticks();

	__asm__ volatile(".rept 128\n\timul %0, %0\n\t.endr" : "+r"(value));
	b->chain_ticks[b->burst_count] = (uint32_t)(ticks() - start);
}

// The short lane alone, so that nothing it wants is in a cache because of another stage.
static void burst_alone(struct bench *b, size_t first)
{
	uint64_t ticks[SHORT_STAGES] = {0};

	chain(b);
	timed(b, STAGE_copy, copy, first);
	uint64_t start = __rdtsc();
	short_run(b, first, ticks);
	b->ticks[STAGE_short_lane][b->burst_count] = (uint32_t)(__rdtsc() - start);
	for (unsigned stage = 0; stage < SHORT_STAGES; stage++)
		b->ticks[STAGE_short_read + stage][b->burst_count] = (uint32_t)ticks[stage];
	b->burst_count++;
}

static void burst(struct bench *b, size_t first)
{
	chain(b);
	timed(b, STAGE_copy, copy, first);
	timed(b, STAGE_packet, packet, first);
	timed(b, STAGE_query, query, first);
	timed(b, STAGE_acl, acl, first);
	timed(b, STAGE_hash, hash, first);
	timed(b, STAGE_lookup, lookup, first);
	timed(b, STAGE_render, render, first);
	timed(b, STAGE_headers, headers, first);
	// Once more from the start, for what one call makes of it.
	copy(b, first);
	packet(b, first);
	timed(b, STAGE_serve, serve, first);
	copy(b, first);
	timed(b, STAGE_short_lane, short_lane, first);
	// And once more for what is within it, which takes time to measure.
	uint64_t ticks[SHORT_STAGES] = {0};
	copy(b, first);
	short_run(b, first, ticks);
	for (unsigned stage = 0; stage < SHORT_STAGES; stage++)
		b->ticks[STAGE_short_read + stage][b->burst_count] = (uint32_t)ticks[stage];
	b->burst_count++;
}

// ---- set-up and result ----

static void make_frames(struct bench *b, uint64_t names, bool dnssec)
{
	uint64_t state = 3;

	b->frames = aligned_alloc(64, b->frame_count * FRAME_ROOM);
	b->lens = calloc(b->frame_count, sizeof(b->lens[0]));
	if (b->frames == NULL || b->lens == NULL)
		fail("frames", "no memory");
	for (size_t i = 0; i < b->frame_count; i++) {
		uint8_t name[NAME_MAX_LEN];
		struct frame_query query = {.name = name, .type = TYPE_A, .dnssec = dnssec};

		query.name_len = bench_name(random_below(&state, names), name);
		query.random = random_next(&state);
		b->lens[i] = (uint16_t)frame_query(&query, b->frames + i * FRAME_ROOM);
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

// Ticks of the time stamp counter in a nanosecond.
static double ticks_per_ns(void)
{
	struct timespec start, now;
	uint64_t ticks = __rdtsc();

	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < 20000000);
	return (double)(__rdtsc() - ticks) /
	       (double)((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec);
}

static void print(struct bench *b)
{
	double rate = ticks_per_ns();

	qsort(b->chain_ticks, b->burst_count, sizeof(b->chain_ticks[0]), compare);
	double cycle_ns = b->chain_ticks[b->burst_count / 20] / rate / CHAIN_CYCLES;
	printf("{");
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		qsort(b->ticks[stage], b->burst_count, sizeof(b->ticks[stage][0]), compare);
		double ns = b->ticks[stage][b->burst_count / 20] / rate / BURST;
		printf("%s\"%s\": [%.1f, %.0f, \"%s\"]", stage > 0 ? ", " : "", stage_names[stage],
		       ns, ns / cycle_ns, stage_words[stage]);
	}
	printf("}\n");
}

int main(int argc, char **argv)
{
	static struct bench bench;
	uint64_t names = option_number(argc, argv, "names", 8192);
	uint64_t rounds = option_number(argc, argv, "rounds", 50);
	bool dnssec = option_number(argc, argv, "dnssec", 0) != 0;
	struct filling filling;
	cpu_set_t set;
	char err[256];

	CPU_ZERO(&set);
	CPU_SET((int)option_number(argc, argv, "cpu", 1), &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		fail("cpu", "cannot be used");
	bench.frame_count = option_number(argc, argv, "frames", 2048) / BURST * BURST;
	bench.store = fill_store(option_number(argc, argv, "cache_mib", 16) << 20,
				 option_number(argc, argv, "hugepages", 0) != 0, &bench.acl, err,
				 sizeof(err));
	if (bench.store == NULL)
		fail("store", err);
	bench.clock = fill_clock();
	bench.service.count = 1;
	if (address_from_text(BENCH_SERVICE, &bench.service.list[0]) < 0)
		fail("service", "no address");
	plain_service_make(&bench.service, &bench.plain_service);
	bench.serve_short =
		option_number(argc, argv, "narrow", 0) != 0 ? short_serve_narrow : short_best();
	filling_init(&filling, dnssec);
	filling_put_all(&filling, store_cache(bench.store), 0, names);
	make_frames(&bench, names, dnssec);
	size_t bursts = rounds * bench.frame_count / BURST;
	bench.chain_ticks = calloc(bursts, sizeof(uint32_t));
	bool memory = bench.chain_ticks != NULL;
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		bench.ticks[stage] = calloc(bursts, sizeof(uint32_t));
		memory = memory && bench.ticks[stage] != NULL;
	}
	if (!memory || bursts == 0)
		fail("ticks", "no memory");
	const bool alone = option_number(argc, argv, "alone", 0) != 0;
	for (uint64_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < bench.frame_count; i += BURST)
			(alone ? burst_alone : burst)(&bench, i);
	}
	print(&bench);
	return bench.sink == 1;
}
