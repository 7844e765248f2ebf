// Failure domains (DESIGN §7).
#include "control/upstream/domain.h"
#include "tests/unit/control/upstream/script.h"

#include <string.h>

static uint8_t zone[NAME_MAX_LEN], names[8][NAME_MAX_LEN];
static struct candidate servers[8];
static size_t count;

static void begin(const char *text)
{
	memset(servers, 0, sizeof(servers));
	count = 0;
	name_copy(zone, script_name(text));
}

static void add(const char *ns_name, const char *address)
{
	servers[count].address = script_address(address);
	if (ns_name) {
		name_copy(names[count], script_name(ns_name));
		servers[count].ns_name = names[count];
	}
	count++;
}

static unsigned cut(void)
{
	return domain_cut(servers, count, zone);
}

static void networks_are_24_and_48(void **state)
{
	const struct address a = script_address("192.0.2.1"), b = script_address("192.0.2.254"),
			     c = script_address("192.0.3.1"), d = script_address("2001:db8:1::1"),
			     e = script_address("2001:db8:1:ffff::1"),
			     f = script_address("2001:db8:2::1"),
			     g = script_address("c000:200::"); // the same octets as 192.0.2.0

	(void)state;
	assert_true(domain_same_network(&a, &b));
	assert_false(domain_same_network(&a, &c));
	assert_true(domain_same_network(&d, &e));
	assert_false(domain_same_network(&d, &f));
	assert_false(domain_same_network(&a, &d));
	assert_false(domain_same_network(&a, &g));
	assert_false(domain_same_network(&g, &a));
}

static void a_zone_without_servers_has_no_cut(void **state)
{
	(void)state;
	begin("example.com.");
	assert_int_equal(cut(), 0);
}

static void servers_of_one_network_are_one_cut(void **state)
{
	(void)state;
	begin("example.com.");
	add("ns1.example.com.", "192.0.2.1");
	add("ns2.example.com.", "192.0.2.2");
	assert_int_equal(cut(), 1);
	add("ns3.example.com.", "198.51.100.1");
	assert_int_equal(cut(), 2);
	add("ns4.example.com.", "2001:db8::1");
	assert_int_equal(cut(), 3);
}

static void the_addresses_of_one_server_fail_with_it(void **state)
{
	(void)state;
	begin("example.com.");
	add("ns1.example.com.", "192.0.2.1");
	add("ns1.example.com.", "2001:db8::1");
	assert_int_equal(cut(), 1);
	add("ns2.example.com.", "198.51.100.1");
	add("ns2.example.com.", "2001:db8:1::1");
	assert_int_equal(cut(), 2);
	servers[0].label = "rack-1"; // who labels them knows better
	servers[1].label = "rack-2";
	servers[2].label = "rack-1";
	servers[3].label = "rack-3";
	assert_int_equal(cut(), 3);
}

// Names of the zone itself depend on nobody: their addresses come with the delegation.
static void one_operator_is_one_cut_in_many_networks(void **state)
{
	(void)state;
	begin("example.com.");
	add("ns1.dns.net.", "192.0.2.1");
	add("ns2.dns.net.", "198.51.100.1");
	add("ns3.dns.net.", "203.0.113.1");
	assert_int_equal(cut(), 1);
	add("ns.example.com.", "192.88.1.1");
	assert_int_equal(cut(), 2);
}

static void a_foreign_tld_holds_all_the_names_below_it(void **state)
{
	(void)state;
	begin("example.com.");
	add("ns.one.net.", "192.0.2.1");
	add("ns.two.net.", "198.51.100.1");
	assert_int_equal(cut(), 1); // net.
	begin("example.com.");
	add("ns.one.com.", "192.0.2.1");
	add("ns.two.com.", "198.51.100.1");
	assert_int_equal(cut(), 2); // com. is above the zone anyhow
}

// Greedy would take the largest domain first and need three.
static void the_least_cut_is_found_where_greed_does_not_find_it(void **state)
{
	(void)state;
	begin("example.com.");
	add("a.one.com.", "192.0.2.1");
	add("b.one.com.", "198.51.100.1");
	add("c.one.com.", "203.0.113.1");
	add("a.two.com.", "192.0.2.2");
	add("b.two.com.", "198.51.100.2");
	add("c.two.com.", "192.88.1.1");
	assert_int_equal(cut(), 2);
}

static void more_than_six_are_not_told_apart(void **state)
{
	static const char *const addresses[] = {"192.0.1.1", "192.0.2.1", "192.0.3.1", "192.0.4.1",
						"192.0.5.1", "192.0.6.1", "192.0.7.1", "192.0.8.1"};

	(void)state;
	begin("example.com.");
	for (size_t i = 0; i < 8; i++)
		add(NULL, addresses[i]);
	assert_int_equal(cut(), 6);
}

static void after_a_failure_the_next_server_is_of_another_operator(void **state)
{
	struct script s;
	uint32_t timeout_ms;

	(void)state;
	script_start(&s, &script_config);
	begin("example.com.");
	add("ns1.one.net.", "192.0.2.1");
	add("ns2.one.net.", "198.51.100.1");
	add("ns1.two.net.", "203.0.113.1");
	servers[0].tries = servers[0].failed = 1;
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(upstream_select(s.upstream, zone, servers, count, 3,
						 &servers[0].address, &timeout_ms),
				 2);
	script_stop(&s);
}

static void labels_stand_above_networks_and_operators(void **state)
{
	(void)state;
	begin("example.com.");
	add("ns1.one.net.", "192.0.2.1");
	add("ns2.other.org.", "198.51.100.1");
	add("ns3.one.net.", "192.0.2.2");
	assert_int_equal(domain_shared(&servers[0], &servers[1], zone), 0);
	servers[0].label = servers[1].label = "provider-a"; // one house under two names
	servers[2].label = "provider-b";
	assert_int_equal(domain_shared(&servers[0], &servers[1], zone), 2);
	assert_int_equal(domain_shared(&servers[0], &servers[2], zone), 0);
	servers[2].label = NULL; // not all have one
	assert_int_equal(domain_shared(&servers[0], &servers[2], zone), 2);
}

static void a_label_is_one_cut(void **state)
{
	(void)state;
	begin("example.com.");
	add("ns1.example.com.", "192.0.2.1");
	add("ns2.example.com.", "198.51.100.1");
	add("ns3.example.com.", "203.0.113.1");
	assert_int_equal(cut(), 3);
	servers[0].label = servers[1].label = servers[2].label = "provider-a";
	assert_int_equal(cut(), 1);
	servers[2].label = "provider-b";
	assert_int_equal(cut(), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_are_24_and_48),
		cmocka_unit_test(a_zone_without_servers_has_no_cut),
		cmocka_unit_test(servers_of_one_network_are_one_cut),
		cmocka_unit_test(the_addresses_of_one_server_fail_with_it),
		cmocka_unit_test(one_operator_is_one_cut_in_many_networks),
		cmocka_unit_test(a_foreign_tld_holds_all_the_names_below_it),
		cmocka_unit_test(the_least_cut_is_found_where_greed_does_not_find_it),
		cmocka_unit_test(more_than_six_are_not_told_apart),
		cmocka_unit_test(after_a_failure_the_next_server_is_of_another_operator),
		cmocka_unit_test(labels_stand_above_networks_and_operators),
		cmocka_unit_test(a_label_is_one_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
