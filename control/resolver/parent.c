// The parent of a zone when a delegation or its DS has come to its end (DESIGN §5): while none of
// its servers answers, what it said last holds on, so that zones do not die with their TLD's
// servers; what it denies ends at once, with everything below.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdio.h>

#define PROBE_MS   1000
#define DRILLED_MS 10000
#define WATCH_MS   3000 // before a delegation ends; each server of its parent has been tried by then

// The DS of a cut stands with its parent.
static const uint8_t *side(const uint8_t *name, uint16_t type)
{
	return type == TYPE_DS ? name_skip(name, 1) : name;
}

// What a drill does to its servers is no failure of theirs, nor is what is remembered of it.
static bool is_drilled(const struct resolver *resolver, const struct delegation *cut)
{
	return cut->drilled_ms != 0 && resolver->clock.now_ms < cut->drilled_ms + DRILLED_MS;
}

// None has answered since all of them were silent to what a delegation is learnt by.
static bool silent(const struct resolver *resolver, const struct delegation *cut)
{
	return !is_drilled(resolver, cut) &&
	       evidence_silent_ms(resolver->evidence, observe_key(resolver, cut->zone, false)) != 0;
}

static bool is_signed(const struct resolver *resolver, const uint8_t *zone)
{
	return resolver->config.validate &&
	       trust_zone_last(resolver->parts.trust, zone, resolver->clock.now_ms,
			       resolver->clock.now_s) == ZONE_SECURE;
}

const struct delegation *parent_ended(const struct resolver *resolver, const uint8_t *name,
				      uint16_t type, const struct delegation *cut)
{
	if (resolver->config.stale_s == 0)
		return NULL;
	return delegation_ended(resolver->delegations, side(name, type), cut->zone,
				resolver->config.stale_s * 1000ull, resolver->clock.now_ms);
}

static void probed(void *arg, struct store_result *result)
{
	struct resolver *resolver = arg;

	store_result_unref(resolver->parts.store, result);
}

// Nobody waits for servers that were silent, but one question of our own sees whether they still
// are.
static void probe(struct resolver *resolver, struct delegation *above, const uint8_t *zone)
{
	uint64_t now_ms = resolver->clock.now_ms;

	uint64_t key = observe_key(resolver, above->zone, false);
	if (evidence_down_until_ms(resolver->evidence, key, EVIDENCE_CLASSIC, now_ms) != 0 ||
	    above->probed_ms + PROBE_MS > now_ms)
		return;
	above->probed_ms = now_ms;
	client_ask(resolver, zone, TYPE_DS, probed);
}

// A zone in use is about to need its parent: is that there? Learnt in time, its silence costs
// nobody a wait.
void parent_watch(struct resolver *resolver, const struct delegation *cut)
{
	uint64_t now_ms = resolver->clock.now_ms;

	if (resolver->config.stale_s == 0 || cut->ended_ms != 0 || cut->parent == NULL ||
	    cut->expires_ms > now_ms + WATCH_MS)
		return;
	struct delegation *above = delegation_find(resolver->delegations, cut->parent, now_ms);
	if (above != NULL && above != cut && !silent(resolver, above) &&
	    evidence_heard_ms(resolver->evidence, observe_key(resolver, above->zone, false)) +
			    PROBE_MS <=
		    now_ms &&
	    above->probed_ms + PROBE_MS <= now_ms) {
		above->probed_ms = now_ms;
		client_ask(resolver, above->zone, TYPE_SOA, probed);
	}
	delegation_unref(above);
}

// Of a signed parent the last proof must hold on, too. Below one that is proven insecure, or where
// nothing is validated, there is none.
static bool proof_holds(const struct resolver *resolver, const uint8_t *above, const uint8_t *zone)
{
	const struct trust_past past = parent_past(resolver, 0);

	return !is_signed(resolver, above) ||
	       (resolver->clock.trusted && trust_past_holds(resolver->parts.trust, zone, &past));
}

// A referral was looked for in vain, of servers that are there; or what came instead of one cannot
// be judged, since they do not prove their keys.
static bool finds_broken(struct task *task, const uint8_t *zone)
{
	// What a zone further down cannot prove says nothing of those who refer to it.
	const bool above =
		task->needed.kind != BROKEN_NOT && broken_speaks_of(&task->needed, task->cut->zone);
	const struct broken_finding finding = above ? task->needed : broken_find(task);

	if (finding.kind <= BROKEN_SILENT || !broken_speaks_of(&finding, task->cut->zone))
		return false;
	broken_found(task->resolver, task->cut->zone, zone, &finding);
	return true;
}

