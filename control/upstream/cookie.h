// DNS cookies as a client (RFC 7873, RFC 9018): one client cookie per server and day, the server's
// cookie remembered with it.
#pragma once

#include "control/upstream/server.h"
#include "dataplane/dns/message.h"

// SipHash of the server's address and the day with a secret of this process (RFC 9018 §3): says
// nothing to one server about another, and changes daily (RFC 7873 §7.1).
void cookie_client_make(const uint8_t secret[16], const struct address *server, uint64_t now_us,
			uint8_t out[COOKIE_CLIENT_LEN]) __attribute__((nonnull));
// The cookies to send to this server (NULL: unknown) with that client cookie.
void cookie_fill(const struct server *server, const uint8_t client[COOKIE_CLIENT_LEN],
		 struct edns *edns) __attribute__((nonnull(2, 3)));

enum cookie_verdict {
	COOKIE_GOOD,  // ours is echoed, or none is and none is expected
	COOKIE_WRONG, // echoes another than ours: RFC 7873 §5.3, discard
	COOKIE_LOST,  // none, from a server that has sent them
};
enum cookie_verdict cookie_check(const struct server *server,
				 const uint8_t client[COOKIE_CLIENT_LEN], const struct edns *reply)
	__attribute__((nonnull(2, 3), pure, warn_unused_result));
// Whether a reply to a question with that client cookie can only come from who has seen the
// question: it has the same one, and a server cookie with it.
bool cookie_proves(const uint8_t client[COOKIE_CLIENT_LEN], const struct edns *reply)
	__attribute__((nonnull, pure, warn_unused_result));
// Call with a good reply: remembers the server cookie in it, if there is one.
void cookie_remember(struct server *server, const struct edns *reply) __attribute__((nonnull));
