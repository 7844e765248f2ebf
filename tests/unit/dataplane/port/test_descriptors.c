#include "dataplane/port/descriptors.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <sys/socket.h>
#include <unistd.h>

static int opened(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	return fd;
}

static void sockets_opened_since_are_found_in_order(void **state)
{
	struct descriptors before, now, new;
	int old = opened(), other, fds[3];

	(void)state;
	descriptors_find(AF_UNIX, &before);
	assert_true(before.count >= 1);
	other = socket(AF_INET, SOCK_DGRAM, 0);
	for (unsigned i = 0; i < 3; i++)
		fds[i] = opened();
	descriptors_find(AF_UNIX, &now);
	descriptors_new(&before, &now, &new);
	assert_int_equal(new.count, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(new.list[i], fds[i]);
	descriptors_new(&now, &now, &new);
	assert_int_equal(new.count, 0);
	for (unsigned i = 0; i < 3; i++)
		close(fds[i]);
	close(other);
	close(old);
}

static void one_that_was_closed_is_not_new(void **state)
{
	struct descriptors before, now, new;
	int first = opened(), second = opened();

	(void)state;
	descriptors_find(AF_UNIX, &before);
	close(first);
	descriptors_find(AF_UNIX, &now);
	descriptors_new(&before, &now, &new);
	assert_int_equal(new.count, 0);
	assert_int_equal(now.count, before.count - 1);
	close(second);
}

static void more_than_there_is_room_for_are_none(void **state)
{
	int fds[DESCRIPTORS_FOUND_MAX + 1];
	struct descriptors now;

	(void)state;
	for (unsigned i = 0; i <= DESCRIPTORS_FOUND_MAX; i++)
		fds[i] = opened();
	descriptors_find(AF_UNIX, &now);
	assert_int_equal(now.count, 0);
	for (unsigned i = 0; i <= DESCRIPTORS_FOUND_MAX; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_opened_since_are_found_in_order),
		cmocka_unit_test(one_that_was_closed_is_not_new),
		cmocka_unit_test(more_than_there_is_room_for_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
