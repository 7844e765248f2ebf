#include "control/upstream/rating.h"

#include "control/upstream/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ratings_open(struct ratings *ratings, size_t max, const uint8_t key[16])
{
	ratings->sets = 1;
	while (ratings->sets * RATING_WAYS < (max ? max : SERVERS_DEFAULT))
		ratings->sets *= 2;
	ratings->places = calloc(ratings->sets * RATING_WAYS, sizeof(*ratings->places));
	ratings->tags = calloc(ratings->sets, sizeof(*ratings->tags));
	memcpy(ratings->key, key, sizeof(ratings->key));
	return ratings->places && ratings->tags ? 0 : -ENOMEM;
}

void ratings_close(struct ratings *ratings)
{
	free(ratings->places);
	free(ratings->tags);
	ratings->places = NULL;
	ratings->tags = NULL;
}

uint64_t ratings_tag(const struct ratings *ratings, const uint8_t *zone,
		     const struct address *server)
{
	uint8_t bytes[1 + sizeof(server->bytes) + NAME_MAX_LEN] = {server->family};
	size_t len = 1 + sizeof(server->bytes);

	memcpy(bytes + 1, server->bytes, sizeof(server->bytes));
	if (zone) {
		name_lower(bytes + len, zone, name_len(zone));
		len += name_len(zone);
	}
	return siphash_1_3(ratings->key, bytes, len);
}

struct rating *ratings_at(const struct ratings *ratings, uint64_t tag, const struct address *server)
{
	size_t set = tag & (ratings->sets - 1);
	struct rating *places = ratings->places + set * RATING_WAYS;

	for (size_t i = 0; i < RATING_WAYS; i++)
		if (ratings->tags[set][i] == tag && server_address_equal(&places[i].server, server))
			return &places[i];
	return NULL;
}

// False: nothing is left of it.
static bool age(struct rating *rating, uint64_t now_us)
{
	if (rating->reported_us + RATING_MEMORY_US > now_us)
		return true;
	if (rating->srtt_us == 0)
		return false;
	rating->timeouts = rating->fails = rating->out_steps = 0;
	rating->out_until_us = rating->probe_until_us = 0;
	rating->slow_us = 0;
	rating->cause = SERVER_GOOD;
	return true;
}

struct rating *ratings_find(const struct ratings *ratings, const uint8_t *zone,
			    const struct address *server, uint64_t now_us)
{
	struct rating *rating = ratings_at(ratings, ratings_tag(ratings, zone, server), server);

	if (!rating || !age(rating, now_us))
		return NULL;
	rating->used_us = now_us;
	return rating;
}

static struct rating *use(struct ratings *ratings, const uint8_t *zone,
			  const struct address *server, uint64_t now_us)
{
	uint64_t tag = ratings_tag(ratings, zone, server);
	struct rating *rating = ratings_at(ratings, tag, server);

	if (!rating) {
		size_t row = tag & (ratings->sets - 1);
		struct rating *set = ratings->places + row * RATING_WAYS;

		rating = set;
		for (size_t i = 1; i < RATING_WAYS; i++)
			if (set[i].used_us < rating->used_us)
				rating = &set[i];
		*rating = (struct rating){.server = *server, .every_zone = !zone};
		ratings->tags[row][rating - set] = tag;
	} else if (!age(rating, now_us)) {
		*rating = (struct rating){.server = *server, .every_zone = !zone};
	}
	rating->used_us = now_us;
	rating->reported_us = now_us;
	return rating;
}

// RFC 6298 §2.2, §2.3.
static void measure(struct rating *rating, uint64_t rtt_us)
{
	uint32_t rtt = rtt_us > RATING_MAX_US * 2 ? RATING_MAX_US * 2 : (uint32_t)rtt_us;
	uint32_t apart;

	rating->last_us = rtt;
	if (rating->srtt_us == 0) {
		rating->srtt_us = rtt ? rtt : 1;
		rating->rttvar_us = rtt / 2;
		return;
	}
	apart = rating->srtt_us > rtt ? rating->srtt_us - rtt : rtt - rating->srtt_us;
	rating->rttvar_us = (uint32_t)((UINT64_C(3) * rating->rttvar_us + apart) / 4);
	rating->srtt_us = (uint32_t)((UINT64_C(7) * rating->srtt_us + rtt) / 8);
	if (rating->srtt_us == 0)
		rating->srtt_us = 1;
}

