// Asking servers: down from the closest known zone cut, one server after another.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DOWN_MS_MAX        5000 // a zone none of whose servers answers is asked again after this
#define SILENT_MAX         2 // servers that say nothing to a minimised name before the full one is sent
#define PROBE_FAILURES_MAX 2 // of a question that only sees whether somebody answers again
#define PROBE_TIMEOUT_MS   400
#define CROWD_TOLD_MS      10000

static void release_reply(struct task *task)
{
	reply_unref(task->resolver, task->reply);
	task->reply = NULL;
}

void iterate_release(struct task *task)
{
	inquiry_leave(task);
	release_reply(task);
	delegation_unref(task->cut);
	task->cut = NULL;
	crowd_leave(task->resolver->crowd, &task->crowd_place);
}

int iterate_server_index(const struct task *task, const struct address *address)
{
	for (int i = 0; i < task->server_count; i++) {
		if (memcmp(&task->servers[i].address, address, sizeof(*address)) == 0)
			return i;
	}
	return -1;
}

static uint64_t hash_of(const struct task *task, const uint8_t *name)
{
	return cache_hash(task->resolver->cache, name, name_len(name));
}

// Takes over the reference. What was under way for the cut before is over.
static void enter_cut(struct task *task, struct delegation *cut)
{
	task_drop_waits(task);
	delegation_unref(task->cut);
	task->cut = cut;
	crowd_enter(task->resolver->crowd, &task->crowd_place, hash_of(task, cut->zone));
	task->server_count = 0;
	memset(task->ns_state, NS_UNKNOWN, sizeof(task->ns_state));
	memset(task->ns_pending, 0, sizeof(task->ns_pending));
	task->fetches = task->failures = 0;
	task->servers_known = task->answered = task->has_avoid = task->over_tcp = false;
	task->state_asked = task->for_glue = false;
}

// The DS of a cut stands with its parent (RFC 4035 §3.1.4.1).
static const uint8_t *zone_side(const struct task *task)
{
	return task->type == TYPE_DS ? name_skip(task->name, 1) : task->name;
}

// A forwarder needs the whole name. What a validation needs are ancestors of a name that these
// servers have been asked for step by step already.
static bool minimises(const struct task *task)
{
	if (!task->resolver->config.qname_minimisation)
		return false;
	if (forward_holds(task))
		return false;
	bool needed = task_wants(task, WAIT_NEED) || task_wants(task, WAIT_NEED_ANEW) ||
		      task_wants(task, WAIT_STATE);
	return !needed || name_is_root(task->cut->zone);
}

static bool is_glueless(const struct delegation *cut, const uint8_t *ns_name)
{
	bool named = false;

	for (size_t i = 0; i < cut->ns_count; i++) {
		if (cut->ns[i].name == NULL || cut->ns[i].address_count > 0)
			return false;
		named = named || name_equal(cut->ns[i].name, ns_name);
	}
	return named && name_within(ns_name, cut->zone);
}

// A referral came without any address: only who sent it can tell that of a server inside the zone.
static struct delegation *above_glueless(const struct task *task, const struct delegation *cut)
{
	struct resolver *resolver = task->resolver;

	if (task->route != NULL || (task->type != TYPE_A && task->type != TYPE_AAAA) ||
	    cut->parent == NULL || !is_glueless(cut, task->name))
		return NULL;
	return delegation_find(resolver->delegations, cut->parent, resolver->clock.now_ms);
}

// The cache has data of the name, if stale ones: it is in use, and no flood's.
static bool has_had_data(const struct task *task)
{
	struct resolver *resolver = task->resolver;
	struct entry_facts facts;
	struct lookup lookup = {
		.name = task->name,
		.name_len = task->name_len,
		.type = task->type,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
	};

	cache_lookup(resolver->cache, &lookup);
	if (lookup.stale_count == 0)
		return false;
	entry_facts(lookup.stale_links[lookup.stale_count - 1], &facts);
	return facts.kind == ENTRY_POSITIVE;
}

