// Whether what a client waits for is going to come. A client has seven seconds; most clients have
// not as much patience, and SERVFAIL sends them to another resolver while there is time. So after
// four seconds only those are kept waiting whose answer is on its way: the server that is asked has
// answered lately, and goes by what it took then within the time that is left, with all that has to
// be asked after it. The others are told what is the matter. Their question goes on until its time
// is over: what arrives late is kept, and whoever asks again joins it.

#include "control/resolver/task.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <stdio.h>

#define LOOK_AT_MS 3950 // of the question: most have ended by themselves (observe.c)
#define LOOK_ON_MS 200  // after that
#define LOOKS_MAX  64   // clients, in a turn

// ---- what is on its way ----

// Questions that its zone's servers get after this one, at least: the rest of the name, their keys.
static unsigned further_questions(const struct task *task)
{
	const struct resolver *resolver = task->resolver;
	struct trust_link link;
	unsigned further = !minimise_full(&task->minimise);

	if (!resolver->config.validate || task->type == TYPE_DNSKEY || task->past_nta ||
	    trust_zone_state(resolver->parts.trust, task->cut->zone, resolver->clock.now_ms,
			     resolver->clock.now_s) == ZONE_INSECURE)
		return further;
	trust_link(resolver->parts.trust, task->cut->zone, resolver->clock.now_ms,
		   resolver->clock.now_s, &link);
	return further + (link.key_count == 0);
}

static bool comes(const struct task *task, unsigned further, uint64_t left_ms, unsigned level);

// The keys of a zone come after its DS, perhaps from the server that is asked for that.
static bool asks_same_again(const struct task *task, const struct waiter *wait)
{
	return (wait->purpose == WAIT_NEED || wait->purpose == WAIT_NEED_ANEW) &&
	       wait->task->type == TYPE_DS && wait->task->inquiry != NULL &&
	       iterate_server_index(task, inquiry_server(wait->task->inquiry)) >= 0;
}

// Of several things that are waited for one is enough, or there is but one.
static bool one_comes(const struct task *task, unsigned further, uint64_t left_ms, unsigned level)
{
	const struct waiter *wait;

	if (level == TASK_WALK_MAX)
		return false;
	cds_list_for_each_entry(wait, &task->waits, in_parent)
	{
		if (comes(wait->task, further + asks_same_again(task, wait), left_ms, level + 1))
			return true;
	}
	return false;
}

// Who has answered anybody since the client asked is there.
static uint32_t silent_ms(uint64_t left_ms)
{
	return left_ms < BUDGET_TIME_MS ? (uint32_t)(BUDGET_TIME_MS - left_ms) : 0;
}

static bool reply_comes(const struct task *task, unsigned further, uint64_t left_ms)
{
	for (size_t i = 0; i < 2; i++) {
		const struct exchange *exchange = task->inquiry->legs[i].exchange;
		uint32_t took_ms;
		if (exchange == NULL)
			continue;
		uint64_t due_ms = exchange_due_ms(exchange, silent_ms(left_ms), &took_ms);
		if (due_ms < left_ms && due_ms + (uint64_t)further * took_ms < left_ms)
			return true;
	}
	return false;
}

static bool comes(const struct task *task, unsigned further, uint64_t left_ms, unsigned level)
{
	switch (task->state) {
	case TASK_WAIT_REPLY:
		return reply_comes(task, further + further_questions(task), left_ms);
	case TASK_WAIT_EVIDENCE:
		return false;
	case TASK_WAIT_ADDRESS:
	case TASK_WAIT_STATE:
	case TASK_WAIT_PROOF:
	case TASK_WAIT_NEED:
	case TASK_WAIT_TARGET:
	case TASK_WAIT_TYPE:
		return one_comes(task, further, left_ms, level);
	default:
		return true; // it waits for us
	}
}

// ---- those who are told ----

// The question that it all waits for.
static const struct task *last_of(const struct task *task)
{
	for (unsigned level = 0; level < TASK_WALK_MAX && task->waits.next != &task->waits; level++)
		task = cds_list_entry(task->waits.next, struct waiter, in_parent)->task;
	return task;
}

static int what_is_the_matter(const struct client *client, char text[TROUBLE_MAX])
{
	const struct task *task = client->waiter.task, *last = last_of(task);
	const struct task *doubted = stale_doubt(task);

	if (doubted != NULL && doubted->bogus_ede != EDE_NONE) {
		snprintf(text, TROUBLE_MAX, "%s", doubted->bogus_text);
		return doubted->bogus_ede;
	}
	if (last->cut != NULL && last->tried != NULL)
		explain_unreachable(last, text);
	else if (!explain_out_of_time(client, text) && last->cut != NULL)
		explain_unreachable(last, text);
	return upstream_uplink_lost(task->resolver->parts.upstream) ? EDE_NETWORK_ERROR
								    : EDE_NO_REACHABLE_AUTHORITY;
}

static void tell(struct resolver *resolver, struct client *client)
{
	char text[TROUBLE_MAX] = "no answer yet";
	int ede = what_is_the_matter(client, text);
	struct store_result *result = stale_result(resolver, client, ede);

	resolver->counters.failed++;
	resolver->counters.stale += result != NULL;
	explain_exhausted(client, FAILED_UNREACHABLE, ede, text);
	if (result == NULL)
		result = store_result_error(resolver->parts.store, RCODE_SERVFAIL, ede, text);
	resolver->counters.given_up_early++;
	client_answer_early(resolver, client, result);
}

static void look(struct resolver *resolver, struct client *client)
{
	const uint64_t now_ms = resolver->clock.now_ms;

	cds_list_del_init(&client->in_prospect);
	if (client->answered || client->ended || now_ms >= client->budget.deadline_ms)
		return;
	if (comes(client->waiter.task, 0, client->budget.deadline_ms - now_ms, 0)) {
		client->look_ms = now_ms + LOOK_ON_MS;
		cds_list_add_tail(&client->in_prospect, &resolver->hopeful);
		return;
	}
	if (!client_takes_unproven(resolver, client))
		tell(resolver, client);
}

void prospect_start(struct resolver *resolver, struct client *client)
{
	struct cds_list_head *after = resolver->looked_at.prev;

	if (client->fresh)
		return;
	client->look_ms = client->budget.deadline_ms - BUDGET_TIME_MS + LOOK_AT_MS;
	while (after != &resolver->looked_at &&
	       cds_list_entry(after, struct client, in_prospect)->look_ms > client->look_ms)
		after = after->prev;
	cds_list_add(&client->in_prospect, after);
}

static uint64_t run(struct resolver *resolver, struct cds_list_head *list, unsigned *left)
{
	while (!cds_list_empty(list)) {
		struct client *client = cds_list_entry(list->next, struct client, in_prospect);
		if (client->look_ms > resolver->clock.now_ms)
			return client->look_ms;
		if (*left == 0)
			return resolver->clock.now_ms;
		(*left)--;
		look(resolver, client);
	}
	return UINT64_MAX;
}

uint64_t prospect_run(struct resolver *resolver)
{
	unsigned left = LOOKS_MAX;
	uint64_t first_ms = run(resolver, &resolver->looked_at, &left);
	left = LOOKS_MAX;
	uint64_t again_ms = run(resolver, &resolver->hopeful, &left);

	return first_ms < again_ms ? first_ms : again_ms;
}
