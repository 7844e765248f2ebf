#include "control/resolver/ailing.h"

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>

struct ailing_zone {
	bool used, probing;
	bool confirmed; // a probe has failed
	uint64_t hash;
	uint64_t since_ms, asked_ms, probed_ms;
	uint64_t refer_ms;   // when its parent may be asked again whose it is
	uint8_t refer_steps; // how often it has been
	uint8_t name[NAME_MAX_LEN];
};

struct ailing {
	size_t count;
	struct revoked_table *recovered; // when
	struct ailing_zone zones[AILING_MAX];
};

struct ailing *ailing_new(void)
{
	struct ailing *ailing = calloc(1, sizeof(*ailing));

	if (ailing == NULL)
		return NULL;
	ailing->recovered = revoked_table_new();
	if (ailing->recovered == NULL) {
		free(ailing);
		return NULL;
	}
	return ailing;
}

void ailing_free(struct ailing *ailing)
{
	if (ailing == NULL)
		return;
	revoked_table_free(ailing->recovered);
	free(ailing);
}

static struct ailing_zone *find(const struct resolver *resolver, const uint8_t *zone)
{
	struct ailing *ailing = resolver->ailing;

	if (ailing->count == 0)
		return NULL;
	uint64_t hash = resolver_hash(resolver, zone);
	for (size_t i = 0; i < AILING_MAX; i++) {
		if (ailing->zones[i].used && ailing->zones[i].hash == hash &&
		    name_equal(ailing->zones[i].name, zone))
			return &ailing->zones[i];
	}
	return NULL;
}

static struct ailing_zone *add(struct resolver *resolver, const uint8_t *zone)
{
	struct ailing *ailing = resolver->ailing;
	struct ailing_zone *place = &ailing->zones[0];

	for (size_t i = 0; i < AILING_MAX && place->used; i++) {
		if (!ailing->zones[i].used || ailing->zones[i].asked_ms < place->asked_ms)
			place = &ailing->zones[i];
	}
	ailing->count += !place->used;
	*place = (struct ailing_zone){
		.used = true,
		.hash = resolver_hash(resolver, zone),
		.since_ms = resolver->clock.now_ms,
		.probed_ms = resolver->clock.now_ms, // by the question that failed
	};
	name_copy(place->name, zone);
	return place;
}

static void probed(void *arg, struct store_result *result)
{
	struct resolver *resolver = arg;

	store_result_unref(resolver->parts.store, result);
}

// Silence may be our own path's: the parent, or the servers themselves, have been heard of since.
static bool parent_is_there(const struct task *task, const struct ailing_zone *zone)
{
	struct resolver *resolver = task->resolver;
	const uint8_t *parent = task->cut->parent;

	if (task->answered)
		return true;
	if (evidence_heard_ms(resolver->evidence, observe_key(resolver, parent, false)) >=
	    zone->since_ms)
		return true;
	client_ask(resolver, parent, TYPE_SOA, probed);
	return false;
}

// No server that its parent has named gives a good answer: the zone may have moved, or the referral
// was a forger's. Nobody but us has chosen the question that says so, and it is seldom enough.
static void refer_again(struct task *task, struct ailing_zone *zone)
{
	struct resolver *resolver = task->resolver;
	const struct delegation *cut = task->cut;
	uint64_t now_ms = resolver->clock.now_ms;
	struct broken_finding finding;

	// Where no address is known, nobody has been asked whose zone it is (ATTACKS D3).
	if (task->server_count == 0)
		return;
	// Zones below live on what a broken parent has proven before: it is told of, and probed,
	// where they are.
	if (broken_lately(task, cut->zone, &finding))
		return;
	if (task->route != NULL || name_is_root(cut->zone) || cut->outdated ||
	    now_ms < cut->made_ms + AILING_WELL_MS || now_ms < zone->refer_ms ||
	    cut->parent == NULL || !parent_is_there(task, zone))
		return;
	zone->refer_ms = now_ms + ((uint64_t)AILING_REFER_MS << zone->refer_steps);
	zone->refer_steps += zone->refer_steps < AILING_REFER_STEPS;
	resolver->counters.referred_again +=
		delegation_end(resolver->delegations, cut->zone, now_ms);
}

uint32_t ailing_hold_s(struct task *task, uint32_t max_s)
{
	const struct ailing_zone *zone =
		task->cut != NULL ? find(task->resolver, task->cut->zone) : NULL;

	// Our own questions come as often as they may, for ever.
	if ((zone != NULL && zone->confirmed) || max_s < FAILURE_TTL_NAME_S || task_is_own(task))
		return max_s;
	return FAILURE_TTL_NAME_S;
}

uint32_t ailing_failed(struct task *task, uint32_t ttl_s)
{
	struct resolver *resolver = task->resolver;
	uint64_t now_ms = resolver->clock.now_ms;

	if (task->cut == NULL || now_ms < task->cut->good_ms + AILING_WELL_MS ||
	    upstream_uplink_lost(resolver->parts.upstream))
		return ttl_s;
	// Our own questions, probes included, keep no zone in the table.
	bool own = task_is_own(task);
	struct ailing_zone *zone = find(resolver, task->cut->zone);
	if (zone == NULL && own)
		return ttl_s;
	if (zone == NULL)
		zone = add(resolver, task->cut->zone);
	if (ailing_probes(task)) {
		zone->confirmed = true;
		refer_again(task, zone);
	} else if (!own)
		zone->asked_ms = now_ms;
	return zone->confirmed && ttl_s > AILING_FAILURE_S ? AILING_FAILURE_S : ttl_s;
}

