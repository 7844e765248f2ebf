// One attempt of an exchange: choose how to ask, charge it, open a channel, send.
#include "control/upstream/exchange.h"
#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"

#include <assert.h>
#include <errno.h>

#define TLS_PADDING 128 // RFC 8467 §4.1

static struct server *server_of(const struct exchange *exchange)
{
	return servers_find(&exchange->upstream->servers, &exchange->request.server,
			    exchange->request.port);
}

static void draw(struct exchange *exchange, void *out, size_t len)
{
	const struct transport *transport = &exchange->upstream->transport;

	transport->random(transport->ctx, out, len);
}

// draft-vixie-dnsext-dns0x20: one bit of the generator for every letter.
static void draw_case(struct exchange *exchange)
{
	uint8_t bits[(NAME_MAX_LEN + 7) / 8];

	memcpy(exchange->asked, exchange->name, exchange->name_len);
	if (!exchange->case_random)
		return;
	draw(exchange, bits, (exchange->name_len + 7u) / 8);
	for (size_t i = 0; i < exchange->name_len; i++)
		if (exchange->asked[i] >= 'a' && exchange->asked[i] <= 'z' &&
		    (bits[i / 8] >> (i % 8) & 1))
			exchange->asked[i] -= 0x20;
}

// What is remembered of the server may lower the form, make replies small, or start with TCP.
static void choose(struct exchange *exchange, uint64_t now_us)
{
	struct server *server = server_of(exchange);

	// Who answers over TLS is known by better means.
	exchange->case_random =
		exchange->upstream->config.case_randomisation && !exchange->request.tls;
	exchange->small = false;
	if (exchange->lower_case)
		exchange->case_random = false;
	if (exchange->tcp && exchange->request.last_try)
		last_choose(exchange);
	if (!server)
		return;
	if (server->case_lost_until_us > now_us)
		exchange->case_random = false;
	if (server->no_cookie_until_us > now_us && exchange->form == FORM_COOKIE)
		exchange->form = FORM_EDNS;
	// Never without EDNS where signatures are needed: its absence is how validation is
	// attacked.
	if (server->plain_until_us > now_us && !exchange->request.signed_zone)
		exchange->form = FORM_PLAIN;
	exchange->small = !exchange->tcp && server_wants_small(server, now_us);
	if (!exchange->tcp && exchange->attempts == 0 && !exchange->request.last_try &&
	    !exchange->first && server_wants_tcp(server, now_us)) {
		server->tcp_probe_us = now_us + SERVER_TCP_PROBE_US;
		exchange->tcp = true;
		exchange->tcp_for_loss = true;
		exchange->small = false;
		last_choose(exchange);
		exchange->upstream->counters.tcp_first++;
	}
}

static int build(struct exchange *exchange, uint8_t *buf, size_t cap)
{
	const struct upstream *upstream = exchange->upstream;
	struct edns edns = {
		.present = exchange->form != FORM_PLAIN,
		.do_bit = true,
		.udp_size = exchange->small ? UDP_SMALL : EDNS_UDP_SIZE,
		.pad_to = exchange->request.tls ? TLS_PADDING : 0,
		.ede = -1,
	};
	uint16_t flags =
		(exchange->request.rd ? FLAG_RD : 0) | (exchange->request.cd ? FLAG_CD : 0);

	if (exchange->form == FORM_COOKIE) {
		cookie_client_make(upstream->cookie_secret, &exchange->request.server,
				   upstream_now_us(upstream), exchange->client_cookie);
		cookie_fill(server_of(exchange), exchange->client_cookie, &edns);
	}
	return query_build(buf, cap, exchange->id, flags, exchange->asked, exchange->request.type,
			   &edns);
}

static enum upstream_outcome outcome_of_error(const struct exchange *exchange, int error)
{
	switch (error) {
	case -ENETUNREACH:
	case -EHOSTUNREACH:
	case -ENETDOWN:
	case -EHOSTDOWN:
	case -ECONNREFUSED:
	case -EACCES:
	case -ENODEV: // the interface by which questions leave is gone
	case -ENXIO:
	case -EPERM:  // a local packet filter
	case -EINVAL: // an address that cannot be reached from the configured source
		return exchange->tcp && error == -ECONNREFUSED ? UPSTREAM_RESET
							       : UPSTREAM_UNREACHABLE;
	case -ECONNRESET:
	case -EPIPE:
	case -ENOTCONN:
		return UPSTREAM_RESET;
	default:
		return UPSTREAM_NO_RESOURCE;
	}
}

// TCP needs a round trip more, and gets time to repeat a lost SYN when the server has asked for
// TCP. When TCP is only tried because UDP was silent, the client must not wait long for a dead
// server. Over TLS the handshake is part of the time.
static uint64_t wait_us(const struct exchange *exchange)
{
	if (exchange->denial.message)
		return letters_wait_us(exchange);
	uint64_t wait_ms = exchange->request.timeout_ms;
	uint64_t least_ms = exchange->tcp_for_loss ? EXCHANGE_TCP_TRY_MS : EXCHANGE_TCP_MIN_MS;

	if (exchange->tcp && wait_ms < least_ms)
		wait_ms = least_ms;
	return wait_ms * 1000;
}

