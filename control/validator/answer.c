// Everything but DNSKEY RRsets: the signer, its keys, the signatures, and what denial records say.
#include "control/validator/denial.h"
#include "control/validator/ds.h"
#include "control/validator/validation.h"
#include "dataplane/dns/types.h"

#include <assert.h>
#include <stdio.h>

static_assert(STEP_PROOFS_MAX == DENIAL_PROOFS_MAX, "one bit per proof in both");

// Proofs that a denial does not need but that are verified all the same, while at least so much of
// the budget is left.
#define OTHERS_MAX             3
#define OTHERS_SIGNATURES_LEFT 32
#define OTHERS_FAILED_LEFT     12

static size_t proof_count(const struct step *step)
{
	return step->proof_count < STEP_PROOFS_MAX ? step->proof_count : STEP_PROOFS_MAX;
}

// ---- who signs ----

// The signer must be at or above the data, for DS above it (at a cut the child may have signed a
// denial of its own: ATTACKS B4).
static bool may_sign(const struct validation *v, const uint8_t *signer, const uint8_t *owner)
{
	return name_within(v->scope, signer) && name_within(owner, signer);
}

static void look_for_signer(const struct validation *v, const struct rrset *rrset,
			    const uint8_t **deepest)
{
	struct rdata_rrsig rrsig;

	for (size_t i = 0; rrset != NULL && i < rrset->rrsig_count; i++) {
		if (!rdata_rrsig(rrset->rrsigs[i].data, rrset->rrsigs[i].len, &rrsig) ||
		    !may_sign(v, rrsig.signer, rrset->owner))
			continue;
		if (*deepest == NULL || name_labels(rrsig.signer) > name_labels(*deepest))
			*deepest = rrsig.signer;
	}
}

static const uint8_t *find_signer(const struct validation *v)
{
	const struct step *step = v->step;
	const uint8_t *deepest = NULL;

	if (step_positive(step)) {
		look_for_signer(v, step->rrset, &deepest);
		return deepest;
	}
	for (size_t i = 0; i < proof_count(step); i++) {
		if (step->proofs[i]->type == TYPE_NSEC || step->proofs[i]->type == TYPE_NSEC3)
			look_for_signer(v, step->proofs[i], &deepest);
	}
	if (deepest == NULL)
		look_for_signer(v, step->soa, &deepest);
	return deepest;
}

// The zone that would have to be insecure. A denial names its own: what its spans leave open of
// names below (RFC 5155 §6) excuses no word of that zone.
static const uint8_t *unsigned_by(const struct validation *v)
{
	const struct rrset *soa = step_positive(v->step) ? NULL : v->step->soa;

	return soa != NULL && name_within(v->scope, soa->owner) ? soa->owner : v->scope;
}

static enum verdict unsigned_answer(struct validation *v)
{
	const struct step *step = v->step;
	const struct rrset *rrset = step_positive(step) ? step->rrset : step->soa;
	bool others = rrset != NULL && rrset->rrsig_count > 0;

	if (others)
		return validation_suspect(v, unsigned_by(v), EDE_DNSSEC_BOGUS,
					  "the RRSIGs are by a zone that cannot sign this");
	return validation_suspect(v, unsigned_by(v),
				  step->type == TYPE_DNSKEY ? EDE_DNSKEY_MISSING
							    : EDE_RRSIGS_MISSING,
				  "no RRSIG, and no insecure delegation on the way");
}

// Strictly between the two: a zone that has been proven, later than what is known of the lower one,
// not to be a signed one. What hung from it has gone with it.
static bool is_cut_off(const struct validation *v, const struct standing *lower, const uint8_t *at,
		       size_t above)
{
	for (size_t labels = name_labels(at); labels > above + 1; labels--) {
		struct standing upper;
		at = name_skip(at, 1);
		trust_standing(v->trust, at, &v->moment, &upper);
		if ((upper.cut == CUT_INSECURE || upper.cut == CUT_NOTHING_BELOW) &&
		    upper.zone->ds_fetched_ms > lower->zone->ds_fetched_ms)
			return true;
	}
	return false;
}

