#include "crypto/batch.h"

#include "crypto/batch_jobs.h"
#include "dataplane/dns/edns.h"

#include <openssl/rand.h>

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MEMO_MAX     32768
#define JOBS_MAX     8192
#define GROUP_COST   64  // about 1 ms of one key's jobs, before the next key's turn
#define MESSAGE_MIN  512 // a job's buffer grows to powers of two from here
#define CONTROL_SLOT 0   // workers follow

static_assert(BATCH_WORKERS_MAX + 1 == SLOTS_MAX, "a slot per thread in every key");

// ---- submission ----

// What key_verify() takes, and the fingerprint, out of b->data.
static bool fill(struct batch *b, struct job *job, const struct rdata_rrsig *rrsig)
{
	const EVP_MD *md = job->key->algorithm->md;

	job->digest_len = digester_sum(b->digester, md != NULL ? md : algorithm_sha256(),
				       b->data.bytes, b->data.len, job->digest);
	if (job->digest_len == 0)
		return false;
	job->print = (struct fingerprint){
		.key_id = job->key->id,
		.signature = siphash_2_4(b->secret, rrsig->signature, rrsig->signature_len),
	};
	size_t len = job->digest_len;
	memcpy(job->print.digest, job->digest,
	       len < FINGERPRINT_DIGEST_LEN ? len : FINGERPRINT_DIGEST_LEN);
	memcpy(job->signature, rrsig->signature, rrsig->signature_len);
	job->signature_len = rrsig->signature_len;
	return true;
}

static bool keep_message(struct batch *b, struct job *job)
{
	if (job->key->algorithm->md != NULL)
		return true;
	size_t cap = job->message_cap != 0 ? job->message_cap : MESSAGE_MIN;
	while (cap < b->data.len)
		cap *= 2;
	if (cap != job->message_cap) {
		uint8_t *grown = realloc(job->message, cap);
		if (grown == NULL)
			return false;
		job->message = grown;
		job->message_cap = cap;
	}
	memcpy(job->message, b->data.bytes, b->data.len);
	job->message_len = b->data.len;
	return true;
}

static bool pays(struct batch *b, const struct batch_request *request)
{
	if (request->charge == NULL || request->charge(request->arg))
		return true;
	b->counters.refused++;
	return false;
}

// Known, joined or queued: `job` is ours and goes back unless it is queued.
static enum batch_answer place(struct batch *b, struct job *job, const struct rdata_rrsig *rrsig,
			       const struct batch_request *request, bool paid,
			       struct batch_ticket **ticket)
{
	if (!fill(b, job, rrsig))
		return BATCH_FULL;
	if (memo_has(b->memo, &job->print)) {
		b->counters.memo_hits++;
		return BATCH_GOOD;
	}
	struct job *same = batch_job_find(b, &job->print, rrsig);
	if (same != NULL) {
		*ticket = batch_ticket_new(b, same, request);
		if (*ticket == NULL)
			return BATCH_FULL;
		b->counters.joined++;
		batch_job_free(b, job);
		return BATCH_QUEUED;
	}
	// What is granted is kept for those who have waited for it.
	bool room = b->job_count + b->rooms.granted <= b->job_max ||
		    (request->room != NULL && request->room->state == ROOM_GRANTED);
	if (!room || !keep_message(b, job))
		return BATCH_FULL;
	if (!paid && !pays(b, request))
		return BATCH_REFUSED;
	*ticket = batch_ticket_new(b, job, request);
	if (*ticket == NULL)
		return BATCH_FULL;
	batch_job_queue(b, job);
	return BATCH_QUEUED;
}

static enum batch_answer unusable(struct batch *b)
{
	b->counters.unusable++;
	return BATCH_BAD;
}

static enum batch_answer with_key(struct batch *b, struct job *job, const struct rdata_rrsig *rrsig,
				  const struct batch_request *request, struct batch_ticket **ticket)
{
	job->key = keys_find(b->keys, request->dnskey, request->dnskey_len);
	// A key never seen before has verified nothing: there is work to do, the parsing first.
	bool paid = job->key == NULL;
	if (paid && !pays(b, request))
		return BATCH_REFUSED;
	if (paid)
		job->key = keys_add(b->keys, request->dnskey, request->dnskey_len);
	if (job->key == NULL)
		return BATCH_FULL;
	if (job->key->broken || rrsig->signature_len != job->key->signature_len)
		return unusable(b);
	int rc = signed_data_build(&b->data, request->rrset, request->rrsig.data, rrsig);
	if (rc == -EINVAL)
		return unusable(b);
	return rc == 0 ? place(b, job, rrsig, request, paid, ticket) : BATCH_FULL;
}

