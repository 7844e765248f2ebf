// Where the time of poll-mode cores goes, in ticks of the time stamp counter. Measured only while
// somebody asks: otherwise it costs a core one branch a turn and one a stage of a burst.
#pragma once

#include <stdint.h>

// Stage, the operator's words. read to answer: in the order of enum short_stage.
#define CYCLE_STAGES(X)                                                                            \
	X(receive, "driver: packets in")                                                           \
	X(read, "short lane: headers, question, access list, hash")                                \
	X(match, "short lane: tags of the index")                                                  \
	X(take, "short lane: names and times of entries")                                          \
	X(answer, "short lane: answers, headers")                                                  \
	X(queue, "packets listed before and queued behind it")                                     \
	X(slow, "slow lane, misses, packets for the host")                                         \
	X(back, "tickets that came back, packets of the host")                                     \
	X(send, "driver: packets out")                                                             \
	X(idle, "turns that found nothing")

enum cycle_stage {
#define X(name, words) CYCLE_##name,
	CYCLE_STAGES(X)
#undef X
		CYCLE_STAGE_COUNT
};

#define CYCLE_SIZES 7 // bursts of 1, 2 to 3, 4 to 7, …, 64 packets

// worker: rw, control: ro
struct cycles {
	uint64_t ticks[CYCLE_STAGE_COUNT];
	uint64_t packets; // received
	uint64_t bursts[CYCLE_SIZES];
} __attribute__((aligned(64)));
