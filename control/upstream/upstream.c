// The whole: its parts, its one timer, what operators see.
#include "control/upstream/upstream.h"

#include "control/upstream/exchange.h"
#include "control/upstream/labels.h"
#include "dataplane/dns/types.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define EXCHANGES_DEFAULT 16384
#define TIMEOUTS_MAX      32 // in a turn: each may send a packet

struct outcome_name {
	const char *symbol;
	const char *words;
};
static const struct outcome_name outcome_list[UPSTREAM_OUTCOME_COUNT] = {
#define X(symbol, words) {#symbol, words},
	UPSTREAM_OUTCOMES(X)
#undef X
};

const char *upstream_outcome_words(enum upstream_outcome outcome)
{
	return (unsigned)outcome < UPSTREAM_OUTCOME_COUNT ? outcome_list[outcome].words : "unknown";
}

static void name_outcomes(struct upstream *upstream)
{
	for (size_t i = 0; i < UPSTREAM_OUTCOME_COUNT; i++) {
		char *name = upstream->outcome_names[i];

		snprintf(name, sizeof(upstream->outcome_names[i]), "upstream.outcome.%s",
			 outcome_list[i].symbol);
		for (; *name; name++)
			if (*name >= 'A' && *name <= 'Z')
				*name |= 0x20;
	}
}

struct upstream *upstream_new(const struct upstream_config *config,
			      const struct transport *transport)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));
	uint8_t keys[2][16];

	if (!upstream)
		return NULL;
	upstream->config = *config;
	upstream->transport = *transport;
	upstream->timer_at_us = UINT64_MAX;
	if (!config->ipv4 && !config->ipv6)
		upstream->config.ipv4 = upstream->config.ipv6 = true;
	if (!config->exchanges_max)
		upstream->config.exchanges_max = EXCHANGES_DEFAULT;
	name_outcomes(upstream);
	transport->random(transport->ctx, keys, sizeof(keys));
	transport->random(transport->ctx, upstream->cookie_secret, sizeof(upstream->cookie_secret));
	if (servers_open(&upstream->servers, config->servers_max, keys[0]) ||
	    ratings_open(&upstream->ratings, config->servers_max, keys[1]) ||
	    timers_open(&upstream->timers, upstream->config.exchanges_max)) {
		upstream_free(upstream);
		return NULL;
	}
	return upstream;
}

void upstream_free(struct upstream *upstream)
{
	if (!upstream)
		return;
	while (upstream->exchanges)
		exchange_discard(upstream->exchanges);
	servers_close(&upstream->servers);
	ratings_close(&upstream->ratings);
	timers_close(&upstream->timers);
	free(upstream);
}

const char *upstream_label(const struct upstream *upstream, const struct address *server)
{
	return labels_find(upstream->config.labels, server);
}

void upstream_listen(struct upstream *upstream, upstream_heard heard, void *arg)
{
	upstream->heard = heard;
	upstream->heard_arg = arg;
}

void upstream_take_late(struct upstream *upstream, upstream_late_fn take, void *arg)
{
	upstream->take_late = take;
	upstream->take_late_arg = arg;
}

bool upstream_type_counts(uint16_t type)
{
	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_SOA:
	case TYPE_PTR:
	case TYPE_MX:
	case TYPE_TXT:
	case TYPE_DS:
	case TYPE_DNSKEY:
		return true;
	default:
		return false;
	}
}

uint64_t upstream_clock_us(const struct upstream *upstream)
{
	return upstream_now_us(upstream);
}

void upstream_interfere(struct upstream *upstream, const struct interference *interference)
{
	upstream->interference =
		interference != NULL ? *interference : (struct interference){.choose = NULL};
}

uint32_t upstream_draw(struct upstream *upstream, uint32_t count)
{
	uint32_t limit =
		UINT32_MAX - UINT32_MAX % count; // above it small numbers would be favoured
	uint32_t draw;

	do
		upstream->transport.random(upstream->transport.ctx, &draw, sizeof(draw));
	while (draw >= limit);
	return draw % count;
}

// A timer that fires too early costs one look at the heap; one that is moved for every question
// would cost more, so it is only ever moved forward, until it has fired.
void upstream_rearm(struct upstream *upstream)
{
	uint64_t next_us = timers_next_us(&upstream->timers);

	if (next_us >= upstream->timer_at_us)
		return;
	upstream->timer_at_us = next_us;
	upstream->transport.set_timer(upstream->transport.ctx, next_us);
}

void upstream_timer(struct upstream *upstream)
{
	uint64_t now_us = upstream_now_us(upstream);
	uint64_t due_us = timers_next_us(&upstream->timers);
	struct timer *timer;

	upstream->timer_at_us = UINT64_MAX;
	upstream->stall_us = now_us > due_us ? now_us - due_us : 0;
	for (unsigned i = 0;
	     i < TIMEOUTS_MAX && (timer = timers_pop_due(&upstream->timers, now_us)); i++)
		exchange_timeout((struct exchange *)timer);
	upstream->stall_us = 0;
	upstream_rearm(upstream);
}

void upstream_counters(const struct upstream *upstream, upstream_counter_visit visit, void *arg)
{
	const struct upstream_counters *counters = &upstream->counters;

#define X(field, words) visit("upstream." #field, words, counters->field, arg);
	UPSTREAM_COUNTERS(X)
#undef X
	const struct tls_counters *tls = upstream->transport.tls;
	visit("upstream.tls_handshakes", "TLS connections to servers", tls ? tls->handshakes : 0,
	      arg);
	visit("upstream.tls_resumed", "of these, with a session from before",
	      tls ? tls->resumed : 0, arg);
	visit("upstream.tls_untrusted", "TLS servers that did not prove who they must be",
	      tls ? tls->untrusted : 0, arg);
	visit("upstream.uplink_lost", "1 while nobody answers: our own path is lost",
	      upstream_path_lost_ms(upstream) > 0, arg);
	for (size_t i = 0; i < UPSTREAM_OUTCOME_COUNT; i++)
		visit(upstream->outcome_names[i], outcome_list[i].words, upstream->outcomes[i],
		      arg);
#define X(symbol, name, words)                                                                     \
	visit("upstream.server." #name, words, upstream->reports[SERVER_##symbol], arg);
	SERVER_FAILURES(X)
#undef X
}

static_assert(offsetof(struct exchange, timer) == 0, "upstream_timer() casts back");
