// What the tests of this folder share.
#pragma once

#include "control/drill/drill.h"
#include "dataplane/parse/acl.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <string.h>

#define WORDS_MAX 16

static inline int read_words(const char *text, bool needs_fault, struct drill_spec *out,
			     char err[DRILL_ERROR_MAX])
{
	static char copy[512];
	const char *words[WORDS_MAX];
	size_t count = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
		assert_true(count < WORDS_MAX);
		words[count++] = word;
	}
	return drill_spec_read(words, count, needs_fault, out, err);
}

static inline struct drill_spec spec_of(const char *text)
{
	char err[DRILL_ERROR_MAX];
	struct drill_spec spec;

	if (read_words(text, true, &spec, err) != 0)
		fail_msg("%s: %s", text, err);
	return spec;
}

static inline struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_from_text(text, &address), 0);
	return address;
}
