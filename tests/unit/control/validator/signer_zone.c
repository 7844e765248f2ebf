// Whole signed zones, and what an authoritative server answers from them.
#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer.h"
#include "tests/unit/control/validator/signer_check.h"

#include <stdio.h>
#include <string.h>

#define TYPES_MAX 64

struct signer_zone {
	const uint8_t *apex;
	struct signer_zone_options options;
	struct signer_key *ksk, *zsk;
	struct rrset **rrsets; // NSEC and NSEC3 among them
	size_t count;
	struct rrset **made; // for one answer: expanded wildcards, compact denial
	size_t made_count;
	uint32_t negative_ttl_s;
	char ds_text[300];
};

static void *grow(void *list, size_t count, size_t size)
{
	void *grown = realloc(list, (count + 1) * size);

	CHECK(grown != NULL);
	return grown;
}

static void put(struct signer_zone *z, struct rrset *rrset)
{
	z->rrsets = grow(z->rrsets, z->count, sizeof(z->rrsets[0]));
	z->rrsets[z->count++] = rrset;
}

static const struct rrset *keep(struct signer_zone *z, struct rrset *rrset)
{
	z->made = grow(z->made, z->made_count, sizeof(z->made[0]));
	z->made[z->made_count++] = rrset;
	return rrset;
}

const struct rrset *signer_zone_find(const struct signer_zone *z, const uint8_t *name,
				     uint16_t type)
{
	for (size_t i = 0; i < z->count; i++) {
		if (z->rrsets[i]->type == type && name_equal(z->rrsets[i]->owner, name))
			return z->rrsets[i];
	}
	return NULL;
}

void signer_zone_replace(struct signer_zone *z, struct rrset *rrset)
{
	for (size_t i = 0; i < z->count; i++) {
		if (z->rrsets[i]->type != rrset->type ||
		    !name_equal(z->rrsets[i]->owner, rrset->owner))
			continue;
		keep(z, z->rrsets[i]); // an earlier answer may point at it
		z->rrsets[i] = rrset;
		return;
	}
	put(z, rrset);
}

// The topmost cut at or above name, or NULL.
static const uint8_t *cut_of(const struct signer_zone *z, const uint8_t *name)
{
	for (size_t labels = name_labels(z->apex) + 1; labels <= name_labels(name); labels++) {
		const uint8_t *at = name_ancestor(name, labels);
		if (signer_zone_find(z, at, TYPE_NS) != NULL)
			return at;
	}
	return NULL;
}

static bool glue(const struct signer_zone *z, const uint8_t *name)
{
	const uint8_t *cut = cut_of(z, name);

	return cut != NULL && !name_equal(cut, name);
}

static void read_text(struct signer_zone *z, const char *text)
{
	char *copy = strdup(text), *rest = NULL;

	for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct rrset *one = signer_rrset(line);
		const struct rrset *there = signer_zone_find(z, one->owner, one->type);
		CHECK(name_within(one->owner, z->apex));
		if (there == NULL) {
			put(z, one);
			continue;
		}
		struct rdata rdatas[RRSET_RECORDS_MAX];
		memcpy(rdatas, there->rdatas, there->count * sizeof(rdatas[0]));
		rdatas[there->count] = one->rdatas[0];
		signer_zone_replace(z, signer_rrset_wire(there->owner, there->type, there->ttl_s,
							 rdatas, there->count + 1u));
		rrset_free(one);
	}
	free(copy);
}

// Types at an owner, ended by 0, for its NSEC or NSEC3.
static void types_at(const struct signer_zone *z, const uint8_t *name, bool nsec, uint16_t *types)
{
	bool cut = cut_of(z, name) != NULL;
	size_t n = 0;
	bool is_signed = false;

	for (size_t i = 0; i < z->count; i++) {
		const struct rrset *rrset = z->rrsets[i];
		if (!name_equal(rrset->owner, name) || rrset->type == TYPE_NSEC ||
		    rrset->type == TYPE_NSEC3 ||
		    (cut && rrset->type != TYPE_NS && rrset->type != TYPE_DS))
			continue;
		CHECK(n < TYPES_MAX - 3);
		types[n++] = rrset->type;
		is_signed |= !cut || rrset->type == TYPE_DS;
	}
	if (nsec)
		types[n++] = TYPE_NSEC;
	if (nsec || is_signed)
		types[n++] = TYPE_RRSIG;
	types[n] = 0;
}

