#include "bench/names.h"

#include "bench/random.h"

#include <string.h>

#define DIGITS     6 // of base 26: 308,915,776 names
#define FILLER_MAX 7

static const char *const hosts[] = {"www", "mail", "api", "cdn", "img", "m", "static", "login"};
static const char *const tlds[] = {"com", "net", "org", "de", "example", "info", "com", "com"};

static uint8_t *put_label(uint8_t *p, const char *text)
{
	size_t len = strlen(text);

	*p++ = (uint8_t)len;
	memcpy(p, text, len);
	return p + len;
}

size_t bench_name(uint64_t i, uint8_t out[NAME_MAX_LEN])
{
	uint64_t random = random_mix(i + 1);
	uint8_t *p = put_label(out, hosts[random % 8]);
	unsigned filler = (unsigned)(random >> 3) % (FILLER_MAX + 1);

	*p++ = (uint8_t)(DIGITS + filler);
	for (unsigned digit = 0; digit < DIGITS; digit++, i /= 26)
		*p++ = (uint8_t)('a' + i % 26);
	for (unsigned n = 0; n < filler; n++)
		*p++ = (uint8_t)('a' + (random >> (12 + 5 * n)) % 26);
	p = put_label(p, tlds[random >> 61]);
	*p++ = 0;
	return (size_t)(p - out);
}

uint32_t bench_address(uint64_t i)
{
	return (uint32_t)random_mix(i) | 1;
}
