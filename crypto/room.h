// Who waits for room in the queue of signatures, and whose turn it is (ATTACKS C11): shares take
// turns, so that one zone with thousands of signatures costs another's a turn and no more. Inside
// crypto only; what others see of it is in batch.h.
//
// Thread: control.
#pragma once

#include "crypto/batch.h"

#define ROOM_SHARES 256 // told apart by their last bits

struct rooms {
	struct room_share {
		struct list waiting; // struct batch_room, first come first served
		struct list turn;    // in `turns`, while somebody waits
	} shares[ROOM_SHARES];
	struct list turns;
	size_t waiting, granted;
};

void rooms_init(struct rooms *rooms) __attribute__((nonnull));
void rooms_wait(struct rooms *rooms, struct batch_room *room) __attribute__((nonnull));
// Not any more; what it had been granted is free again.
void rooms_leave(struct rooms *rooms, struct batch_room *room) __attribute__((nonnull));
// The next one gets room; ready() is called. False: nobody waits.
bool rooms_grant(struct rooms *rooms) __attribute__((nonnull));
