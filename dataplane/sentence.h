// Errors of starting up, as sentences for the operator.
#pragma once

#include <stddef.h>

// Writes the sentence (cut at err_len) and returns code, so that callers can return it at once.
int sentence(char *err, size_t err_len, int code, const char *format, ...)
	__attribute__((nonnull, format(printf, 4, 5)));
