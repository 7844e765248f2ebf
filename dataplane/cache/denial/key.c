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

size_t denial_key(const uint8_t *name, size_t name_len, size_t zone_len, uint8_t *out)
{
	const uint8_t *labels[NAME_MAX_LABELS];
	const uint8_t *end = name + name_len - zone_len;
	uint8_t *p = out;
	size_t count = 0;

	for (; name < end; name += (size_t)*name + 1)
		labels[count++] = name;
	while (count > 0)
		p = put_label(p, labels[--count]);
	memset(p, 0, DENIAL_KEY_PAD);
	return (size_t)(p - out);
}
