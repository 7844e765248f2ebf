// The way back: headers of a reply, in the received frame or from what a ticket kept.
#include "dataplane/dns/header.h"
#include "dataplane/parse/ip.h"
#include "dataplane/parse/packet.h"

#define REPLY_TTL          64
#define IPV4_DONT_FRAGMENT 0x4000

static size_t ip_len(uint8_t family)
{
	return family == 4 ? IPV4_LEN : IPV6_LEN;
}

static void write_ipv4(uint8_t *ip, const struct address *source, const struct address *destination,
		       size_t udp_len)
{
	ip[0] = 0x45;
	ip[1] = 0;
	wire_put16(ip + 2, (uint16_t)(IPV4_LEN + udp_len));
	// RFC 6864 §4.1: an atomic datagram may have any identification. RFC 9715 §3.1: DF.
	wire_put16(ip + 4, 0);
	wire_put16(ip + 6, IPV4_DONT_FRAGMENT);
	ip[8] = REPLY_TTL;
	ip[9] = IP_UDP;
	wire_put16(ip + 10, 0);
	memcpy(ip + 12, source->bytes, 4);
	memcpy(ip + 16, destination->bytes, 4);
	uint16_t checksum = (uint16_t)~checksum_fold(checksum_add(0, ip, IPV4_LEN));
	memcpy(ip + 10, &checksum, sizeof(checksum));
}

static void write_ipv6(uint8_t *ip, const struct address *source, const struct address *destination,
		       size_t udp_len)
{
	wire_put32(ip, 0x60000000);
	wire_put16(ip + 4, (uint16_t)udp_len);
	ip[6] = IP_UDP;
	ip[7] = REPLY_TTL;
	memcpy(ip + 8, source->bytes, 16);
	memcpy(ip + 24, destination->bytes, 16);
}

static void write_udp(uint8_t *udp, const struct address *source, const struct address *destination,
		      uint16_t port, size_t udp_len)
{
	wire_put16(udp, DNS_PORT);
	wire_put16(udp + 2, port);
	wire_put16(udp + 4, (uint16_t)udp_len);
	wire_put16(udp + 6, 0);
	uint64_t sum = udp_pseudo_sum(source, destination, (uint16_t)udp_len);
	uint16_t checksum = (uint16_t)~checksum_fold(checksum_add(sum, udp, udp_len));
	// RFC 768: zero means that there is none, so all ones stands for a sum of zero.
	if (checksum == 0)
		checksum = 0xffff;
	memcpy(udp + 6, &checksum, sizeof(checksum));
}

// The DNS message stands behind the headers already. source and destination are the reply's.
static void write_headers(uint8_t *ip, const struct address *source,
			  const struct address *destination, uint16_t port, size_t dns_len)
{
	size_t udp_len = UDP_LEN + dns_len;

	if (source->family == 4)
		write_ipv4(ip, source, destination, udp_len);
	else
		write_ipv6(ip, source, destination, udp_len);
	write_udp(ip + ip_len(source->family), source, destination, port, udp_len);
}

size_t packet_reply(uint8_t *frame, const struct packet *packet, size_t dns_len)
{
	uint8_t mac[6];
	size_t headers = packet->l2_len + ip_len(packet->family) + UDP_LEN;

	memcpy(mac, frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, mac, 6);
	if (packet->payload != frame + headers)
		memmove(frame + headers, packet->payload, dns_len);
	write_headers(frame + packet->l2_len, &packet->destination, &packet->source,
		      packet->source_port, dns_len);
	return headers + dns_len;
}

void packet_path(const uint8_t *frame, const struct packet *packet, struct packet_path *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->l2_destination, frame, 6);
	memcpy(out->l2_source, frame + 6, 6);
	out->vlan_count = packet->vlan_count;
	for (size_t i = 0; i < packet->vlan_count; i++) {
		out->vlan_type[i] = wire_get16(frame + 12 + 4 * i);
		out->vlan[i] = wire_get16(frame + 14 + 4 * i);
	}
	out->source = packet->source;
	out->destination = packet->destination;
	out->source_port = packet->source_port;
}

size_t packet_path_headers(const struct packet_path *path)
{
	return ETHERNET_LEN + 4u * path->vlan_count + ip_len(path->source.family) + UDP_LEN;
}

size_t packet_path_reply(const struct packet_path *path, uint8_t *frame, size_t dns_len)
{
	size_t at = 12;

	memcpy(frame, path->l2_source, 6);
	memcpy(frame + 6, path->l2_destination, 6);
	for (size_t i = 0; i < path->vlan_count; i++, at += 4) {
		wire_put16(frame + at, path->vlan_type[i]);
		wire_put16(frame + at + 2, path->vlan[i]);
	}
	wire_put16(frame + at, path->source.family == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
	write_headers(frame + at + 2, &path->destination, &path->source, path->source_port,
		      dns_len);
	return packet_path_headers(path) + dns_len;
}
