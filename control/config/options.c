#include "control/config/options.h"

#include "control/config/config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct option options[] = {
#define X(path, default_text, minimum, maximum, unit, words)                                       \
	{path, default_text, minimum, maximum, unit, words},
	CONFIG_OPTIONS(X)
#undef X
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

const struct option *option_find(const char *path)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (strcmp(options[i].path, path) == 0)
			return &options[i];
	}
	return NULL;
}

static void bounds_text(const struct option *option, char *out, size_t len)
{
	if (option->minimum == 0 && option->maximum <= 1)
		out[0] = '\0';
	else
		snprintf(out, len, ", %" PRId64 " to %" PRId64 "%s%s", option->minimum, option->maximum,
			 option->unit[0] ? " " : "", option->unit);
}

void config_print_options(void (*line)(const char *text, void *arg), void *arg)
{
	char text[512], bounds[96];

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		bounds_text(&options[i], bounds, sizeof(bounds));
		snprintf(text, sizeof(text), "%s: %s%s\n    %s", options[i].path, options[i].default_text,
			 bounds, options[i].words);
		line(text, arg);
	}
}
