// One RRset and its RRSIGs against a zone's keys: which signature to try with which key, within
// the limits of ATTACKS C1, one after the other until one is good.
//
// Thread: control.
#pragma once

#include "control/budget.h"
#include "control/validator/records.h"
#include "control/validator/validator.h"
#include "crypto/batch.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_FAILED_MAX 4 // per RRset
#define KEYS_SAME_TAG_MAX    2 // per RRSIG: keys of its tag and algorithm
#define CAUSE_MAX            120

enum signature_state {
	SIGNATURE_UNTRIED,
	SIGNATURE_PENDING, // in the batch, or it waits for room there
	SIGNATURE_GOOD,
	SIGNATURE_BAD,
	SIGNATURE_UNJUDGED, // the budget is used up
};

struct signature {
	const struct rrset *rrset;
	enum signature_state state;
	// GOOD:
	uint8_t labels; // of the RRSIG
	bool tolerated;
	int64_t expires_s;
	uint32_t ttl_s; // bound by original TTL and time left
	struct verified verified;
	// BAD:
	int ede;
	struct signature_fault fault;
	bool unsupported; // some RRSIG is of an algorithm that we do not have
	bool key_missing; // nothing else is wrong: no key of the zone fits
	// Perhaps a newer key made one of the RRSIGs that are in their time, whatever is wrong with
	// others: the zone has none with its tag, or one that did not make it (a new key may have the
	// tag of an old one, RFC 4034 B; more than one failure is no roll, but ATTACKS C1).
	bool unknown_key, unverified;
	char cause[CAUSE_MAX];

	// Inside: where the search stands.
	size_t rrsig, key; // next to try
	unsigned same_tag; // keys tried for this RRSIG
	unsigned failures;
	struct batch_ticket *ticket;
	struct batch_room room;
	struct rdata_rrsig trying;
	bool trying_tolerated;
	int64_t trying_expires_s;
	struct signature_context *context;
};

// What all RRsets of a validation share.
struct signature_context {
	struct batch *batch;
	const uint8_t *signer; // NULL until it is known
	const struct records *keys;
	uint32_t inception_skew_s, expiration_skew_s;
	unsigned pending;
	unsigned unpaid;            // failures that no budget has paid for yet
	void (*settled)(void *arg); // pending came down to 0, from batch_run()
	void *arg;
	// Of the run that is on:
	struct budget *budget;
	int64_t now_s;
	int64_t drill_skew_s; // signatures must be valid at that distance from now_s, too; 0: no
			      // drill
};

// Pays for what failed since the last run. False: the budget has no more failures.
bool signature_pay(struct signature_context *context) __attribute__((nonnull));

void signature_start(struct signature *signature, struct signature_context *context,
		     const struct rrset *rrset) __attribute__((nonnull));
// As far as it goes without waiting.
enum signature_state signature_run(struct signature *signature) __attribute__((nonnull));
// Once more from the start with other keys; what failed stays counted.
void signature_again(struct signature *signature) __attribute__((nonnull));
void signature_cancel(struct signature *signature) __attribute__((nonnull));
