// Packet buffers: one pool per queue, used by one poll-mode core.
#pragma once

#include "dataplane/port/device.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rte_mempool;

// Bytes that a packet buffer of the device takes, with everything that belongs to it.
size_t pool_object_bytes(enum device_kind kind, bool hugepages);
// Fewest buffers with which a queue of the device can work.
unsigned pool_min_count(enum device_kind kind);

// NULL when there is no memory.
struct rte_mempool *pool_new(const char *name, enum device_kind kind, bool hugepages,
			     unsigned count) __attribute__((nonnull, warn_unused_result));
