#include "tests/lab/relay/relay.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS = 128,
	IDLE_MS = 15000,
	PREFIX_LEN = 2, // length before each message (RFC 1035 §4.2.2)
	BACKLOG = 128,
};

enum state {
	STATE_FREE,
	STATE_READ_QUERY,
	STATE_ASK,
	STATE_READ_REPLY,
	STATE_HOLD,
	STATE_WRITE_REPLY,
};

// A length prefix and a message, and how much of them is done.
struct buffer {
	size_t done;
	uint8_t bytes[PREFIX_LEN + MESSAGE_MAX];
};

// One client's connection and ours to the authority; one question at a time, the others wait
// in the kernel. Both sockets are edge-triggered: every event just calls connection_step().
struct connection {
	struct watcher watcher;
	enum state state;
	struct endpoint *endpoint;
	int client_fd;
	int server_fd;
	struct verdict verdict;
	uint64_t due_ms;
	uint64_t active_ms;
	struct buffer query;
	struct buffer reply;
};

static struct connection connections[CONNECTIONS];

static size_t message_len(const struct buffer *buffer)
{
	return get16(buffer->bytes);
}

static void connection_close(struct connection *connection)
{
	close(connection->client_fd);
	if (connection->server_fd >= 0)
		close(connection->server_fd);
	connection->state = STATE_FREE;
}

// 0 when a whole message is in, -EAGAIN, or another error, which ends the connection.
static int buffer_read(struct buffer *buffer, int fd)
{
	for (;;) {
		size_t want = PREFIX_LEN;
		if (buffer->done >= PREFIX_LEN)
			want += message_len(buffer);
		if (buffer->done > PREFIX_LEN && buffer->done == want)
			return 0;
		if (buffer->done == PREFIX_LEN && want == PREFIX_LEN)
			return -EBADMSG;
		const ssize_t got = recv(fd, buffer->bytes + buffer->done, want - buffer->done, 0);
		if (got == 0)
			return -EPIPE;
		if (got < 0)
			return -errno;
		buffer->done += (size_t)got;
	}
}

static int buffer_write(struct buffer *buffer, int fd)
{
	const size_t want = PREFIX_LEN + message_len(buffer);
	while (buffer->done < want) {
		const ssize_t sent =
			send(fd, buffer->bytes + buffer->done, want - buffer->done, MSG_NOSIGNAL);
		if (sent < 0)
			// Still connecting is the same as a full buffer: an event follows.
			return errno == ENOTCONN || errno == EINPROGRESS ? -EAGAIN : -errno;
		buffer->done += (size_t)sent;
	}
	return 0;
}

static int server_connect(struct connection *connection)
{
	const struct endpoint *endpoint = connection->endpoint;
	if (connection->server_fd >= 0)
		return 0;
	const int family = endpoint->authority.ss_family;
	connection->server_fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->server_fd < 0)
		return -errno;
	const int error =
		loop_add(connection->server_fd, &connection->watcher, EPOLLIN | EPOLLOUT | EPOLLET);
	if (error)
		return error;
	if (connect(connection->server_fd, (const struct sockaddr *)&endpoint->authority,
		    endpoint->address_len) &&
	    errno != EINPROGRESS)
		return -errno;
	return 0;
}

static void reply_is_ready(struct connection *connection, size_t len)
{
	put16(connection->reply.bytes, (uint16_t)len);
	connection->reply.done = 0;
	connection->state = STATE_WRITE_REPLY;
	if (connection->verdict.delay_ms) {
		connection->due_ms = now_ms() + connection->verdict.delay_ms;
		connection->state = STATE_HOLD;
		counters.delayed++;
	}
}

static int query_arrived(struct connection *connection)
{
	const uint8_t *query = connection->query.bytes + PREFIX_LEN;
	uint8_t *reply = connection->reply.bytes + PREFIX_LEN;
	struct question question;
	counters.tcp_queries++;
	if (question_parse(query, message_len(&connection->query), &question)) {
		counters.malformed++;
		return -EBADMSG;
	}
	connection->verdict = rules_match(connection->endpoint->text, &question);
	if (connection->verdict.kinds & BREAK_DROP) {
		counters.dropped++;
		connection->query.done = 0;
		return 0;
	}
	const size_t len =
		reply_at_once(connection->verdict, query, &question, false, reply, MESSAGE_MAX);
	if (len > 0) {
		reply_is_ready(connection, len);
		return 0;
	}
	if (connection->verdict.kinds == 0)
		counters.tcp_passed++;
	connection->query.done = 0;
	connection->reply.done = 0;
	connection->state = STATE_ASK;
	return 0;
}

