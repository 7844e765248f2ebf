#include "tests/unit/dataplane/cache/fixture.h"

#include "dataplane/cache/shard.h"
#include "dataplane/dns/types.h"

#include <string.h>
#include <time.h>

#define SLOTS 128

struct cache *fixture_cache(size_t mebibytes, unsigned shards)
{
	struct cache_config config = {
		.memory_bytes = mebibytes << 20,
		.shards = shards,
		.hash_key = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
		.one_shot_bytes = 1 << 20,
	};
	char err[200] = "";
	struct cache *cache = cache_new(&config, err, sizeof(err));

	assert_string_equal(err, "");
	assert_non_null(cache);
	return cache;
}

const uint8_t *wire(const char *text)
{
	static _Thread_local uint8_t names[SLOTS][NAME_MAX_LEN];
	static _Thread_local unsigned turn;
	uint8_t *name = names[turn++ % SLOTS];

	assert_true(name_from_text(text, name) > 0);
	return name;
}

static struct record *keep_record(const uint8_t *owner, uint16_t type, const void *rdata,
				  size_t rdlen)
{
	static struct record records[SLOTS];
	static uint8_t bytes[SLOTS][65535];
	static unsigned turn;
	unsigned slot = turn++ % SLOTS;

	memcpy(bytes[slot], rdata, rdlen);
	records[slot] = (struct record){
		.owner = owner,
		.type = type,
		.class_ = CLASS_IN,
		.ttl_s = TTL_S,
		.rdata = bytes[slot],
		.rdlen = (uint16_t)rdlen,
	};
	return &records[slot];
}

static struct entry_spec base_spec(const char *name, uint16_t type, enum entry_kind kind)
{
	return (struct entry_spec){
		.name = wire(name),
		.type = type,
		.kind = kind,
		.security = SECURITY_SECURE,
		.ede = EDE_NONE,
		.now_ms = NOW_MS,
		.ttl_s = TTL_S,
		.stale_s = STALE_S,
		.signature_expires_s = NOW_S + 86400,
	};
}

static struct entry_spec spec_of(const char *name, uint16_t type, enum entry_kind kind,
				 const void *rdata, size_t rdlen)
{
	struct entry_spec spec = base_spec(name, type, kind);

	spec.data = keep_record(spec.name, type, rdata, rdlen);
	spec.data_count = 1;
	return spec;
}

struct entry_spec spec_a(const char *name, uint32_t address)
{
	return spec_of(name, TYPE_A, ENTRY_POSITIVE, &address, sizeof(address));
}

struct entry_spec spec_bytes(const char *name, uint16_t type, size_t rdlen)
{
	static uint8_t zeros[65535];

	return spec_of(name, type, ENTRY_POSITIVE, zeros, rdlen);
}

struct entry_spec spec_cname(const char *name, const char *target)
{
	const uint8_t *rdata = wire(target);

	return spec_of(name, TYPE_CNAME, ENTRY_CNAME, rdata, name_len(rdata));
}

struct entry_spec spec_dname(const char *name, const char *target)
{
	const uint8_t *rdata = wire(target);

	return spec_of(name, TYPE_DNAME, ENTRY_DNAME, rdata, name_len(rdata));
}

static void add_soa(struct entry_spec *spec)
{
	static const uint8_t rdata[] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0,
					0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5};

	spec->data = keep_record(name_skip(spec->name, name_labels(spec->name) > 1), TYPE_SOA,
				 rdata, sizeof(rdata));
	spec->data_count = 1;
}

struct entry_spec spec_nodata(const char *name, uint16_t type)
{
	struct entry_spec spec = base_spec(name, type, ENTRY_NODATA);

	add_soa(&spec);
	return spec;
}

struct entry_spec spec_nxdomain(const char *name)
{
	struct entry_spec spec = base_spec(name, TYPE_A, ENTRY_NXDOMAIN);

	spec.rcode = RCODE_NXDOMAIN;
	add_soa(&spec);
	return spec;
}

struct entry_spec spec_failure(const char *name, uint16_t type, int ede)
{
	struct entry_spec spec = base_spec(name, type, ENTRY_FAILURE);

	spec.rcode = RCODE_SERVFAIL;
	spec.ede = ede;
	spec.signature_expires_s = SIGNATURE_NEVER_EXPIRES;
	return spec;
}

enum publish_status put(struct cache *cache, struct entry_spec spec)
{
	const struct entry *entry;
	enum publish_status status = cache_publish(cache, &spec, &entry);

	if (status != PUBLISH_FAILED)
		cache_unpin(cache, entry);
	return status;
}

static struct lookup question(const char *name, uint16_t type, uint64_t now_ms)
{
	const uint8_t *wire_name = wire(name);

	return (struct lookup){
		.name = wire_name,
		.name_len = (uint16_t)name_len(wire_name),
		.type = type,
		.now_ms = now_ms,
		.now_s = NOW_S,
	};
}

struct lookup ask_at(struct cache *cache, const char *name, uint16_t type, uint64_t now_ms)
{
	struct lookup lookup = question(name, type, now_ms);

	cache_lookup(cache, &lookup);
	return lookup;
}

struct lookup ask(struct cache *cache, const char *name, uint16_t type)
{
	return ask_at(cache, name, type, NOW_MS);
}

struct lookup ask_unproven(struct cache *cache, const char *name, uint16_t type)
{
	struct lookup lookup = question(name, type, NOW_MS);

	lookup.unproven = true;
	cache_lookup(cache, &lookup);
	return lookup;
}

bool hits(struct cache *cache, const char *name, uint16_t type)
{
	return ask(cache, name, type).status == LOOKUP_HIT;
}

uint32_t address_of(const struct entry *entry)
{
	struct entry_reader reader;
	enum entry_part part;
	struct record record;
	uint32_t address;

	entry_show(entry, &reader);
	assert_true(entry_next(&reader, &part, &record));
	assert_int_equal(record.type, TYPE_A);
	assert_int_equal(record.rdlen, sizeof(address));
	memcpy(&address, record.rdata, sizeof(address));
	return address;
}

struct cache_counters counters_of(struct cache *cache)
{
	struct cache_counters counters;

	cache_counters(cache, &counters);
	return counters;
}

void settle(struct cache *cache, uint64_t now_ms)
{
	struct timespec pause = {.tv_nsec = 100000};

	for (unsigned i = 0; i < 500000; i++) {
		cache_maintain(cache, now_ms);
		if (counters_of(cache).bytes_pending == 0)
			return;
		nanosleep(&pause, NULL);
	}
	fail_msg("retired entries never came back");
}

void assert_counters_add_up(struct cache *cache)
{
	struct cache_counters c = counters_of(cache);

	assert_int_equal(c.entries, c.inserted - c.replaced - c.voided - c.evicted - c.expired -
					    c.flushed);
	assert_true(c.bytes_used <= c.bytes_budget);
}

size_t flush_zone(struct cache *cache, const char *zone)
{
	struct cache_flush flush;
	size_t count;

	cache_flush_zone(cache, wire(zone), &flush);
	while (!cache_flush_over(cache, &flush, &count))
		(void)flushes_run(cache, 0);
	return count;
}

size_t flush_all(struct cache *cache)
{
	size_t count = flush_zone(cache, ".");

	memset(&cache->flushes, 0, sizeof(cache->flushes));
	return count;
}
