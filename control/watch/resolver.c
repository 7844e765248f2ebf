#include "control/watch/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ENDS_SOON_S 600 // and the zone does not validate
#define OVERDUE_MAX 8   // zones with an alarm of their own
#define FAILING_MAX 8

static void nta_one(const struct nta_facts *facts, void *arg)
{
	struct alarms *alarms = arg;
	char name[NAME_TEXT_MAX];

	name_to_text(facts->name, name);
	if (name_labels(facts->name) == 1)
		alarm_holds(alarms, ALARM_TLD_INSECURE, name,
			    "no name below %s is validated, by a negative trust anchor", name);
	// One that was never meant to live longer than that comes as no surprise.
	if (facts->left_s > ENDS_SOON_S || facts->lifetime_s <= ENDS_SOON_S ||
	    facts->finding[0] == '\0')
		return;
	alarm_holds(alarms, ALARM_NTA_ENDS, name,
		    "the negative trust anchor of %s ends in %" PRIu64
		    " s, and the zone does not validate yet",
		    name, facts->left_s);
}

static void parent_one(void *arg, const struct resolver_broken *parent)
{
	char text[NAME_TEXT_MAX + 128], name[NAME_TEXT_MAX];

	resolver_broken_text(parent, text, sizeof(text));
	alarm_holds(arg, ALARM_PARENT, name_to_text(parent->zone, name), "%s", text);
}

struct failing {
	struct alarms *alarms;
	unsigned count;
};

// Whoever asks for names below it may have chosen the TLD, but not what its servers say to us.
static void failing_one(void *arg, const uint8_t *zone, uint64_t for_ms)
{
	struct failing *failing = arg;
	char name[NAME_TEXT_MAX];

	if (name_labels(zone) > 1 || failing->count++ >= FAILING_MAX)
		return;
	name_to_text(zone, name);
	alarm_holds(failing->alarms, ALARM_TLD_FAILING, name,
		    "no server of %s has given a good answer for %" PRIu64 " s", name,
		    for_ms / 1000);
}

struct overdue {
	struct alarms *alarms;
	unsigned count;
};

// The line begins with the zone.
static void overdue_one(const char *text, void *arg)
{
	struct overdue *overdue = arg;
	char zone[NAME_TEXT_MAX];

	if (overdue->count++ >= OVERDUE_MAX)
		return;
	snprintf(zone, sizeof(zone), "%.*s", (int)strcspn(text, " "), text);
	alarm_holds(overdue->alarms, ALARM_SIGNATURES, zone, "%s", text);
}

void watch_resolver(void *arg, struct alarms *alarms)
{
	const struct watch *watch = arg;
	struct overdue overdue = {.alarms = alarms};
	struct failing failing = {.alarms = alarms};

	resolver_nta_each(watch->resolver, nta_one, alarms);
	resolver_broken(watch->resolver, parent_one, alarms);
	resolver_failing(watch->resolver, failing_one, &failing);
	resolver_overdue(watch->resolver, overdue_one, &overdue);
	if (overdue.count > OVERDUE_MAX)
		alarm_holds(alarms, ALARM_SIGNATURES, "",
			    "%u more zones are overdue with the renewal of their signatures",
			    overdue.count - OVERDUE_MAX);
}
