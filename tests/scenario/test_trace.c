// The life of a question, as it is told to operators (`assayctl log debug NAME`).
#include "tests/scenario/zones.h"

#define LINES_MAX 400

static char lines[LINES_MAX][400];
static size_t line_count;

static void note(void *arg, uint64_t now_ms, const char *text)
{
	(void)arg, (void)now_ms;
	assert_true(line_count < LINES_MAX);
	snprintf(lines[line_count++], sizeof(lines[0]), "%s", text);
}

static void tell_of(const char *name, uint64_t for_ms)
{
	line_count = 0;
	resolver_trace(w->resolver, name != NULL ? text_name(name) : NULL, for_ms, note, NULL);
}

// Index of the first line from `from` on that begins and goes on like this.
static size_t find_line(size_t from, const char *begin, const char *part)
{
	for (size_t i = from; i < line_count; i++) {
		if (strncmp(lines[i], begin, strlen(begin)) == 0 && strstr(lines[i], part))
			return i;
	}
	for (size_t i = 0; i < line_count; i++)
		print_error("  %s\n", lines[i]);
	fail_msg("no line \"%s … %s\" from %zu on", begin, part, from);
	return 0;
}

static void a_question_is_told_from_its_arrival_to_its_answer(void **state)
{
	static const char *const about = "www.example.com. A: ";

	(void)state;
	tell_of("WWW.example.com.", 0);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	size_t at = find_line(0, about, "asked, and not answered from the cache");
	assert_int_equal(at, 0);
	at = find_line(at, about, "(.) for com. ");
	at = find_line(at, about, " answers NOERROR after ");
	at = find_line(at, about, "(example.com.) for www.example.com. A, for ");
	at = find_line(at, about, " answers NOERROR after ");
	at = find_line(at, about, "www.example.com. A is secure");
	at = find_line(at, about, "answered with secure data after ");
	assert_int_equal(at, line_count - 1);
	for (size_t i = 0; i < line_count; i++)
		assert_int_equal(strncmp(lines[i], about, strlen(about)), 0);
	find_line(0, about, "example.com. DNSKEY is secure"); // what it needed is part of it
}

static void a_failure_is_told_with_its_servers_and_reason(void **state)
{
	(void)state;
	world_ask(w, "mx.example.com.", TYPE_MX, 0);
	with((struct fault){.kind = FAULT_DROP, .name = "www.example.com."});
	tell_of("www.example.com.", 0);
	world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	size_t at = find_line(0, "www.example.com. A: ", "asks ");
	at = find_line(at, "www.example.com. A: ", "after ");
	find_line(at, "www.example.com. A: ", "answered SERVFAIL after ");
}

static void questions_for_other_names_are_not_told(void **state)
{
	(void)state;
	tell_of("www.example.com.", 0);
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	assert_int_equal(line_count, 0);
}

static void it_ends_with_its_time_or_when_told(void **state)
{
	uint8_t name[NAME_MAX_LEN];
	uint64_t left_ms;

	(void)state;
	tell_of("www.example.com.", 5000);
	assert_true(resolver_traced(w->resolver, name, &left_ms));
	assert_true(left_ms > 0 && left_ms <= 5000);
	world_advance(w, 6000);
	assert_false(resolver_traced(w->resolver, name, &left_ms));
	world_ask(w, "www.example.com.", TYPE_A, 0);
	assert_int_equal(line_count, 0);
	tell_of(NULL, 0);
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	assert_true(line_count > 0);
	resolver_trace(w->resolver, NULL, 0, NULL, NULL);
	line_count = 0;
	world_ask(w, "zero.plain.org.", TYPE_A, 0);
	assert_int_equal(line_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(a_question_is_told_from_its_arrival_to_its_answer),
		scenario_common(a_failure_is_told_with_its_servers_and_reason),
		scenario_common(questions_for_other_names_are_not_told),
		scenario_common(it_ends_with_its_time_or_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
