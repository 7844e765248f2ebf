// Sends a bounded storm of whole frames, well formed and broken in every way, out of one
// interface of the network namespace it runs in, to one service address. Reproducible: the
// same seed sends the same packets.
//
//   storm INTERFACE SOURCE-MAC DESTINATION-MAC CLIENT-IPV4 SERVICE-IPV4 COUNT RATE SEED

#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BURST     64
#define FRAME_MAX 1514
#define COUNT_MAX 5000000

struct storm {
	uint64_t state; // of the generator
	uint8_t source_mac[6], destination_mac[6];
	uint8_t client[4], service[4];
	uint16_t id;
};

// xorshift64*: packets need no secrecy, only to be the same for the same seed.
static uint32_t next(struct storm *storm)
{
	storm->state ^= storm->state >> 12;
	storm->state ^= storm->state << 25;
	storm->state ^= storm->state >> 27;
	return (uint32_t)((storm->state * 0x2545f4914f6cdd1dull) >> 32);
}

static uint32_t below(struct storm *storm, uint32_t limit)
{
	return next(storm) % limit;
}

static uint32_t sum_bytes(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += wire_get16(data + i);
	if (len & 1)
		sum += (uint32_t)data[len - 1] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t question(struct storm *storm, uint8_t *out, size_t cap)
{
	static const char *const names[] = {"www.types.nsec", "absent.types.nsec3", "www.bogus.nsec",
					    "alias.types.nsec", "any.wild.types.nsec", "types.plain",
					    "big.types.nsec",  "x.example.invalid", "."};
	static const uint16_t types[] = {TYPE_A, TYPE_AAAA, TYPE_TXT, TYPE_ANY, TYPE_NXNAME,
					 TYPE_RRSIG, TYPE_AXFR, TYPE_DS};
	struct edns edns = {.present = below(storm, 4) != 0, .do_bit = below(storm, 2),
			    .udp_size = (uint16_t)next(storm), .version = below(storm, 16) == 0};
	uint8_t name[NAME_MAX_LEN];
	int len;

	if (name_from_text(names[below(storm, sizeof(names) / sizeof(names[0]))], name) < 0)
		return 0;
	len = query_build(out, cap, storm->id++, below(storm, 8) ? FLAG_RD : (uint16_t)next(storm),
			  name, types[below(storm, sizeof(types) / sizeof(types[0]))], &edns);
	return len > 0 ? (size_t)len : 0;
}

// UDP and IPv4 around the DNS bytes at frame + 42.
static size_t wrap(struct storm *storm, uint8_t *frame, size_t dns_len)
{
	uint8_t *ip = frame + 14, *udp = ip + 20;
	uint32_t sum;

	memcpy(frame, storm->destination_mac, 6);
	memcpy(frame + 6, storm->source_mac, 6);
	wire_put16(frame + 12, ETHERTYPE_IP);
	memset(ip, 0, 28);
	ip[0] = 0x45;
	wire_put16(ip + 2, (uint16_t)(28 + dns_len));
	ip[8] = 64;
	ip[9] = 17;
	memcpy(ip + 12, storm->client, 4);
	memcpy(ip + 16, storm->service, 4);
	wire_put16(ip + 10, fold(sum_bytes(0, ip, 20)));
	wire_put16(udp, (uint16_t)(1024 + below(storm, 60000)));
	wire_put16(udp + 2, 53);
	wire_put16(udp + 4, (uint16_t)(8 + dns_len));
	sum = sum_bytes(17 + 8 + (uint32_t)dns_len, ip + 12, 8);
	sum = sum_bytes(sum, udp, 8 + dns_len);
	wire_put16(udp + 6, fold(sum) ? fold(sum) : 0xffff);
	return 42 + dns_len;
}

static size_t tag(uint8_t *frame, size_t len, uint16_t type)
{
	memmove(frame + 16, frame + 12, len - 12);
	wire_put16(frame + 12, type);
	wire_put16(frame + 14, 7);
	return len + 4;
}

// Breaks a good frame in one of the ways of the network.
static size_t spoil(struct storm *storm, uint8_t *frame, size_t len)
{
	switch (below(storm, 12)) {
	case 0: // any byte
		frame[below(storm, (uint32_t)len)] ^= (uint8_t)(1u << below(storm, 8));
		return len;
	case 1: // cut
		return 14 + below(storm, (uint32_t)len - 13);
	case 2: // fragment
		wire_put16(frame + 20, (uint16_t)(0x2000 | below(storm, 8)));
		wire_put16(frame + 24, 0);
		wire_put16(frame + 24, fold(sum_bytes(0, frame + 14, 20)));
		return len;
	case 3:
		return tag(frame, len, 0x8100);
	case 4:
		return tag(frame, tag(frame, len, 0x8100), 0x88a8);
	case 5: // wrong UDP checksum
		frame[40] ^= 0x55;
		return len;
	case 6: // wrong IP checksum
		frame[24] ^= 0x55;
		return len;
	case 7: // another ethertype
		wire_put16(frame + 12, (uint16_t)next(storm));
		return len;
	case 8: // another protocol
		frame[23] = (uint8_t)next(storm);
		return len;
	case 9: // noise behind the headers
		for (size_t i = 14 + below(storm, 40); i < len; i++)
			frame[i] = (uint8_t)next(storm);
		return len;
	case 10: // padding behind the IP packet
		memset(frame + len, 0, 18);
		return len + 18;
	default: // a response
		frame[44] |= 0x80;
		wire_put16(frame + 40, 0);
		return len;
	}
}

static size_t make(struct storm *storm, uint8_t *frame)
{
	uint8_t *dns = frame + 42;
	size_t len = question(storm, dns, 512);

	if (below(storm, 4) == 0) { // DNS that is wrong inside good headers
		for (uint32_t i = 1 + below(storm, 4); i > 0; i--)
			dns[below(storm, (uint32_t)len)] = (uint8_t)next(storm);
		if (below(storm, 2))
			len = below(storm, (uint32_t)len + 1);
	}
	len = wrap(storm, frame, len);
	if (below(storm, 3) == 0)
		len = spoil(storm, frame, len);
	return len < 14 ? 14 : len;
}

static int open_interface(const char *interface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	address.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || address.sll_ifindex == 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		fprintf(stderr, "storm: %s: %s\n", interface, strerror(errno));
		return -1;
	}
	return fd;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

// Not faster than rate: the count sent so far must not run ahead of the clock.
static void pace(int64_t start, long sent, long rate)
{
	int64_t due = start + sent * 1000000000ll / rate, now = now_ns();
	struct timespec pause = {.tv_nsec = due - now};

	if (due > now && due - now < 1000000000ll)
		nanosleep(&pause, NULL);
}

static long send_all(struct storm *storm, int fd, long count, long rate)
{
	static uint8_t frames[BURST][FRAME_MAX];
	struct mmsghdr messages[BURST];
	struct iovec vectors[BURST];
	int64_t start = now_ns();
	long sent = 0;

	while (sent < count) {
		unsigned burst = count - sent < BURST ? (unsigned)(count - sent) : BURST, done = 0;

		for (unsigned i = 0; i < burst; i++) {
			vectors[i] = (struct iovec){frames[i], make(storm, frames[i])};
			messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i],
								   .msg_iovlen = 1}};
		}
		while (done < burst) {
			int n = sendmmsg(fd, messages + done, burst - done, 0);

			if (n < 0 && errno != ENOBUFS && errno != EAGAIN)
				return -errno;
			done += n > 0 ? (unsigned)n : 0;
		}
		sent += burst;
		pace(start, sent, rate);
	}
	return sent;
}

