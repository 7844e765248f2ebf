#include "crypto/worker.h"

#include "crypto/job.h"

#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

// Results, or sooner when nothing is left to do, which WORKER_LOAD_MAX bounds in time. Waking control
// for every fourth one cost it, where it shares a core with a worker, a tenth of both.
#define TELL_AFTER 16

static_assert((WORKER_LOAD_MAX & (WORKER_LOAD_MAX - 1)) == 0, "rings wrap by mask");

// One writer, one reader. Every job costs 1 or more, so that it is never full.
struct ring {
	_Alignas(64) _Atomic unsigned head; // writer: rw, reader: ro
	_Alignas(64) _Atomic unsigned tail; // reader: rw, writer: ro
	struct job *jobs[WORKER_LOAD_MAX];
};

struct worker {
	struct ring in;  // control writes
	struct ring out; // the worker writes
	sem_t work;
	_Atomic bool stop;
	pthread_t thread;
	struct verifier verifier;
	unsigned load; // control: cost of what was given and not taken back
	void (*wake)(void *arg);
	void *wake_arg;
};

static void ring_put(struct ring *ring, struct job *job)
{
	unsigned head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	ring->jobs[head % WORKER_LOAD_MAX] = job;
	// Partner: the acquire in ring_get(); the job's fields are visible before it is.
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

static struct job *ring_get(struct ring *ring)
{
	unsigned tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	// Partner: the release in ring_put().
	if (tail == atomic_load_explicit(&ring->head, memory_order_acquire))
		return NULL;
	struct job *job = ring->jobs[tail % WORKER_LOAD_MAX];
	// Only the reader looks at it: the writer knows by `load` that there is room.
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_relaxed);
	return job;
}

static bool stopped(const struct worker *w)
{
	return atomic_load_explicit(&w->stop, memory_order_relaxed);
}

static void verify(struct worker *w, struct job *job)
{
	// Alone and in no order with anything: to miss it costs one verification.
	job->skipped = atomic_load_explicit(&job->cancelled, memory_order_relaxed);
	job->good = !job->skipped && job_verify(job, &w->verifier);
	ring_put(&w->out, job);
}

static void tell(struct worker *w)
{
	if (w->wake != NULL)
		w->wake(w->wake_arg);
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct job *job;

	for (;;) {
		unsigned untold = 0;
		while (sem_wait(&w->work) != 0)
			;
		while (!stopped(w) && (job = ring_get(&w->in)) != NULL) {
			verify(w, job);
			if (++untold % TELL_AFTER == 0)
				tell(w);
		}
		if (stopped(w))
			return NULL;
		if (untold % TELL_AFTER != 0)
			tell(w);
	}
}

// Signals are for control's loop only.
static int start_thread(struct worker *w)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

struct worker *worker_start(unsigned slot, void (*wake)(void *arg), void *wake_arg)
{
	struct worker *w = aligned_alloc(64, (sizeof(*w) + 63) / 64 * 64);

	if (w == NULL)
		return NULL;
	*w = (struct worker){.wake = wake, .wake_arg = wake_arg};
	if (!verifier_init(&w->verifier, slot)) {
		free(w);
		return NULL;
	}
	sem_init(&w->work, 0, 0);
	if (start_thread(w) != 0) {
		sem_destroy(&w->work);
		verifier_fini(&w->verifier);
		free(w);
		return NULL;
	}
	pthread_setname_np(w->thread, "crypto");
	return w;
}

void worker_stop(struct worker *w)
{
	if (w == NULL)
		return;
	atomic_store_explicit(&w->stop, true, memory_order_relaxed);
	sem_post(&w->work);
	pthread_join(w->thread, NULL);
	sem_destroy(&w->work);
	verifier_fini(&w->verifier);
	free(w);
}

unsigned worker_load(const struct worker *w)
{
	return w->load;
}

void worker_give(struct worker *w, struct job *job)
{
	assert(w->load < WORKER_LOAD_MAX);
	w->load += job->key->cost;
	ring_put(&w->in, job);
}

void worker_kick(struct worker *w)
{
	sem_post(&w->work);
}

struct job *worker_take(struct worker *w)
{
	struct job *job = ring_get(&w->out);

	if (job != NULL)
		w->load -= job->key->cost;
	return job;
}
