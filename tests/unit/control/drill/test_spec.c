// An operator's words about a drill.
#include "tests/unit/control/drill/testing.h"

static bool hits(const char *scope, const char *address, const uint8_t *zone)
{
	char text[256];

	snprintf(text, sizeof(text), "--fault drop --scope %s", scope);
	const struct drill_spec spec = spec_of(text);
	const struct address server = address_of(address);
	const struct drill_aim aim = {.server = &server, .zone = zone};
	return drill_in_scope(&spec, &aim);
}

static bool holds(const char *scope, const uint8_t *ns_name)
{
	char text[256];

	snprintf(text, sizeof(text), "--fault drop --scope %s", scope);
	const struct drill_spec spec = spec_of(text);
	const struct drill_aim aim = {.ns_name = ns_name};
	return drill_in_scope(&spec, &aim);
}

static void an_address_is_that_address_alone(void **state)
{
	(void)state;
	assert_true(hits("upstream:192.0.2.1", "192.0.2.1", NULL));
	assert_false(hits("upstream:192.0.2.1", "192.0.2.2", NULL));
	assert_true(hits("upstream:2001:db8::1", "2001:db8::1", NULL));
	assert_false(hits("upstream:2001:db8::1", "2001:db8::2", NULL));
	assert_false(hits("upstream:192.0.2.1", "2001:db8::1", NULL));
}

static void a_prefix_holds_what_is_in_it(void **state)
{
	(void)state;
	assert_true(hits("domain:192.0.2.0/24", "192.0.2.255", NULL));
	assert_false(hits("domain:192.0.2.0/24", "192.0.3.0", NULL));
	assert_true(hits("domain:192.0.2.64/27", "192.0.2.95", NULL));
	assert_false(hits("domain:192.0.2.64/27", "192.0.2.96", NULL));
	assert_true(hits("domain:192.0.2.1/32", "192.0.2.1", NULL));
	assert_true(hits("domain:2001:db8:1::/48", "2001:db8:1:ffff::9", NULL));
	assert_false(hits("domain:2001:db8:1::/48", "2001:db8:2::", NULL));
	assert_false(hits("domain:192.0.2.0/24", "2001:db8::", NULL));
	// The same octets are another address in the other family.
	assert_false(hits("domain:32.1.13.0/24", "2001:d00::1", NULL));
	assert_false(hits("domain:32.1.0.0/16", "2001::", NULL));
	assert_false(hits("domain:2001:d00::/24", "32.1.13.9", NULL));
	assert_false(hits("domain:0.0.0.0/1", "::", NULL));
	assert_false(hits("domain:::/1", "1.2.3.4", NULL));
	assert_false(hits("upstream:32.1.13.184", "2001:db8::", NULL));
	assert_false(hits("upstream:2001:db8::", "32.1.13.184", NULL));
	assert_true(hits("domain:192.0.2.0/24,2001:db8::/32", "192.0.2.1", NULL));
	assert_true(hits("domain:192.0.2.0/24,2001:db8::/32", "2001:db8::7", NULL));
	assert_false(hits("domain:192.0.2.0/24,2001:db8::/32", "198.51.100.1", NULL));
}

static void an_operator_is_the_servers_named_in_its_zone(void **state)
{
	(void)state;
	assert_true(holds("domain:Provider.NET", (const uint8_t *)"\3ns1\10provider\3net"));
	assert_true(holds("domain:provider.net", (const uint8_t *)"\1a\1b\10provider\3net"));
	assert_true(holds("domain:net", (const uint8_t *)"\3ns1\10provider\3net")); // a TLD
	assert_false(holds("domain:provider.net", (const uint8_t *)"\3ns1\5other\3net"));
	assert_false(holds("domain:provider.net", (const uint8_t *)"\3ns1\11xprovider\3net"));
	assert_false(holds("domain:provider.net", NULL));
	assert_false(holds("domain:192.0.2.0/24", (const uint8_t *)"\3ns1\10provider\3net"));
}

static bool is_served(const char *scope, const char *pool, const char *domain)
{
	char text[256];

	snprintf(text, sizeof(text), "--fault drop --scope %s", scope);
	const struct drill_spec spec = spec_of(text);
	const struct drill_aim aim = {.pool = pool, .domain = domain};
	return drill_in_scope(&spec, &aim);
}

