// Validation and publication of what servers said, link by link. Nothing gets past here
// as good that was not validated as secure or proven insecure.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void judge_release(struct task *task)
{
	if (task->validation != NULL)
		validation_free(task->validation);
	task->validation = NULL;
	shelf_put(&task->resolver->responses, task->response);
	task->response = NULL;
	delegation_unref(task->hint);
	task->hint = NULL;
	task->need = (struct need){0};
	reply_unref(task->resolver, task->reply);
	task->reply = NULL;
}

static struct publication publication_of(const struct task *task, const struct step *step)
{
	struct resolver *resolver = task->resolver;
	bool forwarded = forward_holds(task);
	bool resorted = task->response != NULL && task->response->resorted;
	const struct delegation *cut = task->hint != NULL ? task->hint : task->cut;

	return (struct publication){
		.provenance = forwarded  ? FROM_FORWARDER
			      : resorted ? FROM_NON_AUTHORITY
					 : FROM_RECURSION,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
		.asked_ms = task->reply != NULL  ? task->reply->asked_ms
			    : task->hint != NULL ? task->hint->made_ms
						 : 0,
		.one_shot = task->past_nta || (resorted && resort_by_value(task, step)),
		// What is let pass for want of better is evidence of nothing.
		.aside = task->past_nta || resorted ||
			 (task->reply != NULL && task->reply->drilled),
		.outdated = cut != NULL && cut->outdated,
		.denial = !forwarded,
		// ATTACKS A12: what is said about a name must not hide a configured zone below.
		.this_name_only =
			task->disputed ||
			(step->kind == STEP_NXDOMAIN && route_below(resolver, step->name)) ||
			(step->kind == STEP_DNAME && route_below(resolver, step->rrset->owner)),
	};
}

static void wake(void *arg)
{
	struct task *task = arg;

	task->state = TASK_JUDGE;
	task_ready(task);
}

static void begin(struct task *task)
{
	struct resolver *resolver = task->resolver;

	task->disputed = false;
	task->step.began_ms = task->began_ms;
	task->step.fetched_ms = task->hint == NULL ? resolver->clock.now_ms : 0;

	if (task->validation != NULL)
		validation_free(task->validation);
	task->validation = NULL;
	task->need = (struct need){0};
	task->needed = (struct broken_finding){.kind = BROKEN_NOT};
	if (resolver->config.validate) {
		task->validation = validation_new(resolver->parts.trust, &task->step, wake, task);
		if (task->validation == NULL) {
			fail_own(task, EDE_OTHER, "out of memory for validation");
			return;
		}
		if (task->past_nta)
			validation_past_nta(task->validation);
	}
	task->state = TASK_JUDGE;
	task_ready(task);
}

static void begin_link(struct task *task)
{
	task->step = task->response->links[task->link];
	task->step.ds_referred = task->route == NULL && task->cut->ds != NULL;
	begin(task);
}

void judge_start(struct task *task)
{
	task->link = 0;
	begin_link(task);
}

bool judge_hint(struct task *task)
{
	struct resolver *resolver = task->resolver;
	struct delegation *d =
		delegation_at(resolver->delegations, task->name, resolver->clock.now_ms);

	if (task->hint_tried || d == NULL || !resolver->config.validate ||
	    (d->ds == NULL && d->proof_count == 0) ||
	    !delegation_ds_lasts(d, resolver->clock.now_ms))
		return false;
	const struct delegation *parent =
		delegation_at(resolver->delegations, d->parent, resolver->clock.now_ms);
	task->hint_tried = true;
	delegation_ref(d);
	task->hint = d;
	task->step = (struct step){
		.kind = d->ds != NULL ? STEP_ANSWER : STEP_NODATA,
		.name = task->name,
		.type = TYPE_DS,
		.zone = d->parent,
		.ds_referred = parent != NULL && parent->ds != NULL,
		.rrset = d->ds,
		.proofs = (const struct rrset *const *)d->proofs,
		.proof_count = d->proof_count,
	};
	begin(task);
	return true;
}

// ---- what a verdict leads to ----

static void ask_again(struct task *task)
{
	judge_release(task);
	task->state = TASK_ASK;
	task_ready(task);
}

// Not proven by a referral: the parent is asked in so many words.
static void drop_hint(struct task *task)
{
	judge_release(task);
	iterate_start(task);
}

