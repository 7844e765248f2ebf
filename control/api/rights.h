// Who may give which orders over the control socket. Root and the owner of the socket may give
// every one, so may members of one group; members of another may give those that change nothing.
// The kernel lets nobody else connect: members of both groups stand in the socket file's access
// list (POSIX ACL), so that strangers cost the event loop nothing.
//
// Thread: control.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ucred;

#define GROUP_NOBODY ((gid_t)-1)

struct api_groups {
	gid_t operators, readers; // GROUP_NOBODY: no such group
};

enum right { RIGHT_NONE, RIGHT_READ, RIGHT_ALL };
#define RIGHT_COUNT 3

// Of the process at the other end, as it was when it connected (SO_PEERCRED, SO_PEERGROUPS).
enum right right_of_peer(int fd, uid_t owner, const struct api_groups *groups, struct ucred *peer)
	__attribute__((nonnull));

// Lets the members of both groups connect to a socket file of ours. 0 or -errno; -EOPNOTSUPP: the
// file system has no access lists.
int right_admit(const char *path, const struct api_groups *groups)
	__attribute__((nonnull, warn_unused_result));

// Whether an order changes nothing, by the last column of PROTOCOL_VERBS. An unknown verb changes
// nothing.
bool right_reads(const char *verb, const char *const *arguments, size_t count)
	__attribute__((nonnull(1)));
