#include "control/resolver/checkup.h"

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_LETTERS 13 // of 26: 61 bits
#define RUNS_MAX      8  // of a validation that lacks something
#define HOLD_MS       3000

enum checkup_state { CHECKUP_FREE, CHECKUP_IDLE, CHECKUP_ASKED, CHECKUP_REPLIED, CHECKUP_JUDGED };

struct checkup {
	enum checkup_state state;
	struct resolver *resolver;
	const struct route *route; // or NULL
	struct address server;
	uint16_t port;
	uint8_t good, steps; // good ones in a row; failed ones, for the interval
	uint64_t since_ms, next_ms;
	uint8_t zone[NAME_MAX_LEN];

	// under way
	uint8_t name[NAME_MAX_LEN];
	struct budget budget;
	struct exchange *exchange;
	enum upstream_outcome outcome;
	uint64_t rtt_us;
	struct message *message;
	struct response *response;
	struct validation *validation;
};

struct checkups {
	size_t count;
	uint64_t second; // in which so many were sent
	unsigned sent;
	struct checkup list[CHECKUPS_MAX];
};

struct checkups *checkups_new(void)
{
	return calloc(1, sizeof(struct checkups));
}

static void release(struct checkup *checkup)
{
	if (checkup->exchange != NULL)
		exchange_cancel(checkup->exchange);
	if (checkup->validation != NULL)
		validation_free(checkup->validation);
	free(checkup->response);
	message_free(checkup->message);
	checkup->exchange = NULL;
	checkup->validation = NULL;
	checkup->response = NULL;
	checkup->message = NULL;
}

void checkups_free(struct checkups *checkups)
{
	if (checkups == NULL)
		return;
	for (size_t i = 0; i < CHECKUPS_MAX; i++)
		release(&checkups->list[i]);
	free(checkups);
}

static void end(struct checkup *checkup)
{
	struct checkups *checkups = checkup->resolver->checkups;

	release(checkup);
	*checkup = (struct checkup){.state = CHECKUP_FREE};
	checkups->count--;
}

// ---- whom to look at ----

static bool is_watched(enum server_failure failure)
{
	switch (failure) {
	case SERVER_SERVFAIL:
	case SERVER_REFUSED:
	case SERVER_LAME:
	case SERVER_FORMERR:
	case SERVER_MALFORMED:
	case SERVER_WRONG_QUESTION:
	case SERVER_BOGUS:
	case SERVER_STRIPPED:
		return true;
	default:
		return false;
	}
}

// False: it is not asked over UDP.
static bool find_port(const struct route *route, const struct address *server, uint16_t *port)
{
	*port = 53;
	for (size_t i = 0; route != NULL && i < route->pool->count; i++) {
		const struct pool_server *place = &route->pool->servers[i];
		if (memcmp(&place->address, server, sizeof(*server)) != 0)
			continue;
		if (place->port != 0)
			*port = place->port;
		return place->transport == POOL_UDP;
	}
	return route == NULL;
}

static struct checkup *find(struct checkups *checkups, const uint8_t *zone,
			    const struct address *server)
{
	struct checkup *place = NULL;

	for (size_t i = 0; i < CHECKUPS_MAX; i++) {
		struct checkup *checkup = &checkups->list[i];
		if (checkup->state == CHECKUP_FREE)
			place = place != NULL ? place : checkup;
		else if (memcmp(&checkup->server, server, sizeof(*server)) == 0 &&
			 name_equal(checkup->zone, zone))
			return checkup;
	}
	return place;
}

// A quarter more or less, so that nobody knows when, and not all at once.
static void plan(struct checkup *checkup)
{
	struct resolver *resolver = checkup->resolver;
	uint32_t wait_ms = CHECKUP_FIRST_MS << checkup->steps;
	uint32_t spread = upstream_draw(resolver->parts.upstream, wait_ms / 2);

	checkup->state = CHECKUP_IDLE;
	checkup->next_ms = resolver->clock.now_ms + wait_ms - wait_ms / 4 + spread;
	upstream_hold(resolver->parts.upstream, checkup->zone, &checkup->server,
		      (wait_ms + wait_ms / 4 + HOLD_MS) * 1000ull);
}

void checkup_watch(struct task *task, const uint8_t *zone, const struct address *server,
		   enum server_failure failure)
{
	struct resolver *resolver = task->resolver;
	uint16_t port;

	if (!is_watched(failure) || !resolver->config.validate || task->past_nta ||
	    resolver->closing ||
	    trust_zone_state(resolver->parts.trust, zone, resolver->clock.now_ms,
			     resolver->clock.now_s) != ZONE_SECURE ||
	    !find_port(task->route, server, &port))
		return;
	struct checkup *checkup = find(resolver->checkups, zone, server);
	if (checkup == NULL || checkup->state != CHECKUP_FREE)
		return;
	*checkup = (struct checkup){
		.resolver = resolver,
		.route = task->route,
		.server = *server,
		.port = port,
		.since_ms = resolver->clock.now_ms,
	};
	name_copy(checkup->zone, zone);
	resolver->checkups->count++;
	plan(checkup);
}

