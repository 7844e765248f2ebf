// How long the event loop works before it waits again, and what took longest of it.
//
// Thread: control. Time is passed in: microseconds of work, a clock that stands while the loop
// waits.
#pragma once

#include <stdint.h>

#define TURN_LONG_US 5000 // what no verb, timer or event may take

struct turns {
	uint64_t count, too_long; // of turns; of those over TURN_LONG_US
	uint64_t longest_us;      // of all turns
	const char *longest;      // what took most of that one; NULL: there was none
	// The turn that goes on.
	uint64_t began_us, since_us, most_us;
	const char *at, *most;
};

// From now on the time goes to this: a string that is never freed. Returns what it went to before.
const char *turns_at(struct turns *turns, const char *what, uint64_t worked_us)
	__attribute__((nonnull));
// The loop waits now. What it does first afterwards goes to `next` until turns_at() says otherwise.
void turns_end(struct turns *turns, const char *next, uint64_t worked_us) __attribute__((nonnull));
