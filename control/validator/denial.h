// What NSEC and NSEC3 records prove (RFC 4035 §5.4, RFC 5155 §8, RFC 6840 §4, RFC 9824). Looks at
// what they say, not at their signatures: the caller verifies those that a conclusion uses, leaves
// out what does not verify, and asks again.
#pragma once

#include "control/validator/cut.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DENIAL_PROOFS_MAX 16

struct denial_question {
	const uint8_t *zone; // the signer
	const uint8_t *name; // for a wildcard's answer: the RRset's owner
	uint16_t type;
	const struct rrset *const *proofs;
	size_t count;      // at most DENIAL_PROOFS_MAX are looked at
	uint32_t excluded; // bit i: proofs[i] is not to be used
	uint16_t iterations_max;
	// The NSEC3 hash of a name with those parameters; false: the budget has no more.
	bool (*hash)(void *arg, const uint8_t *name, const struct rdata_nsec3 *params,
		     uint8_t out[20]);
	void *arg;
};

enum denial_verdict {
	DENIAL_NONE, // not proven
	DENIAL_PROVEN,
	DENIAL_OPT_OUT,    // proven but for insecure delegations that may be in the span
	DENIAL_ITERATIONS, // NSEC3 with more iterations than we do: insecure (RFC 9276 §3.2)
	DENIAL_BUDGET,
};

struct denial {
	enum denial_verdict verdict;
	uint32_t used; // bit i: proofs[i] is part of the proof
	bool nxname;   // RFC 9824: NODATA that means NXDOMAIN
	enum cut cut;  // what it says about a delegation at the name (of use for type DS)
};

void denial_nodata(const struct denial_question *question, struct denial *out)
	__attribute__((nonnull));
void denial_nxdomain(const struct denial_question *question, struct denial *out)
	__attribute__((nonnull));
// That nothing closer than the wildcard below the ancestor with `labels` labels matches the name.
void denial_wildcard(const struct denial_question *question, size_t labels, struct denial *out)
	__attribute__((nonnull));

// The same from NSEC or from NSEC3 records alone.
void nsec_nodata(const struct denial_question *question, struct denial *out)
	__attribute__((nonnull));
void nsec_nxdomain(const struct denial_question *question, struct denial *out)
	__attribute__((nonnull));
void nsec_wildcard(const struct denial_question *question, size_t labels, struct denial *out)
	__attribute__((nonnull));
void nsec3_nodata(const struct denial_question *question, struct denial *out)
	__attribute__((nonnull));
void nsec3_nxdomain(const struct denial_question *question, struct denial *out)
	__attribute__((nonnull));
void nsec3_wildcard(const struct denial_question *question, size_t labels, struct denial *out)
	__attribute__((nonnull));

// True when proofs[i] may be looked at at all: one record, of that type, and an RRSIG of the zone
// that says it was not expanded from a wildcard (RFC 4035 §5.3.2 would let a copy of another
// name's record pass).
bool denial_eligible(const struct denial_question *question, size_t i, uint16_t type)
	__attribute__((nonnull));

// True when proofs[i] is an NSEC or NSEC3 that could be part of a proof in this zone.
bool denial_sound(const struct denial_question *question, size_t i) __attribute__((nonnull));
bool nsec_sound(const struct denial_question *question, size_t i) __attribute__((nonnull));
bool nsec3_sound(const struct denial_question *question, size_t i) __attribute__((nonnull));

// What a matching record's bitmap says of (name, type).
enum bitmap_says { BITMAP_UNUSABLE, BITMAP_THERE, BITMAP_ABSENT };
enum bitmap_says denial_bitmap(const uint8_t *bitmap, size_t len, uint16_t type, bool at_root)
	__attribute__((nonnull));
// RFC 6840 §4.1 and RFC 6672 §5.3.4.1: the record of a delegation or a DNAME says nothing about
// names below.
bool denial_stops_here(const uint8_t *bitmap, size_t len) __attribute__((nonnull));