static int by_name(const void *a, const void *b)
{
	return name_compare(*(const uint8_t *const *)a, *(const uint8_t *const *)b);
}

// Distinct owners that are not glue, in canonical order, with empty non-terminals if asked.
static size_t owners_of(const struct signer_zone *z, bool nsec3, const uint8_t **owners)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < z->count; i++) {
		const uint8_t *owner = z->rrsets[i]->owner;
		bool insecure_cut =
			cut_of(z, owner) != NULL && !signer_zone_find(z, owner, TYPE_DS);
		if (glue(z, owner) || (nsec3 && z->options.params.opt_out && insecure_cut))
			continue;
		owners[n++] = owner;
		for (size_t labels = name_labels(z->apex); nsec3 && labels < name_labels(owner);
		     labels++)
			owners[n++] = name_ancestor(owner, labels);
	}
	qsort(owners, n, sizeof(owners[0]), by_name);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || !name_equal(owners[kept - 1], owners[i]))
			owners[kept++] = owners[i];
	}
	return kept;
}

static void make_nsec(struct signer_zone *z)
{
	const uint8_t **owners = signer_alloc(z->count * sizeof(*owners));
	size_t count = owners_of(z, false, owners);
	char owner[NAME_TEXT_MAX], next[NAME_TEXT_MAX];
	uint16_t types[TYPES_MAX];

	for (size_t i = 0; i < count; i++) {
		types_at(z, owners[i], true, types);
		put(z, signer_nsec(name_to_text(owners[i], owner),
				   name_to_text(owners[(i + 1) % count], next), types,
				   z->negative_ttl_s));
	}
	free(owners);
}

struct hashed {
	uint8_t hash[20];
	const uint8_t *name;
};

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, 20);
}

static void make_nsec3(struct signer_zone *z)
{
	const uint8_t **owners = signer_alloc(z->count * 128 * sizeof(*owners));
	size_t count = owners_of(z, true, owners);
	struct hashed *hashed = signer_alloc(count * sizeof(*hashed));
	char owner[NAME_TEXT_MAX], zone[NAME_TEXT_MAX];
	uint16_t types[TYPES_MAX];

	for (size_t i = 0; i < count; i++) {
		hashed[i].name = owners[i];
		signer_nsec3_hash(owners[i], &z->options.params, hashed[i].hash);
	}
	qsort(hashed, count, sizeof(*hashed), by_hash);
	for (size_t i = 0; i < count; i++) {
		types_at(z, hashed[i].name, false, types);
		put(z, signer_nsec3(name_to_text(hashed[i].name, owner),
				    name_to_text(z->apex, zone), &z->options.params, false,
				    hashed[(i + 1) % count].hash, types, z->negative_ttl_s));
	}
	free(hashed);
	free(owners);
}

static struct rrset *sign(const struct signer_zone *z, const struct rrset *rrset)
{
	const struct signer_key *key = rrset->type == TYPE_DNSKEY ? z->ksk : z->zsk;

	return signer_sign(rrset, key, z->apex, &z->options.signatures);
}

static void sign_all(struct signer_zone *z)
{
	for (size_t i = 0; i < z->count; i++) {
		struct rrset *rrset = z->rrsets[i];
		bool denial = rrset->type == TYPE_NSEC || rrset->type == TYPE_NSEC3;
		bool cut = cut_of(z, rrset->owner) != NULL;
		if (!denial && (glue(z, rrset->owner) || (cut && rrset->type != TYPE_DS)))
			continue;
		z->rrsets[i] = sign(z, rrset);
		rrset_free(rrset);
	}
}

