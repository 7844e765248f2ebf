#include "control/upstream/socket_tls.h"

#include "control/upstream/server.h"
#include "dataplane/dns/header.h"

#include <openssl/err.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LENGTH_BYTES FRAMES_LENGTH_BYTES

// ---- questions that share a connection ----

static void join(struct tls_link *link, struct channel *channel)
{
	channel->link = link;
	channel->next_member = link->members;
	link->members = channel;
	link->member_count++;
}

static void leave(struct channel *channel)
{
	struct tls_link *link = channel->link;
	struct channel **place = &link->members;

	while (*place != channel)
		place = &(*place)->next_member;
	*place = channel->next_member;
	link->member_count--;
	channel->link = NULL;
	channel->next_member = NULL;
}

static struct channel *member_with(const struct tls_link *link, uint16_t id)
{
	for (struct channel *channel = link->members; channel; channel = channel->next_member) {
		if (channel->asked && channel->wire_id == id)
			return channel;
	}
	return NULL;
}

// ---- the end of a connection ----

static void free_link(struct tls_link *link)
{
	if (link->wire)
		channel_free(link->wire);
	// That a connection has ended speaks against no session: OpenSSL would spoil it. After an
	// error in TLS itself it has done so already.
	if (link->ssl)
		SSL_set_shutdown(link->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(link->ssl);
	frames_close(&link->frames);
	free(link);
}

static void take_out(struct tls_link *link)
{
	struct tls *tls = link->sockets->tls;
	struct tls_link **place = &tls->links;

	while (*place != link)
		place = &(*place)->next;
	*place = link->next;
	tls->link_count--;
	link->state = LINK_OVER;
}

static void free_if_over(struct tls_link *link)
{
	if (link->state == LINK_OVER && link->busy == 0 && link->member_count == 0)
		free_link(link);
}

// Owners close their channels, or ask others, from inside on_event: each is taken off first.
static void end_link(struct tls_link *link, enum channel_event event)
{
	if (link->state == LINK_OVER)
		return;
	take_out(link);
	if (link->wire)
		channel_free(link->wire);
	link->wire = NULL;
	link->busy++;
	while (link->members) {
		struct channel *channel = link->members;
		// The server may end a connection whenever it likes: no failure of its, once it has
		// answered on it.
		bool is_stale = link->answered && event == CHANNEL_RESET;
		leave(channel);
		channel->on_event(channel->arg, is_stale ? CHANNEL_STALE : event, NULL, 0,
				  &channel->server);
	}
	link->busy--;
	free_if_over(link);
}

static void say(struct tls_link *link, const char *why)
{
	struct socket_transport *sockets = link->sockets;
	char address[INET6_ADDRSTRLEN], text[320];
	uint64_t now_us = socket_now_us();

	if (!sockets->config.say ||
	    (sockets->tls->said_us && now_us - sockets->tls->said_us < TLS_SAY_MS * 1000))
		return;
	sockets->tls->said_us = now_us;
	inet_ntop(link->server.family == 4 ? AF_INET : AF_INET6, link->server.bytes, address,
		  sizeof(address));
	snprintf(text, sizeof(text), "%s port %u is not asked over TLS: %s", address, link->port,
		 why);
	sockets->config.say(sockets->config.say_arg, text);
}

static void distrust(struct tls_link *link, const char *why)
{
	struct tls *tls = link->sockets->tls;

	tls->counters.untrusted++;
	tls_session_forget(tls, link);
	say(link, why);
	end_link(link, CHANNEL_UNTRUSTED);
}

// ---- bytes ----

// What the socket does not take now waits for it. A connection that has failed says so by itself.
static void flush(struct tls_link *link)
{
	bool wants_out = false;
	char *data, sent_already[4096];
	long len;

	while ((len = BIO_get_mem_data(link->out, &data)) > 0) {
		ssize_t sent = send(link->wire->fd, data, (size_t)len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0) {
			wants_out = errno == EAGAIN;
			break;
		}
		while (sent > 0) // moves on within the memory
			sent -= BIO_read(link->out, sent_already,
					 sent < (ssize_t)sizeof(sent_already)
						 ? (int)sent
						 : (int)sizeof(sent_already));
	}
	if (wants_out == link->watches_out)
		return;
	link->watches_out = wants_out;
	if (socket_watch(link->wire, EPOLLIN | (wants_out ? EPOLLOUT : 0), false) != 0)
		link->resting = true;
}

static void deliver(struct tls_link *link, uint8_t *message, size_t len)
{
	struct channel *channel = len >= HEADER_LEN ? member_with(link, header_id(message)) : NULL;

	link->answered = true;
	if (!channel) { // of somebody who has gone
		link->unasked++;
		return;
	}
	link->unasked = 0;
	link->useless = 0;
	channel->answered = true;
	wire_put16(message, channel->own_id);
	channel->on_event(channel->arg, CHANNEL_MESSAGE, message, len, &channel->server);
}

static void take_messages(struct tls_link *link, const uint8_t *data, size_t len)
{
	while (len > 0 && link->state != LINK_OVER) {
		uint8_t *message;
		size_t message_len;
		long taken = frames_take(&link->frames, data, len, &message, &message_len);

		if (taken < 0) {
			end_link(link, CHANNEL_NO_RESOURCE);
			return;
		}
		if (message)
			deliver(link, message, message_len);
		data += taken;
		len -= (size_t)taken;
	}
}

static void read_messages(struct tls_link *link)
{
	uint8_t plain[16384]; // a record holds no more
	int len;

	while (link->state == LINK_OPEN) {
		ERR_clear_error();
		len = SSL_read(link->ssl, plain, sizeof(plain));
		if (len > 0) {
			take_messages(link, plain, (size_t)len);
			continue;
		}
		if (SSL_get_error(link->ssl, len) != SSL_ERROR_WANT_READ)
			end_link(link, CHANNEL_RESET);
		return;
	}
}

// ---- the handshake ----

static void tell_connected(struct tls_link *link)
{
	for (struct channel *channel = link->members; channel; channel = channel->next_member)
		socket_tell_later(channel, CHANNEL_CONNECTED);
}

static void handshake_failed(struct tls_link *link)
{
	long verdict = SSL_get_verify_result(link->ssl);

	if (link->peer->name[0] != '\0' && verdict != X509_V_OK) {
		distrust(link, X509_verify_cert_error_string(verdict));
		return;
	}
	tls_session_forget(link->sockets->tls, link); // it may be what the server stumbles over
	end_link(link, CHANNEL_RESET);
}

// XXX: on the control core. A whole handshake with P-256 takes as long as eight verifications of a
// signature, a resumed one as long as three; all but a sliver of it at once. There are at most four
// connections to a server, each for hundreds of questions, so that nothing else notices; it would if
// many servers that end every connection were asked over TLS.
static void shake_hands(struct tls_link *link)
{
	struct tls *tls = link->sockets->tls;
	const char *why = "";

	ERR_clear_error();
	int done = SSL_do_handshake(link->ssl);
	flush(link);
	if (done != 1) {
		if (SSL_get_error(link->ssl, done) != SSL_ERROR_WANT_READ)
			handshake_failed(link);
		return;
	}
	if (!tls_is_trusted(link, &why)) {
		distrust(link, why);
		return;
	}
	tls->counters.handshakes++;
	tls->counters.resumed += SSL_session_reused(link->ssl) == 1;
	link->state = LINK_OPEN;
	link->useless = 0;
	tell_connected(link);
}

static bool asks_too_much(const struct tls_link *link)
{
	return link->useless > (link->state == LINK_OPEN ? TLS_USELESS_MAX : TLS_SHAKING_MAX) ||
	       link->unasked > TLS_UNASKED_MAX || BIO_ctrl_pending(link->out) > 2 * TLS_OUT_MAX;
}

static void advance(struct tls_link *link)
{
	if (link->state == LINK_SHAKING)
		shake_hands(link);
	if (link->state == LINK_OPEN)
		read_messages(link);
	if (link->state == LINK_OPEN)
		flush(link); // answers to what the other side asked of TLS itself
	if (link->state != LINK_OVER && asks_too_much(link))
		end_link(link, CHANNEL_RESET);
}

static void finish_connecting(struct tls_link *link)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(link->wire->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error) {
		end_link(link, socket_event_of_error(error, true));
		return;
	}
	link->state = LINK_SHAKING;
	advance(link);
}

