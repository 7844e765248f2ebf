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

// ---- the kernel's own ----

#define METRIC_V6 256 // of the kernel's routes to the networks of an interface

static unsigned prefix_of(const struct tap_config *tap, const struct address *address)
{
	const uint8_t prefix_len = address->family == 4 ? tap->prefix_v4 : tap->prefix_v6;
	const uint8_t whole = address->family == 4 ? 32 : 128;

	return prefix_len != 0 ? prefix_len : whole;
}

static bool is_whole(const struct address *address, unsigned prefix_len)
{
	return prefix_len == (address->family == 4 ? 32 : 128);
}

static bool is_service(const struct tap_config *tap, const struct address *address)
{
	for (size_t i = 0; i < tap->service->count; i++) {
		if (memcmp(&tap->service->list[i], address, sizeof *address) == 0)
			return true;
	}
	return false;
}

// Somebody beside an address, who need not be there.
static bool neighbour_of(const struct tap_config *tap, const struct address *address,
			 struct address *out)
{
	const unsigned prefix_len = prefix_of(tap, address);
	const unsigned host_bits = (address->family == 4 ? 32 : 128) - prefix_len;
	const unsigned most = host_bits < 8 ? (1u << host_bits) - 1 : 255;

	*out = network_of(address, prefix_len);
	uint8_t *last = &out->bytes[address->family == 4 ? 3 : 15];
	const uint8_t first = *last;
	for (unsigned i = 1; i <= most; i++) {
		*last = (uint8_t)(first + i);
		if (!is_service(tap, out))
			return true;
	}
	return false;
}

static const struct address ANYBODY = {.family = 0};

static int is_local(const struct address *address)
{
	struct netlink_route found;
	int code = netlink_route_find(address, &ANYBODY, 0, &found);

	if (code == -ENETUNREACH || code == -EHOSTUNREACH || code == -EACCES || code == -EINVAL)
		return 0;
	return code < 0 ? code : found.type == RTN_LOCAL;
}

static int is_beside(const struct tap_config *tap, unsigned ifindex, const struct address *address)
{
	const unsigned prefix_len = prefix_of(tap, address);
	struct netlink_route found;
	struct address neighbour;

	if (is_whole(address, prefix_len) || !neighbour_of(tap, address, &neighbour))
		return 1;
	int code = netlink_route_find(&neighbour, &ANYBODY, ifindex, &found);
	if (code == -ENETUNREACH || code == -EHOSTUNREACH || code == -EACCES)
		return 0;
	if (code < 0)
		return code;
	// A longer one is somebody's who knows better.
	return found.ifindex == ifindex && found.prefix_len >= prefix_len;
}

int address_routes_hold(const struct tap_config *tap, unsigned ifindex,
			const struct address *address)
{
	int holds = is_local(address);

	return holds == 1 ? is_beside(tap, ifindex, address) : holds;
}

int address_routes_put(const struct tap_config *tap, unsigned ifindex,
		       const struct address *address)
{
	const bool v4 = address->family == 4;
	const unsigned prefix_len = prefix_of(tap, address);
	struct netlink_route own = {.table = RT_TABLE_LOCAL,
				    .type = RTN_LOCAL,
				    .scope = v4 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
				    .protocol = RTPROT_KERNEL,
				    .to = *address,
				    .prefix_len = v4 ? 32 : 128,
				    .ifindex = ifindex};
	struct netlink_route network = {.table = RT_TABLE_MAIN,
					.type = RTN_UNICAST,
					.scope = v4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
					.protocol = RTPROT_KERNEL,
					.to = network_of(address, prefix_len),
					.prefix_len = (uint8_t)prefix_len,
					.ifindex = ifindex,
					.metric = v4 ? 0 : METRIC_V6};
	int code = 0;

	if (v4)
		own.source = network.source = *address;
	if (is_local(address) == 0)
		code = netlink_route_put(&own);
	if (code == 0 && is_beside(tap, ifindex, address) == 0)
		code = netlink_route_put(&network);
	return code;
}
