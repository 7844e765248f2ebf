#include "control/resolver/minimise.h"
#include "tests/scenario/text.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

static void each_zone_sees_one_label_more(void **state)
{
	struct minimise m;
	const uint8_t *name = text_name("www.a.example.com.");

	(void)state;
	minimise_start(&m, name, 0, true);
	assert_true(name_equal(minimise_name(&m), text_name("com.")));
	minimise_descend(&m, 1);
	assert_true(name_equal(minimise_name(&m), text_name("example.com.")));
	minimise_next(&m);
	assert_true(name_equal(minimise_name(&m), text_name("a.example.com.")));
	assert_false(minimise_full(&m));
	minimise_next(&m);
	assert_true(minimise_full(&m));
	assert_true(name_equal(minimise_name(&m), name));
}

static void not_enabled_shows_the_whole_name(void **state)
{
	struct minimise m;

	(void)state;
	minimise_start(&m, text_name("www.example.com."), 0, false);
	assert_true(minimise_full(&m));
	minimise_descend(&m, 2);
	assert_true(minimise_full(&m));
}

static void giving_up_shows_the_whole_name_to_one_zone(void **state)
{
	struct minimise m;

	(void)state;
	minimise_start(&m, text_name("a.b.c.d.example."), 1, true);
	assert_int_equal(m.given_up, 0);
	minimise_give_up(&m);
	assert_true(minimise_full(&m));
	assert_int_equal(m.given_up, 2);
	minimise_give_up(&m);
	assert_int_equal(m.given_up, 2);
	minimise_descend(&m, 2);
	assert_int_equal(m.given_up, 0);
	assert_true(name_equal(minimise_name(&m), text_name("c.d.example.")));
}

static void giving_up_again_and_again_ends(void **state)
{
	struct minimise m;
	char text[300] = "";
	unsigned shown = 0;

	(void)state;
	for (int i = 0; i < 120; i++)
		strcat(text, "a.");
	minimise_start(&m, text_name(text), 0, true);
	for (unsigned zone = 1; zone < 120; zone++) {
		shown += !minimise_full(&m);
		minimise_give_up(&m);
		minimise_descend(&m, zone);
	}
	assert_true(shown < MINIMISE_COUNT_MAX);
}

static void a_zone_of_that_very_name_is_asked_for_it(void **state)
{
	struct minimise m;

	(void)state;
	minimise_start(&m, text_name("example.com."), 2, true);
	assert_true(minimise_full(&m));
	minimise_start(&m, text_name("."), 0, true);
	assert_true(minimise_full(&m));
}

// RFC 9156 §2.3
static void a_long_name_takes_at_most_ten_steps(void **state)
{
	struct minimise m;
	char text[300] = "";
	unsigned steps = 1, before = 0;

	(void)state;
	for (int i = 0; i < 120; i++)
		strcat(text, "a.");
	minimise_start(&m, text_name(text), 0, true);
	assert_int_equal(m.asked, 1);
	while (!minimise_full(&m)) {
		before = m.asked;
		minimise_next(&m);
		assert_true(m.asked > before);
		steps++;
		if (steps <= MINIMISE_ONE_LABEL)
			assert_int_equal(m.asked, steps);
	}
	assert_int_equal(steps, MINIMISE_COUNT_MAX);
}

static void what_is_known_is_skipped_without_a_step(void **state)
{
	struct minimise m;

	(void)state;
	minimise_start(&m, text_name("a.b.c.d.example."), 1, true);
	minimise_skip(&m);
	minimise_skip(&m);
	assert_true(name_equal(minimise_name(&m), text_name("b.c.d.example.")));
	assert_int_equal(m.count, 1);
	minimise_skip(&m);
	minimise_skip(&m);
	assert_true(minimise_full(&m));
}

static void referrals_do_not_start_the_count_anew(void **state)
{
	struct minimise m;
	char text[300] = "";
	unsigned steps = 1;

	(void)state;
	for (int i = 0; i < 120; i++)
		strcat(text, "a.");
	minimise_start(&m, text_name(text), 0, true);
	while (!minimise_full(&m)) {
		minimise_descend(&m, m.asked);
		steps++;
	}
	assert_int_equal(steps, MINIMISE_COUNT_MAX);
}

// However deep the cuts are that the servers show after the last step.
static void below_the_last_step_the_whole_name_is_asked(void **state)
{
	struct minimise m;
	const uint8_t *name = text_name("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.");

	(void)state;
	minimise_start(&m, name, 0, true);
	for (unsigned i = 0; i < 40; i++) {
		minimise_give_up(&m);
		minimise_descend(&m, i % 4);
		assert_true(m.asked <= m.labels);
	}
	assert_true(minimise_full(&m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_zone_sees_one_label_more),
		cmocka_unit_test(not_enabled_shows_the_whole_name),
		cmocka_unit_test(giving_up_shows_the_whole_name_to_one_zone),
		cmocka_unit_test(giving_up_again_and_again_ends),
		cmocka_unit_test(a_zone_of_that_very_name_is_asked_for_it),
		cmocka_unit_test(a_long_name_takes_at_most_ten_steps),
		cmocka_unit_test(what_is_known_is_skipped_without_a_step),
		cmocka_unit_test(referrals_do_not_start_the_count_anew),
		cmocka_unit_test(below_the_last_step_the_whole_name_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
