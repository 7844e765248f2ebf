// The daemon: its parts, in the order in which they start and stop, and the event loop's turn.
//
// Thread: the caller's becomes control (EAL's main lcore). Signals must be blocked already.
#pragma once

#include "control/config/config.h"

#define DAEMON_CONFIG "/etc/assay/assayd.yaml" // unless another is given

// Starts everything, runs until SIGTERM, SIGINT or `assayctl stop`, stops everything. Returns the
// exit status: 0, or after a sentence in the log 1, or DAEMON_IN_USE when another assayd has
// something that the configuration names.
#define DAEMON_IN_USE 3
// Not an exit status: hugepages that were free at the start are gone, and are not required. Another
// process, which DPDK needs, may start with config->dataplane.hugepages_gone.
#define DAEMON_NO_HUGEPAGES (-1)
int daemon_run(const struct config *config) __attribute__((nonnull));
