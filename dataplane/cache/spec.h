// What a cache entry says, before it is laid out: the vocabulary that control, the
// cache and the answers share. Control sees it through the seam (dataplane/store.h).
#pragma once

#include "dataplane/dns/name.h"
#include "dataplane/dns/rrset.h"
#include "dataplane/dns/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entry; // immutable once published; laid out in dataplane/cache/entry.h

enum entry_kind {
	ENTRY_POSITIVE, // the RRset (name, type)
	ENTRY_CNAME,    // the CNAME at name (RFC 1034 §3.6.2)
	ENTRY_DNAME,    // the DNAME at name: names below it are rewritten (RFC 6672)
	ENTRY_NODATA, // (name, type) does not exist, name does (RFC 2308 §2.2); or, with the RCODE
		      // NXDOMAIN, servers say for this type that the name does not either
	ENTRY_NXDOMAIN, // name does not exist; kept under type 0
	ENTRY_FAILURE,  // (name, type) could not be resolved or is bogus: no RRset in it (RFC 9520)
};

enum entry_security {
	SECURITY_UNPROVEN, // only in one-shot entries and in the UNPROVEN table, for CD=1
	SECURITY_INSECURE, // proven insecure, an operator's exception, or local data
	SECURITY_SECURE,
};

enum entry_provenance {
	FROM_RECURSION,
	FROM_FORWARDER,
	FROM_LOCAL,
	FROM_NON_AUTHORITY, // a server of the zone that does not speak for it: a last resort
};

#define SIGNATURE_NEVER_EXPIRES INT64_MAX

// One entry to build. Everything is copied; nothing is kept. Records' owners: `data` of
// kinds POSITIVE, CNAME, DNAME have owner == name; `data` of negative kinds is the SOA, or
// nothing. POSITIVE of type CNAME or DNAME is taken as the kind of that name. TTLs over
// 2^31-1 count as that (RFC 2181 §8).
struct entry_spec {
	const uint8_t *name; // any case
	uint16_t type;       // asked type; ignored for CNAME, DNAME, NXDOMAIN
	enum entry_kind kind;
	enum entry_security security; // ignored for FAILURE, which vouches for nothing
	enum entry_provenance provenance;
	uint8_t rcode;        // FAILURE: SERVFAIL mostly. NODATA: NOERROR or NXDOMAIN. Else 0
	int ede;              // EDE_NONE, or the code to send with it
	const char *ede_text; // NULL or UTF-8, at most 160 bytes are kept. FAILURE: of `ede`; else
			      // of a second one, EDE 6: what the data rest on is past its time
			      // because this does not validate
	uint64_t now_ms;   // monotonic
	uint64_t asked_ms; // monotonic: when the question was put that this answers, which says how
			   // old it may be; 0: now
	uint32_t ttl_s;    // life of the entry; 0: one-shot. No record's TTL in it is larger
	uint32_t stale_s;  // how long after its TTL it may still serve as stale; 0: never
	int64_t signature_expires_s; // POSIX seconds: earliest expiry of the signatures that the
				     // verdict rests on, or SIGNATURE_NEVER_EXPIRES
	bool one_shot; // never stored in a table
	bool aside;    // by value: ends nothing that is in the table. For what could never have
		       // stood there, or is held to be good for want of better
	bool opt_out;  // the negative proof rests on an opt-out span (AD=0)
	bool this_name_only; // NXDOMAIN, DNAME: says nothing about names below it, because a zone
			     // of the configuration (forward, stub, local) lies there (ATTACKS A12)
	const struct record *data; // answer section, or the SOA for authority
	size_t data_count;
	const struct record *rrsigs; // over data; sent for DO=1
	size_t rrsig_count;
	const struct record *proofs; // authority section for DO=1: NSEC, NSEC3 and their RRSIGs
	size_t proof_count;
};

// ---- reading an entry back ----

struct entry_facts {
	const uint8_t *name; // lower case
	uint16_t type;
	enum entry_kind kind;
	enum entry_security security;
	enum entry_provenance provenance;
	uint8_t rcode;
	int ede;
	const char *ede_text; // "" without one
	bool opt_out;
	bool one_shot;
	bool this_name_only;
	uint64_t created_ms, expires_ms, stale_until_ms;
	int64_t signature_expires_s;
	size_t bytes; // of memory it takes
};
void entry_facts(const struct entry *entry, struct entry_facts *out) __attribute__((nonnull));

// Its records, one after the other. `record` points into the entry and into `owner`.
struct entry_reader {
	const struct entry *entry;
	size_t offset;
	size_t index;
	uint8_t owner[NAME_MAX_LEN];
};
enum entry_part { ENTRY_DATA, ENTRY_RRSIGS, ENTRY_PROOFS };
// Next record in order data, rrsigs, proofs; its TTL is that of created_ms. False at the end.
bool entry_next(struct entry_reader *reader, enum entry_part *part, struct record *out)
	__attribute__((nonnull));

// Nothing is read of an entry before it is clear what the entry is (ATTACKS B14): under (name,
// CNAME) may stand the CNAME or the word that there is none, whose only record is a SOA. Each of
// these says what the entry has to be for one use, how far it must be proven, and when; false when
// it is not that, or NULL.

struct entry_moment {
	uint64_t now_ms; // monotonic
	int64_t now_s;   // wall
};
// at NULL: whenever it was fresh. For what was just made to answer a question (one-shots have no
// time left from the start), and for operators' displays.

// The RRset of a type: its records and the RRSIGs over them. CNAME and DNAME have theirs.
bool entry_rrset(const struct entry *entry, uint16_t type, enum entry_security least,
		 const struct entry_moment *at, struct entry_reader *reader)
	__attribute__((nonnull(5), warn_unused_result));
// Addresses of this name: an RRset of type A or AAAA.
bool entry_addresses(const struct entry *entry, const uint8_t *name, enum entry_security least,
		     const struct entry_moment *at, struct entry_reader *reader)
	__attribute__((nonnull(2, 5), warn_unused_result));
// The SOA (if it has one) that a denial came with, and its RRSIGs.
bool entry_denial(const struct entry *entry, enum entry_security least,
		  const struct entry_moment *at, struct entry_reader *reader)
	__attribute__((nonnull(4), warn_unused_result));
// Where a question for (name, type) goes on, lower case: from the CNAME of that name, unless the
// type stands beside it (dataplane/dns/types.h), or from the DNAME of a name above. False also
// where a substitution is too long.
bool entry_alias(const struct entry *entry, const uint8_t *name, uint16_t type,
		 enum entry_security least, const struct entry_moment *at,
		 uint8_t target[NAME_MAX_LEN]) __attribute__((nonnull(2, 6), warn_unused_result));
// Whatever its records are: to show operators what is in the cache, never to resolve by.
void entry_show(const struct entry *entry, struct entry_reader *reader) __attribute__((nonnull));
