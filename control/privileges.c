#include "control/privileges.h"

#include "control/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INHERITED (1u << CAP_NET_ADMIN)
#define KEPT      ((1u << CAP_NET_ADMIN) | (1u << CAP_NET_BIND_SERVICE) | (1u << CAP_NET_RAW))

// proc(5): 0 private memory, 4 ELF headers. Without the bits of shared mappings and of hugepages,
// where packets and the cache lie.
#define CORE_FILTER "0x11"

// A kernel without core dumps has no such file, and nothing to leave out.
static int core_filter_set(void)
{
	int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
	int status = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (write(fd, CORE_FILTER, sizeof(CORE_FILTER) - 1) < 0)
		status = -errno;
	close(fd);
	return status;
}

int privileges_prepare(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return -errno;
	// Each question under way holds a socket of its own.
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return -errno;
	(void)descriptors_hold();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	return core_filter_set();
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static uint32_t needed_for(const char *device)
{
	if (begins(device, "net_af_packet"))
		return 1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW;
	// DPDK's driver looks up its program and map by number (bpf(2)).
	if (begins(device, "net_af_xdp"))
		return 1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW | 1u << CAP_SYS_ADMIN;
	return 0;
}

int privileges_for_port(const char *device, char *err, size_t err_len)
{
	static const struct {
		unsigned number;
		const char *name;
	} names[] = {{CAP_NET_ADMIN, "CAP_NET_ADMIN"},
		     {CAP_NET_RAW, "CAP_NET_RAW"},
		     {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}};
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	char lacks[80] = "";

	if (syscall(SYS_capget, &header, data) != 0)
		return 0; // the driver will say
	const uint32_t lacking = needed_for(device) & ~data[0].effective;
	if (lacking == 0)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (lacking & 1u << names[i].number) {
			strcat(lacks, lacks[0] != '\0' ? ", " : "");
			strcat(lacks, names[i].name);
		}
	}
	snprintf(err, err_len,
		 "port '%s' cannot be opened without %s: start it as root, or with the rights that "
		 "assayd(8) names",
		 device, lacks);
	return -EPERM;
}

// glibc has no wrapper; only the calling thread is changed. Nothing is kept that it does not have.
// What it starts may have INHERITED as well (nft, which takes down its rules).
static int capabilities_keep(uint32_t kept)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data) != 0)
		return -errno;
	kept &= data[0].permitted;
	data[0] = (struct __user_cap_data_struct){
		.effective = kept, .permitted = kept, .inheritable = kept & INHERITED};
	data[1] = (struct __user_cap_data_struct){0};
	if (syscall(SYS_capset, &header, data) != 0)
		return -errno;
	if ((kept & INHERITED) != 0 &&
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) != 0)
		return -errno;
	return 0;
}

static int find_user(const char *name, uid_t *uid, gid_t *gid, char *err, size_t err_len)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (getpwnam_r(name, &entry, buffer, sizeof(buffer), &found) != 0 || !found) {
		snprintf(err, err_len, "no user \"%s\" on this system: create it or change `user`",
			 name);
		return -ENOENT;
	}
	*uid = found->pw_uid;
	*gid = found->pw_gid;
	return 0;
}

int privileges_group(const char *name, const char *option, gid_t *gid, char *err, size_t err_len)
{
	struct group entry, *found = NULL;
	char buffer[16384]; // its members' names, too

	*gid = (gid_t)-1;
	if (name[0] == '\0')
		return 0;
	if (getgrnam_r(name, &entry, buffer, sizeof(buffer), &found) != 0 || !found) {
		snprintf(err, err_len, "no group \"%s\" on this system: create it or change %s",
			 name, option);
		return -ENOENT;
	}
	*gid = found->gr_gid;
	return 0;
}

static int become(const char *name, char *err, size_t err_len)
{
	uid_t uid;
	gid_t gid;
	int status = find_user(name, &uid, &gid, err, err_len);

	if (status < 0 || geteuid() == uid)
		return status;
	if (prctl(PR_SET_KEEPCAPS, 1) != 0 || setgroups(0, NULL) != 0 ||
	    setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) {
		status = -errno;
		snprintf(err, err_len, "cannot become user \"%s\": %s", name, strerror(-status));
	}
	return status;
}

int privileges_drop(const char *user, char *err, size_t err_len)
{
	bool root = geteuid() == 0;
	int status;

	if (user[0] != '\0') {
		status = become(user, err, err_len);
		if (status < 0)
			return status;
	}
	if (!root)
		return 0;
	status = capabilities_keep(KEPT);
	if (status < 0)
		snprintf(err, err_len, "cannot drop capabilities: %s", strerror(-status));
	return status;
}
