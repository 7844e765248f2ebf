// Evidence about a cut, by kind of question, with a clock of the test's own.
#include "control/resolver/evidence.h"
#include "dataplane/dns/types.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#define CUT   UINT64_C(0x1234567890abcdef)
#define OTHER UINT64_C(0xfedcba0987654321)

static struct evidence *e;

static int begin(void **state)
{
	(void)state;
	e = evidence_new();
	return e == NULL;
}

static int end(void **state)
{
	(void)state;
	evidence_free(e);
	return 0;
}

// A question that begins at began_ms and is silent to its end at now_ms.
static bool silent(uint8_t kind, uint64_t question, uint64_t began_ms, uint64_t now_ms)
{
	evidence_asked(e, CUT, kind, began_ms);
	return evidence_unanswered(e, CUT, kind, question, began_ms, now_ms);
}

static bool is_down(uint8_t kind, uint64_t now_ms)
{
	return evidence_down_until_ms(e, CUT, kind, now_ms) != 0;
}

static void two_different_silent_questions_take_a_cut_down(void **state)
{
	(void)state;
	assert_false(silent(EVIDENCE_A, 1, 1000, 3000));
	assert_false(silent(EVIDENCE_A, 1, 3000, 5000)); // the same one says no more
	assert_false(is_down(EVIDENCE_A, 5000));
	assert_true(silent(EVIDENCE_A, 2, 3000, 5000));
	assert_int_equal(evidence_down_until_ms(e, CUT, EVIDENCE_A, 5000), 6000);
	assert_false(is_down(EVIDENCE_A, 6000));
	assert_true(evidence_was_down(e, CUT, EVIDENCE_A));
	assert_int_equal(evidence_down_until_ms(e, OTHER, EVIDENCE_A, 5000), 0);
}

static void it_is_down_for_longer_and_longer_up_to_five_seconds(void **state)
{
	static const uint64_t for_ms[] = {1000, 2000, 4000, 5000, 5000};
	uint64_t now_ms = 1000;

	(void)state;
	assert_false(silent(EVIDENCE_A, 1, now_ms, now_ms + 1));
	for (size_t i = 0; i < 5; i++) {
		now_ms += 10;
		assert_true(silent(EVIDENCE_A, 2, now_ms, now_ms + 1));
		// Others that were under way make it no longer.
		assert_true(silent(EVIDENCE_A, 3, now_ms, now_ms + 2));
		assert_int_equal(evidence_down_until_ms(e, CUT, EVIDENCE_A, now_ms + 2),
				 now_ms + 1 + for_ms[i]);
		now_ms += 1 + for_ms[i];
	}
}

static void an_answer_since_a_question_began_outweighs_its_silence(void **state)
{
	(void)state;
	evidence_asked(e, CUT, EVIDENCE_A, 900);
	evidence_asked(e, CUT, EVIDENCE_A, 1000);
	assert_int_equal(evidence_heard(e, CUT, EVIDENCE_A, 1001), 0);
	assert_true(evidence_outweighed(e, CUT, EVIDENCE_A, 1000));
	for (uint64_t question = 1; question < 100; question++)
		assert_false(evidence_unanswered(e, CUT, EVIDENCE_A, question, 1000, 3000));
	assert_int_equal(evidence_silent_ms(e, CUT), 0);
	// What was heard before it began does not.
	assert_false(evidence_outweighed(e, CUT, EVIDENCE_A, 1001));
	assert_false(silent(EVIDENCE_A, 1, 1001, 3000));
	assert_true(silent(EVIDENCE_A, 2, 1001, 3000));
}

static void an_answer_ends_doubt_and_down(void **state)
{
	bool place = false;

	(void)state;
	evidence_asked(e, CUT, EVIDENCE_A, 1000);
	assert_true(evidence_doubted(e, CUT, EVIDENCE_A, 1000, 1500, &place));
	assert_int_equal(evidence_silent_ms(e, CUT), 1000);
	silent(EVIDENCE_A, 1, 1000, 3000);
	silent(EVIDENCE_A, 2, 1000, 3000);
	assert_true(is_down(EVIDENCE_A, 3000));
	assert_int_equal(evidence_heard(e, CUT, EVIDENCE_A, 3001),
			 EVIDENCE_DOUBT_ENDS | EVIDENCE_DOWN_ENDS);
	assert_false(is_down(EVIDENCE_A, 3001));
	assert_false(evidence_was_down(e, CUT, EVIDENCE_A));
	assert_int_equal(evidence_silent_ms(e, CUT), 0);
	assert_int_equal(evidence_heard(e, CUT, EVIDENCE_A, 3002), 0);
	// It begins anew.
	assert_false(silent(EVIDENCE_A, 3, 4000, 6000));
	assert_true(silent(EVIDENCE_A, 4, 4000, 6000));
	assert_int_equal(evidence_down_until_ms(e, CUT, EVIDENCE_A, 6000), 7000);
}

