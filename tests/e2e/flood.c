// Sends a bounded flood of TCP segments out of one interface of the network namespace it runs in,
// to one address, and says how many it sent in how many milliseconds.
//
//   flood INTERFACE SOURCE-MAC DESTINATION-MAC SOURCE-IPV4 DESTINATION-IPV4 PORT FLAGS COUNT RATE
//
// Source ports change from one to the next; "any" as the source changes the address, too.

#include "dataplane/dns/header.h"

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
#define COUNT_MAX 5000000
#define FRAME_LEN 54 // Ethernet, IPv4, TCP

struct flood {
	uint8_t source_mac[6], destination_mac[6];
	uint8_t source[4], destination[4];
	int any_source;
	uint16_t port;
	uint8_t flags;
	long count, rate;
};

static uint32_t sum_bytes(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i += 2)
		sum += wire_get16(data + i);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void make(const struct flood *flood, long number, uint8_t frame[FRAME_LEN])
{
	uint8_t *ip = frame + 14, *tcp = ip + 20;

	memset(frame, 0, FRAME_LEN);
	memcpy(frame, flood->destination_mac, 6);
	memcpy(frame + 6, flood->source_mac, 6);
	wire_put16(frame + 12, ETHERTYPE_IP);
	ip[0] = 0x45;
	wire_put16(ip + 2, FRAME_LEN - 14);
	ip[8] = 64;
	ip[9] = 6;
	memcpy(ip + 12, flood->source, 4);
	if (flood->any_source) // 198.18.0.0/15 is for such (RFC 2544)
		memcpy(ip + 12, (uint8_t[]){198, 18, (uint8_t)(number >> 8), (uint8_t)number}, 4);
	memcpy(ip + 16, flood->destination, 4);
	wire_put16(ip + 10, fold(sum_bytes(0, ip, 20)));
	wire_put16(tcp, (uint16_t)(1024 + number * 7 % 30000));
	wire_put16(tcp + 2, flood->port);
	wire_put16(tcp + 4, (uint16_t)number);
	tcp[12] = 5 << 4;
	tcp[13] = flood->flags;
	wire_put16(tcp + 14, 8192);
	wire_put16(tcp + 16, fold(sum_bytes(sum_bytes(6 + 20, ip + 12, 8), tcp, 20)));
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static int send_burst(int fd, struct mmsghdr *messages, unsigned burst)
{
	for (unsigned done = 0; done < burst;) {
		int n = sendmmsg(fd, messages + done, burst - done, 0);

		if (n < 0 && errno != ENOBUFS && errno != EAGAIN)
			return -errno;
		done += n > 0 ? (unsigned)n : 0;
	}
	return 0;
}

static int send_all(const struct flood *flood, int fd)
{
	static uint8_t frames[BURST][FRAME_LEN];
	struct mmsghdr messages[BURST];
	struct iovec vectors[BURST];
	int64_t start = now_ns();

	for (unsigned i = 0; i < BURST; i++) {
		vectors[i] = (struct iovec){frames[i], FRAME_LEN};
		messages[i] =
			(struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1}};
	}
	for (long sent = 0; sent < flood->count; sent += BURST) {
		int64_t due = start + sent * 1000000000ll / flood->rate, now = now_ns();
		struct timespec pause = {.tv_nsec = due - now};

		if (due > now && due - now < 1000000000ll)
			nanosleep(&pause, NULL);
		for (unsigned i = 0; i < BURST; i++)
			make(flood, sent + i, frames[i]);
		int code = send_burst(fd, messages, BURST);
		if (code < 0)
			return code;
	}
	printf("%ld %lld\n", (flood->count + BURST - 1) / BURST * BURST,
	       (long long)(now_ns() - start) / 1000000);
	return 0;
}

static int read_mac(const char *text, uint8_t out[6])
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &out[0], &out[1], &out[2], &out[3],
		      &out[4], &out[5]) == 6
		       ? 0
		       : -1;
}

static int read_arguments(struct flood *flood, int argc, char **argv)
{
	if (argc != 10 || read_mac(argv[2], flood->source_mac) != 0 ||
	    read_mac(argv[3], flood->destination_mac) != 0 ||
	    inet_pton(AF_INET, argv[5], flood->destination) != 1)
		return -1;
	flood->any_source = strcmp(argv[4], "any") == 0;
	if (!flood->any_source && inet_pton(AF_INET, argv[4], flood->source) != 1)
		return -1;
	flood->port = (uint16_t)strtoul(argv[6], NULL, 10);
	flood->flags = (uint8_t)strtoul(argv[7], NULL, 16);
	flood->count = strtol(argv[8], NULL, 10);
	flood->rate = strtol(argv[9], NULL, 10);
	return flood->count >= 1 && flood->count <= COUNT_MAX && flood->rate >= 1 ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	struct flood flood = {0};
	int fd, code;

	if (read_arguments(&flood, argc, argv) != 0) {
		fprintf(stderr, "usage: flood INTERFACE SOURCE-MAC DESTINATION-MAC SOURCE-IPV4 "
				"DESTINATION-IPV4 PORT FLAGS COUNT RATE\n");
		return 2;
	}
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	address.sll_ifindex = (int)if_nametoindex(argv[1]);
	code = fd < 0 || address.sll_ifindex == 0 ||
			       bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0
		       ? -errno
		       : send_all(&flood, fd);
	if (fd >= 0)
		close(fd);
	if (code < 0)
		fprintf(stderr, "flood: %s: %s\n", argv[1], strerror(-code));
	return code < 0;
}
