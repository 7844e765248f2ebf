// How a server does, as numbers.
#include "control/upstream/state.h"

void upstream_server_facts(struct upstream *upstream, const uint8_t *zone,
			   const struct address *server, struct server_facts *out)
{
	uint64_t now_us = upstream_now_us(upstream);
	const struct rating *rating = ratings_find(&upstream->ratings, zone, server, now_us);

	*out = (struct server_facts){.standing = SERVER_UNASKED, .here = rating != NULL};
	if (rating == NULL)
		rating = ratings_find(&upstream->ratings, NULL, server, now_us);
	if (rating == NULL)
		return;
	out->rtt_us = rating->srtt_us;
	out->fails = rating->fails;
	out->cause = (enum server_failure)rating->cause;
	if (rating->fails == 0)
		out->standing = SERVER_WELL;
	else if (rating_state(rating, now_us) == RATING_IN)
		out->standing = SERVER_IN_DOUBT;
	else
		out->standing = SERVER_OUT;
	out->due = rating_state(rating, now_us) == RATING_PROBE;
}
