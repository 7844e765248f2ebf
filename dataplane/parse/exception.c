#include "dataplane/parse/exception.h"

#include "dataplane/dns/header.h"

#define ND_FIRST         133 // router solicitation
#define ND_LAST          137 // redirect
#define ND_SOLICITATION  135
#define ND_ADVERTISEMENT 136
#define ND_TARGET        8 // in those two (RFC 4861 §4.3, §4.4)
#define ND_TARGETED      24

#define BGP_PORT      179
#define BFD_PORT      3784 // RFC 5881 §4
#define BFD_FAR_PORT  4784 // RFC 5883 §5
#define TTL_UNROUTED  255
#define TCP_FLAGS_LEN 14 // up to the flags
#define TCP_SYN       0x02
#define TCP_RST       0x04
#define TCP_ACK       0x10

#define ARP_LEN    28
#define ARP_SENDER 14 // protocol address

// Their index, or PEERS_MAX.
static size_t peer_find(const struct service_addresses *service, uint8_t family,
			const uint8_t *bytes)
{
	const size_t len = family == 4 ? 4 : 16;

	for (size_t i = 0; i < service->peer_count; i++) {
		if (service->peers[i].family == family &&
		    memcmp(service->peers[i].bytes, bytes, len) == 0)
			return i;
	}
	return PEERS_MAX;
}

static bool session_known(const struct peer_sessions *sessions, size_t peer, uint32_t ports)
{
	bool known = false;

	if (sessions == NULL)
		return false;
	// Relaxed: each word stands for itself.
	for (unsigned i = 0; i < PEER_SESSIONS; i++)
		known |= atomic_load_explicit(&sessions->ports[peer][i], memory_order_relaxed) ==
			 ports;
	return known;
}

static void session_note(struct peer_sessions *sessions, size_t peer, uint32_t ports)
{
	unsigned next = sessions->next[peer];

	if (session_known(sessions, peer, ports))
		return;
	atomic_store_explicit(&sessions->ports[peer][next], ports, memory_order_relaxed);
	sessions->next[peer] = (uint8_t)((next + 1) % PEER_SESSIONS);
}

// BGP has no use for IP options and extension headers, which are a forger's.
static bool is_plain(const struct packet *packet, const struct ip_payload *payload)
{
	return payload->offset == (packet->family == 4 ? IPV4_LEN : IPV6_LEN);
}

static bool begins(uint8_t flags)
{
	return (flags & TCP_SYN) != 0 && (flags & TCP_ACK) == 0;
}

static bool is_bgp(const uint8_t *tcp)
{
	return wire_get16(tcp) == BGP_PORT || wire_get16(tcp + 2) == BGP_PORT;
}

// peer: PEERS_MAX for anybody else.
static enum exception_class class_of_tcp(const struct service_addresses *service, size_t peer,
					 const uint8_t *tcp, size_t len)
{
	if (len < TCP_FLAGS_LEN)
		return EXCEPTION_OTHER;
	const uint8_t flags = tcp[13];
	if (peer < PEERS_MAX && is_bgp(tcp)) {
		uint32_t ports = (uint32_t)wire_get16(tcp + 2) << 16 | wire_get16(tcp);

		return !begins(flags) && session_known(service->sessions, peer, ports)
			       ? EXCEPTION_BGP
			       : EXCEPTION_PEER;
	}
	// RFC 9293 §3.10.7: of a connection that is there every segment has ACK, or RST.
	return begins(flags) || (flags & (TCP_ACK | TCP_RST)) == 0 ? EXCEPTION_SYN : EXCEPTION_TCP;
}

static enum exception_class class_of_udp(size_t peer, uint8_t ttl, const uint8_t *udp, size_t len)
{
	if (len < UDP_LEN)
		return EXCEPTION_OTHER;
	if (peer < PEERS_MAX && wire_get16(udp + 2) == BFD_PORT && ttl == TTL_UNROUTED)
		return EXCEPTION_BFD;
	if (peer < PEERS_MAX && wire_get16(udp + 2) == BFD_FAR_PORT)
		return EXCEPTION_PEER;
	return wire_get16(udp) == DNS_PORT ? EXCEPTION_REPLY : EXCEPTION_OTHER;
}

bool exception_is_nd(const uint8_t *ip, const struct ip_payload *payload)
{
	return ip[0] >> 4 == 6 && payload->protocol == IP_ICMPV6 && payload->len > 0 &&
	       ip[7] == TTL_UNROUTED && ip[payload->offset] >= ND_FIRST &&
	       ip[payload->offset] <= ND_LAST;
}

