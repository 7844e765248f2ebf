// From the question along CNAMEs and DNAMEs to what answers it (RFC 1034 §3.6.2).
#include "dataplane/answer/reply.h"

#include <errno.h>
#include <string.h>

// The name that the next link is about: where it stands, uncompressed, in the reply.
struct cursor {
	size_t place;
	size_t len;
};

static bool negative(const struct entry *entry)
{
	return entry->kind == ENTRY_NODATA || entry->kind == ENTRY_NXDOMAIN;
}

// An RRset and its RRSIGs, for the answer section.
static bool put_rrset(struct reply *reply, const struct source *source)
{
	const struct entry *entry = source->entry;

	if (!reply_data(reply, source))
		return false;
	reply->answers += entry->data_count;
	if (!query_wants_dnssec(reply->query) || entry->rrsig_count == 0)
		return true;
	reply->answers += entry->rrsig_count;
	return reply_records(reply, source, entry_rrsigs(entry), entry->rrsig_len);
}

static enum chain_verdict follow_cname(struct reply *reply, const struct source *source,
				       struct cursor *cursor)
{
	struct stored_record cname;
	size_t at = reply->len;

	if (source->entry->data_count == 0)
		return CHAIN_BROKEN;
	if (!put_rrset(reply, source))
		return CHAIN_FULL;
	stored_record(entry_data(source->entry), &cname);
	// The owner of the first record as it was written: a pointer, or the whole name.
	while (reply->out[at] != 0 && reply->out[at] < 0xc0)
		at += reply->out[at] + 1u;
	at += reply->out[at] == 0 ? 1 : 2;
	cursor->place = at + RECORD_FIXED_LEN;
	cursor->len = cname.rdlen;
	return CHAIN_OK;
}

// RFC 6672 §2.3: the DNAME's own name is not rewritten. One DNAME may rewrite two names of a
// chain; it goes out once.
static enum chain_verdict follow_dname(struct chain *chain, size_t i, struct reply *reply,
				       struct cursor *cursor)
{
	const struct source *source = &chain->sources[i];
	const struct entry *entry = source->entry;
	struct stored_record dname;
	uint8_t target[NAME_MAX_LEN];
	bool seen = false;
	int len = 0;

	if (entry->data_count == 0)
		return CHAIN_BROKEN;
	stored_record(entry_data(entry), &dname);
	if (entry->name_len < cursor->len)
		len = name_substitute(reply->out + cursor->place, entry_name(entry),
				      rdata_name(dname.rdata), target);
	if (len < 0 && len != -ENAMETOOLONG)
		return CHAIN_BROKEN;
	// RFC 6672 §2.2: a name that would grow over 255 bytes.
	if (len < 0) {
		chain->rcode = RCODE_YXDOMAIN;
		chain->count = i + 1;
	}
	for (size_t j = 0; j < i; j++)
		seen |= chain->links[j] == entry;
	if (!seen && !put_rrset(reply, source))
		return CHAIN_FULL;
	if (len <= 0)
		return CHAIN_OK;
	// RFC 6672 §3.1: the TTL of the CNAME is the DNAME's.
	uint32_t ttl_s = ttl_now(&source->ttl, wire_get32(dname.fixed + 4));
	if (!reply_cname(reply, cursor->place, cursor->len, ttl_s, target, (size_t)len,
			 &cursor->place))
		return CHAIN_FULL;
	reply->answers++;
	cursor->len = (size_t)len;
	return CHAIN_OK;
}

// ATTACKS B14: of the type asked, or of any where any will do.
static bool of_type_asked(const struct entry *entry, const struct query *query)
{
	return entry->type == query->qtype || query->qtype == TYPE_ANY;
}

static enum chain_verdict answer_link(struct chain *chain, size_t i, struct reply *reply,
				      struct cursor *cursor)
{
	struct source *source = &chain->sources[i];
	const struct entry *entry = source->entry;
	// RFC 8020 §2 and RFC 6672 §2.2: these two also speak for names below their own.
	bool ancestor_may = entry->kind == ENTRY_NXDOMAIN || entry->kind == ENTRY_DNAME;

