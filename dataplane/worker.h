// A poll-mode core: what it owns and what it is told.
#pragma once

#include "dataplane/counters.h"
#include "dataplane/cycles.h"
#include "dataplane/dataplane.h"
#include "dataplane/host/host.h"
#include "dataplane/host/limit.h"
#include "dataplane/miss/beat.h"
#include "dataplane/miss/ticket.h"
#include "dataplane/miss/wake.h"
#include "dataplane/port/device.h"
#include "dataplane/short.h"

#include <rte_mbuf.h>

#include <poll.h>
#include <stdatomic.h>

#define BURST STORE_BURST_MAX

// control: wo, lcores: ro
struct orders {
	_Alignas(64) atomic_bool running;
	atomic_bool draining;  // no new tickets
	atomic_bool measuring; // where the time goes
};

// One of the lcore's queues; a port has at least one for every lcore.
struct queue {
	uint16_t port_id, queue_id; // DPDK's
	uint8_t port;               // index in the configuration
	bool from_host;             // this lcore sends the host's frames by this port
	bool local;                 // frames of this host's other interfaces may come by it
	struct rte_mempool *pool;
	unsigned waiting; // to be sent at the end of the turn
	struct rte_mbuf *out[BURST];
};

#define LCORE_QUEUES_MAX (DATAPLANE_PORTS_MAX * DEVICE_QUEUES_MAX)

// Scratch space of one burst.
struct burst {
	struct rte_mbuf *received[BURST];
	struct short_frame frames[BURST]; // of those received
	struct rte_mbuf *mbufs[BURST];    // from here on: what the short lane left
	struct packet packets[BURST];
	uint8_t *messages[BURST];
	uint16_t lens[BURST], caps[BURST];
	struct serve serves[BURST];
	enum serve_verdict verdicts[BURST];
};

struct lcore {
	struct lcore_counters counters; // lcore: rw, control: ro
	struct cycles cycles;           // lcore: rw, control: ro
	atomic_int tid;                 // lcore: wo; 0: it has not begun

	// Set before the launch, then constant.
	unsigned index;
	enum poll_mode poll;
	unsigned queue_count;
	uint32_t syn_per_s; // of the host's stack, this lcore's share
	struct store *store;
	const struct service_addresses *service;
	const struct plain_service *plain_service; // the same
	short_serve *serve_short;
	struct orders *orders;
	const struct beat *beat;
	struct wake *control; // control's sleep
	struct host *host;    // NULL: no exception path
	struct ticket_pool tickets;
	struct wake *wake; // this lcore's sleep
	nfds_t wait_count; // wake, and where all queues have one their descriptors
	struct pollfd waits[1 + LCORE_QUEUES_MAX];

	// lcore: rw
	struct beat_view now;
	struct limit limit;
	uint32_t rotation;
	bool measuring;                                  // this turn
	uint64_t lap_tsc;                                // when the last stage ended
	bool control_has_work, host_has_work;            // since the start of this turn
	unsigned idle_turns, sleep_us, moments, useless; // worker_rest.c
	struct queue queues[LCORE_QUEUES_MAX];
	struct burst burst;
};

// The lcore's main function; arg is its struct lcore. Ends when orders->running is false.
int worker_run(void *arg) __attribute__((nonnull));

// The time stamp counter in milliseconds, the same on every core.
uint64_t worker_counter_ms(void);
