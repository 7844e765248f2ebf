#include "dataplane/dns/edns.h"
#include "tests/unit/dataplane/dns/wire.h"

// Key 00..0f, input 00..: appendix A of the SipHash paper, and the vectors of its
// reference code.
static void siphash_agrees_with_its_paper(void **state)
{
	(void)state;
	uint8_t key[16], input[63];

	for (unsigned i = 0; i < 16; i++)
		key[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)i;
	assert_true(siphash_2_4(key, input, 15) == 0xa129ca6149be45e5);
	assert_true(siphash_2_4(key, input, 0) == 0x726fdb47dd0e0e31);
	assert_true(siphash_2_4(key, input, 1) == 0x74f839c593dc67fd);
	assert_true(siphash_2_4(key, input, 8) == 0x93f5f5799a932462);
	assert_true(siphash_2_4(key, input, 16) == 0x3f2acc7f57c29bdb);
	assert_true(siphash_2_4(key, input, 63) == 0x958a324ceb064572);
	assert_true(siphash_1_3(key, input, 0) == 0xabac0158050fc4dc);
	assert_true(siphash_1_3(key, input, 1) == 0xc9f49bf37d57ca93);
	assert_true(siphash_1_3(key, input, 15) == 0xd320d86d2a519956);
	assert_true(siphash_1_3(key, input, 63) == 0x9d199062b7bbb3a8);
}

static void from_hex(const char *hex, uint8_t *out)
{
	for (; hex[0] != '\0'; hex += 2)
		*out++ = (uint8_t)strtoul((const char[]){hex[0], hex[1], '\0'}, NULL, 16);
}

struct vector {
	const char *client, *secret, *addr, *server;
	size_t addr_len;
	uint32_t made_s;
};

// RFC 9018 appendix A.
static const struct vector made[] = {
	// A.1 and A.2: 198.51.100.100
	{"2464c4abcf10c957", "e5e973e5a6b2a43f48e7dc849e37bfcf", "c6336464",
	 "010000005cf79f111f8130c3eee29480", 4, 1559731985},
	{"2464c4abcf10c957", "e5e973e5a6b2a43f48e7dc849e37bfcf", "c6336464",
	 "010000005cf7a871d4a564a1442aca77", 4, 1559734385},
	// A.3: 203.0.113.203
	{"fc93fc62807ddb86", "e5e973e5a6b2a43f48e7dc849e37bfcf", "cb0071cb",
	 "010000005cf7a9acf73a7810aca2381e", 4, 1559734700},
	// A.4: 2001:db8:220:1:59de:d0f4:8769:82b8
	{"22681ab97d52c298", "445536bcd2513298075a5d379663c962",
	 "20010db802200001"
	 "59ded0f4876982b8",
	 "010000005cf7c609a6bb79d16625507a", 16, 1559741961},
};

static void server_cookies_are_those_of_rfc9018(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		uint8_t client[8], secret[16], addr[16], expected[16], out[COOKIE_SERVER_LEN];
		from_hex(made[i].client, client);
		from_hex(made[i].secret, secret);
		from_hex(made[i].addr, addr);
		from_hex(made[i].server, expected);
		cookie_server_make(client, addr, made[i].addr_len, made[i].made_s, secret, out);
		assert_memory_equal(out, expected, sizeof(out));
		assert_true(cookie_server_valid(client, out, sizeof(out), addr, made[i].addr_len,
						made[i].made_s, secret));
	}
}

// RFC 9018 A.3: the reserved bytes are ab cd ef, and part of what is hashed.
static void reserved_bytes_of_others_are_accepted_as_hashed(void **state)
{
	(void)state;
	uint8_t client[8], secret[16], addr[4], server[16];

	from_hex("fc93fc62807ddb86", client);
	from_hex("e5e973e5a6b2a43f48e7dc849e37bfcf", secret);
	from_hex("cb0071cb", addr);
	from_hex("01abcdef5cf78f71a314227b6679ebf5", server);
	assert_true(cookie_server_valid(client, server, 16, addr, 4, 1559728100, secret));
	server[1] ^= 1;
	assert_false(cookie_server_valid(client, server, 16, addr, 4, 1559728100, secret));
}

struct fixture {
	uint8_t client[8], secret[16], addr[4], server[COOKIE_SERVER_LEN];
};

static struct fixture cookie_made_at(uint32_t now_s)
{
	struct fixture f = {
		.client = "clientco", .secret = "0123456789abcde", .addr = {192, 0, 2, 1}};

	cookie_server_make(f.client, f.addr, 4, now_s, f.secret, f.server);
	return f;
}

static bool valid_at(const struct fixture *f, uint32_t now_s)
{
	return cookie_server_valid(f->client, f->server, sizeof(f->server), f->addr, 4, now_s,
				   f->secret);
}

static void cookie_is_valid_for_an_hour_and_five_minutes_ahead(void **state)
{
	(void)state;
	struct fixture f = cookie_made_at(1000000);

	assert_true(valid_at(&f, 1000000 + 3600));
	assert_false(valid_at(&f, 1000000 + 3601));
	assert_true(valid_at(&f, 1000000 - 300));
	assert_false(valid_at(&f, 1000000 - 301));
}

static void cookie_time_wraps_as_a_serial_number(void **state)
{
	(void)state;
	struct fixture f = cookie_made_at(UINT32_MAX - 10);

	assert_true(valid_at(&f, 20));
	assert_false(valid_at(&f, 4000));
}

static void cookie_is_bound_to_client_address_and_secret(void **state)
{
	(void)state;
	struct fixture f = cookie_made_at(5000), other;

	for (size_t i = 0; i < sizeof(f.server); i++) {
		other = f;
		other.server[i] ^= 0x40;
		assert_false(valid_at(&other, 5000));
	}
	other = f;
	other.client[7] ^= 1;
	assert_false(valid_at(&other, 5000));
	other = f;
	other.addr[3] ^= 1;
	assert_false(valid_at(&other, 5000));
	other = f;
	other.secret[0] ^= 1;
	assert_false(valid_at(&other, 5000));
	assert_true(valid_at(&f, 5000));
}

static void cookie_of_another_length_or_version_is_invalid(void **state)
{
	(void)state;
	struct fixture f = cookie_made_at(5000);
	uint8_t longer[COOKIE_SERVER_MAX] = {0};

	memcpy(longer, f.server, sizeof(f.server));
	assert_false(cookie_server_valid(f.client, longer, 8, f.addr, 4, 5000, f.secret));
	assert_false(cookie_server_valid(f.client, longer, 32, f.addr, 4, 5000, f.secret));
	assert_false(cookie_server_valid(f.client, longer, 0, f.addr, 4, 5000, f.secret));
	f.server[0] = 2;
	assert_false(valid_at(&f, 5000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_agrees_with_its_paper),
		cmocka_unit_test(server_cookies_are_those_of_rfc9018),
		cmocka_unit_test(reserved_bytes_of_others_are_accepted_as_hashed),
		cmocka_unit_test(cookie_is_valid_for_an_hour_and_five_minutes_ahead),
		cmocka_unit_test(cookie_time_wraps_as_a_serial_number),
		cmocka_unit_test(cookie_is_bound_to_client_address_and_secret),
		cmocka_unit_test(cookie_of_another_length_or_version_is_invalid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
