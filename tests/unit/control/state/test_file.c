// The old file or the new one, and errors that say what to do.
#include "control/state/file.h"
#include "tests/unit/control/testing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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
	setenv("STATE_DIRECTORY", folder, 1);
	assert_int_equal(state_file_prepare(path, "", err), 0);
	assert_int_equal(stat(folder, &info), 0);
	assert_int_equal(info.st_uid, 0);
	assert_int_equal(state_file_prepare(path, "nobody", err), 0);
	assert_int_equal(stat(folder, &info), 0);
	assert_int_equal(info.st_uid, 65534);
}

#define test(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_is_written_is_read_and_replaced_whole),
		test(a_file_that_is_not_there_is_no_error),
		test(a_link_is_not_followed),
		test(the_file_and_its_name_are_on_the_disk_when_it_is_written),
		test(signals_do_not_end_the_writing),
		test(a_file_that_cannot_be_opened_is_named),
		test(what_is_no_plain_file_or_too_large_is_named),
		test(a_directory_that_is_not_there_is_named),
		test(the_directory_is_made_and_given_to_the_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
