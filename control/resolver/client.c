// Clients and what their questions may cost.

#include "control/resolver/task.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client *client_new(const struct ticket_question *question, resolver_done done, void *arg)
{
	struct client *client = malloc(sizeof(*client));

	if (client == NULL)
		return NULL;
	*client = (struct client){.question = *question};
	name_lower(client->name, question->name, question->name_len);
	client->cd = (question->flags & FLAG_CD) != 0;
	client->done = done;
	client->arg = arg;
	client->waiter.purpose = WAIT_CLIENT;
	client->waiter.client = client;
	CDS_INIT_LIST_HEAD(&client->by_deadline);
	CDS_INIT_LIST_HEAD(&client->in_patience);
	CDS_INIT_LIST_HEAD(&client->in_prospect);
	CDS_INIT_LIST_HEAD(&client->paid);
	return client;
}

// Puts the client in the order of deadlines; nearly always at the end.
void client_start(struct resolver *resolver, struct client *client)
{
	uint64_t arrival_ms = client->question.arrival_ms;
	struct cds_list_head *after = resolver->clients.prev;

	if (arrival_ms == 0 || arrival_ms > resolver->clock.now_ms)
		arrival_ms = resolver->clock.now_ms;
	budget_start(&client->budget, arrival_ms);
	while (after != &resolver->clients &&
	       cds_list_entry(after, struct client, by_deadline)->budget.deadline_ms >
		       client->budget.deadline_ms)
		after = after->prev;
	cds_list_add(&client->by_deadline, after);
	stale_start(resolver, client);
	prospect_start(resolver, client);
}

static bool ask(struct resolver *resolver, const uint8_t *name, uint16_t type, uint16_t flags,
		bool past_nta, resolver_done done, void *arg)
{
	struct ticket_question question = {
		.flags = flags,
		.qtype = type,
		.qclass = CLASS_IN,
		.name_len = (uint8_t)name_len(name),
		.arrival_ms = resolver->clock.now_ms,
	};
	int error = 0;

	name_copy(question.name, name);
	struct client *client = client_new(&question, done, arg);
	if (client == NULL)
		return false;
	client->fresh = true;
	client->past_nta = past_nta;
	if (task_join_client(resolver, client, &error) == NULL) {
		free(client);
		return false;
	}
	client_start(resolver, client);
	return true;
}

bool client_ask(struct resolver *resolver, const uint8_t *name, uint16_t type, resolver_done done)
{
	return ask(resolver, name, type, 0, false, done, resolver);
}

bool client_ask_past_nta(struct resolver *resolver, const uint8_t *name, uint16_t type,
			 resolver_done done, void *arg)
{
	return ask(resolver, name, type, 0, true, done, arg);
}

bool client_ask_unproven(struct resolver *resolver, const uint8_t *name, uint16_t type,
			 resolver_done done)
{
	return ask(resolver, name, type, FLAG_CD, false, done, resolver);
}

static bool can_pay(const struct client *client)
{
	return client != NULL && !client->ended;
}

static void set_payer(struct task *task, struct client *client)
{
	if (task->payer != NULL)
		cds_list_del(&task->in_paid);
	task->payer = client;
	if (client != NULL)
		cds_list_add(&task->in_paid, &client->paid);
}

// The first waiter that can pay; through tasks that wait, whoever pays for those. Each task is
// looked at once per walk.
static struct client *find_payer(struct task *task, uint32_t mark, unsigned level)
{
	struct waiter *waiter;

	if (can_pay(task->payer))
		return task->payer;
	if (task->mark == mark || level == TASK_WALK_MAX)
		return NULL;
	task->mark = mark;
	task->orphaned = task->orphaned || task->payer != NULL;
	set_payer(task, NULL);
	cds_list_for_each_entry(waiter, &task->waiters, in_task)
	{
		struct client *client = waiter->client;
		if (client == NULL)
			client = find_payer(waiter->parent, mark, level + 1);
		if (can_pay(client)) {
			set_payer(task, client);
			task->resolver->counters.taken_over += task->orphaned;
			task->orphaned = false;
			return client;
		}
	}
	return NULL;
}

struct client *task_payer(struct task *task)
{
	return find_payer(task, ++task->resolver->mark, 0);
}

bool task_is_own(struct task *task)
{
	const struct client *payer = task_payer(task);

	return payer == NULL || payer->fresh;
}

