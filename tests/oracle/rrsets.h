// What RRsets of replies have in common with those of zones.
#pragma once

#include "tests/oracle/truth.h"

// The same records, in any order.
bool rrset_same_data(const struct rrset *a, const struct rrset *b);
// Whether the RRSIG is one of those that the zones have made for such an RRset.
bool rrset_signed_among(const struct said *said, size_t count, const struct rrset *rrset,
			const struct rdata *rrsig);
bool rrset_signed_as_wildcard(const struct rrset *rrset);
