// What cached denial says, as the authority would have said it (RFC 8198).
#include "dataplane/answer/reply.h"
#include "dataplane/answer/sentinel.h"

// Every record of the answer lives as long as the one that ends first.
static struct source source_of(const struct entry *entry, size_t place, uint32_t left_s)
{
	return (struct source){
		.entry = entry,
		.place = place,
		.ttl = {.stale = true, .ceiling_s = left_s},
	};
}

// The wildcard's RRset with the question's name: in its entry every owner is the entry's name.
static bool put_wildcard(struct reply *reply, const struct denial_answer *denied)
{
	const struct entry *entry = denied->wildcard;
	const struct source source = source_of(entry, HEADER_LEN, denied->left_s);

	if (!reply_data(reply, &source))
		return false;
	reply->answers += entry->data_count;
	if (!query_wants_dnssec(reply->query))
		return true;
	reply->answers += entry->rrsig_count;
	return reply_records(reply, &source, entry_rrsigs(entry), entry->rrsig_len);
}

// Owners are given by the zone's name, with which the question's ends.
static bool put_authority(struct reply *reply, const struct denial_answer *denied)
{
	const struct entry *soa = denied->soa;
	bool dnssec = query_wants_dnssec(reply->query);
	const struct source source =
		source_of(soa != NULL ? soa : denied->wildcard,
			  HEADER_LEN + reply->query->qname_len - denied->zone_len, denied->left_s);

	if (denied->kind != DENIED_WILDCARD) {
		if (!reply_records(reply, &source, entry_data(soa), soa->data_len))
			return false;
		reply->authorities += soa->data_count;
		if (dnssec) {
			if (!reply_records(reply, &source, entry_rrsigs(soa), soa->rrsig_len))
				return false;
			reply->authorities += soa->rrsig_count;
		}
	}
	for (unsigned i = 0; dnssec && i < denied->proof_count; i++) {
		size_t len;
		uint16_t count;
		const uint8_t *records = denial_item_records(denied->proofs[i], &len, &count);
		if (!reply_records(reply, &source, records, len))
			return false;
		reply->authorities += count;
	}
	return true;
}

size_t answer_denied(const struct query *query, const struct denial_answer *denied,
		     const struct answer_context *context, uint8_t *out, size_t cap)
{
	unsigned rcode = denied->kind == DENIED_NXDOMAIN ? RCODE_NXDOMAIN : RCODE_NOERROR;
	struct ede_list edes = {.count = 0};
	struct reply reply;
	unsigned flags = 0;

	// RFC 8509 §3.2: what comes here is secure.
	if (sentinel_asked(query) && context->clock_trusted &&
	    sentinel_denies(query->qname, context->root_tags))
		return reply_error(query, RCODE_SERVFAIL, &edes, context, out, cap);
	if (!reply_start(&reply, query, context, out, cap))
		return 0;
	if ((denied->kind == DENIED_WILDCARD && !put_wildcard(&reply, denied)) ||
	    !put_authority(&reply, denied)) {
		reply_truncate(&reply);
		flags = FLAG_TC;
	} else if ((query->ad || query_wants_dnssec(query)) && context->clock_trusted) {
		flags = FLAG_AD; // only what is secure comes here
	}
	ede_add(&edes, EDE_SYNTHESIZED, NULL, 0);
	return reply_finish(&reply, rcode, flags, &edes);
}
