#include "dataplane/host/announce.h"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_LEN 14
#define ARP_LEN    28
#define IPV6_LEN   40
#define NA_LEN     32 // with the option of the hardware address
#define NA_TYPE    136
#define NA_FLAGS   0x20 // override

static void put16(uint8_t *out, uint16_t value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
}

static size_t write_arp(const struct tap_config *tap, const struct address *address, uint8_t *out)
{
	uint8_t *arp = out + HEADER_LEN;

	memset(out, 0xff, 6);
	memcpy(out + 6, tap->mac, 6);
	put16(out + 12, ETHERTYPE_ARP);
	// Ethernet, IPv4, lengths of their addresses, a request.
	memcpy(arp, (const uint8_t[]){0, 1, 8, 0, 6, 4, 0, 1}, 8);
	memcpy(arp + 8, tap->mac, 6);
	memcpy(arp + 14, address->bytes, 4);
	memcpy(arp + 24, address->bytes, 4);
	return HEADER_LEN + ARP_LEN;
}

// RFC 8200 §8.1: over the pseudo-header, too.
static uint16_t checksum(const uint8_t *ip, const uint8_t *icmp, size_t len)
{
	uint32_t sum = (uint32_t)len + IPPROTO_ICMPV6;

	for (size_t i = 8; i < IPV6_LEN; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(icmp[i] << 8 | icmp[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

static size_t write_na(const struct tap_config *tap, const struct address *address, uint8_t *out)
{
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
	uint8_t *ip = out + HEADER_LEN, *na = ip + IPV6_LEN;

	memcpy(out, (const uint8_t[]){0x33, 0x33, 0, 0, 0, 1}, 6); // RFC 2464 §7
	memcpy(out + 6, tap->mac, 6);
	put16(out + 12, ETHERTYPE_IPV6);
	ip[0] = 0x60;
	put16(ip + 4, NA_LEN);
	ip[6] = IPPROTO_ICMPV6;
	ip[7] = 255;
	memcpy(ip + 8, address->bytes, 16);
	memcpy(ip + 24, all_nodes, 16);
	na[0] = NA_TYPE;
	na[4] = NA_FLAGS;
	memcpy(na + 8, address->bytes, 16);
	na[24] = 2; // target link-layer address, in units of eight bytes
	na[25] = 1;
	memcpy(na + 26, tap->mac, 6);
	put16(na + 2, checksum(ip, na, NA_LEN));
	return HEADER_LEN + IPV6_LEN + NA_LEN;
}

void announce(const struct tap_config *tap, unsigned ifindex)
{
	const struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)ifindex};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	for (size_t i = 0; fd >= 0 && i < tap->service->count; i++) {
		const struct address *address = &tap->service->list[i];
		uint8_t frame[HEADER_LEN + IPV6_LEN + NA_LEN] = {0};
		size_t len = address->family == 4 ? write_arp(tap, address, frame)
						  : write_na(tap, address, frame);

		(void)!sendto(fd, frame, len, MSG_DONTWAIT, (const struct sockaddr *)&to,
			      sizeof(to));
	}
	if (fd >= 0)
		close(fd);
}
