// "Did you mean": the word of a set that a misspelt one is nearest to. Private to this folder.
#pragma once

#include <stddef.h>

struct nearest {
	const char *given, *word; // word: the nearest so far, NULL when none is near
	unsigned distance;
};

// Considers a word; letters, and "-" and "_", are told apart by neither case nor kind.
void nearest_try(struct nearest *nearest, const char *word) __attribute__((nonnull));
// "; did you mean WORD?", or "".
char *nearest_text(const struct nearest *nearest, char *out, size_t size) __attribute__((nonnull));
