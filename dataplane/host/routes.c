#include "dataplane/host/routes.h"

#include "dataplane/netlink_route.h"
#include "dataplane/parse/acl.h"
#include "dataplane/sentence.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define TABLE_FIRST 530000000u // decimal, as `ip rule` shows it
#define TABLE_COUNT 10000000u
// A network for each address, and a default route.
#define ROUTES_MAX (SERVICE_ADDRESSES_MAX + 1)
#define LEFT_MAX   256

// FNV-1a, of 32 bits.
uint32_t routes_table(const char *tap)
{
	uint32_t hash = 2166136261u;

	for (; *tap != '\0'; tap++)
		hash = (hash ^ (uint8_t)*tap) * 16777619u;
	return TABLE_FIRST + hash % TABLE_COUNT;
}

static const struct address *gateway_of(const struct tap_config *tap, uint8_t family)
{
	return family == 4 ? &tap->gateway_v4 : &tap->gateway_v6;
}

// ---- what is wanted ----

static struct address network_of(const struct address *address, unsigned prefix_len)
{
	struct address network = *address;

	for (unsigned bit = prefix_len; bit < 8 * sizeof network.bytes; bit++)
		network.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return network;
}

struct routes_wanted {
	struct netlink_route list[ROUTES_MAX];
	bool found[ROUTES_MAX];
	size_t count;
};

static void want_network(struct routes_wanted *wanted, const struct netlink_route *route)
{
	for (size_t i = 0; i < wanted->count; i++) {
		if (memcmp(&wanted->list[i].to, &route->to, sizeof route->to) == 0)
			return;
	}
	wanted->list[wanted->count++] = *route;
}

// Networks come first. Those of one address alone are none.
static void want_routes(const struct tap_config *tap, unsigned ifindex, uint8_t family,
			struct routes_wanted *wanted)
{
	const uint8_t prefix_len = family == 4 ? tap->prefix_v4 : tap->prefix_v6;
	struct netlink_route route = {.table = routes_table(tap->name),
				      .type = RTN_UNICAST,
				      .scope = family == 4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
				      .protocol = ROUTES_PROTOCOL,
				      .prefix_len = prefix_len,
				      .ifindex = ifindex};

	wanted->count = 0;
	for (size_t i = 0; i < tap->service->count; i++) {
		const struct address *address = &tap->service->list[i];

		if (address->family != family || prefix_len == 0 ||
		    prefix_len >= (family == 4 ? 32 : 128))
			continue;
		route.to = network_of(address, prefix_len);
		want_network(wanted, &route);
	}
	route.to = (struct address){.family = family};
	route.prefix_len = 0;
	route.scope = RT_SCOPE_UNIVERSE;
	route.gateway = *gateway_of(tap, family);
	wanted->list[wanted->count++] = route;
}

static struct netlink_rule rule_from(const struct tap_config *tap, const struct address *address)
{
	return (struct netlink_rule){.from = *address,
				     .table = routes_table(tap->name),
				     .priority = ROUTES_PRIORITY,
				     .protocol = ROUTES_PROTOCOL};
}

// ---- what is there ----

static void mark_route(const struct netlink_route *route, void *arg)
{
	struct routes_wanted *wanted = arg;

	for (size_t i = 0; i < wanted->count; i++) {
		const struct netlink_route *want = &wanted->list[i];

		if (route->prefix_len == want->prefix_len && route->type == want->type &&
		    route->ifindex == want->ifindex &&
		    memcmp(&route->to, &want->to, sizeof want->to) == 0 &&
		    memcmp(&route->gateway, &want->gateway, sizeof want->gateway) == 0)
			wanted->found[i] = true;
	}
}

struct rules_there {
	const struct tap_config *tap;
	bool found[SERVICE_ADDRESSES_MAX];
};

static void mark_rule(const struct netlink_rule *rule, void *arg)
{
	struct rules_there *there = arg;
	const uint32_t table = routes_table(there->tap->name);

	for (size_t i = 0; i < there->tap->service->count; i++) {
		if (rule->table == table &&
		    memcmp(&rule->from, &there->tap->service->list[i], sizeof rule->from) == 0)
			there->found[i] = true;
	}
}

static int family_holds(const struct tap_config *tap, unsigned ifindex, uint8_t family)
{
	struct routes_wanted wanted = {0};
	struct rules_there there = {.tap = tap};
	bool all = true;

	want_routes(tap, ifindex, family, &wanted);
	int code = netlink_routes(family, routes_table(tap->name), mark_route, &wanted);
	if (code == 0)
		code = netlink_rules(family, mark_rule, &there);
	if (code < 0)
		return code;
	for (size_t i = 0; i < wanted.count; i++)
		all &= wanted.found[i];
	for (size_t i = 0; i < tap->service->count; i++)
		all &= there.found[i] || tap->service->list[i].family != family;
	return all;
}

int routes_hold(const struct tap_config *tap, unsigned ifindex)
{
	int holds = 1;

	for (uint8_t family = 4; family <= 6 && holds == 1; family += 2) {
		if (gateway_of(tap, family)->family != 0)
			holds = family_holds(tap, ifindex, family);
	}
	return holds;
}

// ---- changes ----

// Routes first: a rule whose table has none lets the packet pass to the host's own.
static int family_put(const struct tap_config *tap, unsigned ifindex, uint8_t family)
{
	struct routes_wanted wanted = {0};
	int code = 0;

	want_routes(tap, ifindex, family, &wanted);
	for (size_t i = 0; i < wanted.count && code == 0; i++)
		code = netlink_route_put(&wanted.list[i]);
	for (size_t i = 0; i < tap->service->count && code == 0; i++) {
		const struct netlink_rule rule = rule_from(tap, &tap->service->list[i]);

		if (rule.from.family == family)
			code = netlink_rule_add(&rule);
	}
	return code;
}

int routes_put(const struct tap_config *tap, unsigned ifindex)
{
	int code = 0;

	for (uint8_t family = 4; family <= 6 && code == 0; family += 2) {
		if (gateway_of(tap, family)->family != 0)
			code = family_put(tap, ifindex, family);
	}
	return code;
}

int routes_begin(const struct tap_config *tap, unsigned ifindex, char *err, size_t err_len)
{
	char gateway[ADDRESS_TEXT_MAX];

	routes_end(tap->name);
	for (uint8_t family = 4; family <= 6; family += 2) {
		if (gateway_of(tap, family)->family == 0)
			continue;
		int code = family_put(tap, ifindex, family);
		if (code < 0)
			return sentence(err, err_len, code,
					"cannot make the route to %s by the tap %s (table %u, "
					"rules of priority %d): %s",
					address_to_text(gateway_of(tap, family), gateway),
					tap->name, routes_table(tap->name), ROUTES_PRIORITY,
					strerror(-code));
	}
	return 0;
}

struct rules_left {
	uint32_t table;
	struct netlink_rule list[LEFT_MAX];
	size_t count;
};

static void note_left(const struct netlink_rule *rule, void *arg)
{
	struct rules_left *left = arg;

	if (rule->table == left->table && rule->protocol == ROUTES_PROTOCOL &&
	    left->count < LEFT_MAX)
		left->list[left->count++] = *rule;
}

void routes_end(const char *tap)
{
	struct rules_left left = {.table = routes_table(tap)};

	// Nothing is left to be done where it fails: without routes the rules lead nowhere, and
	// the next start takes them away.
	(void)!netlink_rules(4, note_left, &left);
	(void)!netlink_rules(6, note_left, &left);
	for (size_t i = 0; i < left.count; i++)
		(void)!netlink_rule_delete(&left.list[i]);
}
