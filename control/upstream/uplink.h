// Is it our own path? When servers of many unrelated networks, asked for many unrelated zones, are
// all silent and nobody answers, it is not they who have failed (DESIGN §7): what their silence did
// to their ratings is taken back, and no further silence counts until somebody answers.
//
// Whoever asks for some dead zones while nobody else asks for anything makes the path doubted, no
// more: that it is lost takes the silence of the root's servers, too, which the resolver asks then.
//
// Too few are asked after a start, or by one client alone, for that. There it takes longer, and
// changes no rating: nobody has answered for seconds, the root's servers neither, so no question
// can be answered, whoever is to blame.
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

// Without an answer of anybody: until the root is asked, and until it is told of. Servers that take
// longer than clients wait are as good as none.
#define UPLINK_UNANSWERED_ASK_US UINT64_C(1500000)
#define UPLINK_UNANSWERED_US     (3 * UINT64_C(1000000))
#define UPLINK_UNANSWERED_ROOT   3

// A rating as it was before this row of failures.
struct uplink_change {
	uint64_t tag;
	struct address server;
	bool known;
	struct rating before;
};

struct uplink {
	bool lost, doubted;
	uint64_t since_us;       // the first failure after the last answer
	uint64_t failed_us;      // the last failure
	uint64_t returned_us;    // 0: never lost
	uint64_t unanswered_us;  // the first silence after the last answer that was news; 0: none
	uint8_t unanswered_root; // silences of the root's servers since, up to UNANSWERED_ROOT
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
// For so long nobody answers, because our own path is lost or the root's servers are silent, too.
// 0: somebody does, as far as is known.
uint64_t uplink_dead_us(const struct uplink *uplink, uint64_t now_us)
	__attribute__((nonnull, pure));
// How long until it takes a question for the root's servers to know more: 0: now; UINT64_MAX: there
// is no doubt.
uint64_t uplink_doubted_in_us(const struct uplink *uplink, uint64_t now_us)
	__attribute__((nonnull, pure));
