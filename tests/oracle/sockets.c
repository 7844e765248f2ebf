#include "tests/oracle/sockets.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/query.h"
#include "tests/scenario/server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS_MAX (NETWORK_SERVERS_MAX * 2 + 200)

enum kind { KIND_UDP, KIND_LISTENER, KIND_TCP };

static struct pollfd fds[SOCKETS_MAX];
static struct place {
	enum kind kind;
	const struct network_server *server;
	uint8_t *buffer; // TCP
	size_t len;
} places[SOCKETS_MAX];
static size_t count;

static void add(int fd, enum kind kind, const struct network_server *server)
{
	if (count == SOCKETS_MAX) {
		close(fd);
		return;
	}
	fds[count] = (struct pollfd){.fd = fd, .events = POLLIN};
	places[count] = (struct place){.kind = kind, .server = server};
	if (kind == KIND_TCP && (places[count].buffer = malloc(65537)) == NULL)
		abort();
	count++;
}

static void open_socket(const struct network_server *server, enum kind kind)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(53)};
	int type = kind == KIND_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	memcpy(&at.sin_addr, server->address.bytes, 4);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    (kind == KIND_LISTENER && listen(fd, 100) != 0)) {
		perror(server->text);
		exit(2);
	}
	add(fd, kind, server);
}

static size_t reply_to(const struct network_server *server, const uint8_t *msg, size_t len,
		       bool tcp, uint8_t out[65535])
{
	struct network_query query;
	struct query parsed;

	if (query_parse(msg, len, &parsed) != QUERY_ANSWER)
		return 0;
	server_read_query(msg, len, &query);
	query.tcp = tcp;
	query.server = server->text;
	return server_reply(server, &query, NULL, msg, len, out);
}

static void serve_udp(size_t i)
{
	static uint8_t msg[65535], out[65535];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t len;

	while ((len = recvfrom(fds[i].fd, msg, sizeof(msg), 0, (struct sockaddr *)&from,
			       &from_len)) > 0) {
		size_t out_len = reply_to(places[i].server, msg, (size_t)len, false, out);
		if (out_len > 0)
			sendto(fds[i].fd, out, out_len, 0, (struct sockaddr *)&from, from_len);
	}
}

static void drop(size_t i)
{
	close(fds[i].fd);
	free(places[i].buffer);
	fds[i] = fds[--count];
	places[i] = places[count];
}

// False: the connection is over.
static bool serve_tcp(size_t i)
{
	static uint8_t out[65537];
	struct place *place = &places[i];
	ssize_t got = recv(fds[i].fd, place->buffer + place->len, 65537 - place->len, 0);

	if (got <= 0)
		return false;
	place->len += (size_t)got;
	while (place->len >= 2) {
		size_t len = wire_get16(place->buffer);
		if (place->len < 2 + len)
			return true;
		size_t out_len = reply_to(place->server, place->buffer + 2, len, true, out + 2);
		wire_put16(out, (uint16_t)out_len);
		if (out_len == 0 || send(fds[i].fd, out, out_len + 2, MSG_NOSIGNAL) < 0)
			return false;
		place->len -= 2 + len;
		memmove(place->buffer, place->buffer + 2 + len, place->len);
	}
	return true;
}

static void serve_all(void)
{
	for (;;) {
		if (poll(fds, count, -1) < 0)
			exit(2);
		for (size_t i = count; i-- > 0;) {
			if (fds[i].revents == 0)
				continue;
			if (places[i].kind == KIND_UDP) {
				serve_udp(i);
			} else if (places[i].kind == KIND_LISTENER) {
				int fd = accept(fds[i].fd, NULL, NULL);
				if (fd >= 0)
					add(fd, KIND_TCP, places[i].server);
			} else if (!serve_tcp(i)) {
				drop(i);
			}
		}
	}
}

pid_t servers_start(const struct network *network)
{
	for (size_t i = 0; i < network->server_count; i++) {
		open_socket(&network->servers[i], KIND_UDP);
		open_socket(&network->servers[i], KIND_LISTENER);
	}
	fflush(NULL);
	pid_t child = fork();
	if (child < 0)
		abort();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve_all();
	}
	for (size_t i = 0; i < count; i++)
		close(fds[i].fd);
	return child;
}
