#include "dataplane/counters.h"

#include <assert.h>

static const struct {
	const char *name, *words;
} outcomes[] = {
	[OUTCOME_NONE] = {"dataplane.hit.other", "answers of no other kind"},
	[OUTCOME_POSITIVE] = {"dataplane.hit.positive", "answers with data"},
	[OUTCOME_NODATA] = {"dataplane.hit.nodata", "answers NODATA"},
	[OUTCOME_NXDOMAIN] = {"dataplane.hit.nxdomain", "answers NXDOMAIN"},
	[OUTCOME_FAILURE] = {"dataplane.hit.failure", "answers SERVFAIL from a cached failure"},
	[OUTCOME_STALE] = {"dataplane.hit.stale", "answers from stale data"},
	[OUTCOME_REFUSED] = {"dataplane.hit.refused", "answers REFUSED"},
	[OUTCOME_ERROR] = {"dataplane.hit.error", "answers FORMERR, NOTIMP, BADVERS and the like"},
};
static_assert(sizeof outcomes / sizeof outcomes[0] == OUTCOME_COUNT, "every outcome has a name");

static const struct {
	const char *name, *words;
} drops[] = {
#define X(reason, text) [DROP_##reason] = {"dataplane.drop." #reason, text},
	DROP_REASONS(X)
#undef X
};

static const struct {
	const char *passed, *limited, *crowded;
	const char *words, *limited_words, *crowded_words;
} exceptions[] = {
#define X(symbol, name, words)                                                                     \
	[EXCEPTION_##symbol] = {"dataplane.exception." #name,                                      \
				"dataplane.exception_limited." #name,                              \
				"dataplane.exception_full." #name,                                 \
				"for the host's stack: " words,                                    \
				"dropped, over the rate of its class: " words,                     \
				"dropped, no room in the ring of its class: " words},
	EXCEPTION_CLASSES(X)
#undef X
};

void lcore_counters_add(struct lcore_counters *sum, const struct lcore_counters *one)
{
#define X(field, name, words) sum->field += COUNTED(one->field);
	LCORE_COUNTERS(X)
#undef X
	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		sum->hits[i] += COUNTED(one->hits[i]);
	for (unsigned i = 0; i < DROP_REASON_COUNT; i++)
		sum->drops[i] += COUNTED(one->drops[i]);
	for (unsigned i = 0; i < EXCEPTION_CLASS_COUNT; i++) {
		sum->exceptions[i] += COUNTED(one->exceptions[i]);
		sum->limited[i] += COUNTED(one->limited[i]);
		sum->crowded[i] += COUNTED(one->crowded[i]);
	}
}

void lcore_counters_visit(const struct lcore_counters *sum, counter_visit visit, void *arg)
{
#define X(field, name, words) visit(name, words, sum->field, arg);
	LCORE_COUNTERS(X)
#undef X
	visit("dataplane.ticket.outstanding", "tickets that control still has",
	      sum->ticketed - sum->answered - sum->failed - sum->ticket_dropped, arg);
	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		visit(outcomes[i].name, outcomes[i].words, sum->hits[i], arg);
	for (unsigned i = 0; i < DROP_REASON_COUNT; i++) {
		// Not the end of a packet received: counted as tx_dropped.
		if (i != DROP_tx_full)
			visit(drops[i].name, drops[i].words, sum->drops[i], arg);
	}
	for (unsigned i = 0; i < EXCEPTION_CLASS_COUNT; i++) {
		visit(exceptions[i].passed, exceptions[i].words, sum->exceptions[i], arg);
		visit(exceptions[i].limited, exceptions[i].limited_words, sum->limited[i], arg);
		visit(exceptions[i].crowded, exceptions[i].crowded_words, sum->crowded[i], arg);
	}
}

void host_counters_visit(const struct host_counters *counters, counter_visit visit, void *arg)
{
#define X(field, name, words) visit(name, words, COUNTED(counters->field), arg);
	HOST_COUNTERS(X)
#undef X
}
