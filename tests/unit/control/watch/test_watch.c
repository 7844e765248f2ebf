// What the resolver knows that is an alarm. The resolver is one that says what it is told to.
#include "control/log.h"
#include "control/watch/watch.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <string.h>

static struct nta_facts nta;
static unsigned ntas = 1; // of the same kind
static unsigned overdue;
static bool broken;

void resolver_nta_each(const struct resolver *resolver,
		       void (*visit)(const struct nta_facts *facts, void *arg), void *arg)
{
	(void)resolver;
	for (unsigned i = 0; nta.name != NULL && i < ntas; i++) {
		struct nta_facts one = nta;
		uint8_t name[NAME_MAX_LEN];
		char text[64];

		snprintf(text, sizeof(text), "n%u.example.", i);
		(void)!name_from_text(text, name);
		if (ntas > 1)
			one.name = name;
		visit(&one, arg);
	}
}

void resolver_broken(const struct resolver *resolver, resolver_broken_visit visit, void *arg)
{
	const struct resolver_broken parent = {.zone = (const uint8_t *)"\3com", .words = "bogus"};

	(void)resolver;
	if (broken)
		visit(arg, &parent);
}

void resolver_broken_text(const struct resolver_broken *parent, char *text, size_t size)
{
	snprintf(text, size, "com. %s", parent->words);
}

static const char *root_bogus;

const char *resolver_root_bogus(const struct resolver *resolver, uint64_t *for_ms)
{
	(void)resolver;
	*for_ms = 7654;
	return root_bogus;
}

static const uint8_t *failing;

void resolver_failing(const struct resolver *resolver, resolver_failing_visit visit, void *arg)
{
	(void)resolver;
	for (unsigned i = 0; failing != NULL && i < 10; i++)
		visit(arg, failing, 12345);
}

size_t resolver_overdue(struct resolver *resolver, size_t max,
			void (*line)(const char *text, void *arg), void *arg)
{
	char text[64];

	(void)resolver;
	for (unsigned i = 0; i < overdue && i < max; i++) {
		snprintf(text, sizeof(text), "z%u.example. SOA signatures are late", i);
		line(text, arg);
	}
	return overdue;
}

static uint64_t path_lost_ms;
static bool uplink_lost;

uint64_t upstream_path_lost_ms(const struct upstream *upstream)
{
	(void)upstream;
	return path_lost_ms;
}

bool upstream_uplink_lost(const struct upstream *upstream)
{
	(void)upstream;
	return uplink_lost;
}

uint64_t upstream_family_lost_ms(const struct upstream *upstream, unsigned family)
{
	(void)upstream;
	(void)family;
	return 0;
}

static struct store_clock now;
static struct alarms *alarms;
static char said[4096];

static void say(const struct alarm *alarm, void *arg)
{
	size_t used = strlen(said);

	(void)arg;
	snprintf(said + used, sizeof(said) - used, "%s %s: %s\n", alarm_name(alarm->name),
		 alarm->subject, alarm->text);
}

static const char *says(void)
{
	now.now_ms += 1000;
	alarms_now(alarms, &now);
	said[0] = '\0';
	alarms_each(alarms, say, NULL);
	return said;
}

static struct config config;
static bool clock_is_wrong;

static void say_of_clock(void *arg, struct alarms *to)
{
	(void)arg;
	if (clock_is_wrong)
		alarm_holds(to, ALARM_CLOCK, "", "wrong");
}

static int start(void **state)
{
	static char resolver; // stands for one
	static struct watch watch;

	config = (struct config){0};
	watch.config = &config;
	watch.upstream = (void *)&watch; // looked at by this program's functions alone
	clock_is_wrong = false;
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	watch.resolver = (struct resolver *)&resolver;
	nta = (struct nta_facts){0};
	overdue = 0;
	ntas = 1;
	broken = false;
	failing = NULL;
	root_bogus = NULL;
	path_lost_ms = 0;
	uplink_lost = false;
	alarms = alarms_new();
	assert_true(alarms_add(alarms, say_of_clock, NULL));
	assert_true(alarms_add(alarms, watch_resolver, &watch));
	assert_true(alarms_add(alarms, watch_upstream, &watch));
	return 0;
}

