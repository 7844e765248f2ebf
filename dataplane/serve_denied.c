// After a miss: what the chains of validated NSEC records say (dataplane/cache/denial.h).
#include "dataplane/serving.h"

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
	struct denial_answer denied;

	// Data that were there a while ago may be newer than their denial: the authority is asked.
	if (serve->lookup.stale_count > 0)
		return 0;
	cache_deny(store->cache, &serve->lookup, &denied);
	if (denied.kind == DENIED_NOT)
		return 0;
	const struct answer_context context = serving_context(store, &serve->query, &moment);
	size_t len = answer_denied(&serve->query, &denied, &context, out, cap);
	if (len > 0) {
		serve->outcome = outcome_of(denied.kind);
		serve->synthesised = true;
	}
	return len;
}
