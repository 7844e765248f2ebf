// Tells neighbours the tap's hardware address again, after somebody had changed it: until their
// entries end they would send to the other one.
#pragma once

#include "dataplane/host/tap.h"

// By gratuitous ARP (RFC 5227 §3) and unsolicited neighbour advertisements (RFC 4861 §7.2.6), one
// for each service address, out of the tap. Best effort; needs CAP_NET_RAW.
void announce(const struct tap_config *tap, unsigned ifindex) __attribute__((nonnull));
