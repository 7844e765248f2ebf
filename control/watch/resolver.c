#include "control/watch/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ENDS_SOON_S 600 // and the zone does not validate
#define OVERDUE_MAX 8   // zones with an alarm of their own
#define FAILING_MAX 8
#define ENDING_MAX  16 // negative trust anchors with an alarm of their own

struct ntas {
	struct alarms *alarms;
	unsigned ending;
};

static void nta_one(const struct nta_facts *facts, void *arg)
{
	struct ntas *ntas = arg;
	struct alarms *alarms = ntas->alarms;
	char name[NAME_TEXT_MAX];

	name_to_text(facts->name, name);
	if (name_labels(facts->name) == 1)
		alarm_holds(alarms, ALARM_TLD_INSECURE, name,
			    "no name below %s is validated, by a negative trust anchor", name);
	// One that was never meant to live longer than that comes as no surprise.
	if (facts->left_s > ENDS_SOON_S || facts->lifetime_s <= ENDS_SOON_S ||
	    facts->finding[0] == '\0' || ntas->ending++ >= ENDING_MAX)
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
	const struct config *config;
	unsigned count;
};

bool watch_forwards_all(const struct config *config)
{
	for (size_t i = 0; i < config->resolver.route_count; i++) {
		const struct route *route = &config->resolver.routes[i];
		if (name_is_root(route->zone))
			return route->forward && !route->first;
	}
	return false;
}

// Its servers are those of the configuration, and are told of as such.
static bool is_configured(const struct config *config, const uint8_t *zone)
{
	for (size_t i = 0; i < config->resolver.route_count; i++) {
		if (name_equal(config->resolver.routes[i].zone, zone))
			return true;
	}
	return false;
}

// Whoever asks for names below it may have chosen the TLD, but not what its servers say to us.
static void failing_one(void *arg, const uint8_t *zone, uint64_t for_ms)
{
	struct failing *failing = arg;
	char name[NAME_TEXT_MAX];

	const bool tld = name_labels(zone) <= 1 &&
			 (name_is_root(zone) || !is_configured(failing->config, zone));

	if (!tld || failing->count++ >= FAILING_MAX)
		return;
	name_to_text(zone, name);
	if (name_is_root(zone) && watch_forwards_all(failing->config)) {
		alarm_holds(failing->alarms, ALARM_FORWARDERS_OUT, "",
			    "no forwarder of the root has given a good answer for %" PRIu64
			    " s, and nobody else may be asked",
			    for_ms / 1000);
		return;
	}
	alarm_holds(failing->alarms, ALARM_TLD_FAILING, name,
		    "no server of %s has given a good answer for %" PRIu64 " s", name,
		    for_ms / 1000);
}

// The line begins with the zone.
static void overdue_one(const char *text, void *arg)
{
	char zone[NAME_TEXT_MAX];

	snprintf(zone, sizeof(zone), "%.*s", (int)strcspn(text, " "), text);
	alarm_holds(arg, ALARM_SIGNATURES, zone, "%s", text);
}

void watch_resolver(void *arg, struct alarms *alarms)
{
	const struct watch *watch = arg;
	struct failing failing = {.alarms = alarms, .config = watch->config};
	const bool clock_is_wrong = alarm_is_told(alarms, ALARM_CLOCK, "");
	uint64_t for_ms;
	const char *why = resolver_root_bogus(watch->resolver, &for_ms);

	// A wrong clock is told of by itself, and explains the rest.
	if (why != NULL && !clock_is_wrong)
		alarm_holds(alarms, ALARM_ROOT_BOGUS, "",
			    "the root does not validate by the trust anchors given, for %" PRIu64
			    " s: every name fails (%s)",
			    for_ms / 1000, why);
	struct ntas ntas = {.alarms = alarms};

	resolver_nta_each(watch->resolver, nta_one, &ntas);
	if (ntas.ending > ENDING_MAX)
		alarm_holds(alarms, ALARM_NTA_ENDS, "",
			    "%u more negative trust anchors end soon, and their zones do not "
			    "validate yet",
			    ntas.ending - ENDING_MAX);
	resolver_broken(watch->resolver, parent_one, alarms);
	if (!clock_is_wrong)
		resolver_failing(watch->resolver, failing_one, &failing);
	size_t overdue = resolver_overdue(watch->resolver, OVERDUE_MAX, overdue_one, alarms);
	if (overdue > OVERDUE_MAX)
		alarm_holds(alarms, ALARM_SIGNATURES, "",
			    "%zu more zones are overdue with the renewal of their signatures",
			    overdue - OVERDUE_MAX);
}