// ATTACKS D14: what drops type 65400 is good for A.
static void silence_to_one_kind_is_held_against_no_other(void **state)
{
	static const uint8_t kinds[] = {EVIDENCE_STEP,    EVIDENCE_AAAA,  EVIDENCE_OTHER,
					EVIDENCE_SERVICE, EVIDENCE_OTHER, EVIDENCE_A | EVIDENCE_TCP,
					EVIDENCE_CLASSIC, EVIDENCE_KEYS};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds); i++) {
		evidence_forget(e);
		silent(kinds[i], 1, 1000, 3000);
		silent(kinds[i], 2, 1000, 3000);
		assert_true(is_down(kinds[i], 3000));
		assert_false(is_down(EVIDENCE_A, 3000));
		for (size_t k = 0; k < sizeof(kinds); k++)
			assert_int_equal(is_down(kinds[k], 3000), kinds[k] == kinds[i]);
	}
}

static void what_is_silent_to_addresses_is_silent_to_all_until_it_is_heard(void **state)
{
	(void)state;
	silent(EVIDENCE_A, 1, 1000, 3000);
	silent(EVIDENCE_A, 2, 1000, 3000);
	assert_true(is_down(EVIDENCE_AAAA, 3000));
	assert_true(is_down(EVIDENCE_OTHER, 3000));
	// Somebody is there.
	assert_int_equal(evidence_heard(e, CUT, EVIDENCE_OTHER, 3001),
			 EVIDENCE_DOUBT_ENDS | EVIDENCE_DOWN_ENDS);
	assert_false(is_down(EVIDENCE_A, 3001));
	assert_false(is_down(EVIDENCE_AAAA, 3001));
	// But that is no answer to other kinds.
	silent(EVIDENCE_AAAA, 1, 4000, 6000);
	silent(EVIDENCE_AAAA, 2, 4000, 6000);
	evidence_heard(e, CUT, EVIDENCE_OTHER, 6001);
	evidence_heard(e, CUT, EVIDENCE_A, 6001);
	assert_true(is_down(EVIDENCE_AAAA, 6002));
}

static void sixteen_questions_of_a_kind_go_on_in_doubt(void **state)
{
	bool places[EVIDENCE_DOUBT_MAX] = {false}, more = false;

	(void)state;
	evidence_asked(e, CUT, EVIDENCE_A, 1000);
	for (size_t i = 0; i < EVIDENCE_DOUBT_MAX; i++) {
		assert_true(evidence_doubted(e, CUT, EVIDENCE_A, 1000, 1500, &places[i]));
		assert_true(places[i]);
	}
	assert_false(evidence_doubted(e, CUT, EVIDENCE_A, 1000, 1500, &more));
	// Who has a place keeps it, and other kinds have their own.
	assert_true(evidence_doubted(e, CUT, EVIDENCE_A, 1000, 1600, &places[3]));
	evidence_asked(e, CUT, EVIDENCE_AAAA, 1000);
	assert_true(evidence_doubted(e, CUT, EVIDENCE_AAAA, 1000, 1600, &more));
	evidence_left(e, CUT, EVIDENCE_AAAA, &more);
	assert_false(more);
	evidence_left(e, CUT, EVIDENCE_A, &places[0]);
	evidence_left(e, CUT, EVIDENCE_A, &places[0]); // it has none any more
	assert_true(evidence_doubted(e, CUT, EVIDENCE_A, 1000, 1700, &more));
	assert_false(evidence_doubted(e, CUT, EVIDENCE_A, 1000, 1700, &places[0]));
	// Where something is heard nobody needs one.
	evidence_heard(e, CUT, EVIDENCE_A, 1800);
	assert_true(evidence_doubted(e, CUT, EVIDENCE_A, 1000, 1900, &places[0]));
	assert_false(places[0]);
}

static void what_our_own_question_finds_takes_it_down_at_once(void **state)
{
	(void)state;
	evidence_asked(e, CUT, EVIDENCE_A, 1000);
	assert_true(evidence_take_down(e, CUT, EVIDENCE_A, 1000, 2000));
	assert_true(is_down(EVIDENCE_A, 2000));
	assert_false(evidence_take_down(e, CUT, EVIDENCE_A, 1000, 2500)); // it was
	assert_int_equal(evidence_down_until_ms(e, CUT, EVIDENCE_A, 2500), 7500);
	evidence_heard(e, CUT, EVIDENCE_A, 3000);
	assert_false(evidence_take_down(e, CUT, EVIDENCE_A, 2900, 3100));
	assert_false(is_down(EVIDENCE_A, 3100));
}

