// Orders that change something leave a line in the log, refused ones, too: what, and the user and
// the process that gave it, as they were when they connected.
//
// Thread: control.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ucred;

struct order {
	const struct ucred *from;
	const char *verb;
	const char *const *arguments;
	size_t count;
};

// Lines of either kind are bounded per second: who is refused hides nothing of what is done.
void order_log(const struct order *order, uint64_t now_ms) __attribute__((nonnull));
void order_log_refused(const struct order *order, uint64_t now_ms, const char *why)
	__attribute__((nonnull));
