// What NSEC and NSEC3 records are taken to prove, over arbitrary records: never outside the zone,
// never from what was left out, and with a bounded number of hashes.
//
// Input: one byte of choices, zone, name, then records. A name is a count and that many labels
// out of a small alphabet, so that names meet.
#include "control/validator/denial.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"
#include "tests/fuzz/check.h"

#include <string.h>

#define PROOFS_MAX 6
#define HASH_LEN   20

struct input {
	const uint8_t *data;
	size_t left;
};

static uint8_t take(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->data++;
}

// At most eight labels of one letter each in front of suffix. Returns the length.
static size_t take_name(struct input *in, const uint8_t *suffix, uint8_t out[NAME_MAX_LEN])
{
	static const uint8_t letters[] = "abcdxyz*";
	uint8_t count = take(in) % 9, *p = out;

	for (; count > 0; count--) {
		*p++ = 1;
		*p++ = letters[take(in) % 8];
	}
	size_t len = name_len(suffix);
	if ((size_t)(p - out) + len > NAME_MAX_LEN)
		return 0;
	memcpy(p, suffix, len);
	return (size_t)(p - out) + len;
}

struct state {
	unsigned hashes;
	unsigned hashes_max;
};

// One octet that differs: a record of the input can meet it.
static bool hash(void *arg, const uint8_t *name, const struct rdata_nsec3 *params,
		 uint8_t out[HASH_LEN])
{
	struct state *state = arg;

	CHECK(params->iterations <= 50);
	if (state->hashes == state->hashes_max)
		return false;
	state->hashes++;
	memset(out, 0, HASH_LEN);
	for (size_t i = 0; i < name_len(name); i++)
		out[0] = (uint8_t)(out[0] * 31 + name[i]);
	return true;
}

struct storage {
	uint8_t owner[NAME_MAX_LEN];
	uint8_t rdata[600];
	uint8_t rrsig[400];
	struct rdata rdatas[2];
	struct rdata rrsigs[1];
	struct rrset rrset;
};

static size_t take_bitmap(struct input *in, uint8_t *out)
{
	static const uint16_t types[] = {TYPE_A,     TYPE_NS, TYPE_SOA,   TYPE_CNAME,
					 TYPE_DNAME, TYPE_DS, TYPE_RRSIG, TYPE_NXNAME};
	uint8_t which = take(in);

	memset(out, 0, 19);
	out[1] = 17;
	for (int i = 0; i < 8; i++) {
		if (which & 1 << i)
			out[2 + types[i] / 8] |= (uint8_t)(0x80 >> types[i] % 8);
	}
	return 19;
}

static size_t take_nsec3(struct input *in, const uint8_t *zone, struct storage *s)
{
	uint8_t hash_bytes[HASH_LEN] = {take(in)};

	s->owner[0] = 32;
	CHECK(base32hex_encode(hash_bytes, HASH_LEN, s->owner + 1) == 32);
	memcpy(s->owner + 33, zone, name_len(zone));
	s->rdata[0] = take(in) % 8 == 7 ? 2 : 1;
	s->rdata[1] = take(in) % 3;
	wire_put16(s->rdata + 2, take(in) % 64);
	s->rdata[4] = 0;
	s->rdata[5] = take(in) % 8 == 7 ? 19 : 20;
	memset(s->rdata + 6, 0, HASH_LEN);
	s->rdata[6] = take(in);
	return 6u + s->rdata[5] + take_bitmap(in, s->rdata + 6 + s->rdata[5]);
}

static size_t take_nsec(struct input *in, const uint8_t *zone, struct storage *s)
{
	static const uint8_t root[] = {0};

	if (take_name(in, take(in) % 8 == 7 ? root : zone, s->owner) == 0)
		return 0;
	size_t len = take_name(in, take(in) % 8 == 7 ? root : zone, s->rdata);
	return len == 0 ? 0 : len + take_bitmap(in, s->rdata + len);
}

