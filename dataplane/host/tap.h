// The tap: a network interface of the kernel that carries the service addresses and the first
// port's hardware address, so that the host's own stack speaks ARP, ND, ICMP and TCP for us.
#pragma once

#include "dataplane/parse/packet.h"

#include <stddef.h>
#include <stdint.h>

#define TAP_MTU_IPV6 1280u // RFC 8200 §5: below it the kernel takes no address of IPv6

struct tap_config {
	const char *name;
	uint8_t mac[6];
	uint16_t mtu;
	const struct service_addresses *service;
	uint8_t prefix_v4, prefix_v6;          // length of the on-link prefix; 0: the address alone
	struct address gateway_v4, gateway_v6; // by which the host answers; family 0: none
	struct address distant_v4, distant_v6; // clients behind them; family 0: none is known
};

// The kernel forgets what is said of IPv6 below once the MTU was below TAP_MTU_IPV6. Best effort.
void tap_quiet_again(const struct tap_config *config, unsigned ifindex) __attribute__((nonnull));
// Creates the interface, which lives as long as the descriptor (non-blocking; one read or write
// is one frame). It is up, has the addresses, no IPv6 link-local address of its own (the
// kernel's side of the port has the same hardware address and would clash) and takes no router
// advertisements. The descriptor, or -errno with a sentence.
int tap_open(const struct tap_config *config, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
