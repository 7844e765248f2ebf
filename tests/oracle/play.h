// Plays a script: a world, a resolver with everything below it, clients.
#pragma once

#include "tests/oracle/script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct played {
	size_t questions;
	size_t line;          // that failed
	char complaint[1000]; // ""; or what is wrong with a reply
	char reply[4000];     // the reply, in words
};

// In this process; what is wrong besides replies (a failed assertion, a leak) ends it.
void play(const struct script *script, uint64_t seed, bool verbose, struct played *out);
