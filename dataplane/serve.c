// A query from its first byte to its reply, alone or in a burst.
#include "dataplane/dns/ede.h"
#include "dataplane/dns/header.h"
#include "dataplane/serving.h"

#include <assert.h>

enum progress { ENDED, LOOK_UP }; // the verdict stands, or the cache is to be asked

static struct answer_context context_of(const struct store *store, const struct serve *serve)
{
	const struct moment moment = {
		.client = serve->client,
		.tcp = serve->tcp,
		.now_ms = serve->now_ms,
		.now_s = serve->now_s,
		.clock_trusted = serve->clock_trusted,
		.rotation = serve->rotation,
	};

	return serving_context(store, &serve->query, &moment);
}

static enum serve_verdict drop(struct serve *serve, enum drop_reason reason)
{
	serve->reason = reason;
	return SERVE_DROP;
}

// A reply of len bytes in out; 0: it could not be rendered.
static enum serve_verdict replied(struct store *store, struct serve *serve,
				  enum serve_outcome outcome, uint8_t *out, size_t cap, size_t len)
{
	if (len == 0) {
		const struct answer_context context = context_of(store, serve);
		len = serving_unrendered(store, &serve->query, &context, out, cap);
		outcome = OUTCOME_FAILURE;
	}
	if (len == 0)
		return drop(serve, DROP_render);
	serve->outcome = outcome;
	serve->truncated = (header_flags(out) & FLAG_TC) != 0;
	serve->reply_len = len;
	return SERVE_REPLY;
}

static enum serve_verdict refuse(struct store *store, struct serve *serve, int ede, uint8_t *out,
				 size_t cap)
{
	const struct answer_context context = context_of(store, serve);

	return replied(store, serve, OUTCOME_REFUSED, out, cap,
		       answer_error(&serve->query, RCODE_REFUSED, ede, NULL, &context, out, cap));
}

// What needs no look-up: queries that are none, class CH.
static enum serve_verdict serve_special(struct store *store, struct serve *serve,
					enum query_verdict parsed, uint8_t *out, size_t cap)
{
	const struct answer_context context = context_of(store, serve);
	const char *text = parsed == QUERY_REFUSED ? identity_text(store, &serve->query) : NULL;

	if (text)
		return replied(store, serve, OUTCOME_POSITIVE, out, cap,
			       answer_text(&serve->query, text, &context, out, cap));
	return replied(store, serve, parsed == QUERY_REFUSED ? OUTCOME_REFUSED : OUTCOME_ERROR, out,
		       cap, answer_verdict(parsed, &serve->query, &context, out, cap));
}

static void serve_clear(struct serve *serve)
{
	serve->lookup.status = LOOKUP_MISS;
	serve->lookup.count = 0;
	serve->lookup.stale_count = 0;
	serve->outcome = OUTCOME_NONE;
	serve->truncated = false;
	serve->synthesised = false;
	serve->denied = NULL;
	serve->reply_len = 0;
}

static enum progress serve_begin(struct store *store, const uint8_t *msg, size_t len,
				 struct serve *serve, uint8_t *out, size_t cap,
				 enum serve_verdict *verdict)
{
	serve_clear(serve);
	enum query_verdict parsed = query_parse(msg, len, &serve->query);
	if (parsed == QUERY_DROP) {
		*verdict = drop(serve, len < HEADER_LEN ? DROP_dns_short : DROP_dns_response);
		return ENDED;
	}
	enum acl_action action = acl_lookup(store->acl, serve->client);
	if (action == ACL_DROP) {
		*verdict = drop(serve, DROP_acl_drop);
		return ENDED;
	}
	if (action == ACL_REFUSE) {
		*verdict = refuse(store, serve, EDE_PROHIBITED, out, cap);
		return ENDED;
	}
	if (parsed != QUERY_ANSWER) {
		*verdict = serve_special(store, serve, parsed, out, cap);
		return ENDED;
	}
	serve->lookup.name = serve->query.qname;
	serve->lookup.name_len = serve->query.qname_len;
	serve->lookup.type = serve->query.qtype;
	serve->lookup.unproven = serve->query.cd;
	serve->lookup.dnssec = query_wants_dnssec(&serve->query);
	serve->lookup.now_ms = serve->now_ms;
	serve->lookup.now_s = serve->now_s;
	return LOOK_UP;
}

// The EDE of the failure that the look-up ended with.
static int failure_ede(const struct lookup *lookup)
{
	struct entry_facts facts;

	if (lookup->status != LOOKUP_FAILURE || lookup->count == 0)
		return EDE_NONE;
	entry_facts(lookup->links[lookup->count - 1], &facts);
	return facts.ede;
}

static enum serve_outcome outcome_of(const struct lookup *lookup)
{
	switch (answer_kind(lookup->links[lookup->count - 1])) {
	case ENTRY_NODATA:
		return OUTCOME_NODATA;
	case ENTRY_NXDOMAIN:
		return OUTCOME_NXDOMAIN;
	case ENTRY_FAILURE:
		return OUTCOME_FAILURE;
	default:
		return OUTCOME_POSITIVE;
	}
}

