// When something of ours that others have taken away is put back: at once a few times, then at
// growing distances, so that an operator who means it is not fought, and never given up. Where it
// has stayed for a while, the count begins anew.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPAIRS_AT_ONCE   3
#define REPAIR_FIRST_MS   (60 * UINT64_C(1000)) // then twice as long each time
#define REPAIR_LONGEST_MS (60 * REPAIR_FIRST_MS)
#define REPAIR_STAYED_MS  (10 * REPAIR_FIRST_MS)

struct repair {
	unsigned count; // of tries, good or not
	uint64_t tried_ms, due_ms;
	bool was_there;
	char why[256]; // the last try failed; "": it did not
};

// It is there.
void repair_there(struct repair *repair, uint64_t now_ms) __attribute__((nonnull));
// It is not: whether it is to be put back now, which then counts as a try.
bool repair_due(struct repair *repair, uint64_t now_ms) __attribute__((nonnull));
// The try could not be made good at all, and cost little: it is no fight, and comes again at the
// next look.
void repair_failed(struct repair *repair) __attribute__((nonnull));
// "; tried again in 4 min", for the sentence that says so. Returns out.
const char *repair_wait(const struct repair *repair, uint64_t now_ms, char *out, size_t len)
	__attribute__((nonnull));
