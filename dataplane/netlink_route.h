// Routes and rules by rtnetlink. Blocking, for starting, stopping and for who looks after them.
#pragma once

#include "dataplane/parse/packet.h"

#include <stdbool.h>
#include <stdint.h>

struct netlink_route {
	uint32_t table;
	uint8_t type, scope, protocol; // RTN_UNICAST, RTN_LOCAL; RT_SCOPE_...; RTPROT_...
	struct address to;             // its family is that of the route
	uint8_t prefix_len;
	struct address gateway; // family 0: none, on-link; a gateway counts as on-link, too
	struct address source;  // family 0: none is preferred
	unsigned ifindex;       // 0: none, or several
	uint32_t metric;        // 0: the kernel's own
};

// In the place of one with the same table, destination and metric. 0 or -errno.
int netlink_route_put(const struct netlink_route *route)
	__attribute__((nonnull, warn_unused_result));
// The route that the kernel would take, as it stands in a table; from: of the host, or family 0.
// ifindex: only by this interface; 0: by any. 0 or -errno (-ENETUNREACH and its kind: none).
int netlink_route_find(const struct address *to, const struct address *from, unsigned ifindex,
		       struct netlink_route *out) __attribute__((nonnull, warn_unused_result));
// Those of a table. 0 or -errno; a table that is not there has none.
typedef void (*netlink_route_visit)(const struct netlink_route *route, void *arg);
int netlink_routes(uint8_t family, uint32_t table, netlink_route_visit visit, void *arg)
	__attribute__((nonnull(3), warn_unused_result));

// Who is beside an interface, with a hardware address that the kernel would send to at once.
struct netlink_neighbour {
	struct address address;
	uint8_t mac[6];
};

// 0 or -errno.
typedef void (*netlink_neighbour_visit)(const struct netlink_neighbour *neighbour, void *arg);
int netlink_neighbours(uint8_t family, unsigned ifindex, netlink_neighbour_visit visit, void *arg)
	__attribute__((nonnull(3), warn_unused_result));

// "What has this source address goes by that table."
struct netlink_rule {
	struct address from; // its family is that of the rule; whole, no prefix
	uint32_t table, priority;
	uint8_t protocol; // by whom it was made (RTPROT_...)
};

// One that is there already is no error. 0 or -errno.
int netlink_rule_add(const struct netlink_rule *rule) __attribute__((nonnull, warn_unused_result));
int netlink_rule_delete(const struct netlink_rule *rule)
	__attribute__((nonnull, warn_unused_result));
// Those that are by a whole source address and a table and by nothing else that matters here.
typedef void (*netlink_rule_visit)(const struct netlink_rule *rule, void *arg);
int netlink_rules(uint8_t family, netlink_rule_visit visit, void *arg)
	__attribute__((nonnull(2), warn_unused_result));
