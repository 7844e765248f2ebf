#include "control/trust_state.h"

#include "control/log.h"
#include "control/state_file.h"
#include "control/validator/state_text.h"

#include <uv.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 60000 // of a file that could not be written
#define ROOT     ((const uint8_t *)"")

struct trust_state {
	struct trust_points *points;
	struct store *store;
	uv_loop_t *loop;
	char path[256]; // "": in memory only
	bool sentinel;

	bool closed;
	bool unwritten; // something has changed since the file was last written
	bool writing;   // on the other thread, to which `text`, `len` and `fresh_error` belong then
	uv_work_t work;
	char *text;
	size_t len;
	char fresh_error[STATE_FILE_ERROR_MAX];
	uint64_t retry_ms;

	char read_error[STATE_FILE_ERROR_MAX +
			STATE_ERROR_MAX];       // "": it was read, or there was none
	char write_error[STATE_FILE_ERROR_MAX]; // of the last time; "": it went well
	uint64_t writes, write_failures;
	uint64_t taken, left; // observations of the file
};

static void on_say(void *arg, bool alarm, const char *text)
{
	(void)arg;
	if (alarm)
		log_warning("%s", text);
	else
		log_info("%s", text);
}

// ---- reading ----

static void take_observation(const struct rrset *rrset, int64_t at_s, void *arg)
{
	struct trust_state *state = arg;

	if (trust_points_restore(state->points, rrset, at_s))
		state->taken++;
	else
		state->left++;
}

// What does not count now may be wanted by whoever finds out why: it is not overwritten.
static void keep_unused(const struct trust_state *state)
{
	char unused[sizeof(state->path) + 16];

	snprintf(unused, sizeof(unused), "%s.unused", state->path);
	if (rename(state->path, unused) == 0)
		log_warning("%s: kept as %s", state->path, unused);
}

static void read_file(struct trust_state *state)
{
	char error[STATE_FILE_ERROR_MAX], complaint[STATE_ERROR_MAX];
	size_t len;
	char *text = state_file_read(state->path, STATE_TEXT_MAX, &len, error);

	if (text == NULL)
		snprintf(state->read_error, sizeof(state->read_error), "%s", error);
	else if (state_text_read(text, len, take_observation, state, complaint) != 0)
		snprintf(state->read_error, sizeof(state->read_error), "%s:%s", state->path,
			 complaint);
	free(text);
	if (state->read_error[0] != '\0')
		log_error("%s: the configured trust anchors hold", state->read_error);
	if (state->left > 0)
		log_warning("%s: %llu of %llu entries do not count: not signed by what is trusted",
			    state->path, (unsigned long long)state->left,
			    (unsigned long long)(state->left + state->taken));
	if (state->read_error[0] != '\0' || state->left > 0)
		keep_unused(state);
}

// ---- writing ----

static void write_now(uv_work_t *work)
{
	struct trust_state *state = work->data;

	if (state->len > STATE_TEXT_MAX)
		snprintf(state->fresh_error, sizeof(state->fresh_error),
			 "%s: more keys than the file may hold", state->path);
	else if (state_file_write(state->path, state->text, state->len, state->fresh_error) == 0)
		state->fresh_error[0] = '\0';
}

static void set_write_error(struct trust_state *state, const char *error)
{
	if (error[0] != '\0' && strcmp(error, state->write_error) != 0)
		log_error("%s: what is learned about trust anchors is lost at the next start",
			  error);
	if (error[0] == '\0' && state->write_error[0] != '\0')
		log_info("%s: written again", state->path);
	state->writes += error[0] == '\0';
	state->write_failures += error[0] != '\0';
	snprintf(state->write_error, sizeof(state->write_error), "%s", error);
}

static void release(struct trust_state *state)
{
	free(state->text);
	free(state);
}

static void written(uv_work_t *work, int status)
{
	struct trust_state *state = work->data;

	state->writing = false;
	if (status != 0)
		snprintf(state->fresh_error, sizeof(state->fresh_error), "%s: %s", state->path,
			 uv_strerror(status));
	set_write_error(state, state->fresh_error);
	free(state->text);
	state->text = NULL;
	if (state->closed)
		release(state);
	else
		state->unwritten |= state->write_error[0] != '\0';
}

static void start_writing(struct trust_state *state, const struct store_clock *now)
{
	state->unwritten = false;
	state->retry_ms = now->now_ms + RETRY_MS;
	state->text = state_text_write(state->points, now->now_s);
	if (state->text == NULL) {
		set_write_error(state, "out of memory for the state of trust anchors");
		state->unwritten = true;
		return;
	}
	state->len = strlen(state->text);
	state->work.data = state;
	state->writing = uv_queue_work(state->loop, &state->work, write_now, written) == 0;
	if (!state->writing) {
		free(state->text);
		state->text = NULL;
		state->unwritten = true;
	}
}

static void tell_store(struct trust_state *state)
{
	uint16_t tags[TRUST_POINT_KEYS_MAX];

	if (state->sentinel)
		store_set_root_tags(
			state->store, tags,
			trust_points_tags(state->points, ROOT, tags, TRUST_POINT_KEYS_MAX));
}

