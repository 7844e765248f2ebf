// The short lane: whole frames, from the wire to the reply, for what nearly all of the traffic is:
// a plain question (dataplane/parse/plain.h) whose RRset is in the cache and fresh. What is not of
// that kind is left as it came, for packet_parse(), store_serve_burst() and packet_reply(), which
// make of any frame what is made of it here, byte for byte.
//
// Poll-mode cores; knows no packet driver.
#pragma once

#include "dataplane/parse/plain.h"
#include "dataplane/store.h"

struct short_frame {
	struct plain_frame frame;
	bool answered; // out: frame.bytes holds the reply, frame.len bytes
	bool missed;   // out: it holds a good question that nothing in the cache answers, nothing
		       // stale either: the slow lane would say SERVE_MISS
};

enum short_stage {
	SHORT_READ,   // headers, question, access list, hash
	SHORT_MATCH,  // tags
	SHORT_TAKE,   // names and times
	SHORT_ANSWER, // answers, headers
	SHORT_STAGES,
};

// Of those that were answered, how many from cached denial (RFC 8198).
struct short_tally {
	size_t nxdomain, nodata;
};

struct short_turn {
	uint64_t now_ms;
	int64_t now_s;
	bool clock_trusted;
	uint32_t rotation; // of the first frame; one more for each that follows
	uint64_t *ticks;   // of the time stamp counter that each stage took, added to; or NULL
	struct short_tally *tally; // added to; or NULL
};

// Returns how many were answered, none of them truncated: positive, but for those in the tally.
typedef size_t short_serve(struct store *store, const struct plain_service *service,
			   const struct short_turn *turn, struct short_frame *frames, size_t count)
	__attribute__((nonnull));
short_serve short_serve_narrow, short_serve_wide;

// The same code compiled for different processors, with the same results.
#define SHORT_KINDS 2
struct short_kind {
	const char *name;
	short_serve *serve;
};
extern const struct short_kind short_kinds[SHORT_KINDS];
// Whether this processor runs short_kinds[kind].
bool short_runs(size_t kind);
short_serve *short_best(void);