// Another server of the zone is good: live questions have been put to it since this one failed.
static bool other_is_good(const struct checkup *checkup)
{
	struct resolver *resolver = checkup->resolver;
	struct delegation *cut = NULL;
	struct task asking = {.resolver = resolver, .route = checkup->route};

	if (checkup->route != NULL)
		(void)route_find(resolver, checkup->zone, TYPE_SOA, &cut);
	else
		cut = delegation_find(resolver->delegations, checkup->zone, resolver->clock.now_ms);
	if (cut == NULL || !name_equal(cut->zone, checkup->zone)) {
		delegation_unref(cut);
		return false;
	}
	asking.cut = cut;
	address_collect(&asking);
	int own = iterate_server_index(&asking, &checkup->server);
	if (own >= 0)
		asking.servers[own] = asking.servers[--asking.server_count];
	bool good = upstream_good_left(resolver->parts.upstream, cut->zone, asking.servers,
				       asking.server_count);
	delegation_unref(cut);
	return good;
}

// ---- what it is asked ----

static bool charge(void *arg, unsigned packets)
{
	return budget_charge(&((struct checkup *)arg)->budget, BUDGET_packets, packets);
}

static void replied(void *arg, const struct exchange_reply *reply)
{
	struct checkup *checkup = arg;

	checkup->exchange = NULL;
	checkup->outcome = reply->outcome;
	checkup->rtt_us = reply->rtt_us;
	checkup->message = reply->outcome == UPSTREAM_OK ? reply->message : NULL;
	if (reply->outcome != UPSTREAM_OK)
		message_free(reply->message);
	checkup->state = CHECKUP_REPLIED;
}

static bool make_name(struct checkup *checkup)
{
	size_t len = name_len(checkup->zone);

	if (1 + LABEL_LETTERS + len > NAME_MAX_LEN)
		return false;
	checkup->name[0] = LABEL_LETTERS;
	for (size_t i = 1; i <= LABEL_LETTERS; i++)
		checkup->name[i] =
			(uint8_t)('a' + upstream_draw(checkup->resolver->parts.upstream, 26));
	memcpy(checkup->name + 1 + LABEL_LETTERS, checkup->zone, len);
	return true;
}

static bool start(struct checkup *checkup)
{
	struct resolver *resolver = checkup->resolver;
	bool forward = checkup->route != NULL && checkup->route->forward;
	const struct exchange_request request = {
		.server = checkup->server,
		.port = checkup->port,
		.zone = checkup->zone,
		.name = checkup->name,
		.type = TYPE_A,
		.rd = forward,
		.cd = forward,
		.signed_zone = true,
		.timeout_ms = CHECKUP_TIMEOUT_MS,
		.charge = charge,
		.charge_arg = checkup,
	};

	if (!make_name(checkup))
		return false;
	budget_start(&checkup->budget, resolver->clock.now_ms);
	checkup->budget.left[BUDGET_packets] = 4;
	checkup->budget.left[BUDGET_signatures] = 16;
	checkup->budget.left[BUDGET_failed_signatures] = 4;
	checkup->state = CHECKUP_ASKED;
	checkup->exchange = exchange_start(resolver->parts.upstream, &request, replied, checkup);
	resolver->counters.checkups += checkup->exchange != NULL;
	return checkup->exchange != NULL;
}

// ---- what its answer is worth ----

static void fail(struct checkup *checkup, enum server_failure failure)
{
	struct resolver *resolver = checkup->resolver;

	release(checkup);
	resolver->counters.checkups_failed++;
	upstream_report(resolver->parts.upstream, checkup->zone, &checkup->server, failure,
			checkup->rtt_us);
	checkup->good = 0;
	if (checkup->steps < CHECKUP_STEPS)
		checkup->steps++;
	plan(checkup);
}

static void pass(struct checkup *checkup)
{
	struct resolver *resolver = checkup->resolver;

	release(checkup);
	resolver->counters.checkups_good++;
	checkup->steps = 0;
	if (++checkup->good < CHECKUP_GOOD) {
		plan(checkup);
		return;
	}
	upstream_report(resolver->parts.upstream, checkup->zone, &checkup->server, SERVER_GOOD,
			checkup->rtt_us);
	upstream_cured(resolver->parts.upstream, checkup->zone, &checkup->server);
	end(checkup);
}

// Not the server's doing.
static void say_nothing(struct checkup *checkup)
{
	release(checkup);
	plan(checkup);
}

static void settle(struct checkup *checkup, enum verdict verdict)
{
	const struct validation_result *result = validation_result(checkup->validation);

	if (verdict == VERDICT_BOGUS)
		fail(checkup, result->ede == EDE_RRSIGS_MISSING ? SERVER_STRIPPED : SERVER_BOGUS);
	else if (verdict == VERDICT_SECURE || verdict == VERDICT_INSECURE) // opt-out
		pass(checkup);
	else
		say_nothing(checkup);
}

