#include "dataplane/parse/ip.h"

#include "dataplane/dns/header.h"

#define IPV4_MORE_FRAGMENTS  0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff

enum ip_verdict ipv4_parse(const uint8_t *ip, size_t room, bool checksum_good,
			   struct ip_payload *out)
{
	if (room < IPV4_LEN)
		return IP_RUNT;
	size_t header_len = (ip[0] & 15) * 4u;
	size_t total_len = wire_get16(ip + 2);
	// RFC 791 §3.1: version 4, at least five words, total length includes the header.
	if (ip[0] >> 4 != 4 || header_len < IPV4_LEN || total_len < header_len)
		return IP_BAD_HEADER;
	if (total_len > room)
		return IP_RUNT;
	// RFC 1122 §3.2.1.2: verify the checksum of every header.
	if (!checksum_good && checksum_fold(checksum_add(0, ip, header_len)) != 0xffff)
		return IP_BAD_CHECKSUM;
	out->offset = header_len;
	out->len = total_len - header_len;
	out->protocol = ip[9];
	out->fragment = (wire_get16(ip + 6) & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)) != 0;
	return IP_OK;
}

// Moves out past extension headers. A routing header with segments left is not skipped: the
// packet has not arrived yet (RFC 8200 §4.4).
static enum ip_verdict skip_extensions(const uint8_t *ip, struct ip_payload *out)
{
	for (unsigned n = 0;; n++) {
		const uint8_t *header = ip + out->offset;

		switch (out->protocol) {
		case IP_FRAGMENT:
			out->fragment = true;
			return IP_OK;
		case IP_HOP_BY_HOP:
		case IP_DESTINATION:
		case IP_ROUTING:
			break;
		default:
			return IP_OK;
		}
		if (n == IPV6_EXTENSIONS_MAX)
			return IP_TOO_DEEP;
		if (out->len < 8)
			return IP_BAD_HEADER;
		if (out->protocol == IP_ROUTING && header[3] != 0)
			return IP_OK;
		size_t len = (header[1] + 1u) * 8;
		if (len > out->len)
			return IP_BAD_HEADER;
		out->protocol = header[0];
		out->offset += len;
		out->len -= len;
	}
}

enum ip_verdict ipv6_parse(const uint8_t *ip, size_t room, struct ip_payload *out)
{
	if (room < IPV6_LEN)
		return IP_RUNT;
	if (ip[0] >> 4 != 6)
		return IP_BAD_HEADER;
	size_t payload_len = wire_get16(ip + 4);
	if (payload_len > room - IPV6_LEN)
		return IP_RUNT;
	out->offset = IPV6_LEN;
	out->len = payload_len;
	out->protocol = ip[6];
	out->fragment = false;
	if (out->protocol == IP_UDP)
		return IP_OK;
	return skip_extensions(ip, out);
}
