// The service addresses stand on the tap, but Linux answers ARP for any address of the host on any
// of its interfaces, and asks in the name of any: on a LAN that another interface shares, clients
// would send to that one, where nobody answers UDP. A table of nftables of our own keeps the other
// interfaces silent about service addresses: requests for one are dropped there, and the kernel's
// own requests leave without it, with the sender 0.0.0.0 of a probe (RFC 5227 §1.1), from which
// nobody learns. IPv6 needs nothing: there the kernel answers for the interface's own addresses.
#pragma once

#include "dataplane/parse/packet.h"

#include <stdbool.h>
#include <stddef.h>

// Replaces a table that a dead process left for a tap of the same name; none is made without an
// IPv4 address. 0, or -errno with a sentence.
int claim_begin(const char *tap, const struct service_addresses *service, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
// 1: the table is there, with rules, or not needed without an IPv4 address; 0: it is not; -errno:
// that cannot be seen.
int claim_holds(const char *tap, const struct service_addresses *service)
	__attribute__((nonnull, warn_unused_result));
// Whether the host's own settings keep other interfaces silent (arp_ignore, arp_announce of all).
bool claim_needless(void);
// No table, or no nft, is no error.
void claim_end(const char *tap) __attribute__((nonnull));
