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

// NULL with the sentence in err, the file's name in it replaced by FILE.
static inline struct config *load_bytes(const void *text, size_t len, char err[CONFIG_ERROR_MAX])
{
	char path[] = "/tmp/assayd-config-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
	err[0] = '\0';
	struct config *config = config_load(path, err);
	unlink(path);
	if (strncmp(err, path, strlen(path)) == 0) {
		memmove(err + 4, err + strlen(path), strlen(err) - strlen(path) + 1);
		memcpy(err, "FILE", 4);
	}
	return config;
}

static inline struct config *load_text(const char *text, char err[CONFIG_ERROR_MAX])
{
	return load_bytes(text, strlen(text), err);
}