// A denial by the zone above, whose servers gave it, stands or falls with its own signatures: the
// delegation may be gone, or never have been in an opt-out span.
static bool denied_from_above(const struct validation *v, const uint8_t *cut)
{
	const uint8_t *zone = v->step->zone;

	return !step_positive(v->step) && name_within(cut, zone) && !name_equal(cut, zone);
}

// ATTACKS B4: between the signer and the data no other zone may begin. An anchor of a zone's own
// counts even where the zones above are insecure.
//
// XXX: where no referral shows a cut (behind a forwarder for ".", or on the parent's own servers) a
// signature by the parent's key over a name of the child counts until the child's DS is known. Only
// who holds that key can make one, and with it any DS as well; nothing that a parent signs honestly
// fits (tests/scenario/test_signers.c). To ask for a DS at every name would double the questions.
static bool cut_between(struct validation *v, enum verdict *verdict)
{
	size_t labels = name_labels(v->scope), above = name_labels(v->context.signer);
	const uint8_t *at = v->scope;

	for (; labels > above; labels--, at = name_skip(at, 1)) {
		struct chain chain = {.zone = at};
		trust_standing(v->trust, chain.zone, &v->moment, &chain.standing);
		if (chain.standing.cut == CUT_INSECURE) {
			if (denied_from_above(v, chain.zone))
				continue;
			*verdict = validation_insecure(v, &chain);
			return true;
		}
		// RFC 4035 §5.3.1: the zone whose servers answered is said to begin here.
		if (chain.standing.cut == CUT_UNKNOWN && name_equal(chain.zone, v->step->zone)) {
			*verdict = validation_need(v, chain.zone, TYPE_DS);
			return true;
		}
		if (chain.standing.cut != CUT_SECURE)
			continue;
		// An anchor may outlive its zone, if a secure zone above proves that.
		if (chain.standing.anchored && v->step->kind == STEP_NXDOMAIN) {
			v->denied = chain.zone;
			continue;
		}
		if (!chain.standing.anchored && is_cut_off(v, &chain.standing, at, above))
			continue;
		// The delegation may be gone since its DS was asked for.
		*verdict = validation_refresh(v, chain.zone, TYPE_DS)
				   ? VERDICT_NEED
				   : validation_bogus(v, EDE_DNSSEC_BOGUS,
						      "signed by a zone above a secure delegation "
						      "of the name");
		return true;
	}
	return false;
}

// True when the signer's keys are at hand; otherwise *verdict says how it goes on.
static bool reach_signer(struct validation *v, enum verdict *verdict)
{
	const uint8_t *signer = v->context.signer;
	struct chain chain;
	bool ready;

	if (cut_between(v, verdict))
		return false;
	chain_reach(v->trust, signer, validation_order(v, signer), &v->moment, &chain);
	switch (chain.end) {
	case CHAIN_NEED:
		*verdict = validation_need(v, chain.need, TYPE_DS);
		return false;
	case CHAIN_INSECURE:
		*verdict = v->denied == NULL
				   ? validation_insecure(v, &chain)
				   : validation_bogus(v, EDE_DNSSEC_BOGUS,
						      "an insecure zone denies an anchored one");
		return false;
	case CHAIN_NO_CUT:
		// The delegation may be new.
		*verdict = validation_refresh(v, signer, TYPE_DS)
				   ? VERDICT_NEED
				   : validation_suspect(v, v->scope, EDE_DNSSEC_BOGUS,
							"the RRSIG's signer is no zone");
		return false;
	case CHAIN_SECURE:
		break;
	}
	v->result.tolerated |= chain.standing.tolerated;
	validation_outdated(v, chain.standing.outdated, chain.standing.ceiling_ms);
	// Its own keys sign that there are no keys.
	if (v->step->type == TYPE_DNSKEY && name_equal(v->step->name, signer)) {
		*verdict = validation_bogus(v, EDE_DNSKEY_MISSING,
					    "a secure zone without a DNSKEY RRset");
		return false;
	}
	*verdict = validation_load_keys(v, &ready);
	return ready;
}

