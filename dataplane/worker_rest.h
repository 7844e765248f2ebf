// How an idle poll-mode core rests. Busy: never. Adaptive: first for moments; after a millisecond
// without work until a packet, control or the host thread wakes it, where its queues have
// descriptors to wait on, or else for half a millisecond at a time.
#pragma once

#include "dataplane/worker.h"

// Behind a turn that did so much work.
void worker_rest(struct lcore *lcore, unsigned work) __attribute__((nonnull));
