// When questions to servers went elsewhere, and when they came back: seen in the last STEER_WINDOW
// of all questions that were sent, whatever their rate.
//
// Thread: any; time is an argument.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEER_WINDOW       200
#define STEER_AWAY_PERCENT 5  // of the questions still go there: probes and exploration
#define STEER_BACK_PERCENT 10 // at least; and half of what it was at first
#define STEER_NEVER        UINT64_MAX

struct steer {
	struct {
		uint64_t at_us;
		bool there; // to one of the servers in question
	} sent[STEER_WINDOW];
	size_t next, count, there; // of the window
	unsigned peak_percent;     // the largest share of a whole window
	uint64_t away_us; // sent time of the first question of the first window of few; or never
	uint64_t back_us; // the same of a window of many; or never
};

void steer_start(struct steer *steer) __attribute__((nonnull));
// Forgets what was sent, not how large the share was.
void steer_turn(struct steer *steer) __attribute__((nonnull));
void steer_sent(struct steer *steer, bool there, uint64_t now_us) __attribute__((nonnull));
