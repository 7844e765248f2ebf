// Reports of drills over a restart: a small file beside the one of trust anchors, written on a
// thread of the event loop's pool when a drill starts, ends, and has been watched. Nothing about
// the file ends the daemon: one that cannot be read or written is an alarm.
//
// Thread: control.
#pragma once

#include "control/alarms/alarms.h"
#include "control/config/config.h"
#include "control/drill/host.h"

#include <stdint.h>

struct uv_loop_s;
struct drill_state;

// Before rights are given up. NULL: no memory.
struct drill_state *drill_state_open(struct uv_loop_s *loop, const struct config *config,
				     struct drill_host *drills)
	__attribute__((nonnull, warn_unused_result));
// Writes what has changed. If something is being written, that is done while the loop runs once
// more; the memory goes then.
void drill_state_close(struct drill_state *state);
// Every turn, after drill_host_run().
void drill_state_run(struct drill_state *state, uint64_t now_ms) __attribute__((nonnull));
// What runs, as struct api_context has it.
void drill_state_describe(const struct drill_state *state,
			  void (*line)(const char *text, void *arg), void *arg)
	__attribute__((nonnull(1, 2)));
// An alarms_ask of a struct drill_state: the file.
void drill_state_alarms(void *state, struct alarms *alarms) __attribute__((nonnull));
