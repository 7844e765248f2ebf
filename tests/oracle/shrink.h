// A failing script made shorter, until no line can be missed.
#pragma once

#include "tests/oracle/play.h"

// Plays it in a process of its own. False: it fails, and *out or what it wrote to standard error
// (complaint) says how.
bool shrink_try(const struct script *script, uint64_t seed, struct played *out);
// In place; the failure stays one of the same kind.
void shrink(struct script *script, uint64_t seed, const struct played *failure);
