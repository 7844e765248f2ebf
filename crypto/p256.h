// ECDSA verification on P-256 (FIPS 186-5 §6.4.2) with a table of the public key's multiples, as
// OpenSSL has one of the curve's generator: less than half the work. A table takes about 150 KiB,
// and as long to make as a thousand verifications save: for keys that sign for millions (a TLD's, a
// large operator's).
//
// All that is worked on is public, so nothing here has to take constant time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define P256_KEY_LEN       64 // x | y (RFC 6605 §4)
#define P256_SIGNATURE_LEN 64 // r | s
#define P256_DIGEST_LEN    32

struct p256_table; // read only once it is made: any number of threads at once
// About 35 ms. NULL: no point of the curve, a library that cannot make one, or no memory.
struct p256_table *p256_table_new(const uint8_t key[P256_KEY_LEN])
	__attribute__((nonnull, warn_unused_result));
void p256_table_free(struct p256_table *table);

struct p256_scratch;                                                             // one per thread
struct p256_scratch *p256_scratch_new(void) __attribute__((warn_unused_result)); // NULL: no memory
void p256_scratch_free(struct p256_scratch *scratch);

bool p256_verify(const struct p256_table *table, struct p256_scratch *scratch,
		 const uint8_t digest[P256_DIGEST_LEN], const uint8_t signature[P256_SIGNATURE_LEN])
	__attribute__((nonnull, warn_unused_result));
