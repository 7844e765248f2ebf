// The relay stands in front of a provider's real authority while something is broken there, and
// only for the addresses concerned: it refuses, delays, truncates or spoils answers, and passes
// on everything else.
//
//	relay CONTROL-SOCKET LISTEN-PORT AUTHORITY-PORT ADDRESS...
//
// The control socket (SOCK_SEQPACKET) takes one request per connection: "rules\n" and the rules
// of rules.h, all of them at once, or "stats\n". It replies "ok\n", with counters for stats, or
// "error\n".

#include "tests/lab/relay/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	ENDPOINTS_MAX = 32,
	EVENTS = 64,
	REQUEST_MAX = 65536,
	CONTROL_LIMIT_MS = 200,
};

struct counters counters;

static struct endpoint endpoints[ENDPOINTS_MAX];
static int loop_fd;
static int control_fd;

uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int loop_add(int fd, struct watcher *watcher, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watcher};
	return epoll_ctl(loop_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static size_t print_counters(char *text, size_t capacity)
{
	size_t len = (size_t)snprintf(text, capacity, "ok\n");
#define X(name)                                                                                    \
	len += (size_t)snprintf(text + len, capacity - len, "%s %llu\n", #name,                    \
				(unsigned long long)counters.name);
	COUNTERS(X)
#undef X
	return len;
}

static size_t control_answer(char *request, char *answer, size_t capacity)
{
	if (strcmp(request, "stats\n") == 0)
		return print_counters(answer, capacity);
	if (strncmp(request, "rules\n", 6) == 0 && rules_replace(request + 6) == 0)
		return (size_t)snprintf(answer, capacity, "ok\n");
	return (size_t)snprintf(answer, capacity, "error\n");
}

static void control_ready(struct watcher *watcher)
{
	static char request[REQUEST_MAX];
	char answer[2048];
	const struct timeval limit = {.tv_usec = CONTROL_LIMIT_MS * 1000};
	(void)watcher;
	const int fd = accept4(control_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	const ssize_t got = recv(fd, request, sizeof(request) - 1, 0);
	if (got > 0) {
		request[got] = '\0';
		const size_t len = control_answer(request, answer, sizeof(answer));
		if (send(fd, answer, len, MSG_NOSIGNAL) < 0)
			fprintf(stderr, "relay: control: %s\n", strerror(errno));
	}
	close(fd);
}

static int control_open(const char *path)
{
	static struct watcher watcher = {control_ready};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	control_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (control_fd < 0)
		return -errno;
	unlink(path);
	if (bind(control_fd, (const struct sockaddr *)&address, sizeof(address)) ||
	    listen(control_fd, 8))
		return -errno;
	return loop_add(control_fd, &watcher, EPOLLIN);
}

static int address_parse(const char *text, uint16_t port, struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return sizeof(*v6);
	}
	return -EINVAL;
}

static int endpoint_open(struct endpoint *endpoint, const char *text, uint16_t listen_port,
			 uint16_t authority_port)
{
	struct sockaddr_storage local;
	const int len = address_parse(text, listen_port, &local);
	if (len < 0 || address_parse(text, authority_port, &endpoint->authority) < 0)
		return -EINVAL;
	endpoint->address_len = (socklen_t)len;
	snprintf(endpoint->text, sizeof(endpoint->text), "%s", text);
	const int error = udp_open(endpoint, &local);
	return error ? error : tcp_open(endpoint, &local);
}

static int sooner(int a_ms, int b_ms)
{
	if (a_ms < 0 || b_ms < 0)
		return a_ms < 0 ? b_ms : a_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

static int loop_run(void)
{
	struct epoll_event events[EVENTS];
	for (;;) {
		const int wait_ms = sooner(udp_send_due(), tcp_send_due());
		const int count = epoll_wait(loop_fd, events, EVENTS, wait_ms);
		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count; i++) {
			struct watcher *watcher = events[i].data.ptr;
			watcher->ready(watcher);
		}
	}
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "relay: %s: %s\n", what, strerror(-error));
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	if (argc < 5 || argc - 4 > ENDPOINTS_MAX) {
		fprintf(stderr,
			"usage: relay CONTROL-SOCKET LISTEN-PORT AUTHORITY-PORT ADDRESS...\n");
		return EXIT_FAILURE;
	}
	loop_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop_fd < 0)
		return fail("epoll", -errno);
	const uint16_t listen_port = (uint16_t)atoi(argv[2]);
	const uint16_t authority_port = (uint16_t)atoi(argv[3]);
	for (int i = 4; i < argc; i++) {
		const int error =
			endpoint_open(&endpoints[i - 4], argv[i], listen_port, authority_port);
		if (error)
			return fail(argv[i], error);
	}
	const int error = control_open(argv[1]);
	if (error)
		return fail(argv[1], error);
	return fail("epoll", loop_run());
}
