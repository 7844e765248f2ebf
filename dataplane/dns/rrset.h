// An RRset with its signatures, uncompressed, in one block of memory that its
// owner frees with free() (control side only; the dataplane holds entries instead).
#pragma once

#include "dataplane/dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RRSET_RECORDS_MAX 1024 // more is refused (ATTACKS C5)
#define RRSET_RRSIGS_MAX 8     // of more those are kept that expire last
#define RRSET_BYTES_MAX 65535

struct rdata {
	const uint8_t *data; // inside the RRset's block
	uint16_t len;
};

struct rrset {
	const uint8_t *owner; // original case
	uint16_t type;
	uint16_t class_;
	uint32_t ttl_s;       // the least of its records' (RFC 2181 §5.2), as received
	uint32_t rrsig_ttl_s;
	uint16_t count;
	uint16_t rrsig_count;
	struct rdata *rdatas; // distinct; in the order received
	struct rdata *rrsigs; // RDATA of the RRSIGs that cover type
};

// One record to collect.
struct record {
	const uint8_t *owner;
	const uint8_t *rdata; // uncompressed
	uint32_t ttl_s;
	uint16_t type, class_, rdlen;
};

// Builds an RRset out of records of equal owner, class and type and RRSIGs that
// cover it. Duplicates are dropped. NULL with errno ENOMEM, or EMSGSIZE when there is no
// record, more than RRSET_RECORDS_MAX, or more than RRSET_BYTES_MAX of owner and RDATA.
struct rrset *rrset_new(const struct record *records, size_t count, const struct record *rrsigs,
			size_t rrsig_count) __attribute__((warn_unused_result));
struct rrset *rrset_clone(const struct rrset *rrset) __attribute__((nonnull, warn_unused_result));
void rrset_free(struct rrset *rrset);
size_t rrset_bytes(const struct rrset *rrset) __attribute__((nonnull, pure)); // of its block

// Canonical order of records (RFC 4034 §6.3) over canonical RDATA. `order` gets
// rrset->count indexes; duplicates after folding are dropped; returns how many remain.
// `scratch` holds the canonical RDATA, one after the other, as rdata_bytes() says.
size_t rrset_rdata_bytes(const struct rrset *rrset) __attribute__((nonnull, pure));
size_t rrset_canonical(const struct rrset *rrset, uint8_t *scratch, struct rdata *sorted)
	__attribute__((nonnull));
