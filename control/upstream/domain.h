// What fails together (DESIGN §7): servers of one /24 or /48, and those whose names one operator's
// zone or another TLD holds. A name at or below the zone that it serves depends on nobody else, for
// its address comes with the delegation. Of two servers that the operator has given labels
// (pool.h, labels.h), only these count.
//
// Thread: any; pure.
#pragma once

#include "control/upstream/upstream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOMAIN_SERVERS_MAX 32
#define DOMAIN_CUT_MAX     6 // more is not told apart

bool domain_same_network(const struct address *a, const struct address *b)
	__attribute__((nonnull, pure));
// The zone that holds a server's name, told by its first label alone; NULL: unknown or the zone
// itself.
const uint8_t *domain_operator(const uint8_t *ns_name, const uint8_t *zone) __attribute__((pure));
// How much two servers have in common: 2 a label or network, 1 an operator, 0 nothing.
unsigned domain_shared(const struct candidate *a, const struct candidate *b, const uint8_t *zone)
	__attribute__((nonnull, pure));
// The least number of domains (labels, networks, operators, TLDs, servers with all their addresses)
// whose loss leaves no server of the zone; 0 without servers, at most DOMAIN_CUT_MAX. Looks at
// DOMAIN_SERVERS_MAX servers.
unsigned domain_cut(const struct candidate *servers, size_t count, const uint8_t *zone)
	__attribute__((nonnull));
