// The answer to a plain question (dataplane/dns/plain.h) from cached denial: SOA, for DO=1 with its
// signatures and the proofs, and EDE 29. Byte for byte what answer_denied() makes of it. Sums are
// as in dataplane/answer/plain.h.
#pragma once

#include "dataplane/answer/plain.h"
#include "dataplane/cache/denial/denial.h"

#define PLAIN_EDE_LEN 6 // code, length, INFO-CODE

// The authority section as it grows.
struct plain_denial {
	uint8_t *out;   // the message
	size_t place;   // bytes of it that are there
	size_t zone;    // where in it the zone's name stands
	uint32_t ttl_s; // of every record
	unsigned count; // of records
	uint64_t sum, less;
};

// Owners are labels and a pointer into the zone's name. At least 16 bytes, whose sum this is.
static inline void plain_deny_records(struct plain_denial *d, const uint8_t *records, size_t len,
				      uint64_t sum, unsigned count)
{
	uint8_t *p = d->out + d->place;

	block_copy(p, records, len);
	d->sum += plain_loaded(sum, d->place);
	for (size_t at = 0; at < len;) {
		while (records[at] < 0xc0)
			at += (size_t)records[at] + 1;
		const size_t place = d->place + at;
		wire_put16(p + at, (uint16_t)(wire_get16(records + at) + d->zone));
		wire_put32(p + at + 6, d->ttl_s);
		d->sum += plain_number(d->zone + d->ttl_s, place);
		d->less += plain_number(wire_get32(records + at + 6), place);
		at += 2 + RECORD_FIXED_LEN + (size_t)wire_get16(records + at + 10);
	}
	d->place += len;
	d->count += count;
}

static inline size_t plain_denial_len(const struct denial_answer *denied, bool dnssec)
{
	size_t len = denied->soa->data_len;

	if (!dnssec)
		return len;
	len += denied->soa->rrsig_len;
	for (unsigned i = 0; i < denied->proof_count; i++) {
		size_t records_len;
		uint16_t count;

		(void)denial_item_records(denied->proofs[i], &records_len, &count);
		len += records_len;
	}
	return len;
}

// The sum of the SOA as it stands in its entry: of a burst's questions it is mostly one.
struct plain_soa {
	const struct entry *entry;
	uint64_t sum;
};

static inline void plain_deny_section(struct plain_denial *d, const struct denial_answer *denied,
				      bool dnssec, struct plain_soa *memo)
{
	const struct entry *soa = denied->soa;

	if (memo->entry != soa)
		*memo = (struct plain_soa){soa, plain_sum_data(entry_data(soa), soa->data_len)};
	plain_deny_records(d, entry_data(soa), soa->data_len, memo->sum, soa->data_count);
	if (!dnssec)
		return;
	plain_deny_records(d, entry_rrsigs(soa), soa->rrsig_len,
			   plain_sum_data(entry_rrsigs(soa), soa->rrsig_len), soa->rrsig_count);
	for (unsigned i = 0; i < denied->proof_count; i++) {
		size_t len;
		uint16_t count;
		const uint8_t *records = denial_item_records(denied->proofs[i], &len, &count);

		plain_deny_records(d, records, len, plain_sum_data(records, len), count);
	}
}

// RFC 8914 §4.30. Returns its sum.
static inline uint64_t plain_put_opt_denied(uint8_t *opt, size_t place, bool dnssec)
{
	uint64_t sum = plain_loaded(plain_put_opt(opt, dnssec), place);

	wire_put16(opt + 9, PLAIN_EDE_LEN);
	wire_put16(opt + 11, EDNS_EDE);
	wire_put16(opt + 13, 2);
	wire_put16(opt + 15, EDE_SYNTHESIZED);
	return sum + plain_number(PLAIN_EDE_LEN + EDNS_EDE + 2 + EDE_SYNTHESIZED, place + 9);
}

static inline unsigned plain_denied_flags(const struct plain_query *query,
					  const struct denial_answer *denied, bool clock_trusted)
{
	unsigned flags = FLAG_QR | FLAG_RA | (query->flags & (FLAG_RD | FLAG_CD));
	bool asked = query->dnssec || (query->flags & FLAG_AD) != 0;

	flags |= denied->kind == DENIED_NXDOMAIN ? RCODE_NXDOMAIN : RCODE_NOERROR;
	return asked && clock_trusted ? flags | FLAG_AD : flags;
}

// NXDOMAIN or NODATA, as plain_answer() does it. False, and nothing is changed: it does not fit.
static inline bool plain_deny(struct plain_query *query, const struct denial_answer *denied,
			      bool clock_trusted, struct plain_soa *memo)
{
	const size_t place = HEADER_LEN + (size_t)query->name_len + PLAIN_QUESTION_TAIL;
	const size_t opt_len = query->opt ? PLAIN_OPT_LEN + PLAIN_EDE_LEN : 0;
	const size_t end = place + plain_denial_len(denied, query->dnssec) + opt_len;
	const size_t limit = query->limit < query->room ? query->limit : query->room;
	uint8_t *out = query->message;
	struct plain_denial d = {
		.out = out,
		.place = place,
		.zone = HEADER_LEN + (size_t)query->name_len - denied->soa->name_len,
		.ttl_s = denied->left_s,
		.sum = query->sum,
		.less = plain_number(query->flags, 0),
	};

	if (end > limit)
		return false;
	if (query->opt)
		d.less += plain_loaded(plain_sum_opt(out + place), place);
	plain_deny_section(&d, denied, query->dnssec, memo);
	if (query->opt)
		d.sum += plain_put_opt_denied(out + d.place, d.place, query->dnssec);
	const unsigned flags = plain_denied_flags(query, denied, clock_trusted);
	wire_put16(out + 2, (uint16_t)flags);
	wire_put16(out + 8, (uint16_t)d.count);
	// The length stands in the UDP header and in the pseudo-header.
	d.sum += plain_number(flags + d.count + 2 * (end - query->len), 0);
	query->sum = d.sum + PLAIN_TAKEN_FROM - d.less;
	query->reply_len = (uint16_t)end;
	return true;
}
