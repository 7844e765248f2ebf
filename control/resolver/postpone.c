// A key roll inside the TTL of DNSKEY and DS is seen by asking for them anew, but at most once a
// second per zone. Whoever comes in between, while servers go over to the new keys one by one,
// waits for the next time instead of failing.

#include "control/resolver/task.h"

#define LATEST_MS 2500 // of the question: there is time for the keys and the answer

bool postpone(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (task->refresh_ms == 0 || task->postponed ||
	    task->refresh_ms > task->began_ms + LATEST_MS)
		return false;
	task->postponed = true;
	task->state = TASK_WAIT_KEYS;
	cds_list_add_tail(&task->in_postponed, &resolver->postponed);
	resolver->counters.postponed++;
	return true;
}

// From the top: another server may have gone over meanwhile, too.
static void go_on(struct task *task)
{
	cds_list_del_init(&task->in_postponed);
	task->bogus_count = 0;
	task->renewed_ms = task->resolver->clock.now_ms;
	task->without_cd = false;
	task->state = TASK_START;
	task_ready(task);
}

uint64_t postpone_run(struct resolver *resolver)
{
	uint64_t next_ms = UINT64_MAX;
	struct task *task, *following;

	cds_list_for_each_entry_safe(task, following, &resolver->postponed, in_postponed)
	{
		if (task->refresh_ms <= resolver->clock.now_ms)
			go_on(task);
		else if (task->refresh_ms < next_ms)
			next_ms = task->refresh_ms;
	}
	return next_ms;
}
