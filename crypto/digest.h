// Hashes over one piece of memory, with contexts that are made once: DS digests (RFC 4034 §5.1.4),
// NSEC3 (RFC 5155 §5), and the digests of signed data.
//
// Thread: one per struct digester.
#pragma once

#include "crypto/algorithm.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/rdata.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NSEC3_HASH_LEN 20

struct digester;
struct digester *digester_new(void) __attribute__((warn_unused_result)); // NULL: no memory
void digester_free(struct digester *digester);

// Length of the digest, or 0 when OpenSSL failed. out may overlap data: it is written last.
size_t digester_sum(struct digester *digester, const EVP_MD *md, const uint8_t *data, size_t len,
		    uint8_t out[DIGEST_MAX]) __attribute__((nonnull, warn_unused_result));

// True when ds is the digest of this DNSKEY of `owner`. False also for digest types that are not
// supported and digests of a wrong length.
bool digester_ds_matches(struct digester *digester, const uint8_t *owner, const uint8_t *dnskey,
			 size_t dnskey_len, const struct rdata_ds *ds)
	__attribute__((nonnull, warn_unused_result));

// Costs iterations + 1 hashes of SHA-1. False when OpenSSL failed.
bool digester_nsec3(struct digester *digester, const uint8_t *name, const uint8_t *salt,
		    size_t salt_len, unsigned iterations, uint8_t out[NSEC3_HASH_LEN])
	__attribute__((nonnull, warn_unused_result));
