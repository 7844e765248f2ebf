#include "control/watch/watch.h"

#include <inttypes.h>

static void watch_family(const struct upstream *upstream, unsigned family, struct alarms *alarms)
{
	uint64_t lost_ms = upstream_family_lost_ms(upstream, family);

	if (lost_ms > 0)
		alarm_holds(alarms, ALARM_FAMILY_LOST, family == 4 ? "IPv4" : "IPv6",
			    "no server answers over IPv%u any more, for %" PRIu64
			    " ms; those of IPv%u do",
			    family, lost_ms, family == 4 ? 6u : 4u);
}

void watch_upstream(void *arg, struct alarms *alarms)
{
	const struct watch *watch = arg;
	uint64_t lost_ms = upstream_path_lost_ms(watch->upstream);

	if (lost_ms > 0)
		alarm_holds(alarms, ALARM_PATH_LOST, "",
			    "our own path is lost: no server of any network, the root's neither, "
			    "has answered for %" PRIu64 " ms; what is cached is answered",
			    lost_ms);
	watch_family(watch->upstream, 4, alarms);
	watch_family(watch->upstream, 6, alarms);
}
