// A question put once more in another way, to the same server, while the first one stays open: what
// made us ask may have been a forgery, and then the first one is answered yet.
#include "control/upstream/exchange.h"

#include <string.h>

bool beside_start(struct exchange *first, enum form form, bool lower_case)
{
	struct upstream *upstream = first->upstream;
	struct exchange *exchange;
	size_t place = 0;

	while (place < EXCHANGE_BESIDE_MAX && first->beside[place])
		place++;
	if (place == EXCHANGE_BESIDE_MAX)
		return false;
	exchange = exchange_new(upstream, &first->request);
	if (!exchange)
		return false;
	exchange->first = first;
	first->beside[place] = exchange;
	exchange->request.late_ms = 0;
	exchange->drill = first->drill;
	exchange->tcp = false;
	exchange->form = form;
	exchange->lower_case = lower_case;
	exchange->form_lowered = form == FORM_PLAIN;
	upstream->counters.beside++;
	if (attempt_start(exchange) == UPSTREAM_OK)
		return true;
	exchange_discard(exchange);
	return false;
}

static bool is_asked_plain(const struct exchange *first)
{
	for (size_t i = 0; i < EXCHANGE_BESIDE_MAX; i++) {
		if (first->beside[i] && first->beside[i]->form == FORM_PLAIN)
			return true;
	}
	return false;
}

void beside_without_edns(struct exchange *exchange)
{
	const struct exchange_request *request = &exchange->request;
	const struct server *server =
		servers_find(&exchange->upstream->servers, &request->server, request->port);

	if (!exchange->edns_doubted || exchange->form == FORM_PLAIN || exchange->tcp ||
	    exchange->first || exchange->request.last_try || exchange->denial.message ||
	    exchange->abandoned_for || is_asked_plain(exchange))
		return;
	// It knows EDNS, or did: what came is a forgery, or another fault.
	if (server && server->echoed_us > 0)
		return;
	if (request->signed_zone &&
	    !(request->unsigned_zone && request->unsigned_zone(exchange->arg)))
		return;
	exchange->request.signed_zone = false;
	if (beside_start(exchange, FORM_PLAIN, false))
		exchange->upstream->counters.without_edns++;
}

void beside_again(struct exchange *exchange)
{
	if (exchange->first || exchange->request.last_try || exchange->abandoned_for ||
	    exchange->denial.message || beside_any(exchange))
		return;
	(void)beside_start(exchange, exchange->form, exchange->lower_case);
}

bool beside_any(const struct exchange *first)
{
	for (size_t i = 0; i < EXCHANGE_BESIDE_MAX; i++) {
		if (first->beside[i])
			return true;
	}
	return false;
}

uint64_t beside_deadline_us(const struct exchange *first)
{
	uint64_t deadline_us = 0;

	for (size_t i = 0; i < EXCHANGE_BESIDE_MAX; i++) {
		if (first->beside[i] && first->beside[i]->deadline_us > deadline_us)
			deadline_us = first->beside[i]->deadline_us;
	}
	return deadline_us;
}

void beside_forget(struct exchange *exchange)
{
	for (size_t i = 0; i < EXCHANGE_BESIDE_MAX; i++) {
		if (exchange->first && exchange->first->beside[i] == exchange)
			exchange->first->beside[i] = NULL;
		if (exchange->beside[i])
			exchange_discard(exchange->beside[i]);
	}
}
