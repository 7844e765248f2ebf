// The stages of the short lane, in one file so that the compiler sees through each. Included by
// short_narrow.c and short_wide.c alone, which are compiled for different processors.
#pragma once

#include "dataplane/answer/plain.h"
#include "dataplane/cache/glance.h"
#include "dataplane/serving.h"
#include "dataplane/short.h"
#include "dataplane/short_denied.h"

// Questions that go through the stages together.
struct group {
	size_t count;
	struct short_frame *frames[GLANCE_MAX];
	uint32_t rotations[GLANCE_MAX];
	struct plain_query queries[GLANCE_MAX];
	struct glance glance;
};

// A function of its own: all in one have too many values alive for what registers there are.
#define STAGE static __attribute__((noinline))

struct lane {
	struct store *store;
	const struct plain_service *service;
	const struct short_turn *turn;
	struct plain_moment moment;
	struct denied_lane denied;
	uint64_t lap;
	bool flushing; // since before anything was looked up
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

// Takes those out that `intact` has no bit of.
static inline size_t lane_sift(struct group *group, size_t count, unsigned intact)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if ((intact >> i & 1) == 0)
			continue;
		group->frames[n] = group->frames[i];
		group->rotations[n] = group->rotations[i];
		group->glance.name_lens[n] = group->glance.name_lens[i];
		group->queries[n++] = group->queries[i];
	}
	return n;
}

// Frames [first, first + count): those that are plain questions of clients that may ask.
STAGE void lane_read(const struct lane *lane, struct group *group, struct short_frame *frames,
		     size_t first, size_t count)
{
	struct plain_sums sums;
	size_t n = 0;

	for (size_t i = first; i < first + count; i++) {
		frames[i].answered = frames[i].missed = false;
		if (!plain_parse(&frames[i].frame, lane->service, &group->queries[n], &sums, n) ||
		    !lane_allows(lane->store->acl, &frames[i].frame))
			continue;
		group->frames[n] = &frames[i];
		group->glance.name_lens[n] = group->queries[n].name_len;
		group->rotations[n++] = lane->turn->rotation + (uint32_t)i;
	}
	unsigned intact = plain_sums_intact(&sums, n);
	if (__builtin_expect(intact != (1u << n) - 1, false))
		n = lane_sift(group, n, intact);
	group->count = n;
	glance_ask(lane->store->cache, group->queries, &group->glance, n);
}

STAGE void lane_match(const struct lane *lane, struct group *group)
{
	glance_match(lane->store->cache, group->queries, &group->glance, group->count);
}

STAGE void lane_take(const struct lane *lane, struct group *group)
{
	glance_take(group->queries, &group->glance, group->count, lane->moment.now_ms,
		    lane->moment.now_s);
	if (__builtin_expect(lane->flushing, false))
		glance_leave_flushed(lane->store->cache, &group->glance, group->count);
}

// Those of which nothing was found.
STAGE size_t lane_deny(struct lane *lane, struct group *group, unsigned missed)
{
	const struct denied_bits bits =
		denied_answer(&lane->denied, group->queries, &group->glance, missed);

	for (unsigned left = bits.absent; left != 0; left &= left - 1) {
		const unsigned i = (unsigned)__builtin_ctz(left);

		// RFC 1034 §4.3.1: without RD the slow lane refuses.
		group->frames[i]->missed = (group->queries[i].flags & FLAG_RD) != 0;
	}
	for (unsigned left = bits.answered; left != 0; left &= left - 1) {
		const unsigned i = (unsigned)__builtin_ctz(left);

		plain_reply(&group->frames[i]->frame, &group->queries[i]);
		group->frames[i]->answered = true;
	}
	return (size_t)__builtin_popcount(bits.answered);
}

STAGE size_t lane_answer(struct lane *lane, struct group *group)
{
	size_t answered = 0;
	unsigned missed = 0;

	for (size_t i = 0; i < group->count; i++) {
		struct plain_query *query = &group->queries[i];
		struct short_frame *frame = group->frames[i];

		if (group->glance.entries[i] == NULL) {
			missed |= 1u << i;
			continue;
		}
		if (!plain_answer(query, group->glance.entries[i], &lane->moment,
				  group->rotations[i]))
			continue;
		plain_reply(&frame->frame, query);
		frame->answered = true;
		answered++;
	}
	return missed == 0 ? answered : answered + lane_deny(lane, group, missed);
}

// Adds what passed since the last lap.
static inline void lane_lap(struct lane *lane, enum short_stage stage)
{
	if (__builtin_expect(lane->turn->ticks == NULL, true))
		return;
	uint64_t now = __rdtsc();
	// Read by another thread, to look at.
	__atomic_store_n(&lane->turn->ticks[stage], lane->turn->ticks[stage] + (now - lane->lap),
			 __ATOMIC_RELAXED);
	lane->lap = now;
}

// Four groups are under way at a time, a stage apart: while one is read, memory fetches the index
// lines of the one before, the entries of the one before that, and what is behind the first lines
// of the oldest's.
#define LANE_GROUPS 4

static inline size_t lane_serve(struct store *store, const struct plain_service *service,
				const struct short_turn *turn, struct short_frame *frames,
				size_t count)
{
	struct lane lane = {
		.store = store,
		.service = service,
		.turn = turn,
		.moment = {turn->now_ms, turn->now_s, turn->clock_trusted, store->rotate},
		.denied = {.cache = store->cache, .turn = turn},
		.flushing = flushes_walking(&store->cache->flushes),
	};
	struct group groups[LANE_GROUPS];
	const size_t all = (count + GLANCE_MAX - 1) / GLANCE_MAX;
	size_t answered = 0;

	if (turn->ticks != NULL)
		lane.lap = __rdtsc();
	for (size_t n = 0; n < all + LANE_GROUPS - 1; n++) {
		const size_t first = n * GLANCE_MAX, left = n < all ? count - first : 0;

		if (n < all)
			lane_read(&lane, &groups[n % LANE_GROUPS], frames, first,
				  left < GLANCE_MAX ? left : GLANCE_MAX);
		lane_lap(&lane, SHORT_READ);
		if (n >= 1 && n - 1 < all)
			lane_match(&lane, &groups[(n - 1) % LANE_GROUPS]);
		lane_lap(&lane, SHORT_MATCH);
		if (n >= 2 && n - 2 < all)
			lane_take(&lane, &groups[(n - 2) % LANE_GROUPS]);
		lane_lap(&lane, SHORT_TAKE);
		if (n >= 3)
			answered += lane_answer(&lane, &groups[(n - 3) % LANE_GROUPS]);
		lane_lap(&lane, SHORT_ANSWER);
	}
	return answered;
}
