#include "tests/unit/control/upstream/tls_server.h"

#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/query.h"
#include "dataplane/dns/types.h"

#include <openssl/err.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUESTIONS_MAX 256
#define MESSAGE_MAX   65535

struct conversation {
	struct tls_server *server;
	unsigned number;
	int fd;
	SSL *ssl;
	unsigned answers;
	uint8_t questions[QUESTIONS_MAX][512];
	size_t lens[QUESTIONS_MAX];
	unsigned count;
};

static bool write_all(struct conversation *c, const uint8_t *data, size_t len)
{
	ERR_clear_error();
	return SSL_write(c->ssl, data, (int)len) == (int)len;
}

static bool read_all(struct conversation *c, uint8_t *data, size_t len)
{
	for (size_t off = 0; off < len;) {
		ERR_clear_error();
		int got = SSL_read(c->ssl, data + off, (int)(len - off));
		if (got <= 0)
			return false;
		off += (size_t)got;
	}
	return true;
}

static bool read_question(struct conversation *c)
{
	uint8_t length[2];
	size_t len;

	if (c->count >= QUESTIONS_MAX || !read_all(c, length, 2))
		return false;
	len = wire_get16(length);
	if (len > sizeof(c->questions[0]) || !read_all(c, c->questions[c->count], len))
		return false;
	c->lens[c->count++] = len;
	atomic_fetch_add(&c->server->questions, 1);
	atomic_fetch_add(&c->server->unpadded, len % 128 != 0);
	return true;
}

static size_t build(const uint8_t *msg, size_t len, unsigned texts, bool other, uint8_t *out)
{
	uint8_t name[NAME_MAX_LEN], text[256];
	struct builder builder;
	struct query query;

	if (query_parse(msg, len, &query) != QUERY_ANSWER)
		abort();
	memcpy(name, query.question, query.qname_len);
	if (other)
		name[1] ^= 1;
	memset(text, 'x', sizeof(text));
	text[0] = 255;
	builder_start(&builder, out, MESSAGE_MAX, query.id, FLAG_QR);
	builder_question(&builder, name, query.qtype, CLASS_IN);
	for (unsigned i = 0; i < texts; i++) {
		text[1] = (uint8_t)i;
		builder_record(&builder, SECTION_ANSWER, name, TYPE_TXT, CLASS_IN, 60, text,
			       sizeof(text));
	}
	int built = builder_finish(&builder);
	return built > 0 ? (size_t)built : 0;
}

static bool answer(struct conversation *c, unsigned which, uint16_t id_change)
{
	static __thread uint8_t out[2 + MESSAGE_MAX];
	enum tls_server_kind kind = c->server->kind;
	size_t len = build(c->questions[which], c->lens[which], kind == TLS_SERVER_LARGE ? 224 : 1,
			   kind == TLS_SERVER_WRONG_QUESTION, out + 2);

	wire_put16(out, (uint16_t)len);
	wire_put16(out + 2, (uint16_t)(wire_get16(out + 2) + id_change));
	c->answers++;
	if (kind != TLS_SERVER_BYTE_BY_BYTE)
		return write_all(c, out, 2 + len);
	for (size_t i = 0; i < 2 + len; i++) {
		if (!write_all(c, out + i, 1))
			return false;
	}
	return true;
}

// What never stops by itself: until we end the connection.
static void flood(struct conversation *c)
{
	static const uint8_t empty[2];
	bool goes_on = true;

	for (uint16_t i = 1; goes_on && !atomic_load(&c->server->stopping); i++) {
		switch (c->server->kind) {
		case TLS_SERVER_EMPTY:
			goes_on = write_all(c, empty, sizeof(empty));
			break;
		case TLS_SERVER_WRONG_ID:
			goes_on = answer(c, 0, i | 256);
			break;
		case TLS_SERVER_KEY_UPDATES:
			goes_on = SSL_key_update(c->ssl, SSL_KEY_UPDATE_REQUESTED) == 1 &&
				  SSL_do_handshake(c->ssl) == 1;
			break;
		default:
			// What is queued goes out before the next bytes of the application.
			goes_on = SSL_new_session_ticket(c->ssl) == 1 &&
				  write_all(c, empty, sizeof(empty));
		}
		atomic_store(&c->server->sent_bytes, BIO_number_written(SSL_get_wbio(c->ssl)));
	}
}

