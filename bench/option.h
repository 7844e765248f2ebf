// Arguments of bench programs: key=value, each key at most once; what is left out has a default.
#pragma once

#include <stdbool.h>
#include <stdint.h>

uint64_t option_number(int argc, char **argv, const char *key, uint64_t otherwise);
double option_real(int argc, char **argv, const char *key, double otherwise);
// Points into argv, or is `otherwise`.
const char *option_text(int argc, char **argv, const char *key, const char *otherwise);

// What a program that runs for a while is told to do, a line each on standard input:
//   run NUMBER [key=value]...
//   stop
#define ORDER_WORDS 8

struct order {
	uint64_t number;
	int count;
	char *words[ORDER_WORDS]; // as option_number() takes arguments; into line
	char line[256];
};

// False: there is nothing more to do. Fails on what is no order.
bool order_read(struct order *order) __attribute__((nonnull));

// Says what is wrong on stderr and ends the program.
_Noreturn void fail(const char *what, const char *why) __attribute__((nonnull));