// A parent is silent when it is so to what a delegation is learnt by, and to all of that.
static void parents_are_silent_to_what_delegations_are_learnt_by(void **state)
{
	bool place = false;

	(void)state;
	evidence_asked(e, CUT, EVIDENCE_OTHER, 1000);
	evidence_doubted(e, CUT, EVIDENCE_OTHER, 1000, 1500, &place);
	evidence_left(e, CUT, EVIDENCE_OTHER, &place);
	assert_int_equal(evidence_silent_ms(e, CUT), 0);
	evidence_asked(e, CUT, EVIDENCE_CLASSIC, 2000);
	evidence_doubted(e, CUT, EVIDENCE_CLASSIC, 2000, 2500, &place);
	evidence_left(e, CUT, EVIDENCE_CLASSIC, &place);
	assert_int_equal(evidence_silent_ms(e, CUT), 2000);
	evidence_asked(e, CUT, EVIDENCE_STEP, 1500);
	evidence_heard(e, CUT, EVIDENCE_STEP, 2600);
	assert_int_equal(evidence_silent_ms(e, CUT), 0);
	assert_int_equal(evidence_heard_ms(e, CUT), 2600);
	evidence_heard(e, CUT, EVIDENCE_OTHER, 2700);
	assert_int_equal(evidence_silent_ms(e, CUT), 0);
}

static void a_cut_fails_while_nothing_good_comes(void **state)
{
	(void)state;
	evidence_asked(e, CUT, EVIDENCE_A, 1000);
	evidence_no_good(e, CUT, EVIDENCE_A, 1, 1000, 1500);
	evidence_no_good(e, CUT, EVIDENCE_A, 1, 1200, 1500); // the same one says no more
	assert_false(evidence_failing(e, CUT, EVIDENCE_A));
	evidence_no_good(e, CUT, EVIDENCE_A, 2, 1200, 1500);
	assert_true(evidence_failing(e, CUT, EVIDENCE_A));
	assert_true(evidence_failing(e, CUT, EVIDENCE_AAAA));
	// An answer that is not good is heard, and no more.
	evidence_heard(e, CUT, EVIDENCE_A, 1600);
	assert_true(evidence_failing(e, CUT, EVIDENCE_A));
	evidence_good(e, CUT, EVIDENCE_AAAA, 1700);
	assert_true(evidence_failing(e, CUT, EVIDENCE_A));
	assert_false(evidence_failing(e, CUT, EVIDENCE_AAAA));
	evidence_good(e, CUT, EVIDENCE_STEP, 1800);
	assert_false(evidence_failing(e, CUT, EVIDENCE_A));
	// Names that no server can answer, among others that they do.
	evidence_no_good(e, CUT, EVIDENCE_A, 3, 1750, 1900);
	evidence_no_good(e, CUT, EVIDENCE_A, 4, 1750, 1900);
	assert_false(evidence_failing(e, CUT, EVIDENCE_A));
	evidence_no_good(e, CUT, EVIDENCE_A, 5, 1850, 1950);
	evidence_good(e, CUT, EVIDENCE_A, 2000);
	evidence_no_good(e, CUT, EVIDENCE_A, 6, 2050, 2100);
	assert_false(evidence_failing(e, CUT, EVIDENCE_A));
	evidence_asked(e, CUT, EVIDENCE_OTHER, 1000);
	evidence_no_good(e, CUT, EVIDENCE_OTHER, 1, 1000, 1900);
	evidence_no_good(e, CUT, EVIDENCE_OTHER, 2, 1000, 1900);
	assert_true(evidence_failing(e, CUT, EVIDENCE_OTHER));
	assert_false(evidence_failing(e, CUT, EVIDENCE_A));
}

// Whoever has thousands of zones asked for does not change what is held against one.
static void what_gave_way_is_evidence_of_nothing(void **state)
{
	(void)state;
	evidence_asked(e, CUT, EVIDENCE_A, 1000);
	for (uint64_t i = 1; i < 2000000; i++)
		evidence_asked(e, i * UINT64_C(0x2545f4914f6cdd1d), EVIDENCE_A, 1000 + i / 1000);
	assert_false(evidence_unanswered(e, CUT, EVIDENCE_A, 1, 1000, 4000));
	assert_false(evidence_unanswered(e, CUT, EVIDENCE_A, 2, 1000, 4000));
	assert_false(is_down(EVIDENCE_A, 4000));
	assert_true(evidence_outweighed(e, OTHER, EVIDENCE_A, 1));
	// A place that was taken in what has gone is no other's.
	bool place = true;
	evidence_left(e, CUT, EVIDENCE_A, &place);
	assert_false(place);
}

