#include "control/listen/connection.h"

#include "control/descriptors.h"
#include "dataplane/dns/header.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX        65535
#define QUESTION_BYTES_MAX 4096        // no question is longer; what is, ends the connection
#define UNSENT_MAX         (64u << 10) // bytes a client may leave unread before its questions wait

struct connection {
	struct connection *older, *newer; // in one of the listener's lists
	struct listener *listener;
	uv_tcp_t stream;
	uv_timer_t idle;
	struct address client;
	unsigned open_handles;
	struct asked *asked; // questions under way
	unsigned pending;    // how many
	bool reading;
	bool ended;   // the client sends no more, but waits for what it has asked
	bool closing; // in no list, and no question knows it any more
	size_t len;
	uint8_t buffer[2 + QUESTION_BYTES_MAX];
};

// A question that control resolves. It cannot be called back and outlives its connection.
struct asked {
	struct asked *next, *former;
	struct listener *listener;
	struct connection *connection; // NULL once that is closed
	struct ticket_question question;
};

static uint8_t reply_buffer[MESSAGE_MAX]; // control is one thread, and a reply is copied at once

// ---- the lists, oldest first ----

static struct connection_list *list_of(const struct connection *connection)
{
	struct listener *listener = connection->listener;

	// A client that has hung up looks like one that has closed its side only: neither holds
	// its place against others.
	return connection->pending > 0 && !connection->ended ? &listener->busy : &listener->quiet;
}

static void list_append(struct connection *connection)
{
	struct connection_list *list = list_of(connection);

	connection->newer = NULL;
	connection->older = list->newest;
	if (list->newest)
		list->newest->newer = connection;
	else
		list->oldest = connection;
	list->newest = connection;
}

static void list_remove(struct connection *connection)
{
	struct connection_list *list = list_of(connection);

	if (connection->older)
		connection->older->newer = connection->newer;
	else
		list->oldest = connection->newer;
	if (connection->newer)
		connection->newer->older = connection->older;
	else
		list->newest = connection->older;
}

// ---- questions under way ----

static struct asked *asked_new(struct connection *connection, const struct serve *serve)
{
	struct asked *asked = calloc(1, sizeof(*asked));

	if (!asked)
		return NULL;
	store_question_of(serve, &asked->question);
	asked->listener = connection->listener;
	asked->listener->references++;
	asked->connection = connection;
	asked->next = connection->asked;
	if (asked->next)
		asked->next->former = asked;
	connection->asked = asked;
	list_remove(connection);
	connection->pending++;
	list_append(connection);
	return asked;
}

static void asked_free(struct asked *asked)
{
	struct connection *connection = asked->connection;

	if (connection) {
		if (asked->former)
			asked->former->next = asked->next;
		else
			connection->asked = asked->next;
		if (asked->next)
			asked->next->former = asked->former;
		list_remove(connection);
		connection->pending--;
		list_append(connection);
	}
	listener_release(asked->listener);
	free(asked);
}

// ---- life ----

static void handle_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;

	if (--connection->open_handles > 0)
		return;
	listener_release(connection->listener);
	free(connection);
}

// Its place is free at once; its memory goes when the loop has let go of it. Questions under way go
// on without it: a client that hangs up must not hold a place until they end.
static void connection_close(struct connection *connection)
{
	if (connection->closing)
		return;
	connection->closing = true;
	list_remove(connection);
	connection->listener->connection_count--;
	for (struct asked *asked = connection->asked; asked; asked = asked->next)
		asked->connection = NULL;
	connection->asked = NULL;
	uv_close((uv_handle_t *)&connection->stream, handle_closed);
	uv_close((uv_handle_t *)&connection->idle, handle_closed);
}

void connection_close_all(struct listener *listener)
{
	while (listener->quiet.oldest)
		connection_close(listener->quiet.oldest);
	while (listener->busy.oldest)
		connection_close(listener->busy.oldest);
}

static void idle_over(uv_timer_t *timer)
{
	struct connection *connection = timer->data;

	if (connection->pending > 0) // our own slowness is not the client's
		return;
	connection->listener->counters.timed_out++;
	connection_close(connection);
}

// The time to send the next question shrinks as connections run short (RFC 7766 §6.2.3).
static uint64_t idle_ms(const struct listener *listener)
{
	if (listener->connection_count > listener->connections_max / 4 * 3)
		return listener->idle_ms / 10;
	return listener->idle_ms;
}

// A whole question came or a whole answer went: single bytes are no sign of life (ATTACKS G1).
static void touch(struct connection *connection)
{
	uint64_t limit_ms = idle_ms(connection->listener);

	list_remove(connection);
	list_append(connection);
	uv_timer_start(&connection->idle, idle_over, limit_ms, limit_ms);
}

// ---- answers ----

struct outgoing {
	uv_write_t request;
	size_t len;
	uint8_t data[];
};

static void read_on(struct connection *connection);

static size_t unsent(const struct connection *connection)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&connection->stream);
}

