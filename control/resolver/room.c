// What waits for room of our own (ATTACKS C11): places for tasks and exchanges, ports, memory for
// responses. That there is none says nothing about any name or server: the task goes on when there
// is, within its client's time. Zones take turns, so that one with many questions delays no
// other's.

#include "control/resolver/task.h"

#define TRY_MS     10
#define TRIES_EACH 64 // wake-ups at a time

void room_wait(struct task *task, enum task_state then)
{
	struct resolver *resolver = task->resolver;
	size_t share = task->cut_key % ROOM_SHARES;

	resolver->counters.waited_for_room++;
	task->state = TASK_WAIT_ROOM;
	task->then = then;
	cds_list_add_tail(&task->in_roomless, &resolver->roomless[share]);
	if (resolver->room_due_ms == UINT64_MAX)
		resolver->room_due_ms = resolver->clock.now_ms + TRY_MS;
}

static bool wake_first(struct cds_list_head *waiting)
{
	if (cds_list_empty(waiting))
		return false;
	struct task *task = cds_list_entry(waiting->next, struct task, in_roomless);
	cds_list_del_init(&task->in_roomless);
	task->state = task->then;
	task_ready(task);
	return true;
}

uint64_t room_run(struct resolver *resolver)
{
	unsigned woken = 0, none = 0;

	if (resolver->room_due_ms > resolver->clock.now_ms)
		return resolver->room_due_ms;
	// Who finds no room again comes behind the others of its share.
	while (woken < TRIES_EACH && none < ROOM_SHARES) {
		bool found = wake_first(&resolver->roomless[resolver->room_turn]);
		woken += found;
		none = found ? 0 : none + 1;
		resolver->room_turn = (resolver->room_turn + 1) % ROOM_SHARES;
	}
	resolver->room_due_ms = none == ROOM_SHARES ? UINT64_MAX : resolver->clock.now_ms + TRY_MS;
	return resolver->room_due_ms;
}
