// IPv4 and IPv6 headers: what is before the transport header, and what it weighs.
#pragma once

#include "dataplane/parse/checksum.h"
#include "dataplane/parse/packet.h"

#define ETHERNET_LEN 14
#define IPV4_LEN     20
#define IPV6_LEN     40
#define UDP_LEN      8

enum ethertype {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_QINQ = 0x88a8
};

enum ip_protocol {
	IP_HOP_BY_HOP = 0,
	IP_ICMP = 1,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_ICMPV6 = 58,
	IP_DESTINATION = 60
};

#define DNS_PORT 53

// Where the transport header stands and how long it is with all it carries.
struct ip_payload {
	size_t offset; // from the IP header
	size_t len;
	uint8_t protocol; // the first header that is not skipped
	bool fragment;
};

enum ip_verdict { IP_OK, IP_RUNT, IP_BAD_HEADER, IP_BAD_CHECKSUM, IP_TOO_DEEP };

enum ip_verdict ipv4_parse(const uint8_t *ip, size_t room, bool checksum_good,
			   struct ip_payload *out) __attribute__((nonnull, warn_unused_result));
// Skips at most IPV6_EXTENSIONS_MAX hop-by-hop, destination and used-up routing headers.
#define IPV6_EXTENSIONS_MAX 4
enum ip_verdict ipv6_parse(const uint8_t *ip, size_t room, struct ip_payload *out)
	__attribute__((nonnull, warn_unused_result));

// Sum of the pseudo-header of UDP or TCP (RFC 768, RFC 9293 §3.1, RFC 8200 §8.1). Addresses are of
// one family.
static inline uint64_t pseudo_sum(const struct address *source, const struct address *destination,
				  enum ip_protocol protocol, uint16_t transport_len)
{
	size_t len = source->family == 4 ? 4 : 16;
	uint64_t sum = checksum_add(0, source->bytes, len);

	sum = checksum_add(sum, destination->bytes, len);
	sum = checksum_add16(sum, (uint16_t)protocol);
	return checksum_add16(sum, transport_len);
}

static inline uint64_t udp_pseudo_sum(const struct address *source,
				      const struct address *destination, uint16_t udp_len)
{
	return pseudo_sum(source, destination, IP_UDP, udp_len);
}
