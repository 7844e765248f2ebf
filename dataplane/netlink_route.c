#include "dataplane/netlink_route.h"

#include "dataplane/rtnetlink.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <string.h>
#include <sys/socket.h>

static uint8_t kernel_family(uint8_t family)
{
	return family == 4 ? AF_INET : AF_INET6;
}

static size_t address_len(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

static void put_address(struct rtnetlink *message, uint16_t type, const struct address *address)
{
	if (address->family != 0)
		rtnetlink_attribute(message, type, address->bytes, address_len(address->family));
}

// Leaves out as it is where the message has none.
static void take_address(const struct rtattr *attr, uint8_t family, struct address *out)
{
	if (attr == NULL || RTA_PAYLOAD(attr) < address_len(family))
		return;
	*out = (struct address){.family = family};
	memcpy(out->bytes, RTA_DATA(attr), address_len(family));
}

static void take_number(const struct rtattr *attr, uint32_t *out)
{
	if (attr != NULL && RTA_PAYLOAD(attr) >= sizeof *out)
		memcpy(out, RTA_DATA(attr), sizeof *out);
}

// ---- routes ----

int netlink_route_put(const struct netlink_route *route)
{
	struct rtnetlink message;
	struct rtmsg *body =
		rtnetlink_body(&message, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof *body);

	body->rtm_family = kernel_family(route->to.family);
	body->rtm_dst_len = route->prefix_len;
	body->rtm_type = route->type;
	body->rtm_scope = route->scope;
	body->rtm_protocol = route->protocol;
	body->rtm_table = RT_TABLE_UNSPEC;
	body->rtm_flags = route->gateway.family != 0 ? RTNH_F_ONLINK : 0;
	if (route->prefix_len > 0)
		put_address(&message, RTA_DST, &route->to);
	put_address(&message, RTA_GATEWAY, &route->gateway);
	put_address(&message, RTA_PREFSRC, &route->source);
	rtnetlink_attribute(&message, RTA_OIF, &route->ifindex, sizeof route->ifindex);
	rtnetlink_attribute(&message, RTA_TABLE, &route->table, sizeof route->table);
	if (route->metric != 0)
		rtnetlink_attribute(&message, RTA_PRIORITY, &route->metric, sizeof route->metric);
	return rtnetlink_transact(&message);
}

static bool route_read(const struct nlmsghdr *header, struct netlink_route *out)
{
	const struct rtmsg *body = NLMSG_DATA(header);
	const int len = (int)RTM_PAYLOAD(header);

	if (header->nlmsg_type != RTM_NEWROUTE || header->nlmsg_len < NLMSG_LENGTH(sizeof(*body)))
		return false;
	const uint8_t family = body->rtm_family == AF_INET ? 4 : 6;
	*out = (struct netlink_route){
		.table = body->rtm_table,
		.type = body->rtm_type,
		.scope = body->rtm_scope,
		.protocol = body->rtm_protocol,
		.to = {.family = family},
		.prefix_len = body->rtm_dst_len,
	};
	take_address(rtnetlink_find(RTM_RTA(body), len, RTA_DST), family, &out->to);
	take_address(rtnetlink_find(RTM_RTA(body), len, RTA_GATEWAY), family, &out->gateway);
	take_address(rtnetlink_find(RTM_RTA(body), len, RTA_PREFSRC), family, &out->source);
	take_number(rtnetlink_find(RTM_RTA(body), len, RTA_OIF), &out->ifindex);
	take_number(rtnetlink_find(RTM_RTA(body), len, RTA_TABLE), &out->table);
	take_number(rtnetlink_find(RTM_RTA(body), len, RTA_PRIORITY), &out->metric);
	return true;
}

int netlink_route_find(const struct address *to, const struct address *from, unsigned ifindex,
		       struct netlink_route *out)
{
	struct rtnetlink message;
	struct rtmsg *body = rtnetlink_body(&message, RTM_GETROUTE, 0, sizeof *body);
	_Alignas(struct nlmsghdr) char answer[4096];
	const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
	int code = -EPROTO;

	body->rtm_family = kernel_family(to->family);
	body->rtm_dst_len = (uint8_t)(8 * address_len(to->family));
	body->rtm_flags = RTM_F_FIB_MATCH;
	put_address(&message, RTA_DST, to);
	if (from->family == to->family) {
		body->rtm_src_len = body->rtm_dst_len;
		put_address(&message, RTA_SRC, from);
	}
	if (ifindex != 0)
		rtnetlink_attribute(&message, RTA_OIF, &ifindex, sizeof ifindex);
	ssize_t got = rtnetlink_exchange(&message, answer, sizeof answer);
	if (got < 0)
		return (int)got;
	if (!NLMSG_OK(header, (size_t)got))
		return -EPROTO;
	if (header->nlmsg_type == NLMSG_ERROR)
		memcpy(&code, NLMSG_DATA(header), sizeof code);
	else if (route_read(header, out))
		code = 0;
	return code;
}

struct route_visiting {
	uint32_t table;
	netlink_route_visit visit;
	void *arg;
};

static void visit_route(const struct nlmsghdr *header, void *arg)
{
	const struct route_visiting *visiting = arg;
	struct netlink_route route;

	if (route_read(header, &route) && route.table == visiting->table)
		visiting->visit(&route, visiting->arg);
}

int netlink_routes(uint8_t family, uint32_t table, netlink_route_visit visit, void *arg)
{
	struct route_visiting visiting = {.table = table, .visit = visit, .arg = arg};
	struct rtnetlink message;
	struct rtmsg *body = rtnetlink_body(&message, RTM_GETROUTE, NLM_F_DUMP, sizeof *body);

	body->rtm_family = kernel_family(family);
	rtnetlink_attribute(&message, RTA_TABLE, &table, sizeof table);
	int code = rtnetlink_dump(&message, visit_route, &visiting);
	return code == -ENOENT ? 0 : code;
}

// ---- neighbours ----

struct neighbour_visiting {
	unsigned ifindex;
	netlink_neighbour_visit visit;
	void *arg;
};

static void visit_neighbour(const struct nlmsghdr *header, void *arg)
{
	const struct neighbour_visiting *visiting = arg;
	const struct ndmsg *body = NLMSG_DATA(header);
	struct netlink_neighbour neighbour = {0};

	if (header->nlmsg_type != RTM_NEWNEIGH || header->nlmsg_len < NLMSG_LENGTH(sizeof *body) ||
	    body->ndm_ifindex != (int)visiting->ifindex ||
	    !(body->ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PERMANENT)))
		return;
	const int len = (int)(header->nlmsg_len - NLMSG_SPACE(sizeof *body));
	const struct rtattr *first =
		(const struct rtattr *)((const char *)body + NLMSG_ALIGN(sizeof *body));
	const struct rtattr *mac = rtnetlink_find(first, len, NDA_LLADDR);
	take_address(rtnetlink_find(first, len, NDA_DST), body->ndm_family == AF_INET ? 4 : 6,
		     &neighbour.address);
	if (neighbour.address.family == 0 || mac == NULL ||
	    RTA_PAYLOAD(mac) != sizeof neighbour.mac)
		return;
	memcpy(neighbour.mac, RTA_DATA(mac), sizeof neighbour.mac);
	visiting->visit(&neighbour, visiting->arg);
}

