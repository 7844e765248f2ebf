// Checksums that a sender left to its NIC: on this host, between virtual machines and containers,
// frames never pass one.
#include "dataplane/dns/header.h"
#include "dataplane/parse/ip.h"
#include "dataplane/parse/packet.h"

#define TCP_LEN 20

// Where the transport header has its checksum; 0 where it is none of these.
static size_t checksum_offset(const struct ip_payload *payload)
{
	if (payload->protocol == IP_TCP && payload->len >= TCP_LEN)
		return 16;
	if (payload->protocol == IP_UDP && payload->len >= UDP_LEN)
		return 6;
	return 0;
}

static bool find_payload(const uint8_t *ip, size_t len, uint8_t family, struct ip_payload *out)
{
	enum ip_verdict verdict =
		family == 4 ? ipv4_parse(ip, len, true, out) : ipv6_parse(ip, len, out);

	return verdict == IP_OK && !out->fragment;
}

void packet_finish(uint8_t *frame, size_t len, const struct packet *packet,
		   struct packet_offload offload)
{
	uint8_t *ip = frame + packet->l2_len;
	struct ip_payload payload;
	uint16_t field;

	if ((!offload.unfinished && !offload.local) || packet->family == 0 ||
	    !find_payload(ip, len - packet->l2_len, packet->family, &payload))
		return;
	const size_t offset = checksum_offset(&payload);
	if (offset == 0)
		return;
	uint8_t *transport = ip + payload.offset;
	memcpy(&field, transport + offset, sizeof(field));
	if (field != checksum_fold(pseudo_sum(&packet->source, &packet->destination,
					      payload.protocol, (uint16_t)payload.len)))
		return;
	// What stands in the field is what is to be added to the rest.
	field = (uint16_t)~checksum_fold(checksum_add(0, transport, payload.len));
	// RFC 768: zero means that there is none, so all ones stands for a sum of zero.
	if (field == 0 && payload.protocol == IP_UDP)
		field = 0xffff;
	memcpy(transport + offset, &field, sizeof(field));
}
