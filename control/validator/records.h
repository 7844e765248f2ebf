// A DS or DNSKEY RRset that is trusted: its RDATA with their key tags, counted by reference so
// that a validation goes on with what it began with.
//
// Thread: control.
#pragma once

#include "dataplane/dns/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct record_item {
	struct rdata rdata;
	uint16_t tag; // DNSKEY: computed; DS: as it says
};

struct records {
	unsigned refs;
	bool tolerated;      // rests on a signature that is past its end, but within the tolerance
	bool outdated;       // rests on what is past its TTL, because its parent proves nothing
	uint64_t ceiling_ms; // monotonic, until when that may be used; outdated only
	size_t bytes;
	size_t count;
	struct record_item items[];
};

// Copies. With one reference for the caller; NULL: no memory.
struct records *records_new(const struct rdata *rdatas, size_t count, uint16_t type)
	__attribute__((nonnull, warn_unused_result));
// Whether two RRsets are one and the same. NULL is like none.
bool records_same(const struct records *a, const struct records *b);
struct records *records_ref(struct records *records) __attribute__((nonnull));
void records_unref(struct records *records); // may be NULL
