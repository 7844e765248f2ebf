#include "crypto/digest.h"

#include <openssl/evp.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHMS_MAX 4

struct digester {
	// One for each algorithm met: one that changes its algorithm allocates.
	struct {
		const EVP_MD *md;
		EVP_MD_CTX *ctx;
	} contexts[ALGORITHMS_MAX];
	uint8_t buffer[NAME_MAX_LEN + RDATA_MAX];
};

struct digester *digester_new(void)
{
	return calloc(1, sizeof(struct digester));
}

void digester_free(struct digester *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < ALGORITHMS_MAX; i++)
		EVP_MD_CTX_free(d->contexts[i].ctx);
	free(d);
}

static EVP_MD_CTX *context_of(struct digester *d, const EVP_MD *md)
{
	size_t i = 0;

	while (d->contexts[i].md != NULL && d->contexts[i].md != md)
		i++;
	assert(i < ALGORITHMS_MAX); // crypto/algorithm.c knows no more
	if (d->contexts[i].md == NULL) {
		d->contexts[i].ctx = EVP_MD_CTX_new();
		if (d->contexts[i].ctx != NULL)
			d->contexts[i].md = md;
	}
	return d->contexts[i].ctx;
}

size_t digester_sum(struct digester *d, const EVP_MD *md, const uint8_t *data, size_t len,
		    uint8_t out[DIGEST_MAX])
{
	EVP_MD_CTX *ctx = context_of(d, md);
	unsigned digest_len = 0;

	if (ctx == NULL || EVP_DigestInit_ex2(ctx, md, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, data, len) != 1 || EVP_DigestFinal_ex(ctx, out, &digest_len) != 1)
		return 0;
	return digest_len;
}

bool digester_ds_matches(struct digester *d, const uint8_t *owner, const uint8_t *dnskey,
			 size_t dnskey_len, const struct rdata_ds *ds)
{
	const EVP_MD *md = algorithm_ds_digest(ds->digest_type);
	size_t owner_len = name_len(owner);
	uint8_t digest[DIGEST_MAX];

	if (md == NULL || dnskey_len > RDATA_MAX)
		return false;
	name_lower(d->buffer, owner, owner_len);
	memcpy(d->buffer + owner_len, dnskey, dnskey_len);
	size_t len = digester_sum(d, md, d->buffer, owner_len + dnskey_len, digest);
	return len > 0 && len == ds->digest_len && memcmp(digest, ds->digest, len) == 0;
}

bool digester_nsec3(struct digester *d, const uint8_t *name, const uint8_t *salt, size_t salt_len,
		    unsigned iterations, uint8_t out[NSEC3_HASH_LEN])
{
	const EVP_MD *md = algorithm_sha1();
	uint8_t hash[DIGEST_MAX + UINT8_MAX];
	size_t len = name_len(name);

	if (md == NULL || salt_len > UINT8_MAX)
		return false;
	name_lower(d->buffer, name, len);
	memcpy(d->buffer + len, salt, salt_len);
	// RFC 5155 §5: IH(salt, x, 0) = H(x || salt), IH(salt, x, k) = H(IH(salt, x, k-1) || salt).
	if (digester_sum(d, md, d->buffer, len + salt_len, hash) != NSEC3_HASH_LEN)
		return false;
	memcpy(hash + NSEC3_HASH_LEN, salt, salt_len);
	for (unsigned i = 0; i < iterations; i++) {
		if (digester_sum(d, md, hash, NSEC3_HASH_LEN + salt_len, hash) != NSEC3_HASH_LEN)
			return false;
	}
	memcpy(out, hash, NSEC3_HASH_LEN);
	return true;
}
