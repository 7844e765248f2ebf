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

// The directories that this process has made: of the control socket and of state.
#define MADE_MAX 2
static char made_here[MADE_MAX][PATH_MAX];
static unsigned made_count;

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

// A device, a pipe or a socket that stands where a file is to be is somebody's, and a link is there
// for a reason: none of them is moved, replaced or removed. A folder cannot be replaced.
static bool is_in_the_way(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

// Left over from a run that was killed; a link leads nowhere that we write.
static void remove_left_over(const char *fresh)
{
	struct stat info;

	if (lstat(fresh, &info) == 0 && (S_ISREG(info.st_mode) || S_ISLNK(info.st_mode)))
		unlink(fresh);
}

// What is written before rights are given up is read, and replaced, by whom the folder belongs to.
static int give_to_owner(const char *path, int fd)
{
	char directory[PATH_MAX];
	struct stat info;

	directory_of(path, directory);
	if (geteuid() != 0 || stat(directory, &info) != 0 || info.st_uid == 0)
		return 0;
	return fchown(fd, info.st_uid, info.st_gid);
}

int state_file_write(const char *path, const char *text, size_t len, char err[STATE_FILE_ERROR_MAX])
{
	char fresh[PATH_MAX];
	int rc;

	if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", path) >= sizeof(fresh)) {
		errno = ENAMETOOLONG;
		return fail(err, path, "cannot be written");
	}
	if (is_in_the_way(path)) {
		snprintf(err, STATE_FILE_ERROR_MAX,
			 "%s: is no plain file, and is not replaced: name one (a link is not "
			 "followed)",
			 path);
		return -EEXIST;
	}
	remove_left_over(fresh);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail(err, fresh, "cannot be made");
	errno = 0;
	rc = write_whole(fd, text, len);
	if (rc == 0)
		rc = give_to_owner(path, fd);
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

// Made by systemd for this process: StateDirectory=, RuntimeDirectory= of the unit.
static bool is_systemds(const char *directory)
{
	const char *state = getenv("STATE_DIRECTORY"), *runtime = getenv("RUNTIME_DIRECTORY");

	return (state != NULL && strcmp(state, directory) == 0) ||
	       (runtime != NULL && strcmp(runtime, directory) == 0);
}

static bool is_made_here(const char *directory)
{
	for (unsigned i = 0; i < made_count; i++) {
		if (strcmp(made_here[i], directory) == 0)
			return true;
	}
	return false;
}

int state_file_make_directory(const char *path, char err[STATE_FILE_ERROR_MAX])
{
	char directory[PATH_MAX];

	directory_of(path, directory);
	if (mkdir(directory, 0755) != 0)
		return errno == EEXIST ? 0 : fail(err, directory, "cannot be made");
	if (made_count < MADE_MAX)
		snprintf(made_here[made_count++], PATH_MAX, "%s", directory);
	return 0;
}

// systemd gives all that is in a state directory back to root at each start of a unit without
// User=.
static int hand_over(const char *path, const struct passwd *user)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	struct stat info;
	int rc = 0;

	if (fd < 0)
		return 0; // there is none, or who reads it says so
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == 0 &&
	    info.st_nlink == 1)
		rc = fchown(fd, user->pw_uid, user->pw_gid);
	close(fd);
	return rc;
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
	ours = is_made_here(directory);
	if (user[0] == '\0' || geteuid() != 0 || !(ours || is_systemds(directory)))
		return 0;
	if (getpwnam_r(user, &entry, buffer, sizeof(buffer), &found) != 0 || found == NULL)
		return 0; // whoever gives up rights says so
	if (chown(directory, found->pw_uid, found->pw_gid) != 0)
		return fail(err, directory, "cannot be given to `user`");
	return hand_over(path, found) == 0 ? 0 : fail(err, path, "cannot be given to `user`");
}

// What begins otherwise is somebody's. What was cut off in it may be ours, and so may zeros, which
// a file system leaves after a power cut.
static bool begins_with(int fd, const char *mark)
{
	static const char zeros[STATE_FILE_MARK_MAX];
	char text[STATE_FILE_MARK_MAX];
	ssize_t len = read(fd, text, strlen(mark));

	return len >= 0 &&
	       (memcmp(text, mark, (size_t)len) == 0 || memcmp(text, zeros, (size_t)len) == 0);
}

static bool is_anothers(const char *path, const char *mark, char err[STATE_FILE_ERROR_MAX])
{
	struct stat info;
	bool ours;

	if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode))
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0) {
		if (errno == ENOENT)
			return false;
		fail(err, path, "cannot be opened");
		return true;
	}
	ours = begins_with(fd, mark);
	close(fd);
	if (!ours)
		snprintf(err, STATE_FILE_ERROR_MAX,
			 "%s: is no file that assayd has written, and is not replaced: name "
			 "another one, or move it away",
			 path);
	return !ours;
}

bool state_file_is_anothers(const char *path, const char *mark, char err[STATE_FILE_ERROR_MAX])
{
	char fresh[PATH_MAX];

	if (is_anothers(path, mark, err))
		return true;
	return (size_t)snprintf(fresh, sizeof(fresh), "%s.new", path) < sizeof(fresh) &&
	       is_anothers(fresh, mark, err);
}

bool state_file_keep(const char *path, const char *mark, char kept[STATE_FILE_KEPT_MAX])
{
	char err[STATE_FILE_ERROR_MAX];

	snprintf(kept, STATE_FILE_KEPT_MAX, "%s.unused", path);
	return !is_in_the_way(path) && !is_in_the_way(kept) && !is_anothers(path, mark, err) &&
	       !is_anothers(kept, mark, err) && rename(path, kept) == 0;
}
