#include "control/upstream/random.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

// There is no safe way to go on without randomness, and the kernel's generator does not fail
// once the machine has booted.
static void kernel_bytes(uint8_t *out, size_t len)
{
	while (len > 0) {
		ssize_t got = getrandom(out, len < 256 ? len : 256, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			fputs("no random numbers: RAND_bytes() and getrandom() fail\n", stderr);
			abort();
		}
		out += got;
		len -= (size_t)got;
	}
}

static void fresh_bytes(uint8_t *out, size_t len)
{
	if (RAND_bytes(out, (int)len) != 1)
		kernel_bytes(out, len);
}

void random_open(struct random *random)
{
	random->used = sizeof(random->bytes);
}

void random_close(struct random *random)
{
	OPENSSL_cleanse(random->bytes, sizeof(random->bytes));
	random->used = sizeof(random->bytes);
}

void random_bytes(struct random *random, void *out, size_t len)
{
	uint8_t *to = out;

	while (len > 0) {
		size_t left = sizeof(random->bytes) - random->used;
		size_t take = len < left ? len : left;

		if (left == 0) {
			fresh_bytes(random->bytes, sizeof(random->bytes));
			random->used = 0;
			continue;
		}
		memcpy(to, random->bytes + random->used, take);
		OPENSSL_cleanse(random->bytes + random->used, take);
		random->used += take;
		to += take;
		len -= take;
	}
}

uint16_t random_between(struct random *random, uint16_t low, uint16_t high)
{
	uint32_t span = (uint32_t)high - low + 1;
	uint32_t limit = 65536 / span * span; // what lies above would favour small numbers
	uint16_t draw;

	do
		random_bytes(random, &draw, sizeof(draw));
	while (draw >= limit);
	return (uint16_t)(low + draw % span);
}
