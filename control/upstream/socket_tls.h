// TLS connections to servers, shared by the questions to them (RFC 7858, RFC 7766 §6.2.1.1).
// Private to this folder.
//
// A question has a channel of its own, without a descriptor: its share of the connection. On the
// connection its message gets an ID that nobody else has there, so that answers may come in any
// order; the ID that its owner gave it is put back.
//
// What a server can make us hold is bounded: connections, questions on each, bytes either way, time
// for the handshake, bytes that are no answer to anything. A connection that has brought nothing
// since a question was sent, and that is over, takes no more of them: the way may be gone without a
// word.
#pragma once

#include "control/upstream/frames.h"
#include "control/upstream/socket.h"

#include <openssl/ssl.h>

#define TLS_LINKS_MAX        256
#define TLS_LINKS_SERVER_MAX 4
#define TLS_QUESTIONS_MAX    128                     // on one connection
#define TLS_SILENT_US        (1000 * UINT64_C(1000)) // a question that is given up after less says nothing
#define TLS_UNASKED_MAX      1024                    // messages in a row that answer no question
#define TLS_SHAKING_MAX      131072                  // bytes received before the handshake is over
#define TLS_USELESS_MAX      1048576                 // bytes received since the last answer
#define TLS_BURST            4 // reads of up to 64 kB before others get their turn
#define TLS_OUT_MAX          65536
#define TLS_IDLE_MS          10000
#define TLS_HANDSHAKE_MS     5000
#define TLS_TICK_MS          1000
#define TLS_SESSIONS_MAX     64
#define TLS_SESSION_S        3600 // then the certificate is looked at again
#define TLS_CERTIFICATES_MAX 65536
#define TLS_SAY_MS           10000 // between two lines about servers that are not who they must be

enum link_state {
	LINK_CONNECTING,
	LINK_SHAKING, // hands
	LINK_OPEN,
	LINK_OVER,
};

struct tls_link {
	struct socket_transport *sockets;
	struct tls_link *next;
	enum link_state state;
	struct channel *wire; // its descriptor
	struct address server;
	uint16_t port;
	const struct tls_peer *peer;
	SSL *ssl;
	BIO *in, *out;           // owned by ssl
	struct channel *members; // questions that share it
	unsigned member_count;
	unsigned unasked;
	uint64_t heard_us; // bytes came
	size_t useless;    // bytes that came since the last answer
	unsigned busy;     // calls that still need it, up the stack
	bool answered;     // a message has come
	bool resting;      // takes no more questions
	bool watches_out;
	uint16_t next_id;
	uint64_t since_us;   // it was begun, or has had no question
	uint64_t vouched_us; // the certificate was looked at; before that, in the session's
			     // handshake
	struct frames frames;
};

struct tls_session {
	struct address server;
	uint16_t port;
	const struct tls_peer *peer; // NULL: free
	SSL_SESSION *session;
	uint64_t made_us;
};

struct tls {
	SSL_CTX *context;
	struct tls_link *links;
	unsigned link_count;
	uv_timer_t timer;
	struct tls_session sessions[TLS_SESSIONS_MAX];
	unsigned next_session;
	struct tls_counters counters;
	uint64_t said_us;
};

// socket_tls.c
struct channel *tls_open(struct socket_transport *sockets, const struct address *server,
			 uint16_t port, const struct tls_peer *peer)
	__attribute__((nonnull, warn_unused_result));
int tls_send(struct channel *channel, const uint8_t *data, size_t len) __attribute__((nonnull));
void tls_close(struct channel *channel) __attribute__((nonnull));
void tls_ready(struct channel *wire, uint32_t epoll_events) __attribute__((nonnull));
// Ends all connections without telling anybody.
void tls_end_all(struct socket_transport *sockets) __attribute__((nonnull));

// tls_context.c: what is the same for all connections, and who a server is.
int tls_context_open(struct tls *tls, const char *ca_file)
	__attribute__((nonnull(1), warn_unused_result)); // 0, -ENOMEM; -EINVAL: no such authorities
void tls_context_close(struct tls *tls) __attribute__((nonnull));
SSL *tls_ssl_new(struct tls_link *link) __attribute__((nonnull, warn_unused_result));
// After the handshake; *why is set when not.
bool tls_is_trusted(const struct tls_link *link, const char **why) __attribute__((nonnull));
void tls_session_forget(struct tls *tls, const struct tls_link *link) __attribute__((nonnull));
