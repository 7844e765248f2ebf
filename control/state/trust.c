#include "control/state/trust.h"

#include "control/log.h"
#include "control/state/file.h"
#include "control/state/writer.h"
#include "control/validator/state_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT ((const uint8_t *)"")

struct trust_state {
	struct trust_points *points;
	struct store *store;
	struct state_writer *writer; // NULL: in memory only
	char path[256];
	bool sentinel;
	bool has_run;
	int64_t now_s;

	// "": it was read, or there was none.
	char read_error[STATE_FILE_ERROR_MAX + STATE_ERROR_MAX];
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

static void keep_unused(const struct trust_state *state)
{
	char kept[STATE_FILE_KEPT_MAX];

	if (state_file_keep(state->path, STATE_TEXT_MARK, kept))
		log_warning("%s: kept as %s", state->path, kept);
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
	if (state->read_error[0] != '\0')
		state_writer_changed(state->writer);
}

// ---- writing ----

static char *make_text(void *arg)
{
	const struct trust_state *state = arg;

	return state_text_write(state->points, state->now_s);
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
		if (state->writer != NULL)
			state_writer_changed(state->writer);
	}
	state->now_s = now->now_s;
	state->has_run = true;
	if (state->writer != NULL)
		state_writer_run(state->writer, now->now_ms);
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

// False: no memory.
static bool open_file(struct trust_state *state, struct uv_loop_s *loop,
		      const struct config *config)
{
	char error[STATE_FILE_ERROR_MAX];

	if (follows_any(state->points))
		snprintf(state->path, sizeof(state->path), "%s", config->trust_state);
	if (state->path[0] == '\0')
		return true;
	state->writer = state_writer_new(&(const struct state_writer_config){
		.loop = loop,
		.path = state->path,
		.mark = STATE_TEXT_MARK,
		.max = STATE_TEXT_MAX,
		.cost = "what is learned about trust anchors is lost at the next start",
		.make = make_text,
		.arg = state,
	});
	if (state->writer == NULL)
		return false;
	read_file(state);
	// Whether it can be written is seen at once, in the first turn.
	if (state_file_prepare(state->path, config->user, error) != 0)
		log_error("%s", error);
	return true;
}

struct trust_state *trust_state_open(struct uv_loop_s *loop, const struct config *config,
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
	state->store = store;
	state->sentinel = config->sentinel;
	if (!add_anchors(state, config)) {
		snprintf(err, err_len, "none of the trust anchors can be used");
		trust_state_close(state);
		return NULL;
	}
	if (!open_file(state, loop, config)) {
		snprintf(err, err_len, "out of memory for the state of trust anchors");
		trust_state_close(state);
		return NULL;
	}
	store_get_clock(store, &now);
	trust_points_begin(state->points, now.now_ms, now.now_s);
	return state;
}

void trust_state_close(struct trust_state *state)
{
	if (state == NULL)
		return;
	if (state->writer != NULL) {
		// A start that ends before has learned nothing, and may lack the rights of user.
		bool owes = state->has_run && (trust_points_changed(state->points) ||
					       state_writer_owes(state->writer));
		state_writer_end(state->writer, owes ? make_text(state) : NULL);
	}
	trust_points_free(state->points);
	free(state);
}

struct trust_points *trust_state_points(struct trust_state *state)
{
	return state->points;
}

// ---- for operators ----

// What was lost is in the log, and is no fault any more once there is a good file again.
static bool lacks_file(const struct trust_state *state)
{
	return state->read_error[0] != '\0' && state_writer_counters(state->writer).writes == 0;
}

void trust_state_counters(const struct trust_state *state, upstream_counter_visit visit, void *arg)
{
	struct trust_points_counters counters;
	struct state_writer_counters file = {0};

	trust_points_counters(state->points, &counters);
	counters.alarms += lacks_file(state);
	if (state->writer != NULL) {
		counters.alarms += state_writer_error(state->writer)[0] != '\0';
		file = state_writer_counters(state->writer);
	}
#define X(field, words) visit("trust." #field, words, counters.field, arg);
	TRUST_POINTS_COUNTERS(X)
#undef X
	visit("trust.state_writes", "times that the state file was written", file.writes, arg);
	visit("trust.state_write_failures", "times that it could not be written", file.failures,
	      arg);
	visit("trust.state_left", "entries of it that did not count when it was read", state->left,
	      arg);
}

void trust_state_describe(const struct trust_state *state,
			  void (*line)(const char *text, void *arg), void *arg)
{
	struct trust_points_counters counters;
	char text[96];

	trust_points_counters(state->points, &counters);
	snprintf(text, sizeof(text), "trust anchors: %llu, keys waiting to become one: %llu",
		 (unsigned long long)counters.anchors, (unsigned long long)counters.pending);
	line(text, arg);
}

// What differs is another alarm.
static void anchor_alarm(const char *text, void *alarms)
{
	alarm_holds(alarms, ALARM_ANCHORS, text, "%s", text);
}

void trust_state_alarms(void *arg, struct alarms *alarms)
{
	const struct trust_state *state = arg;

	// A wrong clock is told of by itself, and explains it.
	if (!alarm_is_told(alarms, ALARM_CLOCK, ""))
		trust_points_alarms(state->points, anchor_alarm, alarms);
	if (state->writer == NULL)
		return;
	if (state_writer_error(state->writer)[0] != '\0')
		state_writer_alarm(state->writer, alarms, "trust.state");
	else if (lacks_file(state))
		alarm_holds(alarms, ALARM_STATE, "trust.state",
			    "%s: was not used at the start; the configured trust anchors hold",
			    state->read_error);
}
