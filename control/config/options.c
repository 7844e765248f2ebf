#include "control/config/options.h"

#include "control/config/config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct option options[] = {
#define X(path, kind, default_text, minimum, maximum, unit, words)                                 \
	{path, OPTION_##kind, default_text, minimum, maximum, unit, words},
	CONFIG_OPTIONS(X)
#undef X
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

const struct option *option_at(size_t index)
{
	return index < OPTION_COUNT ? &options[index] : NULL;
}

const struct option *option_find(const char *path)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (strcmp(options[i].path, path) == 0)
			return &options[i];
	}
	return NULL;
}

char *option_size_text(int64_t bytes, char out[OPTION_SIZE_MAX])
{
	static const char units[] = "KMGT";
	char unit[2] = "";

	for (size_t i = 0; units[i] != '\0' && bytes != 0 && bytes % 1024 == 0; i++) {
		bytes /= 1024;
		unit[0] = units[i];
	}
	snprintf(out, OPTION_SIZE_MAX, "%" PRId64 "%s", bytes, unit);
	return out;
}

char *option_bounds_text(const struct option *option, char out[OPTION_BOUNDS_MAX])
{
	char least[OPTION_SIZE_MAX], most[OPTION_SIZE_MAX];

	out[0] = '\0';
	if (option->kind == OPTION_FLAG || option->kind == OPTION_WORD)
		return out;
	if (option->kind == OPTION_SIZE)
		snprintf(out, OPTION_BOUNDS_MAX, "%s to %s",
			 option_size_text(option->minimum, least),
			 option_size_text(option->maximum, most));
	else
		snprintf(out, OPTION_BOUNDS_MAX, "%" PRId64 " to %" PRId64 "%s%s", option->minimum,
			 option->maximum, option->unit[0] != '\0' ? " " : "", option->unit);
	return out;
}

void config_print_options(void (*line)(const char *text, void *arg), void *arg)
{
	char text[512], bounds[OPTION_BOUNDS_MAX];

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		option_bounds_text(&options[i], bounds);
		snprintf(text, sizeof(text), "%s: %s%s%s\n    %s", options[i].path,
			 options[i].default_text, bounds[0] != '\0' ? ", " : "", bounds,
			 options[i].words);
		line(text, arg);
	}
}
