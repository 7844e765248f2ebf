// Blocks of one size that come and go with every question, and are too large for the allocator's
// own short way: some are kept for the next. What is in them is not cleared.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define SHELF_MAX 64

struct shelf {
	void *blocks[SHELF_MAX];
	size_t count;
};

// NULL: no memory.
static inline void *shelf_take(struct shelf *shelf, size_t size)
{
	return shelf->count > 0 ? shelf->blocks[--shelf->count] : malloc(size);
}

static inline bool shelf_has_room(const struct shelf *shelf)
{
#ifdef __SANITIZE_ADDRESS__
	(void)shelf;
	return false; // so that each use after free is seen
#else
	return shelf->count < SHELF_MAX;
#endif
}

static inline void shelf_put(struct shelf *shelf, void *block)
{
	if (block != NULL && shelf_has_room(shelf))
		shelf->blocks[shelf->count++] = block;
	else
		free(block);
}

static inline void shelf_empty(struct shelf *shelf)
{
	while (shelf->count > 0)
		free(shelf->blocks[--shelf->count]);
}
