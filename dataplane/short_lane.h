// The stages of the short lane, in one piece so that the compiler sees through them. Included by
// short_narrow.c and short_wide.c alone, which are compiled for different processors.
#pragma once

#include "dataplane/answer/plain.h"
#include "dataplane/cache/glance.h"
#include "dataplane/serving.h"
#include "dataplane/short.h"

// Questions that go through the stages together.
struct group {
	size_t count;
	struct short_frame *frames[GLANCE_MAX];
	uint32_t rotations[GLANCE_MAX];
	struct plain_query queries[GLANCE_MAX];
	struct glance glance;
};

struct lane {
	struct store *store;
	const struct plain_service *service;
	const struct short_turn *turn;
	struct plain_moment moment;
	uint64_t lap;
};

static inline bool lane_allows(const struct acl *acl, const struct plain_frame *frame)
{
	struct address client;
	enum acl_action action = acl_glance(acl, frame->family, plain_client(frame));

	if (__builtin_expect(action != ACL_MIXED, true))
		return action == ACL_ALLOW;
	client.family = frame->family;
	memset(client.bytes, 0, sizeof(client.bytes));
	memcpy(client.bytes, plain_client(frame), frame->family == 4 ? 4 : 16);
	return acl_lookup(acl, &client) == ACL_ALLOW;
}

// Frames [first, first + count): those that are plain questions of clients that may ask.
static inline void lane_read(const struct lane *lane, struct group *group,
			     struct short_frame *frames, size_t first, size_t count)
{
	size_t n = 0;

	for (size_t i = first; i < first + count; i++) {
		frames[i].answered = false;
		if (!plain_parse(&frames[i].frame, lane->service, &group->queries[n]) ||
		    !lane_allows(lane->store->acl, &frames[i].frame))
			continue;
		group->frames[n] = &frames[i];
		group->rotations[n++] = lane->turn->rotation + (uint32_t)i;
	}
	group->count = n;
	glance_ask(lane->store->cache, group->queries, &group->glance, n);
}

static inline void lane_match(const struct lane *lane, struct group *group)
{
	glance_match(lane->store->cache, group->queries, &group->glance, group->count);
}

static inline size_t lane_answer(const struct lane *lane, struct group *group)
{
	size_t answered = 0;

	glance_take(group->queries, &group->glance, group->count, lane->moment.now_ms,
		    lane->moment.now_s);
	for (size_t i = 0; i < group->count; i++) {
		struct plain_query *query = &group->queries[i];
		struct short_frame *frame = group->frames[i];

		if (group->glance.entries[i] == NULL ||
		    !plain_answer(query, group->glance.entries[i], &lane->moment,
				  group->rotations[i]))
			continue;
		plain_reply(&frame->frame, query);
		frame->answered = true;
		answered++;
	}
	return answered;
}

// Adds what passed since the last lap.
static inline void lane_lap(struct lane *lane, enum short_stage stage)
{
	if (__builtin_expect(lane->turn->ticks == NULL, true))
		return;
	uint64_t now = __rdtsc();
	lane->turn->ticks[stage] += now - lane->lap;
	lane->lap = now;
}

// Three groups are under way at a time, a stage apart: while one is read, memory fetches the
// index lines of the one before and the entries of the one before that.
static inline size_t lane_serve(struct store *store, const struct plain_service *service,
				const struct short_turn *turn, struct short_frame *frames,
				size_t count)
{
	struct lane lane = {
		.store = store,
		.service = service,
		.turn = turn,
		.moment = {turn->now_ms, turn->now_s, turn->clock_trusted, store->rotate},
	};
	struct group groups[3];
	size_t answered = 0;
	unsigned now = 0;

	groups[1].count = groups[2].count = 0;
	if (turn->ticks != NULL)
		lane.lap = __rdtsc();
	for (size_t first = 0; first < count + 2 * GLANCE_MAX; first += GLANCE_MAX) {
		struct group *fresh = &groups[now % 3], *older = &groups[(now + 2) % 3],
			     *oldest = &groups[(now + 1) % 3];
		size_t left = first < count ? count - first : 0;

		lane_read(&lane, fresh, frames, first, left < GLANCE_MAX ? left : GLANCE_MAX);
		lane_lap(&lane, SHORT_READ);
		lane_match(&lane, older);
		lane_lap(&lane, SHORT_MATCH);
		answered += lane_answer(&lane, oldest);
		lane_lap(&lane, SHORT_ANSWER);
		now++;
	}
	return answered;
}
