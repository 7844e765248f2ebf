#include "control/upstream/exchange.h"

#include "control/upstream/harm.h"
#include "dataplane/dns/header.h"

#include <stdlib.h>
#include <string.h>

static void unlink_exchange(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;

	attempt_close(exchange);
	beside_forget(exchange);
	settle_forget(exchange);
	last_forget(exchange);
	listen_forget(exchange);
	timers_remove(&upstream->timers, &exchange->timer);
	*exchange->link = exchange->next;
	if (exchange->next)
		exchange->next->link = exchange->link;
	upstream->exchange_count--;
}

void exchange_discard(struct exchange *exchange)
{
	unlink_exchange(exchange);
	message_free(exchange->other_case);
	message_free(exchange->spare.message);
	message_free(exchange->refusal.message);
	message_free(exchange->denial.message);
	free(exchange->abandoned_for);
	free(exchange);
}

static bool was_answered(enum upstream_outcome outcome)
{
	return outcome == UPSTREAM_OK || outcome == UPSTREAM_FORMERR ||
	       outcome == UPSTREAM_NOTIMP || outcome == UPSTREAM_BADVERS ||
	       outcome == UPSTREAM_TRUNCATED_OVER_TCP;
}

// Nobody waits for it, but it tells how the server does.
static void report_abandoned(const struct exchange *exchange, enum upstream_outcome outcome,
			     uint64_t rtt_us)
{
	enum server_failure failure = SERVER_GOOD;

	if (exchange->given_up && !was_answered(outcome))
		return; // as was told
	if (was_answered(outcome) && exchange->upstream->heard)
		exchange->upstream->heard(exchange->upstream->heard_arg, exchange->abandoned_for,
					  exchange->request.pool != NULL, exchange->request.type,
					  exchange->request.tcp);
	if (exchange->given_up)
		failure = SERVER_SLOW;
	else if (outcome == UPSTREAM_TIMEOUT && !upstream_type_counts(exchange->request.type))
		return;
	else if (outcome == UPSTREAM_TIMEOUT)
		failure = SERVER_TIMEOUT;
	else if (outcome == UPSTREAM_UNREACHABLE)
		failure = SERVER_UNREACHABLE;
	else if (outcome == UPSTREAM_RESET)
		failure = SERVER_RESET;
	else if (outcome == UPSTREAM_UNTRUSTED)
		failure = SERVER_UNTRUSTED;
	else if (outcome != UPSTREAM_OK)
		return;
	upstream_report(exchange->upstream, exchange->abandoned_for, &exchange->request.server,
			failure, rtt_us);
}

static struct exchange_reply reply_of(const struct exchange *exchange,
				      enum upstream_outcome outcome)
{
	uint64_t now_us = upstream_now_us(exchange->upstream);

	return (struct exchange_reply){
		.outcome = outcome,
		.tcp = exchange->tcp,
		.strong = exchange->strong,
		.unsettled = exchange->unsettled,
		.drilled = exchange->drilled,
		.bytes = exchange->bytes,
		.ignored = exchange->ignored,
		.rtt_us = was_answered(outcome) ? now_us - exchange->sent_us : 0,
		.waited_ms = (uint32_t)((now_us - exchange->started_us) / 1000),
	};
}

// The exchange is gone before its owner hears of it: a new one may take its place.
static void tell(struct exchange *exchange, const struct exchange_reply *reply)
{
	struct upstream *upstream = exchange->upstream;
	exchange_done done = exchange->done;
	void *arg = exchange->arg;

	if (!exchange->given_up)
		upstream->outcomes[reply->outcome]++;
	if (exchange->abandoned_for) {
		bool taken = listen_take(exchange, reply);
		report_abandoned(exchange, reply->outcome, reply->rtt_us);
		if (!taken)
			message_free(reply->message);
		done = NULL;
	}
	exchange_discard(exchange);
	upstream_rearm(upstream);
	if (done)
		done(arg, reply);
}

static void end_refused(struct exchange *exchange)
{
	struct exchange_reply reply = exchange->refusal;

	exchange->refusal.message = NULL;
	tell(exchange, &reply);
}

