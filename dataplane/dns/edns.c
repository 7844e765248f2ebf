#include "dataplane/dns/edns.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <string.h>

#define OPTION_HEAD_LEN 4
#define DO_BIT          0x8000

static enum edns_verdict cookie_read(const uint8_t *data, size_t len, struct edns *out)
{
	// RFC 7873 §5.2: only the first COOKIE option counts.
	if (out->has_cookie)
		return EDNS_OK;
	size_t server_len = len - COOKIE_CLIENT_LEN;
	// RFC 7873 §5.2.2: 8 bytes, or 16 to 40; anything else is FORMERR.
	if (len < COOKIE_CLIENT_LEN ||
	    (server_len != 0 && (server_len < 8 || server_len > COOKIE_SERVER_MAX)))
		return EDNS_FORMERR;
	out->has_cookie = true;
	memcpy(out->client_cookie, data, COOKIE_CLIENT_LEN);
	memcpy(out->server_cookie, data + COOKIE_CLIENT_LEN, server_len);
	out->server_cookie_len = (uint8_t)server_len;
	return EDNS_OK;
}

static enum edns_verdict option_read(uint16_t code, const uint8_t *data, size_t len,
				     struct edns *out)
{
	switch (code) {
	case EDNS_COOKIE:
		return cookie_read(data, len, out);
	case EDNS_EDE:
		// RFC 8914 §2; one too short says nothing and harms nothing.
		if (len >= 2 && out->ede == EDE_NONE)
			out->ede = wire_get16(data);
		return EDNS_OK;
	case EDNS_CLIENT_SUBNET:
		out->has_subnet = true;
		return EDNS_OK;
	case EDNS_TCP_KEEPALIVE:
		out->has_keepalive = true;
		return EDNS_OK;
	default: // RFC 6891 §6.1.2: unknown options are ignored
		return EDNS_OK;
	}
}

enum edns_verdict edns_parse(uint16_t class_, uint32_t ttl, const uint8_t *rdata, size_t rdlen,
			     size_t options_max, struct edns *out)
{
	*out = (struct edns){
		.present = true,
		.do_bit = (ttl & DO_BIT) != 0,
		.version = (uint8_t)(ttl >> 16),
		.rcode_high = (uint8_t)(ttl >> 24),
		.udp_size = class_,
		.ede = EDE_NONE,
	};
	// RFC 6891 §6.1.3: what another version puts into RDATA is not ours to judge.
	if (out->version != 0)
		return EDNS_OK;
	size_t off = 0;
	for (size_t count = 0; off < rdlen; count++) {
		if (count == options_max || rdlen - off < OPTION_HEAD_LEN)
			return EDNS_FORMERR;
		uint16_t code = wire_get16(rdata + off);
		size_t len = wire_get16(rdata + off + 2);
		off += OPTION_HEAD_LEN;
		if (len > rdlen - off)
			return EDNS_FORMERR;
		enum edns_verdict verdict = option_read(code, rdata + off, len, out);
		if (verdict != EDNS_OK)
			return verdict;
		off += len;
	}
	return EDNS_OK;
}
