// Deadlines of exchanges: a binary heap, smallest first. Each timer knows its place, so that it
// can be moved or removed in O(log n).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	uint64_t at_us;
	size_t place; // 1-based index in the heap; 0: not set
};

struct timers {
	struct timer **heap;
	size_t count;
	size_t cap;
};

// Room for all of them is taken at once: setting a timer cannot fail. 0 or -ENOMEM.
int timers_open(struct timers *timers, size_t cap) __attribute__((nonnull, warn_unused_result));
void timers_close(struct timers *timers) __attribute__((nonnull));
void timers_set(struct timers *timers, struct timer *timer, uint64_t at_us)
	__attribute__((nonnull));
void timers_remove(struct timers *timers, struct timer *timer) __attribute__((nonnull));
// UINT64_MAX when none is set.
uint64_t timers_next_us(const struct timers *timers) __attribute__((nonnull, pure));
// Removes and returns one that is due, or NULL.
struct timer *timers_pop_due(struct timers *timers, uint64_t now_us) __attribute__((nonnull));
