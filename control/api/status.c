// How the daemon is: what runs, what is wrong, and every number.
#include "control/api/verbs.h"
#include "control/log.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// ---- status ----

// "2 d 03:04:05"
static const char *duration_to_text(uint64_t seconds, char out[32])
{
	unsigned of_day = (unsigned)(seconds % 86400);
	size_t used = 0;

	if (seconds >= 86400)
		used = (size_t)snprintf(out, 32, "%" PRIu64 " d ", seconds / 86400);
	snprintf(out + used, 32 - used, "%02u:%02u:%02u", of_day / 3600, of_day / 60 % 60,
		 of_day % 60);
	return out;
}

static void add_alarm(const struct alarm *alarm, void *arg)
{
	struct reply *reply = arg;

	reply_line(reply, "ALARM: %s", alarm->text);
	reply_line(reply, "  %s, %s: %s", alarm_name(alarm->name),
		   alarm_severity_name(alarm_severity(alarm->name)), alarm_remedy(alarm->name));
	json_array_append_new(json_object_get(reply->data, "alarms"), reply_string(alarm->text));
}

static void add_line(const char *text, void *arg)
{
	struct reply *reply = arg;

	reply_line(reply, "%s", text);
	json_array_append_new(json_object_get(reply->data, "lines"), reply_string(text));
}

static void add_clock(struct reply *reply, const struct store_clock *now, bool trusted)
{
	time_t seconds = (time_t)now->now_s;
	char date[64] = "?";
	struct tm utc;

	if (gmtime_r(&seconds, &utc))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &utc);
	reply_line(reply, "clock: %s, %s", date, trusted ? "trusted" : "NOT TRUSTED");
}

static void end_status(const struct api_context *context, struct reply *reply)
{
	alarms_each(context->alarms, add_alarm, reply);
	if (json_array_size(json_object_get(reply->data, "alarms")) == 0)
		reply_line(reply, "no alarms");
}

void verb_status(const struct api_context *context, const char *const *arguments, size_t count,
		 struct reply *reply)
{
	struct store_clock now;
	uint64_t uptime_s;
	bool trusted;
	char duration[32];

	(void)arguments, (void)count;
	store_get_clock(context->store, &now);
	trusted = now.trusted && alarms_named(context->alarms, ALARM_CLOCK) == 0;
	uptime_s = (now.now_ms - context->started_ms) / 1000;
	reply->data =
		json_pack("{s:s, s:i, s:I, s:I, s:b, s:s, s:[], s:[]}", "version", ASSAY_VERSION,
			  "pid", (int)getpid(), "uptime_s", (json_int_t)uptime_s, "clock_s",
			  (json_int_t)now.now_s, "clock_trusted", trusted, "log",
			  log_level_to_text(log_get_level()), "lines", "alarms");
	reply_line(reply, "assayd %s, process %d, up %s", ASSAY_VERSION, (int)getpid(),
		   duration_to_text(uptime_s, duration));
	add_clock(reply, &now, trusted);
	reply_line(reply, "log level: %s", log_level_to_text(log_get_level()));
	log_describe(context, reply);
	context->describe(context->arg, add_line, reply);
	nta_describe(context, reply, end_status);
}

// ---- stats ----

struct stats {
	struct reply *reply;
	bool all;
	char group[32]; // of the last line
};

// Lines of one part of the daemon ("upstream.…") stand together under its name.
static void start_group(struct stats *stats, const char *name)
{
	size_t len = strcspn(name, ".");

	if (strncmp(stats->group, name, len) == 0 && stats->group[len] == '\0')
		return;
	snprintf(stats->group, sizeof(stats->group), "%.*s", (int)len, name);
	reply_line(stats->reply, "%s", stats->group);
}

static void add_counter(const char *name, const char *words, uint64_t value, void *arg)
{
	struct stats *stats = arg;
	const char *dot = strchr(name, '.');

	json_object_set_new(stats->reply->data, name, json_integer((json_int_t)value));
	if (value == 0 && !stats->all)
		return;
	start_group(stats, name);
	reply_line(stats->reply, "  %-28s %14" PRIu64 "  %s", dot ? dot + 1 : name, value, words);
}

void verb_stats(const struct api_context *context, const char *const *arguments, size_t count,
		struct reply *reply)
{
	struct stats stats = {.reply = reply, .all = count > 0};

	if (count > 0 && strcmp(arguments[0], "cycles") == 0) {
		cycles_report(context, reply);
		return;
	}
	if (count > 0 && strcmp(arguments[0], "--all") != 0) {
		reply_misuse(reply, "\"%.128s\" is not understood; usage: stats [--all | cycles]",
			     arguments[0]);
		return;
	}
	reply->data = json_object();
	context->counters(context->arg, add_counter, &stats);
	if (reply->text_len == 0)
		reply_line(reply, "every counter is zero");
}
