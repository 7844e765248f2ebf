// Asking servers: down from the closest known zone cut, one server after another.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LAST_TRY_MS        500
#define LAST_TRY_FROM_MS   1500
#define LAST_TRY_LATEST_MS 3300 // of the question: there is an answer within four seconds, or none
#define PROBE_FAILURES_MAX 2    // of a question that only sees whether somebody answers again
#define PROBE_TIMEOUT_MS   400
#define FIRST_TRY_MS       400  // of a server that has been silent to others
#define HURRIED_TIMEOUT_MS 1000 // where a former proof will do
// The same for a pool: all of its servers, which may be far away.
#define POOL_PROBE_TIMEOUT_MS 1500

void iterate_release(struct task *task)
{
	inquiry_leave(task);
	reply_release(task);
	observe_leave(task);
	again_forget(task);
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

// Takes over the reference. What was under way for the cut before is over.
static void enter_cut(struct task *task, struct delegation *cut)
{
	task_drop_waits(task);
	late_forget(task);
	observe_leave(task);
	again_forget(task);
	delegation_unref(task->cut);
	task->cut = cut;
	task->cut_key = observe_key(task->resolver, cut->zone, task->route != NULL);
	task->kind_ms = 0;
	task->timed_out = task->heartened = task->slow_again = false;
	// For the root, or a pool for everything, there are no others whose share it could be.
	if (name_is_root(cut->zone))
		crowd_leave(task->resolver->crowd, &task->crowd_place);
	else
		crowd_enter(task->resolver->crowd, &task->crowd_place,
			    resolver_hash(task->resolver, cut->zone));
	task->server_count = 0;
	memset(task->ns_state, NS_UNKNOWN, sizeof(task->ns_state));
	memset(task->ns_pending, 0, sizeof(task->ns_pending));
	task->fetches = task->failures = 0;
	task->held_back = task->resorts = task->resorted = 0;
	task->ns_bogus = task->ns_unproven = 0;
	task->last_resort = false;
	task->servers_known = task->answered = task->has_avoid = task->over_tcp = task->settled =
		false;
	task->lasts_known = false;
	task->last_try = task->last_tried = task->bare = task->taught = false;
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

void iterate_start(struct task *task)
{
	struct resolver *resolver = task->resolver;
	struct delegation *cut = NULL;

	task->route = task->past_route == NULL ? route_find(resolver, task->name, task->type, &cut)
					       : route_above(resolver, task->past_route, task->name,
							     task->type, &cut);
	if (task->route == NULL) {
		if (task->type == TYPE_DS && judge_hint(task))
			return;
		cut = parent_find_cut(resolver, zone_side(task));
	}
	if (cut == NULL) {
		fail_own(task, EDE_NOT_READY, "no root servers are known");
		return;
	}
	struct delegation *above = above_glueless(task, cut);
	if (above != NULL)
		delegation_unref(cut);
	enter_cut(task, above != NULL ? above : cut);
	prime_prepare(task);
	task->for_glue = above != NULL;
	if (!admit(task))
		return;
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

static bool all_tried(const struct task *task)
{
	for (size_t i = 0; i < task->server_count; i++) {
		if (task->servers[i].tries == 0)
			return false;
	}
	return true;
}

// Another question has shown how the servers want to be asked: they are, once.
static void ask_anew(struct task *task)
{
	for (size_t i = 0; i < task->server_count; i++)
		task->servers[i].tries = 0;
	task->failures = 0;
	task->taught = false;
	task->state = TASK_ASK;
	task_ready(task);
}

static bool last_is_of_use(const struct task *task)
{
	return upstream_last_was_of_use(task->resolver->parts.upstream, task->servers,
					task->server_count);
}

// Who has answered with an error does so again, if at all; or the other way is known already.
static bool last_is_quick(const struct task *task)
{
	for (size_t i = 0; i < task->server_count; i++) {
		if (task->servers[i].trouble & TROUBLE_ERROR)
			return true;
	}
	return last_is_of_use(task);
}

// Some servers drop or refuse what they do not know in a question. Where nobody has given any other
// answer, one of the zone's servers is asked in other ways, once.
static bool try_last(struct task *task)
{
	struct resolver *resolver = task->resolver;
	uint64_t age_ms = resolver->clock.now_ms - task->began_ms;

	if (task->last_tried || task->for_glue || forward_falls_back(task) || task->failures == 0 ||
	    age_ms > LAST_TRY_LATEST_MS || broken_suffices(task) ||
	    (broken_is_enough(task) && !last_is_quick(task)) ||
	    upstream_uplink_lost(resolver->parts.upstream))
		return false;
	int server = upstream_last_try(resolver->parts.upstream, task->servers, task->server_count,
				       inquiry_last_over_tcp(task));
	// What it teaches is for us, too. Who has met silence alone waits for whatever is heard.
	if (server == -2 && task->answered) {
		task->taught = true;
		room_wait(task, TASK_ASK);
		return true;
	}
	if (server < 0 && task->taught && last_is_of_use(task)) {
		ask_anew(task);
		return true;
	}
	if (server < 0)
		return false;
	task->last_try = task->last_tried = true;
	bool started = inquiry_start(task, (size_t)server, LAST_TRY_MS) == 0;
	task->last_try = false;
	return started;
}

// Once more in the same way would come too late to leave time for it.
static bool last_is_due(const struct task *task)
{
	const struct resolver *resolver = task->resolver;

	return resolver->clock.now_ms >= task->started_ms + LAST_TRY_FROM_MS ||
	       last_is_of_use(task);
}

void iterate_give_up(struct task *task)
{
	if (try_last(task))
		return;
	if (forward_fall_back(task))
		return;
	observe_unanswered(task);
	if (!parent_revive(task, true))
		fail_unreachable(task);
}

// Names that need not be asked for on the way down.
static void skip_known_names(struct task *task)
{
	struct resolver *resolver = task->resolver;

	if (minimise_full(&task->minimise))
		return;
	uint64_t zone_hash = resolver_hash(task->resolver, task->cut->zone);
	while (!minimise_full(&task->minimise) &&
	       inside_has(resolver->inside, zone_hash,
			  resolver_hash(task->resolver, minimise_name(&task->minimise)),
			  resolver->clock.now_ms))
		minimise_skip(&task->minimise);
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
	return !task->answered && !forward_falls_back(task) && all_tried(task);
}

// Zones below that end now need not find out themselves. Whether to go on trying is another matter:
// not where what this zone said last will do instead, or enough others do.
static bool gives_way(struct task *task)
{
	if (!all_silent(task))
		return false;
	address_hold_up(task);
	return !observe_doubt(task) || observe_patience_ms(task) == 0 ||
	       parent_ended(task->resolver, task->name, task->type, task->cut) != NULL;
}

static void wait_or_give_up(struct task *task)
{
	if (parent_ended(task->resolver, task->name, task->type, task->cut) != NULL ||
	    !observe_wait(task))
		iterate_give_up(task);
}

// A server that is silent is not tried as often where there is something else to try.
static unsigned tries_max(const struct task *task)
{
	bool more = task->held_back != 0 || (task->resorts != 0 && !task->last_resort);

	return more ? TASK_TRIES_LAST : TASK_TRIES_MAX;
}

// Of servers: all, or those that are asked once more.
static int select_of(struct task *task, const struct candidate *servers, uint32_t *timeout_ms)
{
	struct upstream *upstream = task->resolver->parts.upstream;
	const struct address *avoid = task->has_avoid ? &task->avoid : NULL;

	if (task->route != NULL)
		return upstream_select_pool(upstream, task->cut->zone, servers, task->server_count,
					    tries_max(task), forward_pool_use(task), avoid,
					    timeout_ms);
	return upstream_select(upstream, task->cut->zone, servers, task->server_count,
			       tries_max(task), avoid, timeout_ms);
}

static int next_again(struct task *task, uint32_t *timeout_ms)
{
	struct candidate servers[TASK_SERVERS_MAX];

	memcpy(servers, task->servers, task->server_count * sizeof(*servers));
	for (size_t i = 0; i < task->server_count; i++) {
		if ((task->again & UINT32_C(1) << i) == 0)
			servers[i].tries = TASK_TRIES_MAX;
	}
	int server = select_of(task, servers, timeout_ms);
	if (server < 0)
		task->again = 0;
	return server;
}

static int next_server(struct task *task, uint32_t *timeout_ms)
{
	if (task->last_resort && task->resorted == TASK_RESORTS_MAX)
		return -1;
	int server = task->again != 0 ? next_again(task, timeout_ms) : -1;
	return server >= 0 ? server : select_of(task, task->servers, timeout_ms);
}

static unsigned probe_failures_max(const struct task *task)
{
	bool more = task->route != NULL && task->server_count > PROBE_FAILURES_MAX;

	return more ? task->server_count : PROBE_FAILURES_MAX;
}

// Nobody has answered, and there is no server left of which that is to be expected.
static bool seems_silent(const struct task *task, int server)
{
	struct server_facts facts;

	if (task->answered || forward_falls_back(task))
		return false;
	upstream_server_facts(task->resolver->parts.upstream, task->cut->zone,
			      &task->servers[server].address, &facts);
	return facts.slow_us == 0 && (all_tried(task) || !good_left(task));
}

static void ask(struct task *task, int server, uint32_t timeout_ms)
{
	// A server that is slower still shows its return to those who wait for it.
	const uint32_t most_ms = task->route != NULL ? POOL_PROBE_TIMEOUT_MS : PROBE_TIMEOUT_MS;
	if (timeout_ms > HURRIED_TIMEOUT_MS && task->route == NULL &&
	    broken_hurries(task, (size_t)server))
		timeout_ms = HURRIED_TIMEOUT_MS;
	if (timeout_ms > most_ms && ailing_probes(task))
		timeout_ms = most_ms;
	uint32_t try_ms = observe_try_ms(task);
	if (try_ms > FIRST_TRY_MS && !all_tried(task))
		try_ms = FIRST_TRY_MS;
	if (timeout_ms > try_ms && seems_silent(task, server))
		timeout_ms = try_ms;
	uint32_t only_ms = observe_only_ms(task, (size_t)server);
	if (timeout_ms < only_ms)
		timeout_ms = only_ms;
	task->servers[server].tries++;
	task->resorted += task->last_resort;
	if (inquiry_start(task, (size_t)server, timeout_ms) != 0) {
		task->servers[server].tries--;
		task->resorted -= task->last_resort;
		room_wait(task, TASK_ASK);
	}
}

void iterate_ask(struct task *task)
{
	struct resolver *resolver = task->resolver;
	uint32_t timeout_ms = 0;

	task->state = TASK_ASK;
	if (task_payer(task) == NULL)
		return; // its clients are told at the end of this turn
	observe_begin(task);
	if (!task->answered && parent_revive(task, false))
		return;
	if (!observe_may_ask(task)) {
		fail_unreachable(task);
		return;
	}
	if (!task->servers_known)
		address_collect(task);
	// Where nobody answers, each question sees once whether that is over.
	bool lost = upstream_uplink_lost(resolver->parts.upstream);
	unsigned failures_max = lost                  ? 1
				: ailing_probes(task) ? probe_failures_max(task)
						      : TASK_FAILURES_MAX;
	if (task->last_resort)
		failures_max = UINT8_MAX; // TASK_RESORTS_MAX counts
	if (task->failures >= failures_max && !resort_begin(task)) {
		wait_or_give_up(task);
		return;
	}
	if (observe_too_late(task) && !resort_begin(task)) {
		wait_or_give_up(task);
		return;
	}
	skip_known_names(task);
	observe_begin(task);
	// What is left to ask may be dead: other servers of the zone get their addresses meanwhile.
	if (!good_left(task) && !address_fetch_more(task) && task->failures > 0) {
		if (task->route == NULL || !task->route->first)
			observe_no_good(task);
		if (gives_way(task)) {
			wait_or_give_up(task);
			return;
		}
	}
	if (broken_suffices(task) || broken_is_enough(task)) {
		iterate_give_up(task);
		return;
	}
	if (inquiry_join(task))
		return;
	if (all_tried(task))
		address_find_last(task);
	if (all_silent(task) && !observe_some_are_slow(task) && last_is_due(task) && try_last(task))
		return;
	if (task->again == 0 && task->held_back == 0 && again_wait(task, true))
		return;
	int server = next_server(task, &timeout_ms);
	if (server < 0 && address_let_go(task))
		server = next_server(task, &timeout_ms);
	if (server >= 0)
		ask(task, server, timeout_ms);
	else if (!task->last_resort && address_fetch(task))
		task->state = TASK_WAIT_ADDRESS;
	else if (again_wait(task, false))
		return;
	else if (!task->last_resort && address_fetch_unproven(task))
		task->state = TASK_WAIT_ADDRESS;
	else if (resort_begin(task))
		task_ready(task);
	else
		wait_or_give_up(task);
}

// ---- servers that failed ----

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
		task->again &= ~(UINT32_C(1) << i);
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
