// The proof that there is no name at or above the one asked for, found on the way: servers of a
// zone that is delegated no longer, or that have it beside the one above, answer for it still, and
// the question for its DS shows that they speak for nobody (RFC 8020 §2). Used when nothing else
// answers.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

// Not by what rests on a proof that is past its end, say.
static bool denies(const struct task *task, const struct entry *entry)
{
	struct entry_facts facts;

	entry_facts(entry, &facts);
	return facts.kind == ENTRY_NXDOMAIN && facts.security == SECURITY_SECURE &&
	       facts.ede == EDE_NONE && !facts.opt_out && !facts.this_name_only &&
	       name_within(task->name, facts.name);
}

void above_note(struct task *parent, const struct task *child)
{
	const struct chain *chain = &child->chain;

	if (child->type != TYPE_DS || chain->failed || chain->count != 1 ||
	    !denies(parent, chain->links[0]))
		return;
	above_forget(parent);
	cache_pin(parent->resolver->cache, chain->links[0]);
	parent->denied_above = chain->links[0];
}

void above_forget(struct task *task)
{
	if (task->denied_above != NULL)
		cache_unpin(task->resolver->cache, task->denied_above);
	task->denied_above = NULL;
}

static bool answer(struct task *task)
{
	struct resolver *resolver = task->resolver;

	cache_pin(resolver->cache, task->denied_above);
	if (!chain_add(resolver, &task->chain, task->denied_above))
		return false;
	// ATTACKS B16: what was there before is denied with it.
	(void)cache_end_name(resolver->cache, task->name, task->started_ms);
	chain_release(resolver, &task->unproven);
	task->has_unproven = task->unproven_open = false;
	failure_over(resolver->failures, task->hash);
	explain_good(task);
	resolver->counters.denied_above++;
	task->state = TASK_FINISH;
	task_ready(task);
	return true;
}

// It may have been proven for another question, and the proof not been kept.
static bool ask(struct task *task)
{
	const struct resolver *resolver = task->resolver;
	const uint8_t *from = task->type == TYPE_DS && !name_is_root(task->name)
				      ? name_skip(task->name, 1)
				      : task->name;
	const uint8_t *denied = trust_denies(resolver->parts.trust, from, resolver->clock.now_ms,
					     resolver->clock.now_s);

	if (denied == NULL || task->above_asked)
		return false;
	task->above_asked = true;
	if (task_wait(task, WAIT_ABOVE, denied, TYPE_DS, 0) != 0)
		return false;
	task->state = TASK_WAIT_ABOVE;
	return true;
}

bool above_answers(struct task *task)
{
	if (task->past_nta || task->chain.count > 0 || !task->resolver->config.validate)
		return false;
	return task->denied_above != NULL ? answer(task) : ask(task);
}

void above_deliver(struct task *parent, const struct task *child)
{
	above_note(parent, child);
	parent->state = TASK_ABOVE;
}
