#include "control/validator/validation.h"

#include "dataplane/dns/types.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- verdicts ----

// Names in texts for operators: long ones are cut.
#define NAME_SHOWN "%.90s"

static void describe(struct validation *v, char out[REASON_MAX], const char *cause)
{
	char name[NAME_TEXT_MAX], zone[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];
	const uint8_t *signer = v->context.signer;

	name_to_text(v->step->name, name);
	type_to_text(v->step->type, type);
	if (signer != NULL)
		snprintf(out, REASON_MAX, "%.60s %s: %.80s (zone %.30s)", name, type, cause,
			 name_to_text(signer, zone));
	else
		snprintf(out, REASON_MAX, "%.70s %s: %.100s", name, type, cause);
}

static enum verdict conclude(struct validation *v, enum verdict verdict, int ede)
{
	v->result.verdict = verdict;
	v->result.ede = ede;
	v->result.need_name = NULL;
	v->result.need_fresh = false;
	v->result.looked_at = v->context.signer;
	v->over = true;
	return verdict;
}

// Is it proven that this zone begins below the one whose servers were asked?
static bool begins_below(const struct validation *v, const uint8_t *zone)
{
	const uint8_t *asked = v->step->zone;
	struct standing standing;

	if (!name_within(zone, asked) || name_equal(zone, asked))
		return false;
	trust_standing(v->trust, zone, &v->moment, &standing);
	return standing.cut == CUT_SECURE;
}

enum verdict validation_bogus(struct validation *v, int ede, const char *cause)
{
	const struct step *step = v->step;

	if (v->result.fault_type == 0)
		v->result.fault_type = step->rrset != NULL ? step->rrset->type : step->type;
	v->result.fault_zone = v->context.signer != NULL ? v->context.signer
			       : v->suspect_in != NULL   ? v->suspect_in
							 : step->zone;
	v->result.fault_cut = begins_below(v, v->result.fault_zone);
	describe(v, v->result.reason, cause);
	return conclude(v, VERDICT_BOGUS, ede);
}

enum verdict validation_failed(struct validation *v, int ede, const char *cause)
{
	describe(v, v->result.reason, cause);
	return conclude(v, VERDICT_FAILED, ede != EDE_NONE ? ede : EDE_DNSSEC_INDETERMINATE);
}

enum verdict validation_out_of_budget(struct validation *v)
{
	static const char *const words[] = {
#define X(field, limit, text) [BUDGET_##field] = text,
		BUDGET_ITEMS(X)
#undef X
	};
	int item = v->context.budget->exhausted;
	char cause[CAUSE_MAX];

	if (item < 0)
		return validation_failed(v, EDE_DNSSEC_INDETERMINATE,
					 "too many signatures are under way");
	snprintf(cause, sizeof(cause), "the limit of %s per query is reached", words[item]);
	return validation_failed(v, EDE_DNSSEC_INDETERMINATE, cause);
}

enum verdict validation_insecure(struct validation *v, const struct chain *chain)
{
	char zone[NAME_TEXT_MAX];

	v->result.cut = CUT_UNKNOWN;
	v->result.insecure_at = chain->zone;
	v->result.nta = chain->standing.nta;
	v->result.prolonged = chain->standing.prolonged;
	validation_outdated(v, chain->standing.outdated, chain->standing.ceiling_ms);
	v->result.signature_expires_s = chain->standing.expires_s;
	if (chain->zone == NULL)
		snprintf(v->result.reason, REASON_MAX, "below no trust anchor");
	else
		snprintf(v->result.reason, REASON_MAX, NAME_SHOWN " is insecure%s",
			 name_to_text(chain->zone, zone),
			 chain->standing.nta ? " by a negative trust anchor" : "");
	return conclude(v, VERDICT_INSECURE, chain->standing.ede);
}

