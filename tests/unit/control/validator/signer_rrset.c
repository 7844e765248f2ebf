// RRsets out of presentation form, and denial records made by hand.
#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer.h"
#include "tests/unit/control/validator/signer_check.h"

#include <ldns/ldns.h>
#include <openssl/evp.h>

#include <string.h>

const uint8_t *signer_name(const char *text)
{
	static struct kept {
		struct kept *next;
		char *text;
		uint8_t name[NAME_MAX_LEN];
	} * kept;

	for (struct kept *k = kept; k != NULL; k = k->next) {
		if (strcmp(k->text, text) == 0)
			return k->name;
	}
	struct kept *k = signer_alloc(sizeof(*k));
	k->text = strdup(text);
	CHECK(name_from_text(text, k->name) > 0);
	k->next = kept;
	kept = k;
	return k->name;
}

struct rrset *signer_rrset_wire(const uint8_t *owner, uint16_t type, uint32_t ttl_s,
				const struct rdata *rdatas, size_t count)
{
	struct record *records = signer_alloc(count * sizeof(*records));

	for (size_t i = 0; i < count; i++)
		records[i] = (struct record){owner, rdatas[i].data, ttl_s,
					     type,  CLASS_IN,       rdatas[i].len};
	struct rrset *rrset = rrset_new(records, count, NULL, 0);
	CHECK(rrset != NULL);
	free(records);
	return rrset;
}

// The uncompressed wire form of one line: owner, and where RDATA starts. The caller frees.
static uint8_t *line_to_wire(const char *line, size_t *len)
{
	ldns_rr *rr = NULL;
	uint8_t *wire = NULL;

	ldns_status status = ldns_rr_new_frm_str(&rr, line, 3600, NULL, NULL);
	if (status != LDNS_STATUS_OK)
		fprintf(stderr, "%s: %s\n", line, ldns_get_errorstr_by_id(status));
	CHECK(status == LDNS_STATUS_OK);
	CHECK(ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, len) == LDNS_STATUS_OK);
	ldns_rr_free(rr);
	return wire;
}

struct rrset *signer_rrset(const char *text)
{
	uint8_t *wires[RRSET_RECORDS_MAX];
	struct record records[RRSET_RECORDS_MAX];
	size_t count = 0;
	char *copy = strdup(text), *rest = NULL;

	for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		size_t len;
		uint8_t *wire = wires[count] = line_to_wire(line, &len);
		const uint8_t *fixed = wire + name_len(wire);
		records[count++] = (struct record){wire,
						   fixed + 10,
						   wire_get32(fixed + 4),
						   wire_get16(fixed),
						   wire_get16(fixed + 2),
						   wire_get16(fixed + 8)};
	}
	struct rrset *rrset = rrset_new(records, count, NULL, 0);
	CHECK(rrset != NULL);
	for (size_t i = 0; i < count; i++)
		free(wires[i]);
	free(copy);
	return rrset;
}

struct rrset *signer_dnskey_rrset(const uint8_t *zone, struct signer_key *const *keys, size_t count,
				  uint32_t ttl_s)
{
	struct rdata *rdatas = signer_alloc(count * sizeof(*rdatas));

	for (size_t i = 0; i < count; i++)
		rdatas[i] = (struct rdata){keys[i]->rdata, keys[i]->rdlen};
	struct rrset *rrset = signer_rrset_wire(zone, TYPE_DNSKEY, ttl_s, rdatas, count);
	free(rdatas);
	return rrset;
}

struct rrset *signer_ds_rrset(const uint8_t *zone, struct signer_key *const *keys, size_t count,
			      uint8_t digest_type, uint32_t ttl_s)
{
	uint8_t(*bytes)[64] = signer_alloc(count * sizeof(*bytes));
	struct rdata *rdatas = signer_alloc(count * sizeof(*rdatas));

	for (size_t i = 0; i < count; i++)
		rdatas[i] = (struct rdata){
			bytes[i], (uint16_t)signer_ds(keys[i], zone, digest_type, bytes[i])};
	struct rrset *rrset = signer_rrset_wire(zone, TYPE_DS, ttl_s, rdatas, count);
	free(rdatas);
	free(bytes);
	return rrset;
}

