// What an operator says fails together.
#include "control/upstream/labels.h"
#include "control/upstream/random.h"
#include "tests/unit/control/upstream/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct labels *labels, const char *prefix, unsigned len, const char *label)
{
	const struct address address = script_address(prefix);

	assert_int_equal(labels_add(labels, &address, len, label, (unsigned)len + 1), 0);
}

static const char *find(const struct labels *labels, const char *text)
{
	const struct address address = script_address(text);

	return labels_find(labels, &address);
}

static void the_longest_prefix_counts(void **state)
{
	struct labels *labels = labels_new();

	(void)state;
	assert_null(find(NULL, "192.0.2.1"));
	assert_null(find(labels, "192.0.2.1"));
	add(labels, "192.0.2.0", 24, "a");
	add(labels, "192.0.0.0", 16, "b");
	add(labels, "192.0.2.128", 25, "c");
	add(labels, "192.0.2.129", 32, "d");
	add(labels, "2001:db8::", 32, "e");
	add(labels, "2001:db8:1::", 48, "f");
	add(labels, "c000:200::", 24, "g"); // the same bytes as 192.0.2.0
	assert_int_equal(labels_settle(labels), 0);
	assert_string_equal(find(labels, "192.0.2.1"), "a");
	assert_string_equal(find(labels, "192.0.3.1"), "b");
	assert_string_equal(find(labels, "192.0.2.128"), "c");
	assert_string_equal(find(labels, "192.0.2.129"), "d");
	assert_null(find(labels, "192.1.0.0"));
	assert_string_equal(find(labels, "2001:db8:2::1"), "e");
	assert_string_equal(find(labels, "2001:db8:1::1"), "f");
	assert_string_equal(find(labels, "c000:2ff::1"), "g");
	assert_null(find(labels, "2001:db9::1"));
	labels_free(labels);
}

static void prefixes_of_no_bits_hold_their_family(void **state)
{
	struct labels *labels = labels_new();

	(void)state;
	add(labels, "0.0.0.0", 0, "all");
	assert_int_equal(labels_settle(labels), 0);
	assert_string_equal(find(labels, "203.0.113.9"), "all");
	assert_null(find(labels, "::1"));
	labels_free(labels);
}

static void a_prefix_twice_is_named_by_its_second_line(void **state)
{
	struct labels *labels = labels_new();
	const struct address one = script_address("192.0.2.0"), other = script_address("10.0.0.0");

	(void)state;
	assert_int_equal(labels_add(labels, &one, 24, "a", 3), 0);
	assert_int_equal(labels_add(labels, &other, 8, "b", 5), 0);
	assert_int_equal(labels_add(labels, &one, 24, "c", 9), 0);
	assert_int_equal(labels_settle(labels), 9);
	labels_free(labels);
}

static void their_number_is_bounded(void **state)
{
	struct labels *labels = labels_new();
	struct address address = {.family = 4};

	(void)state;
	for (unsigned i = 0; i < LABELS_MAX; i++) {
		address.bytes[1] = (uint8_t)(i >> 8);
		address.bytes[2] = (uint8_t)i;
		assert_int_equal(labels_add(labels, &address, 24, "x", i), 0);
	}
	address.bytes[0] = 1;
	assert_int_equal(labels_add(labels, &address, 24, "x", 1), -E2BIG);
	assert_int_equal(labels_settle(labels), 0);
	assert_string_equal(find(labels, "0.255.255.1"), "x");
	assert_null(find(labels, "1.0.0.1"));
	labels_free(labels);
}

#define LEN_NONE 200 // of a line that says what another has said

struct line {
	struct address prefix;
	unsigned len;
	char label[8];
};

static bool holds(const struct line *line, const struct address *address)
{
	if (line->len == LEN_NONE || line->prefix.family != address->family)
		return false;
	for (unsigned bit = 0; bit < line->len; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);
		if ((line->prefix.bytes[bit / 8] ^ address->bytes[bit / 8]) & mask)
			return false;
	}
	return true;
}

// Against a plain search over all lines.
static void found_as_by_looking_at_every_line(void **state)
{
	struct line lines[200];
	struct random random;
	uint8_t draw[8];

	(void)state;
	random_open(&random);
	struct labels *labels = labels_new();
	for (unsigned i = 0; i < 200; i++) {
		struct line *line = &lines[i];
		random_bytes(&random, draw, sizeof(draw));
		*line = (struct line){.prefix = {.family = draw[0] & 1 ? 4 : 6}};
		line->len = draw[1] % 25;
		for (unsigned bit = 0; bit < line->len; bit++) // few values, so that they nest
			line->prefix.bytes[bit / 8] |=
				(uint8_t)((draw[2 + bit / 12] >> bit % 3 & 1) << (7 - bit % 8));
		snprintf(line->label, sizeof(line->label), "l%u", i);
		for (unsigned k = 0; k < i; k++) {
			if (line->len != LEN_NONE && lines[k].len == line->len &&
			    holds(&lines[k], &line->prefix))
				line->len = LEN_NONE;
		}
		if (line->len != LEN_NONE)
			assert_int_equal(
				labels_add(labels, &line->prefix, line->len, line->label, i + 1),
				0);
	}
	assert_int_equal(labels_settle(labels), 0);
	for (unsigned i = 0; i < 20000; i++) {
		struct address address = {0};
		const struct line *best = NULL;
		random_bytes(&random, address.bytes, 4);
		random_bytes(&random, draw, 4);
		address.family = draw[0] & 1 ? 4 : 6;
		if (draw[1] & 1)
			memcpy(address.bytes, lines[draw[2] % 200].prefix.bytes, 3);
		for (unsigned k = 0; k < 200; k++) {
			if (lines[k].len < 200 && holds(&lines[k], &address) &&
			    (best == NULL || lines[k].len > best->len))
				best = &lines[k];
		}
		const char *found = labels_find(labels, &address);
		if (best == NULL)
			assert_null(found);
		else
			assert_string_equal(found, best->label);
	}
	labels_free(labels);
	random_close(&random);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_prefix_counts),
		cmocka_unit_test(prefixes_of_no_bits_hold_their_family),
		cmocka_unit_test(a_prefix_twice_is_named_by_its_second_line),
		cmocka_unit_test(their_number_is_bounded),
		cmocka_unit_test(found_as_by_looking_at_every_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