void validation_use(struct validation *v, const struct signature *signature, uint32_t *ttl_s)
{
	*ttl_s = signature->ttl_s;
	if (signature->expires_s < v->result.signature_expires_s)
		v->result.signature_expires_s = signature->expires_s;
	v->result.tolerated |= signature->tolerated;
	if (signature == &v->rrset)
		v->result.rrset_by = signature->verified;
	else if (signature == &v->soa)
		v->result.soa_by = signature->verified;
	else
		v->result.proof_by = signature->verified;
	int64_t inception_s = signature->verified.inception_s;
	if (signature != &v->rrset && signature != &v->soa &&
	    (v->result.proof_inception_s == 0 || inception_s < v->result.proof_inception_s))
		v->result.proof_inception_s = inception_s;
}

enum verdict validation_secure(struct validation *v)
{
	v->result.signer = v->context.signer;
	v->result.tolerated |= v->keys->tolerated;
	validation_outdated(v, v->keys->outdated, v->keys->ceiling_ms);
	if (!v->result.tolerated && !v->result.outdated)
		return conclude(v, VERDICT_SECURE, EDE_NONE);
	if (!v->result.tolerated) {
		describe(v, v->result.reason,
			 "the zone above proves nothing, its DS is past its TTL");
		return conclude(v, VERDICT_INSECURE, EDE_STALE_ANSWER);
	}
	describe(v, v->result.reason, "an RRSIG has expired, within the configured tolerance");
	return conclude(v, VERDICT_INSECURE, EDE_SIGNATURE_EXPIRED);
}

// ---- what is needed ----

static bool first_time(uint64_t asked[2], size_t labels)
{
	uint64_t bit = 1ull << labels % 64;
	bool first = !(asked[labels / 64] & bit);

	asked[labels / 64] |= bit;
	return first;
}

static enum verdict demand(struct validation *v, const uint8_t *name, uint16_t type, bool fresh)
{
	v->result.verdict = VERDICT_NEED;
	v->result.need_name = name;
	v->result.need_type = type;
	v->result.need_fresh = fresh;
	return VERDICT_NEED;
}

// All names asked for are ancestors of one name, so their label count tells them apart.
enum verdict validation_need(struct validation *v, const uint8_t *name, uint16_t type)
{
	uint64_t *asked = type == TYPE_DS ? v->asked_ds : v->asked_dnskey;
	char text[NAME_TEXT_MAX], cause[CAUSE_MAX];

	if (first_time(asked, name_labels(name)))
		return demand(v, name, type, false);
	snprintf(cause, sizeof(cause), "the %s of " NAME_SHOWN " cannot be had",
		 type == TYPE_DS ? "DS" : "DNSKEY", name_to_text(name, text));
	return validation_failed(v, type == TYPE_DS ? EDE_DNSSEC_INDETERMINATE : EDE_DNSKEY_MISSING,
				 cause);
}

bool validation_refresh(struct validation *v, const uint8_t *name, uint16_t type)
{
	if (v->refreshed || !trust_may_refresh(v->trust, name, type, v->step->began_ms,
					       v->moment.now_ms, &v->result.refresh_ms))
		return false;
	v->refreshed = true;
	v->reload = true;
	demand(v, name, type, true);
	return true;
}

enum verdict validation_load_keys(struct validation *v, bool *ready)
{
	if (v->keys == NULL)
		v->keys = trust_keys(v->trust, v->context.signer, &v->moment);
	v->context.keys = v->keys;
	*ready = v->keys != NULL;
	return *ready ? VERDICT_SECURE : validation_need(v, v->context.signer, TYPE_DNSKEY);
}

static void each_signature(struct validation *v, void (*do_it)(struct signature *signature))
{
	if (v->step->rrset != NULL)
		do_it(&v->rrset);
	if (v->step->soa != NULL)
		do_it(&v->soa);
	for (size_t i = 0; i < v->step->proof_count && i < STEP_PROOFS_MAX; i++)
		do_it(&v->proofs[i]);
}

// With what was fetched anew, as if for the first time.
static void reload(struct validation *v)
{
	v->reload = false;
	each_signature(v, signature_again);
	records_unref(v->keys);
	v->keys = NULL;
	v->context.keys = NULL;
	v->excluded = 0;
}