static void what_is_forgotten_all_at_once_is_evidence_of_nothing(void **state)
{
	bool place = false;

	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		uint64_t now_ms = 10000 * (i + 1);
		assert_false(silent(EVIDENCE_A, 1, now_ms, now_ms + 2000));
		assert_true(silent(EVIDENCE_A, 2, now_ms, now_ms + 2000));
		assert_true(is_down(EVIDENCE_A, now_ms + 2000));
		assert_true(evidence_doubted(e, CUT, EVIDENCE_A, now_ms, now_ms + 2000, &place));
		evidence_forget(e);
		assert_false(is_down(EVIDENCE_A, now_ms + 2000));
		assert_false(evidence_was_down(e, CUT, EVIDENCE_A));
		assert_int_equal(evidence_silent_ms(e, CUT), 0);
		// Nothing is known of the time before, and nobody waits.
		assert_true(evidence_outweighed(e, CUT, EVIDENCE_A, now_ms));
		evidence_left(e, CUT, EVIDENCE_A, &place);
		assert_false(place);
	}
}

// What is left of the time before is worth less than what is known now, however late it was used.
static void what_is_forgotten_gives_way_first(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 1000000; i++)
		evidence_asked(e, i * UINT64_C(0x9e3779b97f4a7c15), EVIDENCE_A, 9000);
	evidence_forget(e);
	evidence_asked(e, CUT, EVIDENCE_A, 1000);
	for (uint64_t i = 0; i < 1000; i++)
		evidence_asked(e, i * UINT64_C(0xd6e8feb86659fd93), EVIDENCE_A, 2000);
	assert_false(evidence_outweighed(e, CUT, EVIDENCE_A, 1000));
}

static void types_fall_into_kinds(void **state)
{
	(void)state;
	assert_int_equal(evidence_kind(TYPE_A, false), EVIDENCE_A);
	assert_int_equal(evidence_kind(TYPE_A, true), EVIDENCE_STEP);
	assert_int_equal(evidence_kind(TYPE_AAAA, false), EVIDENCE_AAAA);
	assert_int_equal(evidence_kind(TYPE_DS, false), EVIDENCE_CLASSIC);
	assert_int_equal(evidence_kind(TYPE_SOA, false), EVIDENCE_CLASSIC);
	assert_int_equal(evidence_kind(TYPE_HTTPS, false), EVIDENCE_SERVICE);
	assert_int_equal(evidence_kind(65400, false), EVIDENCE_OTHER);
	assert_int_equal(evidence_kind(TYPE_ANY, false), EVIDENCE_OTHER);
}

#define test_of(f) cmocka_unit_test_setup_teardown(f, begin, end)

static void a_cut_only_errs_while_nobody_has_a_good_answer_of_that_kind(void **state)
{
	(void)state;
	for (unsigned i = 0; i < EVIDENCE_ERRORS; i++) {
		assert_false(evidence_only_errs(e, CUT, EVIDENCE_A));
		evidence_erred(e, CUT, EVIDENCE_A, 1000 + i);
		evidence_heard(e, CUT, EVIDENCE_A, 1000 + i);
		evidence_good(e, CUT, EVIDENCE_AAAA, 1000 + i);
	}
	evidence_erred(e, CUT, EVIDENCE_A, 2000);
	assert_true(evidence_only_errs(e, CUT, EVIDENCE_A));
	assert_false(evidence_only_errs(e, CUT, EVIDENCE_AAAA));
	assert_false(evidence_only_errs(e, OTHER, EVIDENCE_A));
	assert_int_equal(evidence_good_ms(e, CUT, EVIDENCE_A), 0);
	assert_int_equal(evidence_any_good_ms(e, CUT), 1000 + EVIDENCE_ERRORS - 1);
	assert_int_equal(evidence_any_good_ms(e, OTHER), 0);
	evidence_good(e, CUT, EVIDENCE_A, 3000);
	assert_false(evidence_only_errs(e, CUT, EVIDENCE_A));
	assert_int_equal(evidence_good_ms(e, CUT, EVIDENCE_A), 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_of(two_different_silent_questions_take_a_cut_down),
		test_of(it_is_down_for_longer_and_longer_up_to_five_seconds),
		test_of(an_answer_since_a_question_began_outweighs_its_silence),
		test_of(an_answer_ends_doubt_and_down),
		test_of(silence_to_one_kind_is_held_against_no_other),
		test_of(what_is_silent_to_addresses_is_silent_to_all_until_it_is_heard),
		test_of(sixteen_questions_of_a_kind_go_on_in_doubt),
		test_of(what_our_own_question_finds_takes_it_down_at_once),
		test_of(parents_are_silent_to_what_delegations_are_learnt_by),
		test_of(a_cut_fails_while_nothing_good_comes),
		test_of(what_gave_way_is_evidence_of_nothing),
		test_of(what_is_forgotten_all_at_once_is_evidence_of_nothing),
		test_of(what_is_forgotten_gives_way_first),
		test_of(types_fall_into_kinds),
		test_of(a_cut_only_errs_while_nobody_has_a_good_answer_of_that_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
