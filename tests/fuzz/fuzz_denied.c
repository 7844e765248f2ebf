// What cached NSEC and NSEC3 records are made to say, against the validator: whatever is denied,
// the proofs that go out with it prove, by code that has nothing in common with the chains.
//
// Input: one byte of choices, up to eight records (owner, next, types), then questions (name,
// type). A name is a count and that many labels out of a small alphabet, so that names meet.
#include "control/validator/denial.h"
#include "dataplane/cache/denial/denial.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/fuzz/check.h"

#include <sched.h>
#include <string.h>

#define RECORDS_MAX   8
#define QUESTIONS_MAX 8
#define HASH_LEN      20
#define TTL_S         300
#define NOW_MS        1000000
#define NOW_S         1790000000

static const uint8_t zone[] = "\001z";
static struct cache *cache;

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

static size_t take_name(struct input *in, uint8_t out[NAME_MAX_LEN])
{
	static const uint8_t letters[] = {'a', 'b', 'c', 'x', '*', 0, 1, 0xff};
	uint8_t count = take(in) % 5, *p = out;

	for (; count > 0; count--) {
		*p++ = 1;
		*p++ = letters[take(in) % 8];
	}
	memcpy(p, zone, sizeof(zone));
	return (size_t)(p - out) + sizeof(zone);
}

// One octet that differs: a record of the input can meet it.
static bool hash(void *arg, const uint8_t *name, const struct rdata_nsec3 *params,
		 uint8_t out[HASH_LEN])
{
	uint8_t sum = 0;

	(void)arg;
	CHECK(params->iterations == 0);
	for (size_t i = 0, len = name_len(name); i < len; i++)
		sum = (uint8_t)(sum * 7 + name[i]);
	memset(out, 0x55, HASH_LEN);
	out[0] = sum & 0x3f;
	return true;
}

static size_t put_bitmap(uint8_t choice, uint8_t *out)
{
	uint8_t bits[8] = {0};

	bits[5] = 0x03;                    // RRSIG, NSEC
	bits[0] |= choice & 1 ? 0x40 : 0;  // A
	bits[0] |= choice & 2 ? 0x20 : 0;  // NS
	bits[0] |= choice & 4 ? 0x02 : 0;  // SOA
	bits[0] |= choice & 8 ? 0x04 : 0;  // CNAME
	bits[4] |= choice & 16 ? 0x01 : 0; // DNAME
	bits[5] |= choice & 32 ? 0x10 : 0; // DS
	out[0] = 0;
	out[1] = 6;
	memcpy(out + 2, bits, 6);
	return 8;
}

static struct rrset *signed_rrset(const uint8_t *owner, uint16_t type, const uint8_t *rdata,
				  size_t rdlen)
{
	uint8_t rrsig[18 + sizeof(zone) + 4] = {0};
	const struct record record = {.owner = owner,
				      .rdata = rdata,
				      .ttl_s = TTL_S,
				      .type = type,
				      .class_ = CLASS_IN,
				      .rdlen = (uint16_t)rdlen};
	const struct record covering = {.owner = owner,
					.rdata = rrsig,
					.ttl_s = TTL_S,
					.type = TYPE_RRSIG,
					.class_ = CLASS_IN,
					.rdlen = sizeof(rrsig)};

	wire_put16(rrsig, type);
	rrsig[3] = (uint8_t)(name_labels(owner) - name_is_wildcard(owner));
	memcpy(rrsig + 18, zone, sizeof(zone));
	return rrset_new(&record, 1, &covering, 1);
}

static void put(struct rrset *rrset)
{
	if (rrset != NULL)
		(void)cache_denial_put(cache, zone, rrset, TTL_S, NOW_S + 1000, NOW_MS);
	rrset_free(rrset);
}

static void put_nsec(struct input *in)
{
	uint8_t owner[NAME_MAX_LEN], rdata[NAME_MAX_LEN + 8];

	take_name(in, owner);
	size_t len = take_name(in, rdata);
	len += put_bitmap(take(in), rdata + len);
	put(signed_rrset(owner, TYPE_NSEC, rdata, len));
}

static void put_nsec3(struct input *in)
{
	uint8_t raw[HASH_LEN], owner[NAME_MAX_LEN], rdata[64] = {1, 0, 0, 0, 0, HASH_LEN};

	memset(raw, 0x55, sizeof(raw));
	raw[0] = take(in) & 0x3f;
	owner[0] = (uint8_t)base32hex_encode(raw, sizeof(raw), owner + 1);
	memcpy(owner + 1 + owner[0], zone, sizeof(zone));
	raw[0] = take(in) & 0x3f;
	memcpy(rdata + 6, raw, sizeof(raw));
	put(signed_rrset(owner, TYPE_NSEC3, rdata,
			 6 + HASH_LEN + put_bitmap(take(in), rdata + 6 + HASH_LEN)));
}

static void put_soa(void)
{
	static const uint8_t rdata[22] = {0};
	struct rrset *soa = signed_rrset(zone, TYPE_SOA, rdata, sizeof(rdata));

	CHECK(soa != NULL);
	// What the inputs before left behind waits for the reclaimer.
	while (!cache_denial_soa(cache, soa, TTL_S, NOW_S + 1000, NOW_MS)) {
		cache_maintain(cache, NOW_MS);
		sched_yield();
	}
	rrset_free(soa);
}

