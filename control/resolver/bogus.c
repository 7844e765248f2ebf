// What is done about data that did not validate, or could not be judged: kept for CD=1 alone, held
// against the server that sent them, and asked for elsewhere before it fails (DESIGN §1).

#include "control/resolver/task.h"

#include <stdio.h>
#include <string.h>

// All of a response that did not validate, for CD=1. Kept from the first such response on.
static void keep_unproven(struct task *task)
{
	struct resolver *resolver = task->resolver;
	const struct response *response = task->response;

	if (task->has_unproven || response == NULL)
		return;
	for (size_t i = 0; i < response->link_count; i++) {
		const struct publication publication = link_publication(task, &response->links[i]);
		const struct entry *entry =
			publish_unproven(resolver->publisher, &response->links[i], &publication);
		if (!chain_add(resolver, &task->unproven, entry)) {
			chain_release(resolver, &task->unproven);
			return;
		}
	}
	task->has_unproven = true;
	task->unproven_open = response->open;
	if (response->open)
		name_copy(task->open_name, response->names[response->link_count]);
}

void bogus_show_unproven(struct task *task)
{
	if (task->validation != NULL)
		keep_unproven(task);
}

static void remember_bogus(struct task *task, const struct validation_result *result)
{
	char address[ADDRESS_TEXT_MAX], from[ADDRESS_TEXT_MAX + 24] = "";
	const bool drilled = task->reply != NULL && task->reply->drilled;

	keep_unproven(task);
	// What a drill has spoilt says nothing of the zone.
	if (!drilled)
		posture_bogus(task, result);
	if (task->bogus_ede != EDE_NONE)
		return;
	task->bogus_ede = result->ede != EDE_NONE ? result->ede : EDE_DNSSEC_BOGUS;
	explain_fault(task, result);
	if (result->verdict == VERDICT_BOGUS)
		snprintf(from, sizeof(from), ", from %s%s",
			 address_to_text(&task->good_server, address),
			 drilled ? " in a drill" : "");
	// The server stays, whatever has to be cut.
	snprintf(task->bogus_text, sizeof(task->bogus_text), "%.*s%s",
		 (int)(TROUBLE_MAX - 1 - strlen(from)), result->reason, from);
}

// Servers may have a zone and one below it, with no referral between them: what is wrong with the
// one says nothing of them as servers of the other.
static const uint8_t *zone_to_blame(const struct task *task, const struct validation_result *result)
{
	return result->verdict == VERDICT_BOGUS && result->fault_cut ? result->fault_zone
								     : task->cut->zone;
}

// DESIGN §1: a bogus answer makes us try another server in another failure domain, then fail
// closed.
void bogus_answer(struct task *task, const struct validation_result *result)
{
	struct resolver *resolver = task->resolver;
	enum server_failure failure =
		result->ede == EDE_RRSIGS_MISSING ? SERVER_STRIPPED : SERVER_BOGUS;
	struct address server = task->good_server;

	resolver->counters.bogus++;
	task->bogus_answer |= task->reply == NULL || !task->reply->drilled;
	if (result->refresh_ms != 0)
		task->refresh_ms = result->refresh_ms;
	remember_bogus(task, result);
	explain_server(task, &server, failure, task->reply);
	const bool ours = (task->reply != NULL && task->reply->in_drill) || result->unsupported;
	const uint8_t *zone = zone_to_blame(task, result);
	// By a signature that is that zone's: what has none may as well be said by the zone above.
	if (!ours && zone != task->cut->zone && result->fault.known)
		broken_below(task, &server);
	else
		broken_server(task, &server, failure, ours);
	// What a negative trust anchor lets pass is held against no server.
	if (!task->past_nta && !forward_blame(task, &server, failure)) {
		upstream_report(resolver->parts.upstream, zone, &server, failure, 0);
		checkup_watch(task, zone, &server, failure);
	}
	judge_release(task);
	if (!broken_another_domain(task, ++task->bogus_count)) {
		if (!forward_fall_back(task) && !parent_revive(task, true))
			fail_bogus(task);
		return;
	}
	iterate_next_server(task, &server, !forward_without_cd(task));
}

// It could not be judged: nobody's fault, or that of who keeps the keys.
void bogus_unjudged(struct task *task, const struct validation_result *result)
{
	// What it needs could not be had of servers that prove nothing; or it was our own fault.
	task->finding = task->needed;

	remember_bogus(task, result);
	judge_release(task);
	if (task->lacks_own)
		fail_own(task, task->bogus_ede, task->bogus_text);
	else if (task->needed.kind > BROKEN_SILENT && parent_revive(task, true))
		return;
	else
		fail_with(task, FAILED_UNJUDGED, RCODE_SERVFAIL, task->bogus_ede, task->bogus_text,
			  ailing_failed(task, fail_ttl_s(task, FAILURE_TTL_MAX_S)));
	if (task->has_unproven && task->unproven_open && task_wants_unproven(task))
		task->state = TASK_TARGET;
}
