// Reports over a restart.
#include "control/drill/history.h"
#include "tests/unit/control/drill/testing.h"

#include <errno.h>
#include <stdlib.h>

static void no_random(void *arg, void *out, size_t len)
{
	(void)arg;
	memset(out, 0, len);
}

static struct drill *opened(void)
{
	struct drill *drill = drill_new(no_random, NULL);

	assert_non_null(drill);
	return drill;
}

static void run_one(struct drill *drill, const char *words, bool to_its_end)
{
	const struct drill_zones zones = {.known = 9, .touched = 4, .alone = 2};
	const struct drill_tally tally = {.cached = 5};
	const struct drill_spec spec = spec_of(words);

	assert_int_equal(drill_start(drill, &spec, &zones, &tally, 1000000, 1700000000), 0);
	if (to_its_end)
		assert_true(drill_stop(drill, &tally, 3500000));
}

static void reports_come_back_as_they_were(void **state)
{
	struct drill *before = opened(), *after = opened();
	char err[DRILL_ERROR_MAX];

	(void)state;
	run_one(before, "--scope upstream:192.0.2.1 --fault drop --for 10", true);
	run_one(before, "--scope zone:example.com --fault bogus --for 20", true);
	char *text = drill_history_write(before);
	assert_non_null(text);
	assert_true(strlen(text) < DRILL_HISTORY_MAX / DRILL_REPORTS_MAX);
	if (drill_history_read(after, text, strlen(text), err) != 0)
		fail_msg("%s", err);
	assert_int_equal(drill_report_count(after), 2);
	for (size_t i = 0; i < 2; i++) {
		struct drill_report was = *drill_report(before, i), is = *drill_report(after, i);
		assert_string_equal(is.scope, was.scope);
		assert_string_equal(is.fault, was.fault);
		assert_int_equal(is.end, was.end);
		assert_int_equal(is.steerable, was.steerable);
		assert_true(is.closed);
#define X(field, words) assert_true(is.field == was.field);
		DRILL_NUMBERS(X)
#undef X
#define X(field, words) assert_true(is.tally.field == was.tally.field);
		DRILL_TALLY(X)
#undef X
	}
	// Numbers go on.
	run_one(after, "--scope uplink --fault drop", true);
	assert_int_equal(drill_report(after, 0)->number, 3);
	free(text);
	drill_free(before);
	drill_free(after);
}

static void one_that_was_running_was_cut(void **state)
{
	struct drill *before = opened(), *after = opened();
	char err[DRILL_ERROR_MAX];

	(void)state;
	run_one(before, "--scope uplink --fault drop --for 10", false);
	char *text = drill_history_write(before);
	assert_int_equal(drill_history_read(after, text, strlen(text), err), 0);
	assert_int_equal(drill_report(after, 0)->end, DRILL_CUT);
	assert_false(drill_running(after, 1000000));
	free(text);
	drill_free(before);
	drill_free(after);
}

static void the_largest_history_fits_the_file(void **state)
{
	struct drill *drill = opened();
	char zone[300] = "--fault drop --scope zone:", label[64];

	(void)state;
	memset(label, 'a', 61);
	snprintf(label + 61, 3, ".");
	for (int i = 0; i < 4; i++)
		strcat(zone, label);
	for (int i = 0; i < DRILL_REPORTS_MAX; i++)
		run_one(drill, zone, true);
	char *text = drill_history_write(drill);
	assert_true(strlen(text) < DRILL_HISTORY_MAX);
	free(text);
	drill_free(drill);
}

static void what_is_damaged_is_refused_whole(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"assay_drills\": 2, \"reports\": []}",
		"{\"assay_drills\": 1, \"reports\": {}}",
		"{\"assay_drills\": 1, \"reports\": [7]}",
		"{\"assay_drills\": 1, \"reports\": [{\"scope\": \"uplink\"}]}",
	};
	struct drill *drill = opened();
	char err[DRILL_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_not_equal(drill_history_read(drill, texts[i], strlen(texts[i]), err), 0);
		assert_true(err[0] != '\0');
		assert_int_equal(drill_report_count(drill), 0);
	}
	drill_free(drill);
}

// What is always known is never null.
static void counts_that_are_missing_are_refused(void **state)
{
	static const char *const fields[] = {"number", "fresh", "servfail"};
	struct drill *before = opened();

	(void)state;
	run_one(before, "--scope uplink --fault drop --for 10", true);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct drill *after = opened();
		char err[DRILL_ERROR_MAX], *text = drill_history_write(before);
		json_t *all = json_loads(text, 0, NULL);
		json_object_set_new(json_array_get(json_object_get(all, "reports"), 0), fields[i],
				    json_null());
		free(text);
		text = json_dumps(all, 0);
		assert_int_equal(drill_history_read(after, text, strlen(text), err), -EINVAL);
		free(text);
		json_decref(all);
		drill_free(after);
	}
	drill_free(before);
}

static void every_altered_byte_is_taken_or_refused(void **state)
{
	struct drill *before = opened();
	char err[DRILL_ERROR_MAX];

	(void)state;
	run_one(before, "--scope upstream:192.0.2.1 --fault drop --for 10", true);
	char *text = drill_history_write(before);
	size_t len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		struct drill *after = opened();
		char verdict[DRILL_VERDICT_MAX], was = text[i];
		text[i] ^= 5;
		if (drill_history_read(after, text, len, err) == 0 && drill_report_count(after) > 0)
			assert_non_null(drill_verdict(drill_report(after, 0), verdict));
		text[i] = was;
		drill_free(after);
	}
	free(text);
	drill_free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_come_back_as_they_were),
		cmocka_unit_test(one_that_was_running_was_cut),
		cmocka_unit_test(the_largest_history_fits_the_file),
		cmocka_unit_test(what_is_damaged_is_refused_whole),
		cmocka_unit_test(counts_that_are_missing_are_refused),
		cmocka_unit_test(every_altered_byte_is_taken_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
