// What is broken at the moment: zones and the ways in which they are.

#pragma once

#include "tests/lab/relay/message.h"

enum {
	BREAK_DROP = 1 << 0,
	BREAK_REFUSE = 1 << 1,
	BREAK_SERVFAIL = 1 << 2,
	BREAK_DELAY = 1 << 3,
	BREAK_TRUNCATE = 1 << 4,
	BREAK_BOGUS = 1 << 5,
	BREAK_STRIP = 1 << 6,
	BREAK_DELAY_MAX_MS = 60000,
};

// What happens to one question. Kinds combine; drop goes before refuse, refuse before servfail,
// and those before everything that needs the authority's answer.
struct verdict {
	unsigned kinds;
	uint32_t delay_ms;
};

// Replaces all rules by those in a text of lines "ADDRESS|* ZONE KIND [MS]". A text that cannot
// be read leaves the rules as they are and returns -EINVAL.
int rules_replace(char *text) __attribute__((nonnull, warn_unused_result));

// The sum of all rules for an address and the zones at or above a name.
struct verdict rules_match(const char *address, const struct question *question)
	__attribute__((nonnull));
