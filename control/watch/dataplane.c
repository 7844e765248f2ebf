#include "control/watch/watch.h"

#include <stdio.h>

// On the thread of control/watch/looker.c it is found, here it is told.
static void on_fault(enum dataplane_fault fault, unsigned index, const char *text, void *arg)
{
	static const enum alarm_name names[DATAPLANE_FAULT_COUNT] = {
		[DATAPLANE_LINK_LOST] = ALARM_LINK,
		[DATAPLANE_PROGRAM_LOST] = ALARM_XDP,
		[DATAPLANE_QUEUES_LOST] = ALARM_QUEUES,
		[DATAPLANE_RULES_LOST] = ALARM_NFT,
		[DATAPLANE_SILENCE_LOST] = ALARM_ICMP,
		[DATAPLANE_TAP_LOST] = ALARM_TAP,
		[DATAPLANE_CORE_STALLED] = ALARM_CORE_STALLED,
		[DATAPLANE_CORE_PREEMPTED] = ALARM_CORE_PREEMPTED,
		[DATAPLANE_DROPS] = ALARM_DROPS,
		[DATAPLANE_EXHAUSTED] = ALARM_EXHAUSTED,
		[DATAPLANE_PORT_ADDRESS] = ALARM_PORT_ADDRESS,
		[DATAPLANE_PORT_MAC] = ALARM_PORT_MAC,
		[DATAPLANE_PORT_RENAMED] = ALARM_RENAMED,
		[DATAPLANE_TCP_LOST] = ALARM_TCP_LOST,
		[DATAPLANE_UNCLAIMED] = ALARM_UNCLAIMED,
		[DATAPLANE_MENDED] = ALARM_MENDED,
	};
	char subject[16];

	snprintf(subject, sizeof(subject), "%u", index);
	alarm_holds(arg, names[fault], subject, "%s", text);
}

void watch_dataplane(void *arg, struct alarms *alarms)
{
	const struct watch *watch = arg;

	dataplane_faults(watch->dataplane, on_fault, alarms);
}
