#include "control/drill/steer.h"

#include <string.h>

void steer_start(struct steer *steer)
{
	memset(steer, 0, sizeof(*steer));
	steer->away_us = steer->back_us = STEER_NEVER;
}

void steer_turn(struct steer *steer)
{
	steer->next = steer->count = steer->there = 0;
	steer->back_us = STEER_NEVER;
}

static void push(struct steer *steer, bool there, uint64_t now_us)
{
	if (steer->count == STEER_WINDOW)
		steer->there -= steer->sent[steer->next].there;
	else
		steer->count++;
	steer->there += there;
	steer->sent[steer->next].at_us = now_us;
	steer->sent[steer->next].there = there;
	steer->next = (steer->next + 1) % STEER_WINDOW;
}

static uint64_t first_there_us(const struct steer *steer)
{
	size_t i = steer->next;

	while (!steer->sent[i].there)
		i = (i + 1) % STEER_WINDOW;
	return steer->sent[i].at_us;
}

bool steer_tells(const struct steer *steer)
{
	return steer->peak >= STEER_PEAK_LEAST;
}

// A share that comes back up was not away for good: what counts is the last time that it went down.
void steer_sent(struct steer *steer, bool there, uint64_t now_us)
{
	push(steer, there, now_us);
	if (steer->count < STEER_WINDOW)
		return;
	if (steer->there > steer->peak)
		steer->peak = steer->there;
	if (!steer_tells(steer))
		return;
	if (steer->there * STEER_BACK_PART >= steer->peak) {
		steer->away_us = STEER_NEVER;
		if (steer->back_us == STEER_NEVER)
			steer->back_us = first_there_us(steer);
	} else if (steer->there * STEER_AWAY_PART < steer->peak && steer->away_us == STEER_NEVER) {
		steer->away_us = steer->sent[steer->next].at_us;
	}
}
