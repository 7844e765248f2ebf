// What a server's reply means: an answer to be judged, a referral, or the next server's turn.

#include "control/resolver/task.h"
#include "control/upstream/domain.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>
#include <string.h>

// Silences to a minimised name before the full one is sent where no server of another failure
// domain is left to ask.
#define SILENT_MAX 2

void reply_release(struct task *task)
{
	reply_unref(task->resolver, task->reply);
	task->reply = NULL;
}

enum server_failure replies_failure(enum upstream_outcome outcome)
{
	static const enum server_failure failures[UPSTREAM_OUTCOME_COUNT] = {
		[UPSTREAM_TIMEOUT] = SERVER_TIMEOUT,
		[UPSTREAM_UNREACHABLE] = SERVER_UNREACHABLE,
		[UPSTREAM_RESET] = SERVER_RESET,
		[UPSTREAM_UNTRUSTED] = SERVER_UNTRUSTED,
		[UPSTREAM_MALFORMED] = SERVER_MALFORMED,
		[UPSTREAM_WRONG_QUESTION] = SERVER_WRONG_QUESTION,
		[UPSTREAM_TRUNCATED_OVER_TCP] = SERVER_TRUNCATED_OVER_TCP,
	};

	return failures[outcome];
}

// Something came that is of no use, and so no silence.
bool replies_heard(enum upstream_outcome outcome)
{
	switch (outcome) {
	case UPSTREAM_FORMERR:
	case UPSTREAM_NOTIMP:
	case UPSTREAM_BADVERS:
	case UPSTREAM_MALFORMED:
	case UPSTREAM_WRONG_QUESTION:
	case UPSTREAM_TRUNCATED_OVER_TCP:
		return true;
	default:
		return false;
	}
}

static void report(struct task *task, enum server_failure failure)
{
	struct reply *reply = task->reply;

	if (reply->reported)
		return;
	reply->reported = true;
	// Some drop what they do not know: that is no fault of the server's.
	uint16_t type = minimise_full(&task->minimise) ? task->type : TYPE_A;
	if (failure == SERVER_TIMEOUT && !upstream_type_counts(type))
		return;
	if (forward_blame(task, &reply->server, failure))
		return;
	upstream_report(task->resolver->parts.upstream, task->cut->zone, &reply->server, failure,
			reply->rtt_us);
	checkup_watch(task, task->cut->zone, &reply->server, failure);
}

// Another question to the same server: this one has cost it no try.
static void ask_on(struct task *task)
{
	int i = iterate_server_index(task, &task->reply->server);

	if (i >= 0 && task->servers[i].tries > 0)
		task->servers[i].tries--;
	reply_release(task);
	task->state = TASK_ASK;
	task_ready(task);
}

// The same, for want of something of our own.
static void ask_again(struct task *task)
{
	ask_on(task);
	room_wait(task, TASK_ASK);
}

static void failed_server(struct task *task, enum server_failure failure, bool for_good)
{
	struct address server = task->reply->server;

	report(task, failure);
	explain_server(task, &server, failure, task->reply);
	broken_server(task, &server, failure, task->reply->in_drill);
	again_note(task, &server, failure, task->reply->bare);
	reply_release(task);
	iterate_next_server(task, &server, for_good);
}

static bool stop_minimising(struct task *task)
{
	if (minimise_full(&task->minimise))
		return false;
	task->resolver->counters.minimise_fallbacks++;
	minimise_give_up(&task->minimise);
	return true;
}

// RFC 9156 §2.3: a reply to a minimised name that is of no use is no fault of the server. The zone
// gets the full name once; only what comes of that is held against anybody.
static bool fall_back_to_full_name(struct task *task)
{
	if (!stop_minimising(task))
		return false;
	ask_on(task);
	return true;
}

// The server shares no failure domain with all others that have failed; or with some of them.
static bool apart_from_failed(const struct task *task, const struct candidate *server, bool all)
{
	bool apart = all;

	for (size_t i = 0; i < task->server_count; i++) {
		const struct candidate *other = &task->servers[i];
		if (other == server || other->failed == 0)
			continue;
		bool shares = domain_shared(server, other, task->cut->zone) > 0;
		apart = all ? apart && !shares : apart || !shares;
	}
	return apart;
}