static int reply_arrived(struct connection *connection)
{
	const size_t len = reply_edit(connection->verdict, connection->reply.bytes + PREFIX_LEN,
				      message_len(&connection->reply), MESSAGE_MAX, 0);
	if (len == 0)
		return -EBADMSG;
	reply_is_ready(connection, len);
	return 0;
}

// Does one step; 0 means that another may follow at once.
static int connection_advance(struct connection *connection)
{
	int error = 0;
	switch (connection->state) {
	case STATE_READ_QUERY:
		error = buffer_read(&connection->query, connection->client_fd);
		return error ? error : query_arrived(connection);
	case STATE_ASK:
		error = server_connect(connection);
		if (!error)
			error = buffer_write(&connection->query, connection->server_fd);
		if (!error)
			connection->state = STATE_READ_REPLY;
		return error;
	case STATE_READ_REPLY:
		error = buffer_read(&connection->reply, connection->server_fd);
		return error ? error : reply_arrived(connection);
	case STATE_HOLD:
		if (connection->due_ms > now_ms())
			return -EAGAIN;
		connection->state = STATE_WRITE_REPLY;
		return 0;
	case STATE_WRITE_REPLY:
		error = buffer_write(&connection->reply, connection->client_fd);
		if (!error) {
			connection->query.done = 0;
			connection->state = STATE_READ_QUERY;
		}
		return error;
	case STATE_FREE:
		break;
	}
	return -EAGAIN;
}

static void connection_step(struct watcher *watcher)
{
	struct connection *connection =
		(struct connection *)((char *)watcher - offsetof(struct connection, watcher));
	int error;
	do {
		error = connection_advance(connection);
		if (!error)
			connection->active_ms = now_ms();
	} while (!error);
	if (error != -EAGAIN && error != -EINTR)
		connection_close(connection);
}

static struct connection *connection_free(void)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (connections[i].state == STATE_FREE)
			return &connections[i];
	return NULL;
}

static void accept_ready(struct watcher *watcher)
{
	struct endpoint *endpoint =
		(struct endpoint *)((char *)watcher - offsetof(struct endpoint, accepting));
	const int fd = accept4(endpoint->tcp_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct connection *connection = connection_free();
	if (!connection) {
		counters.overflow++;
		close(fd);
		return;
	}
	connection->watcher.ready = connection_step;
	connection->endpoint = endpoint;
	connection->client_fd = fd;
	connection->server_fd = -1;
	connection->query.done = 0;
	connection->active_ms = now_ms();
	connection->state = STATE_READ_QUERY;
	counters.tcp_connections++;
	if (loop_add(fd, &connection->watcher, EPOLLIN | EPOLLOUT | EPOLLET))
		connection_close(connection);
}

int tcp_send_due(void)
{
	int next_ms = -1;
	const uint64_t now = now_ms();
	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct connection *connection = &connections[i];
		if (connection->state == STATE_FREE)
			continue;
		if (connection->state == STATE_HOLD && connection->due_ms <= now)
			connection_step(&connection->watcher);
		else if (connection->state != STATE_HOLD && connection->active_ms + IDLE_MS <= now)
			connection_close(connection);
		const uint64_t due = connection->state == STATE_HOLD
					     ? connection->due_ms
					     : connection->active_ms + IDLE_MS;
		const int left = due > now ? (int)(due - now) : 0;
		if (connection->state != STATE_FREE && (next_ms < 0 || left < next_ms))
			next_ms = left;
	}
	return next_ms;
}

int tcp_open(struct endpoint *endpoint, const struct sockaddr_storage *local)
{
	const int on = 1;
	endpoint->accepting.ready = accept_ready;
	endpoint->tcp_fd = socket(local->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (endpoint->tcp_fd < 0)
		return -errno;
	if (setsockopt(endpoint->tcp_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(endpoint->tcp_fd, (const struct sockaddr *)local, endpoint->address_len) ||
	    listen(endpoint->tcp_fd, BACKLOG))
		return -errno;
	return loop_add(endpoint->tcp_fd, &endpoint->accepting, EPOLLIN);
}
