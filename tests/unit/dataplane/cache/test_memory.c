#include "dataplane/cache/memory.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// The order is cmocka's wish.
#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define AREA (1 << 20)

struct arena {
	struct memory memory;
	uint8_t *area;
};

static int new_arena_of(void **state, uint32_t unit)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	arena->area = aligned_alloc(4096, AREA);
	memset(arena->area, 0, AREA);
	memory_init(&arena->memory, arena->area, AREA, unit);
	*state = arena;
	return 0;
}

static int new_arena(void **state)
{
	return new_arena_of(state, MEMORY_UNIT);
}

static int new_arena_of_lines(void **state)
{
	return new_arena_of(state, 64);
}

static int free_arena(void **state)
{
	struct arena *arena = *state;

	memory_end(&arena->memory);
	free(arena->area);
	free(arena);
	return 0;
}

static struct memory *memory_of(void **state)
{
	return &((struct arena *)*state)->memory;
}

static void block_is_as_large_as_asked_and_not_much_larger(void **state)
{
	struct memory *memory = memory_of(state);
	const size_t unit = memory->unit;

	for (size_t bytes = 1; bytes <= memory_largest(memory); bytes += 7) {
		void *block = memory_alloc(memory, bytes, false);
		assert_non_null(block);
		size_t got = memory_block_bytes(memory, block);
		assert_true(got >= bytes);
		assert_int_equal((uintptr_t)block % unit, 0);
		if (bytes >= 128 && bytes <= 1024)
			assert_true(got - bytes < unit);
		memset(block, 0xff, got);
		memory_free(memory, block);
	}
	assert_int_equal(memory->free_slabs, memory->slab_count);
	assert_null(memory_alloc(memory, memory_largest(memory) + 1, false));
}

static size_t fill(struct memory *memory, size_t bytes, void **blocks, size_t max)
{
	size_t count = 0;

	while (count < max && (blocks[count] = memory_alloc(memory, bytes, false)) != NULL) {
		memset(blocks[count], (int)count + 1, bytes);
		count++;
	}
	return count;
}

static void blocks_do_not_overlap_and_fill_the_area(void **state)
{
	struct memory *memory = memory_of(state);
	void **blocks = calloc(AREA / 96, sizeof(*blocks));
	size_t count = fill(memory, 128, blocks, AREA / 96);

	assert_true(count * 128 > AREA / 100 * 97);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *bytes = blocks[i];
		for (size_t j = 0; j < 128; j++)
			assert_int_equal(bytes[j], (uint8_t)(i + 1));
	}
	for (size_t i = 0; i < count; i++)
		memory_free(memory, blocks[i]);
	assert_int_equal(memory->free_slabs, memory->slab_count);
	free(blocks);
}

static void space_moves_between_classes(void **state)
{
	struct memory *memory = memory_of(state);
	void **blocks = calloc(AREA / 96, sizeof(*blocks));
	const size_t sizes[] = {100, 1000, 300, 3000, 96};

	for (size_t i = 0; i < 5; i++) {
		size_t count = fill(memory, sizes[i], blocks, AREA / 96);
		assert_true(count * sizes[i] > AREA / 100 * 70);
		assert_null(memory_alloc(memory, 700, false));
		while (count > 0)
			memory_free(memory, blocks[--count]);
	}
	free(blocks);
}

static void freed_block_is_used_again(void **state)
{
	struct memory *memory = memory_of(state);
	void *first = memory_alloc(memory, 200, false);
	void *second = memory_alloc(memory, 200, false);

	memory_free(memory, first);
	assert_ptr_equal(memory_alloc(memory, 200, false), first);
	memory_free(memory, first);
	memory_free(memory, second);
}

static void draining_slab_gives_no_block_and_empties(void **state)
{
	struct memory *memory = memory_of(state);
	void *first = memory_alloc(memory, 200, false);
	void *second = memory_alloc(memory, 200, false);

	memory_drain(memory, memory_next_slab(memory));
	assert_int_equal(memory->draining, 1);
	memory_free(memory, first);
	void *third = memory_alloc(memory, 200, false);
	assert_true(third < first || (uint8_t *)third >= (uint8_t *)first + memory->slab_bytes);
	uint32_t free_slabs = memory->free_slabs;
	memory_free(memory, second);
	assert_int_equal(memory->free_slabs, free_slabs + 1);
	assert_int_equal(memory->draining, 0);
	memory_free(memory, third);
}

// Else a few pinned entries would pass for slabs that are about to be free.
static void slab_with_a_held_block_does_not_count_as_draining(void **state)
{
	struct memory *memory = memory_of(state);
	void *block = memory_alloc(memory, 200, false);

	memory_drain(memory, memory_next_slab(memory));
	memory_hold(memory, block);
	assert_int_equal(memory->draining, 0);
	memory_unhold(memory, block);
	assert_int_equal(memory->draining, 1);
	memory_free(memory, block);
	assert_int_equal(memory->draining, 0);
}

