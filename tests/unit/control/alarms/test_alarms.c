// The list of alarms: what begins, lasts and ends, and that it stays bounded.
#include "control/alarms/alarms.h"
#include "control/log.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <string.h>

#define START_S 1750000000

static struct store_clock now;
static struct alarms *alarms;
static unsigned zones, asked; // that are wrong at present; times asked

static void ask(void *arg, struct alarms *list)
{
	char zone[32];

	(void)arg;
	asked++;
	for (unsigned i = 0; i < zones; i++) {
		snprintf(zone, sizeof(zone), "z%u.", i);
		alarm_holds(list, ALARM_PARENT, zone, "%s bogus for %u beats", zone, asked);
	}
}

static int start(void **state)
{
	(void)state;
	now = (struct store_clock){.now_ms = 5000, .now_s = START_S, .trusted = true};
	zones = asked = 0;
	log_set_level(LOG_LEVEL_ERROR);
	alarms = alarms_new();
	assert_non_null(alarms);
	assert_true(alarms_add(alarms, ask, NULL));
	alarms_run(alarms, &now);
	return 0;
}

static int end(void **state)
{
	(void)state;
	alarms_free(alarms);
	return 0;
}

static void pass_ms(uint64_t ms)
{
	now.now_ms += ms;
	now.now_s += (int64_t)ms / 1000;
	alarms_run(alarms, &now);
}

struct listed {
	size_t count;
	struct alarm alarms[ALARMS_MAX];
};

static void list_one(const struct alarm *alarm, void *arg)
{
	struct listed *listed = arg;

	assert_true(listed->count < ALARMS_MAX);
	listed->alarms[listed->count++] = *alarm;
}

static const struct listed *list(void)
{
	static struct listed listed;

	listed.count = 0;
	alarms_each(alarms, list_one, &listed);
	return &listed;
}

static void what_is_not_named_again_has_ended(void **state)
{
	(void)state;
	assert_int_equal(list()->count, 0);
	zones = 2;
	pass_ms(ALARMS_BEAT_MS);
	assert_int_equal(list()->count, 2);
	zones = 1;
	pass_ms(ALARMS_BEAT_MS);
	assert_int_equal(list()->count, 1);
	assert_string_equal(list()->alarms[0].subject, "z0.");
	zones = 0;
	pass_ms(ALARMS_BEAT_MS);
	assert_int_equal(list()->count, 0);
}

static void it_is_asked_once_a_second_however_often_it_runs(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++)
		pass_ms(50);
	assert_int_equal(asked, 3); // at the start, after 1 s, after 2 s
}

// The text follows what it says; the beginning stays.
static void an_alarm_that_lasts_keeps_its_beginning(void **state)
{
	(void)state;
	zones = 1;
	pass_ms(ALARMS_BEAT_MS);
	for (unsigned i = 0; i < 9; i++)
		pass_ms(ALARMS_BEAT_MS);
	assert_int_equal(list()->count, 1);
	assert_int_equal(list()->alarms[0].since_s, START_S + 1);
	assert_int_equal(list()->alarms[0].since_ms, 6000);
	assert_string_equal(list()->alarms[0].text, "z0. bogus for 11 beats");
}

static void what_was_raised_lasts_until_it_is_ended(void **state)
{
	(void)state;
	alarm_raise(alarms, ALARM_POOL_OUT, "corp.", 0, "no forwarder answers");
	alarm_raise(alarms, ALARM_POOL_OUT, "lab.", 2500, "no forwarder answers");
	pass_ms(2400);
	assert_int_equal(alarms_named(alarms, ALARM_POOL_OUT), 2);
	pass_ms(1000);
	assert_int_equal(alarms_named(alarms, ALARM_POOL_OUT), 1);
	alarm_end(alarms, ALARM_POOL_OUT, "lab.");
	alarm_end(alarms, ALARM_PARENT, "corp.");
	assert_int_equal(list()->count, 1);
	pass_ms(86400000);
	assert_int_equal(list()->count, 1);
	alarm_end(alarms, ALARM_POOL_OUT, "corp.");
	assert_int_equal(list()->count, 0);
}

static void the_worst_comes_first(void **state)
{
	(void)state;
	alarm_raise(alarms, ALARM_LOG_LOST, "", 0, "lost");
	alarm_raise(alarms, ALARM_POOL_OUT, "a.", 0, "out");
	alarm_raise(alarms, ALARM_CLOCK, "", 0, "wrong");
	alarm_raise(alarms, ALARM_POOL_OUT, "b.", 0, "out");
	assert_int_equal(list()->alarms[0].name, ALARM_CLOCK);
	assert_string_equal(list()->alarms[1].subject, "a.");
	assert_string_equal(list()->alarms[2].subject, "b.");
	assert_int_equal(list()->alarms[3].name, ALARM_LOG_LOST);
	assert_int_equal(alarms_of(alarms, ALARM_CRITICAL), 1);
	assert_int_equal(alarms_of(alarms, ALARM_ERROR), 2);
	assert_int_equal(alarms_of(alarms, ALARM_WARNING), 1);
}

