// The keyed hash of plain queries' names, many at a time: siphash_1_3() of each.
#pragma once

#include "dataplane/dns/edns.h"
#include "dataplane/dns/plain.h"

#ifdef __AVX512DQ__

struct sip8 {
	__m512i v0, v1, v2, v3;
};

static inline void sip8_round(struct sip8 *s)
{
	s->v0 = _mm512_add_epi64(s->v0, s->v1);
	s->v2 = _mm512_add_epi64(s->v2, s->v3);
	s->v1 = _mm512_xor_si512(_mm512_rol_epi64(s->v1, 13), s->v0);
	s->v3 = _mm512_xor_si512(_mm512_rol_epi64(s->v3, 16), s->v2);
	s->v0 = _mm512_rol_epi64(s->v0, 32);
	s->v0 = _mm512_add_epi64(s->v0, s->v3);
	s->v2 = _mm512_add_epi64(s->v2, s->v1);
	s->v3 = _mm512_xor_si512(_mm512_rol_epi64(s->v3, 21), s->v0);
	s->v1 = _mm512_xor_si512(_mm512_rol_epi64(s->v1, 17), s->v2);
	s->v2 = _mm512_rol_epi64(s->v2, 32);
}

#define SIP8_WORDS 4 // of a name, taken in at a time

// Words [first, first + SIP8_WORDS) of eight names: a row of a word each. Loads and shuffles:
// gathering costs three times as much.
static inline void sip8_words(const struct plain_query *const names[8], unsigned first,
			      __m512i out[SIP8_WORDS])
{
	const __m512i even = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
	const __m512i odd = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
	__m512i rows[4]; // of names n and n + 4

	for (unsigned n = 0; n < 4; n++) {
		const void *low = names[n]->name + 8 * first;
		const void *high = names[n + 4]->name + 8 * first;

		rows[n] = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_load_si256(low)),
					     _mm256_load_si256(high), 1);
	}
	__m512i a = _mm512_unpacklo_epi64(rows[0], rows[1]);
	__m512i b = _mm512_unpackhi_epi64(rows[0], rows[1]);
	__m512i c = _mm512_unpacklo_epi64(rows[2], rows[3]);
	__m512i d = _mm512_unpackhi_epi64(rows[2], rows[3]);

	out[0] = _mm512_permutex2var_epi64(a, even, c);
	out[1] = _mm512_permutex2var_epi64(b, even, d);
	out[2] = _mm512_permutex2var_epi64(a, odd, c);
	out[3] = _mm512_permutex2var_epi64(b, odd, d);
}

// Takes one word of each name in, the last with its length; names that have ended wait.
static inline void sip8_take(struct sip8 *s, __m512i word, unsigned number, __m512i blocks,
			     __m512i lens)
{
	const __m512i n = _mm512_set1_epi64(number);
	__mmask8 busy = _mm512_cmple_epu64_mask(n, blocks);
	__mmask8 last = _mm512_cmpeq_epu64_mask(n, blocks);
	struct sip8 next = *s;

	word = _mm512_mask_or_epi64(word, last, word, _mm512_slli_epi64(lens, 56));
	next.v3 = _mm512_xor_si512(next.v3, word);
	sip8_round(&next);
	s->v0 = _mm512_mask_xor_epi64(s->v0, busy, next.v0, word);
	s->v1 = _mm512_mask_mov_epi64(s->v1, busy, next.v1);
	s->v2 = _mm512_mask_mov_epi64(s->v2, busy, next.v2);
	s->v3 = _mm512_mask_mov_epi64(s->v3, busy, next.v3);
}

// Eight names of the lengths.
static inline __m512i sip8(const uint8_t key[16], const struct plain_query *const names[8],
			   __m512i lens)
{
	const __m512i k0 = _mm512_set1_epi64((long long)plain_load64(key));
	const __m512i k1 = _mm512_set1_epi64((long long)plain_load64(key + 8));
	const __m512i blocks = _mm512_srli_epi64(lens, 3);
	struct sip8 s = {
		_mm512_xor_si512(k0, _mm512_set1_epi64(0x736f6d6570736575)),
		_mm512_xor_si512(k1, _mm512_set1_epi64(0x646f72616e646f6d)),
		_mm512_xor_si512(k0, _mm512_set1_epi64(0x6c7967656e657261)),
		_mm512_xor_si512(k1, _mm512_set1_epi64(0x7465646279746573)),
	};

	for (unsigned first = 0; first < PLAIN_NAME_ROOM / 8; first += SIP8_WORDS) {
		__m512i words[SIP8_WORDS];

		if (_mm512_cmple_epu64_mask(_mm512_set1_epi64(first), blocks) == 0)
			break;
		sip8_words(names, first, words);
#pragma GCC unroll 4
		for (unsigned n = 0; n < SIP8_WORDS; n++)
			sip8_take(&s, words[n], first + n, blocks, lens);
	}
	s.v2 = _mm512_xor_si512(s.v2, _mm512_set1_epi64(0xff));
	sip8_round(&s);
	sip8_round(&s);
	sip8_round(&s);
	return _mm512_xor_si512(_mm512_xor_si512(s.v0, s.v1), _mm512_xor_si512(s.v2, s.v3));
}

// lens: of the names, once more; it and out have room for the next multiple of eight, out is
// aligned to 64 bytes.
static inline void plain_hash(const uint8_t key[16], const struct plain_query *queries,
			      const uint8_t *lens, size_t count, uint64_t *out)
{
	for (size_t i = 0; i < count; i += 8) {
		const struct plain_query *names[8];
		const __m128i eight = _mm_loadl_epi64((const __m128i *)(const void *)(lens + i));

		for (size_t n = 0; n < 8; n++)
			names[n] = queries + (i + n < count ? i + n : i);
		_mm512_store_si512(out + i, sip8(key, names, _mm512_cvtepu8_epi64(eight)));
	}
}

#else

static inline void plain_hash(const uint8_t key[16], const struct plain_query *queries,
			      const uint8_t *lens, size_t count, uint64_t *out)
{
	for (size_t i = 0; i < count; i++)
		out[i] = siphash_1_3_padded(key, queries[i].name, lens[i]);
}

#endif
