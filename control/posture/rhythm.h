// When a zone renews the signature of an RRset: learnt from the signatures that were verified, one
// after the other, so that it is noticed when a renewal does not come.
//
// A signature says when it begins and ends, not when it was made: signers date it back, by the same
// amount each time. That amount is taken to be the least time that has been seen between the
// beginning of a signature and its first sight.
//
// What is judged is what was served when it was last seen, so that nobody has to look again: a zone
// that is asked for is seen often enough. Thread: any; pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RHYTHM_KEPT         8                      // periods, of which the usual one is the median
#define RHYTHM_RENEWALS_MIN 3                      // seen, before a zone can be late
#define RHYTHM_SEASON_S     (120 * INT64_C(86400)) // what is remembered: one to two of them
#define RHYTHM_MARGIN_MIN_S 3600
#define RHYTHM_NONE         UINT32_MAX

struct rhythm_season {
	uint32_t longest_s; // between two renewals; 0: none
	uint32_t least_s;   // that was left at one; RHYTHM_NONE: none
};

// All zero but for `seasons` and `backdated_s`: rhythm_start().
struct rhythm {
	int64_t inception_s, expiration_s; // of the newest signature; both 0: none has been seen
	int64_t made_s;                    // about when it took the former one's place
	int64_t seen_s;                    // last sight of it
	int64_t watched_s;                 // first sight of any
	int64_t season_s;                  // when the season began that is on
	struct rhythm_season seasons[2];   // this one and the one before
	uint32_t backdated_s;
	uint32_t periods_s[RHYTHM_KEPT];
	uint32_t renewals; // seen
};

struct rhythm_facts {
	int64_t left_s;   // of the newest signature, now; negative: it has ended
	int64_t seen_s;   // last sight of it
	uint32_t valid_s; // from its beginning to its end
	uint32_t renewals;
	uint32_t usual_s;   // between two renewals; 0: not known
	uint32_t longest_s; // the same
	uint32_t least_s;   // left at a renewal; RHYTHM_NONE: not known
	uint32_t missed;    // renewals, when it was last seen
	bool steady;        // made anew all the time: on the fly, or with every change
	bool late;          // later than it has ever been, and less is left than ever was
	bool overdue;       // and less than a fifth of the validity is
};

void rhythm_start(struct rhythm *rhythm) __attribute__((nonnull));
// A signature that was verified has been seen.
void rhythm_see(struct rhythm *rhythm, int64_t inception_s, int64_t expiration_s, int64_t now_s)
	__attribute__((nonnull));
// Another RRset is watched from now on: no renewal, but what is known of renewals stays.
void rhythm_turn_to(struct rhythm *rhythm, int64_t inception_s, int64_t expiration_s, int64_t now_s)
	__attribute__((nonnull));
// floor_s: what another RRset of the zone, with a rhythm of its own, had left at the least when it
// was renewed, for one that is renewed with every change; RHYTHM_NONE: there is none.
void rhythm_facts(const struct rhythm *rhythm, uint32_t floor_s, int64_t now_s,
		  struct rhythm_facts *out) __attribute__((nonnull));
// The least that was left at a renewal, or RHYTHM_NONE.
uint32_t rhythm_least_s(const struct rhythm *rhythm) __attribute__((nonnull, pure));
