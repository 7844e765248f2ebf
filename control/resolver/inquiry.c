// Questions to servers, shared by every task that wants to know the same from the same zone:
// one outstanding however many variants clients ask (ATTACKS A1, A2).

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LAST_TCP_LATEST_MS 1800 // of the question: 1.5 s for TCP, half a second for UDP after that
#define HEDGE_PACKETS_LEFT 20   // of the payer's budget, or there is no hedge

#define MESSAGE_MEMORY(wire_len) ((wire_len)*3) // parsed, roughly

struct question {
	const uint8_t *zone, *name;
	uint16_t type;
	uint64_t hash;
};

static uint64_t question_hash(uint64_t name_hash, uint16_t type)
{
	return name_hash ^ type * 0x9e3779b97f4a7c15ULL;
}

static struct question question_of(const struct task *task)
{
	struct question q = {
		.zone = task->cut->zone,
		.name = minimise_name(&task->minimise),
		.type = minimise_full(&task->minimise) ? task->type : TYPE_A,
	};

	// Few zones are asked the same at once: the hash is that of name and type.
	q.hash = minimise_full(&task->minimise)
			 ? task->name_hash
			 : cache_hash(task->resolver->cache, q.name, name_len(q.name));
	q.hash = question_hash(q.hash, q.type);
	return q;
}

static bool is_same(const struct inquiry *inquiry, const struct question *q)
{
	return inquiry->hash == q->hash && inquiry->type == q->type &&
	       name_equal(inquiry->name, q->name) && name_equal(inquiry->zone, q->zone);
}

static struct inquiry **bucket(struct resolver *resolver, uint64_t hash)
{
	return &resolver->inquiries[hash >> 40 & (TASK_BUCKETS - 1)];
}

static bool asks_cd(const struct task *task)
{
	return forward_holds(task) && !task->without_cd;
}

static void attach(struct inquiry *inquiry, struct task *task)
{
	task->inquiry = inquiry;
	cds_list_add_tail(&task->in_inquiry, &inquiry->tasks);
	task->state = TASK_WAIT_REPLY;
}

bool inquiry_join(struct task *task)
{
	const struct question q = question_of(task);
	struct inquiry *inquiry = *bucket(task->resolver, q.hash);

	for (; inquiry != NULL; inquiry = inquiry->next) {
		if (!is_same(inquiry, &q))
			continue;
		if (inquiry->cd != asks_cd(task) || (task->over_tcp && !inquiry->tcp_only) ||
		    (task->settled && inquiry->provable) ||
		    (minimise_full(&task->minimise) && !inquiry->whole_name))
			continue;
		task->resolver->counters.shared++;
		attach(inquiry, task);
		return true;
	}
	return false;
}

static void unlink_inquiry(struct inquiry *inquiry)
{
	struct inquiry **slot = bucket(inquiry->resolver, inquiry->hash);

	while (*slot != inquiry)
		slot = &(*slot)->next;
	*slot = inquiry->next;
}

static struct task *first_task(const struct inquiry *inquiry)
{
	return cds_list_entry(inquiry->tasks.next, struct task, in_inquiry);
}

// Whoever started it pays; when that budget ends, the next task's takes over.
static bool charge(void *arg, unsigned packets)
{
	struct inquiry *inquiry = arg;
	struct task *task;

	cds_list_for_each_entry(task, &inquiry->tasks, in_inquiry)
	{
		if (task_charge(task, BUDGET_packets, packets))
			return true;
	}
	inquiry->overdrawn = true;
	return false;
}

static struct reply *reply_new(const struct leg *leg, const struct exchange_reply *from)
{
	struct reply *reply = malloc(sizeof(*reply));

	if (reply == NULL) {
		message_free(from->message);
		return NULL;
	}
	*reply = (struct reply){
		.refs = 1,
		.outcome = from->outcome,
		.message = from->outcome == UPSTREAM_OK ? from->message : NULL,
		.server = leg->server,
		.rtt_us = from->rtt_us,
		.waited_ms = from->waited_ms,
		.tcp = from->tcp,
		.bare = from->bare,
		.drilled = from->drilled,
		.in_drill = leg->in_drill,
	};
	if (reply->message != NULL) {
		reply->strong = from->strong;
		reply->unsettled = from->unsettled;
		reply->bytes = MESSAGE_MEMORY(reply->message->wire_len);
		leg->inquiry->resolver->message_bytes += reply->bytes;
	}
	return reply;
}

