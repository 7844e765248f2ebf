// A thread that verifies jobs: in by one ring, out by another, asleep when there is nothing.
//
// Thread: control; the worker's own thread touches nothing but the jobs it was handed.
#pragma once

#include <stdbool.h>

struct job;
struct worker;

// Handed over and not taken back, in the units of struct algorithm's cost: about 2 ms. What waits
// here can no more be overtaken.
#define WORKER_LOAD_MAX 128

// slot: the worker's own in every key. wake, which may be NULL, is called when there are results,
// by every sixteenth at the latest. NULL: no thread or no memory.
struct worker *worker_start(unsigned slot, void (*wake)(void *arg), void *wake_arg)
	__attribute__((warn_unused_result));
// Waits for what it is doing right now. Jobs in the rings stay with the caller.
void worker_stop(struct worker *worker);

unsigned worker_load(const struct worker *worker) __attribute__((nonnull, pure));
// Only while its load is below WORKER_LOAD_MAX. worker_kick() once a few were handed over.
void worker_give(struct worker *worker, struct job *job) __attribute__((nonnull));
void worker_kick(struct worker *worker) __attribute__((nonnull));
struct job *worker_take(struct worker *worker) __attribute__((nonnull)); // NULL: none finished
