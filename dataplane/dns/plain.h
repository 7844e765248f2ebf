// The query that nearly every client sends: opcode QUERY, one question of class IN, no other
// record than at most one OPT of version 0 without options, and nothing behind it.
//
// It is read without a walk over the labels: when that is its shape, the message's length says
// where the name must end. Whether the labels do end there is NOT checked. Who finds the name
// byte for byte equal to one that is known to be well formed knows it; anybody else takes
// query_parse().
#pragma once

#include "dataplane/dns/block.h"
#include "dataplane/dns/edns.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAIN_NAME_MAX      63 // longer names are read by query_parse()
#define PLAIN_NAME_ROOM     64 // there is always a zero behind
#define PLAIN_OPT_LEN       11 // root, type, size, rcode, version, flags, RDLENGTH 0
#define PLAIN_QUESTION_TAIL 4  // type, class
#define PLAIN_LEN_MIN       (HEADER_LEN + 1 + PLAIN_QUESTION_TAIL)
#define PLAIN_LEN_MAX       (HEADER_LEN + PLAIN_NAME_MAX + PLAIN_QUESTION_TAIL + PLAIN_OPT_LEN)

struct plain_query {
	// Lower case, zeros behind the name.
	_Alignas(64) uint8_t name[PLAIN_NAME_ROOM];
	uint8_t *message;   // in the packet; the reply goes over it
	uint64_t sum;       // ones' complement sum of all that the UDP checksum covers, in this
			    // machine's order of bytes; the reply's once it is there
	uint16_t len, room; // of the message; from it to the end of its buffer
	uint16_t reply_len; // 0: no reply here
	uint16_t flags;     // as received
	uint16_t type;
	uint16_t limit; // query_udp_limit()
	uint8_t name_len;
	bool opt, dnssec;
};

static inline uint64_t plain_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t plain_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

// RFC 6891 §6.1.2. False: another owner, type or version, or with options.
static inline bool plain_opt(const uint8_t *opt, struct plain_query *out)
{
	// Little-endian: owner, type in the low three bytes; version in the seventh.
	const uint64_t mask = 0x00ff000000ffffff, wanted = (uint64_t)TYPE_OPT << 16;
	uint16_t size = wire_get16(opt + 3);

	if ((plain_load64(opt) & mask) != wanted || wire_get16(opt + 9) != 0)
		return false;
	out->dnssec = (opt[7] & 0x80) != 0;
	out->limit = size < 512 ? 512 : size > EDNS_UDP_SIZE ? EDNS_UDP_SIZE : size;
	return true;
}

// Reads what follows the message in its buffer too, and means nothing by it.
// False: of another shape, or longer than is taken here. The type may be any.
// message, len and room are set already. seen: opcode and counts are known to be a plain query's.
static inline bool plain_read(struct plain_query *out, bool seen)
{
	const uint8_t *msg = out->message;
	const size_t len = out->len;
	// QR, opcode and the counts of questions and answers; little-endian as all of x86-64.
	const uint64_t head_mask = 0xffffffff00f80000, head = 0x0000010000000000;

	if (len < PLAIN_LEN_MIN || len > PLAIN_LEN_MAX || out->room < PLAIN_LEN_MAX + 1)
		return false;
	uint32_t counts = plain_load32(msg + 8); // authority, additional
	if (!seen && ((plain_load64(msg) & head_mask) != head || (counts & 0xfeffffff) != 0))
		return false;
	out->opt = counts != 0;
	size_t end = len - (out->opt ? PLAIN_OPT_LEN : 0); // of the question
	if (end < PLAIN_LEN_MIN || end > HEADER_LEN + PLAIN_NAME_MAX + PLAIN_QUESTION_TAIL)
		return false;
	if (wire_get16(msg + end - 2) != CLASS_IN)
		return false;
	out->dnssec = false;
	out->limit = 512;
	if (out->opt && !plain_opt(msg + end, out))
		return false;
	out->flags = header_flags(msg);
	out->type = wire_get16(msg + end - 4);
	out->name_len = (uint8_t)(end - HEADER_LEN - PLAIN_QUESTION_TAIL);
	block_store(out->name, block_fold(block_load(msg + HEADER_LEN, out->name_len)));
	return true;
}
