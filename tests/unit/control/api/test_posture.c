// What `posture` says of facts, and that what comes from the network is made printable.
#include "tests/unit/control/api/operator.h"

#define DAY_S 86400

static struct dossier known;
static char reason[] = "no key \x1b[2J fits";

static const uint8_t root[] = "", example[] = "\7example";

// A secure zone with two servers.
static void know_example(void)
{
	struct posture_facts *facts = &posture_known;

	memset(facts, 0, sizeof(*facts));
	memset(&known, 0, sizeof(known));
	for (int i = 0; i < SIGNED_CLASS_COUNT; i++)
		rhythm_start(&known.rhythms[i]);
	known.secure_s = NOW_S;
	known.window = NOW_MS / DOSSIER_WINDOW_MS;
	known.asked = 42;
	memcpy(facts->zone, example, sizeof(example));
	memcpy(facts->closest, example, sizeof(example));
	facts->known = true;
	facts->now = (struct dossiers_now){.ms = NOW_MS, .s = NOW_S};
	facts->dossier = &known;
	facts->link_count = 2;
	facts->links[0] = (struct posture_link){
		.zone = root,
		.trust = {.word = TRUST_ANCHORED,
			  .ds_count = 1,
			  .ds = {{.tag = 20326, .algorithm = 8, .digest = 2}},
			  .key_count = 1,
			  .keys = {{.tag = 20326, .flags = 257, .algorithm = 8}}}};
	facts->links[1] = (struct posture_link){
		.zone = example,
		.trust = {.word = TRUST_SECURE,
			  .ds_count = 1,
			  .ds = {{.tag = 4711, .algorithm = 13, .digest = 2}},
			  .key_count = 2,
			  .keys = {{.tag = 4711, .flags = 257, .algorithm = 13},
				   {.tag = 815, .flags = 256, .algorithm = 13}}}};
	facts->delegated = true;
	facts->server_count = 2;
	facts->names = facts->networks = facts->cut = 2;
	facts->servers[0] =
		(struct posture_server){.address = {4, {192, 0, 2, 1}},
					.name = (const uint8_t *)"\2ns\7example",
					.facts = {.standing = SERVER_WELL, .rtt_us = 12000}};
	facts->servers[1] = (struct posture_server){
		.address = {6, {0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 9}},
		.facts = {.standing = SERVER_OUT, .fails = 3, .cause = SERVER_LAME}};
}

static const json_t *item(const char *list, size_t i)
{
	const json_t *array = json_object_get(data, list);

	assert_true(json_array_size(array) > i);
	return json_array_get(array, i);
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	if (value == NULL)
		fail_msg("no text %s", key);
	return value;
}

static void wrong_arguments_are_refused(void **state)
{
	(void)state;
	assert_refused("posture", "", "usage: posture ZONE | --top [N]");
	assert_refused("posture", "\"a.\", \"b.\"", "usage: posture ZONE | --top [N]");
	assert_refused("posture", "\"--best\"", "\"--best\" is no domain name");
	assert_refused("posture", "\"--top\", \"0\"", "\"0\" is no number from 1 to 100");
	assert_refused("posture", "\"--top\", \"101\"", "is no number from 1 to 100");
	assert_refused("posture", "\"--top\", \"9999\"", "is no number from 1 to 100");
	assert_refused("posture", "\"--top\", \"-1\"", "is no number from 1 to 100");
}

static void an_unknown_zone_is_said_to_be_one(void **state)
{
	(void)state;
	ask("posture", "\"Other.Example\"");
	assert_says("other.example. is not known as a zone here, and nothing was asked; the "
		    "closest that is known: .\n");
	assert_true(json_is_false(json_object_get(data, "known")));
	assert_string_equal(string_of(data, "closest"), ".");
}

static void a_zone_is_shown_with_what_matters_first(void **state)
{
	(void)state;
	know_example();
	rhythm_see(&known.rhythms[SIGNED_DNSKEY], NOW_S - DAY_S, NOW_S + 10 * DAY_S, NOW_S);
	known.keys[0] = (struct dossier_key){4711, 13, NOW_S - 60};
	known.denies = DENIES_NSEC3;
	known.opt_out_s = NOW_S;
	ask("posture", "\"example.\"");
	assert_int_equal(strncmp(text,
				 "example.: secure; 2 servers in 2 networks, losing 2 failure "
				 "domains takes it down; 10.0 d left of its signatures; 1 warning\n"
				 "findings:\n"
				 "  warning  2001:db8:1::9 is out",
				 140),
			 0);
	assert_says("not authoritative for the zone, or an upward referral\n  note     NSEC3 with "
		    "opt-out");
	assert_says("chain of trust:\n  .                        trust anchor: anchor 20326 "
		    "(RSASHA256, SHA-256); key 20326 (KSK, RSASHA256)\n");
	assert_says("  example.                 secure delegation; DS 4711 (ECDSAP256SHA256, "
		    "SHA-256); key 4711 (KSK, ECDSAP256SHA256), 815 (ZSK, ECDSAP256SHA256)\n");
	assert_says(
		"signatures:\n  DNSKEY   until 2023-11-24T22:13:20Z, 10.0 d of 11.0 d left; no "
		"renewal seen yet\n  made by  key 4711 (ECDSAP256SHA256), last seen 60 s ago\n");
	assert_says("denial: NSEC3, 0 iterations, salt of 0 bytes, opt-out\n");
	assert_says(
		"servers (delegation):\n  192.0.2.1            192.0.2.0/24, ns.example.; good, "
		"rtt 12.0 ms\n  2001:db8:1::9        2001:db8:1::/48, by address; out, 3 "
		"failures in a row, last: not authoritative");
	assert_says("in the last 10 to 20 minutes: 42\n");
	assert_says_nothing_of("last bogus");
}

