// Interoperable server cookies (RFC 9018 §4).
#include "dataplane/dns/edns.h"
#include "dataplane/dns/header.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#define COOKIE_VERSION     1
#define COOKIE_HEAD_LEN    8 // version, reserved, timestamp
#define COOKIE_AGE_MAX_S   3600
#define COOKIE_AHEAD_MAX_S 300
#define ADDR_MAX           16

// RFC 9018 §4.4: Client Cookie | Version | Reserved | Timestamp | Client-IP.
static uint64_t cookie_hash(const uint8_t *client, const uint8_t *head, const uint8_t *addr,
			    size_t addr_len, const uint8_t secret[16])
{
	uint8_t input[COOKIE_CLIENT_LEN + COOKIE_HEAD_LEN + ADDR_MAX];

	assert(addr_len <= ADDR_MAX);
	memcpy(input, client, COOKIE_CLIENT_LEN);
	memcpy(input + COOKIE_CLIENT_LEN, head, COOKIE_HEAD_LEN);
	memcpy(input + COOKIE_CLIENT_LEN + COOKIE_HEAD_LEN, addr, addr_len);
	// The reference code of SipHash writes its result least significant byte first.
	return htole64(siphash_2_4(secret, input, COOKIE_CLIENT_LEN + COOKIE_HEAD_LEN + addr_len));
}

void cookie_server_make(const uint8_t client[COOKIE_CLIENT_LEN], const uint8_t *addr,
			size_t addr_len, uint32_t now_s, const uint8_t secret[16],
			uint8_t out[COOKIE_SERVER_LEN])
{
	wire_put32(out, (uint32_t)COOKIE_VERSION << 24);
	wire_put32(out + 4, now_s);
	uint64_t hash = cookie_hash(client, out, addr, addr_len, secret);
	memcpy(out + COOKIE_HEAD_LEN, &hash, sizeof(hash));
}

bool cookie_server_valid(const uint8_t client[COOKIE_CLIENT_LEN], const uint8_t *server,
			 size_t server_len, const uint8_t *addr, size_t addr_len, uint32_t now_s,
			 const uint8_t secret[16])
{
	if (server_len != COOKIE_SERVER_LEN || server[0] != COOKIE_VERSION)
		return false;
	// RFC 9018 §4.3, with the serial arithmetic of RFC 1982.
	int32_t age_s = (int32_t)(now_s - wire_get32(server + 4));
	if (age_s > COOKIE_AGE_MAX_S || age_s < -COOKIE_AHEAD_MAX_S)
		return false;
	uint64_t theirs;
	memcpy(&theirs, server + COOKIE_HEAD_LEN, sizeof(theirs));
	// One comparison of words: its time tells nothing about how many bytes agree.
	return theirs == cookie_hash(client, server, addr, addr_len, secret);
}
