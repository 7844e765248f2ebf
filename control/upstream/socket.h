// The real transport, split by noun: socket_transport.c (the loop, channels), socket_udp.c,
// socket_tcp.c, socket_idle.c (kept connections), socket_tls.c. Private to this folder.
//
// All descriptors live in one epoll set of ours, and the loop watches that set: a question costs
// no handle of the loop, and a channel can be freed at once.
#pragma once

#include "control/upstream/random.h"
#include "control/upstream/upstream.h"

#include <uv.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define SOCKET_CHANNELS_MAX    32768
#define SOCKET_PORT_TRIES      32 // a port may be taken: draw again
#define SOCKET_BURST           32 // packets read from one socket before the next gets its turn
#define SOCKET_IDLE_MAX        64
#define SOCKET_IDLE_SERVER_MAX 2
#define SOCKET_IDLE_MS         2000

enum channel_state {
	CHANNEL_UDP,
	CHANNEL_CONNECTING,
	CHANNEL_OPEN,
	CHANNEL_IDLE, // no owner: kept for the next question
	CHANNEL_TLS,  // a question's share of a TLS connection; no descriptor
	CHANNEL_LINK, // the descriptor of a TLS connection
};

struct channel {
	struct socket_transport *sockets;
	uint32_t slot;
	uint32_t serial; // tells it from earlier users of the slot
	int fd;
	enum channel_state state;
	struct address server;
	uint16_t port;
	channel_event_fn on_event;
	void *arg;
	int error; // UDP: connect() failed, told by send

	// an event that open() could not tell
	bool pending;
	enum channel_event pending_event;
	struct channel *next_pending;

	// TCP
	bool kept;     // was idle before, and has not answered since
	bool answered; // exactly as many messages in as out
	uint8_t *in;
	size_t in_len, in_cap;
	uint8_t *out;
	size_t out_len, out_sent;
	uint64_t idle_since_us;
	struct channel *next_idle;

	// TLS; also `answered`
	struct tls_link *link; // NULL: it has ended
	struct channel *next_member;
	bool asked;
	uint64_t asked_us;
	uint16_t own_id, wire_id; // of the owner's message, and on the connection
};

struct socket_transport {
	struct socket_transport_config config;
	uv_loop_t *loop;
	uv_poll_t poll;
	uv_timer_t timer;
	uv_timer_t idle_timer;
	unsigned handles; // that the loop has not closed yet
	void (*on_timer)(void *arg);
	void *on_timer_arg;
	int epoll_fd;
	int wake_fd; // readable when there are pending channels
	struct channel **slots;
	uint32_t *free_slots;
	uint32_t free_count, slot_count;
	uint32_t serial;
	struct channel *pending;
	struct channel *idle; // oldest first
	unsigned idle_count;
	struct tls *tls; // NULL: no TLS
	struct random random;
	uint8_t buf[65536];
};

// socket_transport.c
uint64_t socket_now_us(void);
int socket_sockaddr(const struct address *address, uint16_t port, struct sockaddr_storage *out,
		    socklen_t *len) __attribute__((nonnull)); // 0 or -EAFNOSUPPORT
// A descriptor with what the configuration says of interfaces; >= 0 or -errno.
int socket_new(struct socket_transport *sockets, int family, int type)
	__attribute__((nonnull, warn_unused_result));
// Also for changes. 0 or -errno.
int socket_watch(struct channel *channel, uint32_t epoll_events, bool add)
	__attribute__((nonnull, warn_unused_result));
void socket_tell_later(struct channel *channel, enum channel_event event) __attribute__((nonnull));
// NULL: no memory, or too many.
struct channel *channel_new(struct socket_transport *sockets, int fd, enum channel_state state)
	__attribute__((nonnull, warn_unused_result));
void channel_free(struct channel *channel) __attribute__((nonnull));
// False: the channel that had this slot and serial is gone.
bool channel_alive(const struct socket_transport *sockets, uint32_t slot, uint32_t serial)
	__attribute__((nonnull, pure));
enum channel_event socket_event_of_error(int error, bool tcp);

// socket_udp.c
struct channel *udp_open(struct socket_transport *sockets, const struct address *server,
			 uint16_t port) __attribute__((nonnull, warn_unused_result));
int udp_send(struct channel *channel, const uint8_t *data, size_t len) __attribute__((nonnull));
void udp_ready(struct channel *channel, uint32_t epoll_events) __attribute__((nonnull));

// socket_tcp.c
// A connection begun; >= 0 or -errno.
int tcp_connect(struct socket_transport *sockets, const struct address *server, uint16_t port)
	__attribute__((nonnull, warn_unused_result));
struct channel *tcp_open(struct socket_transport *sockets, const struct address *server,
			 uint16_t port) __attribute__((nonnull, warn_unused_result));
int tcp_send(struct channel *channel, const uint8_t *data, size_t len) __attribute__((nonnull));
void tcp_ready(struct channel *channel, uint32_t epoll_events) __attribute__((nonnull));

// socket_idle.c
struct channel *idle_take(struct socket_transport *sockets, const struct address *server,
			  uint16_t port) __attribute__((nonnull, warn_unused_result));
bool idle_keep(struct channel *channel) __attribute__((nonnull, warn_unused_result));
void idle_drop(struct channel *channel) __attribute__((nonnull));
// Those idle since before then. UINT64_MAX: all.
void idle_expire(struct socket_transport *sockets, uint64_t before_us) __attribute__((nonnull));
