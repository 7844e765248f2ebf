// What of DNSSEC's algorithms this machine's OpenSSL can do (IANA registries; RFC 9904). Whatever
// OpenSSL has to fetch is fetched once for the process; nothing is fetched per signature.
//
// Thread: any.
#pragma once

#include <openssl/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_MAX 64

enum algorithm_kind { ALGORITHM_RSA, ALGORITHM_ECDSA, ALGORITHM_EDDSA };

struct algorithm {
	enum algorithm_kind kind;
	const char *group;    // OpenSSL's name of the curve or of the key type
	const EVP_MD *md;     // of the signed data; NULL: EdDSA takes the data itself
	size_t key_len;       // of the public key, 0: it varies
	size_t signature_len; // 0: the modulus says
	unsigned cost;        // of a verification, in about 15 us; RSA: of 2048 bits
	// RSA: what stands in front of the digest in the encoding that is signed (RFC 8017 §9.2).
	const uint8_t *digest_info;
	size_t digest_info_len;
};

// NULL: not supported. 5 and 7 are where OpenSSL's policy still allows SHA-1 in signatures.
const struct algorithm *algorithm_of(uint8_t number);
bool algorithm_supported(uint8_t number);

// DS digest types 1, 2 and 4.
const EVP_MD *algorithm_ds_digest(uint8_t digest_type);
bool algorithm_ds_digest_supported(uint8_t digest_type);

const EVP_MD *algorithm_sha1(void);
const EVP_MD *algorithm_sha256(void);
