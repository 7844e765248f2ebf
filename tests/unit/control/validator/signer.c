#include "tests/unit/control/validator/signer.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer_check.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *signer_alloc(size_t size)
{
	void *p = calloc(1, size);

	CHECK(p != NULL);
	return p;
}

// ---- keys ----

static const EVP_MD *md_of(uint8_t algorithm)
{
	switch (algorithm) {
	case 5:
	case 7:
		return EVP_sha1();
	case 8:
	case 13:
		return EVP_sha256();
	case 14:
		return EVP_sha384();
	case 10:
		return EVP_sha512();
	default:
		return NULL; // EdDSA hashes by itself
	}
}

static EVP_PKEY *generate(uint8_t algorithm, unsigned rsa_bits)
{
	switch (algorithm) {
	case 13:
		return EVP_EC_gen("P-256");
	case 14:
		return EVP_EC_gen("P-384");
	case 15:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case 16:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	default:
		return EVP_RSA_gen(rsa_bits == 0 ? 2048 : rsa_bits);
	}
}

static size_t bignum_out(EVP_PKEY *pair, const char *what, uint8_t *out, int len)
{
	BIGNUM *bn = NULL;
	CHECK(EVP_PKEY_get_bn_param(pair, what, &bn) == 1);
	int bytes = BN_num_bytes(bn);
	if (len > 0)
		CHECK(BN_bn2binpad(bn, out, len) == len);
	else
		CHECK(BN_bn2bin(bn, out) == bytes);
	BN_free(bn);
	return (size_t)(len > 0 ? len : bytes);
}

// RFC 3110 §2, RFC 6605 §4, RFC 8080 §3.
static size_t public_half(uint8_t algorithm, EVP_PKEY *pair, uint8_t *out)
{
	size_t len = SIGNER_KEY_MAX - 4;

	if (algorithm == 13 || algorithm == 14) {
		int half = algorithm == 13 ? 32 : 48;
		bignum_out(pair, OSSL_PKEY_PARAM_EC_PUB_X, out, half);
		bignum_out(pair, OSSL_PKEY_PARAM_EC_PUB_Y, out + half, half);
		return (size_t)half * 2;
	}
	if (algorithm == 15 || algorithm == 16) {
		CHECK(EVP_PKEY_get_raw_public_key(pair, out, &len) == 1);
		return len;
	}
	out[0] = (uint8_t)bignum_out(pair, OSSL_PKEY_PARAM_RSA_E, out + 1, 0);
	return 1u + out[0] + bignum_out(pair, OSSL_PKEY_PARAM_RSA_N, out + 1 + out[0], 0);
}

void signer_key_set_flags(struct signer_key *key, uint16_t flags)
{
	wire_put16(key->rdata, flags);
	uint32_t sum = 0; // RFC 4034 B
	for (size_t i = 0; i < key->rdlen; i += 2) {
		sum += (uint32_t)key->rdata[i] << 8;
		sum += i + 1 < key->rdlen ? key->rdata[i + 1] : 0;
	}
	key->tag = (uint16_t)(sum + (sum >> 16));
}

struct signer_key *signer_key_new(uint8_t algorithm, unsigned rsa_bits, uint16_t flags)
{
	struct signer_key *key = signer_alloc(sizeof(*key));

	key->algorithm = algorithm;
	key->pair = generate(algorithm, rsa_bits);
	CHECK(key->pair != NULL);
	key->rdata[2] = 3;
	key->rdata[3] = algorithm;
	key->rdlen = (uint16_t)(4 + public_half(algorithm, key->pair, key->rdata + 4));
	signer_key_set_flags(key, flags);
	return key;
}

struct signer_key *signer_zsk_with_tag(uint8_t algorithm, uint16_t tag)
{
	const uint16_t zone_key = 0x0100, fixed = zone_key | DNSKEY_REVOKE | 0x0001;

