#include "control/descriptors.h"
#include "control/upstream/socket_tls.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 64
#define WAKE_SLOT  UINT32_MAX
#define ROUNDS_MAX 4 // of EVENTS_MAX, before the loop does other things

uint64_t socket_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int socket_sockaddr(const struct address *address, uint16_t port, struct sockaddr_storage *out,
		    socklen_t *len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	switch (address->family) {
	case 4:
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, address->bytes, 4);
		*len = sizeof(*v4);
		return 0;
	case 6:
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		memcpy(&v6->sin6_addr, address->bytes, 16);
		*len = sizeof(*v6);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

// -1 with EMFILE, too, where only those are left that are for ourselves.
static int socket_within_bound(int family, int type)
{
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || (unsigned)fd < descriptors_bound(DESCRIPTORS_SERVERS))
		return fd;
	close(fd);
	errno = EMFILE;
	return -1;
}

int socket_new(struct socket_transport *sockets, int family, int type)
{
	const char *interface = sockets->config.interface;
	int fd = socket_within_bound(family, type);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE) && sockets->idle) {
		idle_expire(sockets, UINT64_MAX);
		fd = socket_within_bound(family, type);
	}
	if (fd < 0)
		return -errno;
	if (interface[0] && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
				       (socklen_t)strnlen(interface, IFNAMSIZ)) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

enum channel_event socket_event_of_error(int error, bool tcp)
{
	switch (error) {
	case ECONNREFUSED:
		return tcp ? CHANNEL_RESET : CHANNEL_UNREACHABLE;
	case ECONNRESET:
	case EPIPE:
		return CHANNEL_RESET;
	case ENOMEM:
	case ENOBUFS:
	case EMFILE:
	case ENFILE:
		return CHANNEL_NO_RESOURCE;
	default:
		return CHANNEL_UNREACHABLE;
	}
}

// ---- channels ----

struct channel *channel_new(struct socket_transport *sockets, int fd, enum channel_state state)
{
	struct channel *channel;

	if (sockets->free_count == 0)
		idle_expire(sockets, UINT64_MAX);
	if (sockets->free_count == 0)
		return NULL;
	channel = calloc(1, sizeof(*channel));
	if (!channel)
		return NULL;
	channel->sockets = sockets;
	channel->fd = fd;
	channel->state = state;
	channel->serial = ++sockets->serial;
	channel->slot = sockets->free_slots[--sockets->free_count];
	sockets->slots[channel->slot] = channel;
	return channel;
}

static void forget_pending(struct channel *channel)
{
	struct channel **link = &channel->sockets->pending;

	if (!channel->pending)
		return;
	while (*link != channel)
		link = &(*link)->next_pending;
	*link = channel->next_pending;
}

void channel_free(struct channel *channel)
{
	struct socket_transport *sockets = channel->sockets;

	forget_pending(channel);
	if (channel->fd >= 0)
		close(channel->fd); // leaves the epoll set with it
	sockets->slots[channel->slot] = NULL;
	sockets->free_slots[sockets->free_count++] = channel->slot;
	free(channel->in);
	free(channel->out);
	free(channel);
}

bool channel_alive(const struct socket_transport *sockets, uint32_t slot, uint32_t serial)
{
	return sockets->slots[slot] && sockets->slots[slot]->serial == serial;
}

int socket_watch(struct channel *channel, uint32_t epoll_events, bool add)
{
	struct epoll_event event = {
		.events = epoll_events,
		.data.u64 = (uint64_t)channel->serial << 32 | channel->slot,
	};

	if (epoll_ctl(channel->sockets->epoll_fd, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, channel->fd,
		      &event) < 0)
		return -errno;
	return 0;
}

void socket_tell_later(struct channel *channel, enum channel_event event)
{
	struct socket_transport *sockets = channel->sockets;
	uint64_t one = 1;

	channel->pending_event = event;
	if (channel->pending)
		return;
	channel->pending = true;
	channel->next_pending = sockets->pending;
	sockets->pending = channel;
	if (write(sockets->wake_fd, &one, sizeof(one)) < 0) {
		// The counter is full: the descriptor is readable already.
	}
}

