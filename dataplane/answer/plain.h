// The answer to a plain question (dataplane/dns/plain.h) from an ENTRY_PLAIN entry that is fresh:
// one copy over the query, and a few fields. Byte for byte what answer_render() makes of it.
//
// Sums here are ones' complement sums in this machine's order of bytes, not yet folded: 65536 is 1
// in this arithmetic, so that a 32-bit word counts as its halves. Bytes on the other side count
// 256 times as much (RFC 1071 §2(B)): what begins at an odd place of the message, and numbers in
// network order at an even one. Taking x away is adding a multiple of 65535, less x.
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
#define PLAIN_TAKEN_FROM ((uint64_t)0xffff << 32) // for what is less than 2^47

// Bytes as they were loaded, from an even place of their own on, that stand at `place`.
static inline uint64_t plain_loaded(uint64_t sum, size_t place)
{
	return sum << (place % 2 * 8);
}

// A number of 16 or 32 bits that stands, in network order, at `place`.
static inline uint64_t plain_number(uint64_t number, size_t place)
{
	return number << (8 - place % 2 * 8);
}

// Sum of the data as it stands in the entry.
static inline uint64_t plain_sum_data(const uint8_t *data, size_t len)
{
	uint64_t sum = 0;
	size_t at = 0;

	if (__builtin_expect(len == 16, true)) // one address of IPv4
		return (uint64_t)plain_load32(data) + plain_load32(data + 4) +
		       plain_load32(data + 8) + plain_load32(data + 12);
	for (; at + 4 <= len; at += 4)
		sum += plain_load32(data + at);
	for (; at < len; at++)
		sum += (uint64_t)data[at] << (at % 2 * 8);
	return sum;
}

// What the TTLs of an entry have come to, which all are stored_s: what ttl_rule_of() and ttl_now()
// make of them. Ages are rounded down, so that what is left is rounded up.
static inline uint32_t plain_ttl(const struct entry *entry, uint32_t stored_s,
				 const struct plain_moment *moment)
{
	uint64_t left_s = (entry->expires_ms - moment->now_ms + 999) / 1000;
	uint64_t signed_s = entry->plain_signature_s == UINT32_MAX || moment->now_s < 0
				    ? UINT32_MAX
				    : (uint64_t)entry->plain_signature_s - (uint64_t)moment->now_s;

	left_s = left_s < signed_s ? left_s : signed_s;
	return left_s < stored_s ? (uint32_t)left_s : stored_s;
}

struct plain_ttls {
	uint32_t stored_s, now_s;
};

// Owner and TTL of a record that has been copied to p, `place` bytes into the message. Returns what
// that adds to the sum of what was copied; *less: what it takes away.
static inline uint64_t plain_patch_one(uint8_t *p, size_t place, struct plain_ttls ttls,
				       uint64_t *less)
{
	wire_put16(p, PLAIN_POINTER);
	wire_put32(p + 6, ttls.now_s);
	*less += plain_number(ttls.stored_s, place);
	return plain_number((uint64_t)HEADER_LEN + ttls.now_s, place);
}

// The same of `count` records, as they stand at `from`.
static inline uint64_t plain_patch(uint8_t *p, const uint8_t *from, unsigned count, size_t place,
				   struct plain_ttls ttls, uint64_t *less)
{
	uint64_t sum = plain_patch_one(p, place, ttls, less);

	for (size_t at = 0; __builtin_expect(--count > 0, false);) {
		at += 2 + RECORD_FIXED_LEN + (size_t)wire_get16(from + at + 10);
		sum += plain_patch_one(p + at, place + at, ttls, less);
	}
	return sum;
}

// Returns where each record can be read as it stands in p.
static inline const uint8_t *plain_copy_data(uint8_t *p, const struct entry *entry, size_t len,
					     const struct plain_moment *moment, uint32_t rotation)
{
	const uint8_t *data = entry_data(entry);
	const size_t data_len = entry->plain_data_len;

	if (!moment->rotate || (entry->flags & ENTRY_ROTATED) == 0) {
		block_copy(p, data, len);
		return data;
	}
	size_t unit = data_len / entry->plain_data_count;
	size_t head = unit * (rotation % entry->plain_data_count);
	block_copy(p, data + head, data_len - head);
	if (head > 0)
		block_copy(p + data_len - head, data, head);
	if (len > data_len)
		block_copy(p + data_len, data + data_len, len - data_len);
	return p;
}

