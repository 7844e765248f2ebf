// Verification with tables against OpenSSL's own, and what no signature may be.
#include "crypto/p256.h"
#include "tests/unit/crypto/unit.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <string.h>

#define KEYS   3
#define ROUNDS 60 // signatures per key

static const char order_hex[] = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";

struct pair {
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *sign, *verify;
	uint8_t key[P256_KEY_LEN];
	struct p256_table *table;
};

static struct p256_scratch *scratch;

static EVP_PKEY_CTX *context(EVP_PKEY *pkey, int (*init)(EVP_PKEY_CTX *ctx))
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

	assert_int_equal(init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
	return ctx;
}

static void open_pair(struct pair *pair)
{
	uint8_t point[1 + P256_KEY_LEN];
	size_t len;

	pair->pkey = EVP_EC_gen("P-256");
	assert_non_null(pair->pkey);
	assert_int_equal(EVP_PKEY_get_octet_string_param(pair->pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
							 sizeof(point), &len),
			 1);
	assert_int_equal(len, sizeof(point));
	memcpy(pair->key, point + 1, P256_KEY_LEN);
	pair->sign = context(pair->pkey, EVP_PKEY_sign_init);
	pair->verify = context(pair->pkey, EVP_PKEY_verify_init);
	pair->table = p256_table_new(pair->key);
	assert_non_null(pair->table);
}

static void close_pair(struct pair *pair)
{
	p256_table_free(pair->table);
	EVP_PKEY_CTX_free(pair->sign);
	EVP_PKEY_CTX_free(pair->verify);
	EVP_PKEY_free(pair->pkey);
}

static void sign(const struct pair *pair, const uint8_t *digest, uint8_t *raw)
{
	uint8_t der[128];
	const uint8_t *p = der;
	size_t len = sizeof(der);
	const BIGNUM *r, *s;

	assert_int_equal(EVP_PKEY_sign(pair->sign, der, &len, digest, P256_DIGEST_LEN), 1);
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &p, (long)len);
	assert_non_null(signature);
	ECDSA_SIG_get0(signature, &r, &s);
	assert_int_equal(BN_bn2binpad(r, raw, 32), 32);
	assert_int_equal(BN_bn2binpad(s, raw + 32, 32), 32);
	ECDSA_SIG_free(signature);
}

static bool openssl_says(const struct pair *pair, const uint8_t *digest, const uint8_t *raw)
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	uint8_t der[128], *p = der;

	assert_int_equal(
		ECDSA_SIG_set0(signature, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL)),
		1);
	int len = i2d_ECDSA_SIG(signature, &p);
	ECDSA_SIG_free(signature);
	return EVP_PKEY_verify(pair->verify, der, (size_t)len, digest, P256_DIGEST_LEN) == 1;
}

static void same_verdict(const struct pair *pair, const uint8_t *digest, const uint8_t *raw,
			 bool wanted)
{
	assert_int_equal(openssl_says(pair, digest, raw), wanted);
	assert_int_equal(p256_verify(pair->table, scratch, digest, raw), wanted);
}

static void signatures_verify_as_openssl_verifies_them(void **state)
{
	uint8_t digest[P256_DIGEST_LEN], raw[P256_SIGNATURE_LEN], other[P256_DIGEST_LEN];

	(void)state;
	for (int k = 0; k < KEYS; k++) {
		struct pair pair, stranger;
		open_pair(&pair);
		open_pair(&stranger);
		for (int i = 0; i < ROUNDS; i++) {
			RAND_bytes(digest, sizeof(digest));
			RAND_bytes(other, sizeof(other));
			sign(&pair, digest, raw);
			same_verdict(&pair, digest, raw, true);
			same_verdict(&pair, other, raw, false);
			same_verdict(&stranger, digest, raw, false);
			raw[i % sizeof(raw)] ^= (uint8_t)(1 << i % 8);
			same_verdict(&pair, digest, raw, false);
		}
		close_pair(&stranger);
		close_pair(&pair);
	}
}

static void digests_at_the_ends_of_the_range_verify(void **state)
{
	uint8_t digest[P256_DIGEST_LEN], raw[P256_SIGNATURE_LEN];
	BIGNUM *order = NULL;
	struct pair pair;

	(void)state;
	open_pair(&pair);
	assert_true(BN_hex2bn(&order, order_hex) > 0);
	memset(digest, 0, sizeof(digest)); // u1 = 0: the generator has no part in it
	sign(&pair, digest, raw);
	same_verdict(&pair, digest, raw, true);
	assert_int_equal(BN_bn2binpad(order, digest, 32), 32); // the same modulo the order
	same_verdict(&pair, digest, raw, true);
	memset(digest, 0xff, sizeof(digest));
	same_verdict(&pair, digest, raw, false);
	sign(&pair, digest, raw);
	same_verdict(&pair, digest, raw, true);
	BN_free(order);
	close_pair(&pair);
}

// r and s lie in 1 … n - 1.
static void numbers_out_of_range_are_no_signature(void **state)
{
	uint8_t digest[P256_DIGEST_LEN] = {1}, raw[P256_SIGNATURE_LEN], spoilt[P256_SIGNATURE_LEN];
	uint8_t n[32];
	BIGNUM *order = NULL;
	struct pair pair;

	(void)state;
	open_pair(&pair);
	assert_true(BN_hex2bn(&order, order_hex) > 0);
	assert_int_equal(BN_bn2binpad(order, n, 32), 32);
	sign(&pair, digest, raw);
	for (int half = 0; half < 2; half++) {
		memcpy(spoilt, raw, sizeof(raw));
		memset(spoilt + half * 32, 0, 32);
		same_verdict(&pair, digest, spoilt, false);
		memcpy(spoilt + half * 32, n, 32);
		same_verdict(&pair, digest, spoilt, false);
		memset(spoilt + half * 32, 0xff, 32);
		same_verdict(&pair, digest, spoilt, false);
	}
	memset(spoilt, 0, sizeof(spoilt));
	same_verdict(&pair, digest, spoilt, false);
	BN_free(order);
	close_pair(&pair);
}

