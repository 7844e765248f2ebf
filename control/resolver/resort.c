// Answers of last resort: when every server of a zone has failed, what some of them said all the
// same. A server that offers recursion and gives the data asked for without AA (a resolver or a
// home router in a server's place); a load balancer that says that there is no data, with the SOA
// of another zone.
//
// Nobody proves such an answer, so it is held to more than others: the zone is proven insecure, the
// reply cannot be forged blindly, and no server of the zone had a better one. It serves the
// question that waits for it and, if it has data, others for moments. Nothing is learnt from it:
// not of names, servers, cuts or failures.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

// Forwarders have none: they are heard as they are (response.c). Nor has what recursion follows,
// whose servers are asked once (POOL_INSTEAD).
static bool may_resort(const struct task *task)
{
	// What sees whether a zone is back is content with nothing.
	return !task->past_nta && !ailing_probes(task);
}

void resort_note(struct task *task, const struct response *response)
{
	int i = iterate_server_index(task, &task->reply->server);

	if (i >= 0 && response->resort != RESORT_NONE && may_resort(task))
		task->resorts |= UINT32_C(1) << i;
}

// All have been tried, and have failed; those that had something to say are asked for it again, in
// a way that cannot be forged.
bool resort_begin(struct task *task)
{
	bool left = false;

	if (task->resorts == 0 || task->last_resort)
		return false;
	for (size_t i = 0; i < task->server_count; i++) {
		if (task->servers[i].failed == 0)
			return false;
	}
	for (size_t i = 0; i < task->server_count; i++) {
		bool resort = (task->resorts & UINT32_C(1) << i) != 0;
		task->servers[i].tries = resort ? TASK_TRIES_MAX - 1 : TASK_TRIES_MAX;
		left = left || resort;
	}
	task->last_resort = left;
	task->over_tcp = left;
	return left;
}

bool resort_takes(struct task *task, struct response *response)
{
	if (!task->last_resort)
		return false;
	// Nobody is sent on to others from here.
	if (response->kind == RESPONSE_REFERRAL)
		response->kind = RESPONSE_LAME;
	if (response->resort == RESORT_NONE || !task->reply->strong)
		return false;
	response_resort(response);
	return true;
}

bool resort_by_value(const struct task *task, const struct step *step)
{
	const uint16_t type = step->kind == STEP_CNAME ? TYPE_CNAME : step->type;
	const struct entry *entry = cache_find(task->resolver->cache, step->name, type);
	struct entry_facts facts;

	if (step->rrset == NULL)
		return true;
	if (entry == NULL)
		return false;
	entry_facts(entry, &facts);
	return facts.provenance != FROM_NON_AUTHORITY &&
	       facts.stale_until_ms > task->resolver->clock.now_ms;
}

// By an insecure delegation further down it is not they who have the name: what they say of it in
// the place of a referral would be a way round the proof that there is no DS.
bool resort_is_of_zone(const struct task *task, const struct validation_result *result)
{
	const uint8_t *at = result->insecure_at;

	return at == NULL || task->route != NULL || name_within(task->cut->zone, at);
}

void resort_failed(struct task *task)
{
	const struct address server = task->good_server;

	judge_release(task);
	iterate_next_server(task, &server, true);
}
