#include "control/watch/watch.h"

#include "control/watch/exceptions.h"

#include <stdio.h>

void watch_config(void *arg, struct alarms *alarms)
{
	const struct watch *watch = arg;
	const struct config *config = watch->config;
	struct store_clock now;
	char subject[24];

	for (size_t i = 0; i < config->warning_count; i++) {
		snprintf(subject, sizeof(subject), "%zu", i);
		alarm_holds(alarms, config->alarms[i], subject, "%s", config->warnings[i]);
	}
	store_get_clock(watch->store, &now);
	exceptions_alarms(config, watch->trust, &now, alarms);
}

bool watch_begin(struct watch *watch, struct alarms *alarms)
{
	static const alarms_ask asked[] = {watch_dataplane, watch_upstream, watch_store,
					   watch_config, watch_resolver};

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		if (!alarms_add(alarms, asked[i], watch))
			return false;
	}
	return true;
}
