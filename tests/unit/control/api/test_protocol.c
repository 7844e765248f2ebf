// The control socket as such: who may connect, what is a request. ATTACKS G5.
#include "tests/unit/control/api/operator.h"

static void socket_is_for_its_owner_alone(void **state)
{
	(void)state;
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	assert_true(S_ISSOCK(info.st_mode));
	assert_int_equal(info.st_mode & 07777, 0600);
}

static void hello_comes_first(void **state)
{
	(void)state;
	close(greeted_operator());
}

static void live_socket_is_not_taken_over(void **state)
{
	(void)state;
	char err[256];

	assert_null(open_api(path, err, sizeof(err)));
	assert_non_null(strstr(err, path));
	assert_non_null(strstr(err, "another assayd answers here already"));
	turn();
	close(greeted_operator()); // and still works
}

static void stale_socket_is_replaced(void **state)
{
	(void)state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char err[256], stale[100];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct api *other;

	snprintf(stale, sizeof(stale), "%s/stale.sock", folder);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", stale);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd); // the file stays
	other = open_api(stale, err, sizeof(err));
	assert_non_null(other);
	api_close(other);
	turn();
	assert_int_equal(access(stale, F_OK), -1);
}

static void removed_socket_is_made_anew(void **state)
{
	(void)state;
	int before = greeted_operator();

	for (int time = 0; time < 2; time++) {
		assert_int_equal(unlink(path), 0);
		until(access(path, F_OK) == 0);
		close(greeted_operator());
		socket_is_for_its_owner_alone(state);
	}
	send_text(before, "{\"verb\": \"requests\"}\n"); // who was there still is
	take_answer(before);
	close(before);
}

static void socket_of_another_in_its_place_is_left_alone(void **state)
{
	(void)state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat made, left;
	uint64_t later;

	assert_int_equal(unlink(path), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(lstat(path, &made), 0);
	later = real_ms() + 1500; // it has looked once at least
	until(real_ms() > later);
	assert_int_equal(lstat(path, &left), 0);
	assert_true(made.st_ino == left.st_ino);
	api_close(api); // and not at its end
	turn();
	assert_int_equal(lstat(path, &left), 0);
	assert_true(made.st_ino == left.st_ino);
	close(fd);
	assert_int_equal(unlink(path), 0);
	char err[256];
	api = open_api(path, err, sizeof(err));
	assert_non_null(api);
	// When the other one is gone, ours comes back.
	assert_int_equal(unlink(path), 0);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	later = real_ms() + 1500;
	until(real_ms() > later);
	assert_int_equal(unlink(path), 0);
	until(access(path, F_OK) == 0);
	close(greeted_operator());
}

static void closing_while_the_socket_is_made_anew_leaves_nothing(void **state)
{
	(void)state;
	char err[256];

	assert_int_equal(unlink(path), 0);
	uint64_t later = real_ms() + 1100;
	while (real_ms() < later)
		usleep(10000); // the timer is due, and has not run
	uv_run(&loop, UV_RUN_NOWAIT);
	api_close(api);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_true(access(path, F_OK) != 0);
	api = open_api(path, err, sizeof(err));
	assert_non_null(api);
}

static void file_that_is_no_socket_is_left_alone(void **state)
{
	(void)state;
	char err[256], file[100];
	int fd;

	snprintf(file, sizeof(file), "%s/precious", folder);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "data", 4), 4);
	close(fd);
	assert_null(open_api(file, err, sizeof(err)));
	assert_non_null(strstr(err, "is no socket"));
	turn();
	assert_int_equal(unlink(file), 0);
}

static void missing_folder_is_made(void **state)
{
	(void)state;
	char err[256], deep[100];
	struct api *other;

	snprintf(deep, sizeof(deep), "%s/run/control.sock", folder);
	other = open_api(deep, err, sizeof(err));
	assert_non_null(other);
	api_close(other);
	turn();
	*strrchr(deep, '/') = '\0';
	assert_int_equal(rmdir(deep), 0);
	snprintf(deep, sizeof(deep), "%s/no/such/control.sock", folder);
	assert_null(open_api(deep, err, sizeof(err)));
	assert_non_null(strstr(err, "cannot be made: No such file or directory"));
	turn();
}

