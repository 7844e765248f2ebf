// RSA against OpenSSL's own verification, and against what forgers have tried.
#include "crypto/rsa.h"
#include "tests/unit/crypto/unit.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <string.h>

#define ROUNDS 40 // signatures per key

struct pair {
	EVP_PKEY *pkey;
	struct rsa_key *key;
	BIGNUM *n;
	uint8_t n_bytes[RSA_BYTES_MAX];
	size_t len;
};

static struct rsa_scratch *scratch;

static void open_pair(struct pair *pair, unsigned bits, const char *exponent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *e = NULL;
	uint8_t e_bytes[16];

	*pair = (struct pair){0};
	assert_true(BN_dec2bn(&e, exponent) > 0);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits), 1);
	assert_int_equal(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e), 1);
	assert_int_equal(EVP_PKEY_generate(ctx, &pair->pkey), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(pair->pkey, OSSL_PKEY_PARAM_RSA_N, &pair->n), 1);
	pair->len = (size_t)BN_bn2bin(pair->n, pair->n_bytes);
	pair->key = rsa_key_new(pair->n_bytes, pair->len, e_bytes, (size_t)BN_bn2bin(e, e_bytes));
	assert_non_null(pair->key);
	assert_int_equal(rsa_key_bytes(pair->key), pair->len);
	BN_free(e);
	EVP_PKEY_CTX_free(ctx);
}

static void close_pair(struct pair *pair)
{
	rsa_key_free(pair->key);
	BN_free(pair->n);
	EVP_PKEY_free(pair->pkey);
}

static EVP_PKEY_CTX *context(const struct pair *pair, int (*init)(EVP_PKEY_CTX *ctx),
			     const EVP_MD *md)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pair->pkey, NULL);

	assert_int_equal(init(ctx), 1);
	if (md != NULL) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, md), 1);
	} else {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
	}
	return ctx;
}

static bool openssl_says(const struct pair *pair, const EVP_MD *md, const uint8_t *digest,
			 size_t digest_len, const uint8_t *signature)
{
	EVP_PKEY_CTX *ctx = context(pair, EVP_PKEY_verify_init, md);
	bool good = EVP_PKEY_verify(ctx, signature, pair->len, digest, digest_len) == 1;

	EVP_PKEY_CTX_free(ctx);
	return good;
}

// A signature of these very bytes, whatever they are.
static void sign_raw(const struct pair *pair, const uint8_t *bytes, uint8_t *signature)
{
	EVP_PKEY_CTX *ctx = context(pair, EVP_PKEY_sign_init, NULL);
	size_t len = pair->len;

	assert_int_equal(EVP_PKEY_sign(ctx, signature, &len, bytes, pair->len), 1);
	assert_int_equal(len, pair->len);
	EVP_PKEY_CTX_free(ctx);
}

static void sign(const struct pair *pair, const EVP_MD *md, const uint8_t *digest,
		 size_t digest_len, uint8_t *signature)
{
	EVP_PKEY_CTX *ctx = context(pair, EVP_PKEY_sign_init, md);
	size_t len = pair->len;

	assert_int_equal(EVP_PKEY_sign(ctx, signature, &len, digest, digest_len), 1);
	assert_int_equal(len, pair->len);
	EVP_PKEY_CTX_free(ctx);
}

// Good ones, and ones with one bit wrong in the signature or the digest.
static void compare(const struct pair *pair, uint8_t number)
{
	const struct algorithm *algorithm = algorithm_of(number);
	size_t digest_len = (size_t)EVP_MD_get_size(algorithm->md);
	uint8_t digest[DIGEST_MAX], signature[RSA_BYTES_MAX];

	for (unsigned i = 0; i < ROUNDS; i++) {
		assert_int_equal(RAND_bytes(digest, sizeof(digest)), 1);
		sign(pair, algorithm->md, digest, digest_len, signature);
		assert_true(
			rsa_verify(pair->key, scratch, algorithm, digest, digest_len, signature));
		size_t bit = (size_t)digest[1] << 8 | digest[2];
		signature[bit / 8 % pair->len] ^= (uint8_t)(1 << bit % 8);
		assert_false(openssl_says(pair, algorithm->md, digest, digest_len, signature));
		assert_false(
			rsa_verify(pair->key, scratch, algorithm, digest, digest_len, signature));
		signature[bit / 8 % pair->len] ^= (uint8_t)(1 << bit % 8);
		digest[bit / 8 % digest_len] ^= (uint8_t)(1 << bit % 8);
		assert_false(
			rsa_verify(pair->key, scratch, algorithm, digest, digest_len, signature));
	}
}

static void agrees_with_openssl_for_every_size_and_exponent(void **state)
{
	static const unsigned bits[] = {512, 1024, 1031, 2048, 3072, 4096};
	static const char *const exponents[] = {"3", "17", "65537", "4294967297"};

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		// Long keys take long to make.
		for (size_t e = bits[i] > 2048 ? 2 : 0; e < (bits[i] > 2048 ? 3 : 4); e++) {
			struct pair pair;
			open_pair(&pair, bits[i], exponents[e]);
			compare(&pair, 8);
			if (bits[i] > 752)
				compare(&pair, 10);
			if (algorithm_supported(5))
				compare(&pair, 5);
			close_pair(&pair);
		}
	}
}

