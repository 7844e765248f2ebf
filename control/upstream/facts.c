// How a server does, as numbers.
#include "control/upstream/state.h"

#include <string.h>

static void facts_of(const struct rating *rating, uint64_t now_us, struct server_facts *out)
{
	out->rtt_us = rating->srtt_us;
	out->slow_us = rating->slow_us;
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
	facts_of(rating, now_us, out);
}

void upstream_server_record(struct upstream *upstream, const uint8_t *zone,
			    const struct address *server, struct server_record *out)
{
	uint64_t now_us = upstream_now_us(upstream);
	const struct rating *rating = ratings_find(&upstream->ratings, NULL, server, now_us);

	*out = (struct server_record){.label = upstream_label(upstream, server)};
	if (zone != NULL)
		upstream_server_facts(upstream, zone, server, &out->here);
	if (rating == NULL)
		return;
	facts_of(rating, now_us, &out->facts);
	out->rttvar_us = rating->rttvar_us;
	out->slow_us = rating->fails > 0 ? rating->slow_us : 0;
	out->since_ms = rating->since_us != 0 ? (now_us - rating->since_us) / 1000 : 0;
	if (rating_state(rating, now_us) == RATING_OUT && rating->out_until_us > now_us)
		out->probe_ms = (rating->out_until_us - now_us) / 1000;
	memcpy(out->counts, rating->counts, sizeof(out->counts));
}

bool upstream_servers_some(const struct upstream *upstream, size_t *at, size_t max,
			   void (*visit)(const struct address *server, void *arg), void *arg)
{
	const struct ratings *ratings = &upstream->ratings;
	const size_t end = ratings->sets * RATING_WAYS;

	for (size_t n = 0; n < SERVERS_LOOKED_AT && *at < end && max > 0; n++) {
		const struct rating *rating = &ratings->places[(*at)++];
		if (!rating->every_zone)
			continue;
		visit(&rating->server, arg);
		max--;
	}
	return *at < end;
}

uint64_t upstream_path_lost_ms(const struct upstream *upstream)
{
	return uplink_dead_us(&upstream->uplink, upstream_now_us(upstream)) / 1000;
}

uint64_t upstream_family_lost_ms(const struct upstream *upstream, unsigned family)
{
	return families_lost_us(&upstream->families, family, upstream_now_us(upstream)) / 1000;
}

const char *server_failure_name(enum server_failure failure)
{
	static const char *const names[SERVER_FAILURE_COUNT] = {
#define X(symbol, name, words) #name,
		SERVER_FAILURES(X)
#undef X
	};

	return names[failure];
}