// Only what a client asks, and before anything was sent for it.
static bool is_one_too_many(struct task *task)
{
	if (task->admitted)
		return false;
	task->admitted = true;
	return crowd_is_full(task->resolver->crowd, task->crowd_place) && !task->fresh &&
	       task_wants(task, WAIT_CLIENT) && !has_had_data(task);
}

// By value only: it says nothing of the name, and nothing against the servers.
static void refuse_crowded(struct task *task)
{
	struct resolver *resolver = task->resolver;

	const uint64_t now_ms = resolver->clock.now_ms;

	resolver->counters.crowded++;
	if (resolver->crowd_tell != NULL && (resolver->crowded_told_ms == 0 ||
					     now_ms >= resolver->crowded_told_ms + CROWD_TOLD_MS)) {
		resolver->crowded_told_ms = now_ms;
		resolver->crowd_tell(resolver->crowd_tell_arg, task->cut->zone);
	}
	fail_with(task, FAILED_OWN, RCODE_SERVFAIL, EDE_OTHER,
		  "too many questions about this zone are under way", 0);
}

void iterate_start(struct task *task)
{
	struct resolver *resolver = task->resolver;
	struct delegation *cut = NULL;

	task->route = NULL;
	if (!task->past_route)
		task->route = route_find(resolver, task->name, task->type, &cut);
	if (task->route == NULL) {
		if (task->type == TYPE_DS && judge_hint(task))
			return;
		cut = delegation_find(resolver->delegations, zone_side(task),
				      resolver->clock.now_ms);
	}
	if (cut == NULL) {
		fail_own(task, EDE_NOT_READY, "no root servers are known");
		return;
	}
	struct delegation *above = above_glueless(task, cut);
	if (above != NULL)
		delegation_unref(cut);
	enter_cut(task, above != NULL ? above : cut);
	task->for_glue = above != NULL;
	if (is_one_too_many(task)) {
		refuse_crowded(task);
		return;
	}
	if (task->route == NULL)
		parent_watch(resolver, task->cut);
	minimise_start(&task->minimise, task->name, name_labels(task->cut->zone),
		       !task->for_glue && minimises(task));
	iterate_ask(task);
}

void iterate_descend(struct task *task, struct delegation *cut)
{
	enter_cut(task, cut);
	minimise_descend(&task->minimise, name_labels(cut->zone));
	task->state = TASK_ASK;
	task_ready(task);
}

void iterate_mark_down(struct task *task)
{
	struct delegation *cut = task->cut;

	if (cut == NULL || task->answered || task->failures == 0 || task->route != NULL ||
	    upstream_uplink_lost(task->resolver->parts.upstream))
		return;
	if (cut->failures < UINT8_MAX)
		cut->failures++;
	// Some servers drop what they do not know, such as a type: one question says nothing about
	// the others, or whoever asks it would take the zone away from everybody.
	if (cut->unanswered == 0 || cut->unanswered == task->hash) {
		cut->unanswered = task->hash;
		return;
	}
	uint64_t down_ms = 1000ULL << (cut->failures < 8 ? cut->failures - 2 : 6);
	cut->down_until_ms =
		task->resolver->clock.now_ms + (down_ms < DOWN_MS_MAX ? down_ms : DOWN_MS_MAX);
	explain_down(task);
}

// No server is left to ask.
static void give_up(struct task *task)
{
	if (forward_fall_back(task))
		return;
	iterate_mark_down(task);
	if (!parent_revive(task))
		fail_unreachable(task);
}

// Names that need not be asked for on the way down.
static void skip_known_names(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (minimise_full(&task->minimise))
		return;
	uint64_t zone_hash = hash_of(task, task->cut->zone);
	while (!minimise_full(&task->minimise) &&
	       inside_has(resolver->inside, zone_hash,
			  hash_of(task, minimise_name(&task->minimise)), resolver->clock.now_ms))
		minimise_skip(&task->minimise);
}