static void the_same_is_there_for_programs(void **state)
{
	(void)state;
	know_example();
	rhythm_see(&known.rhythms[SIGNED_DNSKEY], NOW_S - DAY_S, NOW_S + 10 * DAY_S, NOW_S);
	known.denies = DENIES_NSEC3;
	known.iterations = 5;
	ask("posture", "\"example.\"");
	assert_string_equal(string_of(data, "status"), "secure");
	assert_string_equal(string_of(item("findings", 0), "severity"), "warning");
	assert_string_equal(string_of(item("chain", 1), "zone"), "example.");
	assert_string_equal(string_of(item("chain", 1), "trust"), "secure delegation");
	const json_t *ds = json_array_get(json_object_get(item("chain", 1), "ds"), 0);
	assert_int_equal(number_of(ds, "tag"), 4711);
	assert_int_equal(number_of(ds, "algorithm"), 13);
	assert_string_equal(string_of(ds, "digest"), "SHA-256");
	assert_string_equal(string_of(item("signatures", 0), "class"), "DNSKEY");
	assert_int_equal(number_of(item("signatures", 0), "left_s"), 10 * DAY_S);
	assert_int_equal(number_of(data, "signatures_left_s"), 10 * DAY_S);
	assert_string_equal(string_of(json_object_get(data, "denial"), "kind"), "NSEC3");
	assert_int_equal(number_of(json_object_get(data, "denial"), "iterations"), 5);
	assert_string_equal(string_of(item("servers", 1), "address"), "2001:db8:1::9");
	assert_string_equal(string_of(item("servers", 1), "standing"), "out");
	assert_int_equal(number_of(data, "minimal_cut"), 2);
	assert_int_equal(number_of(data, "networks"), 2);
	assert_int_equal(number_of(data, "server_names"), 2);
	assert_int_equal(number_of(data, "questions"), 42);
}

static void what_the_network_says_is_made_printable(void **state)
{
	(void)state;
	know_example();
	posture_known.servers[0].name = (const uint8_t *)"\5n\x1b[2J\7example";
	posture_known.servers[1].label = "label\x07";
	known.bogus = (struct trouble){
		.count = 2, .ede = EDE_DNSSEC_BOGUS, .at_s = NOW_S - 60, .text = reason};
	known.failure = (struct trouble){.count = 1,
					 .ede = EDE_NO_REACHABLE_AUTHORITY,
					 .at_s = NOW_S,
					 .until_ms = NOW_MS + 4500,
					 .text = reason};
	ask("posture", "\"example.\"");
	assert_says_nothing_of("\x1b");
	assert_says_nothing_of("\x07");
	assert_says("last bogus: 2023-11-14T22:12:20Z, 2 in all; EDE 6 (DNSSEC Bogus): no key ?[2J "
		    "fits\n");
	assert_null(strchr(string_of(json_object_get(data, "bogus"), "text"), '\x1b'));
	assert_int_equal(number_of(json_object_get(data, "failure"), "held_s"), 5);
	assert_null(strchr(string_of(item("servers", 0), "name"), '\x1b'));
	assert_null(strchr(string_of(item("servers", 1), "label"), '\x07'));
}

static void the_hottest_zones_have_a_line_each_and_exceptions_follow(void **state)
{
	(void)state;
	ask("posture", "\"--top\"");
	assert_says("no zone was asked for lately\n");
	know_example();
	posture_exceptions = true;
	ask("posture", "\"--top\", \"5\"");
	assert_says("      42  example.                       secure     warning: 2001:db8:1::9 is "
		    "out");
	assert_says("not validated, by configuration: lan.\n");
	assert_says("not validated for 1.5 h more, negative trust anchor: broken.example.\n");
	assert_int_equal(json_array_size(json_object_get(data, "zones")), 1);
	assert_string_equal(string_of(item("zones", 0), "zone"), "example.");
	assert_string_equal(string_of(json_object_get(item("zones", 0), "worst"), "severity"),
			    "warning");
	assert_true(json_is_true(json_object_get(item("exceptions", 0), "permanent")));
	assert_int_equal(number_of(item("exceptions", 1), "left_s"), 5400);
}

static int start(void **state)
{
	memset(&posture_known, 0, sizeof(posture_known));
	posture_exceptions = false;
	return setup(state);
}

static int end(void **state)
{
	return drop_answer(state);
}

#define test(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(wrong_arguments_are_refused),
		test(an_unknown_zone_is_said_to_be_one),
		test(a_zone_is_shown_with_what_matters_first),
		test(the_same_is_there_for_programs),
		test(what_the_network_says_is_made_printable),
		test(the_hottest_zones_have_a_line_each_and_exceptions_follow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