// Charged before the work is queued. A budget that cannot pay ends its own client; the
// next waiter's takes over.
bool task_charge(struct task *task, enum budget_item item, uint32_t amount)
{
	for (;;) {
		struct client *client = task_payer(task);
		if (client == NULL)
			return false;
		if (budget_charge(&client->budget, item, amount))
			return true;
		client_end(task->resolver, client);
	}
}

void client_end(struct resolver *resolver, struct client *client)
{
	if (client->ended)
		return;
	client->ended = true;
	cds_list_add_tail(&client->in_ended, &resolver->ended);
}

// Tasks that it pays for and that others wait for find another payer when they need one.
static void client_free(struct resolver *resolver, struct client *client)
{
	explain_release(resolver, &client->tried);
	while (!cds_list_empty(&client->paid)) {
		struct task *task = cds_list_entry(client->paid.next, struct task, in_paid);
		task->orphaned = true;
		set_payer(task, NULL);
	}
	cds_list_del(&client->by_deadline);
	cds_list_del(&client->in_patience);
	cds_list_del(&client->in_prospect);
	if (client->ended)
		cds_list_del(&client->in_ended);
	free(client);
}

static bool is_secure(const struct store_result *result)
{
	struct entry_facts facts;

	for (size_t i = 0; i < result->count; i++) {
		entry_facts(result->links[i], &facts);
		if (facts.security != SECURITY_SECURE)
			return false;
	}
	return result->count > 0;
}

static bool has_failed(const struct store_result *result)
{
	struct entry_facts facts;

	if (result->count == 0)
		return result->rcode == RCODE_SERVFAIL;
	entry_facts(result->links[result->count - 1], &facts);
	return facts.kind == ENTRY_FAILURE;
}

void client_count(struct resolver *resolver, const struct client *client,
		  const struct store_result *result)
{
	uint64_t taken_ms = resolver->clock.now_ms + BUDGET_TIME_MS - client->budget.deadline_ms;

	trace_answered(resolver, client, result);
	if (client->fresh)
		return;
	if (taken_ms > resolver->slowest_ms)
		resolver->slowest_ms = taken_ms;
	bool failed = has_failed(result);
	if (result->stale || failed)
		explain_answered(resolver, client, result);
	if (result->stale)
		return; // counted where that was decided
	if (failed) {
		resolver->counters.answers_failed++;
		return;
	}
	resolver->counters.answers_fresh++;
	resolver->counters.answers_secure += !client->cd && is_secure(result);
}

// result NULL: it has been answered before.
void client_done(struct resolver *resolver, struct client *client, struct store_result *result)
{
	resolver_done done = client->done;
	void *arg = client->arg;

	if (result != NULL)
		client_count(resolver, client, result);
	client_free(resolver, client);
	if (result != NULL)
		done(arg, result);
}

static const char *const exhausted_words[] = {
#define X(field, limit, words) "gave up: too many " words,
	BUDGET_ITEMS(X)
#undef X
};

static bool of_validation(int item)
{
	return item == BUDGET_signatures || item == BUDGET_failed_signatures ||
	       item == BUDGET_nsec3_hashes;
}

// Zones whose servers let its time pass.
static void mark_down(struct client *client)
{
	struct task *task;

	cds_list_for_each_entry(task, &client->paid, in_paid)
	{
		if (task->failures >= TASK_TRIES_MAX)
			observe_unanswered(task);
	}
}

// Time is over while what came is still being judged: with CD=1 that is the client's own affair
// (RFC 4035 §3.2.2).
bool client_takes_unproven(struct resolver *resolver, struct client *client)
{
	struct task *task = client->waiter.task;

	if (!client->cd || client->answered)
		return false;
	bogus_show_unproven(task);
	if (!task->has_unproven || task->unproven_open)
		return false;
	mark_down(client);
	task_leave(&client->waiter);
	client_deliver(resolver, client, task);
	return true;
}

