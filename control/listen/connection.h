// One TCP client: length-prefixed questions in, answers out in the order in which they are ready
// (RFC 7766 §6.2.1, §7).
#pragma once

#include "control/listen/listen.h"

#include <uv.h>

#include <stdbool.h>

#define LISTENER_COUNTERS(X)                                                                       \
	X(accepted, "TCP connections accepted")                                                    \
	X(refused, "TCP connections not taken: gone already, or no descriptor or memory left")     \
	X(displaced, "TCP connections closed to make room, the quiet ones first")                  \
	X(queries, "questions over TCP")                                                           \
	X(answered, "answers over TCP")                                                            \
	X(cached, "those with data, NODATA or NXDOMAIN out of the cache")                          \
	X(stale, "those with stale data, without asking again")                                    \
	X(failed, "those SERVFAIL from a cached failure, or with too many questions under way")    \
	X(dropped, "questions over TCP that get no answer")                                        \
	X(timed_out, "TCP connections closed for being idle or slow")                              \
	X(malformed, "TCP connections closed for a message too short or too long")                 \
	X(unread, "TCP connections closed because answers were not read and memory ran short")

struct listener_counters {
#define X(field, words) uint64_t field;
	LISTENER_COUNTERS(X)
#undef X
};

struct connection;

struct connection_list {
	struct connection *oldest, *newest; // by last sign of life
};

struct listener {
	uv_loop_t *loop;
	struct store *store;
	listener_ask ask;
	void *ask_arg;
	unsigned connections_max; // LISTENER_CONNECTIONS_MAX
	bool descriptors_short;   // the last client found none left for clients
	uint64_t idle_ms;         // LISTENER_IDLE_MS
	size_t unsent_max;        // LISTENER_UNSENT_MAX
	uv_tcp_t sockets[SERVICE_ADDRESSES_MAX];
	size_t socket_count;
	unsigned references; // sockets, connections and questions under way that hold its memory
	struct connection_list quiet, busy; // open; busy: waits for our answers
	unsigned connection_count;          // of both lists
	size_t unsent;                      // bytes of answers that clients have not taken
	struct listener_counters counters;
};

void connection_accept(struct listener *listener, uv_stream_t *socket) __attribute__((nonnull));
void connection_close_all(struct listener *listener) __attribute__((nonnull));
// One reference less; the last one frees it.
void listener_release(struct listener *listener) __attribute__((nonnull));