// Somebody else has had them fetched anew since this began.
static bool keys_are_newer(struct validation *v)
{
	struct records *keys;

	if (v->reloaded)
		return false;
	keys = trust_keys(v->trust, v->context.signer, &v->moment);
	bool newer = keys != NULL && keys != v->keys;
	records_unref(keys);
	return newer;
}

// A key roll inside the TTL of the DNSKEY RRset. Keys that came after the question began and did
// not make the signature are no older than it.
static bool may_have_rolled(const struct validation *v, const struct signature *s)
{
	return s->unknown_key ||
	       (s->unverified && !trust_keys_since(v->trust, v->context.signer, v->step->began_ms));
}

enum verdict validation_no_signature(struct validation *v, const struct signature *s)
{
	const uint8_t *zone = v->step->zone;
	bool below_signer = name_within(v->scope, zone) && name_within(zone, v->context.signer) &&
			    !name_equal(zone, v->context.signer);

	if (s->state == SIGNATURE_PENDING)
		return VERDICT_WAIT;
	if (s->state == SIGNATURE_UNJUDGED)
		return validation_out_of_budget(v);
	if ((s->unknown_key || s->unverified) && keys_are_newer(v)) {
		v->reloaded = true;
		reload(v);
		return answer_run(v);
	}
	if (may_have_rolled(v, s) && validation_refresh(v, v->context.signer, TYPE_DNSKEY))
		return VERDICT_NEED;
	v->result.fault_type = s->rrset->type;
	v->result.fault = s->fault;
	v->result.unsupported = s->unsupported;
	return validation_suspect(v, below_signer ? zone : NULL, s->ede, s->cause);
}

// ---- insecure after all? ----

enum verdict validation_suspect(struct validation *v, const uint8_t *to, int ede, const char *cause)
{
	if (to == NULL)
		return validation_bogus(v, ede, cause);
	v->suspect_to = to;
	v->suspect_ede = ede;
	snprintf(v->suspect_reason, sizeof(v->suspect_reason), "%s", cause);
	return insecure_run(v);
}

enum verdict insecure_run(struct validation *v)
{
	const uint8_t *zone = v->step->zone;
	struct chain chain, known;

	chain_reach(v->trust, v->suspect_to, CHAIN_FROM_TOP, &v->moment, &chain);
	switch (chain.end) {
	case CHAIN_INSECURE:
		return validation_insecure(v, &chain);
	case CHAIN_NEED:
		break;
	default:
		// The servers of a zone have answered that was denied when last asked for: the
		// delegation may be new.
		if (name_within(v->suspect_to, zone) &&
		    name_labels(zone) > name_labels(chain.zone) &&
		    validation_refresh(v, zone, TYPE_DS))
			return VERDICT_NEED;
		v->suspect_in = chain.zone;
		return validation_bogus(v, v->suspect_ede, v->suspect_reason);
	}
	// The cut that the resolver knows comes first; there may be another one below.
	if (name_within(v->suspect_to, zone) && name_labels(zone) > name_labels(chain.zone)) {
		chain_reach(v->trust, zone, validation_order(v, zone), &v->moment, &known);
		if (known.end == CHAIN_NEED)
			return validation_need(v, known.need, TYPE_DS);
	}
	return validation_need(v, chain.need, TYPE_DS);
}

// ---- running ----

static void settled(void *arg)
{
	struct validation *v = arg;

	if (!v->waiting)
		return;
	v->waiting = false;
	v->wake(v->wake_arg);
}

static const uint8_t *scope_of(const struct step *step)
{
	if (step->kind == STEP_DNAME)
		return step->rrset->owner;
	// RFC 4035 §3.1.4.1: DS is the parent's data.
	return step->type == TYPE_DS ? name_skip(step->name, 1) : step->name;
}

