// A zone's DNSKEY RRset as it was seen at some time, and which of its keys had signed it then. What
// is known of a trust point rests on these alone (trust_point.h), whether they come from a server
// or from the state file: both are verified here.
//
// Thread: control.
#pragma once

#include "crypto/batch.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OBSERVATION_KEYS_MAX      32
#define OBSERVATION_KEY_BYTES_MAX 1200 // more than RSA of 8,192 bits takes

struct observed_key {
	const uint8_t *rdata; // as it stands in the RRset
	uint16_t len;
	uint16_t tag; // without the REVOKE bit, with which it changes (RFC 5011 §2.1)
	uint8_t algorithm;
	bool zone_key; // of a zone, of protocol 3, of an algorithm that can be verified
	bool sep, revoked;
	bool signer; // it has signed the RRset; so may a revoked key
};

struct observation {
	int64_t at_s;        // wall clock
	uint64_t at_ms;      // monotonic clock of this process; 0: seen by an earlier one
	struct rrset *rrset; // owned; RRSIGs that are no good were left out
	// Of the signatures that are good: the least time to live that was signed, the first end.
	uint32_t original_ttl_s;
	int64_t expires_s;
	size_t count;
	struct observed_key keys[]; // in the RRset's order
};

// Copies the RRset and verifies it as of at_s: at most two keys for each of its eight RRSIGs.
// `batch` has no workers and no jobs of others. NULL with errno: EINVAL (no DNSKEY RRset, or one
// with too many or too large keys), ENOMEM.
struct observation *observation_new(const struct rrset *rrset, struct batch *batch,
				    uint32_t inception_skew_s, int64_t at_s, uint64_t at_ms)
	__attribute__((nonnull, warn_unused_result));
void observation_free(struct observation *observation);