// With the key 2G and r = x(G), s belongs to the digest s - 2r: a small s has a twin above the
// order.
static void an_s_above_the_order_is_no_signature_though_it_fits_modulo(void **state)
{
	static const char generator_x[] =
		"6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296";
	static const char twice[] =
		"7CF27B188D034F7E8A52380304B51AC3C08969E277F21B35A60B48FC47669978"
		"07775510DB8ED040293D9AC69F7430DBBA7DADE63CE982299E04B79D227873D1";
	uint8_t key[P256_KEY_LEN], digest[P256_DIGEST_LEN], raw[P256_SIGNATURE_LEN];
	BIGNUM *order = NULL, *q = NULL, *r = NULL, *e = BN_new(), *s = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	(void)state;
	assert_true(BN_hex2bn(&order, order_hex) > 0);
	assert_true(BN_hex2bn(&q, twice) > 0);
	assert_true(BN_hex2bn(&r, generator_x) > 0);
	assert_int_equal(BN_bn2binpad(q, key, sizeof(key)), sizeof(key));
	struct p256_table *table = p256_table_new(key);
	assert_non_null(table);
	assert_int_equal(BN_set_word(s, 5), 1);
	assert_int_equal(BN_sub(e, s, r), 1);
	assert_int_equal(BN_mod_sub(e, e, r, order, ctx), 1);
	assert_int_equal(BN_bn2binpad(e, digest, sizeof(digest)), sizeof(digest));
	assert_int_equal(BN_bn2binpad(r, raw, 32), 32);
	assert_int_equal(BN_bn2binpad(s, raw + 32, 32), 32);
	assert_true(p256_verify(table, scratch, digest, raw));
	assert_int_equal(BN_add(s, s, order), 1);
	assert_int_equal(BN_bn2binpad(s, raw + 32, 32), 32);
	assert_false(p256_verify(table, scratch, digest, raw));
	p256_table_free(table);
	BN_CTX_free(ctx);
	BN_free(s);
	BN_free(e);
	BN_free(r);
	BN_free(q);
	BN_free(order);
}

// (r, n - s) is as good as (r, s), by the algorithm.
static void the_other_s_verifies_too(void **state)
{
	uint8_t digest[P256_DIGEST_LEN] = {7}, raw[P256_SIGNATURE_LEN];
	BIGNUM *order = NULL, *s;
	struct pair pair;

	(void)state;
	open_pair(&pair);
	sign(&pair, digest, raw);
	assert_true(BN_hex2bn(&order, order_hex) > 0);
	s = BN_bin2bn(raw + 32, 32, NULL);
	assert_int_equal(BN_sub(s, order, s), 1);
	assert_int_equal(BN_bn2binpad(s, raw + 32, 32), 32);
	same_verdict(&pair, digest, raw, true);
	BN_free(s);
	BN_free(order);
	close_pair(&pair);
}

// With Q = G and r = x(G): e and s can be chosen so that u1 G + u2 Q is at infinity, or a doubling.
static void sums_that_are_special_are_judged_alike(void **state)
{
	static const char generator[] =
		"6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
		"4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5";
	uint8_t key[P256_KEY_LEN], digest[P256_DIGEST_LEN], raw[P256_SIGNATURE_LEN];
	BIGNUM *order = NULL, *g = NULL, *e = BN_new();

	(void)state;
	assert_true(BN_hex2bn(&order, order_hex) > 0);
	assert_true(BN_hex2bn(&g, generator) > 0);
	assert_int_equal(BN_bn2binpad(g, key, sizeof(key)), sizeof(key));
	struct p256_table *table = p256_table_new(key);
	if (table == NULL)
		skip(); // the generator's own table is built in
	memcpy(raw, key, 32);
	memset(raw + 32, 0, 32);
	raw[63] = 1;
	BN_bin2bn(raw, 32, e);
	assert_int_equal(BN_sub(e, order, e), 1); // e = -r: at infinity
	assert_int_equal(BN_bn2binpad(e, digest, 32), 32);
	assert_false(p256_verify(table, scratch, digest, raw));
	memcpy(digest, raw, 32); // e = r: twice the same point
	assert_false(p256_verify(table, scratch, digest, raw));
	p256_table_free(table);
	BN_free(e);
	BN_free(g);
	BN_free(order);
}

static void what_is_no_point_has_no_table(void **state)
{
	uint8_t key[P256_KEY_LEN] = {0};

	(void)state;
	assert_null(p256_table_new(key));
	memset(key, 0xff, sizeof(key));
	assert_null(p256_table_new(key));
	memset(key, 5, sizeof(key));
	assert_null(p256_table_new(key));
}

static int open_scratch(void **state)
{
	(void)state;
	scratch = p256_scratch_new();
	return scratch == NULL;
}

static int close_scratch(void **state)
{
	(void)state;
	p256_scratch_free(scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_verify_as_openssl_verifies_them),
		cmocka_unit_test(digests_at_the_ends_of_the_range_verify),
		cmocka_unit_test(numbers_out_of_range_are_no_signature),
		cmocka_unit_test(an_s_above_the_order_is_no_signature_though_it_fits_modulo),
		cmocka_unit_test(the_other_s_verifies_too),
		cmocka_unit_test(sums_that_are_special_are_judged_alike),
		cmocka_unit_test(what_is_no_point_has_no_table),
	};

	return cmocka_run_group_tests(tests, open_scratch, close_scratch);
}
