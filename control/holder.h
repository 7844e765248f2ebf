// Whoever has what we want (control/lock.h).
//
// Thread: any.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

struct holder {
	pid_t pid;  // 0: not known, or of another PID namespace
	bool known; // the user is
	uid_t uid;
};

// Of an abstract socket that is bound in this network namespace. The user is the kernel's word, the
// process that of a connection: one that does not listen, or whose queue is full, is not known.
struct holder holder_of(const struct sockaddr_un *address, socklen_t len) __attribute__((nonnull));
// "process 17, configuration /etc/assay/assayd.yaml", as far as it can be seen.
void holder_text(const struct holder *holder, char *text, size_t text_len) __attribute__((nonnull));
