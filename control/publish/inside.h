// What the files of the publisher share.
#pragma once

#include "control/publish/publish.h"

struct publisher {
	struct publisher_config config;
	struct cache *cache;
	struct publisher_counters counters;
};

// A link is secure, with so long a life: its proofs become part of the chains, or it refutes what
// is in them. True: the chains say all that the link does.
bool publish_denial(struct publisher *publisher, const struct step *step,
		    const struct validation_result *result, uint32_t ttl_s,
		    const struct publication *publication) __attribute__((nonnull));
