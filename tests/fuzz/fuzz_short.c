// The short lane and the slow one make the same of any frame. The first byte says over what it
// came and when; the rest is the frame, whose checksums are made good on request: no fuzzer
// finds them.
#include "tests/fuzz/check.h"
#include "tests/unit/dataplane/store/lanes.h"

#define FRAME_MAX 1500
#define ROOM      2048
#define NOW_MS    1000000u
#define NOW_S     1700000000

struct row {
	const char *name;
	uint16_t type, rdlen;
	const char *rdata;
	unsigned count, rrsigs;
};

static const struct row rows[] = {
	{"\1a", TYPE_A, 4, "\12\0\0\1", 1, 0},
	{"\1b", TYPE_A, 4, "\12\0\0\2", 3, 1},
	{"\1c", TYPE_AAAA, 16, "abcdefghijklmnop", 2, 2},
	{"\1d", TYPE_TXT, 5, "\4text", 2, 1},
	{"\7example", TYPE_A, 4, "\12\0\0\3", 1, 1},
	{"", TYPE_NS, 3, "\1a", 2, 1},
};

static void put(struct store *store, const struct row *row)
{
	static const uint8_t signature[] = "\0\1\15\1\0\0\0\74eeeeiiiittsignature-of-odd-length";
	struct record data[4], rrsigs[2];

	for (unsigned i = 0; i < row->count; i++)
		data[i] = (struct record){.owner = (const uint8_t *)row->name,
					  .type = row->type,
					  .class_ = CLASS_IN,
					  .ttl_s = 600,
					  .rdata = (const uint8_t *)row->rdata,
					  .rdlen = row->rdlen};
	for (unsigned i = 0; i < row->rrsigs; i++)
		rrsigs[i] = (struct record){.owner = (const uint8_t *)row->name,
					    .type = TYPE_RRSIG,
					    .class_ = CLASS_IN,
					    .ttl_s = 600,
					    .rdata = signature,
					    .rdlen = sizeof(signature) - 1 - (uint16_t)i};
	const struct entry_spec spec = {
		.name = (const uint8_t *)row->name,
		.type = row->type,
		.kind = ENTRY_POSITIVE,
		.security = row->rrsigs > 0 ? SECURITY_SECURE : SECURITY_INSECURE,
		.ede = EDE_NONE,
		.now_ms = NOW_MS,
		.ttl_s = 600,
		.signature_expires_s = NOW_S + 300,
		.data = data,
		.data_count = row->count,
		.rrsigs = rrsigs,
		.rrsig_count = row->rrsigs,
	};
	const struct entry *entry;

	CHECK(cache_publish(store_cache(store), &spec, &entry) == PUBLISHED);
	cache_unpin(store_cache(store), entry);
}

// Zone z: itself, and a name with an address in it; what is between them is denied.
static struct rrset *signed_of_z(const char *owner, uint16_t type, const char *rdata,
				 uint16_t rdlen)
{
	static const uint8_t rrsig[] = "\0\6\15\1\0\0\2\130eeeeiiiitt\1z\0signature";
	const struct record record = {.owner = (const uint8_t *)owner,
				      .type = type,
				      .class_ = CLASS_IN,
				      .ttl_s = 600,
				      .rdata = (const uint8_t *)rdata,
				      .rdlen = rdlen};
	struct record covering = record;

	covering.type = TYPE_RRSIG;
	covering.rdata = rrsig;
	covering.rdlen = sizeof(rrsig) - 1;
	struct rrset *rrset = rrset_new(&record, 1, &covering, 1);
	CHECK(rrset != NULL);
	return rrset;
}

static void put_zone(struct cache *cache)
{
	static const uint8_t zone[] = "\1z";
	static const char *const chain[][2] = {{"\1z", "\1m\1z\0\0\6\40\0\0\0\0\3"},
					       {"\1m\1z", "\1z\0\0\6\100\0\0\0\0\3"}};
	static const uint16_t lens[] = {5 + 8, 3 + 8};
	struct rrset *soa = signed_of_z("\1z", TYPE_SOA, "\0\0serialrefrretrexpimini", 22);

	CHECK(cache_denial_soa(cache, soa, 600, NOW_S + 300, NOW_MS));
	rrset_free(soa);
	for (size_t i = 0; i < 2; i++) {
		struct rrset *nsec = signed_of_z(chain[i][0], TYPE_NSEC, chain[i][1], lens[i]);

		CHECK(cache_denial_put(cache, zone, nsec, 600, NOW_S + 300, NOW_MS) == DENIAL_KEPT);
		rrset_free(nsec);
	}
}

static void start(struct lanes *lanes)
{
	const struct acl_rule all[] = {{{4, {0}}, 0, ACL_ALLOW}, {{6, {0}}, 0, ACL_ALLOW}};
	struct store_config config = {
		.cache = {.memory_bytes = 16 << 20,
			  .shards = 1,
			  .one_shot_bytes = 1 << 16,
			  .denial_bytes = 1 << 20},
		.acl = acl_new(all, 2),
		.rotate = true,
		.stale_ttl_s = 30,
	};
	char err[200];

	lanes->store = store_new(&config, err, sizeof(err));
	CHECK(lanes->store != NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		put(lanes->store, &rows[i]);
	put_zone(store_cache(lanes->store));
	lanes->service = frame_services();
	plain_service_make(&lanes->service, &lanes->plain);
}

// As far as the frame has headers for it.
static void heal(uint8_t *bytes, size_t len)
{
	static struct frame f;
	const size_t ip = 14 + (len > 16 && bytes[12] == 0x81 ? 4 : 0);

	memcpy(f.bytes, bytes, len);
	f.ip = ip;
	f.family = len > ip && bytes[ip] >> 4 == 6 ? 6 : 4;
	f.udp = ip + (f.family == 6 ? 40 : 20);
	if (len < f.udp + 8 || ((size_t)f.bytes[f.udp + 4] << 8 | f.bytes[f.udp + 5]) > len - f.udp)
		return;
	if (f.family == 4 && f.bytes[ip] == 0x45)
		frame_fix_ip_checksum(&f);
	frame_fix_udp_checksum(&f);
	memcpy(bytes, f.bytes, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lanes lanes;
	static uint8_t frame[FRAME_MAX];
	const char *why = "";

	if (lanes.store == NULL)
		start(&lanes);
	if (size == 0 || size - 1 > FRAME_MAX)
		return 0;
	const size_t len = size - 1;
	memcpy(frame, data + 1, len);
	if (data[0] & 1)
		heal(frame, len);
	lanes.turn = (struct short_turn){
		.now_ms = NOW_MS + (data[0] & 2 ? 301500 : 0),
		.now_s = NOW_S + (data[0] & 2 ? 290 : 0),
		.clock_trusted = (data[0] & 4) == 0,
		.rotation = data[0] >> 4,
	};
	for (size_t kind = 0; kind < SHORT_KINDS; kind++) {
		if (!short_runs(kind))
			continue;
		lanes.serve = short_kinds[kind].serve;
		enum lanes_end end =
			lanes_compare(&lanes, frame, len, data[0] & 8 ? len + 150 : ROOM, &why);
		if (end == LANES_DIFFER)
			fprintf(stderr, "%s: %s\n", short_kinds[kind].name, why);
		CHECK(end != LANES_DIFFER);
	}
	return 0;
}
