// Counts heap allocations of the process, OpenSSL's apart. A program that lists heap.c has its
// malloc() replaced.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct heap {
	uint64_t own, openssl; // allocations, also those that only grow a block
};

void heap_count(struct heap *out) __attribute__((nonnull));
// False when it is too late: OpenSSL has allocated something.
bool heap_watch_openssl(void);
