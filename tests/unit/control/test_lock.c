// Two processes that want the same: one has it, and is named.
#include "control/lock.h"
#include "tests/unit/control/testing.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], path[96], name[32], err[512];

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/assay-test-lock-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/control.sock", folder);
	snprintf(name, sizeof(name), "unit-%d", (int)getpid());
	return 0;
}

static int teardown(void **state)
{
	char lock[112];

	(void)state;
	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(lock);
	return rmdir(folder);
}

static int take_both(struct locks *locks)
{
	int status = locks_take_name(locks, "interface", name, err, sizeof(err));

	return status < 0 ? status
			  : locks_take_file(locks, "control socket", path, err, sizeof(err));
}

// A process that has them once its byte is read.
static pid_t holder(int from_it[2])
{
	pid_t pid;

	assert_int_equal(pipe(from_it), 0);
	pid = fork();
	if (pid == 0) {
		struct locks locks = {0};

		if (take_both(&locks) == 0 && write(from_it[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_true(pid > 0);
	close(from_it[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void o29_whoever_has_it_is_named(void **state)
{
	(void)state;
	struct locks locks = {0};
	char byte, words[64];
	int from_it[2];
	pid_t pid = holder(from_it);

	assert_int_equal(read(from_it[0], &byte, 1), 1);
	assert_int_equal(locks_take_name(&locks, "interface", name, err, sizeof(err)), -EBUSY);
	snprintf(words, sizeof(words), "(process %d, configuration ", (int)pid);
	assert_non_null(strstr(err, name));
	assert_non_null(strstr(err, words));
	assert_int_equal(locks_take_file(&locks, "control socket", path, err, sizeof(err)), -EBUSY);
	assert_non_null(strstr(err, path));
	assert_non_null(strstr(err, words));
	assert_int_equal(locks.count, 0);
	// Another kind of the same name, and another name, are free.
	assert_int_equal(locks_take_name(&locks, "tap", name, err, sizeof(err)), 0);
	assert_int_equal(locks.count, 1);
	locks_release(&locks);
	end(pid);
	close(from_it[0]);
}

static void o29_a_killed_process_has_nothing_any_more(void **state)
{
	(void)state;
	struct locks locks = {0};
	char byte;
	int from_it[2];
	pid_t pid = holder(from_it);

	assert_int_equal(read(from_it[0], &byte, 1), 1);
	end(pid);
	assert_int_equal(take_both(&locks), 0);
	assert_int_equal(locks.count, 2);
	locks_release(&locks);
	close(from_it[0]);
}

static void what_is_given_back_can_be_taken(void **state)
{
	(void)state;
	struct locks locks = {0};

	for (int i = 0; i < 3; i++) {
		assert_int_equal(take_both(&locks), 0);
		locks_run(&locks);
		locks_release(&locks);
		assert_int_equal(locks.count, 0);
	}
}

static void an_interface_named_twice_is_ours_twice(void **state)
{
	(void)state;
	struct locks locks = {0};

	assert_int_equal(locks_take_name(&locks, "interface", name, err, sizeof(err)), 0);
	assert_int_equal(locks_take_name(&locks, "interface", name, err, sizeof(err)), 0);
	assert_int_equal(locks.count, 1);
	locks_release(&locks);
}

static void no_file_and_no_directory_are_nothing_to_lock(void **state)
{
	(void)state;
	struct locks locks = {0};

	assert_int_equal(locks_take_file(&locks, "state", "", err, sizeof(err)), 0);
	assert_int_equal(
		locks_take_file(&locks, "state", "/nonexistent/trust.state", err, sizeof(err)), 0);
	assert_int_equal(locks.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(o29_whoever_has_it_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(o29_a_killed_process_has_nothing_any_more, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_given_back_can_be_taken, setup, teardown),
		cmocka_unit_test(an_interface_named_twice_is_ours_twice),
		cmocka_unit_test(no_file_and_no_directory_are_nothing_to_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
