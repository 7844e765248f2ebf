// How much of a name each server gets to see (RFC 9156): which ancestor of the name is asked
// for next. Pure.
#pragma once

#include "dataplane/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MINIMISE_COUNT_MAX 10 // RFC 9156 §2.3: MAX_MINIMISE_COUNT
#define MINIMISE_ONE_LABEL 4  // MINIMISE_ONE_LAB

struct minimise {
	const uint8_t *name; // the caller's, whole
	uint8_t labels;      // of name
	uint8_t asked;       // labels of the name to ask for now
	uint8_t count;       // steps so far, over all cuts
	uint8_t given_up;    // labels of the name that this zone's servers made nothing of; or 0
};

// Begins below a zone of zone_labels labels; not enabled: the full name at once.
void minimise_start(struct minimise *minimise, const uint8_t *name, size_t zone_labels,
		    bool enabled) __attribute__((nonnull));
// One or several labels more, after an answer for the name asked that was no referral.
void minimise_next(struct minimise *minimise) __attribute__((nonnull));
// One label more at no step's cost: the name asked is known to lie inside the zone.
void minimise_skip(struct minimise *minimise) __attribute__((nonnull));
// A referral to a zone of zone_labels labels.
void minimise_descend(struct minimise *minimise, size_t zone_labels) __attribute__((nonnull));
// The full name from now on, as far as the next referral (RFC 9156 §2.3 (6): fall back): what one
// zone's servers cannot answer says nothing of the next one's.
void minimise_give_up(struct minimise *minimise) __attribute__((nonnull));

static inline bool minimise_full(const struct minimise *minimise)
{
	return minimise->asked == minimise->labels;
}

static inline const uint8_t *minimise_name(const struct minimise *minimise)
{
	return name_ancestor(minimise->name, minimise->asked);
}