static void write_ds_text(struct signer_zone *z)
{
	uint8_t rdata[64], digest_type = z->options.digest_type ? z->options.digest_type : 2;
	char apex[NAME_TEXT_MAX], *p = z->ds_text;
	size_t len = signer_ds(z->ksk, z->apex, digest_type, rdata);

	p += sprintf(p, "%.100s 3600 IN DS %u %u %u ", name_to_text(z->apex, apex), z->ksk->tag,
		     z->ksk->algorithm, digest_type);
	for (size_t i = 4; i < len; i++)
		p += sprintf(p, "%02x", rdata[i]);
	strcpy(p, "\n");
}

struct signer_zone *signer_zone_new(const char *apex, const char *text,
				    const struct signer_zone_options *options)
{
	struct signer_zone *z = signer_alloc(sizeof(*z));
	struct rdata_soa soa;

	z->apex = signer_name(apex);
	if (options != NULL)
		z->options = *options;
	read_text(z, text);
	const struct rrset *rrset = signer_zone_find(z, z->apex, TYPE_SOA);
	CHECK(rrset != NULL);
	CHECK(rdata_soa(rrset->rdatas[0].data, rrset->rdatas[0].len, &soa));
	z->negative_ttl_s = soa.minimum < rrset->ttl_s ? soa.minimum : rrset->ttl_s;
	if (z->options.unsigned_)
		return z;
	uint8_t algorithm = z->options.algorithm ? z->options.algorithm : 13;
	z->ksk = z->options.ksk_of != NULL ? z->options.ksk_of->ksk
					   : signer_key_new(algorithm, 0, 257);
	z->zsk = z->options.zsk_of != NULL ? z->options.zsk_of->zsk
		 : z->options.zsk_tag != 0 ? signer_zsk_with_tag(algorithm, z->options.zsk_tag)
					   : signer_key_new(algorithm, 0, 256);
	struct signer_key *keys[] = {z->ksk, z->zsk};
	put(z, signer_dnskey_rrset(z->apex, keys, 2,
				   z->options.dnskey_ttl_s ? z->options.dnskey_ttl_s : 3600));
	if (z->options.nsec3)
		make_nsec3(z);
	else if (!z->options.compact)
		make_nsec(z);
	sign_all(z);
	write_ds_text(z);
	return z;
}

void signer_zone_free(struct signer_zone *z)
{
	if (z == NULL)
		return;
	for (size_t i = 0; i < z->count; i++)
		rrset_free(z->rrsets[i]);
	for (size_t i = 0; i < z->made_count; i++)
		rrset_free(z->made[i]);
	free(z->rrsets);
	free(z->made);
	if (z->options.ksk_of == NULL)
		signer_key_free(z->ksk);
	if (z->options.zsk_of == NULL)
		signer_key_free(z->zsk);
	free(z);
}

const uint8_t *signer_zone_apex(const struct signer_zone *z)
{
	return z->apex;
}

const struct signer_key *signer_zone_ksk(const struct signer_zone *z)
{
	return z->ksk;
}

const struct signer_key *signer_zone_zsk(const struct signer_zone *z)
{
	return z->zsk;
}

const char *signer_zone_ds_text(const struct signer_zone *z)
{
	return z->ds_text;
}

// ---- answers ----

static void add_proof(struct signer_answer *a, const struct rrset *proof)
{
	if (proof == NULL)
		return;
	for (size_t i = 0; i < a->proof_count; i++) {
		if (a->proofs[i] == proof)
			return;
	}
	CHECK(a->proof_count < SIGNER_PROOFS_MAX);
	a->proofs[a->proof_count++] = proof;
}

static bool in_nsec_span(const struct rrset *nsec, const uint8_t *name, const uint8_t *apex)
{
	struct rdata_nsec rdata;

	CHECK(rdata_nsec(nsec->rdatas[0].data, nsec->rdatas[0].len, &rdata));
	return name_compare(nsec->owner, name) <= 0 &&
	       (name_compare(name, rdata.next) < 0 || name_equal(rdata.next, apex));
}

