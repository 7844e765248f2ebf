// Records in presentation form.
#pragma once

#include "dataplane/dns/rrset.h"

#include <stdint.h>

// "www.example.<tab>300<tab>IN<tab>A<tab>192.0.2.1"; RDATA that its type does not explain in the
// form of RFC 3597 §5. Freed by the caller; NULL without memory.
char *record_to_text(const struct record *record, uint32_t ttl_s)
	__attribute__((nonnull, warn_unused_result));
