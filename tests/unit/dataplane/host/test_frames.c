#include "dataplane/host/frames.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <pthread.h>
#include <sched.h>
#include <string.h>

static void put(struct frames *frames, uint16_t len)
{
	struct frame *slot = frames_reserve(frames);

	assert_non_null(slot);
	slot->len = len;
	memset(slot->bytes, (uint8_t)len, len);
	frames_commit(frames);
}

static void an_empty_ring_has_no_front(void **state)
{
	struct frames *frames = frames_new(4);

	(void)state;
	assert_non_null(frames);
	assert_null(frames_front(frames));
	frames_free(frames);
}

static void a_full_ring_takes_nothing_until_one_is_popped(void **state)
{
	struct frames *frames = frames_new(4);

	(void)state;
	for (uint16_t i = 1; i <= 4; i++)
		put(frames, i);
	assert_null(frames_reserve(frames));
	assert_int_equal(frames_front(frames)->len, 1);
	frames_pop(frames);
	put(frames, 5);
	assert_null(frames_reserve(frames));
	for (uint16_t i = 2; i <= 5; i++) {
		assert_int_equal(frames_front(frames)->len, i);
		frames_pop(frames);
	}
	assert_null(frames_front(frames));
	frames_free(frames);
}

static void a_frame_that_is_reserved_only_is_not_seen(void **state)
{
	struct frames *frames = frames_new(4);

	(void)state;
	assert_non_null(frames_reserve(frames));
	assert_null(frames_front(frames));
	frames_free(frames);
}

#define ROUNDS 200000u

static void *write_all(void *arg)
{
	struct frames *frames = arg;

	for (unsigned i = 0; i < ROUNDS;) {
		struct frame *slot = frames_reserve(frames);

		if (slot == NULL) {
			sched_yield();
			continue;
		}
		slot->len = (uint16_t)(i % 64 + 1);
		memset(slot->bytes, (uint8_t)i, slot->len);
		frames_commit(frames);
		i++;
	}
	return NULL;
}

static void frames_cross_threads_whole_and_in_order(void **state)
{
	struct frames *frames = frames_new(16);
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, write_all, frames), 0);
	for (unsigned i = 0; i < ROUNDS;) {
		const struct frame *frame = frames_front(frames);

		if (frame == NULL) {
			sched_yield();
			continue;
		}
		assert_int_equal(frame->len, i % 64 + 1);
		assert_int_equal(frame->bytes[0], (uint8_t)i);
		assert_int_equal(frame->bytes[frame->len - 1], (uint8_t)i);
		frames_pop(frames);
		i++;
	}
	pthread_join(thread, NULL);
	frames_free(frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_ring_has_no_front),
		cmocka_unit_test(a_full_ring_takes_nothing_until_one_is_popped),
		cmocka_unit_test(a_frame_that_is_reserved_only_is_not_seen),
		cmocka_unit_test(frames_cross_threads_whole_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