// Of a zone that is signed, for then a proof is at stake: what one says that signs nothing is
// believed whenever it comes.
static bool is_late(const struct resolver *resolver, const struct delegation *above)
{
	return above->late_ms != 0 && !is_drilled(resolver, above) &&
	       resolver->clock.now_ms < above->late_ms + LATE_MS &&
	       is_signed(resolver, above->zone);
}

static bool may_revive(struct task *task, const uint8_t *zone, bool at_end, bool *early)
{
	struct resolver *resolver = task->resolver;
	struct broken_finding finding;

	*early = false;
	if (silent(resolver, task->cut))
		return true;
	if (!is_signed(resolver, task->cut->zone))
		return false;
	// A takedown by REFUSED is what a parent that signs nothing says: believed.
	if (at_end)
		return finds_broken(task, zone);
	*early = broken_lately(task, task->cut->zone, &finding);
	*early = (*early && finding.kind > BROKEN_SILENT) || is_late(resolver, task->cut);
	return *early;
}

static bool has_last_proof(struct task *task, const struct delegation **ended)
{
	const struct resolver *resolver = task->resolver;

	*ended = NULL;
	if (task->route != NULL || resolver->config.stale_s == 0)
		return false;
	*ended = parent_ended(resolver, task->name, task->type, task->cut);
	return *ended != NULL && proof_holds(resolver, task->cut->zone, (*ended)->zone);
}

// Whose silence says something: a question that is asked on the way to any name, or one of a type
// that servers do not drop.
static bool is_usual(const struct task *task)
{
	return !minimise_full(&task->minimise) || upstream_type_counts(task->type);
}

static bool revive(struct task *task, const struct delegation *ended, bool early)
{
	struct resolver *resolver = task->resolver;
	const uint8_t *name = side(task->name, task->type);

	// Before its own question has an answer: that is asked now.
	if (early && !broken_ask(resolver, ended->zone))
		return false;
	struct delegation *cut =
		delegation_find(resolver->delegations, ended->zone, resolver->clock.now_ms);
	if (cut == ended) { // it has not
		iterate_descend(task, cut);
		return true;
	}
	delegation_unref(cut);
	cut = delegation_revive(resolver->delegations, name, task->cut->zone,
				resolver->config.stale_s * 1000ull, resolver->clock.now_ms);
	if (cut == NULL)
		return false;
	resolver->counters.revived++;
	if (!early)
		probe(resolver, task->cut, cut->zone);
	iterate_descend(task, cut);
	return true;
}

bool parent_revive(struct task *task, bool at_end)
{
	const struct delegation *ended;
	bool early;

	if (!has_last_proof(task, &ended))
		return false;
	if (may_revive(task, ended->zone, at_end, &early))
		return revive(task, ended, early);
	if (!at_end && is_usual(task) && is_signed(task->resolver, task->cut->zone))
		late_watch(task);
	return false;
}

void parent_is_late(struct task *task)
{
	const struct delegation *ended;

	if (task->answered || !has_last_proof(task, &ended) ||
	    is_drilled(task->resolver, task->cut) || !is_signed(task->resolver, task->cut->zone))
		return;
	task->cut->late_ms = task->resolver->clock.now_ms;
	if (!revive(task, ended, true))
		return;
	inquiry_leave(task);
	reply_release(task); // of a server that had no answer either
}

struct trust_past parent_past(const struct resolver *resolver, uint32_t for_ms)
{
	return (struct trust_past){
		.stale_s = resolver->config.stale_s,
		.for_ms = for_ms,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
	};
}

// The servers are those that the last proof came with.
static void go_back(struct resolver *resolver, const uint8_t *zone)
{
	const uint8_t *above = name_skip(zone, 1);
	const struct delegation *d = delegation_last(resolver->delegations, zone);

	if (d == NULL || !d->unproven || (d->before == NULL && d->before_ms == 0))
		return;
	delegation_unref(delegation_revive(resolver->delegations, zone, above,
					   resolver->config.stale_s * 1000ull,
					   resolver->clock.now_ms));
}

static bool prolong(struct resolver *resolver, const uint8_t *zone, uint32_t for_ms)
{
	const struct trust_past past = parent_past(resolver, for_ms);

	if (!resolver->clock.trusted || !trust_prolong(resolver->parts.trust, zone, &past))
		return false;
	go_back(resolver, zone);
	resolver->counters.prolonged++;
	return true;
}

static struct delegation *parent_of(struct resolver *resolver, const uint8_t *zone)
{
	if (resolver->config.stale_s == 0 || name_is_root(zone))
		return NULL;
	return delegation_find(resolver->delegations, name_skip(zone, 1), resolver->clock.now_ms);
}

