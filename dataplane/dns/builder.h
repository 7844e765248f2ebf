// Writes messages into the caller's buffer: queries, and for control and tests also
// whole responses. Compression looks at most at BUILDER_NAMES_MAX earlier names
// (ATTACKS C6). Never writes past cap; the first failure sticks and is reported by
// builder_finish().
#pragma once

#include "dataplane/dns/edns.h"
#include "dataplane/dns/message.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUILDER_NAMES_MAX 120

struct builder {
	uint8_t *buf;
	size_t cap;
	size_t len;
	uint16_t counts[4]; // question, answer, authority, additional
	// Names written so far, each as its first label and the name that follows it.
	uint16_t name_offsets[BUILDER_NAMES_MAX];
	uint8_t name_parents[BUILDER_NAMES_MAX];
	size_t name_count;
	bool failed;
};

void builder_start(struct builder *b, uint8_t *buf, size_t cap, uint16_t id, uint16_t flags)
	__attribute__((nonnull));
void builder_question(struct builder *b, const uint8_t *qname, uint16_t qtype, uint16_t qclass)
	__attribute__((nonnull));
// Adds a record as a unit: either all of it is written or none and `failed` is set.
void builder_record(struct builder *b, enum section section, const uint8_t *owner, uint16_t type,
		    uint16_t class_, uint32_t ttl_s, const uint8_t *rdata, size_t rdlen)
	__attribute__((nonnull));
// All records of an RRset, then (with_rrsigs) its RRSIGs, as one unit.
void builder_rrset(struct builder *b, enum section section, const struct rrset *rrset,
		   bool with_rrsigs) __attribute__((nonnull));
// OPT with the fields of edns (udp_size, do_bit, version, rcode_high, cookies) and an
// optional EDE (code EDE_NONE: none; text may be NULL).
void builder_opt(struct builder *b, const struct edns *edns, int ede, const char *ede_text)
	__attribute__((nonnull(1, 2)));
// Writes the counts. Returns the length, or -ENOBUFS when anything did not fit.
int builder_finish(struct builder *b) __attribute__((nonnull, warn_unused_result));

// A whole query in one call: RD as given, CD, DO and EDNS by edns (NULL or !present: no
// OPT). Returns the length or -ENOBUFS.
int query_build(uint8_t *buf, size_t cap, uint16_t id, uint16_t flags, const uint8_t *qname,
		uint16_t qtype, const struct edns *edns)
	__attribute__((nonnull(1, 5), warn_unused_result));