static int end(void **state)
{
	(void)state;
	alarms_free(alarms);
	return 0;
}

static void zones_that_miss_their_rhythm(void **state)
{
	(void)state;
	assert_string_equal(says(), "");
	overdue = 10;
	assert_non_null(strstr(says(), "signatures z0.example.: z0.example. SOA"));
	assert_non_null(strstr(said, "signatures z7.example.: "));
	assert_null(strstr(said, "z8.example."));
	assert_non_null(strstr(said, "signatures : 2 more zones are overdue"));
	assert_int_equal(alarms_named(alarms, ALARM_SIGNATURES), 9);
	overdue = 8;
	says();
	assert_int_equal(alarms_named(alarms, ALARM_SIGNATURES), 8);
	overdue = 0;
	assert_string_equal(says(), "");
}

static void a_negative_trust_anchor_that_ends_before_the_zone_is_mended(void **state)
{
	(void)state;
	nta = (struct nta_facts){.name = (const uint8_t *)"\6broken\3com",
				 .reason = "",
				 .finding = "",
				 .left_s = 500,
				 .lifetime_s = 3600};
	assert_string_equal(says(), ""); // it has not been looked at
	nta.finding = "RRSIG expired";
	assert_non_null(strstr(says(), "the negative trust anchor of broken.com. ends in 500 s"));
	// A thousand that end together are not a thousand alarms.
	ntas = 1000;
	says();
	assert_int_equal(alarms_named(alarms, ALARM_NTA_ENDS), 17);
	assert_non_null(strstr(said, "984 more negative trust anchors end soon"));
	ntas = 1;
	nta.left_s = 601;
	assert_string_equal(says(), "");
	nta.left_s = 500;
	nta.lifetime_s = 600; // never meant to live for longer
	assert_string_equal(says(), "");
}

static void a_tld_that_gives_no_good_answer(void **state)
{
	(void)state;
	failing = (const uint8_t *)"\7example\3com"; // its own affair
	assert_string_equal(says(), "");
	failing = (const uint8_t *)"\3com";
	assert_non_null(strstr(says(), "tld-failing com.: no server of com. has given a good "
				       "answer for 12 s"));
	failing = (const uint8_t *)"";
	assert_non_null(strstr(says(), "tld-failing .: no server of . "));
	assert_int_equal(alarms_named(alarms, ALARM_TLD_FAILING), 1);
	failing = NULL;
	assert_string_equal(says(), "");
}

static void a_private_tld_is_the_affair_of_its_configured_servers(void **state)
{
	struct route route = {.zone = ""};

	(void)state;
	memcpy(route.zone, "\3com", 5);
	config.resolver.routes = &route;
	config.resolver.route_count = 1;
	failing = (const uint8_t *)"\3com";
	assert_string_equal(says(), "");
	failing = (const uint8_t *)"\3org";
	assert_non_null(strstr(says(), "tld-failing org.: "));
	config.resolver.route_count = 0;
	failing = NULL;
	assert_string_equal(says(), "");
}

static void all_below_a_tld_without_validation(void **state)
{
	(void)state;
	nta = (struct nta_facts){.name = (const uint8_t *)"\3com",
				 .reason = "",
				 .finding = "",
				 .left_s = 601,
				 .lifetime_s = 3600};
	assert_non_null(strstr(says(), "tld-insecure com.: no name below com. is validated, by a "
				       "negative trust anchor"));
	nta.name = NULL;
	assert_string_equal(says(), "");
}

static void a_parent_that_proves_nothing(void **state)
{
	(void)state;
	broken = true;
	assert_string_equal(says(), "parent com.: com. bogus\n");
	broken = false;
	assert_string_equal(says(), "");
}

