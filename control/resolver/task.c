// The table of tasks: joining, waiting for one another, ends.

#include "control/resolver/task.h"

#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// ---- results ----

bool chain_add(struct resolver *resolver, struct chain *chain, const struct entry *entry)
{
	if (entry == NULL)
		return false;
	if (chain->count == LOOKUP_LINKS_MAX) {
		cache_unpin(resolver->cache, entry);
		return false;
	}
	chain->links[chain->count++] = entry;
	return true;
}

bool chain_append(struct resolver *resolver, struct chain *to, const struct chain *from)
{
	if (to->count + from->count > LOOKUP_LINKS_MAX)
		return false;
	for (size_t i = 0; i < from->count; i++) {
		cache_pin(resolver->cache, from->links[i]);
		to->links[to->count++] = from->links[i];
	}
	to->failed = from->failed;
	return true;
}

void chain_release(struct resolver *resolver, struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		cache_unpin(resolver->cache, chain->links[i]);
	*chain = (struct chain){0};
}

// ---- the table ----

static uint64_t question_hash(uint64_t name_hash, uint16_t type, bool past_nta)
{
	uint64_t variety = type | (uint64_t)past_nta << 16;

	return name_hash ^ variety * 0x9e3779b97f4a7c15ULL;
}

uint64_t task_question_hash(uint64_t name_hash, uint16_t type)
{
	return question_hash(name_hash, type, false);
}

static struct task **bucket(struct resolver *resolver, uint64_t hash)
{
	return &resolver->buckets[hash >> 40 & (TASK_BUCKETS - 1)];
}

// What it has been told may be of the time before an operator's flush: who comes later asks anew.
static bool is_flushed(const struct task *task)
{
	const struct resolver *resolver = task->resolver;

	return task->forgets != resolver->forgets &&
	       cache_flushed_since(resolver->cache, task->name, task->started_ms - 1);
}

static struct task *find(struct resolver *resolver, const uint8_t *name, uint64_t name_hash,
			 uint16_t type, bool past_nta)
{
	uint64_t hash = question_hash(name_hash, type, past_nta);
	struct task *task = *bucket(resolver, hash);

	while (task != NULL &&
	       (task->hash != hash || task->type != type || task->past_nta != past_nta ||
		!name_equal(task->name, name) || is_flushed(task)))
		task = task->next;
	return task;
}

static struct task *task_new(struct resolver *resolver, const uint8_t *name, uint64_t name_hash,
			     uint16_t type, bool past_nta)
{
	struct task *task = shelf_take(&resolver->spare_tasks, sizeof(*task));

	if (task == NULL)
		return NULL;
	memset(task, 0, offsetof(struct task, servers));
	task->resolver = resolver;
	task->type = type;
	task->past_nta = past_nta;
	task->name_len = (uint8_t)name_len(name);
	name_lower(task->name, name, task->name_len);
	task->name_hash = name_hash;
	task->hash = question_hash(name_hash, type, past_nta);
	task->started_ms = task->began_ms = resolver->clock.now_ms;
	task->forgets = resolver->forgets;
	task->bogus_ede = EDE_NONE;
	CDS_INIT_LIST_HEAD(&task->waiters);
	CDS_INIT_LIST_HEAD(&task->waits);
	CDS_INIT_LIST_HEAD(&task->in_inquiry);
	CDS_INIT_LIST_HEAD(&task->in_postponed);
	CDS_INIT_LIST_HEAD(&task->in_doubting);
	CDS_INIT_LIST_HEAD(&task->in_roomless);
	CDS_INIT_LIST_HEAD(&task->in_waiting);
	CDS_INIT_LIST_HEAD(&task->in_again);
	struct task **slot = bucket(resolver, task->hash);
	task->next = *slot;
	*slot = task;
	cds_list_add_tail(&task->in_order, &resolver->tasks);
	resolver->task_count++;
	resolver->counters.tasks++;
	return task;
}

static void unlink_task(struct task *task)
{
	struct task **slot = bucket(task->resolver, task->hash);

	while (*slot != NULL && *slot != task)
		slot = &(*slot)->next;
	if (*slot != NULL)
		*slot = task->next;
	task->next = NULL;
}

void task_free(struct task *task)
{
	struct resolver *resolver = task->resolver;

	unlink_task(task);
	judge_release(task);
	iterate_release(task);
	explain_release(resolver, &task->tried);
	task_drop_waits(task);
	chain_release(resolver, &task->chain);
	chain_release(resolver, &task->unproven);
	above_forget(task);
	if (task->payer != NULL)
		cds_list_del(&task->in_paid);
	cds_list_del(&task->in_order);
	cds_list_del(&task->in_postponed);
	cds_list_del(&task->in_doubting);
	cds_list_del(&task->in_roomless);
	cds_list_del(&task->in_waiting);
	cds_list_del(&task->in_again);
	if (task->ready)
		cds_list_del(&task->in_ready);
	resolver->task_count--;
	shelf_put(&resolver->spare_tasks, task);
}

void task_ready(struct task *task)
{
	if (task->ready)
		return;
	task->ready = true;
	cds_list_add_tail(&task->in_ready, &task->resolver->ready);
}

