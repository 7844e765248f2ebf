// A DNSSEC signer for tests only, with free choice of everything a real signer gets right:
// times, labels, signer name, key tags, original TTL. Written from the RFCs apart from crypto/, so
// that a mistake there is not repeated here. Any failure of its own ends the program.
#pragma once

#include "dataplane/dns/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNER_NOW 1790000000 // the tests' wall clock: 2026-09-21 14:13:20 UTC

// A name from presentation form; lives until the program ends.
const uint8_t *signer_name(const char *text);

// ---- keys ----

#define SIGNER_KEY_MAX 1100
struct signer_key {
	void *pair; // EVP_PKEY; NULL: a key whose private half nobody has
	uint8_t algorithm;
	uint16_t tag;
	uint16_t rdlen;
	uint8_t rdata[SIGNER_KEY_MAX]; // DNSKEY RDATA
};

// algorithm: 5, 7, 8, 10, 13, 14, 15, 16. rsa_bits: 0 is 2048. flags: 257 KSK, 256 ZSK.
struct signer_key *signer_key_new(uint8_t algorithm, unsigned rsa_bits, uint16_t flags);
// An RSA key that anybody would take for a real one, with any tag, that has signed nothing.
struct signer_key *signer_key_with_tag(uint8_t algorithm, uint16_t flags, uint16_t tag,
				       unsigned seed);
void signer_key_free(struct signer_key *key);
void signer_key_set_flags(struct signer_key *key, uint16_t flags); // and its tag
// A ZSK that can sign and has that tag, by the flags that have no meaning (RFC 4034 §2.1.1).
struct signer_key *signer_zsk_with_tag(uint8_t algorithm, uint16_t tag);

// DS RDATA of a key for a zone; digest_type 1, 2 or 4. Returns its length.
size_t signer_ds(const struct signer_key *key, const uint8_t *zone, uint8_t digest_type,
		 uint8_t rdata[64]);

// ---- RRsets (rrset_free() each) ----

// Records in presentation form, one a line, all of one owner and type ("www.example. 300 IN A
// 192.0.2.1"). Lines of type RRSIG are not allowed.
struct rrset *signer_rrset(const char *text);
struct rrset *signer_rrset_wire(const uint8_t *owner, uint16_t type, uint32_t ttl_s,
				const struct rdata *rdatas, size_t count);
struct rrset *signer_dnskey_rrset(const uint8_t *zone, struct signer_key *const *keys, size_t count,
				  uint32_t ttl_s);
struct rrset *signer_ds_rrset(const uint8_t *zone, struct signer_key *const *keys, size_t count,
			      uint8_t digest_type, uint32_t ttl_s);
// NSEC or NSEC3 made by hand. types ends with 0.
struct rrset *signer_nsec(const char *owner, const char *next, const uint16_t *types,
			  uint32_t ttl_s);

struct signer_nsec3_params {
	uint16_t iterations;
	uint8_t salt_len;
	uint8_t salt[255];
	bool opt_out;
};
void signer_nsec3_hash(const uint8_t *name, const struct signer_nsec3_params *params,
		       uint8_t hash[20]);
// The NSEC3 of `name` in `zone` (owner is its hash), or with `before` one whose span holds its
// hash and nothing else. next: NULL is the hash after its own.
struct rrset *signer_nsec3(const char *name, const char *zone,
			   const struct signer_nsec3_params *params, bool before,
			   const uint8_t next[20], const uint16_t *types, uint32_t ttl_s);
// The same RRset (with its RRSIGs) under another owner: what a wildcard's expansion is.
struct rrset *signer_move(const struct rrset *rrset, const uint8_t *owner);
struct rrset *signer_strip(const struct rrset *rrset); // without RRSIGs

// ---- signatures ----

// All zero: an ordinary RRSIG, from a day before SIGNER_NOW to ten days after.
struct signer_options {
	int64_t inception_s, expiration_s; // 0: as above
	const uint8_t *signer;             // NULL: the zone given
	bool has_labels;
	uint8_t labels;
	bool has_tag;
	uint16_t tag;
	uint8_t algorithm; // 0: the key's
	bool has_original_ttl;
	uint32_t original_ttl;
	const uint8_t *signed_owner; // the owner inside the signed data; NULL: the right one
	bool corrupt;                // one bit of the signature is wrong
	bool keep_case;              // names in RDATA are not folded
};

// A copy of rrset with one more RRSIG. The key's private half may be missing: then the signature is
// noise.
struct rrset *signer_sign(const struct rrset *rrset, const struct signer_key *key,
			  const uint8_t *zone, const struct signer_options *options);

// ---- whole zones ----

struct signer_zone_options {
	uint8_t algorithm;   // 0: 13
	uint8_t digest_type; // of the DS; 0: 2
	bool unsigned_;      // no keys at all
	bool nsec3;
	struct signer_nsec3_params params;
	bool compact;                     // RFC 9824
	uint32_t dnskey_ttl_s;            // 0: 3600
	uint16_t zsk_tag;                 // of a new ZSK; 0: as it comes
	// Zones that live longer, whose KSK or ZSK this one has as well; NULL: new ones.
	const struct signer_zone *ksk_of, *zsk_of;
	struct signer_options signatures; // for every RRSIG of the zone
};

struct signer_zone;
// text: the zone's records in presentation form, SOA and NS of the apex included, a DS where a
// child is signed (signer_zone_ds_text()). Adds DNSKEY, NSEC or NSEC3, RRSIG.
struct signer_zone *signer_zone_new(const char *apex, const char *text,
				    const struct signer_zone_options *options);
void signer_zone_free(struct signer_zone *zone);
const uint8_t *signer_zone_apex(const struct signer_zone *zone);
const struct signer_key *signer_zone_ksk(const struct signer_zone *zone);
const struct signer_key *signer_zone_zsk(const struct signer_zone *zone);
// "child. 3600 IN DS …\n" for the parent's text; lives as long as the zone.
const char *signer_zone_ds_text(const struct signer_zone *zone);
// The RRset as it stands in the zone, with its RRSIGs, or NULL.
const struct rrset *signer_zone_find(const struct signer_zone *zone, const uint8_t *name,
				     uint16_t type);
// Puts another RRset (as is) in the place of the one of that owner and type; takes it over.
void signer_zone_replace(struct signer_zone *zone, struct rrset *rrset);

enum signer_kind {
	SIGNER_ANSWER,
	SIGNER_CNAME,
	SIGNER_DNAME,
	SIGNER_NODATA,
	SIGNER_NXDOMAIN,
	SIGNER_REFERRAL, // rrset: NS; proofs: DS, or the proof that there is none
};
#define SIGNER_PROOFS_MAX 8
struct signer_answer {
	enum signer_kind kind;
	const struct rrset *rrset;                     // of a wildcard: already expanded
	const struct rrset *soa;                       // NODATA, NXDOMAIN
	const struct rrset *ds;                        // REFERRAL to a signed zone
	const struct rrset *proofs[SIGNER_PROOFS_MAX]; // NSEC, NSEC3
	size_t proof_count;
};
// What an authoritative server of this zone answers. All of it lives as long as the zone.
void signer_zone_query(struct signer_zone *zone, const uint8_t *name, uint16_t type,
		       struct signer_answer *answer);
