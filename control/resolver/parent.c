// The parent of a zone when a delegation or its DS has come to its end (DESIGN §5): while none of
// its servers answers, what it said last holds on, so that zones do not die with their TLD's
// servers; what it denies ends at once, with everything below.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#define PROBE_MS 1000
#define WATCH_MS 3000 // before a delegation ends; each server of its parent has been tried by then

// The DS of a cut stands with its parent.
static const uint8_t *side(const uint8_t *name, uint16_t type)
{
	return type == TYPE_DS ? name_skip(name, 1) : name;
}

// None has answered since all of them failed.
static bool silent(const struct delegation *cut)
{
	return cut->failures > 0;
}

const struct delegation *parent_ended(const struct resolver *resolver, const uint8_t *name,
				      uint16_t type, const struct delegation *cut)
{
	if (resolver->config.stale_s == 0)
		return NULL;
	return delegation_ended(resolver->delegations, side(name, type), cut->zone,
				resolver->config.stale_s * 1000ull, resolver->clock.now_ms);
}

static void probed(void *arg, struct store_result *result)
{
	struct resolver *resolver = arg;

	store_result_unref(resolver->parts.store, result);
}

// Nobody waits for servers that were silent, but one question of our own sees whether they still
// are.
static void probe(struct resolver *resolver, struct delegation *above, const uint8_t *zone)
{
	uint64_t now_ms = resolver->clock.now_ms;

	if (above->down_until_ms > now_ms || above->probed_ms + PROBE_MS > now_ms)
		return;
	above->probed_ms = now_ms;
	client_ask(resolver, zone, TYPE_DS, probed);
}

// A zone in use is about to need its parent: is that there? Learnt in time, its silence costs
// nobody a wait. What it answers resets `failures`; iterate.c sets them when nothing does.
void parent_watch(struct resolver *resolver, const struct delegation *cut)
{
	uint64_t now_ms = resolver->clock.now_ms;

	if (resolver->config.stale_s == 0 || cut->ended_ms != 0 || cut->parent == NULL ||
	    cut->expires_ms > now_ms + WATCH_MS)
		return;
	struct delegation *above = delegation_find(resolver->delegations, cut->parent, now_ms);
	if (above != NULL && above != cut && !silent(above) &&
	    above->heard_ms + PROBE_MS <= now_ms && above->probed_ms + PROBE_MS <= now_ms) {
		above->probed_ms = now_ms;
		client_ask(resolver, above->zone, TYPE_SOA, probed);
	}
	delegation_unref(above);
}

bool parent_revive(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (task->route != NULL || resolver->config.stale_s == 0 || !silent(task->cut))
		return false;
	struct delegation *cut = delegation_revive(
		resolver->delegations, side(task->name, task->type), task->cut->zone,
		resolver->config.stale_s * 1000ull, resolver->clock.now_ms);
	if (cut == NULL)
		return false;
	resolver->counters.revived++;
	probe(resolver, task->cut, cut->zone);
	iterate_descend(task, cut);
	return true;
}

bool parent_prolong(struct resolver *resolver, const uint8_t *zone)
{
	if (resolver->config.stale_s == 0 || name_is_root(zone))
		return false;
	struct delegation *cut =
		delegation_find(resolver->delegations, name_skip(zone, 1), resolver->clock.now_ms);
	bool holds = cut != NULL && silent(cut) &&
		     trust_prolong(resolver->parts.trust, zone, resolver->config.stale_s,
				   resolver->clock.now_ms, resolver->clock.now_s);
	delegation_unref(cut);
	resolver->counters.prolonged += holds;
	return holds;
}

// Is it the zone that was asked that speaks, and not one below it on the same servers?
static bool speaks(const struct task *task, const struct validation_result *result)
{
	const struct step *step = &task->step;

	if (result->verdict == VERDICT_SECURE)
		return result->signer != NULL && name_equal(result->signer, task->cut->zone);
	return (step->kind == STEP_NXDOMAIN || step->kind == STEP_NODATA) && step->soa != NULL &&
	       name_equal(step->soa->owner, task->cut->zone);
}

// Where a cut is, its parent's servers give a referral: what they answer themselves is delegated
// to nobody, and below a name that does not exist nothing is.
void parent_denied(struct task *task, const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;
	const uint8_t *last = task->step.name;

	if (task->type == TYPE_DS || task->route != NULL || !speaks(task, result) ||
	    !name_within(task->name, task->step.name))
		return;
	if (task->step.kind == STEP_NXDOMAIN)
		last = task->name;
	for (size_t labels = name_labels(task->cut->zone) + 1; labels <= name_labels(last);
	     labels++) {
		const uint8_t *zone = name_ancestor(task->name, labels);
		if (!delegation_revoke(resolver->delegations, zone))
			continue;
		resolver->counters.revoked++;
		revoked_put(resolver->revoked, resolver_hash(resolver, zone),
			    resolver->clock.now_ms);
	}
}
