// The way down from the closest anchor to a name, as far as it is known.
#pragma once

#include "control/validator/trust_lookup.h"
#include "control/validator/validator.h"

#include <stdbool.h>
#include <stdint.h>

enum chain_end {
	CHAIN_SECURE,   // the target is the apex of a secure zone
	CHAIN_NO_CUT,   // every name on the way is known; the target lies inside the secure `zone`
	CHAIN_INSECURE, // an insecure delegation, NTA or nothing but unsigned zones, at `zone`
	CHAIN_NEED,     // the DS of `need` is unknown
};

struct chain {
	enum chain_end end;
	const uint8_t *zone; // points into the target; NULL: below no anchor
	const uint8_t *need;
	struct standing standing; // of zone
};

// jump: the target is said to be an apex: when many names on the way are unknown, its own DS is
// asked for first, which spares the names in between that are no cuts.
void chain_reach(struct trust *trust, const uint8_t *target, bool jump, const struct moment *moment,
		 struct chain *out) __attribute__((nonnull));
