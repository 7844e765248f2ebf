// Which DS of an RRset count: those whose algorithm and digest we can do, and SHA-1 only where
// nothing better is there (RFC 4509 §3; ATTACKS B8).
#pragma once

#include "control/validator/records.h"
#include "dataplane/dns/rdata.h"

#include <stddef.h>

#define DS_MAX 8 // more are not followed

struct ds_choice {
	struct rdata_ds ds[DS_MAX]; // point into the records
	size_t count;
	int ede; // count is 0: why the delegation is insecure
};

// keys: the zone's DNSKEY RRset, or NULL. Of more than DS_MAX those go first that name the tag of one
// of them: stand-by keys are not in the zone, and their DS take no place.
void ds_choose(const struct records *records, const struct records *keys, struct ds_choice *out)
	__attribute__((nonnull(1, 3)));
