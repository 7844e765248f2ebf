// Verdict and RRsets in, cache entries out. The one gate to the shared cache: only what was
// validated as secure or proven insecure passes it as data (ATTACKS B6); failures hold no
// RRset, and what is unproven goes where only CD=1 looks.
//
// Thread: control.
#pragma once

#include "control/validator/validator.h"
#include "dataplane/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTDATED_TTL_MAX_S 30
#define RESORT_TTL_MAX_S   30 // FROM_NON_AUTHORITY, which is never stale either

struct publisher;

struct publisher_config {
	uint32_t ttl_max_s, ttl_min_s, negative_ttl_max_s, stale_s;
};

#define PUBLISH_COUNTERS(X)                                                                        \
	X(secure, "entries published as secure")                                                   \
	X(insecure, "entries published as insecure")                                               \
	X(unproven, "entries made for CD=1 only")                                                  \
	X(failures, "failures published")                                                          \
	X(by_value, "answers given by value only (TTL 0, no SOA, no room)")                        \
	X(denial_kept, "NSEC and NSEC3 records kept to deny other names by (RFC 8198)")            \
	X(denial_unfit, "NSEC and NSEC3 records that deny no other names: generated, opt-out")     \
	X(refused, "answers for which there was no memory at all")

struct publisher_counters {
#define X(field, words) uint64_t field;
	PUBLISH_COUNTERS(X)
#undef X
};

struct publisher *publisher_new(const struct publisher_config *config, struct cache *cache)
	__attribute__((nonnull, warn_unused_result));
void publisher_free(struct publisher *publisher);
void publisher_counters(const struct publisher *publisher, struct publisher_counters *out)
	__attribute__((nonnull));

struct publication {
	enum entry_provenance provenance;
	uint64_t now_ms;     // monotonic
	int64_t now_s;       // wall
	uint64_t asked_ms;   // monotonic: when the question was put to the server; 0: now
	bool one_shot;       // by value only, whatever its TTL
	bool aside;          // see struct entry_spec
	bool this_name_only; // see struct entry_spec (ATTACKS A12)
	bool this_type_only; // a denial by another zone than the one that the name's other types
			     // are in
	bool denial;         // its proofs may deny other names (RFC 8198): the zone's own servers
			     // said so, no forwarder
	bool seen;           // the name was asked for lately, or has data in the cache: an NXDOMAIN
			     // that cached denial can say again is kept for itself only then
	// Makes hashes of names for the records that secure data refute; NULL: NSEC3 records are
	// not looked at. See cache_denial_refute().
	denial_hash hash;
	void *hash_arg;
	const char *note; // of what is outdated: why its parent does not validate; or NULL
	bool outdated;    // found through a delegation past its end (DESIGN §5): never AD, EDE 3,
			  // TTL 30. So is what the validation calls outdated.
};

// The link `step` with a verdict of SECURE or INSECURE (anything else: NULL). TTLs are
// bounded by the configuration, the SOA (RFC 2308 §5, RFC 9077 §3), the validation and the
// signatures; a negative answer without a SOA, and TTL 0, are by value only. The entry has one pin
// for the caller. NULL: no memory, or it makes no entry.
const struct entry *publish_step(struct publisher *publisher, const struct step *step,
				 enum verdict verdict, const struct validation_result *result,
				 const struct publication *publication)
	__attribute__((nonnull, warn_unused_result));

// The same data for CD=1 clients only.
const struct entry *publish_unproven(struct publisher *publisher, const struct step *step,
				     const struct publication *publication)
	__attribute__((nonnull, warn_unused_result));

// (name, type) could not be resolved. ttl_s 0: by value only.
const struct entry *publish_failure(struct publisher *publisher, const uint8_t *name, uint16_t type,
				    unsigned rcode, int ede, const char *ede_text, uint32_t ttl_s,
				    const struct publication *publication)
	__attribute__((nonnull(1, 2, 8), warn_unused_result));

// An RRset or (count 0) its absence that we know ourselves: special-use zones, or made out of
// what was validated. INSECURE, so never AD.
const struct entry *publish_own(struct publisher *publisher, const uint8_t *name, uint16_t type,
				enum entry_kind kind, const struct record *records, size_t count,
				uint32_t ttl_s, const struct publication *publication)
	__attribute__((nonnull(1, 2, 8), warn_unused_result));
