#include "dataplane/host/routes.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>

// docs/operations.md names it.
static void the_table_of_the_usual_tap_is_documented(void **state)
{
	(void)state;
	assert_int_equal(routes_table("assay0"), 534694760);
}

// Of the kernel's own (253 to 255) and those that people number by hand it is none.
static void taps_have_tables_of_their_own(void **state)
{
	uint32_t tables[1000];

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char tap[16];

		snprintf(tap, sizeof(tap), "assay%u", i);
		tables[i] = routes_table(tap);
		assert_in_range(tables[i], 530000000, 539999999);
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(tables[k], tables[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_the_usual_tap_is_documented),
		cmocka_unit_test(taps_have_tables_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
