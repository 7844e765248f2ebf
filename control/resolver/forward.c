// Forward zones: who is to blame for an answer that is no good, the one question without CD, and
// the way back to recursion.

#include "control/resolver/task.h"

#include <string.h>

bool forward_holds(const struct task *task)
{
	return task->route != NULL && task->route->forward;
}

unsigned forward_pool_use(const struct task *task)
{
	return (task->route->first ? POOL_INSTEAD : 0) |
	       (task->route->forward ? POOL_RECURSIVE : 0);
}

// What depends on the name that was asked for, and so maybe on others' servers. Silence and
// what cannot be read are the forwarder's own.
static bool depends_on_name(enum server_failure failure)
{
	switch (failure) {
	case SERVER_SERVFAIL:
	case SERVER_REFUSED:
	case SERVER_LAME:
	case SERVER_FORMERR:
	case SERVER_BOGUS:
	case SERVER_STRIPPED:
		return true;
	default:
		return false;
	}
}

bool forward_blame(struct task *task, const struct address *server, enum server_failure failure)
{
	if (!forward_holds(task) || !depends_on_name(failure))
		return false;
	task->blamed_route = task->route;
	if (task->blame_count < TASK_BLAMES_MAX)
		task->blames[task->blame_count++] =
			(struct blame){.server = *server, .failure = (uint8_t)failure};
	return true;
}

void forward_settle(struct task *task)
{
	for (size_t i = 0; i < task->blame_count; i++) {
		const struct blame *blame = &task->blames[i];
		enum server_failure failure = (enum server_failure)blame->failure;
		if (memcmp(&blame->server, &task->good_server, sizeof(blame->server)) == 0)
			continue;
		upstream_report(task->resolver->parts.upstream, task->blamed_route->zone,
				&blame->server, failure, 0);
		if (task->route == task->blamed_route)
			checkup_watch(task, task->route->zone, &blame->server, failure);
	}
	task->blame_count = 0;
}

// DESIGN §6: a forwarder that validates may know better servers than the one whose data was
// handed through.
bool forward_without_cd(struct task *task)
{
	if (!forward_holds(task) || task->without_cd_before)
		return false;
	task->without_cd = task->without_cd_before = true;
	return !upstream_good_left(task->resolver->parts.upstream, task->cut->zone, task->servers,
				   task->server_count);
}

bool forward_falls_back(const struct task *task)
{
	return task->route != NULL && task->route->first;
}

bool forward_fall_back(struct task *task)
{
	if (!forward_falls_back(task))
		return false;
	task->resolver->counters.fallbacks++;
	task->past_route = task->route;
	task->without_cd = false;
	// One of the zone's own servers is heard, whatever forwarders said; no more than that
	// beyond what a question may cost.
	if (task->bogus_count >= TASK_BOGUS_MAX)
		task->bogus_count = TASK_BOGUS_MAX - 1;
	iterate_start(task);
	return true;
}
