// The kernel's way back to clients behind a router. Their TCP and ping come in by the tap; by the
// host's own routes the answers would leave by another interface, with the service address as
// their source, or not at all. Where routers are configured, what is sent from a service address
// goes by a table of our own: its networks by the tap, all else to the router of its family there.
// Nothing else of the host's is changed. Rules are told apart by their protocol number and table.
#pragma once

#include "dataplane/host/tap.h"

#include <stddef.h>
#include <stdint.h>

#define ROUTES_PROTOCOL 53  // of routes and rules (rtnetlink(7), rtm_protocol); nobody else's
#define ROUTES_PRIORITY 530 // of rules: before those of most others, behind local addresses

// Its number, the same at each start, is made from the tap's name.
// XXX: two taps of a host share a table once in some million pairs of names; both instances would
// then put back their own again and again, which is an alarm.
uint32_t routes_table(const char *tap) __attribute__((nonnull, pure));
// What a dead process left goes away; the tap is up and has its addresses. Nothing is made without
// a router. 0, or -errno with a sentence.
int routes_begin(const struct tap_config *tap, unsigned ifindex, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
// 1: all is there; 0: something is not; -errno: that cannot be seen.
int routes_hold(const struct tap_config *tap, unsigned ifindex)
	__attribute__((nonnull, warn_unused_result));
// Puts back what is not there. 0 or -errno.
int routes_put(const struct tap_config *tap, unsigned ifindex)
	__attribute__((nonnull, warn_unused_result));
// The same for what the kernel itself makes with a service address: that it is the host's own, and
// that its network is beside the tap.
int address_routes_hold(const struct tap_config *tap, unsigned ifindex,
			const struct address *address) __attribute__((nonnull, warn_unused_result));
int address_routes_put(const struct tap_config *tap, unsigned ifindex,
		       const struct address *address) __attribute__((nonnull, warn_unused_result));
// Takes away the rules; the routes go with the tap.
void routes_end(const char *tap) __attribute__((nonnull));
