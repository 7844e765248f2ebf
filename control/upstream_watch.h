// Whether the configured way to servers (upstream.interface, upstream.source) is there: an alarm
// while it is not, looked at every second.
//
// Thread: control.
#pragma once

#include "control/config/config.h"

#include <stdint.h>

// Looks when a second has gone by, and logs what has changed. The configuration is borrowed.
void upstream_watch(const struct config *config, uint64_t now_ms) __attribute__((nonnull));
// What is missing, "" when nothing is.
const char *upstream_watch_alarm(void);
