#include "control/resolver/resolver.h"

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TASKS_MAX         65536
#define WAITERS_MAX       100
#define DELEGATIONS_BYTES (64u << 20)
// Of what is due in a turn, however much that is: the rest has the next ones.
#define ENDS_MAX  64
#define READY_MAX 64 // tasks: each may put a question together and send it

static int copy_exceptions(struct resolver *resolver)
{
	size_t count = resolver->config.local_exception_count;

	if (count == 0)
		return 0;
	resolver->exceptions = calloc(count, NAME_MAX_LEN);
	if (resolver->exceptions == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *name = resolver->config.local_exceptions[i];
		name_lower(resolver->exceptions[i], name, name_len(name));
	}
	return 0;
}

// Which families may be asked at all, told by an address of each that no policy excludes.
static void find_families(struct resolver *resolver)
{
	// a.root-servers.net
	const struct address v4 = {4, {198, 41, 0, 4}};
	const struct address v6 = {6, {0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, [13] = 2, [15] = 0x30}};

	resolver->ipv4 = upstream_may_ask(resolver->parts.upstream, &v4);
	resolver->ipv6 = upstream_may_ask(resolver->parts.upstream, &v6);
}

static int open_parts(struct resolver *resolver)
{
	const struct resolver_config *config = &resolver->config;
	const struct publisher_config publisher = {
		.ttl_max_s = config->ttl_max_s,
		.ttl_min_s = config->ttl_min_s,
		.negative_ttl_max_s = config->negative_ttl_max_s,
		.stale_s = config->stale_s,
	};
	uint8_t key[16];
	static const uint8_t a = 1, b = 2;
	uint64_t half;

	// The cache's hash is keyed with a secret; so is what it makes of two constants.
	half = cache_hash(resolver->cache, &a, 1);
	memcpy(key, &half, sizeof(half));
	half = cache_hash(resolver->cache, &b, 1);
	memcpy(key + sizeof(half), &half, sizeof(half));
	resolver->publisher = publisher_new(&publisher, resolver->cache);
	resolver->delegations = delegation_table_new(DELEGATIONS_BYTES, key);
	resolver->failures = failure_table_new();
	resolver->inside = inside_table_new();
	resolver->denied_names = denied_names_new();
	resolver->revoked = revoked_table_new();
	resolver->denied_by_value = revoked_table_new();
	resolver->ailing = ailing_new();
	resolver->crowd = crowd_new(config->places);
	resolver->broken = broken_new();
	resolver->evidence = evidence_new();
	resolver->checkups = checkups_new();
	resolver->journal = journal_new();
	resolver->dossiers = dossiers_new(0, key);
	if (!config->no_prefetch)
		resolver->prefetch = prefetch_new();
	if (resolver->publisher == NULL || resolver->delegations == NULL ||
	    resolver->failures == NULL || resolver->inside == NULL ||
	    resolver->denied_names == NULL || resolver->revoked == NULL ||
	    resolver->denied_by_value == NULL || resolver->ailing == NULL ||
	    resolver->crowd == NULL || resolver->broken == NULL || resolver->evidence == NULL ||
	    resolver->checkups == NULL || resolver->journal == NULL || resolver->dossiers == NULL)
		return -ENOMEM;
	int error = copy_exceptions(resolver);
	if (error == 0)
		error = route_open(resolver);
	return error != 0 ? error : denied_bar(resolver);
}

struct resolver *resolver_new(const struct resolver_config *config,
			      const struct resolver_parts *parts)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	if (resolver == NULL)
		return NULL;
	resolver->config = *config;
	if (resolver->config.tasks_max == 0)
		resolver->config.tasks_max = TASKS_MAX;
	if (resolver->config.waiters_max == 0)
		resolver->config.waiters_max = WAITERS_MAX;
	if (resolver->config.places == 0)
		resolver->config.places = resolver->config.tasks_max;
	resolver->parts = *parts;
	resolver->cache = store_cache(parts->store);
	resolver->nta_due_ms = UINT64_MAX;
	CDS_INIT_LIST_HEAD(&resolver->tasks);
	CDS_INIT_LIST_HEAD(&resolver->ready);
	CDS_INIT_LIST_HEAD(&resolver->clients);
	CDS_INIT_LIST_HEAD(&resolver->ended);
	CDS_INIT_LIST_HEAD(&resolver->postponed);
	CDS_INIT_LIST_HEAD(&resolver->doubting);
	CDS_INIT_LIST_HEAD(&resolver->waiting);
	for (size_t i = 0; i < AGAIN_PAUSES; i++)
		CDS_INIT_LIST_HEAD(&resolver->again[i]);
	for (size_t i = 0; i < ROOM_SHARES; i++)
		CDS_INIT_LIST_HEAD(&resolver->roomless[i]);
	resolver->room_due_ms = UINT64_MAX;
	CDS_INIT_LIST_HEAD(&resolver->patient);
	CDS_INIT_LIST_HEAD(&resolver->impatient);
	CDS_INIT_LIST_HEAD(&resolver->looked_at);
	CDS_INIT_LIST_HEAD(&resolver->hopeful);
	store_get_clock(parts->store, &resolver->clock);
	find_families(resolver);
	if (open_parts(resolver) != 0) {
		resolver_free(resolver);
		return NULL;
	}
	upstream_listen(parts->upstream, observe_heard, resolver);
	upstream_take_late(parts->upstream, inquiry_take_late, resolver);
	prime_hints(resolver);
	return resolver;
}