static bool two_domains_failed(const struct task *task)
{
	for (size_t i = 0; i < task->server_count; i++) {
		if (task->servers[i].failed > 0 &&
		    apart_from_failed(task, &task->servers[i], false))
			return true;
	}
	return false;
}

static bool another_domain_left(const struct task *task)
{
	for (size_t i = 0; i < task->server_count; i++) {
		if (task->servers[i].tries == 0 && apart_from_failed(task, &task->servers[i], true))
			return true;
	}
	return false;
}

// RFC 9156 §3: there are servers that drop questions for names that hold nothing themselves. One
// failure domain that is silent may as well be down.
static void stop_minimising_when_silent(struct task *task)
{
	if (task->cut == NULL || minimise_full(&task->minimise))
		return;
	if (two_domains_failed(task) ||
	    (task->failures >= SILENT_MAX && !another_domain_left(task)))
		stop_minimising(task);
}

// The zone has been denied since this was asked: it is asked again.
static bool is_overtaken(const struct task *task, const struct response *response)
{
	const struct resolver *resolver = task->resolver;
	uint8_t zone[NAME_MAX_LEN];

	if (!revoked_any(resolver->revoked))
		return false;
	name_lower(zone, response->referral.ns->owner, name_len(response->referral.ns->owner));
	return revoked_ms(resolver->revoked, resolver_hash(resolver, zone)) > task->reply->asked_ms;
}

// The question has been there, and what it found was disproved: the server that says so has another
// copy of its zone, or has one below it that is delegated no longer.
static bool is_disproved(const struct task *task, const struct response *response)
{
	const struct resolver *resolver = task->resolver;
	uint8_t zone[NAME_MAX_LEN];

	if (!task->returned_again)
		return false;
	name_lower(zone, response->referral.ns->owner, name_len(response->referral.ns->owner));
	return revoked_ms(resolver->revoked, resolver_hash(resolver, zone)) >= task->started_ms;
}

static void follow_referral(struct task *task, const struct response *response)
{
	struct resolver *resolver = task->resolver;
	struct reply *reply = task->reply;

	if (is_disproved(task, response)) {
		const struct address server = reply->server;
		explain_server(task, &server, SERVER_LAME, reply);
		reply_release(task);
		iterate_next_server(task, &server, true);
		return;
	}
	if (is_overtaken(task, response)) {
		ask_on(task);
		return;
	}
	if (reply->cut == NULL) {
		reply->cut = delegation_of_referral(response, task->cut, resolver->clock.now_ms);
		if (reply->cut == NULL) {
			ask_again(task);
			return;
		}
		reply->cut->unproven = task->cut->unproven ||
				       trust_zone_last(resolver->parts.trust, task->cut->zone,
						       resolver->clock.now_ms,
						       resolver->clock.now_s) == ZONE_SECURE;
		// Of the time before a flush: for this question alone.
		if (!cache_flushed_since(resolver->cache, reply->cut->zone, reply->asked_ms))
			delegation_put(resolver->delegations, reply->cut);
		trust_reopen(resolver->parts.trust, reply->cut->zone, task->cut->zone);
		parent_referred(resolver, reply->cut);
	}
	resolver->counters.referrals++;
	struct delegation *cut = reply->cut;
	delegation_ref(cut);
	task->route = NULL;
	reply_release(task);
	iterate_descend(task, cut);
}

// Another zone cut known below the servers' zone hides what they say about names under it.
static void cut_at_known_zones(struct task *task, struct response *response)
{
	struct resolver *resolver = task->resolver;

	for (size_t i = 1; i < response->link_count; i++) {
		struct delegation *cut = NULL;
		const struct route *route =
			route_find(resolver, response->names[i], task->type, &cut);
		if (cut == NULL)
			cut = delegation_find(resolver->delegations, response->names[i],
					      resolver->clock.now_ms);
		bool hidden = route != task->route ||
			      (cut != NULL && route == NULL &&
			       name_labels(cut->zone) > name_labels(task->cut->zone));
		delegation_unref(cut);
		if (hidden) {
			response_cut(response, i);
			return;
		}
	}
}

static void remember_inside(struct task *task, const uint8_t *name)
{
	struct resolver *resolver = task->resolver;

	inside_put(resolver->inside, resolver_hash(resolver, task->cut->zone),
		   resolver_hash(resolver, name), resolver->clock.now_ms);
}

