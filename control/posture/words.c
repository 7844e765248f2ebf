#include "control/posture/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const algorithms[] = {
	[1] = "RSAMD5",
	[3] = "DSA",
	[5] = "RSASHA1",
	[6] = "DSA-NSEC3-SHA1",
	[7] = "RSASHA1-NSEC3-SHA1",
	[8] = "RSASHA256",
	[10] = "RSASHA512",
	[12] = "ECC-GOST",
	[13] = "ECDSAP256SHA256",
	[14] = "ECDSAP384SHA384",
	[15] = "ED25519",
	[16] = "ED448",
};
static const char *const digests[] = {
	[1] = "SHA-1", [2] = "SHA-256", [3] = "GOST R 34.11-94", [4] = "SHA-384"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *algorithm_words(uint8_t algorithm, char out[WORDS_MAX])
{
	if (algorithm < COUNT(algorithms) && algorithms[algorithm] != NULL)
		return algorithms[algorithm];
	snprintf(out, WORDS_MAX, "algorithm %u", algorithm);
	return out;
}

const char *digest_words(uint8_t digest, char out[WORDS_MAX])
{
	if (digest < COUNT(digests) && digests[digest] != NULL)
		return digests[digest];
	snprintf(out, WORDS_MAX, "digest %u", digest);
	return out;
}

bool algorithm_weak(uint8_t algorithm)
{
	switch (algorithm) {
	case 1:
	case 3:
	case 5:
	case 6:
	case 7:
	case 12:
		return true;
	default:
		return false;
	}
}

const char *duration_words(int64_t seconds, char out[WORDS_MAX])
{
	double length = (double)seconds;

	if (llabs(seconds) >= 86400)
		snprintf(out, WORDS_MAX, "%.1f d", length / 86400);
	else if (llabs(seconds) >= 5400)
		snprintf(out, WORDS_MAX, "%.1f h", length / 3600);
	else if (llabs(seconds) >= 120)
		snprintf(out, WORDS_MAX, "%.0f min", length / 60);
	else
		snprintf(out, WORDS_MAX, "%" PRId64 " s", seconds);
	return out;
}
