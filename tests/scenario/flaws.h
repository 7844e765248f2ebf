// What is wrong with the replies about a signed zone's data: what an attacker on the path, or a
// broken signer, would send. Each comes as a fault for a scripted server. Whatever address it
// carries is FLAW_ADDRESS, which no zone has.
#pragma once

#include "tests/scenario/network.h"

#define FLAW_ADDRESS "203.0.113.66"

enum flaw_kind {
	FLAW_NONE,
	FLAW_WRONG_SIGNATURE,
	FLAW_STRIPPED,      // no RRSIG, NSEC, NSEC3
	FLAW_EXPIRED,       // once signed by the zone itself
	FLAW_WRONG_SIGNER,  // another secure zone, under its own name
	FLAW_STOLEN_NAME,   // another secure zone, under the name and the key tag of the right one
	FLAW_PARENT_SIGNER, // the zone above, beyond the cut
	FLAW_NXDOMAIN,      // denied by NSEC or NSEC3 that another zone has signed
	FLAW_NODATA,        // the same
	FLAW_REPLAYED,      // denied by NSEC or NSEC3 of the zone that are about other names
	FLAW_2500,          // denied by NSEC3 with 2,500 iterations that another zone has signed
	FLAW_2500_UNSIGNED, // denied by such without any signature
	FLAW_CUT,           // data without signatures, below a forged insecure delegation
	FLAW_CUT_2500,      // the same, with 2,500 iterations
	FLAW_TIMEOUT,
};

enum flaw_style {
	FLAW_OF_DATA,     // the answer is denied, or its data are
	FLAW_OF_PROOF,    // the answer stays, the proof beside it is forged
	FLAW_OF_REFERRAL, // so is what a referral says of the DS
};

struct flaw {
	enum flaw_kind kind;
	enum flaw_style style;
	bool nsec3;                             // how the zone denies
	struct signer_zone *zone;               // whose data they are
	const struct signer_zone *evil, *above; // other secure zones
	unsigned sent;                          // replies that were not as they should be
	// of the reply that is being written
	bool changed, soa;
	struct rrset **made;
	size_t made_count;
};

// To be narrowed down by the caller: server, name, below, type.
struct fault flaw_fault(struct flaw *flaw);
void flaw_free(struct flaw *flaw);
