// The 12-byte message header (RFC 1035 §4.1.1; AD and CD: RFC 4035 §3).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HEADER_LEN 12

enum header_flag { // in the 16-bit flags word, host order
	FLAG_QR = 0x8000,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	FLAG_RD = 0x0100,
	FLAG_RA = 0x0080,
	FLAG_Z = 0x0040,
	FLAG_AD = 0x0020,
	FLAG_CD = 0x0010,
};
#define FLAGS_OPCODE(flags) (((flags) >> 11) & 15)
#define FLAGS_RCODE(flags) ((flags) & 15)

static inline uint16_t wire_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t wire_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void wire_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void wire_put32(uint8_t *p, uint32_t v)
{
	wire_put16(p, (uint16_t)(v >> 16));
	wire_put16(p + 2, (uint16_t)v);
}

static inline uint16_t header_id(const uint8_t *msg) { return wire_get16(msg); }
static inline uint16_t header_flags(const uint8_t *msg) { return wire_get16(msg + 2); }
static inline uint16_t header_qdcount(const uint8_t *msg) { return wire_get16(msg + 4); }
static inline uint16_t header_ancount(const uint8_t *msg) { return wire_get16(msg + 6); }
static inline uint16_t header_nscount(const uint8_t *msg) { return wire_get16(msg + 8); }
static inline uint16_t header_arcount(const uint8_t *msg) { return wire_get16(msg + 10); }
