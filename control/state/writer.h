// A small file (file.h) that is written whenever what it holds has changed: on a thread of the
// event loop's pool, so that a slow disk holds up nothing; one write at a time; after an error
// again every second, so that its end is seen. An error is an alarm and a line of the log when it
// begins, never an end.
//
// Thread: control.
#pragma once

#include "control/alarms/alarms.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uv_loop_s;
struct state_writer;

struct state_writer_config {
	struct uv_loop_s *loop;
	const char *path; // copied
	const char *mark; // how all that is written there begins (file.h); outlives it
	size_t max;       // longest text
	const char *cost; // of an error, in words: "what is learned is lost at the next start"
	// What the file shall hold, for free(); NULL: no memory. Not called after the end.
	char *(*make)(void *arg);
	void *arg;
};
// NULL: no memory. What `cost` points to outlives it.
struct state_writer *state_writer_new(const struct state_writer_config *config)
	__attribute__((nonnull, warn_unused_result));
// A write that is under way is finished while the loop runs once more; the memory goes then. last:
// written after that, at once, and freed; NULL: nothing is.
void state_writer_end(struct state_writer *writer, char *last);

void state_writer_changed(struct state_writer *writer) __attribute__((nonnull));
// Changes of which the file knows nothing.
bool state_writer_owes(const struct state_writer *writer) __attribute__((nonnull, pure));
// Every turn.
void state_writer_run(struct state_writer *writer, uint64_t now_ms) __attribute__((nonnull));

// Holds the alarm that the last write failed, unless the folder's own alarm
// (control/watch/looker.h) has said why.
void state_writer_alarm(const struct state_writer *writer, struct alarms *alarms,
			const char *subject) __attribute__((nonnull));
// Of the last write; "": it went well. Then what that costs, as configured.
const char *state_writer_error(const struct state_writer *writer) __attribute__((nonnull, pure));
const char *state_writer_cost(const struct state_writer *writer) __attribute__((nonnull, pure));
struct state_writer_counters {
	uint64_t writes, failures;
};
struct state_writer_counters state_writer_counters(const struct state_writer *writer)
	__attribute__((nonnull, pure));
