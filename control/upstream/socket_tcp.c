// TCP with two bytes of length before each message (RFC 1035 §4.2.2, RFC 7766).
#include "control/upstream/socket.h"
#include "dataplane/dns/header.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LENGTH_BYTES 2
#define IN_MAX       (LENGTH_BYTES + 65535)
#define IN_FIRST     2048 // then doubles as bytes arrive: what a peer announces costs nothing
#define OUT_MAX      (LENGTH_BYTES + 65535)

static int connect_from_source(struct socket_transport *sockets, int fd,
			       const struct address *server, uint16_t port)
{
	const struct address *source =
		server->family == 4 ? &sockets->config.source_v4 : &sockets->config.source_v6;
	struct sockaddr_storage to;
	socklen_t len;
	int on = 1, error;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (source->family) {
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
		error = socket_sockaddr(source, 0, &to, &len);
		if (error || bind(fd, (struct sockaddr *)&to, len) < 0)
			return error ? error : -errno;
	}
	error = socket_sockaddr(server, port, &to, &len);
	if (!error && connect(fd, (struct sockaddr *)&to, len) < 0 && errno != EINPROGRESS)
		error = -errno;
	return error;
}

int tcp_connect(struct socket_transport *sockets, const struct address *server, uint16_t port)
{
	int fd = socket_new(sockets, server->family == 4 ? AF_INET : AF_INET6, SOCK_STREAM);
	int error;

	if (fd < 0)
		return fd;
	error = connect_from_source(sockets, fd, server, port);
	if (error == 0)
		return fd;
	close(fd);
	return error == -EADDRNOTAVAIL || error == -EAGAIN ? -ENOBUFS : error; // no port left
}

struct channel *tcp_open(struct socket_transport *sockets, const struct address *server,
			 uint16_t port)
{
	struct channel *channel;
	int fd, error;

	fd = socket_new(sockets, server->family == 4 ? AF_INET : AF_INET6, SOCK_STREAM);
	if (fd < 0)
		return NULL;
	channel = channel_new(sockets, fd, CHANNEL_CONNECTING);
	if (!channel) {
		close(fd);
		return NULL;
	}
	error = connect_from_source(sockets, fd, server, port);
	if (error == -EADDRNOTAVAIL || error == -EAGAIN) { // no port left
		channel_free(channel);
		return NULL;
	}
	if (error)
		socket_tell_later(channel, socket_event_of_error(-error, true));
	else if (socket_watch(channel, EPOLLOUT, true)) {
		channel_free(channel);
		return NULL;
	}
	return channel;
}

// Sends what is left; the rest goes when the socket can take more.
static int flush(struct channel *channel)
{
	while (channel->out_sent < channel->out_len) {
		ssize_t sent = send(channel->fd, channel->out + channel->out_sent,
				    channel->out_len - channel->out_sent, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return socket_watch(channel, EPOLLIN | EPOLLOUT, false);
		if (sent < 0)
			return -errno;
		channel->out_sent += (size_t)sent;
	}
	free(channel->out);
	channel->out = NULL;
	channel->out_len = channel->out_sent = 0;
	return socket_watch(channel, EPOLLIN, false);
}

int tcp_send(struct channel *channel, const uint8_t *data, size_t len)
{
	uint8_t *out;
	int error;

	if (channel->state != CHANNEL_OPEN)
		return -ENOTCONN;
	if (len + LENGTH_BYTES > OUT_MAX - channel->out_len)
		return -EMSGSIZE;
	out = realloc(channel->out, channel->out_len + LENGTH_BYTES + len);
	if (!out)
		return -ENOMEM;
	channel->out = out;
	wire_put16(out + channel->out_len, (uint16_t)len);
	memcpy(out + channel->out_len + LENGTH_BYTES, data, len);
	channel->out_len += LENGTH_BYTES + len;
	channel->answered = false;
	error = flush(channel);
	// A kept connection that the server has ended is no failure of the server: as told by the
	// event that follows.
	if (error && channel->kept) {
		socket_tell_later(channel, CHANNEL_STALE);
		return 0;
	}
	return error;
}

static void tell_end(struct channel *channel, int error)
{
	enum channel_event event = CHANNEL_RESET;

	if (channel->kept)
		event = CHANNEL_STALE;
	else if (error)
		event = socket_event_of_error(error, true);
	channel->on_event(channel->arg, event, NULL, 0, &channel->server);
}

static bool make_room(struct channel *channel)
{
	size_t cap = channel->in_cap ? channel->in_cap * 2 : IN_FIRST;
	uint8_t *in;

	if (channel->in_len < channel->in_cap)
		return true;
	if (cap > IN_MAX)
		cap = IN_MAX;
	in = realloc(channel->in, cap);
	if (!in)
		return false;
	channel->in = in;
	channel->in_cap = cap;
	return true;
}

// Takes whole messages off the front. False: the channel is gone.
static bool deliver(struct channel *channel)
{
	struct socket_transport *sockets = channel->sockets;
	uint32_t slot = channel->slot, serial = channel->serial;

	while (channel->in_len >= LENGTH_BYTES) {
		size_t len = wire_get16(channel->in);
		size_t whole = LENGTH_BYTES + len;

		if (channel->in_len < whole)
			break;
		channel->kept = false;
		channel->answered = channel->in_len == whole && channel->out_len == 0;
		channel->on_event(channel->arg, CHANNEL_MESSAGE, channel->in + LENGTH_BYTES, len,
				  &channel->server);
		if (!channel_alive(sockets, slot, serial) || channel->state != CHANNEL_OPEN)
			return false;
		channel->in_len -= whole;
		memmove(channel->in, channel->in + whole, channel->in_len);
	}
	return true;
}

static void receive(struct channel *channel)
{
	for (int i = 0; i < SOCKET_BURST; i++) {
		ssize_t len;

		if (!make_room(channel)) {
			channel->on_event(channel->arg, CHANNEL_NO_RESOURCE, NULL, 0,
					  &channel->server);
			return;
		}
		len = recv(channel->fd, channel->in + channel->in_len,
			   channel->in_cap - channel->in_len, 0);
		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (len <= 0) {
			tell_end(channel, len < 0 ? errno : 0);
			return;
		}
		channel->in_len += (size_t)len;
		if (!deliver(channel))
			return;
	}
}

static void finish_connecting(struct channel *channel)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(channel->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (!error && socket_watch(channel, EPOLLIN, false))
		error = ENOMEM;
	if (error) {
		tell_end(channel, error);
		return;
	}
	channel->state = CHANNEL_OPEN;
	channel->on_event(channel->arg, CHANNEL_CONNECTED, NULL, 0, &channel->server);
}

void tcp_ready(struct channel *channel, uint32_t epoll_events)
{
	int error;

	switch (channel->state) {
	case CHANNEL_CONNECTING:
		finish_connecting(channel);
		return;
	case CHANNEL_IDLE: // closed, or something nobody asked for
		idle_drop(channel);
		return;
	default:
		break;
	}
	if ((epoll_events & EPOLLOUT) && (error = flush(channel))) {
		tell_end(channel, -error);
		return;
	}
	if (epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive(channel);
}
