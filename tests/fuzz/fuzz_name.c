// name_parse() at an offset that the first two bytes choose, and what every well-formed
// name promises.
#include "dataplane/dns/header.h"
#include "dataplane/dns/name.h"
#include "tests/fuzz/check.h"

#include <string.h>

static void check_text(const uint8_t *name, size_t len)
{
	char text[NAME_TEXT_MAX];
	uint8_t back[NAME_MAX_LEN];

	name_to_text(name, text);
	CHECK(strlen(text) < NAME_TEXT_MAX);
	CHECK(name_from_text(text, back) == (int)len);
	CHECK(memcmp(name, back, len) == 0);
}

static void check_relations(const uint8_t *name, size_t len)
{
	size_t labels = name_labels(name);
	uint8_t lower[NAME_MAX_LEN], other[NAME_MAX_LEN];

	CHECK(labels <= NAME_MAX_LABELS);
	name_lower(lower, name, len);
	CHECK(name_equal(name, lower));
	CHECK(name_compare(name, lower) == 0);
	CHECK(name_common_labels(name, lower) == labels);
	for (size_t i = 0; i <= labels; i++) {
		const uint8_t *ancestor = name_ancestor(name, i);
		CHECK(name_labels(ancestor) == i);
		CHECK(ancestor == name_skip(name, labels - i));
		CHECK(name_within(lower, ancestor));
		CHECK(i == labels || name_compare(ancestor, name) < 0);
		CHECK(i == labels || !name_equal(ancestor, name));
	}
	int wildcard = name_wildcard_of(name, other);
	CHECK(wildcard < 0 || (size_t)wildcard == len + 2);
	if (wildcard > 0) {
		CHECK(name_is_wildcard(other));
		uint8_t back[NAME_MAX_LEN];
		CHECK(name_substitute(other, lower, name, back) == wildcard);
		CHECK(memcmp(back, other, (size_t)wildcard) == 0);
	}
}

static void check_pair(const uint8_t *a, const uint8_t *b)
{
	int order = name_compare(a, b);

	CHECK((order == 0) == name_equal(a, b));
	CHECK((order > 0) == (name_compare(b, a) < 0));
	CHECK(name_common_labels(a, b) == name_common_labels(b, a));
	CHECK(name_within(a, b) == (name_common_labels(a, b) == name_labels(b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t name[NAME_MAX_LEN], second[NAME_MAX_LEN];
	char text[NAME_TEXT_MAX];
	size_t next = 0;

	if (size < 2)
		return 0;
	size_t off = wire_get16(data);
	int len = name_parse(data, size, off, name, &next);
	int checked = name_check(data + 2, size - 2);
	CHECK(checked <= NAME_MAX_LEN && checked <= (int)size - 2);
	if (len > 0) {
		CHECK(next > off && next <= size);
		CHECK(name_check(name, (size_t)len) == len);
		CHECK(name_len(name) == (size_t)len);
		check_text(name, (size_t)len);
		check_relations(name, (size_t)len);
		if (name_parse(data, size, next, second, &next) > 0)
			check_pair(name, second);
	}
	size_t text_len = size - 2 < sizeof(text) - 1 ? size - 2 : sizeof(text) - 1;
	memcpy(text, data + 2, text_len);
	text[text_len] = '\0';
	len = name_from_text(text, name);
	CHECK(len < 0 || name_check(name, sizeof(name)) == len);
	return 0;
}
