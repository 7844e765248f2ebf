#include "dataplane/answer/reply.h"
#include "dataplane/answer/sentinel.h"

// RFC 8767 §5: past its TTL.
static struct ttl_rule ttl_rule_stale(const struct entry *entry,
				      const struct answer_context *context)
{
	struct ttl_rule rule = ttl_rule_of(entry, context->now_ms, context->now_s);

	rule.stale = true;
	rule.age_s = 0;
	// Past its signatures it comes here only where that is configured.
	if (rule.ceiling_s == 0 || rule.ceiling_s > context->stale_ttl_s)
		rule.ceiling_s = context->stale_ttl_s;
	return rule;
}

// What of the links needs no look at their records. False when they make no chain.
static bool chain_start(struct chain *chain, const struct entry *const *links, size_t count,
			bool stale_allowed, const struct answer_context *context)
{
	if (count > LOOKUP_LINKS_MAX)
		return false;
	chain->links = links;
	chain->count = count;
	chain->stale = false;
	for (size_t i = 0; i < count; i++) {
		bool stale = stale_allowed && !entry_fresh(links[i], context->now_ms);

		chain->sources[i].entry = links[i];
		chain->sources[i].ttl =
			stale ? ttl_rule_stale(links[i], context)
			      : ttl_rule_of(links[i], context->now_ms, context->now_s);
		chain->stale |= stale;
	}
	return true;
}

static bool secure(const struct chain *chain, const struct answer_context *context)
{
	if (chain->stale || !context->clock_trusted)
		return false;
	for (size_t i = 0; i < chain->count; i++) {
		const struct entry *entry = chain->links[i];

		if (entry->security != SECURITY_SECURE || (entry->flags & ENTRY_OPT_OUT) ||
		    !entry_signatures_valid(entry, context->now_s))
			return false;
	}
	return true;
}

// RFC 4035 §3.2.3 and RFC 6840 §5.8, over all that answers: DESIGN §4.
static bool authentic(const struct chain *chain, const struct query *query,
		      const struct answer_context *context)
{
	return (query->ad || query_wants_dnssec(query)) && secure(chain, context);
}

static void list_edes(struct ede_list *edes, const struct chain *chain, int why)
{
	if (chain->stale) {
		// RFC 8914 §4.4, §4.20
		ede_add(edes,
			chain->rcode == RCODE_NXDOMAIN ? EDE_STALE_NXDOMAIN_ANSWER
						       : EDE_STALE_ANSWER,
			NULL, 0);
		ede_add(edes, why, NULL, 0);
	}
	for (size_t i = 0; i < chain->count; i++) {
		const struct entry *entry = chain->links[i];
		ede_add(edes, entry->ede, NULL, 0);
		if (entry->flags & ENTRY_NOTED)
			ede_add(edes, EDE_DNSSEC_BOGUS, (const char *)entry_note(entry) + 1,
				*entry_note(entry));
	}
}

static size_t render_failure(const struct query *query, const struct entry *failure,
			     const struct answer_context *context, uint8_t *out, size_t cap)
{
	struct ede_list edes = {.count = 0};

	ede_add(&edes, failure->ede, (const char *)entry_data(failure), failure->data_len);
	return reply_error(query, failure->rcode, &edes, context, out, cap);
}

static size_t render(const struct query *query, const struct entry *const *links, size_t count,
		     bool stale_allowed, int why, const struct answer_context *context,
		     uint8_t *out, size_t cap)
{
	struct ede_list edes;
	struct chain chain;
	struct reply reply;
	unsigned flags = 0;

	if (count == 0 || !chain_start(&chain, links, count, stale_allowed, context))
		return 0;
	if (links[count - 1]->kind == ENTRY_FAILURE)
		return render_failure(query, links[count - 1], context, out, cap);
	if (sentinel_asked(query) && secure(&chain, context) &&
	    sentinel_denies(query->qname, context->root_tags)) {
		edes.count = 0;
		return reply_error(query, RCODE_SERVFAIL, &edes, context, out, cap);
	}
	if (!reply_start(&reply, query, context, out, cap))
		return 0;
	enum chain_verdict verdict = chain_answers(&chain, &reply);
	if (verdict == CHAIN_OK)
		verdict = chain_authorities(&chain, &reply);
	if (verdict == CHAIN_BROKEN)
		return 0;
	if (verdict == CHAIN_FULL) {
		// What did not fit may hold the RCODE's proof: the whole answer comes over TCP.
		if (entry_is_nxdomain(links[count - 1]))
			chain.rcode = RCODE_NXDOMAIN;
		reply_truncate(&reply);
		flags = FLAG_TC;
	} else if (authentic(&chain, query, context)) {
		flags = FLAG_AD;
	}
	edes.count = 0;
	list_edes(&edes, &chain, why);
	return reply_finish(&reply, chain.rcode, flags, &edes);
}

size_t answer_render(const struct query *query, const struct entry *const *links, size_t count,
		     const struct answer_context *context, uint8_t *out, size_t cap)
{
	return render(query, links, count, false, EDE_NONE, context, out, cap);
}

size_t answer_render_stale(const struct query *query, const struct entry *const *links,
			   size_t count, int why, const struct answer_context *context,
			   uint8_t *out, size_t cap)
{
	return render(query, links, count, true, why, context, out, cap);
}

enum entry_kind answer_kind(const struct entry *link)
{
	return entry_is_nxdomain(link) ? ENTRY_NXDOMAIN : (enum entry_kind)link->kind;
}
