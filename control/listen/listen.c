#include "control/descriptors.h"
#include "control/listen/connection.h"

#include <uv.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 256

static socklen_t socket_address(const struct address *address, uint16_t port,
				struct sockaddr_storage *out)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	if (address->family == 4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, address->bytes, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, address->bytes, 16);
	return sizeof(*v6);
}

// A bound socket, or -errno. IP_FREEBIND: the tap's address may come up a moment later.
static int bound_socket(const struct address *address, uint16_t port)
{
	struct sockaddr_storage bound;
	socklen_t len = socket_address(address, port, &bound);
	int on = 1, fd, status;

	fd = socket(bound.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_IP, IP_FREEBIND, &on, sizeof(on));
	if (address->family == 6)
		setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&bound, len) == 0)
		return fd;
	status = -errno;
	close(fd);
	return status;
}

static void accepted(uv_stream_t *stream, int status)
{
	struct listener *listener = stream->data;

	if (status == 0) {
		connection_accept(listener, stream);
		return;
	}
	listener->counters.refused++;
	uv_os_fd_t fd;
	if ((status == UV_EMFILE || status == UV_ENFILE) &&
	    uv_fileno((uv_handle_t *)stream, &fd) == 0)
		descriptors_turn_away(fd);
}

static int listen_with(struct listener *listener, int fd)
{
	uv_tcp_t *socket = &listener->sockets[listener->socket_count];
	int status = uv_tcp_init(listener->loop, socket);

	if (status != 0) {
		close(fd);
		return status;
	}
	socket->data = listener;
	listener->socket_count++;
	listener->references++;
	status = uv_tcp_open(socket, fd);
	if (status != 0) {
		close(fd);
		return status;
	}
	return uv_listen((uv_stream_t *)socket, BACKLOG, accepted);
}

static int listen_on(struct listener *listener, const struct address *address, uint16_t port,
		     char *err, size_t err_len)
{
	char text[ADDRESS_TEXT_MAX];
	int fd = bound_socket(address, port);
	int status = fd < 0 ? fd : listen_with(listener, fd); // libuv's errors are -errno, too

	if (status == 0)
		return 0;
	snprintf(err, err_len, "TCP port %u of %s cannot be opened: %s", port,
		 address_to_text(address, text), uv_strerror(status));
	return -1;
}

struct listener *listener_open(uv_loop_t *loop, struct store *store,
			       const struct service_addresses *addresses, uint16_t port,
			       listener_ask ask, void *arg, char *err, size_t err_len)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener) {
		snprintf(err, err_len, "out of memory for TCP clients");
		return NULL;
	}
	listener->loop = loop;
	listener->store = store;
	listener->ask = ask;
	listener->ask_arg = arg;
	listener->connections_max = LISTENER_CONNECTIONS_MAX;
	listener->idle_ms = LISTENER_IDLE_MS;
	listener->unsent_max = LISTENER_UNSENT_MAX;
	listener->references = 1; // the caller's, until listener_close()
	for (size_t i = 0; i < addresses->count; i++) {
		if (listen_on(listener, &addresses->list[i], port, err, err_len) != 0) {
			listener_close(listener);
			return NULL;
		}
	}
	return listener;
}

void listener_release(struct listener *listener)
{
	if (--listener->references == 0)
		free(listener);
}

static void socket_closed(uv_handle_t *handle)
{
	listener_release(handle->data);
}

void listener_close(struct listener *listener)
{
	if (!listener)
		return;
	for (size_t i = 0; i < listener->socket_count; i++)
		uv_close((uv_handle_t *)&listener->sockets[i], socket_closed);
	connection_close_all(listener);
	listener_release(listener);
}

void listener_counters(const struct listener *listener,
		       void (*visit)(const char *name, const char *words, uint64_t value,
				     void *arg),
		       void *arg)
{
	visit("tcp.open", "TCP connections open", listener->connection_count, arg);
	visit("tcp.unsent_bytes", "bytes of answers over TCP that clients have not taken yet",
	      listener->unsent, arg);
#define X(field, words) visit("tcp." #field, words, listener->counters.field, arg);
	LISTENER_COUNTERS(X)
#undef X
}
