// What is noted of failures: the servers of a task that failed, for the text of its EDE, and
// resolutions that failed, for operators (control/explain). Nothing here is reached by what
// succeeds.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIED_AT_ONCE    16384 // of all tasks and clients: 17 MB
#define NO_ANSWER_LATELY "no answer lately from "
#define REFUSED_APART_MS 10 // while there are too many questions, one in so long is recorded

// ---- servers ----

static struct tried *tried_of(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (task->tried != NULL || resolver->tried_count >= TRIED_AT_ONCE)
		return task->tried;
	task->tried = tried_new(task->name, task->type);
	resolver->tried_count += task->tried != NULL;
	return task->tried;
}

void explain_release(struct resolver *resolver, struct tried **tried)
{
	if (*tried != NULL && (*tried)->refs == 1)
		resolver->tried_count--;
	tried_unref(*tried);
	*tried = NULL;
}

// Kept by the task and by whoever pays for it, who may be several sub-tasks away.
static void add(struct task *task, const struct tried_server *server, const uint8_t *ns_name,
		const char *label)
{
	struct client *client = task_payer(task);
	struct tried *tried = tried_of(task);

	if (tried == NULL)
		return;
	tried_add(tried, server, ns_name, label);
	if (client == NULL || client->tried == tried)
		return;
	explain_release(task->resolver, &client->tried);
	client->tried = tried_ref(tried);
}

static uint8_t zone_labels(const struct task *task)
{
	return (uint8_t)name_labels(task->cut->zone);
}

void explain_server(struct task *task, const struct address *address, enum server_failure cause,
		    const struct reply *reply)
{
	int i = iterate_server_index(task, address);
	struct tried_server server = {
		.address = *address,
		.zone_labels = zone_labels(task),
		.cause = (uint8_t)cause,
		.forwarder = task->route != NULL && task->route->forward,
		.ede = EDE_NONE,
	};

	if (reply != NULL) {
		server.over = reply->tcp ? POOL_TCP : POOL_UDP;
		server.ms = reply->waited_ms;
		if (reply->message != NULL && reply->message->edns.present)
			server.ede = (int16_t)reply->message->edns.ede;
	}
	const struct candidate *known = i >= 0 ? &task->servers[i] : NULL;
	const struct pool_server *pool = known != NULL ? known->pool : NULL;
	if (pool != NULL && pool->transport == POOL_TLS)
		server.over = POOL_TLS;
	add(task, &server, known != NULL ? known->ns_name : NULL,
	    pool != NULL && pool->domain[0] != '\0' ? pool->domain : NULL);
}

void explain_no_address(struct task *task, const uint8_t *ns_name, bool bogus)
{
	const struct tried_server server = {.zone_labels = zone_labels(task),
					    .cause = bogus ? TRIED_BOGUS_ADDRESS : TRIED_NO_ADDRESS,
					    .ede = EDE_NONE};

	if (ns_name != NULL)
		add(task, &server, ns_name, NULL);
}

static bool servers_text(const struct task *task, char *text, size_t size)
{
	return task->tried != NULL && tried_text(task->tried, zone_labels(task), text, size);
}

void explain_down(const struct task *task)
{
	char text[TROUBLE_MAX - sizeof(NO_ANSWER_LATELY) + 1];

	if (!servers_text(task, text, sizeof(text)))
		return;
	free(task->cut->silence);
	task->cut->silence = strdup(text);
}

void explain_unreachable(const struct task *task, char text[TROUBLE_MAX])
{
	const struct delegation *cut = task->cut;
	bool down = evidence_down_until_ms(task->resolver->evidence, task->cut_key, task->kind,
					   task->resolver->clock.now_ms) != 0;
	char zone[NAME_TEXT_MAX];

	if (servers_text(task, text, TROUBLE_MAX))
		return;
	if (down && cut->silence != NULL) {
		snprintf(text, TROUBLE_MAX, NO_ANSWER_LATELY "%s", cut->silence);
		return;
	}
	const char *format = "no server of %.100s can be asked";
	if (down)
		format = "no server of %.100s has answered lately";
	else if (task->failures > 0)
		format = "no server of %.100s gave an answer";
	snprintf(text, TROUBLE_MAX, format, name_to_text(cut->zone, zone));
}

bool explain_out_of_time(const struct client *client, char text[TROUBLE_MAX])
{
	const struct tried *tried = client->tried;

	return tried != NULL && tried_text(tried, tried->last_zone_labels, text, TROUBLE_MAX);
}

// ---- the broken link ----

