// What the files that make up a validation share.
#pragma once

#include "control/validator/chain.h"
#include "control/validator/signature.h"
#include "control/validator/trust_lookup.h"
#include "control/validator/validator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct validation {
	struct trust *trust;
	const struct step *step;
	void (*wake)(void *arg);
	void *wake_arg;
	struct validation_result result;
	bool past_nta; // see validation_past_nta()
	bool over;     // the verdict is final
	bool waiting;  // WAIT was returned, wake was not called yet

	const uint8_t *scope; // the zone that holds this name is the one that has to sign
	struct records *keys; // of the signer; for DNSKEY: those that a DS or an anchor vouches for
	struct signature_context context;
	struct signature rrset, soa;
	uint32_t excluded;     // proofs that did not verify
	enum step_kind proven; // what the denial asked for last says: the RCODE, or the other
	const uint8_t *denied; // NXDOMAIN from above an anchored zone: this has to be its proof

	// BOGUS unless there turns out to be an insecure delegation down to suspect_to.
	const uint8_t *suspect_to;
	const uint8_t *suspect_in; // the deepest zone on the way there, which is secure
	int suspect_ede;
	char suspect_reason[REASON_MAX];

	bool refreshed;                        // something was asked for anew
	bool reloaded;                         // keys that others had asked for anew were taken
	bool reload;                           // and its answer is to be looked at
	uint64_t asked_ds[2], asked_dnskey[2]; // bit: labels of the name
	struct moment moment;

	struct signature proofs[]; // of the step: most have none
};

static inline bool step_positive(const struct step *step)
{
	return step->kind == STEP_ANSWER || step->kind == STEP_CNAME || step->kind == STEP_DNAME;
}

// Each sets the result, final but for need, and returns its verdict.
enum verdict validation_need(struct validation *v, const uint8_t *name, uint16_t type);
enum verdict validation_insecure(struct validation *v, const struct chain *chain);
enum verdict validation_bogus(struct validation *v, int ede, const char *cause);
enum verdict validation_failed(struct validation *v, int ede, const char *cause);
enum verdict validation_out_of_budget(struct validation *v);

// BOGUS for this cause, unless a delegation on the way down to `to` is insecure.
enum verdict validation_suspect(struct validation *v, const uint8_t *to, int ede,
				const char *cause);
enum verdict insecure_run(struct validation *v);

// A signature is not good: PENDING, UNJUDGED, or BAD for good after fetching keys anew.
enum verdict validation_no_signature(struct validation *v, const struct signature *signature);
// True when NEED with need_fresh is the verdict now: keys may have rolled inside their TTL.
bool validation_refresh(struct validation *v, const uint8_t *name, uint16_t type);

// How to get to the apex of a zone.
static inline enum chain_order validation_order(const struct validation *v, const uint8_t *apex)
{
	return v->step->ds_referred && name_equal(apex, v->step->zone) ? CHAIN_DS_REFERRED
								       : CHAIN_TO_APEX;
}

// The keys of a secure zone, or NEED; *ready says which.
enum verdict validation_load_keys(struct validation *v, bool *ready);

enum verdict answer_run(struct validation *v); // everything but a DNSKEY RRset
enum verdict dnskey_run(struct validation *v);

// What the verdict rests on is past its TTL, or is not.
static inline void validation_outdated(struct validation *v, bool outdated, uint64_t ceiling_ms)
{
	if (!outdated)
		return;
	if (!v->result.outdated || ceiling_ms < v->result.ceiling_ms)
		v->result.ceiling_ms = ceiling_ms;
	v->result.outdated = true;
}

// The verdict for what is good: SECURE, unless something about it is only tolerated.
enum verdict validation_secure(struct validation *v);
// Takes a good signature's bounds into the result.
void validation_use(struct validation *v, const struct signature *signature, uint32_t *ttl_s);
