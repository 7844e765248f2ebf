// Words that an operator may say, and what every verb owes to programs.
#include "tests/unit/control/api/operator.h"

static void wrong_verbs_and_counts_are_refused(void **state)
{
	(void)state;
	assert_refused("reload", "", "\"reload\" is no verb of this version");
	assert_refused("", "", "is no verb of this version");
	assert_refused("STATUS", "", "is no verb of this version");
	assert_refused("lookup", "", "usage: lookup NAME [TYPE]");
	assert_refused("lookup", "\"a.\", \"A\", \"B\"", "usage: lookup");
	assert_refused("flush", "", "usage: flush NAME [TYPE] | --zone ZONE | --all");
	assert_refused("log", "", "usage: log error|warning|info|debug [NAME]");
	assert_refused("status", "\"x\"", "usage: status");
	assert_refused("stop", "\"now\"", "usage: stop");
	assert_refused("requests", "\"x\"", "usage: requests");
	assert_refused("stats", "\"--everything\"", "\"--everything\" is not understood");
	assert_int_equal(stops, 0);
}

// Objects and lists of objects all the way down; only what is made of lines anyhow (of status,
// chains of aliases, records) is a list of texts.
static void assert_is_data(const char *verb, json_t *value, const char *key)
{
	static const char *const texts[] = {"lines", "alarms", "records", "proofs", "aliases"};
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach(value, name, member) assert_is_data(verb, member, name);
		return;
	}
	json_array_foreach(value, i, member)
	{
		bool is_sentence = json_is_string(member);

		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			is_sentence = is_sentence && strcmp(key, texts[k]) != 0;
		if (is_sentence)
			fail_msg("%s: %s is a list of sentences: %s", verb, key,
				 json_string_value(member));
		assert_is_data(verb, member, key);
	}
}

static const struct {
	const char *verb, *arguments;
} data_of[] = {
	{"status", ""},
	{"stats", ""},
	{"stats", "\"cycles\""},
	{"anchors", ""},
	{"lookup", "\"www.example.\", \"A\""},
	{"lookup", "\"none.example.\""},
	{"explain", "\"www.example.\""},
	{"explain", "\"--zone\", \"example.\""},
	{"explain", "\"--last\", \"5\""},
	{"flush", "\"none.example.\""},
	{"nta", "\"add\", \"broken.example.\", \"1h\", \"why\""},
	{"nta", "\"list\""},
	{"nta", "\"remove\", \"broken.example.\""},
	{"denial", ""},
	{"denial", "\"example.\""},
	{"health", ""},
	{"health", "\"--service\""},
	{"requests", ""},
	{"servers", ""},
	{"servers", "\"example.\""},
	{"posture", "\"example.\""},
	{"posture", "\"--top\""},
	{"log", "\"info\""},
	{"flush", "\"--zone\", \"example.\""},
	{"flush", "\"--all\""},
	{"stop", ""},
};

static bool has_data(const char *verb)
{
	bool asked = false;

	for (size_t i = 0; i < sizeof(data_of) / sizeof(data_of[0]); i++) {
		if (strcmp(data_of[i].verb, verb) != 0)
			continue;
		ask(verb, data_of[i].arguments);
		if (!json_is_object(data) && !json_is_array(data))
			fail_msg("%s %s: no data (%s)", verb, data_of[i].arguments,
				 error ? error : "");
		assert_is_data(verb, data, "");
		asked = true;
	}
	return asked;
}

static void every_verb_has_data_for_programs(void **state)
{
	static const char *const verbs[] = {
#define X(name, arguments, help, least, most, reads) #name,
		PROTOCOL_VERBS(X)
#undef X
	};

	(void)state;
	requests_under_way = 2;
	publish_address("www.example.");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		// test_drill.c has a drill behind its verb.
		if (strcmp(verbs[i], "drill") != 0 && !has_data(verbs[i]))
			fail_msg("%s is not asked here", verbs[i]);
	}
}