void explain_fault(struct task *task, const struct validation_result *result)
{
	struct failed_step *step = &task->bogus_step;
	const struct signature_fault *fault = &result->fault;

	*step = (struct failed_step){0};
	if (result->verdict == VERDICT_FAILED && task->lacked_type != 0) {
		step->known = true;
		step->need_type = task->lacked_type;
		step->need_labels = task->lacked_labels;
	} else if (result->verdict == VERDICT_BOGUS && result->fault_zone != NULL &&
		   name_within(task->name, result->fault_zone)) {
		step->known = true;
		step->type = result->fault_type;
		step->signer_labels = (uint8_t)name_labels(result->fault_zone);
		step->signature = fault->known;
		step->key_tag = fault->key_tag;
		step->algorithm = fault->algorithm;
		step->inception_s = fault->inception_s;
		step->expiration_s = fault->expiration_s;
	}
}

void explain_lacks(struct task *task, const uint8_t *name, uint16_t type)
{
	task->lacked_type = type;
	task->lacked_labels = (uint8_t)name_labels(name);
}

void explain_needed(struct resolver *resolver, const struct task *child)
{
	journal_needed(resolver->journal, child->hash);
}

// ---- records ----

static void set_zone(const struct resolver *resolver, struct failure *failure, const uint8_t *zone,
		     const uint8_t *parent)
{
	failure->zone_known = name_within(failure->name, zone);
	failure->zone_labels = failure->zone_known ? (uint8_t)name_labels(zone) : 0;
	failure->zone_hash = resolver_hash(resolver, zone);
	failure->parent_hash =
		parent != NULL ? resolver_hash(resolver, parent) : failure->zone_hash;
}

static void record(struct task *task, struct failure *failure)
{
	const struct resolver *resolver = task->resolver;

	if (task->past_nta || resolver->closing || ailing_probes(task))
		return;
	failure->name = task->name;
	failure->type = task->type;
	failure->started_ms = task->started_ms;
	failure->now_ms = resolver->clock.now_ms;
	failure->now_s = resolver->clock.now_s;
	failure->question_hash = task->hash;
	failure->stale = task->stale_early;
	task->stale_early = 0;
	if (task->cut != NULL)
		set_zone(resolver, failure, task->cut->zone, task->cut->parent);
	else if (failure->tried != NULL)
		set_zone(resolver, failure,
			 name_ancestor(failure->tried->question, failure->tried->last_zone_labels),
			 NULL);
	journal_add(resolver->journal, failure);
}

void explain_failed(struct task *task, enum failed_kind kind, int ede, const char *text)
{
	struct failure failure = {.kind = kind, .ede = ede, .text = text, .tried = task->tried};

	if (task->bogus_ede != EDE_NONE)
		failure.step = task->bogus_step;
	record(task, &failure);
}

void explain_exhausted(const struct client *client, enum failed_kind kind, int ede,
		       const char *text)
{
	struct task *task = client->waiter.task;
	struct failure failure = {.kind = kind, .ede = ede, .text = text, .tried = client->tried};

	record(task, &failure);
}

void explain_refused(struct resolver *resolver, const struct client *client)
{
	uint64_t now_ms = resolver->clock.now_ms;

	if (now_ms < resolver->refused_ms + REFUSED_APART_MS)
		return;
	resolver->refused_ms = now_ms;
	const struct failure failure = {
		.name = client->name,
		.type = client->question.qtype,
		.kind = FAILED_OWN,
		.ede = EDE_OTHER,
		.text = RESOLVER_REFUSED,
		.started_ms = now_ms,
		.now_ms = now_ms,
		.now_s = resolver->clock.now_s,
		.question_hash = task_question_hash(resolver_hash(resolver, client->name),
						    client->question.qtype),
	};
	journal_add(resolver->journal, &failure);
}

void explain_answered(struct resolver *resolver, const struct client *client,
		      const struct store_result *result)
{
	const uint8_t *name = client->name;
	uint16_t type = client->question.qtype;
	struct entry_facts facts;

	if (client->early) { // there may be no failure at all
		client->waiter.task->stale_early++;
		return;
	}
	if (journal_count(resolver->journal) == 0)
		return;
	if (result->count > 0) { // the failure is that of the last name
		entry_facts(result->links[result->count - 1], &facts);
		name = facts.name;
		type = facts.kind == ENTRY_FAILURE ? facts.type : type;
	}
	journal_client(resolver->journal, task_question_hash(resolver_hash(resolver, name), type),
		       result->stale);
}

void explain_good(const struct task *task)
{
	if (!task->past_nta)
		journal_over(task->resolver->journal, task->hash, task->resolver->clock.now_ms);
}

// ---- for operators ----

