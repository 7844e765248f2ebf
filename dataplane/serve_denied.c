// After a miss: what the chains of validated NSEC records say (dataplane/cache/denial/denial.h).
#include "dataplane/serving.h"

#include <assert.h>

static enum serve_outcome outcome_of(enum denied kind)
{
	switch (kind) {
	case DENIED_NXDOMAIN:
		return OUTCOME_NXDOMAIN;
	case DENIED_NODATA:
		return OUTCOME_NODATA;
	default:
		return OUTCOME_POSITIVE;
	}
}

size_t serving_denied(struct store *store, struct serve *serve, uint8_t *out, size_t cap)
{
	const struct moment moment = {
		.client = serve->client,
		.tcp = serve->tcp,
		.now_ms = serve->now_ms,
		.now_s = serve->now_s,
		.clock_trusted = serve->clock_trusted,
		.rotation = serve->rotation,
	};
	struct denial_answer found;
	const struct denial_answer *denied = serve->denied;

	// Data that were there a while ago may be newer than their denial: the authority is asked.
	if (serve->lookup.stale_count > 0)
		return 0;
	if (denied == NULL) {
		cache_deny(store->cache, &serve->lookup, &found);
		denied = &found;
	}
	if (denied->kind == DENIED_NOT)
		return 0;
	// ATTACKS B16: what is there of other types is older than its denial, and must not come
	// back once that has ended. Control takes it out.
	if (denied->kind == DENIED_NXDOMAIN && cache_knows(store->cache, &serve->lookup))
		return 0;
	// Where an alias leads, control finds out.
	if (denied->kind == DENIED_WILDCARD && answer_kind(denied->wildcard) == ENTRY_CNAME &&
	    serve->lookup.type != TYPE_CNAME)
		return 0;
	const struct answer_context context = serving_context(store, &serve->query, &moment);
	size_t len = answer_denied(&serve->query, denied, &context, out, cap);
	if (len > 0) {
		serve->outcome = outcome_of(denied->kind);
		serve->synthesised = true;
	}
	return len;
}

static_assert(STORE_BURST_MAX <= DENIAL_BURST_MAX, "one burst is one");

void serving_denied_burst(struct store *store, struct serve *serves, const uint8_t *waiting,
			  size_t count, struct denial_answer *answers)
{
	const struct lookup *lookups[STORE_BURST_MAX];
	struct serve *missed[STORE_BURST_MAX];
	struct denial_memo memo = {.labels = 0};
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct serve *serve = &serves[waiting[i]];
		if (serve->lookup.status != LOOKUP_MISS || serve->lookup.stale_count > 0)
			continue;
		missed[n] = serve;
		lookups[n++] = &serve->lookup;
	}
	if (n < 2)
		return; // a single one gains nothing by stages
	cache_deny_burst(store->cache, lookups, answers, n, &memo);
	for (size_t i = 0; i < n; i++)
		missed[i]->denied = &answers[i];
}
