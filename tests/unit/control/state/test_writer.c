// A file that follows what changes, on the loop's other thread.
#include "control/log.h"
#include "control/state/file.h"
#include "control/state/writer.h"
#include "tests/unit/control/testing.h"

#include <uv.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], path[128];
static uv_loop_t loop;
static struct state_writer *writer;
static unsigned version, made;
static bool no_memory;

static char *make(void *arg)
{
	char *text = NULL;

	assert_ptr_equal(arg, &version);
	made++;
	if (!no_memory)
		assert_true(asprintf(&text, "version %u\n", version) > 0);
	return text;
}

static const char *mark = "";

static void open_writer(const char *file, size_t max)
{
	writer = state_writer_new(&(const struct state_writer_config){
		.loop = &loop,
		.path = file,
		.mark = mark,
		.max = max,
		.cost = "it is lost",
		.make = make,
		.arg = &version,
	});
	assert_non_null(writer);
}

static int start(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/assay-writer-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.state", folder);
	version = made = 0;
	no_memory = false;
	return uv_loop_init(&loop);
}

static int end(void **state)
{
	char command[160];

	(void)state;
	assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&loop), 0);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void assert_holds(const char *file, const char *text)
{
	char err[STATE_FILE_ERROR_MAX];
	size_t len;
	char *read = state_file_read(file, 1000, &len, err);

	assert_string_equal(err, "");
	assert_string_equal(read, text);
	free(read);
}

static void change(uint64_t now_ms)
{
	version++;
	state_writer_changed(writer);
	state_writer_run(writer, now_ms);
}

static void the_latest_change_is_what_the_file_holds(void **state)
{
	(void)state;
	open_writer(path, 100);
	state_writer_run(writer, 1);
	assert_int_equal(made, 0);
	change(1);
	// While one is written, what changes waits; how often does not matter.
	for (unsigned i = 0; i < 5; i++)
		change(2);
	assert_int_equal(made, 1);
	assert_true(state_writer_owes(writer));
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_holds(path, "version 1\n");
	state_writer_run(writer, 3);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_holds(path, "version 6\n");
	assert_int_equal(made, 2);
	assert_false(state_writer_owes(writer));
	assert_int_equal(state_writer_counters(writer).writes, 2);
	state_writer_end(writer, NULL);
}

static void an_error_is_told_and_tried_again_every_second(void **state)
{
	char away[160];

	(void)state;
	snprintf(away, sizeof(away), "%s/sub/a.state", folder);
	open_writer(away, 100);
	change(1000);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_non_null(strstr(state_writer_error(writer), away));
	assert_string_equal(state_writer_cost(writer), "it is lost");
	assert_true(state_writer_owes(writer));
	state_writer_run(writer, 1999);
	assert_int_equal(made, 1);
	snprintf(away, sizeof(away), "mkdir %s/sub", folder);
	assert_int_equal(system(away), 0);
	state_writer_run(writer, 2000);
	uv_run(&loop, UV_RUN_DEFAULT);
	snprintf(away, sizeof(away), "%s/sub/a.state", folder);
	assert_holds(away, "version 1\n");
	assert_string_equal(state_writer_error(writer), "");
	assert_int_equal(state_writer_counters(writer).failures, 1);
	// A change does not wait for the second.
	change(2001);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_holds(away, "version 2\n");
	state_writer_end(writer, NULL);
}

static void too_much_and_no_memory_are_errors(void **state)
{
	(void)state;
	open_writer(path, 5);
	change(1);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_non_null(strstr(state_writer_error(writer), "more than the file may hold"));
	assert_int_not_equal(access(path, F_OK), 0);
	no_memory = true;
	change(2);
	assert_non_null(strstr(state_writer_error(writer), "memory"));
	assert_true(state_writer_owes(writer));
	state_writer_end(writer, NULL);
}

static void what_is_under_way_at_the_end_is_finished_and_the_last_follows(void **state)
{
	(void)state;
	open_writer(path, 100);
	change(1);
	state_writer_end(writer, strdup("the last\n"));
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_holds(path, "the last\n");
	open_writer(path, 100);
	state_writer_end(writer, strdup("at once\n"));
	assert_holds(path, "at once\n");
	state_writer_end(NULL, strdup("nowhere"));
}

static void what_cannot_be_used_is_kept(void **state)
{
	char kept[STATE_FILE_KEPT_MAX], err[STATE_FILE_ERROR_MAX];

	(void)state;
	assert_false(state_file_keep(path, "", kept));
	assert_int_equal(state_file_write(path, "odd\n", 4, err), 0);
	assert_true(state_file_keep(path, "", kept));
	assert_holds(kept, "odd\n");
	assert_int_not_equal(access(path, F_OK), 0);
}

static void put(const char *file, const char *text)
{
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
}

static void change_whole(uint64_t now_ms)
{
	change(now_ms);
	uv_run(&loop, UV_RUN_DEFAULT);
}

// Whatever stood there was moved away and replaced: a configuration, for a while.
static void b5_a_file_of_another_is_neither_replaced_nor_kept(void **state)
{
	char kept[STATE_FILE_KEPT_MAX], fresh[160];

	(void)state;
	mark = "version ";
	put(path, "ports: []\n");
	open_writer(path, 100);
	change_whole(1);
	assert_non_null(strstr(state_writer_error(writer), "is no file that assayd has written"));
	assert_holds(path, "ports: []\n");
	assert_false(state_file_keep(path, mark, kept));
	assert_int_not_equal(access(kept, F_OK), 0);
	// Empty, cut off by a full disk, or ours: replaced.
	put(path, "");
	change_whole(2);
	assert_holds(path, "version 2\n");
	put(path, "vers");
	change_whole(3);
	assert_holds(path, "version 3\n");
	// What is made beside it takes nobody's place either.
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	put(fresh, "ports: []\n");
	change_whole(4);
	assert_holds(fresh, "ports: []\n");
	assert_holds(path, "version 3\n");
	put(kept, "ports: []\n");
	assert_false(state_file_keep(path, mark, kept));
	assert_holds(kept, "ports: []\n");
	unlink(kept);
	assert_true(state_file_keep(path, mark, kept));
	state_writer_end(writer, NULL);
	mark = "";
}

#define writer_test(f) cmocka_unit_test_setup_teardown(f, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		writer_test(the_latest_change_is_what_the_file_holds),
		writer_test(an_error_is_told_and_tried_again_every_second),
		writer_test(too_much_and_no_memory_are_errors),
		writer_test(what_is_under_way_at_the_end_is_finished_and_the_last_follows),
		writer_test(what_cannot_be_used_is_kept),
		writer_test(b5_a_file_of_another_is_neither_replaced_nor_kept),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
