// Reports of drills over a restart.
#include "control/drill/history.h"
#include "control/state/drills.h"
#include "control/state/file.h"
#include "tests/scenario/zones.h"

#include <uv.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], path[128], unused[160];
static struct config config;
static uv_loop_t loop;

static void begin_world(void)
{
	begin();
	add_example(w);
	world_start(w);
	assert_true(world_drill(w, "--scope upstream:" PROVIDER_A " --fault drop --for 10"));
	assert_true(drill_host_stop(w->drills));
}

static int start(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/assay-drills-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/drill.history", folder);
	snprintf(unused, sizeof(unused), "%s.unused", path);
	snprintf(config.trust_state, sizeof(config.trust_state), "%s/trust.state", folder);
	begin_world();
	return uv_loop_init(&loop);
}

static int end(void **state)
{
	char command[160];

	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&loop), 0);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
	return end_world(state);
}

static struct drill_state *open_state(void)
{
	struct drill_state *state = drill_state_open(&loop, &config, w->drills);

	assert_non_null(state);
	return state;
}

static size_t reports(void)
{
	return drill_report_count(drill_host_drill(w->drills));
}

// Another process, which has run a drill itself.
static void restart(void)
{
	end_world(NULL);
	begin_world();
	assert_int_equal(reports(), 1);
}

static void add_alarm(const struct alarm *alarm, void *arg)
{
	char *all = arg;

	snprintf(all + strlen(all), 1000 - strlen(all), "%s\n", alarm->text);
}

static void what_changes_is_written_while_it_runs(void **arg)
{
	(void)arg;
	struct drill_state *state = open_state();

	drill_state_run(state, 1000);
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(access(path, F_OK), 0);
	drill_state_close(state);
	restart();
	state = open_state();
	assert_int_equal(reports(), 2);
	drill_state_close(state);
}

static void what_changed_last_is_written_at_the_end(void **arg)
{
	(void)arg;
	drill_state_close(open_state());
	restart();
	struct drill_state *state = open_state();
	assert_int_equal(reports(), 2);
	drill_state_close(state);
}

static void what_cannot_be_read_is_kept_and_an_alarm(void **arg)
{
	char error[STATE_FILE_ERROR_MAX], all[1000] = "";

	(void)arg;
	assert_int_equal(
		state_file_write(path, DRILL_HISTORY_MARK, strlen(DRILL_HISTORY_MARK), error), 0);
	struct drill_state *state = open_state();
	const struct store_clock clock = {.now_ms = 1000, .now_s = 1000};
	struct alarms *alarms = alarms_new();
	assert_true(alarms_add(alarms, drill_state_alarms, state));
	alarms_now(alarms, &clock);
	assert_int_equal(alarms_named(alarms, ALARM_STATE), 1);
	alarms_each(alarms, add_alarm, all);
	alarms_free(alarms);
	assert_non_null(strstr(all, unused));
	assert_int_equal(access(unused, F_OK), 0);
	assert_int_equal(access(path, F_OK), -1);
	drill_state_close(state);
}

static void b5_what_is_no_history_is_left_as_it_is(void **arg)
{
	char error[STATE_FILE_ERROR_MAX];
	size_t len;

	(void)arg;
	assert_int_equal(state_file_write(path, "nonsense", 8, error), 0);
	struct drill_state *state = open_state();
	drill_state_run(state, 1000);
	drill_state_close(state);
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(access(unused, F_OK), -1);
	char *text = state_file_read(path, 100, &len, error);
	assert_string_equal(text, "nonsense");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_changes_is_written_while_it_runs, start, end),
		cmocka_unit_test_setup_teardown(what_changed_last_is_written_at_the_end, start,
						end),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_kept_and_an_alarm, start,
						end),
		cmocka_unit_test_setup_teardown(b5_what_is_no_history_is_left_as_it_is, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
