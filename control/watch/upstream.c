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
	const bool forwards_all = watch_forwards_all(watch->config);

	// The root of a host that only forwards are its forwarders. Their silence is no sign of a
	// lost path unless servers of other networks are silent as well.
	if (lost_ms > 0 && forwards_all)
		alarm_holds(alarms, ALARM_FORWARDERS_OUT, "",
			    "no forwarder of the root has answered for %" PRIu64
			    " ms, and nobody else may be asked; what is cached is answered",
			    lost_ms);
	if (lost_ms > 0 && (!forwards_all || upstream_uplink_lost(watch->upstream)))
		alarm_holds(alarms, ALARM_PATH_LOST, "",
			    "our own path is lost: no server of any network, the root's%s neither, "
			    "has answered for %" PRIu64 " ms; what is cached is answered",
			    forwards_all ? " forwarders" : "", lost_ms);
	watch_family(watch->upstream, 4, alarms);
	watch_family(watch->upstream, 6, alarms);
}
