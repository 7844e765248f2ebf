// What the validation asks of trust.
//
// Thread: control.
#pragma once

#include "control/budget.h"
#include "control/validator/trust.h"
#include "control/validator/zone.h"
#include "crypto/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct moment {
	uint64_t now_ms;
	int64_t now_s;
	bool past_nta; // negative trust anchors do not count: would it validate without them?
};

struct standing {
	struct zone *zone; // to be touched when this decides something; NULL: nothing is known
	enum cut cut;  // SECURE also where an anchor is
	bool anchored; // SECURE by the operator's word, not the parent's
	bool nta;
	bool tolerated;
	bool outdated;
	bool prolonged;      // outdated, and it is its own proof that is past its TTL
	uint64_t ceiling_ms; // monotonic, until when what is outdated may be used
	int ede;           // why insecure, or EDE_NONE
	int64_t expires_s; // of the proof that it is
};

// What is known of this very name.
void trust_standing(const struct trust *trust, const uint8_t *name, const struct moment *moment,
		    struct standing *out) __attribute__((nonnull));

// The closest exception at or above a name, a negative trust anchor or a zone that is insecure by
// configuration, and in *at (inside of name) where it is. An anchor of the operator's between the
// two ends it: what lies below that one is validated (RFC 7646 §2).
bool trust_exception(const struct trust *trust, const uint8_t *name, const struct moment *moment,
		     const uint8_t **at, struct standing *out) __attribute__((nonnull));

// With a reference for the caller, or NULL.
struct records *trust_keys(struct trust *trust, const uint8_t *name, const struct moment *moment)
	__attribute__((nonnull, warn_unused_result));
struct records *trust_ds(struct trust *trust, const uint8_t *name, const struct moment *moment)
	__attribute__((nonnull, warn_unused_result));
// True when the keys that are known were fetched at that moment (monotonic) or later.
bool trust_keys_since(const struct trust *trust, const uint8_t *name, uint64_t since_ms)
	__attribute__((nonnull));
const struct anchor *trust_anchors(const struct trust *trust, const uint8_t *name)
	__attribute__((nonnull));

// True once in REFRESH_MS per zone, and to whoever comes while that is under way: the DS or DNSKEY
// RRset may be fetched anew although it is known. Otherwise *next_ms says when it may (monotonic); it
// stays as it is where there is nothing to wait for: a DS that was fetched since the question began,
// of a zone none of whose keys has been good.
#define REFRESH_MS 1000
// A zone that was asked so often in a row and had nothing new is broken, and not rolling: nobody waits
// for the next time, which comes all the same.
#define REFRESH_VAIN_MAX 3
#define REFRESH_VAIN_MS  60000 // in a row: not further apart
bool trust_may_refresh(struct trust *trust, const uint8_t *name, uint16_t type, uint64_t began_ms,
		       uint64_t now_ms, uint64_t *next_ms) __attribute__((nonnull, warn_unused_result));

// False: the budget has no NSEC3 hashes left. One that is remembered costs nothing. budget NULL: the
// caller's own bound holds.
bool trust_nsec3_hash(struct trust *trust, struct budget *budget, const uint8_t *name,
		      const struct rdata_nsec3 *params, uint8_t out[NSEC3_HASH_LEN])
	__attribute__((nonnull(1, 3, 4, 5), warn_unused_result));

// exceptions: how many of them may have one.
const struct zones *trust_zones(const struct trust *trust, size_t *exceptions)
	__attribute__((nonnull));
const struct trust_config *trust_configuration(const struct trust *trust)
	__attribute__((nonnull, pure));
// 0 when no drill of the clock is on.
int64_t trust_drill_skew_s(const struct trust *trust, uint64_t now_ms)
	__attribute__((nonnull, pure));
struct batch *trust_batch(struct trust *trust) __attribute__((nonnull, pure));
struct digester *trust_digester(struct trust *trust) __attribute__((nonnull, pure));