// ---- denial ----

static bool nsec3_hash(void *arg, const uint8_t *name, const struct rdata_nsec3 *params,
		       uint8_t out[NSEC3_HASH_LEN])
{
	struct validation *v = arg;

	return trust_nsec3_hash(v->trust, v->context.budget, name, params, out);
}

static struct denial_question question_of(struct validation *v)
{
	const struct step *step = v->step;
	const uint8_t *name = step_positive(step) ? step->rrset->owner : step->name;

	return (struct denial_question){
		.zone = v->context.signer,
		.name = v->denied != NULL ? v->denied : name,
		.type = step->type,
		.proofs = step->proofs,
		.count = proof_count(step),
		.excluded = v->excluded,
		.iterations_max = trust_configuration(v->trust)->nsec3_iterations_max,
		.hash = nsec3_hash,
		.arg = v,
	};
}

// The RCODE is not signed: what it says is looked for first, but the proof decides. A server may
// not know empty non-terminals, and deny the name where its records deny the type.
static void ask_absence(struct validation *v, const struct denial_question *question,
			struct denial *out)
{
	const struct step *step = v->step;

	if (step->kind == STEP_NODATA) {
		denial_nodata(question, out);
		// A referral to a zone that does not exist contradicts itself.
		if (out->verdict != DENIAL_NONE || step->soa == NULL)
			return;
		denial_nxdomain(question, out);
		v->proven = STEP_NXDOMAIN;
		if (out->cut == CUT_NOTHING_BELOW)
			out->cut = CUT_NONE;
		return;
	}
	denial_nxdomain(question, out);
	if (out->verdict != DENIAL_NONE || v->denied != NULL)
		return;
	denial_nodata(question, out);
	v->proven = STEP_NODATA;
	// RFC 5155 §8.6: what an opt-out span leaves open is whether there is a DS. A name error
	// that lacks part of its proof (§8.4) is none by it.
	if (out->verdict == DENIAL_OPT_OUT && step->type != TYPE_DS)
		out->verdict = DENIAL_NONE;
}

static void ask_denial(struct validation *v, struct denial *out)
{
	const struct denial_question question = question_of(v);
	const struct step *step = v->step;

	v->proven = step->kind;
	if (step_positive(step))
		denial_wildcard(&question, v->rrset.labels, out);
	else
		ask_absence(v, &question, out);
	if (v->denied != NULL && out->verdict != DENIAL_PROVEN && out->verdict != DENIAL_BUDGET)
		out->verdict = DENIAL_NONE;
}

// Why there is no proof: what is wrong with the first record's signature, or that there is none.
static enum verdict unproven(struct validation *v)
{
	const char *cause = step_positive(v->step)
				    ? "no NSEC or NSEC3 proves that only the wildcard matches"
				    : "no NSEC or NSEC3 proves that the data do not exist";

	for (size_t i = 0; i < proof_count(v->step); i++) {
		if (v->excluded & 1u << i)
			return validation_no_signature(v, &v->proofs[i]);
	}
	return validation_suspect(v, name_within(v->scope, v->step->zone) ? v->step->zone : NULL,
				  EDE_NSEC_MISSING, cause);
}

// Signatures of this question have failed: from then on one is verified at a time, so that a reply
// with several bogus RRsets costs the budget one of them.
static bool one_by_one(const struct validation *v)
{
	return v->context.budget->left[BUDGET_failed_signatures] < BUDGET_LIMIT_failed_signatures;
}

// Verifies what the proof uses. UNTRIED: one of them is wrong, look for another proof.
static enum signature_state verify_used(struct validation *v, uint32_t used,
					struct signature **first_not_good)
{
	enum signature_state state = SIGNATURE_GOOD;

