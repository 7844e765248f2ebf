#include "dataplane/miss/wake.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

static bool readable(const struct wake *wake, int timeout_ms)
{
	struct pollfd fd = {.fd = wake->fd, .events = POLLIN};

	return poll(&fd, 1, timeout_ms) == 1;
}

static int new_wake(void **state)
{
	static struct wake wake;

	*state = &wake;
	return wake_init(&wake);
}

static int free_wake(void **state)
{
	wake_fini(*state);
	return 0;
}

static void nobody_asleep_is_not_woken(void **state)
{
	struct wake *wake = *state;

	wake_signal(wake);
	assert_false(readable(wake, 0));
}

static void a_sleeper_is_woken_once(void **state)
{
	struct wake *wake = *state;

	wake_announce(wake);
	wake_signal(wake);
	wake_signal(wake);
	assert_true(readable(wake, 0));
	wake_done(wake);
	assert_false(readable(wake, 0));
}

static void awake_again_is_not_woken(void **state)
{
	struct wake *wake = *state;

	wake_announce(wake);
	wake_done(wake);
	wake_signal(wake);
	assert_false(readable(wake, 0));
}

#define ROUNDS 20000u

struct race {
	struct wake *wake;
	atomic_uint ring;
};

static void *fill(void *arg)
{
	struct race *race = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		atomic_fetch_add_explicit(&race->ring, 1, memory_order_release);
		wake_signal(race->wake);
		// Lets the other side run dry and fall asleep again, in some of the rounds.
		for (volatile unsigned spin = 0; spin < i % 512; spin = spin + 1)
			;
	}
	return NULL;
}

static void no_wake_up_is_lost(void **state)
{
	struct race race = {.wake = *state};
	unsigned seen = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, fill, &race), 0);
	while (seen < ROUNDS) {
		unsigned now = atomic_load_explicit(&race.ring, memory_order_acquire);

		if (now != seen) {
			seen = now;
			continue;
		}
		wake_announce(race.wake);
		// A lost wake-up would leave the ring filled and this poll without an end.
		if (atomic_load_explicit(&race.ring, memory_order_acquire) == seen)
			assert_true(readable(race.wake, 10000));
		wake_done(race.wake);
	}
	pthread_join(thread, NULL);
}

int main(void)
{
#define WITH_WAKE(f) cmocka_unit_test_setup_teardown(f, new_wake, free_wake)
	const struct CMUnitTest tests[] = {
		WITH_WAKE(nobody_asleep_is_not_woken),
		WITH_WAKE(a_sleeper_is_woken_once),
		WITH_WAKE(awake_again_is_not_woken),
		WITH_WAKE(no_wake_up_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
