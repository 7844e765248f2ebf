// Aggressive denial (RFC 8198): validated NSEC and NSEC3 records, kept apart from the answers in an
// ordered chain per zone, and what can be said from them without asking the authority.
//
// They never answer a query of their own: a reader asks here after the answer table missed. Readers
// never lock; the writer is control alone. All memory lies in a part of the cache's byte budget
// that is reserved for it (cache_config.denial_bytes), so that no flood of denials takes the place
// of an answer; one zone may take a quarter of it.
//
// NSEC: whoever looks up does it, poll-mode cores too: a name is found by its sort key. NSEC3 is
// left to control (cache_deny_hashed), because each question costs two or more SHA-1 hashes, for
// which this folder would have to know a crypto library, and which would be paid by the hits behind
// it in the burst; on control it delays nobody that the cache answers, and each hash is charged to
// the budget of the client that asks.
//
// A wildcard's RRset that is in the answer table, CNAME too, answers for names that a record shows
// not to be there (RFC 8198 §5.3): for as long as the record says, and for DENIAL_NO_SOA_TTL_S at
// most while no SOA of the zone is known, by which RFC 9077 bounds a record that is older than it.
#define DENIAL_NO_SOA_TTL_S 300
//
// Limits, beside those of each function: no answer for types ANY, RRSIG, NSEC and NSEC3; never from
// a record of a delegation or a DNAME for names below it (RFC 6840 §4.1, RFC 6672 §5.3.4.1); a
// CNAME bit denies nothing (RFC 6840 §4.3); DS is denied by the parent's chain alone; nothing at or
// below a barred name, except the DS of that very name, which is its parent's.
#pragma once

#include "dataplane/cache/cache.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct denial_item;
struct denial_store;
struct denial_zone; // one NSEC or NSEC3 record with its signatures; immutable

// ---- readers ----

enum denied {
	DENIED_NOT,      // nothing can be said
	DENIED_NXDOMAIN, // (RFC 4035 §3.1.3.2)
	DENIED_NODATA,   // also of an empty non-terminal and of a wildcard
	DENIED_WILDCARD, // a cached wildcard RRset answers (RFC 8198 §5.3)
};

#define DENIAL_PROOFS 3

// Valid until the reader's next quiescent state; for control until it next changes the cache.
struct denial_answer {
	enum denied kind;
	uint32_t left_s;              // TTL of every record (RFC 9077, RFC 8198 §5.4)
	int64_t signature_expires_s;  // the earliest
	const uint8_t *zone;          // lower case
	size_t zone_len;
	const struct entry *soa;      // named as the zone; data and RRSIGs. WILDCARD: or NULL
	const struct entry *wildcard; // WILDCARD: positive or CNAME, named *.encloser; data and RRSIGs
	const struct denial_item *proofs[DENIAL_PROOFS]; // each once
	unsigned proof_count;
};

// By NSEC. In: name, name_len, type, hash (of name), now_ms, now_s.
void cache_deny(struct cache *cache, const struct lookup *lookup, struct denial_answer *out)
	__attribute__((nonnull));

// What the greatest that is not greater says of a wildcard's name.
struct denial_wildcard {
	const struct denial_zone *zone;
	const struct denial_item *item; // NULL: nothing that may be used
	enum {
		WILDCARD_UNKNOWN, // no record says
		WILDCARD_THERE,
		WILDCARD_ABSENT,
		WILDCARD_SILENT, // a record says, but nothing that is used
	} is;
};

// What questions of one moment have in common. Zeros at first; RCU, valid until the reader's next
// quiescent state.
struct denial_memo {
	// Of the last one asked.
	const struct denial_store *store;
	const struct denial_zone *zone; // NULL: it is in none
	size_t labels;                  // of its name; 0: there is none yet
	struct denial_wildcard apex;    // of the zone in it
};

// The same for a burst, in stages: all leaves are under way from memory at once, then all records.
// Several bursts of one moment may share a memo. lookup->sibling: the one before it, of this burst
// or of the last one with this memo, has the same parent; not for type DS.
#define DENIAL_BURST_MAX 64
void cache_deny_burst(struct cache *cache, const struct lookup *const *lookups,
		      struct denial_answer *answers, size_t count, struct denial_memo *memo)
	__attribute__((nonnull));

// By NSEC3, for control. hash makes a name's hash with these parameters; false: no budget is left,
// and nothing is said. Exact for names with at most so many labels below the zone:
#define DENIAL_HASHED_LABELS 8
typedef bool (*denial_hash)(void *arg, const uint8_t *name, const struct rdata_nsec3 *params,
			    uint8_t out[20]);