// The OPT of the query at opt, as plain_read() takes it.
static inline uint64_t plain_sum_opt(const uint8_t *opt)
{
	uint64_t most = plain_load64(opt);

	return (most & UINT32_MAX) + (most >> 32) + opt[8];
}

// RFC 6891 §6.1.1, §6.1.2: our size; RFC 3225 §3: DO copied. Returns its sum.
static inline uint64_t plain_put_opt(uint8_t *opt, bool dnssec)
{
	const uint32_t flags = dnssec ? PLAIN_OPT_DO : 0;
	// Little-endian: root, type, size, extended RCODE, version; flags; RDLENGTH.
	const uint64_t most = (uint64_t)TYPE_OPT << 16 | (uint64_t)(EDNS_UDP_SIZE >> 8) << 24 |
			      (uint64_t)(EDNS_UDP_SIZE & 0xff) << 32 | (uint64_t)flags << 56;

	memcpy(opt, &most, sizeof(most));
	memcpy(opt + 7, &flags, sizeof(flags));
	return (most & UINT32_MAX) + (most >> 32);
}

// RFC 4035 §3.2.3, RFC 6840 §5.8; CD and RD are copied.
static inline unsigned plain_reply_flags(const struct plain_query *query, const struct entry *entry,
					 const struct plain_moment *moment)
{
	unsigned flags = FLAG_QR | FLAG_RA | (query->flags & (FLAG_RD | FLAG_CD));
	bool asked = query->dnssec || (query->flags & FLAG_AD) != 0;
	bool authentic = (entry->flags & ENTRY_AUTHENTIC) != 0;

	return asked && authentic && moment->clock_trusted ? flags | FLAG_AD : flags;
}

// Writes the reply over query->message, sets reply_len, and brings query->sum up to date without
// looking at what stays. False, and nothing is changed: it does not fit.
static inline bool plain_answer(struct plain_query *query, const struct entry *entry,
				const struct plain_moment *moment, uint32_t rotation)
{
	const size_t place = HEADER_LEN + (size_t)query->name_len + PLAIN_QUESTION_TAIL;
	const size_t data_len = entry->plain_data_len;
	const size_t rrsig_len = query->dnssec ? entry->plain_rrsig_len : 0;
	const size_t len = data_len + rrsig_len;
	const size_t end = place + len + (query->opt ? PLAIN_OPT_LEN : 0);
	const size_t limit = query->limit < query->room ? query->limit : query->room;
	uint8_t *out = query->message, *records = out + place;
	uint64_t sum = query->sum, less = plain_number(query->flags, 0);
	unsigned answers = entry->plain_data_count;

	if (end > limit)
		return false;
	if (query->opt)
		less += plain_loaded(plain_sum_opt(records), place);
	const uint8_t *from = plain_copy_data(records, entry, len, moment, rotation);
	const uint32_t stored_s = wire_get32(entry_data(entry) + 6);
	const struct plain_ttls ttls = {stored_s, plain_ttl(entry, stored_s, moment)};
	sum += plain_loaded(plain_sum_data(entry_data(entry), data_len), place);
	sum += plain_patch(records, from, entry->plain_data_count, place, ttls, &less);
	if (rrsig_len > 0) {
		const size_t rrsigs = place + data_len;

		sum += plain_loaded(entry->plain_rrsig_sum, rrsigs);
		sum += plain_patch(out + rrsigs, entry_plain_rrsigs(entry),
				   entry->plain_rrsig_count, rrsigs, ttls, &less);
		answers += entry->plain_rrsig_count;
	}
	if (query->opt)
		sum += plain_loaded(plain_put_opt(records + len, query->dnssec), place + len);
	const unsigned flags = plain_reply_flags(query, entry, moment);
	wire_put16(out + 2, (uint16_t)flags);
	wire_put16(out + 6, (uint16_t)answers);
	// The length stands in the UDP header and in the pseudo-header.
	sum += plain_number(flags + answers + 2 * (end - query->len), 0);
	query->sum = sum + PLAIN_TAKEN_FROM - less;
	query->reply_len = (uint16_t)end;
	return true;
}
