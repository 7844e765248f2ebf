// TCP connections that have answered, kept for a moment: a zone whose answers do not fit into UDP
// is asked for more than one (RFC 7766 §6.2.1).
#include "control/upstream/server.h"
#include "control/upstream/socket.h"

#include <sys/epoll.h>

static struct channel *unlink_idle(struct socket_transport *sockets, struct channel **link)
{
	struct channel *channel = *link;

	*link = channel->next_idle;
	channel->next_idle = NULL;
	sockets->idle_count--;
	return channel;
}

static bool is_of(const struct channel *channel, const struct address *server, uint16_t port)
{
	return channel->port == port && server_address_equal(&channel->server, server);
}

struct channel *idle_take(struct socket_transport *sockets, const struct address *server,
			  uint16_t port)
{
	struct channel *channel;

	idle_expire(sockets, socket_now_us() - SOCKET_IDLE_MS * 1000);
	for (struct channel **link = &sockets->idle; *link; link = &(*link)->next_idle) {
		if (!is_of(*link, server, port))
			continue;
		channel = unlink_idle(sockets, link);
		channel->state = CHANNEL_OPEN;
		channel->kept = true;
		socket_tell_later(channel, CHANNEL_CONNECTED);
		return channel;
	}
	return NULL;
}

static void on_idle_timer(uv_timer_t *timer)
{
	struct socket_transport *sockets = timer->data;

	idle_expire(sockets, socket_now_us() - SOCKET_IDLE_MS * 1000);
	if (sockets->idle)
		uv_timer_start(timer, on_idle_timer, SOCKET_IDLE_MS / 2, 0);
}

bool idle_keep(struct channel *channel)
{
	struct socket_transport *sockets = channel->sockets;
	struct channel **link = &sockets->idle;
	unsigned same = 0;

	if (channel->state != CHANNEL_OPEN || !channel->answered || channel->pending)
		return false;
	for (; *link; link = &(*link)->next_idle)
		same += is_of(*link, &channel->server, channel->port);
	if (same >= SOCKET_IDLE_SERVER_MAX || sockets->idle_count >= SOCKET_IDLE_MAX)
		return false;
	// Whoever still holds the old number, up the stack, must find the channel gone.
	channel->serial = ++sockets->serial;
	if (socket_watch(channel, EPOLLIN, false))
		return false;
	channel->state = CHANNEL_IDLE;
	channel->idle_since_us = socket_now_us();
	channel->in_len = 0;
	channel->on_event = NULL;
	*link = channel;
	sockets->idle_count++;
	if (!uv_is_active((uv_handle_t *)&sockets->idle_timer))
		uv_timer_start(&sockets->idle_timer, on_idle_timer, SOCKET_IDLE_MS, 0);
	return true;
}

void idle_drop(struct channel *channel)
{
	struct socket_transport *sockets = channel->sockets;

	for (struct channel **link = &sockets->idle; *link; link = &(*link)->next_idle) {
		if (*link != channel)
			continue;
		channel_free(unlink_idle(sockets, link));
		return;
	}
}

void idle_expire(struct socket_transport *sockets, uint64_t before_us)
{
	while (sockets->idle && sockets->idle->idle_since_us <= before_us)
		channel_free(unlink_idle(sockets, &sockets->idle));
}
