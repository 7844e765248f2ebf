// A store with the benches' names in it, put there through the seam as control does it.
#pragma once

#include "dataplane/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Rotation, cookies and the default ACL are on. NULL with a sentence. *acl outlives it.
struct store *fill_store(size_t cache_bytes, bool hugepages, struct acl **acl, char *err,
			 size_t err_len) __attribute__((nonnull, warn_unused_result));
// The same with so much of it for cached denial.
struct store *fill_denial_store(size_t cache_bytes, size_t denial_bytes, bool hugepages,
				struct acl **acl, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
struct store_clock fill_clock(void);

// Specs, made again and again in one place.
struct filling {
	bool is_signed; // SECURE with an RRSIG of P-256, else INSECURE without
	struct store_clock clock;
	struct entry_spec spec;
	struct record data, rrsig;
	uint32_t address;
	uint8_t name[NAME_MAX_LEN];
	uint8_t rrsig_rdata[18 + NAME_MAX_LEN + 64];
};
void filling_init(struct filling *filling, bool is_signed) __attribute__((nonnull));
// The A RRset of name i, alive for a day. Valid until the next call.
const struct entry_spec *filling_spec(struct filling *filling, uint64_t i) __attribute__((nonnull));
// Publishes it. False when the cache did not take it.
bool filling_put(struct filling *filling, struct cache *cache, uint64_t i) __attribute__((nonnull));
// Publishes names [first, first + count) and collects what became free meanwhile. Returns how many
// the cache took.
uint64_t filling_put_all(struct filling *filling, struct cache *cache, uint64_t first,
			 uint64_t count) __attribute__((nonnull));
