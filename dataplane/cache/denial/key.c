#include "dataplane/cache/denial/key.h"

#include "dataplane/dns/name.h"

static uint8_t *put_label(uint8_t *out, const uint8_t *label)
{
	for (size_t i = 1; i <= label[0]; i++) {
		// 0 ends a label and 1 begins a pair.
		if (__builtin_expect(label[i] <= 1, 0)) {
			*out++ = 1;
			*out++ = (uint8_t)(label[i] + 1);
		} else {
			*out++ = label[i];
		}
	}
	*out++ = 0;
	return out;
}

// Bytes that are written as two.
static size_t pairs(const uint8_t *const *labels, size_t count)
{
	size_t found = 0;

	for (size_t n = 0; n < count; n++) {
		for (size_t i = 1; i <= labels[n][0]; i++)
			found += labels[n][i] <= 1;
	}
	return found;
}

bool denial_key(const uint8_t *name, size_t name_len, size_t zone_len, uint8_t *out, size_t cap,
		size_t *len)
{
	const uint8_t *labels[NAME_MAX_LEN]; // even if each had no bytes
	uint8_t *p = out;
	size_t count = 0;

	if (zone_len > name_len || name_len > NAME_MAX_LEN)
		return false;
	const size_t below = name_len - zone_len;
	const uint8_t *end = name + below;
	for (; name < end; name += (size_t)*name + 1)
		labels[count++] = name;
	if (name != end || (2 * below + DENIAL_KEY_PAD > cap &&
			    below + pairs(labels, count) + DENIAL_KEY_PAD > cap))
		return false;
	while (count > 0)
		p = put_label(p, labels[--count]);
	memset(p, 0, DENIAL_KEY_PAD);
	*len = (size_t)(p - out);
	return true;
}
