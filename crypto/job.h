// One signature to verify, with copies of all that this takes. Inside crypto only.
#pragma once

#include "crypto/algorithm.h"
#include "crypto/key.h"
#include "crypto/list.h"
#include "crypto/memo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE };

struct job {
	struct list pending;      // control: in its key's list; running for nobody: in `abandoned`
	struct list tickets;      // control: who waits
	struct job *next;         // control: in the bucket of jobs under way, or free
	enum job_state state;     // control
	struct fingerprint print; // control
	// Written before the job is handed to a worker, read by it.
	struct key *key;
	uint8_t *message; // EdDSA; kept for the next job
	size_t message_len, message_cap;
	size_t digest_len;
	size_t signature_len;
	uint8_t digest[DIGEST_MAX];
	uint8_t signature[SIGNATURE_MAX];
	_Atomic bool cancelled; // control: rw, worker: ro; nobody waits for it any more
	bool skipped;           // worker: it was cancelled before its turn came
	bool good;              // worker: the answer
};

static inline bool job_verify(struct job *job, const struct verifier *verifier)
{
	bool eddsa = job->key->algorithm->kind == ALGORITHM_EDDSA;

	return key_verify(job->key, verifier, eddsa ? job->message : job->digest,
			  eddsa ? job->message_len : job->digest_len, job->signature,
			  job->signature_len);
}
