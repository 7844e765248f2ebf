// RSASSA-PKCS1-v1_5 verification (RFC 8017 §8.2.2) with OpenSSL's numbers. What depends on the
// modulus alone is computed once per key, and nothing is allocated per signature: EVP_PKEY_verify()
// makes a dozen numbers and contexts for each and takes a fifth longer.
//
// All that is worked on is public, so nothing here has to take constant time.
#pragma once

#include "crypto/algorithm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RSA_BYTES_MAX 512 // 4096 bits

struct rsa_key; // read only once it is made: any number of threads at once
// n, e: big endian. NULL: a modulus outside 512 to 4096 bits or even; an exponent that is even,
// below 3 or above 2^32 + 1; no memory.
struct rsa_key *rsa_key_new(const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len)
	__attribute__((nonnull, warn_unused_result));
void rsa_key_free(struct rsa_key *key);
size_t rsa_key_bytes(const struct rsa_key *key) __attribute__((nonnull, pure)); // of the modulus

struct rsa_scratch;                                                            // one per thread
struct rsa_scratch *rsa_scratch_new(void) __attribute__((warn_unused_result)); // NULL: no memory
void rsa_scratch_free(struct rsa_scratch *scratch);

// signature has the modulus' length; digest is of algorithm->md.
bool rsa_verify(const struct rsa_key *key, struct rsa_scratch *scratch,
		const struct algorithm *algorithm, const uint8_t *digest, size_t digest_len,
		const uint8_t *signature) __attribute__((nonnull, warn_unused_result));
