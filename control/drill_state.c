#include "control/drill_state.h"

#include "control/drill/history.h"
#include "control/log.h"
#include "control/state_file.h"

#include <uv.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS  60000 // of a file that could not be written
#define FILE_NAME "drill.history"

struct drill_state {
	struct drill_host *drills;
	uv_loop_t *loop;
	char path[320]; // "": in memory only
	bool closed;
	bool unwritten;
	bool writing; // on the other thread, to which `text` and `fresh_error` belong then
	uv_work_t work;
	char *text;
	char *last; // to be written when the other thread is done; NULL: nothing
	char fresh_error[STATE_FILE_ERROR_MAX];
	uint64_t retry_ms;
	char read_error[STATE_FILE_ERROR_MAX + DRILL_ERROR_MAX];
	char write_error[STATE_FILE_ERROR_MAX]; // of the last time; "": it went well
};

// "/var/lib/assay/trust.state" → "/var/lib/assay/drill.history"
static void set_path(struct drill_state *state, const char *trust_state)
{
	const char *slash = strrchr(trust_state, '/');

	if (trust_state[0] == '\0')
		return;
	snprintf(state->path, sizeof(state->path), "%.*s%s",
		 slash != NULL ? (int)(slash - trust_state) + 1 : 0, trust_state, FILE_NAME);
}

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
	if (state->read_error[0] != '\0')
		log_error("%s: earlier drills are forgotten", state->read_error);
}

struct drill_state *drill_state_open(uv_loop_t *loop, const struct config *config,
				     struct drill_host *drills)
{
	struct drill_state *state = calloc(1, sizeof(*state));
	char error[STATE_FILE_ERROR_MAX];

	if (state == NULL)
		return NULL;
	state->loop = loop;
	state->drills = drills;
	set_path(state, config->trust_state);
	if (state->path[0] == '\0')
		return state;
	read_file(state);
	if (state_file_prepare(state->path, config->user, error) != 0)
		log_error("%s", error);
	return state;
}

// The loop has nothing else to do by now.
static void write_last(struct drill_state *state)
{
	char error[STATE_FILE_ERROR_MAX];

	if (state_file_write(state->path, state->last, strlen(state->last), error) != 0)
		log_error("%s: reports of drills are lost at the next start", error);
}

static void release(struct drill_state *state)
{
	if (state->last != NULL)
		write_last(state);
	free(state->last);
	free(state->text);
	free(state);
}

void drill_state_close(struct drill_state *state)
{
	if (state == NULL)
		return;
	state->closed = true;
	if (state->path[0] != '\0' && (drill_host_changed(state->drills) || state->unwritten))
		state->last = drill_history_write(drill_host_drill(state->drills));
	if (!state->writing)
		release(state);
}

static void write_now(uv_work_t *work)
{
	struct drill_state *state = work->data;

	if (state_file_write(state->path, state->text, strlen(state->text), state->fresh_error) ==
	    0)
		state->fresh_error[0] = '\0';
}

static void set_write_error(struct drill_state *state, const char *error)
{
	if (error[0] != '\0' && strcmp(error, state->write_error) != 0)
		log_error("%s: reports of drills are lost at the next start", error);
	snprintf(state->write_error, sizeof(state->write_error), "%s", error);
	state->unwritten |= error[0] != '\0';
}

static void written(uv_work_t *work, int status)
{
	struct drill_state *state = work->data;

	state->writing = false;
	if (status != 0)
		snprintf(state->fresh_error, sizeof(state->fresh_error), "%s: %s", state->path,
			 uv_strerror(status));
	set_write_error(state, state->fresh_error);
	free(state->text);
	state->text = NULL;
	if (state->closed)
		release(state);
}

void drill_state_run(struct drill_state *state, uint64_t now_ms)
{
	if (drill_host_changed(state->drills)) {
		state->unwritten = state->path[0] != '\0';
		state->retry_ms = 0;
	}
	if (!state->unwritten || state->writing || now_ms < state->retry_ms)
		return;
	state->unwritten = false;
	state->retry_ms = now_ms + RETRY_MS;
	state->text = drill_history_write(drill_host_drill(state->drills));
	if (state->text == NULL) {
		set_write_error(state, "out of memory for reports of drills");
		return;
	}
	state->work.data = state;
	state->writing = uv_queue_work(state->loop, &state->work, write_now, written) == 0;
	if (!state->writing) {
		free(state->text);
		state->text = NULL;
		state->unwritten = true;
	}
}

static void say(const char *error, const char *what, void (*line)(const char *text, void *arg),
		void *arg)
{
	char text[STATE_FILE_ERROR_MAX + DRILL_ERROR_MAX + 80];

	if (error[0] == '\0')
		return;
	snprintf(text, sizeof(text), "alarm: %s: %s", error, what);
	line(text, arg);
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
			 (unsigned long long)(left_us + 999999) / 1000000, report->scope, report->fault);
		line(text, arg);
	}
	say(state->read_error, "earlier drills are forgotten", line, arg);
	say(state->write_error, "reports of drills are lost at the next start", line, arg);
}
