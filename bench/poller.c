#include "bench/poller.h"

#include "bench/fill.h"
#include "bench/frames.h"
#include "bench/moment.h"
#include "bench/option.h"

#include <rte_eal.h>
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
#define DESCRIPTORS 1024

static void eal_begin(const struct poller_config *config)
{
	char lcores[64], device[1024], memory[32], prefix[64];
	char *args[16];
	int count = 0;

	snprintf(lcores, sizeof(lcores), "--lcores=0@%u,%d@%u", config->control_cpu, LCORE,
		 config->cpu);
	snprintf(memory, sizeof(memory), "%u", config->memory_mib);
	snprintf(prefix, sizeof(prefix), "--file-prefix=bench-%d", getpid());
	args[count++] = strdup("bench");
	args[count++] = lcores;
	args[count++] = strdup("--main-lcore=0");
	args[count++] = prefix;
	args[count++] = strdup("--no-telemetry");
	args[count++] = strdup("--iova-mode=va");
	args[count++] = strdup("--log-level=error");
	args[count++] = strdup("--no-pci");
	if (config->hugepages) {
		args[count++] = strdup("--in-memory");
	} else {
		args[count++] = strdup("--no-huge");
		args[count++] = strdup("--no-shconf");
		args[count++] = strdup("-m");
		args[count++] = memory;
	}
	if (config->device != NULL) {
		snprintf(device, sizeof(device), "--vdev=%s", config->device);
		args[count++] = device;
	}
	args[count] = NULL;
	if (rte_eal_init(count, args) < 0)
		fail("DPDK does not start", rte_strerror(rte_errno));
}

static void port_begin(struct poller *poller, const struct poller_config *config)
{
	const struct rte_eth_conf plain = {0};

	poller->pool = rte_pktmbuf_pool_create("bench", config->mbufs, CACHE_COUNT, 0,
					       (uint16_t)config->mbuf_bytes, SOCKET_ID_ANY);
	if (poller->pool == NULL)
		fail("no memory for packet buffers", rte_strerror(rte_errno));
	if (rte_eth_dev_count_avail() != 1)
		fail(config->device, "is not one port");
	if (rte_eth_dev_configure(0, 1, 1, &plain) < 0 ||
	    rte_eth_rx_queue_setup(0, 0, DESCRIPTORS, 0, NULL, poller->pool) < 0 ||
	    rte_eth_tx_queue_setup(0, 0, DESCRIPTORS, 0, NULL) < 0 || rte_eth_dev_start(0) < 0)
		fail(config->device, "cannot be opened (a pool larger than the file is needed)");
}

// As dataplane.c makes it.
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
	memset(poller, 0, sizeof(*poller));
	poller->service.count = 1;
	if (address_from_text(BENCH_SERVICE, &poller->service.list[0]) < 0 ||
	    wake_init(&poller->wake) < 0)
		fail("poller", "cannot start");
	plain_service_make(&poller->service, &poller->plain_service);
	eal_begin(config);
	if (config->device == NULL)
		return;
	port_begin(poller, config);
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
