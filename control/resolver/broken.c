#include "control/resolver/broken.h"

#include "control/resolver/task.h"
#include "control/upstream/domain.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct broken_parent {
	bool used;
	bool probing;
	uint64_t hash;
	uint64_t since_ms;
	int64_t since_s;   // wall
	uint64_t found_ms; // by our own question, the last time
	uint64_t hot_ms;   // in use
	uint64_t probed_ms;
	uint64_t keys_ms; // when its DNSKEY RRset could not be had or did not validate
	struct broken_finding finding, keys;
	uint8_t name[NAME_MAX_LEN], witness[NAME_MAX_LEN]; // witness: zone that failed last
};

struct broken {
	size_t count;
	struct broken_parent list[BROKEN_MAX];
};

struct broken *broken_new(void)
{
	return calloc(1, sizeof(struct broken));
}

void broken_free(struct broken *broken)
{
	free(broken);
}

static struct broken_parent *find(const struct resolver *resolver, const uint8_t *parent)
{
	struct broken *broken = resolver->broken;

	if (broken->count == 0)
		return NULL;
	uint64_t hash = resolver_hash(resolver, parent);
	for (size_t i = 0; i < BROKEN_MAX; i++) {
		if (broken->list[i].used && broken->list[i].hash == hash &&
		    name_equal(broken->list[i].name, parent))
			return &broken->list[i];
	}
	return NULL;
}

// ---- what a task finds ----

#define TROUBLE_SAID (TROUBLE_BOGUS | TROUBLE_ERROR | TROUBLE_BELOW)

// 2: one network or label, 1: one operator, which may have many, 0: nothing.
static unsigned shares(const struct task *task, size_t a, size_t b)
{
	return a == b ? 2 : domain_shared(&task->servers[a], &task->servers[b], task->cut->zone);
}

uint8_t broken_trouble(enum server_failure failure)
{
	switch (failure) {
	case SERVER_BOGUS:
	case SERVER_STRIPPED:
		return TROUBLE_BOGUS;
	case SERVER_TIMEOUT:
	case SERVER_UNREACHABLE:
	case SERVER_RESET:
		return TROUBLE_SILENT;
	case SERVER_TOO_LARGE: // for us
		return TROUBLE_OURS;
	case SERVER_GOOD:
	case SERVER_SLOW:
		return 0;
	default:
		return TROUBLE_ERROR;
	}
}

static void add_trouble(struct task *task, const struct address *server, uint8_t trouble)
{
	int i = iterate_server_index(task, server);

	if (i < 0)
		return;
	task->servers[i].trouble |= trouble;
	for (size_t k = 0; trouble & (TROUBLE_BOGUS | TROUBLE_BELOW) && k < task->server_count; k++)
		task->servers[k].spoilt |= shares(task, (size_t)i, k) > 0;
}

void broken_server(struct task *task, const struct address *server, enum server_failure failure,
		   bool ours)
{
	add_trouble(task, server, ours ? TROUBLE_OURS : broken_trouble(failure));
}

void broken_below(struct task *task, const struct address *server)
{
	add_trouble(task, server, TROUBLE_BELOW);
}

// What a server has done to others holds until it is time to ask it again; what it said, only in
// this zone.
static uint8_t trouble_of(const struct task *task, size_t i)
{
	const struct candidate *server = &task->servers[i];
	struct server_facts facts;

	if (server->trouble != 0 || server->tries > 0)
		return server->trouble;
	upstream_server_facts(task->resolver->parts.upstream, task->cut->zone, &server->address,
			      &facts);
	if (facts.standing != SERVER_OUT || facts.due)
		return 0;
	uint8_t trouble = broken_trouble(facts.cause);
	bool said = trouble == TROUBLE_ERROR || trouble == TROUBLE_BOGUS;
	return trouble == TROUBLE_SILENT || (said && facts.here) ? trouble : 0;
}

// What has become of the failure domain of a server.
struct domain_trouble {
	unsigned said;        // servers that have answered with errors or bogus data
	bool silent, unasked; // one of them has been silent, is there to be asked
	bool known;           // it is the domain of a server before that one, too
};

static struct domain_trouble domain_trouble(const struct task *task, const uint8_t *troubles,
					    size_t server)
{
	struct domain_trouble domain = {0};

	for (size_t k = 0; k < task->server_count; k++) {
		if (shares(task, server, k) < 2)
			continue;
		domain.known |= k < server && troubles[k] != 0;
		if (troubles[k] == 0)
			domain.unasked |= task->servers[k].tries == 0;
		else if (troubles[k] & TROUBLE_SAID)
			domain.said++;
		else
			domain.silent = true;
	}
	return domain;
}

