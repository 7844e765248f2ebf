#include "dataplane/answer/sentinel.h"

#include <string.h>

#define DIGITS 5

// Five digits, with zeros in front (RFC 8509 §3.1). -1: no key tag.
static int32_t tag_of(const uint8_t *digits)
{
	int32_t tag = 0;

	for (unsigned i = 0; i < DIGITS; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return -1;
		tag = tag * 10 + digits[i] - '0';
	}
	return tag <= UINT16_MAX ? tag : -1;
}

bool sentinel_denies(const uint8_t *name, const struct answer_root_tags *tags)
{
	static const char is[] = "root-key-sentinel-is-ta-", not [] = "root-key-sentinel-not-ta-";
	bool is_ta = name[0] == SENTINEL_IS_LEN;
	size_t words = is_ta ? sizeof(is) - 1 : sizeof(not ) - 1;
	uint8_t label[SENTINEL_NOT_LEN];

	// Acquire: partner of the release in store_set_root_tags().
	if (tags == NULL || !atomic_load_explicit(&tags->known, memory_order_acquire) ||
	    (name[0] != SENTINEL_IS_LEN && name[0] != SENTINEL_NOT_LEN))
		return false;
	name_lower(label, name + 1, name[0]);
	if (memcmp(label, is_ta ? is : not, words) != 0)
		return false;
	int32_t tag = tag_of(label + words);
	if (tag < 0)
		return false;
	uint64_t word = atomic_load_explicit(&tags->words[tag / 64], memory_order_relaxed);
	bool trusted = word >> tag % 64 & 1;
	return is_ta ? !trusted : trusted;
}
