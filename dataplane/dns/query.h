// One client query: header, exactly one question, at most one OPT (RFC 1035 §4.1,
// RFC 6891 §6.1.1, RFC 9619). Pure: reads (pointer, length), writes struct query.
#pragma once

#include "dataplane/dns/edns.h"
#include "dataplane/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What to do with a packet. Anything but ANSWER and DROP is answered with that
// RCODE; when question_len is 0 the reply has no question section.
enum query_verdict {
	QUERY_ANSWER = 0, // look it up
	QUERY_DROP,       // no reply: shorter than a header, QR=1
	QUERY_FORMERR,    // not exactly one question, bad name, trailing bytes, other records,
			  // two OPTs, OPT whose owner is not the root or in a wrong section,
			  // over 16 options, bad cookie, TSIG that is not last
	QUERY_NOTIMP,     // opcode other than QUERY
	QUERY_REFUSED,    // class other than IN (the caller may answer CH), AXFR, IXFR, TSIG, SIG
	QUERY_BADVERS,    // EDNS version > 0
	QUERY_META_TYPE,  // a type that cannot be asked (OPT, NXNAME, TKEY…): FORMERR with EDE 30
};

struct query {
	uint16_t id;
	uint16_t flags; // as received
	uint16_t qtype;
	uint16_t qclass;
	bool rd, cd, ad; // ad: the AD bit of the query
	struct edns edns;
	const uint8_t *question;    // in the packet: name in its original case, type, class
	uint16_t question_len;      // 0 when none could be read
	uint16_t qname_len;
	uint8_t qname[NAME_MAX_LEN]; // lower case
};

// The question's name may not be compressed. struct query points into msg. The first of
// these that is wrong decides: DROP, opcode, structure, EDNS version, TSIG or SIG(0), class,
// type. Whatever the verdict, the question and the OPT are filled in when they can be
// read, for the reply; after DROP only id and flags may be.
enum query_verdict query_parse(const uint8_t *msg, size_t len, struct query *out)
	__attribute__((nonnull, warn_unused_result));

static inline bool query_wants_dnssec(const struct query *q)
{
	return q->edns.do_bit;
}

// Reply size limit over UDP: 512 without OPT, else min(max(client, 512), 1232).
static inline size_t query_udp_limit(const struct query *q)
{
	if (!q->edns.present || q->edns.udp_size < 512)
		return 512;
	return q->edns.udp_size > EDNS_UDP_SIZE ? EDNS_UDP_SIZE : q->edns.udp_size;
}
