#include "control/clock.h"
#include "tests/unit/control/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char path[64];

static void offset_is(int64_t offset_s)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, &offset_s, sizeof(offset_s)), sizeof(offset_s));
	close(fd);
}

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/assay-test-clock-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void without_a_file_it_is_the_systems(void **state)
{
	(void)state;
	struct clock clock;
	struct store_clock now;
	struct timespec monotonic;

	assert_int_equal(clock_open(&clock, ""), 0);
	clock_read(&clock, &now);
	clock_gettime(CLOCK_BOOTTIME, &monotonic);
	assert_in_range(now.now_s, (uintmax_t)time(NULL) - 1, (uintmax_t)time(NULL));
	assert_in_range(now.now_ms, (uintmax_t)monotonic.tv_sec * 1000 - 1000,
			(uintmax_t)monotonic.tv_sec * 1000 + 1000);
	assert_true(now.trusted);
	clock_close(&clock);
}

// In the namespace of its child a machine has been suspended for so long.
#define SUSPENDED_S  5000
#define NO_NAMESPACE 77

static int read_in_namespace(void)
{
	struct clock clock;
	struct store_clock now;
	struct timespec running;

	if (clock_open(&clock, "") != 0)
		return 1;
	clock_read(&clock, &now);
	clock_gettime(CLOCK_MONOTONIC, &running);
	return now.now_ms / 1000 < (uint64_t)running.tv_sec + SUSPENDED_S - 1;
}

// A child enters the namespace only by its own child.
static int suspended_child(void)
{
	char text[64];
	int fd, status, len = snprintf(text, sizeof(text), "boottime %d 0\n", SUSPENDED_S);
	pid_t pid;

	if (unshare(CLONE_NEWTIME) != 0)
		return NO_NAMESPACE;
	fd = open("/proc/self/timens_offsets", O_WRONLY);
	if (fd < 0 || write(fd, text, (size_t)len) != len)
		return NO_NAMESPACE;
	close(fd);
	pid = fork();
	if (pid == 0)
		_exit(read_in_namespace());
	return pid < 0 || waitpid(pid, &status, 0) < 0 ? 1 : WEXITSTATUS(status);
}

static void o28_what_was_cached_before_a_suspend_has_aged(void **state)
{
	(void)state;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(suspended_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == NO_NAMESPACE)
		skip(); // no right to make one, or no such kernel
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void o13_a_clock_before_the_release_is_not_trusted(void **state)
{
	(void)state;
	struct clock clock;
	struct store_clock now;

	assert_int_equal(clock_open(&clock, ""), 0);
	assert_int_equal(clock.build_s, ASSAY_RELEASE_DATE);
	clock.build_s = time(NULL) + 1000;
	clock_read(&clock, &now);
	assert_false(now.trusted);
	clock.build_s = time(NULL) - 1000;
	clock_read(&clock, &now);
	assert_true(now.trusted);
	clock_close(&clock);
}

static void offset_moves_the_date_and_what_it_grows_by_ages(void **state)
{
	(void)state;
	struct clock clock;
	struct store_clock before, now;

	offset_is(-500000000); // another decade, where nothing has aged yet
	assert_int_equal(clock_open(&clock, path), 0);
	clock_read(&clock, &before);
	assert_in_range(before.now_s, (uintmax_t)time(NULL) - 500000001,
			(uintmax_t)time(NULL) - 500000000);
	assert_true(before.trusted);
	offset_is(-500000000 + 3600);
	clock_read(&clock, &now);
	assert_in_range(now.now_ms - before.now_ms, 3600000, 3601000);
	assert_in_range(now.now_s - before.now_s, 3600, 3601);
	clock_close(&clock);
}

static void date_steps_back_but_the_age_never_does(void **state)
{
	(void)state;
	struct clock clock;
	struct store_clock first, back, again;

	offset_is(0);
	assert_int_equal(clock_open(&clock, path), 0);
	offset_is(7200);
	clock_read(&clock, &first);
	offset_is(-7200);
	clock_read(&clock, &back);
	assert_in_range(back.now_ms - first.now_ms, 0, 1000);
	assert_in_range(first.now_s - back.now_s, 14399, 14400);
	offset_is(-7190);
	clock_read(&clock, &again);
	assert_in_range(again.now_ms - back.now_ms, 10000, 11000);
	clock_close(&clock);
}

static void unusable_files_are_errors(void **state)
{
	(void)state;
	struct clock clock;

	assert_int_equal(clock_open(&clock, "/nowhere/at/all"), -ENOENT);
	assert_int_equal(clock_open(&clock, path), -EINVAL); // empty
	clock_close(&clock);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(without_a_file_it_is_the_systems),
		TEST(o28_what_was_cached_before_a_suspend_has_aged),
		TEST(o13_a_clock_before_the_release_is_not_trusted),
		TEST(offset_moves_the_date_and_what_it_grows_by_ages),
		TEST(date_steps_back_but_the_age_never_does),
		TEST(unusable_files_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