// Until the other side ends it.
static void wait_for_end(struct conversation *c)
{
	uint8_t bytes[512];

	while (recv(c->fd, bytes, sizeof(bytes), 0) > 0)
		;
}

static void reset(struct conversation *c)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static bool answer_batch(struct conversation *c)
{
	if (c->count < c->server->batch)
		return true;
	while (c->count > 0) {
		if (!answer(c, --c->count, 0))
			return false;
	}
	return true;
}

// One question has come. False: the connection is to be ended.
static bool act(struct conversation *c)
{
	static const uint8_t announced[2] = {0xff, 0xff};
	struct tls_server *server = c->server;

	switch (server->kind) {
	case TLS_SERVER_REVERSE:
		return answer_batch(c);
	case TLS_SERVER_SILENT:
		c->count = 0;
		return true;
	case TLS_SERVER_SILENT_LATER:
		return c->answers >= server->batch ? (c->count = 0, true) : answer_batch(c);
	case TLS_SERVER_CLOSE_BEFORE:
		return false;
	case TLS_SERVER_RESET_LATER:
	case TLS_SERVER_CLOSE_LATER:
		if (c->answers < server->batch)
			return answer(c, --c->count, 0);
		if (server->kind == TLS_SERVER_RESET_LATER)
			reset(c);
		return false;
	case TLS_SERVER_HALF_CLOSE:
		SSL_shutdown(c->ssl);
		wait_for_end(c);
		return false;
	case TLS_SERVER_HALF_LENGTH:
	case TLS_SERVER_ANNOUNCE:
		write_all(c, announced, server->kind == TLS_SERVER_ANNOUNCE ? 2 : 1);
		wait_for_end(c);
		return false;
	case TLS_SERVER_EMPTY:
	case TLS_SERVER_WRONG_ID:
	case TLS_SERVER_KEY_UPDATES:
	case TLS_SERVER_TICKETS:
		flood(c);
		return false;
	case TLS_SERVER_RENEGOTIATE:
		SSL_renegotiate(c->ssl);
		SSL_do_handshake(c->ssl);
		return answer(c, --c->count, 0);
	default:
		return answer(c, --c->count, 0);
	}
}

static void note_handshake(struct conversation *c)
{
	struct tls_server *server = c->server;
	const unsigned char *alpn = NULL;
	unsigned len = 0;
	const char *name = SSL_get_servername(c->ssl, TLSEXT_NAMETYPE_host_name);

	SSL_get0_alpn_selected(c->ssl, &alpn, &len);
	atomic_fetch_add(&server->alpn, len == 3 && memcmp(alpn, "dot", 3) == 0);
	if (name != NULL) {
		strncpy(server->name, name, sizeof(server->name) - 1);
		atomic_fetch_add(&server->named, 1);
	}
	atomic_fetch_add(&server->resumed, SSL_session_reused(c->ssl) == 1);
	atomic_fetch_add(&server->handshakes, 1);
}

static void converse(struct conversation *c)
{
	if (SSL_accept(c->ssl) != 1)
		return;
	note_handshake(c);
	while (read_question(c) && act(c))
		;
}

// The bytes of a handshake, which SSL writes into memory, one by one.
static void drip(struct conversation *c)
{
	uint8_t bytes[2048];
	BIO *out = BIO_new(BIO_s_mem());
	ssize_t len = recv(c->fd, bytes, sizeof(bytes), 0);
	BIO *in = BIO_new(BIO_s_mem());
	uint8_t byte;

	BIO_set_mem_eof_return(in, -1);
	if (len > 0)
		BIO_write(in, bytes, (int)len);
	SSL_set_bio(c->ssl, in, out);
	SSL_accept(c->ssl);
	while (BIO_read(out, &byte, 1) == 1) {
		struct pollfd ended = {.fd = c->fd, .events = POLLRDHUP};
		if (send(c->fd, &byte, 1, MSG_NOSIGNAL) != 1 || poll(&ended, 1, 20) != 0)
			break;
		atomic_fetch_add(&c->server->sent_bytes, 1);
	}
}

