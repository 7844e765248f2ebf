// One TCP client: length-prefixed questions in, answers out in the order in which they are ready
// (RFC 7766 §6.2.1, §7).
#pragma once

#include "control/listen/listen.h"

#include <uv.h>

#include <stdbool.h>

#define LISTENER_COUNTERS(X)                                                                       \
	X(accepted, "TCP connections accepted")                                                    \
	X(refused, "TCP connections refused because too many were open")                           \
	X(displaced, "idle TCP connections closed to make room")                                   \
	X(queries, "questions over TCP")                                                           \
	X(answered, "answers over TCP")                                                            \
	X(dropped, "questions over TCP that get no answer")                                        \
	X(timed_out, "TCP connections closed for being idle or slow")                              \
	X(malformed, "TCP connections closed for a message too short or too long")

struct listener_counters {
#define X(field, words) uint64_t field;
	LISTENER_COUNTERS(X)
#undef X
};

struct connection;

struct listener {
	uv_loop_t *loop;
	struct store *store;
	listener_ask ask;
	void *ask_arg;
	uv_tcp_t sockets[SERVICE_ADDRESSES_MAX];
	size_t socket_count;
	unsigned handles; // listening sockets still open
	bool closed;
	struct connection *oldest, *newest; // by last complete question
	unsigned connection_count;
	struct listener_counters counters;
};

void connection_accept(struct listener *listener, uv_stream_t *socket) __attribute__((nonnull));
void connection_close_all(struct listener *listener) __attribute__((nonnull));
// Frees the listener when it is closed and nothing of it is left.
void listener_release(struct listener *listener) __attribute__((nonnull));
