// What is trusted and why: anchors, negative trust anchors, the validated DNSKEY RRset of each
// zone and, per name, whether a secure DS, a proven absence at a cut, or no cut is there.
// Bounded; entries end with their TTL and with the signatures they rest on.
//
// Thread: control.
#pragma once

#include "dataplane/dns/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch; // crypto/batch.h
struct trust;
struct step;
struct validation_result;

struct trust_config {
	size_t zones_max;              // 0: 65,536
	uint32_t inception_skew_s;     // 3600
	uint32_t expiration_skew_s;    // 0; otherwise AD=0 and TTL <= 30 s
	uint16_t nsec3_iterations_max; // 50
};

struct trust *trust_new(const struct trust_config *config, struct batch *batch)
	__attribute__((nonnull, warn_unused_result));
void trust_free(struct trust *trust);

// A drill of the clock, until until_ms: signatures must be valid skew_s away from now, too. It can
// only make less valid; neither TTLs nor the keys of automatic anchors are judged by it.
void trust_drill_clock(struct trust *trust, int64_t skew_s, uint64_t until_ms)
	__attribute__((nonnull));

// rdata: uncompressed DS or DNSKEY RDATA. 0, -EINVAL, -ENOTSUP (algorithm or digest), -ENOMEM.
int trust_anchor_add(struct trust *trust, const uint8_t *owner, uint16_t type, const uint8_t *rdata,
		     size_t rdlen) __attribute__((nonnull, warn_unused_result));
// The same without adding it.
int trust_anchor_check(uint16_t type, const uint8_t *rdata, size_t rdlen)
	__attribute__((nonnull, warn_unused_result));

struct trust_anchor {
	uint16_t type; // DS or DNSKEY
	const uint8_t *rdata;
	uint16_t len;
};
// In the place of all anchors of this name; each has passed trust_anchor_check(). None: as if it had
// never had any. When one went away, the zone's keys are validated anew. 0, -ENOMEM: as before.
int trust_anchors_set(struct trust *trust, const uint8_t *owner, const struct trust_anchor *anchors,
		      size_t count) __attribute__((nonnull(1, 2), warn_unused_result));
size_t trust_anchor_count(const struct trust *trust) __attribute__((nonnull, pure));

// Below `name` everything is INSECURE until until_ms (monotonic; UINT64_MAX: for ever, which only
// `dnssec: insecure` of a configured zone uses; nta says which of the two it is). name: lower case.
// 0, -ENOMEM, -EEXIST: the name is insecure for ever; -EINVAL: the root cannot be. What is known of
// names at and below it has to be forgotten by the caller, now and when it ends.
int trust_insecure_add(struct trust *trust, const uint8_t *name, uint64_t until_ms, bool nta)
	__attribute__((nonnull, warn_unused_result));
bool trust_insecure_remove(struct trust *trust, const uint8_t *name) __attribute__((nonnull));

// Takes in a DS or DNSKEY step after its own validation ended SECURE or INSECURE (positive or
// negative). BOGUS teaches nothing. What a query may need right afterwards is kept for ten seconds
// whatever its TTL, but never past the signatures.
void trust_learn(struct trust *trust, const struct step *step,
		 const struct validation_result *result, uint64_t now_ms, int64_t now_s)
	__attribute__((nonnull));

// The parent proves nothing: what is known of the delegation to `name` (DS, or their absence) holds
// for for_ms more. The end is stale_s after its TTL (a day at most when there is no DS), the end of
// any RRSIG on the way down from the trust anchor (by a clock that does not go back), or the end of
// an older proof that it rests on, whichever comes first. What rests on it is `outdated`. True: it
// holds. now_s: of a clock that is trusted.
#define TRUST_PROLONG_S 5
struct trust_past {
	uint32_t stale_s, for_ms;
	uint64_t now_ms;
	int64_t now_s;
};
bool trust_prolong(struct trust *trust, const uint8_t *name, const struct trust_past *past)
	__attribute__((nonnull));
// Whether it may, and nothing else. for_ms is not used.
bool trust_past_holds(const struct trust *trust, const uint8_t *name, const struct trust_past *past)
	__attribute__((nonnull));
