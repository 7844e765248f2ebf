#include "control/listen/connection.h"

#include "dataplane/dns/header.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 65535
#define QUESTION_BYTES_MAX 4096 // no question is longer; what is, ends the connection
#define UNSENT_MAX (256u << 10)  // bytes a client may leave unread before its questions wait

struct connection {
	struct connection *older, *newer;
	struct listener *listener;
	uv_tcp_t stream;
	uv_timer_t idle;
	struct address client;
	unsigned references; // two handles and the questions under way
	unsigned pending;    // questions under way
	bool reading, closing;
	size_t len;
	uint8_t buffer[2 + QUESTION_BYTES_MAX];
};

// A question that control resolves; it outlives its connection.
struct asked {
	struct connection *connection;
	struct ticket_question question;
};

// ---- the list, oldest first ----

static void list_append(struct connection *connection)
{
	struct listener *listener = connection->listener;

	connection->newer = NULL;
	connection->older = listener->newest;
	if (listener->newest)
		listener->newest->newer = connection;
	else
		listener->oldest = connection;
	listener->newest = connection;
}

static void list_remove(struct connection *connection)
{
	struct listener *listener = connection->listener;

	if (connection->older)
		connection->older->newer = connection->newer;
	else
		listener->oldest = connection->newer;
	if (connection->newer)
		connection->newer->older = connection->older;
	else
		listener->newest = connection->older;
}

// ---- life ----

static void release(struct connection *connection)
{
	struct listener *listener = connection->listener;

	if (--connection->references > 0)
		return;
	list_remove(connection);
	listener->connection_count--;
	free(connection);
	listener_release(listener);
}

static void handle_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static void connection_close(struct connection *connection)
{
	if (connection->closing)
		return;
	connection->closing = true;
	uv_close((uv_handle_t *)&connection->stream, handle_closed);
	uv_close((uv_handle_t *)&connection->idle, handle_closed);
}

void connection_close_all(struct listener *listener)
{
	for (struct connection *c = listener->oldest; c; c = c->newer)
		connection_close(c);
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
	if (listener->connection_count > LISTENER_CONNECTIONS_MAX * 3 / 4)
		return LISTENER_IDLE_MS / 10;
	return LISTENER_IDLE_MS;
}

static void touch(struct connection *connection)
{
	list_remove(connection);
	list_append(connection);
	uv_timer_start(&connection->idle, idle_over, idle_ms(connection->listener), LISTENER_IDLE_MS);
}

// ---- answers ----

struct outgoing {
	uv_write_t request;
	uint8_t data[];
};

static void read_on(struct connection *connection);

static void written(uv_write_t *request, int status)
{
	struct connection *connection = request->data;

	free(request);
	if (status != 0)
		connection_close(connection);
	else
		read_on(connection);
}

static void send_reply(struct connection *connection, const uint8_t *reply, size_t len)
{
	struct outgoing *out = malloc(sizeof(*out) + 2 + len);
	uv_buf_t buffer;

	if (!out || connection->closing) {
		free(out);
		return;
	}
	wire_put16(out->data, (uint16_t)len);
	memcpy(out->data + 2, reply, len);
	out->request.data = connection;
	buffer = uv_buf_init((char *)out->data, (unsigned)(2 + len));
	if (uv_write(&out->request, (uv_stream_t *)&connection->stream, &buffer, 1, written) != 0) {
		free(out);
		connection_close(connection);
		return;
	}
	connection->listener->counters.answered++;
}

static void resolved(void *arg, struct store_result *result)
{
	static uint8_t reply[MESSAGE_MAX]; // control is one thread
	struct asked *asked = arg;
	struct connection *connection = asked->connection;
	struct store *store = connection->listener->store;
	struct store_clock now;
	size_t len;

	connection->pending--;
	if (!connection->closing && result) {
		store_get_clock(store, &now);
		len = store_render(store, &asked->question, result, &now,
				   (uint32_t)connection->listener->counters.answered, reply,
				   sizeof(reply));
		if (len > 0)
			send_reply(connection, reply, len);
		read_on(connection);
	}
	if (result)
		store_result_unref(store, result);
	free(asked);
	release(connection);
}

static void answer_failure(struct connection *connection, const struct asked *asked)
{
	static uint8_t reply[MESSAGE_MAX];
	struct store *store = connection->listener->store;
	struct store_result *result =
		store_result_error(store, RCODE_SERVFAIL, EDE_OTHER, "too many questions");
	struct store_clock now;
	size_t len;

	if (!result)
		return;
	store_get_clock(store, &now);
	len = store_render(store, &asked->question, result, &now, 0, reply, sizeof(reply));
	store_result_unref(store, result);
	if (len > 0)
		send_reply(connection, reply, len);
}

