#pragma once

#include "control/api/rights.h"

#include <uv.h>

#include <stddef.h>

// Makes the file at path and listens there; one that nobody answers on is replaced. 0, or -1 with a
// sentence.
int socket_bind(uv_pipe_t *socket, const char *path, const struct api_groups *groups,
		uv_connection_cb accepted, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
