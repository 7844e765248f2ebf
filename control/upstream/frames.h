// Messages out of a stream of bytes: two bytes of length before each (RFC 1035 §4.2.2). What is
// announced costs nothing: memory grows as bytes arrive.
//
// Thread: any.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FRAMES_LENGTH_BYTES 2

struct frames {
	uint8_t *buf; // of the message under way, with its length
	size_t len, cap;
};

void frames_close(struct frames *frames) __attribute__((nonnull));
// Takes bytes up to the end of a message at most. Returns how many; -ENOMEM. *message is NULL until
// one is whole; it and its bytes, which may be written, live until the next call.
long frames_take(struct frames *frames, const uint8_t *data, size_t len, uint8_t **message,
		 size_t *message_len) __attribute__((nonnull, warn_unused_result));
