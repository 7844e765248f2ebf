#include "bench/poller.h"

#include "bench/eal.h"
#include "bench/fill.h"
#include "bench/frames.h"
#include "bench/moment.h"
#include "bench/option.h"

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_launch.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LCORE       1
#define TICKETS     4096
#define CACHE_COUNT 256 // mbufs that a core keeps back, as dataplane/port/pool.c has it

void poller_options(int argc, char **argv, char device[POLLER_DEVICE], struct poller_config *out)
{
	const char *pcap = option_text(argc, argv, "pcap", NULL);
	const char *vdev = option_text(argc, argv, "device", NULL);

	if ((pcap == NULL) == (vdev == NULL))
		fail("pcap, device", "which one?");
	if (vdev != NULL)
		snprintf(device, POLLER_DEVICE, "%s", vdev);
	else
		snprintf(device, POLLER_DEVICE, "net_pcap0,rx_pcap=%s,infinite_rx=1", pcap);
	*out = (struct poller_config){
		.device = device,
		.control_cpu = (unsigned)option_number(argc, argv, "control", 0),
		.cpu = (unsigned)option_number(argc, argv, "cpu", 1),
		.mbufs = (unsigned)option_number(argc, argv, "mbufs", 20000),
		.mbuf_bytes = (unsigned)option_number(argc, argv, "mbuf_bytes", 1024),
		.hugepages = option_number(argc, argv, "hugepages", 0) != 0,
		.memory_mib = (unsigned)option_number(argc, argv, "memory_mib", 128),
	};
}

static void pool_begin(struct poller *poller, const struct poller_config *config)
{
	poller->pool = rte_pktmbuf_pool_create("bench", config->mbufs, CACHE_COUNT, 0,
					       (uint16_t)config->mbuf_bytes, SOCKET_ID_ANY);
	if (poller->pool == NULL)
		fail("no memory for packet buffers", rte_strerror(rte_errno));
	port_begin(poller->pool);
}

// As dataplane/lcores.c makes it.
static void lcore_begin(struct poller *poller)
{
	struct lcore *lcore = aligned_alloc(64, sizeof(*lcore));

	if (lcore == NULL)
		fail("lcore", "no memory");
	memset(lcore, 0, sizeof(*lcore));
	if (ticket_pool_init(&lcore->tickets, TICKETS) < 0)
		fail("tickets", "no memory");
	lcore->poll = POLL_BUSY;
	lcore->service = &poller->service;
	lcore->plain_service = &poller->plain_service;
	lcore->orders = &poller->orders;
	lcore->beat = &poller->beat;
	lcore->control = &poller->wake;
	lcore->queue_count = 1;
	lcore->queues[0].pool = poller->pool;
	poller->lcore = lcore;
}

void poller_start(struct poller *poller, const struct poller_config *config)
{
	char lcores[64];

	memset(poller, 0, sizeof(*poller));
	poller->service.count = 1;
	if (address_from_text(BENCH_SERVICE, &poller->service.list[0]) < 0 ||
	    wake_init(&poller->wake) < 0)
		fail("poller", "cannot start");
	plain_service_make(&poller->service, &poller->plain_service);
	snprintf(lcores, sizeof(lcores), "0@%u,%d@%u", config->control_cpu, LCORE, config->cpu);
	eal_begin(&(const struct eal_config){
		.lcores = lcores,
		.device = config->device,
		.hugepages = config->hugepages,
		.memory_mib = config->memory_mib,
	});
	if (config->device == NULL)
		return;
	pool_begin(poller, config);
	lcore_begin(poller);
}

static int run(void *arg)
{
	struct poller *poller = arg;
	uint64_t before_ns = thread_ns();

	atomic_store(&poller->thread, pthread_self());
	int code = worker_run(poller->lcore);
	atomic_store(&poller->thread, 0);
	poller->cpu_ns += thread_ns() - before_ns;
	return code;
}

uint64_t poller_cpu_ns(struct poller *poller)
{
	pthread_t thread = atomic_load(&poller->thread);
	clockid_t clock;

	if (thread == 0 || pthread_getcpuclockid(thread, &clock) != 0)
		return 0;
	return clock_ns(clock);
}

void poller_beat(struct poller *poller, struct store *store)
{
	struct store_clock clock = fill_clock();

	store_set_clock(store, &clock);
	beat_publish(&poller->beat, &clock, worker_counter_ms());
}

void poller_launch(struct poller *poller, struct store *store)
{
	poller->lcore->store = store;
	poller_beat(poller, store);
	atomic_store_explicit(&poller->orders.running, true, memory_order_relaxed);
	if (rte_eal_remote_launch(run, poller, LCORE) < 0)
		fail("poll-mode core", "does not start");
}

void poller_halt(struct poller *poller)
{
	atomic_store_explicit(&poller->orders.running, false, memory_order_relaxed);
	rte_eal_wait_lcore(LCORE);
}

void poller_end(struct poller *poller)
{
	if (poller->lcore != NULL) {
		rte_eth_dev_stop(0);
		rte_eth_dev_close(0);
		ticket_pool_fini(&poller->lcore->tickets);
		free(poller->lcore);
		rte_mempool_free(poller->pool);
	}
	wake_fini(&poller->wake);
	rte_eal_cleanup();
}
