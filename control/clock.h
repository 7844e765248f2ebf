// Where the event loop gets its time from. Everything below the loop is told.
//
// Thread: control.
#pragma once

#include "dataplane/store.h"

#include <stdint.h>

struct clock {
	int64_t build_s;              // a wall clock before this date is not believed
	const int64_t *test_offset_s; // mapped file of a test, or NULL
	int64_t last_offset_s;        // its value when it was last read
	int64_t aged_s;               // all that it has grown by since it was opened
};

// test_clock: path of an existing file of at least 8 bytes that holds an offset in seconds (int64,
// host order): added to the wall clock, and what it grows by afterwards also to the monotonic one,
// which never steps back.
// "" for none. 0 or -errno.
int clock_open(struct clock *clock, const char *test_clock)
	__attribute__((nonnull, warn_unused_result));
void clock_close(struct clock *clock) __attribute__((nonnull));
void clock_read(struct clock *clock, struct store_clock *out) __attribute__((nonnull));
