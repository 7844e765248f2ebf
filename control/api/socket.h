#pragma once

#include "control/api/rights.h"

#include <uv.h>

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SOCKET_PATH_MAX 108 // bytes, NUL included (unix(7))

// Which file is ours: others may put one of theirs in its place.
struct socket_file {
	char path[SOCKET_PATH_MAX];
	dev_t device;
	ino_t inode;
};

// Makes the file at path and listens there by a pipe that is initialised and has no descriptor yet.
// With `replace` a socket that nobody answers on is replaced; without, whatever is there is left
// alone. 0, or -1 with a sentence.
int socket_bind(uv_pipe_t *socket, const char *path, bool replace, const struct api_groups *groups,
		uv_connection_cb accepted, struct socket_file *file, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));

enum socket_place { SOCKET_OURS, SOCKET_GONE, SOCKET_ANOTHER };
enum socket_place socket_place(const struct socket_file *file) __attribute__((nonnull));
// Removes the file if it is ours still. The pipe does not by itself.
void socket_remove(const struct socket_file *file) __attribute__((nonnull));
