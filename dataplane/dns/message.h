// A whole response, parsed with every name decompressed and every bound checked.
#pragma once

#include "dataplane/dns/edns.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL, SECTION_COUNT };

struct section_rrsets {
	struct rrset **rrsets; // owned by the message
	size_t count;
};

#define MESSAGE_LOST_MAX 16

// An RRset that is not there although there are records of it.
struct lost_rrset {
	uint8_t section;
	bool too_large; // beyond the limits of rrset.h; else RDATA that rdata_parse() refuses
	uint16_t type;
	uint8_t owner[NAME_MAX_LEN]; // lower case
};

// Owned by whoever parsed it; message_free() frees it with its RRsets.
struct message {
	uint16_t id;
	uint16_t flags;
	uint16_t rcode; // with the extended bits of OPT
	uint16_t qtype, qclass;
	uint8_t qname[NAME_MAX_LEN]; // original case (0x20)
	bool has_question;
	struct edns edns;
	size_t wire_len;
	bool trailing; // octets follow the last record
	struct section_rrsets sections[SECTION_COUNT];
	struct lost_rrset *lost; // owned by the message
	size_t lost_count;
};

enum message_verdict { MESSAGE_OK = 0, MESSAGE_MALFORMED, MESSAGE_NO_MEMORY };

// RRs of each section are grouped into RRsets in order of first appearance; an RRSIG
// joins the RRset it covers in the same section (an RRset whose only records are RRSIGs
// stands as type RRSIG). A count that is too high, a second or malformed OPT or OPT outside
// additional, QDCOUNT > 1 are MALFORMED. RDATA that rdata_parse() refuses, where RDLENGTH says
// how it goes on, and RRsets past the limits of rrset.h lose their RRset, no more (RFC 2181 §5
// makes an RRset the least that is there or not): it is lost; an RRSIG such as that is dropped;
// more than MESSAGE_LOST_MAX are MALFORMED. Octets behind the last record are not looked at:
// Unbound, BIND and PowerDNS Recursor take such messages, there are servers that pad theirs, and
// nothing that is read depends on them. Records of a class other than IN, and of types that are no
// data (TSIG …), are dropped. Bounded: n log n in records. QR and TC are not looked at: a truncated
// reply that ends inside a record is MALFORMED, so test for TC before.
enum message_verdict message_parse(const uint8_t *msg, size_t len, struct message **out)
	__attribute__((nonnull, warn_unused_result));
void message_free(struct message *msg);

// First RRset of that owner (no case) and type in a section, or NULL.
struct rrset *message_find(const struct message *msg, enum section section, const uint8_t *owner,
			   uint16_t type) __attribute__((nonnull, pure));
// The lost RRset of that owner (no case) and type in a section, or NULL; owner NULL: of any RRset
// in it.
const struct lost_rrset *message_lost(const struct message *msg, enum section section,
				      const uint8_t *owner, uint16_t type)
	__attribute__((nonnull(1), pure));
