#include "control/upstream/server.h"
#include "control/upstream/socket_tls.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static const unsigned char alpn[] = {3, 'd', 'o', 't'};

// ---- sessions, so that the next connection is quicker (RFC 8446 §2.2) ----

static bool is_of(const struct tls_session *session, const struct tls_link *link)
{
	return session->peer == link->peer && session->port == link->port &&
	       server_address_equal(&session->server, &link->server);
}

static void clear(struct tls_session *session)
{
	SSL_SESSION_free(session->session);
	*session = (struct tls_session){0};
}

static struct tls_session *find(struct tls *tls, const struct tls_link *link)
{
	for (unsigned i = 0; i < TLS_SESSIONS_MAX; i++) {
		if (is_of(&tls->sessions[i], link))
			return &tls->sessions[i];
	}
	return NULL;
}

void tls_session_forget(struct tls *tls, const struct tls_link *link)
{
	struct tls_session *session = find(tls, link);

	if (session)
		clear(session);
}

// Takes over the reference.
static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_link *link = SSL_get_app_data(ssl);
	struct tls *tls = link->sockets->tls;
	struct tls_session *place = find(tls, link);

	if (!place) {
		place = &tls->sessions[tls->next_session];
		tls->next_session = (tls->next_session + 1) % TLS_SESSIONS_MAX;
	}
	if (place->peer)
		clear(place);
	*place = (struct tls_session){
		.server = link->server,
		.port = link->port,
		.peer = link->peer,
		.session = session,
		// What a resumed session brings is as old as what it resumed: the certificate was
		// looked at then.
		.made_us = SSL_session_reused(ssl) == 1 ? link->vouched_us : socket_now_us(),
	};
	return 1;
}

static void resume(struct tls_link *link, SSL *ssl)
{
	struct tls_session *session = find(link->sockets->tls, link);

	if (!session)
		return;
	bool is_old = socket_now_us() - session->made_us > TLS_SESSION_S * UINT64_C(1000000);
	if (!is_old && SSL_SESSION_is_resumable(session->session) == 1 &&
	    SSL_set_session(ssl, session->session) == 1)
		link->vouched_us = session->made_us;
	// A ticket of TLS 1.3 is used once (RFC 8446 appendix C.4): nobody shall tell by it that
	// two connections are of one client.
	if (is_old || SSL_SESSION_get_protocol_version(session->session) >= TLS1_3_VERSION)
		clear(session);
}

// ---- one context for all ----

static bool set_up(SSL_CTX *context, const char *ca_file)
{
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_max_cert_list(context, TLS_CERTIFICATES_MAX);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, on_new_session);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	// 0 is success, here alone.
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_alpn_protos(context, alpn, sizeof(alpn)) == 0 &&
	       (ca_file && ca_file[0] ? SSL_CTX_load_verify_locations(context, ca_file, NULL)
				      : SSL_CTX_set_default_verify_paths(context)) == 1;
}

int tls_context_open(struct tls *tls, const char *ca_file)
{
	tls->context = SSL_CTX_new(TLS_client_method());
	if (!tls->context)
		return -ENOMEM;
	if (set_up(tls->context, ca_file))
		return 0;
	SSL_CTX_free(tls->context);
	tls->context = NULL;
	return -EINVAL;
}

void tls_context_close(struct tls *tls)
{
	for (unsigned i = 0; i < TLS_SESSIONS_MAX; i++)
		clear(&tls->sessions[i]);
	SSL_CTX_free(tls->context);
	tls->context = NULL;
}

// ---- who it is ----

static bool is_address(const char *name)
{
	uint8_t address[16];

	return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

// The library checks the chain and this name during the handshake.
static bool expect_name(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	if (is_address(name))
		return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
						       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 &&
	       SSL_set_tlsext_host_name(ssl, name) == 1;
}

SSL *tls_ssl_new(struct tls_link *link)
{
	SSL *ssl = SSL_new(link->sockets->tls->context);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	if (!ssl || !in || !out) {
		BIO_free(in);
		BIO_free(out);
		SSL_free(ssl);
		return NULL;
	}
	BIO_set_mem_eof_return(in, -1);
	SSL_set_bio(ssl, in, out);
	SSL_set_app_data(ssl, link);
	SSL_set_connect_state(ssl);
	if (link->peer->name[0] == '\0') {
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL); // the pins decide
	} else if (!expect_name(ssl, link->peer->name)) {
		SSL_free(ssl);
		return NULL;
	}
	resume(link, ssl);
	link->in = in;
	link->out = out;
	return ssl;
}

static bool has_pinned_key(const struct tls_peer *peer, X509 *certificate)
{
	unsigned char *key = NULL;
	unsigned char digest[TLS_PIN_LEN];
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
	bool is_pinned = false;

	if (len <= 0)
		return false;
	if (EVP_Digest(key, (size_t)len, digest, NULL, EVP_sha256(), NULL) == 1) {
		for (unsigned i = 0; i < peer->pin_count; i++)
			is_pinned |= memcmp(peer->pins[i], digest, sizeof(digest)) == 0;
	}
	OPENSSL_free(key);
	return is_pinned;
}

bool tls_is_trusted(const struct tls_link *link, const char **why)
{
	const struct tls_peer *peer = link->peer;
	X509 *certificate = SSL_get0_peer_certificate(link->ssl);

	if (!certificate) {
		*why = "no certificate";
		return false;
	}
	if (peer->name[0] != '\0' && SSL_get_verify_result(link->ssl) != X509_V_OK) {
		*why = X509_verify_cert_error_string(SSL_get_verify_result(link->ssl));
		return false;
	}
	if (peer->pin_count > 0 && !has_pinned_key(peer, certificate)) {
		*why = "its key is not pinned";
		return false;
	}
	if (peer->pin_count == 0 && peer->name[0] == '\0') {
		*why = "neither a name nor a pin is configured";
		return false;
	}
	return true;
}
