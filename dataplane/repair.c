#include "dataplane/repair.h"

#include <inttypes.h>
#include <stdio.h>

void repair_there(struct repair *repair, uint64_t now_ms)
{
	repair->was_there = true;
	repair->why[0] = '\0';
	if (repair->count > 0 && now_ms >= repair->tried_ms + REPAIR_STAYED_MS)
		*repair = (struct repair){.was_there = true};
}

static uint64_t distance_ms(unsigned count)
{
	unsigned doubled = count - REPAIRS_AT_ONCE;
	uint64_t ms = REPAIR_FIRST_MS << (doubled < 8 ? doubled : 8);

	return ms < REPAIR_LONGEST_MS ? ms : REPAIR_LONGEST_MS;
}

bool repair_due(struct repair *repair, uint64_t now_ms)
{
	if (now_ms < repair->due_ms)
		return false;
	repair->count++;
	repair->tried_ms = now_ms;
	repair->due_ms = repair->count < REPAIRS_AT_ONCE ? 0 : now_ms + distance_ms(repair->count);
	return true;
}

void repair_failed(struct repair *repair)
{
	repair->count--;
	repair->due_ms = 0;
}

const char *repair_wait(const struct repair *repair, uint64_t now_ms, char *out, size_t len)
{
	uint64_t wait_s = repair->due_ms > now_ms ? (repair->due_ms - now_ms + 999) / 1000 : 1;

	if (wait_s > 90)
		snprintf(out, len, "; tried again in %" PRIu64 " min", (wait_s + 59) / 60);
	else
		snprintf(out, len, "; tried again in %" PRIu64 " s", wait_s);
	return out;
}
