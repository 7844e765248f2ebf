// SipHash-c-d, "SipHash: a fast short-input PRF" (Aumasson and Bernstein 2012), §2.
#include "dataplane/dns/edns.h"

#include <endian.h>
#include <string.h>

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t v, unsigned bits)
{
	return v << bits | v >> (64 - bits);
}

static inline uint64_t load_le(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static inline void sip_rounds(struct sip *s, unsigned rounds)
{
#pragma GCC unroll 4
	for (unsigned i = 0; i < rounds; i++) {
		s->v0 += s->v1;
		s->v1 = rotate(s->v1, 13) ^ s->v0;
		s->v0 = rotate(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotate(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotate(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotate(s->v1, 17) ^ s->v2;
		s->v2 = rotate(s->v2, 32);
	}
}

// The last block: the bytes left over, and the length in the top byte.
static inline uint64_t sip_tail(const uint8_t *data, size_t len)
{
	size_t left = len % 8;
	uint64_t tail = 0;

	if (left > 0 && len >= 8) {
		// One load that reaches back into the block before.
		tail = load_le(data + len - 8) >> (64 - 8 * left);
	} else {
		for (size_t i = left; i > 0; i--)
			tail = tail << 8 | data[i - 1];
	}
	return tail | (uint64_t)len << 56;
}

static inline uint64_t sip_padded_tail(const uint8_t *data, size_t len)
{
	return load_le(data + len / 8 * 8) | (uint64_t)len << 56;
}

static inline uint64_t sip(const uint8_t key[16], const uint8_t *data, size_t len, uint64_t last,
			   unsigned c, unsigned d)
{
	uint64_t k0 = load_le(key), k1 = load_le(key + 8);
	struct sip s = {
		.v0 = k0 ^ 0x736f6d6570736575,
		.v1 = k1 ^ 0x646f72616e646f6d,
		.v2 = k0 ^ 0x6c7967656e657261,
		.v3 = k1 ^ 0x7465646279746573,
	};

	for (size_t i = 0; i + 8 <= len; i += 8) {
		uint64_t m = load_le(data + i);
		s.v3 ^= m;
		sip_rounds(&s, c);
		s.v0 ^= m;
	}
	s.v3 ^= last;
	sip_rounds(&s, c);
	s.v0 ^= last;
	s.v2 ^= 0xff;
	sip_rounds(&s, d);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t siphash_2_4(const uint8_t key[16], const uint8_t *data, size_t len)
{
	return sip(key, data, len, sip_tail(data, len), 2, 4);
}

uint64_t siphash_1_3(const uint8_t key[16], const uint8_t *data, size_t len)
{
	return sip(key, data, len, sip_tail(data, len), 1, 3);
}

uint64_t siphash_1_3_padded(const uint8_t key[16], const uint8_t *data, size_t len)
{
	return sip(key, data, len, sip_padded_tail(data, len), 1, 3);
}