void reply_unref(struct resolver *resolver, struct reply *reply)
{
	if (reply == NULL || --reply->refs > 0)
		return;
	resolver->message_bytes -= reply->bytes;
	message_free(reply->message);
	delegation_unref(reply->cut);
	free(reply);
}

// What was received beyond the allowance ends its payer, but is used once it is here.
static void charge_bytes(struct inquiry *inquiry, uint32_t bytes)
{
	if (bytes > 0)
		(void)task_charge(first_task(inquiry), BUDGET_bytes, bytes);
}

bool inquiry_hedged(const struct inquiry *inquiry)
{
	return inquiry->legs[1].exchange != NULL;
}

const struct address *inquiry_server(const struct inquiry *inquiry)
{
	return &inquiry->legs[inquiry->legs[0].exchange == NULL && inquiry_hedged(inquiry)].server;
}

static struct leg *other_leg(const struct leg *leg)
{
	struct inquiry *inquiry = leg->inquiry;

	return &inquiry->legs[leg == &inquiry->legs[0]];
}

// This server gave no answer, but the other one still may. False: it may not.
static bool wait_on(struct leg *leg, const struct exchange_reply *from)
{
	struct inquiry *inquiry = leg->inquiry;
	struct task *task;

	if (from->outcome == UPSTREAM_OK || other_leg(leg)->exchange == NULL)
		return false;
	if (from->outcome == UPSTREAM_CANCELLED || from->outcome == UPSTREAM_NO_RESOURCE)
		return true;
	if (from->outcome != UPSTREAM_TIMEOUT || upstream_type_counts(inquiry->type))
		upstream_report(inquiry->resolver->parts.upstream, inquiry->zone, &leg->server,
				replies_failure(from->outcome), from->rtt_us);
	const struct reply none = {.waited_ms = from->waited_ms, .tcp = from->tcp};
	cds_list_for_each_entry(task, &inquiry->tasks, in_inquiry)
	{
		explain_server(task, &leg->server, replies_failure(from->outcome), &none);
		task->timed_out = task->timed_out || from->outcome == UPSTREAM_TIMEOUT;
		if (replies_heard(from->outcome))
			observe_reply(task);
		iterate_leg_failed(task, &leg->server);
		broken_server(task, &leg->server, replies_failure(from->outcome), leg->in_drill);
	}
	return true;
}

// Every task that takes part gets the reply; NULL: there was no memory for it.
static void end(struct inquiry *inquiry, struct reply *reply)
{
	struct resolver *resolver = inquiry->resolver;

	while (!cds_list_empty(&inquiry->tasks)) {
		struct task *task = first_task(inquiry);
		cds_list_del_init(&task->in_inquiry);
		task->inquiry = NULL;
		// Nobody could pay: those whose clients are still there ask anew.
		task->state = inquiry->overdrawn || reply == NULL ? TASK_ASK : TASK_REPLY;
		if (task->state == TASK_REPLY) {
			reply->refs++;
			task->reply = reply;
		}
		task_ready(task);
	}
	reply_unref(resolver, reply);
	unlink_inquiry(inquiry);
	free(inquiry);
}

static void done(void *arg, const struct exchange_reply *from)
{
	struct leg *leg = arg;
	struct inquiry *inquiry = leg->inquiry;
	struct task *waiting;

	leg->exchange = NULL;
	cds_list_for_each_entry(waiting, &inquiry->tasks, in_inquiry)
	{
		trace_heard(waiting, &leg->server, from);
	}
	charge_bytes(inquiry, from->bytes);
	if (wait_on(leg, from))
		return;
	if (other_leg(leg)->exchange != NULL)
		exchange_abandon(other_leg(leg)->exchange, inquiry->zone);
	end(inquiry, reply_new(leg, from));
}

