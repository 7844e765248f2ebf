#include "control/drill/history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VERSION 1

static json_t *number_json(uint64_t number)
{
	return number == DRILL_NEVER ? json_null() : json_integer((json_int_t)number);
}

json_t *drill_report_json(const struct drill_report *report)
{
	char verdict[DRILL_VERDICT_MAX];
	json_t *json = json_object();
	int failed = json == NULL;

	failed |= json_object_set_new(json, "scope", json_string(report->scope));
	failed |= json_object_set_new(json, "fault", json_string(report->fault));
	failed |= json_object_set_new(json, "end", json_string(drill_end_word(report->end)));
	failed |= json_object_set_new(json, "closed", json_boolean(report->closed));
	failed |= json_object_set_new(json, "steerable", json_boolean(report->steerable));
#define X(field, words) failed |= json_object_set_new(json, #field, number_json(report->field));
	DRILL_NUMBERS(X)
#undef X
#define X(field, words)                                                                            \
	failed |= json_object_set_new(json, #field, number_json(report->tally.field));
	DRILL_TALLY(X)
#undef X
	failed |= json_object_set_new(json, "verdict", json_string(drill_verdict(report, verdict)));
	if (!failed)
		return json;
	json_decref(json);
	return NULL;
}

char *drill_history_write(const struct drill *drill)
{
	json_t *reports = json_array();
	json_t *all = json_pack("{s:i, s:o}", "assay_drills", VERSION, "reports", reports);
	char *text = NULL;
	int failed = all == NULL;

	for (size_t i = drill_report_count(drill); i > 0 && !failed; i--)
		failed = json_array_append_new(reports,
					       drill_report_json(drill_report(drill, i - 1)));
	if (!failed)
		text = json_dumps(all, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	json_decref(all);
	return text;
}

// ---- reading ----

static bool read_number(const json_t *json, const char *field, uint64_t *out)
{
	const json_t *value = json_object_get(json, field);

	if (json_is_null(value)) {
		*out = DRILL_NEVER;
		return true;
	}
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*out = (uint64_t)json_integer_value(value);
	return true;
}

// Ends up in terminals.
static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < 0x20 || *text > 0x7e)
			return false;
	}
	return true;
}

static bool read_text(const json_t *json, const char *field, char out[DRILL_TEXT_MAX])
{
	const char *text = json_string_value(json_object_get(json, field));

	if (text == NULL || strlen(text) >= DRILL_TEXT_MAX || !is_plain(text))
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool read_end(const json_t *json, enum drill_end *out)
{
	const char *text = json_string_value(json_object_get(json, "end"));

	for (unsigned i = 0; text != NULL && i < DRILL_END_COUNT; i++) {
		*out = (enum drill_end)i;
		if (strcmp(text, drill_end_word(*out)) == 0)
			return true;
	}
	return false;
}

static bool read_report(const json_t *json, struct drill_report *out)
{
	bool good = read_text(json, "scope", out->scope) && read_text(json, "fault", out->fault) &&
		    read_end(json, &out->end);

	out->steerable = json_is_true(json_object_get(json, "steerable"));
	// The verdict names what follows it.
	if (out->steerable && good && strchr(out->scope, ':') == NULL)
		return false;
#define X(field, words) good = good && read_number(json, #field, &out->field);
	DRILL_NUMBERS(X)
#undef X
#define X(field, words)                                                                            \
	good = good && read_number(json, #field, &out->tally.field) &&                             \
	       out->tally.field != DRILL_NEVER;
	DRILL_TALLY(X)
#undef X
	return good && out->number != DRILL_NEVER;
}

static int refuse(json_t *all, char err[DRILL_ERROR_MAX], const char *sentence)
{
	snprintf(err, DRILL_ERROR_MAX, "%s", sentence);
	json_decref(all);
	return -EINVAL;
}

int drill_history_read(struct drill *drill, const char *text, size_t len, char err[DRILL_ERROR_MAX])
{
	static struct drill_report reports[DRILL_REPORTS_MAX];
	json_error_t error;
	json_t *all = json_loadb(text, len, 0, &error);
	const json_t *list = json_object_get(all, "reports");
	size_t count = json_array_size(list);

	err[0] = '\0';
	if (all == NULL || json_integer_value(json_object_get(all, "assay_drills")) != VERSION ||
	    !json_is_array(list))
		return refuse(all, err, "is no history of drills");
	if (count > DRILL_REPORTS_MAX)
		return refuse(all, err, "holds more drills than are ever kept");
	memset(reports, 0, sizeof(reports));
	for (size_t i = 0; i < count; i++) {
		if (!read_report(json_array_get(list, i), &reports[i]))
			return refuse(all, err, "holds a drill that cannot be read");
	}
	for (size_t i = 0; i < count; i++)
		drill_remember(drill, &reports[i]);
	json_decref(all);
	return 0;
}