// What it ended with is that error, not something better that came after it.
static bool is_bare(const struct exchange_reply *reply)
{
	return reply->outcome != UPSTREAM_OK ||
	       (reply->message->rcode != RCODE_NOERROR && reply->message->rcode != RCODE_NXDOMAIN);
}

// Both were answered with an error alone: that is the answer, if nothing better comes.
static void hold_bare(struct exchange *first, const struct exchange_reply *reply)
{
	message_free(first->refusal.message);
	first->refused = true;
	first->refusal = *reply;
	first->refusal.bare = true;
}

// One that was put beside another has ended: an answer is that one's, anything else is nothing.
static void finish_beside(struct exchange *exchange, struct exchange_reply reply)
{
	struct upstream *upstream = exchange->upstream;
	struct exchange *first = exchange->first;

	first->bytes += exchange->bytes;
	first->ignored += exchange->ignored;
	bool bare = exchange->bare && was_answered(reply.outcome) && is_bare(&reply);
	bool held = bare || (reply.outcome == UPSTREAM_OK && last_hold(first, exchange, &reply));
	if (bare)
		hold_bare(first, &reply);
	exchange_discard(exchange);
	if (reply.outcome == UPSTREAM_OK && !held) {
		reply.bytes = first->bytes;
		reply.ignored = first->ignored;
		tell(first, &reply);
	} else if (first->refused && !beside_any(first)) {
		end_refused(first);
	} else {
		upstream_rearm(upstream);
	}
}

// What one of those beside it was answered is the answer after all.
static void end_with_spare(struct exchange *exchange)
{
	struct exchange_reply reply = exchange->spare;

	exchange->spare.message = NULL;
	last_learn(exchange);
	tell(exchange, &reply);
}

static void start_next(struct exchange *exchange);

static void finish(struct exchange *exchange, enum upstream_outcome outcome,
		   struct message *message)
{
	struct exchange_reply reply = reply_of(exchange, outcome);

	reply.message = message;
	if (exchange->first) {
		finish_beside(exchange, reply);
		return;
	}
	if (letters_ask_again(exchange, &reply)) {
		start_next(exchange);
		return;
	}
	if (message && reply.message == message)
		last_learn_tcp(exchange, message);
	if (!last_refused(exchange, &reply))
		tell(exchange, &reply);
	else if (exchange->spare.message)
		end_with_spare(exchange);
	else
		upstream_rearm(exchange->upstream);
}

// Its owner hears of the timeout, and the port stays open for what may come.
static void give_up(struct exchange *exchange)
{
	struct exchange_reply reply = reply_of(exchange, UPSTREAM_TIMEOUT);
	exchange_done done = exchange->abandoned_for ? NULL : exchange->done;
	void *arg = exchange->arg;

	if (!listen_start(exchange)) {
		finish(exchange, UPSTREAM_TIMEOUT, NULL);
		return;
	}
	exchange->upstream->outcomes[UPSTREAM_TIMEOUT]++;
	upstream_rearm(exchange->upstream);
	if (done)
		done(arg, &reply);
}

static void start_next(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	enum upstream_outcome outcome = attempt_start(exchange);

	if (outcome == UPSTREAM_OK)
		upstream_rearm(upstream);
	else
		finish(exchange, outcome, NULL);
}

static void read_reply(struct exchange *exchange, const uint8_t *data, size_t len)
{
	enum upstream_outcome outcome = UPSTREAM_OK;
	struct message *message;

	switch (reply_read(exchange, data, len, &message, &outcome)) {
	case REPLY_IGNORE:
		return;
	case REPLY_AGAIN:
		start_next(exchange);
		return;
	case REPLY_END:
		finish(exchange, outcome, message);
		return;
	}
}

// Without memory it is lost, which is no better for the answer either.
static void read_harmed_reply(struct exchange *exchange, enum harm harm, const uint8_t *data,
			      size_t len)
{
	uint8_t *copy = malloc(len + 1);

	if (!copy)
		return;
	exchange->drilled = harm == HARM_STRIP || harm == HARM_BOGUS;
	memcpy(copy, data, len);
	len = harm_message(harm, exchange->tcp, copy, len);
	read_reply(exchange, copy, len);
	free(copy);
}

