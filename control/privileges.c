#include "control/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEPT ((1u << CAP_NET_ADMIN) | (1u << CAP_NET_BIND_SERVICE) | (1u << CAP_NET_RAW))

int privileges_prepare(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return -errno;
	// Each question under way holds a socket of its own.
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return -errno;
	return 0;
}

// glibc has no wrapper; only the calling thread is changed.
static int capabilities_set(uint32_t effective)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = effective, .permitted = effective},
	};

	if (syscall(SYS_capset, &header, data) != 0)
		return -errno;
	return 0;
}

static int become(const char *name, char *err, size_t err_len)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (getpwnam_r(name, &entry, buffer, sizeof(buffer), &found) != 0 || !found) {
		snprintf(err, err_len, "no user \"%s\" on this system: create it or change `user`", name);
		return -ENOENT;
	}
	if (prctl(PR_SET_KEEPCAPS, 1) != 0 || setgroups(0, NULL) != 0 ||
	    setresgid(found->pw_gid, found->pw_gid, found->pw_gid) != 0 ||
	    setresuid(found->pw_uid, found->pw_uid, found->pw_uid) != 0) {
		int error = errno;

		snprintf(err, err_len, "cannot become user \"%s\": %s", name, strerror(error));
		return -error;
	}
	return 0;
}

int privileges_drop(const char *user, char *err, size_t err_len)
{
	int status;

	if (geteuid() != 0)
		return 0;
	if (user[0] != '\0') {
		status = become(user, err, err_len);
		if (status < 0)
			return status;
	}
	status = capabilities_set(KEPT);
	if (status == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		status = -errno;
	if (status < 0)
		snprintf(err, err_len, "cannot drop capabilities: %s", strerror(-status));
	return status;
}
