#include "control/upstream/cookie.h"

#include <string.h>

#define DAY_US (24 * 3600 * UINT64_C(1000000))

void cookie_client_make(const uint8_t secret[16], const struct address *server, uint64_t now_us,
			uint8_t out[COOKIE_CLIENT_LEN])
{
	uint8_t bytes[25] = {server->family};
	uint64_t day = now_us / DAY_US;
	uint64_t hash;

	memcpy(bytes + 1, server->bytes, 16);
	memcpy(bytes + 17, &day, sizeof(day));
	hash = siphash_2_4(secret, bytes, sizeof(bytes));
	memcpy(out, &hash, COOKIE_CLIENT_LEN);
}

void cookie_fill(const struct server *server, const uint8_t client[COOKIE_CLIENT_LEN],
		 struct edns *edns)
{
	edns->has_cookie = true;
	memcpy(edns->client_cookie, client, COOKIE_CLIENT_LEN);
	edns->server_cookie_len = 0;
	if (!server || memcmp(server->client_cookie, client, COOKIE_CLIENT_LEN) != 0)
		return;
	edns->server_cookie_len = server->cookie_len;
	memcpy(edns->server_cookie, server->cookie, server->cookie_len);
}

enum cookie_verdict cookie_check(const struct server *server,
				 const uint8_t client[COOKIE_CLIENT_LEN], const struct edns *reply)
{
	// RFC 7873 §5.3: a reply without a cookie is as good as the server's past allows.
	if (!reply->present || !reply->has_cookie)
		return server && server->cookie_len ? COOKIE_LOST : COOKIE_GOOD;
	return memcmp(reply->client_cookie, client, COOKIE_CLIENT_LEN) ? COOKIE_WRONG : COOKIE_GOOD;
}

bool cookie_proves(const uint8_t client[COOKIE_CLIENT_LEN], const struct edns *reply)
{
	return reply->present && reply->has_cookie && reply->server_cookie_len > 0 &&
	       memcmp(reply->client_cookie, client, COOKIE_CLIENT_LEN) == 0;
}

void cookie_remember(struct server *server, const struct edns *reply)
{
	if (!reply->present || !reply->has_cookie || reply->server_cookie_len == 0)
		return;
	memcpy(server->client_cookie, reply->client_cookie, COOKIE_CLIENT_LEN);
	memcpy(server->cookie, reply->server_cookie, reply->server_cookie_len);
	server->cookie_len = reply->server_cookie_len;
}
