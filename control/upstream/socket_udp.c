// One UDP socket per question (RFC 5452 §4.5, §9.2).
//
// The source port is drawn from 1024-65535 by our own generator, the same for all questions
// (ATTACKS A3, A4). The socket is connected: the kernel gives us what comes from the server's
// address and port only, answers what comes from elsewhere as it would for a closed port
// (ATTACKS A5), and checks ICMP errors against the whole four-tuple.
//
// A forger who writes the server's own address into a scan would get no ICMP error from the one
// port that is open. No such error leaves the upstream interface or the source addresses at all
// (dataplane/silence.h).
#include "control/upstream/server.h"
#include "control/upstream/socket.h"

#include <errno.h>
#include <linux/in6.h>
#include <sys/epoll.h>
#include <unistd.h>

#define PORT_MIN 1024
#define PORT_MAX 65535

#ifndef IPV6_RECVFRAGSIZE
#define IPV6_RECVFRAGSIZE 77 // linux/in6.h, which <netinet/in.h> stands in for
#endif
#ifndef IP_RECVFRAGSIZE
#define IP_RECVFRAGSIZE 25
#endif

// RFC 9715: path MTU news from forged ICMP are not believed, and the kernel tells us which
// datagrams it had to put together from fragments (ATTACKS A6).
static void set_fragment_options(int fd, int family)
{
	int on = 1, omit4 = IP_PMTUDISC_OMIT, omit6 = IPV6_PMTUDISC_OMIT;

	if (family == AF_INET) {
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit4, sizeof(omit4));
		setsockopt(fd, IPPROTO_IP, IP_RECVFRAGSIZE, &on, sizeof(on));
	} else {
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit6, sizeof(omit6));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVFRAGSIZE, &on, sizeof(on));
	}
}

// The configured source, or the unspecified address.
static const struct address *source_of(const struct socket_transport *sockets, unsigned family)
{
	static const struct address any[2] = {{.family = 4}, {.family = 6}};

	if (family == 4)
		return sockets->config.source_v4.family ? &sockets->config.source_v4 : &any[0];
	return sockets->config.source_v6.family ? &sockets->config.source_v6 : &any[1];
}

static int bind_random_port(struct socket_transport *sockets, int fd, unsigned family)
{
	const struct address *source = source_of(sockets, family);
	struct sockaddr_storage to;
	socklen_t len;

	for (int i = 0; i < SOCKET_PORT_TRIES; i++) {
		uint16_t port = random_between(&sockets->random, PORT_MIN, PORT_MAX);
		int error = socket_sockaddr(source, port, &to, &len);

		if (error)
			return error;
		if (bind(fd, (struct sockaddr *)&to, len) == 0)
			return 0;
		// Taken, or kept for root (ip_unprivileged_port_start).
		if (errno != EADDRINUSE && errno != EACCES)
			return -errno;
	}
	return -EADDRINUSE;
}

struct channel *udp_open(struct socket_transport *sockets, const struct address *server,
			 uint16_t port)
{
	int family = server->family == 4 ? AF_INET : AF_INET6;
	struct sockaddr_storage to;
	struct channel *channel;
	socklen_t len;
	int fd;

	if (socket_sockaddr(server, port, &to, &len))
		return NULL;
	fd = socket_new(sockets, family, SOCK_DGRAM);
	if (fd < 0)
		return NULL;
	set_fragment_options(fd, family);
	channel = channel_new(sockets, fd, CHANNEL_UDP);
	if (!channel) {
		close(fd);
		return NULL;
	}
	channel->error = bind_random_port(sockets, fd, server->family);
	if (channel->error == -EADDRINUSE || socket_watch(channel, EPOLLIN, true)) {
		channel_free(channel);
		return NULL;
	}
	if (!channel->error && connect(fd, (struct sockaddr *)&to, len) < 0)
		channel->error = -errno;
	return channel;
}

int udp_send(struct channel *channel, const uint8_t *data, size_t len)
{
	ssize_t sent;

	if (channel->error)
		return channel->error;
	sent = send(channel->fd, data, len, MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	return (size_t)sent == len ? 0 : -EMSGSIZE;
}

static bool came_in_fragments(struct msghdr *msg)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVFRAGSIZE)
			return true;
		if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVFRAGSIZE)
			return true;
	}
	return false;
}

// Between bind() and connect() the socket takes packets from anywhere; they are told apart here.
static bool is_from_server(const struct channel *channel, const struct sockaddr_storage *from)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;

	if (channel->server.family == 4)
		return from->ss_family == AF_INET && ntohs(v4->sin_port) == channel->port &&
		       memcmp(&v4->sin_addr, channel->server.bytes, 4) == 0;
	return from->ss_family == AF_INET6 && ntohs(v6->sin6_port) == channel->port &&
	       memcmp(&v6->sin6_addr, channel->server.bytes, 16) == 0;
}

// False: nothing more to read now.
static bool read_one(struct channel *channel)
{
	struct socket_transport *sockets = channel->sockets;
	struct sockaddr_storage from = {0};
	uint8_t control[128] __attribute__((aligned(8)));
	struct iovec iov = {.iov_base = sockets->buf, .iov_len = sizeof(sockets->buf)};
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(channel->fd, &msg, 0);

	if (len < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return false;
		channel->on_event(channel->arg, socket_event_of_error(errno, false), NULL, 0,
				  &channel->server);
		return false;
	}
	if (!is_from_server(channel, &from))
		return true;
	if (came_in_fragments(&msg))
		channel->on_event(channel->arg, CHANNEL_FRAGMENT, NULL, 0, &channel->server);
	else
		channel->on_event(channel->arg, CHANNEL_MESSAGE, sockets->buf, (size_t)len,
				  &channel->server);
	return true;
}

void udp_ready(struct channel *channel, uint32_t epoll_events)
{
	struct socket_transport *sockets = channel->sockets;
	uint32_t slot = channel->slot, serial = channel->serial;

	(void)epoll_events; // an error is what recvmsg() returns
	for (int i = 0; i < SOCKET_BURST; i++)
		if (!read_one(channel) || !channel_alive(sockets, slot, serial))
			return;
}
