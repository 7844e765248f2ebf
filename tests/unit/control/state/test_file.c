// The old file or the new one, and errors that say what to do.
#include "control/state/file.h"
#include "tests/unit/control/testing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[64], path[128], other[160];

static unsigned synced_files, synced_folders, interruptions;

// What must be on the disk before the new file counts as written.
int fsync(int fd)
{
	struct stat info;

	assert_int_equal(fstat(fd, &info), 0);
	synced_files += S_ISREG(info.st_mode);
	synced_folders += S_ISDIR(info.st_mode);
	return (int)syscall(SYS_fsync, fd);
}

// A signal comes first, so often.
ssize_t write(int fd, const void *data, size_t len)
{
	if (interruptions > 0) {
		interruptions--;
		errno = EINTR;
		return -1;
	}
	return syscall(SYS_write, fd, data, len);
}

static int start(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/assay-state-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/trust.state", folder);
	unsetenv("STATE_DIRECTORY");
	return 0;
}

static int end(void **state)
{
	char command[160];

	(void)state;
	chmod(folder, 0755);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static const char *beside(const char *suffix)
{
	snprintf(other, sizeof(other), "%s%s", path, suffix);
	return other;
}

static void assert_holds(const char *text)
{
	char err[STATE_FILE_ERROR_MAX];
	size_t len;
	char *read = state_file_read(path, 1000, &len, err);

	assert_string_equal(err, "");
	assert_non_null(read);
	assert_int_equal(len, strlen(text));
	assert_string_equal(read, text);
	free(read);
}

static void what_is_written_is_read_and_replaced_whole(void **state)
{
	char err[STATE_FILE_ERROR_MAX];
	struct stat info;

	(void)state;
	assert_int_equal(state_file_write(path, "one\n", 4, err), 0);
	assert_holds("one\n");
	FILE *left = fopen(beside(".new"), "w"); // by a run that was killed
	fputs("half", left);
	fclose(left);
	assert_int_equal(state_file_write(path, "two and more\n", 13, err), 0);
	assert_holds("two and more\n");
	assert_int_equal(stat(beside(".new"), &info), -1);
}

static void a_file_that_is_not_there_is_no_error(void **state)
{
	char err[STATE_FILE_ERROR_MAX];
	size_t len = 7;

	(void)state;
	assert_null(state_file_read(path, 1000, &len, err));
	assert_string_equal(err, "");
	assert_int_equal(len, 0);
}

// A symbolic link in the place of the new file leads nowhere.
static void a_link_is_not_followed(void **state)
{
	char err[STATE_FILE_ERROR_MAX], target[160];
	struct stat info;

	(void)state;
	snprintf(target, sizeof(target), "%s/target", folder);
	assert_int_equal(symlink(target, beside(".new")), 0);
	assert_int_equal(state_file_write(path, "one\n", 4, err), 0);
	assert_int_equal(stat(target, &info), -1);
	assert_holds("one\n");
}

// Started as root, an assayd once took /dev/null away from the whole host.
static void what_is_no_file_is_neither_replaced_nor_moved(void **state)
{
	char err[STATE_FILE_ERROR_MAX], kept[STATE_FILE_KEPT_MAX];
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	struct stat before, after;

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		char here[200];
		int fd = -1;

		snprintf(here, sizeof(here), "%s", path);
		if (kind == 0) {
			assert_int_equal(mkfifo(here, 0600), 0);
		} else if (kind == 1) {
			struct sockaddr_un there = address;
			snprintf(there.sun_path, sizeof(there.sun_path), "%s", here);
			fd = socket(AF_UNIX, SOCK_STREAM, 0);
			assert_int_equal(bind(fd, (struct sockaddr *)&there, sizeof(there)), 0);
		} else if (kind == 2) {
			assert_int_equal(symlink("/dev/null", here), 0);
		} else if (mknod(here, S_IFCHR | 0600, makedev(1, 3)) != 0) {
			continue; // who is not root makes no devices
		}
		assert_int_equal(lstat(here, &before), 0);
		assert_true(state_file_write(here, "x", 1, err) < 0);
		assert_non_null(strstr(err, "is no plain file"));
		assert_false(state_file_keep(here, "", kept));
		assert_int_equal(lstat(here, &after), 0);
		assert_int_equal(after.st_ino, before.st_ino);
		assert_int_equal(after.st_mode, before.st_mode);
		assert_int_equal(lstat(beside(".new"), &after), -1);
		if (fd >= 0)
			close(fd);
		unlink(here);
	}
}

