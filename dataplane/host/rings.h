// The frames that one poll-mode core has for the host's stack: a ring for each class, so that no
// class takes the room of another.
#pragma once

#include "dataplane/host/classes.h"
#include "dataplane/host/frames.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rings {
	struct frames *of[EXCEPTION_CLASS_COUNT];
};

// 0 or -ENOMEM; rings_fini() is right in either case.
int rings_init(struct rings *rings) __attribute__((nonnull, warn_unused_result));
void rings_fini(struct rings *rings) __attribute__((nonnull));

// Poll-mode core: copies a frame that came in by a port; false: the ring of its class is full, or
// the frame too long.
bool rings_offer(struct rings *rings, enum exception_class class, uint8_t port,
		 const uint8_t *frame, size_t len) __attribute__((nonnull));

// ---- host thread ----
bool rings_empty(const struct rings *rings, unsigned count) __attribute__((nonnull));
// One turn: of every class as many frames as its weight, over the rings of all cores, beginning
// with the first-th. take: sees each frame; it is gone afterwards. Returns how many there were.
typedef void (*rings_take)(const struct frame *frame, enum exception_class class, void *arg);
unsigned rings_turn(struct rings *rings, unsigned count, unsigned first, rings_take take, void *arg)
	__attribute__((nonnull(1, 4)));
