#include "control/log.h"
#include "control/watch/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STEP_S  3600 // more than a clock that is kept is ever set by
#define STEP_MS 3000 // how long that is told, while it is judged anew
#define SKEW_S  3600 // what signatures allow for anyway

static const char *days(int64_t seconds, char out[32])
{
	int64_t hours = llabs(seconds) / 3600;

	if (hours < 48)
		snprintf(out, 32, "%" PRId64 " h", hours);
	else
		snprintf(out, 32, "%" PRId64 " days", hours / 24);
	return out;
}

// A clock that was set is judged by the root's keys, which are signed for days at a time.
static void watch_step(struct watch *watch, const struct store_clock *now, struct alarms *alarms)
{
	int64_t offset_s = now->now_s - (int64_t)(now->now_ms / 1000);
	int64_t step_s = offset_s - watch->offset_s;
	char text[32];

	if (watch->has_offset && llabs(step_s) > STEP_S) {
		alarm_raise(alarms, ALARM_CLOCK, "step", STEP_MS,
			    "the clock was set by %s %s: the root's keys are asked for anew",
			    days(step_s, text), step_s > 0 ? "ahead" : "back");
		if (watch->points)
			trust_points_ask_now(watch->points, now->now_ms);
	}
	watch->offset_s = offset_s;
	watch->has_offset = true;
}

static void watch_clock(struct watch *watch, const struct store_clock *now, struct alarms *alarms)
{
	int64_t off_s = watch->points ? trust_points_clock_off_s(watch->points) : 0;
	char text[32];

	watch_step(watch, now, alarms);
	if (!now->trusted)
		alarm_holds(alarms, ALARM_CLOCK, "",
			    "the clock says a date before this version was built: no signature can "
			    "be judged and signed names fail until it is set");
	else if (llabs(off_s) > SKEW_S)
		alarm_holds(alarms, ALARM_CLOCK, "",
			    "the clock is %s, or what claims to be the root sends old or future "
			    "keys: their signatures %s %s, by this clock: signed names fail",
			    off_s > 0 ? "ahead" : "behind",
			    off_s > 0 ? "have ended since" : "begin in", days(off_s, text));
}

void watch_store(void *arg, struct alarms *alarms)
{
	struct watch *watch = arg;
	struct cache_counters cache;
	struct store_clock now;

	cache_counters(store_cache(watch->store), &cache);
	store_get_clock(watch->store, &now);
	watch_clock(watch, &now, alarms);
	if (cache.stalled)
		alarm_holds(alarms, ALARM_CACHE_STALLED, "",
			    "the cache takes nothing in: a poll-mode core does not let go of old "
			    "entries");
	if (log_lines_lost() > 0)
		alarm_holds(alarms, ALARM_LOG_LOST, "",
			    "log lines were lost: nobody reads standard error fast enough");
}
