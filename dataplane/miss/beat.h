// Control's clocks and heartbeat, as the lcores see them: a lcore reads its own time stamp
// counter and adds the offset that control published last.
#pragma once

#include "dataplane/store.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// A control core that has said nothing for this long does not answer misses either.
#define BEAT_LATE_MS 500
// A lcore that is this far ahead of control's new beat was led astray by its counter (a guest that
// was paused or moved to another machine) and follows control back.
#define BEAT_BACK_MS 1000

// control: wo, lcores: ro. Each word stands for itself: words of two beats mixed are wrong by
// no more than the time between them, so relaxed loads and stores are enough.
struct beat {
	_Alignas(64) _Atomic uint64_t offset_ms; // monotonic = counter + offset, modulo 2^64
	_Atomic uint64_t beat_ms;                // when, monotonic
	// Twice the POSIX time in milliseconds minus the counter, plus 1 when it is trusted: the
	// two change together, and a reader takes them by one load.
	_Atomic int64_t wall;
};

// What one lcore knows of time.
struct beat_view {
	struct store_clock clock; // now_ms never goes back but by BEAT_BACK_MS or more
	uint64_t beat_ms;         // of the last read
	bool control_late;        // no heartbeat for BEAT_LATE_MS
};

// counter_ms: the caller's time stamp counter in milliseconds.
void beat_publish(struct beat *beat, const struct store_clock *clock, uint64_t counter_ms)
	__attribute__((nonnull));
void beat_read(const struct beat *beat, uint64_t counter_ms, struct beat_view *view)
	__attribute__((nonnull));
