// Something of our own is used up: who asks meanwhile waits, and nothing is held against names or
// servers (ATTACKS C11).
#include "tests/scenario/failures.h"
#include "tests/scenario/many_names.h"

#define MANY 40

static struct question *asked[MANY];

static void ask_many(const char *below, unsigned apart_ms)
{
	char name[60];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%u.%s", i, below);
		asked[i] = world_ask_later(w, name, TYPE_A, ASK_DO);
		if (apart_ms > 0)
			world_advance(w, apart_ms);
	}
}

static void assert_all_answered(bool ad)
{
	for (unsigned i = 0; i < MANY; i++) {
		assert_non_null(asked[i]);
		assert_answer(asked[i], RCODE_NOERROR, ad, EDE_NONE);
	}
	assert_int_equal(world_counter(w, "publish.failures"), 0);
	assert_int_equal(world_counter(w, "resolver.failed"), 0);
}

// 41 signatures that are all different, where four have room.
static void c11_a_full_queue_of_signatures_fails_nobody(void **state)
{
	(void)state;
	begin();
	add_example(w);
	add_many(MANY, 0);
	w->signatures_max = 4;
	world_start(w);
	ask_many("many.com.", 0);
	struct question *other = world_ask_later(w, "www.example.com.", TYPE_A, ASK_DO);
	world_run(w);
	assert_answer(other, RCODE_NOERROR, true, EDE_NONE);
	assert_all_answered(true);
}

// Servers that say nothing hold what there is of exchanges; others wait for some to end.
static void c11_exchanges_that_are_used_up_fail_nobody(void **state)
{
	struct question *silent[MANY];
	char name[60];

	(void)state;
	begin();
	add_example(w);
	add_plain(w);
	w->upstream_config.exchanges_max = 8;
	world_start(w);
	world_ask(w, "www.example.com.", TYPE_A, 0);
	world_ask(w, "www.plain.org.", TYPE_A, 0);
	with((struct fault){.kind = FAULT_DROP, .below = "plain.org."});
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "s%u.plain.org.", i);
		silent[i] = world_ask_later(w, name, TYPE_A, 0);
	}
	ask_many("wild.example.com.", 20);
	world_run(w);
	for (unsigned i = 0; i < MANY; i++)
		assert_answer(asked[i], RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(silent[0]->reply->rcode, RCODE_SERVFAIL);
	assert_true(world_counter(w, "resolver.waited_for_room") > 0);
	assert_no_failure_cached(w, "n0.wild.example.com.", TYPE_A);
}

// As many questions as there are places, and all of them need more: keys, targets, addresses.
static void c11_places_that_are_used_up_fail_no_question_that_has_one(void **state)
{
	struct question *more = NULL;

	(void)state;
	begin();
	add_example(w);
	add_plain(w);
	w->config.tasks_max = MANY;
	world_start(w);
	ask_many("wild.example.com.", 0);
	more = world_ask_later(w, "away.example.com.", TYPE_A, ASK_DO);
	assert_null(more);
	world_run(w);
	assert_all_answered(true);
	more = world_ask(w, "away.example.com.", TYPE_A, ASK_DO);
	assert_address(more, "192.0.2.90");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(c11_a_full_queue_of_signatures_fails_nobody),
		scenario(c11_exchanges_that_are_used_up_fail_nobody),
		scenario(c11_places_that_are_used_up_fail_no_question_that_has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
