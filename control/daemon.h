// The daemon: its parts, in the order in which they start and stop, and the event loop's turn.
//
// Thread: the caller's becomes control (EAL's main lcore). Signals must be blocked already.
#pragma once

#include "control/config/config.h"

// Starts everything, runs until SIGTERM, SIGINT or `assayctl stop`, stops everything. Returns the
// exit status: 0, or 1 after a sentence in the log.
int daemon_run(const struct config *config) __attribute__((nonnull));
