// The last try: the same question with cookie and mixed case and, beside it, without the one and
// without the other. Never without both, so that a reply to either still has something to be
// guessed besides ID and port. What the server answers in one way only, while it is silent in the
// other before, at the same time and for longer, or answers with errors before and at the same
// time, is believed; what two different questions show so is remembered. Where it has answered with
// errors TCP comes first, without both; over UDP it goes on when TCP is closed.
//
// A forger can make a server look silent, by making it limit its rate. What he wins then is one
// reply without a cookie (which nobody else asks for, either) or in one case, of a server that has
// shown neither within a day.
#include "control/upstream/exchange.h"
#include "control/upstream/pool.h"
#include "dataplane/dns/header.h"

#define LAST_WAIT_MS 100 // at least, after an answer, for the first one to stay silent

static const struct server *server_of(const struct exchange *exchange)
{
	return servers_find(&exchange->upstream->servers, &exchange->request.server,
			    exchange->request.port);
}

static bool may_lose_cookie(const struct upstream *upstream, const struct server *server,
			    uint64_t now_us)
{
	if (!upstream->config.cookies)
		return false;
	return !server ||
	       (server->no_cookie_until_us <= now_us && !server_echoes_cookie(server, now_us));
}

static bool may_lose_case(const struct upstream *upstream, const struct server *server,
			  uint64_t now_us)
{
	if (!upstream->config.case_randomisation)
		return false;
	return !server ||
	       (server->case_lost_until_us <= now_us && !server_keeps_case(server, now_us));
}

static uint16_t port_of(const struct candidate *candidate)
{
	return candidate->pool && candidate->pool->port ? candidate->pool->port : 53;
}

static bool is_recent(const struct server_habit *habit, uint64_t now_us)
{
	return habit->us > 0 && habit->us + SERVER_KEPT_US > now_us;
}

bool upstream_last_was_of_use(struct upstream *upstream, const struct candidate *candidates,
			      size_t count)
{
	uint64_t now_us = upstream_now_us(upstream);

	for (size_t i = 0; i < count; i++) {
		const struct server *server = servers_find(
			&upstream->servers, &candidates[i].address, port_of(&candidates[i]));
		if (server &&
		    (is_recent(&server->no_cookie, now_us) || is_recent(&server->one_case, now_us)))
			return true;
	}
	return false;
}

// Over TCP nothing is guarded by a cookie or by case that the connection does not guard: a server
// that has shown them, and now says that it likes the question not, is asked without as well.
static bool may_change_over_tcp(const struct upstream *upstream, const struct server *server,
				const struct rating *rating, uint64_t now_us)
{
	const bool refuses = rating && rating->fails > 0 &&
			     (rating->cause == SERVER_REFUSED || rating->cause == SERVER_FORMERR);

	if (may_lose_case(upstream, server, now_us) ||
	    (server && is_recent(&server->one_case, now_us)))
		return true;
	return refuses && (upstream->config.cookies || upstream->config.case_randomisation);
}

static bool answers_bare(const struct server *server, uint64_t now_us)
{
	return server && server->bare_us > 0 && now_us < server->bare_us + SERVER_LAST_TRY_US;
}

static int choose_last(struct upstream *upstream, const struct candidate *candidates, size_t count,
		       bool over_tcp, bool bare)
{
	uint64_t now_us = upstream_now_us(upstream);
	int taken = -1;

	for (size_t i = 0; i < count; i++) {
		const struct candidate *candidate = &candidates[i];
		const struct rating *rating =
			ratings_find(&upstream->ratings, NULL, &candidate->address, now_us);
		const struct pool_server *pool = candidate->pool;
		uint16_t port = port_of(candidate);
		const struct server *server =
			servers_find(&upstream->servers, &candidate->address, port);

		if (candidate->failed == 0 || (pool && pool->transport != POOL_UDP) ||
		    !upstream_may_ask(upstream, &candidate->address) ||
		    (rating && rating->fails > 0 && rating->cause == SERVER_UNREACHABLE))
			continue;
		if (bare && !answers_bare(server, now_us))
			continue;
		// A server that does not like the cookie and says so is asked without it anyway.
		if (!bare && !over_tcp && !may_lose_case(upstream, server, now_us) &&
		    !may_lose_cookie(upstream, server, now_us))
			continue;
		if (!bare && over_tcp && !may_change_over_tcp(upstream, server, rating, now_us))
			continue;
		if (server && server->last_try_us > 0 &&
		    now_us < server->last_try_us + SERVER_LAST_TRY_US) {
			taken = server->last_under_way ? -2 : taken;
			continue;
		}
		servers_use(&upstream->servers, &candidate->address, port, now_us)->last_try_us =
			now_us;
		return (int)i;
	}
	return taken;
}

int upstream_last_try(struct upstream *upstream, const struct candidate *candidates, size_t count,
		      bool over_tcp)
{
	int server = -1;

	if (over_tcp && upstream->settler_count >= SETTLERS_MAX / 2)
		return -1;
	if (over_tcp)
		server = choose_last(upstream, candidates, count, over_tcp, true);
	return server == -1 ? choose_last(upstream, candidates, count, over_tcp, false) : server;
}

void last_forget(const struct exchange *exchange)
{
	struct server *server = servers_find(&exchange->upstream->servers,
					     &exchange->request.server, exchange->request.port);

	if (exchange->request.last_try && !exchange->first && server)
		server->last_under_way = false;
}