// Those that came while they are told are for the next turn.
static void tell_pending(struct socket_transport *sockets)
{
	struct channel *last = NULL;
	uint64_t count;

	if (read(sockets->wake_fd, &count, sizeof(count)) < 0)
		return;
	for (struct channel *channel = sockets->pending; channel; channel = channel->next_pending)
		last = channel;
	while (sockets->pending) {
		struct channel *channel = sockets->pending;
		bool is_last = channel == last;

		sockets->pending = channel->next_pending;
		channel->pending = false;
		channel->on_event(channel->arg, channel->pending_event, NULL, 0, &channel->server);
		if (is_last)
			break;
	}
	if (sockets->pending) {
		count = 1;
		if (write(sockets->wake_fd, &count, sizeof(count)) < 0) {
			// Readable already.
		}
	}
}

static void dispatch(struct socket_transport *sockets, const struct epoll_event *event)
{
	uint32_t slot = (uint32_t)event->data.u64;
	uint32_t serial = (uint32_t)(event->data.u64 >> 32);

	if (slot == WAKE_SLOT)
		tell_pending(sockets);
	else if (!channel_alive(sockets, slot, serial))
		return; // closed earlier in this turn
	else if (sockets->slots[slot]->state == CHANNEL_UDP)
		udp_ready(sockets->slots[slot], event->events);
	else if (sockets->slots[slot]->state == CHANNEL_LINK)
		tls_ready(sockets->slots[slot], event->events);
	else
		tcp_ready(sockets->slots[slot], event->events);
}

static void read_ready(struct socket_transport *sockets)
{
	struct epoll_event list[EVENTS_MAX];

	for (int round = 0; round < ROUNDS_MAX; round++) {
		int count = epoll_wait(sockets->epoll_fd, list, EVENTS_MAX, 0);

		for (int i = 0; i < count; i++)
			dispatch(sockets, &list[i]);
		if (count < EVENTS_MAX)
			break;
	}
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	read_ready(poll->data);
}

// ---- the table of functions ----

static struct channel *transport_open(void *ctx, const struct address *server, uint16_t port,
				      bool tcp, const struct tls_peer *tls,
				      channel_event_fn on_event, void *arg)
{
	struct socket_transport *sockets = ctx;
	struct channel *channel = NULL;

	if (tls)
		channel = tls_open(sockets, server, port, tls);
	else if (tcp)
		channel = idle_take(sockets, server, port);
	if (!channel && !tls)
		channel = tcp ? tcp_open(sockets, server, port) : udp_open(sockets, server, port);
	if (!channel)
		return NULL;
	channel->server = *server;
	channel->port = port;
	channel->on_event = on_event;
	channel->arg = arg;
	return channel;
}

static int transport_send(struct channel *channel, const uint8_t *data, size_t len)
{
	switch (channel->state) {
	case CHANNEL_UDP:
		return udp_send(channel, data, len);
	case CHANNEL_TLS:
		return tls_send(channel, data, len);
	default:
		return tcp_send(channel, data, len);
	}
}

static void transport_close(struct channel *channel)
{
	if (channel->state == CHANNEL_TLS)
		tls_close(channel);
	else if (!idle_keep(channel))
		channel_free(channel);
}

static uint64_t transport_now_us(void *ctx)
{
	(void)ctx;
	return socket_now_us();
}

static void transport_random(void *ctx, void *out, size_t len)
{
	struct socket_transport *sockets = ctx;

	random_bytes(&sockets->random, out, len);
}

static void on_due(uv_timer_t *timer)
{
	struct socket_transport *sockets = timer->data;

	// The loop looks at timers before it looks at sockets: after a stall of ours, what has
	// arrived meanwhile would be taken for silence, of all servers at once.
	read_ready(sockets);
	sockets->on_timer(sockets->on_timer_arg);
}

static void transport_set_timer(void *ctx, uint64_t at_us)
{
	struct socket_transport *sockets = ctx;
	uint64_t now_us = socket_now_us();

	if (at_us == UINT64_MAX) {
		uv_timer_stop(&sockets->timer);
		return;
	}
	// The loop counts from the start of its turn, which may be a while ago.
	uv_update_time(sockets->loop);
	uv_timer_start(&sockets->timer, on_due, at_us > now_us ? (at_us - now_us + 999) / 1000 : 0,
		       0);
}

// ---- open and close ----