static void errors_of_the_asker_are_told_from_refusals(void **state)
{
	static const struct {
		const char *verb, *arguments;
		bool misuse;
	} cases[] = {
		{"reload", "", true},
		{"lookup", "", true},
		{"lookup", "\"a..b\"", true},
		{"lookup", "\"a.\", \"TYPE65536\"", true},
		{"stats", "\"--everything\"", true},
		{"explain", "\"--last\", \"0\"", true},
		{"flush", "\"--zone\"", true},
		{"flush", "\"--all\", \"x\"", true},
		{"nta", "\"add\", \"a.\", \"8d\"", true},
		{"nta", "\"drop\", \"a.\"", true},
		{"posture", "\"--top\", \"0\"", true},
		{"log", "\"loud\"", true},
		{"nta", "\"remove\", \"never-set.example.\"", false},
	};

	(void)state;
	nta_error = -ENOENT;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(cases[i].verb, cases[i].arguments);
		if (!error || json_is_true(json_object_get(answer, "misuse")) != cases[i].misuse)
			fail_msg("%s %s: %s", cases[i].verb, cases[i].arguments,
				 error ? error : "taken");
	}
	nta_error = 0;
}

// Taken for names they would be answered with "nothing is there".
static void words_that_are_no_names_are_refused(void **state)
{
	static const struct {
		const char *verb, *arguments, *sentence;
	} rows[] = {
		{"flush", "\"all\"", "did you mean --all?"},
		{"flush", "\"-all\"", "did you mean --all?"},
		{"flush", "\"zone\", \"A\"", "did you mean --zone?"},
		{"flush", "\"-x.example.\"", "is no domain name"},
		{"flush", "\"\"", "is no domain name"},
		{"posture", "\"top\"", "did you mean --top?"},
		{"explain", "\"last\"", "did you mean --last?"},
		{"servers", "\"all\"", "leave it out for all"},
		{"servers", "\"999.1.1.1\"", "is no address and no domain name"},
		{"servers", "\"192.0.2.0/24\"", "\"/\" in one is written"},
		{"lookup", "\"192.0.2.1\"", "is an address"},
		{"explain", "\"2001:db8::1\"", "is an address"},
		{"lookup", "\"http://www.example/\"", "is a URL"},
		{"lookup", "\"www.example/index\"", "\"/\" in one is written \\047"},
		{"lookup", "\"www example\"", "\" \" in one is written \\032"},
		{"lookup", "\"joe@example.\"", "\"@\" in one is written \\064"},
		{"explain", "\"m\u00fcnchen.example\"", "written with xn--"},
		{"nta", "\"add\", \"*.10\"", "is no address and no domain name"},
		{"drill", "\"report\", \"x\"", "is no number of a drill"},
		{"drill", "\"plan\", \"--scope\", \"zone:a b\"", "in one is written"},
		{"drill", "\"plan\", \"--scope\", \"domain:192.0.2.999\"",
		 "is no address, prefix or label"},
		{"drill", "\"plan\", \"--scope\", \"domain:192.0.2.1/24\"",
		 "the prefix is 192.0.2.0/24"},
	};
	static const char *const names[] = {"all.", "1.2.3.4.", "0/25.2.0.192.in-addr.arpa",
					    "a\\\\032b\\\\064c.example", "_25._tcp.mx.example"};
	char words[100];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_refused(rows[i].verb, rows[i].arguments, rows[i].sentence);
		assert_true(json_is_true(json_object_get(answer, "misuse")));
	}
	assert_int_equal(forgets, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(words, sizeof(words), "\"%s\"", names[i]);
		ask("lookup", words);
		if (error)
			fail_msg("%s: %s", names[i], error);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, drop_answer)
	const struct CMUnitTest tests[] = {
		TEST(wrong_verbs_and_counts_are_refused),
		TEST(words_that_are_no_names_are_refused),
		TEST(every_verb_has_data_for_programs),
		TEST(errors_of_the_asker_are_told_from_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