struct task *task_running(struct resolver *resolver, const uint8_t *name, uint16_t type)
{
	return find(resolver, name, resolver_hash(resolver, name), type, false);
}

static struct task *find_or_start(struct resolver *resolver, const uint8_t *name, uint16_t type,
				  bool past_nta, size_t tasks_max, bool *joined, int *error)
{
	uint64_t name_hash = resolver_hash(resolver, name);
	struct task *task = find(resolver, name, name_hash, type, past_nta);

	*joined = task != NULL;
	if (task != NULL)
		return task;
	if (resolver->task_count >= tasks_max) {
		*error = -EAGAIN;
		return NULL;
	}
	task = task_new(resolver, name, name_hash, type, past_nta);
	if (task == NULL)
		*error = -ENOMEM;
	else
		task_ready(task);
	return task;
}

// A shorter way to a task was found: so it is to where its chain leads.
static void lower_hops(struct task *task, unsigned hops)
{
	struct waiter *wait;

	while (hops < task->hops) {
		struct task *target = NULL;
		task->hops = (uint8_t)hops;
		cds_list_for_each_entry(wait, &task->waits, in_parent)
		{
			if (wait->purpose == WAIT_TARGET)
				target = wait->task;
		}
		if (target == NULL)
			return;
		task = target;
		hops++;
	}
}

struct task *task_join_client(struct resolver *resolver, struct client *client, int *error)
{
	bool joined;
	struct task *task =
		find_or_start(resolver, client->name, client->question.qtype, client->past_nta,
			      resolver->config.tasks_max, &joined, error);

	if (task == NULL)
		return NULL;
	if (task->client_count >= resolver->config.waiters_max) {
		*error = -EAGAIN;
		return NULL;
	}
	if (joined)
		resolver->counters.joined++;
	task->depth = 0;
	lower_hops(task, 0);
	task->fresh = task->fresh || client->fresh;
	task->past_failure = task->past_failure || client->cd;
	task->client_count++;
	client->waiter.task = task;
	cds_list_add_tail(&client->waiter.in_task, &task->waiters);
	return task;
}

// ---- waiting for one another ----

// Does `task`, or anything it waits for, wait for `target`? Too long a way is taken for one.
static bool reaches(struct task *task, const struct task *target, uint32_t mark, unsigned level)
{
	struct waiter *wait;

	if (task == target || level == TASK_WALK_MAX)
		return true;
	if (task->mark == mark)
		return false;
	task->mark = mark;
	cds_list_for_each_entry(wait, &task->waits, in_parent)
	{
		if (reaches(wait->task, target, mark, level + 1))
			return true;
	}
	return false;
}

// CNAMEs are counted as hops, everything else that a task needs as depth.
static int place(struct task *parent, struct task *child, enum wait_purpose purpose, bool joined)
{
	bool target = purpose == WAIT_TARGET;
	unsigned depth = parent->depth + !target;
	unsigned hops = target ? parent->hops + parent->chain.count : parent->hops;

	if (target && parent->has_unproven && parent->unproven.count > parent->chain.count)
		hops = parent->hops + parent->unproven.count;
	if (!joined) {
		child->depth = (uint8_t)depth;
		child->hops = (uint8_t)hops;
		return 0;
	}
	if (reaches(child, parent, ++parent->resolver->mark, 0)) {
		parent->resolver->counters.cycles++;
		return -ELOOP;
	}
	if (depth < child->depth)
		child->depth = (uint8_t)depth;
	lower_hops(child, hops);
	return 0;
}

static int attach(struct task *parent, struct task *child, enum wait_purpose purpose, uint8_t slot)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (waiter == NULL)
		return -ENOMEM;
	waiter->task = child;
	waiter->purpose = purpose;
	waiter->parent = parent;
	waiter->slot = slot;
	cds_list_add_tail(&waiter->in_task, &child->waiters);
	cds_list_add_tail(&waiter->in_parent, &parent->waits);
	return 0;
}

int task_wait(struct task *parent, enum wait_purpose purpose, const uint8_t *name, uint16_t type,
	      uint8_t slot)
{
	struct resolver *resolver = parent->resolver;
	bool joined;
	int error = 0;

	if (purpose != WAIT_TARGET && parent->depth >= BUDGET_DEPTH_MAX) {
		resolver->counters.too_deep++;
		return -E2BIG;
	}
	// What questions need has places of its own, or they would all wait for one another's.
	struct task *child = find_or_start(resolver, name, type, parent->past_nta,
					   resolver->config.tasks_max * 5 / 4, &joined, &error);
	if (child == NULL)
		return error;
	error = place(parent, child, purpose, joined);
	if (error == 0 && !joined && !task_charge(parent, BUDGET_tasks, 1))
		error = -E2BIG;
	if (error == 0)
		error = attach(parent, child, purpose, slot);
	if (error != 0) {
		if (!joined)
			task_free(child);
		return error;
	}
	if (purpose == WAIT_NEED || purpose == WAIT_NEED_ANEW || purpose == WAIT_STATE)
		child->fresh = true;
	if (!joined) {
		child->began_ms = parent->began_ms;
		child->renewed_ms = parent->renewed_ms;
	}
	if (purpose == WAIT_NEED_ANEW)
		child->hint_tried = true; // a referral of before says nothing new
	if ((purpose == WAIT_TARGET || purpose == WAIT_TYPE) && task_wants_unproven(parent))
		child->past_failure = true;
	return 0;
}

