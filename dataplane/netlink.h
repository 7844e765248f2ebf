// The few rtnetlink requests that have no ioctl. Blocking, for starting and stopping only.
#pragma once

#include "dataplane/parse/packet.h"

#include <stdint.h>

// No duplicate address detection; an address that is there already is no error. 0 or -errno.
int netlink_address_add(unsigned ifindex, const struct address *address, uint8_t prefix_len)
	__attribute__((nonnull, warn_unused_result));
// One that is not there is no error. 0 or -errno.
int netlink_address_delete(unsigned ifindex, const struct address *address, uint8_t prefix_len)
	__attribute__((nonnull, warn_unused_result));
// The interface makes no IPv6 link-local address when it comes up.
int netlink_no_link_local(unsigned ifindex) __attribute__((warn_unused_result));
struct netlink_link {
	uint8_t mac[6];   // zero: it has none, or another kind
	uint32_t flags;   // IFF_UP and so on
	uint32_t mtu;     // bytes
	uint32_t master;  // the bridge or bond that it belongs to; 0: none
	uint32_t program; // number of its XDP program; 0: none
};
// 0 or -errno.
int netlink_link(unsigned ifindex, struct netlink_link *out)
	__attribute__((nonnull, warn_unused_result));
// Of the flags IFF_NOARP and IFF_MULTICAST are set; the program stays. 0 or -errno.
int netlink_link_put(unsigned ifindex, const struct netlink_link *link)
	__attribute__((nonnull, warn_unused_result));
// The number of the interface's XDP program, 0 when it has none. 0 or -errno.
int netlink_xdp_program(unsigned ifindex, uint32_t *id)
	__attribute__((nonnull, warn_unused_result));
// Puts a program, its descriptor given, on an interface that has none.
int netlink_xdp_attach(unsigned ifindex, int program) __attribute__((warn_unused_result));
// The same by the interface's driver alone: -EOPNOTSUPP where that has no XDP of its own.
int netlink_xdp_attach_native(unsigned ifindex, int program) __attribute__((warn_unused_result));
// Takes away an interface's XDP program, whoever attached it; none is no error.
int netlink_xdp_detach(unsigned ifindex) __attribute__((warn_unused_result));
