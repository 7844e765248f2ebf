// How many questions TCP may settle at once.
#include "control/upstream/exchange.h"
#include "control/upstream/state.h"
#include "tests/unit/control/upstream/script.h"

#include <stdio.h>

static struct exchange *open_to(struct upstream *upstream, unsigned n)
{
	struct exchange *exchange = test_calloc(1, sizeof(*exchange));
	char text[32];

	snprintf(text, sizeof(text), "192.0.2.%u", n);
	exchange->upstream = upstream;
	exchange->request.server = script_address(text);
	return exchange;
}

static void a_flood_of_forgeries_takes_a_bounded_number_of_connections(void **state)
{
	static struct upstream upstream;
	struct exchange *exchanges[SETTLERS_MAX + 20];

	(void)state;
	for (unsigned i = 0; i < SETTLERS_MAX + 20; i++) {
		exchanges[i] = open_to(&upstream, i);
		assert_int_equal(settle_start(exchanges[i]), i < SETTLERS_MAX);
		assert_int_equal(exchanges[i]->tcp, i < SETTLERS_MAX);
	}
	assert_true(settle_start(exchanges[0])); // is one of them
	assert_int_equal(upstream.settler_count, SETTLERS_MAX);
	settle_forget(exchanges[7]);
	settle_forget(exchanges[SETTLERS_MAX + 1]); // is none
	assert_true(settle_start(exchanges[SETTLERS_MAX]));
	assert_false(settle_start(exchanges[SETTLERS_MAX + 1]));
	for (unsigned i = 0; i < SETTLERS_MAX + 20; i++)
		test_free(exchanges[i]);
}

static void one_server_takes_no_more_than_its_share(void **state)
{
	static struct upstream upstream;
	struct exchange *exchanges[SETTLERS_PER_SERVER + 1], *other = open_to(&upstream, 2);

	(void)state;
	for (unsigned i = 0; i <= SETTLERS_PER_SERVER; i++) {
		exchanges[i] = open_to(&upstream, 1);
		assert_int_equal(settle_start(exchanges[i]), i < SETTLERS_PER_SERVER);
	}
	assert_true(settle_start(other));
	for (unsigned i = 0; i <= SETTLERS_PER_SERVER; i++)
		test_free(exchanges[i]);
	test_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_of_forgeries_takes_a_bounded_number_of_connections),
		cmocka_unit_test(one_server_takes_no_more_than_its_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