static int open_slots(struct socket_transport *sockets)
{
	struct rlimit limit;
	uint32_t max = SOCKET_CHANNELS_MAX;

	// A quarter of the descriptors stays for everything else (ATTACKS O20).
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 4 * 3 < max)
		max = (uint32_t)(limit.rlim_cur / 4 * 3);
	sockets->slots = calloc(max, sizeof(*sockets->slots));
	sockets->free_slots = calloc(max, sizeof(*sockets->free_slots));
	if (!sockets->slots || !sockets->free_slots)
		return -ENOMEM;
	sockets->slot_count = max;
	for (uint32_t i = 0; i < max; i++)
		sockets->free_slots[sockets->free_count++] = max - 1 - i;
	return 0;
}

static int open_descriptors(struct socket_transport *sockets)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = WAKE_SLOT};

	sockets->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sockets->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (sockets->epoll_fd < 0 || sockets->wake_fd < 0)
		return -errno;
	if (epoll_ctl(sockets->epoll_fd, EPOLL_CTL_ADD, sockets->wake_fd, &event) < 0)
		return -errno;
	return 0;
}

static void free_transport(struct socket_transport *sockets)
{
	if (sockets->epoll_fd >= 0)
		close(sockets->epoll_fd);
	if (sockets->wake_fd >= 0)
		close(sockets->wake_fd);
	random_close(&sockets->random);
	if (sockets->tls)
		tls_context_close(sockets->tls);
	free(sockets->tls);
	free(sockets->slots);
	free(sockets->free_slots);
	free(sockets);
}

static int open_handles(struct socket_transport *sockets)
{
	int error = uv_poll_init(sockets->loop, &sockets->poll, sockets->epoll_fd);

	if (error)
		return error;
	uv_timer_init(sockets->loop, &sockets->timer); // cannot fail
	uv_timer_init(sockets->loop, &sockets->idle_timer);
	sockets->poll.data = sockets->timer.data = sockets->idle_timer.data = sockets;
	sockets->handles = 3;
	if (sockets->tls) {
		uv_timer_init(sockets->loop, &sockets->tls->timer);
		sockets->tls->timer.data = sockets;
		sockets->handles++;
	}
	return uv_poll_start(&sockets->poll, UV_READABLE, on_poll);
}

static int open_tls(struct socket_transport *sockets)
{
	if (!sockets->config.tls)
		return 0;
	sockets->tls = calloc(1, sizeof(*sockets->tls));
	return sockets->tls ? tls_context_open(sockets->tls, sockets->config.tls_ca_file) : -ENOMEM;
}

int socket_transport_open(struct uv_loop_s *loop, const struct socket_transport_config *config,
			  void (*on_timer)(void *arg), void *on_timer_arg,
			  struct transport *transport, struct socket_transport **out)
{
	struct socket_transport *sockets = calloc(1, sizeof(*sockets));
	int error;

	if (!sockets)
		return -ENOMEM;
	sockets->config = *config;
	sockets->loop = loop;
	sockets->on_timer = on_timer;
	sockets->on_timer_arg = on_timer_arg;
	sockets->epoll_fd = sockets->wake_fd = -1;
	random_open(&sockets->random);
	error = open_slots(sockets);
	if (!error)
		error = open_tls(sockets);
	if (!error)
		error = open_descriptors(sockets);
	if (!error)
		error = open_handles(sockets);
	if (error) {
		socket_transport_close(sockets);
		return error;
	}
	*transport = (struct transport){
		.ctx = sockets,
		.open = transport_open,
		.send = transport_send,
		.close = transport_close,
		.now_us = transport_now_us,
		.set_timer = transport_set_timer,
		.random = transport_random,
		.tls = sockets->tls ? &sockets->tls->counters : NULL,
	};
	*out = sockets;
	return 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct socket_transport *sockets = handle->data;

	if (--sockets->handles == 0)
		free_transport(sockets);
}

void socket_transport_close(struct socket_transport *sockets)
{
	if (!sockets)
		return;
	sockets->idle = NULL;
	if (sockets->tls)
		tls_end_all(sockets);
	for (uint32_t i = 0; i < sockets->slot_count; i++)
		if (sockets->slots[i])
			channel_free(sockets->slots[i]);
	if (sockets->handles == 0) {
		free_transport(sockets);
		return;
	}
	uv_close((uv_handle_t *)&sockets->poll, on_handle_closed);
	uv_close((uv_handle_t *)&sockets->timer, on_handle_closed);
	uv_close((uv_handle_t *)&sockets->idle_timer, on_handle_closed);
	if (sockets->tls)
		uv_close((uv_handle_t *)&sockets->tls->timer, on_handle_closed);
}