static void on_message(struct exchange *exchange, const uint8_t *data, size_t len,
		       const struct address *from)
{
	struct upstream_counters *counters = &exchange->upstream->counters;
	uint32_t delay_ms;

	counters->received++;
	counters->received_bytes += len;
	exchange->bytes += (uint32_t)len;
	if (from && !server_address_equal(from, &exchange->request.server)) {
		counters->ignored_source++;
		exchange->ignored++;
		return;
	}
	if (exchange->drill == 0)
		read_reply(exchange, data, len);
	else
		read_harmed_reply(exchange,
				  harm_of(exchange, upstream_now_us(exchange->upstream), &delay_ms),
				  data, len);
}

static void go_on(struct exchange *exchange, enum upstream_outcome outcome)
{
	struct upstream *upstream = exchange->upstream;

	if (outcome == UPSTREAM_OK)
		upstream_rearm(upstream);
	else
		finish(exchange, outcome, NULL);
}

// The last try goes on over UDP where TCP is closed. False: it does not.
static bool leave_tcp(struct exchange *exchange)
{
	enum upstream_outcome outcome;

	if (!last_leave_tcp(exchange))
		return false;
	outcome = attempt_start(exchange);
	if (outcome == UPSTREAM_OK)
		last_start(exchange);
	go_on(exchange, outcome);
	return true;
}

// TCP was tried because UDP did not get through, and does not either: UDP may have come back.
static void forget_tcp(struct exchange *exchange)
{
	struct server *server = servers_find(&exchange->upstream->servers,
					     &exchange->request.server, exchange->request.port);

	if (server && exchange->tcp)
		server->tcp_until_us = 0;
}

void exchange_event(void *arg, enum channel_event event, const uint8_t *data, size_t len,
		    const struct address *from)
{
	struct exchange *exchange = arg;

	switch (event) {
	case CHANNEL_CONNECTED:
		go_on(exchange, attempt_connected(exchange));
		break;
	case CHANNEL_MESSAGE:
		on_message(exchange, data, len, from);
		break;
	case CHANNEL_UNREACHABLE:
		forget_tcp(exchange);
		if (!leave_tcp(exchange))
			finish(exchange, UPSTREAM_UNREACHABLE, NULL);
		break;
	case CHANNEL_RESET:
		forget_tcp(exchange);
		if (!leave_tcp(exchange))
			finish(exchange, UPSTREAM_RESET, NULL);
		break;
	case CHANNEL_UNTRUSTED:
		finish(exchange, UPSTREAM_UNTRUSTED, NULL);
		break;
	case CHANNEL_NO_RESOURCE:
		finish(exchange, UPSTREAM_NO_RESOURCE, NULL);
		break;
	case CHANNEL_FRAGMENT:
		exchange->upstream->counters.fragments++;
		if (settle_start(exchange))
			start_next(exchange);
		else
			exchange->settle_by_tcp = true;
		break;
	case CHANNEL_STALE:
		exchange->upstream->counters.tcp_stale++;
		if (exchange->stale) {
			finish(exchange, UPSTREAM_RESET, NULL);
			break;
		}
		exchange->stale = true;
		start_next(exchange);
		break;
	}
}

// Once each, and not what has been sent within a round trip: the answer is on its way.
static bool may_ask_again(const struct exchange *exchange, const struct address *server,
			  uint64_t rtt_us, uint64_t now_us)
{
	uint64_t on_its_way_us = rtt_us + rtt_us / 4;

	if (on_its_way_us < RATING_MIN_US)
		on_its_way_us = RATING_MIN_US;
	return !exchange->asked_again && !exchange->abandoned_for && !exchange->first &&
	       !exchange->denial.message && !exchange->refused &&
	       exchange->outcome == UPSTREAM_OK && exchange->near_misses == 0 &&
	       (!exchange->tcp || exchange->tcp_for_loss) &&
	       exchange->attempts < EXCHANGE_ATTEMPTS_MAX / 2 &&
	       server_address_equal(&exchange->request.server, server) &&
	       now_us >= exchange->sent_us + on_its_way_us;
}