void cache_deny_hashed(struct cache *cache, const struct lookup *lookup, denial_hash hash,
		       void *arg, struct denial_answer *out) __attribute__((nonnull(1, 2, 3, 5)));

// The record and its RRSIGs as the rendering wants them (dataplane/cache/entry.h): owners are
// labels and a pointer into the zone's name.
const uint8_t *denial_item_records(const struct denial_item *item, size_t *len, uint16_t *count)
	__attribute__((nonnull));
// The same one by one; `owner` holds the owner's name until the next call. *offset starts with 0.
bool denial_item_next(const struct denial_item *item, const uint8_t *zone, size_t *offset,
		      uint8_t owner[NAME_MAX_LEN], struct record *out) __attribute__((nonnull));

// ---- writer ----

// The SOA that goes with a secure denial: later denials of the zone are given with it, for ttl_s
// from now at most. False: not kept (barred, or no room).
bool cache_denial_soa(struct cache *cache, const struct rrset *soa, uint32_t ttl_s,
		      int64_t signature_expires_s, uint64_t now_ms) __attribute__((nonnull));

enum denial_put {
	DENIAL_KEPT,
	DENIAL_UNFIT,     // owner or next name outside the zone (ATTACKS B2, B3), not one record
	DENIAL_GENERATED, // says something of one name only (RFC 4470, RFC 9824, narrow NSEC3)
	DENIAL_SPANS,     // NSEC3 with opt-out: names may exist in it (RFC 8198 §5.2)
	DENIAL_NO_ZONE,   // the zone is barred, or there is no room for it
	DENIAL_NO_ROOM,
};
// A record that was validated as the zone's own; while no SOA is kept it says of which names a wildcard
// answers, and nothing else. Those that it contradicts go: of the same owner,
// of owners that it covers, and one that covers its owner.
enum denial_put cache_denial_put(struct cache *cache, const uint8_t *zone,
				 const struct rrset *record, uint32_t ttl_s,
				 int64_t signature_expires_s, uint64_t now_ms)
	__attribute__((nonnull));

// Secure data have come for (name, type), signed by a zone at or above the name: the records that
// deny them go, NSEC and, if there is a hash, NSEC3. At most DENIAL_HASHED_LABELS hashes, and one
// where the chain knows the name already; whoever makes them may refuse (the record then stays until
// its TTL). signer NULL: not known.
void cache_denial_refute(struct cache *cache, const uint8_t *name, uint16_t type,
			 const uint8_t *signer, denial_hash hash, void *arg)
	__attribute__((nonnull(1, 2)));

// The name is to be asked for anew: nothing of what is kept denies it, or a type of it, any more. At
// most twice as many hashes; hash NULL: NSEC3 records stay.
void cache_denial_flush(struct cache *cache, const uint8_t *name, denial_hash hash, void *arg)
	__attribute__((nonnull(1, 2)));

// Nothing is kept or said at or below this name: a configured zone, an exception, local data.
// False: no room. What is barred twice is unbarred by the second cache_denial_unbar().
bool cache_denial_bar(struct cache *cache, const uint8_t *name) __attribute__((nonnull));
void cache_denial_unbar(struct cache *cache, const uint8_t *name) __attribute__((nonnull));

// What zones above say does not reach past this name; what is validated of the zone itself, or of
// those below, is kept and said as ever: a stub zone, whose servers are its own. For good. False:
// no room.
bool cache_denial_fence(struct cache *cache, const uint8_t *name) __attribute__((nonnull));

struct denial_facts {
	const uint8_t *zone;  // lower case
	uint32_t nsec, nsec3; // records
	size_t bytes;
	uint64_t expires_ms; // of the SOA
	bool barred;
};
// Every zone, over several calls: begins with zeros, `lines` of the index (eight zones at most) in a
// call. True: there are more. Those that come in between may be missed.
struct denial_walk {
	unsigned shard;
	uint32_t line;
};
bool cache_denial_walk_some(struct cache *cache, struct denial_walk *walk, unsigned lines,
			    bool (*visit)(const struct denial_facts *facts, void *arg), void *arg)
	__attribute__((nonnull(1, 2, 4)));
void cache_denial_walk(struct cache *cache,
		       bool (*visit)(const struct denial_facts *facts, void *arg), void *arg)
	__attribute__((nonnull(1, 2)));
