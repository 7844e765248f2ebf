// An open-loop generator on one poll-mode core: queries leave at a fixed rate, whatever comes back.
//
//   bench_loadgen device=VDEV names=N [miss_every=N] [cpu=N] [hugepages=1] [memory_mib=N]
//
// Prints one line of JSON when its port is up and one for each command on standard input:
//   run MS rate=N      N queries per second for so long; without a rate as many as come back, with
//                      at most 1,024 under way
//   stop
// Every query under way has an ID of its own. Latency is that between the two bursts that a query
// leaves and its answer arrives with; how late the generator itself was at most is said beside it.
#include "bench/eal.h"
#include "bench/fill.h"
#include "bench/frames.h"
#include "bench/moment.h"
#include "bench/names.h"
#include "bench/option.h"
#include "bench/random.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDS        65536
#define BURST      32
#define FRAME_ROOM 128 // a query's; bench_name() makes short ones
#define MBUFS      16384
#define DNS_AT     (14 + 20 + 8) // no VLAN, no IP options
#define LINGER_MS  100
#define WINDOW     1024
#define LOST_MS    10 // without any answer: what is under way is lost
#define UP_NS      (10 * UINT64_C(1000000000))
// Latencies by powers of two, each in so many parts: within 2 % of what they are.
#define PARTS_BITS 5
#define PARTS      (1 << PARTS_BITS)
#define BUCKETS    (64 * PARTS)

struct asked {
	uint64_t sent; // time stamp counter; 0: not under way
	uint8_t len;
	bool miss;
	uint8_t frame[FRAME_ROOM];
};

struct tally {
	uint64_t sent, hits_sent, answered, hits_answered, failed, late, refused_by_port;
	uint64_t lag;         // the most by which a query left too late
	uint64_t lost;        // without a rate: no longer waited for
	uint64_t last_answer; // time stamp counter
	uint64_t latencies[BUCKETS];
};

struct generator {
	struct rte_mempool *pool;
	struct asked *queries;
	uint16_t next; // ID
	struct tally tally;
};

// ---- latencies ----

static unsigned bucket_of(uint64_t ns)
{
	if (ns < PARTS)
		return (unsigned)ns;
	unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - PARTS_BITS;
	return (shift + 1) * PARTS + (unsigned)((ns >> shift) - PARTS);
}

static uint64_t bucket_ns(unsigned bucket)
{
	unsigned shift = bucket / PARTS;

	return shift == 0 ? bucket : (uint64_t)(PARTS + bucket % PARTS) << (shift - 1);
}

static uint64_t quantile_ns(const struct tally *tally, double part)
{
	uint64_t wanted = (uint64_t)((double)tally->hits_answered * part), sum = 0;

	for (unsigned i = 0; i < BUCKETS; i++) {
		sum += tally->latencies[i];
		if (sum > wanted)
			return bucket_ns(i);
	}
	return 0;
}

static uint64_t ticks_ns(uint64_t ticks)
{
	return (uint64_t)((double)ticks * 1e9 / (double)rte_get_tsc_hz());
}

// ---- packets ----

static void make_queries(struct generator *generator, uint64_t names, uint64_t miss_every)
{
	uint8_t name[NAME_MAX_LEN], frame[FRAME_QUERY_MAX];
	uint64_t state = 1;

	generator->queries = calloc(IDS, sizeof(generator->queries[0]));
	if (generator->queries == NULL)
		fail("queries", "no memory");
	for (uint64_t i = 0; i < IDS; i++) {
		struct asked *query = &generator->queries[i];
		query->miss = miss_every != 0 && i % miss_every == miss_every - 1;
		uint64_t number =
			query->miss ? BENCH_NAMES_MAX - 1 - i : random_below(&state, names);
		struct frame_query drawn = {.name = name,
					    .name_len = bench_name(number, name),
					    .type = TYPE_A,
					    .random =
						    (random_next(&state) & ~UINT64_C(0xffff)) | i};
		size_t len = frame_query(&drawn, frame);
		if (len > FRAME_ROOM)
			fail("queries", "are too long");
		memcpy(query->frame, frame, len);
		query->len = (uint8_t)len;
	}
}

static void send_burst(struct generator *generator, unsigned count, uint64_t now)
{
	struct rte_mbuf *mbufs[BURST];

	if (rte_pktmbuf_alloc_bulk(generator->pool, mbufs, count) < 0)
		return;
	for (unsigned i = 0; i < count; i++) {
		const struct asked *query = &generator->queries[(uint16_t)(generator->next + i)];
		memcpy(rte_pktmbuf_mtod(mbufs[i], uint8_t *), query->frame, query->len);
		mbufs[i]->data_len = query->len;
		mbufs[i]->pkt_len = query->len;
	}
	unsigned taken = rte_eth_tx_burst(0, 0, mbufs, (uint16_t)count);
	for (unsigned i = 0; i < taken; i++) {
		struct asked *query = &generator->queries[generator->next++];
		query->sent = now;
		generator->tally.hits_sent += !query->miss;
	}
	generator->tally.sent += taken;
	generator->tally.refused_by_port += count - taken;
	rte_pktmbuf_free_bulk(mbufs + taken, count - taken);
}

static void take(struct generator *generator, const struct rte_mbuf *mbuf, uint64_t now)
{
	const uint8_t *dns = rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, DNS_AT);
	struct tally *tally = &generator->tally;

	if (mbuf->data_len < DNS_AT + HEADER_LEN)
		return;
	struct asked *query = &generator->queries[wire_get16(dns)];
	if (query->sent == 0) {
		tally->late++;
		return;
	}
	uint64_t ns = ticks_ns(now - query->sent);
	query->sent = 0;
	tally->answered++;
	tally->last_answer = now;
	uint16_t flags = wire_get16(dns + 2);
	bool good = (flags & FLAG_QR) != 0 && FLAGS_RCODE(flags) == 0 && wire_get16(dns + 6) > 0;
	tally->failed += !good;
	if (query->miss || !good)
		return;
	tally->hits_answered++;
	tally->latencies[bucket_of(ns)]++;
}

