// A bounded ring of whole frames between two threads, one writer and one reader. Frames are
// copied, so that no packet buffer ever leaves its poll-mode core.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FRAME_MAX 2044 // with its length and port a slot is 2 KiB

struct frame {
	uint16_t len;
	uint8_t port; // index of the port it came from or goes to
	uint8_t bytes[FRAME_MAX];
};

struct frames;

// count: a power of two. NULL when there is no memory.
struct frames *frames_new(uint32_t count) __attribute__((warn_unused_result));
void frames_free(struct frames *frames);

// Writer: the slot to fill, NULL when the ring is full; then hand it over.
struct frame *frames_reserve(struct frames *frames) __attribute__((nonnull));
void frames_commit(struct frames *frames) __attribute__((nonnull));
// Reader: the oldest frame, NULL when there is none; then let its slot be filled again.
const struct frame *frames_front(struct frames *frames) __attribute__((nonnull));
void frames_pop(struct frames *frames) __attribute__((nonnull));