// An NSEC whose next name lies below one that is still to be asked for says that this one is an
// empty non-terminal (RFC 4034 §4.1.1, RFC 4592 §2.2.2): a name to pass by, and no cut. It is taken
// as a hint, as all on the way down is: who asks on at a cut gets a referral.
static void remember_empty(struct task *task, const struct response *response)
{
	const struct minimise *m = &task->minimise;
	struct rdata_nsec nsec;

	for (size_t i = 0; i < response->proof_count; i++) {
		const struct rrset *rrset = response->proofs[i];
		if (rrset->type != TYPE_NSEC || !name_within(rrset->owner, task->cut->zone) ||
		    !rdata_nsec(rrset->rdatas[0].data, rrset->rdatas[0].len, &nsec))
			continue;
		for (size_t labels = m->asked + 1u; labels < m->labels; labels++) {
			const uint8_t *name = name_ancestor(m->name, labels);
			if (name_within(nsec.next, name) && !name_equal(nsec.next, name) &&
			    name_compare(rrset->owner, name) < 0)
				remember_inside(task, name);
		}
	}
}

// The full name has an answer where one above it had none: the next question passes that one by,
// and those between.
static void skip_what_was_given_up(struct task *task)
{
	const struct minimise *m = &task->minimise;

	for (size_t labels = m->given_up; labels != 0 && labels < m->labels; labels++)
		remember_inside(task, name_ancestor(m->name, labels));
}

// Below the first empty non-terminal the rest of the name is most likely in the zone as well, and
// there is nobody to keep it from but who runs that. Not so of a registry, where the next label can
// be a customer's zone, or the rest of somebody's address: that one is shown label after label.
static bool may_show_the_rest(const struct task *task)
{
	const uint8_t *zone = task->cut->zone;

	return name_labels(zone) > 1 && !name_within(zone, (const uint8_t *)"\4arpa");
}

static void take_answer(struct task *task, struct response *response)
{
	const struct address server = task->reply->server;
	bool nxdomain = response->link_count == 1 && response->links[0].kind == STEP_NXDOMAIN;

	task->good_server = server;
	if (!minimise_full(&task->minimise) && !nxdomain) {
		remember_inside(task, minimise_name(&task->minimise));
		remember_empty(task, response);
		if (may_show_the_rest(task))
			minimise_give_up(&task->minimise);
		else
			minimise_next(&task->minimise);
		ask_on(task);
		shelf_put(&task->resolver->responses, response);
		return;
	}
	task->probing = !minimise_full(&task->minimise);
	if (!nxdomain && !response->resorted)
		skip_what_was_given_up(task);
	cut_at_known_zones(task, response);
	task_drop_waits(task);
	address_forget(task);
	task->response = response;
	judge_start(task);
}

static bool prove_unsigned(struct task *task);

static const enum server_failure response_failures[] = {
	[RESPONSE_LAME] = SERVER_LAME,           [RESPONSE_SERVFAIL] = SERVER_SERVFAIL,
	[RESPONSE_REFUSED] = SERVER_REFUSED,     [RESPONSE_ERROR] = SERVER_FORMERR,
	[RESPONSE_MALFORMED] = SERVER_MALFORMED, [RESPONSE_TOO_LARGE] = SERVER_TOO_LARGE,
};

static void read_response(struct task *task, struct response *response)
{
	const struct response_question question = {
		.name = minimise_name(&task->minimise),
		.type = minimise_full(&task->minimise) ? task->type : TYPE_A,
		.zone = task->cut->zone,
		.forwarder = forward_holds(task),
		.glue = task->for_glue,
	};

	response_read(task->reply->message, &question, response);
	// Somebody else's question has it left to signatures, and there are none to verify here.
	if (task->reply->unsettled &&
	    (response->kind != RESPONSE_ANSWER || !minimise_full(&task->minimise))) {
		task->settled = true;
		ask_on(task);
		shelf_put(&task->resolver->responses, response);
		return;
	}
	observe_reply(task);
	// On the way down nothing would be validated.
	if (response->secure_only && !minimise_full(&task->minimise))
		response->kind = RESPONSE_LAME;
	if (task->for_glue && response->kind == RESPONSE_ANSWER) {
		// Glue is never an answer (ATTACKS A7), and a denial of it none either.
		free(response);
		reply_release(task);
		iterate_give_up(task);
		return;
	}
	if (resort_takes(task, response)) {
		take_answer(task, response);
		return;
	}
	switch (response->kind) {
	case RESPONSE_ANSWER:
		if (!response->secure_only)
			report(task, SERVER_GOOD);
		observe_good(task);
		take_answer(task, response);
		return;
	case RESPONSE_REFERRAL:
		report(task, SERVER_GOOD);
		observe_good(task);
		follow_referral(task, response);
		break;
	case RESPONSE_LAME:
	case RESPONSE_SERVFAIL:
	case RESPONSE_REFUSED:
	case RESPONSE_ERROR:
	case RESPONSE_MALFORMED:
	case RESPONSE_TOO_LARGE:
		if (fall_back_to_full_name(task) || (task->reply->bare && prove_unsigned(task)))
			break;
		resort_note(task, response);
		if (response->kind == RESPONSE_TOO_LARGE) // the limit is ours
			report(task, SERVER_GOOD);
		task->resolver->counters.lame += response->kind == RESPONSE_LAME;
		failed_server(task, response_failures[response->kind], true);
		break;
	}
	shelf_put(&task->resolver->responses, response);
}