	for (;;) {
		struct signer_key *key = signer_key_new(algorithm, 0, zone_key);
		for (uint32_t flags = 0; flags <= UINT16_MAX; flags++) {
			if ((flags & fixed) != zone_key)
				continue;
			signer_key_set_flags(key, (uint16_t)flags);
			if (key->tag == tag)
				return key;
		}
		signer_key_free(key);
	}
}

struct signer_key *signer_key_with_tag(uint8_t algorithm, uint16_t flags, uint16_t tag,
				       unsigned seed)
{
	struct signer_key *key = signer_alloc(sizeof(*key));
	uint32_t state = seed * 2654435761u + 1;

	key->algorithm = algorithm;
	key->rdata[2] = 3;
	key->rdata[3] = algorithm;
	key->rdlen = 4 + 4 + 128;
	memcpy(key->rdata + 4, (const uint8_t[]){3, 1, 0, 1}, 4);
	for (size_t i = 8; i < key->rdlen; i++) {
		state = state * 1664525 + 1013904223;
		key->rdata[i] = (uint8_t)(state >> 24);
	}
	key->rdata[8] |= 0x80;
	key->rdata[key->rdlen - 1] |= 1; // odd, so the word before the last is free to choose
	for (uint32_t word = 0; word < 65536; word++) {
		wire_put16(key->rdata + key->rdlen - 4, (uint16_t)word);
		signer_key_set_flags(key, flags);
		if (key->tag == tag)
			return key;
	}
	CHECK(seed < 1000000);
	free(key);
	return signer_key_with_tag(algorithm, flags, tag, seed + 1000003);
}

void signer_key_free(struct signer_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pair);
	free(key);
}

size_t signer_ds(const struct signer_key *key, const uint8_t *zone, uint8_t digest_type,
		 uint8_t rdata[64])
{
	const EVP_MD *md = digest_type == 1   ? EVP_sha1()
			   : digest_type == 4 ? EVP_sha384()
					      : EVP_sha256();
	uint8_t data[NAME_MAX_LEN + SIGNER_KEY_MAX];
	size_t len = name_len(zone);
	unsigned digest_len;

	name_lower(data, zone, len);
	memcpy(data + len, key->rdata, key->rdlen);
	wire_put16(rdata, key->tag);
	rdata[2] = key->algorithm;
	rdata[3] = digest_type;
	CHECK(EVP_Digest(data, len + key->rdlen, rdata + 4, &digest_len, md, NULL) == 1);
	return 4 + digest_len;
}

// ---- signatures ----

// The names inside RDATA in lower case (RFC 4034 §6.2), for the types that tests sign.
static void fold(uint16_t type, uint8_t *rdata, size_t len)
{
	size_t off = type == TYPE_MX ? 2 : type == TYPE_SRV ? 6 : 0;
	size_t names = type == TYPE_SOA ? 2 : 1;

	if (type != TYPE_NS && type != TYPE_CNAME && type != TYPE_DNAME && type != TYPE_PTR &&
	    type != TYPE_SOA && type != TYPE_MX && type != TYPE_SRV)
		return;
	for (; names > 0 && off < len; names--) {
		size_t bytes = name_len(rdata + off);
		name_lower(rdata + off, rdata + off, bytes);
		off += bytes;
	}
}

static int by_octets(const void *a, const void *b)
{
	const struct rdata *x = a, *y = b;
	int diff = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

	return diff != 0 ? diff : (int)x->len - (int)y->len;
}