static void ask(struct task *task, int server, uint32_t timeout_ms)
{
	// A server that is slower still shows its return to those who wait for it.
	if (timeout_ms > PROBE_TIMEOUT_MS && ailing_probes(task))
		timeout_ms = PROBE_TIMEOUT_MS;
	task->servers[server].tries++;
	if (inquiry_start(task, (size_t)server, timeout_ms) != 0)
		fail_own(task, EDE_OTHER, "too many questions to servers at once");
}

static bool good_left(const struct task *task)
{
	return upstream_good_left(task->resolver->parts.upstream, task->cut->zone, task->servers,
				  task->server_count);
}

// The address of another server has come while one is being asked that something speaks against:
// no use in waiting for that one to be silent again.
void iterate_servers_found(struct task *task)
{
	if (task->state != TASK_WAIT_REPLY || inquiry_hedged(task->inquiry) || !good_left(task))
		return;
	int i = iterate_server_index(task, inquiry_server(task->inquiry));
	if (i < 0)
		return;
	struct candidate asked = task->servers[i];
	asked.tries = 0;
	if (upstream_good_left(task->resolver->parts.upstream, task->cut->zone, &asked, 1))
		return;
	inquiry_leave(task);
	task->state = TASK_ASK;
}

// Each server has been tried, and none has answered.
static bool all_silent(const struct task *task)
{
	if (task->answered || task->route != NULL)
		return false;
	for (size_t i = 0; i < task->server_count; i++) {
		if (task->servers[i].tries == 0)
			return false;
	}
	return true;
}

// Zones below that end now need not find out themselves. Whether to go on trying is another matter:
// not where what this zone said last will do instead.
static bool gives_way(const struct task *task)
{
	if (!all_silent(task))
		return false;
	if (task->cut->failures == 0 && !upstream_uplink_lost(task->resolver->parts.upstream))
		task->cut->failures = 1;
	return parent_ended(task->resolver, task->name, task->type, task->cut) != NULL;
}

static int next_server(struct task *task, uint32_t *timeout_ms)
{
	struct upstream *upstream = task->resolver->parts.upstream;
	const struct address *avoid = task->has_avoid ? &task->avoid : NULL;

	if (task->route != NULL)
		return upstream_select_pool(upstream, task->cut->zone, task->servers,
					    task->server_count, TASK_TRIES_MAX,
					    forward_pool_use(task), avoid, timeout_ms);
	return upstream_select(upstream, task->cut->zone, task->servers, task->server_count,
			       TASK_TRIES_MAX, avoid, timeout_ms);
}

void iterate_ask(struct task *task)
{
	struct resolver *resolver = task->resolver;
	uint32_t timeout_ms = 0;

	task->state = TASK_ASK;
	if (task_payer(task) == NULL)
		return; // its clients are told at the end of this turn
	if (!task->answered && parent_revive(task))
		return;
	if (task->cut->down_until_ms > resolver->clock.now_ms && !ailing_probes(task)) {
		fail_unreachable(task);
		return;
	}
	if (!task->servers_known)
		address_collect(task);
	// Where nobody answers, each question sees once whether that is over.
	bool lost = upstream_uplink_lost(resolver->parts.upstream);
	unsigned failures_max = lost                  ? 1
				: ailing_probes(task) ? PROBE_FAILURES_MAX
						      : TASK_FAILURES_MAX;
	if (task->failures >= failures_max) {
		give_up(task);
		return;
	}
	skip_known_names(task);
	// What is left to ask may be dead: other servers of the zone get their addresses meanwhile.
	if (!good_left(task) && !address_fetch_more(task) && task->failures > 0) {
		if (!task->past_nta && (task->route == NULL || !task->route->first))
			task->cut->failing = !upstream_uplink_lost(resolver->parts.upstream);
		if (gives_way(task)) {
			give_up(task);
			return;
		}
	}
	if (inquiry_join(task))
		return;
	int server = next_server(task, &timeout_ms);
	if (server >= 0)
		ask(task, server, timeout_ms);
	else if (address_fetch(task))
		task->state = TASK_WAIT_ADDRESS;
	else
		give_up(task);
}

// ---- replies ----

