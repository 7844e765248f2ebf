// Up to 64 bytes at once, for the short lane: AVX-512 where the file that includes this is compiled
// for it, SSE otherwise. Lengths cost no branch: those of queries cannot be foretold.
//
// A load of len bytes may read the whole 64 behind p (SSE), and makes zeros of what is not asked
// for: the caller knows that they are in the same buffer.
#pragma once

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BLOCK_LEN 64

#ifdef __AVX512BW__

struct block {
	__m512i all;
};

static inline __mmask64 block_mask(size_t len)
{
	return _bzhi_u64(UINT64_MAX, (unsigned)len); // 64: all
}

static inline struct block block_load(const uint8_t *p, size_t len)
{
	return (struct block){_mm512_maskz_loadu_epi8(block_mask(len), p)};
}

static inline void block_store(uint8_t *p, struct block block)
{
	_mm512_storeu_si512(p, block.all);
}

// A-Z to a-z (RFC 4343). What is 26 or more above 'A', without sign, is none.
static inline struct block block_fold(struct block block)
{
	__m512i from_a = _mm512_sub_epi8(block.all, _mm512_set1_epi8('A'));
	__mmask64 upper = _mm512_cmplt_epu8_mask(from_a, _mm512_set1_epi8(26));

	return (struct block){
		_mm512_mask_add_epi8(block.all, upper, block.all, _mm512_set1_epi8(0x20))};
}

// Whether `padded`, 64 bytes and zeros from len on, begins with the len bytes at p. Of what is
// behind them a masked load reads nothing, but it waits for the line to come from memory: so
// short ones are short.
static inline bool block_is(const uint8_t *padded, const uint8_t *p, size_t len)
{
	if (__builtin_expect(len <= 32, true)) {
		__m256i own = _mm256_maskz_loadu_epi8((__mmask32)block_mask(len), p);
		__m256i wanted = _mm256_load_si256((const __m256i *)(const void *)padded);

		return _mm256_cmpneq_epi8_mask(own, wanted) == 0;
	}
	__m512i own = _mm512_maskz_loadu_epi8(block_mask(len), p);
	return _mm512_cmpneq_epi8_mask(own, _mm512_load_si512(padded)) == 0;
}

// Of 16-bit numbers in this machine's order, in 16 parts.
static inline __m512i block_parts(struct block block)
{
	__m512i low = _mm512_and_si512(block.all, _mm512_set1_epi32(0xffff));

	return _mm512_add_epi32(low, _mm512_srli_epi32(block.all, 16));
}

static inline uint32_t block_sum(struct block block)
{
	return (uint32_t)_mm512_reduce_add_epi32(block_parts(block));
}

// The sums of 16 blocks, for a fifth of what each costs alone: a sum's parts are added up across,
// once for all of them. p, len: as block_load() takes them.
#define BLOCK_SUMS 16

static inline __m512i block_across4(const uint8_t *const p[4], const uint8_t len[4])
{
	__m512i a = block_parts(block_load(p[0], len[0]));
	__m512i b = block_parts(block_load(p[1], len[1]));
	__m512i c = block_parts(block_load(p[2], len[2]));
	__m512i d = block_parts(block_load(p[3], len[3]));

	a = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
	c = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
	return _mm512_add_epi32(_mm512_unpacklo_epi64(a, c), _mm512_unpackhi_epi64(a, c));
}

static inline __m512i block_across(__m512i a, __m512i b)
{
	return _mm512_add_epi32(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xdd));
}

static inline __m512i block_sums(const uint8_t *const p[BLOCK_SUMS], const uint8_t len[BLOCK_SUMS])
{
	__m512i low = block_across(block_across4(p, len), block_across4(p + 4, len + 4));
	__m512i high = block_across(block_across4(p + 8, len + 8), block_across4(p + 12, len + 12));

	return block_across(low, high);
}

#else

struct block {
	__m128i part[4];
};

static inline __m128i block_part(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline struct block block_load(const uint8_t *p, size_t len)
{
	const __m128i place = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	const __m128i end = _mm_set1_epi8((char)len);
	struct block block;

#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		__m128i here = _mm_add_epi8(place, _mm_set1_epi8((char)(16 * i)));
		block.part[i] = _mm_and_si128(block_part(p + 16 * i), _mm_cmpgt_epi8(end, here));
	}
	return block;
}

static inline void block_store(uint8_t *p, struct block block)
{
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		_mm_storeu_si128((__m128i *)(void *)(p + 16 * i), block.part[i]);
}

// A-Z to a-z (RFC 4343). Signed: bytes above 127 are below 'A'.
static inline struct block block_fold(struct block block)
{
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		__m128i from_a = _mm_cmpgt_epi8(block.part[i], _mm_set1_epi8('A' - 1));
		__m128i to_z = _mm_cmplt_epi8(block.part[i], _mm_set1_epi8('Z' + 1));
		__m128i upper = _mm_and_si128(from_a, to_z);

		block.part[i] =
			_mm_or_si128(block.part[i], _mm_and_si128(upper, _mm_set1_epi8(0x20)));
	}
	return block;
}

// Whether `padded`, 64 bytes and zeros from len on, begins with the len bytes at p. Reads up to
// the next multiple of 16 from p.
static inline bool block_is(const uint8_t *padded, const uint8_t *p, size_t len)
{
	const __m128i place = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	__m128i differ = _mm_setzero_si128();

	for (size_t at = 0; at < len; at += 16) {
		__m128i mask = _mm_cmpgt_epi8(_mm_set1_epi8((char)(len - at)), place);
		__m128i own = _mm_and_si128(block_part(p + at), mask);

		differ = _mm_or_si128(differ, _mm_xor_si128(own, block_part(padded + at)));
	}
	return _mm_testz_si128(differ, differ) != 0;
}

// Of 16-bit numbers in this machine's order.
static inline uint32_t block_sum(struct block block)
{
	__m128i sum = _mm_setzero_si128();

#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		__m128i low = _mm_and_si128(block.part[i], _mm_set1_epi32(0xffff));

		sum = _mm_add_epi32(sum, _mm_add_epi32(low, _mm_srli_epi32(block.part[i], 16)));
	}
	sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
	sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
	return (uint32_t)_mm_cvtsi128_si32(sum);
}

#endif

// Exactly len bytes, at least 16.
static inline void block_copy(uint8_t *to, const uint8_t *from, size_t len)
{
	size_t at = 0;

	if (__builtin_expect(len == 16, true)) { // one address of IPv4
		_mm_storeu_si128((__m128i *)(void *)to,
				 _mm_loadu_si128((const __m128i *)(const void *)from));
		return;
	}
#ifdef __AVX512BW__
	if (len >= 64) {
		for (; at + 64 <= len; at += 64)
			_mm512_storeu_si512(to + at, _mm512_loadu_si512(from + at));
		if (at < len)
			_mm512_storeu_si512(to + len - 64, _mm512_loadu_si512(from + len - 64));
		return;
	}
#endif
#ifdef __AVX__
	for (; at + 32 <= len; at += 32)
		_mm256_storeu_si256((__m256i *)(void *)(to + at),
				    _mm256_loadu_si256((const __m256i *)(const void *)(from + at)));
#endif
	for (; at + 16 <= len; at += 16)
		_mm_storeu_si128((__m128i *)(void *)(to + at),
				 _mm_loadu_si128((const __m128i *)(const void *)(from + at)));
	if (at < len)
		_mm_storeu_si128((__m128i *)(void *)(to + len - 16),
				 _mm_loadu_si128((const __m128i *)(const void *)(from + len - 16)));
}
