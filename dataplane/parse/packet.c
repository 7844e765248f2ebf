#include "dataplane/parse/packet.h"

#include "dataplane/dns/header.h"
#include "dataplane/parse/exception.h"
#include "dataplane/parse/ip.h"

static enum packet_verdict drop(struct packet *out, enum drop_reason reason)
{
	out->reason = reason;
	return PACKET_DROP;
}

static enum packet_verdict exception(struct packet *out, enum exception_class class_)
{
	out->exception = class_;
	return PACKET_EXCEPTION;
}

static enum packet_verdict drop_ip(struct packet *out, enum ip_verdict verdict)
{
	switch (verdict) {
	case IP_RUNT:
		return drop(out, DROP_runt);
	case IP_BAD_CHECKSUM:
		return drop(out, DROP_ip_checksum);
	default:
		return drop(out, DROP_ip_header);
	}
}

struct service_match {
	bool destination; // asks us
	bool source;      // claims to be us
};

static struct service_match match_ipv4(const struct service_addresses *service,
				       const struct packet *packet)
{
	struct service_match match = {false, false};

	for (size_t i = 0; i < service->count; i++) {
		const struct address *own = &service->list[i];

		if (own->family != 4)
			continue;
		match.destination |= memcmp(own->bytes, packet->destination.bytes, 4) == 0;
		match.source |= memcmp(own->bytes, packet->source.bytes, 4) == 0;
	}
	return match;
}

static struct service_match match_ipv6(const struct service_addresses *service,
				       const struct packet *packet)
{
	struct service_match match = {false, false};

	for (size_t i = 0; i < service->count; i++) {
		const struct address *own = &service->list[i];

		if (own->family != 6)
			continue;
		match.destination |= memcmp(own->bytes, packet->destination.bytes, 16) == 0;
		match.source |= memcmp(own->bytes, packet->source.bytes, 16) == 0;
	}
	return match;
}

// RFC 1122 §3.2.1.3: never a source: "this network", loopback, multicast, limited broadcast.
static bool source_impossible_ipv4(const uint8_t *bytes)
{
	return bytes[0] == 0 || bytes[0] == 127 || (bytes[0] & 0xf0) == 0xe0 ||
	       (bytes[0] & bytes[1] & bytes[2] & bytes[3]) == 0xff;
}

// RFC 4291 §2.5.2, §2.5.3, §2.7: never a source on a wire: ::, ::1 and multicast.
static bool source_impossible_ipv6(const uint8_t *bytes)
{
	static const uint8_t zero[15];

	return bytes[0] == 0xff || (memcmp(bytes, zero, 15) == 0 && bytes[15] <= 1);
}

static bool checksum_wrong(const struct packet *packet, const uint8_t *udp, size_t len,
			   struct packet_offload offload)
{
	uint64_t sum = udp_pseudo_sum(&packet->source, &packet->destination, (uint16_t)len);
	uint16_t field;

	if (offload.udp_checksum_good || offload.unfinished ||
	    checksum_fold(checksum_add(sum, udp, len)) == 0xffff)
		return false;
	memcpy(&field, udp + 6, sizeof(field));
	return !offload.local || field != checksum_fold(sum);
}

// UDP to a service address, its source already seen to be possible.
static enum packet_verdict parse_udp(uint8_t *frame, const struct service_addresses *service,
				     const struct ip_payload *payload,
				     struct packet_offload offload, struct packet *out)
{
	uint8_t *ip = frame + out->l2_len, *udp = ip + payload->offset;
	const size_t len = payload->len;

	if (len < UDP_LEN)
		return drop(out, DROP_udp_length);
	if (wire_get16(udp + 2) != DNS_PORT)
		return exception(out, exception_of_ip(service, out, ip, payload));
	// A reply would carry this frame's destination as its source (IEEE 802.3: never a group).
	if ((frame[0] | frame[6]) & 1)
		return drop(out, DROP_l2_address);
	// RFC 768: the length is that of header and data; IP says the same.
	if (wire_get16(udp + 4) != len)
		return drop(out, DROP_udp_length);
	// RFC 768: all zero means none was made; RFC 8200 §8.1: IPv6 has no such case for us.
	if (wire_get16(udp + 6) == 0) {
		if (out->family == 6)
			return drop(out, DROP_udp_checksum);
	} else if (checksum_wrong(out, udp, len, offload)) {
		return drop(out, DROP_udp_checksum);
	}
	out->source_port = wire_get16(udp);
	if (out->source_port == 0)
		return drop(out, DROP_udp_port);
	out->payload = udp + UDP_LEN;
	out->payload_len = (uint16_t)(len - UDP_LEN);
	if (out->payload_len < HEADER_LEN)
		return drop(out, DROP_dns_short);
	return PACKET_DNS;
}

