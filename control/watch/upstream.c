#include "control/watch/watch.h"

#include <inttypes.h>

void watch_upstream(void *arg, struct alarms *alarms)
{
	const struct watch *watch = arg;
	uint64_t lost_ms = upstream_path_lost_ms(watch->upstream);

	if (lost_ms > 0)
		alarm_holds(alarms, ALARM_PATH_LOST, "",
			    "our own path is lost: no server of any network, the root's neither, "
			    "has answered for %" PRIu64 " ms; what is cached is answered",
			    lost_ms);
}
