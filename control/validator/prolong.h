// Proofs past their TTL: until when the DS of a zone, or the proof that it has none, may be used
// while its parent proves nothing. The argument for it is in docs/architecture.md.
//
// Thread: control.
#pragma once

#include "control/validator/validator.h"
#include "control/validator/zone.h"

#define PROOF_OF_NONE_MAX_S 86400 // past its TTL, where the zone was proven to have no DS

// The cut of `zone` was proven by `step` just now. order: of all proofs, ascending.
void proof_take(struct zone *zone, const struct zones *zones, const struct step *step,
		const struct validation_result *result, uint64_t order, uint64_t now_ms,
		int64_t now_s) __attribute__((nonnull));
// A key among `keys` is one of `old` with the REVOKE bit set (RFC 5011 §2.1). NULL: none is known.
bool proof_revokes(const struct records *old, const struct records *keys)
	__attribute__((nonnull(2)));
