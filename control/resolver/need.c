// What a validation needs: DS and DNSKEY RRsets, which tasks of their own fetch and validate.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdio.h>

bool need_fetch(struct task *task, const struct validation_result *result)
{
	enum wait_purpose purpose = result->need_fresh ? WAIT_NEED_ANEW : WAIT_NEED;
	int error;

	// Nobody waits for a parent that is known to be silent.
	if (!result->need_fresh && result->need_type == TYPE_DS &&
	    parent_prolong_early(task, result->need_name))
		return false;
	// Keys that have rolled inside their TTL: the parent's DS goes first, or the new DNSKEY
	// RRset would not validate either.
	if (result->need_fresh && result->need_type == TYPE_DNSKEY && !task->need.ds_first &&
	    !name_is_root(result->need_name) &&
	    task_wait(task, purpose, result->need_name, TYPE_DS, 0) == 0) {
		task->need.ds_first = true;
		return true;
	}
	error = task_wait(task, purpose, result->need_name, result->need_type, 0);
	const char *why = "cannot be fetched";
	char name[NAME_TEXT_MAX], reason[TROUBLE_MAX];

	if (error == 0 && purpose == WAIT_NEED && result->need_type == TYPE_DS)
		late_watch(task);
	if (error == 0)
		return true;
	if (error == -EAGAIN || error == -ENOMEM) {
		room_wait(task, TASK_NEED);
		return true;
	}
	if (error == -ELOOP)
		why = "is needed to fetch itself";
	else if (error == -E2BIG)
		why = "cannot be fetched: too many sub-tasks";
	task->lacks_own = task->lacks_own || error == -E2BIG;
	snprintf(reason, sizeof(reason), "the %s of %.90s %s",
		 result->need_type == TYPE_DS ? "DS" : "DNSKEY",
		 name_to_text(result->need_name, name), why);
	explain_lacks(task, result->need_name, result->need_type);
	validation_need_failed(task->validation, EDE_DNSSEC_INDETERMINATE, reason);
	return false;
}

void need_again(struct task *task)
{
	task->state = TASK_WAIT_NEED;
	if (!need_fetch(task, validation_result(task->validation)))
		judge_run(task);
}

void need_is_late(struct task *task)
{
	const struct validation_result *result = validation_result(task->validation);

	if (result->need_fresh || result->need_type != TYPE_DS ||
	    !parent_prolong_late(task->resolver, result->need_name))
		return;
	task_drop_waits(task);
	task->state = TASK_JUDGE;
	task_ready(task);
}

bool need_give(struct task *task)
{
	late_forget(task);

	if (task->need.done && task->need.ds_first) {
		task->need.done = false;
		task->state = TASK_WAIT_NEED;
		if (need_fetch(task, validation_result(task->validation)))
			return false;
	} else if (task->need.done && task->need.failed)
		validation_need_failed(task->validation, task->need.ede, task->need.reason);
	if (task->need.failed)
		task->needed = task->need.finding;
	task->need = (struct need){0};
	return true;
}

// Nobody has given an answer to the question for the DS, which began before this one, and its time
// is over: as good as a second of waiting.
static bool ended_late(const struct task *parent, const struct task *child)
{
	struct entry_facts facts;

	if (child->failed_own || child->finding.kind != BROKEN_SILENT || !child->chain.failed ||
	    child->chain.count == 0)
		return false;
	entry_facts(child->chain.links[child->chain.count - 1], &facts);
	return facts.ede == EDE_NO_REACHABLE_AUTHORITY &&
	       parent_prolong_late(parent->resolver, child->name);
}

void need_deliver(struct task *parent, const struct task *child)
{
	struct need *need = &parent->need;
	bool fresh = validation_result(parent->validation)->need_fresh;

	*need = (struct need){.done = true,
			      .failed = !child->learned,
			      .ede = EDE_NONE,
			      .ds_first = need->ds_first && child->type == TYPE_DS};
	above_note(parent, child);
	if (need->failed && !fresh && child->type == TYPE_DS)
		need->failed = !parent_prolong(parent->resolver, child->name, &child->finding) &&
			       !ended_late(parent, child);
	if (need->failed) {
		// Keys that were asked for anew as well: their failure is kept, and meets others.
		const struct broken_finding finding = broken_of_need(parent->resolver, child);
		if (!fresh)
			need->finding = finding;
	}
	if (need->failed && !fresh) {
		explain_lacks(parent, child->name, child->type);
		explain_needed(parent->resolver, child);
	}
	parent->lacks_own = parent->lacks_own || (need->failed && child->failed_own);
	if (need->failed && child->chain.failed && child->chain.count > 0) {
		struct entry_facts facts;
		entry_facts(child->chain.links[child->chain.count - 1], &facts);
		need->ede = facts.ede;
		snprintf(need->reason, sizeof(need->reason), "%s", facts.ede_text);
		parent->bogus_answer |= !child->failed_own &&
					need->ede != EDE_DNSSEC_INDETERMINATE &&
					ede_is_of_validation(need->ede);
	} else if (need->failed) {
		need->ede = EDE_DNSSEC_INDETERMINATE;
		snprintf(need->reason, sizeof(need->reason), "its keys could not be fetched");
	}
	parent->state = TASK_JUDGE;
}