static void put_wildcard(const uint8_t *name, bool alias)
{
	static const uint8_t address[4] = {192, 0, 2, 1};
	const struct record record = {.owner = name,
				      .rdata = alias ? zone : address,
				      .ttl_s = TTL_S,
				      .type = alias ? TYPE_CNAME : TYPE_A,
				      .class_ = CLASS_IN,
				      .rdlen = alias ? sizeof(zone) : sizeof(address)};
	const struct entry_spec spec = {.name = name,
					.type = record.type,
					.kind = alias ? ENTRY_CNAME : ENTRY_POSITIVE,
					.security = SECURITY_SECURE,
					.ede = EDE_NONE,
					.now_ms = NOW_MS,
					.ttl_s = TTL_S,
					.signature_expires_s = NOW_S + 1000,
					.data = &record,
					.data_count = 1};
	const struct entry *entry;

	if (cache_publish(cache, &spec, &entry) != PUBLISH_FAILED)
		cache_unpin(cache, entry);
}

// ---- the validator's opinion ----

static size_t wildcard_labels(const struct entry *entry)
{
	struct entry_facts facts;

	entry_facts(entry, &facts);
	CHECK(name_is_wildcard(facts.name));
	return name_labels(facts.name);
}

static void check_proven(const struct lookup *lookup, const struct denial_answer *answer)
{
	struct rrset *proofs[DENIAL_PROOFS];
	struct denial verdict;

	CHECK(answer->proof_count > 0 && answer->soa != NULL && answer->left_s <= TTL_S);
	for (unsigned i = 0; i < answer->proof_count; i++) {
		uint8_t owners[2][NAME_MAX_LEN];
		struct record records[2];
		size_t offset = 0;
		CHECK(denial_item_next(answer->proofs[i], zone, &offset, owners[0], &records[0]));
		CHECK(denial_item_next(answer->proofs[i], zone, &offset, owners[1], &records[1]));
		CHECK(!denial_item_next(answer->proofs[i], zone, &offset, owners[1], &records[1]));
		proofs[i] = rrset_new(&records[0], 1, &records[1], 1);
		CHECK(proofs[i] != NULL);
	}
	const struct denial_question question = {
		.zone = zone,
		.name = lookup->name,
		.type = lookup->type,
		.proofs = (const struct rrset *const *)proofs,
		.count = answer->proof_count,
		.iterations_max = 50,
		.hash = hash,
	};
	if (answer->kind == DENIED_NXDOMAIN)
		denial_nxdomain(&question, &verdict);
	else if (answer->kind == DENIED_NODATA)
		denial_nodata(&question, &verdict);
	else
		denial_wildcard(&question, wildcard_labels(answer->wildcard) - 1, &verdict);
	CHECK(verdict.verdict == DENIAL_PROVEN);
	for (unsigned i = 0; i < answer->proof_count; i++)
		rrset_free(proofs[i]);
}

static void ask(struct input *in)
{
	static const uint16_t types[] = {TYPE_A, TYPE_MX, TYPE_DS, TYPE_NS, TYPE_SOA, TYPE_CNAME};
	uint8_t name[NAME_MAX_LEN];
	struct denial_answer answer;
	struct lookup lookup = {.name = name,
				.name_len = (uint16_t)take_name(in, name),
				.type = types[take(in) % 6],
				.now_ms = NOW_MS,
				.now_s = NOW_S};

	lookup.hash = cache_hash(cache, name, lookup.name_len);
	cache_deny(cache, &lookup, &answer);
	if (answer.kind != DENIED_NOT)
		check_proven(&lookup, &answer);
	// Further down, records that contradict one another leave it open which ancestor is the
	// closest encloser: the validator goes from the apex, the chains from the name.
	if (name_labels(name) > 2)
		return;
	cache_deny_hashed(cache, &lookup, hash, NULL, &answer);
	if (answer.kind != DENIED_NOT)
		check_proven(&lookup, &answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cache_config config = {.memory_bytes = 2 << 20,
					    .shards = 1,
					    .one_shot_bytes = 1 << 16,
					    .denial_bytes = 1 << 19};
	struct input in = {data, size};
	uint8_t name[NAME_MAX_LEN], choices = take(&in);
	char err[200];

	if (cache == NULL)
		cache = cache_new(&config, err, sizeof(err));
	CHECK(cache != NULL);
	put_soa();
	for (unsigned i = 0; i < (choices & 7u) + 1 && i < RECORDS_MAX; i++) {
		if (take(&in) & 1)
			put_nsec3(&in);
		else
			put_nsec(&in);
	}
	if (choices & 8) {
		take_name(&in, name);
		put_wildcard(name, (choices & 16) != 0);
	}
	for (unsigned i = 0; i < QUESTIONS_MAX; i++)
		ask(&in);
	struct cache_flush flush;
	size_t count;
	cache_flush_zone(cache, (const uint8_t *)"", &flush);
	while (!cache_flush_over(cache, &flush, &count))
		(void)cache_maintain(cache, 0);
	cache_maintain(cache, NOW_MS);
	return 0;
}
