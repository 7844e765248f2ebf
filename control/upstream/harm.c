#include "control/upstream/harm.h"

#include "control/upstream/exchange.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <string.h>

#define RECORD_TAIL_LEN  10 // type, class, TTL, RDLENGTH
#define RRSIG_FIXED_LEN  18 // before the signer's name
#define SIGNATURE_SPOILT 4  // bytes at its end
#define CLASS_CHAOS      3  // records of it are dropped by whoever reads the message

enum harm harm_of(const struct exchange *exchange, uint64_t now_us, uint32_t *delay_ms)
{
	const struct interference *by = &exchange->upstream->interference;

	if (exchange->drill == 0 || by->harm == NULL)
		return HARM_NONE;
	return by->harm(by->arg, exchange->drill, now_us, delay_ms);
}

// Past a name, compressed or not; 0: it does not end in the message.
static size_t skip_name(const uint8_t *msg, size_t len, size_t off)
{
	while (off < len) {
		uint8_t label = msg[off];
		if (label == 0)
			return off + 1;
		if (label >= 0xc0)
			return off + 2 <= len ? off + 2 : 0;
		if (label > 63)
			return 0;
		off += 1u + label;
	}
	return 0;
}

// Past the question, or past the header when there is none; 0: it does not end in the message.
static size_t skip_question(const uint8_t *msg, size_t len)
{
	size_t off = HEADER_LEN;

	if (len < HEADER_LEN || header_qdcount(msg) > 1)
		return 0;
	if (header_qdcount(msg) == 0)
		return off;
	off = skip_name(msg, len, off);
	return off != 0 && len - off >= 4 ? off + 4 : 0;
}

struct place {
	size_t start, tail, end; // of a record: its owner, its type, what follows it
};

static bool next_record(const uint8_t *msg, size_t len, size_t off, struct place *place)
{
	place->start = off;
	place->tail = skip_name(msg, len, off);
	if (place->tail == 0 || len - place->tail < RECORD_TAIL_LEN)
		return false;
	place->end = place->tail + RECORD_TAIL_LEN + wire_get16(msg + place->tail + 8);
	return place->end <= len;
}

static size_t record_count(const uint8_t *msg)
{
	return (size_t)header_ancount(msg) + header_nscount(msg) + header_arcount(msg);
}

// The offsets of what comes after it are used by compression, so nothing is taken out.
static void harm_signature(enum harm harm, uint8_t *msg, const struct place *place)
{
	size_t rdlen = place->end - place->tail - RECORD_TAIL_LEN;

	if (harm == HARM_STRIP) {
		wire_put16(msg + place->tail + 2, CLASS_CHAOS);
		return;
	}
	for (size_t i = 1; i <= SIGNATURE_SPOILT && RRSIG_FIXED_LEN + i < rdlen; i++)
		msg[place->end - i] ^= 0x5a;
}

static void harm_signatures(enum harm harm, uint8_t *msg, size_t len)
{
	struct place place;
	size_t off = skip_question(msg, len);

	for (size_t count = off != 0 ? record_count(msg) : 0; count > 0; count--) {
		if (!next_record(msg, len, off, &place))
			return;
		if (wire_get16(msg + place.tail) == TYPE_RRSIG)
			harm_signature(harm, msg, &place);
		off = place.end;
	}
}

static bool find_opt(const uint8_t *msg, size_t len, size_t off, struct place *opt)
{
	for (size_t count = record_count(msg); count > 0; count--) {
		if (!next_record(msg, len, off, opt))
			return false;
		if (wire_get16(msg + opt->tail) == TYPE_OPT && msg[opt->start] == 0)
			return true;
		off = opt->end;
	}
	return false;
}

// Header, question and OPT are all that is left: without OPT, or without its cookie, the server
// would be taken for one that does not know these.
static size_t put_error(uint8_t *msg, size_t len, uint16_t tc, unsigned rcode)
{
	const uint16_t kept = FLAG_QR | FLAG_RD | FLAG_RA | FLAG_CD | 15 << 11;
	size_t end = skip_question(msg, len);
	struct place opt;

	if (end == 0)
		return len;
	bool has_opt = find_opt(msg, len, end, &opt);
	wire_put16(msg + 2, (uint16_t)((header_flags(msg) & kept) | tc | rcode));
	memset(msg + 6, 0, 6);
	if (!has_opt)
		return end;
	wire_put16(msg + 10, 1);
	memmove(msg + end, msg + opt.start, opt.end - opt.start);
	msg[end + 1 + 4] = 0; // the upper bits of its RCODE
	return end + (opt.end - opt.start);
}

size_t harm_message(enum harm harm, bool tcp, uint8_t *msg, size_t len)
{
	switch (harm) {
	case HARM_SERVFAIL:
		return put_error(msg, len, 0, RCODE_SERVFAIL);
	case HARM_REFUSED:
		return put_error(msg, len, 0, RCODE_REFUSED);
	case HARM_TRUNCATE:
		return tcp ? len : put_error(msg, len, FLAG_TC, RCODE_NOERROR);
	case HARM_STRIP:
	case HARM_BOGUS:
		harm_signatures(harm, msg, len);
		return len;
	default:
		return len;
	}
}