static enum serve_verdict serve_miss(struct store *store, struct serve *serve, uint8_t *out,
				     size_t cap)
{
	size_t len = serving_denied(store, serve, out, cap);

	if (len > 0)
		return replied(store, serve, serve->outcome, out, cap, len);
	// RFC 1034 §4.3.1: recursion only where it is desired.
	if (!serve->query.rd)
		return refuse(store, serve, EDE_NOT_AUTHORITATIVE, out, cap);
	return SERVE_MISS;
}

// After an answer that did not validate, what was never proven serves only where its zone is known
// to have no DS still, which control knows (DESIGN §7).
static bool is_doubtful(const struct lookup *lookup)
{
	struct entry_facts facts;

	if (!ede_is_of_validation(failure_ede(lookup)))
		return false;
	for (size_t i = 0; i < lookup->stale_count; i++) {
		entry_facts(lookup->stale_links[i], &facts);
		if (facts.security != SECURITY_SECURE)
			return true;
	}
	return false;
}

// What was found is not given, not even when control cannot be asked.
static enum serve_verdict serve_by_control(struct serve *serve)
{
	serve->lookup.status = LOOKUP_MISS;
	serve->lookup.count = 0;
	serve->lookup.stale_count = 0;
	return SERVE_MISS;
}

static enum serve_verdict serve_end(struct store *store, struct serve *serve, uint8_t *out,
				    size_t cap)
{
	const struct lookup *lookup = &serve->lookup;

	if (lookup->status == LOOKUP_MISS)
		return serve_miss(store, serve, out, cap);
	// RFC 4035 §3.2.2: with CD=1 the client judges; no verdict of ours stands in its way.
	if (serve->query.cd && ede_is_of_validation(failure_ede(lookup))) {
		serve->lookup.status = LOOKUP_MISS;
		serve->lookup.count = 0;
		return serve_miss(store, serve, out, cap);
	}
	// ATTACKS B16: what is there of other types is older than what is said of the name, and
	// must not be given after it. Control takes it out.
	if (lookup->outlived && serve->query.rd)
		return serve_by_control(serve);
	// RFC 8767 §4: better what was proven before than that nothing can be had.
	const bool doubtful = is_doubtful(lookup);
	if (doubtful && serve->query.rd)
		return serve_by_control(serve);
	if (lookup->status == LOOKUP_FAILURE && lookup->stale_count > 0 && !doubtful) {
		size_t len = store_render_stale(store, serve, out, cap);
		if (len > 0)
			return replied(store, serve, OUTCOME_STALE, out, cap, len);
	}
	const struct answer_context context = context_of(store, serve);
	enum serve_outcome outcome = outcome_of(lookup);
	return replied(
		store, serve, outcome, out, cap,
		answer_render(&serve->query, lookup->links, lookup->count, &context, out, cap));
}

enum serve_verdict store_serve_query(struct store *store, uint8_t *msg, size_t len,
				     struct serve *serve, uint8_t *out, size_t cap)
{
	enum serve_verdict verdict;

	if (serve_begin(store, msg, len, serve, out, cap, &verdict) == ENDED)
		return verdict;
	cache_lookup(store->cache, &serve->lookup);
	return serve_end(store, serve, out, cap);
}

void store_serve_burst(struct store *store, uint8_t *const *msgs, const uint16_t *lens,
		       const uint16_t *caps, struct serve *serves, enum serve_verdict *verdicts,
		       size_t count)
{
	struct denial_answer denied[STORE_BURST_MAX];
	struct lookup *lookups[STORE_BURST_MAX];
	uint8_t waiting[STORE_BURST_MAX];
	size_t waiting_count = 0;

	assert(count <= STORE_BURST_MAX);
	for (size_t i = 0; i < count; i++) {
		if (serve_begin(store, msgs[i], lens[i], &serves[i], msgs[i], caps[i],
				&verdicts[i]) == ENDED)
			continue;
		lookups[waiting_count] = &serves[i].lookup;
		waiting[waiting_count++] = (uint8_t)i;
	}
	if (waiting_count == 0)
		return;
	cache_lookup_burst(store->cache, lookups, waiting_count);
	serving_denied_burst(store, serves, waiting, waiting_count, denied);
	for (size_t n = 0; n < waiting_count; n++) {
		size_t i = waiting[n];

		verdicts[i] = serve_end(store, &serves[i], msgs[i], caps[i]);
	}
}

size_t store_render_stale(struct store *store, const struct serve *serve, uint8_t *out, size_t cap)
{
	const struct answer_context context = context_of(store, serve);

	return answer_render_stale(&serve->query, serve->lookup.stale_links,
				   serve->lookup.stale_count, failure_ede(&serve->lookup), &context,
				   out, cap);
}
