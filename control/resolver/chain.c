// Where a CNAME or DNAME leads: another task, whose links follow ours.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <errno.h>

static struct chain *open_chain(struct task *task)
{
	return task->has_unproven ? &task->unproven : &task->chain;
}

static void broken(struct task *task, const char *text)
{
	chain_release(task->resolver, &task->unproven);
	task->has_unproven = false;
	// The failure is that of the way here, not of the name: by value only.
	fail_with(task, FAILED_ALIAS, RCODE_SERVFAIL, EDE_OTHER, text, 0);
}

void chain_target(struct task *task)
{
	if (!task_deliver_rrset(task)) {
		task_ready(task); // which frees it
		return;
	}
	// DESIGN §6: at most 11 links. What is too long for this waiter may be all right for one
	// who asks further along.
	if (task->hops + open_chain(task)->count > BUDGET_CNAME_MAX) {
		broken(task, "CNAME chain of more than 11 links");
		return;
	}
	task->state = TASK_WAIT_TARGET;
	switch (task_wait(task, WAIT_TARGET, task->open_name, task->type, 0)) {
	case 0:
		return;
	case -ELOOP:
		broken(task, "CNAME loop");
		return;
	case -E2BIG:
		if (task_payer(task) == NULL)
			return; // its clients are told at the end of this turn
		broken(task, "CNAME chain needs too many sub-tasks");
		return;
	default:
		room_wait(task, TASK_TARGET);
	}
}

static bool take(struct task *parent, struct chain *to, const struct chain *from)
{
	if (from->count == 0) {
		fail_own(parent, EDE_OTHER, "out of memory for answers");
		return false;
	}
	if (chain_append(parent->resolver, to, from))
		return true;
	broken(parent, "CNAME chain of more than 11 links");
	return false;
}

void chain_deliver(struct task *parent, const struct task *child)
{
	struct resolver *resolver = parent->resolver;

	// Our own links were not proven: only CD=1 goes on from them.
	if (parent->has_unproven) {
		take(parent, &parent->unproven,
		     child->has_unproven ? &child->unproven : &child->chain);
		parent->state = TASK_FINISH;
		return;
	}
	if (child->has_unproven) {
		parent->has_unproven = chain_append(resolver, &parent->unproven, &parent->chain) &&
				       chain_append(resolver, &parent->unproven, &child->unproven);
		if (!parent->has_unproven)
			chain_release(resolver, &parent->unproven);
	}
	if (take(parent, &parent->chain, &child->chain))
		parent->state = TASK_FINISH;
}