// At most so many; returns how many more it may be.
static size_t run_ready(struct resolver *resolver, size_t max)
{
	for (; max > 0 && !cds_list_empty(&resolver->ready); max--) {
		struct task *task = cds_list_entry(resolver->ready.next, struct task, in_ready);
		cds_list_del(&task->in_ready);
		task->ready = false;
		task_run(task);
		clients_fail_ended(resolver);
	}
	return max;
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	resolver->closing = true;
	upstream_listen(resolver->parts.upstream, NULL, NULL);
	upstream_take_late(resolver->parts.upstream, NULL, NULL);
	if (resolver->cache != NULL)
		stale_run(resolver);
	while (resolver->cache != NULL && !cds_list_empty(&resolver->clients))
		client_fail(resolver,
			    cds_list_entry(resolver->clients.next, struct client, by_deadline),
			    EDE_NOT_READY, "shutting down");
	(void)run_ready(resolver, SIZE_MAX);
	checkups_free(resolver->checkups);
	nta_free_all(resolver);
	route_close(resolver);
	free(resolver->exceptions);
	shelf_empty(&resolver->spare_tasks);
	shelf_empty(&resolver->responses);
	inside_table_free(resolver->inside);
	denied_names_free(resolver->denied_names);
	prefetch_free(resolver->prefetch);
	revoked_table_free(resolver->revoked);
	revoked_table_free(resolver->denied_by_value);
	ailing_free(resolver->ailing);
	crowd_free(resolver->crowd);
	broken_free(resolver->broken);
	evidence_free(resolver->evidence);
	journal_free(resolver->journal);
	dossiers_free(resolver->dossiers);
	failure_table_free(resolver->failures);
	prime_close(resolver);
	delegation_table_free(resolver->delegations);
	publisher_free(resolver->publisher);
	free(resolver);
}

int resolver_ask(struct resolver *resolver, const struct ticket_question *question,
		 resolver_done done, void *arg)
{
	int error = -ENOMEM;

	if (resolver->closing)
		return -EAGAIN;
	struct client *client = client_new(question, done, arg);
	if (client == NULL)
		return -EAGAIN;
	resolver->counters.questions++;
	if (task_join_client(resolver, client, &error) == NULL) {
		if (stale_instead(resolver, client))
			return 0;
		resolver->counters.refused++;
		explain_refused(resolver, client);
		trace_refused(resolver, client);
		free(client);
		return -EAGAIN;
	}
	trace_asked(resolver, client);
	client_start(resolver, client);
	return 0;
}

static void end_overdue(struct resolver *resolver)
{
	struct client *client;
	unsigned ended = 0;

	cds_list_for_each_entry(client, &resolver->clients, by_deadline)
	{
		if (client->budget.deadline_ms > resolver->clock.now_ms || ended++ == ENDS_MAX)
			break;
		client_end(resolver, client);
	}
	clients_fail_ended(resolver);
}

static uint64_t next_deadline(struct resolver *resolver)
{
	if (cds_list_empty(&resolver->clients))
		return UINT64_MAX;
	return cds_list_entry(resolver->clients.next, struct client, by_deadline)
		->budget.deadline_ms;
}

