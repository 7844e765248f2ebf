#include "control/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEPT_MAX  64 // for ourselves
#define BOUND_MAX 1048576

static int held_back = -1;

unsigned descriptors_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > BOUND_MAX)
		return BOUND_MAX;
	return (unsigned)limit.rlim_cur;
}

unsigned descriptors_bound(enum descriptors_for use)
{
	const unsigned limit = descriptors_limit();
	const unsigned kept = limit / 4 < KEPT_MAX ? limit / 4 : KEPT_MAX;

	return use == DESCRIPTORS_SERVERS ? limit - kept : limit - kept - limit / 4;
}

int descriptors_hold(void)
{
	if (held_back < 0)
		held_back = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return held_back;
}

void descriptors_turn_away(int listening_fd)
{
	int fd;

	// Stays free until descriptors_hold(): without one the kernel says EMFILE even where
	// nothing waits, and libuv would go on.
	if (held_back >= 0)
		close(held_back);
	while ((fd = accept4(listening_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		close(fd);
	held_back = -1;
}

bool descriptors_are_out(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE;
	close(fd);
	return false;
}

bool descriptors_are_few(char *text, size_t size)
{
	const unsigned limit = descriptors_limit();

	snprintf(text, size,
		 "%u file descriptors are all that may be had: TCP clients find less than %u, "
		 "questions to servers less than %u",
		 limit, descriptors_bound(DESCRIPTORS_CLIENTS),
		 descriptors_bound(DESCRIPTORS_SERVERS));
	return limit < DESCRIPTORS_FEW;
}
