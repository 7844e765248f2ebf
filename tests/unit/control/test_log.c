// Each test makes standard error a file, a pipe or a socket of its own, and puts it back.
#include "control/log.h"
#include "tests/unit/control/testing.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int standard_error, read_end;

static void becomes_standard_error(int write_fd, int read_fd)
{
	standard_error = dup(STDERR_FILENO);
	assert_true(dup2(write_fd, STDERR_FILENO) >= 0);
	close(write_fd);
	read_end = read_fd;
}

static int pipe_setup(void **state)
{
	int ends[2];

	(void)state;
	if (pipe(ends) != 0)
		return -1;
	becomes_standard_error(ends[1], ends[0]);
	log_set_level(LOG_LEVEL_INFO);
	alarm(120); // what blocks fails
	return 0;
}

static int socket_setup(void **state)
{
	int ends[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return -1;
	becomes_standard_error(ends[1], ends[0]);
	log_set_level(LOG_LEVEL_INFO);
	alarm(120);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	alarm(0);
	dup2(standard_error, STDERR_FILENO);
	close(standard_error);
	if (read_end >= 0)
		close(read_end);
	return 0;
}

// What has been written so far, as one string.
static char text[1 << 20];
static const char *logged(void)
{
	size_t len = 0;
	ssize_t got;

	fcntl(read_end, F_SETFL, O_NONBLOCK);
	while (len < sizeof(text) - 1 &&
	       (got = read(read_end, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	return text;
}

static size_t lines(const char *all)
{
	size_t count = 0;

	for (; *all; all++)
		count += *all == '\n';
	return count;
}

static void line_has_time_level_and_words(void **state)
{
	(void)state;
	int year, month, day, hour, minute, second, ms;
	char level[16], words[64];

	log_warning("%s is gone", "192.0.2.1");
	assert_int_equal(sscanf(logged(),
				"%4d-%2d-%2dT%2d:%2d:%2d.%3dZ assayd %15[a-z]: %63[^\n]\n", &year,
				&month, &day, &hour, &minute, &second, &ms, level, words),
			 9);
	assert_string_equal(level, "warning");
	assert_string_equal(words, "192.0.2.1 is gone");
	assert_true(year >= 2024);
}

static void level_decides(void **state)
{
	(void)state;
	enum log_level level;

	log_set_level(LOG_LEVEL_WARNING);
	log_info("not said");
	log_line(LOG_LEVEL_DEBUG, "not said");
	assert_string_equal(logged(), "");
	log_error("said");
	assert_int_equal(lines(logged()), 1);
	assert_int_equal(log_level_from_text("Debug", &level), 0);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_string_equal(log_level_to_text(level), "debug");
	assert_true(log_level_from_text("loud", &level) < 0);
	assert_true(log_level_from_text("", &level) < 0);
}

static void control_characters_never_reach_the_terminal(void **state)
{
	(void)state;
	const char *line;

	log_info("%s", "a\x1b[2Jb\nc\rd\te\x7f"
		       "f\xc2\x9bg\x9bh");
	line = logged();
	assert_int_equal(lines(line), 1);
	assert_non_null(strstr(line, "a?[2Jb?c?d?e?f??g?h\n"));
	for (const char *c = line; c[1] != '\0'; c++)
		assert_in_range((unsigned char)*c, ' ', '~');
}

static void long_line_is_cut_and_ended(void **state)
{
	(void)state;
	static char words[10000];
	const char *line;

	memset(words, 'x', sizeof(words) - 1);
	log_info("%s", words);
	line = logged();
	assert_int_equal(lines(line), 1);
	assert_int_equal(strlen(line), 2047);
	log_info("next");
	assert_non_null(strstr(logged(), ": next\n"));
}

static void burst_is_limited_and_what_was_left_out_is_said(void **state)
{
	(void)state;
	struct log_limit limit = {.burst = 3};
	const char *all;

	for (int i = 0; i < 10; i++)
		log_limited(&limit, 5000 + (uint64_t)i, LOG_LEVEL_WARNING, "bogus %d", i);
	all = logged();
	assert_int_equal(lines(all), 3);
	assert_non_null(strstr(all, "bogus 2\n"));
	log_limited(&limit, 6000, LOG_LEVEL_WARNING, "bogus again");
	all = logged();
	assert_int_equal(lines(all), 2);
	assert_non_null(strstr(all, "7 more lines of this kind were left out\n"));
	assert_non_null(strstr(all, "bogus again\n"));
	log_limited(&limit, 7000, LOG_LEVEL_WARNING, "bogus once more");
	assert_int_equal(lines(logged()), 1);
}

static void limit_counts_nothing_that_the_level_leaves_out(void **state)
{
	(void)state;
	struct log_limit limit = {.burst = 1};

	for (int i = 0; i < 10; i++)
		log_limited(&limit, 5000, LOG_LEVEL_DEBUG, "detail");
	log_limited(&limit, 5000, LOG_LEVEL_ERROR, "said");
	log_limited(&limit, 6000, LOG_LEVEL_ERROR, "said");
	assert_int_equal(lines(logged()), 2);
}

static void *log_much(void *words)
{
	for (int i = 0; i < 2000; i++)
		log_error("%s", (const char *)words);
	return NULL;
}

// ATTACKS O20. Four threads, and nobody reads: no line blocks, none is torn, the rest is counted.
static void O20_full_pipe_or_socket_loses_lines_and_does_not_block(void **state)
{
	(void)state;
	static char words[1500];
	uint64_t lost = log_lines_lost();
	pthread_t threads[4];
	size_t whole = 0;
	char *line;

	memset(words, 'y', sizeof(words) - 1);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, log_much, words);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	lost = log_lines_lost() - lost;
	assert_true(lost > 0);
	line = strtok((char *)(uintptr_t)logged(), "\n");
	for (; line; line = strtok(NULL, "\n"), whole++)
		assert_int_equal(strspn(strrchr(line, ' ') + 1, "y"), sizeof(words) - 1);
	assert_int_equal(whole + lost, 4 * 2000);
	log_error("room again");
	assert_non_null(strstr(logged(), "room again\n"));
}

static void O20_reader_that_is_gone_is_counted(void **state)
{
	(void)state;
	uint64_t lost = log_lines_lost();

	signal(SIGPIPE, SIG_IGN);
	close(read_end);
	read_end = -1;
	log_error("for nobody");
	assert_int_equal(log_lines_lost(), lost + 1);
}

static void O20_full_disk_is_counted(void **state)
{
	(void)state;
	uint64_t lost = log_lines_lost();
	int full = open("/dev/full", O_WRONLY);

	assert_true(full >= 0);
	dup2(full, STDERR_FILENO);
	close(full);
	log_error("for no disk");
	assert_int_equal(log_lines_lost(), lost + 1);
}

int main(void)
{
#define PIPE(f)   cmocka_unit_test_setup_teardown(f, pipe_setup, teardown)
#define SOCKET(f) cmocka_unit_test_setup_teardown(f, socket_setup, teardown)
	const struct CMUnitTest tests[] = {
		PIPE(line_has_time_level_and_words),
		PIPE(level_decides),
		PIPE(control_characters_never_reach_the_terminal),
		PIPE(long_line_is_cut_and_ended),
		PIPE(burst_is_limited_and_what_was_left_out_is_said),
		PIPE(limit_counts_nothing_that_the_level_leaves_out),
		PIPE(O20_full_pipe_or_socket_loses_lines_and_does_not_block),
		SOCKET(O20_full_pipe_or_socket_loses_lines_and_does_not_block),
		PIPE(O20_reader_that_is_gone_is_counted),
		SOCKET(O20_reader_that_is_gone_is_counted),
		PIPE(O20_full_disk_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
