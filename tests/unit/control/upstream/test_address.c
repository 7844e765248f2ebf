// ATTACKS A14: addresses that may never be asked.
#include "tests/unit/control/upstream/script.h"

static bool may(struct script *script, const char *text)
{
	struct address address = script_address(text);

	return upstream_may_ask(script->upstream, &address);
}

static void a14_addresses_no_server_can_have_are_refused(void **state)
{
	static const char *const list[] = {
		"0.0.0.0",
		"0.1.2.3",
		"127.0.0.1",
		"127.255.255.254",
		"224.0.0.1",
		"239.255.255.255",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"ff02::1",
		"ff0e::1:2",
		"fe80::1",
		"febf::1",
		"::ffff:127.0.0.1",
		"::ffff:192.0.2.1",
		"::192.0.2.1",
		"::7f00:1",
	};
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (may(&s, list[i]))
			print_error("%s\n", list[i]);
		assert_false(may(&s, list[i]));
	}
	script_stop(&s);
}

static void addresses_of_servers_are_allowed(void **state)
{
	static const char *const list[] = {
		"192.0.2.1", "1.1.1.1",   "10.53.0.1",   "223.255.255.255",
		"128.0.0.1", "126.0.0.1", "2001:db8::1", "fd00::53",
		"fe00::1",   "fec0::1",   "1::",         "64:ff9b::1",
	};
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (!may(&s, list[i]))
			print_error("%s\n", list[i]);
		assert_true(may(&s, list[i]));
	}
	script_stop(&s);
}

static void a14_own_addresses_are_refused(void **state)
{
	struct address v4 = script_address("192.0.2.53"), v6 = script_address("2001:db8::53");
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	assert_true(may(&s, "192.0.2.53"));
	upstream_own_address_add(s.upstream, &v4);
	upstream_own_address_add(s.upstream, &v6);
	assert_false(may(&s, "192.0.2.53"));
	assert_false(may(&s, "2001:db8::53"));
	assert_true(may(&s, "192.0.2.54"));
	script_stop(&s);
}

static void loopback_can_be_allowed_but_our_own_stays_refused(void **state)
{
	struct address own = script_address("127.0.0.53");
	struct script s;

	(void)state;
	script_start(&s, &script_config);
	upstream_own_address_add(s.upstream, &own);
	upstream_allow_loopback(s.upstream, true);
	assert_true(may(&s, "127.0.0.1"));
	assert_true(may(&s, "::1"));
	assert_false(may(&s, "127.0.0.53"));
	assert_false(may(&s, "::"));
	assert_false(may(&s, "0.0.0.0"));
	script_stop(&s);
}

static void family_that_is_off_is_refused(void **state)
{
	struct upstream_config config = script_config;
	struct script s;

	(void)state;
	config.ipv6 = false;
	script_start(&s, &config);
	assert_true(may(&s, "192.0.2.1"));
	assert_false(may(&s, "2001:db8::1"));
	script_stop(&s);
	config = script_config;
	config.ipv4 = false;
	script_start(&s, &config);
	assert_false(may(&s, "192.0.2.1"));
	assert_true(may(&s, "2001:db8::1"));
	assert_false(upstream_may_ask(s.upstream, &(struct address){0}));
	script_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a14_addresses_no_server_can_have_are_refused),
		cmocka_unit_test(addresses_of_servers_are_allowed),
		cmocka_unit_test(a14_own_addresses_are_refused),
		cmocka_unit_test(loopback_can_be_allowed_but_our_own_stays_refused),
		cmocka_unit_test(family_that_is_off_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
