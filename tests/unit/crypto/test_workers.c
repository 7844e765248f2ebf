// The same jobs on other threads, and tables made on one.
#include "tests/unit/crypto/waiters.h"

#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void count_wake(void *arg)
{
	atomic_fetch_add((atomic_uint *)arg, 1);
}

// Until so many of every `step`th waiter, from the last of the first step on, are told; at most
// for two minutes.
static void collect(struct batch *batch, const struct waiter *w, size_t total, size_t step)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		size_t done = 0;
		batch_run(batch, 1000, NULL, NULL, 0);
		for (size_t i = 0; i < total; i++)
			done += w[i * step + step - 1].told;
		if (done == total)
			return;
		sched_yield();
		clock_gettime(CLOCK_MONOTONIC, &now);
		assert_true(now.tv_sec - start.tv_sec < 120);
	}
}

// One that verifies much gets a table, and answers as before.
static void a_key_in_much_use_verifies_alike(void **state)
{
	static struct waiter w[WAITERS];
	struct rrset *plain = signer_strip(signed_rrsets[1]);
	struct rrset *wrong = signer_sign(plain, key, signer_name("example."),
					  &(struct signer_options){.corrupt = true});

	(void)state;
	for (unsigned workers = 0; workers <= 2; workers++) {
		struct batch *batch =
			open_batch(&(struct batch_config){.workers = workers, .table_after = 8});
		struct waiter spoilt = {0};
		time_t limit = time(NULL) + 20;

		for (size_t i = 0; i < 40; i++)
			assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
		collect(batch, w, 40, 1);
		while (count(batch).tables == 0 && time(NULL) < limit) {
			batch_run(batch, 1, NULL, NULL, 0);
			sched_yield();
		}
		assert_int_equal(count(batch).tables, 1); // Ed25519 has none
		for (size_t i = 40; i < WAITERS; i++)
			assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
		assert_int_equal(submit_with(batch, &spoilt, wrong, key), BATCH_QUEUED);
		collect(batch, w, WAITERS, 1);
		collect(batch, &spoilt, 1, 1);
		for (size_t i = 0; i < WAITERS; i++)
			assert_int_equal(w[i].outcome, 1);
		assert_int_equal(spoilt.outcome, 0);
		assert_int_equal(count(batch).tables, 1);
		batch_free(batch);
	}
	rrset_free(plain);
	rrset_free(wrong);
}

static void stopping_while_a_table_is_made_leaves_nothing(void **state)
{
	static struct waiter w[WAITERS];

	(void)state;
	for (unsigned workers = 0; workers <= 1; workers++) {
		struct batch *batch =
			open_batch(&(struct batch_config){.workers = workers, .table_after = 1});

		for (size_t i = 0; i < 10; i++)
			assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
		collect(batch, w, 10, 1);
		batch_free(batch);
	}
}

static void workers_answer_like_the_inline_way(void **state)
{
	static struct waiter w[WAITERS];
	atomic_uint wakes = 0;

	(void)state;
	for (unsigned workers = 1; workers <= 3; workers++) {
		struct batch *batch = open_batch(&(struct batch_config){
			.workers = workers,
			.wake = count_wake,
			.wake_arg = &wakes,
		});
		for (size_t i = 0; i < WAITERS; i++)
			assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
		collect(batch, w, WAITERS, 1);
		for (size_t i = 0; i < WAITERS; i++)
			assert_int_equal(w[i].outcome, 1);
		assert_int_equal(count(batch).verified, WAITERS);
		for (size_t i = 0; i < WAITERS; i++)
			assert_int_equal(submit(batch, &w[i], i), BATCH_GOOD);
		batch_free(batch);
	}
	assert_true(atomic_load(&wakes) > 0);
}

static void a_job_that_a_worker_has_can_be_cancelled(void **state)
{
	static struct waiter w[WAITERS];
	struct batch *batch = open_batch(&(struct batch_config){.workers = 2});

	(void)state;
	for (size_t i = 0; i < WAITERS; i++)
		assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
	batch_run(batch, 1000, NULL, NULL, 0);
	for (size_t i = 0; i < WAITERS; i += 2)
		batch_cancel(batch, w[i].ticket);
	collect(batch, w, WAITERS / 2, 2);
	for (size_t i = 0; i < WAITERS; i++)
		assert_int_equal(w[i].told, i % 2);
	batch_free(batch);
}

struct gate {
	sem_t told, go;
};

// The worker waits here, after results it told of and before the next job.
static void stop_at_gate(void *arg)
{
	struct gate *gate = arg;

	sem_post(&gate->told);
	sem_wait(&gate->go);
}

static void open_gate(struct gate *gate)
{
	sem_init(&gate->told, 0, 0);
	sem_init(&gate->go, 0, 0);
}

static void close_gate(struct gate *gate)
{
	sem_destroy(&gate->told);
	sem_destroy(&gate->go);
}

static void pass_gate(struct gate *gate)
{
	for (int i = 0; i < WAITERS; i++)
		sem_post(&gate->go);
}

// Jobs that one worker may hold, and more than it does before it wakes control.
#define MORE_THAN_A_WAKE 30

