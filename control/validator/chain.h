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

// Which DS is needed first, where more than one name on the way is unknown.
enum chain_order {
	CHAIN_FROM_TOP,
	// The target is said to be an apex: where many names are unknown, its own, which spares the
	// names in between that are no cuts.
	CHAIN_TO_APEX,
	// The referral to the target brought its DS. Signed, it shows that no other zone begins
	// between its signer and the target (RFC 4035 §5.2): none of those names is asked for.
	CHAIN_DS_REFERRED,
};

void chain_reach(struct trust *trust, const uint8_t *target, enum chain_order order,
		 const struct moment *moment, struct chain *out) __attribute__((nonnull));