// Every failure domain has failed the task, or as many as are asked at all. A network is silent as
// a whole; what a server says is its own, and a second one of its network is asked where few say
// so.
static bool all_domains_failed(const struct task *task)
{
	uint8_t troubles[TASK_SERVERS_MAX];
	unsigned domains = 0, said = 0;
	bool left = false;

	for (size_t i = 0; i < task->server_count; i++) {
		troubles[i] = trouble_of(task, i);
		said += (troubles[i] & TROUBLE_SAID) != 0;
	}
	for (size_t i = 0; i < task->server_count; i++) {
		const struct domain_trouble domain = domain_trouble(task, troubles, i);
		domains += troubles[i] != 0 && !domain.known;
		left |= !domain.silent &&
			(domain.said == 0 ||
			 (domain.said == 1 && domain.unasked && said < TASK_BOGUS_MAX));
	}
	return domains > 0 && (!left || domains >= BROKEN_DOMAINS);
}

struct broken_finding broken_find(const struct task *task)
{
	struct broken_finding finding = {.kind = BROKEN_NOT, .ede = EDE_NONE};
	uint8_t all = 0;

	if (task->cut == NULL || task->route != NULL || task->past_nta ||
	    upstream_uplink_lost(task->resolver->parts.upstream))
		return finding;
	for (size_t i = 0; i < task->server_count; i++)
		all |= task->servers[i].trouble;
	if (all & TROUBLE_OURS || !all_domains_failed(task))
		return finding;
	const bool below = all & TROUBLE_BELOW && !(all & TROUBLE_BOGUS);
	finding.labels = (uint8_t)(name_labels(task->cut->zone) + below);
	finding.kind = all & (TROUBLE_BOGUS | TROUBLE_BELOW) ? BROKEN_BOGUS
		       : all & TROUBLE_ERROR                 ? BROKEN_ERRORS
							     : BROKEN_SILENT;
	if (finding.kind != BROKEN_BOGUS)
		return finding;
	finding.ede = (int16_t)task->bogus_ede;
	finding.has_tag = task->bogus_ede != EDE_NONE && task->bogus_step.signature;
	finding.key_tag = task->bogus_step.key_tag;
	return finding;
}

bool broken_speaks_of(const struct broken_finding *finding, const uint8_t *zone)
{
	return finding->labels <= name_labels(zone);
}

// The DS, or what is needed to judge it.
static bool has_former_proof(const struct task *task, unsigned level)
{
	struct resolver *resolver = task->resolver;
	const struct trust_past past = parent_past(resolver, 0);
	struct waiter *waiter;

	if (task->type == TYPE_DS)
		return trust_past_holds(resolver->parts.trust, task->name, &past);
	if (task->type != TYPE_DNSKEY || level == 0)
		return false;
	const struct broken_parent *known = find(resolver, task->name);
	if (known != NULL && known->found_ms != 0)
		return true;
	cds_list_for_each_entry(waiter, &task->waiters, in_task)
	{
		if (waiter->parent != NULL && has_former_proof(waiter->parent, level - 1))
			return true;
	}
	return false;
}

bool broken_keeps_asking(const struct task *task)
{
	return task->type == TYPE_DNSKEY || has_former_proof(task, 0);
}

bool broken_another_domain(struct task *task, unsigned count)
{
	const struct client *payer = task_payer(task);

	if (count < TASK_BOGUS_MAX)
		return true;
	// A fifth must not end in our own limit where four say what is wrong.
	return count < TASK_DOMAINS_MAX && task->route == NULL && task->cut != NULL &&
	       payer != NULL &&
	       payer->budget.left[BUDGET_failed_signatures] > BUDGET_LIMIT_failed_signatures / 4 &&
	       !all_domains_failed(task);
}

static bool some_are_bogus(const struct task *task)
{
	for (size_t i = 0; i < task->server_count; i++) {
		if (trouble_of(task, i) & (TROUBLE_BOGUS | TROUBLE_BELOW))
			return true;
	}
	return false;
}

bool broken_hurries(const struct task *task, size_t server)
{
	if (task->failures > 0 && has_former_proof(task, 2))
		return true;
	return task->servers[server].tries == 0 && trouble_of(task, server) & TROUBLE_SILENT &&
	       some_are_bogus(task);
}