	for (size_t i = 0; i < proof_count(v->step); i++) {
		if (!(used & 1u << i))
			continue;
		enum signature_state one = signature_run(&v->proofs[i]);
		if (one == SIGNATURE_BAD) {
			v->excluded |= 1u << i;
			return SIGNATURE_UNTRIED;
		}
		if (one != SIGNATURE_GOOD && state == SIGNATURE_GOOD) {
			state = one;
			*first_not_good = &v->proofs[i];
		}
		if (one == SIGNATURE_PENDING && one_by_one(v))
			break;
	}
	return state;
}

// Other records of the zone that came along, such as the closest encloser's beside a wildcard's
// proof: clients may want them. Only while the budget is ample, and only if the first signature is
// good. Returns those that are; *waiting says that some are under way.
static uint32_t verify_others(struct validation *v, uint32_t used, bool *waiting)
{
	const struct denial_question question = question_of(v);
	const struct budget *budget = v->context.budget;
	unsigned looked_at = 0;
	uint32_t good = 0;

	for (size_t i = 0; i < proof_count(v->step) && looked_at < OTHERS_MAX; i++) {
		struct signature *s = &v->proofs[i];
		if (used & 1u << i || !denial_sound(&question, i))
			continue;
		looked_at++;
		// Untried is also what has failed and would go on with its next RRSIG.
		if (s->state == SIGNATURE_UNTRIED && s->failures < SIGNATURE_FAILED_MAX) {
			if (budget->left[BUDGET_signatures] < OTHERS_SIGNATURES_LEFT ||
			    budget->left[BUDGET_failed_signatures] < OTHERS_FAILED_LEFT)
				continue;
			s->failures = SIGNATURE_FAILED_MAX - 1;
		}
		switch (signature_run(s)) {
		case SIGNATURE_GOOD:
			good |= 1u << i;
			break;
		case SIGNATURE_PENDING:
			*waiting = true;
			break;
		default:
			break;
		}
	}
	return good;
}

static void use_denial(struct validation *v, const struct denial *denial, uint32_t others)
{
	v->result.proofs_used = denial->used | others;
	v->result.kind = v->proven;
	for (size_t i = 0; i < proof_count(v->step); i++) {
		if (v->result.proofs_used & 1u << i)
			validation_use(v, &v->proofs[i], &v->result.proof_ttl_s[i]);
	}
	v->result.opt_out = denial->verdict == DENIAL_OPT_OUT;
	v->result.nxname = denial->nxname;
	if (v->step->type != TYPE_DS)
		return;
	if (!step_positive(v->step))
		v->result.cut = denial->cut;
	else if (denial->verdict != DENIAL_PROVEN)
		v->result.cut = CUT_INSECURE;
}

static enum verdict conclude_denial(struct validation *v, const struct denial *denial,
				    uint32_t others)
{
	enum verdict verdict;

	use_denial(v, denial, others);
	verdict = validation_secure(v);
	if (verdict != VERDICT_SECURE || denial->verdict == DENIAL_PROVEN)
		return verdict;
	v->result.verdict = VERDICT_INSECURE;
	v->result.signer = NULL;
	if (denial->verdict == DENIAL_ITERATIONS) {
		v->result.ede = EDE_UNSUPPORTED_NSEC3_ITERATIONS;
		snprintf(v->result.reason, REASON_MAX, "NSEC3 with too many iterations");
	} else {
		snprintf(v->result.reason, REASON_MAX, "in an NSEC3 opt-out span");
	}
	return VERDICT_INSECURE;
}

// Each turn leaves out one more proof, or ends.
static enum verdict prove(struct validation *v)
{
	for (;;) {
		struct signature *not_good = NULL;
		struct denial denial;
		bool waiting = false;
		ask_denial(v, &denial);
		if (denial.verdict == DENIAL_BUDGET)
			return validation_out_of_budget(v);
		if (denial.verdict == DENIAL_NONE)
			return unproven(v);
		enum signature_state state = verify_used(v, denial.used, &not_good);
		if (state == SIGNATURE_UNTRIED)
			continue;
		uint32_t others = state == SIGNATURE_GOOD || !one_by_one(v)
					  ? verify_others(v, denial.used, &waiting)
					  : 0;
		if (state != SIGNATURE_GOOD)
			return validation_no_signature(v, not_good);
		if (waiting)
			return VERDICT_WAIT;
		return conclude_denial(v, &denial, others);
	}
}

