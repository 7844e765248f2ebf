#include "crypto/algorithm.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <pthread.h>
#include <stdlib.h>

enum {
	RSASHA1 = 5,
	RSASHA1_NSEC3 = 7,
	RSASHA256 = 8,
	RSASHA512 = 10,
	ECDSAP256 = 13,
	ECDSAP384 = 14,
	ED25519 = 15,
	ED448 = 16,
	ALGORITHM_LAST = ED448
};

static struct {
	EVP_MD *sha1, *sha256, *sha384, *sha512;
	const struct algorithm *by_number[ALGORITHM_LAST + 1];
	struct algorithm table[8];
} known;

static pthread_once_t once = PTHREAD_ONCE_INIT;

// Systems whose policy forbids SHA-1 refuse to set it for a signature.
static bool sha1_signs(void)
{
	EVP_PKEY *key = EVP_RSA_gen(1024);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	bool allowed = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
		       EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_signature_md(ctx, known.sha1) == 1;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return allowed;
}

static void learn(uint8_t number, const struct algorithm *algorithm)
{
	size_t i = 0;

	while (known.table[i].group != NULL)
		i++;
	known.table[i] = *algorithm;
	known.by_number[number] = &known.table[i];
}

static void forget(void)
{
	EVP_MD_free(known.sha1);
	EVP_MD_free(known.sha256);
	EVP_MD_free(known.sha384);
	EVP_MD_free(known.sha512);
}

static void fetch(void)
{
	known.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	known.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	known.sha384 = EVP_MD_fetch(NULL, "SHA384", NULL);
	known.sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
	atexit(forget);
	if (known.sha1 != NULL && sha1_signs()) {
		learn(RSASHA1, &(struct algorithm){ALGORITHM_RSA, "RSA", known.sha1, 0, 0});
		known.by_number[RSASHA1_NSEC3] = known.by_number[RSASHA1];
	}
	if (known.sha256 != NULL) {
		learn(RSASHA256, &(struct algorithm){ALGORITHM_RSA, "RSA", known.sha256, 0, 0});
		learn(ECDSAP256,
		      &(struct algorithm){ALGORITHM_ECDSA, "P-256", known.sha256, 64, 64});
	}
	if (known.sha512 != NULL)
		learn(RSASHA512, &(struct algorithm){ALGORITHM_RSA, "RSA", known.sha512, 0, 0});
	if (known.sha384 != NULL)
		learn(ECDSAP384,
		      &(struct algorithm){ALGORITHM_ECDSA, "P-384", known.sha384, 96, 96});
	learn(ED25519, &(struct algorithm){ALGORITHM_EDDSA, "ED25519", NULL, 32, 64});
	learn(ED448, &(struct algorithm){ALGORITHM_EDDSA, "ED448", NULL, 57, 114});
}

const struct algorithm *algorithm_of(uint8_t number)
{
	pthread_once(&once, fetch);
	return number <= ALGORITHM_LAST ? known.by_number[number] : NULL;
}

bool algorithm_supported(uint8_t number)
{
	return algorithm_of(number) != NULL;
}

const EVP_MD *algorithm_ds_digest(uint8_t digest_type)
{
	pthread_once(&once, fetch);
	switch (digest_type) {
	case 1:
		return known.sha1;
	case 2:
		return known.sha256;
	case 4:
		return known.sha384;
	default:
		return NULL;
	}
}

bool algorithm_ds_digest_supported(uint8_t digest_type)
{
	return algorithm_ds_digest(digest_type) != NULL;
}

const EVP_MD *algorithm_sha1(void)
{
	pthread_once(&once, fetch);
	return known.sha1;
}

const EVP_MD *algorithm_sha256(void)
{
	pthread_once(&once, fetch);
	return known.sha256;
}
