// "127.0.0.1:9953", "[::1]:9953": an address and a port to listen on.
#pragma once

#include <sys/socket.h>

// The family, or -EINVAL.
int endpoint_from_text(const char *text, struct sockaddr_storage *out)
	__attribute__((nonnull, warn_unused_result));
