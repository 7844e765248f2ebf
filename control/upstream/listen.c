// After a question was given up: its port stays open for a while, so that a server that answers
// late is told from one that does not answer (upstream.h says what it costs).
#include "control/upstream/exchange.h"

#include <stdlib.h>
#include <string.h>

bool listen_wanted(const struct exchange *exchange)
{
	const struct upstream *upstream = exchange->upstream;
	size_t same = 0;

	// Over TCP, while the connection stands; those that settle something are few.
	if ((exchange->tcp && (!exchange->connected || exchange->settling)) ||
	    exchange->near_misses > 0 || upstream->uplink.lost ||
	    upstream->listener_count == LISTENERS_MAX ||
	    (!exchange->abandoned_for && !exchange->request.zone))
		return false;
	if (!exchange->channel && !exchange->held) // a drill has dropped it
		return false;
	for (size_t i = 0; i < upstream->listener_count; i++)
		same += server_address_equal(&upstream->listeners[i]->request.server,
					     &exchange->request.server);
	return same < LISTENERS_PER_SERVER;
}

// What a drill holds back is sent when its time comes, as a slow server would answer then.
bool listen_start(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	const uint8_t *zone = exchange->request.zone;

	if (!exchange->abandoned_for) {
		uint8_t *copy = malloc(name_len(zone));
		if (!copy)
			return false;
		memcpy(copy, zone, name_len(zone));
		exchange->abandoned_for = copy;
	} else if (upstream_type_counts(exchange->request.type)) {
		upstream_report(upstream, exchange->abandoned_for, &exchange->request.server,
				SERVER_TIMEOUT, 0);
	}
	exchange->given_up = true;
	exchange->late_told = true;
	exchange->deadline_us = upstream_now_us(upstream) + LISTEN_MS * 1000;
	timers_set(&upstream->timers, &exchange->timer, attempt_next_us(exchange, false));
	upstream->listeners[upstream->listener_count++] = exchange;
	upstream->counters.listened++;
	return true;
}

void listen_forget(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	size_t i = 0;

	if (!exchange->given_up)
		return;
	while (upstream->listeners[i] != exchange)
		i++;
	upstream->listener_count--;
	memmove(&upstream->listeners[i], &upstream->listeners[i + 1],
		(upstream->listener_count - i) * sizeof(upstream->listeners[0]));
}

void listen_make_room(struct upstream *upstream)
{
	if (upstream->listener_count > 0)
		exchange_discard(upstream->listeners[0]);
}

bool listen_take(const struct exchange *exchange, const struct exchange_reply *reply)
{
	const struct upstream *upstream = exchange->upstream;

	if (!exchange->given_up || reply->outcome != UPSTREAM_OK || exchange->drill != 0 ||
	    !upstream->take_late)
		return false;
	const struct upstream_late late = {
		.zone = exchange->abandoned_for,
		.name = exchange->name,
		.type = exchange->request.type,
		.pooled = exchange->request.pool != NULL,
		.has_signatures = message_has_signatures(reply->message),
		.server = exchange->request.server,
		.reply = reply,
	};
	return upstream->take_late(upstream->take_late_arg, &late);
}
