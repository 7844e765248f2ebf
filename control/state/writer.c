#include "control/state/writer.h"

#include "control/log.h"
#include "control/state/file.h"

#include <uv.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_FOLDER_ALARM "folder" // the subject in control/watch/looker.c
#define RETRY_MS           1000     // of a file that could not be written

struct state_writer {
	struct state_writer_config config;
	char path[320];
	bool ended;
	bool changed;
	bool writing; // on the other thread, to which `text` and `fresh_error` belong then
	uv_work_t work;
	char *text;
	char *last; // to be written when the other thread is done; NULL: nothing
	char fresh_error[STATE_FILE_ERROR_MAX];
	char error[STATE_FILE_ERROR_MAX];
	uint64_t retry_ms;
	struct state_writer_counters counters;
};

struct state_writer *state_writer_new(const struct state_writer_config *config)
{
	struct state_writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL)
		return NULL;
	writer->config = *config;
	snprintf(writer->path, sizeof(writer->path), "%s", config->path);
	writer->config.path = writer->path;
	return writer;
}

static void write_text(const struct state_writer *writer, const char *text,
		       char error[STATE_FILE_ERROR_MAX])
{
	const size_t len = strlen(text);

	if (len > writer->config.max)
		snprintf(error, STATE_FILE_ERROR_MAX, "%s: more than the file may hold",
			 writer->path);
	else if (!state_file_is_anothers(writer->path, writer->config.mark, error) &&
		 state_file_write(writer->path, text, len, error) == 0)
		error[0] = '\0';
}

static void set_error(struct state_writer *writer, const char *error)
{
	if (error[0] != '\0' && strcmp(error, writer->error) != 0)
		log_error("%s: %s", error, writer->config.cost);
	if (error[0] == '\0' && writer->error[0] != '\0')
		log_info("%s: written again", writer->path);
	writer->counters.writes += error[0] == '\0';
	writer->counters.failures += error[0] != '\0';
	writer->changed |= error[0] != '\0';
	snprintf(writer->error, sizeof(writer->error), "%s", error);
}

// The loop has nothing else to do by now.
static void release(struct state_writer *writer)
{
	char error[STATE_FILE_ERROR_MAX] = "";

	if (writer->last != NULL)
		write_text(writer, writer->last, error);
	if (error[0] != '\0')
		log_error("%s: %s", error, writer->config.cost);
	free(writer->last);
	free(writer->text);
	free(writer);
}

void state_writer_end(struct state_writer *writer, char *last)
{
	if (writer == NULL) {
		free(last);
		return;
	}
	writer->ended = true;
	writer->last = last;
	if (!writer->writing)
		release(writer);
}

// ---- the other thread ----

static void write_now(uv_work_t *work)
{
	struct state_writer *writer = work->data;

	write_text(writer, writer->text, writer->fresh_error);
}

static void written(uv_work_t *work, int status)
{
	struct state_writer *writer = work->data;

	writer->writing = false;
	if (status != 0)
		snprintf(writer->fresh_error, sizeof(writer->fresh_error), "%s: %s", writer->path,
			 uv_strerror(status));
	set_error(writer, writer->fresh_error);
	free(writer->text);
	writer->text = NULL;
	if (writer->ended)
		release(writer);
}

void state_writer_changed(struct state_writer *writer)
{
	writer->changed = true;
	writer->retry_ms = 0;
}

bool state_writer_owes(const struct state_writer *writer)
{
	return writer->changed;
}

void state_writer_run(struct state_writer *writer, uint64_t now_ms)
{
	if (!writer->changed || writer->writing || now_ms < writer->retry_ms)
		return;
	writer->changed = false;
	writer->retry_ms = now_ms + RETRY_MS;
	writer->text = writer->config.make(writer->config.arg);
	if (writer->text == NULL) {
		char error[STATE_FILE_ERROR_MAX];
		snprintf(error, sizeof(error), "%s: out of memory", writer->path);
		set_error(writer, error);
		return;
	}
	writer->work.data = writer;
	writer->writing =
		uv_queue_work(writer->config.loop, &writer->work, write_now, written) == 0;
	if (!writer->writing) {
		free(writer->text);
		writer->text = NULL;
		writer->changed = true;
	}
}

// ---- for operators ----

void state_writer_alarm(const struct state_writer *writer, struct alarms *alarms,
			const char *subject)
{
	if (!alarm_is_told(alarms, ALARM_STATE, STATE_FOLDER_ALARM) &&
	    !alarm_is_told(alarms, ALARM_DISK, STATE_FOLDER_ALARM))
		alarm_holds(alarms, ALARM_STATE, subject, "%s: %s", writer->error,
			    writer->config.cost);
}

const char *state_writer_error(const struct state_writer *writer)
{
	return writer->error;
}

const char *state_writer_cost(const struct state_writer *writer)
{
	return writer->config.cost;
}

struct state_writer_counters state_writer_counters(const struct state_writer *writer)
{
	return writer->counters;
}