static void receive(struct tls_link *link)
{
	struct socket_transport *sockets = link->sockets;

	for (int i = 0; i < TLS_BURST && link->state != LINK_OVER; i++) {
		ssize_t len = recv(link->wire->fd, sockets->buf, sizeof(sockets->buf), 0);

		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (len <= 0) {
			end_link(link,
				 len < 0 ? socket_event_of_error(errno, true) : CHANNEL_RESET);
			return;
		}
		link->heard_us = socket_now_us();
		link->useless += (size_t)len;
		if (BIO_write(link->in, sockets->buf, (int)len) != len) {
			end_link(link, CHANNEL_NO_RESOURCE);
			return;
		}
		advance(link);
	}
}

void tls_ready(struct channel *wire, uint32_t epoll_events)
{
	struct tls_link *link = wire->link;

	link->busy++;
	if (link->state == LINK_CONNECTING)
		finish_connecting(link);
	else if (epoll_events & EPOLLOUT)
		flush(link);
	if (link->state > LINK_CONNECTING && link->state != LINK_OVER &&
	    (epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		receive(link);
	link->busy--;
	free_if_over(link);
}

// ---- time ----

// RFC 7766 §6.2.4: who ends a connection says so. What the kernel does not take at once is not
// said.
static void say_goodbye(struct tls_link *link)
{
	if (link->state != LINK_OPEN)
		return;
	ERR_clear_error();
	SSL_shutdown(link->ssl);
	flush(link);
}

static void on_tick(uv_timer_t *timer)
{
	struct socket_transport *sockets = timer->data;
	struct tls *tls = sockets->tls;
	uint64_t now_us = socket_now_us();
	struct tls_link *next;

	for (struct tls_link *link = tls->links; link; link = next) {
		uint64_t age_ms = (now_us - link->since_us) / 1000;
		next = link->next;
		if (link->state != LINK_OPEN ? age_ms >= TLS_HANDSHAKE_MS
					     : link->member_count == 0 && age_ms >= TLS_IDLE_MS) {
			say_goodbye(link);
			end_link(link, CHANNEL_RESET);
			next = tls->links; // owners have been told, and may have done anything
		}
	}
	if (tls->links)
		uv_timer_start(timer, on_tick, TLS_TICK_MS, 0);
}

// ---- open, send, close ----

static bool is_to(const struct tls_link *link, const struct address *server, uint16_t port,
		  const struct tls_peer *peer)
{
	return link->peer == peer && link->port == port &&
	       server_address_equal(&link->server, server);
}

static void drop_oldest_idle(struct tls *tls)
{
	struct tls_link *oldest = NULL;

	for (struct tls_link *link = tls->links; link; link = link->next) {
		if (link->member_count == 0 && (!oldest || link->since_us < oldest->since_us))
			oldest = link;
	}
	if (!oldest)
		return;
	say_goodbye(oldest);
	end_link(oldest, CHANNEL_RESET);
}

// *event: why not, when NULL comes back.
static struct tls_link *new_link(struct socket_transport *sockets, const struct address *server,
				 uint16_t port, const struct tls_peer *peer,
				 enum channel_event *event)
{
	struct tls *tls = sockets->tls;
	int fd;

	*event = CHANNEL_NO_RESOURCE;
	if (tls->link_count >= TLS_LINKS_MAX)
		drop_oldest_idle(tls);
	if (tls->link_count >= TLS_LINKS_MAX)
		return NULL;
	fd = tcp_connect(sockets, server, port);
	if (fd < 0) {
		*event = socket_event_of_error(-fd, true);
		return NULL;
	}
	struct tls_link *link = calloc(1, sizeof(*link));
	struct channel *wire = link ? channel_new(sockets, fd, CHANNEL_LINK) : NULL;
	if (!wire) {
		close(fd);
		free(link);
		return NULL;
	}
	*link = (struct tls_link){.sockets = sockets,
				  .wire = wire,
				  .server = *server,
				  .port = port,
				  .peer = peer,
				  .watches_out = true,
				  .since_us = socket_now_us(),
				  .vouched_us = socket_now_us()};
	wire->link = link;
	link->ssl = tls_ssl_new(link);
	if (!link->ssl || socket_watch(wire, EPOLLOUT, true) != 0) {
		free_link(link);
		return NULL;
	}
	link->next = tls->links;
	tls->links = link;
	tls->link_count++;
	if (!uv_is_active((uv_handle_t *)&tls->timer))
		uv_timer_start(&tls->timer, on_tick, TLS_TICK_MS, 0);
	return link;
}

static struct tls_link *find_link(struct tls *tls, const struct address *server, uint16_t port,
				  const struct tls_peer *peer, unsigned *count)
{
	struct tls_link *found = NULL;

	*count = 0;
	for (struct tls_link *link = tls->links; link; link = link->next) {
		if (!is_to(link, server, port, peer))
			continue;
		(*count)++;
		if (!link->resting && link->member_count < TLS_QUESTIONS_MAX &&
		    (!found || link->member_count < found->member_count))
			found = link;
	}
	return found;
}

struct channel *tls_open(struct socket_transport *sockets, const struct address *server,
			 uint16_t port, const struct tls_peer *peer)
{
	enum channel_event event = CHANNEL_NO_RESOURCE;
	struct channel *channel;
	unsigned count;

	if (!sockets->tls)
		return NULL;
	struct tls_link *link = find_link(sockets->tls, server, port, peer, &count);
	if (!link && count >= TLS_LINKS_SERVER_MAX)
		return NULL;
	channel = channel_new(sockets, -1, CHANNEL_TLS);
	if (!channel)
		return NULL;
	if (!link)
		link = new_link(sockets, server, port, peer, &event);
	if (link)
		join(link, channel);
	if (!link)
		socket_tell_later(channel, event);
	else if (link->state == LINK_OPEN)
		socket_tell_later(channel, CHANNEL_CONNECTED);
	return channel;
}

static void name_question(struct tls_link *link, struct channel *channel)
{
	while (member_with(link, link->next_id)) // at most TLS_QUESTIONS_MAX
		link->next_id++;
	channel->wire_id = link->next_id++;
}

int tls_send(struct channel *channel, const uint8_t *data, size_t len)
{
	struct tls_link *link = channel->link;
	uint8_t out[LENGTH_BYTES + 2048];

	if (!link || link->state != LINK_OPEN)
		return -ENOTCONN;
	if (len < HEADER_LEN || len > sizeof(out) - LENGTH_BYTES)
		return -EMSGSIZE;
	if (BIO_ctrl_pending(link->out) > TLS_OUT_MAX) { // it does not read
		link->resting = true;
		return -ECONNRESET;
	}
	name_question(link, channel);
	channel->asked = true;
	channel->asked_us = socket_now_us();
	channel->answered = false;
	channel->own_id = header_id(data);
	wire_put16(out, (uint16_t)len);
	memcpy(out + LENGTH_BYTES, data, len);
	wire_put16(out + LENGTH_BYTES, channel->wire_id);
	ERR_clear_error();
	if (SSL_write(link->ssl, out, (int)(LENGTH_BYTES + len)) <= 0)
		return -ECONNRESET;
	flush(link);
	return 0;
}

static bool was_silent(const struct tls_link *link, const struct channel *channel)
{
	return channel->asked && !channel->answered && link->heard_us < channel->asked_us &&
	       socket_now_us() - channel->asked_us >= TLS_SILENT_US;
}

void tls_close(struct channel *channel)
{
	struct tls_link *link = channel->link;

	if (link) {
		leave(channel);
		link->resting |= was_silent(link, channel);
		if (link->member_count == 0 && link->state == LINK_OPEN)
			link->since_us = socket_now_us();
		if (link->member_count == 0 && link->resting && link->state != LINK_OVER)
			end_link(link, CHANNEL_RESET);
		else
			free_if_over(link);
	}
	channel_free(channel);
}

void tls_end_all(struct socket_transport *sockets)
{
	struct tls_link *next;

	for (struct tls_link *link = sockets->tls->links; link; link = next) {
		next = link->next;
		while (link->members)
			leave(link->members);
		free_link(link);
	}
	sockets->tls->links = NULL;
}
