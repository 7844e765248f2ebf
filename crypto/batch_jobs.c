#include "crypto/batch_jobs.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_KEPT 4096 // of a job's buffer, for the next

// ---- jobs and tickets, kept for the next ----

struct job *batch_job_new(struct batch *b)
{
	struct job *job = b->free_jobs;

	if (job != NULL) {
		b->free_jobs = job->next;
	} else {
		job = calloc(1, sizeof(*job));
		if (job == NULL)
			return NULL;
	}
	list_init(&job->pending);
	list_init(&job->tickets);
	b->job_count++;
	return job;
}

void batch_job_free(struct batch *b, struct job *job)
{
	if (job->key != NULL)
		key_unref(job->key);
	job->key = NULL;
	if (job->message_cap > MESSAGE_KEPT) {
		free(job->message);
		job->message = NULL;
		job->message_cap = 0;
	}
	job->next = b->free_jobs;
	b->free_jobs = job;
	b->job_count--;
}

struct batch_ticket *batch_ticket_new(struct batch *b, struct job *job,
				      const struct batch_request *request)
{
	struct batch_ticket *ticket = b->free_tickets;

	if (ticket != NULL)
		b->free_tickets = (struct batch_ticket *)(void *)ticket->link.next;
	else
		ticket = malloc(sizeof(*ticket));
	if (ticket == NULL)
		return NULL;
	ticket->job = job;
	ticket->done = request->done;
	ticket->arg = request->arg;
	list_push(&job->tickets, &ticket->link);
	return ticket;
}

void batch_ticket_free(struct batch *b, struct batch_ticket *ticket)
{
	list_remove(&ticket->link);
	ticket->link.next = (struct list *)(void *)b->free_tickets;
	b->free_tickets = ticket;
}

// ---- jobs under way ----

static struct job **bucket_of(struct batch *b, const struct fingerprint *print)
{
	return &b->buckets[print->signature & b->bucket_mask];
}

struct job *batch_job_find(struct batch *b, const struct fingerprint *print,
			   const struct rdata_rrsig *rrsig)
{
	for (struct job *job = *bucket_of(b, print); job != NULL; job = job->next) {
		if (memcmp(&job->print, print, sizeof(*print)) == 0 &&
		    job->signature_len == rrsig->signature_len &&
		    memcmp(job->signature, rrsig->signature, rrsig->signature_len) == 0)
			return job;
	}
	return NULL;
}

void batch_job_unlink(struct batch *b, struct job *job)
{
	struct job **p = bucket_of(b, &job->print);

	while (*p != job)
		p = &(*p)->next;
	*p = job->next;
}

void batch_job_unqueue(struct batch *b, struct job *job)
{
	list_remove(&job->pending);
	b->queued--;
	if (list_empty(&job->key->pending))
		list_remove(&job->key->ready);
}

void batch_job_queue(struct batch *b, struct job *job)
{
	struct job **bucket = bucket_of(b, &job->print);

	job->state = JOB_QUEUED;
	atomic_store_explicit(&job->cancelled, false, memory_order_relaxed);
	job->next = *bucket;
	*bucket = job;
	if (list_empty(&job->key->pending))
		list_push(&b->ready, &job->key->ready);
	list_push(&job->key->pending, &job->pending);
	b->queued++;
}

void batch_jobs_free(struct batch *b)
{
	for (size_t i = 0; b->buckets != NULL && i <= b->bucket_mask; i++) {
		while (b->buckets[i] != NULL) {
			struct job *job = b->buckets[i];
			struct list *link;
			b->buckets[i] = job->next;
			while ((link = list_pop(&job->tickets)) != NULL)
				free(LIST_OF(link, struct batch_ticket, link));
			list_remove(&job->pending);
			list_remove(&job->key->ready);
			batch_job_free(b, job);
		}
	}
	while (!list_empty(&b->abandoned)) {
		struct job *job = LIST_OF(b->abandoned.next, struct job, pending);
		list_remove(&job->pending);
		batch_job_free(b, job);
	}
	while (b->free_jobs != NULL) {
		struct job *job = b->free_jobs;
		b->free_jobs = job->next;
		free(job->message);
		free(job);
	}
	while (b->free_tickets != NULL) {
		struct batch_ticket *ticket = b->free_tickets;
		b->free_tickets = (struct batch_ticket *)(void *)ticket->link.next;
		free(ticket);
	}
}
