// Reports as JSON: for programs, and for the file that carries them over a restart.
//
// Thread: any; pure.
#pragma once

#include "control/drill/drill.h"

#include <jansson.h>

#include <stddef.h>

#define DRILL_HISTORY_MAX (256 * 1024) // bytes of the file
// How the text begins, whatever its version.
#define DRILL_HISTORY_MARK "{\n \"assay_drills\": "

// A new reference, or NULL without memory. What is not known is null.
json_t *drill_report_json(const struct drill_report *report)
	__attribute__((nonnull, warn_unused_result));
// All reports, oldest first, as text; freed by the caller. NULL without memory.
char *drill_history_write(const struct drill *drill) __attribute__((nonnull, warn_unused_result));
// Remembers what such a text holds. 0, or -EINVAL with a sentence in err and nothing remembered.
int drill_history_read(struct drill *drill, const char *text, size_t len, char err[DRILL_ERROR_MAX])
	__attribute__((nonnull, warn_unused_result));