struct validation *validation_new(struct trust *trust, const struct step *step,
				  void (*wake)(void *arg), void *arg)
{
	const struct trust_config *config = trust_configuration(trust);
	size_t proofs = step->proof_count < STEP_PROOFS_MAX ? step->proof_count : STEP_PROOFS_MAX;
	struct validation *v = calloc(1, sizeof(*v) + proofs * sizeof(v->proofs[0]));

	if (v == NULL)
		return NULL;
	assert(!step_positive(step) || step->rrset != NULL);
	v->trust = trust;
	v->step = step;
	v->wake = wake;
	v->wake_arg = arg;
	v->scope = scope_of(step);
	v->context = (struct signature_context){
		.batch = trust_batch(trust),
		.inception_skew_s = config->inception_skew_s,
		.expiration_skew_s = config->expiration_skew_s,
		.settled = settled,
		.arg = v,
	};
	v->result = (struct validation_result){
		.verdict = VERDICT_NEED,
		.ede = EDE_NONE,
		.kind = step->kind,
		.signature_expires_s = VALIDATION_NEVER_EXPIRES,
		.rrset_ttl_s = UINT32_MAX,
		.soa_ttl_s = UINT32_MAX,
	};
	for (size_t i = 0; i < STEP_PROOFS_MAX; i++)
		v->result.proof_ttl_s[i] = UINT32_MAX;
	for (size_t i = 0; i < proofs; i++)
		signature_start(&v->proofs[i], &v->context, step->proofs[i]);
	if (step->rrset != NULL)
		signature_start(&v->rrset, &v->context, step->rrset);
	if (step->soa != NULL)
		signature_start(&v->soa, &v->context, step->soa);
	return v;
}

void validation_past_nta(struct validation *v)
{
	v->past_nta = true;
}

void validation_free(struct validation *v)
{
	if (v == NULL)
		return;
	each_signature(v, signature_cancel);
	records_unref(v->keys);
	free(v);
}

enum verdict validation_run(struct validation *v, struct budget *budget, uint64_t now_ms,
			    int64_t now_s)
{
	const struct step *step = v->step;
	struct chain chain = {.end = CHAIN_INSECURE};
	enum verdict verdict;

	if (v->over)
		return v->result.verdict;
	v->context.budget = budget;
	v->context.now_s = now_s;
	v->context.drill_skew_s = trust_drill_skew_s(v->trust, now_ms);
	v->moment = (struct moment){now_ms, now_s, v->past_nta};
	if (trust_exception(v->trust, v->scope, &v->moment, &chain.zone, &chain.standing))
		return validation_insecure(v, &chain);
	if (!signature_pay(&v->context))
		return validation_out_of_budget(v);
	if (v->context.pending > 0) {
		v->waiting = true;
		return v->result.verdict = VERDICT_WAIT;
	}
	if (v->reload)
		reload(v);
	v->result.outdated = false; // the DS may have come meanwhile
	if (v->suspect_to != NULL)
		verdict = insecure_run(v);
	else if (step->type == TYPE_DNSKEY && step->kind == STEP_ANSWER)
		verdict = dnskey_run(v);
	else
		verdict = answer_run(v);
	if (verdict == VERDICT_WAIT) {
		v->result.verdict = verdict;
		v->waiting = true;
	}
	return verdict;
}

void validation_need_failed(struct validation *v, int ede, const char *reason)
{
	if (v->over || v->result.verdict != VERDICT_NEED)
		return;
	// What was known before decides without the news.
	if (v->result.need_fresh)
		return;
	// All signatures are stripped: it began here.
	if (v->suspect_to != NULL && ede == v->suspect_ede) {
		validation_bogus(v, v->suspect_ede, v->suspect_reason);
		return;
	}
	snprintf(v->result.reason, REASON_MAX, "%s", reason);
	conclude(v, VERDICT_FAILED, ede != EDE_NONE ? ede : EDE_DNSSEC_INDETERMINATE);
}

const struct validation_result *validation_result(const struct validation *v)
{
	return &v->result;
}