// What stands in the place of the new file, or of one that is set aside.
static void what_is_no_file_beside_it_stays(void **state)
{
	char err[STATE_FILE_ERROR_MAX], kept[STATE_FILE_KEPT_MAX];
	struct stat info;

	(void)state;
	assert_int_equal(state_file_write(path, "one\n", 4, err), 0);
	assert_int_equal(mkfifo(beside(".new"), 0600), 0);
	assert_true(state_file_write(path, "two\n", 4, err) < 0);
	assert_int_equal(lstat(beside(".new"), &info), 0);
	assert_true(S_ISFIFO(info.st_mode));
	unlink(beside(".new"));
	assert_int_equal(mkfifo(beside(".unused"), 0600), 0);
	assert_false(state_file_keep(path, "", kept));
	assert_int_equal(lstat(beside(".unused"), &info), 0);
	assert_true(S_ISFIFO(info.st_mode));
	unlink(beside(".unused"));
	assert_holds("one\n");
}

static void the_file_and_its_name_are_on_the_disk_when_it_is_written(void **state)
{
	char err[STATE_FILE_ERROR_MAX];

	(void)state;
	synced_files = synced_folders = 0;
	assert_int_equal(state_file_write(path, "x", 1, err), 0);
	assert_int_equal(synced_files, 1);
	assert_int_equal(synced_folders, 1);
}

static void signals_do_not_end_the_writing(void **state)
{
	char err[STATE_FILE_ERROR_MAX];

	(void)state;
	interruptions = 3;
	assert_int_equal(state_file_write(path, "one\n", 4, err), 0);
	assert_holds("one\n");
}

// It may be there, and must not be taken for a first start.
static void a_file_that_cannot_be_opened_is_named(void **state)
{
	char err[STATE_FILE_ERROR_MAX];
	size_t len;

	(void)state;
	assert_int_equal(state_file_write(path, "x", 1, err), 0);
	assert_null(state_file_read(beside("/trust.state"), 1000, &len, err));
	assert_non_null(strstr(err, "cannot be opened"));
	assert_non_null(strstr(err, strerror(ENOTDIR)));
}

