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

// Eight names, or as many as `lanes` has bits: each lane takes in its own blocks and waits.
static inline __m512i sip8(const uint8_t key[16], const struct plain_query *queries, __mmask8 lanes)
{
	const long long stride = sizeof(struct plain_query);
	const __m512i at = _mm512_setr_epi64(0, stride, 2 * stride, 3 * stride, 4 * stride,
					     5 * stride, 6 * stride, 7 * stride);
	const __m512i none = _mm512_setzero_si512();
	const __m512i k0 = _mm512_set1_epi64((long long)plain_load64(key));
	const __m512i k1 = _mm512_set1_epi64((long long)plain_load64(key + 8));
	const __m512i lens = _mm512_and_si512(
		_mm512_mask_i64gather_epi64(none, lanes, at, &queries->name_len, 1),
		_mm512_set1_epi64(0xff));
	const __m512i blocks = _mm512_srli_epi64(lens, 3);
	struct sip8 s = {
		_mm512_xor_si512(k0, _mm512_set1_epi64(0x736f6d6570736575)),
		_mm512_xor_si512(k1, _mm512_set1_epi64(0x646f72616e646f6d)),
		_mm512_xor_si512(k0, _mm512_set1_epi64(0x6c7967656e657261)),
		_mm512_xor_si512(k1, _mm512_set1_epi64(0x7465646279746573)),
	};

	for (unsigned n = 0; n < PLAIN_NAME_ROOM / 8; n++) {
		const __m512i number = _mm512_set1_epi64(n);
		__mmask8 busy = _mm512_mask_cmple_epu64_mask(lanes, number, blocks);
		__mmask8 last = _mm512_mask_cmpeq_epu64_mask(lanes, number, blocks);
		struct sip8 next = s;

		if (busy == 0)
			break;
		__m512i m = _mm512_mask_i64gather_epi64(none, busy, at, queries->name + 8 * n, 1);
		m = _mm512_mask_or_epi64(m, last, m, _mm512_slli_epi64(lens, 56));
		next.v3 = _mm512_xor_si512(next.v3, m);
		sip8_round(&next);
		next.v0 = _mm512_xor_si512(next.v0, m);
		s.v0 = _mm512_mask_mov_epi64(s.v0, busy, next.v0);
		s.v1 = _mm512_mask_mov_epi64(s.v1, busy, next.v1);
		s.v2 = _mm512_mask_mov_epi64(s.v2, busy, next.v2);
		s.v3 = _mm512_mask_mov_epi64(s.v3, busy, next.v3);
	}
	s.v2 = _mm512_xor_si512(s.v2, _mm512_set1_epi64(0xff));
	sip8_round(&s);
	sip8_round(&s);
	sip8_round(&s);
	return _mm512_xor_si512(_mm512_xor_si512(s.v0, s.v1), _mm512_xor_si512(s.v2, s.v3));
}

// out: aligned to 64 bytes, room for the next multiple of eight.
static inline void plain_hash(const uint8_t key[16], const struct plain_query *queries,
			      size_t count, uint64_t *out)
{
	for (size_t i = 0; i < count; i += 8) {
		size_t left = count - i;
		__mmask8 lanes = left < 8 ? (__mmask8)((1u << left) - 1) : 0xff;

		_mm512_store_si512(out + i, sip8(key, queries + i, lanes));
	}
}

#else

static inline void plain_hash(const uint8_t key[16], const struct plain_query *queries,
			      size_t count, uint64_t *out)
{
	for (size_t i = 0; i < count; i++)
		out[i] = siphash_1_3_padded(key, queries[i].name, queries[i].name_len);
}

#endif