bool broken_is_enough(const struct task *task)
{
	return task->failures > 0 &&
	       task->resolver->clock.now_ms >= task->started_ms + BROKEN_ENOUGH_MS &&
	       broken_find(task).kind == BROKEN_BOGUS;
}

bool broken_suffices(const struct task *task)
{
	if (task->resolver->config.stale_s == 0 || task->failures == 0)
		return false;
	const struct broken_finding finding = broken_find(task);
	// Whether silence says anything is for others to say, too (iterate.c).
	return finding.kind > BROKEN_SILENT && broken_speaks_of(&finding, task->cut->zone) &&
	       has_former_proof(task, 2);
}

// ---- the parents ----

static struct broken_parent *add(struct resolver *resolver, const uint8_t *parent)
{
	struct broken *broken = resolver->broken;
	struct broken_parent *place = &broken->list[0];

	for (size_t i = 0; i < BROKEN_MAX && place->used; i++) {
		if (!broken->list[i].used || broken->list[i].hot_ms < place->hot_ms)
			place = &broken->list[i];
	}
	broken->count += !place->used;
	*place = (struct broken_parent){
		.used = true,
		.hash = resolver_hash(resolver, parent),
		.since_ms = resolver->clock.now_ms,
		.since_s = resolver->clock.now_s,
		.hot_ms = resolver->clock.now_ms,
	};
	name_copy(place->name, parent);
	return place;
}

static const char *const kinds[] = {
	[BROKEN_NOT] = "well",
	[BROKEN_SILENT] = "silent",
	[BROKEN_ERRORS] = "without an answer",
	[BROKEN_BOGUS] = "bogus",
};

static void tell(const struct resolver *resolver, const struct broken_parent *parent, bool over,
		 bool idle)
{
	if (resolver->broken_tell == NULL)
		return;
	const struct resolver_broken facts = {
		.zone = parent->name,
		.words = kinds[parent->finding.kind],
		.since_s = parent->since_s,
		.for_ms = resolver->clock.now_ms - parent->since_ms,
		.idle = idle,
		.living = trust_outdated_count(resolver->parts.trust, parent->name,
					       resolver->clock.now_ms, resolver->clock.now_s),
	};
	resolver->broken_tell(resolver->broken_tell_arg, &facts, over);
}

static void end(struct resolver *resolver, struct broken_parent *parent, bool idle)
{
	if (parent->found_ms != 0)
		tell(resolver, parent, true, idle);
	*parent = (struct broken_parent){0};
	resolver->broken->count--;
}

void broken_found(struct resolver *resolver, const uint8_t *parent, const uint8_t *zone,
		  const struct broken_finding *finding)
{
	struct broken_parent *known = find(resolver, parent);
	if (finding->kind == BROKEN_NOT)
		return;
	if (known == NULL)
		known = add(resolver, parent);
	bool begins = known->found_ms == 0;
	known->finding = *finding;
	known->found_ms = resolver->clock.now_ms;
	name_copy(known->witness, zone);
	if (begins)
		tell(resolver, known, false, false);
}

// Of the keys of a zone, which a kept failure says nothing of.
struct broken_finding broken_of_need(struct resolver *resolver, const struct task *child)
{
	const uint64_t now_ms = resolver->clock.now_ms;
	struct broken_parent *known = find(resolver, child->name);

	if (child->type != TYPE_DNSKEY || child->learned)
		return child->finding;
	if (child->finding.kind != BROKEN_NOT) {
		if (known == NULL)
			known = add(resolver, child->name);
		known->keys = child->finding;
		known->keys_ms = now_ms;
		return child->finding;
	}
	const struct broken_finding none = {.kind = BROKEN_NOT};
	bool lately = known != NULL && now_ms < known->keys_ms + FAILURE_TTL_MIN_S * 1000u + 500;
	return lately ? known->keys : none;
}

void broken_proven(struct resolver *resolver, const uint8_t *parent, const uint8_t *zone)
{
	struct broken_parent *known = find(resolver, parent);

	// Where one key of several is wrong, others' DS say nothing of this one's.
	if (known != NULL && name_equal(known->witness, zone))
		end(resolver, known, false);
}

bool broken_lately(struct task *task, const uint8_t *parent, struct broken_finding *finding)
{
	const struct resolver *resolver = task->resolver;
	struct broken_parent *known = find(resolver, parent);

	if (known == NULL)
		return false;
	if (!task_is_own(task))
		known->hot_ms = resolver->clock.now_ms;
	*finding = known->finding;
	return known->found_ms != 0 && resolver->clock.now_ms < known->found_ms + BROKEN_LATELY_MS;
}

