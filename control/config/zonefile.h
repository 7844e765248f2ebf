// Root hints and trust anchors in presentation format (libldns reads it).
#pragma once

#include "control/config/config.h"

#include <stddef.h>

// Each returns 0, or -1 with "FILE:LINE: sentence" in err.
int hints_read(const char *path, struct resolver_config *out, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
int anchors_read(const char *path, struct config *out, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
// One record as text; err gets the sentence alone.
int anchor_read(const char *text, struct config *out, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));

// What holds when the file names none: the root servers and both root keys (tags 20326, 38696).
void hints_built_in(struct resolver_config *out) __attribute__((nonnull));
int anchors_built_in(struct config *out, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