// How many failures in a row take a server out. A lost packet, or one name that a server cannot
// answer, is no reason to leave a server that answered before.
static unsigned patience(const struct rating *rating, enum server_failure failure)
{
	switch (failure) {
	case SERVER_TIMEOUT:
		return rating->srtt_us ? 2 : 1;
	case SERVER_RESET:
	case SERVER_UNTRUSTED:
	case SERVER_SERVFAIL:
	case SERVER_MALFORMED:
	case SERVER_WRONG_QUESTION:
		return 2;
	default:
		return 1;
	}
}

static uint64_t known_timeout_us(const struct rating *rating)
{
	uint64_t timeout = rating->srtt_us + UINT64_C(4) * rating->rttvar_us;
	uint64_t slow = rating->slow_us + rating->slow_us / 4;

	if (rating->srtt_us == 0)
		timeout = RATING_FIRST_US;
	if (rating->fails > 0 && timeout < slow)
		timeout = slow < RATING_MAX_US ? slow : RATING_MAX_US;
	return timeout < RATING_MIN_US ? RATING_MIN_US : timeout;
}

static void fail(struct rating *rating, enum server_failure failure, uint64_t now_us)
{
	// Many questions that were under way together fail together: that is one failure.
	enum server_failure before = (enum server_failure)rating->cause;
	if (before == SERVER_SLOW)
		before = SERVER_TIMEOUT;
	if (rating->fails > 0 && now_us < rating->failed_us + RATING_MIN_US && failure == before)
		return;
	rating->failed_us = now_us;
	if (rating->fails == 0)
		rating->since_us = now_us;
	if (rating->fails < UINT8_MAX)
		rating->fails++;
	if (failure == SERVER_TIMEOUT && rating->timeouts < UINT8_MAX)
		rating->timeouts++;
	if (rating->timeouts >= RATING_SLOW_LOST)
		rating->slow_us = 0;
	if (rating->fails < patience(rating, failure) || now_us < rating->out_until_us)
		return;
	if (rating->out_steps < RATING_OUT_STEPS)
		rating->out_steps++;
	rating->out_until_us = now_us + (RATING_OUT_US << (rating->out_steps - 1));
	rating->probe_until_us = 0;
}

bool rating_is_silent(const struct rating *rating)
{
	return rating && rating->fails > 0 &&
	       (rating->cause == SERVER_TIMEOUT || rating->cause == SERVER_SLOW ||
		rating->cause == SERVER_UNREACHABLE || rating->cause == SERVER_RESET ||
		rating->cause == SERVER_UNTRUSTED);
}

bool rating_counts(struct rating *everywhere, enum server_failure failure, uint64_t zone,
		   uint64_t now_us)
{
	bool other = everywhere->failed_zone != zone;

	if (failure == SERVER_TIMEOUT) {
		everywhere->failed_zone = zone;
		everywhere->several_zones =
			everywhere->fails > 0 && (other || everywhere->several_zones);
		return other || everywhere->fails == 0;
	}
	if (failure == SERVER_STRIPPED && everywhere->stripped_zone != zone) {
		everywhere->stripped_zone = zone;
		if (everywhere->strips < UINT8_MAX)
			everywhere->strips++;
	}
	if (failure == SERVER_STRIPPED && everywhere->strips >= RATING_STRIPS)
		everywhere->strip_until_us = now_us + RATING_STRIP_US;
	else if (failure == SERVER_GOOD && now_us >= everywhere->strip_until_us &&
		 everywhere->strips >= RATING_STRIPS)
		everywhere->strips = 0;
	return true;
}

