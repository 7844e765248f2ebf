// Retired entries and the thread that waits for readers to let go of them.
//
// The writer gathers what it took out of a table in a list (linked through
// entry->reserved, so retiring needs no memory), hands the whole list over, and gets it
// back when a grace period has passed: one batch at a time and table, three states.
// synchronize_rcu() is called by the reclaimer alone, which is itself no reader.
#pragma once

#include "dataplane/cache/table.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

// Values of entry->reserved that are no reference: the index lies there, not entries.
#define ENTRY_LIVE 0     // in the table, or one-shot
#define ENTRY_LIST_END 1 // retired, the last of its list
#define ENTRY_HELD 2     // past its grace period, kept by its pins

enum batch_state {
	BATCH_WRITER,    // nothing handed over
	BATCH_HANDED,    // for the reclaimer to take
	BATCH_WAITING,   // the reclaimer waits for readers
	BATCH_PASSED,    // for the writer to collect
};

struct retired {
	_Atomic int state;    // HANDED: set by the writer; WAITING, PASSED: by the reclaimer
	entry_ref handed;     // writer: rw in BATCH_WRITER and BATCH_PASSED
	entry_ref gathered;   // writer: the list that grows
	size_t gathered_count;
	size_t pending_bytes; // writer: blocks gathered and handed over
};

void retired_init(struct retired *retired) __attribute__((nonnull));
void retired_add(struct retired *retired, const struct table *table, struct entry *entry,
		 size_t block_bytes) __attribute__((nonnull));
// A list whose grace period has passed, linked by entry->reserved; ENTRY_LIST_END: none.
entry_ref retired_collect(struct retired *retired) __attribute__((nonnull));

struct reclaimer {
	pthread_t thread;
	sem_t wake;
	_Atomic bool stop;
	_Atomic bool asked; // writer: a grace period is wanted though nothing was handed over
	_Atomic uint64_t grace_periods; // reclaimer: rw, writer: ro
	struct retired **lists;
	size_t count;
};

// lists are the caller's and outlive the thread. 0 or -errno.
int reclaimer_start(struct reclaimer *reclaimer, struct retired **lists, size_t count)
	__attribute__((nonnull, warn_unused_result));
void reclaimer_stop(struct reclaimer *reclaimer) __attribute__((nonnull));
// How many grace periods are over.
static inline uint64_t reclaimer_passed(const struct reclaimer *reclaimer)
{
	// Acquire: partner of the release in wait_for_readers(); all that readers did before.
	return atomic_load_explicit(&reclaimer->grace_periods, memory_order_acquire);
}
// Wants one more, whether anything was retired or not.
void reclaimer_ask(struct reclaimer *reclaimer) __attribute__((nonnull));
// Hands the gathered list over unless the last one is still on its way. Never blocks.
void reclaimer_hand_over(struct reclaimer *reclaimer, struct retired *retired)
	__attribute__((nonnull));
