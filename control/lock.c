#include "control/lock.h"

#include "control/holder.h"
#include "control/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 1000 // for what a killed process still holds
#define TURN_MS 20
#define BACKLOG 64

// ---- whose it is ----

static int in_use(const char *what, const char *name, const struct holder *holder, char *err,
		  size_t err_len)
{
	char text[256];

	holder_text(holder, text, sizeof(text));
	snprintf(err, err_len,
		 "%s %s is in use by another assayd (%s): stop that one, or give this one another",
		 what, name, text);
	return -EBUSY;
}

// ---- taking ----

// `try` takes it: 0 with the descriptor, or -1 where there is nothing to be taken; -EBUSY, with the
// holder if none is known yet (asking has a cost for the holder); or -errno.
typedef int try_lock(const char *what, const char *name, int *fd, struct holder *holder);

static int take(struct locks *locks, try_lock *try, const char *what, const char *name, char *err,
		size_t err_len)
{
	const struct timespec turn = {.tv_nsec = TURN_MS * 1000000};
	struct holder holder = {0};
	int fd = -1, code = -ENOSPC;

	for (unsigned waited_ms = 0; locks->count < LOCKS_MAX; waited_ms += TURN_MS) {
		code = try(what, name, &fd, &holder);
		if (code != -EBUSY || holder.pid == getpid() || waited_ms >= WAIT_MS)
			break;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &turn, NULL);
	}
	if (code == -EBUSY && holder.pid == getpid())
		return 0; // several queues of one interface
	if (code == -EBUSY)
		return in_use(what, name, &holder, err, err_len);
	if (code < 0) {
		snprintf(err, err_len, "%s %s cannot be locked: %s", what, name, strerror(-code));
		return code;
	}
	if (fd >= 0)
		locks->fds[locks->count++] = fd;
	return 0;
}

static int try_name(const char *kind, const char *name, int *fd, struct holder *holder)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "assay/%s/%s", kind,
			   name);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
	int code;

	if ((size_t)len >= sizeof(address.sun_path) - 1)
		return -ENAMETOOLONG;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return -errno;
	if (bind(*fd, (struct sockaddr *)&address, size) == 0 && listen(*fd, BACKLOG) == 0)
		return 0;
	code = -errno;
	close(*fd);
	*fd = -1;
	if (code != -EADDRINUSE)
		return code;
	if (holder->pid == 0)
		*holder = holder_of(&address, size);
	// Any user may bind such a name. One without rights shall not keep us from starting.
	if (holder->known && holder->uid != 0 && holder->uid != geteuid()) {
		log_warning("user %u has the name of the lock of %s %s: it is not locked",
			    (unsigned)holder->uid, kind, name);
		return 0;
	}
	return -EBUSY;
}

static pid_t pid_in(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

// Nothing but a number in a line, or nothing.
static bool holds_pid(int fd)
{
	char text[16];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

	if (len < 0)
		return false;
	text[len] = '\0';
	size_t digits = strspn(text, "0123456789");
	return len == 0 ||
	       (digits > 0 && (strcmp(text + digits, "\n") == 0 || text[digits] == '\0'));
}

// A directory that is not there, or not to be written to, is reported by whoever needs it.
static bool nothing_to_lock(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EROFS || error == EACCES ||
	       error == EPERM;
}

static int try_file(const char *what, const char *path, int *fd, struct holder *holder)
{
	char name[PATH_MAX], text[16];
	struct stat info;
	int code = 0, len;

	(void)what;
	if ((size_t)snprintf(name, sizeof(name), "%s.lock", path) >= sizeof(name))
		return -ENAMETOOLONG;
	// Somebody's device or pipe is not written to.
	if (lstat(name, &info) == 0 && !S_ISREG(info.st_mode))
		return -EEXIST;
	*fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (*fd < 0)
		return nothing_to_lock(errno) ? 0 : -errno;
	if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
		code = errno == EWOULDBLOCK ? -EBUSY : -errno;
		*holder = (struct holder){.pid = pid_in(*fd)};
		close(*fd);
		*fd = -1;
		return code;
	}
	// For whoever finds it locked. Of another program's file nothing is lost.
	len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (holds_pid(*fd) && ftruncate(*fd, 0) == 0)
		(void)!pwrite(*fd, text, (size_t)len, 0);
	return 0;
}

int locks_take_name(struct locks *locks, const char *kind, const char *name, char *err,
		    size_t err_len)
{
	return take(locks, try_name, kind, name, err, err_len);
}

int locks_take_file(struct locks *locks, const char *what, const char *path, char *err,
		    size_t err_len)
{
	return path[0] == '\0' ? 0 : take(locks, try_file, what, path, err, err_len);
}

void locks_run(const struct locks *locks)
{
	for (size_t i = 0; i < locks->count; i++) {
		int fd;

		// A file is no socket: there is nothing to be done.
		for (unsigned n = 0; n < BACKLOG; n++) {
			fd = accept4(locks->fds[i], NULL, NULL, SOCK_CLOEXEC);
			if (fd < 0)
				break;
			close(fd);
		}
	}
}

void locks_release(struct locks *locks)
{
	while (locks->count > 0)
		close(locks->fds[--locks->count]);
}
