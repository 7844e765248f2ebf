// The bytes that a signature covers (RFC 4034 §3.1.8.1, §6; RFC 4035 §5.3.2): RRSIG RDATA without
// the signature, then every record in canonical form and order, under the original TTL and, where
// the RRset was expanded from a wildcard, under the wildcard's name.
//
// Thread: one per struct signed_data.
#pragma once

#include "dataplane/dns/rdata.h"
#include "dataplane/dns/rrset.h"

#include <stddef.h>
#include <stdint.h>

// A buffer that is used again and again; zero it first.
struct signed_data {
	uint8_t *bytes;
	size_t len, cap;
	uint8_t *scratch;
	size_t scratch_cap;
};

void signed_data_free(struct signed_data *data) __attribute__((nonnull));

// rrsig was read from rrsig_rdata by rdata_rrsig(). 0; -EINVAL when it cannot be this RRset's
// signature (another type, more labels than the owner has); -ENOMEM.
int signed_data_build(struct signed_data *data, const struct rrset *rrset,
		      const uint8_t *rrsig_rdata, const struct rdata_rrsig *rrsig)
	__attribute__((nonnull, warn_unused_result));
