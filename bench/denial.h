// A zone signed with NSEC, flooded.example., whose whole chain a cache holds, and names in it that
// do not exist.
#pragma once

#include "dataplane/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// `count` records at even distances. False when the cache did not take them all.
bool bench_fill_denial(struct cache *cache, const struct store_clock *clock, uint64_t count)
	__attribute__((nonnull));
// A name of eight letters in the zone, any of 26^8. Returns its length.
size_t bench_denied_name(uint64_t random, uint8_t out[NAME_MAX_LEN]) __attribute__((nonnull));
