// The only way to verify a signature. Jobs copy what they need when they are submitted (ATTACKS
// §0.2), are verified in groups of one key by batch_run() or by worker threads, identical ones
// once, and a signature that was verified before is not verified again.
//
// Knows no clock and no trust: whether a signature may be used at all (times, labels, signer,
// key flags) is for the caller to decide before.
//
// Thread: control.
#pragma once

#include "crypto/list.h"
#include "dataplane/dns/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct batch_ticket; // one submission that is under way

#define BATCH_WORKERS_MAX 16

struct batch_config {
	size_t keys_max;      // parsed keys kept, 0: 4,096
	size_t memo_max;      // verified signatures remembered, 0: 32,768
	size_t jobs_max;      // under way at once, 0: 8,192
	unsigned workers;     // 0: batch_run() verifies
	unsigned table_after; // verifications of one P-256 key, 0: 500; see crypto/tables.h
	// Called by a worker's thread when results wait for batch_run(); must not block. NULL: the
	// caller polls.
	void (*wake)(void *arg);
	void *wake_arg;
};

// NULL: no memory, or a thread could not be started.
struct batch *batch_new(const struct batch_config *config)
	__attribute__((nonnull, warn_unused_result));
// Cancels everything and calls nobody.
void batch_free(struct batch *batch);

enum batch_answer {
	BATCH_GOOD,    // verified before: done is not called
	BATCH_BAD,     // cannot verify: broken key, shapes that do not fit; done is not called
	BATCH_QUEUED,  // done will be called once, from batch_run(), unless cancelled
	BATCH_REFUSED, // charge said no
	BATCH_FULL,    // jobs_max or no memory: nothing to do with the signature
};

// What a submission may wait with for room after BATCH_FULL. Zero at first; it stays where it is
// until it was left.
struct batch_room {
	void (*ready)(void *arg); // from batch_run(), once: there is room; it submits later
	void *arg;
	// Inside.
	enum { ROOM_NONE, ROOM_WAITED_FOR, ROOM_GRANTED } state;
	uint64_t share;
	struct list link;
};

struct batch_request {
	const uint8_t *dnskey; // RDATA
	size_t dnskey_len;
	const struct rrset *rrset;
	struct rdata rrsig; // RDATA; need not be one of rrset's
	// Asked before anything is queued and before a key is parsed, not for what is known
	// already. NULL: yes.
	bool (*charge)(void *arg);
	void (*done)(void *arg, bool good);
	void *arg;               // of charge and done
	struct batch_room *room; // in which it has waited; NULL: it has not. It is left
};

// Everything in the request may go away afterwards. *ticket is set when QUEUED and is valid until
// done is called or the ticket is cancelled.
enum batch_answer batch_submit(struct batch *batch, const struct batch_request *request,
			       struct batch_ticket **ticket)
	__attribute__((nonnull, warn_unused_result));

// After BATCH_FULL: ready is called when there is room, which is kept for it until it is used or
// left. Zones take turns.
void batch_wait(struct batch *batch, struct batch_room *room, const uint8_t *zone)
	__attribute__((nonnull));
void batch_leave(struct batch *batch, struct batch_room *room) __attribute__((nonnull));

// done is not called any more; what nobody else waits for is freed at once, or when the worker
// that has it gives it back, unverified if its turn had not come.
void batch_cancel(struct batch *batch, struct batch_ticket *ticket) __attribute__((nonnull));

// One turn: takes in what workers finished and hands them what is queued, or without workers
// verifies up to jobs_max jobs, and stops early once now_us() (NULL: no limit) has moved on by
// limit_us. Keys take turns, so that one with many or dear signatures delays no other. Calls done,
// which may submit and cancel. Returns how many jobs wait for nothing but another call; what waits
// for room at the workers waits for wake.
size_t batch_run(struct batch *batch, size_t jobs_max, uint64_t (*now_us)(void *arg), void *now_arg,
		 uint64_t limit_us) __attribute__((nonnull(1)));

#define BATCH_COUNTERS(X)                                                                          \
	X(submitted, "signatures handed in")                                                       \
	X(verified, "signatures verified and good")                                                \
	X(failed, "signatures verified and wrong")                                                 \
	X(unusable, "signatures that cannot be verified: broken key or wrong shape")               \
	X(memo_hits, "signatures known to be good from before")                                    \
	X(joined, "signatures that were already under way")                                        \
	X(cancelled, "submissions cancelled")                                                      \
	X(skipped, "cancelled signatures that a worker did not have to verify any more")           \
	X(refused, "submissions refused by a budget")                                              \
	X(full, "submissions that had to wait because too many were under way")                    \
	X(groups, "groups of one key")                                                             \
	X(keys_parsed, "public keys parsed")                                                       \
	X(tables, "public keys that verify so much that a table of their multiples was made")

struct batch_counters {
#define X(field, words) uint64_t field;
	BATCH_COUNTERS(X)
#undef X
};
void batch_counters(const struct batch *batch, struct batch_counters *out) __attribute__((nonnull));
