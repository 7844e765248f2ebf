#include "crypto/key.h"

#include "crypto/algorithm.h"
#include "crypto/key_parse.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <stdatomic.h>
#include <string.h>

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

// RFC 3110 §2: exponent length in one octet, or 0 and two; exponent; modulus.
static struct rsa_key *parse_rsa(const uint8_t *p, size_t len)
{
	if (len < 3)
		return NULL;
	size_t head = p[0] != 0 ? 1 : 3;
	size_t e_len = p[0] != 0 ? p[0] : wire_get16(p + 1);
	if (e_len == 0 || len - head <= e_len)
		return NULL;
	return rsa_key_new(p + head + e_len, len - head - e_len, p + head, e_len);
}

// RFC 6605 §4: x | y. OpenSSL refuses what is no point of the curve.
static EVP_PKEY *parse_ecdsa(const struct algorithm *algorithm, const uint8_t *p, size_t len)
{
	uint8_t point[1 + 96] = {POINT_CONVERSION_UNCOMPRESSED};
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	memcpy(point + 1, p, len);
	if (build != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, algorithm->group,
					    0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, len + 1) == 1)
		pkey = from_params("EC", build);
	OSSL_PARAM_BLD_free(build);
	return pkey;
}

static void set_rsa_size(struct key *key)
{
	size_t bytes = rsa_key_bytes(key->rsa);

	key->signature_len = bytes;
	// Twice as long is four times the work.
	if (bytes > 256)
		key->cost *= 4;
}

void key_parse(struct key *key)
{
	struct rdata_dnskey dnskey;

	key->broken = true;
	if (!rdata_dnskey(key->rdata, key->rdlen, &dnskey))
		return;
	const struct algorithm *algorithm = key->algorithm = algorithm_of(dnskey.algorithm);
	if (algorithm == NULL || (algorithm->key_len != 0 && algorithm->key_len != dnskey.key_len))
		return;
	key->signature_len = algorithm->signature_len;
	key->cost = algorithm->cost;
	if (algorithm->kind == ALGORITHM_RSA) {
		key->rsa = parse_rsa(dnskey.key, dnskey.key_len);
		if (key->rsa != NULL)
			set_rsa_size(key);
	} else if (algorithm->kind == ALGORITHM_ECDSA) {
		key->pkey = parse_ecdsa(algorithm, dnskey.key, dnskey.key_len);
	} else {
		key->pkey = EVP_PKEY_new_raw_public_key_ex(NULL, algorithm->group, NULL, dnskey.key,
							   dnskey.key_len);
	}
	key->broken = key->rsa == NULL && key->pkey == NULL;
	ERR_clear_error();
}

void key_unparse(struct key *key)
{
	for (size_t i = 0; i < SLOTS_MAX; i++) {
		if (key->contexts[i] == NULL)
			continue;
		if (key->algorithm->kind == ALGORITHM_EDDSA)
			EVP_MD_CTX_free(key->contexts[i]);
		else
			EVP_PKEY_CTX_free(key->contexts[i]);
	}
	EVP_PKEY_free(key->pkey);
	rsa_key_free(key->rsa);
	struct p256_table *table = atomic_load_explicit(&key->table, memory_order_relaxed);
	if (table != NULL)
		--*key->tables_alive;
	p256_table_free(table);
}

bool verifier_init(struct verifier *verifier, unsigned slot)
{
	verifier->slot = slot;
	verifier->rsa = rsa_scratch_new();
	verifier->p256 = p256_scratch_new();
	if (verifier->rsa != NULL && verifier->p256 != NULL)
		return true;
	verifier_fini(verifier);
	return false;
}

void verifier_fini(struct verifier *verifier)
{
	rsa_scratch_free(verifier->rsa);
	p256_scratch_free(verifier->p256);
	*verifier = (struct verifier){0};
}

// ---- verification ----

static EVP_PKEY_CTX *ecdsa_context(struct key *key, unsigned slot)
{
	if (key->contexts[slot] != NULL)
		return key->contexts[slot];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, key->algorithm->md) != 1) {
		EVP_PKEY_CTX_free(ctx);
		return NULL;
	}
	return key->contexts[slot] = ctx;
}

static EVP_MD_CTX *eddsa_context(struct key *key, unsigned slot)
{
	EVP_MD_CTX *ctx = key->contexts[slot];

	if (ctx != NULL) {
		// Once more with what it has: with the key given, OpenSSL would fetch the algorithm
		// for every signature.
		return EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, NULL, NULL) == 1 ? ctx
											     : NULL;
	}
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL ||
	    EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key->pkey, NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		return NULL;
	}
	return key->contexts[slot] = ctx;
}

// One half of a raw ECDSA signature as a DER INTEGER.
static uint8_t *put_integer(uint8_t *p, const uint8_t *value, size_t len)
{
	while (len > 1 && value[0] == 0) {
		value++;
		len--;
	}
	bool pad = value[0] & 0x80;
	*p++ = 0x02;
	*p++ = (uint8_t)(len + pad);
	if (pad)
		*p++ = 0;
	memcpy(p, value, len);
	return p + len;
}

// RFC 6605 §4: r | s. OpenSSL wants SEQUENCE { INTEGER r, INTEGER s }; with P-384 that is at most
// 104 octets, so every length takes one octet.
static size_t der_of(const uint8_t *raw, size_t len, uint8_t der[128])
{
	uint8_t *p = put_integer(der + 2, raw, len / 2);

	p = put_integer(p, raw + len / 2, len / 2);
	der[0] = 0x30;
	der[1] = (uint8_t)(p - der - 2);
	return (size_t)(p - der);
}

static bool ecdsa_verify(struct key *key, const struct verifier *verifier, const uint8_t *digest,
			 size_t digest_len, const uint8_t *signature, size_t signature_len)
{
	// Partner: the release in tables_take().
	const struct p256_table *table = atomic_load_explicit(&key->table, memory_order_acquire);

	if (table != NULL && digest_len == P256_DIGEST_LEN && signature_len == P256_SIGNATURE_LEN)
		return p256_verify(table, verifier->p256, digest, signature);
	EVP_PKEY_CTX *ctx = ecdsa_context(key, verifier->slot);
	uint8_t der[128];
	size_t der_len = der_of(signature, signature_len, der);

	return ctx != NULL && EVP_PKEY_verify(ctx, der, der_len, digest, digest_len) == 1;
}

static bool eddsa_verify(struct key *key, unsigned slot, const uint8_t *data, size_t len,
			 const uint8_t *signature, size_t signature_len)
{
	EVP_MD_CTX *ctx = eddsa_context(key, slot);

	return ctx != NULL && EVP_DigestVerify(ctx, signature, signature_len, data, len) == 1;
}

bool key_verify(struct key *key, const struct verifier *verifier, const uint8_t *data, size_t len,
		const uint8_t *signature, size_t signature_len)
{
	bool good;

	if (key->broken || signature_len != key->signature_len)
		return false;
	if (key->algorithm->kind == ALGORITHM_RSA)
		good = rsa_verify(key->rsa, verifier->rsa, key->algorithm, data, len, signature);
	else if (key->algorithm->kind == ALGORITHM_ECDSA)
		good = ecdsa_verify(key, verifier, data, len, signature, signature_len);
	else
		good = eddsa_verify(key, verifier->slot, data, len, signature, signature_len);
	if (!good)
		ERR_clear_error();
	return good;
}
