// The answer to a plain question (dataplane/dns/plain.h) from an ENTRY_PLAIN entry that is fresh:
// one copy over the query, and a few fields. Byte for byte what answer_render() makes of it.
//
// Sums here are of 16-bit numbers in network order, as the UDP checksum has them, not yet folded.
// What begins at an odd place of the message counts with its bytes on the other side, and that is
// times 256 (RFC 1071 §2(B); 65536 is 1 in this arithmetic). Taking x away is adding a multiple of
// 65535, less x.
#pragma once

#include "dataplane/answer/reply.h"
#include "dataplane/dns/plain.h"

struct plain_moment {
	uint64_t now_ms; // monotonic
	int64_t now_s;   // wall
	bool clock_trusted;
	bool rotate;
};

#define PLAIN_POINTER    (POINTER | HEADER_LEN)
#define PLAIN_OPT_DO     0x80
#define PLAIN_TAKEN_FROM ((uint64_t)0xffff << 16) // for what is less than 2^32 - 2^16

static inline uint64_t plain_at_place(uint64_t sum, size_t place)
{
	return sum << (place % 2 * 8);
}

// Sum of the data as it stands in the entry.
static inline uint64_t plain_sum_data(const uint8_t *data, size_t len)
{
	uint64_t sum = 0;
	size_t at = 0;

	for (; at + 8 <= len; at += 8) {
		uint64_t word = plain_load64(data + at);
		// Halves, so that nothing is carried out: data is short.
		sum += (word & UINT32_MAX) + (word >> 32);
	}
	if (len & 4) {
		sum += plain_load32(data + at);
		at += 4;
	}
	for (; at < len; at++)
		sum += (uint64_t)data[at] << (at % 2 * 8);
	// Little-endian so far.
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16 & UINT16_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return __builtin_bswap16((uint16_t)sum);
}

static inline uint64_t plain_sum_ttl(uint32_t ttl_s)
{
	return (ttl_s >> 16) + (ttl_s & UINT16_MAX);
}

// Owners and TTLs of records that have been copied to p, `place` bytes into the message. Returns
// what that adds to the sum of what was copied; *less: what it takes away.
static inline uint64_t plain_patch(uint8_t *p, size_t len, size_t place,
				   const struct ttl_rule *rule, uint64_t *less)
{
	uint64_t sum = 0;

	for (size_t at = 0; at < len;) {
		uint32_t stored_s = wire_get32(p + at + 6);
		uint32_t ttl_s = ttl_now(rule, stored_s);
		size_t rdlen = wire_get16(p + at + 10);

		wire_put16(p + at, PLAIN_POINTER);
		wire_put32(p + at + 6, ttl_s);
		sum += plain_at_place(HEADER_LEN + plain_sum_ttl(ttl_s), place + at);
		*less += plain_at_place(plain_sum_ttl(stored_s), place + at);
		at += 2 + RECORD_FIXED_LEN + rdlen;
	}
	return sum;
}

static inline void plain_copy_data(uint8_t *p, const struct entry *entry, size_t len,
				   const struct plain_moment *moment, uint32_t rotation)
{
	const uint8_t *data = entry_data(entry);
	size_t unit = moment->rotate && entry->data_count > 1 ? rotation_unit(entry) : 0;
	size_t head = unit > 0 ? unit * (rotation % entry->data_count) : 0;

	if (head == 0) {
		block_copy(p, data, len);
		return;
	}
	block_copy(p, data + head, entry->data_len - head);
	block_copy(p + entry->data_len - head, data, head);
	if (len > entry->data_len)
		block_copy(p + entry->data_len, data + entry->data_len, len - entry->data_len);
}

// The OPT of the query at opt, as plain_read() takes it.
static inline uint64_t plain_sum_opt(const uint8_t *opt)
{
	return (uint64_t)(opt[2] + opt[4] + opt[8]) * 256 + opt[3] + opt[5] + opt[7];
}

// RFC 6891 §6.1.1, §6.1.2: our size; RFC 3225 §3: DO copied. Returns its sum.
static inline uint64_t plain_put_opt(uint8_t *opt, bool dnssec)
{
	const unsigned flags = dnssec ? PLAIN_OPT_DO : 0;

	wire_put32(opt, TYPE_OPT << 8 | EDNS_UDP_SIZE >> 8);
	wire_put32(opt + 4, (EDNS_UDP_SIZE & 0xffu) << 24 | flags);
	opt[8] = 0;
	wire_put16(opt + 9, 0);
	return (TYPE_OPT + (EDNS_UDP_SIZE & 0xff)) * 256 + (EDNS_UDP_SIZE >> 8) + flags;
}

// RFC 4035 §3.2.3, RFC 6840 §5.8; CD and RD are copied.
static inline unsigned plain_reply_flags(const struct plain_query *query, const struct entry *entry,
					 const struct plain_moment *moment)
{
	unsigned flags = FLAG_QR | FLAG_RA | (query->flags & (FLAG_RD | FLAG_CD));
	bool asked = query->dnssec || (query->flags & FLAG_AD) != 0;
	bool secure = entry->security == SECURITY_SECURE && (entry->flags & ENTRY_OPT_OUT) == 0;

	return asked && secure && moment->clock_trusted ? flags | FLAG_AD : flags;
}

// Writes the reply over query->message, sets reply_len, and brings query->sum up to date without
// looking at what stays. False, and nothing is changed: it does not fit.
static inline bool plain_answer(struct plain_query *query, const struct entry *entry,
				const struct plain_moment *moment, uint32_t rotation)
{
	const size_t place = HEADER_LEN + (size_t)query->name_len + PLAIN_QUESTION_TAIL;
	const size_t rrsig_len = query->dnssec ? entry->rrsig_len : 0;
	const size_t len = entry->data_len + rrsig_len;
	const size_t end = place + len + (query->opt ? PLAIN_OPT_LEN : 0);
	const size_t limit = query->limit < query->room ? query->limit : query->room;
	uint8_t *out = query->message, *records = out + place;
	uint64_t sum = query->sum, less = query->flags;
	unsigned answers = entry->data_count;

	if (end > limit)
		return false;
	if (query->opt)
		less += plain_at_place(plain_sum_opt(records), place);
	plain_copy_data(records, entry, len, moment, rotation);
	const struct ttl_rule rule = ttl_rule_of(entry, moment->now_ms, moment->now_s);
	sum += plain_at_place(plain_sum_data(entry_data(entry), entry->data_len), place);
	sum += plain_patch(records, entry->data_len, place, &rule, &less);
	if (rrsig_len > 0) {
		sum += plain_at_place(entry->rrsig_sum, place + entry->data_len);
		sum += plain_patch(records + entry->data_len, rrsig_len, place + entry->data_len,
				   &rule, &less);
		answers += entry->rrsig_count;
	}
	if (query->opt)
		sum += plain_at_place(plain_put_opt(records + len, query->dnssec), place + len);
	const unsigned flags = plain_reply_flags(query, entry, moment);
	wire_put16(out + 2, (uint16_t)flags);
	wire_put16(out + 6, (uint16_t)answers);
	sum += flags + answers;
	// The length stands in the UDP header and in the pseudo-header.
	sum += 2 * (end - query->len);
	sum += PLAIN_TAKEN_FROM - less;
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	query->sum = (uint32_t)sum;
	query->reply_len = (uint16_t)end;
	return true;
}
