#include "crypto/worker.h"

#include "crypto/job.h"

#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

static_assert((WORKER_JOBS_MAX & (WORKER_JOBS_MAX - 1)) == 0, "rings wrap by mask");

// One writer, one reader. As big as the most that can be under way, so it is never full.
struct ring {
	_Alignas(64) _Atomic unsigned head; // writer: rw, reader: ro
	_Alignas(64) _Atomic unsigned tail; // reader: rw, writer: ro
	struct job *jobs[WORKER_JOBS_MAX];
};

struct worker {
	struct ring in;  // control writes
	struct ring out; // the worker writes
	sem_t work;
	_Atomic bool stop;
	pthread_t thread;
	unsigned slot;
	unsigned load; // control: given and not taken back
	void (*wake)(void *arg);
	void *wake_arg;
};

static void ring_put(struct ring *ring, struct job *job)
{
	unsigned head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	ring->jobs[head % WORKER_JOBS_MAX] = job;
	// Partner: the acquire in ring_get(); the job's fields are visible before it is.
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

static struct job *ring_get(struct ring *ring)
{
	unsigned tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	// Partner: the release in ring_put().
	if (tail == atomic_load_explicit(&ring->head, memory_order_acquire))
		return NULL;
	struct job *job = ring->jobs[tail % WORKER_JOBS_MAX];
	// Only the reader looks at it: the writer knows by `load` that there is room.
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_relaxed);
	return job;
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct job *job;

	for (;;) {
		while (sem_wait(&w->work) != 0)
			;
		if (atomic_load_explicit(&w->stop, memory_order_relaxed))
			return NULL;
		bool any = false;
		while ((job = ring_get(&w->in)) != NULL) {
			job->good = job_verify(job, w->slot);
			ring_put(&w->out, job);
			any = true;
			if (atomic_load_explicit(&w->stop, memory_order_relaxed))
				return NULL;
		}
		if (any && w->wake != NULL)
			w->wake(w->wake_arg);
	}
}

struct worker *worker_start(unsigned slot, void (*wake)(void *arg), void *wake_arg)
{
	struct worker *w = aligned_alloc(64, (sizeof(*w) + 63) / 64 * 64);
	sigset_t all, before;

	if (w == NULL)
		return NULL;
	*w = (struct worker){.slot = slot, .wake = wake, .wake_arg = wake_arg};
	sem_init(&w->work, 0, 0);
	// Signals are for control's loop only.
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		sem_destroy(&w->work);
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
	free(w);
}

unsigned worker_load(const struct worker *w)
{
	return w->load;
}

bool worker_give(struct worker *w, struct job *job)
{
	if (w->load == WORKER_JOBS_MAX)
		return false;
	w->load++;
	ring_put(&w->in, job);
	return true;
}

void worker_kick(struct worker *w)
{
	sem_post(&w->work);
}

struct job *worker_take(struct worker *w)
{
	struct job *job = ring_get(&w->out);

	if (job != NULL)
		w->load--;
	return job;
}
