// What a class of exception traffic may have: of each poll-mode core, of the rings, and of the
// host thread's turn.
#pragma once

#include "dataplane/parse/packet.h"

#include <stdint.h>

struct class_terms {
	uint32_t per_s, burst; // packets that a poll-mode core lets through
	uint16_t ring;         // frames, a power of two; 2 KiB each, per poll-mode core
	uint16_t weight;       // frames of a turn of the host thread, over all cores
};

extern const struct class_terms class_terms[EXCEPTION_CLASS_COUNT];

// Of what the host's stack sends: what neighbours and routing live on goes first.
enum sent_lane { SENT_FIRST, SENT_REST, SENT_LANE_COUNT };
enum sent_lane class_lane(enum exception_class class) __attribute__((const));