bool parent_prolong_early(struct task *task, const uint8_t *zone)
{
	struct resolver *resolver = task->resolver;
	struct delegation *above = parent_of(resolver, zone);
	const struct trust_past past = parent_past(resolver, 0);
	struct broken_finding finding;
	bool holds = false;

	if (above == NULL)
		return false;
	if (silent(resolver, above))
		holds = prolong(resolver, zone, TRUST_PROLONG_S * 1000);
	else if (trust_past_holds(resolver->parts.trust, zone, &past) &&
		 ((broken_lately(task, above->zone, &finding) && finding.kind > BROKEN_SILENT) ||
		  is_late(resolver, above)))
		holds = broken_ask(resolver, zone) && prolong(resolver, zone, BROKEN_SHORT_MS);
	delegation_unref(above);
	return holds;
}

bool parent_prolong_late(struct resolver *resolver, const uint8_t *zone)
{
	struct delegation *above = parent_of(resolver, zone);
	const struct trust_past past = parent_past(resolver, 0);
	bool holds = false;

	if (above == NULL)
		return false;
	if (is_signed(resolver, above->zone) && !is_drilled(resolver, above) &&
	    trust_past_holds(resolver->parts.trust, zone, &past)) {
		above->late_ms = resolver->clock.now_ms;
		holds = broken_ask(resolver, zone) && prolong(resolver, zone, BROKEN_SHORT_MS);
	}
	delegation_unref(above);
	return holds;
}

bool parent_prolong(struct resolver *resolver, const uint8_t *zone,
		    const struct broken_finding *finding)
{
	struct delegation *above = parent_of(resolver, zone);
	bool holds = false;

	if (above == NULL)
		return false;
	const bool found = finding->kind > BROKEN_SILENT && broken_speaks_of(finding, above->zone);
	if (found || silent(resolver, above))
		holds = prolong(resolver, zone, TRUST_PROLONG_S * 1000);
	if (holds && broken_speaks_of(finding, above->zone))
		broken_found(resolver, above->zone, zone, finding);
	delegation_unref(above);
	return holds;
}

void parent_referred(struct resolver *resolver, const struct delegation *cut)
{
	if (cut->before != NULL && (cut->ds != NULL || cut->proof_count > 0))
		client_ask(resolver, cut->zone, TYPE_DS, probed);
}

void parent_proven(struct task *task, const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;
	const uint8_t *above = task->hint != NULL ? task->hint->parent : task->cut->zone;

	if (result->cut == CUT_SECURE || result->cut == CUT_INSECURE)
		delegation_prove(resolver->delegations, task->name, task->hint != NULL);
	if (!result->outdated)
		broken_proven(resolver, above, task->name);
}

// The question for the DS may be with a server that is late, and its answer on the way.
static bool await_proof(struct task *task, const uint8_t *zone)
{
	if (task->proof_awaited || task_running(task->resolver, zone, TYPE_DS) == NULL ||
	    task_wait(task, WAIT_PROOF, zone, TYPE_DS, 0) != 0)
		return false;
	task->proof_awaited = true;
	judge_release(task);
	iterate_release(task);
	task->state = TASK_WAIT_PROOF;
	return true;
}

bool parent_distrusts(struct task *task, const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;

	if (task->route != NULL || result->signer != NULL || result->insecure_at == NULL ||
	    task->hint != NULL || !name_within(task->cut->zone, result->insecure_at))
		return false;
	const struct delegation *d =
		name_equal(task->cut->zone, result->insecure_at)
			? task->cut
			: delegation_last(resolver->delegations, result->insecure_at);
	if (d == NULL || !d->unproven || !(d->doubtful || result->prolonged))
		return false;
	// Its own question for the DS is under way; until that is proven, the former ones serve.
	if (!task->returned)
		go_back(resolver, result->insecure_at);
	if (task->returned && await_proof(task, result->insecure_at))
		return true;
	judge_release(task);
	if (task->returned) {
		char zone[NAME_TEXT_MAX], text[TROUBLE_MAX];
		snprintf(text, sizeof(text), "the delegation of %.100s is not proven",
			 name_to_text(d->zone, zone));
		fail_with(task, FAILED_UNJUDGED, RCODE_SERVFAIL, EDE_DNSSEC_INDETERMINATE, text,
			  FAILURE_TTL_MIN_S);
		return true;
	}
	task->returned = true;
	iterate_start(task);
	return true;
}

