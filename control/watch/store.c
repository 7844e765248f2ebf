#include "control/log.h"
#include "control/watch/watch.h"

void watch_store(void *arg, struct alarms *alarms)
{
	const struct watch *watch = arg;
	struct cache_counters cache;
	struct store_clock now;

	cache_counters(store_cache(watch->store), &cache);
	store_get_clock(watch->store, &now);
	if (!now.trusted)
		alarm_holds(alarms, ALARM_CLOCK, "",
			    "the clock says a date before this version was built: no signature can "
			    "be judged and signed names fail until it is set");
	if (cache.stalled)
		alarm_holds(alarms, ALARM_CACHE_STALLED, "",
			    "the cache takes nothing in: a poll-mode core does not let go of old "
			    "entries");
	if (log_lines_lost() > 0)
		alarm_holds(alarms, ALARM_LOG_LOST, "",
			    "log lines were lost: nobody reads standard error fast enough");
}