uint64_t resolver_run(struct resolver *resolver, const struct store_clock *clock)
{
	resolver->clock = *clock;
	resolver->submitted = false;
	uint64_t prime_ms = prime_run(resolver);
	uint64_t prefetch_ms = prefetch_run(resolver);
	uint64_t nta_ms = nta_run(resolver);
	uint64_t probe_ms = probe_run(resolver);
	bool probing = resolver->probe.busy;
	postpone_run(resolver);
	observe_run(resolver);
	again_run(resolver);
	late_run(resolver);
	room_run(resolver);
	uint64_t ailing_ms = ailing_run(resolver);
	uint64_t checkup_ms = checkup_run(resolver);
	uint64_t broken_ms = broken_run(resolver);
	end_overdue(resolver);
	size_t left = run_ready(resolver, READY_MAX);
	uint64_t stale_ms = stale_run(resolver);
	uint64_t prospect_ms = prospect_run(resolver);
	prime_ms = prime_run(resolver); // what was silent in this turn may be our own path
	uint64_t root_ms = root_run(resolver);
	if (root_ms < prime_ms)
		prime_ms = root_ms;
	(void)run_ready(resolver, left); // tasks that nobody waits for any more
	uint64_t postponed_ms = postpone_run(resolver);
	uint64_t doubting_ms = observe_run(resolver);
	uint64_t again_ms = again_run(resolver);
	uint64_t late_ms = late_run(resolver);
	bool sweeping = delegation_run(resolver->delegations);
	sweeping |= trust_run(resolver->parts.trust);
	if (resolver->submitted || sweeping || !cds_list_empty(&resolver->ready) ||
	    (probing && !resolver->probe.busy))
		return clock->now_ms;
	uint64_t deadline_ms = next_deadline(resolver);
	if (stale_ms < deadline_ms)
		deadline_ms = stale_ms;
	if (prospect_ms < deadline_ms)
		deadline_ms = prospect_ms;
	if (prefetch_ms < deadline_ms)
		deadline_ms = prefetch_ms;
	if (checkup_ms < deadline_ms)
		deadline_ms = checkup_ms;
	if (broken_ms < deadline_ms)
		deadline_ms = broken_ms;
	if (ailing_ms < deadline_ms)
		deadline_ms = ailing_ms;
	if (nta_ms < deadline_ms)
		deadline_ms = nta_ms;
	if (probe_ms < deadline_ms)
		deadline_ms = probe_ms;
	if (postponed_ms < deadline_ms)
		deadline_ms = postponed_ms;
	if (doubting_ms < deadline_ms)
		deadline_ms = doubting_ms;
	if (again_ms < deadline_ms)
		deadline_ms = again_ms;
	if (late_ms < deadline_ms)
		deadline_ms = late_ms;
	if (resolver->room_due_ms < deadline_ms)
		deadline_ms = resolver->room_due_ms;
	return prime_ms < deadline_ms ? prime_ms : deadline_ms;
}

void resolver_forget(struct resolver *resolver, const uint8_t *zone)
{
	uint8_t lower[NAME_MAX_LEN];

	name_lower(lower, zone, name_len(zone));
	resolver->forgets++;
	delegation_forget(resolver->delegations, lower);
	trust_forget(resolver->parts.trust, lower);
	failure_forget_all(resolver->failures);
	evidence_forget(resolver->evidence);
	journal_flush(resolver->journal, lower);
}

uint64_t resolver_take_slowest_ms(struct resolver *resolver)
{
	uint64_t slowest_ms = resolver->slowest_ms;

	resolver->slowest_ms = 0;
	return slowest_ms;
}

void resolver_counters(const struct resolver *resolver, upstream_counter_visit visit, void *arg)
{
#define X(field, words) visit("resolver." #field, words, resolver->counters.field, arg);
	RESOLVER_COUNTERS(X)
#undef X
	nta_counters(resolver, visit, arg);
	explain_counters(resolver, visit, arg);
	dossiers_counters(resolver->dossiers, resolver->clock.now_s, visit, arg);
	struct publisher_counters published;
	publisher_counters(resolver->publisher, &published);
#define X(field, words) visit("publish." #field, words, published.field, arg);
	PUBLISH_COUNTERS(X)
#undef X
	visit("resolver.under_way", "resolutions under way", resolver->task_count, arg);
	visit("resolver.message_bytes", "bytes of responses held", resolver->message_bytes, arg);
	visit("resolver.delegations", "zone cuts known", delegation_count(resolver->delegations),
	      arg);
}

// ---- for operators ----

static const char *state_words(const struct task *task)
{
	if (task->inquiry != NULL)
		return "waits for a server";
	if (task->waits.next != &task->waits)
		return "waits for another question";
	switch (task->state) {
	case TASK_WAIT_KEYS:
		return "waits until keys may be asked for again";
	case TASK_WAIT_EVIDENCE:
		return "waits whether any server answers anybody";
	case TASK_WAIT_AGAIN:
		return "waits to ask servers again that have sent errors";
	case TASK_WAIT_ROOM:
		return "waits for room";
	case TASK_WAIT_BATCH:
		return "waits for signatures";
	default:
		return "is ready";
	}
}

size_t resolver_requests(const struct resolver *resolver, size_t max, resolver_request_visit visit,
			 void *arg)
{
	struct task *task;

	cds_list_for_each_entry(task, &resolver->tasks, in_order)
	{
		if (max-- == 0)
			break;
		struct resolver_request request = {
			.name = task->name,
			.type = task->type,
			.age_ms = resolver->clock.now_ms - task->started_ms,
			.state = state_words(task),
		};

		if (task->inquiry != NULL) {
			request.server = inquiry_server(task->inquiry);
			request.zone = task->inquiry->zone;
		}
		visit(&request, arg);
	}
	return resolver->task_count;
}

void resolver_pool_watch(struct resolver *resolver, resolver_pool_event event, void *arg)
{
	resolver->pool_tell = event;
	resolver->pool_tell_arg = arg;
}

void resolver_crowd_watch(struct resolver *resolver, resolver_crowd_event event, void *arg)
{
	resolver->crowd_tell = event;
	resolver->crowd_tell_arg = arg;
}
