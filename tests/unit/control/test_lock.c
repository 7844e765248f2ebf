// Two processes that want the same: one has it, and is named.
#include "control/lock.h"
#include "tests/unit/control/testing.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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
	unlink(lock); // of those that took it
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

// Any user may bind an abstract name, with or without listening, or with a queue that is full.
static void o29_a_user_without_rights_keeps_nobody_from_starting(void **state)
{
	(void)state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct locks locks = {0};
	int to_us[2], len;
	char byte;

	if (geteuid() != 0)
		skip();
	len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "assay/tap/%s", name);
	assert_int_equal(pipe(to_us), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int fd;

		if (setuid(65534) != 0)
			_exit(1);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (bind(fd, (struct sockaddr *)&address,
			 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) ==
			    0 &&
		    write(to_us[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(to_us[0], &byte, 1), 1);
	assert_int_equal(locks_take_name(&locks, "tap", name, err, sizeof(err)), 0);
	assert_int_equal(locks.count, 0);
	end(pid);
	close(to_us[0]);
	close(to_us[1]);
	// Of a user who may: ours, though it does not listen and cannot be asked.
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(fd, (struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)),
		0);
	assert_int_equal(locks_take_name(&locks, "tap", name, err, sizeof(err)), -EBUSY);
	close(fd);
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

static void what_is_no_file_is_not_written_to(void **state)
{
	struct locks locks = {0};
	struct stat info;
	char lock[112];

	(void)state;
	snprintf(lock, sizeof(lock), "%s.lock", path);
	assert_int_equal(mkfifo(lock, 0600), 0);
	assert_true(locks_take_file(&locks, "control socket", path, err, sizeof(err)) < 0);
	assert_int_equal(lstat(lock, &info), 0);
	assert_true(S_ISFIFO(info.st_mode));
	assert_int_equal(locks.count, 0);
}

static void b5_what_is_no_lock_is_not_written_to(void **state)
{
	struct locks locks = {0};
	char lock[112], text[32] = "";
	FILE *stream;

	(void)state;
	snprintf(lock, sizeof(lock), "%s.lock", path);
	stream = fopen(lock, "w");
	fputs("ports: []\n", stream);
	fclose(stream);
	assert_int_equal(locks_take_file(&locks, "state", path, err, sizeof(err)), 0);
	assert_int_equal(locks.count, 1);
	stream = fopen(lock, "r");
	assert_non_null(fgets(text, sizeof(text), stream));
	fclose(stream);
	assert_string_equal(text, "ports: []\n");
	locks_release(&locks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(o29_whoever_has_it_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(o29_a_killed_process_has_nothing_any_more, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			o29_a_user_without_rights_keeps_nobody_from_starting, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_given_back_can_be_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(an_interface_named_twice_is_ours_twice, setup,
						teardown),
		cmocka_unit_test(no_file_and_no_directory_are_nothing_to_lock),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_not_written_to, setup, teardown),
		cmocka_unit_test_setup_teardown(b5_what_is_no_lock_is_not_written_to, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
