#include "control/posture/rhythm.h"

#include <stdlib.h>
#include <string.h>

#define STEADY_SHARE  48 // of the validity: renewed so often, it is no rhythm
#define GAP_SHARE     4  // of the validity: unseen for so long, renewals may have been missed
#define OVERDUE_SHARE 5

static uint32_t bounded(int64_t seconds)
{
	return seconds < 0 ? 0 : seconds >= RHYTHM_NONE ? RHYTHM_NONE - 1 : (uint32_t)seconds;
}

void rhythm_start(struct rhythm *r)
{
	memset(r, 0, sizeof(*r));
	r->backdated_s = RHYTHM_NONE;
	r->seasons[0].least_s = r->seasons[1].least_s = RHYTHM_NONE;
}

static void next_season(struct rhythm *r, int64_t now_s)
{
	if (r->season_s == 0)
		r->season_s = now_s;
	if (now_s - r->season_s < RHYTHM_SEASON_S)
		return;
	r->seasons[1] = r->seasons[0];
	r->seasons[0] = (struct rhythm_season){.least_s = RHYTHM_NONE};
	r->season_s = now_s;
}

static void note_renewal(struct rhythm *r, uint32_t period_s, uint32_t left_s)
{
	struct rhythm_season *season = &r->seasons[0];

	r->periods_s[r->renewals++ % RHYTHM_KEPT] = period_s;
	if (period_s > season->longest_s)
		season->longest_s = period_s;
	if (left_s < season->least_s)
		season->least_s = left_s;
}

// When the one that is seen now was made: between the last sight of the former one and now.
static int64_t moment_of(const struct rhythm *r, int64_t inception_s, int64_t now_s)
{
	int64_t made_s = inception_s + r->backdated_s;

	if (made_s < r->seen_s)
		made_s = r->seen_s;
	return made_s < now_s ? made_s : now_s;
}

static void take(struct rhythm *r, int64_t inception_s, int64_t expiration_s, int64_t now_s)
{
	r->made_s = moment_of(r, inception_s, now_s);
	r->inception_s = inception_s;
	r->expiration_s = expiration_s;
	r->seen_s = now_s;
}

static void learn_backdating(struct rhythm *r, int64_t inception_s, int64_t now_s)
{
	uint32_t age_s = bounded(now_s - inception_s);

	if (age_s < r->backdated_s)
		r->backdated_s = age_s;
}

void rhythm_see(struct rhythm *r, int64_t inception_s, int64_t expiration_s, int64_t now_s)
{
	bool first = r->expiration_s == 0;
	int64_t gap_s = now_s - r->seen_s, former_end_s = r->expiration_s;

	// Of a server that lags behind the others.
	if (inception_s < r->inception_s)
		return;
	if (inception_s == r->inception_s && expiration_s == r->expiration_s) {
		r->seen_s = now_s;
		return;
	}
	next_season(r, now_s);
	learn_backdating(r, inception_s, now_s);
	if (first)
		r->watched_s = now_s;
	uint32_t period_s = bounded(inception_s - r->inception_s);
	int64_t valid_s = r->expiration_s - r->inception_s;
	take(r, inception_s, expiration_s, now_s);
	// One that ended before it was renewed tells of no rhythm, and of a gap of no period.
	if (first || period_s == 0 || r->made_s >= former_end_s || gap_s > valid_s / GAP_SHARE)
		return;
	note_renewal(r, period_s, bounded(former_end_s - r->made_s));
}

void rhythm_turn_to(struct rhythm *r, int64_t inception_s, int64_t expiration_s, int64_t now_s)
{
	if (r->expiration_s == 0)
		r->watched_s = now_s;
	next_season(r, now_s);
	r->seen_s = 0; // of the other one
	take(r, inception_s, expiration_s, now_s);
}

// ---- what it comes to ----

static int by_length(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t usual_s(const struct rhythm *r)
{
	size_t count = r->renewals < RHYTHM_KEPT ? r->renewals : RHYTHM_KEPT;
	uint32_t sorted[RHYTHM_KEPT];

	if (count == 0)
		return 0;
	memcpy(sorted, r->periods_s, sizeof(sorted));
	qsort(sorted, count, sizeof(sorted[0]), by_length);
	return sorted[count / 2];
}

static uint32_t longest_s(const struct rhythm *r)
{
	uint32_t a = r->seasons[0].longest_s, b = r->seasons[1].longest_s;

	return a > b ? a : b;
}

uint32_t rhythm_least_s(const struct rhythm *r)
{
	uint32_t a = r->seasons[0].least_s, b = r->seasons[1].least_s;

	return a < b ? a : b;
}

static int64_t least_margin_s(int64_t a, int64_t b)
{
	int64_t margin_s = a < b ? a : b;

	return margin_s > RHYTHM_MARGIN_MIN_S ? margin_s : RHYTHM_MARGIN_MIN_S;
}

// As of its last sight: what was not looked at is not late.
static void judge(const struct rhythm *r, uint32_t floor_s, struct rhythm_facts *out)
{
	int64_t age_s = r->seen_s - r->made_s, left_s = r->expiration_s - r->seen_s;
	uint32_t least_s = out->least_s < floor_s ? out->least_s : floor_s;

	if (r->renewals < RHYTHM_RENEWALS_MIN || least_s == RHYTHM_NONE)
		return;
	if (age_s <= out->longest_s + least_margin_s(out->longest_s / 4, least_s / 4) ||
	    left_s >= least_s - least_s / 8)
		return;
	out->late = true;
	out->missed = out->usual_s > 0 ? (uint32_t)(age_s / out->usual_s) : 1;
	out->overdue = left_s < out->valid_s / OVERDUE_SHARE;
}

void rhythm_facts(const struct rhythm *r, uint32_t floor_s, int64_t now_s, struct rhythm_facts *out)
{
	*out = (struct rhythm_facts){
		.left_s = r->expiration_s - now_s,
		.seen_s = r->seen_s,
		.valid_s = bounded(r->expiration_s - r->inception_s),
		.renewals = r->renewals,
		.usual_s = usual_s(r),
		.longest_s = longest_s(r),
		.least_s = rhythm_least_s(r),
	};
	out->steady =
		out->renewals >= RHYTHM_RENEWALS_MIN && out->usual_s < out->valid_s / STEADY_SHARE;
	judge(r, floor_s, out);
}
