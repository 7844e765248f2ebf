// What changes something: flush, log, nta and stop, and the line of the log for each.
#include "tests/unit/control/api/operator.h"

static void flush_says_how_many_entries(void **state)
{
	(void)state;
	publish_address("www.example.");
	publish_address("ftp.example.");
	publish_address("www.example.net.");
	ask("flush", "\"www.example.\", \"AAAA\"");
	assert_string_equal(text, "0 entries flushed\n");
	ask("flush", "\"WWW.example.\", \"A\"");
	assert_string_equal(text, "1 entry flushed\n");
	assert_int_equal(json_integer_value(json_object_get(data, "flushed")), 1);
	assert_int_equal(forgets, 0);
	publish_address("www.example.");
	ask("flush", "\"--zone\", \"Example.\"");
	assert_string_equal(text, "2 entries flushed\n");
	assert_int_equal(forgets, 1);
	assert_memory_equal(forgotten, "\7example", 9);
	ask("lookup", "\"www.example.net.\", \"A\"");
	assert_says("192.0.2.1");
	ask("flush", "\"www.example.net.\"");
	assert_string_equal(text, "1 entry flushed\n");
	publish_address("www.example.");
	ask("flush", "\"--all\"");
	assert_string_equal(text, "1 entry flushed\n");
	assert_int_equal(forgets, 2);
	assert_true(name_is_root(forgotten));
}

// Effective at once; the answer comes when all of the cache has been gone through, and others are
// served meanwhile.
static void flush_is_answered_at_its_end(void **state)
{
	(void)state;
	publish_address("www.example.");
	int fd = greeted_operator();
	send_text(fd, "{\"verb\": \"flush\", \"arguments\": [\"--zone\", \"example.\"]}\n"
		      "{\"verb\": \"requests\"}\n");
	while (forgets == 0)
		turn();
	char byte;
	assert_int_equal(recv(fd, &byte, 1, MSG_PEEK), -1);
	ask("lookup", "\"www.example.\", \"A\"");
	assert_says("would be asked for");
	assert_says_nothing_of("192.0.2.1");
	take_answer(fd);
	assert_string_equal(text, "1 entry flushed\n");
	take_answer(fd);
	assert_says("no question is under way");
	// Nobody waits for it.
	publish_address("www.example.");
	send_text(fd, "{\"verb\": \"flush\", \"arguments\": [\"--all\"]}\n");
	while (forgets == 1)
		turn();
	close(fd);
	ask("flush", "\"--all\"");
	assert_says("flushed");
}

static void flush_refuses_garbage_and_flushes_nothing(void **state)
{
	(void)state;
	publish_address("www.example.");
	assert_refused("flush", "\"--zone\"", "flush --zone needs a zone");
	assert_refused("flush", "\"--zone\", \"\"", "is no domain name");
	assert_refused("flush", "\"--zone\", \"a..b\"", "\"a..b\" is no domain name");
	assert_refused("flush", "\"--zone\", \"--all\"", "\"--all\" is no domain name");
	assert_refused("flush", "\"--all\", \"example.\"", "nothing was flushed");
	assert_refused("flush", "\"--al\"", "\"--al\" is no domain name");
	assert_refused("flush", "\"www.example.\", \"AA\"", "\"AA\" is no type");
	assert_int_equal(forgets, 0);
	ask("lookup", "\"www.example.\", \"A\"");
	assert_says("192.0.2.1");
}

static void log_debug_tells_the_life_of_questions(void **state)
{
	(void)state;
	ask("log", "\"debug\", \"WWW.example\"");
	assert_says("the life of questions for www.example. is logged for 10 minutes");
	assert_string_equal(word_of(data, "name"), "www.example.");
	assert_int_equal(number_of(data, "for_s"), 600);
	assert_string_equal(traced_name, "www.example.");
	assert_int_equal(log_get_level(), LOG_LEVEL_INFO); // all else is as before
	ask("status", "");
	assert_says("the life of questions for www.example. is logged for 600 s more\n");
	ask("log", "\"info\"");
	assert_null(traced_line);
	ask("log", "\"debug\"");
	assert_says("log level is debug, with the life of every question");
	assert_non_null(traced_line);
	assert_string_equal(traced_name, "");
	ask("log", "\"info\"");
	assert_null(traced_line);
	assert_refused("log", "\"info\", \"www.example\"", "a name goes with debug only");
	assert_refused("log", "\"debug\", \"a..b\"", "is no domain name");
}

