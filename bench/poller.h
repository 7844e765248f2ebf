// One poll-mode core of the product over one port of the bench's own: the product's opening of
// ports bounds packet buffers by what real ports need, while net_pcap keeps every packet of its
// file in one. DPDK can be started once in the life of a process.
#pragma once

#include "dataplane/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct poller_config {
	const char *device; // EAL's syntax; NULL: no port, EAL only
	unsigned control_cpu, cpu;
	unsigned mbufs, mbuf_bytes; // mbuf_bytes: data room with headroom
	bool hugepages;
	unsigned memory_mib; // without hugepages: what EAL may take
};

struct poller {
	struct service_addresses service;
	struct plain_service plain_service;
	struct orders orders;
	struct beat beat;
	struct wake wake;
	struct rte_mempool *pool;
	struct lcore *lcore;
	uint64_t cpu_ns; // of the poll-mode core, after it was halted
	_Atomic(pthread_t) thread; // the poll-mode core's while it runs, else 0
};

// From arguments: pcap=FILE or device=VDEV [cpu=N] [control=N] [mbufs=N] [mbuf_bytes=N] [hugepages=1]
// [memory_mib=N]. Which device, is written to `device`, which out points to.
#define POLLER_DEVICE 600
void poller_options(int argc, char **argv, char device[POLLER_DEVICE], struct poller_config *out)
	__attribute__((nonnull));

// Ends the program with a sentence when it cannot. The caller runs on control_cpu afterwards.
void poller_start(struct poller *poller, const struct poller_config *config)
	__attribute__((nonnull));
// The lcore polls from launch to halt, any number of times. poller_beat(): at least every 100 ms.
void poller_launch(struct poller *poller, struct store *store) __attribute__((nonnull));
void poller_beat(struct poller *poller, struct store *store) __attribute__((nonnull));
// CPU time of the poll-mode core up to now; 0 when it has not begun yet.
uint64_t poller_cpu_ns(struct poller *poller) __attribute__((nonnull));
void poller_halt(struct poller *poller) __attribute__((nonnull));
void poller_end(struct poller *poller) __attribute__((nonnull));