static const struct failed *cause_of(const struct resolver *resolver, const struct failed *failed)
{
	const struct failed_step *step = &failed->step;

	if (step->need_type == 0)
		return NULL;
	uint64_t hash = resolver_hash(resolver, name_ancestor(failed->name, step->need_labels));
	return journal_of_question(resolver->journal, task_question_hash(hash, step->need_type));
}

static const struct failed *servers_of(const struct resolver *resolver, const struct failed *failed)
{
	if (failed->kind != FAILED_UNREACHABLE || failed->tried.count > 0 || !failed->zone_known)
		return NULL;
	return journal_of_zone(resolver->journal, resolver_hash(resolver, failed_zone(failed)));
}

// When it is asked again: the failure is held by its entry, or by the count of failures in a row.
static uint64_t held_until_ms(const struct resolver *resolver, const struct failed *failed)
{
	uint64_t now_ms = resolver->clock.now_ms, until_ms = 0, made_ms;
	uint64_t hash = task_question_hash(resolver_hash(resolver, failed->name), failed->type);
	const struct entry *entry = cache_find_failure(resolver->cache, failed->name, failed->type);
	struct entry_facts facts;

	if (entry != NULL) {
		entry_facts(entry, &facts);
		until_ms = facts.expires_ms;
		if (failure_holds(resolver->failures, hash, now_ms, &made_ms))
			until_ms = failure_until(resolver->failures, hash);
	}
	return until_ms > now_ms ? until_ms : 0;
}

static bool has_stale(const struct resolver *resolver, const struct failed *failed)
{
	struct lookup lookup = {
		.name = failed->name,
		.name_len = (uint16_t)name_len(failed->name),
		.type = failed->type,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
	};

	cache_lookup(resolver->cache, &lookup);
	return lookup.stale_count > 0;
}

static bool is_meant(const struct explain_filter *filter, const struct failed *failed)
{
	if (filter->name != NULL && !name_equal(filter->name, failed->name))
		return false;
	if (filter->type != 0 && filter->type != failed->type)
		return false;
	return filter->zone == NULL || name_within(failed->name, filter->zone);
}

static void show(struct resolver *resolver, const struct failed *failed,
		 resolver_explain_visit visit, void *arg)
{
	const struct failed_view view = {
		.failed = failed,
		.now_ms = resolver->clock.now_ms,
		.held_until_ms = held_until_ms(resolver, failed),
		.probed = failed->zone_known && ailing_is(resolver, failed_zone(failed)),
		.recovered = ailing_voids(resolver, failed->name, failed->last_ms),
		.stale = has_stale(resolver, failed),
		.because = cause_of(resolver, failed),
		.servers = servers_of(resolver, failed),
	};

	visit(&view, arg);
}

void resolver_explain_begin(const struct resolver *resolver, struct explain_walk *walk)
{
	walk->at = walk->shown = 0;
	walk->count = journal_order(resolver->journal, walk->places);
}

bool resolver_explain_some(struct resolver *resolver, struct explain_walk *walk,
			   const struct explain_filter *filter, size_t share,
			   resolver_explain_visit visit, void *arg)
{
	while (share > 0 && walk->shown < filter->max && walk->at < walk->count) {
		const struct failed *failed =
			journal_at(resolver->journal, walk->places[walk->at++]);
		if (!is_meant(filter, failed))
			continue;
		show(resolver, failed, visit, arg);
		walk->shown++;
		share--;
	}
	return walk->shown < filter->max && walk->at < walk->count;
}

size_t resolver_explain(struct resolver *resolver, const struct explain_filter *filter,
			resolver_explain_visit visit, void *arg)
{
	struct explain_walk walk;

	resolver_explain_begin(resolver, &walk);
	(void)resolver_explain_some(resolver, &walk, filter, SIZE_MAX, visit, arg);
	return walk.shown;
}

struct explain_count {
	const uint8_t *zone;
	size_t count;
};

static bool count_below(const struct failed *failed, void *arg)
{
	struct explain_count *counting = arg;

	counting->count += name_within(failed->name, counting->zone);
	return true;
}

size_t resolver_explained_below(const struct resolver *resolver, const uint8_t *zone)
{
	struct explain_count counting = {.zone = zone};

	journal_each(resolver->journal, count_below, &counting);
	return counting.count;
}

size_t resolver_explained(const struct resolver *resolver)
{
	return journal_count(resolver->journal);
}

void explain_counters(const struct resolver *resolver, upstream_counter_visit visit, void *arg)
{
	const struct journal_counters *counters = journal_counted(resolver->journal);

#define X(field, words) visit("explain." #field, words, counters->field, arg);
	JOURNAL_COUNTERS(X)
#undef X
	visit("explain.kept", "failed resolutions that can be explained",
	      journal_count(resolver->journal), arg);
}
