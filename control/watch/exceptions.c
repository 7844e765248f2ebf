#include "control/watch/exceptions.h"

#include "control/special_use.h"
#include "dataplane/dns/name.h"

#include <stdio.h>
#include <string.h>

#define DESCRIBED_MAX 100

#define OFF_WORDS  "validation is off (trust.validate)"
#define ROOT_WORDS "the root has no trust anchor: only what is below other anchors is validated"
#define TLD_WORDS  "no name below %s is validated, by configuration"

void exceptions_describe(const struct config *config, void (*line)(const char *text, void *arg),
			 void *arg)
{
	char text[NAME_TEXT_MAX + 96], name[NAME_TEXT_MAX];
	size_t count = 0;

	for (size_t i = 0; i < config->insecure_count; i++) {
		const uint8_t *zone = config->insecure[i].name;

		if (special_use_is_tld(zone) || count++ >= DESCRIBED_MAX)
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
		alarm_holds(alarms, ALARM_VALIDATION_OFF, "", OFF_WORDS);
	else if (trust_zone_state(trust, (const uint8_t *)"", now->now_ms, now->now_s) ==
		 ZONE_INSECURE)
		alarm_holds(alarms, ALARM_VALIDATION_OFF, "", ROOT_WORDS);
	for (size_t i = 0; i < config->insecure_count; i++) {
		const uint8_t *zone = config->insecure[i].name;

		if (!special_use_is_tld(zone))
			continue;
		name_to_text(zone, name);
		alarm_holds(alarms, ALARM_TLD_INSECURE, name, TLD_WORDS, name);
	}
}

// One that counts: a damaged or revoked one, or one of another algorithm, does not.
static bool root_has_anchor(const struct config *config)
{
	for (size_t i = 0; i < config->anchor_count; i++) {
		const struct config_anchor *anchor = &config->anchors[i];

		if (name_is_root(anchor->owner) &&
		    trust_anchor_check(anchor->type, anchor->rdata, anchor->rdlen) == 0)
			return true;
	}
	return false;
}

void exceptions_foreseen(const struct config *config, exceptions_visit visit, void *arg)
{
	char sentence[CONFIG_ERROR_MAX], name[NAME_TEXT_MAX];

	if (!config->resolver.validate) {
		config_sentence(config, "trust.validate", sentence, OFF_WORDS);
		visit(ALARM_VALIDATION_OFF, sentence, arg);
	} else if (!root_has_anchor(config)) {
		config_sentence(config, "trust", sentence, ROOT_WORDS);
		visit(ALARM_VALIDATION_OFF, sentence, arg);
	}
	for (size_t i = 0; i < config->insecure_count; i++) {
		const struct config_insecure *zone = &config->insecure[i];

		if (!special_use_is_tld(zone->name))
			continue;
		config_sentence(config, zone->path, sentence, TLD_WORDS,
				name_to_text(zone->name, name));
		visit(ALARM_TLD_INSECURE, sentence, arg);
	}
}