static void drop_probe(struct task *task)
{
	task->probing = false;
	task->resolver->counters.minimise_fallbacks++;
	minimise_give_up(&task->minimise);
	int i = iterate_server_index(task, &task->good_server);
	if (i >= 0 && task->servers[i].tries > 0)
		task->servers[i].tries--;
	ask_again(task);
}

// All of a response that did not validate, for CD=1. Kept from the first such response on.
static void keep_unproven(struct task *task)
{
	struct resolver *resolver = task->resolver;
	const struct response *response = task->response;

	if (task->has_unproven || response == NULL)
		return;
	for (size_t i = 0; i < response->link_count; i++) {
		const struct publication publication = publication_of(task, &response->links[i]);
		const struct entry *entry =
			publish_unproven(resolver->publisher, &response->links[i], &publication);
		if (!chain_add(resolver, &task->unproven, entry)) {
			chain_release(resolver, &task->unproven);
			return;
		}
	}
	task->has_unproven = true;
	task->unproven_open = response->open;
	if (response->open)
		name_copy(task->open_name, response->names[response->link_count]);
}

void judge_show_unproven(struct task *task)
{
	if (task->validation != NULL)
		keep_unproven(task);
}

static void remember_bogus(struct task *task, const struct validation_result *result)
{
	char address[ADDRESS_TEXT_MAX], from[ADDRESS_TEXT_MAX + 24] = "";
	const bool drilled = task->reply != NULL && task->reply->drilled;

	keep_unproven(task);
	// What a drill has spoilt says nothing of the zone.
	if (!drilled)
		posture_bogus(task, result);
	if (task->bogus_ede != EDE_NONE)
		return;
	task->bogus_ede = result->ede != EDE_NONE ? result->ede : EDE_DNSSEC_BOGUS;
	explain_fault(task, result);
	if (result->verdict == VERDICT_BOGUS)
		snprintf(from, sizeof(from), ", from %s%s",
			 address_to_text(&task->good_server, address),
			 drilled ? " in a drill" : "");
	// The server stays, whatever has to be cut.
	snprintf(task->bogus_text, sizeof(task->bogus_text), "%.*s%s",
		 (int)(TROUBLE_MAX - 1 - strlen(from)), result->reason, from);
}

// Servers may have a zone and one below it, with no referral between them: what is wrong with the
// one says nothing of them as servers of the other.
static const uint8_t *zone_to_blame(const struct task *task, const struct validation_result *result)
{
	return result->verdict == VERDICT_BOGUS && result->fault_cut ? result->fault_zone
								     : task->cut->zone;
}

// DESIGN §1: a bogus answer makes us try another server in another failure domain, then fail
// closed.
static void bogus(struct task *task, const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;
	enum server_failure failure =
		result->ede == EDE_RRSIGS_MISSING ? SERVER_STRIPPED : SERVER_BOGUS;
	struct address server = task->good_server;

	resolver->counters.bogus++;
	task->bogus_answer |= task->reply == NULL || !task->reply->drilled;
	if (result->refresh_ms != 0)
		task->refresh_ms = result->refresh_ms;
	remember_bogus(task, result);
	explain_server(task, &server, failure, task->reply);
	broken_server(task, &server, failure,
		      (task->reply != NULL && task->reply->drilled) || result->unsupported);
	// What a negative trust anchor lets pass is held against no server.
	if (!task->past_nta && !forward_blame(task, &server, failure)) {
		const uint8_t *zone = zone_to_blame(task, result);
		upstream_report(resolver->parts.upstream, zone, &server, failure, 0);
		checkup_watch(task, zone, &server, failure);
	}
	judge_release(task);
	if (!broken_another_domain(task, ++task->bogus_count)) {
		if (!forward_fall_back(task) && !parent_revive(task, true))
			fail_bogus(task);
		return;
	}
	iterate_next_server(task, &server, !forward_without_cd(task));
}

// It could not be judged: nobody's fault, or that of who keeps the keys.
static void unjudged(struct task *task, const struct validation_result *result)
{
	// What it needs could not be had of servers that prove nothing; or it was our own fault.
	task->finding = task->needed;

	remember_bogus(task, result);
	judge_release(task);
	if (task->lacks_own)
		fail_own(task, task->bogus_ede, task->bogus_text);
	else if (task->needed.kind > BROKEN_SILENT && parent_revive(task, true))
		return;
	else
		fail_with(task, FAILED_UNJUDGED, RCODE_SERVFAIL, task->bogus_ede, task->bogus_text,
			  ailing_failed(task, fail_ttl_s(task, FAILURE_TTL_MAX_S)));
	if (task->has_unproven && task->unproven_open && task_wants_unproven(task))
		task->state = TASK_TARGET;
}

