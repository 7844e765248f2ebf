// A reply while it is being written. Inside dataplane/answer only.
#pragma once

#include "dataplane/answer/answer.h"
#include "dataplane/cache/cache.h"
#include "dataplane/cache/entry.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"

#define POINTER     0xc000
#define POINTER_MAX 0x3fff // greatest offset that a compression pointer reaches (RFC 1035 §4.1.4)

struct reply {
	const struct query *query;
	const struct answer_context *context;
	uint8_t *out;
	size_t len;
	size_t limit;       // of the whole reply
	size_t records_end; // the limit without what OPT takes
	uint16_t answers, authorities;
};

// Copies the question and keeps room for OPT. False: not even that fits.
bool reply_start(struct reply *reply, const struct query *query,
		 const struct answer_context *context, uint8_t *out, size_t cap)
	__attribute__((nonnull, warn_unused_result));
// Takes every record back (RFC 2181 §9).
void reply_truncate(struct reply *reply) __attribute__((nonnull));

#define REPLY_EDES_MAX 3
struct ede_list {
	struct {
		int code;
		const char *text;
		size_t text_len;
	} list[REPLY_EDES_MAX];
	size_t count;
};
// Ignores EDE_NONE, a code that is there already, and what is too much.
void ede_add(struct ede_list *list, int code, const char *text, size_t text_len)
	__attribute__((nonnull(1)));

// Header and OPT. flags: of AD and TC what applies. Returns the reply's length.
size_t reply_finish(struct reply *reply, unsigned rcode, unsigned flags,
		    const struct ede_list *edes) __attribute__((nonnull));

// OPT with its cookie and keepalive, without EDE: 0 when the query had no OPT.
size_t opt_len(const struct query *query, const struct answer_context *context)
	__attribute__((nonnull, pure));
void opt_write(struct reply *reply, unsigned rcode, const struct ede_list *edes)
	__attribute__((nonnull));

// A reply without records.
size_t reply_error(const struct query *query, unsigned rcode, const struct ede_list *edes,
		   const struct answer_context *context, uint8_t *out, size_t cap)
	__attribute__((nonnull, warn_unused_result));

// What a stored TTL has come to.
struct ttl_rule {
	uint32_t age_s;
	uint32_t ceiling_s; // what the signatures leave
	bool stale;         // every TTL is the ceiling
};

static inline uint32_t ttl_now(const struct ttl_rule *rule, uint32_t stored_s)
{
	if (rule->stale)
		return rule->ceiling_s;
	uint32_t left_s = stored_s > rule->age_s ? stored_s - rule->age_s : 0;
	return left_s < rule->ceiling_s ? left_s : rule->ceiling_s;
}

// What a fresh (or for this very question one-shot) entry's TTLs have come to.
static inline struct ttl_rule ttl_rule_of(const struct entry *entry, uint64_t now_ms, int64_t now_s)
{
	struct ttl_rule rule = {.ceiling_s = UINT32_MAX};
	uint64_t age_s = now_ms > entry->created_ms ? (now_ms - entry->created_ms) / 1000 : 0;

	rule.age_s = age_s > UINT32_MAX ? UINT32_MAX : (uint32_t)age_s;
	if (!entry_signatures_valid(entry, now_s))
		rule.ceiling_s = 0;
	// An expiry of never must not overflow with a clock before 1970.
	else if (now_s >= 0 && entry->signature_expires_s - now_s < UINT32_MAX)
		rule.ceiling_s = (uint32_t)(entry->signature_expires_s - now_s);
	return rule;
}

// Bytes of each record when all are addresses of one size and more than one, else 0.
static inline size_t rotation_unit(const struct entry *entry)
{
	size_t unit = 2 + 10 + (entry->type == TYPE_A ? 4 : 16);

	if ((entry->type != TYPE_A && entry->type != TYPE_AAAA) || entry->data_count < 2 ||
	    entry->kind != ENTRY_POSITIVE || entry->data_len != unit * entry->data_count)
		return 0;
	return unit;
}

// An entry whose name stands, uncompressed, at `place` in the reply.
struct source {
	const struct entry *entry;
	size_t place;
	struct ttl_rule ttl;
};

// One record of an entry.
struct stored_record {
	const uint8_t *owner; // labels, pointer into the entry's name
	size_t labels_len;    // bytes before the pointer
	size_t name_offset;   // where in the entry's name it points
	const uint8_t *fixed; // type, class, TTL, RDLENGTH
	const uint8_t *rdata;
	uint16_t type, rdlen;
};
#define RECORD_FIXED_LEN 10

// Reads the record at p. Returns where the next one starts.
const uint8_t *stored_record(const uint8_t *p, struct stored_record *out) __attribute__((nonnull));

// Copies records (`len` bytes in the entry) with owners and TTLs of this reply. False when
// they do not fit.
bool reply_records(struct reply *reply, const struct source *source, const uint8_t *records,
		   size_t len) __attribute__((nonnull, warn_unused_result));
// The entry's data, addresses rotated when the context says so.
bool reply_data(struct reply *reply, const struct source *source)
	__attribute__((nonnull, warn_unused_result));
// A CNAME whose owner stands at `place` (RFC 6672 §3.1). *rdata: where its target begins.
bool reply_cname(struct reply *reply, size_t place, size_t owner_len, uint32_t ttl_s,
		 const uint8_t *target, size_t target_len, size_t *rdata)
	__attribute__((nonnull, warn_unused_result));

enum chain_verdict { CHAIN_OK, CHAIN_FULL, CHAIN_BROKEN };

struct chain {
	const struct entry *const *links;
	size_t count;
	struct source sources[LOOKUP_LINKS_MAX];
	unsigned rcode;
	bool stale; // a link is served past its time
};
// Answer section; follows the names, so that chain->sources says where they stand.
enum chain_verdict chain_answers(struct chain *chain, struct reply *reply)
	__attribute__((nonnull, warn_unused_result));
// Authority section: SOA of a negative answer, proofs for DO=1, each record once.
enum chain_verdict chain_authorities(const struct chain *chain, struct reply *reply)
	__attribute__((nonnull, warn_unused_result));