// A question that was given up is still open for a forger to hit, beside the one that is asked now:
// only what he cannot forge counts.
static bool proves_itself(const struct inquiry *inquiry, const struct upstream_late *late)
{
	if (late->reply->strong)
		return true;
	return inquiry->provable && late->has_signatures && !inquiry->tcp_only;
}

bool inquiry_take_late(void *arg, const struct upstream_late *late)
{
	struct resolver *resolver = arg;
	const struct question q = {
		.zone = late->zone,
		.name = late->name,
		.type = late->type,
		.hash = question_hash(resolver_hash(resolver, late->name), late->type),
	};
	struct inquiry *inquiry = *bucket(resolver, q.hash);

	while (inquiry != NULL && (!is_same(inquiry, &q) || inquiry->rd))
		inquiry = inquiry->next;
	if (inquiry == NULL || late->pooled || !proves_itself(inquiry, late))
		return false;
	struct exchange_reply from = *late->reply;
	const struct leg leg = {.inquiry = inquiry, .server = late->server};
	from.unsettled = from.unsettled || !from.strong;
	struct task *waiting;
	cds_list_for_each_entry(waiting, &inquiry->tasks, in_inquiry)
	{
		trace_heard(waiting, &leg.server, &from);
	}
	charge_bytes(inquiry, from.bytes);
	for (size_t i = 0; i < 2; i++) {
		if (inquiry->legs[i].exchange != NULL)
			exchange_abandon(inquiry->legs[i].exchange, inquiry->zone);
	}
	end(inquiry, reply_new(&leg, &from));
	return true;
}

static void late(void *arg);

static const struct tls_peer *tls_of(const struct candidate *server)
{
	return server->pool != NULL && server->pool->transport == POOL_TLS ? &server->pool->tls
									   : NULL;
}

static uint16_t port_of(const struct candidate *server)
{
	if (server->pool != NULL && server->pool->port != 0)
		return server->pool->port;
	return tls_of(server) != NULL ? TLS_PORT : 53;
}

static bool wants_tcp(const struct candidate *server)
{
	return server->pool != NULL && server->pool->transport == POOL_TCP;
}

static enum zone_trust zone_state(const struct inquiry *inquiry)
{
	const struct resolver *resolver = inquiry->resolver;

	return trust_zone_state(resolver->parts.trust, inquiry->zone, resolver->clock.now_ms,
				resolver->clock.now_s);
}

static bool unsigned_zone(void *arg)
{
	struct inquiry *inquiry = ((struct leg *)arg)->inquiry;

	if (zone_state(inquiry) == ZONE_INSECURE)
		return true;
	replies_doubt_edns(first_task(inquiry));
	return false;
}

void inquiry_reconsider(struct inquiry *inquiry)
{
	for (size_t i = 0; i < 2; i++) {
		if (inquiry->legs[i].exchange != NULL)
			exchange_reconsider(inquiry->legs[i].exchange);
	}
}

static bool start_leg(struct task *task, size_t which, size_t server, uint32_t timeout_ms)
{
	struct inquiry *inquiry = task->inquiry;
	struct resolver *resolver = task->resolver;
	struct leg *leg = &inquiry->legs[which];

	leg->inquiry = inquiry;
	leg->server = task->servers[server].address;
	const struct exchange_request request = {
		.server = leg->server,
		.port = port_of(&task->servers[server]),
		.zone = inquiry->zone,
		.ns_name = task->servers[server].ns_name,
		.pool = task->route != NULL ? task->route->pool->name : NULL,
		.domain = candidate_label(&task->servers[server]),
		.name = inquiry->name,
		.type = inquiry->type,
		.zone_len = (uint8_t)name_len(inquiry->zone),
		.whole_name = inquiry->whole_name,
		.rd = inquiry->rd,
		.cd = inquiry->cd,
		.signed_zone = zone_state(inquiry) != ZONE_INSECURE,
		.unsigned_zone = unsigned_zone,
		.signatures_settle = inquiry->provable,
		.last_try = inquiry->last_try,
		.tcp_only = inquiry->tcp_only,
		.tcp = inquiry->tcp || wants_tcp(&task->servers[server]),
		.tls = tls_of(&task->servers[server]),
		.timeout_ms = timeout_ms,
		.most_ms = observe_most_ms(task, server),
		.charge = charge,
		.charge_arg = inquiry,
		.late_ms = which == 0 && !inquiry->last_try
				   ? upstream_late_ms(resolver->parts.upstream, inquiry->zone,
						      &leg->server)
				   : 0,
		.late = late,
	};
	leg->exchange = exchange_start(resolver->parts.upstream, &request, done, leg);
	if (leg->exchange == NULL)
		return false;
	leg->in_drill = exchange_drilled(leg->exchange);
	if (leg->in_drill)
		task->cut->drilled_ms = resolver->clock.now_ms;
	resolver->counters.sent++;
	trace_sent(task, &leg->server, inquiry->name, inquiry->type, timeout_ms);
	return true;
}

