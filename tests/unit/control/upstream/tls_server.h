// A server of OpenSSL on loopback, in threads, that answers over TLS as a test says; and the
// certificates that it shows, made here.
#pragma once

#include <openssl/ssl.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// ---- certificates ----

struct tls_authority {
	EVP_PKEY *key;
	X509 *certificate;
	char file[64]; // PEM, on disk
};
struct tls_proof { // what a server shows
	EVP_PKEY *key;
	X509 *certificate;
};

void tls_authority_make(struct tls_authority *authority);
void tls_authority_free(struct tls_authority *authority);
// san is as in openssl.cnf ("DNS:dns.test, IP:127.0.0.1"), NULL: none. From and until are seconds
// from now. Without an authority it signs itself.
struct tls_proof tls_proof_make(const struct tls_authority *authority, const char *san,
				const char *common_name, long from_s, long until_s);
void tls_proof_free(struct tls_proof *proof);
void tls_proof_pin(const struct tls_proof *proof, uint8_t pin[32]);

// ---- the server ----

enum tls_server_kind {
	TLS_SERVER_ANSWER,
	TLS_SERVER_REVERSE,       // the last of `batch` questions first
	TLS_SERVER_SILENT,        // takes questions, answers none
	TLS_SERVER_SILENT_LATER,  // the same after `batch` answers on a connection
	TLS_SERVER_CLOSE_AT_ONCE, // TCP, before any TLS
	TLS_SERVER_CLOSE_SHAKING, // after the first bytes of ours
	TLS_SERVER_CLOSE_BEFORE,  // with the first question unanswered
	TLS_SERVER_CLOSE_LATER,   // the same after `batch` answers on a connection
	TLS_SERVER_RESET_LATER,   // the same by a TCP reset
	TLS_SERVER_HALF_CLOSE,    // says that nothing follows, and keeps TCP
	TLS_SERVER_STALL,         // TCP, then not a byte
	TLS_SERVER_DRIP,          // a byte of its handshake every 20 ms
	TLS_SERVER_NO_TLS,        // an error in plain text
	TLS_SERVER_HALF_LENGTH,   // one byte of a length, then silence
	TLS_SERVER_ANNOUNCE,      // a length of 65,535 and nothing more
	TLS_SERVER_EMPTY,         // messages of no bytes, without an end
	TLS_SERVER_WRONG_ID,      // answers to questions that nobody asked, without an end
	TLS_SERVER_WRONG_QUESTION,
	TLS_SERVER_KEY_UPDATES,  // without an end, each of which wants one back
	TLS_SERVER_TICKETS,      // without an end
	TLS_SERVER_RENEGOTIATE,  // wants to, then answers
	TLS_SERVER_LARGE,        // answers of 60,000 bytes
	TLS_SERVER_BYTE_BY_BYTE, // one record for each byte
};

#define TLS_SERVER_CONNECTIONS_MAX 64

struct tls_server {
	enum tls_server_kind kind;
	unsigned batch;
	int version_max;  // 0: any
	unsigned padding; // certificates of no use that are sent along
	uint16_t port;
	SSL_CTX *context;
	int listen_fd;
	pthread_t thread;
	pthread_t threads[TLS_SERVER_CONNECTIONS_MAX];
	atomic_int fds[TLS_SERVER_CONNECTIONS_MAX]; // -1: closed
	atomic_bool stopping;
	// read by tests
	atomic_uint connections, ended; // TCP
	atomic_uint handshakes, resumed, alpn, named, questions, unpadded;
	atomic_ullong sent_bytes; // by those that never stop
	char name[256];           // that we asked for
};

void tls_server_start(struct tls_server *server, const struct tls_proof *proof);
void tls_server_stop(struct tls_server *server);