static bool in_nsec3_span(const struct rrset *nsec3, const uint8_t hash[20])
{
	struct rdata_nsec3 rdata;
	uint8_t own[20];

	CHECK(rdata_nsec3(nsec3->rdatas[0].data, nsec3->rdatas[0].len, &rdata));
	CHECK(base32hex_decode(nsec3->owner + 1, 32, own, 20) == 20);
	if (memcmp(own, hash, 20) == 0)
		return true;
	bool wraps = memcmp(own, rdata.next, 20) >= 0;
	bool after = memcmp(own, hash, 20) < 0, before = memcmp(hash, rdata.next, 20) < 0;
	return wraps ? after || before : after && before;
}

// The NSEC or NSEC3 that matches name or whose span it is in.
static void prove(const struct signer_zone *z, struct signer_answer *a, const uint8_t *name)
{
	uint8_t hash[20];

	if (z->options.nsec3)
		signer_nsec3_hash(name, &z->options.params, hash);
	for (size_t i = 0; i < z->count; i++) {
		const struct rrset *rrset = z->rrsets[i];
		if (rrset->type == TYPE_NSEC && in_nsec_span(rrset, name, z->apex))
			add_proof(a, rrset);
		if (rrset->type == TYPE_NSEC3 && in_nsec3_span(rrset, hash))
			add_proof(a, rrset);
	}
}

// RFC 9824 §3.1, §3.5.
static void prove_compact(struct signer_zone *z, struct signer_answer *a, const uint8_t *name,
			  bool exists)
{
	uint16_t types[TYPES_MAX] = {TYPE_RRSIG, TYPE_NSEC, TYPE_NXNAME, 0};
	char owner[NAME_TEXT_MAX], next[NAME_TEXT_MAX + 8];

	if (exists)
		types_at(z, name, true, types);
	name_to_text(name, owner);
	snprintf(next, sizeof(next), "\\000.%s", owner);
	struct rrset *nsec = signer_nsec(owner, next, types, z->negative_ttl_s);
	add_proof(a, keep(z, sign(z, nsec)));
	rrset_free(nsec);
}

static bool exists(const struct signer_zone *z, const uint8_t *name)
{
	for (size_t i = 0; i < z->count; i++) {
		uint16_t type = z->rrsets[i]->type;
		if (type != TYPE_NSEC3 && name_within(z->rrsets[i]->owner, name))
			return true;
	}
	return false;
}

// The closest ancestor that has an NSEC3 record: not names that only insecure delegations in an
// opt-out span make (RFC 5155 §7.2.4).
static const uint8_t *provable_encloser(const struct signer_zone *z, const uint8_t *name)
{
	const struct rrset *rrset;
	uint8_t hash[20], owner[20];

	for (; !z->options.unsigned_; name = name_skip(name, 1)) {
		signer_nsec3_hash(name, &z->options.params, hash);
		for (size_t i = 0; i < z->count; i++) {
			rrset = z->rrsets[i];
			if (rrset->type != TYPE_NSEC3)
				continue;
			CHECK(base32hex_decode(rrset->owner + 1, 32, owner, 20) == 20);
			if (memcmp(owner, hash, 20) == 0)
				return name;
		}
		CHECK(!name_equal(name, z->apex));
	}
	return name;
}

// RFC 5155 §7.2.1 and RFC 4035 §3.1.3: all that a negative answer needs for name.
static void prove_absent(struct signer_zone *z, struct signer_answer *a, const uint8_t *name,
			 const uint8_t *encloser, const uint8_t *wildcard)
{
	uint8_t of_encloser[NAME_MAX_LEN];

	if (z->options.nsec3) {
		encloser = provable_encloser(z, encloser);
		prove(z, a, encloser);
		prove(z, a, name_ancestor(name, name_labels(encloser) + 1));
	} else {
		prove(z, a, name);
	}
	if (wildcard == NULL)
		return;
	if (z->options.nsec3 && name_wildcard_of(encloser, of_encloser) > 0)
		wildcard = of_encloser;
	prove(z, a, wildcard);
}

