// When questions to servers went elsewhere, and when they came back: seen in the last STEER_WINDOW
// of all questions that were sent, whatever their rate, and measured by the largest share that the
// servers in question had of so many, before or meanwhile. They are left when they get less than
// a tenth of that, and asked again when they get a fifth of it: what is between is exploration and
// probes.
//
// Thread: any; time is an argument.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEER_WINDOW     200
#define STEER_AWAY_PART  10 // less than one part in so many of the peak
#define STEER_BACK_PART  5  // at least one part in so many
#define STEER_PEAK_LEAST 10 // of a window; fewer tell nothing
#define STEER_NEVER      UINT64_MAX

struct steer {
	struct {
		uint64_t at_us;
		bool there; // to one of the servers in question
	} sent[STEER_WINDOW];
	size_t next, count, there; // of the window
	size_t peak;               // the most of a whole window that went there
	uint64_t away_us; // when the first question of the first window of few was sent; or never
	uint64_t back_us; // when the first one to there of the first window of enough was; or never
};

void steer_start(struct steer *steer) __attribute__((nonnull));
// Forgets what was sent, not how large the share was.
void steer_turn(struct steer *steer) __attribute__((nonnull));
void steer_sent(struct steer *steer, bool there, uint64_t now_us) __attribute__((nonnull));
// Whether enough went there for its absence to mean something.
bool steer_tells(const struct steer *steer) __attribute__((nonnull, pure));
