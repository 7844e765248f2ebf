// Validation of what servers said, link by link, and what a verdict leads to. Nothing gets past
// here as good that was not validated as secure or proven insecure: link.c publishes the one,
// bogus.c has the other.

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
	task->step.began_ms = task->renewed_ms != 0 ? task->renewed_ms : task->began_ms;
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

	// What was asked before a flush teaches nothing.
	if (task->hint_tried || d == NULL || d->ds_flushed ||
	    cache_flushed_since(resolver->cache, task->name, d->made_ms) ||
	    !resolver->config.validate || (d->ds == NULL && d->proof_count == 0) ||
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
	// What was asked before a flush teaches nothing after it.
	if (cache_flushed_since(resolver->cache, task->name, link_asked_ms(task)))
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

static void good_hint(struct task *task, enum verdict verdict,
		      const struct validation_result *result)
{
	learn(task, result);
	explain_good(task);
	if (task->step.kind != STEP_ANSWER && wanted_as_answer(task)) {
		drop_hint(task); // a denial without SOA is no answer to a client
		return;
	}
	if (task->step.kind == STEP_ANSWER && !link_publish(task, verdict, result))
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
	broken_server(task, &server, SERVER_LAME, task->reply->in_drill);
	judge_release(task);
	iterate_next_server(task, &server, true);
}

// What would have been a last resort is of a zone further down.
static void not_of_zone(struct task *task)
{
	if (task->link == 0) {
		resort_failed(task);
		return;
	}
	response_cut(task->response, task->link);
	end_of_response(task);
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
	root_good(task);
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
		bogus_answer(task, &unproven);
		return;
	}
	if (task->response->resorted && !resort_is_of_zone(task, result)) {
		not_of_zone(task);
		return;
	}
	if (verdict == VERDICT_SECURE && task->route == NULL)
		upstream_validated(resolver->parts.upstream, task->cut->zone, &task->good_server);
	if (task->response->resorted)
		resolver->counters.last_resort += task->link == 0;
	else
		learn_from_answer(task, result);
	if (!link_publish(task, verdict, result))
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
		if (!parent_took_back(task) && !parent_went_back(task))
			bogus_answer(task, result);
	} else {
		bogus_unjudged(task, result);
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