static void what_is_no_plain_file_or_too_large_is_named(void **state)
{
	char err[STATE_FILE_ERROR_MAX];
	size_t len;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(state_file_read(path, 1000, &len, err)); // and does not wait for a writer
	assert_non_null(strstr(err, "is no plain file"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(state_file_write(path, "0123456789", 10, err), 0);
	assert_null(state_file_read(path, 9, &len, err));
	assert_non_null(strstr(err, "is larger than 9 bytes"));
	assert_non_null(strstr(err, path));
}

static void a_directory_that_is_not_there_is_named(void **state)
{
	char err[STATE_FILE_ERROR_MAX];

	(void)state;
	assert_int_equal(state_file_write("/nonexistent/x/trust.state", "x", 1, err), -ENOENT);
	assert_non_null(strstr(err, "/nonexistent/x/trust.state.new: cannot be made"));
	// One that is in the way.
	assert_int_equal(mkdir(path, 0755), 0);
	assert_true(state_file_write(path, "x", 1, err) < 0);
	assert_non_null(strstr(err, "cannot be written"));
	assert_int_equal(access(beside(".new"), F_OK), -1);
}

static void the_directory_is_made_and_given_to_the_user(void **state)
{
	char err[STATE_FILE_ERROR_MAX], below[200];
	struct stat info;

	(void)state;
	snprintf(below, sizeof(below), "%s/made/trust.state", folder);
	assert_int_equal(state_file_prepare(below, "nobody", err), 0);
	snprintf(below, sizeof(below), "%s/made", folder);
	assert_int_equal(stat(below, &info), 0);
	if (geteuid() != 0)
		skip();
	assert_int_equal(info.st_uid, 65534);
	// One that was there belongs to whoever it belonged to, unless systemd made it for this.
	assert_int_equal(state_file_prepare(path, "nobody", err), 0);
	assert_int_equal(stat(folder, &info), 0);
	assert_int_equal(info.st_uid, 0);
	// Nor does another one of ours take the place of what was said of the first.
	snprintf(below, sizeof(below), "%s/second/control.sock", folder);
	assert_int_equal(state_file_make_directory(below, err), 0);
	assert_int_equal(state_file_prepare(below, "nobody", err), 0);
	snprintf(below, sizeof(below), "%s/second", folder);
	assert_int_equal(stat(below, &info), 0);
	assert_int_equal(info.st_uid, 65534);
	setenv("RUNTIME_DIRECTORY", folder, 1);
	assert_int_equal(state_file_prepare(path, "nobody", err), 0);
	assert_int_equal(stat(folder, &info), 0);
	assert_int_equal(info.st_uid, 65534);
	assert_int_equal(chown(folder, 0, 0), 0);
	unsetenv("RUNTIME_DIRECTORY");
	setenv("STATE_DIRECTORY", folder, 1);
	assert_int_equal(state_file_prepare(path, "", err), 0);
	assert_int_equal(stat(folder, &info), 0);
	assert_int_equal(info.st_uid, 0);
	assert_int_equal(state_file_prepare(path, "nobody", err), 0);
	assert_int_equal(stat(folder, &info), 0);
	assert_int_equal(info.st_uid, 65534);
}

static void what_root_writes_belongs_to_whom_the_folder_belongs_to(void **state)
{
	char err[STATE_FILE_ERROR_MAX];
	struct stat info;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(state_file_write(path, "x", 1, err), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_uid, 0);
	assert_int_equal(chown(folder, 65534, 65534), 0);
	assert_int_equal(state_file_write(path, "x", 1, err), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_uid, 65534);
	assert_int_equal(info.st_gid, 65534);
}

static void what_systemd_gave_back_to_root_is_handed_over_again(void **state)
{
	char err[STATE_FILE_ERROR_MAX], second[200];
	struct stat info;

	(void)state;
	if (geteuid() != 0)
		skip();
	snprintf(second, sizeof(second), "%s/second", folder);
	assert_int_equal(state_file_write(path, "x", 1, err), 0);
	assert_int_equal(state_file_prepare(path, "nobody", err), 0); // not systemd's
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_uid, 0);
	setenv("STATE_DIRECTORY", folder, 1);
	assert_int_equal(link(path, second), 0); // somebody has it by ansecond name, too
	assert_int_equal(state_file_prepare(path, "nobody", err), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_uid, 0);
	assert_int_equal(unlink(second), 0);
	assert_int_equal(state_file_prepare(path, "nobody", err), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_uid, 65534);
	unsetenv("STATE_DIRECTORY");
}

#define test(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_systemd_gave_back_to_root_is_handed_over_again),
		test(what_root_writes_belongs_to_whom_the_folder_belongs_to),
		test(what_is_written_is_read_and_replaced_whole),
		test(a_file_that_is_not_there_is_no_error),
		test(a_link_is_not_followed),
		test(what_is_no_file_is_neither_replaced_nor_moved),
		test(what_is_no_file_beside_it_stays),
		test(the_file_and_its_name_are_on_the_disk_when_it_is_written),
		test(signals_do_not_end_the_writing),
		test(a_file_that_cannot_be_opened_is_named),
		test(what_is_no_plain_file_or_too_large_is_named),
		test(a_directory_that_is_not_there_is_named),
		test(the_directory_is_made_and_given_to_the_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