int netlink_neighbours(uint8_t family, unsigned ifindex, netlink_neighbour_visit visit, void *arg)
{
	struct neighbour_visiting visiting = {.ifindex = ifindex, .visit = visit, .arg = arg};
	struct rtnetlink message;
	struct ndmsg *body = rtnetlink_body(&message, RTM_GETNEIGH, NLM_F_DUMP, sizeof *body);

	body->ndm_family = kernel_family(family);
	rtnetlink_attribute(&message, NDA_IFINDEX, &ifindex, sizeof ifindex);
	return rtnetlink_dump(&message, visit_neighbour, &visiting);
}

// ---- rules ----

static struct rtnetlink rule_message(const struct netlink_rule *rule, uint16_t type, uint16_t flags)
{
	struct rtnetlink message;
	struct fib_rule_hdr *body = rtnetlink_body(&message, type, flags, sizeof *body);

	body->family = kernel_family(rule->from.family);
	body->src_len = (uint8_t)(8 * address_len(rule->from.family));
	body->table = RT_TABLE_UNSPEC;
	body->action = FR_ACT_TO_TBL;
	put_address(&message, FRA_SRC, &rule->from);
	rtnetlink_attribute(&message, FRA_TABLE, &rule->table, sizeof rule->table);
	rtnetlink_attribute(&message, FRA_PRIORITY, &rule->priority, sizeof rule->priority);
	rtnetlink_attribute(&message, FRA_PROTOCOL, &rule->protocol, sizeof rule->protocol);
	return message;
}

int netlink_rule_add(const struct netlink_rule *rule)
{
	struct rtnetlink message = rule_message(rule, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
	int code = rtnetlink_transact(&message);

	return code == -EEXIST ? 0 : code;
}

int netlink_rule_delete(const struct netlink_rule *rule)
{
	struct rtnetlink message = rule_message(rule, RTM_DELRULE, 0);

	return rtnetlink_transact(&message);
}

struct rule_visiting {
	netlink_rule_visit visit;
	void *arg;
};

static void visit_rule(const struct nlmsghdr *header, void *arg)
{
	const struct fib_rule_hdr *body = NLMSG_DATA(header);
	const struct rule_visiting *visiting = arg;
	struct netlink_rule rule = {0};

	if (header->nlmsg_type != RTM_NEWRULE || header->nlmsg_len < NLMSG_LENGTH(sizeof *body) ||
	    body->action != FR_ACT_TO_TBL)
		return;
	const uint8_t family = body->family == AF_INET ? 4 : 6;
	const int len = (int)(header->nlmsg_len - NLMSG_SPACE(sizeof *body));
	const struct rtattr *first =
		(const struct rtattr *)((const char *)body + NLMSG_ALIGN(sizeof *body));
	const struct rtattr *protocol = rtnetlink_find(first, len, FRA_PROTOCOL);
	if (body->src_len != 8 * address_len(family) || body->dst_len != 0)
		return;
	rule.table = body->table;
	take_address(rtnetlink_find(first, len, FRA_SRC), family, &rule.from);
	take_number(rtnetlink_find(first, len, FRA_TABLE), &rule.table);
	take_number(rtnetlink_find(first, len, FRA_PRIORITY), &rule.priority);
	if (protocol != NULL && RTA_PAYLOAD(protocol) >= 1)
		rule.protocol = *(const uint8_t *)RTA_DATA(protocol);
	if (rule.from.family != 0)
		visiting->visit(&rule, visiting->arg);
}

int netlink_rules(uint8_t family, netlink_rule_visit visit, void *arg)
{
	struct rule_visiting visiting = {.visit = visit, .arg = arg};
	struct rtnetlink message;
	struct fib_rule_hdr *body = rtnetlink_body(&message, RTM_GETRULE, NLM_F_DUMP, sizeof *body);

	body->family = kernel_family(family);
	return rtnetlink_dump(&message, visit_rule, &visiting);
}
