// The bounded memory of failed resolutions.
#include "tests/unit/control/explain/given.h"

static struct journal *journal;

static int setup(void **state)
{
	(void)state;
	journal = journal_new();
	return journal == NULL;
}

static int teardown(void **state)
{
	(void)state;
	journal_free(journal);
	return 0;
}

// Question n of a zone, at at_ms after NOW_MS.
static void fail_as(enum failed_kind kind, uint64_t n, uint64_t zone, uint64_t parent,
		    const char *words, uint64_t at_ms)
{
	const struct failure failure = {
		.name = name_of("www.example.com."),
		.type = TYPE_A,
		.zone_labels = 2,
		.zone_known = true,
		.kind = kind,
		.ede = EDE_NO_REACHABLE_AUTHORITY,
		.text = words,
		.started_ms = NOW_MS + at_ms,
		.now_ms = NOW_MS + at_ms,
		.now_s = NOW_S + (int64_t)at_ms / 1000,
		.question_hash = n,
		.zone_hash = zone,
		.parent_hash = parent,
	};

	journal_add(journal, &failure);
}

static void fail_question(uint64_t n, uint64_t zone, uint64_t parent, const char *words,
			  uint64_t at_ms)
{
	fail_as(FAILED_UNREACHABLE, n, zone, parent, words, at_ms);
}

struct seen {
	size_t count, limit;
	struct failed records[JOURNAL_RECORDS];
};

static bool see(const struct failed *failed, void *arg)
{
	struct seen *seen = arg;

	seen->records[seen->count++] = *failed;
	return seen->count < seen->limit;
}

static struct seen *all(void)
{
	static struct seen seen;

	seen.count = 0;
	seen.limit = JOURNAL_RECORDS;
	journal_each(journal, see, &seen);
	assert_int_equal(seen.count, journal_count(journal));
	return &seen;
}

static size_t count_of(const char *words)
{
	const struct seen *seen = all();
	size_t count = 0;

	for (size_t i = 0; i < seen->count; i++)
		count += strcmp(seen->records[i].text, words) == 0;
	return count;
}

static void the_first_cause_stays_and_repeats_are_counted(void **state)
{
	(void)state;
	struct tried *tried = tried_new(name_of("www.example.com."), TYPE_A);
	struct tried_server server = server_of(1, SERVER_TIMEOUT, 2);
	struct failure failure = {.name = name_of("www.example.com."),
				  .type = TYPE_A,
				  .zone_labels = 2,
				  .kind = FAILED_BOGUS,
				  .ede = EDE_DNSSEC_BOGUS,
				  .text = "first",
				  .tried = tried,
				  .started_ms = NOW_MS - 300,
				  .now_ms = NOW_MS,
				  .now_s = NOW_S,
				  .question_hash = 7};

	tried_add(tried, &server, NULL, NULL);
	journal_add(journal, &failure);
	tried_unref(tried);
	fail_question(7, 0, 0, "second", 5000);
	fail_question(7, 0, 0, "third", 9000);
	const struct failed *failed = &all()->records[0];
	assert_int_equal(journal_count(journal), 1);
	assert_string_equal(failed->text, "first");
	assert_string_equal(failed->last_text, "third");
	assert_int_equal(failed->kind, FAILED_BOGUS);
	assert_int_equal(failed->ede, EDE_DNSSEC_BOGUS);
	assert_int_equal(failed->last_ede, EDE_NO_REACHABLE_AUTHORITY);
	assert_int_equal(failed->times, 3);
	assert_int_equal(failed->took_ms, 300);
	assert_int_equal(failed->first_s, NOW_S);
	assert_int_equal(failed->last_s, NOW_S + 9);
	assert_int_equal(failed->tried.count, 1);
	assert_int_equal(failed->tried.servers[0].cause, SERVER_TIMEOUT);
	assert_int_equal(journal_counted(journal)->recorded, 1);
	assert_int_equal(journal_counted(journal)->repeated, 2);
}

static void failures_of_one_moment_are_one(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		fail_question(7, 1, 1, "first", 0);
	assert_int_equal(all()->records[0].times, 1);
	assert_string_equal(all()->records[0].last_text, "");
}

