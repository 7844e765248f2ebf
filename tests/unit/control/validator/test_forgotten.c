// Names forgotten with all below them, compared by whoever looks.
#include "control/validator/forgotten.h"

#include <stdio.h>

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#define BUCKETS 1000

static struct forgotten f;

static const uint8_t *name(const char *text)
{
	static uint8_t names[4][NAME_MAX_LEN];
	static size_t next;
	uint8_t *out = names[next++ % 4];

	assert_true(name_from_text(text, out) > 0);
	return out;
}

static int begin(void **state)
{
	static const uint8_t key[16] = {1, 2, 3};

	(void)state;
	forgotten_init(&f, key);
	return 0;
}

static void a_name_goes_with_all_below_it_that_was_made_before(void **state)
{
	uint64_t before = f.moment;

	(void)state;
	forgotten_add(&f, name("example.com."), BUCKETS);
	assert_true(is_forgotten(&f, name("example.com."), before));
	assert_true(is_forgotten(&f, name("a.b.example.com."), before));
	assert_false(is_forgotten(&f, name("com."), before));
	assert_false(is_forgotten(&f, name("xample.com."), before));
	assert_false(is_forgotten(&f, name("example.com."), f.moment));
	uint64_t between = f.moment;
	forgotten_add(&f, name("com."), BUCKETS);
	assert_true(is_forgotten(&f, name("a.example.com."), between));
	assert_true(is_forgotten(&f, name("com."), before));
	assert_false(is_forgotten(&f, name("org."), before));
	forgotten_add(&f, name("."), BUCKETS);
	assert_true(is_forgotten(&f, name("org."), between));
	assert_true(is_forgotten(&f, name("."), between));
	assert_false(is_forgotten(&f, name("org."), f.moment));
}

// Whatever else is forgotten afterwards.
static void what_was_made_since_stays(void **state)
{
	(void)state;
	forgotten_add(&f, name("example.com."), BUCKETS);
	const uint64_t since = f.moment;
	forgotten_add(&f, name("org."), BUCKETS);
	assert_true(is_forgotten(&f, name("a.org."), since));
	assert_true(is_forgotten(&f, name("a.example.com."), since - 1));
	assert_false(is_forgotten(&f, name("a.example.com."), since));
	assert_false(is_forgotten(&f, name("example.com."), since));
}

static void it_holds_until_the_hand_has_passed_every_bucket(void **state)
{
	(void)state;
	forgotten_add(&f, name("com."), BUCKETS);
	forgotten_passed(&f, BUCKETS / 2);
	forgotten_add(&f, name("org."), BUCKETS); // where the hand has been, this is not gone yet
	forgotten_passed(&f, BUCKETS - 1);
	assert_true(forgotten_any(&f));
	assert_true(is_forgotten(&f, name("a.org."), 0));
	assert_true(is_forgotten(&f, name("a.com."), 0));
	forgotten_passed(&f, 1);
	assert_false(forgotten_any(&f));
	assert_int_equal(f.count, 0);
	assert_int_equal(f.labels[1], 0);
	forgotten_add(&f, name("net."), BUCKETS);
	assert_false(is_forgotten(&f, name("a.org."), 0));
	assert_true(is_forgotten(&f, name("a.net."), 0));
}

// As many as there are negative trust anchors may begin or end in one second.
static void more_names_than_places_take_everything_with_them(void **state)
{
	char text[64];

	(void)state;
	for (unsigned i = 0; i < FORGOTTEN_USED; i++) {
		snprintf(text, sizeof(text), "z%u.com.", i);
		forgotten_add(&f, name(text), BUCKETS);
		assert_true(is_forgotten(&f, name(text), f.moment - 1));
	}
	assert_false(is_forgotten(&f, name("other.com."), 0));
	forgotten_add(&f, name("z0.com."), BUCKETS); // one that is there
	assert_false(is_forgotten(&f, name("other.com."), 0));
	forgotten_add(&f, name("one.more.com."), BUCKETS);
	assert_true(is_forgotten(&f, name("one.more.com."), f.moment - 1));
	assert_true(is_forgotten(&f, name("other.com."), 0));
	assert_false(is_forgotten(&f, name("other.com."), f.moment));
}

#define test_of(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_of(a_name_goes_with_all_below_it_that_was_made_before),
		test_of(what_was_made_since_stays),
		test_of(it_holds_until_the_hand_has_passed_every_bucket),
		test_of(more_names_than_places_take_everything_with_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
