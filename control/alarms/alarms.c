#include "control/alarms/alarms.h"

#include "control/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct alarm alarm;
	bool raised;       // by an event: it is not asked for
	bool seen;         // in this round of asking
	uint64_t until_ms; // raised: its end; UINT64_MAX: none
};

struct alarms {
	struct {
		alarms_ask ask;
		void *arg;
	} asked[ALARMS_ASKED_MAX];
	size_t asked_count;
	struct entry *entries[ALARMS_MAX]; // in the order in which they began
	size_t count;
	unsigned lost; // in this round: there was no place or no memory
	uint64_t next_ms, now_ms;
	int64_t now_s;
	struct log_limit limit;
};

// ---- the table ----

static const struct kind {
	const char *name, *meaning, *remedy;
	enum alarm_severity severity;
} kinds[ALARM_COUNT] = {
#define X(name, words, severity, meaning, remedy)                                                  \
	[ALARM_##name] = {words, meaning, remedy, ALARM_##severity},
	ALARMS(X)
#undef X
};

const char *alarm_name(enum alarm_name name)
{
	return kinds[name].name;
}

enum alarm_severity alarm_severity(enum alarm_name name)
{
	return kinds[name].severity;
}

const char *alarm_severity_name(enum alarm_severity severity)
{
	static const char *const names[] = {[ALARM_CRITICAL] = "critical",
					    [ALARM_ERROR] = "error",
					    [ALARM_WARNING] = "warning"};

	return names[severity];
}

const char *alarm_meaning(enum alarm_name name)
{
	return kinds[name].meaning;
}

const char *alarm_remedy(enum alarm_name name)
{
	return kinds[name].remedy;
}

void alarms_print(void (*line)(const char *text, void *arg), void *arg)
{
	char text[512];

	for (size_t i = 0; i < ALARM_COUNT; i++) {
		snprintf(text, sizeof(text), "%s\t%s\t%s\t%s", kinds[i].name,
			 alarm_severity_name(kinds[i].severity), kinds[i].meaning, kinds[i].remedy);
		line(text, arg);
	}
}

// ---- the list ----

struct alarms *alarms_new(void)
{
	struct alarms *alarms = calloc(1, sizeof(*alarms));

	if (alarms)
		alarms->limit.burst = 20;
	return alarms;
}

void alarms_free(struct alarms *alarms)
{
	if (!alarms)
		return;
	for (size_t i = 0; i < alarms->count; i++)
		free(alarms->entries[i]);
	free(alarms);
}

bool alarms_add(struct alarms *alarms, alarms_ask ask, void *arg)
{
	if (alarms->asked_count == ALARMS_ASKED_MAX)
		return false;
	alarms->asked[alarms->asked_count].ask = ask;
	alarms->asked[alarms->asked_count++].arg = arg;
	return true;
}

static struct entry *find(const struct alarms *alarms, enum alarm_name name, const char *subject)
{
	char cut[ALARM_SUBJECT_MAX];

	snprintf(cut, sizeof(cut), "%s", subject);
	for (size_t i = 0; i < alarms->count; i++) {
		const struct alarm *alarm = &alarms->entries[i]->alarm;

		if (alarm->name == name && strcmp(alarm->subject, cut) == 0)
			return alarms->entries[i];
	}
	return NULL;
}

static void tell_begin(struct alarms *alarms, const struct alarm *alarm)
{
	enum log_level level =
		alarm_severity(alarm->name) == ALARM_WARNING ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR;

	log_limited(&alarms->limit, alarms->now_ms, level, "alarm %s: %s; %s",
		    alarm_name(alarm->name), alarm->text, alarm_remedy(alarm->name));
}

static void tell_end(struct alarms *alarms, const struct alarm *alarm)
{
	log_limited(&alarms->limit, alarms->now_ms, LOG_LEVEL_INFO,
		    "alarm %s over after %" PRIu64 " s: %s", alarm_name(alarm->name),
		    (alarms->now_ms - alarm->since_ms) / 1000, alarm->text);
}

// NULL: no place or no memory.
static struct entry *begin(struct alarms *alarms, enum alarm_name name, const char *subject)
{
	struct entry *entry = alarms->count < ALARMS_MAX ? calloc(1, sizeof(*entry)) : NULL;

	if (!entry) {
		alarms->lost++;
		return NULL;
	}
	entry->alarm.name = name;
	snprintf(entry->alarm.subject, sizeof(entry->alarm.subject), "%s", subject);
	entry->alarm.since_ms = alarms->now_ms;
	entry->alarm.since_s = alarms->now_s;
	alarms->entries[alarms->count++] = entry;
	return entry;
}

static void end(struct alarms *alarms, size_t i)
{
	struct entry *entry = alarms->entries[i];

	tell_end(alarms, &entry->alarm);
	memmove(&alarms->entries[i], &alarms->entries[i + 1],
		(alarms->count - i - 1) * sizeof(alarms->entries[0]));
	alarms->count--;
	free(entry);
}

__attribute__((format(printf, 4, 0))) static struct entry *set(struct alarms *alarms,
							       enum alarm_name name,
							       const char *subject,
							       const char *format, va_list args)
{
	struct entry *entry = find(alarms, name, subject);
	bool is_new = entry == NULL;

	if (is_new)
		entry = begin(alarms, name, subject);
	if (!entry)
		return NULL;
	vsnprintf(entry->alarm.text, sizeof(entry->alarm.text), format, args);
	log_printable(entry->alarm.text, strlen(entry->alarm.text));
	if (is_new)
		tell_begin(alarms, &entry->alarm);
	return entry;
}

void alarm_holds(struct alarms *alarms, enum alarm_name name, const char *subject,
		 const char *format, ...)
{
	struct entry *entry;
	va_list args;

	va_start(args, format);
	entry = set(alarms, name, subject, format, args);
	va_end(args);
	if (entry)
		entry->seen = true;
}

bool alarm_is_told(const struct alarms *alarms, enum alarm_name name, const char *subject)
{
	const struct entry *entry = find(alarms, name, subject);

	return entry != NULL && entry->seen;
}

void alarm_raise(struct alarms *alarms, enum alarm_name name, const char *subject, uint64_t for_ms,
		 const char *format, ...)
{
	struct entry *entry;
	va_list args;

	va_start(args, format);
	entry = set(alarms, name, subject, format, args);
	va_end(args);
	if (!entry)
		return;
	entry->raised = true;
	entry->until_ms = for_ms > 0 ? alarms->now_ms + for_ms : UINT64_MAX;
}

void alarm_end(struct alarms *alarms, enum alarm_name name, const char *subject)
{
	struct entry *entry = find(alarms, name, subject);

	for (size_t i = 0; entry && i < alarms->count; i++) {
		if (alarms->entries[i] == entry) {
			end(alarms, i);
			return;
		}
	}
}

// ---- asking ----

static void end_unseen(struct alarms *alarms)
{
	for (size_t i = alarms->count; i-- > 0;) {
		const struct entry *entry = alarms->entries[i];
		bool over = entry->raised ? alarms->now_ms >= entry->until_ms : !entry->seen;

		if (over)
			end(alarms, i);
	}
}

// The one for what found no place takes the place of the latest one.
static void tell_lost(struct alarms *alarms)
{
	unsigned lost = alarms->lost;

	if (lost == 0)
		return;
	if (alarms->count == ALARMS_MAX && !find(alarms, ALARM_ALARMS_LOST, ""))
		end(alarms, ALARMS_MAX - 1);
	alarm_holds(alarms, ALARM_ALARMS_LOST, "", "%u more alarms found no place in the list",
		    lost);
	alarms->lost = 0;
}

void alarms_at(struct alarms *alarms, const struct store_clock *now)
{
	alarms->now_ms = now->now_ms;
	alarms->now_s = now->now_s;
}

void alarms_now(struct alarms *alarms, const struct store_clock *now)
{
	alarms_at(alarms, now);
	alarms->next_ms = now->now_ms + ALARMS_BEAT_MS;
	for (size_t i = 0; i < alarms->count; i++)
		alarms->entries[i]->seen = false;
	for (size_t i = 0; i < alarms->asked_count; i++)
		alarms->asked[i].ask(alarms->asked[i].arg, alarms);
	tell_lost(alarms);
	end_unseen(alarms);
}

void alarms_run(struct alarms *alarms, const struct store_clock *now)
{
	if (now->now_ms >= alarms->next_ms)
		alarms_now(alarms, now);
	else
		alarms_at(alarms, now);
}

void alarms_each(const struct alarms *alarms, alarm_visit visit, void *arg)
{
	for (int severity = ALARM_CRITICAL; severity <= ALARM_WARNING; severity++) {
		for (size_t i = 0; i < alarms->count; i++) {
			const struct alarm *alarm = &alarms->entries[i]->alarm;

			if ((int)alarm_severity(alarm->name) == severity)
				visit(alarm, arg);
		}
	}
}

size_t alarms_of(const struct alarms *alarms, enum alarm_severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < alarms->count; i++)
		count += alarm_severity(alarms->entries[i]->alarm.name) == severity;
	return count;
}

size_t alarms_named(const struct alarms *alarms, enum alarm_name name)
{
	size_t count = 0;

	for (size_t i = 0; i < alarms->count; i++)
		count += alarms->entries[i]->alarm.name == name;
	return count;
}

static void keep_first(const struct alarm *alarm, void *arg)
{
	const struct alarm **first = arg;

	if (!*first)
		*first = alarm;
}

void alarms_summary(const struct alarms *alarms, char out[ALARMS_SUMMARY_MAX])
{
	const struct alarm *worst = NULL;
	char more[48] = "";

	alarms_each(alarms, keep_first, &worst);
	if (!worst) {
		snprintf(out, ALARMS_SUMMARY_MAX, "no alarms");
		return;
	}
	if (alarms->count > 1)
		snprintf(more, sizeof(more), " (and %zu more)", alarms->count - 1);
	snprintf(out, ALARMS_SUMMARY_MAX, "%s %s: %.400s%s",
		 alarm_severity_name(alarm_severity(worst->name)), alarm_name(worst->name),
		 worst->text, more);
}
