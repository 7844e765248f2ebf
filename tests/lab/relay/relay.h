// What the parts of the relay share: the event loop, endpoints and counters.

#pragma once

#include "tests/lab/relay/rules.h"

#include <netinet/in.h>
#include <stdint.h>

#define COUNTERS(X)                                                                                \
	X(udp_queries)                                                                             \
	X(udp_passed)                                                                              \
	X(tcp_connections)                                                                         \
	X(tcp_queries)                                                                             \
	X(tcp_passed)                                                                              \
	X(malformed)                                                                               \
	X(dropped)                                                                                 \
	X(refused)                                                                                 \
	X(servfail)                                                                                \
	X(delayed)                                                                                 \
	X(truncated)                                                                               \
	X(corrupted)                                                                               \
	X(stripped)                                                                                \
	X(late_replies)                                                                            \
	X(overflow)

struct counters {
#define X(name) uint64_t name;
	COUNTERS(X)
#undef X
};

extern struct counters counters;

// Something the event loop waits for. The owner keeps it alive while it is registered.
struct watcher {
	void (*ready)(struct watcher *watcher);
};

enum {
	MESSAGE_MAX = 65535,
	UDP_MAX = 4096, // larger datagrams are dropped: the lab's authorities send 1232 at most
};

struct slot;

// One address of the provider: the relay listens there beside the authority.
struct endpoint {
	char text[INET6_ADDRSTRLEN];
	struct sockaddr_storage authority;
	socklen_t address_len;
	struct watcher listening;
	struct watcher answering;
	struct watcher accepting;
	int listen_fd;
	int upstream_fd;
	int tcp_fd;
	uint16_t next_slot;
	struct slot *slots;
};

uint64_t now_ms(void);
int loop_add(int fd, struct watcher *watcher, uint32_t events) __attribute__((warn_unused_result));

int udp_open(struct endpoint *endpoint, const struct sockaddr_storage *local)
	__attribute__((nonnull, warn_unused_result));
// Sends what is due; returns the milliseconds until the next is, or -1.
int udp_send_due(void);

int tcp_open(struct endpoint *endpoint, const struct sockaddr_storage *local)
	__attribute__((nonnull, warn_unused_result));
// Continues delayed and closes idle connections; returns as udp_send_due().
int tcp_send_due(void);

// Applies what needs the authority's answer to it. `reply` holds len bytes of capacity; over UDP
// (udp_size > 0) a result larger than udp_size becomes a truncated one. Returns the new length.
size_t reply_edit(struct verdict verdict, uint8_t *reply, size_t len, size_t capacity,
		  size_t udp_size) __attribute__((nonnull, warn_unused_result));

// Answers without the authority if the verdict says so. Returns the length of the reply, 0 if
// the authority must be asked; drop is the caller's.
size_t reply_at_once(struct verdict verdict, const uint8_t *query, const struct question *question,
		     bool over_udp, uint8_t *reply, size_t capacity)
	__attribute__((nonnull, warn_unused_result));