static void long_path_is_said(void **state)
{
	(void)state;
	char err[512], name[200];

	memset(name, 'x', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	assert_null(open_api(name, err, sizeof(err)));
	assert_non_null(strstr(err, "at most 107 characters"));
	turn();
}

static void two_requests_in_one_write_get_two_answers(void **state)
{
	(void)state;
	int fd = greeted_operator();

	send_text(fd,
		  "{\"verb\": \"log\", \"arguments\": [\"warning\"]}\n{\"verb\": \"requests\"}\n");
	take_answer(fd);
	assert_string_equal(text, "log level is warning\n");
	take_answer(fd);
	assert_string_equal(text, "no question is under way\n");
	close(fd);
}

static void request_comes_one_byte_at_a_time(void **state)
{
	(void)state;
	const char *line = "{\"verb\": \"requests\", \"arguments\": []}\n";
	int fd = greeted_operator();

	for (; *line; line++) {
		assert_int_equal(send(fd, line, 1, MSG_NOSIGNAL), 1);
		turn();
	}
	take_answer(fd);
	assert_null(error);
	close(fd);
}

static void half_closed_operator_gets_answers(void **state)
{
	(void)state;
	int fd = greeted_operator();

	send_text(fd, "{\"verb\": \"requests\"}\n{\"verb\": \"requests\"}\n{\"verb");
	shutdown(fd, SHUT_WR);
	take_answer(fd);
	take_answer(fd);
	assert_null(error);
	until(is_closed(fd));
	close(fd);
}

// A drill with all of its options is the longest.
static void every_verb_may_have_its_most_arguments(void **state)
{
	static const struct {
		const char *name;
		size_t most;
	} verbs[] = {
#define X(name, arguments, help, least, most, reads) {#name, most},
		PROTOCOL_VERBS(X)
#undef X
	};
	int fd = greeted_operator();

	(void)state;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		char line[256];
		int len = snprintf(line, sizeof(line), "{\"verb\": \"%s\", \"arguments\": [",
				   verbs[i].name);
		for (size_t k = 0; k < verbs[i].most; k++)
			len += snprintf(line + len, sizeof(line) - (size_t)len, "%s\"-\"",
					k == 0 ? "" : ",");
		snprintf(line + len, sizeof(line) - (size_t)len, "]}\n");
		send_text(fd, line);
		take_answer(fd);
		if (error != NULL && strstr(error, "not a request") != NULL)
			fail_msg("%s: %s", verbs[i].name, error);
	}
	close(fd);
}

static void G5_garbage_is_answered_with_an_error(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"\n",
		"x\n",
		"{\n",
		"[]\n",
		"1\n",
		"null\n",
		"{}\n",
		"\"verb\"\n",
		"{\"verb\": 1}\n",
		"{\"verb\": null}\n",
		"{\"verb\": [\"stop\"]}\n",
		"{\"verb\": \"stop\", \"arguments\": \"now\"}\n",
		"{\"verb\": \"stop\", \"arguments\": {}}\n",
		"{\"verb\": \"stop\", \"arguments\": [1]}\n",
		"{\"verb\": \"stop\", \"arguments\": [null]}\n",
		"{\"verb\": \"stop\", \"arguments\": [[\"now\"]]}\n",
		"{\"verb\": \"stop\", \"arguments\": [\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\","
		"\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\"]}\n",
		"{\"verb\": \"stop\"} {\"verb\": \"stop\"}\n",
		"{\"verb\": \"st\xff\xfeop\"}\n",
		"{\"verb\": \"stop\\u0000\"}\n",
		"\x1b[2J\x1b]0;owned\x07\n",
	};
	int fd = greeted_operator();

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		send_text(fd, lines[i]);
		take_answer(fd);
		assert_non_null(error);
		for (const char *c = error; *c; c++)
			assert_in_range((unsigned char)*c, ' ', '~');
	}
	assert_int_equal(stops, 0);
	send_text(fd, "{\"verb\": \"requests\"}\n");
	take_answer(fd);
	assert_null(error);
	close(fd);
}

// The sentence is cut to its buffer, in the middle of a character if it must be.
static void G5_long_words_of_many_bytes_are_answered(void **state)
{
	(void)state;
	char arguments[900] = "\"";

	for (int i = 0; i < 200; i++)
		strcat(arguments, i % 2 ? "\xc3\xa9" : "\xe2\x82\xac");
	strcat(arguments, "\"");
	assert_refused("lookup", arguments, "is no domain name");
	assert_refused("log", arguments, "is none of error");
	arguments[strlen(arguments) - 1] = '\0';
	assert_refused(arguments + 1, "", "is no verb of this version");
}

static void G5_nested_garbage_ends(void **state)
{
	(void)state;
	static char line[PROTOCOL_REQUEST_MAX];
	int fd = greeted_operator();

	memset(line, '[', 60000);
	line[60000] = '\n';
	send_text(fd, line);
	take_answer(fd);
	assert_non_null(error);
	close(fd);
}

