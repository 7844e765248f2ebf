#include "control/state/drills.h"

#include "control/drill/history.h"
#include "control/log.h"
#include "control/state/file.h"
#include "control/state/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct drill_state {
	struct drill_host *drills;
	struct state_writer *writer; // NULL: in memory only
	char path[CONFIG_HISTORY_PATH_MAX];
	char read_error[STATE_FILE_ERROR_MAX + DRILL_ERROR_MAX];
	char kept[STATE_FILE_KEPT_MAX]; // where what could not be read is; "": it is not kept
};

static void read_file(struct drill_state *state)
{
	char error[STATE_FILE_ERROR_MAX], complaint[DRILL_ERROR_MAX];
	size_t len;
	char *text = state_file_read(state->path, DRILL_HISTORY_MAX, &len, error);

	if (text == NULL)
		snprintf(state->read_error, sizeof(state->read_error), "%s", error);
	else if (drill_history_read(drill_host_drill(state->drills), text, len, complaint) != 0)
		snprintf(state->read_error, sizeof(state->read_error), "%s: %s", state->path,
			 complaint);
	free(text);
	if (state->read_error[0] == '\0')
		return;
	if (!state_file_keep(state->path, DRILL_HISTORY_MARK, state->kept))
		state->kept[0] = '\0';
	log_error("%s: earlier drills are forgotten%s%s", state->read_error,
		  state->kept[0] != '\0' ? "; kept as " : "", state->kept);
}

static char *make_text(void *arg)
{
	const struct drill_state *state = arg;

	return drill_history_write(drill_host_drill(state->drills));
}

struct drill_state *drill_state_open(struct uv_loop_s *loop, const struct config *config,
				     struct drill_host *drills)
{
	struct drill_state *state = calloc(1, sizeof(*state));
	char error[STATE_FILE_ERROR_MAX];

	if (state == NULL)
		return NULL;
	state->drills = drills;
	config_history_path(config, state->path);
	if (state->path[0] == '\0')
		return state;
	state->writer = state_writer_new(&(const struct state_writer_config){
		.loop = loop,
		.path = state->path,
		.mark = DRILL_HISTORY_MARK,
		.max = DRILL_HISTORY_MAX,
		.cost = "reports of drills are lost at the next start",
		.make = make_text,
		.arg = state,
	});
	if (state->writer == NULL) {
		free(state);
		return NULL;
	}
	read_file(state);
	if (state->read_error[0] != '\0')
		state_writer_changed(state->writer);
	if (state_file_prepare(state->path, config->user, error) != 0)
		log_error("%s", error);
	return state;
}

void drill_state_close(struct drill_state *state)
{
	if (state == NULL)
		return;
	if (state->writer != NULL) {
		bool owes = drill_host_changed(state->drills) || state_writer_owes(state->writer);
		state_writer_end(state->writer, owes ? make_text(state) : NULL);
	}
	free(state);
}

void drill_state_run(struct drill_state *state, uint64_t now_ms)
{
	bool changed = drill_host_changed(state->drills);

	if (state->writer == NULL)
		return;
	if (changed)
		state_writer_changed(state->writer);
	state_writer_run(state->writer, now_ms);
}

void drill_state_describe(const struct drill_state *state,
			  void (*line)(const char *text, void *arg), void *arg)
{
	uint64_t left_us = drill_host_left_us(state->drills);
	char text[2 * DRILL_TEXT_MAX + 128];

	if (left_us > 0) {
		const struct drill_report *report =
			drill_report(drill_host_drill(state->drills), 0);
		snprintf(text, sizeof(text), "drill %llu is running for %llu s more: %s %s",
			 (unsigned long long)report->number,
			 (unsigned long long)(left_us + 999999) / 1000000, report->scope,
			 report->fault);
		line(text, arg);
	}
}

void drill_state_alarms(void *arg, struct alarms *alarms)
{
	const struct drill_state *state = arg;

	if (state->writer == NULL)
		return;
	if (state_writer_error(state->writer)[0] != '\0')
		state_writer_alarm(state->writer, alarms, "drill.history");
	else if (state->read_error[0] != '\0' && state_writer_counters(state->writer).writes == 0)
		alarm_holds(alarms, ALARM_STATE, "drill.history",
			    "%s: earlier drills are forgotten%s%s", state->read_error,
			    state->kept[0] != '\0' ? "; kept as " : "", state->kept);
}
