// Rights: what the process keeps once ports, sockets and the tap are open.
#pragma once

#include <stddef.h>
#include <sys/types.h>

// Before any thread exists: raises the descriptor limit to its hard bound, leaves shared mappings
// and hugepages out of core dumps (the cache marks itself besides), and makes sure that no thread
// can ever gain rights. 0 or -errno.
int privileges_prepare(void) __attribute__((warn_unused_result));

// Whether the process may open a port by this string: AF_PACKET and AF_XDP alone are looked at,
// whose drivers do not say what they lack. 0, or -EPERM with a sentence that names the
// capabilities.
int privileges_for_port(const char *device, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));

// The group of that name; "": (gid_t)-1. 0, or -ENOENT with a sentence that names the option.
int privileges_group(const char *name, const char *option, gid_t *gid, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));

// Becomes `user` in every thread. The calling thread alone keeps CAP_NET_ADMIN (to take down the
// XDP program and the rules of nftables), CAP_NET_BIND_SERVICE and CAP_NET_RAW (to bind questions
// to an interface), and programs that it starts have the first; the others keep nothing. Without a
// user name root stays root, and only the calling thread gives up its other capabilities. Without
// root it must be run as `user` already. 0, or -errno with a sentence.
int privileges_drop(const char *user, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
