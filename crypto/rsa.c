#include "crypto/rsa.h"

#include <openssl/bn.h>

#include <stdlib.h>
#include <string.h>

#define BITS_MIN     512
#define BITS_MAX     (8 * RSA_BYTES_MAX)
#define EXPONENT_MAX 0x100000001ull // 2^32 + 1

struct rsa_key {
	BIGNUM *modulus;
	BN_MONT_CTX *montgomery;
	uint64_t exponent;
	size_t bytes;
};

struct rsa_scratch {
	BN_CTX *ctx;
	BIGNUM *signature, *power;
	uint8_t expected[RSA_BYTES_MAX], found[RSA_BYTES_MAX];
};

// ---- keys ----

// 0: not to be used.
static uint64_t exponent_of(const uint8_t *e, size_t len)
{
	uint64_t value = 0;

	while (len > 0 && e[0] == 0) {
		e++;
		len--;
	}
	if (len > sizeof(value))
		return 0;
	for (size_t i = 0; i < len; i++)
		value = value << 8 | e[i];
	return value >= 3 && value % 2 == 1 && value <= EXPONENT_MAX ? value : 0;
}

static bool set_modulus(struct rsa_key *key, const uint8_t *n, size_t n_len)
{
	BN_CTX *ctx = BN_CTX_new();

	key->modulus = BN_bin2bn(n, (int)n_len, NULL);
	key->montgomery = BN_MONT_CTX_new();
	bool good = ctx != NULL && key->modulus != NULL && key->montgomery != NULL &&
		    BN_num_bits(key->modulus) >= BITS_MIN &&
		    BN_num_bits(key->modulus) <= BITS_MAX && BN_is_odd(key->modulus) &&
		    BN_MONT_CTX_set(key->montgomery, key->modulus, ctx) == 1;
	BN_CTX_free(ctx);
	return good;
}

struct rsa_key *rsa_key_new(const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len)
{
	struct rsa_key *key;
	uint64_t exponent = exponent_of(e, e_len);

	if (exponent == 0 || n_len > RSA_BYTES_MAX)
		return NULL;
	key = calloc(1, sizeof(*key));
	if (key == NULL)
		return NULL;
	if (!set_modulus(key, n, n_len)) {
		rsa_key_free(key);
		return NULL;
	}
	key->exponent = exponent;
	key->bytes = (size_t)BN_num_bytes(key->modulus);
	return key;
}

void rsa_key_free(struct rsa_key *key)
{
	if (key == NULL)
		return;
	BN_MONT_CTX_free(key->montgomery);
	BN_free(key->modulus);
	free(key);
}

size_t rsa_key_bytes(const struct rsa_key *key)
{
	return key->bytes;
}

struct rsa_scratch *rsa_scratch_new(void)
{
	struct rsa_scratch *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->ctx = BN_CTX_new();
	s->signature = BN_new();
	s->power = BN_new();
	if (s->ctx == NULL || s->signature == NULL || s->power == NULL) {
		rsa_scratch_free(s);
		return NULL;
	}
	return s;
}

void rsa_scratch_free(struct rsa_scratch *s)
{
	if (s == NULL)
		return;
	BN_free(s->power);
	BN_free(s->signature);
	BN_CTX_free(s->ctx);
	free(s);
}

// ---- verification ----

// power = signature ^ exponent mod n, from the exponent's highest bit down. Its lowest bit is
// always set: multiplying by the plain signature there leads out of Montgomery's form for nothing.
static bool raise_signature(const struct rsa_key *key, struct rsa_scratch *s)
{
	BN_MONT_CTX *m = key->montgomery;
	uint64_t bit = 1ull << (63 - __builtin_clzll(key->exponent));
	BIGNUM *lifted, *x = s->power;

	BN_CTX_start(s->ctx);
	lifted = BN_CTX_get(s->ctx);
	bool good = lifted != NULL && BN_to_montgomery(lifted, s->signature, m, s->ctx) == 1 &&
		    BN_copy(x, lifted) != NULL;
	while (good && (bit >>= 1) > 0) {
		good = BN_mod_mul_montgomery(x, x, x, m, s->ctx) == 1;
		if (good && (key->exponent & bit) != 0)
			good = BN_mod_mul_montgomery(x, x, bit == 1 ? s->signature : lifted, m,
						     s->ctx) == 1;
	}
	BN_CTX_end(s->ctx);
	return good;
}

// RFC 8017 §9.2: 00 01 ff … ff 00, DigestInfo, digest. False: the modulus is too short for it.
static bool encode(uint8_t *out, size_t len, const struct algorithm *algorithm,
		   const uint8_t *digest, size_t digest_len)
{
	size_t tail = algorithm->digest_info_len + digest_len;

	if (len < tail + 11)
		return false;
	out[0] = 0;
	out[1] = 1;
	memset(out + 2, 0xff, len - tail - 3);
	out[len - tail - 1] = 0;
	memcpy(out + len - tail, algorithm->digest_info, algorithm->digest_info_len);
	memcpy(out + len - digest_len, digest, digest_len);
	return true;
}

bool rsa_verify(const struct rsa_key *key, struct rsa_scratch *s, const struct algorithm *algorithm,
		const uint8_t *digest, size_t digest_len, const uint8_t *signature)
{
	// Comparing with the only encoding there is, instead of taking apart what was signed,
	// leaves a forger nothing to hide in.
	return encode(s->expected, key->bytes, algorithm, digest, digest_len) &&
	       BN_bin2bn(signature, (int)key->bytes, s->signature) != NULL &&
	       // RFC 8017 §5.2.2: a representative is below the modulus.
	       BN_ucmp(s->signature, key->modulus) < 0 && raise_signature(key, s) &&
	       BN_bn2binpad(s->power, s->found, (int)key->bytes) == (int)key->bytes &&
	       memcmp(s->found, s->expected, key->bytes) == 0;
}
