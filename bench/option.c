#include "bench/option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
	exit(1);
}

const char *option_text(int argc, char **argv, const char *key, const char *otherwise)
{
	size_t len = strlen(key);

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], key, len) == 0 && argv[i][len] == '=')
			return argv[i] + len + 1;
	}
	return otherwise;
}

uint64_t option_number(int argc, char **argv, const char *key, uint64_t otherwise)
{
	const char *text = option_text(argc, argv, key, NULL);
	char *end;

	if (text == NULL)
		return otherwise;
	uint64_t value = strtoull(text, &end, 10);
	if (*text == '\0' || *end != '\0')
		fail(key, "is not a number");
	return value;
}

double option_real(int argc, char **argv, const char *key, double otherwise)
{
	const char *text = option_text(argc, argv, key, NULL);
	char *end;

	if (text == NULL)
		return otherwise;
	double value = strtod(text, &end);
	if (*text == '\0' || *end != '\0')
		fail(key, "is not a number");
	return value;
}
