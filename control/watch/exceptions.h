// What is not validated although validation is on: zones that the configuration excepts, and all
// that no trust anchor stands above. Nothing of it goes unsaid.
//
// Thread: control.
#pragma once

#include "control/alarms/alarms.h"
#include "control/config/config.h"
#include "control/validator/trust.h"
#include "dataplane/store.h"

// One line per call, as in struct api_context: zones that are excepted.
void exceptions_describe(const struct config *config, void (*line)(const char *text, void *arg),
			 void *arg) __attribute__((nonnull(1, 2)));
// Validation that is off, a root without an anchor that holds, whole TLDs.
void exceptions_alarms(const struct config *config, const struct trust *trust,
		       const struct store_clock *now, struct alarms *alarms)
	__attribute__((nonnull));
// As exceptions_alarms(), of a configuration that does not run yet: sentences with file and line.
typedef void (*exceptions_visit)(enum alarm_name alarm, const char *sentence, void *arg);
void exceptions_foreseen(const struct config *config, exceptions_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));
