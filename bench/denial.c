#include "bench/denial.h"

#include "bench/random.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>
#include <string.h>

#define LIFE_S        3600
#define SIGNATURE_S   (14 * 86400)
#define RRSIG_FIXED   18
#define SIGNATURE_LEN 64
#define LETTERS       8
#define NAMES_MAX     208827064576ull // 26^8

static const uint8_t zone[] = "\007flooded\007example";
static const uint8_t soa_rdata[] =
	"\002ns\007flooded\007example\000\005admin\007flooded\007example\000"
	"\000\000\000\001\000\000\034\040\000\000\016\020\000\022\165\000"
	"\000\000\016\020";

static size_t put_name(uint64_t label, uint8_t out[NAME_MAX_LEN])
{
	out[0] = LETTERS;
	for (int digit = LETTERS; digit > 0; digit--, label /= 26)
		out[digit] = (uint8_t)('a' + label % 26);
	memcpy(out + 1 + LETTERS, zone, sizeof(zone));
	return 1 + LETTERS + sizeof(zone);
}

size_t bench_denied_name(uint64_t random, uint8_t out[NAME_MAX_LEN])
{
	return put_name(random % NAMES_MAX, out);
}

// As a signer makes it, but for the signature's bytes, which nothing here looks at.
static size_t put_rrsig(uint8_t *p, uint16_t type, unsigned labels, int64_t now_s, uint64_t random)
{
	wire_put16(p, type);
	p[2] = 13;
	p[3] = (uint8_t)labels;
	wire_put32(p + 4, LIFE_S);
	wire_put32(p + 8, (uint32_t)(now_s + SIGNATURE_S));
	wire_put32(p + 12, (uint32_t)(now_s - SIGNATURE_S));
	wire_put16(p + 16, 4711);
	memcpy(p + RRSIG_FIXED, zone, sizeof(zone));
	for (size_t n = 0; n < SIGNATURE_LEN; n += 8) {
		uint64_t bytes = random_next(&random);
		memcpy(p + RRSIG_FIXED + sizeof(zone) + n, &bytes, sizeof(bytes));
	}
	return RRSIG_FIXED + sizeof(zone) + SIGNATURE_LEN;
}

static struct rrset *signed_rrset(const uint8_t *owner, uint16_t type, const uint8_t *rdata,
				  size_t rdlen, int64_t now_s, uint64_t random)
{
	uint8_t rrsig[RRSIG_FIXED + sizeof(zone) + SIGNATURE_LEN];
	const struct record record = {.owner = owner,
				      .rdata = rdata,
				      .ttl_s = LIFE_S,
				      .type = type,
				      .class_ = CLASS_IN,
				      .rdlen = (uint16_t)rdlen};
	const struct record covering = {.owner = owner,
					.rdata = rrsig,
					.ttl_s = LIFE_S,
					.type = TYPE_RRSIG,
					.class_ = CLASS_IN,
					.rdlen = (uint16_t)put_rrsig(rrsig, type,
								     (unsigned)name_labels(owner),
								     now_s, random)};

	return rrset_new(&record, 1, &covering, 1);
}

static bool put_soa(struct cache *cache, const struct store_clock *clock)
{
	struct rrset *soa =
		signed_rrset(zone, TYPE_SOA, soa_rdata, sizeof(soa_rdata) - 1, clock->now_s, 1);
	bool kept = soa != NULL &&
		    cache_denial_soa(cache, soa, LIFE_S, clock->now_s + SIGNATURE_S, clock->now_ms);

	rrset_free(soa);
	return kept;
}

static bool put_nsec(struct cache *cache, const struct store_clock *clock, uint64_t i,
		     uint64_t count)
{
	static const uint8_t apex_types[] = {0, 7, 0x22, 0, 0, 0, 0, 3, 0x80};
	static const uint8_t host_types[] = {0, 6, 0x40, 0, 0, 0, 0, 3};
	uint8_t owner[NAME_MAX_LEN], rdata[NAME_MAX_LEN + 16];
	uint64_t step = NAMES_MAX / count;
	bool apex = i == 0;
	size_t len = sizeof(zone);

	memcpy(owner, zone, sizeof(zone));
	if (!apex)
		put_name(i * step, owner);
	if (i + 1 < count)
		len = put_name((i + 1) * step, rdata);
	else
		memcpy(rdata, zone, sizeof(zone));
	memcpy(rdata + len, apex ? apex_types : host_types,
	       apex ? sizeof(apex_types) : sizeof(host_types));
	len += apex ? sizeof(apex_types) : sizeof(host_types);
	struct rrset *nsec = signed_rrset(owner, TYPE_NSEC, rdata, len, clock->now_s, i);
	enum denial_put kept = DENIAL_NO_ROOM;
	// A share that is filled at once waits for readers now and then.
	for (int tries = 0; nsec != NULL && kept == DENIAL_NO_ROOM && tries < 100000; tries++) {
		kept = cache_denial_put(cache, zone, nsec, LIFE_S, clock->now_s + SIGNATURE_S,
					clock->now_ms);
		if (kept == DENIAL_NO_ROOM)
			cache_maintain(cache, clock->now_ms);
	}
	rrset_free(nsec);
	return kept == DENIAL_KEPT;
}

bool bench_fill_denial(struct cache *cache, const struct store_clock *clock, uint64_t count)
{
	if (!put_soa(cache, clock))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (!put_nsec(cache, clock, i, count))
			return false;
	}
	return true;
}
