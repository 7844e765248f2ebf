// Replacement policies over numbered keys, each as its paper has it, to hold the cache's own
// against. One object takes one place.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICIES(X)                                                                                \
	X(lru, "LRU")                                                                              \
	X(clock, "CLOCK")    /* FIFO with reinsertion, one bit (Corbato 1968) */                   \
	X(sieve, "SIEVE")    /* Zhang et al., NSDI 2024 */                                         \
	X(s3fifo, "S3-FIFO") /* Yang et al., SOSP 2023: 10 % small, ghosts as many as main */

enum policy_kind {
#define X(name, words) POLICY_##name,
	POLICIES(X)
#undef X
		POLICY_COUNT
};

struct policy;
// Holds `capacity` of the keys [0, keys). NULL: no memory.
struct policy *policy_new(enum policy_kind kind, size_t capacity, size_t keys)
	__attribute__((warn_unused_result));
void policy_free(struct policy *policy);
// Whether the key was held; it is afterwards.
bool policy_access(struct policy *policy, uint32_t key) __attribute__((nonnull));
