// Public keys out of DNSKEY RDATA, parsed once, and the raw verification with one of them.
// Inside crypto only: everybody else verifies through crypto/batch.h.
//
// Thread: control, except key_verify(): one thread per verifier.
#pragma once

#include "crypto/list.h"
#include "crypto/p256.h"
#include "crypto/rsa.h"

#include <openssl/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_MAX RSA_BYTES_MAX
#define SLOTS_MAX     17 // threads that verify: control and 16 workers

struct algorithm;

struct key {
	uint64_t id; // never used again
	bool broken; // cannot verify anything
	const struct algorithm *algorithm;
	size_t signature_len;
	unsigned cost;             // of a verification, as in struct algorithm
	struct rsa_key *rsa;       // RSA
	EVP_PKEY *pkey;            // others, each slot with a context of its own:
	void *contexts[SLOTS_MAX]; // EVP_PKEY_CTX, for EdDSA EVP_MD_CTX
	// P-256, once it has verified much; control: wo, who verifies: ro.
	_Atomic(struct p256_table *) table;

	struct list pending; // batch: jobs that wait for this key
	struct list ready;   // batch: in its list of keys with pending jobs

	// The tables' own.
	unsigned verified;
	bool table_ordered;
	unsigned *tables_alive; // counts it, when it has one

	// The cache's own.
	struct list used; // least recently used first
	struct key *next; // in the bucket
	uint64_t hash;
	unsigned refs; // users, and one while it is in the cache
	bool cached;
	size_t rdlen;
	uint8_t rdata[];
};

// What one thread that verifies has for itself.
struct verifier {
	unsigned slot; // in every key
	struct rsa_scratch *rsa;
	struct p256_scratch *p256;
};
bool verifier_init(struct verifier *verifier, unsigned slot)
	__attribute__((nonnull, warn_unused_result)); // false: no memory
void verifier_fini(struct verifier *verifier) __attribute__((nonnull));

struct keys; // a bounded cache

// keys_max: 0 is 4096. NULL: no memory.
struct keys *keys_new(size_t keys_max) __attribute__((warn_unused_result));
void keys_free(struct keys *keys); // no key may be in use

// The key of this DNSKEY RDATA, with a reference for the caller. keys_find(): NULL when it is not
// in the cache. keys_add(): that one is to be parsed; NULL: no memory. A key that
// cannot be used (algorithm not supported, wrong length, RSA outside 512 to 4096 bits or with an
// exponent above 2^32 + 1, no point of its curve) is remembered as broken: it is not parsed again.
struct key *keys_find(struct keys *keys, const uint8_t *dnskey, size_t len)
	__attribute__((nonnull, warn_unused_result));
struct key *keys_add(struct keys *keys, const uint8_t *dnskey, size_t len)
	__attribute__((nonnull, warn_unused_result));
void key_unref(struct key *key) __attribute__((nonnull));

// data: the digest, or for EdDSA the signed data itself.
bool key_verify(struct key *key, const struct verifier *verifier, const uint8_t *data, size_t len,
		const uint8_t *signature, size_t signature_len)
	__attribute__((nonnull, warn_unused_result));

uint64_t keys_parsed(const struct keys *keys) __attribute__((nonnull, pure));