static void clients_and_dependants_are_counted(void **state)
{
	(void)state;
	journal_client(journal, 7, false); // of nothing
	fail_question(7, 1, 1, "x", 0);
	journal_client(journal, 7, false);
	journal_client(journal, 7, false);
	journal_client(journal, 7, true);
	journal_needed(journal, 7);
	journal_client(journal, 8, false);
	assert_int_equal(all()->records[0].failed, 2);
	assert_int_equal(all()->records[0].stale, 1);
	assert_int_equal(all()->records[0].needed, 1);
}

static void a_good_answer_ends_it_and_the_next_failure_is_another_one(void **state)
{
	(void)state;
	fail_question(7, 1, 1, "first", 0);
	journal_over(journal, 8, NOW_MS + 1);
	assert_int_equal(all()->records[0].over_ms, 0);
	journal_over(journal, 7, NOW_MS + 1000);
	assert_int_equal(all()->records[0].over_ms, NOW_MS + 1000);
	journal_over(journal, 7, NOW_MS + 2000);
	journal_client(journal, 7, false);
	assert_int_equal(all()->records[0].over_ms, NOW_MS + 1000);
	assert_int_equal(all()->records[0].failed, 0);
	fail_question(7, 1, 1, "second", 3000);
	assert_int_equal(journal_count(journal), 2);
	assert_string_equal(all()->records[0].text, "second"); // newest first
	assert_string_equal(all()->records[1].text, "first");
}

static void a_failure_long_after_the_last_one_is_another_one(void **state)
{
	(void)state;
	fail_question(7, 1, 1, "first", 0);
	fail_question(7, 1, 1, "again", JOURNAL_EPISODE_MS);
	assert_int_equal(journal_count(journal), 1);
	fail_question(7, 1, 1, "another", 2 * JOURNAL_EPISODE_MS + 1);
	assert_int_equal(journal_count(journal), 2);
	fail_question(7, 1, 1, "again", 2 * JOURNAL_EPISODE_MS + 2);
	assert_int_equal(journal_count(journal), 2);
	assert_int_equal(all()->records[0].times, 2);
}

// An operator who mends the first fault must not be told of it when there is a second one.
static void a_fault_of_another_kind_is_another_one(void **state)
{
	(void)state;
	fail_question(7, 1, 1, "silent", 0);
	fail_as(FAILED_BOGUS, 7, 1, 1, "at the same time", JOURNAL_CHANGE_MS - 1);
	assert_int_equal(journal_count(journal), 1);
	fail_as(FAILED_BOGUS, 7, 1, 1, "expired", JOURNAL_CHANGE_MS);
	fail_as(FAILED_BOGUS, 7, 1, 1, "expired", JOURNAL_CHANGE_MS + 60000);
	assert_int_equal(journal_count(journal), 2);
	assert_string_equal(all()->records[0].text, "expired");
	assert_int_equal(all()->records[0].kind, FAILED_BOGUS);
	assert_int_equal(all()->records[0].times, 2);
	assert_string_equal(all()->records[1].text, "silent");
}

static void what_fails_after_a_flush_fails_anew(void **state)
{
	(void)state;
	fail_question(7, 1, 1, "first", 0);
	journal_flush(journal, name_of("example.org."));
	fail_question(7, 1, 1, "again", 1);
	assert_int_equal(journal_count(journal), 1);
	journal_flush(journal, name_of("example.com."));
	fail_question(7, 1, 1, "second", 2);
	assert_int_equal(journal_count(journal), 2);
	assert_string_equal(all()->records[0].text, "second");
	assert_string_equal(all()->records[1].text, "first");
}

// A random-subdomain flood on a broken zone.
static void one_zone_displaces_its_own_records_only(void **state)
{
	(void)state;
	fail_question(1, 1, 1, "elsewhere", 0);
	for (unsigned i = 0; i < 100000; i++)
		fail_question(1000 + i, 2, 2, "flood", i);
	assert_int_equal(count_of("flood"), JOURNAL_ZONE_MAX);
	assert_int_equal(count_of("elsewhere"), 1);
	assert_int_equal(journal_count(journal), JOURNAL_ZONE_MAX + 1);
	assert_int_equal(journal_counted(journal)->displaced, 100000 - JOURNAL_ZONE_MAX);
	assert_int_equal(journal_counted(journal)->displaced_zone, 100000 - JOURNAL_ZONE_MAX);
}

