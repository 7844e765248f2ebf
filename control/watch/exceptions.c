#include "control/watch/exceptions.h"

#include "dataplane/dns/name.h"

#include <stdio.h>
#include <string.h>

#define DESCRIBED_MAX 100

bool exceptions_is_tld(const uint8_t *name)
{
	// RFC 6761, RFC 6762, RFC 7686, RFC 9476; "internal" by a resolution of ICANN's board
	// (2024).
	static const char *const never_delegated[] = {
		"\3alt",   "\7example",    "\7invalid", "\10internal",
		"\5local", "\11localhost", "\5onion",   "\4test",
	};
	uint8_t lower[NAME_MAX_LEN];

	if (name_labels(name) != 1)
		return false;
	name_lower(lower, name, name_len(name));
	for (size_t i = 0; i < sizeof(never_delegated) / sizeof(never_delegated[0]); i++) {
		if (name_equal(lower, (const uint8_t *)never_delegated[i]))
			return false;
	}
	return true;
}

void exceptions_describe(const struct config *config, void (*line)(const char *text, void *arg),
			 void *arg)
{
	char text[NAME_TEXT_MAX + 96], name[NAME_TEXT_MAX];
	size_t count = 0;

	for (size_t i = 0; i < config->insecure_count; i++) {
		const uint8_t *zone = config->insecure[i].name;

		if (exceptions_is_tld(zone) || count++ >= DESCRIBED_MAX)
			continue; // an alarm
		snprintf(text, sizeof(text), "not validated, by configuration: %s",
			 name_to_text(zone, name));
		line(text, arg);
	}
	if (count <= DESCRIBED_MAX)
		return;
	snprintf(text, sizeof(text), "not validated, by configuration: %zu more (posture --top)",
		 count - DESCRIBED_MAX);
	line(text, arg);
}

void exceptions_alarms(const struct config *config, const struct trust *trust,
		       const struct store_clock *now, struct alarms *alarms)
{
	char name[NAME_TEXT_MAX];

	if (!config->resolver.validate)
		alarm_holds(alarms, ALARM_VALIDATION_OFF, "",
			    "validation is off (trust.validate)");
	else if (trust_zone_state(trust, (const uint8_t *)"", now->now_ms, now->now_s) ==
		 ZONE_INSECURE)
		alarm_holds(alarms, ALARM_VALIDATION_OFF, "",
			    "the root has no trust anchor: only what is below other anchors is "
			    "validated");
	for (size_t i = 0; i < config->insecure_count; i++) {
		const uint8_t *zone = config->insecure[i].name;

		if (!exceptions_is_tld(zone))
			continue;
		name_to_text(zone, name);
		alarm_holds(alarms, ALARM_TLD_INSECURE, name,
			    "no name below %s is validated, by configuration", name);
	}
}
