#include "dataplane/cache/reclaim.h"

#include <urcu/urcu-qsbr.h>

#include <errno.h>
#include <signal.h>

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

void retired_init(struct retired *retired)
{
	*retired = (struct retired){.gathered = ENTRY_LIST_END, .handed = ENTRY_LIST_END};
	atomic_init(&retired->state, BATCH_WRITER);
}

void retired_add(struct retired *retired, const struct table *table, struct entry *entry,
		 size_t block_bytes)
{
	entry->reserved = retired->gathered;
	retired->gathered = table_ref(table, entry);
	retired->gathered_count++;
	retired->pending_bytes += block_bytes;
}

entry_ref retired_collect(struct retired *retired)
{
	// Acquire: partner of the release in wait_for_readers(); all readers' loads of these
	// entries come before what the writer does with their memory.
	if (atomic_load_explicit(&retired->state, memory_order_acquire) != BATCH_PASSED)
		return ENTRY_LIST_END;
	entry_ref list = retired->handed;
	retired->handed = ENTRY_LIST_END;
	atomic_store_explicit(&retired->state, BATCH_WRITER, memory_order_relaxed);
	return list;
}

void reclaimer_hand_over(struct reclaimer *reclaimer, struct retired *retired)
{
	if (retired->gathered == ENTRY_LIST_END ||
	    atomic_load_explicit(&retired->state, memory_order_relaxed) != BATCH_WRITER)
		return;
	retired->handed = retired->gathered;
	retired->gathered = ENTRY_LIST_END;
	retired->gathered_count = 0;
	// Release: partner of the acquire in take_handed(); the entries are out of the table.
	atomic_store_explicit(&retired->state, BATCH_HANDED, memory_order_release);
	sem_post(&reclaimer->wake);
}

void reclaimer_ask(struct reclaimer *reclaimer)
{
	if (!atomic_exchange_explicit(&reclaimer->asked, true, memory_order_acq_rel))
		sem_post(&reclaimer->wake);
}

static bool take_handed(struct reclaimer *reclaimer)
{
	bool any = atomic_exchange_explicit(&reclaimer->asked, false, memory_order_acq_rel);

	for (size_t i = 0; i < reclaimer->count; i++) {
		struct retired *retired = reclaimer->lists[i];
		if (atomic_load_explicit(&retired->state, memory_order_acquire) != BATCH_HANDED)
			continue;
		atomic_store_explicit(&retired->state, BATCH_WAITING, memory_order_relaxed);
		any = true;
	}
	return any;
}

static void wait_for_readers(struct reclaimer *reclaimer)
{
	urcu_qsbr_synchronize_rcu();
#ifdef __SANITIZE_THREAD__
	// It does not see into liburcu: all that readers did before they were quiescent, which they
	// tell it themselves (tests/unit/dataplane/cache/race_rate.c), comes before this.
	__tsan_acquire((void *)(uintptr_t)&urcu_qsbr_flavor);
#endif
	// Release: partner of the acquire in reclaimer_passed().
	atomic_fetch_add_explicit(&reclaimer->grace_periods, 1, memory_order_release);
	for (size_t i = 0; i < reclaimer->count; i++) {
		struct retired *retired = reclaimer->lists[i];
		if (atomic_load_explicit(&retired->state, memory_order_relaxed) == BATCH_WAITING)
			atomic_store_explicit(&retired->state, BATCH_PASSED, memory_order_release);
	}
}

static void *reclaimer_run(void *arg)
{
	struct reclaimer *reclaimer = arg;

	while (!atomic_load_explicit(&reclaimer->stop, memory_order_acquire)) {
		if (take_handed(reclaimer))
			wait_for_readers(reclaimer);
		else
			(void)sem_wait(&reclaimer->wake); // EINTR: looks again
	}
	return NULL;
}

int reclaimer_start(struct reclaimer *reclaimer, struct retired **lists, size_t count)
{
	sigset_t all, before;

	*reclaimer = (struct reclaimer){.lists = lists, .count = count};
	if (sem_init(&reclaimer->wake, 0, 0) < 0)
		return -errno;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); // signals are control's
	int rc = pthread_create(&reclaimer->thread, NULL, reclaimer_run, reclaimer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		sem_destroy(&reclaimer->wake);
		return -rc;
	}
	(void)pthread_setname_np(reclaimer->thread, "reclaimer");
	return 0;
}

void reclaimer_stop(struct reclaimer *reclaimer)
{
	atomic_store_explicit(&reclaimer->stop, true, memory_order_release);
	sem_post(&reclaimer->wake);
	pthread_join(reclaimer->thread, NULL);
	sem_destroy(&reclaimer->wake);
}
