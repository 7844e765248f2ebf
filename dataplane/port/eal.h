// DPDK's environment: memory, CPUs, logs. It can be started once in the life of a process.
#pragma once

#include "dataplane/dataplane.h"
#include "dataplane/port/device.h"

#include <stdbool.h>
#include <stddef.h>

// Poll-mode core i is EAL's lcore i + 1; control is lcore 0.
#define EAL_LCORE(i) ((unsigned)(i) + 1)

// Leaves the caller's CPU affinity as it was, or at control_cpu. *hugepages says whether
// they are used. 0, or -errno with a sentence.
int eal_start(const struct dataplane_config *config, const struct device *devices,
	      size_t device_count, bool *hugepages, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
void eal_stop(void);

// Keeps packet memory out of core dumps: it holds clients' queries. After everything is allocated.
void eal_hide_memory_from_dumps(void);

// What DPDK or a driver said last, "" when nothing; until eal_log_to_stderr() nothing of it
// is printed.
const char *eal_last_words(void);
void eal_log_to_stderr(void);
