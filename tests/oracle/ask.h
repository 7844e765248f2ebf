// Questions of a script to real resolvers, to all of them at the same time.
#pragma once

#include "dataplane/dns/name.h"
#include "tests/oracle/script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ask_resolver {
	char name[32], address[48]; // IPv4
	uint16_t port;
};

struct ask_question {
	size_t index, line;
	char text[1100];            // the name
	uint8_t name[NAME_MAX_LEN]; // lower case
	uint16_t type;
	unsigned flags; // ASKED_…
};

#define ASK_REPLY_MAX 4096
struct ask_reply {
	size_t len; // 0: none in time, or too long
	bool tcp;
	uint8_t wire[ASK_REPLY_MAX];
};

// Its "ask" lines. The caller frees the list.
size_t ask_read(const struct script *script, struct ask_question **out);
// replies[r][q], for each resolver, one question after the other; over TCP when that is asked for
// or the reply is truncated.
void ask_all(const struct ask_resolver *resolvers, size_t resolver_count,
	     const struct ask_question *questions, size_t count, const struct ask_reply **replies);