static void more_than_are_kept_are_an_alarm_and_no_more_memory(void **state)
{
	(void)state;
	zones = 3 * ALARMS_MAX;
	for (unsigned i = 0; i < 3; i++) {
		pass_ms(ALARMS_BEAT_MS);
		assert_int_equal(list()->count, ALARMS_MAX);
		assert_int_equal(alarms_named(alarms, ALARM_ALARMS_LOST), 1);
	}
	zones = 0;
	pass_ms(ALARMS_BEAT_MS);
	assert_int_equal(list()->count, 0);
}

// Names of the network end up in a terminal and in the log.
static void a_long_or_unprintable_text_is_cut_and_made_printable(void **state)
{
	char subject[2 * ALARM_SUBJECT_MAX];

	(void)state;
	memset(subject, 'x', sizeof(subject) - 1);
	subject[sizeof(subject) - 1] = '\0';
	for (unsigned i = 0; i < 2; i++)
		alarm_raise(alarms, ALARM_PARENT, subject, 0, "%*s\x1b[2J", 2 * ALARM_TEXT_MAX, "");
	assert_int_equal(list()->count, 1);
	alarm_raise(alarms, ALARM_PARENT, "a.", 0, "a.\x1b[2J");
	assert_string_equal(list()->alarms[1].text, "a.?[2J");
	alarm_end(alarms, ALARM_PARENT, subject);
	assert_int_equal(list()->count, 1);
}

static void print(const char *text, void *arg)
{
	const char *tab = strchr(text, '\t');
	unsigned *lines = arg;

	assert_non_null(tab);
	assert_string_not_equal(tab, "\t");
	(*lines)++;
}

static void each_alarm_has_a_name_a_meaning_and_a_remedy(void **state)
{
	unsigned lines = 0;

	(void)state;
	for (int i = 0; i < ALARM_COUNT; i++) {
		assert_int_equal(strspn(alarm_name(i), "abcdefghijklmnopqrstuvwxyz-"),
				 strlen(alarm_name(i)));
		assert_true(strlen(alarm_meaning(i)) > 10);
		assert_true(strlen(alarm_remedy(i)) > 10);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(alarm_name(i), alarm_name(j));
	}
	alarms_print(print, &lines);
	assert_int_equal(lines, ALARM_COUNT);
}

#define test(f) cmocka_unit_test_setup_teardown(f, start, end)

static void the_summary_is_the_worst_one_and_how_many_more(void **state)
{
	char text[ALARMS_SUMMARY_MAX];

	(void)state;
	alarms_summary(alarms, text);
	assert_string_equal(text, "no alarms");
	zones = 2;
	pass_ms(1000);
	alarm_raise(alarms, ALARM_CLOCK, "", 0, "it is %d", 1970);
	alarms_summary(alarms, text);
	assert_string_equal(text, "critical clock: it is 1970 (and 2 more)");
	alarm_end(alarms, ALARM_CLOCK, "");
	zones = 0;
	pass_ms(1000);
	alarms_summary(alarms, text);
	assert_string_equal(text, "no alarms");
}

static void a_long_alarm_is_cut_in_the_summary(void **state)
{
	char text[ALARMS_SUMMARY_MAX], long_text[ALARM_TEXT_MAX];

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	alarm_raise(alarms, ALARM_STATE, "", 0, "%s", long_text);
	alarm_raise(alarms, ALARM_ICMP, "", 0, "another");
	alarms_summary(alarms, text);
	assert_non_null(strstr(text, "x (and 1 more)"));
}

// As a start raises it: a metrics address that is not there yet.
static void what_is_raised_before_the_first_round_began_then(void **state)
{
	struct alarms *early = alarms_new();

	(void)state;
	assert_non_null(early);
	alarms_at(early, &now);
	alarm_raise(early, ALARM_METRICS, "", 0, "not there");
	now.now_ms += 1500;
	now.now_s += 1;
	alarms_run(early, &now);
	struct listed found = {0};
	alarms_each(early, list_one, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.alarms[0].since_ms, 5000);
	assert_int_equal(found.alarms[0].since_s, START_S);
	alarms_free(early);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_is_not_named_again_has_ended),
		test(it_is_asked_once_a_second_however_often_it_runs),
		test(an_alarm_that_lasts_keeps_its_beginning),
		test(what_was_raised_lasts_until_it_is_ended),
		test(the_worst_comes_first),
		test(more_than_are_kept_are_an_alarm_and_no_more_memory),
		test(a_long_or_unprintable_text_is_cut_and_made_printable),
		test(each_alarm_has_a_name_a_meaning_and_a_remedy),
		test(the_summary_is_the_worst_one_and_how_many_more),
		test(a_long_alarm_is_cut_in_the_summary),
		test(what_is_raised_before_the_first_round_began_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
