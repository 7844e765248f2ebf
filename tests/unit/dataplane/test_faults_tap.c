// A tap in a network namespace of the test's own, changed under the daemon by ip(8): what is looked
// at, what is put back, and what is said.
#include "dataplane/faults_parts.h"
#include "dataplane/host/host.h"
#include "dataplane/host/routes.h"
#include "dataplane/netlink.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TAP     "tap53"
#define BY_TAP  " dev " TAP
#define TABLE   " table %u"
#define PATIENT 10 // looks, more than are tried at once

static bool alone; // in a namespace; without root there is none
static struct service_addresses service;
static struct tap_config tap;
static struct host_counters counters;
static struct faults *faults;
static int tap_fd;

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_from_text(text, &address), 0);
	return address;
}

// The kernel makes the routes of IPv6 addresses a little later than it says that it has these.
static void settle(void)
{
	const unsigned ifindex = if_nametoindex(TAP);

	for (size_t i = 0; i < service.count; i++) {
		for (unsigned tried = 0;
		     tried < 10000 && address_routes_hold(&tap, ifindex, &service.list[i]) != 1;
		     tried++)
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
}

static int start_with(bool gateways)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0x53};
	char err[256] = "";

	if (!alone)
		return 0;
	memset(&service, 0, sizeof(service));
	service.list[service.count++] = address_of("10.53.0.53");
	service.list[service.count++] = address_of("fd53::53");
	tap = (struct tap_config){
		.name = TAP, .mtu = 1500, .service = &service, .prefix_v4 = 24, .prefix_v6 = 64};
	memcpy(tap.mac, mac, sizeof(mac));
	if (gateways) {
		service.list[service.count++] = address_of("10.53.0.1");
		tap.gateway_v4 = address_of("10.53.0.9");
		tap.gateway_v6 = address_of("fd53::1");
	}
	tap_fd = tap_open(&tap, err, sizeof(err));
	if (tap_fd >= 0 && routes_begin(&tap, if_nametoindex(TAP), err, sizeof(err)) == 0)
		faults = faults_new(&(struct faults_of){.host = &counters, .tap = tap});
	if (faults == NULL)
		print_error("%s\n", err);
	else
		settle();
	return faults == NULL;
}

static int start(void **state)
{
	(void)state;
	return start_with(false);
}

static int start_behind_routers(void **state)
{
	(void)state;
	return start_with(true);
}

static int end(void **state)
{
	(void)state;
	if (!alone)
		return 0;
	routes_end(TAP);
	faults_free(faults);
	faults = NULL;
	close(tap_fd);
	return 0;
}

__attribute__((format(printf, 1, 2))) static void ip(const char *format, ...)
{
	char command[256] = "ip ";
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command + 3, sizeof(command) - 3, format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		fail_msg("%s", command);
}

// A second later. How many faults are seen.
static size_t look(void)
{
	faults->seen_count = 0;
	faults->now_ms += 1000;
	faults_look_at_tap(faults);
	return faults->seen_count;
}

static void assert_well(void)
{
	settle();
	if (look() != 0)
		fail_msg("%s", faults->seen[0].text);
}

static void assert_seen(enum dataplane_fault kind, const char *words)
{
	if (look() != 1 || faults->seen[0].kind != kind ||
	    strstr(faults->seen[0].text, words) == NULL)
		fail_msg("wanted \"%s\", got %zu: \"%s\"", words, faults->seen_count,
			 faults->seen_count > 0 ? faults->seen[0].text : "");
}

// Once put back, and it stays.
static void assert_mended(const char *words)
{
	assert_seen(DATAPLANE_MENDED, words);
	faults->now_ms += REPAIR_STAYED_MS;
	assert_well();
}

static void needs_a_namespace(void)
{
	if (!alone)
		skip();
}

// ---- the interface itself ----

static void another_hardware_address_is_put_back(void **state)
{
	struct netlink_link link;

	(void)state;
	needs_a_namespace();
	assert_well();
	ip("link set " TAP " address 02:00:00:00:00:77");
	assert_mended("the tap tap53 had another hardware address, and it has been put back");
	assert_int_equal(netlink_link(faults->tap_ifindex, &link), 0);
	assert_memory_equal(link.mac, tap.mac, 6);
}

static void a_tap_that_is_silent_to_neighbours_is_as_it_was_made_again(void **state)
{
	(void)state;
	needs_a_namespace();
	ip("link set " TAP " arp off");
	assert_mended("the tap tap53 had ARP turned off");
	ip("link set " TAP " multicast off");
	assert_mended("the tap tap53 had multicast turned off");
	ip("link set " TAP " mtu 1400");
	assert_mended("the tap tap53 had another MTU");
}

