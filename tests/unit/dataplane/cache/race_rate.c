#include "tests/unit/dataplane/cache/fixture.h"
#include "tests/unit/dataplane/cache/race.h"

#include <urcu/urcu-qsbr.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

#define PENDING_MAX    16384 // bytes that wait for the reader before the writer does, too
#define TOLD_WITHIN_MS 60000
#define PAUSE_EVERY    31 // steps; no multiple of the length of a writer's cycle

static struct {
	const struct race *race;
	_Atomic bool stop;
	_Atomic uint64_t rounds;
} running;

// cmocka cannot leave a test from another thread: what fails there ends the program.
__attribute__((constructor)) static void abort_on_failure(void)
{
	setenv("CMOCKA_TEST_ABORT", "1", 1);
}

static void *read_on(void *arg)
{
	(void)arg;
	urcu_qsbr_register_thread();
	while (!atomic_load_explicit(&running.stop, memory_order_relaxed)) {
		running.race->read(running.race->arg);
#ifdef __SANITIZE_THREAD__
		__tsan_release(
			(void *)(uintptr_t)&urcu_qsbr_flavor); // see dataplane/cache/reclaim.c
#endif
		urcu_qsbr_quiescent_state();
		atomic_fetch_add_explicit(&running.rounds, 1, memory_order_relaxed);
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool is_over(const struct race *race, uint64_t began_ms, uint64_t ms, uint64_t steps)
{
	const uint64_t took_ms = now_ms() - began_ms;

	if (took_ms < ms || atomic_load(&running.rounds) < 100 || steps < 100)
		return false;
	return race->told == NULL || atomic_load(race->told) > 0 || took_ms > TOLD_WITHIN_MS;
}

void race_all(const struct race *race, unsigned least)
{
	const char *asked = getenv("RACE_MS");
	const uint64_t ms = asked != NULL ? strtoull(asked, NULL, 10) : 100;
	const uint64_t began_ms = now_ms();
	pthread_t thread;
	uint64_t steps = 0;

	(void)least;
	running.race = race;
	atomic_store(&running.stop, false);
	atomic_store(&running.rounds, 0);
	assert_int_equal(pthread_create(&thread, NULL, read_on, NULL), 0);
	// Both get to do something on a machine with a single CPU.
	while (!is_over(race, began_ms, ms, steps)) {
		if (counters_of(race->cache).bytes_pending > PENDING_MAX)
			settle(race->cache, NOW_MS);
		race->write(race->arg);
		// Now and then it stops in each of its states, for a reader on the same CPU.
		if (++steps % PAUSE_EVERY == 0)
			nanosleep(&(const struct timespec){.tv_nsec = 50000}, NULL);
	}
	atomic_store(&running.stop, true);
	pthread_join(thread, NULL);
}

void race_end(void) {}