enum server_failure iterate_outcome_failure(enum upstream_outcome outcome)
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

static void report(struct task *task, enum server_failure failure)
{
	struct reply *reply = task->reply;

	if (reply->reported)
		return;
	reply->reported = true;
	if (forward_blame(task, &reply->server, failure))
		return;
	upstream_report(task->resolver->parts.upstream, task->cut->zone, &reply->server, failure,
			reply->rtt_us);
	checkup_watch(task, task->cut->zone, &reply->server, failure);
}

void iterate_leg_failed(struct task *task, const struct address *server)
{
	int i = iterate_server_index(task, server);

	if (i >= 0) {
		if (task->servers[i].failed < UINT8_MAX)
			task->servers[i].failed++;
		if (task->servers[i].tries == 0)
			task->servers[i].tries++;
	}
	task->failures++;
	task->avoid = *server;
	task->has_avoid = true;
}

void iterate_next_server(struct task *task, const struct address *server, bool for_good)
{
	struct client *client = task_payer(task);
	int i = iterate_server_index(task, server);

	if (i >= 0) {
		if (task->servers[i].failed < UINT8_MAX)
			task->servers[i].failed++;
		if (for_good)
			task->servers[i].tries = TASK_TRIES_MAX;
		else if (task->servers[i].tries == 0) // another task had asked it
			task->servers[i].tries++;
	}
	if (client != NULL)
		client->unreachable = true;
	task->failures++;
	task->avoid = *server;
	task->has_avoid = true;
	task->state = TASK_ASK;
	task_ready(task);
}

// Another question to the same server: this one has cost it no try.
static void ask_on(struct task *task)
{
	int i = iterate_server_index(task, &task->reply->server);

	if (i >= 0 && task->servers[i].tries > 0)
		task->servers[i].tries--;
	release_reply(task);
	task->state = TASK_ASK;
	task_ready(task);
}

static void failed_server(struct task *task, enum server_failure failure, bool for_good)
{
	struct address server = task->reply->server;

	report(task, failure);
	explain_server(task, &server, failure, task->reply);
	release_reply(task);
	iterate_next_server(task, &server, for_good);
}

// RFC 9156 §2.3: servers that stumble over a minimised name get the full one once, at no
// loss of standing.
static bool fall_back_to_full_name(struct task *task)
{
	if (minimise_full(&task->minimise))
		return false;
	task->resolver->counters.minimise_fallbacks++;
	minimise_give_up(&task->minimise);
	ask_on(task);
	return true;
}

