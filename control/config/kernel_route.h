// The way that the kernel would take from this host, by its rules and tables. Asks, changes
// nothing.
//
// Thread: any; it may wait for the kernel.
#pragma once

#include "dataplane/dataplane.h"

#include <stdbool.h>
#include <stdint.h>

struct kernel_route {
	unsigned ifindex; // 0: several
	bool local;       // to the host itself
};

// from: an address of the host, or family 0: any. ifindex: only by this interface; 0: by any. 0, or
// the kernel's -errno: -ENETUNREACH, -EHOSTUNREACH, -EACCES where there is no way.
int kernel_route_find(const struct address *to, const struct address *from, unsigned ifindex,
		      struct kernel_route *out) __attribute__((nonnull, warn_unused_result));