static void who_takes_it_away_again_and_again_is_not_fought(void **state)
{
	unsigned mended = 0;

	(void)state;
	needs_a_namespace();
	for (unsigned i = 0; i < PATIENT; i++) {
		settle();
		ip("link set " TAP " address 02:00:00:00:00:77");
		assert_int_equal(look(), 1);
		mended += faults->seen[0].kind == DATAPLANE_MENDED;
	}
	assert_in_range(mended, 1, PATIENT - 1);
	assert_seen(DATAPLANE_TAP_LOST,
		    "who is told of it by ARP and ND gets no answer (ip link set "
		    "tap53 address 02:00:00:00:00:53");
	faults->now_ms += REPAIR_LONGEST_MS;
	assert_mended("another hardware address");
}

static void one_that_is_down_or_called_otherwise_is_said(void **state)
{
	(void)state;
	needs_a_namespace();
	ip("link set " TAP " down");
	assert_seen(DATAPLANE_TAP_LOST, "the tap tap53 is down");
	ip("link set " TAP " name tap54");
	assert_seen(DATAPLANE_TAP_LOST, "the tap tap53 is called tap54 now");
	ip("link del tap54");
	assert_seen(DATAPLANE_TAP_LOST, "the tap tap53 is gone");
}

// ---- addresses, and the routes that the kernel makes with them ----

static void an_address_that_is_gone_is_put_back(void **state)
{
	(void)state;
	needs_a_namespace();
	ip("addr del 10.53.0.53/24" BY_TAP);
	assert_mended("the address 10.53.0.53 of the tap tap53 was gone");
	ip("addr del fd53::53/64" BY_TAP);
	assert_mended("the address fd53::53 of the tap tap53 was gone");
	assert_int_equal(address_routes_hold(&tap, faults->tap_ifindex, &service.list[0]), 1);
}

static void b2_a_route_of_an_address_is_put_back(void **state)
{
	(void)state;
	needs_a_namespace();
	ip("route del 10.53.0.0/24" BY_TAP);
	assert_int_equal(address_routes_hold(&tap, faults->tap_ifindex, &service.list[0]), 0);
	assert_mended("a route of the address 10.53.0.53 of the tap tap53 was gone");
	ip("-6 route del fd53::/64" BY_TAP);
	assert_mended("a route of the address fd53::53 of the tap tap53 was gone");
	ip("route del local 10.53.0.53" BY_TAP " table local");
	assert_mended("a route of the address 10.53.0.53 of the tap tap53 was gone");
	ip("-6 route del local fd53::53" BY_TAP " table local");
	assert_mended("a route of the address fd53::53 of the tap tap53 was gone");
}

// Somebody knows better.
static void a_longer_route_by_the_tap_is_left_alone(void **state)
{
	(void)state;
	needs_a_namespace();
	ip("route add 10.53.0.0/28" BY_TAP);
	assert_well();
}

// It knows no better.
static void a_default_route_by_the_tap_is_not_the_networks(void **state)
{
	(void)state;
	needs_a_namespace();
	ip("route add default" BY_TAP);
	ip("route del 10.53.0.0/24" BY_TAP);
	assert_int_equal(address_routes_hold(&tap, faults->tap_ifindex, &service.list[0]), 0);
}

static void addresses_without_a_network_have_no_route_to_one(void **state)
{
	const struct address alone4 = address_of("10.53.0.53");

	(void)state;
	needs_a_namespace();
	tap.prefix_v4 = 0;
	ip("route del 10.53.0.0/24" BY_TAP);
	assert_int_equal(address_routes_hold(&tap, faults->tap_ifindex, &alone4), 1);
	tap.prefix_v4 = 32;
	assert_int_equal(address_routes_hold(&tap, faults->tap_ifindex, &alone4), 1);
	tap.prefix_v4 = 24;
	assert_int_equal(address_routes_hold(&tap, faults->tap_ifindex, &alone4), 0);
}

// ---- the way to clients behind a router ----

static void b1_routes_and_rules_of_the_gateways_hold_until_one_is_taken(void **state)
{
	const uint32_t table = routes_table(TAP);
	unsigned i;

	(void)state;
	needs_a_namespace();
	i = faults->tap_ifindex;
	assert_int_equal(routes_hold(&tap, i), 1);
	assert_well();
	ip("route del default" TABLE, table);
	assert_int_equal(routes_hold(&tap, i), 0);
	assert_mended("routes or rules of service.gateway were gone");
	ip("route del 10.53.0.0/24" TABLE, table);
	assert_mended("routes or rules of service.gateway were gone");
	ip("-6 route del default" TABLE, table);
	assert_mended("routes or rules of service.gateway were gone");
	ip("rule del from 10.53.0.53" TABLE, table);
	assert_int_equal(routes_hold(&tap, i), 0);
	assert_mended("routes or rules of service.gateway were gone");
	ip("-6 rule del from fd53::53" TABLE, table);
	assert_mended("routes or rules of service.gateway were gone");
}