static void written(uv_write_t *request, int status)
{
	struct connection *connection = request->data;
	struct outgoing *out = (struct outgoing *)request;

	connection->listener->unsent -= out->len;
	free(out);
	if (connection->closing)
		return;
	if (status != 0) {
		connection_close(connection);
		return;
	}
	touch(connection);
	read_on(connection);
}

static struct outgoing *outgoing_new(struct connection *connection, size_t len)
{
	struct outgoing *out = malloc(sizeof(*out) + 2 + len);

	if (!out)
		return NULL;
	out->len = 2 + len;
	out->request.data = connection;
	wire_put16(out->data, (uint16_t)len);
	memcpy(out->data + 2, reply_buffer, len);
	return out;
}

// Sends len bytes of reply_buffer.
static void send_reply(struct connection *connection, size_t len)
{
	struct listener *listener = connection->listener;
	struct outgoing *out;
	uv_buf_t buffer;

	if (unsent(connection) > 0 && listener->unsent + len > listener->unsent_max) {
		listener->counters.unread++;
		connection_close(connection);
		return;
	}
	out = outgoing_new(connection, len);
	if (!out) {
		listener->counters.dropped++;
		connection_close(connection);
		return;
	}
	buffer = uv_buf_init((char *)out->data, (unsigned)out->len);
	if (uv_write(&out->request, (uv_stream_t *)&connection->stream, &buffer, 1, written) != 0) {
		free(out);
		connection_close(connection);
		return;
	}
	listener->unsent += out->len;
	listener->counters.answered++;
}

// A client that would wait in vain is better off with a closed connection.
static void send_rendered(struct connection *connection, size_t len)
{
	if (len > 0) {
		send_reply(connection, len);
		return;
	}
	connection->listener->counters.dropped++;
	connection_close(connection);
}

static size_t render(const struct asked *asked, const struct store_result *result)
{
	struct store *store = asked->listener->store;
	uint32_t rotation = (uint32_t)asked->listener->counters.answered;
	struct store_clock now;

	store_get_clock(store, &now);
	return store_render(store, &asked->question, result, &now, rotation, reply_buffer,
			    sizeof(reply_buffer));
}

static void resolved(void *arg, struct store_result *result)
{
	struct asked *asked = arg;
	struct connection *connection = asked->connection;
	size_t len = connection ? render(asked, result) : 0;

	if (result)
		store_result_unref(asked->listener->store, result);
	asked_free(asked);
	if (!connection)
		return;
	send_rendered(connection, len);
	if (!connection->closing)
		read_on(connection);
}

// Nobody can be asked now: what is allowed to be stale, or SERVFAIL.
static size_t render_refusal(const struct asked *asked, const struct serve *serve)
{
	struct store *store = asked->listener->store;
	struct store_result *result;
	size_t len;

	if (serve->lookup.stale_count > 0) {
		len = store_render_stale(store, serve, reply_buffer, sizeof(reply_buffer));
		if (len > 0) {
			asked->listener->counters.stale++;
			return len;
		}
	}
	asked->listener->counters.failed++;
	result = store_result_error(store, RCODE_SERVFAIL, EDE_OTHER, "too many questions");
	len = render(asked, result);
	if (result)
		store_result_unref(store, result);
	return len;
}

static void ask(struct connection *connection, const struct serve *serve)
{
	struct listener *listener = connection->listener;
	struct asked *asked = asked_new(connection, serve);
	size_t len;

	if (!asked) {
		send_rendered(connection, 0);
		return;
	}
	if (listener->ask(listener->ask_arg, &asked->question, resolved, asked) == 0)
		return;
	len = render_refusal(asked, serve);
	asked_free(asked);
	send_rendered(connection, len);
}

static void count_outcome(struct listener_counters *counters, enum serve_outcome outcome)
{
	counters->cached += outcome == OUTCOME_POSITIVE || outcome == OUTCOME_NODATA ||
			    outcome == OUTCOME_NXDOMAIN;
	counters->stale += outcome == OUTCOME_STALE;
	counters->failed += outcome == OUTCOME_FAILURE;
}

static void answer_question(struct connection *connection, uint8_t *message, size_t len)
{
	struct listener *listener = connection->listener;
	struct serve serve = {.client = &connection->client,
			      .tcp = true,
			      .rotation = (uint32_t)listener->counters.queries};
	struct store_clock now;

	store_get_clock(listener->store, &now);
	serve.now_ms = now.now_ms;
	serve.now_s = now.now_s;
	serve.clock_trusted = now.trusted;
	listener->counters.queries++;
	switch (store_serve_query(listener->store, message, len, &serve, reply_buffer,
				  sizeof(reply_buffer))) {
	case SERVE_REPLY:
		count_outcome(&listener->counters, serve.outcome);
		send_reply(connection, serve.reply_len);
		break;
	case SERVE_MISS:
		ask(connection, &serve);
		break;
	case SERVE_DROP:
		send_rendered(connection, 0);
		break;
	}
}