static void log_level_is_changed(void **state)
{
	(void)state;
	ask("log", "\"DEBUG\"");
	assert_string_equal(text,
			    "log level is debug, with the life of every question (at most 100 "
			    "lines a second)\n");
	assert_int_equal(log_get_level(), LOG_LEVEL_DEBUG);
	assert_refused("log", "\"loud\"", "\"loud\" is none of error, warning, info, debug");
	assert_int_equal(log_get_level(), LOG_LEVEL_DEBUG);
	ask("log", "\"warning\"");
	assert_string_equal(text, "log level is warning\n");
}

// ---- the log ----

// What the log says from here on.
static int log_file, log_before;
static char logged[65536];

static void begin_log(void)
{
	log_file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	assert_true(log_file >= 0);
	log_before = dup(STDERR_FILENO);
	dup2(log_file, STDERR_FILENO);
}

static void end_log(void)
{
	ssize_t len = pread(log_file, logged, sizeof(logged) - 1, 0);

	dup2(log_before, STDERR_FILENO);
	close(log_before);
	close(log_file);
	assert_true(len >= 0);
	logged[len] = '\0';
}

static void assert_logged(const char *sentence)
{
	char line[400];

	snprintf(line, sizeof(line), "order of uid %u, pid %d%s", (unsigned)geteuid(),
		 (int)getpid(), sentence);
	if (!strstr(logged, line))
		fail_msg("\"%s\" is not in:\n%s", line, logged);
}

static void orders_are_logged_with_who_gave_them(void **state)
{
	(void)state;
	now.now_ms += 3000; // lines are bounded by the second, and all tests have the same one
	store_set_clock(store, &now);
	begin_log();
	ask("flush", "\"--all\"");
	ask("flush", "\"a\\u000ab\"");
	ask("log", "\"error\"");
	ask("flush", "\"silent.example.\"");
	ask("log", "\"info\"");
	ask("nta", "\"list\"");
	ask("status", "");
	ask("stop", "");
	end_log();
	assert_logged(": flush --all\n");
	assert_logged(" refused: flush a?b: \"a?b\" is no domain name");
	assert_logged(": log error\n");
	assert_logged(": log info\n");
	assert_logged(": stop\n");
	assert_null(strstr(logged, "silent.example."));
	assert_null(strstr(logged, "list"));
	assert_null(strstr(logged, "status"));
}

static void orders_beyond_a_bound_are_counted(void **state)
{
	(void)state;
	size_t lines = 0;

	now.now_ms += 5000; // a second of its own
	store_set_clock(store, &now);
	begin_log();
	for (int i = 0; i < 50; i++)
		ask("flush", "\"www.example.\"");
	now.now_ms += 5000;
	store_set_clock(store, &now);
	ask("flush", "\"--all\"");
	end_log();
	for (const char *at = logged; (at = strstr(at, "flush www.example.")) != NULL; at++)
		lines++;
	assert_int_equal(lines, 20);
	assert_non_null(strstr(logged, "30 more lines of this kind were left out"));
	assert_logged(": flush --all\n");
}

// ---- negative trust anchors ----

static void nta_add_takes_a_lifetime_and_a_reason(void **state)
{
	static const struct {
		const char *words;
		uint32_t lifetime_s;
		const char *reason;
	} cases[] = {
		{"\"add\", \"Example.COM\"", 3600, ""},
		{"\"add\", \"example.com\", \"90\"", 90, ""},
		{"\"add\", \"example.com.\", \"15m\", \"broken\", \"signer\"", 900,
		 "broken signer"},
		{"\"add\", \"example.com.\", \"2h\"", 7200, ""},
		{"\"add\", \"example.com.\", \"7d\"", 604800, ""},
	};

	(void)state;
	nta_error = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask("nta", cases[i].words);
		assert_int_equal(nta_lifetime_s, cases[i].lifetime_s);
		assert_string_equal(nta_reason, cases[i].reason);
		assert_memory_equal(nta_name,
				    "\x07"
				    "example\x03"
				    "com",
				    13);
		assert_says("example.com. and all below is not validated for ");
	}
}

