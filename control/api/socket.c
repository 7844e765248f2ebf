// The control socket's file: whose it is, and who may open it.
#include "control/api/socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 8

// A full queue (EAGAIN) is a live one, too; whoever is stuck must not make us wait.
static bool somebody_listens(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive;

	if (fd < 0)
		return false;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	alive = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN;
	close(fd);
	return alive;
}

// A socket file that nobody answers on is left over from a run that was killed. Any other file is
// somebody's. 0, or -1 with a sentence.
static int make_way(const char *path, char *err, size_t err_len)
{
	struct stat info;

	if (lstat(path, &info) != 0)
		return 0;
	if (!S_ISSOCK(info.st_mode)) {
		snprintf(err, err_len,
			 "%s: this file is no socket; move it or change control.socket", path);
		return -1;
	}
	if (somebody_listens(path)) {
		snprintf(err, err_len,
			 "%s: another assayd answers here already; stop it or change "
			 "control.socket",
			 path);
		return -1;
	}
	if (unlink(path) == 0)
		return 0;
	snprintf(err, err_len, "%s: the old socket cannot be removed: %s", path, strerror(errno));
	return -1;
}

// The socket's folder may be missing after a restart of the machine (/run). 0, or -1 with a
// sentence.
static int make_folder(const char *path, char *err, size_t err_len)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return 0;
	*slash = '\0';
	if (mkdir(folder, 0755) == 0 || errno == EEXIST)
		return 0;
	snprintf(err, err_len, "%s: the folder for the control socket cannot be made: %s", folder,
		 strerror(errno));
	return -1;
}

enum socket_place socket_place(const struct socket_file *file)
{
	struct stat info;

	if (lstat(file->path, &info) != 0)
		return errno == ENOENT ? SOCKET_GONE : SOCKET_ANOTHER;
	return info.st_dev == file->device && info.st_ino == file->inode ? SOCKET_OURS
									 : SOCKET_ANOTHER;
}

void socket_remove(const struct socket_file *file)
{
	if (socket_place(file) == SOCKET_OURS)
		unlink(file->path);
}

// A descriptor bound to a file of mode 0600 from its first moment (the file takes the mode of the
// descriptor; the umask would be that of all threads), or -errno.
static int bind_file(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int status = 0;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fchmod(fd, 0600) == 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	status = -errno;
	close(fd);
	return status;
}

// libuv's errors are those of Linux. libuv knows no path, and so removes no file.
static int listen_there(uv_pipe_t *socket, struct socket_file *file,
			const struct api_groups *groups, uv_connection_cb accepted)
{
	int fd = bind_file(file->path), status;
	struct stat info;

	if (fd < 0)
		return fd;
	if (lstat(file->path, &info) == 0) {
		file->device = info.st_dev;
		file->inode = info.st_ino;
	}
	status = uv_pipe_open(socket, fd);
	if (status != 0)
		close(fd);
	if (status == 0)
		status = right_admit(file->path, groups);
	if (status == 0)
		status = uv_listen((uv_stream_t *)socket, BACKLOG, accepted);
	if (status != 0)
		socket_remove(file);
	return status;
}

int socket_bind(uv_pipe_t *socket, const char *path, bool replace, const struct api_groups *groups,
		uv_connection_cb accepted, struct socket_file *file, char *err, size_t err_len)
{
	int status;

	if (strlen(path) >= SOCKET_PATH_MAX) {
		snprintf(err, err_len, "%s: a socket's path has at most 107 characters", path);
		return -1;
	}
	snprintf(file->path, sizeof(file->path), "%s", path);
	if (make_folder(path, err, err_len) != 0 || (replace && make_way(path, err, err_len) != 0))
		return -1;
	status = listen_there(socket, file, groups, accepted);
	if (status == 0)
		return 0;
	if (status == -EOPNOTSUPP)
		snprintf(err, err_len,
			 "%s: control.operators and control.readers need a file system with access "
			 "lists (POSIX ACL): put control.socket below /run",
			 path);
	else
		snprintf(err, err_len, "%s: the control socket cannot be made: %s", path,
			 strerror(-status));
	return -1;
}
