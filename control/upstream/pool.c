#include "control/upstream/pool.h"

#define SHARE_WHOLE 256 // of a server of weight 1 that is as fast as the fastest
#define SHARE_LEAST 4   // so that one that has become fast again shows

typedef uint64_t (*pool_rank)(const struct pool_runner *runner);

static uint64_t standing(const struct pool_runner *runner)
{
	return runner->standing;
}

static uint64_t priority(const struct pool_runner *runner)
{
	return runner->priority;
}

static uint64_t shared(const struct pool_runner *runner)
{
	return runner->shared;
}

static uint64_t tries(const struct pool_runner *runner)
{
	return runner->tries;
}

static void narrow(struct pool_runner *runners, size_t count, pool_rank rank)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < count; i++) {
		if (runners[i].runs && rank(&runners[i]) < least)
			least = rank(&runners[i]);
	}
	for (size_t i = 0; i < count; i++)
		runners[i].runs = runners[i].runs && rank(&runners[i]) == least;
}

static uint64_t fastest_us(const struct pool_runner *runners, size_t count)
{
	uint64_t best = UINT64_MAX;

	for (size_t i = 0; i < count; i++) {
		if (runners[i].runs && runners[i].known && runners[i].score_us < best)
			best = runners[i].score_us;
	}
	return best;
}

// A quarter or 2 ms more than the fastest is no difference.
static uint32_t share(const struct pool_runner *runner, uint64_t best_us)
{
	uint32_t weight = runner->weight > 0 ? runner->weight : 1;

	if (!runner->known || runner->score_us <= best_us + best_us / 4 + 2000)
		return weight * SHARE_WHOLE;
	// Below 2^16 the square of the quotient stays in 32 bits.
	uint64_t quotient = best_us * 256 / runner->score_us;
	uint64_t part = quotient * quotient * SHARE_WHOLE / 65536;
	return weight * (uint32_t)(part > SHARE_LEAST ? part : SHARE_LEAST);
}

int pool_pick(struct pool_runner *runners, size_t count, pool_draw draw, void *arg)
{
	static const pool_rank ranks[] = {standing, priority, shared, tries};
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++)
		narrow(runners, count, ranks[i]);
	uint64_t best_us = fastest_us(runners, count);
	for (size_t i = 0; i < count; i++)
		sum += runners[i].runs ? share(&runners[i], best_us) : 0;
	if (sum == 0)
		return -1;
	uint32_t drawn = draw(arg, sum);
	for (size_t i = 0; i < count; i++) {
		uint32_t own = runners[i].runs ? share(&runners[i], best_us) : 0;
		if (drawn < own)
			return (int)i;
		drawn -= own;
	}
	__builtin_unreachable();
}
