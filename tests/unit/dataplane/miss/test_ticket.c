#include "dataplane/miss/ticket.h"
#include "dataplane/miss/wake.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define COUNT 8u

// Results are only handed through: their addresses are all that counts here.
static struct store_result results[COUNT];

static int new_pool(void **state)
{
	static struct ticket_pool pool;

	*state = &pool;
	return ticket_pool_init(&pool, COUNT);
}

static int free_pool(void **state)
{
	ticket_pool_fini(*state);
	return 0;
}

static void a_count_that_is_no_power_of_two_is_refused(void **state)
{
	struct ticket_pool pool;

	(void)state;
	assert_int_equal(ticket_pool_init(&pool, 0), -EINVAL);
	assert_int_equal(ticket_pool_init(&pool, 6), -EINVAL);
}

static void a_pool_gives_as_many_tickets_as_it_has(void **state)
{
	struct ticket_pool *pool = *state;
	struct ticket *seen[COUNT];

	for (unsigned i = 0; i < COUNT; i++) {
		seen[i] = ticket_take(pool);
		assert_non_null(seen[i]);
		for (unsigned j = 0; j < i; j++)
			assert_ptr_not_equal(seen[i], seen[j]);
	}
	assert_null(ticket_take(pool));
}

static void all_tickets_fit_the_rings_at_once(void **state)
{
	struct ticket_pool *pool = *state;
	struct ticket *tickets[COUNT + 1];
	struct store_result *done[COUNT + 1];

	for (unsigned i = 0; i < COUNT; i++)
		ticket_queue(pool, ticket_take(pool));
	assert_true(ticket_waiting(pool));
	assert_int_equal(ticket_misses(pool, tickets, COUNT + 1), COUNT);
	for (unsigned i = 0; i < COUNT; i++)
		ticket_return(tickets[i], &results[i]);
	assert_false(ticket_waiting(pool));
	assert_int_equal(ticket_retries(pool, tickets, COUNT + 1), COUNT);
	for (unsigned i = 0; i < COUNT; i++) {
		assert_ptr_equal(tickets[i]->result, &results[i]);
		ticket_free(pool, tickets[i]);
	}
	assert_true(ticket_waiting(pool));
	assert_int_equal(ticket_collect(pool, done, COUNT + 1), COUNT);
	for (unsigned i = 0; i < COUNT; i++)
		assert_ptr_equal(done[i], &results[i]);
	assert_false(ticket_waiting(pool));
}

static void a_ticket_that_failed_hands_back_no_result(void **state)
{
	struct ticket_pool *pool = *state;
	struct ticket *ticket = ticket_take(pool);
	struct store_result *done = &results[0];

	ticket_queue(pool, ticket);
	assert_int_equal(ticket_misses(pool, &ticket, 1), 1);
	ticket_return(ticket, NULL);
	assert_int_equal(ticket_retries(pool, &ticket, 1), 1);
	ticket_free(pool, ticket);
	assert_int_equal(ticket_collect(pool, &done, 1), 1);
	assert_null(done);
}

// The worst case of ticket_collect()'s contract: a full done ring, and every ticket taken anew.
static void tickets_taken_again_before_the_collection_do_not_overfill(void **state)
{
	struct ticket_pool *pool = *state;
	struct ticket *tickets[COUNT];
	struct store_result *done[COUNT];

	for (unsigned round = 0; round < 100; round++) {
		while (1) {
			struct ticket *ticket = ticket_take(pool);

			if (ticket == NULL)
				break;
			ticket_queue(pool, ticket);
		}
		// Control: misses first, then collect to the end.
		assert_int_equal(ticket_misses(pool, tickets, COUNT), COUNT);
		assert_int_equal(ticket_collect(pool, done, COUNT), round == 0 ? 0 : COUNT);
		for (unsigned i = 0; i < COUNT; i++)
			ticket_return(tickets[i], &results[i]);
		assert_int_equal(ticket_retries(pool, tickets, COUNT), COUNT);
		for (unsigned i = 0; i < COUNT; i++)
			ticket_free(pool, tickets[i]);
	}
}

#define ROUNDS 200000u

static void a_ticket_that_comes_back_wakes_its_core(void **state)
{
	struct ticket_pool *pool = *state;
	struct pollfd fd = {.events = POLLIN};
	struct ticket *taken;
	struct wake wake;

	assert_int_equal(wake_init(&wake), 0);
	fd.fd = wake.fd;
	pool->wake = &wake;
	ticket_queue(pool, ticket_take(pool));
	assert_int_equal(ticket_misses(pool, &taken, 1), 1);
	wake_announce(&wake);
	assert_false(ticket_back(pool));
	ticket_return(taken, NULL);
	assert_true(ticket_back(pool));
	assert_int_equal(poll(&fd, 1, 0), 1);
	wake_done(&wake);
	assert_int_equal(ticket_retries(pool, &taken, 1), 1);
	assert_false(ticket_back(pool));
	ticket_free(pool, taken);
	pool->wake = NULL;
	wake_fini(&wake);
}

struct race {
	struct ticket_pool *pool;
	atomic_bool end;
	unsigned returned, collected;
};

static void collect(struct race *race)
{
	struct store_result *done[COUNT];

	race->collected += (unsigned)ticket_collect(race->pool, done, COUNT);
}

static void *control(void *arg)
{
	struct race *race = arg;
	struct ticket *tickets[3];

	while (!atomic_load(&race->end)) {
		size_t count = ticket_misses(race->pool, tickets, 3);

		collect(race);
		for (size_t i = 0; i < count; i++) {
			// The question must be what the other thread wrote before it queued it.
			struct store_result *result = &results[tickets[i]->question.id % COUNT];

			ticket_return(tickets[i], result);
			race->returned++;
		}
		if (count == 0)
			sched_yield();
	}
	return NULL;
}

static void every_ticket_crosses_threads_with_its_own_result(void **state)
{
	struct race race = {.pool = *state};
	unsigned taken = 0, freed = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, control, &race), 0);
	while (freed < ROUNDS) {
		struct ticket *ticket = taken < ROUNDS ? ticket_take(race.pool) : NULL;

		if (ticket != NULL) {
			ticket->question.id = (uint16_t)taken++;
			ticket_queue(race.pool, ticket);
		}
		if (ticket_retries(race.pool, &ticket, 1) == 1) {
			assert_ptr_equal(ticket->result, &results[ticket->question.id % COUNT]);
			ticket_free(race.pool, ticket);
			freed++;
		} else {
			sched_yield();
		}
	}
	atomic_store(&race.end, true);
	pthread_join(thread, NULL);
	collect(&race);
	assert_int_equal(race.returned, ROUNDS);
	assert_int_equal(race.collected, ROUNDS);
	assert_int_equal(race.pool->free_count, COUNT);
}

int main(void)
{
#define WITH_POOL(f) cmocka_unit_test_setup_teardown(f, new_pool, free_pool)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_that_is_no_power_of_two_is_refused),
		WITH_POOL(a_pool_gives_as_many_tickets_as_it_has),
		WITH_POOL(all_tickets_fit_the_rings_at_once),
		WITH_POOL(a_ticket_that_comes_back_wakes_its_core),
		WITH_POOL(a_ticket_that_failed_hands_back_no_result),
		WITH_POOL(tickets_taken_again_before_the_collection_do_not_overfill),
		WITH_POOL(every_ticket_crosses_threads_with_its_own_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