static void serve(struct conversation *c)
{
	static const char refusal[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	uint8_t byte;

	switch (c->server->kind) {
	case TLS_SERVER_CLOSE_AT_ONCE:
		return;
	case TLS_SERVER_CLOSE_SHAKING:
		(void)recv(c->fd, &byte, 1, 0);
		return;
	case TLS_SERVER_STALL:
		wait_for_end(c);
		return;
	case TLS_SERVER_NO_TLS:
		send(c->fd, refusal, sizeof(refusal) - 1, MSG_NOSIGNAL);
		wait_for_end(c);
		return;
	case TLS_SERVER_DRIP:
		drip(c);
		return;
	default:
		converse(c);
	}
}

static void *conversation_main(void *arg)
{
	struct conversation *c = arg;
	struct tls_server *server = c->server;
	int on = 1;

	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->ssl = SSL_new(server->context);
	SSL_set_fd(c->ssl, c->fd);
	serve(c);
	atomic_store(&server->fds[c->number], -1);
	SSL_free(c->ssl);
	close(c->fd);
	ERR_clear_error();
	free(c);
	atomic_fetch_add(&server->ended, 1);
	return NULL;
}

static void *accept_main(void *arg)
{
	struct tls_server *server = arg;
	unsigned count = 0;

	while (count < TLS_SERVER_CONNECTIONS_MAX) {
		int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			break;
		struct conversation *c = calloc(1, sizeof(*c));
		*c = (struct conversation){.server = server, .number = count, .fd = fd};
		atomic_store(&server->fds[count], fd);
		if (pthread_create(&server->threads[count], NULL, conversation_main, c) != 0)
			abort();
		atomic_store(&server->connections, ++count);
	}
	return NULL;
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		       const unsigned char *in, unsigned in_len, void *arg)
{
	static const unsigned char dot[] = {3, 'd', 'o', 't'};

	(void)ssl, (void)arg;
	if (SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, dot, sizeof(dot), in,
				  in_len) == OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_OK;
	return SSL_TLSEXT_ERR_NOACK;
}

static void set_up(struct tls_server *server, const struct tls_proof *proof)
{
	server->context = SSL_CTX_new(TLS_server_method());
	if (server->version_max != 0) {
		SSL_CTX_set_security_level(server->context, 0);
		SSL_CTX_set_min_proto_version(server->context, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(server->context, server->version_max);
	}
	if (SSL_CTX_use_certificate(server->context, proof->certificate) != 1 ||
	    SSL_CTX_use_PrivateKey(server->context, proof->key) != 1)
		abort();
	for (unsigned i = 0; i < server->padding; i++) {
		X509_up_ref(proof->certificate);
		SSL_CTX_add_extra_chain_cert(server->context, proof->certificate);
	}
	SSL_CTX_set_alpn_select_cb(server->context, choose_alpn, NULL);
	SSL_CTX_set_session_id_context(server->context, (const unsigned char *)"t", 1);
}

void tls_server_start(struct tls_server *server, const struct tls_proof *proof)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(server->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int on = 1;

	signal(SIGPIPE, SIG_IGN);
	set_up(server, proof);
	server->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(server->listen_fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(server->listen_fd, 128) != 0 ||
	    getsockname(server->listen_fd, (struct sockaddr *)&at, &len) != 0)
		abort();
	server->port = ntohs(at.sin_port);
	if (pthread_create(&server->thread, NULL, accept_main, server) != 0)
		abort();
}

void tls_server_stop(struct tls_server *server)
{
	atomic_store(&server->stopping, true);
	shutdown(server->listen_fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listen_fd);
	for (unsigned i = 0; i < server->connections; i++) {
		int fd = atomic_load(&server->fds[i]);
		if (fd >= 0)
			shutdown(fd, SHUT_RDWR);
		pthread_join(server->threads[i], NULL);
	}
	SSL_CTX_free(server->context);
}
