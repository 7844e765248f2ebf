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

static uint64_t number(const char *what, const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0')
		fail(what, "is not a number");
	return value;
}

uint64_t option_number(int argc, char **argv, const char *key, uint64_t otherwise)
{
	const char *text = option_text(argc, argv, key, NULL);

	return text != NULL ? number(key, text) : otherwise;
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

bool order_read(struct order *order)
{
	char *rest = order->line;

	if (fgets(order->line, sizeof(order->line), stdin) == NULL)
		return false;
	for (order->count = 0; order->count < ORDER_WORDS; order->count++) {
		order->words[order->count] = strtok_r(NULL, " \n", &rest);
		if (order->words[order->count] == NULL)
			break;
	}
	if (order->count == 0 || strcmp(order->words[0], "stop") == 0)
		return false;
	if (order->count < 2 || strcmp(order->words[0], "run") != 0)
		fail(order->words[0], "no such order");
	order->number = number("run", order->words[1]);
	return true;
}
