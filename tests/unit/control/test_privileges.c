// Each test gives up its rights in a child, which says by its exit status what it found.
#include "control/privileges.h"
#include "tests/unit/control/testing.h"

#include <linux/capability.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define IN_CHILD(condition)                                                                        \
	do {                                                                                       \
		if (!(condition))                                                                  \
			_exit(__LINE__ % 250 + 1);                                                 \
	} while (0)

static void assert_child(void (*child)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		child();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("the child ended with status %#x (exit status: line %% 250 + 1)",
			 (unsigned)status);
}

static uint32_t effective_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	IN_CHILD(syscall(SYS_capget, &header, data) == 0);
	IN_CHILD(data[1].effective == 0);
	return data[0].effective;
}

static const uint32_t kept = 1u << CAP_NET_ADMIN | 1u << CAP_NET_BIND_SERVICE | 1u << CAP_NET_RAW;

static void prepare(void)
{
	struct rlimit limit;
	char filter[16] = "";
	FILE *file = fopen("/proc/self/coredump_filter", "r");

	IN_CHILD(privileges_prepare() == 0);
	IN_CHILD(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == limit.rlim_max);
	IN_CHILD(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	if (file) {
		IN_CHILD(fgets(filter, sizeof(filter), file) != NULL);
		IN_CHILD(strtoul(filter, NULL, 16) == 0x11);
		fclose(file);
	}
}

static sem_t dropped;

static void *other_thread(void *arg)
{
	sem_wait(&dropped);
	*(uint32_t *)arg = effective_capabilities();
	IN_CHILD(getuid() == 65534);
	return NULL;
}

// nft, started to take down the ingress rule, needs CAP_NET_ADMIN and nothing else.
static void started_program_has_net_admin_alone(void)
{
	unsigned long long effective = 0;
	FILE *program = popen("grep CapEff /proc/self/status", "r");

	IN_CHILD(program && fscanf(program, "CapEff: %llx", &effective) == 1);
	IN_CHILD(pclose(program) == 0);
	IN_CHILD(effective == 1u << CAP_NET_ADMIN);
}

static void become_nobody(void)
{
	uint32_t others = ~0u;
	pthread_t thread;
	char err[200];

	sem_init(&dropped, 0, 0);
	IN_CHILD(pthread_create(&thread, NULL, other_thread, &others) == 0);
	IN_CHILD(privileges_drop("nobody", err, sizeof(err)) == 0);
	IN_CHILD(getuid() == 65534 && geteuid() == 65534 && getgid() == 65534);
	IN_CHILD(getgroups(0, NULL) == 0);
	IN_CHILD(setuid(0) != 0);
	IN_CHILD((effective_capabilities() & ~kept) == 0);
	started_program_has_net_admin_alone();
	sem_post(&dropped);
	pthread_join(thread, NULL);
	IN_CHILD(others == 0);
	// A second time, and without root: already that user.
	IN_CHILD(privileges_drop("nobody", err, sizeof(err)) == 0);
	IN_CHILD(privileges_drop("root", err, sizeof(err)) < 0);
	IN_CHILD(strstr(err, "cannot become user \"root\"") != NULL);
}

static void stay_root(void)
{
	char err[200];

	IN_CHILD(privileges_drop("", err, sizeof(err)) == 0);
	IN_CHILD(getuid() == 0);
	IN_CHILD((effective_capabilities() & ~kept) == 0);
}

static void unknown_user(void)
{
	char err[200];

	IN_CHILD(privileges_drop("no-such-user-here", err, sizeof(err)) < 0);
	IN_CHILD(strstr(err, "no user \"no-such-user-here\" on this system") != NULL);
	IN_CHILD(getuid() == 0);
}

static void preparation_raises_limits_and_closes_the_way_up(void **state)
{
	(void)state;
	assert_child(prepare);
}

static void user_is_taken_on_by_every_thread(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_child(become_nobody);
}

static void without_a_user_capabilities_are_dropped_all_the_same(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_child(stay_root);
}

static void unknown_user_is_said_and_changes_nothing(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_child(unknown_user);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(preparation_raises_limits_and_closes_the_way_up),
		cmocka_unit_test(user_is_taken_on_by_every_thread),
		cmocka_unit_test(without_a_user_capabilities_are_dropped_all_the_same),
		cmocka_unit_test(unknown_user_is_said_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