static bool waits_for_state(const struct task *task)
{
	struct waiter *waiter;

	cds_list_for_each_entry(waiter, &task->waits, in_parent)
	{
		if (waiter->purpose == WAIT_STATE)
			return true;
	}
	return false;
}

// A server that does not speak EDNS is good for an unsigned zone only: whether this one
// is unsigned must be proven before it may be asked without.
static bool find_state(struct task *task)
{
	struct resolver *resolver = task->resolver;
	const uint8_t *zone = task->cut->zone;

	if (task->state_asked)
		return waits_for_state(task);
	if (!resolver->config.validate || name_is_root(zone) ||
	    trust_zone_state(resolver->parts.trust, zone, resolver->clock.now_ms,
			     resolver->clock.now_s) == ZONE_INSECURE)
		return false;
	task->state_asked = true;
	return task_wait(task, WAIT_STATE, zone, TYPE_DS, 0) == 0;
}

void replies_doubt_edns(struct task *task)
{
	(void)find_state(task);
}

static bool prove_unsigned(struct task *task)
{
	if (!find_state(task))
		return false;
	ask_on(task);
	task->state = TASK_WAIT_STATE;
	return true;
}

void replies_state_known(struct task *task)
{
	if (task->state == TASK_WAIT_STATE)
		task->state = TASK_ASK;
	else if (task->inquiry != NULL)
		inquiry_reconsider(task->inquiry);
}

void replies_read(struct task *task)
{
	struct resolver *resolver = task->resolver;
	struct reply *reply = task->reply;
	const uint64_t now_ms = resolver->clock.now_ms;

	// It came in this very turn; the exchange goes by a clock of its own.
	if (reply->asked_ms == 0)
		reply->asked_ms = now_ms > reply->waited_ms ? now_ms - reply->waited_ms : 1;
	task->without_cd = false;
	task->bare |= reply->bare;
	if (replies_heard(reply->outcome))
		observe_reply(task);
	switch (reply->outcome) {
	case UPSTREAM_OK:
		break;
	case UPSTREAM_NO_RESOURCE:
	case UPSTREAM_CANCELLED:
		ask_again(task);
		return;
	case UPSTREAM_TIMEOUT:
		task->timed_out = true;
		failed_server(task, SERVER_TIMEOUT, false);
		stop_minimising_when_silent(task);
		return;
	case UPSTREAM_FORMERR:
	case UPSTREAM_NOTIMP:
	case UPSTREAM_BADVERS:
		if (!fall_back_to_full_name(task) && !prove_unsigned(task))
			failed_server(task, SERVER_FORMERR, true);
		return;
	case UPSTREAM_MALFORMED:
	case UPSTREAM_WRONG_QUESTION:
	case UPSTREAM_TRUNCATED_OVER_TCP:
		if (!fall_back_to_full_name(task))
			failed_server(task, replies_failure(reply->outcome), true);
		return;
	default:
		failed_server(task, replies_failure(reply->outcome), true);
		stop_minimising_when_silent(task);
		return;
	}
	struct response *response = shelf_take(&resolver->responses, sizeof(*response));
	if (response == NULL || resolver->message_bytes > MESSAGE_BYTES_MAX) {
		shelf_put(&resolver->responses, response);
		ask_again(task);
		return;
	}
	read_response(task, response);
}
