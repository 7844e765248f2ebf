#include "dataplane/miss/wake.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int wake_init(struct wake *wake)
{
	atomic_init(&wake->sleeping, false);
	wake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return wake->fd < 0 ? -errno : 0;
}

void wake_fini(struct wake *wake)
{
	if (wake->fd >= 0)
		close(wake->fd);
	wake->fd = -1;
}

void wake_announce(struct wake *wake)
{
	atomic_store_explicit(&wake->sleeping, true, memory_order_relaxed);
	// Partner: the fence in wake_signal().
	atomic_thread_fence(memory_order_seq_cst);
}

void wake_done(struct wake *wake)
{
	uint64_t times;

	atomic_store_explicit(&wake->sleeping, false, memory_order_relaxed);
	// Nothing to read is fine: the sleeper woke for another reason.
	if (read(wake->fd, &times, sizeof times) < 0)
		return;
}

void wake_signal(struct wake *wake)
{
	const uint64_t one = 1;

	// Partner: the fence in wake_announce(). What was put in the ring is visible to a
	// sleeper whose announcement is not visible here.
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(&wake->sleeping, memory_order_relaxed))
		return;
	// Of several wakers one writes.
	if (!atomic_exchange_explicit(&wake->sleeping, false, memory_order_relaxed))
		return;
	// An eventfd's write fails only when it is full, and then it is readable already.
	if (write(wake->fd, &one, sizeof one) < 0)
		return;
}
