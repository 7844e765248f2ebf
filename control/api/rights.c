#include "control/api/rights.h"

#include "control/api/protocol.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/xattr.h>

#define GROUPS_USUAL 64

static bool is_among(gid_t group, const gid_t *list, size_t count)
{
	if (group == GROUP_NOBODY)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (list[i] == group)
			return true;
	}
	return false;
}

static enum right right_of_groups(const gid_t *list, size_t count, const struct api_groups *groups)
{
	if (is_among(groups->operators, list, count))
		return RIGHT_ALL;
	return is_among(groups->readers, list, count) ? RIGHT_READ : RIGHT_NONE;
}

// Supplementary groups, which SO_PEERCRED leaves out. NULL when there are none to be had.
static gid_t *peer_groups(int fd, size_t *count)
{
	socklen_t size = GROUPS_USUAL * sizeof(gid_t);
	gid_t *list = NULL;

	*count = 0;
	// The second time with the room that the kernel has asked for.
	for (int time = 0; time < 2; time++) {
		free(list);
		list = malloc(size);
		if (!list)
			return NULL;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &size) == 0) {
			*count = size / sizeof(gid_t);
			return list;
		}
		if (errno != ERANGE)
			break;
	}
	free(list);
	return NULL;
}

enum right right_of_peer(int fd, uid_t owner, const struct api_groups *groups, struct ucred *peer)
{
	socklen_t size = sizeof(*peer);
	enum right right;
	gid_t *list;
	size_t count;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size) != 0)
		return RIGHT_NONE;
	if (peer->uid == 0 || peer->uid == owner)
		return RIGHT_ALL;
	list = peer_groups(fd, &count);
	right = right_of_groups(list, count, groups);
	free(list);
	enum right primary = right_of_groups(&peer->gid, 1, groups);
	return primary > right ? primary : right;
}

// ---- the access list ----

#define ENTRIES_MAX 6

struct access_list {
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry entries[ENTRIES_MAX];
	size_t count;
};

static void permit(struct access_list *list, unsigned tag, unsigned rights, uint32_t id)
{
	list->entries[list->count++] = (struct posix_acl_xattr_entry){
		.e_tag = htole16(tag), .e_perm = htole16(rights), .e_id = htole32(id)};
}

int right_admit(const char *path, const struct api_groups *groups)
{
	const unsigned both = ACL_READ | ACL_WRITE;
	struct access_list list = {.header = {.a_version = htole32(POSIX_ACL_XATTR_VERSION)}};
	size_t size;

	if (groups->operators == GROUP_NOBODY && groups->readers == GROUP_NOBODY)
		return 0;
	// In this order (acl(5)).
	permit(&list, ACL_USER_OBJ, both, (uint32_t)ACL_UNDEFINED_ID);
	permit(&list, ACL_GROUP_OBJ, 0, (uint32_t)ACL_UNDEFINED_ID);
	if (groups->operators != GROUP_NOBODY)
		permit(&list, ACL_GROUP, both, groups->operators);
	if (groups->readers != GROUP_NOBODY && groups->readers != groups->operators)
		permit(&list, ACL_GROUP, both, groups->readers);
	permit(&list, ACL_MASK, both, (uint32_t)ACL_UNDEFINED_ID);
	permit(&list, ACL_OTHER, 0, (uint32_t)ACL_UNDEFINED_ID);
	size = sizeof(list.header) + list.count * sizeof(list.entries[0]);
	// Whoever owns the folder may put a link there meanwhile.
	return lsetxattr(path, "system.posix_acl_access", &list, size, 0) == 0 ? 0 : -errno;
}

// ---- orders ----

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; len > 0 && (at = strstr(at, word)) != NULL; at += len) {
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

bool right_reads(const char *verb, const char *const *arguments, size_t count)
{
	static const struct {
		const char *name, *reads;
	} verbs[] = {
#define X(name, arguments, help, least, most, reads) {#name, reads},
		PROTOCOL_VERBS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, verb) == 0)
			return strcmp(verbs[i].reads, "*") == 0 ||
			       (count > 0 && has_word(verbs[i].reads, arguments[0]));
	}
	return true;
}
