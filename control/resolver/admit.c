// Whether a question goes to servers at all, or fails at once because others about its zone have
// taken that zone's share of places (crowd.h).

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#define CROWD_TOLD_MS 10000

// The cache has data of the name, if stale ones: it is in use, and no flood's.
static bool has_had_data(const struct task *task)
{
	const struct lookup lookup = task_look_up(task, false);
	struct entry_facts facts;

	if (lookup.stale_count == 0)
		return false;
	entry_facts(lookup.stale_links[lookup.stale_count - 1], &facts);
	return facts.kind == ENTRY_POSITIVE;
}

static bool is_one_too_many(struct task *task)
{
	if (task->admitted)
		return false;
	task->admitted = true;
	return crowd_is_full(task->resolver->crowd, task->crowd_place,
			     name_labels(task->cut->zone)) &&
	       !task->fresh && task_wants(task, WAIT_CLIENT) && !has_had_data(task);
}

// By value only: it says nothing of the name, and nothing against the servers.
static void refuse_crowded(struct task *task)
{
	struct resolver *resolver = task->resolver;

	const uint64_t now_ms = resolver->clock.now_ms;

	resolver->counters.crowded++;
	if (resolver->crowd_tell != NULL && (resolver->crowded_told_ms == 0 ||
					     now_ms >= resolver->crowded_told_ms + CROWD_TOLD_MS)) {
		resolver->crowded_told_ms = now_ms;
		resolver->crowd_tell(resolver->crowd_tell_arg, task->cut->zone);
	}
	fail_with(task, FAILED_OWN, RCODE_SERVFAIL, EDE_OTHER,
		  "too many questions about this zone are under way", 0);
}

bool admit(struct task *task)
{
	if (!is_one_too_many(task))
		return true;
	refuse_crowded(task);
	return false;
}
