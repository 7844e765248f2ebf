// NSEC3 hashes of names that were computed lately, for all zones: hostile and repeated questions
// cost theirs once. Bounded; a newer one takes an older one's place.
//
// Thread: control.
#pragma once

#include "crypto/digest.h"
#include "dataplane/dns/rdata.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hashes;
struct hashes *hashes_new(size_t entries_max) __attribute__((warn_unused_result));
void hashes_free(struct hashes *hashes);

// Iterations and salt are those of params.
bool hashes_find(const struct hashes *hashes, const uint8_t *name, const struct rdata_nsec3 *params,
		 uint8_t out[NSEC3_HASH_LEN]) __attribute__((nonnull, warn_unused_result));
void hashes_add(struct hashes *hashes, const uint8_t *name, const struct rdata_nsec3 *params,
		const uint8_t hash[NSEC3_HASH_LEN]) __attribute__((nonnull));
