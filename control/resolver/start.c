// What a task does before it asks anybody: special-use zones, the cache, kept failures.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <string.h>

bool entry_usable(const struct resolver *resolver, const struct entry *entry)
{
	struct entry_facts facts;

	if (entry == NULL)
		return false;
	entry_facts(entry, &facts);
	return resolver->clock.now_ms < facts.expires_ms &&
	       resolver->clock.now_s < facts.signature_expires_s;
}

static void take_links(struct task *task, const struct entry *const *links, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cache_pin(task->resolver->cache, links[i]);
		chain_add(task->resolver, &task->chain, links[i]);
	}
}

struct lookup task_look_up(const struct task *task, bool unproven)
{
	struct resolver *resolver = task->resolver;
	struct lookup lookup = {
		.name = task->name,
		.name_len = task->name_len,
		.type = task->type,
		.unproven = unproven,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
	};

	cache_lookup(resolver->cache, &lookup);
	return lookup;
}

// A CD=1 client waits for the data behind a failure to validate: it may be kept, or else is
// fetched again. Other failures stand.
static bool unproven_from_cache(struct task *task)
{
	struct lookup lookup = task_look_up(task, true);
	struct entry_facts facts;

	if (lookup.status == LOOKUP_FAILURE) {
		entry_facts(lookup.links[lookup.count - 1], &facts);
		return !ede_is_of_validation(facts.ede);
	}
	if (lookup.status == LOOKUP_MISS)
		return false;
	for (size_t i = 0; i < lookup.count; i++) {
		cache_pin(task->resolver->cache, lookup.links[i]);
		chain_add(task->resolver, &task->unproven, lookup.links[i]);
	}
	task->has_unproven = true;
	return true;
}

static bool from_cache(struct task *task)
{
	struct lookup lookup = task_look_up(task, false);

	if (lookup.status == LOOKUP_MISS || lookup.count == 0)
		return false;
	if (lookup.status == LOOKUP_FAILURE) {
		if (task->past_failure && !unproven_from_cache(task))
			return false;
		task->chain.failed = true;
	}
	if (lookup.outlived)
		cache_end_outlived(task->resolver->cache, &lookup);
	take_links(task, lookup.links, lookup.count);
	return true;
}

// Only its own failure ends a task whose answer must come from the servers.
static bool failure_from_cache(struct task *task)
{
	struct resolver *resolver = task->resolver;
	const struct entry *entry = cache_find_failure(resolver->cache, task->name, task->type);

	if (!entry_usable(resolver, entry))
		return false;
	take_links(task, &entry, 1);
	task->chain.failed = true;
	return true;
}

// It goes on where the entry leads, if the entry is an alias for its question. The CNAME that a
// DNAME makes is itself the answer to a question for CNAME.
static bool follow_entry(struct task *task, const struct entry *entry)
{
	const struct entry_moment now = resolver_moment(task->resolver);

	if (!entry_alias(entry, task->name, task->type, SECURITY_INSECURE, &now, task->open_name))
		return false;
	task->state = task->type == TYPE_CNAME ? TASK_FINISH : TASK_TARGET;
	take_links(task, &entry, 1);
	return true;
}

static bool cname_from_cache(struct task *task)
{
	return follow_entry(task, cache_find(task->resolver->cache, task->name, TYPE_CNAME));
}

// ATTACKS A12: a DNAME says nothing about a zone of the configuration below it.
static bool is_routed_below(const struct task *task, const uint8_t *owner)
{
	const struct resolver_config *config = &task->resolver->config;
	const uint8_t *side = task->type == TYPE_DS ? name_skip(task->name, 1) : task->name;

	for (size_t i = 0; i < config->route_count; i++) {
		const uint8_t *zone = config->routes[i].zone;
		if (name_within(side, zone) && name_within(zone, owner) && !name_equal(zone, owner))
			return true;
	}
	return false;
}

// The highest one hides what is below.
static bool dname_from_cache(struct task *task)
{
	struct resolver *resolver = task->resolver;

	for (size_t labels = 0; labels < name_labels(task->name); labels++) {
		const uint8_t *owner = name_ancestor(task->name, labels);
		const struct entry *entry = cache_find(resolver->cache, owner, TYPE_DNAME);
		if (entry == NULL || is_routed_below(task, owner) || !follow_entry(task, entry))
			continue;
		// ATTACKS B16: newer data would have ended the DNAME.
		(void)cache_end_name(resolver->cache, task->name, resolver->clock.now_ms);
		return true;
	}
	return false;
}

// Its entry has ended, so that we look: it holds on for its time unless its zone has recovered.
static bool failure_held(struct task *task)
{
	struct resolver *resolver = task->resolver;
	uint64_t made_ms;
	struct entry_facts facts;

	if (task->past_failure || ailing_probes(task) ||
	    !failure_holds(resolver->failures, task->hash, resolver->clock.now_ms, &made_ms) ||
	    ailing_voids(resolver, task->name, made_ms))
		return false;
	const struct entry *entry = cache_find_failure(resolver->cache, task->name, task->type);
	if (entry == NULL)
		return false;
	entry_facts(entry, &facts);
	const struct publication publication = {
		.provenance = facts.provenance,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
	};
	char text[TROUBLE_MAX];
	snprintf(text, sizeof(text), "%s", facts.ede_text != NULL ? facts.ede_text : "");
	entry = publish_failure(resolver->publisher, task->name, task->type, facts.rcode, facts.ede,
				text, AILING_FAILURE_S, &publication);
	if (!chain_add(resolver, &task->chain, entry))
		return false;
	task->chain.failed = true;
	resolver->counters.held++;
	// Our own questions keep no zone looked at but the root: nobody has to ask for that to be
	// seen.
	ailing_asked(resolver, task_is_own(task) ? (const uint8_t *)"" : task->name);
	return true;
}

void task_start(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (local_answer(task)) {
		resolver->counters.local++;
		task_finish(task);
		return;
	}
	if (task->type == TYPE_ANY || task->type == TYPE_RRSIG) {
		task->state = TASK_TYPE;
		any_next(task);
		return;
	}
	if (task->past_nta) { // nothing that the cache holds counts
		iterate_start(task);
		return;
	}
	if (task->fresh ? failure_from_cache(task) : from_cache(task)) {
		resolver->counters.cached++;
		task_finish(task);
		return;
	}
	if (failure_held(task)) {
		task_finish(task);
		return;
	}
	if (!task->fresh &&
	    (cname_from_cache(task) || dname_from_cache(task) || denied_answer(task))) {
		if (task->state == TASK_TARGET)
			chain_target(task);
		else
			task_finish(task);
		return;
	}
	iterate_start(task);
}
