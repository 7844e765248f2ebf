// Configurations as text, loaded through a file.
#pragma once

#include "control/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MINIMAL "ports:\n  - device: net_ring0\nservice:\n  addresses: [192.0.2.53/24]\n"

// As config_load(), the file's name in the sentences replaced by FILE.
static inline struct config *load_faulty(const void *text, size_t len, struct config_errors *errors)
{
	char path[] = "/tmp/assayd-config-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
	struct config *config = config_load(path, errors);
	unlink(path);
	for (size_t i = 0; i < errors->count && i < CONFIG_ERRORS_MAX; i++) {
		char *sentence = errors->list[i].sentence;

		if (strncmp(sentence, path, strlen(path)) == 0) {
			memmove(sentence + 4, sentence + strlen(path),
				strlen(sentence) - strlen(path) + 1);
			memcpy(sentence, "FILE", 4);
		}
	}
	return config;
}

// NULL with the sentence in err: one fault has one.
static inline struct config *load_bytes(const void *text, size_t len, char err[CONFIG_ERROR_MAX])
{
	static struct config_errors errors;
	struct config *config = load_faulty(text, len, &errors);

	if (errors.count > 1)
		fail_msg("%zu errors: \"%s\", \"%s\"", errors.count, errors.list[0].sentence,
			 errors.list[1].sentence);
	snprintf(err, CONFIG_ERROR_MAX, "%s", errors.count > 0 ? errors.list[0].sentence : "");
	return config;
}

static inline struct config *load_text(const char *text, char err[CONFIG_ERROR_MAX])
{
	return load_bytes(text, strlen(text), err);
}

static inline void assert_text_refused(const char *text, const char *sentence)
{
	char err[CONFIG_ERROR_MAX];
	struct config *config = load_text(text, err);

	if (config != NULL || strncmp(err, sentence, strlen(sentence)) != 0)
		fail_msg("%s\nwanted \"%s\", got \"%s\"", text, sentence, err);
}