// The records of an RRset as they go into the signed data (RFC 4034 §3.1.8.1).
static size_t put_records(const struct rrset *rrset, const uint8_t *owner, uint32_t ttl_s,
			  bool keep_case, uint8_t *out)
{
	struct rdata *sorted = signer_alloc(rrset->count * sizeof(*sorted));
	uint8_t *copies = signer_alloc(rrset_rdata_bytes(rrset) + 1), *copy = copies, *p = out;

	for (size_t i = 0; i < rrset->count; i++) {
		memcpy(copy, rrset->rdatas[i].data, rrset->rdatas[i].len);
		if (!keep_case)
			fold(rrset->type, copy, rrset->rdatas[i].len);
		sorted[i] = (struct rdata){copy, rrset->rdatas[i].len};
		copy += rrset->rdatas[i].len;
	}
	qsort(sorted, rrset->count, sizeof(*sorted), by_octets);
	for (size_t i = 0; i < rrset->count; i++) {
		size_t len = name_len(owner);
		name_lower(p, owner, len);
		p += len;
		wire_put16(p, rrset->type);
		wire_put16(p + 2, rrset->class_);
		wire_put32(p + 4, ttl_s);
		wire_put16(p + 8, sorted[i].len);
		memcpy(p + 10, sorted[i].data, sorted[i].len);
		p += 10 + sorted[i].len;
	}
	free(copies);
	free(sorted);
	return (size_t)(p - out);
}

// Raw r and s out of the DER of ECDSA (RFC 6605 §4).
static size_t raw_ecdsa(const uint8_t *der, size_t der_len, int half, uint8_t *out)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)der_len);

	CHECK(sig != NULL);
	CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, half) == half);
	CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, half) == half);
	ECDSA_SIG_free(sig);
	return (size_t)half * 2;
}

// Zones are signed again and again with little changed.
#define SIGNED_MAX     4096 // a newer one takes an older one's place
#define SIGNED_LEN_MAX 64
static struct signed_before {
	uint8_t what[32]; // digest of key and data
	uint8_t signature[SIGNED_LEN_MAX];
	size_t len;
} signed_before[SIGNED_MAX];

