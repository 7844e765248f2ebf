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

// A share that comes back up was not away for good: what counts is the last time that it went down.
void steer_sent(struct steer *steer, bool there, uint64_t now_us)
{
	push(steer, there, now_us);
	if (steer->count < STEER_WINDOW)
		return;
	unsigned percent = (unsigned)(steer->there * 100 / STEER_WINDOW);
	uint64_t since_us = steer->sent[steer->next].at_us;
	bool many = percent >= STEER_BACK_PERCENT && percent * 2 >= steer->peak_percent;

	if (percent > steer->peak_percent)
		steer->peak_percent = percent;
	if (percent >= STEER_BACK_PERCENT)
		steer->away_us = STEER_NEVER;
	else if (percent < STEER_AWAY_PERCENT && steer->away_us == STEER_NEVER)
		steer->away_us = since_us;
	if (many && steer->back_us == STEER_NEVER)
		steer->back_us = since_us;
}
