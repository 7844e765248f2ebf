// The root key trust anchor sentinel (RFC 8509): which questions it is about, and when they must
// fail. Inside dataplane/answer only.
#pragma once

#include "dataplane/answer/answer.h"
#include "dataplane/dns/types.h"

#include <stdbool.h>
#include <stdint.h>

#define SENTINEL_IS_LEN  29 // "root-key-sentinel-is-ta-20326"
#define SENTINEL_NOT_LEN 30 // "root-key-sentinel-not-ta-20326"

// RFC 8509 §3.1, as far as the question says: A or AAAA, CD=0, a first label of that length.
// Cheap, for it is asked of every answer.
static inline bool sentinel_asked(const struct query *query)
{
	return (uint8_t)(query->qname[0] - SENTINEL_IS_LEN) <= SENTINEL_NOT_LEN - SENTINEL_IS_LEN &&
	       !query->cd && (query->qtype == TYPE_A || query->qtype == TYPE_AAAA);
}

// RFC 8509 §3.2: the first label asks for SERVFAIL in the place of a secure answer. tags: NULL is
// no. Labels of another form are no sentinels.
bool sentinel_denies(const uint8_t *name, const struct answer_root_tags *tags)
	__attribute__((nonnull(1)));
