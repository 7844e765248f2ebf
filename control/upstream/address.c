// Which addresses may be asked at all (ATTACKS A14): never our own, nor such that no server of
// the Internet can have. A zone's owner chooses what we are told to ask.
#include "control/upstream/state.h"

static bool is_bad_ipv4(const uint8_t *bytes, bool allow_loopback)
{
	if (bytes[0] == 127)
		return !allow_loopback;
	// 0.0.0.0/8 (RFC 1122 §3.2.1.3), multicast, reserved and broadcast (RFC 1112 §4).
	return bytes[0] == 0 || bytes[0] >= 224;
}

static bool is_bad_ipv6(const uint8_t *bytes, bool allow_loopback)
{
	static const uint8_t zeros[15];

	if (bytes[0] == 0xff) // multicast
		return true;
	if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) // link-local: no interface to use it on
		return true;
	if (memcmp(bytes, zeros, 15) == 0 && bytes[15] == 1)
		return !allow_loopback;
	// ::, IPv4-compatible and IPv4-mapped (RFC 4291 §2.5.5) would be other names for IPv4.
	return memcmp(bytes, zeros, 10) == 0 &&
	       ((bytes[10] == 0 && bytes[11] == 0) || (bytes[10] == 0xff && bytes[11] == 0xff));
}

static const char *why_bad_ipv6(const uint8_t *bytes)
{
	static const uint8_t zeros[15];

	if (bytes[0] == 0xff)
		return "a multicast address";
	if (bytes[0] == 0xfe)
		return "a link-local address: the interface to use it on cannot be said";
	if (memcmp(bytes, zeros, sizeof(zeros)) != 0)
		return "another form of an IPv4 address: write that";
	return bytes[15] == 1 ? "a loopback address (upstream.ask-loopback is for tests)"
			      : "the unspecified address";
}

const char *upstream_never_asks(const struct upstream_config *config, bool allow_loopback,
				const struct address *server)
{
	const uint8_t *bytes = server->bytes;

	if (server->family == 6) {
		if (!config->ipv6)
			return "IPv6 is off (upstream.ipv6)";
		return is_bad_ipv6(bytes, allow_loopback) ? why_bad_ipv6(bytes) : NULL;
	}
	if (!config->ipv4)
		return "IPv4 is off (upstream.ipv4)";
	if (!is_bad_ipv4(bytes, allow_loopback))
		return NULL;
	return bytes[0] == 127 ? "a loopback address (upstream.ask-loopback is for tests)"
	       : bytes[0] == 0 ? "an address of \"this network\""
			       : "a multicast, reserved or broadcast address";
}

void upstream_own_address_add(struct upstream *upstream, const struct address *address)
{
	for (size_t i = 0; i < upstream->own_count; i++)
		if (server_address_equal(&upstream->own[i], address))
			return;
	if (upstream->own_count < OWN_ADDRESSES_MAX)
		upstream->own[upstream->own_count++] = *address;
}

void upstream_allow_loopback(struct upstream *upstream, bool allow)
{
	upstream->allow_loopback = allow;
}

bool upstream_may_ask(const struct upstream *upstream, const struct address *server)
{
	switch (server->family) {
	case 4:
		if (!upstream->config.ipv4 || is_bad_ipv4(server->bytes, upstream->allow_loopback))
			return false;
		break;
	case 6:
		if (!upstream->config.ipv6 || is_bad_ipv6(server->bytes, upstream->allow_loopback))
			return false;
		break;
	default:
		return false;
	}
	for (size_t i = 0; i < upstream->own_count; i++)
		if (server_address_equal(&upstream->own[i], server))
			return false;
	return true;
}
