// The zones that are asked for most, found in shares: there may be thousands of dossiers. Each is
// weighed when its turn comes; a zone that comes in between may be missed, none is listed twice.
#pragma once

#include "control/posture/dossier.h"
#include "dataplane/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOTTEST_MAX 100

struct hottest {
	size_t max, count; // wanted, at most HOTTEST_MAX; found
	size_t at;         // where dossiers_some() goes on
	uint64_t now_ms;
	struct {
		uint8_t zone[NAME_MAX_LEN]; // lower case
		uint32_t heat;              // above 0
	} list[HOTTEST_MAX];                // the hottest first
};

// Begins with {.max = …}. True: there are more to be weighed.
bool hottest_some(struct hottest *hottest, const struct dossiers *dossiers, uint64_t now_ms)
	__attribute__((nonnull));