static enum packet_verdict parse_ipv4(uint8_t *frame, size_t len,
				      const struct service_addresses *service,
				      struct packet_offload offload, struct packet *out)
{
	uint8_t *ip = frame + out->l2_len;
	struct ip_payload payload;
	enum ip_verdict verdict =
		ipv4_parse(ip, len - out->l2_len, offload.ip_checksum_good, &payload);

	if (verdict != IP_OK)
		return drop_ip(out, verdict);
	out->family = 4;
	out->l3_len = (uint16_t)payload.offset;
	out->source.family = 4;
	out->destination.family = 4;
	memcpy(out->source.bytes, ip + 12, 4);
	memcpy(out->destination.bytes, ip + 16, 4);
	struct service_match match = match_ipv4(service, out);
	if (match.source || source_impossible_ipv4(out->source.bytes))
		return drop(out, DROP_ip_source);
	if (payload.fragment && match.destination)
		return drop(out, DROP_fragment);
	if (payload.protocol != IP_UDP || !match.destination || payload.fragment)
		return exception(out, exception_of_ip(service, out, ip, &payload));
	return parse_udp(frame, service, &payload, offload, out);
}

static enum packet_verdict parse_ipv6(uint8_t *frame, size_t len,
				      const struct service_addresses *service,
				      struct packet_offload offload, struct packet *out)
{
	uint8_t *ip = frame + out->l2_len;
	struct ip_payload payload;
	enum ip_verdict verdict = ipv6_parse(ip, len - out->l2_len, &payload);

	if (verdict != IP_OK && verdict != IP_TOO_DEEP)
		return drop_ip(out, verdict);
	out->family = 6;
	out->l3_len = (uint16_t)payload.offset;
	out->source.family = 6;
	out->destination.family = 6;
	memcpy(out->source.bytes, ip + 8, 16);
	memcpy(out->destination.bytes, ip + 24, 16);
	struct service_match match = match_ipv6(service, out);
	// RFC 4862 §5.4: a probe comes from ::, its defence from the very address in doubt.
	if (exception_is_nd(ip, &payload))
		return exception(out, exception_of_ip(service, out, ip, &payload));
	if (match.source || source_impossible_ipv6(out->source.bytes))
		return drop(out, DROP_ip_source);
	if (match.destination && payload.fragment)
		return drop(out, DROP_fragment);
	if (match.destination && verdict == IP_TOO_DEEP)
		return drop(out, DROP_ip_header);
	if (payload.protocol != IP_UDP || !match.destination)
		return exception(out, exception_of_ip(service, out, ip, &payload));
	return parse_udp(frame, service, &payload, offload, out);
}

static bool is_station(const struct service_addresses *service, const uint8_t mac[6])
{
	for (size_t i = 0; i < service->station_count; i++) {
		if (memcmp(service->stations[i], mac, 6) == 0)
			return true;
	}
	return false;
}

static bool for_another_station(const struct service_addresses *service, const uint8_t *frame)
{
	if (service->station_count == 0 || (frame[0] & 1) != 0)
		return false;
	return !is_station(service, frame);
}

static bool is_vlan(unsigned type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ;
}

static enum packet_verdict parse_by_type(unsigned type, uint8_t *frame, size_t len,
					 const struct service_addresses *service,
					 struct packet_offload offload, struct packet *out)
{
	switch (type) {
	case ETHERTYPE_IPV4:
		return parse_ipv4(frame, len, service, offload, out);
	case ETHERTYPE_IPV6:
		return parse_ipv6(frame, len, service, offload, out);
	case ETHERTYPE_ARP:
		return exception(out,
				 exception_of_arp(service, frame + out->l2_len, len - out->l2_len));
	default:
		return drop(out, DROP_ethertype);
	}
}

enum packet_verdict packet_parse(uint8_t *frame, size_t len,
				 const struct service_addresses *service,
				 struct packet_offload offload, struct packet *out)
{
	memset(out, 0, sizeof(*out));
	if (len < ETHERNET_LEN)
		return drop(out, DROP_runt);
	// A network floods what it has not learnt: the answer would come from the wrong address.
	if (__builtin_expect(for_another_station(service, frame), false))
		return drop(out, DROP_l2_station);
	unsigned type = wire_get16(frame + 12);
	out->l2_len = ETHERNET_LEN;
	// IEEE 802.1Q §9: a tag is the type that stands for it, TCI, then the next type.
	while (__builtin_expect(is_vlan(type), false)) {
		if (out->vlan_count == 2)
			return drop(out, DROP_vlan_depth);
		if (len < out->l2_len + 4u)
			return drop(out, DROP_runt);
		type = wire_get16(frame + out->l2_len + 2);
		out->l2_len += 4;
		out->vlan_count++;
	}
	enum packet_verdict verdict = parse_by_type(type, frame, len, service, offload, out);
	if (verdict == PACKET_EXCEPTION && is_station(service, frame + 6))
		return drop(out, DROP_l2_own);
	return verdict;
}
