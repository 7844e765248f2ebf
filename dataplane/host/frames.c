#include "dataplane/host/frames.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct frame) <= 2048, "a slot is 2 KiB");

struct frames {
	_Alignas(64) _Atomic uint32_t written; // writer: rw, reader: ro
	_Alignas(64) _Atomic uint32_t read;    // reader: rw, writer: ro
	_Alignas(64) uint32_t count;
	struct frame *slots;
};

struct frames *frames_new(uint32_t count)
{
	struct frames *frames = aligned_alloc(64, sizeof *frames);

	assert(count > 0 && (count & (count - 1)) == 0);
	if (frames == NULL)
		return NULL;
	atomic_init(&frames->written, 0);
	atomic_init(&frames->read, 0);
	frames->count = count;
	frames->slots = aligned_alloc(64, count * sizeof *frames->slots);
	if (frames->slots == NULL) {
		free(frames);
		return NULL;
	}
	// Maps the pages now rather than on a poll-mode core.
	memset(frames->slots, 0, count * sizeof *frames->slots);
	return frames;
}

void frames_free(struct frames *frames)
{
	if (frames == NULL)
		return;
	free(frames->slots);
	free(frames);
}

struct frame *frames_reserve(struct frames *frames)
{
	uint32_t written = atomic_load_explicit(&frames->written, memory_order_relaxed);
	// Partner: the release in frames_pop(): the reader has done with the slot.
	uint32_t read = atomic_load_explicit(&frames->read, memory_order_acquire);

	if (written - read == frames->count)
		return NULL;
	return &frames->slots[written & (frames->count - 1)];
}

void frames_commit(struct frames *frames)
{
	uint32_t written = atomic_load_explicit(&frames->written, memory_order_relaxed);

	// Partner: the acquire in frames_front(): the slot is filled.
	atomic_store_explicit(&frames->written, written + 1, memory_order_release);
}

const struct frame *frames_front(struct frames *frames)
{
	uint32_t read = atomic_load_explicit(&frames->read, memory_order_relaxed);
	// Partner: the release in frames_commit().
	uint32_t written = atomic_load_explicit(&frames->written, memory_order_acquire);

	if (read == written)
		return NULL;
	return &frames->slots[read & (frames->count - 1)];
}

void frames_pop(struct frames *frames)
{
	uint32_t read = atomic_load_explicit(&frames->read, memory_order_relaxed);

	// Partner: the acquire in frames_reserve().
	atomic_store_explicit(&frames->read, read + 1, memory_order_release);
}