// How many names below `above` are used past their TTL now, among the 512 that were learned last: for
// operators.
size_t trust_outdated_count(const struct trust *trust, const uint8_t *above, uint64_t now_ms,
			    int64_t now_s) __attribute__((nonnull));
// Whether the deepest zone that is known to hold `name` was proven to have no DS, and that holds on
// past its TTL now.
bool trust_past_insecure(const struct trust *trust, const uint8_t *name,
			 const struct trust_past *past) __attribute__((nonnull));
// The parent has proven that there is no delegation at `name`: what was known of it is void.
void trust_contradict(struct trust *trust, const uint8_t *name) __attribute__((nonnull));
// The closest name at or above `name` below which nothing is, as has been proven, with no zone in
// between: a part of `name`. NULL: none is known.
const uint8_t *trust_denies(const struct trust *trust, const uint8_t *name, uint64_t now_ms,
			    int64_t now_s) __attribute__((nonnull));
// Whether a zone was proven to begin after `since_ms` (monotonic) at `name` or above it, and below
// `above`.
bool trust_cut_since(const struct trust *trust, const uint8_t *name, const uint8_t *above,
		     uint64_t since_ms) __attribute__((nonnull));
// A server of `above` refers to `name`, although it was proven that no zone begins there: it has
// another copy of its zone than the server that said so, and its own proof is to be judged. Proofs
// that there is a delegation stay.
void trust_reopen(struct trust *trust, const uint8_t *name, const uint8_t *above)
	__attribute__((nonnull));

enum zone_trust { ZONE_UNKNOWN, ZONE_SECURE, ZONE_INSECURE };
// What is known of the chain down to the zone that holds `name` (for posture, and so that the
// resolver knows when a server must not be asked without DO): the deepest known state.
enum zone_trust trust_zone_state(const struct trust *trust, const uint8_t *name, uint64_t now_ms,
				 int64_t now_s) __attribute__((nonnull));

// The same of what was known last, past its time too: whether the zone that holds `name` can prove
// anything at all.
enum zone_trust trust_zone_last(const struct trust *trust, const uint8_t *name, uint64_t now_ms,
				int64_t now_s) __attribute__((nonnull));

// ---- for operators ----

enum trust_word {
	TRUST_UNKNOWN,
	TRUST_NO_CUT,   // no zone begins here
	TRUST_ANCHORED, // by the operator's word
	TRUST_SECURE,   // by the parent's DS
	TRUST_INSECURE, // proven to have none, or none that can be followed
	TRUST_NTA,
	TRUST_EXCEPTION, // insecure by configuration
};

struct link_key {
	uint16_t tag;
	uint16_t flags;  // of a DNSKEY
	uint8_t algorithm;
	uint8_t digest; // type, of a DS; 0: an anchor that is a DNSKEY
};

#define TRUST_LINK_KEYS_MAX 12 // more are not shown
struct trust_link {
	enum trust_word word;
	bool past;        // its TTL is over: it was so when it was last asked for
	int ede;          // why it is insecure, or EDE_NONE
	uint64_t left_ms; // TRUST_NTA
	size_t ds_count, key_count;
	struct link_key ds[TRUST_LINK_KEYS_MAX]; // or anchors
	struct link_key keys[TRUST_LINK_KEYS_MAX]; // the zone's DNSKEY RRset
};
// What is known of this very name, also what has run out.
void trust_link(const struct trust *trust, const uint8_t *name, uint64_t now_ms, int64_t now_s,
		struct trust_link *out) __attribute__((nonnull));
// Every exception that is in force. Looks at all zones, if there is any at all.
void trust_exceptions(const struct trust *trust, uint64_t now_ms,
		      void (*visit)(const uint8_t *name, bool nta, uint64_t left_ms, void *arg),
		      void *arg) __attribute__((nonnull(1, 3)));

// Forgets DS and DNSKEY at and below a name (operator's flush; a key roll inside the TTL).
void trust_forget(struct trust *trust, const uint8_t *name) __attribute__((nonnull));
// A slice of what that leaves to be done, in each turn; true: there is more.
bool trust_run(struct trust *trust) __attribute__((nonnull));
