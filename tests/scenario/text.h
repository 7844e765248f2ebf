// Records and responses out of presentation format, for tests.
#pragma once

#include "dataplane/dns/builder.h"
#include "dataplane/dns/message.h"
#include "dataplane/dns/rrset.h"

#include <stddef.h>
#include <stdint.h>

struct text_record {
	uint8_t owner[NAME_MAX_LEN];
	uint16_t type;
	uint32_t ttl_s;
	uint16_t rdlen;
	uint8_t rdata[2048]; // uncompressed
};

// "www.example. 300 IN A 192.0.2.1". Fails the test when it cannot be read.
void text_record(const char *line, struct text_record *out);
// In wire form; each of 16 calls in a row has its own space.
const uint8_t *text_name(const char *text);

// A response from lines "an RECORD", "ns RECORD", "ar RECORD", ended by NULL. The caller frees it.
struct message *text_message(const char *qname, uint16_t qtype, uint16_t flags, unsigned rcode,
			     const char *const *lines);