static bool take_record(struct input *in, const uint8_t *zone, struct storage *s)
{
	uint8_t choice = take(in);
	bool nsec3 = choice & 1;
	size_t len = nsec3 ? take_nsec3(in, zone, s) : take_nsec(in, zone, s);

	if (len == 0)
		return false;
	wire_put16(s->rrsig, nsec3 ? TYPE_NSEC3 : TYPE_NSEC);
	memset(s->rrsig + 2, 0, 16);
	size_t labels = name_labels(s->owner) - (name_is_wildcard(s->owner) ? 1 : 0);
	s->rrsig[3] = (uint8_t)(choice & 2 ? take(in) : labels);
	const uint8_t *signer = choice & 4 ? name_skip(zone, 1) : zone;
	memcpy(s->rrsig + 18, signer, name_len(signer));
	s->rdatas[0] = s->rdatas[1] = (struct rdata){s->rdata, (uint16_t)len};
	s->rrsigs[0] = (struct rdata){s->rrsig, (uint16_t)(18 + name_len(signer) + 8)};
	s->rrset = (struct rrset){
		.owner = s->owner,
		.type = nsec3 ? TYPE_NSEC3 : TYPE_NSEC,
		.class_ = CLASS_IN,
		.count = choice & 8 ? 2 : 1,
		.rrsig_count = choice & 16 ? 0 : 1,
		.rdatas = s->rdatas,
		.rrsigs = s->rrsigs,
	};
	return true;
}

static void check_outcome(const struct denial_question *q, const struct denial *d,
			  const struct state *state)
{
	CHECK((d->used & q->excluded) == 0);
	CHECK(d->used < 1u << q->count);
	CHECK(state->hashes <= state->hashes_max);
	if (d->verdict == DENIAL_NONE || d->verdict == DENIAL_BUDGET) {
		CHECK(d->used == 0);
		return;
	}
	CHECK(d->used != 0);
	for (size_t i = 0; i < q->count; i++) {
		if (!(d->used & 1u << i))
			continue;
		// ATTACKS B2, B3: of this zone, by this zone, one record.
		CHECK(name_within(q->proofs[i]->owner, q->zone));
		CHECK(q->proofs[i]->count == 1 && q->proofs[i]->rrsig_count == 1);
		CHECK(denial_eligible(q, i, q->proofs[i]->type));
	}
}

// A name outside the zone, or the zone's own, cannot be proven not to exist.
static void check_nxdomain(const struct denial_question *q, const struct denial *d)
{
	if (d->verdict == DENIAL_PROVEN && !d->nxname)
		CHECK(name_within(q->name, q->zone) && !name_equal(q->name, q->zone));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t root[] = {0};
	static const uint16_t types[] = {TYPE_A, TYPE_DS, TYPE_CNAME, TYPE_ANY};
	struct input in = {data, size};
	struct storage storage[PROOFS_MAX];
	const struct rrset *proofs[PROOFS_MAX];
	uint8_t zone[NAME_MAX_LEN], name[NAME_MAX_LEN], choice = take(&in);
	struct state state = {.hashes_max = choice & 64 ? 32 : 3};
	struct denial_question question = {
		.zone = zone,
		.name = name,
		.type = types[choice & 3],
		.proofs = proofs,
		.excluded = choice >> 2 & 3,
		.iterations_max = 50,
		.hash = hash,
		.arg = &state,
	};
	struct denial denial;

	if (take_name(&in, root, zone) == 0 ||
	    take_name(&in, choice & 128 ? root : zone, name) == 0)
		return 0;
	while (in.left > 0 && question.count < PROOFS_MAX) {
		struct storage *s = &storage[question.count];
		if (take_record(&in, zone, s))
			proofs[question.count++] = &s->rrset;
	}
	denial_nodata(&question, &denial);
	check_outcome(&question, &denial, &state);
	denial_nxdomain(&question, &denial);
	check_outcome(&question, &denial, &state);
	check_nxdomain(&question, &denial);
	for (size_t labels = name_labels(zone);
	     name_within(name, zone) && labels < name_labels(name); labels++) {
		denial_wildcard(&question, labels, &denial);
		check_outcome(&question, &denial, &state);
	}
	return 0;
}
