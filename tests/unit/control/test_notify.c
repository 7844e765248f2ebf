#include "control/notify.h"
#include "tests/unit/control/testing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[64], path[100];

// A datagram socket under path, as systemd has one; '@' as the first byte: an abstract one.
static int listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	size_t len = strlen(name);

	assert_true(fd >= 0);
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void assert_received(int fd, const char *state)
{
	char got[64];
	ssize_t len = recv(fd, got, sizeof(got), 0);

	assert_int_equal(len, strlen(state));
	assert_memory_equal(got, state, (size_t)len);
}

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/assay-test-notify-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	alarm(120);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	alarm(0);
	unsetenv("NOTIFY_SOCKET");
	unlink(path);
	return rmdir(folder);
}

static void state_is_one_datagram(void **state)
{
	(void)state;
	int fd = listen_at(path);

	notify("READY=1");
	notify("WATCHDOG=1");
	assert_received(fd, "READY=1");
	assert_received(fd, "WATCHDOG=1");
	close(fd);
}

static void abstract_socket_is_reached(void **state)
{
	(void)state;
	char name[100];
	int fd;

	snprintf(name, sizeof(name), "@assay-test-notify-%d", (int)getpid());
	fd = listen_at(name);
	notify("STOPPING=1");
	assert_received(fd, "STOPPING=1");
	close(fd);
}

static void without_a_socket_nothing_happens(void **state)
{
	(void)state;
	char long_path[200];

	notify("READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	notify("READY=1");
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	notify("READY=1");
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	setenv("NOTIFY_SOCKET", long_path, 1);
	notify("READY=1"); // under ASan: nothing is written past the address
}

static void reader_that_does_not_read_does_not_block(void **state)
{
	(void)state;
	int fd = listen_at(path), got = 0;
	char datagram[64];

	for (int i = 0; i < 100000; i++)
		notify("WATCHDOG=1");
	while (recv(fd, datagram, sizeof(datagram), 0) > 0)
		got++;
	assert_in_range(got, 1, 99999);
	notify("READY=1");
	assert_received(fd, "READY=1");
	close(fd);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(state_is_one_datagram),
		TEST(abstract_socket_is_reached),
		TEST(without_a_socket_nothing_happens),
		TEST(reader_that_does_not_read_does_not_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