static void answer_at(struct signer_zone *z, struct signer_answer *a, const uint8_t *owner,
		      const uint8_t *name, uint16_t type)
{
	const struct rrset *found = signer_zone_find(z, owner, type);

	a->kind = SIGNER_ANSWER;
	if (found == NULL) {
		a->kind = SIGNER_CNAME;
		found = signer_zone_find(z, owner, TYPE_CNAME);
	}
	if (found == NULL) {
		a->kind = SIGNER_NODATA;
		a->soa = signer_zone_find(z, z->apex, TYPE_SOA);
		return;
	}
	a->rrset = found;
	if (!name_equal(owner, name))
		a->rrset = keep(z, signer_move(found, name));
}

static void refer(struct signer_zone *z, struct signer_answer *a, const uint8_t *cut)
{
	a->kind = SIGNER_REFERRAL;
	a->rrset = signer_zone_find(z, cut, TYPE_NS);
	a->ds = signer_zone_find(z, cut, TYPE_DS);
	if (a->ds != NULL || z->options.unsigned_)
		return;
	if (z->options.compact)
		prove_compact(z, a, cut, true);
	else if (z->options.params.opt_out)
		prove_absent(z, a, cut, name_skip(cut, 1), NULL);
	else
		prove(z, a, cut);
}

static const uint8_t *dname_above(const struct signer_zone *z, const uint8_t *name)
{
	for (size_t labels = name_labels(z->apex); labels < name_labels(name); labels++) {
		if (signer_zone_find(z, name_ancestor(name, labels), TYPE_DNAME) != NULL)
			return name_ancestor(name, labels);
	}
	return NULL;
}

static void answer_missing(struct signer_zone *z, struct signer_answer *a, const uint8_t *name,
			   uint16_t type)
{
	const uint8_t *encloser = name_skip(name, 1);
	uint8_t wildcard[NAME_MAX_LEN];

	while (!exists(z, encloser))
		encloser = name_skip(encloser, 1);
	CHECK(name_wildcard_of(encloser, wildcard) > 0);
	if (exists(z, wildcard)) {
		answer_at(z, a, wildcard, name, type);
		if (a->kind == SIGNER_NODATA)
			prove_absent(z, a, name, encloser, wildcard);
		else
			prove(z, a,
			      z->options.nsec3 ? name_ancestor(name, name_labels(encloser) + 1)
					       : name);
		return;
	}
	a->kind = z->options.compact ? SIGNER_NODATA : SIGNER_NXDOMAIN;
	a->soa = signer_zone_find(z, z->apex, TYPE_SOA);
	if (z->options.compact)
		prove_compact(z, a, name, false);
	else
		prove_absent(z, a, name, encloser, wildcard);
}

void signer_zone_query(struct signer_zone *z, const uint8_t *name, uint16_t type,
		       struct signer_answer *a)
{
	const uint8_t *cut = cut_of(z, name), *dname;

	*a = (struct signer_answer){0};
	CHECK(name_within(name, z->apex));
	if (cut != NULL && !(type == TYPE_DS && name_equal(cut, name))) {
		refer(z, a, cut);
	} else if ((dname = dname_above(z, name)) != NULL) {
		a->kind = SIGNER_DNAME;
		a->rrset = signer_zone_find(z, dname, TYPE_DNAME);
	} else if (!exists(z, name)) {
		answer_missing(z, a, name, type);
	} else {
		answer_at(z, a, name, name, type);
		// RFC 5155 §7.2.4: an insecure delegation inside an opt-out span has no record,
		// nor has an empty non-terminal that only such ones make.
		if (a->kind == SIGNER_NODATA && z->options.compact)
			prove_compact(z, a, name, true);
		else if (a->kind == SIGNER_NODATA && z->options.params.opt_out &&
			 !name_equal(provable_encloser(z, name), name))
			prove_absent(z, a, name, name_skip(name, 1), NULL);
		else if (a->kind == SIGNER_NODATA)
			prove(z, a, name);
	}
}
