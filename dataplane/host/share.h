// The share of a CPU that the host thread may take where it has none of its own: what it spends is
// measured, and beyond its share it rests. Its rings hold what comes meanwhile.
#pragma once

#include <stdint.h>

#define SHARE_PERCENT 25

struct share {
	uint64_t then_ns;
	int64_t left_ns;  // of CPU time; below zero: owed
	unsigned percent; // 100: a CPU of its own, no rest
};

void share_init(struct share *share, unsigned percent, uint64_t now_ns) __attribute__((nonnull));
// Behind a turn that took spent_ns of CPU time. Returns for how long to rest, 0 for not at all.
uint64_t share_spend(struct share *share, uint64_t now_ns, uint64_t spent_ns)
	__attribute__((nonnull, warn_unused_result));
