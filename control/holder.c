#include "control/holder.h"

#include "control/daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COMMAND_MAX 4096
#define ANSWER_MAX  32768 // of what the kernel sends at once

// ---- by name ----

static const struct rtattr *find(const struct nlmsghdr *message, unsigned short type)
{
	const struct unix_diag_msg *body = NLMSG_DATA(message);
	int len = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof(*body)));

	for (const struct rtattr *attr = (const struct rtattr *)(body + 1); RTA_OK(attr, len);
	     attr = RTA_NEXT(attr, len)) {
		if (attr->rta_type == type)
			return attr;
	}
	return NULL;
}

static bool is_named(const struct nlmsghdr *message, const struct sockaddr_un *address,
		     socklen_t len)
{
	const struct rtattr *name = find(message, UNIX_DIAG_NAME);
	size_t name_len = len - offsetof(struct sockaddr_un, sun_path);

	return name != NULL && RTA_PAYLOAD(name) == name_len &&
	       memcmp(RTA_DATA(name), address->sun_path, name_len) == 0;
}

// True: that was all, or enough.
static bool read_owner(const struct nlmsghdr *message, ssize_t left,
		       const struct sockaddr_un *address, socklen_t len, struct holder *holder)
{
	for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
		const struct rtattr *uid;

		if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			return true;
		if (!is_named(message, address, len))
			continue;
		uid = find(message, UNIX_DIAG_UID);
		if (uid != NULL && RTA_PAYLOAD(uid) >= sizeof(holder->uid)) {
			memcpy(&holder->uid, RTA_DATA(uid), sizeof(holder->uid));
			holder->known = true;
			return true;
		}
	}
	return false;
}

// Walks all such sockets: nobody does that often.
static void ask_owner(const struct sockaddr_un *address, socklen_t len, struct holder *holder)
{
	const struct {
		struct nlmsghdr header;
		struct unix_diag_req body;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.sdiag_family = AF_UNIX,
			 .udiag_states = UINT32_MAX,
			 .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_UID},
	};
	_Alignas(struct nlmsghdr) char answer[ANSWER_MAX];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	ssize_t got;

	if (fd < 0)
		return;
	if (send(fd, &request, sizeof(request), 0) == sizeof(request)) {
		do
			got = recv(fd, answer, sizeof(answer), 0);
		while (got > 0 &&
		       !read_owner((const struct nlmsghdr *)answer, got, address, len, holder));
	}
	close(fd);
}

struct holder holder_of(const struct sockaddr_un *address, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer = {0};
	socklen_t peer_len = sizeof(peer);
	struct holder holder = {0};

	ask_owner(address, len, &holder);
	if (fd < 0)
		return holder;
	// Credentials are those of the time when it began to listen.
	if (connect(fd, (const struct sockaddr *)address, len) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) == 0)
		holder.pid = peer.pid;
	close(fd);
	return holder;
}

// ---- in words ----

// The value of -c or --config in a command line, its arguments separated by zeros; or NULL.
static const char *config_argument(const char *command, size_t len)
{
	const char *end = command + len;

	for (const char *arg = command; arg < end; arg += strlen(arg) + 1) {
		const char *next = arg + strlen(arg) + 1;

		if (strcmp(arg, "-c") == 0 || strcmp(arg, "--config") == 0)
			return next < end ? next : NULL;
		if (strncmp(arg, "--config=", strlen("--config=")) == 0)
			return arg + strlen("--config=");
		if (strncmp(arg, "-c", 2) == 0)
			return arg + 2;
	}
	return NULL;
}

// A path as the process means it.
static void absolute_path(pid_t pid, const char *path, char out[PATH_MAX])
{
	char link[64], folder[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
	len = path[0] == '/' ? -1 : readlink(link, folder, sizeof(folder) - 1);
	if (len < 0)
		snprintf(out, PATH_MAX, "%s", path);
	else
		snprintf(out, PATH_MAX, "%.*s/%s", (int)len, folder, path);
}

void holder_text(const struct holder *holder, char *text, size_t text_len)
{
	char name[64], command[COMMAND_MAX + 1], path[PATH_MAX];
	const pid_t pid = holder->pid;
	ssize_t len = -1;
	int fd;

	if (pid <= 0) {
		snprintf(text, text_len, "another process");
		return;
	}
	snprintf(name, sizeof(name), "/proc/%d/cmdline", (int)pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, command, COMMAND_MAX);
		close(fd);
	}
	if (len <= 0) {
		snprintf(text, text_len, "process %d", (int)pid);
		return;
	}
	command[len] = '\0';
	const char *config = config_argument(command, (size_t)len);
	absolute_path(pid, config ? config : DAEMON_CONFIG, path);
	snprintf(text, text_len, "process %d, configuration %s", (int)pid, path);
}
