// What is wrong with a configuration: every fault of the file once, by lines.
//
// Thread: any, one at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_ERROR_MAX      512
#define CONFIG_ERRORS_MAX     20 // told; those beyond are counted
#define CONFIG_ERROR_PATH_MAX 160

struct config_error {
	unsigned line; // 0: of no line
	bool shape;    // kind, key, word or bounds: nothing at, above or below the path is known
	char path[CONFIG_ERROR_PATH_MAX];
	char sentence[CONFIG_ERROR_MAX]; // "FILE:LINE: PATH: sentence"
};

struct config_errors {
	size_t count;
	struct config_error list[CONFIG_ERRORS_MAX]; // the first ones, by line
};

// In its place by line; a second fault of the same path and one that follows from an unknown shape
// are passed over. False: passed over.
bool config_errors_add(struct config_errors *errors, const struct config_error *error)
	__attribute__((nonnull));
// Whether a fault is known at the path or below it: what depends on its value says nothing.
bool config_errors_touch(const struct config_errors *errors, const char *path)
	__attribute__((nonnull));
// A line for each, and one for those that are not told.
void config_errors_each(const struct config_errors *errors,
			void (*line)(const char *text, void *arg), void *arg)
	__attribute__((nonnull(1, 2)));
