// Readers against a writer, step by step: what a writer does happens between two loads of a reader,
// between any two in turn. One thread plays both, so that nothing depends on who is faster, and
// every order is tried. The code under test is that of dataplane/, compiled with loads.h.
#pragma once

#include "dataplane/cache/cache.h"

// What a test puts between loads; `arg` is its own. write() is called as control would be, and must
// not rely on a grace period: the reader is in the middle of it.
struct race {
	void (*read)(void *arg);  // asks, and asserts that what it was told is true
	void (*write)(void *arg); // goes from one state of the world to the next
	void *arg;
	struct cache *cache; // whose memory is taken back between the rounds
};

// Each place for one step of the writer, then each two places near each other for two. Returns how
// many loads the longest round had.
unsigned race_all(const struct race *race) __attribute__((nonnull));
// After a test that failed in the middle of it.
void race_end(void);
