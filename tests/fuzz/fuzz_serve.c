// store_serve_query() over a small cache. The first byte says over what the query came and
// when; the rest is the message. Whatever it is, the reply keeps to its limit and can be read.
#include "dataplane/dns/header.h"
#include "dataplane/dns/message.h"
#include "dataplane/dns/types.h"
#include "dataplane/store.h"
#include "tests/fuzz/check.h"

#include <string.h>

#define CAP    65535
#define NOW_MS 1000000u
#define NOW_S  1700000000

static const uint8_t soa[] = "\2ns\1c\0\5admin\1c\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0";
static const uint8_t nsec[] = "\1z\1c\0\0\1\100";

struct row {
	const char *name;
	uint16_t type;
	enum entry_kind kind;
	const char *rdata;
	uint16_t rdlen;
	uint32_t ttl_s, stale_s;
};

static const struct row rows[] = {
	{"\1a", TYPE_A, ENTRY_POSITIVE, "\12\0\0\1", 4, 600, 0},
	{"\1b", 0, ENTRY_CNAME, "\1A", 3, 600, 0},
	{"\1d", 0, ENTRY_DNAME, "\1e", 3, 600, 0},
	{"\1x\1e", TYPE_A, ENTRY_POSITIVE, "\12\0\0\2", 4, 600, 0},
	{"\1n\1c", 0, ENTRY_NXDOMAIN, (const char *)soa, sizeof(soa), 600, 0},
	{"\1a", TYPE_AAAA, ENTRY_NODATA, (const char *)soa, sizeof(soa), 600, 0},
	{"\1s", TYPE_A, ENTRY_POSITIVE, "\12\0\0\3", 4, 10, 3600},
	{"\1s", TYPE_A, ENTRY_FAILURE, NULL, 0, 600, 0},
	{"\1t", TYPE_TXT, ENTRY_POSITIVE, NULL, 1000, 600, 0},
};

static void put(struct store *store, const struct row *row)
{
	static const uint8_t text[1000]; // empty character strings
	const bool negative = row->kind == ENTRY_NXDOMAIN || row->kind == ENTRY_NODATA;
	static const uint16_t alias[] = {[ENTRY_CNAME] = TYPE_CNAME, [ENTRY_DNAME] = TYPE_DNAME};
	const uint8_t *name = (const uint8_t *)row->name;
	const struct record data = {
		.owner = negative ? (const uint8_t *)"\1c" : name,
		.type = negative         ? TYPE_SOA
			: row->type != 0 ? row->type
					 : alias[row->kind],
		.class_ = CLASS_IN,
		.ttl_s = row->ttl_s,
		.rdata = row->rdata ? (const uint8_t *)row->rdata : text,
		.rdlen = row->rdlen,
	};
	const struct record proof = {.owner = (const uint8_t *)"\1y\1c",
				     .type = TYPE_NSEC,
				     .class_ = CLASS_IN,
				     .ttl_s = 60,
				     .rdata = nsec,
				     .rdlen = 8};
	const struct entry_spec spec = {
		.name = name,
		.type = row->type,
		.kind = row->kind,
		.security = SECURITY_SECURE,
		.rcode = RCODE_SERVFAIL,
		.ede = row->kind == ENTRY_FAILURE ? 22 : EDE_NONE,
		.now_ms = NOW_MS,
		.ttl_s = row->ttl_s,
		.stale_s = row->stale_s,
		.signature_expires_s = SIGNATURE_NEVER_EXPIRES,
		.data = &data,
		.data_count = row->kind != ENTRY_FAILURE,
		.proofs = &proof,
		.proof_count = negative,
	};
	const struct entry *entry;

	CHECK(cache_publish(store_cache(store), &spec, &entry) == PUBLISHED);
	cache_unpin(store_cache(store), entry);
}

static struct store *make_store(void)
{
	const struct acl_rule all = {{4, {0}}, 0, ACL_ALLOW};
	struct store_config config = {
		.cache = {.memory_bytes = 16 << 20, .shards = 1, .one_shot_bytes = 1 << 16},
		.acl = acl_new(&all, 1),
		.rotate = true,
		.stale_ttl_s = 30,
		.identity = "node",
	};
	char err[200];
	struct store *store = store_new(&config, err, sizeof(err));

	CHECK(store != NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		put(store, &rows[i]);
	return store;
}

static void check_reply(const struct serve *serve, const uint8_t *reply, const uint8_t *msg)
{
	struct message *message = NULL;
	size_t limit = serve->tcp ? CAP : query_udp_limit(&serve->query);

	CHECK(serve->reply_len >= HEADER_LEN && serve->reply_len <= limit);
	CHECK(serve->outcome != OUTCOME_NONE);
	CHECK(header_id(reply) == header_id(msg));
	CHECK((header_flags(reply) & (FLAG_QR | FLAG_RA | FLAG_AA)) == (FLAG_QR | FLAG_RA));
	CHECK((header_arcount(reply) == 1) == serve->query.edns.present);
	CHECK(message_parse(reply, serve->reply_len, &message) == MESSAGE_OK);
	message_free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct address client = {4, {192, 0, 2, 7}};
	static struct store *store;
	static uint8_t reply[CAP], place[CAP];

	if (!store)
		store = make_store();
	if (size == 0 || size > 4096)
		return 0;
	struct serve one = {.client = &client,
			    .tcp = data[0] & 1,
			    .clock_trusted = true,
			    .now_ms = NOW_MS + (data[0] & 2 ? 20000 : 0),
			    .now_s = NOW_S};
	struct serve many = one;
	const uint16_t len = (uint16_t)(size - 1), cap = CAP;
	uint8_t *msg = malloc(size); // for ASan to watch
	CHECK(msg != NULL);
	memcpy(msg, data + 1, len);
	memcpy(place, msg, len);
	uint8_t *exact = realloc(msg, len > 0 ? len : 1);
	CHECK(exact != NULL);
	enum serve_verdict verdict = store_serve_query(store, exact, len, &one, reply, CAP);
	CHECK(memcmp(exact, place, len) == 0);
	if (verdict == SERVE_REPLY)
		check_reply(&one, reply, exact);
	free(exact);

	uint8_t *const msgs[1] = {place};
	enum serve_verdict again;
	store_serve_burst(store, msgs, &len, &cap, &many, &again, 1);
	CHECK(again == verdict && many.reply_len == one.reply_len);
	CHECK(memcmp(place, reply, one.reply_len) == 0);
	return 0;
}