bool broken_text(const struct resolver *resolver, const uint8_t *name, char *text, size_t size)
{
	const struct broken_parent *known = NULL;
	char zone[NAME_TEXT_MAX];

	for (size_t up = 1; known == NULL && resolver->broken->count > 0; up++) {
		if (up > name_labels(name))
			return false;
		known = find(resolver, name_skip(name, up));
	}
	if (known == NULL || known->found_ms == 0 || known->finding.kind != BROKEN_BOGUS)
		return false;
	name_to_text(known->name, zone);
	if (known->finding.has_tag)
		snprintf(text, size, "%.90s bogus, RRSIG with key tag %u", zone,
			 known->finding.key_tag);
	else
		snprintf(text, size, "%.90s bogus", zone);
	return true;
}

static void probed(void *arg, struct store_result *result)
{
	struct resolver *resolver = arg;

	store_result_unref(resolver->parts.store, result);
}

// A failure that is remembered must not answer it.
bool broken_ask(struct resolver *resolver, const uint8_t *zone)
{
	cache_flush_failure(resolver->cache, zone, TYPE_DS);
	failure_over(resolver->failures,
		     task_question_hash(resolver_hash(resolver, zone), TYPE_DS));
	return client_ask(resolver, zone, TYPE_DS, probed);
}

uint64_t broken_run(struct resolver *resolver)
{
	struct broken *broken = resolver->broken;
	uint64_t now_ms = resolver->clock.now_ms, next_ms = UINT64_MAX;

	for (size_t i = 0; i < BROKEN_MAX && broken->count > 0; i++) {
		struct broken_parent *parent = &broken->list[i];
		if (!parent->used)
			continue;
		bool idle = now_ms >= parent->hot_ms + BROKEN_HOT_MS;
		// What is on its way would find anew what has just been taken out.
		if (idle && now_ms >= parent->probed_ms + BROKEN_LAST_MS) {
			end(resolver, parent, true);
			continue;
		}
		uint64_t last_ms = parent->probed_ms;
		if (!idle && parent->found_ms != 0 && now_ms >= last_ms + BROKEN_PROBE_MS) {
			parent->probed_ms = last_ms = now_ms;
			broken_ask(resolver, parent->witness);
		}
		uint64_t due_ms = idle                    ? last_ms + BROKEN_LAST_MS
				  : parent->found_ms != 0 ? last_ms + BROKEN_PROBE_MS
							  : parent->hot_ms + BROKEN_HOT_MS;
		if (due_ms < next_ms)
			next_ms = due_ms;
	}
	return next_ms;
}

void resolver_broken(const struct resolver *resolver, resolver_broken_visit visit, void *arg)
{
	for (size_t i = 0; i < BROKEN_MAX && resolver->broken->count > 0; i++) {
		const struct broken_parent *parent = &resolver->broken->list[i];
		if (!parent->used || parent->found_ms == 0)
			continue;
		const struct resolver_broken facts = {
			.zone = parent->name,
			.words = kinds[parent->finding.kind],
			.since_s = parent->since_s,
			.for_ms = resolver->clock.now_ms - parent->since_ms,
			.living =
				trust_outdated_count(resolver->parts.trust, parent->name,
						     resolver->clock.now_ms, resolver->clock.now_s),
		};
		visit(arg, &facts);
	}
}

void resolver_broken_text(const struct resolver_broken *parent, char *text, size_t size)
{
	char zone[NAME_TEXT_MAX], since[32] = "";
	const time_t at = (time_t)parent->since_s;
	struct tm utc;

	if (gmtime_r(&at, &utc) != NULL)
		strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S UTC", &utc);
	// When it begins they are still to be counted.
	if (parent->living == 0) {
		snprintf(text, size,
			 "%.128s %s since %s, zones below that are asked for live on old proofs",
			 name_to_text(parent->zone, zone), parent->words, since);
		return;
	}
	snprintf(text, size, "%.128s %s since %s, %zu zone%s on old proofs",
		 name_to_text(parent->zone, zone), parent->words, since, parent->living,
		 parent->living == 1 ? " lives" : "s live");
}

void resolver_broken_watch(struct resolver *resolver, resolver_broken_event event, void *arg)
{
	resolver->broken_tell = event;
	resolver->broken_tell_arg = arg;
}