// RFC 8017 §9.2 as it should be, for the forgeries to depart from.
static size_t encoding(const struct pair *pair, const struct algorithm *algorithm,
		       const uint8_t *digest, uint8_t out[RSA_BYTES_MAX])
{
	size_t tail = algorithm->digest_info_len + 32;

	memset(out, 0xff, pair->len);
	out[0] = 0;
	out[1] = 1;
	out[pair->len - tail - 1] = 0;
	memcpy(out + pair->len - tail, algorithm->digest_info, algorithm->digest_info_len);
	memcpy(out + pair->len - 32, digest, 32);
	return tail;
}

static bool accepts(const struct pair *pair, const uint8_t *bytes, const uint8_t *digest)
{
	uint8_t signature[RSA_BYTES_MAX];

	sign_raw(pair, bytes, signature);
	return rsa_verify(pair->key, scratch, algorithm_of(8), digest, 32, signature);
}

// Bleichenbacher 2006 (CVE-2006-4339), BERserk (CVE-2014-1568) and their kin: an encoding is right
// in every byte or it is wrong.
static void only_the_one_encoding_is_good(void **state)
{
	const struct algorithm *algorithm = algorithm_of(8);
	uint8_t right[RSA_BYTES_MAX], wrong[RSA_BYTES_MAX], digest[32] = {1, 2, 3};
	struct pair pair;

	(void)state;
	open_pair(&pair, 1024, "3");
	size_t tail = encoding(&pair, algorithm, digest, right);
	assert_true(accepts(&pair, right, digest));
	// Less padding, the digest further to the left, anything behind it.
	memset(wrong, 0x5a, sizeof(wrong));
	memcpy(wrong, right, 11);
	wrong[10] = 0;
	memcpy(wrong + 11, right + pair.len - tail, tail);
	assert_false(accepts(&pair, wrong, digest));
	// Every other value of every byte but the digest's, one at a time.
	for (size_t at = 0; at < pair.len - 32; at++) {
		for (unsigned value = at == 0 ? 255 : 0; value < 256; value += 51) {
			memcpy(wrong, right, sizeof(wrong));
			// The first byte has to stay below the modulus'.
			wrong[at] = at == 0 ? 0x01 : (uint8_t)value;
			if (wrong[at] != right[at])
				assert_false(accepts(&pair, wrong, digest));
		}
	}
	// DigestInfo without its NULL parameter.
	memcpy(wrong, right, sizeof(wrong));
	uint8_t *info = wrong + pair.len - tail;
	memmove(info + 2, info, tail - 34);
	info[0] = info[1] = 0xff;
	info[-1] = 0xff;
	info[1] = 0;
	info[3] = 0x2f;
	info[5] = 0x0b;
	assert_false(accepts(&pair, wrong, digest));
	close_pair(&pair);
}

// RFC 8017 §5.2.2: the same number plus the modulus is another string, not another signature.
static void a_signature_is_below_its_modulus(void **state)
{
	const struct algorithm *algorithm = algorithm_of(8);
	uint8_t digest[32], signature[RSA_BYTES_MAX];
	struct pair pair;
	unsigned tried = 0;

	(void)state;
	open_pair(&pair, 1024, "65537");
	for (unsigned i = 0; i < 200; i++) {
		BIGNUM *number;
		memset(digest, (int)i, sizeof(digest));
		sign(&pair, algorithm->md, digest, 32, signature);
		number = BN_bin2bn(signature, (int)pair.len, NULL);
		BN_add(number, number, pair.n);
		if ((size_t)BN_num_bytes(number) == pair.len) {
			BN_bn2bin(number, signature);
			assert_false(
				rsa_verify(pair.key, scratch, algorithm, digest, 32, signature));
			tried++;
		}
		BN_free(number);
	}
	assert_true(tried > 0);
	memcpy(signature, pair.n_bytes, pair.len);
	assert_false(rsa_verify(pair.key, scratch, algorithm, digest, 32, signature));
	close_pair(&pair);
}

static void numbers_without_a_power_are_wrong(void **state)
{
	const struct algorithm *algorithm = algorithm_of(8);
	uint8_t digest[32] = {0}, signature[RSA_BYTES_MAX] = {0};
	struct pair pair;

	(void)state;
	open_pair(&pair, 512, "3");
	assert_false(rsa_verify(pair.key, scratch, algorithm, digest, 32, signature));
	signature[pair.len - 1] = 1;
	assert_false(rsa_verify(pair.key, scratch, algorithm, digest, 32, signature));
	BN_sub_word(pair.n, 1);
	BN_bn2bin(pair.n, signature);
	assert_false(rsa_verify(pair.key, scratch, algorithm, digest, 32, signature));
	close_pair(&pair);
}

// SHA-512's encoding has 94 octets.
static void a_modulus_too_short_for_the_digest_verifies_nothing(void **state)
{
	uint8_t digest[DIGEST_MAX] = {0}, signature[RSA_BYTES_MAX] = {1};
	struct pair pair;

	(void)state;
	open_pair(&pair, 512, "65537");
	assert_false(
		rsa_verify(pair.key, scratch, algorithm_of(10), digest, DIGEST_MAX, signature));
	close_pair(&pair);
}

static int make_scratch(void **state)
{
	(void)state;
	scratch = rsa_scratch_new();
	return scratch == NULL;
}

static int free_scratch(void **state)
{
	(void)state;
	rsa_scratch_free(scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_openssl_for_every_size_and_exponent),
		cmocka_unit_test(only_the_one_encoding_is_good),
		cmocka_unit_test(a_signature_is_below_its_modulus),
		cmocka_unit_test(numbers_without_a_power_are_wrong),
		cmocka_unit_test(a_modulus_too_short_for_the_digest_verifies_nothing),
	};

	return cmocka_run_group_tests(tests, make_scratch, free_scratch);
}
