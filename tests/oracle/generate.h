// Worlds and questions out of a number.
#pragma once

#include "tests/oracle/script.h"

#include <stdbool.h>
#include <stdint.h>

// dynamic: things change, lag and fail meanwhile.
void generate(uint64_t seed, size_t questions, bool dynamic, struct script *out);