// ATTACKS A8: a DNAME redirects a whole subtree. Unsigned, it must have come over something
// that cannot be forged blindly.
static bool needs_tcp(const struct task *task, enum verdict verdict)
{
	return task->step.kind == STEP_DNAME && verdict != VERDICT_SECURE && task->reply != NULL &&
	       !task->reply->strong && !task->over_tcp;
}

static void learn(struct task *task, const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;

	if (task->type != TYPE_DS && task->type != TYPE_DNSKEY)
		return;
	trust_learn(resolver->parts.trust, &task->step, result, resolver->clock.now_ms,
		    resolver->clock.now_s);
	task->learned = true;
	if (task->type == TYPE_DS && task->route == NULL)
		parent_proven(task, result);
}

static bool wanted_as_answer(const struct task *task)
{
	return task_wants(task, WAIT_CLIENT) || task_wants(task, WAIT_TARGET) ||
	       task_wants(task, WAIT_TYPE) || task_wants(task, WAIT_ADDRESS);
}

static void finish(struct task *task)
{
	task->state = TASK_FINISH;
	task_ready(task);
}

// All links of the response are published.
static void end_of_response(struct task *task)
{
	const struct response *response = task->response;

	// RFC 6672 §2.2: the DNAME that makes too long a name says YXDOMAIN by itself, from now on.
	if (!response->open || !wanted_as_answer(task)) {
		finish(task);
		return;
	}
	name_copy(task->open_name, response->names[response->link_count]);
	judge_release(task);
	task->state = TASK_TARGET;
	task_ready(task);
}

static uint64_t hash_of_name(const struct resolver *resolver, const uint8_t *name)
{
	uint8_t lower[NAME_MAX_LEN];
	size_t len = name_len(name);

	name_lower(lower, name, len);
	return cache_hash(resolver->cache, lower, len);
}

// The name that was asked for is denied or rewritten with one above it: what is older of it must not
// come back (RFC 8767 §4, RFC 8020 §2).
static void end_below(struct task *task, enum verdict verdict,
		      const struct publication *publication)
{
	const struct step *step = &task->step;
	const uint8_t *name = step->kind == STEP_DNAME ? step->name : task->name;
	const uint8_t *above = step->kind == STEP_DNAME ? step->rrset->owner : step->name;

	if ((step->kind != STEP_DNAME &&
	     (step->kind != STEP_NXDOMAIN || verdict != VERDICT_SECURE)) ||
	    publication->aside || publication->outdated || name_equal(name, above) ||
	    !name_within(name, above))
		return;
	cache_end_name(task->resolver->cache, name, publication->asked_ms);
}

// RFC 8020 §2. In the cache the NXDOMAIN itself would stand in the way of what is older below it.
static void note_by_value(struct task *task, const struct entry *entry,
			  const struct publication *publication)
{
	struct resolver *resolver = task->resolver;
	struct entry_facts facts;

	if (entry == NULL)
		return;
	entry_facts(entry, &facts);
	if (facts.kind == ENTRY_NXDOMAIN && facts.one_shot && facts.security == SECURITY_SECURE &&
	    task->step.soa != NULL && !facts.opt_out && !facts.this_name_only &&
	    !publication->aside)
		revoked_put(resolver->denied_by_value,
			    hash_of_name(resolver, task->step.soa->owner),
			    hash_of_name(resolver, facts.name), publication->asked_ms);
}

// A NXDOMAIN in the place of data takes nobody else's.
static bool is_worth_keeping(struct task *task)
{
	struct resolver *resolver = task->resolver;

	return denied_names_seen(resolver->denied_names,
				 hash_of_name(resolver, task->step.name)) ||
	       cache_holds(resolver->cache, task->step.name) ||
	       cache_holds(resolver->cache, task->name);
}

