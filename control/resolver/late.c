// A parent whose servers are there, and late. Silence would end in what it proved last (parent.c);
// that they answer in the end is no reason to lose the names below meanwhile. Who has waited for a
// second, and has a last proof to go by, goes by it. The question for the DS is put all the same,
// with as much patience as its servers need: what they say ends the old proof, or renews it.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

void late_watch(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (!cds_list_empty(&task->in_waiting))
		return;
	task->late_ms = resolver->clock.now_ms + LATE_MS;
	cds_list_add_tail(&task->in_waiting, &resolver->waiting);
}

void late_forget(struct task *task)
{
	cds_list_del_init(&task->in_waiting);
}

// Not for something of our own: that says nothing of the parent.
static bool waits_for_servers(const struct task *task, unsigned level)
{
	struct waiter *wait;
	bool waits = false;

	switch (task->state) {
	case TASK_ASK: // the next server, in this turn
	case TASK_REPLY:
	case TASK_WAIT_REPLY:
	case TASK_WAIT_EVIDENCE:
		return true;
	case TASK_WAIT_ADDRESS:
	case TASK_WAIT_NEED:
		break;
	default:
		return false;
	}
	if (level == TASK_WALK_MAX)
		return false;
	cds_list_for_each_entry(wait, &task->waits, in_parent)
	{
		waits = waits || waits_for_servers(wait->task, level + 1);
	}
	return waits;
}

static void end_wait(struct task *task)
{
	if (upstream_uplink_lost(task->resolver->parts.upstream) || !waits_for_servers(task, 0))
		late_watch(task); // another second
	else if (task->state == TASK_WAIT_NEED)
		need_is_late(task);
	else
		parent_is_late(task);
}

uint64_t late_run(struct resolver *resolver)
{
	while (!cds_list_empty(&resolver->waiting)) {
		struct task *task = cds_list_entry(resolver->waiting.next, struct task, in_waiting);
		if (task->late_ms > resolver->clock.now_ms)
			return task->late_ms;
		late_forget(task);
		end_wait(task);
	}
	return UINT64_MAX;
}
