// Arguments of bench programs: key=value, each key at most once; what is left out has a default.
#pragma once

#include <stdint.h>

uint64_t option_number(int argc, char **argv, const char *key, uint64_t otherwise);
double option_real(int argc, char **argv, const char *key, double otherwise);
// Points into argv, or is `otherwise`.
const char *option_text(int argc, char **argv, const char *key, const char *otherwise);

// Says what is wrong on stderr and ends the program.
_Noreturn void fail(const char *what, const char *why) __attribute__((nonnull));
