#include "control/state/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The directory of state, if this process has made it.
static char made_here[PATH_MAX];

static int fail(char err[STATE_FILE_ERROR_MAX], const char *path, const char *what)
{
	int error = errno != 0 ? errno : EIO;

	snprintf(err, STATE_FILE_ERROR_MAX, "%s: %s: %s", path, what, strerror(error));
	return -error;
}

static char *read_whole(int fd, size_t size, size_t *len)
{
	char *text = malloc(size + 1);

	*len = 0;
	while (text != NULL && *len < size) {
		ssize_t got = read(fd, text + *len, size - *len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(text);
			return NULL;
		}
		if (got == 0)
			break;
		*len += (size_t)got;
	}
	if (text != NULL)
		text[*len] = '\0';
	return text;
}

char *state_file_read(const char *path, size_t max, size_t *len, char err[STATE_FILE_ERROR_MAX])
{
	// A pipe must not hold up the start.
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat info;
	char *text = NULL;

	err[0] = '\0';
	*len = 0;
	if (fd < 0) {
		if (errno != ENOENT)
			fail(err, path, "cannot be opened");
		return NULL;
	}
	if (fstat(fd, &info) != 0) {
		fail(err, path, "cannot be read");
	} else if (!S_ISREG(info.st_mode)) {
		snprintf(err, STATE_FILE_ERROR_MAX, "%s: is no plain file", path);
	} else if ((size_t)info.st_size > max) {
		snprintf(err, STATE_FILE_ERROR_MAX, "%s: is larger than %zu bytes", path, max);
	} else {
		text = read_whole(fd, (size_t)info.st_size, len);
		if (text == NULL)
			fail(err, path, "cannot be read");
	}
	close(fd);
	return text;
}

static int write_whole(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, text, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return -1;
		text += put;
		len -= (size_t)put;
	}
	return fsync(fd);
}

// "/var/lib/assay" of "/var/lib/assay/trust.state".
static void directory_of(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) : 1;

	if (slash == NULL)
		snprintf(out, PATH_MAX, ".");
	else
		snprintf(out, PATH_MAX, "%.*s", len > 0 ? (int)len : 1, path);
}

// The new name is there for good only when the directory is on the disk.
static int flush_directory(const char *path)
{
	char directory[PATH_MAX];

	directory_of(path, directory);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int rc = fsync(fd);
	close(fd);
	return rc;
}

int state_file_write(const char *path, const char *text, size_t len, char err[STATE_FILE_ERROR_MAX])
{
	char fresh[PATH_MAX];
	int rc;

	if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", path) >= sizeof(fresh)) {
		errno = ENAMETOOLONG;
		return fail(err, path, "cannot be written");
	}
	// Left over from a run that was killed.
	unlink(fresh);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail(err, fresh, "cannot be made");
	errno = 0;
	rc = write_whole(fd, text, len);
	if (close(fd) != 0)
		rc = -1;
	if (rc == 0)
		rc = rename(fresh, path);
	if (rc == 0)
		rc = flush_directory(path);
	if (rc == 0)
		return 0;
	rc = fail(err, path, "cannot be written");
	unlink(fresh);
	return rc;
}

static bool is_systemds(const char *directory)
{
	const char *given = getenv("STATE_DIRECTORY");

	return given != NULL && strcmp(given, directory) == 0;
}

int state_file_make_directory(const char *path, char err[STATE_FILE_ERROR_MAX])
{
	char directory[PATH_MAX];

	directory_of(path, directory);
	if (mkdir(directory, 0755) == 0)
		snprintf(made_here, sizeof(made_here), "%s", directory);
	else if (errno != EEXIST)
		return fail(err, directory, "cannot be made");
	return 0;
}

int state_file_prepare(const char *path, const char *user, char err[STATE_FILE_ERROR_MAX])
{
	char directory[PATH_MAX], buffer[4096];
	struct passwd entry, *found = NULL;
	bool ours;
	int code = state_file_make_directory(path, err);

	if (code < 0)
		return code;
	directory_of(path, directory);
	ours = strcmp(directory, made_here) == 0;
	if (user[0] == '\0' || geteuid() != 0 || !(ours || is_systemds(directory)))
		return 0;
	if (getpwnam_r(user, &entry, buffer, sizeof(buffer), &found) != 0 || found == NULL)
		return 0; // whoever gives up rights says so
	if (chown(directory, found->pw_uid, found->pw_gid) != 0)
		return fail(err, directory, "cannot be given to `user`");
	return 0;
}

bool state_file_keep(const char *path, char kept[STATE_FILE_KEPT_MAX])
{
	snprintf(kept, STATE_FILE_KEPT_MAX, "%s.unused", path);
	return rename(path, kept) == 0;
}