static void follow_referral(struct task *task, const struct response *response)
{
	struct resolver *resolver = task->resolver;
	struct reply *reply = task->reply;

	if (reply->cut == NULL) {
		reply->cut = delegation_of_referral(response, task->cut, resolver->clock.now_ms);
		if (reply->cut == NULL) {
			fail_own(task, EDE_OTHER, "out of memory for delegations");
			return;
		}
		delegation_put(resolver->delegations, reply->cut);
	}
	resolver->counters.referrals++;
	struct delegation *cut = reply->cut;
	delegation_ref(cut);
	task->route = NULL;
	release_reply(task);
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

static void take_answer(struct task *task, struct response *response)
{
	const struct address server = task->reply->server;
	bool nxdomain = response->link_count == 1 && response->links[0].kind == STEP_NXDOMAIN;

	task->good_server = server;
	if (!minimise_full(&task->minimise) && !nxdomain) {
		inside_put(task->resolver->inside, hash_of(task, task->cut->zone),
			   hash_of(task, minimise_name(&task->minimise)),
			   task->resolver->clock.now_ms);
		minimise_next(&task->minimise);
		ask_on(task);
		shelf_put(&task->resolver->responses, response);
		return;
	}
	task->probing = !minimise_full(&task->minimise);
	cut_at_known_zones(task, response);
	task_drop_waits(task);
	task->response = response;
	judge_start(task);
}

static const enum server_failure response_failures[] = {
	[RESPONSE_LAME] = SERVER_LAME,           [RESPONSE_SERVFAIL] = SERVER_SERVFAIL,
	[RESPONSE_REFUSED] = SERVER_REFUSED,     [RESPONSE_ERROR] = SERVER_FORMERR,
	[RESPONSE_MALFORMED] = SERVER_MALFORMED,
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
	task->answered = true;
	task->cut->failures = 0;
	task->cut->heard_ms = task->resolver->clock.now_ms;
	task->cut->unanswered = 0;
	// On the way down nothing would be validated.
	if (response->secure_only && !minimise_full(&task->minimise))
		response->kind = RESPONSE_LAME;
	task->cut->down_until_ms = 0;
	if (task->for_glue && response->kind == RESPONSE_ANSWER) {
		// Glue is never an answer (ATTACKS A7), and a denial of it none either.
		free(response);
		release_reply(task);
		give_up(task);
		return;
	}
	switch (response->kind) {
	case RESPONSE_ANSWER:
		if (!response->secure_only)
			report(task, SERVER_GOOD);
		task->cut->failing = false;
		take_answer(task, response);
		return;
	case RESPONSE_REFERRAL:
		report(task, SERVER_GOOD);
		task->cut->failing = false;
		follow_referral(task, response);
		break;
	case RESPONSE_LAME:
		task->resolver->counters.lame++;
		failed_server(task, SERVER_LAME, true);
		break;
	case RESPONSE_SERVFAIL:
	case RESPONSE_REFUSED:
	case RESPONSE_ERROR:
		if (!fall_back_to_full_name(task))
			failed_server(task, response_failures[response->kind], true);
		break;
	case RESPONSE_MALFORMED:
		failed_server(task, SERVER_MALFORMED, true);
		break;
	}
	shelf_put(&task->resolver->responses, response);
}

// A server that does not speak EDNS is good for an unsigned zone only: whether this one
// is unsigned must be proven before it may be asked without.
static bool prove_unsigned(struct task *task)
{
	struct resolver *resolver = task->resolver;
	const uint8_t *zone = task->cut->zone;

	if (task->state_asked || !resolver->config.validate || name_is_root(zone) ||
	    trust_zone_state(resolver->parts.trust, zone, resolver->clock.now_ms,
			     resolver->clock.now_s) == ZONE_INSECURE)
		return false;
	task->state_asked = true;
	if (task_wait(task, WAIT_STATE, zone, TYPE_DS, 0) != 0)
		return false;
	ask_on(task);
	task->state = TASK_WAIT_STATE;
	return true;
}

// RFC 9156 §3: there are servers that drop questions for names that hold nothing themselves.
static void stop_minimising(struct task *task)
{
	if (task->failures < SILENT_MAX || minimise_full(&task->minimise))
		return;
	task->resolver->counters.minimise_fallbacks++;
	minimise_give_up(&task->minimise);
}

void iterate_reply(struct task *task)
{
	struct resolver *resolver = task->resolver;
	struct reply *reply = task->reply;

	task->without_cd = false;
	switch (reply->outcome) {
	case UPSTREAM_OK:
		break;
	case UPSTREAM_NO_RESOURCE:
	case UPSTREAM_CANCELLED:
		release_reply(task);
		fail_own(task, EDE_OTHER, "no port or memory for questions to servers");
		return;
	case UPSTREAM_TIMEOUT:
		failed_server(task, SERVER_TIMEOUT, false);
		stop_minimising(task);
		return;
	case UPSTREAM_FORMERR:
	case UPSTREAM_NOTIMP:
	case UPSTREAM_BADVERS:
		if (prove_unsigned(task))
			return;
		failed_server(task, SERVER_FORMERR, true);
		return;
	default:
		failed_server(task, iterate_outcome_failure(reply->outcome), true);
		return;
	}
	struct response *response = shelf_take(&resolver->responses, sizeof(*response));
	if (response == NULL || resolver->message_bytes > MESSAGE_BYTES_MAX) {
		shelf_put(&resolver->responses, response);
		release_reply(task);
		fail_own(task, EDE_OTHER, "out of memory for responses");
		return;
	}
	read_response(task, response);
}
