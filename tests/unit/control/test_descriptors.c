// Who may take how many file descriptors, and what happens when none is left.
#include "control/descriptors.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void set_limit(rlim_t most)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = most;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

// TCP clients stop first, questions to servers next, and some are left.
static void clients_stop_before_questions_and_these_before_the_end(void **state)
{
	(void)state;
	set_limit(1024);
	assert_int_equal(descriptors_limit(), 1024);
	assert_int_equal(descriptors_bound(DESCRIPTORS_SERVERS), 1024 - 64);
	assert_int_equal(descriptors_bound(DESCRIPTORS_CLIENTS), 1024 - 64 - 256);
	set_limit(160); // of few no more than a quarter is kept
	assert_int_equal(descriptors_bound(DESCRIPTORS_SERVERS), 120);
	assert_int_equal(descriptors_bound(DESCRIPTORS_CLIENTS), 80);
}

static void a_limit_that_is_low_is_said(void **state)
{
	char text[192];

	(void)state;
	set_limit(DESCRIPTORS_FEW - 1);
	assert_true(descriptors_are_few(text, sizeof(text)));
	set_limit(DESCRIPTORS_FEW);
	assert_false(descriptors_are_few(text, sizeof(text)));
	set_limit(1024);
	assert_true(descriptors_are_few(text, sizeof(text)));
	assert_string_equal(text, "1024 file descriptors are all that may be had: TCP clients find "
				  "less than 704, questions to servers less than 960");
}

// All but the given number.
static void take_all_but(int fds[64], unsigned left)
{
	unsigned count = 0;

	set_limit(48);
	while (count < 63 && (fds[count] = dup(STDIN_FILENO)) >= 0)
		count++;
	assert_int_equal(errno, EMFILE);
	assert_true(count > left);
	while (left-- > 0)
		close(fds[--count]);
	fds[count] = -1;
}

static void give_back(const int *fds)
{
	for (; *fds >= 0; fds++)
		close(*fds);
	set_limit(1024);
}

static void that_none_is_left_is_found_and_takes_none(void **state)
{
	int fds[64];

	(void)state;
	take_all_but(fds, 0);
	assert_true(descriptors_are_out());
	give_back(fds);
	take_all_but(fds, 1);
	for (unsigned i = 0; i < 3; i++)
		assert_false(descriptors_are_out());
	give_back(fds);
}

// libuv would try to take it for ever.
static void who_waits_is_turned_away_with_the_one_held_back(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fds[64], clients[3], listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	char byte;

	(void)state;
	assert_int_equal(bind(listening, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listening, 8), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &len), 0);
	for (unsigned i = 0; i < 3; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&address, len), 0);
	}
	assert_true(descriptors_hold() >= 0);
	assert_int_equal(descriptors_hold(), descriptors_hold()); // one
	take_all_but(fds, 0);
	assert_int_equal(accept(listening, NULL, NULL), -1);
	assert_int_equal(errno, EMFILE);
	descriptors_turn_away(listening);
	assert_int_equal(accept(listening, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	for (unsigned i = 0; i < 3; i++)
		assert_true(recv(clients[i], &byte, 1, 0) <= 0);
	assert_true(descriptors_hold() >= 0);
	assert_true(descriptors_are_out());
	for (unsigned i = 0; i < 3; i++)
		close(clients[i]);
	give_back(fds);
	close(listening);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_stop_before_questions_and_these_before_the_end),
		cmocka_unit_test(a_limit_that_is_low_is_said),
		cmocka_unit_test(that_none_is_left_is_found_and_takes_none),
		cmocka_unit_test(who_waits_is_turned_away_with_the_one_held_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