static void ask(struct connection *connection, const struct serve *serve)
{
	struct listener *listener = connection->listener;
	struct asked *asked = malloc(sizeof(*asked));

	if (!asked) {
		listener->counters.dropped++;
		return;
	}
	asked->connection = connection;
	store_question_of(serve, &asked->question);
	connection->pending++;
	connection->references++;
	if (listener->ask(listener->ask_arg, &asked->question, resolved, asked) == 0)
		return;
	answer_failure(connection, asked);
	connection->pending--;
	release(connection);
	free(asked);
}

static void answer_question(struct connection *connection, uint8_t *message, size_t len)
{
	static uint8_t reply[MESSAGE_MAX];
	struct listener *listener = connection->listener;
	struct store_clock now;
	struct serve serve = {.client = &connection->client, .tcp = true,
			      .rotation = (uint32_t)listener->counters.queries};

	store_get_clock(listener->store, &now);
	serve.now_ms = now.now_ms;
	serve.now_s = now.now_s;
	serve.clock_trusted = now.trusted;
	listener->counters.queries++;
	switch (store_serve_query(listener->store, message, len, &serve, reply, sizeof(reply))) {
	case SERVE_REPLY:
		send_reply(connection, reply, serve.reply_len);
		break;
	case SERVE_MISS:
		ask(connection, &serve);
		break;
	case SERVE_DROP:
		listener->counters.dropped++;
		connection_close(connection);
		break;
	}
}

// ---- questions ----

static bool may_take_more(const struct connection *connection)
{
	return !connection->closing && connection->pending < LISTENER_PIPELINE_MAX &&
	       uv_stream_get_write_queue_size((const uv_stream_t *)&connection->stream) < UNSENT_MAX;
}

static void take_questions(struct connection *connection)
{
	while (may_take_more(connection) && connection->len >= 2) {
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
	if (len < 0) {
		connection_close(connection);
		return;
	}
	connection->len += (size_t)len;
	read_on(connection);
}

// Takes what is buffered; reads from the socket only while more may be taken, so that a client that
// does not read its answers stops itself.
static void read_on(struct connection *connection)
{
	bool more;

	take_questions(connection);
	if (connection->closing)
		return;
	more = may_take_more(connection) && connection->len < sizeof(connection->buffer);
	if (more && !connection->reading)
		uv_read_start((uv_stream_t *)&connection->stream, give_room, received);
	else if (!more && connection->reading)
		uv_read_stop((uv_stream_t *)&connection->stream);
	connection->reading = more;
}

static void client_address(struct connection *connection)
{
	struct sockaddr_storage peer;
	int len = sizeof(peer);

	if (uv_tcp_getpeername(&connection->stream, (struct sockaddr *)&peer, &len) != 0)
		return;
	if (peer.ss_family == AF_INET) {
		connection->client.family = 4;
		memcpy(connection->client.bytes, &((struct sockaddr_in *)&peer)->sin_addr, 4);
	} else {
		connection->client.family = 6;
		memcpy(connection->client.bytes, &((struct sockaddr_in6 *)&peer)->sin6_addr, 16);
	}
}

// When all places are taken the connection that has been quiet longest gives way.
static bool make_room(struct listener *listener)
{
	if (listener->connection_count < LISTENER_CONNECTIONS_MAX)
		return true;
	for (struct connection *c = listener->oldest; c; c = c->newer) {
		if (c->pending > 0 || c->closing)
			continue;
		listener->counters.displaced++;
		connection_close(c);
		return true;
	}
	return false;
}

void connection_accept(struct listener *listener, uv_stream_t *socket)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	bool room;

	if (!connection)
		return;
	room = make_room(listener);
	connection->listener = listener;
	connection->references = 2;
	uv_tcp_init(listener->loop, &connection->stream);
	uv_timer_init(listener->loop, &connection->idle);
	connection->stream.data = connection->idle.data = connection;
	listener->connection_count++;
	list_append(connection);
	if (uv_accept(socket, (uv_stream_t *)&connection->stream) != 0 || !room) {
		listener->counters.refused++;
		connection_close(connection);
		return;
	}
	listener->counters.accepted++;
	uv_tcp_nodelay(&connection->stream, 1);
	client_address(connection);
	touch(connection);
	read_on(connection);
}
