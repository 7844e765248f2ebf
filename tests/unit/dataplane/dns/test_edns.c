#include "dataplane/dns/edns.h"
#include "tests/unit/dataplane/dns/wire.h"

static struct wire w;

static void option(unsigned code, const void *data, size_t len)
{
	wire_16(&w, code);
	wire_16(&w, (unsigned)len);
	wire_bytes(&w, data, len);
}

static enum edns_verdict parse(struct edns *out)
{
	return edns_parse(1232, 0, wire_exact(&w), w.len, EDNS_OPTIONS_MAX, out);
}

static void fixed_fields_are_read(void **state)
{
	(void)state;
	struct edns edns;

	assert_int_equal(edns_parse(4096, 0x12008000, (const uint8_t *)"", 0, EDNS_OPTIONS_MAX, &edns), EDNS_OK);
	assert_true(edns.present);
	assert_true(edns.do_bit);
	assert_int_equal(edns.version, 0);
	assert_int_equal(edns.rcode_high, 0x12);
	assert_int_equal(edns.udp_size, 4096);
	assert_false(edns.has_cookie);
	assert_int_equal(edns.ede, EDE_NONE);
	assert_int_equal(edns_parse(512, 0x00007fff, (const uint8_t *)"", 0, EDNS_OPTIONS_MAX, &edns), EDNS_OK);
	assert_false(edns.do_bit);
}

static void options_of_a_later_version_are_not_read(void **state)
{
	(void)state;
	struct edns edns;

	assert_int_equal(edns_parse(512, 0x00010000, (const uint8_t *)"\xff", 1, EDNS_OPTIONS_MAX, &edns), EDNS_OK);
	assert_int_equal(edns.version, 1);
}

static void cookie_lengths_are_those_of_rfc7873(void **state)
{
	(void)state;
	uint8_t data[64];

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	for (size_t len = 0; len < sizeof(data); len++) {
		struct edns edns;
		bool good = len == 8 || (len >= 16 && len <= 40);
		w.len = 0;
		option(EDNS_COOKIE, data, len);
		assert_int_equal(parse(&edns), good ? EDNS_OK : EDNS_FORMERR);
		assert_true(edns.present);
		assert_int_equal(edns.has_cookie, good);
		if (!good)
			continue;
		assert_memory_equal(edns.client_cookie, data, 8);
		assert_int_equal(edns.server_cookie_len, len - 8);
		assert_memory_equal(edns.server_cookie, data + 8, len - 8);
	}
}

static void only_the_first_cookie_counts(void **state)
{
	(void)state;
	struct edns edns;

	w.len = 0;
	option(EDNS_COOKIE, "firstone", 8);
	option(EDNS_COOKIE, "another!", 8);
	assert_int_equal(parse(&edns), EDNS_OK);
	assert_memory_equal(edns.client_cookie, "firstone", 8);
}

static void known_options_are_noticed(void **state)
{
	(void)state;
	struct edns edns;

	w.len = 0;
	option(EDNS_NSID, "", 0);
	option(EDNS_CLIENT_SUBNET, "\0\1\0\0", 4);
	option(EDNS_TCP_KEEPALIVE, "", 0);
	option(EDNS_PADDING, "\0\0\0", 3);
	option(EDNS_EDE, "\0", 1); // too short to hold a code
	option(EDNS_EDE, "\0\6text", 6);
	option(EDNS_EDE, "\0\7", 2);
	option(65001, "?", 1);
	assert_int_equal(parse(&edns), EDNS_OK);
	assert_true(edns.has_subnet);
	assert_true(edns.has_keepalive);
	assert_int_equal(edns.ede, EDE_DNSSEC_BOGUS);
}

static void seventeenth_option_is_formerr(void **state)
{
	(void)state;
	struct edns edns;

	w.len = 0;
	for (unsigned i = 0; i < EDNS_OPTIONS_MAX; i++)
		option(65001, "", 0);
	assert_int_equal(parse(&edns), EDNS_OK);
	option(65001, "", 0);
	assert_int_equal(parse(&edns), EDNS_FORMERR);
	// A server may send what it likes: those that we do not know are skipped (RFC 6891 §6.1.2).
	assert_int_equal(edns_parse(1232, 0, wire_exact(&w), w.len, SIZE_MAX, &edns), EDNS_OK);
}

static void option_past_the_end_is_formerr(void **state)
{
	(void)state;
	struct edns edns;

	w.len = 0;
	option(65001, "abc", 3);
	size_t full = w.len;
	for (w.len = 1; w.len < full; w.len++)
		assert_int_equal(parse(&edns), EDNS_FORMERR);
	w.len = full;
	assert_int_equal(parse(&edns), EDNS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_fields_are_read),
		cmocka_unit_test(options_of_a_later_version_are_not_read),
		cmocka_unit_test(cookie_lengths_are_those_of_rfc7873),
		cmocka_unit_test(only_the_first_cookie_counts),
		cmocka_unit_test(known_options_are_noticed),
		cmocka_unit_test(seventeenth_option_is_formerr),
		cmocka_unit_test(option_past_the_end_is_formerr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
