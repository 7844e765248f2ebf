#include "tests/unit/control/upstream/peer.h"

#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/query.h"
#include "dataplane/dns/types.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64

static size_t build(const uint8_t *msg, size_t len, uint16_t flags, unsigned texts, uint8_t *out,
		    size_t cap)
{
	uint8_t name[NAME_MAX_LEN], text[256];
	struct builder builder;
	struct query query;
	int built;

	if (query_parse(msg, len, &query) != QUERY_ANSWER)
		return 0;
	memcpy(name, query.question, query.qname_len);
	memset(text, 'x', sizeof(text));
	text[0] = 255;
	builder_start(&builder, out, cap, query.id, FLAG_QR | flags);
	builder_question(&builder, name, query.qtype, CLASS_IN);
	for (unsigned i = 0; i < texts; i++) {
		text[1] = (uint8_t)i;
		builder_record(&builder, SECTION_ANSWER, name, TYPE_TXT, CLASS_IN, 60, text,
			       sizeof(text));
	}
	built = builder_finish(&builder);
	return built > 0 ? (size_t)built : 0;
}

// ---- UDP ----

static void send_from_elsewhere(const uint8_t *data, size_t len, const struct sockaddr_in *to,
				const char *address)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &from.sin_addr);
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
	    sendto(fd, data, len, 0, (const struct sockaddr *)to, sizeof(*to)) < 0)
		abort();
	close(fd);
}

// What a stranger learns by sending to a port: the error of ICMP, or 0 within 200 ms.
static int probe(const struct sockaddr_in *to)
{
	struct timeval wait = {.tv_usec = 200000};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint8_t byte = 0;
	int error = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0 ||
	    send(fd, &byte, 1, 0) < 0 || recv(fd, &byte, 1, 0) < 0)
		error = errno == EAGAIN ? 0 : errno;
	close(fd);
	return error;
}

static uint16_t closed_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		abort();
	close(fd);
	return at.sin_port;
}

static void probe_port(struct peer *peer, const struct sockaddr_in *ours)
{
	struct sockaddr_in closed = *ours;

	closed.sin_port = closed_port();
	atomic_store(&peer->open_port_errno, probe(ours));
	atomic_store(&peer->closed_port_errno, probe(&closed));
}

