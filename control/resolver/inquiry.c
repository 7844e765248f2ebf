// Questions to servers, shared by every task that wants to know the same from the same zone:
// one outstanding however many variants clients ask (ATTACKS A1, A2).

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MEMORY(wire_len) ((wire_len)*3) // parsed, roughly

struct question {
	const uint8_t *zone, *name;
	uint16_t type;
	uint64_t hash;
};

static struct question question_of(const struct task *task)
{
	struct question q = {
		.zone = task->cut->zone,
		.name = minimise_name(&task->minimise),
		.type = minimise_full(&task->minimise) ? task->type : TYPE_A,
	};

	q.hash = cache_hash(task->resolver->cache, q.name, name_len(q.name)) ^
		 q.type * 0x9e3779b97f4a7c15ULL ^
		 cache_hash(task->resolver->cache, q.zone, name_len(q.zone)) * 31;
	return q;
}

static struct inquiry **bucket(struct resolver *resolver, uint64_t hash)
{
	return &resolver->inquiries[hash >> 40 & (TASK_BUCKETS - 1)];
}

static bool asks_cd(const struct task *task)
{
	return task->route != NULL && task->route->forward && !task->without_cd;
}

static void attach(struct inquiry *inquiry, struct task *task)
{
	task->inquiry = inquiry;
	cds_list_add_tail(&task->in_inquiry, &inquiry->tasks);
	task->state = TASK_WAIT_REPLY;
}

bool inquiry_join(struct task *task)
{
	struct question q = question_of(task);
	struct inquiry *inquiry = *bucket(task->resolver, q.hash);

	for (; inquiry != NULL; inquiry = inquiry->next) {
		if (inquiry->hash != q.hash || inquiry->type != q.type ||
		    !name_equal(inquiry->name, q.name) || !name_equal(inquiry->zone, q.zone))
			continue;
		if (inquiry->cd != asks_cd(task) || (task->over_tcp && !inquiry->tcp))
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

static bool is_strong(const struct exchange_reply *reply)
{
	return reply->tcp ||
	       (reply->message->edns.has_cookie && reply->message->edns.server_cookie_len > 0);
}

static struct reply *reply_new(struct inquiry *inquiry, const struct exchange_reply *from)
{
	struct reply *reply = calloc(1, sizeof(*reply));

	if (reply == NULL) {
		message_free(from->message);
		return NULL;
	}
	reply->refs = 1;
	reply->outcome = from->outcome;
	reply->message = from->outcome == UPSTREAM_OK ? from->message : NULL;
	reply->server = inquiry->server;
	reply->rtt_us = from->rtt_us;
	if (reply->message != NULL) {
		reply->strong = is_strong(from);
		reply->bytes = MESSAGE_MEMORY(reply->message->wire_len);
		inquiry->resolver->message_bytes += reply->bytes;
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

static void done(void *arg, const struct exchange_reply *from)
{
	struct inquiry *inquiry = arg;
	struct resolver *resolver = inquiry->resolver;

	charge_bytes(inquiry, from->bytes);
	struct reply *reply = reply_new(inquiry, from);
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

int inquiry_start(struct task *task, size_t server, uint32_t timeout_ms)
{
	struct resolver *resolver = task->resolver;
	struct question q = question_of(task);
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry));

	if (inquiry == NULL)
		return -EAGAIN;
	inquiry->hash = q.hash;
	inquiry->resolver = resolver;
	inquiry->server = task->servers[server].address;
	inquiry->type = q.type;
	inquiry->cd = asks_cd(task);
	inquiry->tcp = task->over_tcp || (task->route != NULL && task->route->tcp);
	name_copy(inquiry->zone, q.zone);
	name_copy(inquiry->name, q.name);
	CDS_INIT_LIST_HEAD(&inquiry->tasks);
	const struct exchange_request request = {
		.server = inquiry->server,
		.port = task->ports[server],
		.name = inquiry->name,
		.type = q.type,
		.rd = task->route != NULL && task->route->forward,
		.cd = inquiry->cd,
		.signed_zone = trust_zone_state(resolver->parts.trust, inquiry->zone,
						resolver->clock.now_ms,
						resolver->clock.now_s) != ZONE_INSECURE,
		.tcp = inquiry->tcp,
		.timeout_ms = timeout_ms,
		.charge = charge,
		.charge_arg = inquiry,
	};
	attach(inquiry, task);
	struct inquiry **slot = bucket(resolver, q.hash);
	inquiry->next = *slot;
	*slot = inquiry;
	inquiry->exchange = exchange_start(resolver->parts.upstream, &request, done, inquiry);
	if (inquiry->exchange == NULL) {
		inquiry_leave(task);
		return -EAGAIN;
	}
	resolver->counters.sent++;
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
	if (inquiry->exchange != NULL)
		exchange_cancel(inquiry->exchange);
	unlink_inquiry(inquiry);
	free(inquiry);
}
