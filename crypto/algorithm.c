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

// RFC 8017 §9.2, note 1.
static const uint8_t sha1_info[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
				    0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
static const uint8_t sha256_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
static const uint8_t sha512_info[] = {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40};

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

static void learn_rsa(uint8_t number, const EVP_MD *md, const uint8_t *info, size_t info_len)
{
	learn(number, &(struct algorithm){
			      .kind = ALGORITHM_RSA,
			      .group = "RSA",
			      .md = md,
			      .cost = 1,
			      .digest_info = info,
			      .digest_info_len = info_len,
		      });
}

static void learn_ecdsa(uint8_t number, const char *group, const EVP_MD *md, size_t len,
			unsigned cost)
{
	learn(number, &(struct algorithm){
			      .kind = ALGORITHM_ECDSA,
			      .group = group,
			      .md = md,
			      .key_len = len,
			      .signature_len = len,
			      .cost = cost,
		      });
}

static void learn_eddsa(uint8_t number, const char *group, size_t key_len, unsigned cost)
{
	learn(number, &(struct algorithm){
			      .kind = ALGORITHM_EDDSA,
			      .group = group,
			      .key_len = key_len,
			      .signature_len = 2 * key_len,
			      .cost = cost,
		      });
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
		learn_rsa(RSASHA1, known.sha1, sha1_info, sizeof(sha1_info));
		known.by_number[RSASHA1_NSEC3] = known.by_number[RSASHA1];
	}
	if (known.sha256 != NULL) {
		learn_rsa(RSASHA256, known.sha256, sha256_info, sizeof(sha256_info));
		learn_ecdsa(ECDSAP256, "P-256", known.sha256, 64, 4);
	}
	if (known.sha512 != NULL)
		learn_rsa(RSASHA512, known.sha512, sha512_info, sizeof(sha512_info));
	if (known.sha384 != NULL)
		learn_ecdsa(ECDSAP384, "P-384", known.sha384, 96, 40);
	learn_eddsa(ED25519, "ED25519", 32, 7);
	learn_eddsa(ED448, "ED448", 57, 30);
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
