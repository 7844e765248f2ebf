#include "tests/unit/dataplane/dns/wire.h"

#include <errno.h>
#include <stdio.h>

static void assert_text(const char *wire, size_t len, const char *text)
{
	char shown[NAME_TEXT_MAX];
	uint8_t name[NAME_MAX_LEN];

	assert_string_equal(name_to_text((const uint8_t *)wire, shown), text);
	assert_int_equal(name_from_text(text, name), len);
	assert_memory_equal(name, wire, len);
}

static void assert_refused(const char *text)
{
	uint8_t name[NAME_MAX_LEN];

	assert_int_equal(name_from_text(text, name), -EINVAL);
}

static void text_and_wire_agree_both_ways(void **state)
{
	(void)state;

	assert_text("", 1, ".");
	assert_text("\3www\7eXample", 13, "www.eXample.");
	assert_text("\4_dns\4foo-", 11, "_dns.foo-.");
}

static void special_characters_are_escaped(void **state)
{
	(void)state;

	assert_text("\3a.b\1c", 7, "a\\.b.c.");
	assert_text("\2\\x", 4, "\\\\x.");
	assert_text("\6\"();@$", 8, "\\\"\\(\\)\\;\\@\\$.");
	assert_text("\4\0 \x7f\xff", 6, "\\000\\032\\127\\255.");
	assert_text("\1*\1!", 5, "*.!.");
}

static void last_dot_is_optional(void **state)
{
	(void)state;
	uint8_t name[NAME_MAX_LEN];

	assert_int_equal(name_from_text("www.example", name), 13);
	assert_memory_equal(name, "\3www\7example", 13);
}

static void escaped_dot_does_not_end_a_name(void **state)
{
	(void)state;
	uint8_t name[NAME_MAX_LEN];

	assert_int_equal(name_from_text("a\\.", name), 4);
	assert_memory_equal(name, "\2a.", 4);
	assert_int_equal(name_from_text("a\\046b", name), 5);
	assert_memory_equal(name, "\3a.b", 5);
	assert_int_equal(name_from_text("\\q", name), 3);
	assert_memory_equal(name, "\1q", 3);
}

static void malformed_text_is_refused(void **state)
{
	(void)state;

	assert_refused("");
	assert_refused("..");
	assert_refused(".a");
	assert_refused("a..b");
	assert_refused("a..");
	assert_refused("a\\");
	assert_refused("a\\1");
	assert_refused("a\\12");
	assert_refused("a\\12x");
	assert_refused("a\\256");
}

static void label_over_63_bytes_is_refused(void **state)
{
	(void)state;
	char text[70];
	uint8_t name[NAME_MAX_LEN];

	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	assert_int_equal(name_from_text(text, name), 65);
	text[63] = 'a';
	text[64] = '\0';
	assert_refused(text);
}

static void name_over_255_bytes_is_refused(void **state)
{
	(void)state;
	char text[NAME_TEXT_MAX];
	uint8_t name[NAME_MAX_LEN];
	size_t len = 0;

	for (unsigned i = 0; i < NAME_MAX_LABELS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "a.");
	assert_int_equal(name_from_text(text, name), 255);
	snprintf(text + len, sizeof(text) - len, "a");
	assert_refused(text);
	// 126 labels and one that is a byte too long.
	snprintf(text + len - 2, 4, "ab");
	assert_refused(text);
}

static void longest_text_fits(void **state)
{
	(void)state;
	uint8_t name[NAME_MAX_LEN], back[NAME_MAX_LEN];
	char text[NAME_TEXT_MAX];
	size_t off = 0;

	memset(name, 0x01, sizeof(name));
	for (; off < 192; off += 64)
		name[off] = 63;
	name[192] = 61;
	name[254] = 0;
	assert_int_equal(name_check(name, sizeof(name)), 255);
	name_to_text(name, text);
	assert_true(strlen(text) < NAME_TEXT_MAX);
	assert_int_equal(strlen(text), 4 * (63 * 3 + 61) + 4);
	assert_int_equal(name_from_text(text, back), 255);
	assert_memory_equal(name, back, 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_wire_agree_both_ways),
		cmocka_unit_test(special_characters_are_escaped),
		cmocka_unit_test(last_dot_is_optional),
		cmocka_unit_test(escaped_dot_does_not_end_a_name),
		cmocka_unit_test(malformed_text_is_refused),
		cmocka_unit_test(label_over_63_bytes_is_refused),
		cmocka_unit_test(name_over_255_bytes_is_refused),
		cmocka_unit_test(longest_text_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