// Our own limits are held against nobody; servers that let the time pass are, so that the next
// client need not wait for them as long (RFC 9520 §3.2).
static void client_exhausted(struct resolver *resolver, struct client *client)
{
	struct task *task = client->waiter.task;
	int item = client->budget.exhausted;
	bool last = task->waiters.next == task->waiters.prev; // nobody else waits
	char text[TROUBLE_MAX];
	const struct publication publication = {
		.provenance = FROM_RECURSION,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
		.one_shot = !last || task->past_nta || task->type == TYPE_ANY ||
			    task->type == TYPE_RRSIG,
	};
	uint32_t ttl_s = FAILURE_TTL_OWN_S;
	int ede = EDE_OTHER;
	enum failed_kind kind = FAILED_OWN;

	resolver->counters.exhausted++;
	if (client_takes_unproven(resolver, client))
		return;
	if (item >= 0) {
		snprintf(text, sizeof(text), "%s", exhausted_words[item]);
		if (of_validation(item))
			ede = EDE_DNSSEC_INDETERMINATE;
	} else {
		if (!explain_out_of_time(client, text))
			snprintf(text, sizeof(text), "gave up: out of time");
		bool lost = upstream_uplink_lost(resolver->parts.upstream);
		ede = lost ? EDE_NETWORK_ERROR : EDE_NO_REACHABLE_AUTHORITY;
		if (client->unreachable && !lost)
			kind = FAILED_UNREACHABLE;
		mark_down(client);
		if (client->unreachable && last && !lost)
			ttl_s = ailing_failed(
				task, failure_backoff(resolver->failures, task->hash,
						      resolver->clock.now_ms,
						      ailing_hold_s(task, FAILURE_TTL_MAX_S)));
	}
	// What did not validate says more than that there was too much of it, or servers that gave
	// nothing.
	const struct task *doubted = stale_doubt(task);
	if (doubted != NULL && doubted->bogus_ede != EDE_NONE) {
		ede = doubted->bogus_ede;
		snprintf(text, sizeof(text), "%s", doubted->bogus_text);
	}
	explain_exhausted(client, kind, ede, text);
	stale_drop(task, task->name);
	const struct entry *entry = publish_failure(resolver->publisher, task->name, task->type,
						    RCODE_SERVFAIL, ede, text, ttl_s, &publication);
	if (entry != NULL)
		cache_unpin(resolver->cache, entry);
	client_fail(resolver, client, ede, text);
}

void clients_fail_ended(struct resolver *resolver)
{
	while (!cds_list_empty(&resolver->ended))
		client_exhausted(resolver,
				 cds_list_entry(resolver->ended.next, struct client, in_ended));
}

// ---- results ----

void client_deliver(struct resolver *resolver, struct client *client, const struct task *task)
{
	const struct chain *chain =
		client->cd && task->has_unproven ? &task->unproven : &task->chain;
	struct store_result *result = NULL;

	if (client->answered) {
		client_done(resolver, client, NULL);
		return;
	}
	if (chain->failed) {
		struct entry_facts facts;
		entry_facts(chain->links[chain->count - 1], &facts);
		resolver->counters.failed++;
		result = stale_result(resolver, client, facts.ede);
		resolver->counters.stale += result != NULL;
	}
	if (result == NULL && chain->count > 0)
		result = store_result_new(resolver->parts.store, chain->links, chain->count);
	if (result == NULL)
		result = store_result_error(resolver->parts.store, RCODE_SERVFAIL, EDE_OTHER,
					    "out of memory for answers");
	client_done(resolver, client, result);
}

// One client per task stays behind, whose budget pays for the rest.
void client_answer_early(struct resolver *resolver, struct client *client,
			 struct store_result *result)
{
	struct task *task = client->waiter.task;
	resolver_done done = client->done;
	void *arg = client->arg;

	cds_list_del_init(&client->in_patience);
	if (task == NULL) {
		client_done(resolver, client, result);
	} else if (task->kept) {
		task_leave(&client->waiter);
		client_done(resolver, client, result);
	} else {
		task->kept = client->answered = true;
		client_count(resolver, client, result);
		done(arg, result);
	}
}

void client_fail(struct resolver *resolver, struct client *client, int ede, const char *text)
{
	struct store_result *result = NULL;

	if (client->answered)
		client->waiter.task->kept = false;
	task_leave(&client->waiter);
	if (client->answered) {
		client_done(resolver, client, NULL);
		return;
	}
	resolver->counters.failed++;
	result = stale_result(resolver, client, ede);
	resolver->counters.stale += result != NULL;
	if (result == NULL)
		result = store_result_error(resolver->parts.store, RCODE_SERVFAIL, ede, text);
	client_done(resolver, client, result);
}
