// What validated goes to the cache, link by link, and what it ends there.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <string.h>

uint64_t link_asked_ms(const struct task *task)
{
	if (task->reply != NULL)
		return task->reply->asked_ms;
	return task->hint != NULL ? task->hint->made_ms : 0;
}

struct publication link_publication(const struct task *task, const struct step *step)
{
	struct resolver *resolver = task->resolver;
	bool forwarded = forward_holds(task);
	bool resorted = task->response != NULL && task->response->resorted;
	const struct delegation *cut = task->hint != NULL ? task->hint : task->cut;
	// The DS of a configured zone is the parent's to say, and nothing else of it: neither its
	// denial nor its alias is true of the name's other types.
	bool parents_side = task->type == TYPE_DS && route_is_apex(resolver, step->name);

	return (struct publication){
		.provenance = forwarded  ? FROM_FORWARDER
			      : resorted ? FROM_NON_AUTHORITY
					 : FROM_RECURSION,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
		.asked_ms = link_asked_ms(task),
		.one_shot = task->past_nta || (resorted && resort_by_value(task, step)) ||
			    (parents_side && step->kind == STEP_CNAME),
		// What is let pass for want of better is evidence of nothing.
		.aside = task->past_nta || resorted ||
			 (task->reply != NULL && task->reply->drilled) ||
			 (parents_side && step->kind == STEP_CNAME),
		.outdated = cut != NULL && cut->outdated,
		.denial = !forwarded,
		// ATTACKS A12: what is said about a name must not hide a configured zone below.
		.this_name_only =
			task->disputed ||
			(step->kind == STEP_NXDOMAIN && route_below(resolver, step->name)) ||
			(step->kind == STEP_DNAME && route_below(resolver, step->rrset->owner)),
		.this_type_only = step->kind == STEP_NXDOMAIN && parents_side,
	};
}

static uint64_t hash_of_name(const struct resolver *resolver, const uint8_t *name)
{
	uint8_t lower[NAME_MAX_LEN];
	size_t len = name_len(name);

	name_lower(lower, name, len);
	return cache_hash(resolver->cache, lower, len);
}

// What would make the name from cached denial, once it is said again that nothing else is there.
static void end_wildcards(struct cache *cache, const uint8_t *name, const uint8_t *above,
			  uint64_t asked_ms)
{
	uint8_t wildcard[NAME_MAX_LEN];

	while (!name_equal(name, above)) {
		name = name_skip(name, 1);
		if (name_wildcard_of(name, wildcard) > 0)
			(void)cache_end_name(cache, wildcard, asked_ms);
	}
}

// The name that was asked for is denied or rewritten with one above it: what is older of it must
// not come back (RFC 8767 §4, RFC 8020 §2).
static void end_below(struct task *task, enum verdict verdict,
		      const struct publication *publication)
{
	const struct step *step = &task->step;
	const uint8_t *name = step->kind == STEP_DNAME ? step->name : task->name;
	const uint8_t *above = step->kind == STEP_DNAME ? step->rrset->owner : step->name;

	if ((step->kind != STEP_DNAME &&
	     (step->kind != STEP_NXDOMAIN || verdict != VERDICT_SECURE)) ||
	    publication->aside || publication->outdated || name_equal(name, above) ||
	    !name_within(name, above))
		return;
	cache_end_name(task->resolver->cache, name, publication->asked_ms);
	end_wildcards(task->resolver->cache, name, above, publication->asked_ms);
}

// RFC 8020 §2. In the cache the NXDOMAIN itself would stand in the way of what is older below it.
static void note_by_value(struct task *task, const struct entry *entry,
			  const struct publication *publication)
{
	struct resolver *resolver = task->resolver;
	struct entry_facts facts;

	if (entry == NULL)
		return;
	entry_facts(entry, &facts);
	if (facts.kind == ENTRY_NXDOMAIN && facts.one_shot && facts.security == SECURITY_SECURE &&
	    task->step.soa != NULL && !facts.opt_out && !facts.this_name_only &&
	    !publication->aside)
		revoked_put(resolver->denied_by_value,
			    hash_of_name(resolver, task->step.soa->owner),
			    hash_of_name(resolver, facts.name), publication->asked_ms);
}

// A NXDOMAIN in the place of data takes nobody else's.
static bool is_worth_keeping(struct task *task)
{
	struct resolver *resolver = task->resolver;

	return denied_names_seen(resolver->denied_names, hash_of_name(resolver, task->step.name)) ||
	       cache_holds(resolver->cache, task->step.name) ||
	       cache_holds(resolver->cache, task->name);
}

bool link_publish(struct task *task, enum verdict verdict, const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;
	struct publication publication = link_publication(task, &task->step);
	denied_hash(task, &publication);
	char note[TROUBLE_MAX];
	if ((publication.outdated || result->outdated) &&
	    broken_text(resolver, task->step.name, note, sizeof(note)))
		publication.note = note;
	publication.seen = task->step.kind == STEP_NXDOMAIN && is_worth_keeping(task);
	const struct entry *entry =
		publish_step(resolver->publisher, &task->step, verdict, result, &publication);
	end_below(task, verdict, &publication);
	note_by_value(task, entry, &publication);

	verdict == VERDICT_SECURE ? resolver->counters.secure++ : resolver->counters.insecure++;
	resolver->counters.nta.links += result->nta;
	if (verdict == VERDICT_SECURE && task->type == TYPE_DNSKEY &&
	    resolver->parts.points != NULL)
		trust_points_heard(resolver->parts.points, task->name, resolver->clock.now_ms);
	if (entry != NULL && publication.provenance != FROM_NON_AUTHORITY)
		prefetch_track(resolver, entry);
	if (chain_add(resolver, &task->chain, entry))
		return true;
	judge_release(task);
	fail_own(task, EDE_OTHER, "out of memory for answers");
	return false;
}
