// Blocks of one size that come and go with every question, and are too large for the allocator's
// own short way: some are kept for the next. What is in them is not cleared.
#pragma once

#include <stddef.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
#define SHELF_MAX 0 // so that each use after free is seen
#else
#define SHELF_MAX 64
#endif

struct shelf {
	void *blocks[SHELF_MAX + 1];
	size_t count;
};

// NULL: no memory.
static inline void *shelf_take(struct shelf *shelf, size_t size)
{
	return shelf->count > 0 ? shelf->blocks[--shelf->count] : malloc(size);
}

static inline void shelf_put(struct shelf *shelf, void *block)
{
	if (block == NULL || shelf->count >= SHELF_MAX)
		free(block);
	else
		shelf->blocks[shelf->count++] = block;
}

static inline void shelf_empty(struct shelf *shelf)
{
	while (shelf->count > 0)
		free(shelf->blocks[--shelf->count]);
}
