#include "dataplane/dns/types.h"
#include "tests/unit/dataplane/dns/wire.h"

#include <errno.h>

static void every_number_survives_text(void **state)
{
	(void)state;
	char text[TYPE_TEXT_MAX];
	unsigned named = 0;

	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		uint16_t back;
		type_to_text((uint16_t)type, text);
		named += strncmp(text, "TYPE", 4) != 0;
		assert_int_equal(type_from_text(text, &back), 0);
		assert_int_equal(back, type);
	}
	assert_int_equal(named, 64);
}

static void mnemonics_are_those_of_the_registry(void **state)
{
	(void)state;
	char text[TYPE_TEXT_MAX];

	assert_string_equal(type_to_text(TYPE_A, text), "A");
	assert_string_equal(type_to_text(TYPE_NSEC3PARAM, text), "NSEC3PARAM");
	assert_string_equal(type_to_text(TYPE_HTTPS, text), "HTTPS");
	assert_string_equal(type_to_text(TYPE_ANY, text), "ANY");
	assert_string_equal(type_to_text(65535, text), "TYPE65535");
	assert_string_equal(type_to_text(0, text), "TYPE0");
}

static void text_is_read_without_case(void **state)
{
	(void)state;
	uint16_t type;

	assert_int_equal(type_from_text("aaaa", &type), 0);
	assert_int_equal(type, TYPE_AAAA);
	assert_int_equal(type_from_text("type1", &type), 0);
	assert_int_equal(type, TYPE_A);
}

static void unknown_text_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"",          "AX",     "TYPE",
					  "TYPE65536", "TYPE-1", "TYPE+1",
					  "TYPE 1",    "TYPE1x", "99999999999999999999",
					  "TYPEA"};
	uint16_t type;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(type_from_text(bad[i], &type), -EINVAL);
}

static void meta_types_are_those_that_no_zone_holds(void **state)
{
	(void)state;
	unsigned count = 0;

	for (unsigned type = 0; type <= UINT16_MAX; type++)
		count += type_is_meta((uint16_t)type);
	assert_int_equal(count, 10);
	assert_true(type_is_meta(0));
	assert_true(type_is_meta(TYPE_OPT));
	assert_true(type_is_meta(TYPE_NXNAME));
	for (unsigned type = 249; type <= 255; type++)
		assert_true(type_is_meta((uint16_t)type));
	assert_false(type_is_meta(TYPE_RRSIG));
}

static void codes_have_words(void **state)
{
	(void)state;

	assert_string_equal(rcode_to_text(RCODE_SERVFAIL), "SERVFAIL");
	assert_string_equal(rcode_to_text(RCODE_BADCOOKIE), "BADCOOKIE");
	assert_string_equal(rcode_to_text(4000), "RCODE?");
	assert_string_equal(ede_to_text(EDE_DNSSEC_BOGUS), "DNSSEC Bogus");
	assert_string_equal(ede_to_text(EDE_INVALID_QUERY_TYPE), "Invalid Query Type");
	assert_string_equal(ede_to_text(EDE_NONE), "no error");
	assert_string_equal(ede_to_text(EDE_NEGATIVE_TRUST_ANCHOR), "Negative Trust Anchor");
	for (int code = -5; code < 70000; code++)
		assert_non_null(ede_to_text(code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_survives_text),
		cmocka_unit_test(mnemonics_are_those_of_the_registry),
		cmocka_unit_test(text_is_read_without_case),
		cmocka_unit_test(unknown_text_is_refused),
		cmocka_unit_test(meta_types_are_those_that_no_zone_holds),
		cmocka_unit_test(codes_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
