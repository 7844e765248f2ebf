// How much exception traffic of each class a poll-mode core lets through to the host's stack.
#pragma once

#include "dataplane/host/classes.h"

#include <stdbool.h>
#include <stdint.h>

struct limit {
	uint64_t then_ms;
	uint32_t syn_per_s;
	uint32_t tokens[EXCEPTION_CLASS_COUNT]; // thousandths of a packet
};

// Full buckets. syn_per_s: the rate of EXCEPTION_SYN.
void limit_init(struct limit *limit, uint32_t syn_per_s, uint64_t now_ms) __attribute__((nonnull));
// Once per turn of the poll loop. A time before the last one (dataplane/miss/beat.h) refills
// nothing, and counts from there on.
void limit_tick(struct limit *limit, uint64_t now_ms) __attribute__((nonnull));
// Takes a token; false when the class is over its rate.
bool limit_take(struct limit *limit, enum exception_class class) __attribute__((nonnull));