bool last_skips_tcp(const struct upstream *upstream, const struct exchange_request *request)
{
	const struct server *server =
		servers_find(&upstream->servers, &request->server, request->port);

	return request->last_try && !request->tcp_only && server && server->tcp_dead_us > 0 &&
	       upstream_now_us(upstream) < server->tcp_dead_us + SERVER_LAST_TRY_US;
}

void last_start(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	uint64_t now_us = upstream_now_us(upstream);
	enum form form = exchange->form;

	upstream->counters.last_tries++;
	servers_use(&upstream->servers, &exchange->request.server, exchange->request.port, now_us)
		->last_under_way = true;
	if (exchange->tcp) {
		bool counted = settle_start(exchange); // among those, where there is room
		(void)counted;
		return;
	}
	if (form == FORM_COOKIE && may_lose_cookie(upstream, server_of(exchange), now_us))
		(void)beside_start(exchange, FORM_EDNS, false);
	if (exchange->case_random && may_lose_case(upstream, server_of(exchange), now_us))
		(void)beside_start(exchange, form, true);
}

// What they guard, the connection guards as well, whatever the server has shown before.
void last_choose(struct exchange *exchange)
{
	if (exchange->form == FORM_COOKIE)
		exchange->form = FORM_EDNS;
	exchange->case_random = false;
}

static bool is_answer(const struct message *message)
{
	return message->rcode == RCODE_NOERROR || message->rcode == RCODE_NXDOMAIN;
}

bool last_hold(struct exchange *first, const struct exchange *beside,
	       const struct exchange_reply *reply)
{
	uint64_t now_us = upstream_now_us(first->upstream);
	uint64_t wait_us = 2 * reply->rtt_us;

	if (!first->request.last_try || reply->strong)
		return false;
	if (first->spare.message || !is_answer(reply->message)) {
		message_free(reply->message);
		return true;
	}
	first->spare_without_case = beside->lower_case;
	if (first->refused) {
		last_learn(first);
		return false;
	}
	first->spare = *reply;
	if (wait_us < LAST_WAIT_MS * 1000)
		wait_us = LAST_WAIT_MS * 1000;
	if (now_us + wait_us < first->deadline_us)
		first->deadline_us = now_us + wait_us;
	timers_set(&first->upstream->timers, &first->timer, attempt_next_us(first, false));
	return true;
}

bool last_refused(struct exchange *first, const struct exchange_reply *reply)
{
	bool error = reply->outcome == UPSTREAM_FORMERR || reply->outcome == UPSTREAM_NOTIMP ||
		     reply->outcome == UPSTREAM_BADVERS ||
		     (reply->outcome == UPSTREAM_OK && !is_answer(reply->message));

	if (!first->request.last_try || first->tcp || !error ||
	    (!first->spare.message && !beside_any(first)))
		return false;
	attempt_close(first);
	first->refused = true;
	first->refusal = *reply;
	return true;
}

bool last_leave_tcp(struct exchange *exchange)
{
	const struct exchange_request *request = &exchange->request;

	if (!request->last_try || !exchange->tcp || request->tls || request->tcp_only ||
	    exchange->last_over_udp || exchange->first || exchange->abandoned_for)
		return false;
	settle_forget(exchange);
	servers_use(&exchange->upstream->servers, &request->server, request->port,
		    upstream_now_us(exchange->upstream))
		->tcp_dead_us = upstream_now_us(exchange->upstream);
	exchange->last_over_udp = true;
	exchange->tcp = false;
	exchange->form = exchange->upstream->config.cookies ? FORM_COOKIE : FORM_EDNS;
	return true;
}

// What two different questions show is remembered; over UDP nothing is left out that the server has
// shown within a day.
static void note_need(struct exchange *exchange, struct server *server, bool without_case,
		      uint64_t now_us)
{
	uint64_t question = exchange_question(exchange);
	const struct upstream *upstream = exchange->upstream;

	if (without_case) {
		if (server_habit(&server->one_case, question, now_us) &&
		    may_lose_case(upstream, server, now_us))
			server->case_lost_until_us = now_us + SERVER_MEMORY_US;
	} else if (server_habit(&server->no_cookie, question, now_us) &&
		   may_lose_cookie(upstream, server, now_us)) {
		server->no_cookie_until_us = now_us + SERVER_MEMORY_US;
	}
}

static struct server *use_answering(struct exchange *exchange, uint64_t now_us)
{
	struct server *server = servers_use(&exchange->upstream->servers, &exchange->request.server,
					    exchange->request.port, now_us);

	exchange->upstream->counters.last_answers++;
	server->last_try_us = 0;
	return server;
}

void last_learn(struct exchange *first)
{
	uint64_t now_us = upstream_now_us(first->upstream);

	note_need(first, use_answering(first, now_us), first->spare_without_case, now_us);
}

// Which of the two it was does not show.
void last_learn_tcp(struct exchange *exchange, const struct message *message)
{
	uint64_t now_us = upstream_now_us(exchange->upstream);
	struct server *server;

	if (!exchange->request.last_try || !exchange->tcp || exchange->request.tls ||
	    !is_answer(message))
		return;
	server = use_answering(exchange, now_us);
	if (exchange->upstream->config.case_randomisation && !exchange->case_random)
		note_need(exchange, server, true, now_us);
	if (exchange->upstream->config.cookies && exchange->form != FORM_COOKIE)
		note_need(exchange, server, false, now_us);
}