// ---- questions ----

static bool may_take_more(const struct connection *connection)
{
	return connection->pending < LISTENER_PIPELINE_MAX && unsent(connection) < UNSENT_MAX;
}

static void take_questions(struct connection *connection)
{
	while (!connection->closing && connection->len >= 2 && may_take_more(connection)) {
		size_t len = wire_get16(connection->buffer);

		if (len < HEADER_LEN || len > QUESTION_BYTES_MAX) {
			connection->listener->counters.malformed++;
			connection_close(connection);
			return;
		}
		if (connection->len < 2 + len)
			return;
		touch(connection);
		answer_question(connection, connection->buffer + 2, len);
		connection->len -= 2 + len;
		memmove(connection->buffer, connection->buffer + 2 + len, connection->len);
	}
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct connection *connection = handle->data;

	(void)suggested;
	*buffer = uv_buf_init((char *)connection->buffer + connection->len,
			      (unsigned)(sizeof(connection->buffer) - connection->len));
}

static void received(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
	struct connection *connection = stream->data;

	(void)buffer;
	if (len >= 0) {
		connection->len += (size_t)len;
	} else if (len == UV_EOF) {
		list_remove(connection);
		connection->ended = true;
		list_append(connection);
	} else {
		connection_close(connection);
	}
	if (!connection->closing)
		read_on(connection);
}

static void read_or_not(struct connection *connection, bool wanted)
{
	if (wanted == connection->reading)
		return;
	if (!wanted)
		uv_read_stop((uv_stream_t *)&connection->stream);
	else if (uv_read_start((uv_stream_t *)&connection->stream, give_room, received) != 0)
		connection_close(connection);
	connection->reading = wanted;
}

// Takes what is buffered; reads from the socket only while more may be taken, so that a client that
// does not read its answers stops itself.
static void read_on(struct connection *connection)
{
	take_questions(connection);
	if (connection->closing)
		return;
	if (connection->ended && connection->pending == 0 && unsent(connection) == 0) {
		connection_close(connection);
		return;
	}
	// With room for more to take, the buffer holds less than one question and is never full.
	read_or_not(connection, !connection->ended && may_take_more(connection));
}

static int client_address(struct connection *connection)
{
	struct sockaddr_storage peer;
	int len = sizeof(peer);
	int status = uv_tcp_getpeername(&connection->stream, (struct sockaddr *)&peer, &len);

	if (status != 0)
		return status;
	if (peer.ss_family == AF_INET) {
		connection->client.family = 4;
		memcpy(connection->client.bytes, &((struct sockaddr_in *)&peer)->sin_addr, 4);
	} else {
		connection->client.family = 6;
		memcpy(connection->client.bytes, &((struct sockaddr_in6 *)&peer)->sin6_addr, 16);
	}
	return 0;
}

// When all places are taken the connection that has been quiet longest gives way; when none is
// quiet, the one that has waited longest: a newcomer's question may be one that the cache answers.
static void make_room(struct listener *listener)
{
	struct connection *oldest = listener->quiet.oldest;

	if (listener->connection_count < listener->connections_max &&
	    !(listener->descriptors_short && listener->connection_count > 0))
		return;
	listener->counters.displaced++;
	connection_close(oldest ? oldest : listener->busy.oldest);
}

// The descriptors from here on are for questions to servers, and for ourselves. The next one finds
// the place of whoever gives way to it.
static bool takes_anothers_descriptor(struct connection *connection)
{
	uv_os_fd_t fd;

	connection->listener->descriptors_short =
		uv_fileno((uv_handle_t *)&connection->stream, &fd) == 0 &&
		((unsigned)fd >= descriptors_bound(DESCRIPTORS_CLIENTS) || descriptors_hold() < 0);
	return connection->listener->descriptors_short;
}

static struct connection *connection_new(struct listener *listener)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->listener = listener;
	listener->references++;
	connection->open_handles = 2;
	uv_tcp_init(listener->loop, &connection->stream); // makes no socket: cannot fail
	uv_timer_init(listener->loop, &connection->idle);
	connection->stream.data = connection->idle.data = connection;
	make_room(listener);
	listener->connection_count++;
	list_append(connection);
	return connection;
}

void connection_accept(struct listener *listener, uv_stream_t *socket)
{
	struct connection *connection = connection_new(listener);

	if (!connection) {
		// XXX: libuv takes no further connection from a socket whose last one was not
		// accepted. Linux hands out memory beyond what it has, so this is as likely as
		// being killed for want of it.
		listener->counters.refused++;
		return;
	}
	if (uv_accept(socket, (uv_stream_t *)&connection->stream) != 0 ||
	    takes_anothers_descriptor(connection) || client_address(connection) != 0) {
		listener->counters.refused++;
		connection_close(connection);
		return;
	}
	listener->counters.accepted++;
	uv_tcp_nodelay(&connection->stream, 1);
	touch(connection);
	read_on(connection);
}