// ... whose delegations are as random.
static void the_zones_below_one_parent_displace_their_own_records_only(void **state)
{
	(void)state;
	fail_question(1, 1, 1, "elsewhere", 0);
	for (unsigned i = 0; i < 5000; i++)
		fail_question(1000 + i, 1000 + i, 2, "flood", i);
	assert_int_equal(count_of("flood"), JOURNAL_PARENT_MAX);
	assert_int_equal(count_of("elsewhere"), 1);
	assert_int_equal(journal_counted(journal)->displaced_zone, 0);
}

static void what_fails_again_and_again_outlives_what_failed_once(void **state)
{
	(void)state;
	fail_question(1, 2, 2, "repeated", 0);
	fail_question(1, 2, 2, "repeated", 1);
	fail_question(2, 2, 2, "asked", 0);
	journal_client(journal, 2, false);
	journal_client(journal, 2, false);
	fail_question(3, 2, 2, "needed", 0);
	journal_needed(journal, 3);
	for (unsigned i = 0; i < 1000; i++) {
		fail_question(1000 + i, 2, 2, "flood", 2 + i);
		journal_client(journal, 1000 + i, false);
	}
	assert_int_equal(count_of("repeated"), 1);
	assert_int_equal(count_of("asked"), 1);
	assert_int_equal(count_of("needed"), 1);
}

static void the_oldest_gives_way_when_all_is_full(void **state)
{
	(void)state;
	fail_question(1, 1, 1, "oldest", 0);
	for (unsigned i = 0; i < JOURNAL_RECORDS - 1; i++)
		fail_question(1000 + i, 1000 + i, 1000 + i, "other", 1 + i);
	assert_int_equal(count_of("oldest"), 1);
	fail_question(2, 2, 2, "newest", 5000);
	assert_int_equal(journal_count(journal), JOURNAL_RECORDS);
	assert_int_equal(count_of("oldest"), 0);
	assert_string_equal(all()->records[0].text, "newest");
	// A displaced one is no longer found by what happens to its question.
	journal_over(journal, 1, NOW_MS);
	fail_question(1, 1, 1, "oldest", 6000);
	assert_int_equal(all()->records[0].times, 1);
}

static void reading_ends_when_it_is_told_to(void **state)
{
	(void)state;
	static struct seen seen;

	for (unsigned i = 0; i < 10; i++)
		fail_question(i, i, i, "x", i);
	seen.limit = 3;
	journal_each(journal, see, &seen);
	assert_int_equal(seen.count, 3);
	assert_true(seen.records[0].first_ms > seen.records[2].first_ms);
}

static void texts_that_are_too_long_are_cut(void **state)
{
	(void)state;
	char words[400];

	memset(words, 'x', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	fail_question(1, 1, 1, words, 0);
	fail_question(1, 1, 1, words, 1);
	assert_int_equal(strlen(all()->records[0].text), JOURNAL_TEXT_MAX - 1);
	assert_int_equal(strlen(all()->records[0].last_text), JOURNAL_TEXT_MAX - 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_cause_stays_and_repeats_are_counted),
		TEST(failures_of_one_moment_are_one),
		TEST(clients_and_dependants_are_counted),
		TEST(a_good_answer_ends_it_and_the_next_failure_is_another_one),
		TEST(a_failure_long_after_the_last_one_is_another_one),
		TEST(a_fault_of_another_kind_is_another_one),
		TEST(what_fails_after_a_flush_fails_anew),
		TEST(one_zone_displaces_its_own_records_only),
		TEST(the_zones_below_one_parent_displace_their_own_records_only),
		TEST(what_fails_again_and_again_outlives_what_failed_once),
		TEST(the_oldest_gives_way_when_all_is_full),
		TEST(reading_ends_when_it_is_told_to),
		TEST(texts_that_are_too_long_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