static struct signed_before *signed_place(const struct signer_key *key, const uint8_t *data,
					  size_t len, uint8_t what[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned what_len = 0;

	CHECK(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1);
	CHECK(EVP_DigestUpdate(ctx, key->rdata, key->rdlen) == 1);
	CHECK(EVP_DigestUpdate(ctx, data, len) == 1);
	CHECK(EVP_DigestFinal_ex(ctx, what, &what_len) == 1);
	EVP_MD_CTX_free(ctx);
	return &signed_before[wire_get16(what) % SIGNED_MAX];
}

static size_t sign_anew(const struct signer_key *key, const uint8_t *data, size_t len, uint8_t *out)
{
	uint8_t signature[1024];
	size_t signature_len = sizeof(signature);

	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	CHECK(EVP_DigestSignInit(ctx, NULL, md_of(key->algorithm), NULL, key->pair) == 1);
	CHECK(EVP_DigestSign(ctx, signature, &signature_len, data, len) == 1);
	EVP_MD_CTX_free(ctx);
	if (key->algorithm == 13 || key->algorithm == 14)
		return raw_ecdsa(signature, signature_len, key->algorithm == 13 ? 32 : 48, out);
	memcpy(out, signature, signature_len);
	return signature_len;
}

static size_t sign_bytes(const struct signer_key *key, const uint8_t *data, size_t len,
			 uint8_t *out)
{
	uint8_t what[32];

	if (key->pair == NULL) {
		for (size_t i = 0; i < 128; i++)
			out[i] = (uint8_t)(i * 37 + key->rdata[20] + data[0] + (i == 0 ? 0 : 1));
		out[0] &= 0x7f;
		return 128;
	}
	struct signed_before *place = signed_place(key, data, len, what);
	if (place->len > 0 && memcmp(place->what, what, sizeof(what)) == 0) {
		memcpy(out, place->signature, place->len);
		return place->len;
	}
	size_t signature_len = sign_anew(key, data, len, out);
	if (signature_len <= SIGNED_LEN_MAX) {
		memcpy(place->what, what, sizeof(what));
		memcpy(place->signature, out, signature_len);
		place->len = signature_len;
	}
	return signature_len;
}

// RFC 4034 §3.1.3: neither the root nor a first "*" counts.
static uint8_t owner_labels(const uint8_t *owner)
{
	return (uint8_t)(name_labels(owner) - (name_is_wildcard(owner) ? 1 : 0));
}

static size_t rrsig_rdata(const struct rrset *rrset, const struct signer_key *key,
			  const uint8_t *zone, const struct signer_options *o, uint8_t *out)
{
	const uint8_t *signer = o->signer != NULL ? o->signer : zone;
	uint32_t ttl_s = o->has_original_ttl ? o->original_ttl : rrset->ttl_s;
	int64_t inception = o->inception_s != 0 ? o->inception_s : SIGNER_NOW - 86400;
	int64_t expiration = o->expiration_s != 0 ? o->expiration_s : SIGNER_NOW + 864000;
	size_t bytes = rrset->count * (NAME_MAX_LEN + 10) + rrset_rdata_bytes(rrset);
	uint8_t *data = signer_alloc(300 + bytes);

	wire_put16(out, rrset->type);
	out[2] = o->algorithm != 0 ? o->algorithm : key->algorithm;
	out[3] = o->has_labels ? o->labels : owner_labels(rrset->owner);
	wire_put32(out + 4, ttl_s);
	wire_put32(out + 8, (uint32_t)expiration);
	wire_put32(out + 12, (uint32_t)inception);
	wire_put16(out + 16, o->has_tag ? o->tag : key->tag);
	size_t len = 18 + name_len(signer);
	memcpy(out + 18, signer, len - 18);
	memcpy(data, out, 18);
	name_lower(data + 18, signer, len - 18);
	size_t data_len = len + put_records(rrset, o->signed_owner ? o->signed_owner : rrset->owner,
					    ttl_s, o->keep_case, data + len);
	size_t signature_len = sign_bytes(key, data, data_len, out + len);
	if (o->corrupt)
		out[len + signature_len / 3] ^= 0x10;
	free(data);
	return len + signature_len;
}

static struct rrset *assemble(const struct rrset *rrset, const uint8_t *owner,
			      const struct rdata *rrsigs, size_t rrsig_count)
{
	struct record *records = signer_alloc((rrset->count + rrsig_count) * sizeof(*records));

	for (size_t i = 0; i < rrset->count; i++)
		records[i] =
			(struct record){owner,       rrset->rdatas[i].data, rrset->ttl_s,
					rrset->type, rrset->class_,         rrset->rdatas[i].len};
	for (size_t i = 0; i < rrsig_count; i++)
		records[rrset->count + i] =
			(struct record){owner,      rrsigs[i].data, rrset->ttl_s,
					TYPE_RRSIG, rrset->class_,  rrsigs[i].len};
	struct rrset *made = rrset_new(records, rrset->count, records + rrset->count, rrsig_count);
	CHECK(made != NULL);
	free(records);
	return made;
}

struct rrset *signer_sign(const struct rrset *rrset, const struct signer_key *key,
			  const uint8_t *zone, const struct signer_options *options)
{
	static const struct signer_options ordinary;
	struct rdata rrsigs[RRSET_RRSIGS_MAX + 1];
	uint8_t rdata[2048];

	memcpy(rrsigs, rrset->rrsigs, rrset->rrsig_count * sizeof(rrsigs[0]));
	rrsigs[rrset->rrsig_count] = (struct rdata){
		rdata,
		(uint16_t)rrsig_rdata(rrset, key, zone, options ? options : &ordinary, rdata),
	};
	return assemble(rrset, rrset->owner, rrsigs, rrset->rrsig_count + 1u);
}

struct rrset *signer_move(const struct rrset *rrset, const uint8_t *owner)
{
	return assemble(rrset, owner, rrset->rrsigs, rrset->rrsig_count);
}

struct rrset *signer_strip(const struct rrset *rrset)
{
	return assemble(rrset, rrset->owner, NULL, 0);
}
