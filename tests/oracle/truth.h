// What is true: what the servers of a zone say, or said, about a name and type, and whether that
// can be proven. Knows zones and versions only; nothing of caches, resolvers or validators.
#pragma once

#include "tests/oracle/authority.h"

// One thing that can be said, by one version of one zone.
struct said {
	enum signer_kind kind;     // never SIGNER_REFERRAL
	const struct rrset *rrset; // ANSWER, CNAME, DNAME
	const struct rrset *soa;   // NODATA, NXDOMAIN
	struct authority_zone *zone;
	const struct version *version;
	bool opt_out;  // shown by an opt-out span: never AD (RFC 5155 §9.2)
	bool in_span;  // one that opts out: the name may be an unsigned zone, as far as proofs go
	bool expanded; // from a wildcard
	// The zone has no records that prove it: below an empty non-terminal that only insecure
	// delegations in an opt-out span make, beside the wildcard of what is above that.
	bool unprovable;
};
#define SAID_MAX 512

// By any version that some server had at since_us or later. type ANY: each RRset that is there.
size_t truth_said(struct authority *authority, const uint8_t *name, uint16_t type,
		  uint64_t since_us, struct said out[SAID_MAX]);
// RRsets of the wildcards above a name, by any version of the zone that some server had then.
size_t truth_wildcards(struct authority_zone *zone, const uint8_t *name, uint16_t type,
		       uint64_t since_us, struct said out[SAID_MAX]);
// Whether a zone with a wildcard above the name has changed since then. That there is no such name,
// and what the wildcard has, are proven apart, each for its own time: together they may say what no
// version of the zone did.
bool truth_mixes_wildcards(struct authority *authority, const uint8_t *name, uint64_t since_us);
uint32_t truth_ttl_s(const struct said *said); // of the RRset; of a denial (RFC 2308 §5)

// What the chain of trust may come to, a set of:
#define TRUTH_SECURE   1
#define TRUTH_INSECURE 2
#define TRUTH_BOGUS    4
// With what servers of the zones above had at since_us or later. 0: no delegation leads there.
unsigned truth_security(struct authority *authority, struct authority_zone *zone,
			const struct version *version, uint64_t since_us);

// Whether what proves the version can be had now, with nothing cached: of servers that are of use,
// a DS, or that there is none, and the keys that it vouches for.
bool truth_has_keys(struct authority *authority, const struct authority_zone *zone,
		    const struct version *version);

// Whether those who ask come to its servers: by delegations, by configuration, or since one of them
// is asked for a zone above. What they say need not be proven.
bool truth_is_found(struct authority *authority, const struct authority_zone *zone,
		    uint64_t since_us);

// Below a negative trust anchor, or where one was, or in a zone of forwarders that may be insecure:
// then whatever denies or answers the name need not be proven, by zones above included.
bool truth_is_excepted(struct authority *authority, const uint8_t *name, uint64_t since_us);

// Whether it leads to an answer, by all that was said since since_us: false at loops, chains of
// more than 11 links, where nothing can be believed, and in zones that may fail at now_us.
bool truth_resolves(struct authority *authority, const uint8_t *name, uint16_t type, bool cd,
		    uint64_t since_us, uint64_t now_us);