// One that is put beside another has no more time than that.
static uint64_t end_us(const struct exchange *exchange)
{
	const struct exchange *whole = exchange->first ? exchange->first : exchange;

	return whole->request.most_ms == 0 ? UINT64_MAX
					   : whole->started_us + whole->request.most_ms * 1000ull;
}

bool attempt_too_late(const struct exchange *exchange)
{
	return upstream_now_us(exchange->upstream) >= end_us(exchange);
}

// Over TCP only when that was chosen because UDP was silent, over TLS from the moment on at which
// the question is sent: a handshake is no sign of anything.
static bool may_be_late(const struct exchange *exchange)
{
	if (exchange->request.tls)
		return exchange->connected;
	return !exchange->tcp || exchange->tcp_for_loss;
}

static uint64_t first_timer_us(const struct exchange *exchange)
{
	uint64_t late_us = exchange->sent_us + exchange->request.late_ms * 1000ull;

	if (!may_be_late(exchange) || exchange->attempts > 1 || exchange->late_told ||
	    exchange->request.late_ms == 0 || late_us >= exchange->deadline_us)
		return exchange->deadline_us;
	return late_us;
}

uint64_t attempt_next_us(const struct exchange *exchange, bool with_late)
{
	uint64_t next_us = with_late ? first_timer_us(exchange) : exchange->deadline_us;
	uint64_t release_us = exchange->sent_us + exchange->held_us;

	return exchange->held && release_us < next_us ? release_us : next_us;
}

// What a drill has held back counts as sent when it would have been: its answer is slow.
static void begin_to_wait(struct exchange *exchange, uint64_t now_us)
{
	exchange->sent_us = exchange->held ? now_us : now_us - exchange->held_us;
	if (!exchange->request.tls || !exchange->connected)
		exchange->deadline_us = exchange->sent_us + wait_us(exchange);
	if (exchange->deadline_us > end_us(exchange))
		exchange->deadline_us = end_us(exchange);
	timers_set(&exchange->upstream->timers, &exchange->timer, attempt_next_us(exchange, true));
}

static enum upstream_outcome send_question(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	uint8_t buf[HEADER_LEN + NAME_MAX_LEN + 4 + 128 + TLS_PADDING];
	uint64_t now_us = upstream_now_us(upstream);
	int len, error;

	len = build(exchange, buf, sizeof(buf));
	assert(len > 0);
	error = upstream->transport.send(exchange->channel, buf, (size_t)len);
	if (error)
		return outcome_of_error(exchange, error);
	if (exchange->request.tls)
		upstream->counters.sent_tls++;
	else if (exchange->tcp)
		upstream->counters.sent_tcp++;
	else
		upstream->counters.sent_udp++;
	upstream->counters.small_first += exchange->small;
	if (upstream->hedge_credit < HEDGE_MAX)
		upstream->hedge_credit += HEDGE_EARNED;
	begin_to_wait(exchange, now_us);
	return UPSTREAM_OK;
}

enum upstream_outcome attempt_connected(struct exchange *exchange)
{
	exchange->connected = true;
	return send_question(exchange);
}

void attempt_close(struct exchange *exchange)
{
	if (exchange->channel)
		exchange->upstream->transport.close(exchange->channel);
	exchange->channel = NULL;
}

static enum upstream_outcome open_and_send(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	const struct exchange_request *request = &exchange->request;

	exchange->channel =
		upstream->transport.open(upstream->transport.ctx, &request->server, request->port,
					 exchange->tcp, request->tls, exchange_event, exchange);
	if (!exchange->channel)
		return UPSTREAM_NO_RESOURCE;
	if (!exchange->tcp)
		return send_question(exchange);
	begin_to_wait(exchange, upstream_now_us(upstream));
	return UPSTREAM_OK;
}

enum upstream_outcome attempt_release(struct exchange *exchange)
{
	exchange->held = false;
	return open_and_send(exchange);
}

static enum upstream_outcome start_drilled(struct exchange *exchange, uint64_t now_us)
{
	uint32_t delay_ms = 0;

	switch (harm_of(exchange, now_us, &delay_ms)) {
	case HARM_DROP: // nothing can come: there is no channel
		begin_to_wait(exchange, now_us);
		return UPSTREAM_OK;
	case HARM_DELAY:
		exchange->held = true;
		exchange->held_us = delay_ms * 1000ull;
		begin_to_wait(exchange, now_us);
		return UPSTREAM_OK;
	default:
		return open_and_send(exchange);
	}
}

enum upstream_outcome attempt_start(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	struct exchange_request *request = &exchange->request;
	uint64_t now_us = upstream_now_us(upstream);

	attempt_close(exchange);
	// Who asked is gone, and with him all that the request points to.
	if (exchange_is_abandoned(exchange))
		return UPSTREAM_CANCELLED;
	choose(exchange, now_us);
	assert(exchange->attempts < EXCHANGE_ATTEMPTS_MAX);
	if (request->charge && !request->charge(request->charge_arg, 1)) {
		upstream->counters.charge_refused++;
		return UPSTREAM_CANCELLED;
	}
	exchange->attempts++;
	exchange->held = exchange->connected = false;
	exchange->held_us = 0;
	draw(exchange, &exchange->id, sizeof(exchange->id));
	draw_case(exchange);
	return exchange->drill == 0 ? open_and_send(exchange) : start_drilled(exchange, now_us);
}