// ---- the two kinds of answers ----

static bool rrset_fits(const struct step *step)
{
	const struct rrset *rrset = step->rrset;

	switch (step->kind) {
	case STEP_DNAME:
		// RFC 6672 §2.3: names below the owner, not the owner itself.
		return rrset->type == TYPE_DNAME && name_within(step->name, rrset->owner) &&
		       name_labels(step->name) > name_labels(rrset->owner);
	case STEP_CNAME:
		return rrset->type == TYPE_CNAME && name_equal(step->name, rrset->owner);
	default:
		return (rrset->type == step->type || step->type == TYPE_ANY) &&
		       name_equal(step->name, rrset->owner);
	}
}

static enum cut cut_of_answer(const struct step *step)
{
	struct ds_choice choice;

	if (step->kind == STEP_CNAME)
		return CUT_NONE;
	if (step->kind == STEP_DNAME)
		return CUT_NOTHING_BELOW;
	struct records *records = records_new(step->rrset->rdatas, step->rrset->count, TYPE_DS);
	if (records == NULL)
		return CUT_UNKNOWN;
	ds_choose(records, NULL, &choice);
	records_unref(records);
	return choice.count > 0 ? CUT_SECURE : CUT_INSECURE;
}

static bool expanded(const struct validation *v)
{
	const uint8_t *owner = v->step->rrset->owner;

	return v->rrset.labels < name_labels(owner) - (name_is_wildcard(owner) ? 1 : 0);
}

static enum verdict positive(struct validation *v)
{
	if (signature_run(&v->rrset) != SIGNATURE_GOOD)
		return validation_no_signature(v, &v->rrset);
	validation_use(v, &v->rrset, &v->result.rrset_ttl_s);
	if (v->step->type == TYPE_DS)
		v->result.cut = cut_of_answer(v->step);
	if (!expanded(v))
		return validation_secure(v);
	// ATTACKS B5
	v->result.wildcard = true;
	return prove(v);
}

static enum verdict negative(struct validation *v)
{
	if (v->step->soa == NULL)
		return prove(v);
	if (!name_equal(v->step->soa->owner, v->context.signer))
		return validation_bogus(v, EDE_DNSSEC_BOGUS, "the SOA is of another zone");
	// Queued with the proofs; a denial stands only with its SOA.
	enum signature_state soa = signature_run(&v->soa);
	if (soa == SIGNATURE_BAD || soa == SIGNATURE_UNJUDGED)
		return validation_no_signature(v, &v->soa);
	if (soa == SIGNATURE_GOOD) {
		validation_use(v, &v->soa, &v->result.soa_ttl_s);
		return prove(v);
	}
	if (one_by_one(v))
		return VERDICT_WAIT;
	struct denial denial;
	struct signature *not_good;
	bool waiting;
	ask_denial(v, &denial);
	if (denial.verdict != DENIAL_NONE && denial.verdict != DENIAL_BUDGET &&
	    verify_used(v, denial.used, &not_good) != SIGNATURE_UNTRIED)
		verify_others(v, denial.used, &waiting);
	return VERDICT_WAIT;
}

enum verdict answer_run(struct validation *v)
{
	enum verdict verdict;

	if (step_positive(v->step) && !rrset_fits(v->step))
		return validation_bogus(v, EDE_DNSSEC_BOGUS,
					"the answer is for another name or type");
	if (v->context.signer == NULL)
		v->context.signer = find_signer(v);
	if (v->context.signer == NULL)
		return unsigned_answer(v);
	if (!reach_signer(v, &verdict))
		return verdict;
	return step_positive(v->step) ? positive(v) : negative(v);
}