// An advertisement's source may be the peer's link-local address.
static bool nd_is_about_peer(const struct service_addresses *service, const uint8_t *ip,
			     const struct ip_payload *payload)
{
	const uint8_t *icmp = ip + payload->offset;

	return payload->len >= ND_TARGETED &&
	       (icmp[0] == ND_SOLICITATION || icmp[0] == ND_ADVERTISEMENT) &&
	       peer_find(service, 6, icmp + ND_TARGET) < PEERS_MAX;
}

static enum exception_class class_of_icmp(const struct service_addresses *service, size_t peer,
					  const uint8_t *ip, const struct ip_payload *payload)
{
	if (!exception_is_nd(ip, payload))
		return EXCEPTION_ICMP;
	return peer < PEERS_MAX || nd_is_about_peer(service, ip, payload) ? EXCEPTION_PEER
									  : EXCEPTION_ND;
}

static enum exception_class class_of(const struct service_addresses *service,
				     const struct packet *packet, const uint8_t *remote,
				     const uint8_t *ip, const struct ip_payload *payload)
{
	const uint8_t *at = ip + payload->offset;
	size_t peer = PEERS_MAX;

	if (payload->fragment)
		return EXCEPTION_OTHER;
	if (service->peer_count > 0 && is_plain(packet, payload))
		peer = peer_find(service, packet->family, remote);
	switch (payload->protocol) {
	case IP_TCP:
		return class_of_tcp(service, peer, at, payload->len);
	case IP_UDP:
		return class_of_udp(peer, packet->family == 4 ? ip[8] : ip[7], at, payload->len);
	case IP_ICMP:
		return packet->family == 4 ? EXCEPTION_ICMP : EXCEPTION_OTHER;
	case IP_ICMPV6:
		return packet->family == 6 ? class_of_icmp(service, peer, ip, payload)
					   : EXCEPTION_OTHER;
	default:
		return EXCEPTION_OTHER;
	}
}

enum exception_class exception_of_ip(const struct service_addresses *service,
				     const struct packet *packet, const uint8_t *ip,
				     const struct ip_payload *payload)
{
	return class_of(service, packet, packet->source.bytes, ip, payload);
}

enum exception_class exception_of_arp(const struct service_addresses *service, const uint8_t *arp,
				      size_t len)
{
	return len >= ARP_LEN && peer_find(service, 4, arp + ARP_SENDER) < PEERS_MAX
		       ? EXCEPTION_PEER
		       : EXCEPTION_ARP;
}

// ---- what the host's stack sends ----

// A first SYN, or data on a connection that is open at both ends.
static bool shows_session(const uint8_t *tcp, size_t len)
{
	const size_t header_len = (tcp[12] >> 4) * 4u;

	if (begins(tcp[13]))
		return true;
	return len > header_len && (tcp[13] & (TCP_SYN | TCP_RST)) == 0;
}

static enum exception_class sent_ip(const struct service_addresses *service,
				    struct peer_sessions *sessions, uint8_t family,
				    const uint8_t *ip, size_t len)
{
	const uint8_t *remote = family == 4 ? ip + 16 : ip + 24;
	const struct packet packet = {.family = family};
	struct ip_payload payload;
	enum ip_verdict verdict =
		family == 4 ? ipv4_parse(ip, len, true, &payload) : ipv6_parse(ip, len, &payload);

	if (verdict != IP_OK)
		return EXCEPTION_OTHER;
	const size_t peer = peer_find(service, family, remote);
	const uint8_t *tcp = ip + payload.offset;
	if (peer < PEERS_MAX && payload.protocol == IP_TCP && !payload.fragment &&
	    payload.len >= TCP_FLAGS_LEN && is_bgp(tcp)) {
		if (shows_session(tcp, payload.len))
			session_note(sessions, peer,
				     (uint32_t)wire_get16(tcp) << 16 | wire_get16(tcp + 2));
		return EXCEPTION_BGP;
	}
	return class_of(service, &packet, remote, ip, &payload);
}

enum exception_class exception_sent(const struct service_addresses *service,
				    struct peer_sessions *sessions, const uint8_t *frame,
				    size_t len)
{
	size_t at = 12;

	for (unsigned tags = 0; tags < 2 && len >= at + 6; tags++, at += 4) {
		unsigned type = wire_get16(frame + at);

		if (type != ETHERTYPE_VLAN && type != ETHERTYPE_QINQ)
			break;
	}
	if (len < at + 2)
		return EXCEPTION_OTHER;
	switch (wire_get16(frame + at)) {
	case ETHERTYPE_IPV4:
		return sent_ip(service, sessions, 4, frame + at + 2, len - at - 2);
	case ETHERTYPE_IPV6:
		return sent_ip(service, sessions, 6, frame + at + 2, len - at - 2);
	case ETHERTYPE_ARP:
		return EXCEPTION_ARP;
	default:
		return EXCEPTION_OTHER;
	}
}
