// Random numbers that are the same in every run.
#pragma once

#include <stddef.h>
#include <stdint.h>

// SplitMix64's output function (Steele, Lea and Flood 2014): a permutation of 64 bits.
static inline uint64_t random_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static inline uint64_t random_next(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15;
	return random_mix(*state);
}

// Below n (n < 2^32).
static inline uint64_t random_below(uint64_t *state, uint64_t n)
{
	return (random_next(state) >> 32) * n >> 32;
}

// Ranks with Zipf's popularity: rank r of [0, n) is drawn with probability ~ 1 / (r + 1)^s.
struct zipf;
struct zipf *zipf_new(size_t n, double s) __attribute__((warn_unused_result)); // NULL: no memory
void zipf_free(struct zipf *zipf);
size_t zipf_draw(const struct zipf *zipf, uint64_t *state) __attribute__((nonnull));
