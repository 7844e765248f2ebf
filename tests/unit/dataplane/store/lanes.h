// One frame through the short lane and through the slow one.
#pragma once

#include "dataplane/dns/header.h"
#include "dataplane/short.h"
#include "tests/unit/dataplane/parse/frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum lanes_end {
	LANES_ANSWERED, // by both, with the same bytes
	LANES_LEFT,     // by the short one, as it came; the slow one answers at once
	LANES_MISSED,   // by both: nothing in the cache, control is to be asked
	LANES_OTHER,    // left by the short one; what it is, is no answer
	LANES_DIFFER,
};

struct lanes {
	struct store *store;
	struct service_addresses service;
	struct plain_service plain;
	struct packet_offload offload;
	struct short_turn turn;
	short_serve *serve;
};

// The slow lane, on a frame in place. Its length, or 0.
static inline size_t lanes_slow(const struct lanes *lanes, uint8_t *bytes, size_t len, size_t room,
				enum serve_outcome *outcome, bool *missed)
{
	struct packet packet;

	*missed = false;
	if (packet_parse(bytes, len, &lanes->service, lanes->offload, &packet) != PACKET_DNS)
		return 0;
	struct serve serve = {
		.client = &packet.source,
		.now_ms = lanes->turn.now_ms,
		.now_s = lanes->turn.now_s,
		.clock_trusted = lanes->turn.clock_trusted,
		.rotation = lanes->turn.rotation,
	};
	const uint16_t message_len = packet.payload_len;
	const uint16_t cap = (uint16_t)(room - (size_t)(packet.payload - bytes));
	enum serve_verdict verdict;
	store_serve_burst(lanes->store, &packet.payload, &message_len, &cap, &serve, &verdict, 1);
	*outcome = serve.outcome;
	*missed = verdict == SERVE_MISS && serve.lookup.stale_count == 0;
	return verdict == SERVE_REPLY ? packet_reply(bytes, &packet, serve.reply_len) : 0;
}

// room: bytes of the buffer that both lanes have, len ≤ room. On LANES_DIFFER *why says how.
static inline enum lanes_end lanes_compare(const struct lanes *lanes, const uint8_t *frame,
					   size_t len, size_t room, const char **why)
{
	// Of just this size, for ASan to watch.
	uint8_t *mine = malloc(room > 0 ? room : 1), *slow = malloc(room > 0 ? room : 1);
	enum serve_outcome outcome = OUTCOME_NONE;
	enum lanes_end end = LANES_DIFFER;
	bool missed;

	memset(mine, 0xa5, room);
	memcpy(mine, frame, len);
	memcpy(slow, mine, room);
	size_t slow_len = lanes_slow(lanes, slow, len, room, &outcome, &missed);
	struct short_frame one = {.frame = {.bytes = mine,
					    .len = (uint16_t)len,
					    .room = (uint16_t)room,
					    .offload = lanes->offload},
				  .missed = true};
	struct short_tally tally = {0};
	struct short_turn turn = lanes->turn;
	turn.tally = &tally;
	size_t answered = lanes->serve(lanes->store, &lanes->plain, &turn, &one, 1);
	const enum serve_outcome mine_is = tally.nxdomain == 1 ? OUTCOME_NXDOMAIN
					   : tally.nodata == 1 ? OUTCOME_NODATA
							       : OUTCOME_POSITIVE;
	if (answered != one.answered)
		*why = "the count of answers";
	else if (!one.answered && (one.frame.len != len || memcmp(mine, frame, len) != 0))
		*why = "a frame is left, but not as it came";
	else if (one.answered && one.frame.len != slow_len)
		*why = "the lengths";
	else if (one.answered && memcmp(mine, slow, slow_len) != 0)
		*why = "the bytes";
	else if (one.answered && outcome != mine_is)
		*why = "the outcome";
	else if (one.missed && (one.answered || !missed))
		*why = "what is a miss";
	else if (one.answered)
		end = LANES_ANSWERED;
	else
		end = one.missed ? LANES_MISSED : slow_len > 0 ? LANES_LEFT : LANES_OTHER;
	free(mine);
	free(slow);
	return end;
}