static void hand_goes_from_oldest_to_newest_and_around(void **state)
{
	struct memory *memory = memory_of(state);
	void *blocks[3];

	for (size_t i = 0; i < 3; i++)
		blocks[i] = memory_alloc(memory, 4096, false); // a slab each
	uint32_t first = memory_next_slab(memory);
	assert_ptr_equal(memory_block(memory, first, 0), blocks[0]);
	assert_ptr_equal(memory_block(memory, memory_next_slab(memory), 0), blocks[1]);
	void *kept = memory_alloc(memory, 4096, true); // behind the hand
	assert_ptr_equal(memory_block(memory, memory_next_slab(memory), 0), blocks[2]);
	assert_int_equal(memory_next_slab(memory), first);
	memory_free(memory, blocks[0]);
	memory_free(memory, blocks[1]);
	assert_ptr_equal(memory_block(memory, memory_next_slab(memory), 0), kept);
	memory_free(memory, blocks[2]);
	memory_free(memory, kept);
	assert_int_equal(memory_next_slab(memory), SLAB_NONE);
}

static void survivors_share_no_slab_with_what_is_new(void **state)
{
	struct memory *memory = memory_of(state);
	uint8_t *fresh = memory_alloc(memory, 200, false);
	uint8_t *kept = memory_alloc(memory, 200, true);
	uint8_t *kept_too = memory_alloc(memory, 200, true);

	assert_true(kept < fresh || kept >= fresh + memory->slab_bytes);
	assert_int_equal(kept_too - kept, memory_block_bytes(memory, kept));
	memory_free(memory, fresh);
	memory_free(memory, kept);
	// A freed block is used again by its like.
	assert_ptr_equal(memory_alloc(memory, 200, true), kept);
	memory_free(memory, kept);
	memory_free(memory, kept_too);
	assert_int_equal(memory->free_slabs, memory->slab_count);
}

static void reservation_that_is_too_large_is_refused_in_words(void **state)
{
	struct reservation reservation = {0};
	char err[200] = "";

	(void)state;
	assert_true(reservation_make(&reservation, (size_t)1 << 52, false, err, sizeof(err)) < 0);
	assert_non_null(strstr(err, "MiB"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_arena, free_arena)
#define TEST_OF_LINES(f)                                                                           \
	{                                                                                          \
#f ", lines", f, new_arena_of_lines, free_arena, NULL                              \
	}

static size_t present(const struct reservation *reservation)
{
	const size_t pages = reservation->bytes / 4096;
	unsigned char *there = malloc(pages);
	size_t count = 0;

	assert_non_null(there);
	assert_int_equal(mincore(reservation->base, reservation->bytes, there), 0);
	for (size_t i = 0; i < pages; i++)
		count += there[i] & 1;
	free(there);
	return count;
}

// The start does not wait for all of it; what is written meanwhile stays.
static void large_reservation_becomes_present_and_keeps_what_is_written(void **state)
{
	const size_t bytes = RESERVATION_AT_ONCE + (64 << 20);
	const struct timespec turn = {.tv_nsec = 1000000};
	struct reservation reservation = {0};
	char err[200];

	(void)state;
	assert_int_equal(reservation_make(&reservation, bytes, PAGES_ORDINARY, err, sizeof(err)),
			 0);
	assert_true(present(&reservation) >= RESERVATION_AT_ONCE / 4096);
	for (size_t at = 0; at < bytes; at += 1 << 20)
		reservation.base[at] = 1;
	while (!reservation_filled(&reservation))
		clock_nanosleep(CLOCK_MONOTONIC, 0, &turn, NULL);
	assert_int_equal(reservation_failed(&reservation), 0);
	assert_int_equal(present(&reservation), bytes / 4096);
	for (size_t at = 0; at < bytes; at += 1 << 20)
		assert_int_equal(reservation.base[at], 1);
	reservation_end(&reservation);
	assert_null(reservation.base);
}

static void reservation_ends_while_it_is_filled(void **state)
{
	struct reservation reservation = {0};
	char err[200];

	(void)state;
	assert_int_equal(reservation_make(&reservation, RESERVATION_AT_ONCE + ((size_t)192 << 20),
					  PAGES_ORDINARY, err, sizeof(err)),
			 0);
	reservation_end(&reservation);
	assert_null(reservation.base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(block_is_as_large_as_asked_and_not_much_larger),
		TEST_OF_LINES(block_is_as_large_as_asked_and_not_much_larger),
		TEST(blocks_do_not_overlap_and_fill_the_area),
		TEST_OF_LINES(blocks_do_not_overlap_and_fill_the_area),
		TEST(space_moves_between_classes),
		TEST(freed_block_is_used_again),
		TEST(draining_slab_gives_no_block_and_empties),
		TEST(slab_with_a_held_block_does_not_count_as_draining),
		TEST(hand_goes_from_oldest_to_newest_and_around),
		TEST(survivors_share_no_slab_with_what_is_new),
		cmocka_unit_test(reservation_that_is_too_large_is_refused_in_words),
		cmocka_unit_test(large_reservation_becomes_present_and_keeps_what_is_written),
		cmocka_unit_test(reservation_ends_while_it_is_filled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
