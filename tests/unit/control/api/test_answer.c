// Answers are made a piece at a time, and given back as they go.
#include "control/api/answer.h"
#include "tests/unit/control/api/operator.h"

#define LISTED 5000

static char piece[ANSWER_PIECE];

// The whole of an answer; each piece is as long as may be.
static char *line_of(struct answer *made, size_t *pieces)
{
	char *line = NULL;
	size_t len = 0, got;

	*pieces = 0;
	while ((got = answer_piece(made, piece)) > 0) {
		assert_true(got <= ANSWER_PIECE);
		line = realloc(line, len + got + 1);
		assert_non_null(line);
		memcpy(line + len, piece, got);
		len += got;
		line[len] = '\0';
		++*pieces;
	}
	assert_true(answer_is_over(made));
	assert_non_null(line);
	assert_int_equal(line[len - 1], '\n');
	assert_null(memchr(line, '\n', len - 1));
	return line;
}

static json_t *read_back(struct answer *made, size_t *pieces)
{
	json_error_t why;
	char *line = line_of(made, pieces);
	json_t *value = json_loads(line, 0, &why);

	assert_non_null(value);
	free(line);
	return value;
}

static json_t *many(size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list,
				      json_pack("{s:i, s:s, s:[i, b, n], s:{}, s:[]}", "n", (int)i,
						"words", "a \"name\"\\009\tof the net", "several",
						-5, 1, "nothing", "none"));
	return list;
}

static void what_is_read_is_what_was_said(void **state)
{
	struct answer made = {0};
	struct reply reply = {0};
	size_t pieces;

	(void)state;
	reply_line(&reply, "one \"line\" \\ of\ttext");
	for (unsigned i = 0; i < 20000; i++)
		reply_line(&reply, "%s", "\"\\\"\\");
	reply.data = json_pack("{s:o, s:f, s:s, s:s}", "list", many(LISTED), "half", 0.5, "utf-8",
			       "\xc3\xa4\x01\x1f\x7f", "empty", "");
	json_t *wanted = json_pack("{s:b, s:b, s:s, s:O}", "ok", 1, "unwell", 0, "text", reply.text,
				   "data", reply.data);
	json_t *expected = json_deep_copy(wanted);
	json_decref(wanted);
	answer_begin(&made, &reply);
	assert_null(reply.text);
	assert_null(reply.data);
	json_t *got = read_back(&made, &pieces);
	assert_true(pieces > 10);
	assert_true(json_equal(got, expected));
	json_decref(got);
	json_decref(expected);
	reply_free(&reply);
}

static void a_value_alone_and_an_answer_without_data_are_lines(void **state)
{
	struct answer made = {0};
	struct reply reply = {.unwell = true};
	size_t pieces;

	(void)state;
	assert_false(answer_begin_json(&made, NULL));
	assert_true(answer_begin_json(&made, json_pack("{s:b}", "ok", 0)));
	char *line = line_of(&made, &pieces);
	assert_string_equal(line, "{\"ok\":false}\n");
	free(line);
	answer_begin(&made, &reply);
	line = line_of(&made, &pieces);
	assert_string_equal(line, "{\"ok\":true,\"unwell\":true,\"text\":\"\",\"data\":null}\n");
	free(line);
}

// Freeing a large tree takes as long as writing it: none of it is left for the end.
static void what_has_been_written_is_given_back(void **state)
{
	struct answer made = {0};
	json_t *list = many(LISTED);
	size_t left = LISTED, before, most = 0;

	(void)state;
	for (size_t i = 0; i < LISTED; i++)
		json_incref(json_array_get(list, i));
	json_t **seen = calloc(LISTED, sizeof(*seen));
	assert_non_null(seen);
	for (size_t i = 0; i < LISTED; i++)
		seen[i] = json_array_get(list, i);
	assert_true(answer_begin_json(&made, list));
	while (answer_piece(&made, piece) > 0) {
		before = left;
		left = 0;
		for (size_t i = 0; i < LISTED; i++)
			left += seen[i]->refcount > 1;
		if (before - left > most)
			most = before - left;
	}
	assert_int_equal(left, 0);
	assert_true(most < LISTED / 5);
	for (size_t i = 0; i < LISTED; i++)
		json_decref(seen[i]);
	free(seen);
}

// ---- on the socket ----

static void say(int fd, const char *request)
{
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
}

static void run_once(void)
{
	unsigned before = loop_shares;

	uv_run(&loop, UV_RUN_NOWAIT);
	assert_true(loop_shares <= before + 1);
}

// However many ask at once, a turn of the loop makes one share for one of them.
static void a_turn_has_one_share_however_many_ask(void **state)
{
	enum { CLIENTS = 16 };
	size_t lengths[CLIENTS] = {0}, over = 0;
	int fds[CLIENTS];
	static char taken[1 << 16];

	(void)state;
	for (size_t i = 0; i < CLIENTS; i++)
		fds[i] = greeted_operator();
	requests_under_way = 1000; // answers of several pieces
	for (size_t i = 0; i < CLIENTS; i++)
		say(fds[i], i % 2 ? "{\"verb\": \"requests\"}\n" : "{\"verb\": \"servers\"}\n");
	uint64_t give_up = real_ms() + PATIENCE_MS;
	while (over < CLIENTS) {
		assert_true(real_ms() < give_up);
		run_once();
		for (size_t i = 0; i < CLIENTS; i++) {
			ssize_t len = recv(fds[i], taken, sizeof(taken), MSG_DONTWAIT);
			if (len <= 0)
				continue;
			lengths[i] += (size_t)len;
			over += taken[len - 1] == '\n';
		}
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		assert_true(lengths[i] > ANSWER_PIECE);
		close(fds[i]);
	}
}

// Nothing is made for a client that does not read, and nothing is left of one that has gone.
static void G5_a_client_that_goes_away_is_given_back_in_shares(void **state)
{
	(void)state;
	int fd = greeted_operator(), other;

	requests_under_way = 1000;
	for (int i = 0; i < 100; i++)
		say(fd, "{\"verb\": \"requests\"}\n");
	// Until the socket takes no more.
	unsigned quiet = 0, before;
	for (uint64_t give_up = real_ms() + PATIENCE_MS; quiet < 200;) {
		assert_true(real_ms() < give_up);
		before = loop_shares;
		run_once();
		quiet = loop_shares == before ? quiet + 1 : 0;
	}
	close(fd);
	other = greeted_operator();
	requests_under_way = 0;
	say(other, "{\"verb\": \"requests\"}\n");
	before = loop_shares;
	until(loop_shares >= before + 2);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_is_what_was_said),
		cmocka_unit_test(a_value_alone_and_an_answer_without_data_are_lines),
		cmocka_unit_test(what_has_been_written_is_given_back),
		cmocka_unit_test_setup_teardown(a_turn_has_one_share_however_many_ask, setup,
						teardown),
		cmocka_unit_test_setup_teardown(G5_a_client_that_goes_away_is_given_back_in_shares,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
