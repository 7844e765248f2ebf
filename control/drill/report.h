// What a drill has shown: numbers, and a verdict in words.
//
// Thread: any; pure.
#pragma once

#include "control/drill/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRILL_NEVER       UINT64_MAX // also: not to be told
#define DRILL_VERDICT_MAX (DRILL_TEXT_MAX + 512)

// How clients were answered. Counters that only grow; a report has what they grew by.
#define DRILL_TALLY(X)                                                                             \
	X(cached, "answers from the cache")                                                        \
	X(fresh, "answers resolved meanwhile")                                                     \
	X(secure, "those of them that were proven: AD kept")                                       \
	X(stale, "stale answers")                                                                  \
	X(servfail, "SERVFAIL")

struct drill_tally {
#define X(field, words) uint64_t field;
	DRILL_TALLY(X)
#undef X
};

uint64_t drill_tally_answers(const struct drill_tally *tally) __attribute__((nonnull, pure));

enum drill_end {
	DRILL_UNENDED,
	DRILL_OVER,
	DRILL_STOPPED,
	DRILL_ABORTED,
	DRILL_CUT,
	DRILL_END_COUNT
};
const char *drill_end_word(enum drill_end end); // for programs: "over"

// Beside the tally: field, what it is.
#define DRILL_NUMBERS(X)                                                                           \
	X(number, "which drill: they are counted, also over restarts")                             \
	X(started_ms, "by the wall clock, since 1970")                                             \
	X(for_s, "how long it was to last")                                                        \
	X(share_percent, "of the questions in its scope")                                          \
	X(abort_percent, "of SERVFAIL above which it gives up")                                    \
	X(lasted_ms, "how long it did last")                                                       \
	X(asked, "questions to servers meanwhile")                                                 \
	X(in_scope, "those of them that lay in the scope")                                         \
	X(affected, "those of them that the fault happened to")                                    \
	X(first_ms, "from the start to the first affected question")                               \
	X(peak_percent, "largest share of 200 questions that went to the servers in question,"     \
			" before or meanwhile")                                                    \
	X(away_ms, "from the first affected question until less than a tenth of that went there")  \
	X(back_ms, "from the end until a fifth of it was asked again")                             \
	X(slowest_ms, "the slowest answer to a client")                                            \
	X(late_servfail, "SERVFAIL in the seven seconds after the end")                            \
	X(zones, "zones whose servers were known at the start")                                    \
	X(zones_touched, "those with a server in the scope")                                       \
	X(zones_alone, "those with no other")                                                      \
	X(zones_unsure, "those with no other that is known, and name servers without address")

struct drill_report {
	char scope[DRILL_TEXT_MAX], fault[DRILL_TEXT_MAX];
	enum drill_end end;
	bool closed;    // nothing more is added
	bool steerable; // there are other servers to go to: the scope is one of servers
#define X(field, words) uint64_t field;
	DRILL_NUMBERS(X)
#undef X
	struct drill_tally tally;
};

// A sentence or two.
const char *drill_verdict(const struct drill_report *report, char out[DRILL_VERDICT_MAX])
	__attribute__((nonnull));
void drill_report_lines(const struct drill_report *report,
			void (*line)(const char *text, void *arg), void *arg)
	__attribute__((nonnull(1, 2)));
