#include "crypto/key.h"

#include "crypto/algorithm.h"
#include "crypto/key_parse.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <string.h>

#define RSA_BITS_MIN     512
#define RSA_BITS_MAX     4096
#define RSA_EXPONENT_MAX 0x100000001ull // 2^32 + 1

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

static EVP_PKEY *rsa_from(const BIGNUM *n, const BIGNUM *e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (build != NULL && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		pkey = from_params("RSA", build);
	OSSL_PARAM_BLD_free(build);
	return pkey;
}

static bool rsa_exponent_usable(const uint8_t *e, size_t len)
{
	uint64_t value = 0;

	while (len > 0 && e[0] == 0) {
		e++;
		len--;
	}
	if (len == 0 || len > sizeof(value))
		return false;
	for (size_t i = 0; i < len; i++)
		value = value << 8 | e[i];
	return value >= 3 && value % 2 == 1 && value <= RSA_EXPONENT_MAX;
}

// RFC 3110 §2: exponent length in one octet, or 0 and two; exponent; modulus.
static EVP_PKEY *parse_rsa(struct key *key, const uint8_t *p, size_t len)
{
	EVP_PKEY *pkey = NULL;

	if (len < 3)
		return NULL;
	size_t head = p[0] != 0 ? 1 : 3;
	size_t e_len = p[0] != 0 ? p[0] : wire_get16(p + 1);
	if (e_len == 0 || len - head <= e_len)
		return NULL;
	const uint8_t *e = p + head, *n = e + e_len;
	size_t n_len = len - head - e_len;
	if (n_len > SIGNATURE_MAX || !rsa_exponent_usable(e, e_len))
		return NULL;
	BIGNUM *modulus = BN_bin2bn(n, (int)n_len, NULL);
	BIGNUM *exponent = BN_bin2bn(e, (int)e_len, NULL);
	if (modulus != NULL && exponent != NULL && BN_num_bits(modulus) >= RSA_BITS_MIN &&
	    BN_num_bits(modulus) <= RSA_BITS_MAX && BN_is_odd(modulus)) {
		key->signature_len = (size_t)BN_num_bytes(modulus);
		pkey = rsa_from(modulus, exponent);
	}
	BN_free(modulus);
	BN_free(exponent);
	return pkey;
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
	if (algorithm->kind == ALGORITHM_RSA)
		key->pkey = parse_rsa(key, dnskey.key, dnskey.key_len);
	else if (algorithm->kind == ALGORITHM_ECDSA)
		key->pkey = parse_ecdsa(algorithm, dnskey.key, dnskey.key_len);
	else
		key->pkey = EVP_PKEY_new_raw_public_key_ex(NULL, algorithm->group, NULL, dnskey.key,
							   dnskey.key_len);
	key->broken = key->pkey == NULL;
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
}

// ---- verification ----

static EVP_PKEY_CTX *verify_context(struct key *key, unsigned slot)
{
	if (key->contexts[slot] != NULL)
		return key->contexts[slot];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1 ||
	    (key->algorithm->kind == ALGORITHM_RSA &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
	    EVP_PKEY_CTX_set_signature_md(ctx, key->algorithm->md) != 1) {
		EVP_PKEY_CTX_free(ctx);
		return NULL;
	}
	return key->contexts[slot] = ctx;
}

static bool verify_eddsa(struct key *key, unsigned slot, const uint8_t *data, size_t len,
			 const uint8_t *signature, size_t signature_len)
{
	if (key->contexts[slot] == NULL)
		key->contexts[slot] = EVP_MD_CTX_new();
	EVP_MD_CTX *ctx = key->contexts[slot];
	return ctx != NULL &&
	       EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key->pkey, NULL) == 1 &&
	       EVP_DigestVerify(ctx, signature, signature_len, data, len) == 1;
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

bool key_verify(struct key *key, unsigned slot, const uint8_t *data, size_t len,
		const uint8_t *signature, size_t signature_len)
{
	uint8_t der[128];
	bool good = false;

	if (key->broken || signature_len != key->signature_len)
		return false;
	if (key->algorithm->kind == ALGORITHM_EDDSA) {
		good = verify_eddsa(key, slot, data, len, signature, signature_len);
	} else {
		EVP_PKEY_CTX *ctx = verify_context(key, slot);
		if (key->algorithm->kind == ALGORITHM_ECDSA) {
			signature_len = der_of(signature, signature_len, der);
			signature = der;
		}
		good = ctx != NULL &&
		       EVP_PKEY_verify(ctx, signature, signature_len, data, len) == 1;
	}
	if (!good)
		ERR_clear_error();
	return good;
}