static bool publish_link(struct task *task, enum verdict verdict,
			 const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;
	struct publication publication = publication_of(task, &task->step);
	denied_hash(task, &publication);
	char note[TROUBLE_MAX];
	if ((publication.outdated || result->outdated) &&
	    broken_text(resolver, task->step.name, note, sizeof(note)))
		publication.note = note;
	publication.seen = task->step.kind == STEP_NXDOMAIN && is_worth_keeping(task);
	const struct entry *entry =
		publish_step(resolver->publisher, &task->step, verdict, result, &publication);
	end_below(task, verdict, &publication);
	note_by_value(task, entry, &publication);

	verdict == VERDICT_SECURE ? resolver->counters.secure++ : resolver->counters.insecure++;
	resolver->counters.nta.links += result->nta;
	if (entry != NULL && publication.provenance != FROM_NON_AUTHORITY)
		prefetch_track(resolver, entry);
	if (chain_add(resolver, &task->chain, entry))
		return true;
	judge_release(task);
	fail_own(task, EDE_OTHER, "out of memory for answers");
	return false;
}

static void good_hint(struct task *task, enum verdict verdict,
		      const struct validation_result *result)
{
	learn(task, result);
	explain_good(task);
	if (task->step.kind != STEP_ANSWER && wanted_as_answer(task)) {
		drop_hint(task); // a denial without SOA is no answer to a client
		return;
	}
	if (task->step.kind == STEP_ANSWER && !publish_link(task, verdict, result))
		return;
	finish(task);
}

// An answer from some server has validated: earlier ones that did not are forgotten.
static void forget_bogus(struct task *task)
{
	chain_release(task->resolver, &task->unproven);
	task->has_unproven = task->unproven_open = false;
	task->bogus_ede = EDE_NONE;
	task->bogus_answer = false;
}

// RFC 2181 §5.4.1: behind an alias a server may add what it is not authoritative for, and who
// forges an alias of any name in a zone would have any other of its names as well. It is asked for
// on its own: where the alias has signatures and it has none, or where nothing is signed and the
// reply could be forged blindly.
static bool target_counts(const struct task *task, enum verdict verdict)
{
	const struct step *next = &task->response->links[task->link];

	if (verdict == VERDICT_SECURE)
		return next->rrset == NULL || next->rrset->rrsig_count > 0;
	return forward_holds(task) || task->reply->strong;
}

// Out of somebody's cache, and not signed: the server is lame.
static void not_secure(struct task *task)
{
	struct resolver *resolver = task->resolver;
	const struct address server = task->good_server;

	if (task->link > 0) {
		response_cut(task->response, task->link);
		end_of_response(task);
		return;
	}
	resolver->counters.lame++;
	resort_note(task, task->response);
	upstream_report(resolver->parts.upstream, task->cut->zone, &server, SERVER_LAME, 0);
	checkup_watch(task, task->cut->zone, &server, SERVER_LAME);
	explain_server(task, &server, SERVER_LAME, task->reply);
	broken_server(task, &server, SERVER_LAME, task->reply->drilled);
	judge_release(task);
	iterate_next_server(task, &server, true);
}

static void learn_from_answer(struct task *task, const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;

	forget_bogus(task);
	if (task->link > 0)
		return;
	failure_over(resolver->failures, task->hash);
	explain_good(task);
	ailing_good(task);
	forward_settle(task);
	parent_denied(task, result);
	learn(task, result);
	// The addresses are not signed: a forwarder's would be taken by recursion (A9).
	if (name_is_root(task->name) && task->type == TYPE_NS && task->route == NULL &&
	    task->step.kind == STEP_ANSWER)
		prime_learn(resolver, task->reply, task->step.rrset);
}

static void good(struct task *task, enum verdict verdict, const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;

	if (task->hint != NULL) {
		good_hint(task, verdict, result);
		return;
	}
	// RFC 8020 only for what was proven (ATTACKS A12), and not for a name that exists.
	if (task->probing && (verdict != VERDICT_SECURE || task->step.kind != STEP_NXDOMAIN)) {
		drop_probe(task);
		return;
	}
	if (task->response->secure_only && verdict != VERDICT_SECURE) {
		not_secure(task);
		return;
	}
	if (task->link == 0 && needs_tcp(task, verdict)) {
		task->over_tcp = true;
		ask_again(task);
		return;
	}
	if (parent_distrusts(task, result))
		return;
	if (parent_denies_unproven(task, result)) {
		struct validation_result unproven = *result;
		unproven.verdict = VERDICT_BOGUS;
		unproven.ede = EDE_RRSIGS_MISSING;
		snprintf(unproven.reason, sizeof(unproven.reason),
			 "a denial without proof by the signed zone above");
		bogus(task, &unproven);
		return;
	}
	if (verdict == VERDICT_SECURE && task->route == NULL)
		upstream_validated(resolver->parts.upstream, task->cut->zone, &task->good_server);
	if (task->response->resorted)
		resolver->counters.last_resort += task->link == 0;
	else
		learn_from_answer(task, result);
	if (!publish_link(task, verdict, result))
		return;
	if (++task->link < task->response->link_count && !target_counts(task, verdict))
		response_cut(task->response, task->link);
	if (task->link < task->response->link_count)
		begin_link(task);
	else
		end_of_response(task);
}

