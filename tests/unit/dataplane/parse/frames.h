// Frames for tests, made byte by byte and with a checksum of their own (16-bit words, RFC 1071).
#pragma once

#include "dataplane/parse/packet.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct frame {
	uint8_t bytes[2048];
	size_t len;
	size_t ip, udp, dns; // offsets
	uint8_t family;
};

struct frame_spec {
	uint8_t family;
	unsigned vlan_count;
	const uint8_t *options; // IPv4 options or IPv6 extension headers
	size_t options_len;
	uint8_t first_header; // IPv6: next header of the fixed header, when options are there
	uint16_t source_port, destination_port;
	const uint8_t *dns;
	size_t dns_len;
};

static const uint8_t frame_client4[4] = {192, 0, 2, 7}, frame_service4[4] = {198, 51, 100, 53};
static const uint8_t frame_client6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};
static const uint8_t frame_service6[16] = {0x20, 0x01, 0x0d, 0xb8, [14] = 1, [15] = 0x53};

static inline struct service_addresses frame_services(void)
{
	struct service_addresses s = {.count = 2};

	s.list[0].family = 4;
	memcpy(s.list[0].bytes, frame_service4, 4);
	s.list[1].family = 6;
	memcpy(s.list[1].bytes, frame_service6, 16);
	return s;
}

static inline uint32_t frame_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline void frame_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

// The sum over pseudo-header, UDP header and data: 0xffff when it is intact.
static inline uint32_t frame_udp_sum(const struct frame *f)
{
	size_t len = (size_t)f->bytes[f->udp + 4] << 8 | f->bytes[f->udp + 5];
	const uint8_t *ip = f->bytes + f->ip;
	uint32_t sum = f->family == 4 ? frame_sum(0, ip + 12, 8) : frame_sum(0, ip + 8, 32);

	sum = frame_sum(sum + 17 + (uint32_t)len, f->bytes + f->udp, len);
	return sum;
}

static inline void frame_fix_ip_checksum(struct frame *f)
{
	uint8_t *ip = f->bytes + f->ip;

	frame_put16(ip + 10, 0);
	frame_put16(ip + 10, ~frame_sum(0, ip, (ip[0] & 15) * 4u) & 0xffff);
}

static inline void frame_fix_udp_checksum(struct frame *f)
{
	frame_put16(f->bytes + f->udp + 6, 0);
	uint32_t sum = ~frame_udp_sum(f) & 0xffff;
	frame_put16(f->bytes + f->udp + 6, sum ? sum : 0xffff);
}

static inline void frame_make(struct frame *f, const struct frame_spec *spec)
{
	static const uint8_t macs[12] = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2};
	uint8_t *p = f->bytes;
	size_t udp_len = 8 + spec->dns_len, at = 12;

	memset(f, 0, sizeof(*f));
	f->family = spec->family;
	memcpy(p, macs, 12);
	for (unsigned i = 0; i < spec->vlan_count; i++, at += 4) {
		frame_put16(p + at, i + 1 < spec->vlan_count ? 0x88a8 : 0x8100);
		frame_put16(p + at + 2, 0x2000 + 100 + i);
	}
	frame_put16(p + at, spec->family == 4 ? 0x0800 : 0x86dd);
	f->ip = at + 2;
	uint8_t *ip = p + f->ip;
	if (spec->family == 4) {
		size_t header = 20 + spec->options_len;

		ip[0] = (uint8_t)(0x40 | header / 4);
		frame_put16(ip + 2, (unsigned)(header + udp_len));
		frame_put16(ip + 4, 0x1234);
		ip[8] = 57;
		ip[9] = 17;
		memcpy(ip + 12, frame_client4, 4);
		memcpy(ip + 16, frame_service4, 4);
		if (spec->options_len)
			memcpy(ip + 20, spec->options, spec->options_len);
		f->udp = f->ip + header;
		frame_fix_ip_checksum(f);
	} else {
		ip[0] = 0x6a;
		ip[3] = 0x99;
		frame_put16(ip + 4, (unsigned)(spec->options_len + udp_len));
		ip[6] = spec->options_len ? spec->first_header : 17;
		ip[7] = 57;
		memcpy(ip + 8, frame_client6, 16);
		memcpy(ip + 24, frame_service6, 16);
		if (spec->options_len)
			memcpy(ip + 40, spec->options, spec->options_len);
		f->udp = f->ip + 40 + spec->options_len;
	}
	f->dns = f->udp + 8;
	frame_put16(p + f->udp, spec->source_port);
	frame_put16(p + f->udp + 2, spec->destination_port);
	frame_put16(p + f->udp + 4, (unsigned)udp_len);
	if (spec->dns_len)
		memcpy(p + f->dns, spec->dns, spec->dns_len);
	f->len = f->dns + spec->dns_len;
	frame_fix_udp_checksum(f);
}

// "example. A", RD=1.
static const uint8_t frame_query[] = {0xbe, 0xef, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7, 'e', 'x', 'a',
	'm', 'p', 'l', 'e', 0, 0, 1, 0, 1};

static inline struct frame_spec frame_default(uint8_t family)
{
	return (struct frame_spec){.family = family, .source_port = 40000, .destination_port = 53,
				   .dns = frame_query, .dns_len = sizeof(frame_query)};
}
