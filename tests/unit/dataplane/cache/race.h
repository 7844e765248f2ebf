// Readers against a writer, in two ways. A test file is linked with each of them:
//
// race.c: step by step. What a writer does happens between two loads of a reader, between any two
// in turn. One thread plays both, so that nothing depends on who is faster, and every order is
// tried. The code under test is that of dataplane/, compiled with loads.h.
//
// race_rate.c: at full rate, each on a thread of its own, RACE_MS milliseconds for each race (100
// unless the environment says more), with the code as it is used.
#pragma once

#include "dataplane/cache/cache.h"

#include <stdatomic.h>

struct race {
	void (*read)(void *arg);  // asks, and asserts that what it was told is true
	void (*write)(void *arg); // goes from one state of the world to the next. As control would;
				  // must not wait for a grace period: the reader is in the middle
	void *arg;
	struct cache *cache; // whose memory is taken back between the rounds
	// How often the reader was told something, or NULL. At full rate the race goes on until it
	// was, for a minute at most: a reader that gets little of a busy machine has met no one
	// yet.
	const _Atomic unsigned *told;
};

// By steps: each place for one step of the writer, then each two places near each other for two;
// the longest round must have at least so many loads, or none when least is 0.
void race_all(const struct race *race, unsigned least) __attribute__((nonnull));
// After a test that failed in the middle of it.
void race_end(void);
