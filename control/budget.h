// What one client query may cost (DESIGN §6). One object per client query, carried through
// sub-queries, restarts and retries; never re-initialised; charged before work is queued
// (ATTACKS §0.1: every budget of 2024 that was reset or skipped on one path became a CVE).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_ITEMS(X)                                                                            \
	X(packets, 100, "upstream packets")                                                        \
	X(signatures, 64, "signature verifications")                                               \
	X(failed_signatures, 16, "failed signature verifications")                                 \
	X(nsec3_hashes, 32, "NSEC3 hashes")                                                        \
	X(bytes, 131072, "bytes received")                                                         \
	X(tasks, 64, "sub-tasks started")

enum budget_item {
#define X(field, limit, words) BUDGET_##field,
	BUDGET_ITEMS(X)
#undef X
	BUDGET_ITEM_COUNT
};

enum budget_limit {
#define X(field, limit, words) BUDGET_LIMIT_##field = limit,
	BUDGET_ITEMS(X)
#undef X
};

#define BUDGET_DEPTH_MAX 8       // nesting of sub-queries
#define BUDGET_TIME_MS 7000      // from the client's arrival
#define BUDGET_CNAME_MAX 11      // links of one chain

struct budget {
	uint32_t left[BUDGET_ITEM_COUNT];
	uint64_t deadline_ms; // monotonic
	uint32_t refs;
	int16_t exhausted; // first item that ran out, or -1
};

static inline void budget_start(struct budget *budget, uint64_t now_ms)
{
	static const uint32_t limits[BUDGET_ITEM_COUNT] = {
#define X(field, limit, words) limit,
		BUDGET_ITEMS(X)
#undef X
	};

	for (int i = 0; i < BUDGET_ITEM_COUNT; i++)
		budget->left[i] = limits[i];
	budget->deadline_ms = now_ms + BUDGET_TIME_MS;
	budget->refs = 1;
	budget->exhausted = -1;
}

// False when there is not enough left: the caller must not do the work. What is left is not
// touched then, so that a smaller piece of work may still fit.
static inline bool budget_charge(struct budget *budget, enum budget_item item, uint32_t amount)
{
	if (budget->left[item] < amount) {
		if (budget->exhausted < 0)
			budget->exhausted = (int16_t)item;
		return false;
	}
	budget->left[item] -= amount;
	return true;
}

static inline bool budget_left(const struct budget *budget, enum budget_item item)
{
	return budget->left[item] > 0;
}
