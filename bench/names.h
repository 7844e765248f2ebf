// The names that the benches cache and ask for: number i of as many as one wants, each three
// labels and 15 to 30 bytes (20 in the mean), as most names that clients ask for.
#pragma once

#include "dataplane/dns/name.h"

#include <stddef.h>
#include <stdint.h>

#define BENCH_NAMES_MAX 300000000

// Lower case, wire form. i < BENCH_NAMES_MAX. Returns its length.
size_t bench_name(uint64_t i, uint8_t out[NAME_MAX_LEN]) __attribute__((nonnull));
// The address that bench_fill() caches for it, as it stands in RDATA.
uint32_t bench_address(uint64_t i);