void ailing_asked(struct resolver *resolver, const uint8_t *name)
{
	if (resolver->ailing->count == 0)
		return;
	for (;; name = name_skip(name, 1)) {
		struct ailing_zone *zone = find(resolver, name);
		if (zone != NULL) {
			zone->asked_ms = resolver->clock.now_ms;
			return;
		}
		if (name_is_root(name))
			return;
	}
}

void ailing_good(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (task->cut == NULL)
		return;
	task->cut->good_ms = resolver->clock.now_ms;
	struct ailing_zone *zone = find(resolver, task->cut->zone);
	if (zone == NULL)
		return;
	// Otherwise some name was broken, which says nothing about its zone.
	if (zone->confirmed) {
		revoked_put(resolver->ailing->recovered, zone->hash, zone->hash,
			    resolver->clock.now_ms);
		resolver->counters.recovered++;
	}
	*zone = (struct ailing_zone){0};
	resolver->ailing->count--;
}

bool ailing_voids(const struct resolver *resolver, const uint8_t *name, uint64_t made_ms)
{
	if (!revoked_any(resolver->ailing->recovered))
		return false;
	for (;; name = name_skip(name, 1)) {
		if (made_ms <
		    revoked_ms(resolver->ailing->recovered, resolver_hash(resolver, name)))
			return true;
		if (name_is_root(name))
			return false;
	}
}

bool ailing_is(const struct resolver *resolver, const uint8_t *zone)
{
	return find(resolver, zone) != NULL;
}

bool ailing_probes(const struct task *task)
{
	if (!task->fresh || task->type != TYPE_SOA)
		return false;
	const struct ailing_zone *zone = find(task->resolver, task->name);
	return zone != NULL && zone->probing;
}

// What is remembered of the probe before must not answer this one.
static void probe(struct resolver *resolver, struct ailing_zone *zone)
{
	const uint16_t types[] = {TYPE_SOA, TYPE_DNSKEY};
	uint64_t hash = zone->hash;

	for (size_t i = 0; i < 2; i++) {
		cache_flush_failure(resolver->cache, zone->name, types[i]);
		failure_over(resolver->failures, task_question_hash(zone->hash, types[i]));
	}
	zone->probed_ms = resolver->clock.now_ms;
	zone->probing = true;
	resolver->counters.recovery_probes++;
	if (!client_ask(resolver, zone->name, TYPE_SOA, probed) && zone->hash == hash)
		zone->probing = false;
}

void ailing_doubted(struct task *task)
{
	struct resolver *resolver = task->resolver;
	struct ailing_zone *zone = find(resolver, task->cut->zone);

	// Our own questions look themselves.
	if (task_is_own(task))
		return;
	bool is_new = zone == NULL;
	if (is_new)
		zone = add(resolver, task->cut->zone);
	zone->asked_ms = resolver->clock.now_ms;
	if (is_new || resolver->clock.now_ms >= zone->probed_ms + AILING_PROBE_MS)
		probe(resolver, zone);
}

uint64_t ailing_run(struct resolver *resolver)
{
	struct ailing *ailing = resolver->ailing;
	uint64_t now_ms = resolver->clock.now_ms, next_ms = UINT64_MAX;

	if (ailing->count == 0)
		return next_ms;
	bool lost = upstream_uplink_lost(resolver->parts.upstream);
	for (size_t i = 0; i < AILING_MAX; i++) {
		struct ailing_zone *zone = &ailing->zones[i];
		if (!zone->used)
			continue;
		bool is_long = now_ms > zone->since_ms + AILING_LONG_MS;
		uint64_t due_ms = zone->probed_ms + (is_long ? 2 : 1) * AILING_PROBE_MS;
		if (now_ms >= due_ms && now_ms < zone->asked_ms + AILING_HOT_MS && !lost) {
			probe(resolver, zone);
			due_ms = now_ms + AILING_PROBE_MS;
		} else if (now_ms >= due_ms) {
			due_ms = now_ms + AILING_PROBE_MS;
		}
		if (due_ms < next_ms)
			next_ms = due_ms;
	}
	return next_ms;
}

void resolver_failing(const struct resolver *resolver, resolver_failing_visit visit, void *arg)
{
	const struct ailing *ailing = resolver->ailing;
	const uint64_t now_ms = resolver->clock.now_ms;

	if (upstream_path_lost_ms(resolver->parts.upstream) > 0 || resolver->root_bogus)
		return;
	for (size_t i = 0; i < AILING_MAX && ailing->count > 0; i++) {
		const struct ailing_zone *zone = &ailing->zones[i];
		if (zone->used && zone->confirmed && now_ms < zone->asked_ms + AILING_HOT_MS)
			visit(arg, zone->name, now_ms - zone->since_ms);
	}
}
