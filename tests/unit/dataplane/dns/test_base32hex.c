#include "dataplane/dns/rdata.h"
#include "tests/unit/dataplane/dns/wire.h"

#include <errno.h>

// RFC 4648 §10, without padding.
static const struct {
	const char *plain, *text;
} vectors[] = {
	{"", ""},
	{"f", "co"},
	{"fo", "cpng"},
	{"foo", "cpnmu"},
	{"foob", "cpnmuog"},
	{"fooba", "cpnmuoj1"},
	{"foobar", "cpnmuoj1e8"},
};

static void vectors_of_rfc4648_hold_both_ways(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const uint8_t *plain = (const uint8_t *)vectors[i].plain;
		size_t plain_len = strlen(vectors[i].plain), text_len = strlen(vectors[i].text);
		uint8_t text[16], back[16];
		assert_int_equal(base32hex_encode(plain, plain_len, text), text_len);
		assert_memory_equal(text, vectors[i].text, text_len);
		assert_int_equal(base32hex_decode(text, text_len, back, sizeof(back)), plain_len);
		assert_memory_equal(back, plain, plain_len);
	}
}

static int decode(const char *text, size_t cap)
{
	uint8_t out[64];

	return base32hex_decode((const uint8_t *)text, strlen(text), out, cap);
}

static void upper_case_is_read(void **state)
{
	(void)state;
	uint8_t out[6];

	assert_int_equal(base32hex_decode((const uint8_t *)"CPNMUOJ1E8", 10, out, 6), 6);
	assert_memory_equal(out, "foobar", 6);
}

static void sha1_hash_of_rfc5155_is_20_bytes(void **state)
{
	(void)state;

	assert_int_equal(decode("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom", 20), 20);
}

static void other_characters_are_refused(void **state)
{
	(void)state;

	assert_int_equal(decode("cw", 64), -EINVAL);
	assert_int_equal(decode("c=", 64), -EINVAL);
	assert_int_equal(decode("c o", 64), -EINVAL);
	assert_int_equal(decode("\x10o", 64), -EINVAL); // '0' with bit 0x20 away
	assert_int_equal(decode("c\xef", 64), -EINVAL);
}

static void impossible_lengths_are_refused(void **state)
{
	(void)state;

	assert_int_equal(decode("0", 64), -EINVAL);
	assert_int_equal(decode("000", 64), -EINVAL);
	assert_int_equal(decode("000000", 64), -EINVAL);
	assert_int_equal(decode("00000000", 64), 5);
}

static void two_texts_never_mean_the_same_bytes(void **state)
{
	(void)state;

	assert_int_equal(decode("co", 64), 1);
	assert_int_equal(decode("cp", 64), -EINVAL);
	assert_int_equal(decode("cq", 64), -EINVAL);
}

static void result_over_cap_is_refused(void **state)
{
	(void)state;

	assert_int_equal(decode("cpnmuoj1", 5), 5);
	assert_int_equal(decode("cpnmuoj1", 4), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_rfc4648_hold_both_ways),
		cmocka_unit_test(upper_case_is_read),
		cmocka_unit_test(sha1_hash_of_rfc5155_is_20_bytes),
		cmocka_unit_test(other_characters_are_refused),
		cmocka_unit_test(impossible_lengths_are_refused),
		cmocka_unit_test(two_texts_never_mean_the_same_bytes),
		cmocka_unit_test(result_over_cap_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