void rating_return(struct rating *rating, const struct rating *everywhere)
{
	if (!everywhere || rating == everywhere || !rating_is_silent(rating) ||
	    rating->failed_us >= everywhere->returned_us)
		return;
	rating->timeouts = rating->fails = rating->out_steps = 0;
	rating->out_until_us = rating->probe_until_us = 0;
}

// The failure has been counted already, as a timeout. A good answer since then says more.
static void was_slow(struct rating *rating, uint64_t rtt_us)
{
	uint32_t rtt = rtt_us > RATING_MAX_US ? (uint32_t)RATING_MAX_US : (uint32_t)rtt_us;

	if (rating->fails == 0 || (rating->cause != SERVER_TIMEOUT && rating->cause != SERVER_SLOW))
		return;
	rating->last_us = rtt;
	rating->slow_us =
		rating->slow_us ? (uint32_t)((UINT64_C(3) * rating->slow_us + rtt) / 4) : rtt;
	rating->timeouts = 0;
	rating->cause = SERVER_SLOW;
}

void ratings_report(struct ratings *ratings, const uint8_t *zone, const struct address *server,
		    enum server_failure failure, uint64_t rtt_us, uint64_t now_us)
{
	struct rating *rating = use(ratings, zone, server, now_us);

	if (failure == SERVER_SLOW) {
		was_slow(rating, rtt_us);
		return;
	}
	if (rtt_us > 0) {
		measure(rating, rtt_us);
		rating->timeouts = 0;
	}
	if (failure == SERVER_BOGUS || failure == SERVER_STRIPPED)
		rating->bogus_us = now_us;
	if (failure == SERVER_GOOD) {
		// What it was for one zone alone is that zone's affair.
		if (rating_is_silent(rating) &&
		    (rating->several_zones || rating->cause == SERVER_UNREACHABLE))
			rating->returned_us = now_us;
		rating->several_zones = false;
		if (rating->fails > 0 || rating->since_us == 0)
			rating->since_us = now_us;
		rating->timeouts = 0;
		rating->fails = 0;
		rating->out_steps = 0;
		rating->out_until_us = 0;
		rating->slow_us = 0;
	} else {
		fail(rating, failure, now_us);
	}
	rating->cause = (uint8_t)failure;
}

static uint64_t shifted_us(uint64_t timeout_us, unsigned times)
{
	timeout_us <<= times < 8 ? times : 8;
	return timeout_us > RATING_MAX_US ? RATING_MAX_US : timeout_us;
}

uint64_t rating_timeout_us(const struct rating *rating)
{
	if (!rating)
		return RATING_FIRST_US;
	return shifted_us(known_timeout_us(rating), rating->timeouts);
}

uint64_t rating_patience_us(const struct rating *rating)
{
	return rating ? known_timeout_us(rating) : RATING_FIRST_US;
}

// Three mean deviations are past the 95th percentile of what round trips look like.
uint64_t rating_late_us(const struct rating *rating)
{
	if (!rating || rating->srtt_us == 0)
		return 0;
	uint64_t spread_us = UINT64_C(3) * rating->rttvar_us;
	if (spread_us < RATING_GRAIN_US)
		spread_us = RATING_GRAIN_US;
	uint64_t late_us = rating->srtt_us + spread_us;
	return late_us < RATING_LATE_MIN_US ? RATING_LATE_MIN_US : late_us;
}

uint64_t rating_score_us(const struct rating *rating)
{
	if (!rating)
		return RATING_FIRST_US;
	if (rating->fails > 0 || rating->srtt_us == 0)
		return shifted_us(known_timeout_us(rating), rating->fails);
	return (uint64_t)rating->srtt_us + rating->rttvar_us;
}

enum rating_state rating_state(const struct rating *rating, uint64_t now_us)
{
	if (!rating || rating->out_steps == 0)
		return RATING_IN;
	if (now_us < rating->out_until_us || now_us < rating->probe_until_us)
		return RATING_OUT;
	return RATING_PROBE;
}
