// What is wrong at present: one list, from which come the text and the JSON of `assayctl health`
// and `status`, the metric assay_alarm, and a line of the log when an alarm begins and when it
// ends.
//
// A part of the daemon adds an alarm so:
//   1. a row in control/alarms/names.h: name, severity, meaning, remedy;
//   2. either a function that is asked once a second, alarms_add(alarms, ask, arg): it calls
//      alarm_holds() for all that is wrong now, and what it does not name again has ended (most of
//      them are in control/watch/); or, where only an event tells, alarm_raise() and alarm_end().
// An alarm is its name and a subject, which stays the same while it lasts (a zone, "port 0", "");
// the text may change (numbers, durations).
//
// Thread: control. Bounded: ALARMS_MAX at a time; more are an alarm themselves.
#pragma once

#include "control/alarms/names.h"
#include "dataplane/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALARMS_MAX        256
#define ALARMS_ASKED_MAX  32
#define ALARM_SUBJECT_MAX 256 // what is longer is cut
#define ALARM_TEXT_MAX    1280
#define ALARMS_BEAT_MS    1000

struct alarms;

struct alarm {
	enum alarm_name name;
	char subject[ALARM_SUBJECT_MAX];
	char text[ALARM_TEXT_MAX];
	int64_t since_s;   // wall, by the clock of that time
	uint64_t since_ms; // monotonic
};

struct alarms *alarms_new(void) __attribute__((warn_unused_result)); // NULL: no memory
void alarms_free(struct alarms *alarms);

// Asked once a second by alarms_run(), in the order in which they were added. May not take long: it
// is part of a turn of the event loop. False: ALARMS_ASKED_MAX are there.
typedef void (*alarms_ask)(void *arg, struct alarms *alarms);
bool alarms_add(struct alarms *alarms, alarms_ask ask, void *arg)
	__attribute__((nonnull(1, 2), warn_unused_result));
// Every heartbeat: asks when a second has gone by. alarms_now() asks at once.
void alarms_run(struct alarms *alarms, const struct store_clock *now) __attribute__((nonnull));
void alarms_now(struct alarms *alarms, const struct store_clock *now) __attribute__((nonnull));
// What is raised from here on, also before the first of those, is of this moment.
void alarms_at(struct alarms *alarms, const struct store_clock *now) __attribute__((nonnull));

// Inside of a function that is asked: it is so at present.
void alarm_holds(struct alarms *alarms, enum alarm_name name, const char *subject,
		 const char *format, ...) __attribute__((nonnull, format(printf, 4, 5)));
// Inside of one, too: whether another that was asked before it has said so in this round, of what
// may be the same cause.
bool alarm_is_told(const struct alarms *alarms, enum alarm_name name, const char *subject)
	__attribute__((nonnull));
// Anywhere: it is so until alarm_end(), or for_ms from now (0: without end). Raising again what is
// there sets text and end anew.
void alarm_raise(struct alarms *alarms, enum alarm_name name, const char *subject, uint64_t for_ms,
		 const char *format, ...) __attribute__((nonnull, format(printf, 5, 6)));
void alarm_end(struct alarms *alarms, enum alarm_name name, const char *subject)
	__attribute__((nonnull));

// The worst first, then in the order in which they began.
typedef void (*alarm_visit)(const struct alarm *alarm, void *arg);
void alarms_each(const struct alarms *alarms, alarm_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));
// How many of a severity, or of a name, there are.
size_t alarms_of(const struct alarms *alarms, enum alarm_severity severity)
	__attribute__((nonnull, pure));
size_t alarms_named(const struct alarms *alarms, enum alarm_name name)
	__attribute__((nonnull, pure));

// The worst that began first and how many more there are, in one line; "no alarms".
#define ALARMS_SUMMARY_MAX 512
void alarms_summary(const struct alarms *alarms, char out[ALARMS_SUMMARY_MAX])
	__attribute__((nonnull));

// What does not change.
const char *alarm_name(enum alarm_name name) __attribute__((const));
enum alarm_severity alarm_severity(enum alarm_name name) __attribute__((const));
const char *alarm_severity_name(enum alarm_severity severity) __attribute__((const));
const char *alarm_meaning(enum alarm_name name) __attribute__((const));
const char *alarm_remedy(enum alarm_name name) __attribute__((const));
// Every alarm that there is: "name<TAB>severity<TAB>meaning<TAB>remedy", a line per call.
void alarms_print(void (*line)(const char *text, void *arg), void *arg) __attribute__((nonnull(1)));