void upstream_server_returned(struct upstream *upstream, const struct address *server,
			      uint64_t rtt_us)
{
	uint64_t now_us = upstream_now_us(upstream);
	const struct rating *rating = ratings_find(&upstream->ratings, NULL, server, now_us);
	uint32_t patience_ms = (uint32_t)((rating_patience_us(rating) + 999) / 1000);

	for (struct exchange *exchange = upstream->exchanges; exchange; exchange = exchange->next) {
		if (!may_ask_again(exchange, server, rtt_us, now_us))
			continue;
		exchange->asked_again = exchange->ask_again = true;
		exchange->tcp = exchange->tcp_for_loss = false;
		if (exchange->request.timeout_ms > patience_ms)
			exchange->request.timeout_ms = patience_ms;
		timers_set(&upstream->timers, &exchange->timer, now_us);
		upstream->counters.asked_again++;
	}
	upstream_rearm(upstream);
}

// What a drill has held back is sent. Once it was given up, it is waited for no longer for that.
static void release(struct exchange *exchange)
{
	uint64_t deadline_us = exchange->deadline_us;
	enum upstream_outcome outcome = attempt_release(exchange);

	if (outcome == UPSTREAM_OK && exchange->given_up) {
		exchange->deadline_us = deadline_us;
		timers_set(&exchange->upstream->timers, &exchange->timer, deadline_us);
	}
	go_on(exchange, outcome);
}

// Its time was over while the process had no CPU: the answer may be in the socket, or the server
// may have had none either. It gets that time once more.
static bool excuse(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	uint64_t more_us = upstream->stall_us;

	if (more_us < EXCHANGE_STALL_US || exchange->excused)
		return false;
	if (more_us > EXCHANGE_EXCUSE_US)
		more_us = EXCHANGE_EXCUSE_US;
	exchange->excused = true;
	exchange->deadline_us = upstream_now_us(upstream) + more_us;
	timers_set(&upstream->timers, &exchange->timer, exchange->deadline_us);
	upstream->counters.excused++;
	return true;
}

// One question of a kind that servers may drop says nothing; nor does any, where the server has
// answered another one over UDP meanwhile.
static bool silence_counts(const struct exchange *exchange, const struct server *server)
{
	return upstream_type_counts(exchange->request.type) &&
	       server->answered_us < exchange->sent_us;
}

static void note_silence(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	struct server *server = servers_use(&upstream->servers, &exchange->request.server,
					    exchange->request.port, upstream_now_us(upstream));

	if (silence_counts(exchange, server))
		server_udp_timeout(server);
}

void exchange_timeout(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;

	if (exchange->ask_again) {
		exchange->ask_again = false;
		start_next(exchange);
		return;
	}
	if (exchange->outcome != UPSTREAM_OK) { // ended inside exchange_start()
		finish(exchange, exchange->outcome, NULL);
		return;
	}
	if (exchange->held && upstream_now_us(upstream) >= exchange->sent_us + exchange->held_us) {
		release(exchange);
		return;
	}
	if (upstream_now_us(upstream) < exchange->deadline_us) {
		timers_set(&upstream->timers, &exchange->timer, attempt_next_us(exchange, false));
		exchange->late_told = true;
		if (!exchange->abandoned_for)
			exchange->request.late(exchange->arg);
		return;
	}
	if (exchange->given_up) {
		finish(exchange, UPSTREAM_TIMEOUT, NULL);
		return;
	}
	if (excuse(exchange))
		return;
	if (exchange->first || exchange->denial.message) {
		finish(exchange, UPSTREAM_TIMEOUT, NULL);
		return;
	}
	if (exchange->spare.message) {
		end_with_spare(exchange);
		return;
	}
	if (beside_deadline_us(exchange) > 0) {
		exchange->deadline_us = beside_deadline_us(exchange) + 1;
		timers_set(&upstream->timers, &exchange->timer, exchange->deadline_us);
		return;
	}
	if (exchange->refused) {
		end_refused(exchange);
		return;
	}
	bool too_late = attempt_too_late(exchange);
	if (!exchange->tcp && exchange->settle_by_tcp && !too_late && settle_start(exchange)) {
		upstream->counters.settled_by_tcp++;
		start_next(exchange);
		return;
	}
	if (!too_late && leave_tcp(exchange))
		return;
	if (exchange->near_misses == 0) {
		if (exchange->tcp)
			forget_tcp(exchange);
		else if (!upstream->uplink.lost)
			note_silence(exchange);
	}
	if (listen_wanted(exchange))
		give_up(exchange);
	else
		finish(exchange, exchange_unanswered(exchange), NULL);
}