	if (entry->name_len > cursor->len || (entry->name_len < cursor->len && !ancestor_may))
		return CHAIN_BROKEN;
	source->place = cursor->place + cursor->len - entry->name_len;
	switch ((enum entry_kind)entry->kind) {
	case ENTRY_POSITIVE:
		if (!of_type_asked(entry, reply->query))
			return CHAIN_BROKEN;
		return put_rrset(reply, source) ? CHAIN_OK : CHAIN_FULL;
	case ENTRY_CNAME:
		return follow_cname(reply, source, cursor);
	case ENTRY_DNAME:
		return follow_dname(chain, i, reply, cursor);
	case ENTRY_NXDOMAIN:
	case ENTRY_NODATA:
		if (entry_is_nxdomain(entry))
			chain->rcode = RCODE_NXDOMAIN;
		return CHAIN_OK;
	case ENTRY_FAILURE:
		break;
	}
	return CHAIN_BROKEN;
}

enum chain_verdict chain_answers(struct chain *chain, struct reply *reply)
{
	struct cursor cursor = {HEADER_LEN, reply->query->qname_len};

	chain->rcode = RCODE_NOERROR;
	for (size_t i = 0; i < chain->count; i++) {
		enum chain_verdict verdict = answer_link(chain, i, reply, &cursor);

		if (verdict != CHAIN_OK)
			return verdict;
	}
	return CHAIN_OK;
}

static size_t expand_owner(const struct entry *entry, const struct stored_record *record,
			   uint8_t out[NAME_MAX_LEN])
{
	size_t rest_len = entry->name_len - record->name_offset;

	memcpy(out, record->owner, record->labels_len);
	memcpy(out + record->labels_len, entry_name(entry) + record->name_offset, rest_len);
	return record->labels_len + rest_len;
}

static bool same_record(const struct entry *a, const struct stored_record *x, const struct entry *b,
			const struct stored_record *y)
{
	uint8_t x_owner[NAME_MAX_LEN], y_owner[NAME_MAX_LEN];

	if (x->type != y->type || x->rdlen != y->rdlen || memcmp(x->rdata, y->rdata, x->rdlen))
		return false;
	return expand_owner(a, x, x_owner) == expand_owner(b, y, y_owner) &&
	       name_equal(x_owner, y_owner);
}

static bool proved_before(const struct chain *chain, size_t i, const struct stored_record *record)
{
	for (size_t j = 0; j < i; j++) {
		const struct entry *entry = chain->links[j];
		const uint8_t *p = entry_proofs(entry), *end = p + entry->proof_len;

		while (p < end) {
			struct stored_record other;

			p = stored_record(p, &other);
			if (same_record(chain->links[i], record, entry, &other))
				return true;
		}
	}
	return false;
}

// Links of one zone share NSEC and NSEC3 records: each goes out once (RFC 2181 §5).
static bool put_proofs(const struct chain *chain, size_t i, struct reply *reply)
{
	const struct entry *entry = chain->links[i];
	const uint8_t *p = entry_proofs(entry), *end = p + entry->proof_len;

	if (i == 0) {
		reply->authorities += entry->proof_count;
		return reply_records(reply, &chain->sources[i], p, entry->proof_len);
	}
	while (p < end) {
		struct stored_record record;
		const uint8_t *next = stored_record(p, &record);

		if (!proved_before(chain, i, &record)) {
			if (!reply_records(reply, &chain->sources[i], p, (size_t)(next - p)))
				return false;
			reply->authorities++;
		}
		p = next;
	}
	return true;
}

enum chain_verdict chain_authorities(const struct chain *chain, struct reply *reply)
{
	bool dnssec = query_wants_dnssec(reply->query);

	for (size_t i = 0; i < chain->count; i++) {
		const struct entry *entry = chain->links[i];
		const struct source *source = &chain->sources[i];

		if (negative(entry)) {
			reply->authorities += entry->data_count;
			if (!reply_data(reply, source))
				return CHAIN_FULL;
		}
		if (!dnssec)
			continue;
		if (negative(entry)) {
			reply->authorities += entry->rrsig_count;
			if (!reply_records(reply, source, entry_rrsigs(entry), entry->rrsig_len))
				return CHAIN_FULL;
		}
		if (entry->proof_count > 0 && !put_proofs(chain, i, reply))
			return CHAIN_FULL;
	}
	return CHAIN_OK;
}
