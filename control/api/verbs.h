// The verbs of the control socket: (context, arguments) → text for people and data for programs.
#pragma once

#include "control/api/api.h"

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>

struct reply {
	char *text;      // grows; freed by the caller
	size_t text_len;
	size_t text_size;
	json_t *data;    // new reference or NULL
	char error[256]; // "" : it went well
};

void reply_line(struct reply *reply, const char *format, ...)
	__attribute__((nonnull, format(printf, 2, 3)));
void reply_error(struct reply *reply, const char *format, ...)
	__attribute__((nonnull, format(printf, 2, 3)));

// Looks the verb up and runs it; an unknown verb or a wrong number of arguments is an error that says
// what is right.
void verb_run(const struct api_context *context, const char *verb, const char *const *arguments,
	      size_t count, struct reply *reply) __attribute__((nonnull(1, 2, 5)));