static void start(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	enum upstream_outcome outcome;

	if (upstream_may_ask(upstream, &exchange->request.server)) {
		if (upstream->interference.choose)
			exchange->drill = upstream->interference.choose(upstream->interference.arg,
									&exchange->request,
									upstream_now_us(upstream));
		outcome = attempt_start(exchange);
		if (outcome == UPSTREAM_OK && exchange->request.last_try)
			last_start(exchange);
	} else {
		upstream->counters.address_refused++;
		outcome = UPSTREAM_UNREACHABLE;
	}
	if (outcome != UPSTREAM_OK) {
		attempt_close(exchange);
		exchange->outcome = outcome;
		timers_set(&upstream->timers, &exchange->timer, upstream_now_us(upstream));
	}
	upstream_rearm(upstream);
}

struct exchange *exchange_new(struct upstream *upstream, const struct exchange_request *request)
{
	struct exchange *exchange = NULL;

	if (upstream->exchange_count == upstream->config.exchanges_max)
		listen_make_room(upstream);
	if (upstream->exchange_count < upstream->config.exchanges_max)
		exchange = malloc(sizeof(*exchange));
	if (!exchange) {
		upstream->counters.too_many++;
		return NULL;
	}
	*exchange = (struct exchange){
		.upstream = upstream,
		.request = *request,
		.tcp = request->tcp || request->tls,
		.started_us = upstream_now_us(upstream),
		.form = upstream->config.cookies && !request->tls ? FORM_COOKIE : FORM_EDNS,
		.name_len = (uint8_t)name_len(request->name),
	};
	exchange->last_over_udp = last_skips_tcp(upstream, request);
	if (exchange->last_over_udp)
		exchange->tcp = false;
	name_lower(exchange->name, request->name, exchange->name_len);
	exchange->request.name = exchange->name;
	exchange->next = upstream->exchanges;
	if (exchange->next)
		exchange->next->link = &exchange->next;
	exchange->link = &upstream->exchanges;
	upstream->exchanges = exchange;
	upstream->exchange_count++;
	return exchange;
}

struct exchange *exchange_start(struct upstream *upstream, const struct exchange_request *request,
				exchange_done done, void *arg)
{
	struct exchange *exchange = exchange_new(upstream, request);

	if (!exchange)
		return NULL;
	exchange->done = done;
	exchange->arg = arg;
	upstream->counters.exchanges++;
	start(exchange);
	return exchange;
}

bool exchange_drilled(const struct exchange *exchange)
{
	return exchange->drill != 0;
}

void exchange_reconsider(struct exchange *exchange)
{
	beside_without_edns(exchange);
	upstream_rearm(exchange->upstream);
}

void exchange_cancel(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;

	upstream->outcomes[UPSTREAM_CANCELLED]++;
	exchange_discard(exchange);
	upstream_rearm(upstream);
}

void exchange_abandon(struct exchange *exchange, const uint8_t *zone)
{
	size_t len = name_len(zone);

	exchange->abandoned_for = malloc(len);
	if (!exchange->abandoned_for) {
		exchange_cancel(exchange);
		return;
	}
	memcpy(exchange->abandoned_for, zone, len);
}