// DESIGN §7: a second server of another failure domain, within the budget.
static void late(void *arg)
{
	struct inquiry *inquiry = ((struct leg *)arg)->inquiry;
	struct task *task = first_task(inquiry);
	const struct client *payer = task_payer(task);
	uint32_t timeout_ms;

	if (payer == NULL || payer->budget.left[BUDGET_packets] < HEDGE_PACKETS_LEFT)
		return;
	int server = upstream_hedge(task->resolver->parts.upstream, inquiry->zone, task->servers,
				    task->server_count, &inquiry->legs[0].server, &timeout_ms);
	if (server < 0)
		return;
	task->servers[server].tries++;
	start_leg(task, 1, (size_t)server, timeout_ms);
}

// What has answered with errors may say over TCP what it is that it does not like. An answer that
// did not validate was no error; another server's error without the question was one.
bool inquiry_last_over_tcp(const struct task *task)
{
	return task->answered && (task->bogus_ede == EDE_NONE || task->bare) &&
	       task->resolver->clock.now_ms < task->started_ms + LAST_TCP_LATEST_MS;
}

int inquiry_start(struct task *task, size_t server, uint32_t timeout_ms)
{
	struct resolver *resolver = task->resolver;
	struct question q = question_of(task);
	struct inquiry *inquiry = malloc(sizeof(*inquiry));

	if (inquiry == NULL)
		return -EAGAIN;
	*inquiry = (struct inquiry){
		.hash = q.hash,
		.resolver = resolver,
		.type = q.type,
		.whole_name = minimise_full(&task->minimise),
		.rd = forward_holds(task),
		.cd = asks_cd(task),
		.tcp = task->over_tcp || (task->last_try && inquiry_last_over_tcp(task)),
		.tcp_only = task->over_tcp,
		.last_try = task->last_try,
	};
	name_copy(inquiry->zone, q.zone);
	// On the way down nothing is validated.
	inquiry->provable = resolver->config.validate && !task->settled &&
			    minimise_full(&task->minimise) && zone_state(inquiry) == ZONE_SECURE;
	name_copy(inquiry->name, q.name);
	CDS_INIT_LIST_HEAD(&inquiry->tasks);
	attach(inquiry, task);
	struct inquiry **slot = bucket(resolver, q.hash);
	inquiry->next = *slot;
	*slot = inquiry;
	if (!start_leg(task, 0, server, timeout_ms)) {
		inquiry_leave(task);
		return -EAGAIN;
	}
	return 0;
}

void inquiry_leave(struct task *task)
{
	struct inquiry *inquiry = task->inquiry;

	if (inquiry == NULL)
		return;
	cds_list_del_init(&task->in_inquiry);
	task->inquiry = NULL;
	if (!cds_list_empty(&inquiry->tasks))
		return;
	for (size_t i = 0; i < 2; i++) {
		if (inquiry->legs[i].exchange != NULL)
			exchange_cancel(inquiry->legs[i].exchange);
	}
	unlink_inquiry(inquiry);
	free(inquiry);
}
