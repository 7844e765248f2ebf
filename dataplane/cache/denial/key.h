// Sort keys: byte strings whose order, as memcmp() sees them, is the canonical order of names
// (RFC 4034 §6.1). The labels below the zone, last one first, each ended by a 0 byte; bytes 0 and 1
// inside a label are written as two. So the key of a name begins with the key of each of its
// ancestors, and with nothing else that ends in 0.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DENIAL_KEY_MAX 512
#define DENIAL_KEY_PAD                                                                             \
	16 // zeros behind a key that is searched for: eight bytes can be read anywhere

// The key of a name (lower case, name_len bytes) in the zone whose name are its last zone_len bytes,
// padded; *len, without the pad, is 0 for the zone's own name. False, with nothing written: no label
// of the name begins where such a zone's name would, or key and pad do not fit into cap bytes. Any
// well-formed name's do into DENIAL_KEY_MAX + DENIAL_KEY_PAD.
bool denial_key(const uint8_t *name, size_t name_len, size_t zone_len, uint8_t *out, size_t cap,
		size_t *len) __attribute__((nonnull, warn_unused_result));

static inline uint64_t denial_key_word(const uint8_t *key)
{
	uint64_t word;

	memcpy(&word, key, sizeof(word));
	return word;
}

static inline int denial_key_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	const size_t shorter = a_len < b_len ? a_len : b_len;

	// Most differ in eight bytes, which costs no call.
	if (shorter >= 8) {
		uint64_t x = __builtin_bswap64(denial_key_word(a));
		uint64_t y = __builtin_bswap64(denial_key_word(b));
		if (x != y)
			return x < y ? -1 : 1;
	}
	int order = memcmp(a, b, shorter);

	if (order != 0)
		return order;
	return a_len < b_len ? -1 : a_len > b_len;
}

static inline bool denial_key_same(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len == b_len && (a_len < 8 || denial_key_word(a) == denial_key_word(b)) &&
	       memcmp(a, b, a_len) == 0;
}

// a is an ancestor of b, or the same.
static inline bool denial_key_within(const uint8_t *b, size_t b_len, const uint8_t *a, size_t a_len)
{
	return b_len >= a_len && memcmp(a, b, a_len) == 0;
}

// Bytes of the key of the deepest ancestor that both share.
static inline size_t denial_key_common(const uint8_t *a, size_t a_len, const uint8_t *b,
				       size_t b_len)
{
	size_t shorter = a_len < b_len ? a_len : b_len;
	size_t common = 0;

	// Where two differ cannot be foretold: eight bytes at once, without a branch for each.
	if (shorter >= 8) {
		const uint64_t low = 0x7f7f7f7f7f7f7f7f, x = denial_key_word(a);
		const uint64_t differ = x ^ denial_key_word(b);
		if (differ != 0) {
			uint64_t zeros = ~(((x & low) + low) | x | low);
			// Little-endian: of the bytes before the first that differs.
			zeros &= (1ull << (__builtin_ctzll(differ) & ~7)) - 1;
			return zeros != 0 ? (size_t)(63 - __builtin_clzll(zeros)) / 8 + 1 : 0;
		}
	}
	for (size_t i = 0; i < shorter && a[i] == b[i]; i++) {
		if (a[i] == 0)
			common = i + 1;
	}
	return common;
}

// Eight bytes of a padded key as a number in the same order.
static inline uint64_t denial_key_padded_number(const uint8_t *key)
{
	uint64_t number;

	memcpy(&number, key, sizeof(number));
	return __builtin_bswap64(number);
}

// The same of any key: what is missing counts as 0.
static inline uint64_t denial_key_number(const uint8_t *key, size_t len)
{
	uint64_t number = 0;

	if (__builtin_expect(len >= 8, 1))
		memcpy(&number, key, 8);
	else
		memcpy(&number, key, len);
	return __builtin_bswap64(number);
}