// RFC 4034 §4.1.2. types ends with 0 and is in any order.
static size_t put_bitmap(const uint16_t *types, uint8_t *out)
{
	size_t len = 0;

	for (int window = 0; window < 256; window++) {
		uint8_t octets[32] = {0}, used = 0;
		for (const uint16_t *type = types; *type != 0; type++) {
			if (*type >> 8 != window)
				continue;
			uint8_t octet = (*type & 255) >> 3;
			octets[octet] |= (uint8_t)(0x80 >> (*type & 7));
			used = octet + 1 > used ? (uint8_t)(octet + 1) : used;
		}
		if (used == 0)
			continue;
		out[len] = (uint8_t)window;
		out[len + 1] = used;
		memcpy(out + len + 2, octets, used);
		len += 2u + used;
	}
	return len;
}

struct rrset *signer_nsec(const char *owner, const char *next, const uint16_t *types,
			  uint32_t ttl_s)
{
	uint8_t rdata[NAME_MAX_LEN + 512];
	size_t len = name_len(signer_name(next));

	memcpy(rdata, signer_name(next), len);
	len += put_bitmap(types, rdata + len);
	return signer_rrset_wire(signer_name(owner), TYPE_NSEC, ttl_s,
				 &(struct rdata){rdata, (uint16_t)len}, 1);
}

void signer_nsec3_hash(const uint8_t *name, const struct signer_nsec3_params *params,
		       uint8_t hash[20])
{
	uint8_t data[NAME_MAX_LEN + 255];
	size_t len = name_len(name);
	// Fetched once: to fetch it for each of 65,536 iterations takes ten times as long.
	EVP_MD *sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	CHECK(sha1 != NULL && ctx != NULL);
	name_lower(data, name, len);
	for (unsigned i = 0; i <= params->iterations; i++) {
		memcpy(data + len, params->salt, params->salt_len);
		CHECK(EVP_DigestInit_ex2(ctx, sha1, NULL) == 1 &&
		      EVP_DigestUpdate(ctx, data, len + params->salt_len) == 1 &&
		      EVP_DigestFinal_ex(ctx, hash, NULL) == 1);
		memcpy(data, hash, 20);
		len = 20;
	}
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(sha1);
}

// hash + delta, as a big number that wraps.
static void add(uint8_t hash[20], int delta)
{
	for (int i = 19; i >= 0; i--) {
		hash[i] = (uint8_t)(hash[i] + delta);
		if (hash[i] != (delta > 0 ? 0 : 255))
			return;
	}
}

struct rrset *signer_nsec3(const char *name, const char *zone,
			   const struct signer_nsec3_params *params, bool before,
			   const uint8_t next[20], const uint16_t *types, uint32_t ttl_s)
{
	uint8_t hash[20], after[20], owner[NAME_MAX_LEN], rdata[1024];
	size_t zone_len = name_len(signer_name(zone));

	signer_nsec3_hash(signer_name(name), params, hash);
	memcpy(after, hash, 20);
	add(after, 1);
	if (before)
		add(hash, -1);
	owner[0] = 32;
	CHECK(base32hex_encode(hash, 20, owner + 1) == 32);
	memcpy(owner + 33, signer_name(zone), zone_len);
	rdata[0] = 1;
	rdata[1] = params->opt_out ? NSEC3_OPTOUT : 0;
	wire_put16(rdata + 2, params->iterations);
	rdata[4] = params->salt_len;
	memcpy(rdata + 5, params->salt, params->salt_len);
	size_t len = 5u + params->salt_len;
	rdata[len] = 20;
	memcpy(rdata + len + 1, next != NULL ? next : after, 20);
	len += 21;
	len += put_bitmap(types, rdata + len);
	return signer_rrset_wire(owner, TYPE_NSEC3, ttl_s, &(struct rdata){rdata, (uint16_t)len},
				 1);
}