static void receive(struct generator *generator, uint64_t now)
{
	struct rte_mbuf *mbufs[BURST];
	uint16_t count;

	while ((count = rte_eth_rx_burst(0, 0, mbufs, BURST)) > 0) {
		for (unsigned i = 0; i < count; i++)
			take(generator, mbufs[i], now);
		rte_pktmbuf_free_bulk(mbufs, count);
	}
}

// ---- a run ----

// How many are due by now at that rate; without one as many as fit into the window.
static uint64_t due(struct generator *generator, uint64_t rate, uint64_t elapsed, uint64_t now)
{
	struct tally *tally = &generator->tally;
	uint64_t hz = rte_get_tsc_hz();

	if (rate == 0) {
		if (now - tally->last_answer > hz / 1000 * LOST_MS) {
			tally->lost = tally->sent - tally->answered;
			tally->last_answer = now;
		}
		return tally->sent - tally->answered - tally->lost + BURST <= WINDOW ? BURST : 0;
	}
	uint64_t all = (uint64_t)((double)elapsed * (double)rate / (double)hz);
	return all > tally->sent ? all - tally->sent : 0;
}

static void run(struct generator *generator, uint64_t ms, uint64_t rate)
{
	uint64_t hz = rte_get_tsc_hz(), start = rte_rdtsc(), now = start;
	uint64_t end = start + hz / 1000 * ms, cpu_ns = thread_ns();
	struct tally *tally = &generator->tally;

	*tally = (struct tally){.last_answer = start};
	for (unsigned i = 0; i < IDS; i++)
		generator->queries[i].sent = 0;
	while ((now = rte_rdtsc()) < end) {
		uint64_t count = due(generator, rate, now - start, now);
		uint64_t lag = rate != 0 ? count * hz / rate : 0;
		if (lag > tally->lag)
			tally->lag = lag;
		if (count > 0)
			send_burst(generator, count < BURST ? (unsigned)count : BURST, now);
		receive(generator, rte_rdtsc());
	}
	uint64_t wall_ns = ticks_ns(now - start);
	cpu_ns = thread_ns() - cpu_ns;
	uint64_t in_time = tally->answered;
	for (end = now + hz / 1000 * LINGER_MS; (now = rte_rdtsc()) < end;)
		receive(generator, now);
	printf("{\"wall_ns\": %" PRIu64 ", \"cpu_ns\": %" PRIu64 ", \"sent\": %" PRIu64
	       ", \"hits_sent\": %" PRIu64 ", \"answered\": %" PRIu64 ", \"in_time\": %" PRIu64
	       ", \"hits_answered\": %" PRIu64 ", \"failed\": %" PRIu64 ", \"late\": %" PRIu64
	       ", \"refused_by_port\": %" PRIu64 ", \"lag_ns\": %" PRIu64 ", \"p50_ns\": %" PRIu64
	       ", \"p99_ns\": %" PRIu64 ", \"p999_ns\": %" PRIu64 "}\n",
	       wall_ns, cpu_ns, tally->sent, tally->hits_sent, tally->answered, in_time,
	       tally->hits_answered, tally->failed, tally->late, tally->refused_by_port,
	       ticks_ns(tally->lag), quantile_ns(tally, 0.5), quantile_ns(tally, 0.99),
	       quantile_ns(tally, 0.999));
	fflush(stdout);
}

static void orders(struct generator *generator)
{
	struct order order;

	while (order_read(&order))
		run(generator, order.number, option_number(order.count, order.words, "rate", 0));
}

// ---- life ----

static void link_begin(struct generator *generator)
{
	struct rte_eth_link link = {0};
	uint64_t end_ns = wall_ns() + UP_NS;

	generator->pool = rte_pktmbuf_pool_create("loadgen", MBUFS, 256, 0,
						  RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (generator->pool == NULL)
		fail("no memory for packet buffers", rte_strerror(rte_errno));
	port_begin(generator->pool);
	while (link.link_status != RTE_ETH_LINK_UP) {
		if (wall_ns() > end_ns)
			fail("port", "nobody at the other end");
		sleep_ns(1000 * 1000);
		if (rte_eth_link_get_nowait(0, &link) < 0)
			fail("port", "has no link");
	}
}

int main(int argc, char **argv)
{
	const char *device = option_text(argc, argv, "device", NULL);
	static struct generator generator;
	char lcores[32];

	if (device == NULL)
		fail("device", "which one?");
	make_queries(&generator, option_number(argc, argv, "names", 1000000),
		     option_number(argc, argv, "miss_every", 0));
	snprintf(lcores, sizeof(lcores), "0@%u", (unsigned)option_number(argc, argv, "cpu", 0));
	eal_begin(&(const struct eal_config){
		.lcores = lcores,
		.device = device,
		.hugepages = option_number(argc, argv, "hugepages", 0) != 0,
		.memory_mib = (unsigned)option_number(argc, argv, "memory_mib", 128),
	});
	link_begin(&generator);
	printf("{\"up\": true}\n");
	fflush(stdout);
	orders(&generator);
	rte_eth_dev_stop(0);
	rte_eth_dev_close(0);
	rte_mempool_free(generator.pool);
	rte_eal_cleanup();
	free(generator.queries);
	return 0;
}
