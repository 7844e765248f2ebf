// What the event loop does for files and pages beside a large configuration: trust.state and
// drill.history, the metrics page, the alarms and lines of exceptions from validation.
//
// Thread: control's.
#pragma once

#include "bench/option.h" // before cmocka, which has a macro of that name
#include "control/alarms/alarms.h"
#include "tests/scenario/scenario.h"

#include <uv.h>

#include <stddef.h>

struct control_files;

// Files go into the folder; `exceptions` names are not validated by configuration. Fails the test
// where something is missing.
struct control_files *control_files_open(uv_loop_t *loop, struct world *world, const char *folder,
					 size_t exceptions);
// The files are removed.
void control_files_close(struct control_files *files);
// Every turn; does nothing between control_files_hold() and control_files_release().
void control_files_run(struct control_files *files, const struct store_clock *now);

void control_files_hold(struct control_files *files);
void control_files_release(struct control_files *files);

// Every trust point learns new keys, which goes to its file with the next turn.
void control_files_learn(struct control_files *files, const struct store_clock *now);
// As many drills as are remembered.
void control_files_drill(struct control_files *files);
// As the daemon does each second; `counters` as api_context has it.
void control_files_page(struct control_files *files,
			void (*counters)(void *arg, upstream_counter_visit visit, void *visit_arg));
// As the daemon does several times a second.
void control_files_alarms(struct control_files *files, const struct store_clock *now);
// As struct api_context has it.
void control_files_describe(struct control_files *files, void (*line)(const char *text, void *arg),
			    void *arg);
