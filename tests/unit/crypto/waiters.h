// Signatures in number, and who waits for their verification.
#pragma once

#include "crypto/batch.h"
#include "tests/unit/control/validator/signer.h"
#include "tests/unit/crypto/unit.h"

#include <stdio.h>

#define WAITERS 600

static struct signer_key *key, *other_key;
static struct rrset *signed_rrsets[WAITERS]; // all different

struct waiter {
	struct batch *batch;
	struct batch_ticket *ticket;
	struct waiter *cancels; // when told
	int outcome;            // -1: not told
	unsigned told;
	bool broke;
};

static inline int make_keys(void **state)
{
	(void)state;
	key = signer_key_new(13, 0, 256);
	other_key = signer_key_new(15, 0, 256);
	for (size_t i = 0; i < WAITERS; i++) {
		char text[100];
		snprintf(text, sizeof(text), "n%zu.example. 300 IN A 192.0.2.1", i);
		struct rrset *rrset = signer_rrset(text);
		signed_rrsets[i] =
			signer_sign(rrset, i % 2 ? key : other_key, signer_name("example."), NULL);
		rrset_free(rrset);
	}
	return 0;
}

static inline int free_keys(void **state)
{
	(void)state;
	signer_key_free(key);
	signer_key_free(other_key);
	for (size_t i = 0; i < WAITERS; i++)
		rrset_free(signed_rrsets[i]);
	return 0;
}

static inline void told(void *arg, bool good)
{
	struct waiter *w = arg;

	w->outcome = good;
	w->told++;
	w->ticket = NULL;
	if (w->cancels != NULL && w->cancels->ticket != NULL) {
		batch_cancel(w->batch, w->cancels->ticket);
		w->cancels->ticket = NULL;
	}
}

static inline bool pays(void *arg)
{
	return !((struct waiter *)arg)->broke;
}

static inline enum batch_answer submit_with(struct batch *batch, struct waiter *w,
					    const struct rrset *rrset,
					    const struct signer_key *with)
{
	struct batch_request request = {
		.dnskey = with->rdata,
		.dnskey_len = with->rdlen,
		.rrset = rrset,
		.rrsig = rrset->rrsigs[0],
		.charge = pays,
		.done = told,
		.arg = w,
	};

	w->batch = batch;
	w->outcome = -1;
	w->told = 0;
	return batch_submit(batch, &request, &w->ticket);
}

static inline enum batch_answer submit(struct batch *batch, struct waiter *w, size_t i)
{
	return submit_with(batch, w, signed_rrsets[i], i % 2 ? key : other_key);
}

static inline struct batch *open_batch(const struct batch_config *config)
{
	static const struct batch_config ordinary;
	struct batch *batch = batch_new(config != NULL ? config : &ordinary);

	assert_non_null(batch);
	return batch;
}

static inline struct batch_counters count(const struct batch *batch)
{
	struct batch_counters counters;

	batch_counters(batch, &counters);
	return counters;
}
