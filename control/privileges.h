// Rights: what the process keeps once ports, sockets and the tap are open.
#pragma once

#include <stddef.h>

// Raises the descriptor limit to its hard bound and leaves memory out of core dumps that holds clients'
// data (the cache and packet buffers mark themselves; this sets the filter). 0 or -errno.
int privileges_prepare(void) __attribute__((warn_unused_result));

// Becomes `user` in every thread and keeps CAP_NET_ADMIN (to take down the XDP program and the ingress
// rule) and CAP_NET_BIND_SERVICE on the calling thread only; no new rights can be gained. Without a user
// name the user stays and the other capabilities are dropped all the same. 0, or -errno with a sentence.
int privileges_drop(const char *user, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