static void G5_line_without_end_is_refused_and_closed(void **state)
{
	(void)state;
	static char line[PROTOCOL_REQUEST_MAX];
	int fd = greeted_operator();
	size_t sent = 0;

	memset(line, 'x', sizeof(line));
	while (sent < sizeof(line)) {
		ssize_t got = send(fd, line + sent, sizeof(line) - sent, MSG_NOSIGNAL);

		sent += got > 0 ? (size_t)got : 0;
		turn();
	}
	take_answer(fd);
	assert_string_equal(error, "a request may take 65536 bytes");
	until(is_closed(fd));
	close(fd);
}

// Requests without end, answers never read: one answer waits, the rest is not even read.
static void G5_operator_that_does_not_read_stops_itself(void **state)
{
	(void)state;
	static char lines[60000];
	int fd = greeted_operator(), more = 0;

	for (size_t i = 0; i + 20 < sizeof(lines); i += 20)
		memcpy(lines + i, "{\"verb\": \"requests\"}\n", 20), lines[i + 19] = '\n';
	requests_under_way = 1000; // an answer of some 60 kB
	for (int i = 0; i < 200; i++) {
		if (send(fd, lines, sizeof(lines) - 40, MSG_NOSIGNAL) > 0)
			more = i;
		turn();
	}
	assert_true(more < 100);
	close(greeted_operator()); // others are served
	close(fd);
}

static void G5_oldest_of_too_many_gives_way(void **state)
{
	(void)state;
	int fds[17];

	for (size_t i = 0; i < 17; i++)
		fds[i] = greeted_operator();
	until(is_closed(fds[0]));
	assert_false(is_closed(fds[1]));
	for (size_t i = 0; i < 17; i++)
		close(fds[i]);
}

static void G5_mutated_requests_never_break_the_socket(void **state)
{
	(void)state;
	static const char seed[] =
		"{\"verb\": \"lookup\", \"arguments\": [\"www.example.\", \"A\"]}\n";
	unsigned random = 20260824;
	int fd = -1;

	for (int round = 0; round < 2000; round++) {
		char line[sizeof(seed)];

		memcpy(line, seed, sizeof(seed));
		for (int i = 0; i < 3; i++) {
			random = random * 1664525 + 1013904223;
			line[(random >> 16) % (sizeof(seed) - 2)] = (char)(random >> 8);
		}
		if (fd < 0)
			fd = greeted_operator();
		if (send(fd, line, sizeof(seed) - 1, MSG_NOSIGNAL) < 0 || round % 100 == 99) {
			close(fd);
			fd = -1;
			continue;
		}
		take_answer(fd);
		for (char *end = line;
		     (end = memchr(end, '\n', sizeof(seed) - 2 - (size_t)(end - line))); end++)
			take_answer(fd); // a line of its own
	}
	if (fd >= 0)
		close(fd);
	ask("requests", "");
	assert_null(error);
}

static void closing_with_operators_connected_leaves_nothing(void **state)
{
	(void)state;
	int fd = greeted_operator(), silent = operator_connects();

	send_text(fd, "{\"verb\": \"status\"}\n");
	turn();
	close(silent);
	close(fd);
	// Further in teardown: the loop ends, the file is gone, under ASan nothing is leaked.
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, drop_answer)
	const struct CMUnitTest tests[] = {
		TEST(socket_is_for_its_owner_alone),
		TEST(hello_comes_first),
		TEST(live_socket_is_not_taken_over),
		TEST(stale_socket_is_replaced),
		TEST(removed_socket_is_made_anew),
		TEST(socket_of_another_in_its_place_is_left_alone),
		TEST(closing_while_the_socket_is_made_anew_leaves_nothing),
		TEST(file_that_is_no_socket_is_left_alone),
		TEST(missing_folder_is_made),
		TEST(long_path_is_said),
		TEST(two_requests_in_one_write_get_two_answers),
		TEST(request_comes_one_byte_at_a_time),
		TEST(half_closed_operator_gets_answers),
		TEST(every_verb_may_have_its_most_arguments),
		TEST(G5_garbage_is_answered_with_an_error),
		TEST(G5_long_words_of_many_bytes_are_answered),
		TEST(G5_nested_garbage_ends),
		TEST(G5_line_without_end_is_refused_and_closed),
		TEST(G5_operator_that_does_not_read_stops_itself),
		TEST(G5_oldest_of_too_many_gives_way),
		TEST(G5_mutated_requests_never_break_the_socket),
		TEST(closing_with_operators_connected_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