// What lies below an insecure delegation is for that zone's servers to deny. A signed zone above
// that is asked on the way there shows the delegation, or proves that there is none. Its servers
// may have the zone below as well, whose SOA they give then.
bool parent_denies_unproven(const struct task *task, const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;
	const struct step *step = &task->step;
	const uint8_t *at = result->insecure_at;
	struct trust_link link;

	if (task->route != NULL || task->hint != NULL || task->response->resorted ||
	    result->signer != NULL || at == NULL ||
	    (step->kind != STEP_NXDOMAIN && step->kind != STEP_NODATA) ||
	    !name_within(at, task->cut->zone) || name_equal(at, task->cut->zone) ||
	    (step->soa != NULL && name_within(step->soa->owner, at)))
		return false;
	trust_link(resolver->parts.trust, at, resolver->clock.now_ms, resolver->clock.now_s, &link);
	return link.word == TRUST_INSECURE; // and no exception of the operator's
}

// Is it the zone that was asked that speaks, and not one below it on the same servers?
static bool speaks(const struct task *task, const struct validation_result *result)
{
	const struct step *step = &task->step;

	if (result->verdict == VERDICT_SECURE)
		return result->signer != NULL && name_equal(result->signer, task->cut->zone);
	return (step->kind == STEP_NXDOMAIN || step->kind == STEP_NODATA) && step->soa != NULL &&
	       name_equal(step->soa->owner, task->cut->zone);
}

static void revoke(const struct task *task, const uint8_t *zone)
{
	struct resolver *resolver = task->resolver;

	revoked_put(resolver->revoked, resolver_hash(resolver, task->cut->zone),
		    resolver_hash(resolver, zone), resolver->clock.now_ms);
}

// Where a cut is, its parent's servers give a referral: what they answer themselves is delegated
// to nobody, and below a name that does not exist nothing is.
void parent_denied(struct task *task, const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;
	const uint8_t *last = task->step.name;
	bool cut = task->type == TYPE_DS && result->cut != CUT_NONE &&
		   result->cut != CUT_NOTHING_BELOW;

	// A stub zone's own servers speak for what they delegate, a forwarder's for nobody.
	if (cut || (task->route != NULL && task->route->forward) || !speaks(task, result) ||
	    !name_within(task->name, task->step.name))
		return;
	if (task->step.kind == STEP_NXDOMAIN)
		last = task->name;
	// Of whatever is delegated below it, too.
	if (task->type == TYPE_DS && task->step.kind == STEP_NXDOMAIN)
		revoke(task, task->step.name);
	for (size_t labels = name_labels(task->cut->zone) + 1; labels <= name_labels(last);
	     labels++) {
		const uint8_t *zone = name_ancestor(task->name, labels);
		if (task->type != TYPE_DS || !name_equal(zone, task->name))
			trust_contradict(resolver->parts.trust, zone);
		if (!delegation_revoke(resolver->delegations, zone))
			continue;
		resolver->counters.revoked++;
		revoke(task, zone);
	}
}

// It, or a zone above it, has been denied then or later. A stub zone's own servers are above what
// lies below it.
static bool is_denied_since(const struct resolver *resolver, const uint8_t *zone, uint64_t since_ms)
{
	if (!revoked_any(resolver->revoked))
		return false;
	const struct route *route = route_of(resolver, zone);
	bool below_stub = route != NULL && !route->forward && !name_equal(zone, route->zone);
	for (; !name_is_root(zone); zone = name_skip(zone, 1)) {
		if (below_stub && name_equal(zone, route->zone))
			return false;
		if (revoked_ms(resolver->revoked, resolver_hash(resolver, zone)) >= since_ms)
			return true;
	}
	return false;
}

struct delegation *parent_find_cut(struct resolver *resolver, const uint8_t *name)
{
	struct delegation *cut;

	for (;;) {
		cut = delegation_find(resolver->delegations, name, resolver->clock.now_ms);
		if (cut == NULL || !is_denied_since(resolver, cut->zone, cut->made_ms + 1) ||
		    !delegation_revoke(resolver->delegations, cut->zone))
			return cut;
		resolver->counters.revoked++;
		delegation_unref(cut);
	}
}

// The DS by which they are bogus is proven, the servers that they came from are not.
bool parent_went_back(struct task *task)
{
	struct resolver *resolver = task->resolver;
	const struct delegation *cut = task->cut;

	if (task->route != NULL || task->returned || cut == NULL || !cut->unproven ||
	    cut->before == NULL || resolver->config.stale_s == 0)
		return false;
	go_back(resolver, cut->zone);
	judge_release(task);
	task->returned = true;
	iterate_start(task);
	return true;
}

bool parent_took_back(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (task->route != NULL || task->returned_again || task->cut == NULL ||
	    !is_denied_since(resolver, task->cut->zone, task->started_ms))
		return false;
	if (delegation_revoke(resolver->delegations, task->cut->zone))
		resolver->counters.revoked++;
	judge_release(task);
	task->returned_again = task->returned;
	task->returned = true;
	iterate_start(task);
	return true;
}