// Keys that are not at hand are not fetched for this: without them there is no verdict.
static void judge(struct checkup *checkup)
{
	struct resolver *resolver = checkup->resolver;
	enum verdict verdict = VERDICT_NEED;

	checkup->state = CHECKUP_ASKED; // until it is woken
	for (unsigned i = 0; i < RUNS_MAX && verdict == VERDICT_NEED; i++) {
		if (i > 0)
			validation_need_failed(checkup->validation, EDE_RRSIGS_MISSING,
					       "not asked for");
		verdict = validation_run(checkup->validation, &checkup->budget,
					 resolver->clock.now_ms, resolver->clock.now_s);
	}
	if (verdict == VERDICT_WAIT)
		resolver->submitted = true;
	else
		settle(checkup, verdict);
}

static void wake(void *arg)
{
	((struct checkup *)arg)->state = CHECKUP_JUDGED;
}

static void begin_judging(struct checkup *checkup)
{
	struct resolver *resolver = checkup->resolver;

	checkup->validation =
		validation_new(resolver->parts.trust, &checkup->response->links[0], wake, checkup);
	if (checkup->validation == NULL || !resolver->clock.trusted)
		say_nothing(checkup);
	else
		judge(checkup);
}

static void read_reply(struct checkup *checkup)
{
	static const enum server_failure failures[] = {
		[RESPONSE_LAME] = SERVER_LAME,           [RESPONSE_SERVFAIL] = SERVER_SERVFAIL,
		[RESPONSE_REFUSED] = SERVER_REFUSED,     [RESPONSE_ERROR] = SERVER_FORMERR,
		[RESPONSE_MALFORMED] = SERVER_MALFORMED, [RESPONSE_TOO_LARGE] = SERVER_TOO_LARGE,
	};
	const struct response_question question = {
		.name = checkup->name,
		.type = TYPE_A,
		.zone = checkup->zone,
		.forwarder = checkup->route != NULL && checkup->route->forward,
	};

	checkup->response = malloc(sizeof(*checkup->response));
	if (checkup->response == NULL) {
		say_nothing(checkup);
		return;
	}
	response_read(checkup->message, &question, checkup->response);
	switch (checkup->response->kind) {
	case RESPONSE_ANSWER:
		begin_judging(checkup);
		break;
	case RESPONSE_REFERRAL: // the zone has a cut for every name: no verdict
		say_nothing(checkup);
		break;
	default:
		fail(checkup, failures[checkup->response->kind]);
	}
}

static void look_at_reply(struct checkup *checkup)
{
	switch (checkup->outcome) {
	case UPSTREAM_OK:
		read_reply(checkup);
		break;
	case UPSTREAM_NO_RESOURCE:
	case UPSTREAM_CANCELLED:
		say_nothing(checkup);
		break;
	case UPSTREAM_FORMERR:
	case UPSTREAM_NOTIMP:
	case UPSTREAM_BADVERS:
		fail(checkup, SERVER_FORMERR);
		break;
	default:
		fail(checkup, replies_failure(checkup->outcome));
	}
}

// ---- when ----

static bool may_send(struct checkups *checkups, uint64_t now_ms)
{
	if (checkups->second != now_ms / 1000) {
		checkups->second = now_ms / 1000;
		checkups->sent = 0;
	}
	if (checkups->sent == CHECKUP_PER_S)
		return false;
	checkups->sent++;
	return true;
}

static void go_on(struct checkup *checkup)
{
	struct resolver *resolver = checkup->resolver;
	uint64_t now_ms = resolver->clock.now_ms;

	if (now_ms < checkup->next_ms)
		return;
	if (now_ms > checkup->since_ms + CHECKUP_END_MS) {
		end(checkup);
	} else if (!other_is_good(checkup)) {
		resolver->counters.checkups_zone++;
		end(checkup);
	} else if (upstream_uplink_lost(resolver->parts.upstream)) {
		plan(checkup);
	} else if (!may_send(resolver->checkups, now_ms)) {
		checkup->next_ms = (now_ms / 1000 + 1) * 1000;
	} else if (!start(checkup)) {
		end(checkup);
	}
}

uint64_t checkup_run(struct resolver *resolver)
{
	struct checkups *checkups = resolver->checkups;
	uint64_t next_ms = UINT64_MAX;

	if (checkups->count == 0)
		return next_ms;
	for (size_t i = 0; i < CHECKUPS_MAX; i++) {
		struct checkup *checkup = &checkups->list[i];
		if (checkup->state == CHECKUP_REPLIED)
			look_at_reply(checkup);
		else if (checkup->state == CHECKUP_JUDGED)
			judge(checkup);
		if (checkup->state == CHECKUP_IDLE)
			go_on(checkup);
		if (checkup->state == CHECKUP_IDLE && checkup->next_ms < next_ms)
			next_ms = checkup->next_ms;
	}
	return next_ms;
}
