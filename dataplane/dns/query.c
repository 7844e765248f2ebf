#include "dataplane/dns/query.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <string.h>

#define QUESTION_TAIL_LEN 4  // type, class
#define RECORD_TAIL_LEN   10 // type, class, TTL, RDLENGTH

// What the records after the question amount to.
struct findings {
	bool malformed;
	bool is_signed; // TSIG or SIG(0)
};

// Offset after a name whose contents do not matter (a pointer is not followed), or 0.
static size_t pass_name(const uint8_t *msg, size_t len, size_t off)
{
	while (off < len) {
		uint8_t label = msg[off];
		if (label == 0)
			return off + 1;
		if (label >= 0xc0)
			return off + 2;
		if (label > 63)
			return 0;
		off += (size_t)label + 1;
	}
	return 0;
}

// Reads the one question. Returns the offset after it, or 0.
static size_t read_question(const uint8_t *msg, size_t len, struct query *q)
{
	int qname_len = name_check(msg + HEADER_LEN, len - HEADER_LEN);

	if (qname_len < 0 || len - HEADER_LEN - (size_t)qname_len < QUESTION_TAIL_LEN)
		return 0;
	const uint8_t *tail = msg + HEADER_LEN + qname_len;
	q->question = msg + HEADER_LEN;
	q->question_len = (uint16_t)(qname_len + QUESTION_TAIL_LEN);
	q->qname_len = (uint16_t)qname_len;
	name_lower(q->qname, q->question, (size_t)qname_len);
	q->qtype = wire_get16(tail);
	q->qclass = wire_get16(tail + 2);
	return HEADER_LEN + (size_t)q->question_len;
}

// Passes over questions, none or many, that are no good to us, to reach the OPT behind
// them. Returns the offset after them, or 0.
static size_t pass_questions(const uint8_t *msg, size_t len)
{
	size_t off = HEADER_LEN;

	for (unsigned i = header_qdcount(msg); i > 0 && off != 0; i--) {
		off = pass_name(msg, len, off);
		if (off == 0 || off > len || len - off < QUESTION_TAIL_LEN)
			return 0;
		off += QUESTION_TAIL_LEN;
	}
	return off;
}

static void judge_additional(const uint8_t *msg, size_t owner, size_t tail, bool last,
			     struct query *q, struct findings *f)
{
	switch (wire_get16(msg + tail)) {
	case TYPE_OPT:
		// RFC 6891 §6.1.1: at most one; §6.1.2: its owner is the root.
		if (q->edns.present || msg[owner] != 0) {
			f->malformed = true;
			return;
		}
		if (edns_parse(wire_get16(msg + tail + 2), wire_get32(msg + tail + 4),
			       msg + tail + RECORD_TAIL_LEN, wire_get16(msg + tail + 8),
			       EDNS_OPTIONS_MAX, &q->edns) != EDNS_OK)
			f->malformed = true;
		return;
	case TYPE_TSIG:
	case TYPE_SIG:
		// RFC 8945 §5.1, RFC 2931 §3.1: the last record of the message.
		f->is_signed = true;
		if (!last)
			f->malformed = true;
		return;
	default:
		f->malformed = true;
	}
}

// Walks all records to the end of the message. Each takes at least 11 bytes, so the
// message's length bounds the work whatever the counts say.
static void read_records(const uint8_t *msg, size_t len, size_t off, struct query *q,
			 struct findings *f)
{
	unsigned before = (unsigned)header_ancount(msg) + header_nscount(msg);
	unsigned total = before + header_arcount(msg);

	// A query carries no records there, but for the SOA of IXFR (RFC 1995 §3).
	if (header_ancount(msg) != 0 || (header_nscount(msg) != 0 && q->qtype != TYPE_IXFR))
		f->malformed = true;
	for (unsigned i = 0; i < total; i++) {
		size_t tail = pass_name(msg, len, off);
		if (tail == 0 || tail > len || len - tail < RECORD_TAIL_LEN) {
			f->malformed = true;
			return;
		}
		size_t rdlen = wire_get16(msg + tail + 8);
		if (rdlen > len - tail - RECORD_TAIL_LEN) {
			f->malformed = true;
			return;
		}
		if (i >= before)
			judge_additional(msg, off, tail, i + 1 == total, q, f);
		else if (wire_get16(msg + tail) == TYPE_OPT) // RFC 6891 §6.1.1
			f->malformed = true;
		off = tail + RECORD_TAIL_LEN + rdlen;
	}
	if (off != len)
		f->malformed = true;
}

static enum query_verdict judge_question(const struct query *q)
{
	// RFC 1034 §3.7.1: class * matches any class, and IN is the one there is.
	if (q->qclass != CLASS_IN && q->qclass != CLASS_ANY)
		return QUERY_REFUSED;
	if (!type_is_meta(q->qtype) || q->qtype == TYPE_ANY)
		return QUERY_ANSWER;
	if (q->qtype == TYPE_AXFR || q->qtype == TYPE_IXFR)
		return QUERY_REFUSED;
	return QUERY_META_TYPE;
}

enum query_verdict query_parse(const uint8_t *msg, size_t len, struct query *out)
{
	struct findings found = {0};

	// All but qname, whose length says how much of it is set.
	memset(out, 0, offsetof(struct query, qname));
	out->edns.ede = EDE_NONE;
	if (len < HEADER_LEN)
		return QUERY_DROP;
	out->id = header_id(msg);
	out->flags = header_flags(msg);
	if (out->flags & FLAG_QR)
		return QUERY_DROP;
	out->rd = (out->flags & FLAG_RD) != 0;
	out->cd = (out->flags & FLAG_CD) != 0;
	out->ad = (out->flags & FLAG_AD) != 0;

	// RFC 9619 §4: exactly one question.
	size_t off;
	if (header_qdcount(msg) == 1) {
		off = read_question(msg, len, out);
	} else {
		found.malformed = true;
		off = pass_questions(msg, len);
	}
	if (off == 0)
		found.malformed = true;
	else
		read_records(msg, len, off, out, &found);

	// The opcode goes first: what is wrong with a query may be right with another opcode.
	if (FLAGS_OPCODE(out->flags) != OPCODE_QUERY)
		return QUERY_NOTIMP;
	if (found.malformed)
		return QUERY_FORMERR;
	// RFC 6891 §6.1.3
	if (out->edns.present && out->edns.version != 0)
		return QUERY_BADVERS;
	if (found.is_signed)
		return QUERY_REFUSED;
	return judge_question(out);
}
