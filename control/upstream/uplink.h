// Is it our own path? When servers of many unrelated networks, asked for many unrelated zones, are
// all silent and nobody answers, it is not they who have failed (DESIGN §7): what their silence did
// to their ratings is taken back, and no further silence counts until somebody answers.
//
// Whoever asks for some dead zones while nobody else asks for anything makes the path doubted, no
// more: that it is lost takes the silence of the root's servers, too, which the resolver asks then.
//
// Private to this folder. Thread: control.
#pragma once

#include "control/upstream/rating.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPLINK_MANY      4                       // networks, and zones
#define UPLINK_PAUSE_US  (5 * UINT64_C(1000000)) // failures farther apart are unrelated
#define UPLINK_LEAST_US  UINT64_C(500000)        // shorter, it is a crowded machine or network
#define UPLINK_WAIT_US   UINT64_C(1000000)       // for an answer, while it is lost
#define UPLINK_RETURN_US (2 * UINT64_C(1000000)) // questions of before may still time out
#define UPLINK_JOURNAL   512
#define UPLINK_ROOT      2 // silences of the root's servers

// A rating as it was before this row of failures.
struct uplink_change {
	uint64_t tag;
	struct address server;
	bool known;
	struct rating before;
};

struct uplink {
	bool lost, doubted;
	uint64_t since_us;    // the first failure after the last answer
	uint64_t failed_us;   // the last failure
	uint64_t returned_us; // 0: never lost
	uint64_t networks[UPLINK_MANY], zones[UPLINK_MANY];
	uint8_t network_count, zone_count, root_count;
	size_t change_count;
	struct uplink_change changes[UPLINK_JOURNAL];
};

// Somebody has answered. True: the uplink has returned.
bool uplink_answer(struct uplink *uplink, uint64_t now_us) __attribute__((nonnull));
// A server was silent or unreachable. True: this is not to be held against it.
bool uplink_failure(struct uplink *uplink, struct ratings *ratings, const uint8_t *zone,
		    const struct address *server, uint64_t now_us) __attribute__((nonnull));