enum batch_answer batch_submit(struct batch *b, const struct batch_request *request,
			       struct batch_ticket **ticket)
{
	struct rdata_rrsig rrsig;

	b->counters.submitted++;
	if (!rdata_rrsig(request->rrsig.data, request->rrsig.len, &rrsig) ||
	    request->dnskey_len < 4 || request->dnskey[3] != rrsig.algorithm)
		return unusable(b);
	struct job *job = batch_job_new(b);
	if (job == NULL)
		return BATCH_FULL;
	enum batch_answer answer = with_key(b, job, &rrsig, request, ticket);
	if (answer != BATCH_QUEUED)
		batch_job_free(b, job);
	if (request->room != NULL)
		batch_leave(b, request->room);
	if (answer == BATCH_FULL)
		b->counters.full++;
	return answer;
}

void batch_wait(struct batch *b, struct batch_room *room, const uint8_t *zone)
{
	room->share = siphash_2_4(b->secret, zone, name_len(zone));
	rooms_wait(&b->rooms, room);
}

void batch_leave(struct batch *b, struct batch_room *room)
{
	rooms_leave(&b->rooms, room);
}

// One for each job that has ended.
static void give_room(struct batch *b)
{
	while (b->job_count + b->rooms.granted < b->job_max && rooms_grant(&b->rooms))
		;
}

static bool has_room(const struct batch *b)
{
	return b->rooms.waiting > 0 && b->job_count + b->rooms.granted < b->job_max;
}

void batch_cancel(struct batch *b, struct batch_ticket *ticket)
{
	struct job *job = ticket->job;

	b->counters.cancelled++;
	batch_ticket_free(b, ticket);
	if (!list_empty(&job->tickets) || job->state == JOB_DONE)
		return;
	batch_job_unlink(b, job);
	if (job->state == JOB_QUEUED) {
		batch_job_unqueue(b, job);
		batch_job_free(b, job);
		return;
	}
	// A worker reads it: it stays as it is until that gives it back.
	atomic_store_explicit(&job->cancelled, true, memory_order_relaxed);
	list_push(&b->abandoned, &job->pending);
}

// ---- verification ----

static void learn(struct batch *b, const struct job *job, bool good)
{
	if (good) {
		b->counters.verified++;
		memo_add(b->memo, &job->print);
		tables_count(b->tables, job->key);
	} else {
		b->counters.failed++;
	}
}

static void finish(struct batch *b, struct job *job, bool good)
{
	struct list *link;

	job->state = JOB_DONE;
	batch_job_unlink(b, job);
	learn(b, job, good);
	while ((link = list_pop(&job->tickets)) != NULL) {
		struct batch_ticket *ticket = LIST_OF(link, struct batch_ticket, link);
		void (*done)(void *arg, bool good) = ticket->done;
		void *arg = ticket->arg;
		batch_ticket_free(b, ticket);
		done(arg, good);
	}
	batch_job_free(b, job);
}

static void finish_abandoned(struct batch *b, struct job *job)
{
	list_remove(&job->pending);
	if (job->skipped)
		b->counters.skipped++;
	else
		learn(b, job, job->good);
	batch_job_free(b, job);
}

// The next job of the key whose turn it is, no longer queued.
static struct job *next_of(struct batch *b, struct key *key)
{
	if (list_empty(&key->pending))
		return NULL;
	struct job *job = LIST_OF(key->pending.next, struct job, pending);
	batch_job_unqueue(b, job);
	job->state = JOB_RUNNING;
	return job;
}

// So that nobody waits for a key with more jobs, or dearer ones, than others.
static void end_turn_of(struct batch *b, struct key *key)
{
	if (list_empty(&key->pending))
		return;
	list_remove(&key->ready);
	list_push(&b->ready, &key->ready);
}

struct limit {
	size_t jobs;
	uint64_t (*now_us)(void *arg);
	void *now_arg;
	uint64_t end_us;
	bool over;
};

static void run_group(struct batch *b, struct key *key, struct limit *limit)
{
	struct job *job;

	for (unsigned cost = 0; cost < GROUP_COST && !limit->over; cost += key->cost) {
		if ((job = next_of(b, key)) == NULL)
			return;
		finish(b, job, job_verify(job, &b->verifier));
		limit->over = --limit->jobs == 0 ||
			      (limit->now_us != NULL &&
			       (int64_t)(limit->now_us(limit->now_arg) - limit->end_us) >= 0);
	}
}

static void run_inline(struct batch *b, struct limit *limit)
{
	while (!limit->over && !list_empty(&b->ready)) {
		struct key *key = LIST_OF(b->ready.next, struct key, ready);
		b->counters.groups++;
		key->refs++; // the last job may let go of it
		run_group(b, key, limit);
		end_turn_of(b, key);
		key_unref(key);
	}
}

