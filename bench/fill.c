#include "bench/fill.h"

#include "bench/names.h"
#include "bench/random.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LIFE_S        86400
#define SIGNATURE_S   (14 * 86400)
#define RRSIG_FIXED   18
#define SIGNATURE_LEN 64
#define MAINTAIN_EACH 1024 // publications

struct store *fill_store(size_t cache_bytes, bool hugepages, struct acl **acl, char *err,
			 size_t err_len)
{
	return fill_denial_store(cache_bytes, 0, hugepages, acl, err, err_len);
}

struct store *fill_denial_store(size_t cache_bytes, size_t denial_bytes, bool hugepages,
				struct acl **acl, char *err, size_t err_len)
{
	struct store_config config = {
		.cache = {.memory_bytes = cache_bytes,
			  .shards = 1,
			  .hugepages = hugepages,
			  .hash_key = {0x9f, 0x3c, 0x17, 0x5a, 0xe1, 0x08, 0xb4, 0x6d, 0x22, 0xc7,
				       0x90, 0x4b, 0x3e, 0xf5, 0xd8, 0x61},
			  .one_shot_bytes = 1 << 20,
			  .denial_bytes = denial_bytes},
		.rotate = true,
		.cookie_secret = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
		.stale_ttl_s = 30,
	};
	struct store_clock clock = fill_clock();

	*acl = acl_new(acl_default_rules, acl_default_rule_count);
	if (*acl == NULL) {
		snprintf(err, err_len, "no memory for the ACL");
		return NULL;
	}
	config.acl = *acl;
	struct store *store = store_new(&config, err, err_len);
	if (store != NULL)
		store_set_clock(store, &clock);
	return store;
}

struct store_clock fill_clock(void)
{
	struct timespec monotonic, wall;

	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct store_clock){
		.now_ms = (uint64_t)monotonic.tv_sec * 1000 + (uint64_t)monotonic.tv_nsec / 1000000,
		.now_s = wall.tv_sec,
		.trusted = true,
	};
}

void filling_init(struct filling *filling, bool is_signed)
{
	*filling = (struct filling){.is_signed = is_signed, .clock = fill_clock()};
}

// As a signer makes it, but for the signature's bytes, which nothing here looks at.
static size_t put_rrsig(struct filling *filling, uint64_t i)
{
	uint8_t *p = filling->rrsig_rdata;
	const uint8_t *signer = name_skip(filling->name, 1);
	size_t signer_len = name_len(signer);
	uint64_t random = i;

	wire_put16(p, TYPE_A);
	p[2] = 13; // RFC 6605 §4
	p[3] = 3;
	wire_put32(p + 4, LIFE_S);
	wire_put32(p + 8, (uint32_t)(filling->clock.now_s + SIGNATURE_S));
	wire_put32(p + 12, (uint32_t)(filling->clock.now_s - SIGNATURE_S));
	wire_put16(p + 16, (uint16_t)random_mix(i));
	memcpy(p + RRSIG_FIXED, signer, signer_len);
	for (size_t n = 0; n < SIGNATURE_LEN; n += 8) {
		uint64_t bytes = random_next(&random);
		memcpy(p + RRSIG_FIXED + signer_len + n, &bytes, sizeof(bytes));
	}
	return RRSIG_FIXED + signer_len + SIGNATURE_LEN;
}

const struct entry_spec *filling_spec(struct filling *filling, uint64_t i)
{
	bool is_signed = filling->is_signed;

	bench_name(i, filling->name);
	filling->address = bench_address(i);
	filling->data = (struct record){.owner = filling->name,
					.rdata = (const uint8_t *)&filling->address,
					.ttl_s = LIFE_S,
					.type = TYPE_A,
					.class_ = CLASS_IN,
					.rdlen = 4};
	if (is_signed)
		filling->rrsig = (struct record){.owner = filling->name,
						 .rdata = filling->rrsig_rdata,
						 .ttl_s = LIFE_S,
						 .type = TYPE_RRSIG,
						 .class_ = CLASS_IN,
						 .rdlen = (uint16_t)put_rrsig(filling, i)};
	filling->spec = (struct entry_spec){
		.name = filling->name,
		.type = TYPE_A,
		.kind = ENTRY_POSITIVE,
		.security = is_signed ? SECURITY_SECURE : SECURITY_INSECURE,
		.ede = EDE_NONE,
		.now_ms = filling->clock.now_ms,
		.ttl_s = LIFE_S,
		.stale_s = LIFE_S,
		.signature_expires_s =
			is_signed ? filling->clock.now_s + SIGNATURE_S : SIGNATURE_NEVER_EXPIRES,
		.data = &filling->data,
		.data_count = 1,
		.rrsigs = is_signed ? &filling->rrsig : NULL,
		.rrsig_count = is_signed ? 1 : 0,
	};
	return &filling->spec;
}

bool filling_put(struct filling *filling, struct cache *cache, uint64_t i)
{
	const struct entry *entry;
	enum publish_status status = cache_publish(cache, filling_spec(filling, i), &entry);

	if (status != PUBLISH_FAILED)
		cache_unpin(cache, entry);
	return status == PUBLISHED;
}

uint64_t filling_put_all(struct filling *filling, struct cache *cache, uint64_t first,
			 uint64_t count)
{
	uint64_t taken = 0;

	for (uint64_t i = 0; i < count; i++) {
		taken += filling_put(filling, cache, first + i);
		if (i % MAINTAIN_EACH == 0)
			cache_maintain(cache, filling->clock.now_ms);
	}
	return taken;
}
