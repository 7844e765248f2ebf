#include "dataplane/dataplane_parts.h"
#include "dataplane/port/eal.h"
#include "dataplane/sentence.h"

#include <rte_launch.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Every queue of an interface is one core's, who gets each core_count-th.
unsigned core_of(const struct dataplane *dataplane, const struct port *port, unsigned queue)
{
	return (port->device.first_queue + queue) % (unsigned)dataplane->config.lcore_count;
}

static void queues_add(const struct dataplane *dataplane, struct lcore *lcore, unsigned index)
{
	const struct port *port = &dataplane->ports[index];

	for (unsigned i = 0; i < port->queue_count; i++) {
		if (core_of(dataplane, port, i) != lcore->index)
			continue;
		lcore->queues[lcore->queue_count++] = (struct queue){
			.port_id = port->id,
			.queue_id = (uint16_t)i,
			.port = (uint8_t)index,
			.from_host = i == 0,
			.local = port->device.ifindex != 0,
			.pool = port->pools[i],
		};
		// One queue that it cannot wait on, and it waits on none.
		if (lcore->wait_count == lcore->queue_count && port->descriptors[i] >= 0)
			lcore->waits[lcore->wait_count++] =
				(struct pollfd){.fd = port->descriptors[i], .events = POLLIN};
	}
}

static struct lcore *lcore_new(struct dataplane *dataplane, unsigned index)
{
	const struct dataplane_config *config = &dataplane->config;
	struct lcore *lcore = aligned_alloc(64, sizeof *lcore);

	if (lcore == NULL)
		return NULL;
	// Writing to it maps its pages now.
	memset(lcore, 0, sizeof *lcore);
	if (ticket_pool_init(&lcore->tickets, config->tickets) < 0) {
		free(lcore);
		return NULL;
	}
	lcore->index = index;
	lcore->wake = &dataplane->core_wakes[index];
	lcore->tickets.wake = lcore->wake;
	lcore->waits[0] = (struct pollfd){.fd = lcore->wake->fd, .events = POLLIN};
	lcore->wait_count = 1;
	lcore->poll = config->poll;
	lcore->syn_per_s = config->syn_per_s / (uint32_t)config->lcore_count;
	if (lcore->syn_per_s == 0)
		lcore->syn_per_s = 1;
	lcore->store = dataplane->store;
	lcore->service = &config->service;
	lcore->plain_service = &dataplane->plain_service;
	lcore->orders = &dataplane->orders;
	lcore->beat = &dataplane->beat;
	lcore->control = &dataplane->wake;
	lcore->host = dataplane->host;
	for (unsigned i = 0; i < dataplane->port_count; i++)
		queues_add(dataplane, lcore, i);
	if (lcore->wait_count < 1 + lcore->queue_count)
		lcore->wait_count = 1;
	return lcore;
}

int lcores_launch(struct dataplane *dataplane, char *err, size_t err_len)
{
	const struct dataplane_config *config = &dataplane->config;

	for (unsigned i = 0; i < config->lcore_count; i++) {
		dataplane->lcores[i] = lcore_new(dataplane, i);
		if (dataplane->lcores[i] == NULL)
			return sentence(err, err_len, -ENOMEM,
					"no memory for %u tickets of a poll-mode core",
					config->tickets);
		dataplane->lcore_count++;
	}
	atomic_store_explicit(&dataplane->orders.running, true, memory_order_relaxed);
	dataplane->launched = true;
	// The launch itself orders everything written above before the lcore's first read.
	for (unsigned i = 0; i < config->lcore_count; i++) {
		int code = rte_eal_remote_launch(worker_run, dataplane->lcores[i], EAL_LCORE(i));

		if (code < 0)
			return sentence(err, err_len, code, "poll-mode core %u does not start: %s",
					i, strerror(-code));
	}
	return 0;
}

void results_drop(struct dataplane *dataplane, struct ticket_pool *pool)
{
	struct store_result *results[64];
	size_t count;

	while ((count = ticket_collect(pool, results, 64)) > 0) {
		for (size_t i = 0; i < count; i++) {
			if (results[i] != NULL)
				store_result_unref(dataplane->store, results[i]);
		}
	}
}

// After the lcores: what they did not take any more.
void lcore_free(struct dataplane *dataplane, struct lcore *lcore)
{
	struct ticket *tickets[64];
	size_t count;

	while ((count = ticket_retries(&lcore->tickets, tickets, 64)) > 0) {
		for (size_t i = 0; i < count; i++) {
			if (tickets[i]->result != NULL)
				store_result_unref(dataplane->store, tickets[i]->result);
		}
	}
	results_drop(dataplane, &lcore->tickets);
	ticket_pool_fini(&lcore->tickets);
	free(lcore);
}
