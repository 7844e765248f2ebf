// The Internet checksum (RFC 1071): a ones' complement sum that is kept 64 bits wide, in
// native byte order, until it is folded (§2(B): the order of bytes does not matter).
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t checksum_carry(uint64_t sum, uint64_t word)
{
	sum += word;
	return sum + (sum < word);
}

// Adds len bytes. Only the last part of what is summed may have an odd length.
static inline uint64_t checksum_add(uint64_t sum, const uint8_t *p, size_t len)
{
	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, p, sizeof(word));
		sum = checksum_carry(sum, word);
	}
	if (len & 4) {
		uint32_t word;

		memcpy(&word, p, sizeof(word));
		sum = checksum_carry(sum, word);
		p += 4;
	}
	if (len & 2) {
		uint16_t word;

		memcpy(&word, p, sizeof(word));
		sum = checksum_carry(sum, word);
		p += 2;
	}
	if (len & 1) {
		uint16_t word = 0;

		memcpy(&word, p, 1); // the missing byte counts as zero
		sum = checksum_carry(sum, word);
	}
	return sum;
}

// 16 bits in native order: store them with memcpy. 0xffff: what was summed, its checksum field
// included, is intact.
static inline uint16_t checksum_fold(uint64_t sum)
{
	uint64_t both = (sum & UINT32_MAX) + (sum >> 32);
	uint32_t word = (uint32_t)both + (uint32_t)(both >> 32);

	// The upper half gets both, and the carry of the lower.
	return (uint16_t)((word + (word << 16 | word >> 16)) >> 16);
}

// A 16-bit number of the pseudo-header, as it would stand on the wire.
static inline uint64_t checksum_add16(uint64_t sum, uint16_t host_order)
{
	const uint8_t wire[2] = {(uint8_t)(host_order >> 8), (uint8_t)host_order};

	return checksum_add(sum, wire, sizeof(wire));
}
