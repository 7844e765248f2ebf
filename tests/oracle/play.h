// Plays a script: a world, a resolver with everything below it, clients.
#pragma once

#include "tests/oracle/script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAYED_OUTCOMES(X)                                                                         \
	X(data)                                                                                    \
	X(no_data)                                                                                 \
	X(nxdomain)                                                                                \
	X(yxdomain)                                                                                \
	X(servfail)                                                                                \
	X(refused)                                                                                 \
	X(truncated)                                                                               \
	X(secure)                                                                                  \
	X(stale)                                                                                   \
	X(synthesised)                                                                             \
	X(from_memory)

struct played {
	size_t questions;
	struct {
#define X(name) size_t name;
		PLAYED_OUTCOMES(X)
#undef X
	} outcomes;
	size_t line;          // that failed
	char complaint[1000]; // ""; or what is wrong with a reply
	char reply[4000];     // the reply, in words
};

// In this process; what is wrong besides replies (a failed assertion, a leak) ends it.
void play(const struct script *script, uint64_t seed, bool verbose, struct played *out);