bool peer_can_send_raw(void)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static uint16_t checksum(const struct iphdr *ip)
{
	const uint16_t *words = (const uint16_t *)ip;
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(*ip) / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void send_fragments(struct peer *peer, const uint8_t *data, size_t len,
			   const struct sockaddr_in *to)
{
	struct {
		struct iphdr ip;
		uint8_t payload[2048];
	} packet;
	uint8_t whole[sizeof(struct udphdr) + 1500];
	struct udphdr udp = {
		.source = htons(peer->port),
		.dest = to->sin_port,
		.len = htons((uint16_t)(sizeof(udp) + len)),
	};
	size_t total = sizeof(udp) + len, first = 16;
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	memcpy(whole, &udp, sizeof(udp));
	memcpy(whole + sizeof(udp), data, len);
	for (size_t at = 0; at < total; at = first) {
		size_t part = at == 0 ? first : total - first;

		packet.ip = (struct iphdr){
			.version = 4,
			.ihl = 5,
			.tot_len = htons((uint16_t)(sizeof(packet.ip) + part)),
			.id = htons(0x4242),
			.frag_off = htons((uint16_t)(at == 0 ? IP_MF : at / 8)),
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.saddr = htonl(INADDR_LOOPBACK),
			.daddr = to->sin_addr.s_addr,
		};
		packet.ip.check = checksum(&packet.ip);
		memcpy(packet.payload, whole + at, part);
		if (sendto(fd, &packet, sizeof(packet.ip) + part, 0, (const struct sockaddr *)to,
			   sizeof(*to)) < 0)
			abort();
		if (at > 0)
			break;
	}
	close(fd);
}

static void serve_udp(struct peer *peer)
{
	uint8_t msg[1024], out[1024];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&from;
	ssize_t len =
		recvfrom(peer->udp_fd, msg, sizeof(msg), 0, (struct sockaddr *)&from, &from_len);
	unsigned nth = atomic_load(&peer->udp_questions);
	size_t out_len;

	if (len <= 0)
		return;
	// sin_port and sin6_port are at the same place.
	peer->ports[nth % PEER_PORTS_MAX] = ntohs(v4->sin_port);
	atomic_store(&peer->udp_questions, nth + 1);
	out_len = build(msg, (size_t)len, peer->udp == PEER_UDP_TRUNCATE ? FLAG_TC : 0, 1, out,
			sizeof(out));
	switch (peer->udp) {
	case PEER_UDP_SILENT:
		return;
	case PEER_UDP_FORGED_FIRST:
		send_from_elsewhere(out, out_len, v4, "127.0.0.1");
		send_from_elsewhere(out, out_len, v4, "127.0.0.2");
		break;
	case PEER_UDP_PROBE_PORT:
		probe_port(peer, v4);
		break;
	case PEER_UDP_FRAGMENTS:
		send_fragments(peer, out, out_len, v4);
		return;
	default:
		break;
	}
	sendto(peer->udp_fd, out, out_len, 0, (struct sockaddr *)&from, from_len);
	atomic_fetch_add(&peer->udp_answers, 1);
}

// ---- TCP ----

static void send_framed(int fd, const uint8_t *data, size_t len, size_t step)
{
	uint8_t *framed = malloc(len + 2);

	wire_put16(framed, (uint16_t)len);
	memcpy(framed + 2, data, len);
	for (size_t at = 0; at < len + 2; at += step) {
		size_t part = len + 2 - at < step ? len + 2 - at : step;

		if (send(fd, framed + at, part, MSG_NOSIGNAL) < 0)
			break;
	}
	free(framed);
}

// False: close the connection.
static bool answer_tcp(struct peer *peer, int fd, const uint8_t *msg, size_t len)
{
	static uint8_t out[65535];
	struct linger hard = {.l_onoff = 1};
	size_t out_len =
		build(msg, len, 0, peer->tcp == PEER_TCP_LARGE ? 224 : 1, out, sizeof(out));

	switch (peer->tcp) {
	case PEER_TCP_ANSWER:
	case PEER_TCP_LARGE:
		send_framed(fd, out, out_len, out_len + 2);
		return true;
	case PEER_TCP_BYTE_BY_BYTE:
		send_framed(fd, out, out_len, 1);
		return true;
	case PEER_TCP_CLOSE_AFTER:
		send_framed(fd, out, out_len, out_len + 2);
		return false;
	case PEER_TCP_CLOSE_BEFORE:
		return false;
	case PEER_TCP_HALF:
		send(fd, (const uint8_t[]){0, 100, 1, 2, 3}, 5, MSG_NOSIGNAL);
		return true;
	case PEER_TCP_ANNOUNCE_ONLY:
		send(fd, (const uint8_t[]){255, 255}, 2, MSG_NOSIGNAL);
		return true;
	case PEER_TCP_RESET:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		return false;
	case PEER_TCP_STALL:
		return true;
	}
	return true;
}

static bool serve_tcp(struct peer *peer, int fd)
{
	uint8_t msg[1024];
	size_t want = 2, have = 0;

	while (have < want) {
		ssize_t len = recv(fd, msg + have, want - have, 0);

		if (len <= 0)
			return false;
		have += (size_t)len;
		if (have == 2 && want == 2)
			want += wire_get16(msg);
		if (want > sizeof(msg))
			return false;
	}
	atomic_fetch_add(&peer->tcp_questions, 1);
	return answer_tcp(peer, fd, msg + 2, want - 2);
}

static void accept_one(struct peer *peer, struct pollfd *fds, nfds_t *count)
{
	int fd = accept4(peer->listen_fd, NULL, NULL, SOCK_CLOEXEC), on = 1;

	if (fd < 0)
		return;
	atomic_fetch_add(&peer->connections, 1);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (*count < CONNECTIONS_MAX)
		fds[(*count)++] = (struct pollfd){.fd = fd, .events = POLLIN};
	else
		close(fd);
}

static void *run(void *arg)
{
	struct peer *peer = arg;
	struct pollfd fds[CONNECTIONS_MAX] = {
		{.fd = peer->stop_fd, .events = POLLIN},
		{.fd = peer->udp_fd, .events = POLLIN},
		{.fd = peer->listen_fd, .events = POLLIN},
	};
	nfds_t count = 3;

	while (poll(fds, count, -1) >= 0 && !fds[0].revents) {
		if (fds[1].revents)
			serve_udp(peer);
		for (nfds_t i = 3; i < count; i++) {
			if (!fds[i].revents || serve_tcp(peer, fds[i].fd))
				continue;
			close(fds[i].fd);
			fds[i--] = fds[--count];
		}
		if (fds[2].revents)
			accept_one(peer, fds, &count);
	}
	for (nfds_t i = 3; i < count; i++)
		close(fds[i].fd);
	return NULL;
}

// ---- start and stop ----

static bool bind_both(struct peer *peer)
{
	struct sockaddr_storage at = {.ss_family = peer->family == 4 ? AF_INET : AF_INET6};
	struct sockaddr_in *v4 = (struct sockaddr_in *)&at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at;
	socklen_t len = peer->family == 4 ? sizeof(*v4) : sizeof(*v6);

	if (peer->family == 4)
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		v6->sin6_addr = in6addr_loopback;
	peer->udp_fd = socket(at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	peer->listen_fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->udp_fd < 0 || peer->listen_fd < 0 ||
	    bind(peer->listen_fd, (struct sockaddr *)&at, len) < 0 ||
	    getsockname(peer->listen_fd, (struct sockaddr *)&at, &len) < 0 ||
	    bind(peer->udp_fd, (struct sockaddr *)&at, len) < 0 || listen(peer->listen_fd, 64) < 0)
		return false;
	peer->port = ntohs(v4->sin_port);
	return true;
}

bool peer_start(struct peer *peer, int family, enum peer_udp udp, enum peer_tcp tcp)
{
	memset(peer, 0, sizeof(*peer));
	peer->family = family;
	peer->udp = udp;
	peer->tcp = tcp;
	for (int i = 0; i < 20; i++) { // the TCP port may be taken for UDP
		if (bind_both(peer)) {
			peer->stop_fd = eventfd(0, EFD_CLOEXEC);
			return pthread_create(&peer->thread, NULL, run, peer) == 0;
		}
		if (peer->udp_fd >= 0)
			close(peer->udp_fd);
		if (peer->listen_fd >= 0)
			close(peer->listen_fd);
	}
	return false;
}

void peer_stop(struct peer *peer)
{
	uint64_t one = 1;

	if (write(peer->stop_fd, &one, sizeof(one)) != sizeof(one))
		abort();
	pthread_join(peer->thread, NULL);
	close(peer->stop_fd);
	close(peer->udp_fd);
	close(peer->listen_fd);
}