static void b1_another_way_in_their_place_is_none(void **state)
{
	static const char *const others[] = {
		"route replace default via 10.53.0.2" BY_TAP TABLE,
		"route replace blackhole default" TABLE,
		"route replace local 10.53.0.0/24" BY_TAP TABLE,
		"route replace 10.53.0.0/24 dev lo" TABLE,
	};
	const uint32_t table = routes_table(TAP);
	char command[128];

	(void)state;
	needs_a_namespace();
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(command, sizeof(command), others[i], table);
		ip("%s", command);
		assert_int_equal(routes_hold(&tap, faults->tap_ifindex), 0);
		assert_mended("routes or rules of service.gateway were gone");
	}
	ip("route add 10.54.0.0/24" BY_TAP TABLE, table);
	ip("route del 10.53.0.0/24" TABLE, table);
	assert_int_equal(routes_hold(&tap, faults->tap_ifindex), 0);
	assert_mended("routes or rules of service.gateway were gone");
	ip("rule add from 10.53.0.1 table 53");
	ip("rule del from 10.53.0.1" TABLE, table);
	assert_int_equal(routes_hold(&tap, faults->tap_ifindex), 0);
	assert_mended("routes or rules of service.gateway were gone");
	ip("rule del from 10.53.0.1 table 53");
}

// 10.53.0.1 is the first one of the network, and of the service.
static void a_service_address_is_nobody_beside(void **state)
{
	(void)state;
	needs_a_namespace();
	ip("route del 10.53.0.0/24" BY_TAP);
	assert_int_equal(address_routes_hold(&tap, faults->tap_ifindex, &service.list[0]), 0);
}

static void b1_addresses_alone_have_a_default_route(void **state)
{
	(void)state;
	needs_a_namespace();
	tap.prefix_v4 = 0;
	assert_int_equal(routes_hold(&tap, faults->tap_ifindex), 1);
	ip("route del 10.53.0.0/24" TABLE, routes_table(TAP));
	assert_int_equal(routes_hold(&tap, faults->tap_ifindex), 1);
}

static void b1_nothing_of_ours_is_left_and_all_of_others(void **state)
{
	char command[128];

	(void)state;
	needs_a_namespace();
	ip("rule add from 10.9.0.9" TABLE " priority 530", routes_table(TAP));
	ip("rule add from 10.9.0.8 table 53 protocol 53 priority 531");
	routes_end(TAP);
	snprintf(command, sizeof(command), "ip rule show | grep -q 'from 10.53.0.53 .*%u'",
		 routes_table(TAP));
	assert_int_not_equal(system(command), 0);
	assert_int_equal(system("ip rule show priority 530 | grep -q 'from 10.9.0.9'"), 0);
	assert_int_equal(system("ip rule show priority 531 | grep -q 'from 10.9.0.8'"), 0);
	ip("rule del priority 530");
	ip("rule del priority 531");
}

static void b1_without_a_gateway_nothing_is_made(void **state)
{
	(void)state;
	needs_a_namespace();
	assert_int_equal(system("ip rule show | grep -q 'lookup 53'"), 256);
	assert_int_equal(routes_put(&tap, faults->tap_ifindex), 0);
	assert_int_equal(routes_hold(&tap, faults->tap_ifindex), 1);
}

#define TEST(f)   cmocka_unit_test_setup_teardown(f, start, end)
#define BEHIND(f) cmocka_unit_test_setup_teardown(f, start_behind_routers, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_hardware_address_is_put_back),
		TEST(a_tap_that_is_silent_to_neighbours_is_as_it_was_made_again),
		TEST(who_takes_it_away_again_and_again_is_not_fought),
		TEST(one_that_is_down_or_called_otherwise_is_said),
		TEST(an_address_that_is_gone_is_put_back),
		TEST(b2_a_route_of_an_address_is_put_back),
		TEST(a_longer_route_by_the_tap_is_left_alone),
		TEST(a_default_route_by_the_tap_is_not_the_networks),
		TEST(addresses_without_a_network_have_no_route_to_one),
		BEHIND(b1_routes_and_rules_of_the_gateways_hold_until_one_is_taken),
		BEHIND(b1_another_way_in_their_place_is_none),
		BEHIND(a_service_address_is_nobody_beside),
		BEHIND(b1_addresses_alone_have_a_default_route),
		BEHIND(b1_nothing_of_ours_is_left_and_all_of_others),
		TEST(b1_without_a_gateway_nothing_is_made),
	};

	alone = unshare(CLONE_NEWNET) == 0 && system("ip link set lo up") == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