void trust_state_run(struct trust_state *state, const struct store_clock *now)
{
	if (trust_points_changed(state->points)) {
		tell_store(state);
		state->unwritten = state->path[0] != '\0';
		state->retry_ms = 0;
	}
	if (state->unwritten && !state->writing && now->now_ms >= state->retry_ms)
		start_writing(state, now);
}

// ---- start and stop ----

static bool add_anchors(struct trust_state *state, const struct config *config)
{
	char name[NAME_TEXT_MAX];
	size_t usable = 0;

	for (size_t i = 0; i < config->anchor_count; i++) {
		const struct config_anchor *anchor = &config->anchors[i];
		int status = trust_points_add(state->points, anchor->owner, anchor->type,
					      anchor->rdata, anchor->rdlen, anchor->automatic);

		if (status == 0)
			usable++;
		else
			log_warning("a trust anchor of %s cannot be used: %s",
				    name_to_text(anchor->owner, name), strerror(-status));
	}
	return config->anchor_count == 0 || usable > 0;
}

static bool follows_any(const struct trust_points *points)
{
	for (size_t i = 0; i < trust_points_count(points); i++) {
		if (trust_points_zone(points, i)->point != NULL)
			return true;
	}
	return false;
}

static void open_file(struct trust_state *state, const struct config *config)
{
	char error[STATE_FILE_ERROR_MAX];

	if (follows_any(state->points))
		snprintf(state->path, sizeof(state->path), "%s", config->trust_state);
	if (state->path[0] == '\0')
		return;
	read_file(state);
	// Whether it can be written is seen at once, in the first turn.
	if (state_file_prepare(state->path, config->user, error) != 0)
		log_error("%s", error);
}

struct trust_state *trust_state_open(uv_loop_t *loop, const struct config *config,
				     struct trust *trust, struct store *store, char *err,
				     size_t err_len)
{
	const struct trust_points_config points = {.inception_skew_s = config->inception_skew_s,
						   .say = on_say};
	struct trust_state *state = calloc(1, sizeof(*state));
	struct store_clock now;

	if (state != NULL)
		state->points = trust_points_new(trust, &points);
	if (state == NULL || state->points == NULL) {
		snprintf(err, err_len, "out of memory for trust anchors");
		free(state);
		return NULL;
	}
	state->loop = loop;
	state->store = store;
	state->sentinel = config->sentinel;
	if (!add_anchors(state, config)) {
		snprintf(err, err_len, "none of the trust anchors can be used");
		trust_state_close(state);
		return NULL;
	}
	open_file(state, config);
	store_get_clock(store, &now);
	trust_points_begin(state->points, now.now_ms, now.now_s);
	return state;
}

void trust_state_close(struct trust_state *state)
{
	if (state == NULL)
		return;
	trust_points_free(state->points);
	state->points = NULL;
	state->closed = true;
	if (!state->writing)
		release(state);
}

struct trust_points *trust_state_points(struct trust_state *state)
{
	return state->points;
}

// ---- for operators ----

void trust_state_counters(const struct trust_state *state, upstream_counter_visit visit, void *arg)
{
	struct trust_points_counters counters;

	trust_points_counters(state->points, &counters);
	counters.alarms += (state->read_error[0] != '\0') + (state->write_error[0] != '\0');
#define X(field, words) visit("trust." #field, words, counters.field, arg);
	TRUST_POINTS_COUNTERS(X)
#undef X
	visit("trust.state_writes", "times that the state file was written", state->writes, arg);
	visit("trust.state_write_failures", "times that it could not be written",
	      state->write_failures, arg);
	visit("trust.state_left", "entries of it that did not count when it was read", state->left,
	      arg);
}

struct alarm_line {
	void (*line)(const char *text, void *arg);
	void *arg;
};

static void as_alarm(const char *text, void *arg)
{
	const struct alarm_line *to = arg;
	char alarm[NAME_TEXT_MAX + 512];

	snprintf(alarm, sizeof(alarm), "alarm: %s", text);
	to->line(alarm, to->arg);
}

void trust_state_describe(const struct trust_state *state,
			  void (*line)(const char *text, void *arg), void *arg)
{
	struct alarm_line to = {line, arg};
	struct trust_points_counters counters;
	char text[STATE_FILE_ERROR_MAX + STATE_ERROR_MAX + 80];

	trust_points_counters(state->points, &counters);
	snprintf(text, sizeof(text), "trust anchors: %llu, keys waiting to become one: %llu",
		 (unsigned long long)counters.anchors, (unsigned long long)counters.pending);
	line(text, arg);
	trust_points_alarms(state->points, as_alarm, &to);
	if (state->read_error[0] != '\0') {
		snprintf(text, sizeof(text),
			 "%s: was not used at the start; the configured trust "
			 "anchors hold",
			 state->read_error);
		as_alarm(text, &to);
	}
	if (state->write_error[0] != '\0') {
		snprintf(text, sizeof(text),
			 "%s: what is learned about trust anchors is lost at the "
			 "next start",
			 state->write_error);
		as_alarm(text, &to);
	}
}
