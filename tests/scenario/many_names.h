// A signed zone of many names, so that many signatures are waited for at once.
#pragma once

#include "tests/scenario/zones.h"

#define MANY_MAX 64

// n0.many.com. and so on; 0: its DNSKEY has the zone's TTL.
static inline void add_many(unsigned count, uint32_t dnskey_ttl_s)
{
	static char text[MANY_MAX * 40];
	size_t len = 0;

	assert_true(count <= MANY_MAX);
	for (unsigned i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"n%u.many.com. 300 IN A 192.0.2.%u\n", i, i + 1);
	world_add(w, &(struct world_zone){.apex = "many.com.",
					  .servers = "ns1.many.com.=203.0.113.50 "
						     "ns2.many.com.=198.51.100.50",
					  .text = text,
					  .options = {.dnskey_ttl_s = dnskey_ttl_s}});
}
