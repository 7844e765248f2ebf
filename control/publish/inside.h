// What the files of the publisher share.
#pragma once

#include "control/publish/publish.h"

struct publisher {
	struct publisher_config config;
	struct cache *cache;
	struct publisher_counters counters;
};

// After a link was published as secure with so long a life: its proofs become part of the chains,
// or it refutes what is in them.
void publish_denial(struct publisher *publisher, const struct step *step,
		    const struct validation_result *result, uint32_t ttl_s,
		    const struct publication *publication) __attribute__((nonnull));
