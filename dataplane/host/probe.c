#include "dataplane/host/probe.h"

#include "dataplane/dns/header.h"
#include "dataplane/parse/ip.h"

#include <string.h>

#define ARP_LEN     28
#define ARP_REQUEST 1
#define ARP_REPLY   2

#define NS_TYPE  135
#define NA_TYPE  136
#define NS_LEN   32 // with the option of the hardware address
#define NA_LEAST 24

#define ICMP_LEN           8
#define ICMP_UNREACHABLE   3
#define ICMPV6_UNREACHABLE 1

#define TCP_LEN     20
#define TCP_QUOTED  8  // of it, at least
#define TCP_SYN_LEN 24 // with the option of the segment's size
#define TCP_SYN     0x02
#define TCP_RST     0x04
#define TCP_ACK     0x10
#define TCP_WINDOW  64240
#define TCP_MSS     1220 // fits IPv6 at its least MTU

// ---- what is sent ----

static uint8_t *put_ethernet(uint8_t *out, const uint8_t to[6], const uint8_t from[6],
			     enum ethertype type)
{
	memcpy(out, to, 6);
	memcpy(out + 6, from, 6);
	wire_put16(out + 12, (uint16_t)type);
	return out + ETHERNET_LEN;
}

// The length of the header; len: of what follows it.
static size_t put_ip(uint8_t *ip, const struct address *from, const struct address *to,
		     enum ip_protocol protocol, uint8_t hops, size_t len)
{
	uint16_t sum;

	if (from->family == 6) {
		memset(ip, 0, IPV6_LEN);
		ip[0] = 0x60;
		wire_put16(ip + 4, (uint16_t)len);
		ip[6] = (uint8_t)protocol;
		ip[7] = hops;
		memcpy(ip + 8, from->bytes, 16);
		memcpy(ip + 24, to->bytes, 16);
		return IPV6_LEN;
	}
	memset(ip, 0, IPV4_LEN);
	ip[0] = 0x45;
	wire_put16(ip + 2, (uint16_t)(IPV4_LEN + len));
	ip[6] = 0x40; // DF
	ip[8] = hops;
	ip[9] = (uint8_t)protocol;
	memcpy(ip + 12, from->bytes, 4);
	memcpy(ip + 16, to->bytes, 4);
	sum = (uint16_t)~checksum_fold(checksum_add(0, ip, IPV4_LEN));
	memcpy(ip + 10, &sum, sizeof(sum));
	return IPV4_LEN;
}

static void put_sum(const struct address *from, const struct address *to, enum ip_protocol protocol,
		    uint8_t *data, size_t len, size_t at)
{
	uint64_t sum = checksum_add(pseudo_sum(from, to, protocol, (uint16_t)len), data, len);
	uint16_t folded = (uint16_t)~checksum_fold(sum);

	memcpy(data + at, &folded, sizeof(folded));
}

static size_t put_arp(const struct probe_client *client, const struct address *service,
		      uint8_t *out)
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t *arp = put_ethernet(out, everybody, client->mac, ETHERTYPE_ARP);

	memset(arp, 0, ARP_LEN);
	// Ethernet, IPv4, lengths of their addresses.
	memcpy(arp, (const uint8_t[]){0, 1, 8, 0, 6, 4, 0, ARP_REQUEST}, 8);
	memcpy(arp + 8, client->mac, 6);
	memcpy(arp + 14, client->address.bytes, 4);
	memcpy(arp + 24, service->bytes, 4);
	return ETHERNET_LEN + ARP_LEN;
}

// RFC 4861 §4.3, to the solicited-node address (RFC 4291 §2.7.1, RFC 2464 §7).
static size_t put_solicitation(const struct probe_client *client, const struct address *service,
			       uint8_t *out)
{
	struct address group = {.family = 6, .bytes = {0xff, 0x02, [11] = 1, 0xff}};
	uint8_t mac[6] = {0x33, 0x33, 0xff};

	memcpy(group.bytes + 13, service->bytes + 13, 3);
	memcpy(mac + 3, service->bytes + 13, 3);
	uint8_t *ip = put_ethernet(out, mac, client->mac, ETHERTYPE_IPV6);
	size_t header = put_ip(ip, &client->address, &group, IP_ICMPV6, 255, NS_LEN);
	uint8_t *icmp = ip + header;
	memset(icmp, 0, NS_LEN);
	icmp[0] = NS_TYPE;
	memcpy(icmp + 8, service->bytes, 16);
	icmp[24] = 1; // source link-layer address, in units of eight bytes
	icmp[25] = 1;
	memcpy(icmp + 26, client->mac, 6);
	put_sum(&client->address, &group, IP_ICMPV6, icmp, NS_LEN, 2);
	return ETHERNET_LEN + header + NS_LEN;
}