static void results_are_told_before_all_is_done(void **state)
{
	static struct waiter w[MORE_THAN_A_WAKE];
	struct gate gate;
	unsigned told_count = 0;

	(void)state;
	open_gate(&gate);
	struct batch *batch = open_batch(
		&(struct batch_config){.workers = 1, .wake = stop_at_gate, .wake_arg = &gate});
	for (size_t i = 0; i < MORE_THAN_A_WAKE; i++)
		assert_int_equal(submit(batch, &w[i], i * 2 + 1), BATCH_QUEUED);
	batch_run(batch, 100, NULL, NULL, 0);
	sem_wait(&gate.told);
	batch_run(batch, 100, NULL, NULL, 0);
	for (size_t i = 0; i < MORE_THAN_A_WAKE; i++)
		told_count += w[i].told;
	assert_in_range(told_count, 1, MORE_THAN_A_WAKE - 1);
	pass_gate(&gate);
	collect(batch, w, MORE_THAN_A_WAKE, 1);
	batch_free(batch);
	close_gate(&gate);
}

static void post(void *arg)
{
	sem_post(arg);
}

// Control may sleep while all workers have as much as they may hold.
static void wakes_are_enough_to_get_everything_done(void **state)
{
	static struct waiter w[WAITERS];
	struct timespec limit;
	size_t done = 0;
	sem_t results;

	(void)state;
	sem_init(&results, 0, 0);
	struct batch *batch = open_batch(
		&(struct batch_config){.workers = 2, .wake = post, .wake_arg = &results});
	for (size_t i = 0; i < WAITERS; i++)
		assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 120;
	assert_int_equal(batch_run(batch, 1000, NULL, NULL, 0), 0);
	while (done < WAITERS) {
		assert_int_equal(sem_timedwait(&results, &limit), 0);
		assert_int_equal(batch_run(batch, 1000, NULL, NULL, 0), 0);
		done = 0;
		for (size_t i = 0; i < WAITERS; i++)
			done += w[i].told;
	}
	batch_free(batch);
	sem_destroy(&results);
}

static void what_a_worker_has_not_begun_is_not_verified_when_cancelled(void **state)
{
	static struct waiter w[MORE_THAN_A_WAKE];
	struct gate gate;
	struct waiter again = {0};

	(void)state;
	open_gate(&gate);
	struct batch *batch = open_batch(
		&(struct batch_config){.workers = 1, .wake = stop_at_gate, .wake_arg = &gate});
	for (size_t i = 0; i < MORE_THAN_A_WAKE; i++)
		assert_int_equal(submit(batch, &w[i], i * 2 + 1), BATCH_QUEUED);
	batch_run(batch, 100, NULL, NULL, 0);
	sem_wait(&gate.told);
	for (size_t i = 0; i < MORE_THAN_A_WAKE; i++)
		batch_cancel(batch, w[i].ticket);
	// Who wants the same after all gets an answer.
	assert_int_equal(submit(batch, &again, 23), BATCH_QUEUED);
	pass_gate(&gate);
	collect(batch, &again, 1, 1);
	assert_int_equal(again.outcome, 1);
	for (size_t i = 0; i < MORE_THAN_A_WAKE; i++)
		assert_int_equal(w[i].told, 0);
	struct batch_counters counters = count(batch);
	assert_in_range(counters.skipped, 1, MORE_THAN_A_WAKE - 1);
	assert_int_equal(counters.verified + counters.skipped, MORE_THAN_A_WAKE + 1);
	assert_int_equal(counters.failed, 0);
	batch_free(batch);
	close_gate(&gate);
}

static void stopping_with_cancelled_work_leaves_nothing(void **state)
{
	static struct waiter w[WAITERS];

	(void)state;
	for (size_t round = 0; round < 10; round++) {
		struct batch *batch = open_batch(&(struct batch_config){.workers = 2});
		for (size_t i = 0; i < 100; i++)
			assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
		batch_run(batch, 10, NULL, NULL, 0);
		for (size_t i = 0; i < 100; i += 1 + round % 3)
			batch_cancel(batch, w[i].ticket);
		batch_free(batch);
	}
}

static void stopping_with_work_under_way_leaves_nothing(void **state)
{
	static struct waiter w[WAITERS];

	(void)state;
	for (size_t round = 0; round < 10; round++) {
		struct batch *batch = open_batch(&(struct batch_config){.workers = 2});
		for (size_t i = 0; i < 50; i++)
			assert_int_equal(submit(batch, &w[i], i), BATCH_QUEUED);
		for (size_t i = 0; i < round; i++)
			batch_run(batch, 10, NULL, NULL, 0);
		batch_free(batch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_in_much_use_verifies_alike),
		cmocka_unit_test(stopping_while_a_table_is_made_leaves_nothing),
		cmocka_unit_test(workers_answer_like_the_inline_way),
		cmocka_unit_test(a_job_that_a_worker_has_can_be_cancelled),
		cmocka_unit_test(results_are_told_before_all_is_done),
		cmocka_unit_test(wakes_are_enough_to_get_everything_done),
		cmocka_unit_test(what_a_worker_has_not_begun_is_not_verified_when_cancelled),
		cmocka_unit_test(stopping_with_cancelled_work_leaves_nothing),
		cmocka_unit_test(stopping_with_work_under_way_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
