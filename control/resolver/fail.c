// How a task ends without an answer. What is remembered, for how long, and what is told.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <string.h>

// The chain so far stays: the failure is that of its last name, which for a task is always
// its own unless a target could not even be started.
void fail_with(struct task *task, enum failed_kind kind, unsigned rcode, int ede, const char *text,
	       uint32_t ttl_s)
{
	struct resolver *resolver = task->resolver;
	const uint8_t *name = task->chain.count > 0 ? task->open_name : task->name;
	const struct publication publication = {
		.provenance = task->route != NULL ? FROM_FORWARDER : FROM_RECURSION,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
		.one_shot = task->chain.count > 0 || task->past_nta,
	};

	if (rcode == RCODE_SERVFAIL)
		explain_failed(task, kind, ede, text);
	stale_drop(task, name);
	posture_failed(task, ede, text, ttl_s);
	if (!task->chain.failed) {
		const struct entry *entry = publish_failure(resolver->publisher, name, task->type,
							    rcode, ede, text, ttl_s, &publication);
		task->chain.failed = chain_add(resolver, &task->chain, entry);
		if (!task->chain.failed)
			chain_release(resolver, &task->chain); // an empty chain: SERVFAIL
	}
	task->state = TASK_FINISH;
	task_ready(task);
}

// What a zone's parent, or the chain of trust to it, could not prove is asked for again as long as
// former proofs do in its place.
uint32_t fail_ttl_s(struct task *task, uint32_t max_s)
{
	struct resolver *resolver = task->resolver;

	if (task->type == TYPE_DS)
		parent_prolong(resolver, task->name, &task->finding);
	if (task->finding.kind != BROKEN_NOT && broken_keeps_asking(task))
		return FAILURE_TTL_MIN_S;
	return failure_backoff(resolver->failures, task->hash, resolver->clock.now_ms,
			       ailing_hold_s(task, max_s));
}

// RFC 9520 §3.2: no server of the zone gave an answer.
void fail_unreachable(struct task *task)
{
	struct resolver *resolver = task->resolver;
	char text[TROUBLE_MAX];

	// An answer that did not validate says more than servers that gave none.
	if (task->bogus_ede != EDE_NONE) {
		fail_bogus(task);
		return;
	}
	task->finding = broken_find(task);
	explain_unreachable(task, text);
	if (upstream_uplink_lost(resolver->parts.upstream)) {
		fail_own(task, EDE_NETWORK_ERROR, text);
		return;
	}
	uint32_t ttl_s = fail_ttl_s(task, FAILURE_TTL_MAX_S);
	// All the zones below wait for their parent to come back, and are kept from asking it too
	// often together.
	if (task->type == TYPE_DS && ttl_s > FAILURE_TTL_DS_S)
		ttl_s = FAILURE_TTL_DS_S;
	ttl_s = ailing_failed(task, ttl_s);
	// So do those that others have lately had from servers which were not asked again.
	int ede =
		task->finding.kind == BROKEN_BOGUS ? EDE_DNSSEC_BOGUS : EDE_NO_REACHABLE_AUTHORITY;
	fail_with(task, FAILED_UNREACHABLE, RCODE_SERVFAIL, ede, text, ttl_s);
}

// CD=1 clients get the data all the same, and all of the chain.
void fail_bogus(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if ((!broken_suffices(task) && postpone(task)) || above_answers(task))
		return;
	task->finding = broken_find(task);
	uint32_t ttl_s = fail_ttl_s(task, FAILURE_TTL_BOGUS_S);

	resolver->counters.bogus_final++;
	root_failed(task);
	fail_with(task, FAILED_BOGUS, RCODE_SERVFAIL, task->bogus_ede, task->bogus_text,
		  ailing_failed(task, ttl_s));
	if (task->has_unproven && task->unproven_open && task_wants_unproven(task))
		task->state = TASK_TARGET;
}

void fail_own(struct task *task, int ede, const char *text)
{
	task->failed_own = true;
	fail_with(task, FAILED_OWN, RCODE_SERVFAIL, ede, text, FAILURE_TTL_OWN_S);
}