// The RCODE is not signed. Where the proof says the other thing, nothing but its own name's answer
// is taken from it (a NODATA is no ancestor, RFC 8020, anyhow).
static void go_by_proof(struct task *task, const struct validation_result *result)
{
	if (result->kind == task->step.kind)
		return;
	task->step.kind = result->kind;
	task->disputed = true;
	task->resolver->counters.rcode_disputed++;
}

// It came in another case than the question had, and was left to its signatures.
static void not_settled(struct task *task)
{
	int i = iterate_server_index(task, &task->good_server);

	if (task->link > 0) {
		response_cut(task->response, task->link);
		end_of_response(task);
		return;
	}
	if (i >= 0 && task->servers[i].tries > 0)
		task->servers[i].tries--;
	task->settled = true;
	ask_again(task);
}

static void settle(struct task *task, enum verdict verdict, const struct validation_result *result)
{
	trace_judged(task, verdict, result);
	if (task->hint == NULL && task->reply != NULL && task->reply->unsettled &&
	    verdict != VERDICT_SECURE) {
		not_settled(task);
		return;
	}
	if (verdict == VERDICT_SECURE || verdict == VERDICT_INSECURE) {
		go_by_proof(task, result);
		if (task->response == NULL || !task->response->resorted)
			posture_learn(task, result);
		good(task, verdict, result);
	} else if (task->hint != NULL) {
		task->hint->doubtful = true;
		drop_hint(task);
	} else if (task->probing) {
		drop_probe(task);
	} else if (task->link > 0) {
		// The links before are good; this one's name is resolved on its own.
		response_cut(task->response, task->link);
		end_of_response(task);
	} else if (task->response->resorted) {
		resort_failed(task);
	} else if (verdict == VERDICT_BOGUS) {
		if (!parent_took_back(task))
			bogus(task, result);
	} else {
		unjudged(task, result);
	}
}

// ---- running it ----

// Its payer's budget ended inside: the next one begins anew (what was verified is remembered).
static bool another_payer(struct task *task, struct client *payer)
{
	if (payer->budget.exhausted < 0)
		return false;
	client_end(task->resolver, payer);
	if (task_payer(task) != NULL)
		begin(task);
	return true;
}

static void unchecked(struct task *task)
{
	const struct validation_result result = {
		.verdict = VERDICT_INSECURE,
		.ede = EDE_NONE,
		.signature_expires_s = SIGNATURE_NEVER_EXPIRES,
		.rrset_ttl_s = UINT32_MAX,
		.soa_ttl_s = UINT32_MAX,
		.kind = task->step.kind,
	};

	settle(task, VERDICT_INSECURE, &result);
}

// DESIGN §6: a clock before the build date fails closed, with a text, for a second.
static bool clock_failed(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (resolver->clock.trusted || trust_anchor_count(resolver->parts.trust) == 0)
		return false;
	judge_release(task);
	fail_own(task, EDE_SIGNATURE_NOT_YET_VALID,
		 "the clock of this host is before the date this program was built");
	return true;
}

void judge_run(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (!resolver->config.validate) {
		unchecked(task);
		return;
	}
	if (clock_failed(task))
		return;
	if (!need_give(task))
		return;
	for (;;) {
		struct client *payer = task_payer(task);
		if (payer == NULL)
			return; // its clients are told at the end of this turn
		enum verdict verdict =
			validation_run(task->validation, &payer->budget, resolver->clock.now_ms,
				       resolver->clock.now_s);
		const struct validation_result *result = validation_result(task->validation);
		if (verdict == VERDICT_WAIT) {
			task->state = TASK_WAIT_BATCH;
			resolver->submitted = true;
			return;
		}
		if (verdict == VERDICT_FAILED && another_payer(task, payer))
			return;
		if (verdict != VERDICT_NEED) {
			settle(task, verdict, result);
			return;
		}
		task->state = TASK_WAIT_NEED;
		if (need_fetch(task, result))
			return;
	}
}
