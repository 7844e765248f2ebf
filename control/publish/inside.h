// What the files of the publisher share.
#pragma once

#include "control/publish/publish.h"

#define SHOWN_SLOTS 4096

struct publisher {
	struct publisher_config config;
	struct cache *cache;
	struct publisher_counters counters;
	// When the latest question was put whose answer had secure data of a zone; zones whose
	// hashes agree share a slot.
	uint64_t shown_ms[SHOWN_SLOTS];
};

// A link is secure, with so long a life: its proofs become part of the chains, or it refutes what
// is in them. True: the chains say all that the link does.
bool publish_denial(struct publisher *publisher, const struct step *step,
		    const struct validation_result *result, uint32_t ttl_s,
		    const struct publication *publication) __attribute__((nonnull));