static void a_root_that_does_not_validate(void **state)
{
	(void)state;
	root_bogus = "no DNSKEY matches";
	assert_string_equal(says(), "root-bogus : the root does not validate by the trust anchors "
				    "given, for 7 s: every name fails (no DNSKEY matches)\n");
	assert_int_equal(alarms_of(alarms, ALARM_CRITICAL), 1);
	root_bogus = NULL;
	assert_string_equal(says(), "");
}

static void forwarders_of_the_root_that_give_no_good_answer(void **state)
{
	struct route route = {.zone = "", .forward = true};

	(void)state;
	config.resolver.routes = &route;
	config.resolver.route_count = 1;
	failing = (const uint8_t *)"";
	assert_non_null(strstr(says(), "forwarders-out : no forwarder of the root has given a good "
				       "answer for 12 s"));
	assert_int_equal(alarms_named(alarms, ALARM_TLD_FAILING), 0);
	assert_int_equal(alarms_of(alarms, ALARM_CRITICAL), 1);
	route.first = true; // the root stands behind them
	assert_non_null(strstr(says(), "tld-failing .: "));
	assert_int_equal(alarms_of(alarms, ALARM_CRITICAL), 0);
}

// Nobody has asked the root's servers, and two dead forwarders say nothing of the path.
static void forwarders_of_the_root_that_are_silent(void **state)
{
	struct route route = {.zone = "", .forward = true};

	(void)state;
	config.resolver.routes = &route;
	config.resolver.route_count = 1;
	path_lost_ms = 4321;
	assert_string_equal(says(), "forwarders-out : no forwarder of the root has answered for "
				    "4321 ms, and nobody else may be asked; what is cached is "
				    "answered\n");
	assert_int_equal(alarms_of(alarms, ALARM_CRITICAL), 1);
	uplink_lost = true; // servers of other zones and networks are silent, too
	assert_non_null(strstr(says(), "forwarders-out : no forwarder of the root has answered"));
	assert_non_null(strstr(said, "path-lost : our own path is lost: no server of any network, "
				     "the root's forwarders neither, has answered for 4321 ms"));
	path_lost_ms = 0;
	uplink_lost = false;
	assert_string_equal(says(), "");
}

static void servers_of_the_root_that_are_silent(void **state)
{
	struct route stub = {.zone = ""}, first = {.zone = "", .forward = true, .first = true};
	const struct route *routes[] = {&stub, &first, NULL};

	(void)state;
	path_lost_ms = 4321;
	for (size_t i = 0; i < 3; i++) {
		config.resolver.routes = routes[i];
		config.resolver.route_count = routes[i] != NULL;
		assert_string_equal(says(), "path-lost : our own path is lost: no server of any "
					    "network, the root's neither, has answered for 4321 "
					    "ms; what is cached is answered\n");
	}
}

static void a_wrong_clock_explains_what_fails(void **state)
{
	(void)state;
	root_bogus = "expired";
	failing = (const uint8_t *)"\3com";
	clock_is_wrong = true;
	assert_string_equal(says(), "clock : wrong\n");
	clock_is_wrong = false;
	assert_non_null(strstr(says(), "root-bogus"));
	assert_non_null(strstr(said, "tld-failing com."));
}

#define test(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(zones_that_miss_their_rhythm),
		test(a_negative_trust_anchor_that_ends_before_the_zone_is_mended),
		test(a_tld_that_gives_no_good_answer),
		test(a_private_tld_is_the_affair_of_its_configured_servers),
		test(all_below_a_tld_without_validation),
		test(a_parent_that_proves_nothing),
		test(a_root_that_does_not_validate),
		test(forwarders_of_the_root_that_give_no_good_answer),
		test(forwarders_of_the_root_that_are_silent),
		test(servers_of_the_root_that_are_silent),
		test(a_wrong_clock_explains_what_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