static void nta_refuses_what_it_cannot_do(void **state)
{
	static const char *const lifetimes[] = {"0",  "604801", "8d",  "169h",   "1w",
						"-1", "h",      "1 h", "9999999"};
	char words[64];

	(void)state;
	nta_lifetime_s = 0;
	for (size_t i = 0; i < sizeof(lifetimes) / sizeof(lifetimes[0]); i++) {
		snprintf(words, sizeof(words), "\"add\", \"example.com.\", \"%s\"", lifetimes[i]);
		assert_refused("nta", words, "is no lifetime");
	}
	assert_int_equal(nta_lifetime_s, 0);
	static char reason[NTA_REASON_MAX + 100];
	snprintf(reason, sizeof(reason), "\"add\", \"example.com.\", \"1h\", \"%0*d\"",
		 NTA_REASON_MAX + 1, 0);
	assert_refused("nta", reason, "at most 160 bytes, this one has 161");
	assert_int_equal(nta_lifetime_s, 0);
	assert_refused("nta", "\"add\"", "usage: nta add NAME");
	assert_refused("nta", "\"delete\", \"example.com.\"", "usage: nta add NAME");
	assert_refused("nta", "\"add\", \"a..b\"", "is no domain name");
	nta_error = -EINVAL;
	assert_refused("nta", "\"add\", \".\"", "the root can have no negative trust anchor");
	nta_error = -EEXIST;
	assert_refused("nta", "\"add\", \"lan.\"", "lan. is insecure by configuration");
	nta_error = -ENOSPC;
	assert_refused("nta", "\"add\", \"lan.\"", "there are 1024 negative trust anchors");
	assert_refused("nta", "\"remove\", \"lan.\"", "lan. has no negative trust anchor");
	nta_error = 0;
}

static void nta_shows_what_is_set(void **state)
{
	(void)state;
	nta = (struct nta_facts){0};
	ask("nta", "\"list\"");
	assert_string_equal(text, "no negative trust anchor is set\n");
	nta = (struct nta_facts){
		.name = (const uint8_t *)"\x06"
					 "broken\x03"
					 "com\x00",
		.reason = "ticket 4711",
		.finding = "",
		.left_s = 500,
		.lifetime_s = 3600,
	};
	ask("nta", "\"list\"");
	assert_says(
		"broken.com. not validated for 500 of 3600 s more: ticket 4711; checked 0 times\n");
	assert_int_equal(json_array_size(data), 1);
	ask("status", "");
	assert_says("negative trust anchor: broken.com. not validated for 500 of 3600 s");
	nta.checks = 10;
	nta.finding = "RRSIG expired\x1b[2J";
	ask("status", "");
	assert_says("checked 10 times, last found: RRSIG expired?[2J");
	nta = (struct nta_facts){0};
}

static void stop_is_answered_and_done(void **state)
{
	(void)state;
	stopping_fd = greeted_operator();
	send_text(stopping_fd, "{\"verb\": \"stop\"}\n");
	until(stops == 1);
	assert_true(stop_was_answered); // the daemon takes no further turn
	take_answer(stopping_fd);
	assert_string_equal(text, "stopping\n");
	close(stopping_fd);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, drop_answer)
	const struct CMUnitTest tests[] = {
		TEST(flush_says_how_many_entries),
		TEST(flush_is_answered_at_its_end),
		TEST(flush_refuses_garbage_and_flushes_nothing),
		TEST(orders_are_logged_with_who_gave_them),
		TEST(orders_beyond_a_bound_are_counted),
		TEST(log_debug_tells_the_life_of_questions),
		TEST(nta_add_takes_a_lifetime_and_a_reason),
		TEST(nta_refuses_what_it_cannot_do),
		TEST(nta_shows_what_is_set),
		TEST(log_level_is_changed),
		TEST(stop_is_answered_and_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