static int read_mac(const char *text, uint8_t out[6])
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &out[0], &out[1], &out[2], &out[3],
		      &out[4], &out[5]) == 6
		       ? 0
		       : -1;
}

int main(int argc, char **argv)
{
	struct storm storm = {0};
	long count, rate, sent;
	int fd;

	if (argc != 9 || read_mac(argv[2], storm.source_mac) != 0 ||
	    read_mac(argv[3], storm.destination_mac) != 0 ||
	    inet_pton(AF_INET, argv[4], storm.client) != 1 ||
	    inet_pton(AF_INET, argv[5], storm.service) != 1) {
		fprintf(stderr, "usage: storm INTERFACE SOURCE-MAC DESTINATION-MAC CLIENT-IPV4 "
				"SERVICE-IPV4 COUNT RATE SEED\n");
		return 2;
	}
	count = strtol(argv[6], NULL, 10);
	rate = strtol(argv[7], NULL, 10);
	storm.state = strtoull(argv[8], NULL, 10) | 1;
	if (count < 1 || count > COUNT_MAX || rate < 1) {
		fprintf(stderr, "storm: COUNT is 1 to %d, RATE at least 1\n", COUNT_MAX);
		return 2;
	}
	fd = open_interface(argv[1]);
	if (fd < 0)
		return 1;
	sent = send_all(&storm, fd, count, rate);
	if (sent < 0) {
		fprintf(stderr, "storm: %s\n", strerror((int)-sent));
		return 1;
	}
	printf("%ld\n", sent);
	close(fd);
	return 0;
}
