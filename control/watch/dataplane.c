#include "control/watch/watch.h"

#include <stdio.h>

static void on_fault(enum dataplane_fault fault, unsigned index, const char *text, void *arg)
{
	static const enum alarm_name names[] = {
		[DATAPLANE_QUEUES_LOST] = ALARM_QUEUES,
		[DATAPLANE_PORT_ADDRESS] = ALARM_PORT_ADDRESS,
		[DATAPLANE_UNCLAIMED] = ALARM_UNCLAIMED,
	};
	char subject[16];

	snprintf(subject, sizeof(subject), "port %u", index);
	alarm_holds(arg, names[fault], subject, "%s", text);
}

void watch_dataplane(void *arg, struct alarms *alarms)
{
	const struct watch *watch = arg;

	dataplane_faults(watch->dataplane, on_fault, alarms);
}
