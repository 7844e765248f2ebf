// Keys as they come out of DNSKEY RDATA: which are broken, what they verify, how many are kept.
#include "crypto/key.h"
#include "crypto/key_parse.h"
#include "tests/unit/crypto/unit.h"

#include <openssl/bn.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAD 4 // flags, protocol, algorithm

static struct keys *keys;
static struct verifier verifier;

static int open_keys(void **state)
{
	(void)state;
	keys = keys_new(4);
	return keys == NULL || !verifier_init(&verifier, 0);
}

static int close_keys(void **state)
{
	(void)state;
	keys_free(keys);
	verifier_fini(&verifier);
	return 0;
}

static size_t dnskey(uint8_t *out, uint8_t algorithm, const uint8_t *key, size_t len)
{
	memcpy(out, (const uint8_t[HEAD]){1, 0, 3, algorithm}, HEAD);
	memcpy(out + HEAD, key, len);
	return HEAD + len;
}

// RFC 3110 §2: what says how long the exponent is may lie. Behind the key is nothing that could be
// read.
static void an_rsa_exponent_ends_within_its_key(void **state)
{
	static const uint8_t shapes[][12] = {
		// so long that the key begins where one may
		{0, 0xff, 0xff}, // 65,535 octets
		{0, 0, 10},      // one more than there are
		{0, 0, 9},       // all of them
		{12},
		{11},
	};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *map =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(mprotect(map + page, page, PROT_NONE), 0);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		size_t len = HEAD + sizeof(shapes[i]);
		// Its RDATA ends where the page does.
		uint8_t *rdata = map + page - len;
		struct key *key = (struct key *)(rdata - offsetof(struct key, rdata));
		memset(map, 0, page);
		key->rdlen = dnskey(rdata, 8, shapes[i], sizeof(shapes[i]));
		key_parse(key);
		assert_true(key->broken);
	}
	munmap(map, 2 * page);
}

static void keys_of_another_length_than_their_algorithms_are_broken(void **state)
{
	static const struct {
		uint8_t algorithm;
		size_t len;
	} right[] = {{13, 64}, {14, 96}, {15, 32}, {16, 57}};
	static const size_t wrong[] = {0, 1, 31, 33, 63, 65, 95, 97, 128, 4000};
	uint8_t rdata[5000], noise[4000];

	(void)state;
	memset(noise, 0x5a, sizeof(noise));
	for (size_t a = 0; a < sizeof(right) / sizeof(right[0]); a++) {
		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			size_t len = dnskey(rdata, right[a].algorithm, noise, wrong[i]);
			struct key *key = keys_add(keys, rdata, len);
			assert_non_null(key);
			assert_true(key->broken);
			key_unref(key);
		}
	}
}

static void a_broken_key_verifies_nothing(void **state)
{
	static const uint8_t algorithms[] = {8, 13, 15, 250};
	uint8_t rdata[HEAD + 3], nothing[SIGNATURE_MAX] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(algorithms); i++) {
		size_t len = dnskey(rdata, algorithms[i], nothing, 3);
		struct key *key = keys_add(keys, rdata, len);
		assert_non_null(key);
		assert_true(key->broken);
		assert_false(key_verify(key, &verifier, nothing, 32, nothing, key->signature_len));
		key_unref(key);
	}
}

// With the generator for a key, r = its x, s = 1 and the digest -r, the sum that gives r is the
// point at infinity: to OpenSSL an error and not a wrong signature.
static void what_openssl_calls_an_error_is_no_signature(void **state)
{
	static const char g_hex[] =
		"6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
		"4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5";
	static const char n_hex[] =
		"FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
	uint8_t g[64], rdata[HEAD + 64], digest[32], raw[64] = {0};
	BIGNUM *point = NULL, *order = NULL, *r;

	(void)state;
	assert_true(BN_hex2bn(&point, g_hex) > 0);
	assert_true(BN_hex2bn(&order, n_hex) > 0);
	assert_int_equal(BN_bn2binpad(point, g, sizeof(g)), sizeof(g));
	memcpy(raw, g, 32);
	raw[63] = 1;
	r = BN_bin2bn(raw, 32, NULL);
	assert_int_equal(BN_sub(r, order, r), 1);
	assert_int_equal(BN_bn2binpad(r, digest, sizeof(digest)), sizeof(digest));
	struct key *key = keys_add(keys, rdata, dnskey(rdata, 13, g, sizeof(g)));
	assert_non_null(key);
	assert_false(key->broken);
	assert_false(key_verify(key, &verifier, digest, sizeof(digest), raw, sizeof(raw)));
	key_unref(key);
	BN_free(r);
	BN_free(order);
	BN_free(point);
}

static struct key *add_numbered(uint8_t number)
{
	uint8_t rdata[HEAD + 32], point[32] = {number};

	return keys_add(keys, rdata, dnskey(rdata, 15, point, sizeof(point)));
}

static bool is_kept(uint8_t number)
{
	uint8_t rdata[HEAD + 32], point[32] = {number};
	struct key *key = keys_find(keys, rdata, dnskey(rdata, 15, point, sizeof(point)));

	if (key != NULL)
		key_unref(key);
	return key != NULL;
}

static void keys_are_bounded_and_the_one_unused_for_longest_goes(void **state)
{
	(void)state;
	for (uint8_t i = 1; i <= 4; i++)
		key_unref(add_numbered(i));
	assert_true(is_kept(1)); // and is used by that
	struct key *in_use = add_numbered(5);
	assert_false(is_kept(2));
	assert_true(is_kept(1));
	for (uint8_t i = 6; i <= 9; i++)
		key_unref(add_numbered(i));
	for (uint8_t i = 1; i <= 5; i++)
		assert_false(is_kept(i));
	// It serves who has it all the same.
	assert_int_equal(in_use->refs, 1);
	assert_int_equal(in_use->rdata[HEAD], 5);
	key_unref(in_use);
	for (uint8_t i = 6; i <= 9; i++)
		assert_true(is_kept(i));
}

#define test(name) cmocka_unit_test_setup_teardown(name, open_keys, close_keys)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(an_rsa_exponent_ends_within_its_key),
		test(keys_of_another_length_than_their_algorithms_are_broken),
		test(a_broken_key_verifies_nothing),
		test(what_openssl_calls_an_error_is_no_signature),
		test(keys_are_bounded_and_the_one_unused_for_longest_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
