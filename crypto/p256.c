// OpenSSL 3 calls the making of tables deprecated and has nothing in its place.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/p256.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <stdlib.h>

#define HALF 32 // bytes of a coordinate, of r and of s

// A group like P-256's but with the public key for its generator: what OpenSSL keeps of the one it
// keeps of the other.
struct p256_table {
	EC_GROUP *group;
};

struct p256_scratch {
	EC_GROUP *curve;
	BN_CTX *ctx;
	BIGNUM *r, *s, *e, *u1, *u2, *x;
	EC_POINT *sum, *part;
};

static EC_GROUP *curve_new(void)
{
	return EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
}

static bool make(EC_GROUP *group, EC_POINT *point, const uint8_t *key, BN_CTX *ctx)
{
	BIGNUM *x = BN_bin2bn(key, HALF, NULL);
	BIGNUM *y = BN_bin2bn(key + HALF, HALF, NULL);
	// OpenSSL refuses what is no point of the curve.
	bool made = x != NULL && y != NULL &&
		    EC_POINT_set_affine_coordinates(group, point, x, y, ctx) == 1 &&
		    EC_GROUP_set_generator(group, point, EC_GROUP_get0_order(group),
					   EC_GROUP_get0_cofactor(group)) == 1 &&
		    EC_GROUP_precompute_mult(group, ctx) == 1 &&
		    EC_GROUP_have_precompute_mult(group) == 1;

	BN_free(x);
	BN_free(y);
	return made;
}

struct p256_table *p256_table_new(const uint8_t key[P256_KEY_LEN])
{
	struct p256_table *table = calloc(1, sizeof(*table));
	EC_GROUP *group = curve_new();
	EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
	BN_CTX *ctx = BN_CTX_new();
	bool made = table != NULL && point != NULL && ctx != NULL && make(group, point, key, ctx);

	BN_CTX_free(ctx);
	EC_POINT_free(point);
	if (!made) {
		EC_GROUP_free(group);
		free(table);
		return NULL;
	}
	table->group = group;
	return table;
}

void p256_table_free(struct p256_table *table)
{
	if (table == NULL)
		return;
	EC_GROUP_free(table->group);
	free(table);
}

struct p256_scratch *p256_scratch_new(void)
{
	struct p256_scratch *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->curve = curve_new();
	s->ctx = BN_CTX_new();
	s->r = BN_new();
	s->s = BN_new();
	s->e = BN_new();
	s->u1 = BN_new();
	s->u2 = BN_new();
	s->x = BN_new();
	if (s->curve != NULL) {
		s->sum = EC_POINT_new(s->curve);
		s->part = EC_POINT_new(s->curve);
	}
	if (s->ctx == NULL || s->r == NULL || s->s == NULL || s->e == NULL || s->u1 == NULL ||
	    s->u2 == NULL || s->x == NULL || s->sum == NULL || s->part == NULL) {
		p256_scratch_free(s);
		return NULL;
	}
	return s;
}

void p256_scratch_free(struct p256_scratch *s)
{
	if (s == NULL)
		return;
	EC_POINT_free(s->part);
	EC_POINT_free(s->sum);
	BN_free(s->x);
	BN_free(s->u2);
	BN_free(s->u1);
	BN_free(s->e);
	BN_free(s->s);
	BN_free(s->r);
	BN_CTX_free(s->ctx);
	EC_GROUP_free(s->curve);
	free(s);
}

static bool in_range(const BIGNUM *value, const BIGNUM *order)
{
	return !BN_is_zero(value) && BN_cmp(value, order) < 0;
}

// u1 = e / s, u2 = r / s, modulo the order (FIPS 186-5 §6.4.2 steps 4 and 5).
static bool divide(struct p256_scratch *s, const BIGNUM *order)
{
	return BN_mod_inverse(s->x, s->s, order, s->ctx) != NULL &&
	       BN_mod_mul(s->u1, s->e, s->x, order, s->ctx) == 1 &&
	       BN_mod_mul(s->u2, s->r, s->x, order, s->ctx) == 1;
}

// The x coordinate of u1 G + u2 Q, modulo the order, into s->x (steps 6 to 8). False for the point
// at infinity.
static bool multiply(const struct p256_table *table, struct p256_scratch *s, const BIGNUM *order)
{
	return EC_POINT_mul(s->curve, s->sum, s->u1, NULL, NULL, s->ctx) == 1 &&
	       EC_POINT_mul(table->group, s->part, s->u2, NULL, NULL, s->ctx) == 1 &&
	       EC_POINT_add(s->curve, s->sum, s->sum, s->part, s->ctx) == 1 &&
	       EC_POINT_is_at_infinity(s->curve, s->sum) == 0 &&
	       EC_POINT_get_affine_coordinates(s->curve, s->sum, s->x, NULL, s->ctx) == 1 &&
	       BN_nnmod(s->x, s->x, order, s->ctx) == 1;
}

bool p256_verify(const struct p256_table *table, struct p256_scratch *s,
		 const uint8_t digest[P256_DIGEST_LEN], const uint8_t signature[P256_SIGNATURE_LEN])
{
	const BIGNUM *order = EC_GROUP_get0_order(s->curve);

	if (BN_bin2bn(signature, HALF, s->r) == NULL ||
	    BN_bin2bn(signature + HALF, HALF, s->s) == NULL ||
	    BN_bin2bn(digest, P256_DIGEST_LEN, s->e) == NULL)
		return false;
	return in_range(s->r, order) && in_range(s->s, order) && divide(s, order) &&
	       multiply(table, s, order) && BN_cmp(s->x, s->r) == 0;
}