static void detach(struct waiter *waiter)
{
	cds_list_del(&waiter->in_task);
	if (waiter->client != NULL) {
		waiter->task->client_count--;
		return;
	}
	cds_list_del(&waiter->in_parent);
	free(waiter);
}

void task_leave(struct waiter *waiter)
{
	struct task *task = waiter->task;

	detach(waiter);
	if (cds_list_empty(&task->waiters))
		task_ready(task);
}

void task_drop_waits(struct task *task)
{
	while (!cds_list_empty(&task->waits))
		task_leave(cds_list_entry(task->waits.next, struct waiter, in_parent));
}

bool task_wants(const struct task *task, enum wait_purpose purpose)
{
	struct waiter *waiter;

	cds_list_for_each_entry(waiter, &task->waiters, in_task)
	{
		if (waiter->purpose == purpose)
			return true;
	}
	return false;
}

static bool wants_unproven(const struct task *task, unsigned level)
{
	struct waiter *waiter;

	if (level == TASK_WALK_MAX)
		return false;
	cds_list_for_each_entry(waiter, &task->waiters, in_task)
	{
		if (waiter->client != NULL && waiter->client->cd)
			return true;
		if ((waiter->purpose == WAIT_TARGET || waiter->purpose == WAIT_TYPE) &&
		    wants_unproven(waiter->parent, level + 1))
			return true;
	}
	return false;
}

bool task_wants_unproven(const struct task *task)
{
	return wants_unproven(task, 0);
}

// ---- ends ----

static void deliver_to_task(struct task *parent, enum wait_purpose purpose, uint8_t slot,
			    const struct task *child)
{
	switch (purpose) {
	case WAIT_TARGET:
		chain_deliver(parent, child);
		break;
	case WAIT_NEED:
	case WAIT_NEED_ANEW:
		need_deliver(parent, child);
		break;
	case WAIT_ADDRESS:
		address_deliver(parent, slot, child);
		break;
	case WAIT_TYPE:
		any_deliver(parent, child);
		break;
	case WAIT_ABOVE:
		above_deliver(parent, child);
		break;
	case WAIT_STATE:
		replies_state_known(parent);
		break;
	case WAIT_PROOF:
		parent->state = TASK_START;
		break;
	case WAIT_CLIENT:
		break;
	}
	task_ready(parent);
}

bool task_deliver_rrset(struct task *task)
{
	struct waiter *waiter, *following;

	cds_list_for_each_entry_safe(waiter, following, &task->waiters, in_task)
	{
		struct task *parent = waiter->parent;
		if (waiter->purpose != WAIT_TYPE)
			continue;
		detach(waiter);
		deliver_to_task(parent, WAIT_TYPE, 0, task);
	}
	return !cds_list_empty(&task->waiters);
}

void task_finish(struct task *task)
{
	struct resolver *resolver = task->resolver;

	// Who asks again from inside done() starts a new task.
	unlink_task(task);
	judge_release(task);
	iterate_release(task);
	task_drop_waits(task);
	while (!cds_list_empty(&task->waiters)) {
		struct waiter *waiter = cds_list_entry(task->waiters.next, struct waiter, in_task);
		struct client *client = waiter->client;
		struct task *parent = waiter->parent;
		enum wait_purpose purpose = waiter->purpose;
		uint8_t slot = waiter->slot;

		detach(waiter);
		if (client != NULL)
			client_deliver(resolver, client, task);
		else
			deliver_to_task(parent, purpose, slot, task);
	}
	task_free(task);
}

void task_run(struct task *task)
{
	if (cds_list_empty(&task->waiters)) {
		task_free(task);
		return;
	}
	switch (task->state) {
	case TASK_START:
		task_start(task);
		break;
	case TASK_ASK:
	case TASK_WAIT_ADDRESS:
		iterate_ask(task);
		break;
	case TASK_REPLY:
		replies_read(task);
		break;
	case TASK_JUDGE:
		judge_run(task);
		break;
	case TASK_NEED:
		need_again(task);
		break;
	case TASK_TARGET:
		chain_target(task);
		break;
	case TASK_TYPE:
		any_next(task);
		break;
	case TASK_ABOVE:
		fail_bogus(task);
		break;
	case TASK_FINISH:
		task_finish(task);
		break;
	case TASK_WAIT_REPLY:
	case TASK_WAIT_EVIDENCE:
	case TASK_WAIT_AGAIN:
	case TASK_WAIT_ROOM:
	case TASK_WAIT_STATE:
	case TASK_WAIT_ABOVE:
	case TASK_WAIT_PROOF:
	case TASK_WAIT_NEED:
	case TASK_WAIT_BATCH:
	case TASK_WAIT_KEYS:
	case TASK_WAIT_TARGET:
	case TASK_WAIT_TYPE:
		break;
	}
}
