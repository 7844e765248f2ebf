// Configurations with one fault each: refused, and kept for pairs of them.
#pragma once

#include "tests/unit/control/config/broken.h"

void assert_each_refused(const struct broken *cases, size_t count);

#define EACH_REFUSED(...)                                                                          \
	do {                                                                                       \
		static const struct broken cases[] = {__VA_ARGS__};                                \
		(void)state;                                                                       \
		assert_each_refused(cases, sizeof(cases) / sizeof(cases[0]));                      \
	} while (0)

// What a file is made of, in broken_form.c.
void flags_are_true_or_false(void **state);
void words_are_named_with_their_set(void **state);
void unknown_keys_are_named_with_the_nearest(void **state);
void numbers_are_decimal_digits(void **state);
void sizes_have_one_unit(void **state);
void the_file_is_one_document_of_one_kind(void **state);
void a_byte_order_mark_is_no_part_of_the_first_key(void **state);
void anchors_of_YAML_stand_for_what_they_name(void **state);
void a_file_beyond_all_measure_is_not_read(void **state);
