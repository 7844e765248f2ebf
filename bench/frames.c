#include "bench/frames.h"

#include "dataplane/dns/edns.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "dataplane/parse/ip.h"

#include <errno.h>
#include <string.h>

#define DO_BIT 0x8000

static size_t put_dns(const struct frame_query *query, uint8_t *dns)
{
	uint8_t *p = dns + HEADER_LEN;

	wire_put16(dns, (uint16_t)query->random);
	wire_put16(dns + 2, FLAG_RD);
	wire_put16(dns + 4, 1);
	wire_put16(dns + 6, 0);
	wire_put16(dns + 8, 0);
	wire_put16(dns + 10, 1);
	memcpy(p, query->name, query->name_len);
	p += query->name_len;
	wire_put16(p, query->type);
	wire_put16(p + 2, CLASS_IN);
	p += 4;
	*p++ = 0;
	wire_put16(p, TYPE_OPT);
	wire_put16(p + 2, EDNS_UDP_SIZE);
	wire_put32(p + 4, query->dnssec ? DO_BIT : 0);
	wire_put16(p + 8, 0);
	return (size_t)(p + 10 - dns);
}

static void put_udp(uint8_t *udp, const struct address *source, const struct address *destination,
		    uint16_t port, size_t len)
{
	wire_put16(udp, port);
	wire_put16(udp + 2, DNS_PORT);
	wire_put16(udp + 4, (uint16_t)len);
	wire_put16(udp + 6, 0);
	uint64_t sum = udp_pseudo_sum(source, destination, (uint16_t)len);
	uint16_t checksum = (uint16_t)~checksum_fold(checksum_add(sum, udp, len));
	// RFC 768: all ones stands for a sum of zero.
	if (checksum == 0)
		checksum = 0xffff;
	memcpy(udp + 6, &checksum, sizeof(checksum));
}

static void put_ip(uint8_t *ip, const struct address *source, const struct address *destination,
		   size_t len)
{
	memset(ip, 0, IPV4_LEN);
	ip[0] = 0x45;
	wire_put16(ip + 2, (uint16_t)len);
	ip[8] = 64;
	ip[9] = IP_UDP;
	memcpy(ip + 12, source->bytes, 4);
	memcpy(ip + 16, destination->bytes, 4);
	uint16_t checksum = (uint16_t)~checksum_fold(checksum_add(0, ip, IPV4_LEN));
	memcpy(ip + 10, &checksum, sizeof(checksum));
}

size_t frame_query(const struct frame_query *query, uint8_t out[FRAME_QUERY_MAX])
{
	static const uint8_t ethernet[ETHERNET_LEN] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
	uint32_t client = (uint32_t)(query->random >> 16);
	// 10.0.0.0/8; never .0 or .255 at the end.
	const struct address source = {.family = 4,
				       .bytes = {10, (uint8_t)(client >> 16),
						 (uint8_t)(client >> 8),
						 (uint8_t)(1 + (client & 0xff) % 254)}};
	const struct address destination = {.family = 4, .bytes = {192, 0, 2, 53}};
	uint16_t port = (uint16_t)(1024 + (query->random >> 48) % 64000);
	uint8_t *ip = out + ETHERNET_LEN, *udp = ip + IPV4_LEN;
	size_t dns_len = put_dns(query, udp + UDP_LEN);

	memcpy(out, ethernet, sizeof(ethernet));
	put_ip(ip, &source, &destination, IPV4_LEN + UDP_LEN + dns_len);
	put_udp(udp, &source, &destination, port, UDP_LEN + dns_len);
	return ETHERNET_LEN + IPV4_LEN + UDP_LEN + dns_len;
}

// The format of libpcap's savefile, in this machine's byte order.
int pcap_begin(FILE *file)
{
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, snap_len, link_type;
	} head = {0xa1b2c3d4, 2, 4, 0, 0, 65535, 1};

	return fwrite(&head, sizeof(head), 1, file) == 1 ? 0 : -errno;
}

int pcap_add(FILE *file, const uint8_t *frame, size_t len)
{
	const uint32_t head[4] = {0, 0, (uint32_t)len, (uint32_t)len};

	if (fwrite(head, sizeof(head), 1, file) != 1 || fwrite(frame, len, 1, file) != 1)
		return -errno;
	return 0;
}
