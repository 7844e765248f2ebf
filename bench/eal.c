#include "bench/eal.h"

#include "bench/option.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS 1024

void eal_begin(const struct eal_config *config)
{
	char lcores[64], device[1024], memory[32], prefix[64];
	char *args[16];
	int count = 0;

	snprintf(lcores, sizeof(lcores), "--lcores=%s", config->lcores);
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

void port_begin(struct rte_mempool *pool)
{
	const struct rte_eth_conf plain = {0};

	if (rte_eth_dev_count_avail() != 1)
		fail("device", "is not one port");
	if (rte_eth_dev_configure(0, 1, 1, &plain) < 0 ||
	    rte_eth_rx_queue_setup(0, 0, DESCRIPTORS, 0, NULL, pool) < 0 ||
	    rte_eth_tx_queue_setup(0, 0, DESCRIPTORS, 0, NULL) < 0 || rte_eth_dev_start(0) < 0)
		fail("device", "cannot be opened (a pool larger than the file is needed)");
}
