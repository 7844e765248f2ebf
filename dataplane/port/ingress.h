// net_af_packet gets copies: the kernel sees every packet too and would answer it as well
// (ICMP unreachable, RST). A netdev table of nftables drops the kernel's copy at ingress, which
// is behind the point where the driver's copy is taken.
#pragma once

#include <stddef.h>

// Replaces a table that a dead process left. Runs nft and waits for it. 0, or -errno with a
// sentence. interface: as configured, after which the table is called; now: what it is called at
// present.
int ingress_close(const char *interface, const char *now, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
// 1: the table is there; 0: it is not; -errno: that cannot be seen.
int ingress_is_closed(const char *interface) __attribute__((nonnull, warn_unused_result));
// Lets the kernel have the packets again. No table, or no nft, is no error.
void ingress_open(const char *interface) __attribute__((nonnull));
