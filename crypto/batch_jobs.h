// Jobs and tickets of a batch: kept for the next when they have ended, found by fingerprint while
// they are under way. For batch.c alone.
//
// Thread: control.
#pragma once

#include "crypto/batch.h"
#include "crypto/digest.h"
#include "crypto/job.h"
#include "crypto/room.h"
#include "crypto/signed_data.h"
#include "crypto/tables.h"
#include "crypto/worker.h"
#include "dataplane/dns/rdata.h"

struct batch_ticket {
	struct list link; // in its job, or (next only) free
	struct job *job;
	void (*done)(void *arg, bool good);
	void *arg;
};

struct batch {
	struct keys *keys;
	struct tables *tables;
	struct memo *memo;
	struct digester *digester;
	struct signed_data data;
	uint8_t secret[16];

	struct job **buckets; // jobs under way, by fingerprint
	size_t bucket_mask;
	struct list ready;     // keys with pending jobs, each in its turn
	struct list abandoned; // jobs that workers have and nobody waits for
	struct verifier verifier;
	size_t job_count, job_max;
	size_t queued; // of them, not handed to anybody yet
	struct rooms rooms;
	struct job *free_jobs;
	struct batch_ticket *free_tickets;

	struct worker *workers[BATCH_WORKERS_MAX];
	unsigned worker_count;
	bool wakes; // the workers, when they have results
	struct batch_counters counters;
};

// An empty one, in no list; NULL: no memory.
struct job *batch_job_new(struct batch *b);
void batch_job_free(struct batch *b, struct job *job);
// The request's, in the job; NULL: no memory.
struct batch_ticket *batch_ticket_new(struct batch *b, struct job *job,
				      const struct batch_request *request);
void batch_ticket_free(struct batch *b, struct batch_ticket *ticket);

// The one under way for the same data, key and signature; NULL: none is.
struct job *batch_job_find(struct batch *b, const struct fingerprint *print,
			   const struct rdata_rrsig *rrsig);
void batch_job_queue(struct batch *b, struct job *job);   // behind its key, and to be found
void batch_job_unqueue(struct batch *b, struct job *job); // and its key, where it was the last
void batch_job_unlink(struct batch *b, struct job *job);  // found no more
void batch_jobs_free(struct batch *b);                    // all, and what is kept for the next
