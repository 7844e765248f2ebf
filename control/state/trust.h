// The trust anchors of a running daemon: out of the configuration and the state file, back into the
// file whenever something has changed, and what of it an operator should know. The file is
// written on a thread of the event loop's pool, so that a slow disk holds up nothing.
//
// Nothing about the file ends the daemon: without it the configured anchors hold.
//
// Thread: control.
#pragma once

#include "control/alarms/alarms.h"
#include "control/config/config.h"
#include "control/validator/trust_points.h"
#include "dataplane/store.h"

#include <stdint.h>

struct uv_loop_s;
struct trust_state;

// Anchors that cannot be used are said and left out. After the store's clock is set, before rights
// are given up. NULL with a sentence in err.
struct trust_state *trust_state_open(struct uv_loop_s *loop, const struct config *config,
				     struct trust *trust, struct store *store, char *err,
				     size_t err_len) __attribute__((nonnull, warn_unused_result));
// A file that is being written is finished while the loop runs once more; the memory goes then.
void trust_state_close(struct trust_state *state);

struct trust_points *trust_state_points(struct trust_state *state) __attribute__((nonnull, pure));
// Every turn: tells the store and the file what has changed.
void trust_state_run(struct trust_state *state, const struct store_clock *now)
	__attribute__((nonnull));

// As resolver_counters(), and lines as struct api_context has them.
void trust_state_counters(const struct trust_state *state, upstream_counter_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));
void trust_state_describe(const struct trust_state *state,
			  void (*line)(const char *text, void *arg), void *arg)
	__attribute__((nonnull(1, 2)));
// An alarms_ask of a struct trust_state: keys that are not followed, the file.
void trust_state_alarms(void *state, struct alarms *alarms) __attribute__((nonnull));