void probe_await(struct probe *probe, const struct probe_client *client, uint64_t bits)
{
	_Atomic uint64_t *words = probe->clients[client->address.family == 6];
	uint64_t word;

	for (size_t i = 0; i < 2; i++) {
		memcpy(&word, client->address.bytes + 8 * i, sizeof(word));
		atomic_store_explicit(&words[i], word, memory_order_relaxed);
	}
	// Release: is_for() reads the client of these bits, or of none.
	atomic_fetch_or_explicit(&probe->neighbour, bits, memory_order_release);
}

size_t probe_neighbour(const struct probe_client *client, const struct address *service,
		       uint8_t out[PROBE_FRAME_MAX])
{
	return service->family == 4 ? put_arp(client, service, out)
				    : put_solicitation(client, service, out);
}

struct segment {
	struct address from, to;
	uint16_t port;
	uint32_t number;
	uint8_t flags;
};

static size_t put_segment(const struct segment *segment, const uint8_t to[6], const uint8_t from[6],
			  uint8_t *out)
{
	const bool v4 = segment->from.family == 4;
	const size_t len = segment->flags == TCP_SYN ? TCP_SYN_LEN : TCP_LEN;
	uint8_t *ip = put_ethernet(out, to, from, v4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
	size_t header = put_ip(ip, &segment->from, &segment->to, IP_TCP, 64, len);
	uint8_t *tcp = ip + header;

	memset(tcp, 0, len);
	wire_put16(tcp, segment->port);
	wire_put16(tcp + 2, DNS_PORT);
	wire_put32(tcp + 4, segment->number);
	tcp[12] = (uint8_t)(len / 4 << 4);
	tcp[13] = segment->flags;
	if (segment->flags == TCP_SYN) {
		wire_put16(tcp + 14, TCP_WINDOW);
		tcp[20] = 2; // maximum segment size
		tcp[21] = 4;
		wire_put16(tcp + 22, TCP_MSS);
	}
	put_sum(&segment->from, &segment->to, IP_TCP, tcp, len, 16);
	return ETHERNET_LEN + header + len;
}

size_t probe_tcp(const struct probe *probe, unsigned index, const struct probe_client *client,
		 const uint8_t mac[6], const struct address *service, uint8_t out[PROBE_FRAME_MAX])
{
	const uint64_t connection = atomic_load_explicit(&probe->connection, memory_order_relaxed);
	const struct segment segment = {
		.from = client->address,
		.to = *service,
		.port = (uint16_t)(connection >> 32),
		.number = (uint32_t)connection + index,
		.flags = TCP_SYN,
	};

	return put_segment(&segment, mac, client->mac, out);
}

// ---- what comes back ----

// The bit of a service address whose answer is waited for; 0: of none.
static uint64_t bit_of(uint64_t awaited, const struct service_addresses *service, uint8_t family,
		       const uint8_t *bytes)
{
	for (size_t i = 0; i < service->count && awaited != 0; i++) {
		if ((awaited >> i & 1) != 0 && service->list[i].family == family &&
		    memcmp(service->list[i].bytes, bytes, family == 4 ? 4 : 16) == 0)
			return UINT64_C(1) << i;
	}
	return 0;
}

static bool is_for(struct probe *probe, uint8_t family, const uint8_t *to)
{
	struct address address = {.family = family};
	uint64_t words[2];

	memcpy(address.bytes, to, family == 4 ? 4 : 16);
	memcpy(words, address.bytes, sizeof(words));
	return atomic_load_explicit(&probe->clients[family == 6][0], memory_order_relaxed) ==
		       words[0] &&
	       atomic_load_explicit(&probe->clients[family == 6][1], memory_order_relaxed) ==
		       words[1];
}

// One answer to each question: where that client has asked at the same time, it gets one, too.
static bool is_neighbour(struct probe *probe, const struct service_addresses *service,
			 uint8_t family, const uint8_t *target, const uint8_t *to)
{
	// Acquire: with probe_await().
	uint64_t bit = bit_of(atomic_load_explicit(&probe->neighbour, memory_order_acquire),
			      service, family, target);

	return bit != 0 && is_for(probe, family, to) &&
	       (atomic_fetch_and_explicit(&probe->neighbour, ~bit, memory_order_relaxed) & bit);
}

static bool is_arp(struct probe *probe, const struct service_addresses *service, const uint8_t *arp,
		   size_t len)
{
	return len >= ARP_LEN && wire_get16(arp + 6) == ARP_REPLY &&
	       is_neighbour(probe, service, 4, arp + 14, arp + 24);
}

// Solicited ones alone: what is announced to everybody is no answer to us.
static bool is_advertisement(struct probe *probe, const struct service_addresses *service,
			     const uint8_t *ip, const uint8_t *icmp, size_t len)
{
	return len >= NA_LEAST && icmp[0] == NA_TYPE && (icmp[4] & 0x40) != 0 &&
	       is_neighbour(probe, service, 6, icmp + 8, ip + 24);
}

// From port 53 to the port and with the number that are ours: of the connection that was asked for,
// or the refusal of a packet filter, which leaves the bit.
static bool is_segment(struct probe *probe, const struct service_addresses *service,
		       const struct segment *found, uint32_t acknowledged)
{
	const uint64_t connection = atomic_load_explicit(&probe->connection, memory_order_relaxed);
	const uint32_t index = acknowledged - 1 - (uint32_t)connection;

	if (connection == 0 || found->port != (uint16_t)(connection >> 32) ||
	    index >= service->count || (found->flags & TCP_ACK) == 0 ||
	    memcmp(&service->list[index], &found->from, sizeof(found->from)) != 0)
		return false;
	if (found->flags == (TCP_SYN | TCP_ACK))
		atomic_fetch_and_explicit(&probe->tcp, ~(UINT64_C(1) << index),
					  memory_order_relaxed);
	return true;
}

static bool takes_tcp(struct probe *probe, const struct service_addresses *service,
		      const uint8_t *frame, const uint8_t *ip, const uint8_t *tcp, uint8_t *reset,
		      size_t *reset_len)
{
	const bool v4 = ip[0] >> 4 == 4;
	struct segment found = {.from.family = v4 ? 4 : 6, .to.family = v4 ? 4 : 6};

	if (wire_get16(tcp) != DNS_PORT)
		return false;
	memcpy(found.from.bytes, ip + (v4 ? 12 : 8), v4 ? 4 : 16);
	memcpy(found.to.bytes, ip + (v4 ? 16 : 24), v4 ? 4 : 16);
	found.port = wire_get16(tcp + 2);
	found.flags = tcp[13];
	if (!is_segment(probe, service, &found, wire_get32(tcp + 8)))
		return false;
	if (found.flags == (TCP_SYN | TCP_ACK)) {
		const struct segment back = {
			.from = found.to,
			.to = found.from,
			.port = found.port,
			.number = wire_get32(tcp + 8),
			.flags = TCP_RST,
		};
		*reset_len = put_segment(&back, frame + 6, frame, reset);
	}
	return true;
}

// A packet filter refuses by an error that quotes what we have sent (RFC 792, RFC 4443 §3.1).
static bool takes_error(const struct probe *probe, const struct service_addresses *service,
			uint8_t family, const uint8_t *icmp, size_t len)
{
	const uint64_t connection = atomic_load_explicit(&probe->connection, memory_order_relaxed);
	const size_t header = family == 4 ? IPV4_LEN : IPV6_LEN;
	const uint8_t *ip = icmp + ICMP_LEN, *tcp = ip + header;

	if (len < ICMP_LEN + header + TCP_QUOTED || connection == 0 ||
	    icmp[0] != (family == 4 ? ICMP_UNREACHABLE : ICMPV6_UNREACHABLE) ||
	    wire_get16(tcp) != (uint16_t)(connection >> 32) || wire_get16(tcp + 2) != DNS_PORT)
		return false;
	const uint32_t index = wire_get32(tcp + 4) - (uint32_t)connection;
	return index < service->count && service->list[index].family == family &&
	       memcmp(service->list[index].bytes, ip + (family == 4 ? 16 : 24),
		      family == 4 ? 4 : 16) == 0;
}

bool probe_takes(struct probe *probe, const struct service_addresses *service, const uint8_t *frame,
		 size_t len, uint8_t reset[PROBE_FRAME_MAX], size_t *reset_len)
{
	const uint8_t *ip = frame + ETHERNET_LEN;
	struct ip_payload payload;

	*reset_len = 0;
	if (len < ETHERNET_LEN)
		return false;
	switch (wire_get16(frame + 12)) {
	case ETHERTYPE_ARP:
		return is_arp(probe, service, ip, len - ETHERNET_LEN);
	case ETHERTYPE_IPV4:
		if (ipv4_parse(ip, len - ETHERNET_LEN, true, &payload) != IP_OK)
			return false;
		break;
	case ETHERTYPE_IPV6:
		if (ipv6_parse(ip, len - ETHERNET_LEN, &payload) != IP_OK)
			return false;
		break;
	default:
		return false;
	}
	const uint8_t family = ip[0] >> 4, *data = ip + payload.offset;
	if (payload.fragment)
		return false;
	if (payload.protocol == (family == 4 ? IP_ICMP : IP_ICMPV6))
		return takes_error(probe, service, family, data, payload.len) ||
		       (family == 6 && is_advertisement(probe, service, ip, data, payload.len));
	return payload.protocol == IP_TCP && payload.len >= TCP_LEN &&
	       takes_tcp(probe, service, frame, ip, data, reset, reset_len);
}
