#include "control/upstream/uplink.h"

#include "dataplane/dns/edns.h" // siphash
#include "dataplane/dns/name.h"

#include <string.h>

static void begin_row(struct uplink *uplink, uint64_t now_us)
{
	uplink->since_us = now_us;
	uplink->network_count = uplink->zone_count = uplink->root_count = 0;
	uplink->doubted = false;
	uplink->change_count = 0;
}

bool uplink_answer(struct uplink *uplink, uint64_t now_us)
{
	bool returned = uplink->lost;

	begin_row(uplink, now_us);
	uplink->failed_us = 0;
	uplink->unanswered_us = 0;
	uplink->unanswered_root = 0;
	uplink->lost = false;
	if (returned)
		uplink->returned_us = now_us;
	return returned;
}

static void note(uint64_t list[UPLINK_MANY], uint8_t *count, uint64_t value)
{
	for (size_t i = 0; i < *count; i++) {
		if (list[i] == value)
			return;
	}
	if (*count < UPLINK_MANY)
		list[(*count)++] = value;
}

// The /24 or /48.
static uint64_t network_of(const struct address *server)
{
	uint64_t network = server->family;

	for (size_t i = 0; i < (server->family == 4 ? 3u : 6u); i++)
		network = network << 8 | server->bytes[i];
	return network;
}

static void keep(struct uplink *uplink, const struct ratings *ratings, const uint8_t *zone,
		 const struct address *server)
{
	uint64_t tag = ratings_tag(ratings, zone, server);
	struct uplink_change *change = &uplink->changes[uplink->change_count];

	for (size_t i = 0; i < uplink->change_count; i++) {
		if (uplink->changes[i].tag == tag)
			return;
	}
	if (uplink->change_count == UPLINK_JOURNAL)
		return;
	const struct rating *rating = ratings_at(ratings, tag, server);
	*change = (struct uplink_change){.tag = tag, .server = *server, .known = rating != NULL};
	if (rating != NULL)
		change->before = *rating;
	uplink->change_count++;
}

static void restore(struct uplink *uplink, const struct ratings *ratings)
{
	for (size_t i = 0; i < uplink->change_count; i++) {
		const struct uplink_change *change = &uplink->changes[i];
		struct rating *rating = ratings_at(ratings, change->tag, &change->server);
		if (rating != NULL)
			*rating = change->known ? change->before : (struct rating){0};
	}
	uplink->change_count = 0;
}

// That a server which is known to be out is silent says nothing new.
static void note_unanswered(struct uplink *uplink, const struct ratings *ratings,
			    const uint8_t *zone, const struct address *server, uint64_t now_us)
{
	const struct rating *rating =
		ratings_at(ratings, ratings_tag(ratings, NULL, server), server);

	if (uplink->unanswered_us == 0 && rating != NULL && rating->fails > 0)
		return;
	if (uplink->unanswered_us == 0)
		uplink->unanswered_us = now_us;
	if (name_is_root(zone) && uplink->unanswered_root < UPLINK_UNANSWERED_ROOT)
		uplink->unanswered_root++;
}

uint64_t uplink_dead_us(const struct uplink *uplink, uint64_t now_us)
{
	if (uplink->lost)
		return now_us - uplink->since_us;
	if (uplink->unanswered_root < UPLINK_UNANSWERED_ROOT ||
	    now_us < uplink->unanswered_us + UPLINK_UNANSWERED_US)
		return 0;
	return now_us - uplink->unanswered_us;
}

uint64_t uplink_doubted_in_us(const struct uplink *uplink, uint64_t now_us)
{
	uint64_t at_us = uplink->unanswered_us + UPLINK_UNANSWERED_ASK_US;

	if (uplink->lost || uplink->doubted)
		return 0;
	if (uplink->unanswered_us == 0)
		return UINT64_MAX;
	return now_us < at_us ? at_us - now_us : 0;
}

bool uplink_failure(struct uplink *uplink, struct ratings *ratings, const uint8_t *zone,
		    const struct address *server, uint64_t now_us)
{
	static const uint8_t key[16];

	note_unanswered(uplink, ratings, zone, server, now_us);
	if (uplink->lost)
		return true;
	if (uplink->returned_us != 0 && now_us < uplink->returned_us + UPLINK_RETURN_US)
		return true;
	if (now_us > uplink->failed_us + UPLINK_PAUSE_US)
		begin_row(uplink, now_us);
	uplink->failed_us = now_us;
	keep(uplink, ratings, zone, server);
	keep(uplink, ratings, NULL, server);
	note(uplink->networks, &uplink->network_count, network_of(server));
	note(uplink->zones, &uplink->zone_count, siphash_1_3(key, zone, name_len(zone)));
	if (name_is_root(zone) && uplink->root_count < UPLINK_ROOT)
		uplink->root_count++;
	uplink->doubted = uplink->network_count == UPLINK_MANY && uplink->zone_count == UPLINK_MANY;
	if (!uplink->doubted || uplink->root_count < UPLINK_ROOT ||
	    now_us < uplink->since_us + UPLINK_LEAST_US)
		return false;
	uplink->lost = true;
	restore(uplink, ratings);
	return true;
}
