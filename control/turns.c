#include "control/turns.h"

#include <stddef.h>

const char *turns_at(struct turns *turns, const char *what, uint64_t worked_us)
{
	uint64_t took_us = worked_us - turns->since_us;
	const char *before = turns->at;

	if (took_us >= turns->most_us && before != NULL) {
		turns->most_us = took_us;
		turns->most = before;
	}
	turns->since_us = worked_us;
	turns->at = what;
	return before;
}

void turns_end(struct turns *turns, const char *next, uint64_t worked_us)
{
	(void)turns_at(turns, next, worked_us);
	uint64_t took_us = worked_us - turns->began_us;

	// Before the first end there is the start.
	if (turns->count++ > 0) {
		turns->too_long += took_us > TURN_LONG_US;
		if (took_us > turns->longest_us) {
			turns->longest_us = took_us;
			turns->longest = turns->most;
		}
	}
	turns->began_us = worked_us;
	turns->most_us = 0;
	turns->most = NULL;
}
