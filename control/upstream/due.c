// Whether a reply is on its way.
#include "control/upstream/exchange.h"

#define GRAIN_US UINT64_C(100000)

// In that time, too late or not, or slow as it is.
static bool has_answered(const struct exchange *exchange, const struct rating *rating,
			 uint64_t silent_us, uint64_t now_us)
{
	const struct server *server = servers_find(
		&exchange->upstream->servers, &exchange->request.server, exchange->request.port);

	return rating->slow_us > 0 || (server && server->answered_us + silent_us >= now_us);
}

uint64_t exchange_due_ms(const struct exchange *exchange, uint32_t silent_ms, uint32_t *took_ms)
{
	const struct exchange_request *request = &exchange->request;
	const struct ratings *ratings = &exchange->upstream->ratings;
	uint64_t now_us = upstream_now_us(exchange->upstream);
	const struct rating *rating =
		ratings_find(ratings, request->zone, &request->server, now_us);

	if (!rating)
		rating = ratings_find(ratings, NULL, &request->server, now_us);
	if (!rating || (rating->srtt_us == 0 && rating->slow_us == 0))
		return UINT64_MAX;
	bool answers = has_answered(exchange, rating, silent_ms * UINT64_C(1000), now_us);
	if (!answers && rating->fails > 0)
		return UINT64_MAX;
	uint64_t took_us = rating->slow_us > rating->srtt_us ? rating->slow_us : rating->srtt_us;
	if (took_us < rating->last_us)
		took_us = rating->last_us;
	uint64_t due_us = exchange->sent_us + took_us + took_us / 4 + GRAIN_US;
	// A connection takes a round trip: where there is none after that, somebody drops it.
	if (exchange->tcp && !exchange->connected)
		due_us = exchange->sent_us + took_us + GRAIN_US;
	else if (exchange->deadline_us <= exchange->sent_us + took_us)
		return UINT64_MAX;
	else if (answers && due_us < now_us)
		due_us = exchange->deadline_us; // it takes longer than we knew
	if (due_us > exchange->deadline_us)
		due_us = exchange->deadline_us;
	if (due_us < now_us)
		return UINT64_MAX;
	*took_ms = (uint32_t)(took_us / 1000);
	return (due_us - now_us) / 1000;
}
