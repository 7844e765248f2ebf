#include "dataplane/dns/rdata.h"

#include <errno.h>

size_t base32hex_encode(const uint8_t *in, size_t len, uint8_t *out)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	size_t count = 0;
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < len; i++) {
		held = held << 8 | in[i];
		for (bits += 8; bits >= 5; bits -= 5)
			out[count++] = (uint8_t)digits[held >> (bits - 5) & 31];
		held &= 31;
	}
	if (bits > 0)
		out[count++] = (uint8_t)digits[held << (5 - bits) & 31];
	return count;
}

static int digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	if (c >= 'a' && c <= 'v')
		return c - 'a' + 10;
	return -1;
}

int base32hex_decode(const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
	size_t count = 0;
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < len; i++) {
		int value = digit_value(in[i]);
		if (value < 0)
			return -EINVAL;
		held = held << 5 | (unsigned)value;
		bits += 5;
		if (bits < 8)
			continue;
		if (count == cap)
			return -EINVAL;
		bits -= 8;
		out[count++] = (uint8_t)(held >> bits);
		held &= (1u << bits) - 1;
	}
	// RFC 4648 §3.5: the bits left over are zero and fewer than a digit, so that no two
	// texts mean the same hash.
	if (bits >= 5 || held != 0)
		return -EINVAL;
	return (int)count;
}