static void collect(struct batch *b)
{
	struct job *job;

	for (unsigned i = 0; i < b->worker_count; i++) {
		while ((job = worker_take(b->workers[i])) != NULL) {
			if (list_empty(&job->tickets))
				finish_abandoned(b, job);
			else
				finish(b, job, job->good);
		}
	}
}

static struct worker *least_loaded(const struct batch *b)
{
	struct worker *least = b->workers[0];

	for (unsigned i = 1; i < b->worker_count; i++) {
		if (worker_load(b->workers[i]) < worker_load(least))
			least = b->workers[i];
	}
	return worker_load(least) < WORKER_LOAD_MAX ? least : NULL;
}

// At most GROUP_COST, and no more than leaves the other workers their share.
static void give_group(struct batch *b, struct key *key, struct worker *worker)
{
	size_t jobs = (b->queued + b->worker_count - 1) / b->worker_count;
	struct job *job;

	for (unsigned cost = 0; cost < GROUP_COST && jobs > 0; cost += key->cost) {
		if (worker_load(worker) >= WORKER_LOAD_MAX || (job = next_of(b, key)) == NULL)
			return;
		worker_give(worker, job);
		jobs--;
	}
}

static void hand_out(struct batch *b)
{
	struct worker *worker;

	while (!list_empty(&b->ready) && (worker = least_loaded(b)) != NULL) {
		struct key *key = LIST_OF(b->ready.next, struct key, ready);
		b->counters.groups++;
		give_group(b, key, worker);
		end_turn_of(b, key);
		worker_kick(worker);
	}
}

size_t batch_run(struct batch *b, size_t jobs_max, uint64_t (*now_us)(void *arg), void *now_arg,
		 uint64_t limit_us)
{
	tables_take(b->tables);
	if (b->worker_count == 0) {
		struct limit limit = {
			.jobs = jobs_max,
			.now_us = now_us,
			.now_arg = now_arg,
			.end_us = now_us != NULL ? now_us(now_arg) + limit_us : 0,
			.over = jobs_max == 0,
		};
		run_inline(b, &limit);
	} else {
		collect(b);
		hand_out(b);
	}
	give_room(b);
	// What is left finds no room at the workers. They hold work, so they will wake.
	return b->worker_count > 0 && b->wakes ? has_room(b) : b->queued;
}

// ---- life ----

static bool start_workers(struct batch *b, const struct batch_config *config)
{
	for (; b->worker_count < config->workers; b->worker_count++) {
		struct worker *worker = worker_start(CONTROL_SLOT + 1 + b->worker_count,
						     config->wake, config->wake_arg);
		if (worker == NULL)
			return false;
		b->workers[b->worker_count] = worker;
	}
	return true;
}

struct batch *batch_new(const struct batch_config *config)
{
	struct batch *b = calloc(1, sizeof(*b));
	size_t buckets = 64;

	if (b == NULL || config->workers > BATCH_WORKERS_MAX) {
		free(b);
		return NULL;
	}
	list_init(&b->ready);
	list_init(&b->abandoned);
	rooms_init(&b->rooms);
	b->wakes = config->wake != NULL;
	b->job_max = config->jobs_max != 0 ? config->jobs_max : JOBS_MAX;
	while (buckets < b->job_max)
		buckets *= 2;
	b->bucket_mask = buckets - 1;
	b->buckets = calloc(buckets, sizeof(b->buckets[0]));
	b->keys = keys_new(config->keys_max);
	b->tables = tables_new(config->table_after);
	b->memo = memo_new(config->memo_max != 0 ? config->memo_max : MEMO_MAX);
	b->digester = digester_new();
	if (b->buckets == NULL || b->keys == NULL || b->tables == NULL || b->memo == NULL ||
	    b->digester == NULL || !verifier_init(&b->verifier, CONTROL_SLOT) ||
	    RAND_bytes(b->secret, sizeof(b->secret)) != 1 || !start_workers(b, config)) {
		batch_free(b);
		return NULL;
	}
	return b;
}

void batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	for (unsigned i = 0; i < b->worker_count; i++)
		worker_stop(b->workers[i]);
	batch_jobs_free(b);
	free(b->buckets);
	tables_stop(b->tables);
	keys_free(b->keys);
	tables_free(b->tables);
	memo_free(b->memo);
	digester_free(b->digester);
	verifier_fini(&b->verifier);
	signed_data_free(&b->data);
	free(b);
}

void batch_counters(const struct batch *b, struct batch_counters *out)
{
	*out = b->counters;
	out->keys_parsed = keys_parsed(b->keys);
	out->tables = tables_made(b->tables);
}
