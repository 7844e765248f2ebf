// RDATA of the types whose RDATA holds names or that we interpret.
#pragma once

#include "dataplane/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RDATA_MAX 65535

// Decompresses RDATA at msg[off..off+rdlen) into out (RFC 3597 §4: names are
// decompressed for the types of RFC 1035 and those that RFC lists; other types are
// copied) and checks the shape of every type we know (lengths of A, AAAA, DS, NSEC
// bitmaps, SOA, SRV, RRSIG, DNSKEY, NSEC3, …). Names must end exactly where RDLENGTH
// says. Returns bytes written (<= cap) or -EBADMSG, -ENOBUFS.
int rdata_parse(uint16_t type, const uint8_t *msg, size_t msg_len, size_t off, size_t rdlen,
		uint8_t *out, size_t cap) __attribute__((nonnull, warn_unused_result));

// Lower-cases, in place, the names inside uncompressed RDATA of the types of
// RFC 4034 §6.2 as amended by RFC 6840 §5.1 (NSEC is not folded).
void rdata_canonical(uint16_t type, uint8_t *rdata, size_t rdlen) __attribute__((nonnull));

// Order of RDATA as left-justified octet strings (RFC 4034 §6.3).
int rdata_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
	__attribute__((nonnull, pure));

// The types below take uncompressed RDATA that passed rdata_parse(); they return
// false when it is too short all the same. Pointers point into rdata.
struct rdata_rrsig {
	uint16_t covered;
	uint8_t algorithm;
	uint8_t labels;
	uint32_t original_ttl;
	uint32_t expiration; // RFC 1982 serial
	uint32_t inception;
	uint16_t key_tag;
	const uint8_t *signer;
	const uint8_t *signature;
	size_t signature_len;
	size_t fixed_len; // bytes before the signature: what goes first into the signed data
};
bool rdata_rrsig(const uint8_t *rdata, size_t len, struct rdata_rrsig *out)
	__attribute__((nonnull));

struct rdata_dnskey {
	uint16_t flags;
	uint8_t protocol;
	uint8_t algorithm;
	const uint8_t *key;
	size_t key_len;
};
#define DNSKEY_ZONE   0x0100
#define DNSKEY_SEP    0x0001
#define DNSKEY_REVOKE 0x0080
bool rdata_dnskey(const uint8_t *rdata, size_t len, struct rdata_dnskey *out)
	__attribute__((nonnull));
// RFC 4034 appendix B.
uint16_t rdata_dnskey_tag(const uint8_t *rdata, size_t len) __attribute__((nonnull, pure));

struct rdata_ds {
	uint16_t key_tag;
	uint8_t algorithm;
	uint8_t digest_type;
	const uint8_t *digest;
	size_t digest_len;
};
bool rdata_ds(const uint8_t *rdata, size_t len, struct rdata_ds *out) __attribute__((nonnull));

struct rdata_nsec {
	const uint8_t *next;
	const uint8_t *bitmap;
	size_t bitmap_len;
};
bool rdata_nsec(const uint8_t *rdata, size_t len, struct rdata_nsec *out) __attribute__((nonnull));

struct rdata_nsec3 {
	uint8_t algorithm;
	uint8_t flags;
	uint16_t iterations;
	const uint8_t *salt;
	size_t salt_len;
	const uint8_t *next; // raw hash
	size_t next_len;
	const uint8_t *bitmap;
	size_t bitmap_len;
};
#define NSEC3_OPTOUT 1
bool rdata_nsec3(const uint8_t *rdata, size_t len, struct rdata_nsec3 *out)
	__attribute__((nonnull));

bool rdata_bitmap_has(const uint8_t *bitmap, size_t len, uint16_t type) __attribute__((nonnull));
// The least type over `after`; 0: there is none.
uint16_t rdata_bitmap_next(const uint8_t *bitmap, size_t len, uint16_t after)
	__attribute__((nonnull));

struct rdata_soa {
	const uint8_t *mname, *rname;
	uint32_t serial, refresh, retry, expire, minimum;
};
bool rdata_soa(const uint8_t *rdata, size_t len, struct rdata_soa *out) __attribute__((nonnull));

// The single name of NS, CNAME, DNAME, PTR RDATA.
static inline const uint8_t *rdata_name(const uint8_t *rdata)
{
	return rdata;
}

// base32hex without padding, lower case (RFC 4648 §7, RFC 5155 §3.3). out holds
// ceil(len * 8 / 5) characters. Returns their count.
size_t base32hex_encode(const uint8_t *in, size_t len, uint8_t *out) __attribute__((nonnull));
// Returns bytes or -EINVAL. Accepts both cases.
int base32hex_decode(const uint8_t *in, size_t len, uint8_t *out, size_t cap)
	__attribute__((nonnull, warn_unused_result));
