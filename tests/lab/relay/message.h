// Reading and editing DNS messages that pass through the relay.
//
// Everything here works on (pointer, length) of bytes from the network and stays inside them.
// Names are in wire format. Buffers for edited messages must not overlap the original.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	MESSAGE_HEADER_LEN = 12,
	MESSAGE_NAME_MAX = 255,
	RCODE_SERVFAIL = 2,
	RCODE_REFUSED = 5,
};

struct question {
	uint8_t name[MESSAGE_NAME_MAX]; // lower case, uncompressed
	size_t name_len;
	uint16_t type;
	size_t end; // offset behind the question section
	bool has_opt;
	bool dnssec_ok;
	uint16_t udp_size; // what the client takes over UDP, at least 512
};

// 0, or -EBADMSG unless the message has a header and exactly one question with a name.
int question_parse(const uint8_t *message, size_t len, struct question *question)
	__attribute__((nonnull, warn_unused_result));

// A reply without records: header, question, OPT if the query had one. Returns its length,
// 0 if it does not fit.
size_t message_refuse(const uint8_t *query, const struct question *question, uint8_t rcode,
		      bool truncated, uint8_t *reply, size_t capacity)
	__attribute__((nonnull, warn_unused_result));

// Flips bits in the signature of every RRSIG, and in the addresses of an answer in a signed
// message. Returns how many, or -EBADMSG.
int message_corrupt(uint8_t *message, size_t len) __attribute__((nonnull, warn_unused_result));

// Writes the message without RRSIG, NSEC and NSEC3, AD and DO cleared. Returns the length of
// the result, -EBADMSG, or -ENOSPC.
ssize_t message_strip(const uint8_t *message, size_t len, uint8_t *stripped, size_t capacity)
	__attribute__((nonnull, warn_unused_result));

static inline uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}
