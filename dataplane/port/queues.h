// How many queues a device is opened with, each of which a poll-mode core polls.
#pragma once

#include "dataplane/port/device.h"

// The value of an argument of a device string, which ends at a comma; NULL: it is not there.
const char *device_argument(const char *text, const char *name) __attribute__((nonnull));
// Sets queue_count, first_queue and probe. channels: of the interface, for net_af_xdp. Every core
// needs a queue, and no queue of the interface may be left out but by the operator's word. 0, or
// -errno with a sentence that names the command which mends it.
int queues_choose(struct device *device, const struct device_channels *channels,
		  unsigned core_count, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
