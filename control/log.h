// Messages for operators on standard error: what happened, to which name or server, what was
// done. A full pipe loses lines (counted), it never blocks.
//
// Thread: any but poll-mode cores.
#pragma once

#include "control/config/config.h"

#include <stddef.h>
#include <stdint.h>

void log_set_level(enum log_level level);
enum log_level log_get_level(void);
const char *log_level_to_text(enum log_level level);
int log_level_from_text(const char *text, enum log_level *level)
	__attribute__((nonnull, warn_unused_result));

void log_line(enum log_level level, const char *format, ...)
	__attribute__((nonnull(2), format(printf, 2, 3)));
#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)

// Names and texts from the network may hold anything: replaces whatever is not printable ASCII by
// "?", so that no control sequence reaches a terminal. log_line() does so by itself.
void log_printable(char *text, size_t len) __attribute__((nonnull));

// For what a remote can trigger: at most `burst` lines of one kind per second; how many were left
// out is said before the first line of a later second. One thread per limit.
struct log_limit {
	uint64_t second;
	unsigned lines;
	unsigned left_out;
	unsigned burst;
};
void log_limited(struct log_limit *limit, uint64_t now_ms, enum log_level level, const char *format,
		 ...) __attribute__((nonnull(1, 4), format(printf, 4, 5)));
// The same for what was asked for by name: a line of debug, whatever the level is.
void log_traced(struct log_limit *limit, uint64_t now_ms, const char *format, ...)
	__attribute__((nonnull(1, 3), format(printf, 3, 4)));
uint64_t log_lines_lost(void);
