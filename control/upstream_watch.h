// Whether the way to servers is there, the configured one (upstream.interface, upstream.source) and
// the one that servers answer by: an alarm while it is not, looked at every second.
//
// Thread: control.
#pragma once

#include "control/config/config.h"

#include <stdbool.h>
#include <stdint.h>

// Looks when a second has gone by, and logs what has changed. The configuration is borrowed. lost:
// no server of any network answers (upstream_uplink_lost()).
void upstream_watch(const struct config *config, bool lost, uint64_t now_ms)
	__attribute__((nonnull));
// What is missing of the configuration's, "" when nothing is.
const char *upstream_watch_alarm(void);
