// DPDK's environment for a bench program: nothing but its own device, nothing left behind.
#pragma once

#include <stdbool.h>

struct rte_mempool;

struct eal_config {
	const char *lcores; // as --lcores takes it; the first one is this thread's
	const char *device; // as --vdev takes it; NULL: none
	bool hugepages;
	unsigned memory_mib; // without hugepages
};

// Fails if DPDK does not start.
void eal_begin(const struct eal_config *config) __attribute__((nonnull));

// The device's one port with one queue pair, running. Fails if there is none.
void port_begin(struct rte_mempool *pool) __attribute__((nonnull));
