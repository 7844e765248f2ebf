// What a running assayd has for itself: the interfaces, devices and the tap of its packet path, its
// control socket, its state. All of it is taken before any is touched, so that a start which fails
// harms nobody, and held by descriptors: the kernel gives it back however the process ends, and
// they can be handed on to a successor.
//
// What belongs to a network namespace is an abstract socket there (an interface and its XDP
// program, its tables, a tap); what is a file has a file of the same name and ".lock" beside it.
//
// Thread: control.
#pragma once

#include <stddef.h>

#define LOCKS_MAX 24 // ports, a tap, three files, and more than that

struct locks {
	int fds[LOCKS_MAX];
	size_t count;
};

// One thing of a network namespace, of the kind "interface", "device" or "tap"; one file, "" for
// none. Waits a moment for a process that is just ending. 0, also for what this process has
// already; -EBUSY with a sentence that says what is in use and by whom; other errors with a
// sentence, too. locks_release() is right in either case.
int locks_take_name(struct locks *locks, const char *kind, const char *name, char *err,
		    size_t err_len) __attribute__((nonnull, warn_unused_result));
int locks_take_file(struct locks *locks, const char *what, const char *path, char *err,
		    size_t err_len) __attribute__((nonnull, warn_unused_result));
// Once in a while: lets go of connections by which others asked who holds a lock.
void locks_run(const struct locks *locks) __attribute__((nonnull));
// At the very end: whoever waits may start the moment that it returns.
void locks_release(struct locks *locks) __attribute__((nonnull));
