// The sockets behind the queues of a kernel interface's drivers. DPDK does not tell them, but a
// core that waits for packets in poll() needs them.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Sockets of one domain that the process has, in ascending order.
#define DESCRIPTORS_FOUND_MAX 256
struct descriptors {
	int list[DESCRIPTORS_FOUND_MAX];
	size_t count;
};

// domain: AF_XDP or AF_PACKET. More than DESCRIPTORS_FOUND_MAX, or no /proc: none.
void descriptors_find(int domain, struct descriptors *out) __attribute__((nonnull));
// Those in now that were not in before.
void descriptors_new(const struct descriptors *before, const struct descriptors *now,
		     struct descriptors *out) __attribute__((nonnull));
