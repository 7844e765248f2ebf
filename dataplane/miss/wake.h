// Waking a thread that sleeps on an eventfd, at the price of one fence for the waker as long
// as nobody sleeps.
//
// The handshake: the sleeper sets `sleeping`, then looks at its rings; the waker fills a ring,
// then looks at `sleeping`. A sequentially consistent fence on each side between the store and
// the load makes it impossible that both see the old value, so no wake-up is lost.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

struct wake {
	_Alignas(64) atomic_bool sleeping; // sleeper: set, cleared; waker: cleared
	int fd;
};

// 0 or -errno.
int wake_init(struct wake *wake) __attribute__((nonnull, warn_unused_result));
void wake_fini(struct wake *wake) __attribute__((nonnull));

// Sleeper: announces; afterwards look at the rings again, and block only if they are empty.
void wake_announce(struct wake *wake) __attribute__((nonnull));
// Sleeper: after blocking, or when it does not block after all.
void wake_done(struct wake *wake) __attribute__((nonnull));

// Waker: after filling a ring. One write() per sleep at most.
void wake_signal(struct wake *wake) __attribute__((nonnull));
