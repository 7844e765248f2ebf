// Whether it is well: the alarms, for people and for check scripts.
#include "control/api/verbs.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

struct health {
	struct reply *reply;
	json_t *alarms; // borrowed from reply->data
	uint64_t now_ms;
	bool service; // only what means that another host should be asked
	bool well, critical;
};

static const char *time_to_text(int64_t time_s, char out[32])
{
	time_t seconds = (time_t)time_s;
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		out[0] = '\0';
	return out;
}

static void add_alarm(const struct alarm *alarm, void *arg)
{
	struct health *health = arg;
	const char *severity = alarm_severity_name(alarm_severity(alarm->name));
	bool critical = alarm_severity(alarm->name) == ALARM_CRITICAL;
	char since[32];

	health->critical |= critical;
	health->well &= health->service && !critical;
	reply_line(health->reply, "%s %s since %s: %s; %s", severity, alarm_name(alarm->name),
		   time_to_text(alarm->since_s, since), alarm->text, alarm_remedy(alarm->name));
	json_array_append_new(
		health->alarms,
		json_pack("{s:s, s:s, s:o, s:I, s:I, s:o, s:s, s:s}", "name",
			  alarm_name(alarm->name), "severity", severity, "subject",
			  reply_string(alarm->subject), "since_s", (json_int_t)alarm->since_s,
			  "for_ms", (json_int_t)(health->now_ms - alarm->since_ms), "text",
			  reply_string(alarm->text), "meaning", alarm_meaning(alarm->name),
			  "remedy", alarm_remedy(alarm->name)));
}

void verb_health(const struct api_context *context, const char *const *arguments, size_t count,
		 struct reply *reply)
{
	struct health health = {.reply = reply, .alarms = json_array(), .well = true};
	struct store_clock now;

	reply->data = json_pack("{s:o}", "alarms", health.alarms);
	if (count > 0 && strcmp(arguments[0], "--service") != 0) {
		reply_misuse(reply, "\"%.128s\" is not understood; usage: health [--service]",
			     arguments[0]);
		return;
	}
	health.service = count > 0;
	store_get_clock(context->store, &now);
	health.now_ms = now.now_ms;
	alarms_each(context->alarms, add_alarm, &health);
	if (json_array_size(health.alarms) == 0)
		reply_line(reply, "no alarms");
	reply->unwell = !health.well;
	json_object_set_new(reply->data, "well", json_boolean(health.well));
	// As check plugins end: 1 is a warning, 2 is critical.
	json_object_set_new(reply->data, "status",
			    json_integer(health.well                          ? 0
					 : health.critical && !health.service ? 2
									      : 1));
}