static void a_pool_and_the_labels_of_its_servers_are_told_apart(void **state)
{
	(void)state;
	assert_true(is_served("pool:work", "work", "north"));
	assert_false(is_served("pool:work", "works", "work"));
	assert_false(is_served("pool:work", "", ""));
	assert_false(is_served("pool:work", NULL, NULL));
	assert_true(is_served("domain:north", "work", "north"));
	assert_true(is_served("domain:rack_7#b", "work", "rack_7#b")); // no domain name
	assert_false(is_served("domain:North", "work", "north"));
	assert_false(is_served("domain:work", "work", "north"));
}

static void what_has_other_servers_can_be_left(void **state)
{
	static const struct {
		const char *words;
		bool steerable;
	} cases[] = {
		{"--scope upstream:192.0.2.1 --fault drop", true},
		{"--scope domain:192.0.2.0/24 --fault drop", true},
		{"--scope domain:provider.net --fault drop", true},
		{"--scope pool:work --fault drop", true},
		{"--scope zone:example.com --fault drop", false},
		{"--scope uplink --fault drop", false},
		{"--scope clock --fault skew=60", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct drill_spec spec = spec_of(cases[i].words);
		assert_int_equal(drill_steerable(&spec), cases[i].steerable);
	}
}

static void a_zone_is_that_zone_and_none_below(void **state)
{
	(void)state;
	assert_true(hits("zone:Example.COM", "192.0.2.1", (const uint8_t *)"\7example\3com"));
	assert_false(hits("zone:example.com", "192.0.2.1", (const uint8_t *)"\3sub\7example\3com"));
	assert_false(hits("zone:example.com", "192.0.2.1", (const uint8_t *)"\3com"));
	assert_false(hits("zone:example.com", "192.0.2.1", NULL));
	assert_true(hits("zone:.", "192.0.2.1", (const uint8_t *)""));
}

static void the_uplink_is_all_of_it_and_the_clock_none(void **state)
{
	const struct address server = address_of("192.0.2.1");
	const struct drill_aim aim = {.server = &server, .zone = (const uint8_t *)""};
	const struct drill_spec clock = spec_of("--scope clock --fault skew=-86400");

	(void)state;
	assert_true(hits("uplink", "192.0.2.1", NULL));
	assert_false(drill_in_scope(&clock, &aim));
	assert_int_equal(clock.skew_s, -86400);
}

static void what_is_not_said_is_bounded(void **state)
{
	const struct drill_spec spec = spec_of("--scope uplink --fault drop");

	(void)state;
	assert_int_equal(spec.share, 100);
	assert_int_equal(spec.for_s, 30);
	assert_int_equal(spec.abort_percent, 5);
}

static void everything_can_be_said(void **state)
{
	char text[DRILL_TEXT_MAX];
	const struct drill_spec spec = spec_of("--scope domain:192.0.2.0/24 --fault delay=1500ms "
					       "--share 25% --for 90s --abort-if servfail>12%");

	(void)state;
	assert_string_equal(drill_scope_text(&spec, text), "domain:192.0.2.0/24");
	assert_string_equal(drill_fault_text(&spec, text), "delay=1500");
	assert_int_equal(spec.harm, HARM_DELAY);
	assert_int_equal(spec.delay_ms, 1500);
	assert_int_equal(spec.share, 25);
	assert_int_equal(spec.for_s, 90);
	assert_int_equal(spec.abort_percent, 12);
}

static void texts_are_read_again_as_the_same(void **state)
{
	static const char *const scopes[] = {"upstream:192.0.2.1",
					     "upstream:2001:db8::1",
					     "domain:2001:db8::/32",
					     "domain:192.0.2.0/24,2001:db8::/32",
					     "domain:provider.net.",
					     "zone:example.com.",
					     "uplink"};
	static const char *const faults[] = {"drop",     "delay=20",    "servfail", "refuse",
					     "truncate", "strip-rrsig", "bogus"};
	char text[512], out[DRILL_TEXT_MAX];

	(void)state;
	for (size_t s = 0; s < sizeof(scopes) / sizeof(scopes[0]); s++) {
		for (size_t f = 0; f < sizeof(faults) / sizeof(faults[0]); f++) {
			snprintf(text, sizeof(text), "--scope %s --fault %s", scopes[s], faults[f]);
			const struct drill_spec spec = spec_of(text);
			assert_string_equal(drill_scope_text(&spec, out), scopes[s]);
			assert_string_equal(drill_fault_text(&spec, out), faults[f]);
		}
	}
	const struct drill_spec clock = spec_of("--scope clock --fault skew=60");
	assert_string_equal(drill_fault_text(&clock, out), "skew=60");
}

static void nonsense_is_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *words, *says;
	} cases[] = {
		{"", "--scope is needed"},
		{"--fault drop", "--scope is needed"},
		{"--scope uplink", "--fault is needed"},
		{"--scope", "lacks its value"},
		{"--scope upstream:example.com --fault drop", "is no address"},
		{"--scope domain:192.0.2.0 --fault drop", "is one address: upstream:192.0.2.0"},
		{"--scope domain:2001:db8::1 --fault drop", "is no prefix"},
		{"--scope domain: --fault drop", "is no name of a failure domain"},
		{"--scope domain:a\x1b[2J --fault drop", "is no name of a failure domain"},
		{"--scope domain:192.0.2.0/33 --fault drop", "is no prefix"},
		{"--scope domain:192.0.2.77/24 --fault drop", "the prefix is 192.0.2.0/24"},
		{"--scope domain:2001:db8::1/32 --fault drop", "the prefix is 2001:db8::/32"},
		{"--scope domain:192.0.2.0/0 --fault drop", "is no prefix"},
		{"--scope domain:192.0.2.0/24, --fault drop", "is no prefix"},
		{"--scope domain:,192.0.2.0/24 --fault drop", "is no prefix"},
		{"--scope domain:192.0.2.0/24,:: --fault drop", "is no prefix"},
		{"--scope domain:192.0.2.0/ --fault drop", "is no prefix"},
		{"--scope domain:192.0.2.0/0024 --fault drop", "is no prefix"},
		{"--scope domain:1.0.0.0/8,2.0.0.0/8,3.0.0.0/8,4.0.0.0/8,5.0.0.0/8,6.0.0.0/8,"
		 "7.0.0.0/8,8.0.0.0/8,9.0.0.0/8 --fault drop",
		 "at most 8 prefixes"},
		{"--scope domain:192.0.2.0/8x --fault drop", "is no prefix"},
		{"--scope zone:a..b --fault drop", "is no domain name"},
		{"--scope pool: --fault drop", "is no name of a pool"},
		{"--scope all --fault drop", "is none of upstream:"},
		{"--scope uplink --fault explode", "is none of drop"},
		{"--scope uplink --fault delay=0", "is no delay"},
		{"--scope uplink --fault delay=10001", "is no delay"},
		{"--scope uplink --fault delay=", "is no delay"},
		{"--scope uplink --fault skew=5", "go together"},
		{"--scope clock --fault drop", "go together"},
		{"--scope clock --fault skew=0", "is no skew"},
		{"--scope clock --fault skew=--5", "is no skew"},
		{"--scope clock --fault skew=5 --share 50", "no --share"},
		{"--scope uplink --fault drop --share 0", "is no share"},
		{"--scope uplink --fault drop --share 101", "is no share"},
		{"--scope uplink --fault drop --for 0", "is no time"},
		{"--scope uplink --fault drop --for 3601", "is no time"},
		{"--scope uplink --fault drop --for 99999999999", "is no time"},
		{"--scope uplink --fault drop --abort-if 5%", "is no reason to abort"},
		{"--scope uplink --fault drop --abort-if servfail>101%", "is no reason to abort"},
		{"--scope uplink --fault drop --forever 1", "is none of --scope"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char err[DRILL_ERROR_MAX];
		struct drill_spec spec;
		if (read_words(cases[i].words, true, &spec, err) == 0)
			fail_msg("%s is accepted", cases[i].words);
		if (strstr(err, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].words, err);
	}
}

static void a_plan_needs_no_fault(void **state)
{
	char err[DRILL_ERROR_MAX];
	struct drill_spec spec;

	(void)state;
	assert_int_equal(read_words("--scope upstream:192.0.2.1", false, &spec, err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_that_address_alone),
		cmocka_unit_test(a_prefix_holds_what_is_in_it),
		cmocka_unit_test(an_operator_is_the_servers_named_in_its_zone),
		cmocka_unit_test(a_pool_and_the_labels_of_its_servers_are_told_apart),
		cmocka_unit_test(what_has_other_servers_can_be_left),
		cmocka_unit_test(a_zone_is_that_zone_and_none_below),
		cmocka_unit_test(the_uplink_is_all_of_it_and_the_clock_none),
		cmocka_unit_test(what_is_not_said_is_bounded),
		cmocka_unit_test(everything_can_be_said),
		cmocka_unit_test(texts_are_read_again_as_the_same),
		cmocka_unit_test(nonsense_is_refused_with_a_sentence),
		cmocka_unit_test(a_plan_needs_no_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
